//! The pullback of a step of the reversible Heun method.

use super::{Retraced, RetracedStep, Way};
use crate::outputs::add;
use chreode_core::{VectorSpace, Vjp};
use chreode_ode::ReversibleHeun;

/// ẑ₁ = 2 y₀ − ẑ₀ + h f₀, y₁ = y₀ + h/2 (f₀ + f₁), with f₀ = f(t, ẑ₀), f₁ = f(t + h, ẑ₁). The slope f₁ is
/// f₀ of the step after, so its cotangent is carried over and pulled back once.
impl<P: Vjp<Y> + ?Sized, Y: VectorSpace> Retraced<P, Y> for ReversibleHeun {
    fn pull(&self, problem: &P, step: &RetracedStep<'_, Y>, way: &mut Way<Y, P::Params>) {
        let (t, h) = (step.t, step.h);
        // Dense output: y₀ + σ (y₁ − y₀) + β (1 − θ) f₀ − β θ f₁.
        let weights = |theta: f64| {
            let (smooth, bump) = (theta * theta * (3.0 - 2.0 * theta), h * theta * (1.0 - theta));
            (smooth, bump * (1.0 - theta), -bump * theta)
        };
        let add_outputs = |y: &mut Y, weight: &dyn Fn(f64) -> f64| {
            if !step.outputs.is_empty() {
                let terms: Vec<_> = step.outputs.iter().map(|(theta, c)| (weight(*theta), *c)).collect();
                *y = y.plus(&terms);
            }
        };
        add_outputs(&mut way.y, &|theta| weights(theta).0);
        let mut f1 = match way.slope.take() {
            Some((_, carried)) => carried.plus(&[(0.5 * h, &way.y)]),
            None => way.y.zeros_like().plus(&[(0.5 * h, &way.y)]),
        };
        add_outputs(&mut f1, &|theta| weights(theta).2);
        way.slope = Some((t + h, f1));
        self.settle(problem, step.after[1], way);
        let mut f0 = way.y.zeros_like().plus(&[(0.5 * h, &way.y), (h, &way.z)]);
        add_outputs(&mut f0, &|theta| weights(theta).1);
        way.y = way.y.plus(&[(2.0, &way.z)]);
        add_outputs(&mut way.y, &|theta| 1.0 - weights(theta).0);
        way.z = way.z.plus(&[(-2.0, &way.z)]);
        way.slope = Some((t, f0));
    }

    fn settle(&self, problem: &P, z: &Y, way: &mut Way<Y, P::Params>) {
        if let Some((t, cotangent)) = way.slope.take() {
            let back = problem.vjp(t, z, &cotangent);
            add(&mut way.z, &back.state);
            add(&mut way.params, &back.params);
        }
    }
}
