//! Parametrised vector fields on rows, and their use as a [`VectorField`].

use crate::field::time_difference;
use crate::{Kept, Pullback, Pulled, Real, VectorField, Vjp};
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};
use std::cell::RefCell;

/// Where one named parameter lies in the flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterView {
    /// Its name in a checkpoint, e.g. `layers.0.weight`.
    pub name: String,
    /// Its shape, row-major, e.g. `[out, in]`.
    pub shape: Vec<usize>,
    /// The index of its first entry.
    pub offset: usize,
}

impl ParameterView {
    /// The number of its entries.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }
}

/// A field v_θ(t, x) on rows: one time and one state a row, one velocity a row.
///
/// A model is written once, against this trait: the training loop, the matching losses, the
/// adjoints and the samplers know nothing else of a network. Parameters are one flat vector with
/// named views, so an optimiser, a checkpoint and an average need no knowledge of layers either.
///
/// The same inputs give the same bits for any number of threads.
pub trait Network {
    /// The scalar of states and parameters.
    type Scalar: Real;

    /// What a forward pass leaves for its pullback; reused from call to call, so that a solve or a
    /// training loop allocates once.
    type Memory: Default + Send + Sync + 'static;

    /// Columns of a state row, and columns of a velocity row.
    fn width(&self) -> (usize, usize);

    /// The named parts of the flat parameter vector, in order, without gaps.
    fn layout(&self) -> &[ParameterView];

    /// Copies the parameters into `flat`, whose length is [`parameter_count`](Self::parameter_count).
    fn read_parameters(&self, flat: &mut [Self::Scalar]);

    /// Sets the parameters from `flat`, of the same length.
    fn write_parameters(&mut self, flat: &[Self::Scalar]);

    /// `out[i] = v_θ(t[i], x[i])` for every row `i`.
    fn forward(
        &self,
        t: &[Self::Scalar],
        x: ArrayView2<'_, Self::Scalar>,
        out: ArrayViewMut2<'_, Self::Scalar>,
        memory: &mut Self::Memory,
    );

    /// `out[i] = v_θ(t[i], x[i])` for every row `i`, the bits of [`forward`](Self::forward), with `memory` left in no
    /// state for a [`pullback`](Self::pullback): what a solve without gradients asks for.
    fn velocity(
        &self,
        t: &[Self::Scalar],
        x: ArrayView2<'_, Self::Scalar>,
        out: ArrayViewMut2<'_, Self::Scalar>,
        memory: &mut Self::Memory,
    ) {
        self.forward(t, x, out, memory);
    }

    /// The pullback of the forward pass that last filled `memory`.
    ///
    /// For cotangent rows `a`, sets `state[i] = a[i]ᵀ ∂v/∂x` where `state` is given, and sets
    /// `params = Σᵢ a[i]ᵀ ∂v/∂θ` where `params` is given.
    fn pullback(
        &self,
        a: ArrayView2<'_, Self::Scalar>,
        state: Option<ArrayViewMut2<'_, Self::Scalar>>,
        params: Option<&mut [Self::Scalar]>,
        memory: &mut Self::Memory,
    );

    /// About how many bytes a forward pass of `rows` rows leaves in its memory: where they are few, an adjoint
    /// keeps the memories of all evaluations and spares the second forward pass.
    ///
    /// By default two numbers for each row and each output of each layer, counted by its biases.
    fn memory_bytes(&self, rows: usize) -> usize {
        let biases = self.layout().iter().filter(|part| part.shape.len() == 1).map(ParameterView::size);
        let (inputs, outputs) = self.width();
        2 * rows * (inputs + outputs + biases.sum::<usize>()) * size_of::<Self::Scalar>()
    }

    /// The number of parameters.
    fn parameter_count(&self) -> usize {
        self.layout().last().map_or(0, |last| last.offset + last.size())
    }

    /// The parameters, as a new vector.
    fn parameters(&self) -> Vec<Self::Scalar> {
        let mut flat = vec![Self::Scalar::default(); self.parameter_count()];
        self.read_parameters(&mut flat);
        flat
    }
}

/// A network as the right-hand side of dX/dt = v_θ(t, X), all rows at the same time.
///
/// Holds the scratch memory of the passes, so that a solve allocates nothing after its first
/// evaluation. One of these belongs to one thread; make one per thread, they are cheap.
pub struct NetworkField<'n, N: Network + ?Sized> {
    network: &'n N,
    scratch: RefCell<Scratch<N>>,
}

struct Scratch<N: Network + ?Sized> {
    memory: N::Memory,
    t: Vec<N::Scalar>,
    gradient: Vec<N::Scalar>,
}

impl<'n, N: Network + ?Sized> NetworkField<'n, N> {
    /// The field of `network`.
    pub fn new(network: &'n N) -> Self {
        let scratch = Scratch { memory: N::Memory::default(), t: Vec::new(), gradient: Vec::new() };
        Self { network, scratch: RefCell::new(scratch) }
    }
}

impl<N: Network + ?Sized> VectorField<Array2<N::Scalar>> for NetworkField<'_, N> {
    fn eval(&self, t: f64, y: &Array2<N::Scalar>) -> Array2<N::Scalar> {
        let mut dy = Array2::zeros((y.nrows(), self.network.width().1));
        self.eval_into(t, y, &mut dy);
        dy
    }

    fn eval_into(&self, t: f64, y: &Array2<N::Scalar>, dy: &mut Array2<N::Scalar>) {
        let Scratch { memory, t: times, .. } = &mut *self.scratch.borrow_mut();
        times.clear();
        times.resize(y.nrows(), N::Scalar::from_f64(t));
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
        let Scratch { memory, t: times, .. } = &mut *self.scratch.borrow_mut();
        times.clear();
        times.resize(y.nrows(), N::Scalar::from_f64(t));
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
        let memory = kept.fill::<N::Memory>(self.network.memory_bytes(y.nrows()));
        let times = &mut self.scratch.borrow_mut().t;
        times.clear();
        times.resize(y.nrows(), N::Scalar::from_f64(t));
        self.network.forward(times, y.view(), dy.view_mut(), memory);
    }

    fn pull_kept(
        &self,
        kept: &mut Kept,
        a: &Array2<N::Scalar>,
        state: &mut Array2<N::Scalar>,
        params: &mut Self::Params,
    ) -> Pulled {
        let Some(memory) = kept.get::<N::Memory>() else { return Pulled::NothingKept };
        let flat = &mut self.scratch.borrow_mut().gradient;
        flat.resize(self.network.parameter_count(), N::Scalar::default());
        self.network.pullback(a.view(), Some(state.view_mut()), Some(flat), memory);
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
