//! Cells carried through times, with their mass and what their motion costs; and the way back.

use crate::ModelError;
use chreode_adjoint::{Adjoint, Discrete, Times};
use chreode_core::{Kept, Network, Pullback, Pulled, VectorField, Vjp};
use chreode_ode::{ExplicitRk, Fixed, RK4, Solve};
use ndarray::{Array1, Array2, ArrayViewMut2, Axis};
use std::cell::{Cell, RefCell};

/// Rows x, and for each row the integrals of [`PushField`]: log-mass and energy.
pub(super) type Pushed = (Array2<f32>, Array2<f32>);

/// The column of the log-mass.
pub(super) const MASS: usize = 0;
/// The column of the energy.
pub(super) const ENERGY: usize = 1;

/// `dx/dt = v(t, x)`, `d log m/dt = g(t, x)` (0 without a growth rate), and the energy `de/dt = |v|²`.
pub(super) struct PushField<'n, V: Network<Scalar = f32>, G: Network<Scalar = f32>> {
    velocity: &'n V,
    growth: Option<&'n G>,
    scratch: RefCell<PushScratch<V::Memory, G::Memory>>,
}

/// Memory of the passes, which outlives a solve.
pub(super) struct PushScratch<A, B> {
    evaluation: Evaluation<A, B>,
    times: Vec<f32>,
    gradient: Vec<f32>,
    spare: Vec<Box<Evaluation<A, B>>>,
}

impl<A: Default, B: Default> Default for PushScratch<A, B> {
    fn default() -> Self {
        Self { evaluation: Evaluation::default(), times: Vec::new(), gradient: Vec::new(), spare: Vec::new() }
    }
}

/// What an evaluation leaves for its pullback.
struct Evaluation<A, B> {
    moving: A,
    growing: B,
    v: Array2<f32>,
    g: Array2<f32>,
}

impl<A: Default, B: Default> Default for Evaluation<A, B> {
    fn default() -> Self {
        let empty = || Array2::zeros((0, 0));
        Self { moving: A::default(), growing: B::default(), v: empty(), g: empty() }
    }
}

impl<V: Network<Scalar = f32>, G: Network<Scalar = f32>> PushField<'_, V, G> {
    fn forward(
        &self,
        t: f64,
        x: &Array2<f32>,
        times: &mut Vec<f32>,
        to: &mut Evaluation<V::Memory, G::Memory>,
    ) {
        times.clear();
        times.resize(x.nrows(), t as f32);
        if to.v.raw_dim() != x.raw_dim() {
            (to.v, to.g) = (Array2::zeros(x.raw_dim()), Array2::zeros((x.nrows(), 1)));
        }
        self.velocity.forward(times, x.view(), to.v.view_mut(), &mut to.moving);
        if let Some(growth) = self.growth {
            growth.forward(times, x.view(), to.g.view_mut(), &mut to.growing);
        }
    }

    fn rates(&self, Evaluation { v, g, .. }: &Evaluation<V::Memory, G::Memory>) -> Pushed {
        let mut q = Array2::zeros((v.nrows(), 2));
        for ((mut q, v), g) in q.rows_mut().into_iter().zip(v.rows()).zip(g) {
            q[MASS] = *g;
            q[ENERGY] = v.dot(&v);
        }
        (v.clone(), q)
    }

    /// Sets the cotangent of the states, and the gradient of the velocity's parameters and then of the growth rate's.
    fn pull(
        &self,
        evaluation: &mut Evaluation<V::Memory, G::Memory>,
        (a, c): &Pushed,
        mut state: ArrayViewMut2<'_, f32>,
        params: &mut [f32],
    ) {
        let Evaluation { moving, growing, v, .. } = evaluation;
        let mut by_v = a.clone();
        for ((mut by, v), c) in by_v.rows_mut().into_iter().zip(v.rows()).zip(c.rows()) {
            by.scaled_add(2.0 * c[ENERGY], &v);
        }
        let (to_velocity, to_growth) = params.split_at_mut(self.velocity.parameter_count());
        self.velocity.pullback(by_v.view(), Some(state.view_mut()), Some(to_velocity), moving);
        if let Some(growth) = self.growth {
            let by_g = c.column(MASS).to_owned().insert_axis(Axis(1));
            let mut grown = Array2::zeros(by_v.raw_dim());
            growth.pullback(by_g.view(), Some(grown.view_mut()), Some(to_growth), growing);
            state += &grown;
        }
    }

    fn parameter_count(&self) -> usize {
        self.velocity.parameter_count() + self.growth.map_or(0, Network::parameter_count)
    }
}

impl<V: Network<Scalar = f32>, G: Network<Scalar = f32>> VectorField<Pushed> for PushField<'_, V, G> {
    fn eval(&self, t: f64, (x, _): &Pushed) -> Pushed {
        let PushScratch { evaluation, times, .. } = &mut *self.scratch.borrow_mut();
        self.forward(t, x, times, evaluation);
        self.rates(evaluation)
    }
}

