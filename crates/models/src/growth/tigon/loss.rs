//! What TIGON minimises.

use super::batches::{Smeared, TigonBatch};
use super::field::{INTEGRALS, SpendingField};
use crate::density::unit_vectors;
use crate::{ModelError, Objective, Parts};
use chreode_adjoint::{Adjoint, Discrete, Times};
use chreode_core::{Network, NetworkJvp, ParameterView};
use chreode_ode::{ExplicitRk, Fixed, RK4, Solve};
use ndarray::{Array2, Axis, concatenate, s};
use std::cell::RefCell;

/// `L(θ, φ) = λ Σⱼ mean |ρ̂ⱼ(tₖ, x) − ρₖ(x)|² / mean ρₖ² + mean ∫ (|v|² + α g²) m dt`.
///
/// Points x of a later snapshot's density ρₖ are carried back to z at the time of snapshot j, which is the first and, as
/// in the released program, also the one before k; there `log ρ̂ⱼ(tₖ, x) = log ρⱼ(z) + ∫ (g − tr ∂v/∂x) dt`. Means are
/// over all points. Points of the first snapshot are carried on to the last time, and their action is counted with their
/// mass m. Divergences are exact, all rows are one solve, and the gradient is that of its steps.
pub struct DensityMatching<V: NetworkJvp<Scalar = f32>, G: Network<Scalar = f32>> {
    /// The network of the velocity.
    pub velocity: V,
    /// The network of the growth rate; one output.
    pub growth: G,
    /// The densities of the snapshots; set from the data.
    pub(super) densities: Vec<Smeared>,
    pub(super) alpha: f64,
    pub(super) lambda: f64,
    /// Steps of RK4 a unit of network time.
    pub(super) steps: usize,
    /// Network times of the snapshots.
    pub(super) times: Vec<f64>,
    parts: Parts,
    memory: RefCell<(V::Memory, G::Memory, Vec<f32>)>,
    /// What the last solve kept.
    solved: usize,
}

impl<V: NetworkJvp<Scalar = f32>, G: Network<Scalar = f32>> DensityMatching<V, G> {
    pub(super) fn new(
        (velocity, growth): (V, G),
        (alpha, lambda): (f64, f64),
        steps: usize,
        times: Vec<f64>,
    ) -> Self {
        let parts = Parts::default().with("velocity", &velocity).with("growth", &growth);
        let memory = RefCell::default();
        Self {
            velocity,
            growth,
            densities: Vec::new(),
            alpha,
            lambda,
            steps,
            times,
            parts,
            memory,
            solved: 0,
        }
    }
}

impl<V: NetworkJvp<Scalar = f32>, G: Network<Scalar = f32>> Objective for DensityMatching<V, G> {
    type Batch = TigonBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.parts.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.velocity.read_parameters(&mut flat[self.parts.range(0)]);
        self.growth.read_parameters(&mut flat[self.parts.range(1)]);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.velocity.write_parameters(&flat[self.parts.range(0)]);
        self.growth.write_parameters(&flat[self.parts.range(1)]);
    }

    fn loss(&mut self, _stage: usize, batch: &TigonBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        if self.densities.is_empty() {
            return Err(ModelError::Data {
                model: "TIGON".into(),
                needs: "the cells it is trained on".into(),
            });
        }
        let (later, columns) = batch.x.dim();
        let firsts = batch.first.nrows();
        let [begin, end] = [self.times.first(), self.times.last()].map(|t| t.copied().unwrap_or(0.0));
        let x = concatenate(Axis(0), &[batch.x.view(), batch.first.view()]).expect("the same columns");
        let start: Vec<f32> =
            batch.t.iter().copied().chain(std::iter::repeat_n(begin as f32, firsts)).collect();
        let back = batch.to.iter().zip(&batch.t).map(|(&to, t)| self.times[to] as f32 - t);
        let span: Vec<f32> = back.chain(std::iter::repeat_n((end - begin) as f32, firsts)).collect();
        let rows = later + firsts;
        let field = SpendingField {
            velocity: &self.velocity,
            growth: &self.growth,
            alpha: self.alpha as f32,
            start: &start,
            span: &span,
            directions: unit_vectors(rows, columns),
            scratch: RefCell::new(self.memory.take()),
        };
        let steps = ((end - begin) * self.steps as f64).ceil().max(1.0) as usize;
        let solve = Solve::new(ExplicitRk::new(RK4), Fixed::steps(steps));
        let adjoint = Discrete::default().times(Times::Constant);
        let nothing = || (Array2::zeros((rows, columns)), Array2::zeros((rows, INTEGRALS)));
        let (ys, tape) = adjoint.forward(&solve, &field, (x, nothing().1), &[0.0, 1.0])?;
        self.solved = tape.bytes(rows * (columns + INTEGRALS) * size_of::<f32>());
        let (z, q) = &ys[1];
        let ((mut a, mut c), mut loss) = (nothing(), 0.0);
        let mut score = vec![0.0; columns];
        // Those that are carried to the first time are all points, once.
        let points = batch.to.iter().filter(|&&to| to == 0).count() as f64;
        for i in 0..later {
            let density = &self.densities[batch.to[i]];
            let log = density.log(z.row(i), batch.width, &mut score) - f64::from(q[[i, 0]]);
            let found = (log - batch.largest[i]).exp();
            let weight = self.lambda * batch.scale[i] / points;
            let miss = found - batch.density[i];
            loss += weight * miss * miss;
            let slope = 2.0 * weight * miss * found;
            a.row_mut(i).iter_mut().zip(&score).for_each(|(a, s)| *a = (slope * s) as f32);
            c[[i, 0]] = -slope as f32;
        }
        loss += q.slice(s![later.., 2]).iter().map(|&e| f64::from(e)).sum::<f64>() / firsts as f64;
        c.slice_mut(s![later.., 2]).fill(1.0 / firsts as f32);
        if loss.is_finite() {
            let pulled = adjoint.backward(&solve, &field, &tape, &[nothing(), (a, c)])?;
            gradient.iter_mut().zip(&pulled.params).for_each(|(to, from)| *to = *from);
        }
        self.memory.replace(field.scratch.into_inner());
        Ok(loss)
    }

    fn solve_bytes(&self) -> usize {
        self.solved
    }
}
