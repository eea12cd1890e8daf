//! What libtorch there is, and a solve with its gradient on a GPU where there is one.

use crate::common::{adaptive, apart, begin, cubic, noise};
use chreode_adjoint::Discrete;
use chreode_core::Tolerance;
use chreode_ode::{DOPRI5, Pi};
use chreode_torch::{CudaFound, DeviceSolve, TapeSolve, found};
use tch::{Device, Kind, Tensor};

/// Whether there is a GPU; says why not.
#[allow(clippy::print_stderr, reason = "a test that does not run says so")]
fn gpu() -> bool {
    match found().cuda {
        CudaFound::Devices(_) => true,
        reason => {
            eprintln!("skipped, without a GPU: {reason:?}; {}", reason.advice().unwrap_or_default());
            false
        }
    }
}

#[test]
fn the_libtorch_in_use_is_found() {
    begin();
    let found = found();
    assert_eq!(found.version, "2.11.0");
    assert!(found.folder.is_some_and(|f| f.join("libc10.so").exists()));
    assert_eq!(found.threads, 1);
    // Its libtorch.so is among the libraries that this program needs, which brings CUDA where there is some.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    assert!(maps.contains("/libtorch.so"));
    assert_eq!(found.cuda == CudaFound::CpuLibrary, !maps.contains("/libtorch_cuda.so"));
}

#[test]
fn a_gradient_on_the_gpu_is_that_of_the_host() {
    begin();
    if !gpu() {
        return;
    }
    let on = |device: Device| {
        let leaf = |t: Tensor| t.to_device(device).set_requires_grad(true);
        let (y0, matrix) = (leaf(noise(&[64, 2], 1)), leaf(noise(&[2, 2], 2)));
        let node = TapeSolve::new(adaptive(1e-8), Discrete::default());
        let ys = node.run(&cubic(&matrix), &y0, &Tensor::from_slice(&[0.0, 1.0])).unwrap();
        ys.sin().sum(Kind::Double).backward();
        let solve = DeviceSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-8)));
        let matrix = matrix.detach();
        let field = |t: &Tensor, y: &Tensor| y.matmul(&matrix) * t.unsqueeze(1).sin();
        let batch = solve.run(field, &y0.detach(), &Tensor::from_slice(&[0.0, 1.0])).unwrap();
        [ys, y0.grad(), matrix, batch.saved].map(|t| t.detach().to_device(Device::Cpu))
    };
    for (a, b) in on(Device::Cuda(0)).iter().zip(&on(Device::Cpu)) {
        assert!(apart(a, b) < 1e-9);
    }
}