impl<V: Network<Scalar = f32>, G: Network<Scalar = f32>> Vjp<Pushed> for PushField<'_, V, G> {
    type Params = Array1<f32>;

    fn vjp(&self, t: f64, y: &Pushed, a: &Pushed) -> Pullback<Pushed, Self::Params> {
        let PushScratch { evaluation, times, .. } = &mut *self.scratch.borrow_mut();
        self.forward(t, &y.0, times, evaluation);
        let value = self.rates(evaluation);
        let mut state = Array2::zeros(y.0.raw_dim());
        let mut params = Array1::zeros(self.parameter_count());
        let flat = params.as_slice_mut().expect("a new array is contiguous");
        self.pull(evaluation, a, state.view_mut(), flat);
        Pullback { value, state: (state, Array2::zeros(y.1.raw_dim())), params }
    }

    fn zero_params(&self, _t: f64, _y: &Pushed) -> Self::Params {
        Array1::zeros(self.parameter_count())
    }

    fn eval_kept(&self, t: f64, (x, _): &Pushed, dy: &mut Pushed, kept: &mut Kept) {
        let PushScratch { times, spare, .. } = &mut *self.scratch.borrow_mut();
        let bytes =
            self.velocity.memory_bytes(x.nrows()) + self.growth.map_or(0, |g| g.memory_bytes(x.nrows()));
        let evaluation = kept.fill_from(spare, bytes);
        self.forward(t, x, times, evaluation);
        *dy = self.rates(evaluation);
    }

    fn pull_kept(
        &self,
        kept: &mut Kept,
        a: &Pushed,
        state: &mut Pushed,
        params: &mut Self::Params,
    ) -> Pulled {
        type Of<V, G> = Evaluation<<V as Network>::Memory, <G as Network>::Memory>;
        let Some(mut evaluation) = kept.take::<Of<V, G>>() else { return Pulled::NothingKept };
        let PushScratch { evaluation: own, gradient, spare, .. } = &mut *self.scratch.borrow_mut();
        gradient.resize(self.parameter_count(), 0.0);
        let mut lend = |kept: &mut Of<V, G>| {
            self.velocity.lend_scratch(&mut own.moving, &mut kept.moving);
            if let Some(growth) = self.growth {
                growth.lend_scratch(&mut own.growing, &mut kept.growing);
            }
        };
        lend(&mut evaluation);
        self.pull(&mut evaluation, a, state.0.view_mut(), gradient);
        lend(&mut evaluation);
        spare.push(evaluation);
        state.1.fill(0.0);
        params.iter_mut().zip(&*gradient).for_each(|(to, from)| *to += *from);
        Pulled::Done
    }
}

/// A loss of cells at later times and its gradient: what fits populations by carrying them.
pub(super) struct Push<V: Network, G: Network> {
    /// Steps of RK4 a unit of network time.
    steps: usize,
    memory: RefCell<PushScratch<V::Memory, G::Memory>>,
    /// What the largest solve kept.
    solved: Cell<usize>,
}

impl<V: Network<Scalar = f32>, G: Network<Scalar = f32>> Push<V, G> {
    pub(super) fn new(steps: usize) -> Self {
        Self { steps, memory: RefCell::default(), solved: Cell::new(0) }
    }

    /// Bytes that the largest solve so far kept for its way back.
    pub(super) fn solve_bytes(&self) -> usize {
        self.solved.get()
    }

    /// Carries `x` from `times[0]` to the others; `loss` says what it amounts to there, with its cotangents, one a time. The
    /// gradient is that of the steps taken: of the velocity's parameters, then of the growth rate's.
    ///
    /// # Errors
    /// A failed solve, and what `loss` returns.
    pub(super) fn fit(
        &self,
        (velocity, growth): (&V, Option<&G>),
        x: Array2<f32>,
        times: &[f64],
        loss: impl FnOnce(&[Pushed]) -> Result<(f64, Vec<Pushed>), ModelError>,
    ) -> Result<(f64, Array1<f32>), ModelError> {
        let field = PushField { velocity, growth, scratch: RefCell::new(self.memory.take()) };
        let span = times.last().zip(times.first()).map_or(0.0, |(last, first)| (last - first).abs());
        let steps = (span * self.steps as f64).round().max(1.0) as usize;
        let solve = Solve::new(ExplicitRk::new(RK4), Fixed::steps(steps));
        let adjoint = Discrete::default().times(Times::Constant);
        let q = Array2::zeros((x.nrows(), 2));
        let state = x.nrows() * (x.ncols() + 2) * size_of::<f32>();
        let (ys, tape) = adjoint.forward(&solve, &field, (x, q), times)?;
        self.solved.set(tape.bytes(state).max(self.solved.get()));
        let (value, cotangents) = loss(&ys)?;
        let params = match value.is_finite() {
            true => adjoint.backward(&solve, &field, &tape, &cotangents)?.params,
            false => Array1::zeros(field.parameter_count()),
        };
        self.memory.replace(field.scratch.into_inner());
        Ok((value, params))
    }
}

/// The cotangents of nothing, one for each of `ys`.
pub(super) fn nothing(ys: &[Pushed]) -> Vec<Pushed> {
    ys.iter().map(|(x, q)| (Array2::zeros(x.raw_dim()), Array2::zeros(q.raw_dim()))).collect()
}
