//! Derivatives of a network along directions, and the pullbacks of those derivatives: no tape.

use super::Network;
use crate::Real;
use ndarray::{Array3, ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis, s};

/// Directions in which a divergence is probed.
#[derive(Clone, Copy, Debug)]
pub enum Probes<'a, S> {
    /// Every unit vector: the exact divergence, for as many tangents as the state has columns.
    Basis,
    /// Given probes e, of shape `[probes, rows, columns]`: the mean of eᵀ J e, whose expectation is the divergence
    /// where E e eᵀ = 1, as for standard normal or for random ±1 entries (Hutchinson 1989,
    /// doi:10.1080/03610918908812806).
    Given(ArrayView3<'a, S>),
}

impl<S: Real> Probes<'_, S> {
    /// How many there are for a state of `columns`.
    pub fn count(&self, columns: usize) -> usize {
        match self {
            Self::Basis => columns,
            Self::Given(probes) => probes.dim().0,
        }
    }

    /// The weight of each in the sum that estimates the divergence.
    pub fn weight(&self) -> S {
        match self {
            Self::Basis => S::one(),
            Self::Given(probes) => S::from_f64(1.0 / probes.dim().0.max(1) as f64),
        }
    }

    /// Sets `to`, of shape `[1, rows, columns]`, to probe `index`.
    fn fill(&self, index: usize, to: &mut Array3<S>) {
        match self {
            Self::Basis => {
                to.fill(S::zero());
                to.slice_mut(s![0, .., index]).fill(S::one());
            }
            Self::Given(probes) => to.assign(&probes.slice(s![index..=index, .., ..])),
        }
    }

    /// Refuses probes of another shape than the states have.
    ///
    /// # Panics
    /// Unless given probes have `rows` rows and `columns` columns, or if a divergence is asked of a network whose
    /// output has other columns than its state.
    pub fn expect(&self, rows: usize, (columns, outputs): (usize, usize)) {
        assert_eq!(columns, outputs, "a divergence needs an output with as many columns as the state");
        if let Self::Given(probes) = self {
            let (_, r, c) = probes.dim();
            assert_eq!((r, c), (rows, columns), "the probes must have the rows and columns of the states");
        }
    }
}

/// Where the pullback of tangents is written; what is `None` is not computed.
#[derive(Debug)]
pub struct TangentPullback<'a, S> {
    /// The cotangent of the states, `[rows, columns]`.
    pub state: Option<ArrayViewMut2<'a, S>>,
    /// The cotangents bᵀ J of the directions, `[directions, rows, columns]`.
    pub directions: Option<ArrayViewMut3<'a, S>>,
    /// The gradient of the parameters, summed over directions and rows.
    pub params: Option<&'a mut [S]>,
}

impl<S> Default for TangentPullback<'_, S> {
    fn default() -> Self {
        Self { state: None, directions: None, params: None }
    }
}

/// A network that pushes tangents forward and pulls their cotangents back: forward over reverse.
///
/// With J = ∂v/∂x at the rows of the forward pass that last filled the memory:
/// [`tangent`](Self::tangent) gives J·dx, and [`pullback_tangent`](Self::pullback_tangent) the gradients of
/// Σ aᵀ v + bᵀ J dx. Exact divergences, Hutchinson estimates with any probes, and the parameter gradients of both
/// follow. Times are constants.
pub trait NetworkJvp: Network {
    /// `out[k, i] = J(t[i], x[i]) dx[k, i]` for every direction `k` and row `i` of the forward pass that last filled
    /// `memory`.
    fn tangent(
        &self,
        dx: ArrayView3<'_, Self::Scalar>,
        out: ArrayViewMut3<'_, Self::Scalar>,
        memory: &mut Self::Memory,
    );

    /// The pullback of `(v, J dx)` for the forward pass that last filled `memory`: the gradients of
    /// `Σᵢ a[i]ᵀ v[i] + Σₖᵢ b[k, i]ᵀ J[i] dx[k, i]` with respect to states, directions and parameters.
    fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, Self::Scalar>,
        b: ArrayView3<'_, Self::Scalar>,
        a: Option<ArrayView2<'_, Self::Scalar>>,
        into: TangentPullback<'_, Self::Scalar>,
        memory: &mut Self::Memory,
    );

    /// `out[i] = tr J(t[i], x[i])`, exactly or as the probes estimate it, for the forward pass that last filled
    /// `memory`.
    fn divergence(
        &self,
        probes: Probes<'_, Self::Scalar>,
        out: &mut [Self::Scalar],
        memory: &mut Self::Memory,
    ) {
        let (rows, columns) = (out.len(), self.width().0);
        probes.expect(rows, self.width());
        let (mut dx, mut dv) = (Array3::zeros((1, rows, columns)), Array3::zeros((1, rows, columns)));
        out.fill(Self::Scalar::default());
        for k in 0..probes.count(columns) {
            probes.fill(k, &mut dx);
            self.tangent(dx.view(), dv.view_mut(), memory);
            let (dx, dv) = (dx.index_axis(Axis(0), 0), dv.index_axis(Axis(0), 0));
            for ((out, dx), dv) in out.iter_mut().zip(dx.rows()).zip(dv.rows()) {
                *out += probes.weight() * dx.dot(&dv);
            }
        }
    }

    /// The gradients of `Σᵢ a[i]ᵀ v[i] + c[i] div[i]` with respect to states and parameters, with `div` the
    /// [`divergence`](Self::divergence) by the same probes.
    fn pullback_divergence(
        &self,
        probes: Probes<'_, Self::Scalar>,
        c: &[Self::Scalar],
        a: Option<ArrayView2<'_, Self::Scalar>>,
        state: Option<ArrayViewMut2<'_, Self::Scalar>>,
        params: Option<&mut [Self::Scalar]>,
        memory: &mut Self::Memory,
    ) {
        let (rows, columns) = (c.len(), self.width().0);
        probes.expect(rows, self.width());
        let count = probes.count(columns);
        let mut dx = Array3::zeros((count, rows, columns));
        let mut one = Array3::zeros((1, rows, columns));
        for (k, mut dx) in dx.outer_iter_mut().enumerate() {
            probes.fill(k, &mut one);
            dx.assign(&one.index_axis(Axis(0), 0));
        }
        let mut b = dx.clone();
        for mut b in b.outer_iter_mut() {
            for (mut b, &c) in b.rows_mut().into_iter().zip(c) {
                b *= c * probes.weight();
            }
        }
        let into = TangentPullback { state, directions: None, params };
        self.pullback_tangent(dx.view(), b.view(), a, into, memory);
    }
}
