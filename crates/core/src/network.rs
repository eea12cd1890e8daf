//! Parametrised vector fields on rows.

mod density;
mod derivative;
mod field;

pub use density::DensityField;
pub use derivative::{NetworkJvp, Probes, TangentPullback};
pub use field::NetworkField;

use crate::Real;
use ndarray::{ArrayView2, ArrayViewMut2};

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
    type Memory: Default + Send + 'static;

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

    /// Lends `to` the working memory of `from` (not what a forward pass left there), or takes it back by a second call:
    /// of many memories that are kept aside, the one that is pulled back needs working memory, and only then.
    ///
    /// By default nothing is lent, and each memory has its own.
    fn lend_scratch(&self, _from: &mut Self::Memory, _to: &mut Self::Memory) {}

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
