//! A network as a [`VectorField`], with the derivatives that implicit methods and adjoints ask for.

use super::{Network, NetworkJvp};
use crate::field::time_difference;
use crate::{Jvp, Kept, Pullback, Pulled, Real, VectorField, Vjp};
use ndarray::{Array1, Array2, Axis};
use std::cell::RefCell;

/// A network as the right-hand side of dX/dt = v_θ(t, X), all rows at the same time.
///
/// Holds the scratch memory of the passes, so that a solve allocates nothing after its first
/// evaluation. One of these belongs to one thread; make one per thread, they are cheap.
pub struct NetworkField<'n, N: Network + ?Sized> {
    network: &'n N,
    scratch: RefCell<Scratch<N>>,
}

/// Memory of the passes, the time once a row, a gradient before it is added to others, and memories that were kept
/// aside and have served.
pub(super) struct Scratch<N: Network + ?Sized> {
    pub(super) memory: N::Memory,
    pub(super) t: Vec<N::Scalar>,
    gradient: Vec<N::Scalar>,
    spare: Vec<Box<N::Memory>>,
}

impl<N: Network + ?Sized> Scratch<N> {
    pub(super) fn new() -> Self {
        Self { memory: N::Memory::default(), t: Vec::new(), gradient: Vec::new(), spare: Vec::new() }
    }

    /// The memory, and `rows` times `t`.
    pub(super) fn at(&mut self, t: f64, rows: usize) -> (&mut N::Memory, &[N::Scalar]) {
        self.t.clear();
        self.t.resize(rows, N::Scalar::from_f64(t));
        (&mut self.memory, &self.t)
    }
}

impl<'n, N: Network + ?Sized> NetworkField<'n, N> {
    /// The field of `network`.
    pub fn new(network: &'n N) -> Self {
        Self { network, scratch: RefCell::new(Scratch::new()) }
    }
}

impl<N: Network + ?Sized> VectorField<Array2<N::Scalar>> for NetworkField<'_, N> {
    fn eval(&self, t: f64, y: &Array2<N::Scalar>) -> Array2<N::Scalar> {
        let mut dy = Array2::zeros((y.nrows(), self.network.width().1));
        self.eval_into(t, y, &mut dy);
        dy
    }

    fn eval_into(&self, t: f64, y: &Array2<N::Scalar>, dy: &mut Array2<N::Scalar>) {
        let mut scratch = self.scratch.borrow_mut();
        let (memory, times) = scratch.at(t, y.nrows());
        self.network.velocity(times, y.view(), dy.view_mut(), memory);
    }
}

impl<N: Network + ?Sized> Vjp<Array2<N::Scalar>> for NetworkField<'_, N> {
    type Params = Array1<N::Scalar>;

    fn vjp(
        &self,
        t: f64,
        y: &Array2<N::Scalar>,
        a: &Array2<N::Scalar>,
    ) -> Pullback<Array2<N::Scalar>, Self::Params> {
        let mut value = Array2::zeros((y.nrows(), self.network.width().1));
        let mut scratch = self.scratch.borrow_mut();
        let (memory, times) = scratch.at(t, y.nrows());
        self.network.forward(times, y.view(), value.view_mut(), memory);
        let mut state = Array2::zeros(y.raw_dim());
        let mut params = Array1::zeros(self.network.parameter_count());
        let flat = params.as_slice_mut().expect("a new array is contiguous");
        self.network.pullback(a.view(), Some(state.view_mut()), Some(flat), memory);
        Pullback { value, state, params }
    }

    fn zero_params(&self, _t: f64, _y: &Array2<N::Scalar>) -> Self::Params {
        Array1::zeros(self.network.parameter_count())
    }

    fn eval_kept(&self, t: f64, y: &Array2<N::Scalar>, dy: &mut Array2<N::Scalar>, kept: &mut Kept) {
        let mut scratch = self.scratch.borrow_mut();
        let memory = kept.fill_from(&mut scratch.spare, self.network.memory_bytes(y.nrows()));
        let (_, times) = scratch.at(t, y.nrows());
        self.network.forward(times, y.view(), dy.view_mut(), memory);
    }

    fn pull_kept(
        &self,
        kept: &mut Kept,
        a: &Array2<N::Scalar>,
        state: &mut Array2<N::Scalar>,
        params: &mut Self::Params,
    ) -> Pulled {
        let Some(mut memory) = kept.take::<N::Memory>() else { return Pulled::NothingKept };
        let Scratch { memory: own, gradient: flat, spare, .. } = &mut *self.scratch.borrow_mut();
        flat.resize(self.network.parameter_count(), N::Scalar::default());
        self.network.lend_scratch(own, &mut memory);
        self.network.pullback(a.view(), Some(state.view_mut()), Some(flat), &mut memory);
        self.network.lend_scratch(own, &mut memory);
        spare.push(memory);
        params.iter_mut().zip(&*flat).for_each(|(to, from)| *to += *from);
        Pulled::Done
    }

    /// By central differences, with a step for the digits of the network's scalar.
    fn vjp_time(&self, t: f64, y: &Array2<N::Scalar>, a: &Array2<N::Scalar>) -> f64 {
        let digits =
            if size_of::<N::Scalar>() < size_of::<f64>() { f32::EPSILON.into() } else { f64::EPSILON };
        time_difference(self, t, y, a, digits.cbrt())
    }
}

impl<N: NetworkJvp + ?Sized> Jvp<Array2<N::Scalar>> for NetworkField<'_, N> {
    fn jvp(&self, t: f64, y: &Array2<N::Scalar>, v: &Array2<N::Scalar>) -> Array2<N::Scalar> {
        let mut scratch = self.scratch.borrow_mut();
        let (memory, times) = scratch.at(t, y.nrows());
        let mut out = Array2::zeros((y.nrows(), self.network.width().1));
        self.network.forward(times, y.view(), out.view_mut(), memory);
        let along = out.view_mut().insert_axis(Axis(0));
        self.network.tangent(v.view().insert_axis(Axis(0)), along, memory);
        out
    }
}
