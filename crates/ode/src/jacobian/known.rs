//! What is known of a problem besides its field.

use super::{Forward, Jacobian, WithJacobian};
use crate::{Matrix, Pattern, Structure};
use chreode_core::{Coordinates, FiniteDifference, VectorField};
use std::sync::Arc;

/// Says more of a problem: where its Jacobian has entries, its mass matrix, that time does not enter.
///
/// ```
/// use chreode_core::FiniteDifference;
/// use chreode_ode::Known;
/// use ndarray::Array1;
///
/// // Heat on a line: each point feels its neighbours.
/// let heat = |_t: f64, y: &Array1<f64>| {
///     let at = |i: usize| y.get(i).copied().unwrap_or(0.0);
///     Array1::from_shape_fn(y.len(), |i| at(i.wrapping_sub(1)) - 2.0 * at(i) + at(i + 1))
/// };
/// let problem = FiniteDifference(heat).banded(1, 1).autonomous();
/// # let _ = problem;
/// ```
pub trait Known: Sized {
    /// The Jacobian has entries only on `lower` diagonals below the main one, on it, and on `upper` above.
    fn banded(self, lower: usize, upper: usize) -> WithStructure<Self> {
        WithStructure { problem: self, structure: Structure::Banded { lower, upper } }
    }

    /// The Jacobian has entries only in the places of `pattern`.
    fn sparse(self, pattern: Pattern) -> WithStructure<Self> {
        WithStructure { problem: self, structure: Structure::Sparse(Arc::new(pattern)) }
    }

    /// The problem is M y′ = f(t, y). M may be singular where the method allows it.
    fn mass(self, mass: Matrix) -> WithMass<Self> {
        WithMass { problem: self, mass }
    }

    /// f does not depend on t, so ∂f/∂t is not evaluated.
    fn autonomous(self) -> Autonomous<Self> {
        Autonomous(self)
    }
}

impl<F> Known for FiniteDifference<F> {}
impl<F> Known for Forward<F> {}
impl<F, J> Known for WithJacobian<F, J> {}
impl<P> Known for WithStructure<P> {}
impl<P> Known for WithMass<P> {}
impl<P> Known for Autonomous<P> {}

/// A problem whose Jacobian has a structure; made by [`Known::banded`] and [`Known::sparse`].
#[derive(Clone, Debug)]
pub struct WithStructure<P> {
    /// The problem.
    pub problem: P,
    /// Where its Jacobian has entries.
    pub structure: Structure,
}

/// A problem with a mass matrix; made by [`Known::mass`].
#[derive(Clone, Debug)]
pub struct WithMass<P> {
    /// The problem.
    pub problem: P,
    /// M in M y′ = f(t, y).
    pub mass: Matrix,
}

/// A problem in which time does not enter; made by [`Known::autonomous`].
#[derive(Clone, Copy, Debug)]
pub struct Autonomous<P>(pub P);

/// Forwards everything to the problem inside, but for the methods in braces.
macro_rules! wraps {
    ($name:ident, $inner:tt, { $($own:item)* }, { $($passed:ident)* }) => {
        impl<Y, P: VectorField<Y>> VectorField<Y> for $name<P> {
            #[inline]
            fn eval(&self, t: f64, y: &Y) -> Y {
                self.$inner.eval(t, y)
            }

            #[inline]
            fn eval_into(&self, t: f64, y: &Y, dy: &mut Y) {
                self.$inner.eval_into(t, y, dy);
            }
        }

        impl<Y: Coordinates, P: Jacobian<Y>> Jacobian<Y> for $name<P> {
            type Workspace = P::Workspace;

            #[inline]
            fn workspace(&self, y: &Y, like: &Matrix) -> P::Workspace {
                self.$inner.workspace(y, like)
            }

            #[inline]
            fn jacobian(
                &self,
                t: f64,
                y: &Y,
                slope: &Y,
                out: &mut Matrix,
                workspace: &mut P::Workspace,
            ) -> usize {
                self.$inner.jacobian(t, y, slope, out, workspace)
            }

            $($own)*
            $(wraps!(@ $passed $inner);)*
        }
    };
    (@ structure $inner:tt) => {
        fn structure(&self) -> Structure {
            self.$inner.structure()
        }
    };
    (@ mass $inner:tt) => {
        #[inline]
        fn mass(&self) -> Option<&Matrix> {
            self.$inner.mass()
        }
    };
    (@ time_derivative $inner:tt) => {
        #[inline]
        fn time_derivative(
            &self,
            t: f64,
            y: &Y,
            slope: &Y,
            out: &mut Y,
            workspace: &mut P::Workspace,
        ) -> usize {
            self.$inner.time_derivative(t, y, slope, out, workspace)
        }
    };
}

wraps!(WithStructure, problem, {
    fn structure(&self) -> Structure {
        self.structure.clone()
    }
}, { mass time_derivative });

wraps!(WithMass, problem, {
    #[inline]
    fn mass(&self) -> Option<&Matrix> {
        Some(&self.mass)
    }
}, { structure time_derivative });

wraps!(Autonomous, 0, {
    #[inline]
    fn time_derivative(&self, _t: f64, _y: &Y, _slope: &Y, out: &mut Y, _workspace: &mut P::Workspace) -> usize {
        Y::sum_into(&[], out);
        0
    }
}, { structure mass });
