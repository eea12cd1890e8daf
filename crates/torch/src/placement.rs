//! A device by its name.

use crate::TorchError;
use crate::found::{CudaFound, found};
use tch::Device;

/// The device called `name`: `cpu`, `cuda` or `cuda:N`.
///
/// ```
/// assert_eq!(chreode_torch::device("cpu")?, tch::Device::Cpu);
/// assert!(chreode_torch::device("tpu").is_err());
/// # Ok::<(), chreode_torch::TorchError>(())
/// ```
///
/// # Errors
/// [`TorchError::Device`] for another name, or for a GPU that is not there, with what to do.
pub fn device(name: &str) -> Result<Device, TorchError> {
    let refused = |reason: String| Err(TorchError::Device { name: name.into(), reason });
    let index = match name {
        "cpu" => return Ok(Device::Cpu),
        "cuda" => Some(0),
        _ => name.strip_prefix("cuda:").and_then(|n| n.parse().ok()),
    };
    let Some(index) = index else { return refused("libtorch has cpu, cuda and cuda:N".into()) };
    let there = found().cuda;
    match (&there, there.advice()) {
        (CudaFound::Devices(count), _) if index < *count => Ok(Device::Cuda(index)),
        (CudaFound::Devices(count), _) => refused(format!("there are {count}, from cuda:0 on")),
        (_, advice) => refused(advice.unwrap_or("CUDA is not available").into()),
    }
}
