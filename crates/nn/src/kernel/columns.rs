//! Column sums: the gradient of a bias.

use super::{Element, Machine};
use pulp::{Simd, WithSimd};

struct ColumnSums<'a, A> {
    rows: usize,
    x: &'a [A],
    stride: usize,
    sums: &'a mut [A],
}

impl<A: Element> WithSimd for ColumnSums<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (first, sums) in self.sums.chunks_exact_mut(A::LINE).enumerate() {
            let sums = A::vectors_mut::<S>(sums);
            for (v, total) in sums.iter_mut().enumerate() {
                // Four running sums hide the latency of an addition.
                let at = |row: usize| {
                    A::vectors::<S>(&self.x[row * self.stride + first * A::LINE..][..A::LINE])[v]
                };
                let mut part = [A::splat(simd, A::zero()); 4];
                let whole = self.rows / 4 * 4;
                for row in (0..whole).step_by(4) {
                    for (i, part) in part.iter_mut().enumerate() {
                        *part = A::plus(simd, *part, at(row + i));
                    }
                }
                for row in whole..self.rows {
                    part[0] = A::plus(simd, part[0], at(row));
                }
                let sum = A::plus(simd, A::plus(simd, part[0], part[1]), A::plus(simd, part[2], part[3]));
                *total = A::plus(simd, *total, sum);
            }
        }
    }
}

/// `sums[j] += Σᵢ x[i, j]` over `rows` rows, in a fixed order; whole lines of columns.
pub(crate) fn add_column_sums<A: Element>(
    machine: Machine,
    rows: usize,
    x: &[A],
    stride: usize,
    sums: &mut [A],
) {
    machine.run(ColumnSums { rows, x, stride, sums });
}
