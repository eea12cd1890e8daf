//! The parameter gradient as an integral of its own.

use crate::backwards::{Outputs, backwards};
use crate::gauss::gauss_legendre;
use crate::interpolating::SolutionTape;
use crate::{Adjoint, AdjointError, Gradient};
use chreode_core::{Norm, VectorField, VectorSpace, Vjp};
use chreode_ode::{Dense, Solve, Span, StepControl, Stepper};

/// The adjoint equation a′ = −aᵀ ∂f/∂y along the interpolated forward solution, and
/// g = ∫ aᵀ ∂f/∂θ dt by Gauss-Legendre quadrature on each of its steps.
///
/// As [`Interpolating`](crate::Interpolating), but the state solved backwards has no parameters: with many
/// of them, a step needs no memory and no arithmetic for g at each stage, only at `points` nodes. The
/// quadrature is exact for polynomials of degree 2 `points` − 1, and no better than the dense output of a.
///
/// C. Rackauckas et al., 2020, arXiv:2001.04385 (quadrature adjoint); A. T. Norcliffe and M. P. Deisenroth,
/// Faster training of neural ODEs using Gauss-Legendre quadrature, TMLR 2023, arXiv:2308.10644.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quadrature<S, C> {
    /// What solves the adjoint equation: an explicit method.
    pub solve: Solve<S, C>,
    /// Nodes on each of its steps, from 1 to 16; 3 unless set.
    pub points: usize,
}

impl<S, C> Quadrature<S, C> {
    /// Solves the adjoint equation with `solve`, with three nodes a step.
    pub const fn new(solve: Solve<S, C>) -> Self {
        Self { solve, points: 3 }
    }

    /// With `n` nodes a step.
    pub fn points(self, n: usize) -> Self {
        Self { points: n, ..self }
    }
}

/// The right-hand side of a.
struct Costate<'p, P: ?Sized, Y, D> {
    problem: &'p P,
    tape: &'p SolutionTape<Y, D>,
}

impl<P: Vjp<Y> + ?Sized, Y: VectorSpace, D: Dense<Y>> VectorField<Y> for Costate<'_, P, Y, D> {
    fn eval(&self, t: f64, a: &Y) -> Y {
        let back = self.problem.vjp(t, &self.tape.at(t), a);
        a.zeros_like().plus(&[(-1.0, &back.state)])
    }
}

impl<P, Y, S, C, S2, C2> Adjoint<P, Y, S, C> for Quadrature<S2, C2>
where
    P: Vjp<Y> + ?Sized,
    Y: VectorSpace,
    S: Stepper<P, Y>,
    C: StepControl<Norm: Norm<Y>>,
    S2: for<'f> Stepper<dyn VectorField<Y> + 'f, Y>,
    C2: StepControl<Norm: Norm<Y>>,
{
    type Tape = SolutionTape<Y, S::Dense>;

    fn forward(
        &self,
        solve: &Solve<S, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, Self::Tape), AdjointError> {
        if !(1..=16).contains(&self.points) {
            return Err(AdjointError::Points { points: self.points });
        }
        SolutionTape::record(solve, problem, y0, times)
    }

    fn backward(
        &self,
        _solve: &Solve<S, C>,
        problem: &P,
        tape: &Self::Tape,
        cotangents: &[Y],
    ) -> Result<Gradient<Y, P::Params>, AdjointError> {
        let Outputs { times, ys } = &tape.outputs;
        let field: &dyn VectorField<Y> = &Costate { problem, tape };
        let rule = gauss_legendre(self.points);
        backwards(problem, times, ys, cotangents, |i, a, mut params| {
            let span = Span { t0: times[i], t1: times[i - 1] };
            let mut driver = self.solve.start(field, span, a)?;
            while let Some(step) = driver.step()? {
                // Signed as the integral from t₀ to t₁, which the way back runs through the other way.
                let h = step.t0 - step.t1;
                let at = |x: f64| step.t0 - h * x;
                let pulled: Vec<_> = rule
                    .iter()
                    .map(|&(x, w)| (h * w, problem.vjp(at(x), &tape.at(at(x)), &step.at(at(x))).params))
                    .collect();
                let terms: Vec<_> = pulled.iter().map(|(w, params)| (*w, params)).collect();
                params = params.plus(&terms);
            }
            Ok((driver.y().duplicate(), params))
        })
    }
}
