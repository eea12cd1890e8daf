//! A network without its last outputs.

use crate::Net;
use chreode_core::{Network, NetworkJvp, ParameterView, TangentPullback};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, s};

/// The first `columns` columns of a network's output: of a potential, the velocity without what training asks for besides.
pub(super) struct Leading {
    network: Net,
    columns: usize,
}

impl Leading {
    /// # Panics
    /// If the output of `network` has fewer columns.
    pub(super) fn new(network: Net, columns: usize) -> Self {
        let outputs = network.width().1;
        assert!(columns <= outputs, "{columns} columns of an output of {outputs}");
        Self { network, columns }
    }

    /// Rows of the whole output that begin with `a` and end with zeros.
    fn widened(&self, a: &ArrayView2<'_, f32>) -> Array2<f32> {
        let mut whole = Array2::zeros((a.nrows(), self.network.width().1));
        whole.slice_mut(s![.., ..self.columns]).assign(a);
        whole
    }
}

impl Network for Leading {
    type Scalar = f32;
    type Memory = <Net as Network>::Memory;

    fn width(&self) -> (usize, usize) {
        (self.network.width().0, self.columns)
    }

    fn layout(&self) -> &[ParameterView] {
        self.network.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.network.read_parameters(flat);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.network.write_parameters(flat);
    }

    fn forward(
        &self,
        t: &[f32],
        x: ArrayView2<'_, f32>,
        mut out: ArrayViewMut2<'_, f32>,
        memory: &mut Self::Memory,
    ) {
        let mut whole = Array2::zeros((x.nrows(), self.network.width().1));
        self.network.forward(t, x, whole.view_mut(), memory);
        out.assign(&whole.slice(s![.., ..self.columns]));
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, f32>,
        state: Option<ArrayViewMut2<'_, f32>>,
        params: Option<&mut [f32]>,
        memory: &mut Self::Memory,
    ) {
        self.network.pullback(self.widened(&a).view(), state, params, memory);
    }

    fn memory_bytes(&self, rows: usize) -> usize {
        self.network.memory_bytes(rows)
    }
}

impl NetworkJvp for Leading {
    fn tangent(&self, dx: ArrayView3<'_, f32>, mut out: ArrayViewMut3<'_, f32>, memory: &mut Self::Memory) {
        let (directions, rows, _) = dx.dim();
        let mut whole = Array3::zeros((directions, rows, self.network.width().1));
        self.network.tangent(dx, whole.view_mut(), memory);
        out.assign(&whole.slice(s![.., .., ..self.columns]));
    }

    fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, f32>,
        b: ArrayView3<'_, f32>,
        a: Option<ArrayView2<'_, f32>>,
        into: TangentPullback<'_, f32>,
        memory: &mut Self::Memory,
    ) {
        let (directions, rows, _) = dx.dim();
        let mut whole = Array3::zeros((directions, rows, self.network.width().1));
        whole.slice_mut(s![.., .., ..self.columns]).assign(&b);
        let a = a.map(|a| self.widened(&a));
        self.network.pullback_tangent(dx, whole.view(), a.as_ref().map(|a| a.view()), into, memory);
    }
}
