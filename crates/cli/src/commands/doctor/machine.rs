//! The processor and the memory, as far as the system tells.

use std::fs::read_to_string;

/// What the program runs on.
pub(super) struct Machine {
    pub(super) processor: String,
    pub(super) instructions: &'static str,
    pub(super) memory: String,
}

impl Machine {
    pub(super) fn here() -> Self {
        let processor = read_to_string("/proc/cpuinfo").ok().and_then(|text| field(&text, "model name"));
        let memory = read_to_string("/proc/meminfo").ok().and_then(|text| memory(&text));
        Self {
            processor: processor.unwrap_or_else(|| std::env::consts::ARCH.to_string()),
            instructions: instructions(),
            memory: memory.unwrap_or_else(|| "the system does not tell".into()),
        }
    }
}

/// The widest vector instructions that the kernels use here.
fn instructions() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        if avx512 {
            return "AVX-512";
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return "AVX2 with FMA";
        }
    }
    "those that every machine of this kind has"
}

/// What stands behind `name :`.
fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.split(':').next().is_some_and(|n| n.trim() == name))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

fn memory(text: &str) -> Option<String> {
    let gib = |name: &str| -> Option<f64> {
        let kib: f64 = field(text, name)?.trim_end_matches("kB").trim().parse().ok()?;
        Some(kib / f64::from(1 << 20))
    };
    Some(format!("{:.1} GiB, {:.1} GiB of it free", gib("MemTotal")?, gib("MemAvailable")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_words_are_read() {
        let cpu = "processor\t: 0\nmodel name\t: A Processor: 3 GHz\nmodel name\t: B\n";
        assert_eq!(field(cpu, "model name").as_deref(), Some("A Processor: 3 GHz"));
        assert_eq!(field(cpu, "model"), None);
        let text = "MemTotal:       25165824 kB\nMemFree: 1 kB\nMemAvailable:   13107200 kB\n";
        assert_eq!(memory(text).as_deref(), Some("24.0 GiB, 12.5 GiB of it free"));
        assert_eq!(memory("MemTotal: many\n"), None);
    }
}
