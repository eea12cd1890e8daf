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
        let params = &mut way.params;
        let mut pull = |t: f64, h: f64, y: &Y, a: &Y, outputs: &[(f64, &Y)], sum: &mut Option<P::Params>| {
            let step = Record { t, h, first: t, to: t + h };
            pull_stages(problem, tableau, &step, y, a, outputs, &[], &mut [], &mut workspace, sum, None);
            let pulled = workspace.pulled.iter().zip(&workspace.u).filter(|(pulled, _)| **pulled);
            y.zeros_like().plus(&pulled.map(|(_, state)| (1.0, state)).collect::<Vec<_>>())
        };
        let (t, h) = (step.t, step.h);
        let (mut backwards, mut forwards) = (None, None);
        let back = pull(t + h, -h, step.after[0], &way.z, &[], &mut backwards);
        way.y = way.y.plus(&[(-1.0, &back)]);
        let ahead = pull(t, h, step.before[1], &way.y, step.outputs, &mut forwards);
        let (minus, plus) = (backwards.iter().map(|b| (-1.0, b)), forwards.iter().map(|f| (1.0, f)));
        *params = params.plus(&minus.chain(plus).collect::<Vec<_>>());
        // Dense output: z₀ + h Σ bᵢ(θ) kᵢ + (1 − θ (1 − λ)) (y₀ − z₀).
        let near = |theta: f64| 1.0 - theta * (1.0 - lambda);
        let mut terms = vec![(1.0, &ahead), (1.0 - lambda, &way.y)];
        terms.extend(step.outputs.iter().map(|(theta, c)| (1.0 - near(*theta), *c)));
        way.z = way.z.plus(&terms);
        let mut terms = vec![(lambda - 1.0, &way.y)];
        terms.extend(step.outputs.iter().map(|(theta, c)| (near(*theta), *c)));
        way.y = way.y.plus(&terms);
    }
}
