//! C = A B on blocks that stay in registers: the one kernel behind every layer and its pullbacks.
//!
//! A block of C, a few rows by a few vectors, is summed over k in registers: each step loads one row
//! of B and broadcasts one entry of A per row of the block (Goto & van de Geijn 2008,
//! doi:10.1145/1356052.1356053, without the outer loops: the matrices of a network's layer and a tile
//! of rows fit the caches). Every entry of C is summed in order of k whatever the blocking, so the
//! result depends neither on the batch around a row nor on the number of threads.

use super::{Element, Machine, PANEL};
use chreode_core::simd::Vectors;
use pulp::{Simd, WithSimd};

/// How entry (i, k) of the left factor is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Left {
    /// At `i stride + k`.
    Rows { stride: usize },
    /// At `k stride + i`: the transpose of a row-major matrix.
    Columns { stride: usize },
}

/// How row k of the right factor is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Right {
    /// Row-major.
    Rows { stride: usize },
    /// Panels of [`PANEL`] lines (the last may be narrower), each row-major.
    Packed,
}

/// What C holds before the product is added.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start<'a, A> {
    Zero,
    /// A row, repeated.
    Row(&'a [A]),
    /// What it held.
    Keep,
}

/// `c[i, j] = start + Σₖ a[i, k] b[k, j]` for `rows` rows and `lines` lines of columns.
pub(crate) struct Gemm<'a, A> {
    pub(crate) rows: usize,
    pub(crate) lines: usize,
    pub(crate) depth: usize,
    pub(crate) a: &'a [A],
    pub(crate) left: Left,
    pub(crate) b: &'a [A],
    pub(crate) right: Right,
    pub(crate) start: Start<'a, A>,
    pub(crate) c: &'a mut [A],
    pub(crate) stride: usize,
}

/// Multiply-adds from which a product is shared between threads: waking another costs tens of microseconds.
const SHARED: usize = 1 << 25;

/// Multiply-adds of the smallest share.
const SHARE: usize = 1 << 23;

