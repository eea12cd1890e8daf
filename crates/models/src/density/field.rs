//! The flow with its density and its regularisers, every row over a span of its own.

use chreode_core::{Kept, NetworkJvp, Pullback, Pulled, TangentPullback, VectorField, Vjp};
use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayViewMut2, Axis, s};
use std::cell::RefCell;

/// Rows x, and for each row the integrals of the trace, of the kinetic energy, of the Jacobian's square and of the
/// residual of the Hamilton-Jacobi-Bellman equation.
pub(super) type Augmented = (Array2<f32>, Array2<f32>);

/// The columns of the integrals.
pub(super) const INTEGRALS: usize = 4;

/// Bytes of a state of `rows` rows.
pub(super) fn state_bytes(rows: usize, columns: usize) -> usize {
    rows * (columns + INTEGRALS) * size_of::<f32>()
}

/// `dx/ds = h v(t₀ + h s, x)` for s from 0 to 1, with a start t₀ and a span h for each row, and along it
///
/// - `q₀' = h tr J`, which is what the log-density at the end lacks to that at the start;
/// - `q₁' = |h| |v|²`, the kinetic energy;
/// - `q₂' = |h| |J|²`, the squared Frobenius norm;
/// - `q₃' = |h| |∂Φ/∂t − ½ |∇Φ|²|`, for a network with one more output, which is `−∂Φ/∂t` of the potential whose `−∇Φ` the
///   velocity is; else 0.
///
/// `J = ∂v/∂x` is probed along `directions`, which are held for the whole solve: all unit vectors with the weight 1 give
/// the exact numbers; random ones with `E e eᵀ = I` and the weight 1/k their unbiased estimates `eᵀ J e` and `|J e|²`
/// (Grathwohl et al., FFJORD, ICLR 2019, arXiv:1810.01367; Finlay et al., ICML 2020, arXiv:2002.02798).
pub(super) struct FlowField<'n, N: NetworkJvp<Scalar = f32>> {
    pub(super) network: &'n N,
    /// t₀ of each row.
    pub(super) start: &'n [f32],
    /// h of each row.
    pub(super) span: &'n [f32],
    /// `[directions, rows, columns]`.
    pub(super) directions: Array3<f32>,
    pub(super) weight: f32,
    pub(super) scratch: RefCell<Scratch<N::Memory>>,
}

/// Memory of the passes, which outlives a solve.
pub(super) struct Scratch<M> {
    evaluation: Evaluation<M>,
    times: Vec<f32>,
    gradient: Vec<f32>,
    /// Evaluations that were kept for their pullbacks and have served.
    spare: Vec<Box<Evaluation<M>>>,
}

impl<M: Default> Default for Scratch<M> {
    fn default() -> Self {
        Self { evaluation: Evaluation::default(), times: Vec::new(), gradient: Vec::new(), spare: Vec::new() }
    }
}

impl<M> Scratch<M> {
    /// The memory of passes without a solve.
    pub(super) fn memory(&mut self) -> &mut M {
        &mut self.evaluation.memory
    }
}

/// An evaluation: the network's memory, its output, its derivatives along the directions.
struct Evaluation<M> {
    memory: M,
    out: Array2<f32>,
    along: Array3<f32>,
}

impl<M: Default> Default for Evaluation<M> {
    fn default() -> Self {
        Self { memory: M::default(), out: Array2::zeros((0, 0)), along: Array3::zeros((0, 0, 0)) }
    }
}

/// Every unit vector, for `rows` rows of `columns` columns.
pub(crate) fn unit_vectors(rows: usize, columns: usize) -> Array3<f32> {
    Array3::from_shape_fn((columns, rows, columns), |(k, _, j)| f32::from(u8::from(k == j)))
}

