//! Implicit methods on small problems: measured orders, the laws of steppers, mass matrices.

use chreode_core::{FiniteDifference, Norm, Tolerance};
use chreode_ode::{
    About, Dirk, ESDIRK32, ESDIRK43, ESDIRK54, Fixed, Formula, Forward, IMPLICIT_EULER, IMPLICIT_MIDPOINT,
    Imex, ImplicitTableau, KENCARP3, KENCARP4, KENCARP5, KVAERNO3, KVAERNO4, KVAERNO5, Known, Matrix, Pi,
    RODAS4, RODAS5P, Rosenbrock, Scalar, Solve, SolveError, Span, Split, StepError, Stepper, Structure,
    TRAPEZOID, TRBDF2,
};
use chreode_testing::{
    FORCED_DECAY, Field, HARMONIC_OSCILLATOR, LOGISTIC, LOTKA_VOLTERRA, Problem, ROBERTSON, Robertson,
    measured_order, stepper_laws,
};

/// An implicit stepper on a plain field, its Jacobian by differences.
#[derive(Clone, Copy)]
struct OnField<S>(S);

/// An additive stepper on a plain field: a fifth of it is explicit.
#[derive(Clone, Copy)]
struct OnHalves(Imex);

type Part<const N: usize> = FiniteDifference<Box<dyn Fn(f64, &[f64; N]) -> [f64; N]>>;
type Halves<const N: usize> = Split<Box<dyn Fn(f64, &[f64; N]) -> [f64; N]>, Part<N>>;

fn halves<const N: usize>(field: Field<N>) -> Halves<N> {
    Split {
        explicit: Box::new(move |t, y| field(t, y).map(|v| 0.2 * v)),
        implicit: FiniteDifference(Box::new(move |t, y| field(t, y).map(|v| 0.8 * v))),
    }
}

macro_rules! adapts {
    ($name:ty, [$($bound:tt)*], $problem:ty, $make:expr, $inner:ty) => {
        impl<const N: usize, $($bound)*> Stepper<Field<N>, [f64; N]> for $name {
            type Memory = <$inner as Stepper<$problem, [f64; N]>>::Memory;
            type Dense = <$inner as Stepper<$problem, [f64; N]>>::Dense;
            fn about(&self) -> About {
                Stepper::<$problem, [f64; N]>::about(&self.0)
            }
            fn init(&self, field: &Field<N>, t: f64, y: &[f64; N]) -> Result<Self::Memory, StepError> {
                self.0.init(&$make(*field), t, y)
            }
            fn propose(
                &self,
                field: &Field<N>,
                t: f64,
                h: f64,
                y: &[f64; N],
                memory: &mut Self::Memory,
            ) -> Result<usize, StepError> {
                self.0.propose(&$make(*field), t, h, y, memory)
            }
            fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m [f64; N] {
                Stepper::<$problem, [f64; N]>::proposed(&self.0, memory)
            }
            fn dense(&self, t: f64, h: f64, y: &[f64; N], memory: &Self::Memory) -> Self::Dense {
                Stepper::<$problem, [f64; N]>::dense(&self.0, t, h, y, memory)
            }
            fn interpolate(&self, at: f64, t: f64, h: f64, y: &[f64; N], memory: &Self::Memory) -> [f64; N] {
                Stepper::<$problem, [f64; N]>::interpolate(&self.0, at, t, h, y, memory)
            }
            fn commit(&self, y: &mut [f64; N], memory: &mut Self::Memory) {
                Stepper::<$problem, [f64; N]>::commit(&self.0, y, memory);
            }
            fn error<M: Norm<[f64; N]>>(
                &self,
                h: f64,
                y: &[f64; N],
                norm: &M,
                memory: &mut Self::Memory,
            ) -> Option<f64> {
                Stepper::<$problem, [f64; N]>::error(&self.0, h, y, norm, memory)
            }
        }
    };
}

adapts!(OnField<S>, [S: Stepper<FiniteDifference<Field<N>>, [f64; N]>], FiniteDifference<Field<N>>, FiniteDifference, S);
adapts!(OnHalves, [], Halves<N>, halves, Imex);

fn slope<S, const N: usize>(stepper: S, problem: &Problem<N>, steps: &[usize], order: f64, name: &str)
where
    S: Stepper<Field<N>, [f64; N]> + Copy,
{
    let slope = measured_order(stepper, problem, steps).expect(problem.name);
    assert!((slope - order).abs() < 0.3, "{name} on {}: {slope}", problem.name);
}

