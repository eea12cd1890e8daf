//! What TrajectoryNet minimises.

use super::TrajectoryBatch;
use crate::crowd::Crowd;
use crate::density::BaseDensity;
use crate::density::field::{Augmented, FlowField, INTEGRALS, Scratch, state_bytes, unit_vectors};
use crate::density::likelihood::Regularisers;
use crate::growth::regress;
use crate::{ModelError, Objective, Parts};
use chreode_adjoint::{Adjoint, Discrete, Times};
use chreode_core::{NetworkJvp, ParameterView};
use chreode_ode::{ExplicitRk, Fixed, RK4, Solve};
use ndarray::{Array2, ArrayView2, Axis, concatenate, s};
use std::cell::RefCell;
use std::ops::Range;

/// `L(θ) = Σₖ mean (−log p(tₖ, x) + λ_e ∫ |v|² dt + λ_j ∫ |∂v/∂x|² dt) + Σₖ crowd(zₖ)`, over cells x of every snapshot.
///
/// All cells are carried back, from snapshot to snapshot, to a standard normal distribution one unit of network time before
/// the first; the cells of a snapshot join those of the later ones there. With growth, a cell that passes snapshot k at z had
/// a density that is G(tₖ, z) times lower, the descendants of a cell there: `log p` gains `log G` (section 3.4). What passes
/// is held near the cells measured there ([`Crowd`]). The gradient is that of the steps taken.
pub struct TrajectoryLikelihood<N: NetworkJvp<Scalar = f32>> {
    /// v(t, x).
    pub velocity: N,
    /// `log G(tₖ, x)` per unit of network time until the next snapshot.
    pub growth: Option<N>,
    pub(super) weights: Regularisers,
    pub(super) crowd: Crowd,
    /// Steps of RK4 a unit of network time.
    pub(super) steps: usize,
    /// Network time of the base and of every snapshot.
    pub(super) times: Vec<f64>,
    pub(super) parts: Parts,
    memory: RefCell<Scratch<N::Memory>>,
    growing: N::Memory,
    /// What the solves of the last loss kept.
    solved: usize,
}

impl<N: NetworkJvp<Scalar = f32>> TrajectoryLikelihood<N> {
    pub(super) fn new(
        (velocity, growth): (N, Option<N>),
        (weights, crowd): (Regularisers, Crowd),
        steps: usize,
        times: Vec<f64>,
    ) -> Self {
        let mut parts = Parts::default().with("velocity", &velocity);
        if let Some(growth) = &growth {
            parts = parts.with("growth", growth);
        }
        let (memory, growing) = (RefCell::default(), N::Memory::default());
        Self { velocity, growth, weights, crowd, steps, times, parts, memory, growing, solved: 0 }
    }

    /// The parameters of the velocity, and of the growth rate.
    pub(super) fn ranges(&self) -> (Range<usize>, Option<Range<usize>>) {
        (self.parts.range(0), self.growth.as_ref().map(|_| self.parts.range(1)))
    }

    /// The sum over rows of `log G` times `weight` at snapshot `k`; adds minus its gradient to `by_x`.
    fn descendants(&mut self, k: usize, x: ArrayView2<'_, f32>, weight: f64, by_x: &mut Array2<f32>) -> f64 {
        let Some(growth) = &self.growth else { return 0.0 };
        let length = self.times[k + 2] - self.times[k + 1];
        let (mut g, mut slope) = (Array2::zeros((x.nrows(), 1)), Array2::zeros(x.raw_dim()));
        growth.forward(&vec![self.times[k + 1] as f32; x.nrows()], x, g.view_mut(), &mut self.growing);
        let sum = g.iter().map(|&g| f64::from(g)).sum::<f64>() * length * weight;
        g.fill(-(length * weight) as f32);
        growth.pullback(g.view(), Some(slope.view_mut()), None, &mut self.growing);
        *by_x += &slope;
        sum
    }