impl<N: NetworkJvp<Scalar = f32>> FlowField<'_, N> {
    /// The output and J e, with the memory filled for a pullback.
    fn forward(&self, s: f64, x: &Array2<f32>, times: &mut Vec<f32>, to: &mut Evaluation<N::Memory>) {
        times.clear();
        times.extend(self.start.iter().zip(self.span).map(|(t, h)| t + h * s as f32));
        let outputs = self.network.width().1;
        let shape = (self.directions.dim().0, x.nrows(), outputs);
        if to.along.dim() != shape {
            to.out = Array2::zeros((x.nrows(), outputs));
            to.along = Array3::zeros(shape);
        }
        self.network.forward(times, x.view(), to.out.view_mut(), &mut to.memory);
        self.network.tangent(self.directions.view(), to.along.view_mut(), &mut to.memory);
    }

    /// `−∂Φ/∂t + ½ |v|²` of an output row; 0 without a rate.
    fn residual(&self, out: ArrayView1<'_, f32>) -> f32 {
        let columns = self.directions.dim().2;
        let v = out.slice(s![..columns]);
        out.get(columns).map_or(0.0, |rate| rate + 0.5 * v.dot(&v))
    }

    /// `h v`, and the rates of the integrals.
    fn rates(&self, Evaluation { out, along, .. }: &Evaluation<N::Memory>) -> Augmented {
        let columns = self.directions.dim().2;
        let mut v = out.slice(s![.., ..columns]).to_owned();
        let mut q = Array2::zeros((v.nrows(), INTEGRALS));
        for (e, along) in self.directions.outer_iter().zip(along.outer_iter()) {
            for ((mut q, e), j) in q.rows_mut().into_iter().zip(e.rows()).zip(along.rows()) {
                let j = j.slice(s![..columns]);
                q[0] += self.weight * e.dot(&j);
                q[2] += self.weight * j.dot(&j);
            }
        }
        for (((mut q, mut v), out), &h) in
            q.rows_mut().into_iter().zip(v.rows_mut()).zip(out.rows()).zip(self.span)
        {
            q[0] *= h;
            q[1] = v.dot(&v) * h.abs();
            q[2] *= h.abs();
            q[3] = self.residual(out).abs() * h.abs();
            v *= h;
        }
        (v, q)
    }

    /// The cotangents of the output and of each J e, from those of `h v` and of the integrals.
    fn cotangents(
        &self,
        Evaluation { out, along, .. }: &Evaluation<N::Memory>,
        a: &Array2<f32>,
        c: &Array2<f32>,
    ) -> (Array2<f32>, Array3<f32>) {
        let columns = self.directions.dim().2;
        let mut by_out = Array2::zeros(out.raw_dim());
        for ((((mut to, out), a), c), &h) in
            by_out.rows_mut().into_iter().zip(out.rows()).zip(a.rows()).zip(c.rows()).zip(self.span)
        {
            let residual = self.residual(out);
            let sign = c[3] * h.abs() * if residual > 0.0 { 1.0 } else { -1.0 };
            let rate = out.len() > columns;
            for j in 0..columns {
                to[j] = h * a[j] + 2.0 * c[1] * h.abs() * out[j] + if rate { sign * out[j] } else { 0.0 };
            }
            if rate {
                to[columns] = sign;
            }
        }
        let mut by_along = Array3::zeros(along.raw_dim());
        for ((mut to, along), e) in
            by_along.outer_iter_mut().zip(along.outer_iter()).zip(self.directions.outer_iter())
        {
            for ((((mut to, j), e), c), &h) in
                to.rows_mut().into_iter().zip(along.rows()).zip(e.rows()).zip(c.rows()).zip(self.span)
            {
                for i in 0..columns {
                    to[i] = self.weight * (c[0] * h * e[i] + 2.0 * c[2] * h.abs() * j[i]);
                }
            }
        }
        (by_out, by_along)
    }
}

impl<N: NetworkJvp<Scalar = f32>> FlowField<'_, N> {
    /// The pullback of an evaluation: the cotangent of the states; sets `params`.
    fn pull(
        &self,
        evaluation: &mut Evaluation<N::Memory>,
        (a, c): &Augmented,
        state: ArrayViewMut2<'_, f32>,
        params: &mut [f32],
    ) {
        let (by_out, by_along) = self.cotangents(evaluation, a, c);
        let into = TangentPullback { state: Some(state), directions: None, params: Some(params) };
        let along = (self.directions.view(), by_along.view());
        self.network.pullback_tangent(along.0, along.1, Some(by_out.view()), into, &mut evaluation.memory);
    }
}

