//! Tangents of a module, and their pullbacks: by pullbacks that stay on the tape.

use super::{ModuleMemory, ModuleNetwork, write};
use crate::convert::{read, tensor};
use crate::ffi::{self, Graph};
use chreode_core::{NetworkJvp, Real, TangentPullback};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut3, Axis};
use tch::Tensor;
use tch::kind::Element;

/// The gradient of `Σ output · a`, or why libtorch has none.
fn grad(output: &Tensor, a: &Tensor, inputs: &[&Tensor], graph: Graph) -> Vec<Option<Tensor>> {
    if !output.requires_grad() {
        return inputs.iter().map(|_| None).collect();
    }
    ffi::grad(&[(output, a)], inputs, graph).unwrap_or_else(|message| panic!("{message}"))
}

impl<A: Real + Element> NetworkJvp for ModuleNetwork<A> {
    /// `J dx` is the derivative in u of `uᵀ J dx`, whose pullback `uᵀ J` is linear in u: two pullbacks a direction.
    fn tangent(&self, dx: ArrayView3<'_, A>, mut out: ArrayViewMut3<'_, A>, memory: &mut ModuleMemory) {
        let (x, y) = memory.0.as_ref().expect("a forward pass filled the memory before its tangent");
        ffi::recorded(|| {
            let u = y.detach().zeros_like().set_requires_grad(true);
            let pulled = grad(y, &u, &[x], Graph::Record).swap_remove(0);
            for (dx, mut out) in dx.outer_iter().zip(out.outer_iter_mut()) {
                let dx = self.inside(&dx);
                let along = pulled.as_ref().and_then(|g| grad(g, &dx, &[&u], Graph::Keep).swap_remove(0));
                match along {
                    Some(along) => write(&along, out),
                    None => out.fill(A::default()),
                }
            }
        });
    }

    /// With `g_k = b_kᵀ J` on the tape, the cotangent of direction k is `g_k`, and those of states and parameters are the
    /// gradients of `Σ a · v + Σ_k g_k · dx_k`.
    fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, A>,
        b: ArrayView3<'_, A>,
        a: Option<ArrayView2<'_, A>>,
        into: TangentPullback<'_, A>,
        memory: &mut ModuleMemory,
    ) {
        let TangentPullback { state, mut directions, params } = into;
        let (x, y) = memory.0.as_ref().expect("a forward pass filled the memory before its pullback");
        ffi::recorded(|| {
            let mut sum = a.map(|a| (y * self.inside(&a)).sum(None));
            for (k, (dx, b)) in dx.outer_iter().zip(b.outer_iter()).enumerate() {
                let pulled = grad(y, &self.inside(&b), &[x], Graph::Record).swap_remove(0);
                if let Some(directions) = &mut directions {
                    let mut to = directions.index_axis_mut(Axis(0), k);
                    match &pulled {
                        Some(g) => write(g, to),
                        None => to.fill(A::default()),
                    }
                }
                if let Some(g) = pulled {
                    let product = (g * self.inside(&dx)).sum(None);
                    sum = Some(sum.map_or_else(|| product.shallow_clone(), |sum| sum + &product));
                }
            }
            let mut inputs = vec![x];
            inputs.extend(params.is_some().then_some(&self.variables).into_iter().flatten());
            let grads = match sum {
                Some(sum) => grad(&sum, &sum.ones_like(), &inputs, Graph::Keep),
                None => inputs.iter().map(|_| None).collect(),
            };
            if let Some(mut state) = state {
                match &grads[0] {
                    Some(grad) => write(grad, state),
                    None => state.fill(A::default()),
                }
            }
            if let Some(flat) = params {
                self.flatten(&grads[1..], flat);
            }
        });
    }
}

impl<A: Real + Element> ModuleNetwork<A> {
    /// Rows where the module is.
    fn inside(&self, rows: &ArrayView2<'_, A>) -> Tensor {
        tensor(rows, self.device()).to_kind(self.kind)
    }

    /// A gradient for each variable, or zero, in the flat vector.
    pub(super) fn flatten(&self, grads: &[Option<Tensor>], flat: &mut [A]) {
        for ((_, range), grad) in self.parts().zip(grads) {
            match grad {
                Some(grad) => read(grad, &mut flat[range]).unwrap_or_else(|e| panic!("{e}")),
                None => flat[range].fill(A::default()),
            }
        }
    }
}
