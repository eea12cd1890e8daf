//! Forward sensitivities, steady states, integrals: against the discrete gradient and closed forms.

use crate::common;

use chreode_adjoint::{
    Adjoint, AdjointError, Backsolve, Direction, Discrete, Implicit, Integrand, Transposed, WithEnergy,
    WithIntegral, gradient, sensitivities,
};
use chreode_core::{Passenger, Pullback, Tolerance, VectorField, Vjp};
use chreode_ode::{Adams, Pi, Solve, SolveError, Span, SteadyState, TSIT5};
use common::{DUFFING, Duffing, Linear, Lorenz, adaptive, apart, differences, fixed};

/// Every unit direction of the initial state, then of the parameters.
fn units<const N: usize, const M: usize>() -> Vec<Direction<[f64; N], [f64; M]>> {
    let unit = |i: usize| Direction {
        y0: std::array::from_fn(|j| f64::from(u8::from(i == j))),
        params: std::array::from_fn(|j| f64::from(u8::from(i == N + j))),
    };
    (0..N + M).map(unit).collect()
}

#[test]
fn forward_and_backward_agree_to_rounding() {
    let (y0, times) = ([0.6, -0.2], [0.1, 0.7, 0.8, 3.0]);
    let w = [[1.0, -0.5], [0.3, 0.2], [-2.0, 1.0], [0.0, 1.5]];
    let solve = adaptive(1e-5);
    let forward = sensitivities(&solve, &Transposed(DUFFING), y0, &times, &units()).unwrap();
    assert_eq!(forward[2].0, solve.at(&DUFFING, y0, &times).unwrap()[2]);
    let (_, g) = gradient(&solve, &DUFFING, y0, &times, |_| w.to_vec()).unwrap();
    let found: Vec<f64> = (0..7)
        .map(|i| forward.iter().zip(&w).map(|((_, s), w)| s[i][0] * w[0] + s[i][1] * w[1]).sum())
        .collect();
    let backward: Vec<_> = g.y0.into_iter().chain(g.params).collect();
    assert!(apart(&found, &backward) < 1e-13, "{found:?}, {backward:?}");
}

#[test]
fn forward_in_a_chaotic_window() {
    let (p, y0, times) = ([10.0, 28.0, 8.0 / 3.0], [1.0, 1.0, 1.0], [0.0, 15.0]);
    let solve = adaptive(1e-7);
    let forward = sensitivities(&solve, &Transposed(Lorenz(p)), y0, &times, &units()).unwrap();
    let adjoint = Discrete::checkpoints(7);
    let (_, g) =
        adjoint.gradient(&solve, &Lorenz(p), y0, &times, |_| vec![[0.0; 3], [1.0, 0.0, 0.0]]).unwrap();
    let backward: Vec<_> = g.y0.into_iter().chain(g.params).collect();
    let found: Vec<_> = forward[1].1.iter().map(|s| s[0]).collect();
    assert!(found.iter().any(|s| s.abs() > 100.0), "{found:?}");
    assert!(apart(&found, &backward) < 1e-10, "{found:?}, {backward:?}");
}

#[test]
fn forward_with_another_method() {
    // A method that no discrete gradient here knows, against the closed form: y = y₀ e^{kt}.
    let k: f64 = -0.7;
    let solve = Solve::new(Adams::new(), Pi::new(Tolerance::both(1e-10)));
    let field = Transposed(Linear([k, 0.0, 0.0, 0.0]));
    let found = sensitivities(&solve, &field, [2.0, 0.0], &[0.0, 1.5], &units()).unwrap();
    let e = (1.5 * k).exp();
    assert!((found[1].1[0][0] - e).abs() < 1e-6 && (found[1].1[2][0] - 3.0 * e).abs() < 1e-6, "{found:?}");
    let none = sensitivities(&solve, &field, [2.0, 0.0], &[], &units()).unwrap_err();
    assert_eq!(none, AdjointError::Solve(SolveError::NoTimes));
}

/// Two genes that hold each other down: x′ = a / (1 + y²) − b x, y′ = c / (1 + x²) − d y.
#[derive(Clone, Copy)]
struct Toggle([f64; 4]);

impl VectorField<[f64; 2]> for Toggle {
    fn eval(&self, _t: f64, &[x, y]: &[f64; 2]) -> [f64; 2] {
        let [a, b, c, d] = self.0;
        [a / (1.0 + y * y) - b * x, c / (1.0 + x * x) - d * y]
    }
}

impl Vjp<[f64; 2]> for Toggle {
    type Params = [f64; 4];
    fn vjp(&self, t: f64, s: &[f64; 2], u: &[f64; 2]) -> Pullback<[f64; 2], [f64; 4]> {
        let ([x, y], [a, b, c, d]) = (*s, self.0);
        let (p, q) = (1.0 + y * y, 1.0 + x * x);
        Pullback {
            value: self.eval(t, s),
            state: [-b * u[0] - 2.0 * c * x / (q * q) * u[1], -2.0 * a * y / (p * p) * u[0] - d * u[1]],
            params: [u[0] / p, -x * u[0], u[1] / q, -y * u[1]],
        }
    }
}

fn at_rest(p: &[f64]) -> SteadyState<[f64; 2]> {
    let field = Toggle(p.try_into().expect("four parameters"));
    let span = Span { t0: 0.0, t1: 500.0 };
    let solve = adaptive(1e-13);
    solve.steady_state(&field, span, [2.0, 0.3], &Tolerance::both(1e-12)).expect("it comes to rest")
}