impl<N: NetworkJvp<Scalar = f32>> VectorField<Augmented> for FlowField<'_, N> {
    fn eval(&self, s: f64, (x, _): &Augmented) -> Augmented {
        let Scratch { evaluation, times, .. } = &mut *self.scratch.borrow_mut();
        self.forward(s, x, times, evaluation);
        self.rates(evaluation)
    }
}

impl<N: NetworkJvp<Scalar = f32>> Vjp<Augmented> for FlowField<'_, N> {
    type Params = Array1<f32>;

    fn vjp(&self, s: f64, y: &Augmented, a: &Augmented) -> Pullback<Augmented, Self::Params> {
        let Scratch { evaluation, times, .. } = &mut *self.scratch.borrow_mut();
        self.forward(s, &y.0, times, evaluation);
        let mut state = Array2::zeros(y.0.raw_dim());
        let mut params = Array1::zeros(self.network.parameter_count());
        let flat = params.as_slice_mut().expect("a new array is contiguous");
        let value = self.rates(evaluation);
        self.pull(evaluation, a, state.view_mut(), flat);
        Pullback { value, state: (state, Array2::zeros(y.1.raw_dim())), params }
    }

    fn zero_params(&self, _s: f64, _y: &Augmented) -> Self::Params {
        Array1::zeros(self.network.parameter_count())
    }

    fn eval_kept(&self, s: f64, (x, _): &Augmented, dy: &mut Augmented, kept: &mut Kept) {
        let Scratch { times, spare, .. } = &mut *self.scratch.borrow_mut();
        let outputs = (1 + self.directions.dim().0) * x.nrows() * self.network.width().1;
        let bytes = self.network.memory_bytes(x.nrows()) + outputs * size_of::<f32>();
        let evaluation = kept.fill_from(spare, bytes);
        self.forward(s, x, times, evaluation);
        *dy = self.rates(evaluation);
    }

    fn pull_kept(
        &self,
        kept: &mut Kept,
        a: &Augmented,
        state: &mut Augmented,
        params: &mut Self::Params,
    ) -> Pulled {
        let Some(mut evaluation) = kept.take::<Evaluation<N::Memory>>() else { return Pulled::NothingKept };
        let Scratch { evaluation: own, gradient, spare, .. } = &mut *self.scratch.borrow_mut();
        gradient.resize(self.network.parameter_count(), 0.0);
        self.network.lend_scratch(&mut own.memory, &mut evaluation.memory);
        self.pull(&mut evaluation, a, state.0.view_mut(), gradient);
        self.network.lend_scratch(&mut own.memory, &mut evaluation.memory);
        spare.push(evaluation);
        state.1.fill(0.0);
        params.iter_mut().zip(&*gradient).for_each(|(to, from)| *to += *from);
        Pulled::Done
    }
}

/// Rows `[x, q₀]` as one array, all at one time with the unit of network time: what a sampler moves.
pub(super) struct Packed<'n, N: NetworkJvp<Scalar = f32>> {
    network: &'n N,
    directions: Array3<f32>,
    scratch: RefCell<Scratch<N::Memory>>,
}

impl<'n, N: NetworkJvp<Scalar = f32>> Packed<'n, N> {
    pub(super) fn new(network: &'n N, rows: usize) -> Self {
        Self { network, directions: unit_vectors(rows, network.width().0), scratch: RefCell::default() }
    }
}

impl<N: NetworkJvp<Scalar = f32>> VectorField<Array2<f32>> for Packed<'_, N> {
    fn eval(&self, t: f64, y: &Array2<f32>) -> Array2<f32> {
        let (rows, width) = (y.nrows(), y.ncols() - 1);
        let x = y.slice(s![.., ..width]).to_owned();
        let (start, span) = (vec![t as f32; rows], vec![1.0; rows]);
        let field = FlowField {
            network: self.network,
            start: &start,
            span: &span,
            directions: self.directions.clone(),
            weight: 1.0,
            scratch: RefCell::new(std::mem::take(&mut *self.scratch.borrow_mut())),
        };
        let (v, q) = field.eval(0.0, &(x, Array2::zeros((rows, INTEGRALS))));
        self.scratch.replace(field.scratch.into_inner());
        ndarray::concatenate(Axis(1), &[v.view(), q.slice(s![.., ..1])]).unwrap_or_else(|_| y.clone())
    }
}
