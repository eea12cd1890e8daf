//! The entropic plan of given potentials, row by row.

use crate::Geometry;
use crate::sinkhorn::exp;
use ndarray::ArrayView1;
use rayon::prelude::*;

/// `P_ij = a_i b_j exp((f_i + g_j − c_ij)/ε)`, with masses as shares.
pub(crate) struct PlanRows<'r, G: ?Sized> {
    pub(crate) geometry: &'r G,
    pub(crate) epsilon: f64,
    pub(crate) masses: (ArrayView1<'r, f64>, ArrayView1<'r, f64>),
    pub(crate) potentials: (ArrayView1<'r, f64>, ArrayView1<'r, f64>),
}

impl<G: Geometry + ?Sized> PlanRows<'_, G> {
    /// Row `i` into `out`.
    pub(crate) fn row_into(&self, i: usize, buffer: &mut Vec<f64>, out: &mut Vec<f64>) {
        let ((a, b), (f, g)) = (self.masses, self.potentials);
        out.clear();
        out.resize(b.len(), 0.0);
        if a[i] == 0.0 {
            return;
        }
        let costs = self.geometry.costs(i, 0..b.len(), buffer);
        let (b, g) = (b.to_slice().expect("contiguous"), g.to_slice().expect("contiguous"));
        let (mass, f, scale) = (a[i], f[i], 1.0 / self.epsilon);
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for (((out, &c), &g), &b) in out.iter_mut().zip(costs).zip(g).zip(b) {
                    let p = mass * b * exp((f + g - c) * scale);
                    *out = if b > 0.0 { p } else { 0.0 };
                }
            },
        );
    }

    /// A function of every row, in order.
    pub(crate) fn map<T: Send>(&self, h: impl Fn(usize, &[f64]) -> T + Sync) -> Vec<T> {
        (0..self.masses.0.len())
            .into_par_iter()
            .map_init(
                || (Vec::new(), Vec::new()),
                |(buffer, out), row| {
                    self.row_into(row, buffer, out);
                    h(row, out)
                },
            )
            .collect()
    }
}
