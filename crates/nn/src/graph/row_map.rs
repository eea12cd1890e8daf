//! A graph by itself: a map of rows, such as an encoder or a decoder.

use super::{Cotangents, Directions, Graph, GraphMemory, InputCotangents, Inputs, Keep, TangentOut};
use crate::kernel::Element;
use chreode_core::TangentPullback;
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};

impl<A: Element> Graph<A> {
    /// `out[i] = y(x[i])` for every row `i`.
    ///
    /// # Panics
    /// This and the other passes, if the shapes of their arguments contradict [`width`](Self::width) or each other.
    pub fn forward(&self, x: ArrayView2<'_, A>, out: ArrayViewMut2<'_, A>, memory: &mut GraphMemory<A>) {
        self.run_forward(Inputs { t: None, x, condition: None }, out, memory, Keep::Values);
    }

    /// The pullback of the forward pass that last filled `memory`: `x = aᵀ ∂y/∂x` for each row, and `params`
    /// = Σ aᵀ ∂y/∂θ, where they are given.
    pub fn pullback(
        &self,
        a: ArrayView2<'_, A>,
        x: Option<ArrayViewMut2<'_, A>>,
        params: Option<&mut [A]>,
        memory: &mut GraphMemory<A>,
    ) {
        self.run_pullback(a, InputCotangents { offset: 0, x, condition: None }, params, memory);
    }

    /// `out[k, i] = ∂y/∂x(x[i]) dx[k, i]`; see [`NetworkJvp::tangent`](chreode_core::NetworkJvp::tangent).
    pub fn tangent(&self, dx: ArrayView3<'_, A>, out: ArrayViewMut3<'_, A>, memory: &mut GraphMemory<A>) {
        self.run_tangent(Directions::Given(dx), 0, TangentOut::All(out), memory);
    }

    /// The gradients of Σ aᵀ y + bᵀ ∂y/∂x dx; see
    /// [`NetworkJvp::pullback_tangent`](chreode_core::NetworkJvp::pullback_tangent).
    pub fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, A>,
        b: ArrayView3<'_, A>,
        a: Option<ArrayView2<'_, A>>,
        into: TangentPullback<'_, A>,
        memory: &mut GraphMemory<A>,
    ) {
        let TangentPullback { state, directions, params } = into;
        let state = InputCotangents { offset: 0, x: state, condition: None };
        self.run_pullback_tangent(
            Directions::Given(dx),
            Cotangents::Given(b),
            a,
            state,
            directions,
            params,
            memory,
        );
    }
}