#[test]
fn diagonally_implicit_methods_show_their_orders() {
    let cases: [(ImplicitTableau, &[usize], &[usize]); 10] = [
        (IMPLICIT_EULER, &[400, 800, 1600], &[400, 800, 1600]),
        (IMPLICIT_MIDPOINT, &[100, 200, 400], &[50, 100, 200]),
        (TRAPEZOID, &[100, 200, 400], &[50, 100, 200]),
        (TRBDF2, &[100, 200, 400], &[50, 100, 200]),
        (KVAERNO3, &[100, 200, 400], &[40, 80, 160]),
        (KVAERNO4, &[100, 200, 400], &[20, 40, 80]),
        (KVAERNO5, &[40, 80, 160], &[10, 20, 40]),
        (ESDIRK32, &[100, 200, 400], &[40, 80, 160]),
        (ESDIRK43, &[60, 120, 240], &[20, 40, 80]),
        (ESDIRK54, &[40, 80, 160], &[10, 20, 40]),
    ];
    for (tableau, long, short) in cases {
        let it = tableau.coefficients();
        let stepper = OnField(Dirk::new(tableau));
        slope(stepper, &LOTKA_VOLTERRA, long, f64::from(it.order), it.name);
        slope(stepper, &FORCED_DECAY, short, f64::from(it.order), it.name);
        slope(stepper, &HARMONIC_OSCILLATOR, short, f64::from(it.order), it.name);
    }
}

#[test]
fn rosenbrock_methods_show_their_orders() {
    for (method, long, short) in
        [(RODAS4, [800, 1600, 3200], [20, 40, 80]), (RODAS5P, [150, 300, 600], [10, 20, 40])]
    {
        let stepper = OnField(Rosenbrock::new(method));
        slope(stepper, &LOTKA_VOLTERRA, &long, f64::from(method.order), method.name);
        slope(stepper, &FORCED_DECAY, &short, f64::from(method.order), method.name);
        slope(stepper, &LOGISTIC, &short, f64::from(method.order), method.name);
    }
}

#[test]
fn additive_methods_show_their_orders() {
    for (tableau, long, short) in [
        (KENCARP3, [400, 800, 1600], [40, 80, 160]),
        (KENCARP4, [100, 200, 400], [20, 40, 80]),
        (KENCARP5, [80, 160, 320], [10, 20, 40]),
    ] {
        let order = f64::from(tableau.implicit().coefficients().order);
        let stepper = OnHalves(Imex::new(tableau));
        slope(stepper, &LOTKA_VOLTERRA, &long, order, tableau.name());
        slope(stepper, &FORCED_DECAY, &short, order, tableau.name());
        slope(stepper, &HARMONIC_OSCILLATOR, &short, order, tableau.name());
    }
}

#[test]
fn implicit_steppers_keep_the_laws() {
    for tableau in [
        IMPLICIT_EULER,
        IMPLICIT_MIDPOINT,
        TRAPEZOID,
        TRBDF2,
        KVAERNO3,
        KVAERNO4,
        KVAERNO5,
        ESDIRK43,
        ESDIRK54,
    ] {
        stepper_laws(&OnField(Dirk::new(tableau)), &LOTKA_VOLTERRA, 1e-11);
        stepper_laws(&OnField(Dirk::new(tableau)), &FORCED_DECAY, 1e-11);
    }
    for method in [RODAS4, RODAS5P] {
        stepper_laws(&OnField(Rosenbrock::new(method)), &LOTKA_VOLTERRA, 1e-13);
        stepper_laws(&OnField(Rosenbrock::new(method)), &FORCED_DECAY, 1e-13);
    }
    for tableau in [KENCARP3, KENCARP4, KENCARP5] {
        stepper_laws(&OnHalves(Imex::new(tableau)), &LOTKA_VOLTERRA, 1e-11);
        stepper_laws(&OnHalves(Imex::new(tableau)), &FORCED_DECAY, 1e-11);
    }
}

