//! Every method against the sensitivities of the Lotka-Volterra system to 24 digits.

use crate::common;

use chreode_adjoint::{
    Adjoint, Backsolve, Direction, Discrete, Gradient, Interpolating, Quadrature, Retracing, Transposed,
    sensitivities,
};
use chreode_core::{Pullback, Tolerance, VectorField, Vjp};
use chreode_ode::{DOPRI5, ExplicitRk, Pi, ReversibleRk, Solve, VERNER7};
use common::apart;

/// x′ = a x − b x y, y′ = −c y + d x y.
struct LotkaVolterra([f64; 4]);

impl VectorField<[f64; 2]> for LotkaVolterra {
    fn eval(&self, _t: f64, &[x, y]: &[f64; 2]) -> [f64; 2] {
        let [a, b, c, d] = self.0;
        [a * x - b * x * y, -c * y + d * x * y]
    }
}

impl Vjp<[f64; 2]> for LotkaVolterra {
    type Params = [f64; 4];
    fn vjp(&self, t: f64, s: &[f64; 2], u: &[f64; 2]) -> Pullback<[f64; 2], [f64; 4]> {
        let ([x, y], [a, b, c, d]) = (*s, self.0);
        Pullback {
            value: self.eval(t, s),
            state: [u[0] * (a - b * y) + u[1] * d * y, -u[0] * b * x + u[1] * (d * x - c)],
            params: [u[0] * x, -u[0] * x * y, -u[1] * y, u[1] * x * y],
        }
    }
}

const FIELD: LotkaVolterra = LotkaVolterra([1.5, 1.0, 3.0, 1.0]);

/// y(10) from (1, 1). By Gragg-Bulirsch-Stoer extrapolation in 40 digits, with two step sizes that agree to
/// 7e-36.
#[allow(clippy::excessive_precision, reason = "the digits of the reference")]
const END: [f64; 2] = [1.026344767575089319138687, 0.9096910781360416175482459];

/// The derivatives of both with respect to x₀, y₀, a, b, c, d; likewise.
#[allow(clippy::excessive_precision, reason = "the digits of the reference")]
const SENSITIVITIES: [[f64; 2]; 6] = [
    [1.965996054728169080621319, -2.743979155920181058254319],
    [0.1885687770780593063096404, 0.2117134891466831362504632],
    [2.160557523562618032038613, -6.256770517220815997800514],
    [0.1885687770780593063096404, -0.6979775889893584812977827],
    [0.5631827941681977203545313, -1.709017680597934826675996],
    [0.939651287153079761482632, -2.743979155920181058254319],
];

const COTANGENT: [f64; 2] = [0.7, -1.3];

/// Against what the references say of the loss `COTANGENT · y(10)`, its time included.
fn error(ys: &[[f64; 2]], g: &Gradient<[f64; 2], [f64; 4]>) -> f64 {
    let along = |s: &[f64; 2]| COTANGENT[0] * s[0] + COTANGENT[1] * s[1];
    let mut exact: Vec<_> = SENSITIVITIES.iter().map(along).collect();
    // The clock is not read, so moving the start is moving the end the other way.
    let by_end = along(&FIELD.eval(10.0, &END));
    exact.extend([-by_end, by_end]);
    let found: Vec<_> = g.y0.iter().chain(&g.params).chain(&g.times).copied().collect();
    apart(&found, &exact).max(apart(&ys[1], &END))
}

fn run<S, C, A: Adjoint<LotkaVolterra, [f64; 2], S, C>>(adjoint: &A, solve: &Solve<S, C>) -> f64 {
    let loss = |_: &[[f64; 2]]| vec![[0.0; 2], COTANGENT];
    let (ys, g) = adjoint.gradient(solve, &FIELD, [1.0, 1.0], &[0.0, 10.0], loss).expect("a smooth solve");
    error(&ys, &g)
}

#[test]
fn every_method_reaches_the_reference() {
    let solve = |tolerance| Solve::new(ExplicitRk::new(VERNER7), Pi::new(Tolerance::both(tolerance)));
    let reversible = |tolerance| Solve::new(ReversibleRk::new(DOPRI5), Pi::new(Tolerance::both(tolerance)));
    let errors = |tolerance: f64| {
        let solve = solve(tolerance);
        [
            run(&Discrete::checkpoints(5), &solve),
            run(&Retracing, &reversible(tolerance)),
            run(&Interpolating::new(solve), &solve),
            run(&Quadrature::new(solve).points(6), &solve),
            run(&Backsolve::new(solve), &solve),
        ]
    };
    let mut before = [f64::INFINITY; 5];
    for tolerance in [1e-5, 1e-8, 1e-11] {
        for (i, error) in errors(tolerance).into_iter().enumerate() {
            // The reversible method's own error is larger: y and z drift apart, up to the tolerance a step,
            // over 1/(1 − λ) steps.
            let factor = if i == 1 { 1e5 } else { 1e3 };
            let within = error < factor * tolerance && error < 0.05 * before[i];
            assert!(within, "method {i} at {tolerance}: {error}");
            before[i] = error;
        }
    }
}

#[test]
fn forward_sensitivities_reach_it_too() {
    let solve = Solve::new(ExplicitRk::new(VERNER7), Pi::new(Tolerance::both(1e-12)));
    let unit = |i: usize, j: usize| f64::from(u8::from(i == j));
    let directions: Vec<_> = (0..6)
        .map(|i| Direction { y0: [unit(i, 0), unit(i, 1)], params: std::array::from_fn(|j| unit(i, j + 2)) })
        .collect();
    let found = sensitivities(&solve, &Transposed(FIELD), [1.0, 1.0], &[0.0, 10.0], &directions).unwrap();
    assert!(apart(&found[1].1.concat(), &SENSITIVITIES.concat()) < 1e-9, "{found:?}");
}
