//! The covariance as a map, never written down: one pass over the rows an application.

use crate::fold::{add_to, fold};
use crate::krylov::Operator;
use crate::{PrepError, Rows};
use chreode_core::simd::Machine;
use faer::{Mat, MatRef};
use pulp::{Simd, WithSimd};

/// V ↦ Σ (x - μ)(x - μ)ᵀ V.
pub(super) struct Streamed<'a, R: ?Sized> {
    pub(super) rows: &'a R,
    pub(super) mean: &'a [f64],
}

impl<R: Rows + ?Sized> Operator for Streamed<'_, R> {
    fn side(&self) -> usize {
        self.mean.len()
    }

    fn apply(&self, v: MatRef<'_, f64>) -> Result<Mat<f64>, PrepError> {
        let (n, p) = self.rows.shape();
        let width = v.ncols();
        let by_row: Vec<f64> = (0..p).flat_map(|i| (0..width).map(move |j| v[(i, j)])).collect();
        let mut sum = vec![0f64; p * width];
        let machine = Machine::detect();
        fold(
            self.rows,
            || (vec![0f64; width], vec![0f64; p * width]),
            |(z, sum), _, columns, values| {
                machine.run(OneRow { columns, values, v: &by_row, z, sum });
            },
            |(_, part)| add_to(&mut sum, &part),
        )?;
        // XᵀX V - n μ (μᵀ V)
        let mut along = vec![0f64; width];
        for (i, mean) in self.mean.iter().enumerate() {
            (0..width).for_each(|j| along[j] += mean * v[(i, j)]);
        }
        let n = n as f64;
        Ok(Mat::from_fn(p, width, |i, j| sum[i * width + j] - n * self.mean[i] * along[j]))
    }
}

/// sum += x (xᵀ V) of one sparse row x.
struct OneRow<'a> {
    columns: &'a [u32],
    values: &'a [f32],
    v: &'a [f64],
    z: &'a mut [f64],
    sum: &'a mut [f64],
}

impl WithSimd for OneRow<'_> {
    type Output = ();

    // The loops are over neighbours in memory: the compiler puts them in the registers it is given.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.z.len();
        self.z.fill(0.0);
        for (&j, &x) in self.columns.iter().zip(self.values) {
            let (x, row) = (f64::from(x), &self.v[j as usize * width..][..width]);
            self.z.iter_mut().zip(row).for_each(|(z, v)| *z += x * v);
        }
        for (&j, &x) in self.columns.iter().zip(self.values) {
            let (x, row) = (f64::from(x), &mut self.sum[j as usize * width..][..width]);
            row.iter_mut().zip(&*self.z).for_each(|(s, z)| *s += x * z);
        }
    }
}