#[test]
fn interpolants_have_their_orders() {
    // The state in the middle of the steps, against the closed form.
    fn between<S: Stepper<Field<1>, [f64; 1]> + Copy>(stepper: S, steps: usize) -> f64 {
        let Problem { field, span, y0, .. } = FORCED_DECAY;
        let h = (span.t1 - span.t0) / steps as f64;
        let (mut y, mut t, mut worst) = (y0, span.t0, 0.0f64);
        let mut memory = stepper.init(&field, t, &y).unwrap();
        for _ in 0..steps {
            stepper.propose(&field, t, h, &y, &mut memory).unwrap();
            for theta in [0.3, 0.6] {
                let at = t + theta * h;
                let found = stepper.interpolate(at, t, h, &y, &memory)[0];
                worst = worst.max((found - at.sin() - (-at).exp()).abs());
            }
            stepper.commit(&mut y, &mut memory);
            t += h;
        }
        worst
    }
    fn order<S: Stepper<Field<1>, [f64; 1]> + Copy>(stepper: S, least: f64) {
        let slope = (between(stepper, 20) / between(stepper, 40)).log2();
        assert!(slope > least - 0.3, "{}: {slope}", stepper.about().name);
    }
    order(OnField(Dirk::new(IMPLICIT_EULER)), 1.0);
    order(OnField(Dirk::new(IMPLICIT_MIDPOINT)), 2.0);
    order(OnField(Dirk::new(TRAPEZOID)), 2.0);
    order(OnField(Dirk::new(KVAERNO3)), 3.0);
    order(OnField(Dirk::new(KVAERNO5)), 4.0);
    order(OnField(Dirk::new(ESDIRK54)), 4.0);
    order(OnField(Rosenbrock::new(RODAS4)), 4.0);
    order(OnField(Rosenbrock::new(RODAS5P)), 5.0);
    order(OnHalves(Imex::new(KENCARP3)), 3.0);
    order(OnHalves(Imex::new(KENCARP4)), 4.0);
    order(OnHalves(Imex::new(KENCARP5)), 4.0);
}

/// Robertson's problem with the sum of the three as an equation without derivative.
struct RobertsonSum;

impl Formula for RobertsonSum {
    fn formula<S: Scalar>(&self, t: S, y: &[S], dy: &mut [S]) {
        Robertson.formula(t, y, dy);
        dy[2] = y[0] + y[1] + y[2] - 1.0;
    }
}

fn robertson(t1: f64) -> [f64; 3] {
    let solve = Solve::new(Rosenbrock::new(RODAS5P), Pi::new(Tolerance { rtol: 1e-11, atol: 1e-16 }));
    solve.end(&Forward(Robertson), Span { t0: 0.0, t1 }, ROBERTSON.y0).expect("a tight solve")
}

#[test]
fn a_singular_mass_matrix_gives_the_same_solution() {
    let problem = || Forward(RobertsonSum).mass(Matrix::diagonal(&[1.0, 1.0, 0.0])).autonomous();
    let pi = Pi::new(Tolerance { rtol: 1e-7, atol: 1e-12 });
    let span = Span { t0: 0.0, t1: 1e4 };
    let exact = robertson(1e4);
    macro_rules! solves {
        ($($stepper:expr),*) => {$(
            let y = Solve::new($stepper, pi).end(&problem(), span, [1.0, 0.0, 0.0]).unwrap();
            for i in 0..3 {
                assert!((y[i] / exact[i] - 1.0).abs() < 2e-5, "{}: {y:?} and not {exact:?}", stringify!($stepper));
            }
            assert!((y[0] + y[1] + y[2] - 1.0).abs() < 1e-9, "{}: {y:?}", stringify!($stepper));
        )*};
    }
    solves!(
        Rosenbrock::new(RODAS4),
        Rosenbrock::new(RODAS5P),
        Dirk::new(KVAERNO3),
        Dirk::new(KVAERNO5),
        Dirk::new(ESDIRK54)
    );
}

