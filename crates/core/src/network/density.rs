//! The field of a continuous normalising flow: states and their log-density together.

use super::field::Scratch;
use super::{Network, NetworkJvp, Probes};
use crate::{Pullback, VectorField, Vjp};
use ndarray::{Array1, Array2};
use std::cell::RefCell;

/// dx/dt = v_θ(t, x) and d log p/dt = -tr ∂v/∂x along it, on rows: the instantaneous change of variables.
///
/// The state is the pair of the rows x and of their log-densities. Probes are held for the whole solve, so that the
/// estimate is the divergence of one field (Grathwohl et al., FFJORD, ICLR 2019, arXiv:1810.01367). Its [`Vjp`] is
/// exact, parameters included, so that any adjoint can train the flow.
///
/// Chen, Rubanova, Bettencourt & Duvenaud, Neural ordinary differential equations, NeurIPS 2018, arXiv:1806.07366,
/// theorem 1.
pub struct DensityField<'n, N: Network + ?Sized> {
    network: &'n N,
    probes: Probes<'n, N::Scalar>,
    scratch: RefCell<Scratch<N>>,
}

impl<'n, N: NetworkJvp + ?Sized> DensityField<'n, N> {
    /// The field of `network`, whose divergence is taken with `probes`.
    pub fn new(network: &'n N, probes: Probes<'n, N::Scalar>) -> Self {
        Self { network, probes, scratch: RefCell::new(Scratch::new()) }
    }

    /// The value, with the memory filled for pullbacks.
    fn value(&self, t: f64, x: &Array2<N::Scalar>, v: &mut Array2<N::Scalar>, rate: &mut Array1<N::Scalar>) {
        let mut scratch = self.scratch.borrow_mut();
        let (memory, times) = scratch.at(t, x.nrows());
        self.network.forward(times, x.view(), v.view_mut(), memory);
        let flat = rate.as_slice_mut().expect("a vector of log-densities is contiguous");
        self.network.divergence(self.probes, flat, memory);
        rate.mapv_inplace(|d| -d);
    }
}

/// Rows, and their log-densities.
type Augmented<S> = (Array2<S>, Array1<S>);

impl<N: NetworkJvp + ?Sized> VectorField<Augmented<N::Scalar>> for DensityField<'_, N> {
    fn eval(&self, t: f64, y: &Augmented<N::Scalar>) -> Augmented<N::Scalar> {
        let mut dy = (Array2::zeros(y.0.raw_dim()), Array1::zeros(y.0.nrows()));
        self.eval_into(t, y, &mut dy);
        dy
    }

    fn eval_into(&self, t: f64, (x, _): &Augmented<N::Scalar>, (v, rate): &mut Augmented<N::Scalar>) {
        self.value(t, x, v, rate);
    }
}

impl<N: NetworkJvp + ?Sized> Vjp<Augmented<N::Scalar>> for DensityField<'_, N> {
    type Params = Array1<N::Scalar>;

    fn vjp(
        &self,
        t: f64,
        y: &Augmented<N::Scalar>,
        (a, c): &Augmented<N::Scalar>,
    ) -> Pullback<Augmented<N::Scalar>, Self::Params> {
        let value = self.eval(t, y);
        let (mut x, mut params) =
            (Array2::zeros(y.0.raw_dim()), Array1::zeros(self.network.parameter_count()));
        let minus: Vec<_> = c.iter().map(|&c| -c).collect();
        let flat = params.as_slice_mut().expect("a new array is contiguous");
        let memory = &mut self.scratch.borrow_mut().memory;
        let (a, state) = (Some(a.view()), Some(x.view_mut()));
        self.network.pullback_divergence(self.probes, &minus, a, state, Some(flat), memory);
        let state = (x, Array1::zeros(c.len()));
        Pullback { value, state, params }
    }
}