#[test]
fn a_steady_state_moves_as_its_gradient_says() {
    let p = [3.0, 1.0, 2.5, 0.9];
    let w = [1.0, -2.0];
    let by_differences = differences(&p, 1e-3, |p| {
        let y = at_rest(p).y;
        w[0] * y[0] + w[1] * y[1]
    });
    let rest = at_rest(&p);
    let g = Implicit::new(1e-12).gradient(&Toggle(p), &rest, &w).unwrap();
    assert!(apart(&g, &by_differences) < 1e-8, "{g:?}, {by_differences:?}");
    // And as the discrete gradient over a long time does.
    let adjoint = Discrete::default();
    let (_, long) = adjoint
        .gradient(&adaptive(1e-11), &Toggle(p), [2.0, 0.3], &[0.0, 60.0], |_| vec![[0.0; 2], w])
        .unwrap();
    assert!(apart(&long.params, &g) < 1e-7, "{long:?}, {g:?}");
    assert!(long.y0.iter().all(|g| g.abs() < 1e-7), "{long:?}");
}

#[test]
fn a_steady_state_that_is_not_isolated() {
    // x′ = −x + y, y′ = x − y: rest wherever x = y.
    let field = Linear([-1.0, 1.0, 1.0, -1.0]);
    let span = Span { t0: 0.0, t1: 100.0 };
    let rest = adaptive(1e-10).steady_state(&field, span, [1.0, 0.0], &Tolerance::both(1e-8)).unwrap();
    let error = Implicit::new(1e-10).gradient(&field, &rest, &[1.0, 0.0]).unwrap_err();
    assert!(error.to_string().contains("the steady state may not be isolated"), "{error}");
    let few = Implicit::new(1e-12).iterations(1).gradient(
        &Toggle([3.0, 1.0, 2.5, 0.9]),
        &at_rest(&[3.0, 1.0, 2.5, 0.9]),
        &[1.0, 0.3],
    );
    assert!(matches!(few, Err(AdjointError::LinearSystem { iterations: 1, .. })), "{few:?}");
    let nan = Implicit::new(1e-10).gradient(&field, &rest, &[f64::NAN, 0.0]).unwrap_err();
    assert!(matches!(nan, AdjointError::CotangentNotFinite { .. }));
    assert_eq!(Implicit::new(1e-10).gradient(&field, &rest, &[0.0, 0.0]), Ok([0.0; 4]));
}

/// φ x²
struct Square([f64; 1]);

impl Integrand<[f64; 2]> for Square {
    type Value = f64;
    type Params = [f64; 1];
    fn eval(&self, _t: f64, y: &[f64; 2]) -> f64 {
        self.0[0] * y[0] * y[0]
    }
    fn pull(&self, t: f64, y: &[f64; 2], b: &f64) -> (f64, [f64; 2], [f64; 1]) {
        (self.eval(t, y), [2.0 * b * self.0[0] * y[0], 0.0], [b * y[0] * y[0]])
    }
}

#[test]
fn an_integral_rides_along() {
    // y = y₀ e^{kt}: ∫₀¹ φ y² = φ y₀² (e^{2k} − 1) / 2k.
    let (k, phi, y0): (f64, f64, f64) = (0.6, 1.5, 1.2);
    let problem = WithIntegral { field: Linear([k, 0.0, 0.0, 0.0]), integrand: Square([phi]) };
    let solve = adaptive(1e-10);
    let start = ([y0, 0.0], Passenger(0.0));
    let w = |_: &[([f64; 2], Passenger<f64>)]| vec![([0.0; 2], Passenger(0.0)), ([0.0; 2], Passenger(1.0))];
    let i = (2.0 * k).exp_m1() / (2.0 * k);
    let by_k = phi * y0 * y0 * ((2.0 * k).exp() / k - i / k);
    let exact = [2.0 * phi * y0 * i, by_k, y0 * y0 * i];
    let (ys, g) = gradient(&solve, &problem, start, &[0.0, 1.0], w).unwrap();
    assert!((ys[1].1.0 - phi * y0 * y0 * i).abs() < 1e-8);
    assert!(apart(&[g.y0.0[0], g.params.0[0], g.params.1[0]], &exact) < 1e-8, "{g:?}, {exact:?}");
    assert_eq!(g.y0.1.0, 1.0);
    let (_, g) = Backsolve::new(solve).gradient(&solve, &problem, start, &[0.0, 1.0], w).unwrap();
    assert!(apart(&[g.y0.0[0], g.params.0[0], g.params.1[0]], &exact) < 1e-8, "{g:?}, {exact:?}");
}

#[test]
fn the_energy_rides_along() {
    let (y0, times) = ([0.6, -0.2], [0.0, 2.0]);
    let solve = fixed(TSIT5, 9);
    let x: Vec<_> = y0.into_iter().chain(DUFFING.0).collect();
    let by_differences = differences(&x, 1e-3, |x| {
        let field = WithEnergy(Duffing(x[2..].try_into().expect("five parameters")));
        solve.at(&field, ([x[0], x[1]], Passenger(0.0)), &times).expect("a smooth solve")[1].1.0
    });
    let w = |_: &[([f64; 2], Passenger<f64>)]| vec![([0.0; 2], Passenger(0.0)), ([0.0; 2], Passenger(1.0))];
    let (ys, g) = gradient(&solve, &WithEnergy(DUFFING), (y0, Passenger(0.0)), &times, w).unwrap();
    assert!(ys[1].1.0 > 0.1);
    let found: Vec<_> = g.y0.0.into_iter().chain(g.params).collect();
    assert!(apart(&found, &by_differences) < 1e-9, "{found:?}, {by_differences:?}");
}
