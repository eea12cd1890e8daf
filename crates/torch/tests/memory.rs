//! Memory stays flat over a thousand gradients. Apart from the other tests, since it measures the process.

use chreode_adjoint::Discrete;
use chreode_ode::{DOPRI5, ExplicitRk, Fixed, Solve};
use chreode_torch::{TapeSolve, TensorField};
use tch::{Device, Kind, Tensor};

/// Bytes of the process that lie in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    4096 * text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number of pages")
}

#[test]
fn a_thousand_gradients_leave_nothing_behind() {
    tch::set_num_threads(1);
    let double = (Kind::Double, Device::Cpu);
    let weight = (Tensor::ones([20, 20], double) * 0.01).set_requires_grad(true);
    let y0 = Tensor::ones([100, 20], double).set_requires_grad(true);
    let matrix = weight.shallow_clone();
    let field = TensorField::new(move |_t, y| y.matmul(&matrix).tanh(), vec![weight.shallow_clone()]);
    let node = TapeSolve::new(Solve::new(ExplicitRk::new(DOPRI5), Fixed::steps(2)), Discrete::default());
    let times = Tensor::from_slice(&[0.0, 1.0]);
    // A state has 16 kB and a gradient keeps a dozen: one lost in each of a thousand would be 16 MB.
    let gradients = |n: usize| {
        for i in 0..n {
            let ys = node.run(&field, &y0, &times).unwrap();
            // Some graphs are used once, some twice, some never.
            match i % 3 {
                0 => drop(Tensor::run_backward(&[ys.sum(Kind::Double)], &[&y0, &weight], false, false)),
                1 => {
                    let g = Tensor::run_backward(&[ys.square().sum(Kind::Double)], &[&y0], true, true);
                    drop(Tensor::run_backward(&[g[0].square().sum(Kind::Double)], &[&weight], false, false));
                }
                _ => drop(ys),
            }
        }
    };
    gradients(200);
    let before = resident();
    gradients(1000);
    let grown = resident().saturating_sub(before);
    assert!(grown < 4 << 20, "{grown} bytes");
}
