//! libtorch: what there is of it, what CUDA says, and the fix.

#[cfg(feature = "torch")]
use chreode_torch::{CudaFound, found};

/// Reports that it is not built in, and how to change that.
#[cfg(not(feature = "torch"))]
pub(super) fn report(line: impl Fn(&str, &str)) {
    line("libtorch", "not built in; everything here runs without it");
    line(
        "",
        "to have it: `cargo xtask libtorch` in the source, then `cargo install --path crates/cli --features torch`",
    );
}

/// Reports what was found.
#[cfg(feature = "torch")]
pub(super) fn report(line: impl Fn(&str, &str)) {
    let found = found();
    let folder = found.folder.map_or_else(|| "an unknown folder".into(), |f| f.display().to_string());
    let products = if found.mkl { "MKL" } else { "no MKL" };
    line("libtorch", &format!("{} in {folder}, {} threads, {products}", found.version, found.threads));
    line("CUDA", &cuda(&found.cuda));
    if let Some(advice) = found.cuda.advice() {
        line("", &format!("to have it: {advice}"));
    }
}

#[cfg(feature = "torch")]
fn cuda(cuda: &CudaFound) -> String {
    match cuda {
        CudaFound::Devices(1) => "1 device".into(),
        CudaFound::Devices(n) => format!("{n} devices"),
        CudaFound::CpuLibrary => "not available: this libtorch is one without CUDA".into(),
        CudaFound::NoDriver => "not available: libtorch has it, and the machine has no NVIDIA driver".into(),
        CudaFound::Refused(message) => format!("not available: {message}"),
        other => format!("not available: {other:?}"),
    }
}
