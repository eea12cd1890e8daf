//! The size of a careful first step, for each row.

use super::DeviceSolve;
use super::stages::{Stages, rms};
use tch::Tensor;

/// The algorithm of Hairer, Nørsett & Wanner, Solving ODEs I, II.4, row by row; the first stage is known after
/// it. `length` is what is left of each row's span, `direction` its sign.
pub(super) fn first_step(
    solve: &DeviceSolve,
    stages: &mut Stages,
    field: &impl Fn(&Tensor, &Tensor) -> Tensor,
    (t, y): (&Tensor, &Tensor),
    (length, direction): (&Tensor, &Tensor),
    power: f64,
) -> Tensor {
    let (kind, time) = (stages.kind(), t.kind());
    let slope = field(&t.to_kind(kind), y);
    stages.set_first(&slope);
    if let Some(h) = solve.control.first_step {
        return length.full_like(h);
    }
    let tolerance = solve.control.tolerance;
    let scale = y.abs() * tolerance.rtol + tolerance.atol;
    let size = |x: &Tensor| rms(&(x / &scale), time);
    let (position, speed) = (size(y), size(&slope));
    let ratio = &position / &speed * 0.01;
    let small = position.less(1e-5).logical_or(&speed.less(1e-5)).logical_or(&ratio.isfinite().logical_not());
    let probe = ratio.full_like(1e-6).where_self(&small, &ratio).minimum(length);

    let ahead = y.addcmul(&slope, &(&probe * direction).to_kind(kind).unsqueeze(1));
    let after = field(&(t + &probe * direction).to_kind(kind), &ahead);
    let curvature = size(&(after - slope)) / &probe;
    let steepest = speed.maximum(&curvature);
    let flat = (&probe * 1e-3).clamp_min(1e-6);
    let wish = (steepest.reciprocal() * 0.01).pow_tensor_scalar(1.0 / power);
    let wish = flat.where_self(&steepest.less_equal(1e-15), &wish);
    // A probe that left the field's domain says nothing: the probe itself is small enough to start.
    let wish = wish.where_self(&curvature.isfinite(), &probe);
    wish.minimum(&(&probe * 100.0)).minimum(length)
}
