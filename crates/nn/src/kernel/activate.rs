//! Elementwise functions on whole slices, and their derivatives.

use super::rules::{Exp, Hill, LogHill, Relu, Rule, Selu, Sigmoid, Silu, Softplus, Tanh};
use super::{Element, Machine};
use crate::{Activation, Function};
use pulp::{Simd, WithSimd};
use std::marker::PhantomData;

struct Forward<'a, A, R> {
    z: &'a mut [A],
    kept: Option<&'a mut [A]>,
    rule: PhantomData<R>,
}

impl<A: Element, R: Rule> WithSimd for Forward<'_, A, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let z = A::vectors_mut::<S>(self.z);
        match self.kept {
            None => z.iter_mut().for_each(|z| *z = R::value::<A, S>(simd, *z).0),
            Some(kept) => {
                for (z, kept) in z.iter_mut().zip(A::vectors_mut::<S>(kept)) {
                    (*z, *kept) = R::value::<A, S>(simd, *z);
                }
            }
        }
    }
}

/// `to ← φ' · by`, which may be the same.
struct Slope<'a, A, R> {
    at: Kept<'a, A>,
    by: Option<&'a [A]>,
    to: &'a mut [A],
    rule: PhantomData<R>,
}

impl<A: Element, R: Rule> WithSimd for Slope<'_, A, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (h, kept) = (A::vectors::<S>(self.at.h), A::vectors::<S>(self.at.kept));
        let to = A::vectors_mut::<S>(self.to).iter_mut().zip(h.iter().zip(kept));
        match self.by {
            None => {
                to.for_each(|(to, (h, kept))| *to = A::times(simd, *to, R::slope::<A, S>(simd, *h, *kept)))
            }
            Some(by) => {
                for ((to, (h, kept)), by) in to.zip(A::vectors::<S>(by)) {
                    *to = A::times(simd, *by, R::slope::<A, S>(simd, *h, *kept));
                }
            }
        }
    }
}

/// `sum ← sum + φ'' · dz · b`, and then `b ← φ' · b`.
struct Bend<'a, A, R> {
    at: Kept<'a, A>,
    dz: &'a [A],
    b: &'a mut [A],
    sum: &'a mut [A],
    rule: PhantomData<R>,
}

impl<A: Element, R: Rule> WithSimd for Bend<'_, A, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let at = A::vectors::<S>(self.at.h).iter().zip(A::vectors::<S>(self.at.kept));
        let into = A::vectors_mut::<S>(self.b).iter_mut().zip(A::vectors_mut::<S>(self.sum));
        for (((b, sum), dz), (h, kept)) in into.zip(A::vectors::<S>(self.dz)).zip(at) {
            let bend = A::times(simd, R::curvature::<A, S>(simd, *h, *kept), *dz);
            *sum = A::fused(simd, bend, *b, *sum);
            *b = A::times(simd, *b, R::slope::<A, S>(simd, *h, *kept));
        }
    }
}

/// φ(z), and what was kept beside it; the same slice where nothing was.
#[derive(Clone, Copy)]
pub(crate) struct Kept<'a, A> {
    pub(crate) h: &'a [A],
    pub(crate) kept: &'a [A],
}

/// One operation for every rule.
macro_rules! by_rule {
    ($machine:expr, $function:expr, $identity:expr, $op:ident { $($field:ident: $value:expr),* }) => {
        match $function {
            Function::Identity => $identity,
            Function::Activation(Activation::Selu) => $machine.run($op::<A, Selu> { $($field: $value,)* rule: PhantomData }),
            Function::Activation(Activation::Silu) => $machine.run($op::<A, Silu> { $($field: $value,)* rule: PhantomData }),
            Function::Activation(Activation::Tanh) => $machine.run($op::<A, Tanh> { $($field: $value,)* rule: PhantomData }),
            Function::Activation(Activation::Softplus) => $machine.run($op::<A, Softplus> { $($field: $value,)* rule: PhantomData }),
            Function::Activation(Activation::Relu) => $machine.run($op::<A, Relu> { $($field: $value,)* rule: PhantomData }),
            Function::Sigmoid => $machine.run($op::<A, Sigmoid> { $($field: $value,)* rule: PhantomData }),
            Function::Exp => $machine.run($op::<A, Exp> { $($field: $value,)* rule: PhantomData }),
            Function::Hill => $machine.run($op::<A, Hill> { $($field: $value,)* rule: PhantomData }),
            Function::LogHill => $machine.run($op::<A, LogHill> { $($field: $value,)* rule: PhantomData }),
        }
    };
}

/// `z ← φ(z)`, and `kept` where the function keeps something. Whole lines only.
pub(crate) fn activate<A: Element>(
    machine: Machine,
    function: Function,
    z: &mut [A],
    kept: Option<&mut [A]>,
) {
    let kept = if function.keeps() { kept } else { None };
    by_rule!(machine, function, (), Forward { z: z, kept: kept });
}

/// `cotangent ← φ' · cotangent`.
pub(crate) fn pull_activation<A: Element>(
    machine: Machine,
    function: Function,
    cotangent: &mut [A],
    at: Kept<'_, A>,
) {
    by_rule!(machine, function, (), Slope { at: at, by: None, to: cotangent });
}

/// `dy ← φ' · dz`.
pub(crate) fn push_activation<A: Element>(
    machine: Machine,
    function: Function,
    dz: &[A],
    dy: &mut [A],
    at: Kept<'_, A>,
) {
    by_rule!(machine, function, dy.copy_from_slice(dz), Slope { at: at, by: Some(dz), to: dy });
}

/// `sum ← sum + φ'' · dz · b`, and then `b ← φ' · b`.
pub(crate) fn bend_activation<A: Element>(
    machine: Machine,
    function: Function,
    dz: &[A],
    b: &mut [A],
    sum: &mut [A],
    at: Kept<'_, A>,
) {
    by_rule!(machine, function, (), Bend { at: at, dz: dz, b: b, sum: sum });
}
