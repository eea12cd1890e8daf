//! The flow with its density and its regularisers, every row over a span of its own.

use chreode_core::{NetworkJvp, Pullback, TangentPullback, VectorField, Vjp};
use ndarray::{Array1, Array2, Array3, Axis};
use std::cell::RefCell;

/// Rows x, and for each row the integrals of the trace, of the kinetic energy and of the Jacobian's square.
pub(super) type Augmented = (Array2<f32>, Array2<f32>);

/// The columns of the integrals.
pub(super) const INTEGRALS: usize = 3;

/// `dx/ds = h v(t₀ + h s, x)` for s from 0 to 1, with a start t₀ and a span h for each row, and along it
///
/// - `q₀' = h tr J`, which is what the log-density at the end lacks to that at the start;
/// - `q₁' = |h| |v|²`, the kinetic energy;
/// - `q₂' = |h| |J|²`, the squared Frobenius norm.
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
    pub(super) scratch: RefCell<(N::Memory, Vec<f32>)>,
}

/// Every unit vector, for `rows` rows of `columns` columns.
pub(super) fn unit_vectors(rows: usize, columns: usize) -> Array3<f32> {
    Array3::from_shape_fn((columns, rows, columns), |(k, _, j)| f32::from(u8::from(k == j)))
}

impl<N: NetworkJvp<Scalar = f32>> FlowField<'_, N> {
    /// v and J e, with the memory filled for a pullback.
    fn forward(&self, s: f64, x: &Array2<f32>) -> (Array2<f32>, Array3<f32>) {
        let (memory, times) = &mut *self.scratch.borrow_mut();
        times.clear();
        times.extend(self.start.iter().zip(self.span).map(|(t, h)| t + h * s as f32));
        let (mut v, mut along) = (Array2::zeros(x.raw_dim()), Array3::zeros(self.directions.raw_dim()));
        self.network.forward(times, x.view(), v.view_mut(), memory);
        self.network.tangent(self.directions.view(), along.view_mut(), memory);
        (v, along)
    }

    /// The rates of the integrals, and `h v`.
    fn rates(&self, mut v: Array2<f32>, along: &Array3<f32>) -> Augmented {
        let mut q = Array2::zeros((v.nrows(), INTEGRALS));
        for (e, along) in self.directions.outer_iter().zip(along.outer_iter()) {
            for ((mut q, e), j) in q.rows_mut().into_iter().zip(e.rows()).zip(along.rows()) {
                q[0] += self.weight * e.dot(&j);
                q[2] += self.weight * j.dot(&j);
            }
        }
        for ((mut q, mut v), &h) in q.rows_mut().into_iter().zip(v.rows_mut()).zip(self.span) {
            q[1] = v.dot(&v) * h.abs();
            q[0] *= h;
            q[2] *= h.abs();
            v *= h;
        }
        (v, q)
    }
}

impl<N: NetworkJvp<Scalar = f32>> VectorField<Augmented> for FlowField<'_, N> {
    fn eval(&self, s: f64, (x, _): &Augmented) -> Augmented {
        let (v, along) = self.forward(s, x);
        self.rates(v, &along)
    }
}

impl<N: NetworkJvp<Scalar = f32>> Vjp<Augmented> for FlowField<'_, N> {
    type Params = Array1<f32>;

    fn vjp(&self, s: f64, y: &Augmented, (a, c): &Augmented) -> Pullback<Augmented, Self::Params> {
        let (v, along) = self.forward(s, &y.0);
        // Cotangents of v and of each J e.
        let mut a = a.clone();
        for (((mut a, c), v), &h) in a.rows_mut().into_iter().zip(c.rows()).zip(v.rows()).zip(self.span) {
            a.zip_mut_with(&v, |a, &v| *a = h * *a + 2.0 * c[1] * h.abs() * v);
        }
        let mut b = along.clone();
        for (mut b, e) in b.outer_iter_mut().zip(self.directions.outer_iter()) {
            for (((mut b, e), c), &h) in b.rows_mut().into_iter().zip(e.rows()).zip(c.rows()).zip(self.span) {
                b.zip_mut_with(&e, |b, &e| *b = self.weight * (c[0] * h * e + 2.0 * c[2] * h.abs() * *b));
            }
        }
        let mut state = Array2::zeros(y.0.raw_dim());
        let mut params = Array1::zeros(self.network.parameter_count());
        let into = TangentPullback {
            state: Some(state.view_mut()),
            directions: None,
            params: Some(params.as_slice_mut().expect("a new array is contiguous")),
        };
        let memory = &mut self.scratch.borrow_mut().0;
        self.network.pullback_tangent(self.directions.view(), b.view(), Some(a.view()), into, memory);
        Pullback { value: self.rates(v, &along), state: (state, Array2::zeros(y.1.raw_dim())), params }
    }

    fn zero_params(&self, _s: f64, _y: &Augmented) -> Self::Params {
        Array1::zeros(self.network.parameter_count())
    }
}

/// Rows `[x, q₀]` as one array, all at one time with the unit of network time: what a sampler moves.
pub(super) struct Packed<'n, N: NetworkJvp<Scalar = f32>> {
    network: &'n N,
    directions: Array3<f32>,
    scratch: RefCell<(N::Memory, Vec<f32>)>,
}

impl<'n, N: NetworkJvp<Scalar = f32>> Packed<'n, N> {
    pub(super) fn new(network: &'n N, rows: usize) -> Self {
        Self { network, directions: unit_vectors(rows, network.width().0), scratch: RefCell::default() }
    }
}

impl<N: NetworkJvp<Scalar = f32>> VectorField<Array2<f32>> for Packed<'_, N> {
    fn eval(&self, t: f64, y: &Array2<f32>) -> Array2<f32> {
        let (rows, width) = (y.nrows(), y.ncols() - 1);
        let x = y.slice(ndarray::s![.., ..width]).to_owned();
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
        ndarray::concatenate(Axis(1), &[v.view(), q.slice(ndarray::s![.., ..1])]).unwrap_or_else(|_| y.clone())
    }
}
