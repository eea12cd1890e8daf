//! Functions of one vector, with two derivatives each, from the value and what was kept beside it.

use super::Element;
use chreode_core::simd::{exp, exp_below, exp_m1_below, ln_1p};
use pulp::Simd;

const LAMBDA: f64 = 1.050_700_987_355_480_5;
const ALPHA: f64 = 1.673_263_242_354_377_3;

/// One function on one vector.
pub(super) trait Rule {
    /// `(φ(z), kept)`; the second is unused where the function keeps nothing.
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>);

    /// φ'(z) from φ(z) and what was kept.
    fn slope<A: Element, S: Simd>(simd: S, h: A::Vector<S>, kept: A::Vector<S>) -> A::Vector<S>;

    /// φ''(z) from φ(z) and what was kept.
    fn curvature<A: Element, S: Simd>(simd: S, h: A::Vector<S>, kept: A::Vector<S>) -> A::Vector<S>;
}

/// `splat` of a constant.
#[inline(always)]
fn c<A: Element, S: Simd>(simd: S, x: f64) -> A::Vector<S> {
    A::splat(simd, A::from_f64(x))
}

pub(super) struct Selu;
impl Rule for Selu {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        let zero = c::<A, S>(simd, 0.0);
        let positive = A::less(simd, zero, z);
        let low = A::times(simd, c::<A, S>(simd, LAMBDA * ALPHA), {
            exp_m1_below::<A, S>(simd, A::select(simd, positive, zero, z))
        });
        (A::select(simd, positive, A::times(simd, c::<A, S>(simd, LAMBDA), z), low), z)
    }

    #[inline(always)]
    fn slope<A: Element, S: Simd>(simd: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        let low = A::plus(simd, h, c::<A, S>(simd, LAMBDA * ALPHA));
        A::select(simd, A::less(simd, c::<A, S>(simd, 0.0), h), c::<A, S>(simd, LAMBDA), low)
    }

    #[inline(always)]
    fn curvature<A: Element, S: Simd>(simd: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        let zero = c::<A, S>(simd, 0.0);
        let low = A::plus(simd, h, c::<A, S>(simd, LAMBDA * ALPHA));
        A::select(simd, A::less(simd, zero, h), zero, low)
    }
}

pub(super) struct Tanh;
impl Rule for Tanh {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        let negative = A::less(simd, z, c::<A, S>(simd, 0.0));
        let minus = A::select(simd, negative, z, A::negated(simd, z));
        let e = exp_m1_below::<A, S>(simd, A::plus(simd, minus, minus));
        let minus_size = A::over(simd, e, A::plus(simd, e, c::<A, S>(simd, 2.0)));
        (A::select(simd, negative, minus_size, A::negated(simd, minus_size)), z)
    }

    #[inline(always)]
    fn slope<A: Element, S: Simd>(simd: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        A::fused(simd, A::negated(simd, h), h, c::<A, S>(simd, 1.0))
    }

    #[inline(always)]
    fn curvature<A: Element, S: Simd>(simd: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        let twice = A::times(simd, c::<A, S>(simd, -2.0), h);
        A::times(simd, twice, Self::slope::<A, S>(simd, h, h))
    }
}

pub(super) struct Relu;
impl Rule for Relu {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        let zero = c::<A, S>(simd, 0.0);
        (A::select(simd, A::less(simd, z, zero), zero, z), z)
    }

    #[inline(always)]
    fn slope<A: Element, S: Simd>(simd: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        let zero = c::<A, S>(simd, 0.0);
        // A NaN keeps being one.
        let one = A::select(simd, A::less(simd, zero, h), c::<A, S>(simd, 1.0), h);
        A::select(simd, A::less(simd, h, zero), zero, one)
    }

    #[inline(always)]
    fn curvature<A: Element, S: Simd>(simd: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        A::times(simd, h, c::<A, S>(simd, 0.0))
    }
}

/// `(e^{-|z|}, z < 0)`: what both logistic activations start from.
#[inline(always)]
fn decay<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Mask<S>) {
    let negative = A::less(simd, z, c::<A, S>(simd, 0.0));
    (exp_below::<A, S>(simd, A::select(simd, negative, z, A::negated(simd, z))), negative)
}

/// σ and 1 - σ, of which the smaller is kept, with a minus sign where it is the second: both to the last digits.
#[inline(always)]
fn halves<A: Element, S: Simd>(simd: S, kept: A::Vector<S>) -> [A::Vector<S>; 2] {
    let upper = A::less(simd, kept, c::<A, S>(simd, 0.0));
    let small = A::select(simd, upper, A::negated(simd, kept), kept);
    let large = A::minus(simd, c::<A, S>(simd, 1.0), small);
    [A::select(simd, upper, large, small), A::select(simd, upper, small, large)]
}

