//! Cells with their density, their mass and what they spend, every row over a span of its own.

use chreode_core::{Network, NetworkJvp, Pullback, TangentPullback, VectorField, Vjp};
use ndarray::{Array1, Array2, Array3};
use std::cell::RefCell;

/// Rows x, and for each row the integrals of [`SpendingField`].
pub(super) type Spending = (Array2<f32>, Array2<f32>);

/// The columns of the integrals: log-density, log-mass, action.
pub(super) const INTEGRALS: usize = 3;

/// `dx/ds = h v(t₀ + h s, x)` for s from 0 to 1, with a start t₀ and a span h for each row, and along it
///
/// - `l' = h (g − tr ∂v/∂x)`, the change of the log-density of growing mass;
/// - `m' = h g`, the change of the log-mass;
/// - `e' = |h| (|v|² + α g²) exp(m)`, the action of a cell with its descendants.
pub(super) struct SpendingField<'n, V: NetworkJvp<Scalar = f32>, G: Network<Scalar = f32>> {
    pub(super) velocity: &'n V,
    pub(super) growth: &'n G,
    pub(super) alpha: f32,
    /// t₀ of each row.
    pub(super) start: &'n [f32],
    /// h of each row.
    pub(super) span: &'n [f32],
    /// Every unit vector: `[columns, rows, columns]`.
    pub(super) directions: Array3<f32>,
    pub(super) scratch: RefCell<(V::Memory, G::Memory, Vec<f32>)>,
}

/// What an evaluation finds.
struct Found {
    v: Array2<f32>,
    g: Array2<f32>,
    trace: Vec<f32>,
}

impl<V: NetworkJvp<Scalar = f32>, G: Network<Scalar = f32>> SpendingField<'_, V, G> {
    fn forward(&self, s: f64, x: &Array2<f32>) -> Found {
        let (moving, growing, times) = &mut *self.scratch.borrow_mut();
        times.clear();
        times.extend(self.start.iter().zip(self.span).map(|(t, h)| t + h * s as f32));
        let (mut v, mut g) = (Array2::zeros(x.raw_dim()), Array2::zeros((x.nrows(), 1)));
        let mut trace = vec![0.0; x.nrows()];
        self.velocity.forward(times, x.view(), v.view_mut(), moving);
        self.velocity.divergence(chreode_core::Probes::Basis, &mut trace, moving);
        self.growth.forward(times, x.view(), g.view_mut(), growing);
        Found { v, g, trace }
    }

    /// The action of each row: `|h| (|v|² + α g²) exp(m)`.
    fn action(&self, i: usize, Found { v, g, .. }: &Found, q: &Array2<f32>) -> f32 {
        let (v, g) = (v.row(i), g[[i, 0]]);
        self.span[i].abs() * (v.dot(&v) + self.alpha * g * g) * q[[i, 1]].exp()
    }

    fn rates(&self, found: &Found, q: &Array2<f32>) -> Spending {
        let mut v = found.v.clone();
        let mut rates = Array2::zeros(q.raw_dim());
        for (i, (mut v, mut rate)) in v.rows_mut().into_iter().zip(rates.rows_mut()).enumerate() {
            let (h, g) = (self.span[i], found.g[[i, 0]]);
            rate[0] = h * (g - found.trace[i]);
            rate[1] = h * g;
            rate[2] = self.action(i, found, q);
            v *= h;
        }
        (v, rates)
    }
}

impl<V: NetworkJvp<Scalar = f32>, G: Network<Scalar = f32>> VectorField<Spending>
    for SpendingField<'_, V, G>
{
    fn eval(&self, s: f64, (x, q): &Spending) -> Spending {
        self.rates(&self.forward(s, x), q)
    }
}

impl<V: NetworkJvp<Scalar = f32>, G: Network<Scalar = f32>> Vjp<Spending> for SpendingField<'_, V, G> {
    /// Those of the velocity, then those of the growth rate.
    type Params = Array1<f32>;

    fn vjp(&self, s: f64, (x, q): &Spending, (a, c): &Spending) -> Pullback<Spending, Self::Params> {
        let found = self.forward(s, x);
        let (mut by_v, mut by_g) = (Array2::zeros(a.raw_dim()), Array2::zeros((x.nrows(), 1)));
        let (mut by_q, mut by_along) = (Array2::zeros(q.raw_dim()), Array3::zeros(self.directions.raw_dim()));
        for i in 0..x.nrows() {
            let (h, mass, g) = (self.span[i], q[[i, 1]].exp(), found.g[[i, 0]]);
            let spent = 2.0 * c[[i, 2]] * h.abs() * mass;
            for j in 0..x.ncols() {
                by_v[[i, j]] = h * a[[i, j]] + spent * found.v[[i, j]];
                by_along[[j, i, j]] = -c[[i, 0]] * h;
            }
            by_g[[i, 0]] = h * (c[[i, 0]] + c[[i, 1]]) + spent * self.alpha * g;
            by_q[[i, 1]] = c[[i, 2]] * self.action(i, &found, q);
        }
        let moving = self.velocity.parameter_count();
        let mut params = Array1::zeros(moving + self.growth.parameter_count());
        let (to_velocity, to_growth) =
            params.as_slice_mut().expect("a new array is contiguous").split_at_mut(moving);
        let (mut state, mut grown) = (Array2::zeros(x.raw_dim()), Array2::zeros(x.raw_dim()));
        let memory = &mut *self.scratch.borrow_mut();
        let into =
            TangentPullback { state: Some(state.view_mut()), directions: None, params: Some(to_velocity) };
        let along = (self.directions.view(), by_along.view());
        self.velocity.pullback_tangent(along.0, along.1, Some(by_v.view()), into, &mut memory.0);
        self.growth.pullback(by_g.view(), Some(grown.view_mut()), Some(to_growth), &mut memory.1);
        Pullback { value: self.rates(&found, q), state: (state + grown, by_q), params }
    }

    fn zero_params(&self, _s: f64, _y: &Spending) -> Self::Params {
        Array1::zeros(self.velocity.parameter_count() + self.growth.parameter_count())
    }
}
