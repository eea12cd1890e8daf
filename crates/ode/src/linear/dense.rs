//! LU factors of dense matrices, with partial pivoting: one kernel, compiled for each small size.

// Rows and columns are counted as in the textbooks.
#![allow(clippy::needless_range_loop)]

use super::{Number, Singular};

/// Calls `$kernel::<T, N>` for the sizes that are worth a copy of their own, and `$any` for the rest.
macro_rules! by_size {
    ($n:expr, $kernel:ident::<$t:ty>($($argument:expr),*), $any:expr) => {
        match $n {
            1 => $kernel::<$t, 1>($($argument),*),
            2 => $kernel::<$t, 2>($($argument),*),
            3 => $kernel::<$t, 3>($($argument),*),
            4 => $kernel::<$t, 4>($($argument),*),
            5 => $kernel::<$t, 5>($($argument),*),
            6 => $kernel::<$t, 6>($($argument),*),
            7 => $kernel::<$t, 7>($($argument),*),
            8 => $kernel::<$t, 8>($($argument),*),
            _ => $any,
        }
    };
}

/// Overwrites `a` (column by column) with its factors: the multipliers of L below the diagonal, U above
/// it, and the *reciprocals* of U's diagonal on it. Row k was swapped with row `pivots[k]`.
#[inline]
pub(super) fn factor<T: Number>(a: &mut [T], pivots: &mut [usize]) -> Result<(), Singular> {
    let n = pivots.len();
    by_size!(n, factor_fixed::<T>(a, pivots), factor_columns(n, a, pivots))
}

#[inline]
fn factor_fixed<T: Number, const N: usize>(a: &mut [T], pivots: &mut [usize]) -> Result<(), Singular> {
    let (columns, _) = a.as_chunks_mut::<N>();
    let columns: &mut [[T; N]; N] = columns.try_into().expect("N columns of N rows");
    let pivots: &mut [usize; N] = pivots.try_into().expect("a pivot a row");
    for k in 0..N {
        let (mut row, mut largest) = (k, columns[k][k].size());
        for i in k + 1..N {
            let size = columns[k][i].size();
            if size > largest {
                (row, largest) = (i, size);
            }
        }
        // Also refuses NaN.
        if !(largest > 0.0 && largest < f64::INFINITY) {
            return Err(Singular { column: k });
        }
        pivots[k] = row;
        if row != k {
            for column in columns.iter_mut() {
                column.swap(k, row);
            }
        }
        let inverse = columns[k][k].recip();
        columns[k][k] = inverse;
        for i in k + 1..N {
            columns[k][i] *= inverse;
        }
        let multipliers = columns[k];
        for column in &mut columns[k + 1..] {
            let u = column[k];
            for i in k + 1..N {
                column[i] -= multipliers[i] * u;
            }
        }
    }
    Ok(())
}

fn factor_columns<T: Number>(n: usize, a: &mut [T], pivots: &mut [usize]) -> Result<(), Singular> {
    for k in 0..n {
        let (done, rest) = a.split_at_mut((k + 1) * n);
        let column = &mut done[k * n..];
        let (mut row, mut largest) = (k, column[k].size());
        for (i, entry) in column.iter().enumerate().skip(k + 1) {
            let size = entry.size();
            if size > largest {
                (row, largest) = (i, size);
            }
        }
        if !(largest > 0.0 && largest < f64::INFINITY) {
            return Err(Singular { column: k });
        }
        pivots[k] = row;
        column.swap(k, row);
        let inverse = column[k].recip();
        column[k] = inverse;
        for entry in &mut column[k + 1..] {
            *entry *= inverse;
        }
        let multipliers = &column[k + 1..];
        for column in rest.chunks_exact_mut(n) {
            column.swap(k, row);
            let u = column[k];
            if u != T::default() {
                for (entry, l) in column[k + 1..].iter_mut().zip(multipliers) {
                    *entry -= *l * u;
                }
            }
        }
        if row != k {
            for column in done[..k * n].chunks_exact_mut(n) {
                column.swap(k, row);
            }
        }
    }
    Ok(())
}

/// Solves with the factors that [`factor`] left.
#[inline]
pub(super) fn solve<T: Number>(a: &[T], pivots: &[usize], b: &mut [T]) {
    let n = pivots.len();
    by_size!(n, solve_fixed::<T>(a, pivots, b), solve_columns(n, a, pivots, b));
}

#[inline]
fn solve_fixed<T: Number, const N: usize>(a: &[T], pivots: &[usize], b: &mut [T]) {
    let (columns, _) = a.as_chunks::<N>();
    let columns: &[[T; N]; N] = columns.try_into().expect("N columns of N rows");
    let pivots: &[usize; N] = pivots.try_into().expect("a pivot a row");
    let out: &mut [T; N] = b.try_into().expect("an entry a row");
    let mut b = *out;
    for k in 0..N {
        b.swap(k, pivots[k].min(N - 1));
    }
    for k in 0..N {
        for i in k + 1..N {
            b[i] -= columns[k][i] * b[k];
        }
    }
    for k in (0..N).rev() {
        b[k] *= columns[k][k];
        for i in 0..k {
            b[i] -= columns[k][i] * b[k];
        }
    }
    *out = b;
}

/// Four columns at a time: each pass over `b` then does the work of four.
fn solve_columns<T: Number>(n: usize, a: &[T], pivots: &[usize], b: &mut [T]) {
    for (k, row) in pivots.iter().enumerate() {
        b.swap(k, *row);
    }
    let whole = n - n % 4;
    for k in (0..whole).step_by(4) {
        let columns = four(a, n, k);
        for j in 0..3 {
            for i in j + 1..4 {
                let x = b[k + j];
                b[k + i] -= columns[j][k + i] * x;
            }
        }
        let (head, tail) = b.split_at_mut(k + 4);
        subtract(
            tail,
            columns.map(|column| &column[k + 4..]),
            [head[k], head[k + 1], head[k + 2], head[k + 3]],
        );
    }
    for k in whole..n {
        for i in k + 1..n {
            let x = b[k];
            b[i] -= a[k * n + i] * x;
        }
    }
    for k in (whole..n).rev() {
        let x = b[k] * a[k * n + k];
        b[k] = x;
        for (b, u) in b[..k].iter_mut().zip(&a[k * n..]) {
            *b -= *u * x;
        }
    }
    for k in (0..whole).step_by(4).rev() {
        let columns = four(a, n, k);
        for j in (0..4).rev() {
            let x = b[k + j] * columns[j][k + j];
            b[k + j] = x;
            for i in 0..j {
                b[k + i] -= columns[j][k + i] * x;
            }
        }
        let (head, tail) = b.split_at_mut(k);
        subtract(head, columns.map(|column| &column[..k]), [tail[0], tail[1], tail[2], tail[3]]);
    }
}

/// Columns `k` to `k + 3`.
#[inline(always)]
fn four<T>(a: &[T], n: usize, k: usize) -> [&[T]; 4] {
    std::array::from_fn(|j| &a[(k + j) * n..][..n])
}

/// `b -= Σ xⱼ columnsⱼ`.
#[inline(always)]
fn subtract<T: Number>(b: &mut [T], columns: [&[T]; 4], x: [T; 4]) {
    let n = b.len();
    let [c0, c1, c2, c3] = columns.map(|column| &column[..n]);
    for i in 0..n {
        b[i] -= (c0[i] * x[0] + c1[i] * x[1]) + (c2[i] * x[2] + c3[i] * x[3]);
    }
}
