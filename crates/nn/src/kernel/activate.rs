//! Activations on whole slices, and their pullback.

use super::{Element, Machine};
use crate::Activation;
use chreode_core::simd::{exp_below, exp_m1_below, ln_1p};
use pulp::{Simd, WithSimd};
use std::marker::PhantomData;

const LAMBDA: f64 = 1.050_700_987_355_480_5;
const ALPHA: f64 = 1.673_263_242_354_377_3;

/// One activation on one vector.
trait Rule {
    /// `(φ(z), φ'(z))`; the slope is that of [`slope`](Self::slope) and unused unless kept.
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>);

    /// φ'(z), from what was kept: φ(z), or φ'(z) itself.
    fn slope<A: Element, S: Simd>(simd: S, kept: A::Vector<S>) -> A::Vector<S>;
}

/// `splat` of a constant.
#[inline(always)]
fn c<A: Element, S: Simd>(simd: S, x: f64) -> A::Vector<S> {
    A::splat(simd, A::from_f64(x))
}

struct Selu;
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
    fn slope<A: Element, S: Simd>(simd: S, h: A::Vector<S>) -> A::Vector<S> {
        let low = A::plus(simd, h, c::<A, S>(simd, LAMBDA * ALPHA));
        A::select(simd, A::less(simd, c::<A, S>(simd, 0.0), h), c::<A, S>(simd, LAMBDA), low)
    }
}

struct Tanh;
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
    fn slope<A: Element, S: Simd>(simd: S, h: A::Vector<S>) -> A::Vector<S> {
        A::fused(simd, A::negated(simd, h), h, c::<A, S>(simd, 1.0))
    }
}

struct Relu;
impl Rule for Relu {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        let zero = c::<A, S>(simd, 0.0);
        (A::select(simd, A::less(simd, z, zero), zero, z), z)
    }

    #[inline(always)]
    fn slope<A: Element, S: Simd>(simd: S, h: A::Vector<S>) -> A::Vector<S> {
        let zero = c::<A, S>(simd, 0.0);
        // A NaN keeps being one.
        let one = A::select(simd, A::less(simd, zero, h), c::<A, S>(simd, 1.0), h);
        A::select(simd, A::less(simd, h, zero), zero, one)
    }
}

/// `(e^{-|z|}, z < 0)`: what both logistic activations start from.
#[inline(always)]
fn decay<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Mask<S>) {
    let negative = A::less(simd, z, c::<A, S>(simd, 0.0));
    (exp_below::<A, S>(simd, A::select(simd, negative, z, A::negated(simd, z))), negative)
}

struct Silu;
impl Rule for Silu {
    #[inline(always)]
    fn value<A: Element, S: Simd>(simd: S, z: A::Vector<S>) -> (A::Vector<S>, A::Vector<S>) {
        let (u, negative) = decay::<A, S>(simd, z);
        let one = c::<A, S>(simd, 1.0);
        let large = A::over(simd, one, A::plus(simd, one, u));
        let small = A::times(simd, u, large);
        let sigmoid = A::select(simd, negative, small, large);
        let rest = A::select(simd, negative, large, small);
        let h = A::times(simd, z, sigmoid);
        (h, A::fused(simd, h, rest, sigmoid))
    }

    #[inline(always)]
    fn slope<A: Element, S: Simd>(_: S, kept: A::Vector<S>) -> A::Vector<S> {
        kept
    }
}

struct Softplus;
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
    fn slope<A: Element, S: Simd>(_: S, kept: A::Vector<S>) -> A::Vector<S> {
        kept
    }
}

struct Forward<'a, A, R> {
    z: &'a mut [A],
    slopes: Option<&'a mut [A]>,
    rule: PhantomData<R>,
}

impl<A: Element, R: Rule> WithSimd for Forward<'_, A, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let z = A::vectors_mut::<S>(self.z);
        match self.slopes {
            None => z.iter_mut().for_each(|z| *z = R::value::<A, S>(simd, *z).0),
            Some(slopes) => {
                for (z, slope) in z.iter_mut().zip(A::vectors_mut::<S>(slopes)) {
                    (*z, *slope) = R::value::<A, S>(simd, *z);
                }
            }
        }
    }
}

struct Backward<'a, A, R> {
    cotangent: &'a mut [A],
    kept: &'a [A],
    rule: PhantomData<R>,
}

impl<A: Element, R: Rule> WithSimd for Backward<'_, A, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (a, &kept) in A::vectors_mut::<S>(self.cotangent).iter_mut().zip(A::vectors::<S>(self.kept)) {
            *a = A::times(simd, *a, R::slope::<A, S>(simd, kept));
        }
    }
}

/// `z ← φ(z)`, and `slopes ← φ'(z)` where the activation keeps them. Whole lines only.
pub(crate) fn activate<A: Element>(
    machine: Machine,
    activation: Activation,
    z: &mut [A],
    slopes: Option<&mut [A]>,
) {
    let rule = PhantomData;
    match activation {
        Activation::Selu => machine.run(Forward::<A, Selu> { z, slopes: None, rule }),
        Activation::Silu => machine.run(Forward::<A, Silu> { z, slopes, rule: PhantomData }),
        Activation::Tanh => machine.run(Forward::<A, Tanh> { z, slopes: None, rule: PhantomData }),
        Activation::Softplus => machine.run(Forward::<A, Softplus> { z, slopes, rule: PhantomData }),
        Activation::Relu => machine.run(Forward::<A, Relu> { z, slopes: None, rule: PhantomData }),
    }
}

/// `cotangent ← cotangent · φ'(z)`; `kept` is φ'(z) where the activation keeps slopes, φ(z) otherwise.
pub(crate) fn pull_activation<A: Element>(
    machine: Machine,
    activation: Activation,
    cotangent: &mut [A],
    kept: &[A],
) {
    let rule = PhantomData;
    match activation {
        Activation::Selu => machine.run(Backward::<A, Selu> { cotangent, kept, rule }),
        Activation::Tanh => machine.run(Backward::<A, Tanh> { cotangent, kept, rule: PhantomData }),
        Activation::Relu => machine.run(Backward::<A, Relu> { cotangent, kept, rule: PhantomData }),
        Activation::Silu | Activation::Softplus => {
            machine.run(Backward::<A, Silu> { cotangent, kept, rule: PhantomData });
        }
    }
}
