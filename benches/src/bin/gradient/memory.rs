//! How much memory a task takes at most, where the system tells.

use std::fs;

/// Bytes that `task` takes beyond what was there before, at its worst.
pub(crate) fn peak<T>(task: impl FnOnce() -> T) -> (T, Option<f64>) {
    // Linux begins to count anew.
    let reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = kilobytes("VmRSS:");
    let value = task();
    let most = kilobytes("VmHWM:");
    let bytes = before.zip(most).filter(|_| reset).map(|(before, most)| 1024.0 * (most - before).max(0.0));
    (value, bytes)
}

fn kilobytes(field: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