#[test]
fn a_regular_mass_matrix_is_a_change_of_variables() {
    // M y′ = M A y with M dense and banded, against y′ = A y.
    let a = [[-2.0, 1.0, 0.0], [1.0, -3.0, 1.0], [0.5, 1.0, -40.0]];
    let m = [[2.0, 0.5, 0.0], [0.3, 1.0, -0.2], [0.0, 0.4, 3.0]];
    let times = |m: &[[f64; 3]; 3], y: &[f64; 3]| m.map(|row| row[0] * y[0] + row[1] * y[1] + row[2] * y[2]);
    let plain = FiniteDifference(|t: f64, y: &[f64; 3]| times(&a, y).map(|v| v + t.sin()));
    let moved = || FiniteDifference(|t: f64, y: &[f64; 3]| times(&m, &times(&a, y).map(|v| v + t.sin())));
    let mut band = Matrix::zeros(3, Structure::Banded { lower: 1, upper: 1 });
    band.set_rows(&m);
    assert_eq!(band.outside(), None);
    let span = Span { t0: 0.0, t1: 2.0 };
    for mass in [Matrix::from_rows(&m), band] {
        let massive = moved().mass(mass);
        let pi = Pi::new(Tolerance::both(1e-9));
        let y0 = [1.0, 0.0, 2.0];
        let exact = Solve::new(Rosenbrock::new(RODAS5P), pi).end(&plain, span, y0).unwrap();
        for y in [
            Solve::new(Rosenbrock::new(RODAS5P), pi).end(&massive, span, y0).unwrap(),
            Solve::new(Rosenbrock::new(RODAS4), pi).end(&massive, span, y0).unwrap(),
            Solve::new(Dirk::new(KVAERNO5), pi).end(&massive, span, y0).unwrap(),
            Solve::new(Dirk::new(KVAERNO4), pi).end(&massive, span, y0).unwrap(),
            Solve::new(Dirk::new(IMPLICIT_MIDPOINT), Fixed::steps(20_000)).end(&massive, span, y0).unwrap(),
        ] {
            for i in 0..3 {
                assert!((y[i] - exact[i]).abs() < 2e-8, "{y:?} and not {exact:?}");
            }
        }
    }
}

#[test]
fn what_a_mass_matrix_cannot_be_is_said() {
    let problem = || Forward(RobertsonSum).mass(Matrix::diagonal(&[1.0, 1.0, 0.0]));
    let pi = Pi::new(Tolerance { rtol: 1e-7, atol: 1e-10 });
    let span = Span { t0: 0.0, t1: 1.0 };
    // Not consistent: the sum is not 1.
    for error in [
        Solve::new(Rosenbrock::new(RODAS5P), pi).end(&problem(), span, [1.0, 0.0, 0.25]).unwrap_err(),
        Solve::new(Dirk::new(KVAERNO5), pi).end(&problem(), span, [1.0, 0.0, 0.25]).unwrap_err(),
        Solve::new(Dirk::new(KVAERNO5), Fixed::steps(9)).end(&problem(), span, [1.0, 0.0, 0.25]).unwrap_err(),
    ] {
        let SolveError::Step(StepError::Inconsistent { t, entry, off }) = &error else { panic!("{error}") };
        assert!(*t == 0.0 && *entry == 2 && (off - 0.25).abs() < 1e-3, "{error}");
        assert!(error.to_string().starts_with(
            "the state at t = 0 does not satisfy the equations without derivatives: entry 2 is off by 2.5"
        ));
    }
    let error =
        Solve::new(Dirk::new(IMPLICIT_MIDPOINT), Fixed::steps(9)).end(&problem(), span, [1.0, 0.0, 0.0]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "implicit_midpoint cannot solve problems with a singular mass matrix; take a method that can, such as \
         kvaerno5"
    );
    let split = Split { explicit: |_: f64, _: &[f64; 3]| [0.0; 3], implicit: problem() };
    let error = Solve::new(Imex::new(KENCARP4), pi).end(&split, span, [1.0, 0.0, 0.0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "kencarp4 cannot solve problems with a mass matrix; take a method that can, such as kvaerno5"
    );
    let wrong = Forward(RobertsonSum).mass(Matrix::diagonal(&[1.0, 0.0]));
    let error = Solve::new(Rosenbrock::new(RODAS4), pi).end(&wrong, span, [1.0, 0.0, 0.0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the mass matrix has 2 rows where the state has 3 entries; give one row an entry"
    );
    // No equation for the last entry at all: the pencil is singular.
    let nothing = FiniteDifference(|_t: f64, y: &[f64; 2]| [-y[0], 0.0]).mass(Matrix::diagonal(&[1.0, 0.0]));
    let error = Solve::new(Rosenbrock::new(RODAS4), pi).end(&nothing, span, [1.0, 0.0]).unwrap_err();
    assert!(
        error.to_string().contains("needs the inverse of a singular matrix (no pivot in column 1)"),
        "{error}"
    );
}
