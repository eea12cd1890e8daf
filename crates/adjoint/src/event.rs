//! Gradients across events: where a condition on the solution decides a time.

use chreode_core::{VectorField, VectorSpace};

/// A passage of g(t, y) through zero, and the derivatives of g there.
///
/// The time t* of an event moves with the solution: dt* = −(∂g/∂y · dy + ∂g/∂θ · dθ) / (∂g/∂t + ∂g/∂y · f).
/// A loss of the state and the time at the event is a loss of the solution at *fixed* t*, with the
/// cotangent that [`pull`](Self::pull) gives; that in turn is the last output of a solve from t₀ to t*.
///
/// A solve with resets is a chain of such solves, pulled back from the last: the gradient of one piece with
/// respect to its y₀ and t₀ ([`Gradient::times`](crate::Gradient)`[0]`) is, through the reset y⁺ = R(y⁻),
/// the loss of the event that ended the piece before.
///
/// ```
/// use chreode_adjoint::{Crossing, gradient};
/// # use chreode_core::{Pullback, Tolerance, VectorField, Vjp};
/// # use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve};
/// # struct Fall([f64; 1]);
/// # impl VectorField<[f64; 2]> for Fall {
/// #     fn eval(&self, _t: f64, y: &[f64; 2]) -> [f64; 2] { [y[1], -self.0[0]] }
/// # }
/// # impl Vjp<[f64; 2]> for Fall {
/// #     type Params = [f64; 1];
/// #     fn vjp(&self, t: f64, y: &[f64; 2], a: &[f64; 2]) -> Pullback<[f64; 2], [f64; 1]> {
/// #         Pullback { value: self.eval(t, y), state: [0.0, a[0]], params: [-a[1]] }
/// #     }
/// # }
///
/// // A stone falls from a height of 5 under gravity 10: it lands at t = sqrt(2 h / g) = 1. How does that
/// // time move with the height and with gravity?
/// let field = Fall([10.0]);
/// let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-10)));
/// let (ys, g) = gradient(&solve, &field, [5.0, 0.0], &[0.0, 1.0], |ys| {
///     let landing = Crossing { t: 1.0, y: &ys[1], by_t: 0.0, by_y: &[1.0, 0.0] };
///     vec![[0.0; 2], landing.pull(&field, &[0.0; 2], 1.0).expect("it falls fast").0]
/// })?;
/// assert!(ys[1][0].abs() < 1e-9);
/// assert!((g.y0[0] - 0.1).abs() < 1e-9 && (g.params[0] + 0.05).abs() < 1e-9);
/// # Ok::<(), chreode_adjoint::AdjointError>(())
/// ```
///
/// R. T. Q. Chen, B. Amos and M. Nickel, Learning neural event functions for ordinary differential
/// equations, ICLR 2021, arXiv:2011.03902.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing<'a, Y> {
    /// When it was.
    pub t: f64,
    /// The state there, before any reset.
    pub y: &'a Y,
    /// ∂g/∂t.
    pub by_t: f64,
    /// ∂g/∂y.
    pub by_y: &'a Y,
}

impl<Y: VectorSpace> Crossing<'_, Y> {
    /// The cotangent of the solution at fixed time t*, from the cotangents of the state and of the time of
    /// the event; and that of g, with which parameters of g enter: ∂L/∂θ gains it times ∂g/∂θ.
    ///
    /// `None` where the solution only grazes g = 0, so that the time has no derivative.
    pub fn pull<P: VectorField<Y> + ?Sized>(&self, field: &P, state: &Y, time: f64) -> Option<(Y, f64)> {
        let slope = field.eval(self.t, self.y);
        let rate = self.by_t + self.by_y.dot(&slope);
        let of_g = -(state.dot(&slope) + time) / rate;
        of_g.is_finite().then(|| (state.plus(&[(of_g, self.by_y)]), of_g))
    }
}
