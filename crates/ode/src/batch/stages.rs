//! Combinations of stages in lanes.

use super::lane::Lane;
use super::pack::Pack;
use super::scheme::Terms;
use chreode_core::simd::Element;
use pulp::Simd;

/// Σ wⱼ kⱼ of entry `i`, the number of terms known to the compiler.
#[inline(always)]
fn sum<A: Element, S: Simd, const M: usize, const N: usize>(
    weight: &[A; N],
    k: &[&[Pack<A, S, M>]; N],
    i: usize,
) -> Pack<A, S, M> {
    let mut sum = k[0][i].times(weight[0]);
    let mut j = 1;
    while j < N {
        sum = k[j][i].times_plus(weight[j], sum);
        j += 1;
    }
    sum
}

/// Weights and stages of `N` terms.
type Known<'k, A, S, const M: usize, const N: usize> = ([A; N], [&'k [Pack<A, S, M>]; N]);

/// The first `N` terms, each stage cut to `width`.
#[inline(always)]
fn first<'k, A: Element, S: Simd, const M: usize, const N: usize>(
    terms: &Terms<A>,
    k: &'k [Pack<A, S, M>],
    width: usize,
) -> Known<'k, A, S, M, N> {
    let (mut weight, mut stages) = ([A::zero(); N], [&k[..0]; N]);
    for j in 0..N {
        weight[j] = terms.weight[j];
        stages[j] = &k[terms.stage[j] * width..][..width];
    }
    (weight, stages)
}

/// Calls a macro's body with the number of terms as a constant, up to `MAX_STAGES`.
macro_rules! with_count {
    ($count:expr, $n:ident, $body:block) => {
        match $count {
            1 => {
                const $n: usize = 1;
                $body
            }
            2 => {
                const $n: usize = 2;
                $body
            }
            3 => {
                const $n: usize = 3;
                $body
            }
            4 => {
                const $n: usize = 4;
                $body
            }
            5 => {
                const $n: usize = 5;
                $body
            }
            6 => {
                const $n: usize = 6;
                $body
            }
            7 => {
                const $n: usize = 7;
                $body
            }
            _ => unreachable!("handled before"),
        }
    };
}

/// Terms that are summed with their number known.
const UNROLLED: usize = 7;

/// `z = y + h Σ wⱼ kⱼ`.
#[inline(always)]
pub(crate) fn combine<A: Element, S: Simd, const M: usize>(
    _simd: S,
    terms: &Terms<A>,
    h: Pack<A, S, M>,
    y: &[Pack<A, S, M>],
    k: &[Pack<A, S, M>],
    z: &mut [Pack<A, S, M>],
) {
    let width = y.len();
    let z = &mut z[..width];
    let count = terms.weight.len();
    if count == 0 || count > UNROLLED {
        for i in 0..width {
            let mut sum = h.constant(0.0);
            for (weight, stage) in terms.weight.iter().zip(&terms.stage) {
                sum = k[stage * width + i].times_plus(*weight, sum);
            }
            z[i] = sum.mul_add(h, y[i]);
        }
        return;
    }
    with_count!(count, N, {
        let (weight, k) = first::<A, S, M, N>(terms, k, width);
        for i in 0..width {
            z[i] = sum(&weight, &k, i).mul_add(h, y[i]);
        }
    });
}

/// The mean square of the error in each row's tolerance, 1 exactly on it; without an estimate 0. Not a
/// number where the new state `z` is not finite. Two estimates are combined as in
/// [`Tableau::combined_with`](crate::Tableau::combined_with).
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(crate) fn error<A: Element, S: Simd, const M: usize>(
    simd: S,
    terms: Option<&Terms<A>>,
    second: Option<&Terms<A>>,
    h: Pack<A, S, M>,
    y: &[Pack<A, S, M>],
    z: &[Pack<A, S, M>],
    k: &[Pack<A, S, M>],
    rtol: Pack<A, S, M>,
    atol: Pack<A, S, M>,
) -> Pack<A, S, M> {
    let size = one_error(simd, terms, h, y, z, k, rtol, atol);
    if second.is_none() {
        return size;
    }
    let other = one_error(simd, second, h, y, z, k, rtol, atol);
    // Where there is no error at all, 0 and not 0/0.
    let both = size + other * 0.01 + h.constant(1e-30);
    size * (size / both)
}

/// One estimate.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn one_error<A: Element, S: Simd, const M: usize>(
    simd: S,
    terms: Option<&Terms<A>>,
    h: Pack<A, S, M>,
    y: &[Pack<A, S, M>],
    z: &[Pack<A, S, M>],
    k: &[Pack<A, S, M>],
    rtol: Pack<A, S, M>,
    atol: Pack<A, S, M>,
) -> Pack<A, S, M> {
    let width = y.len();
    let z = &z[..width];
    let mut total = Pack::splat(simd, 0.0);
    let Some(terms) = terms else {
        for z in z {
            total = z.times_plus(A::zero(), total);
        }
        return total;
    };
    let count = terms.weight.len();
    if count == 0 || count > UNROLLED {
        for i in 0..width {
            let mut sum = h.constant(0.0);
            for (weight, stage) in terms.weight.iter().zip(&terms.stage) {
                sum = k[stage * width + i].times_plus(*weight, sum);
            }
            total = add_square(total, sum * h, y[i], z[i], rtol, atol);
        }
    } else {
        with_count!(count, N, {
            let (weight, k) = first::<A, S, M, N>(terms, k, width);
            for i in 0..width {
                total = add_square(total, sum(&weight, &k, i) * h, y[i], z[i], rtol, atol);
            }
        });
    }
    total * (1.0 / width.max(1) as f64)
}

/// `total + (error / scale)²`.
#[inline(always)]
fn add_square<A: Element, S: Simd, const M: usize>(
    total: Pack<A, S, M>,
    error: Pack<A, S, M>,
    y: Pack<A, S, M>,
    z: Pack<A, S, M>,
    rtol: Pack<A, S, M>,
    atol: Pack<A, S, M>,
) -> Pack<A, S, M> {
    let scaled = error / y.abs().max(z.abs()).mul_add(rtol, atol);
    scaled.mul_add(scaled, z.times_plus(A::zero(), total))
}
