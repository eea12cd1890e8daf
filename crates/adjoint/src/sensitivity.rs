//! Forward sensitivities: how the solution moves with its data.

use crate::outputs::begin;
use crate::{AdjointError, ParameterJvp};
use chreode_core::{Norm, Passenger, VectorField, VectorSpace};
use chreode_ode::{Solve, StepControl, Stepper};

/// A direction in which the data of a solve move: the initial state and the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Direction<Y, G> {
    /// Of the initial state.
    pub y0: Y,
    /// Of the parameters.
    pub params: G,
}

/// A state, and its derivative in each direction.
pub type Sensitive<Y> = (Y, Passenger<Vec<Y>>);

/// The field with the variational equations s′ = ∂f/∂y s + ∂f/∂θ v of all directions.
struct Variational<'p, P: ?Sized, Y, G> {
    problem: &'p P,
    directions: &'p [Direction<Y, G>],
}

impl<P, Y> VectorField<Sensitive<Y>> for Variational<'_, P, Y, P::Params>
where
    P: ParameterJvp<Y> + ?Sized,
    Y: VectorSpace,
{
    fn eval(&self, t: f64, (y, Passenger(s)): &Sensitive<Y>) -> Sensitive<Y> {
        let push = |(s, direction): (&Y, &Direction<Y, P::Params>)| {
            let by_params = self.problem.jvp_params(t, y, &direction.params);
            self.problem.jvp(t, y, s).plus(&[(1.0, &by_params)])
        };
        (self.problem.eval(t, y), Passenger(s.iter().zip(self.directions).map(push).collect()))
    }
}

/// The states at `times`, each with its derivative in each of `directions`, by the variational equations.
///
/// They ride along as [`Passenger`]s, so the steps are those of the plain solve; for a Runge-Kutta method
/// the derivatives are then those of the *steps*, and agree with [`Discrete`](crate::Discrete) to rounding.
/// One evaluation of the field and, for each direction, one of each tangent a stage: the way to take for
/// few directions and many outputs.
///
/// ```
/// use chreode_adjoint::{Direction, Transposed, sensitivities};
/// # use chreode_core::{Pullback, VectorField, Vjp};
/// use chreode_core::Tolerance;
/// use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve};
/// # struct Decay([f64; 1]);
/// # impl VectorField<[f64; 1]> for Decay {
/// #     fn eval(&self, _t: f64, y: &[f64; 1]) -> [f64; 1] { [-self.0[0] * y[0]] }
/// # }
/// # impl Vjp<[f64; 1]> for Decay {
/// #     type Params = [f64; 1];
/// #     fn vjp(&self, t: f64, y: &[f64; 1], a: &[f64; 1]) -> Pullback<[f64; 1], [f64; 1]> {
/// #         Pullback { value: self.eval(t, y), state: [-self.0[0] * a[0]], params: [-y[0] * a[0]] }
/// #     }
/// # }
///
/// // dy/dt = -k y with k = 2: how y moves with k.
/// let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-10)));
/// let with_k = vec![Direction { y0: [0.0], params: [1.0] }];
/// let found = sensitivities(&solve, &Transposed(Decay([2.0])), [1.0], &[0.0, 0.5], &with_k)?;
/// let (y, by_k) = &found[1];
/// assert!((by_k[0][0] + 0.5 * y[0]).abs() < 1e-8);
/// # Ok::<(), chreode_adjoint::AdjointError>(())
/// ```
///
/// # Errors
/// Those of the solve.
pub fn sensitivities<P, Y, S, C>(
    solve: &Solve<S, C>,
    problem: &P,
    y0: Y,
    times: &[f64],
    directions: &[Direction<Y, P::Params>],
) -> Result<Vec<(Y, Vec<Y>)>, AdjointError>
where
    P: ParameterJvp<Y> + ?Sized,
    Y: VectorSpace,
    S: for<'f> Stepper<dyn VectorField<Sensitive<Y>> + 'f, Sensitive<Y>>,
    C: StepControl<Norm: Norm<Sensitive<Y>>>,
{
    begin(times, &y0)?;
    let start = directions.iter().map(|direction| direction.y0.duplicate()).collect();
    let field: &dyn VectorField<Sensitive<Y>> = &Variational { problem, directions };
    let states = solve.at(field, (y0, Passenger(start)), times)?;
    Ok(states.into_iter().map(|(y, Passenger(s))| (y, s)).collect())
}