    fn likelihood(&mut self, cells: &[Array2<f32>], gradient: &mut [f32]) -> Result<f64, ModelError> {
        let columns = cells[0].ncols();
        let Regularisers { kinetic, jacobian, .. } = self.weights;
        let each = 1.0 / cells[0].nrows() as f64;
        let c = [-1.0, kinetic, jacobian, 0.0].map(|factor| (each * factor) as f32);
        let solves: Vec<_> = (0..cells.len())
            .map(|k| {
                let length = self.times[k + 1] - self.times[k];
                let steps = (length * self.steps as f64).round().max(1.0) as usize;
                Solve::new(ExplicitRk::new(RK4), Fixed::steps(steps))
            })
            .collect();
        let adjoint = Discrete::default().times(Times::Constant);
        let nothing =
            |rows: usize| -> Augmented { (Array2::zeros((rows, columns)), Array2::zeros((rows, INTEGRALS))) };
        // From the last snapshot back; the rows of each that come by are before its own.
        let mut passed = Array2::zeros((0, columns));
        let (mut tapes, mut pulls, mut loss) = (Vec::new(), Vec::new(), 0.0);
        let mut spans = Vec::new();
        for (k, own) in cells.iter().enumerate().rev() {
            let mut by_passed = Array2::zeros(passed.raw_dim());
            if passed.nrows() > 0 {
                loss -= self.descendants(k, passed.view(), each, &mut by_passed);
                loss += self.crowd.pay(&passed, own.view(), &mut by_passed);
            }
            let rows = concatenate(Axis(0), &[passed.view(), own.view()]).expect("the same columns");
            let n = rows.nrows();
            let (start, span) = (self.times[k + 1] as f32, (self.times[k] - self.times[k + 1]) as f32);
            let spanned = (vec![start; n], vec![span; n]);
            let field = self.field(&spanned, columns);
            let (mut ys, tape) = adjoint.forward(&solves[k], &field, (rows, nothing(n).1), &[0.0, 1.0])?;
            self.memory.replace(field.scratch.into_inner());
            self.solved += tape.bytes(state_bytes(n, columns));
            let (z, q) = ys.pop().expect("a state at each time");
            loss += q
                .rows()
                .into_iter()
                .map(|q| (0..INTEGRALS).map(|j| f64::from(c[j] * q[j])).sum::<f64>())
                .sum::<f64>();
            passed = z;
            tapes.push(tape);
            pulls.push(by_passed);
            spans.push(spanned);
        }
        let (log_base, score) = BaseDensity::Normal(columns).log_density(passed.view());
        loss -= each * log_base.sum();
        if !loss.is_finite() {
            return Ok(loss);
        }
        let mut a = score * -(each as f32);
        let to = &mut gradient[self.parts.range(0)];
        for (k, (tape, spanned)) in tapes.iter().rev().zip(spans.iter().rev()).enumerate() {
            let n = a.nrows();
            let field = self.field(spanned, columns);
            let by_q = Array2::from_shape_fn((n, INTEGRALS), |(_, j)| c[j]);
            let pulled = adjoint.backward(&solves[k], &field, tape, &[nothing(n), (a, by_q)])?;
            self.memory.replace(field.scratch.into_inner());
            to.iter_mut().zip(&pulled.params).for_each(|(to, from)| *to += *from);
            let by_passed = &pulls[cells.len() - 1 - k];
            a = pulled.y0.0.slice(s![..by_passed.nrows(), ..]).to_owned() + by_passed;
        }
        Ok(loss)
    }

    fn field<'n>(&'n self, (start, span): &'n (Vec<f32>, Vec<f32>), columns: usize) -> FlowField<'n, N> {
        FlowField {
            network: &self.velocity,
            start,
            span,
            directions: unit_vectors(start.len(), columns),
            weight: 1.0,
            scratch: RefCell::new(self.memory.take()),
        }
    }
}

impl<N: NetworkJvp<Scalar = f32>> Objective for TrajectoryLikelihood<N> {
    type Batch = TrajectoryBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.parts.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.velocity.read_parameters(&mut flat[self.parts.range(0)]);
        if let Some(growth) = &self.growth {
            growth.read_parameters(&mut flat[self.parts.range(1)]);
        }
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.velocity.write_parameters(&flat[self.parts.range(0)]);
        if let Some(growth) = &mut self.growth {
            growth.write_parameters(&flat[self.parts.range(1)]);
        }
    }

    fn loss(
        &mut self,
        _stage: usize,
        batch: &TrajectoryBatch,
        gradient: &mut [f32],
    ) -> Result<f64, ModelError> {
        gradient.fill(0.0);
        self.solved = 0;
        match (batch, &self.growth) {
            (TrajectoryBatch::Cells(cells), _) => self.likelihood(cells, gradient),
            (TrajectoryBatch::Descendants(rows), Some(growth)) => {
                let to = &mut gradient[self.parts.range(1)];
                let mut out = Array2::zeros((0, 0));
                Ok(regress(growth, rows, &rows.g, 1.0, (&mut self.growing, &mut out), to))
            }
            (TrajectoryBatch::Descendants(_), None) => Ok(0.0),
        }
    }

    fn solve_bytes(&self) -> usize {
        self.solved
    }
}
