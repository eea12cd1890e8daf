//! Which libtorch a program runs with, and what it can do.

use crate::error::first_line;
use crate::ffi;
use std::path::{Path, PathBuf};
use tch::{Cuda, Device, Kind, Tensor};

/// The libtorch of the running program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The version that this program was compiled for.
    pub version: String,
    /// Where its libraries were loaded from; `None` where the system does not tell.
    pub folder: Option<PathBuf>,
    /// Whether there is a GPU.
    pub cuda: CudaFound,
    /// Threads that an operation may use.
    pub threads: usize,
    /// Whether matrix products are those of MKL.
    pub mkl: bool,
}

/// What libtorch says of CUDA.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CudaFound {
    /// It works.
    Devices(usize),
    /// This libtorch has no CUDA in it.
    CpuLibrary,
    /// libtorch has CUDA, and the machine no driver.
    NoDriver,
    /// libtorch has CUDA and could not use it; its own words.
    Refused(String),
}

/// Looks what is there. Costs a few milliseconds, and where there is a GPU its context.
pub fn found() -> Found {
    Found {
        version: ffi::version(),
        folder: std::fs::read_to_string("/proc/self/maps").ok().and_then(|maps| folder(&maps)),
        cuda: cuda(),
        threads: usize::try_from(tch::get_num_threads()).unwrap_or(1),
        mkl: tch::utils::has_mkl(),
    }
}

fn cuda() -> CudaFound {
    if Cuda::is_available() {
        return CudaFound::Devices(usize::try_from(Cuda::device_count()).unwrap_or(0));
    }
    match Tensor::f_zeros([1], (Kind::Float, Device::Cuda(0))) {
        Ok(_) => CudaFound::Devices(1),
        Err(error) => refusal(&error.to_string()),
    }
}

/// What stands behind libtorch's words.
fn refusal(text: &str) -> CudaFound {
    if text.contains("NVIDIA driver") {
        CudaFound::NoDriver
    } else if text.contains("Could not run")
        || text.contains("not compiled with CUDA")
        || text.contains("not linked")
    {
        CudaFound::CpuLibrary
    } else {
        CudaFound::Refused(first_line(text))
    }
}

/// The folder of the library among the mapped files.
fn folder(maps: &str) -> Option<PathBuf> {
    let path = |line: &str| line.find('/').map(|i| PathBuf::from(&line[i..]));
    let library = maps.lines().filter_map(path).find(|p| p.ends_with("libtorch_cpu.so"))?;
    library.parent().map(Path::to_path_buf)
}

impl CudaFound {
    /// What to do to have CUDA; nothing where it works.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Devices(_) => None,
            Self::CpuLibrary => Some(
                "run the same program with the libraries of a PyTorch 2.11.0 that has CUDA: LD_LIBRARY_PATH=$(python3 -c \
                 'import torch, os; print(os.path.join(os.path.dirname(torch.__file__), \"lib\"))')",
            ),
            Self::NoDriver => Some(
                "install the machine's NVIDIA driver (`nvidia-smi` must show a GPU); in a container, start it with its GPUs",
            ),
            Self::Refused(_) => Some(
                "see whether `nvidia-smi` works and whether CUDA_VISIBLE_DEVICES hides the GPU; a driver older than the \
                 CUDA of libtorch must be updated",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_apart() {
        let slim =
            "Internal torch error: Could not run 'aten::empty.memory_format' with arguments from the 'CUDA'";
        assert_eq!(refusal(slim), CudaFound::CpuLibrary);
        assert_eq!(refusal("Found no NVIDIA driver on your system."), CudaFound::NoDriver);
        let other = "CUDA driver version is insufficient\nException raised from";
        assert_eq!(refusal(other), CudaFound::Refused("CUDA driver version is insufficient".into()));
    }

    #[test]
    fn the_folder_is_that_of_the_mapped_library() {
        let maps = "00 r-xp 0 0 0 /lib/libc.so.6\n7f r-xp 00 08:01 42   /opt/my torch/lib/libtorch_cpu.so\n";
        assert_eq!(folder(maps), Some(PathBuf::from("/opt/my torch/lib")));
        assert_eq!(folder("7f rw-p 0 0 0\n"), None);
    }
}