impl<A: Element> Gemm<'_, A> {
    /// The product; the rows of a large one are shared between threads, which changes no sum.
    pub(crate) fn run(self, machine: Machine) {
        if self.work() >= SHARED && rayon::current_num_threads() > 1 {
            self.split(machine);
        } else {
            machine.run(self);
        }
    }

    fn work(&self) -> usize {
        self.rows * self.lines * A::LINE * self.depth
    }

    fn split(self, machine: Machine) {
        let at = self.rows.div_ceil(2).next_multiple_of(6);
        if self.work() <= SHARE || at >= self.rows {
            return machine.run(self);
        }
        let first = match self.left {
            Left::Rows { stride } => at * stride,
            Left::Columns { .. } => at,
        };
        let (c0, c1) = self.c.split_at_mut(at * self.stride);
        let (top, bottom) = (
            Gemm { rows: at, c: c0, ..self },
            Gemm { rows: self.rows - at, a: &self.a[first..], c: c1, ..self },
        );
        rayon::join(|| top.split(machine), || bottom.split(machine));
    }

    /// `LINES` lines of columns from line `first`, all rows.
    #[inline(always)]
    fn columns<S: Simd, const M: usize, const V: usize>(&mut self, simd: S, panel: usize, first: usize) {
        let (b, stride) = match self.right {
            Right::Rows { stride } => (&self.b[first * A::LINE..], stride),
            Right::Packed => {
                let width = (self.lines - panel).min(PANEL) * A::LINE;
                (&self.b[panel * A::LINE * self.depth + (first - panel) * A::LINE..], width)
            }
        };
        let mut row = 0;
        while row + M <= self.rows {
            self.block::<S, M, V>(simd, row, first, b, stride);
            row += M;
        }
        if M > 4 && row + 4 <= self.rows {
            self.block::<S, 4, V>(simd, row, first, b, stride);
            row += 4;
        }
        if M > 2 && row + 2 <= self.rows {
            self.block::<S, 2, V>(simd, row, first, b, stride);
            row += 2;
        }
        while row < self.rows {
            self.block::<S, 1, V>(simd, row, first, b, stride);
            row += 1;
        }
    }

    /// `M` rows by `V` vectors.
    #[inline(always)]
    fn block<S: Simd, const M: usize, const V: usize>(
        &mut self,
        simd: S,
        row: usize,
        first: usize,
        b: &[A],
        b_stride: usize,
    ) {
        let width = V * (size_of::<A::Vector<S>>() / size_of::<A>());
        let column = first * A::LINE;
        let mut sum = [[A::splat(simd, A::zero()); V]; M];
        match self.start {
            Start::Zero => {}
            Start::Row(start) => {
                let start = A::vectors::<S>(&start[column..][..width]);
                sum = std::array::from_fn(|_| std::array::from_fn(|v| start[v]));
            }
            Start::Keep => {
                for (i, sum) in sum.iter_mut().enumerate() {
                    let c = A::vectors::<S>(&self.c[(row + i) * self.stride + column..][..width]);
                    *sum = std::array::from_fn(|v| c[v]);
                }
            }
        }
        match self.left {
            Left::Rows { stride } => {
                let a: [&[A]; M] = std::array::from_fn(|i| &self.a[(row + i) * stride..][..self.depth]);
                for k in 0..self.depth {
                    let b = A::vectors::<S>(&b[k * b_stride..][..width]);
                    step::<A, S, M, V>(simd, &mut sum, std::array::from_fn(|i| a[i][k]), b);
                }
            }
            Left::Columns { stride } => {
                for k in 0..self.depth {
                    let b = A::vectors::<S>(&b[k * b_stride..][..width]);
                    let a = &self.a[k * stride + row..][..M];
                    step::<A, S, M, V>(simd, &mut sum, std::array::from_fn(|i| a[i]), b);
                }
            }
        }
        for (i, sum) in sum.iter().enumerate() {
            let c = A::vectors_mut::<S>(&mut self.c[(row + i) * self.stride + column..][..width]);
            c.copy_from_slice(sum);
        }
    }
}

/// One k: `sum[i][v] += a[i] b[v]`.
#[inline(always)]
fn step<A: Vectors, S: Simd, const M: usize, const V: usize>(
    simd: S,
    sum: &mut [[A::Vector<S>; V]; M],
    a: [A; M],
    b: &[A::Vector<S>],
) {
    let b: [A::Vector<S>; V] = std::array::from_fn(|v| b[v]);
    for (sum, a) in sum.iter_mut().zip(a) {
        let a = A::splat(simd, a);
        for (sum, b) in sum.iter_mut().zip(b) {
            *sum = A::fused(simd, a, b, *sum);
        }
    }
}

impl<A: Element> WithSimd for Gemm<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for panel in (0..self.lines).step_by(PANEL) {
            let end = (panel + PANEL).min(self.lines);
            let mut line = panel;
            while line < end {
                // Blocks as large as the registers hold, by the number of vectors in a line.
                match (A::LINE * size_of::<A>() / size_of::<A::Vector<S>>(), end - line) {
                    (1, 4..) => {
                        self.columns::<S, 6, 4>(simd, panel, line);
                        line += 4;
                    }
                    (1, 2..) => {
                        self.columns::<S, 6, 2>(simd, panel, line);
                        line += 2;
                    }
                    (vectors, _) => {
                        match vectors {
                            1 => self.columns::<S, 6, 1>(simd, panel, line),
                            2 => self.columns::<S, 6, 2>(simd, panel, line),
                            4 => self.columns::<S, 6, 4>(simd, panel, line),
                            8 => self.columns::<S, 2, 8>(simd, panel, line),
                            _ => self.columns::<S, 2, 16>(simd, panel, line),
                        }
                        line += 1;
                    }
                }
            }
        }
    }
}
