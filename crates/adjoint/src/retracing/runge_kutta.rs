//! The pullback of a step of a reversible Runge-Kutta method.

use super::{Retraced, RetracedStep, Way};
use crate::pull_stages::pull_stages;
use crate::record::Record;
use crate::stages::Workspace;
use chreode_core::{VectorSpace, Vjp};
use chreode_ode::ReversibleRk;

/// y₁ = λ y₀ + (1 − λ) z₀ + Ψₕ(t, z₀), then z₁ = z₀ − Ψ₋ₕ(t + h, y₁), from the last to the first.
impl<P: Vjp<Y> + ?Sized, Y: VectorSpace> Retraced<P, Y> for ReversibleRk {
    fn pull(&self, problem: &P, step: &RetracedStep<'_, Y>, way: &mut Way<Y, P::Params>) {
        let (tableau, lambda) = (self.tableau(), self.lambda());
        let mut workspace = Workspace::new(tableau, &way.y);
        let mut pull = |t: f64, h: f64, y: &Y, a: &Y, outputs: &[(f64, &Y)]| {
            let step = Record { t, h, first: t, to: t + h };
            pull_stages(problem, tableau, &step, y, a, outputs, &[], &mut workspace, None)
        };
        let (t, h) = (step.t, step.h);
        let back = pull(t + h, -h, step.after[0], &way.z, &[]);
        let terms: Vec<_> = back.iter().flatten().map(|b| (-1.0, &b.state)).collect();
        way.y = way.y.plus(&terms);
        let ahead = pull(t, h, step.before[1], &way.y, step.outputs);
        // Dense output: z₀ + h Σ bᵢ(θ) kᵢ + (1 − θ (1 − λ)) (y₀ − z₀).
        let near = |theta: f64| 1.0 - theta * (1.0 - lambda);
        let mut terms: Vec<_> = ahead.iter().flatten().map(|b| (1.0, &b.state)).collect();
        terms.push((1.0 - lambda, &way.y));
        terms.extend(step.outputs.iter().map(|(theta, c)| (1.0 - near(*theta), *c)));
        way.z = way.z.plus(&terms);
        let mut terms = vec![(lambda - 1.0, &way.y)];
        terms.extend(step.outputs.iter().map(|(theta, c)| (near(*theta), *c)));
        way.y = way.y.plus(&terms);
        let params = back.iter().flatten().map(|b| (-1.0, &b.params));
        let terms: Vec<_> = params.chain(ahead.iter().flatten().map(|b| (1.0, &b.params))).collect();
        way.params = way.params.plus(&terms);
    }
}
