//! Products with a matrix of which whole lines are known to be zero.

use super::{Element, Machine};
use pulp::{Simd, WithSimd};

/// One line of the columns of C: `c[i, line] (+)= Σₙ a[i, index[n]] b[n, line]`.
struct Line<'a, A> {
    rows: usize,
    a: &'a [A],
    a_stride: usize,
    index: &'a [u32],
    b: &'a [A],
    start: &'a [A],
    c: &'a mut [A],
    c_stride: usize,
    line: usize,
}

impl<A: Element> WithSimd for Line<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Eight rows at a time hide the latency of a multiply-add.
        let whole = self.rows / 8 * 8;
        let per = A::LINE * size_of::<A>() / size_of::<A::Vector<S>>();
        let mut line = self;
        for v in 0..per {
            for row in (0..whole).step_by(8) {
                line.block::<S, 8>(simd, row, v);
            }
            for row in whole..line.rows {
                line.block::<S, 1>(simd, row, v);
            }
        }
    }
}

impl<A: Element> Line<'_, A> {
    #[inline(always)]
    fn block<S: Simd, const M: usize>(&mut self, simd: S, row: usize, v: usize) {
        let mut sum = [A::vectors::<S>(self.start)[v]; M];
        let a: [&[A]; M] = std::array::from_fn(|i| &self.a[(row + i) * self.a_stride..]);
        for (&k, b) in self.index.iter().zip(self.b.chunks_exact(A::LINE)) {
            let b = A::vectors::<S>(b)[v];
            for (sum, a) in sum.iter_mut().zip(a) {
                *sum = A::fused(simd, A::splat(simd, a[k as usize]), b, *sum);
            }
        }
        for (i, sum) in sum.into_iter().enumerate() {
            let c = &mut self.c[(row + i) * self.c_stride + self.line * A::LINE..][..A::LINE];
            A::vectors_mut::<S>(c)[v] = sum;
        }
    }
}

/// The gradient of one line: `sum[n, line] += Σᵢ x[i, index[n]] z[i, line]`.
struct LineGradient<'a, A> {
    rows: usize,
    x: &'a [A],
    x_stride: usize,
    index: &'a [u32],
    z: &'a [A],
    z_stride: usize,
    line: usize,
    sum: &'a mut [A],
}

impl<A: Element> WithSimd for LineGradient<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for row in 0..self.rows {
            let z = A::vectors::<S>(&self.z[row * self.z_stride + self.line * A::LINE..][..A::LINE]);
            let x = &self.x[row * self.x_stride..];
            for (&k, sum) in self.index.iter().zip(self.sum.chunks_exact_mut(A::LINE)) {
                let x = A::splat(simd, x[k as usize]);
                for (sum, z) in A::vectors_mut::<S>(sum).iter_mut().zip(z) {
                    *sum = A::fused(simd, x, *z, *sum);
                }
            }
        }
    }
}

/// A matrix B kept line by line: for each line of columns the rows that are not all zero, and their entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines<A> {
    /// Where each line's rows start.
    pub(crate) starts: Vec<usize>,
    /// The rows, in order.
    pub(crate) index: Vec<u32>,
    /// A line for each.
    pub(crate) entries: Vec<A>,
}

/// Rows at the given distance from one another.
#[derive(Clone, Copy)]
pub(crate) struct Strided<'a, A> {
    pub(crate) entries: &'a [A],
    pub(crate) stride: usize,
}

impl<A: Element> Lines<A> {
    /// `c[i] = start + a[i] B`.
    pub(crate) fn multiply(
        &self,
        machine: Machine,
        rows: usize,
        a: Strided<'_, A>,
        start: &[A],
        c: &mut [A],
        c_stride: usize,
    ) {
        for (line, at) in self.starts.windows(2).enumerate() {
            let (index, b) = (&self.index[at[0]..at[1]], &self.entries[at[0] * A::LINE..at[1] * A::LINE]);
            let start = &start[line * A::LINE..][..A::LINE];
            let (a, a_stride) = (a.entries, a.stride);
            machine.run(Line { rows, a, a_stride, index, b, start, c: &mut *c, c_stride, line });
        }
    }

    /// `sum += Σᵢ x[i]ᵀ z[i]`, of the kept entries.
    pub(crate) fn add_gradient(
        &self,
        machine: Machine,
        rows: usize,
        x: Strided<'_, A>,
        z: Strided<'_, A>,
        sum: &mut [A],
    ) {
        for (line, at) in self.starts.windows(2).enumerate() {
            let index = &self.index[at[0]..at[1]];
            let sum = &mut sum[at[0] * A::LINE..at[1] * A::LINE];
            machine.run(LineGradient {
                rows,
                x: x.entries,
                x_stride: x.stride,
                index,
                z: z.entries,
                z_stride: z.stride,
                line,
                sum,
            });
        }
    }
}
