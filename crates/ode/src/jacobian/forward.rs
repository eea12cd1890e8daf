//! Jacobians by forward mode, several columns a pass.

use super::colouring::Colouring;
use super::{Dual, Jacobian, Scalar};
use crate::Matrix;
use chreode_core::{Coordinates, VectorField};

/// A right-hand side written once for any scalar.
///
/// ```
/// use chreode_ode::{Formula, Scalar};
///
/// struct VanDerPol {
///     mu: f64,
/// }
///
/// impl Formula for VanDerPol {
///     fn formula<S: Scalar>(&self, _t: S, y: &[S], dy: &mut [S]) {
///         dy[0] = y[1];
///         dy[1] = (-y[0] * y[0] + 1.0) * y[1] * self.mu - y[0];
///     }
/// }
/// ```
pub trait Formula {
    /// `dy = f(t, y)`; every entry of `dy` is to be set.
    fn formula<S: Scalar>(&self, t: S, y: &[S], dy: &mut [S]);
}

impl<F: Formula + ?Sized> Formula for &F {
    #[inline]
    fn formula<S: Scalar>(&self, t: S, y: &[S], dy: &mut [S]) {
        (**self).formula(t, y, dy);
    }
}

/// The problem of a [`Formula`], its Jacobian exact by [`Dual`] numbers.
///
/// States whose coordinates are a slice of `f64` are handed to the formula as they are; others are copied.
#[derive(Clone, Copy, Debug)]
pub struct Forward<F>(pub F);

impl<Y: Coordinates, F: Formula> VectorField<Y> for Forward<F> {
    #[inline]
    fn eval(&self, t: f64, y: &Y) -> Y {
        let mut dy = y.zeros_like();
        self.eval_into(t, y, &mut dy);
        dy
    }

    #[inline]
    fn eval_into(&self, t: f64, y: &Y, dy: &mut Y) {
        if let (Some(y), Some(dy)) = (y.as_doubles(), dy.as_doubles_mut()) {
            return self.0.formula(t, y, dy);
        }
        let mut values = vec![0.0; 2 * y.size()];
        let (state, slope) = values.split_at_mut(y.size());
        y.read(state);
        self.0.formula(t, state, slope);
        dy.write(slope);
    }
}

/// Memory for Jacobians by [`Forward`].
pub struct ForwardWorkspace {
    colouring: Colouring,
    base: Vec<f64>,
    one: Passes<1>,
    two: Passes<2>,
    four: Passes<4>,
    eight: Passes<8>,
}

/// A state and a slope in duals.
struct Passes<const N: usize> {
    y: Vec<Dual<N>>,
    dy: Vec<Dual<N>>,
}

impl<const N: usize> Passes<N> {
    fn new(size: usize) -> Self {
        let zeros = vec![Dual::constant(0.0); size];
        Self { y: zeros.clone(), dy: zeros }
    }

    /// Differentiates by the columns of up to `N` colours from `first` on.
    #[inline]
    fn pass<F: Formula>(
        &mut self,
        formula: &F,
        t: f64,
        base: &[f64],
        colouring: &Colouring,
        first: usize,
        out: &mut Matrix,
    ) {
        let colours = first..colouring.count().min(first + N);
        for (y, base) in self.y.iter_mut().zip(base) {
            *y = Dual::constant(*base);
        }
        for (direction, colour) in colours.clone().enumerate() {
            for &j in colouring.columns(colour) {
                self.y[j] = Dual::variable(base[j], direction);
            }
        }
        formula.formula(Dual::constant(t), &self.y, &mut self.dy);
        for (direction, colour) in colours.enumerate() {
            for &j in colouring.columns(colour) {
                out.set_column(j, |i| self.dy[i].slope[direction]);
            }
        }
    }
}

impl<Y: Coordinates, F: Formula> Jacobian<Y> for Forward<F> {
    type Workspace = ForwardWorkspace;

    fn workspace(&self, y: &Y, like: &Matrix) -> ForwardWorkspace {
        let n = y.size();
        ForwardWorkspace {
            colouring: Colouring::new(like),
            base: vec![0.0; n],
            one: Passes::new(n),
            two: Passes::new(n),
            four: Passes::new(n),
            eight: Passes::new(n),
        }
    }

    fn jacobian(
        &self,
        t: f64,
        y: &Y,
        _slope: &Y,
        out: &mut Matrix,
        workspace: &mut ForwardWorkspace,
    ) -> usize {
        let ForwardWorkspace { colouring, base, two, four, eight, .. } = workspace;
        y.read(base);
        let (mut colour, mut passes) = (0, 0);
        while colour < colouring.count() {
            passes += 1;
            colour += match colouring.count() - colour {
                1..=2 => {
                    two.pass(&self.0, t, base, colouring, colour, out);
                    2
                }
                3..=4 => {
                    four.pass(&self.0, t, base, colouring, colour, out);
                    4
                }
                _ => {
                    eight.pass(&self.0, t, base, colouring, colour, out);
                    8
                }
            };
        }
        passes
    }

    fn time_derivative(
        &self,
        t: f64,
        y: &Y,
        _slope: &Y,
        out: &mut Y,
        workspace: &mut ForwardWorkspace,
    ) -> usize {
        let ForwardWorkspace { base, one, .. } = workspace;
        y.read(base);
        for (y, base) in one.y.iter_mut().zip(&*base) {
            *y = Dual::constant(*base);
        }
        self.0.formula(Dual::variable(t, 0), &one.y, &mut one.dy);
        for (base, dy) in base.iter_mut().zip(&one.dy) {
            *base = dy.slope[0];
        }
        out.write(base);
        1
    }
}
