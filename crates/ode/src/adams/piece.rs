//! The interpolant of one Adams step, as a value of its own.

use super::basis::Basis;
use super::{Adams, AdamsMemory};
use crate::combine::with_more_terms;
use crate::{Dense, Piece};
use chreode_core::VectorSpace;

/// One step of an [`Adams`] method: the integral of the polynomial it stepped by; holds its own copy of the
/// slopes.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamsPiece<Y> {
    kind: Kind<Y>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind<Y> {
    Starting(Piece<Y>),
    Running { method: Adams, t: f64, h: f64, y: Y, basis: Box<Basis>, slopes: Vec<Y> },
}

impl<Y: VectorSpace> AdamsPiece<Y> {
    pub(super) fn starting(piece: Piece<Y>) -> Self {
        Self { kind: Kind::Starting(piece) }
    }

    pub(super) fn new(method: Adams, t: f64, h: f64, y: &Y, memory: &AdamsMemory<Y>) -> Self {
        let basis = Box::new(memory.basis);
        let slopes = memory.differences[..basis.order].iter().chain([&memory.ahead]).map(Y::duplicate);
        let slopes = slopes.collect();
        Self { kind: Kind::Running { method, t, h, y: y.duplicate(), basis, slopes } }
    }
}

impl<Y: VectorSpace> Dense<Y> for AdamsPiece<Y> {
    fn at(&self, at: f64) -> Y {
        match &self.kind {
            Kind::Starting(piece) => piece.at(at),
            Kind::Running { method, t, h, y, basis, slopes } => {
                let weights = method.weights(basis, (at - t) / h);
                with_more_terms(*h, &weights[..slopes.len()], slopes, &[], |terms| y.plus(terms))
            }
        }
    }
}