pub(super) struct Silu;
impl Rule for Silu {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        let (u, negative) = decay::<A, S>(simd, z);
        let one = c::<A, S>(simd, 1.0);
        let large = A::over(simd, one, A::plus(simd, one, u));
        let small = A::times(simd, u, large);
        let sigmoid = A::select(simd, negative, small, large);
        // Never zero, so that its sign can be asked for.
        let upper = A::negated(simd, A::plus(simd, small, A::splat(simd, A::min_positive_value())));
        (A::times(simd, z, sigmoid), A::select(simd, negative, small, upper))
    }

    #[inline(always)]
    fn slope<A: Element, S: Simd>(simd: S, h: A::Vector<S>, kept: A::Vector<S>) -> A::Vector<S> {
        let [sigmoid, rest] = halves::<A, S>(simd, kept);
        A::fused(simd, h, rest, sigmoid)
    }

    /// (1 - σ)(2 σ + φ (1 - 2 σ))
    #[inline(always)]
    fn curvature<A: Element, S: Simd>(simd: S, h: A::Vector<S>, kept: A::Vector<S>) -> A::Vector<S> {
        let [sigmoid, rest] = halves::<A, S>(simd, kept);
        let twice = A::plus(simd, sigmoid, sigmoid);
        A::times(simd, rest, A::fused(simd, h, A::minus(simd, rest, sigmoid), twice))
    }
}

pub(super) struct Softplus;
impl Rule for Softplus {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        let (u, negative) = decay::<A, S>(simd, z);
        let one = c::<A, S>(simd, 1.0);
        let ramp = A::select(simd, negative, c::<A, S>(simd, 0.0), z);
        let sigmoid = A::over(simd, A::select(simd, negative, u, one), A::plus(simd, one, u));
        (A::plus(simd, ramp, ln_1p::<A, S>(simd, u)), sigmoid)
    }

    #[inline(always)]
    fn slope<A: Element, S: Simd>(_: S, _: A::Vector<S>, sigmoid: A::Vector<S>) -> A::Vector<S> {
        sigmoid
    }

    #[inline(always)]
    fn curvature<A: Element, S: Simd>(simd: S, _: A::Vector<S>, sigmoid: A::Vector<S>) -> A::Vector<S> {
        A::times(simd, sigmoid, A::minus(simd, c::<A, S>(simd, 1.0), sigmoid))
    }
}

pub(super) struct Sigmoid;
impl Rule for Sigmoid {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        let (u, negative) = decay::<A, S>(simd, z);
        let one = c::<A, S>(simd, 1.0);
        (A::over(simd, A::select(simd, negative, u, one), A::plus(simd, one, u)), z)
    }

    #[inline(always)]
    fn slope<A: Element, S: Simd>(simd: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        A::times(simd, h, A::minus(simd, c::<A, S>(simd, 1.0), h))
    }

    #[inline(always)]
    fn curvature<A: Element, S: Simd>(simd: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        let skew = A::minus(simd, c::<A, S>(simd, 1.0), A::plus(simd, h, h));
        A::times(simd, Self::slope::<A, S>(simd, h, h), skew)
    }
}

pub(super) struct Exp;
impl Rule for Exp {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        (exp::<A, S>(simd, z), z)
    }

    #[inline(always)]
    fn slope<A: Element, S: Simd>(_: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        h
    }

    #[inline(always)]
    fn curvature<A: Element, S: Simd>(_: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        h
    }
}

pub(super) struct Hill;
impl Rule for Hill {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        let u = A::minus(simd, z, c::<A, S>(simd, 0.5));
        (A::over(simd, u, A::plus(simd, c::<A, S>(simd, 1.0), A::size(simd, u))), z)
    }

    /// (1 - |φ|)², since 1 - |φ| = 1 / (1 + |u|).
    #[inline(always)]
    fn slope<A: Element, S: Simd>(simd: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        let rest = A::minus(simd, c::<A, S>(simd, 1.0), A::size(simd, h));
        A::times(simd, rest, rest)
    }

    /// -2 sign(u) (1 - |φ|)³; of its two limits at u = 0 that from above.
    #[inline(always)]
    fn curvature<A: Element, S: Simd>(simd: S, h: A::Vector<S>, _: A::Vector<S>) -> A::Vector<S> {
        let rest = A::minus(simd, c::<A, S>(simd, 1.0), A::size(simd, h));
        let negative = A::less(simd, h, c::<A, S>(simd, 0.0));
        let twice = A::select(simd, negative, c::<A, S>(simd, 2.0), c::<A, S>(simd, -2.0));
        A::times(simd, A::times(simd, twice, rest), A::times(simd, rest, rest))
    }
}

pub(super) struct LogHill;
impl Rule for LogHill {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        let s = Hill::value::<A, S>(simd, z).0;
        let mut h = s;
        for h in A::numbers_mut::<S>(&mut h) {
            *h = h.ln_1p();
        }
        (h, s)
    }

    /// s' / (1 + s) with s the Hill response.
    #[inline(always)]
    fn slope<A: Element, S: Simd>(simd: S, _: A::Vector<S>, s: A::Vector<S>) -> A::Vector<S> {
        A::over(simd, Hill::slope::<A, S>(simd, s, s), A::plus(simd, c::<A, S>(simd, 1.0), s))
    }

    /// s'' / (1 + s) - φ'².
    #[inline(always)]
    fn curvature<A: Element, S: Simd>(simd: S, h: A::Vector<S>, s: A::Vector<S>) -> A::Vector<S> {
        let slope = Self::slope::<A, S>(simd, h, s);
        let bend = A::over(simd, Hill::curvature::<A, S>(simd, s, s), A::plus(simd, c::<A, S>(simd, 1.0), s));
        A::fused(simd, A::negated(simd, slope), slope, bend)
    }
}
