//! Our methods, one a line.

use super::system::System;
use chreode_bench_problems::Ivp;
use chreode_core::Tolerance;
use chreode_ode::{
    Adams, BOSH3, Bdf, CASH_KARP, DOPRI5, DOPRI8, Dirk, ESDIRK43, ESDIRK54, ExplicitRk, KVAERNO3, KVAERNO4,
    KVAERNO5, Last, Pi, RODAS4, RODAS5P, Radau, Rosenbrock, Solve, SolveError, Span, Stats, StepControl,
    Stepper, TRBDF2, TSIT5, VERNER6, VERNER7, VERNER8, VERNER9, Work,
};

/// Steps after which a method has lost.
const MOST_STEPS: usize = 5_000_000;

/// A method on one problem.
pub struct Method {
    /// Its published name.
    pub name: &'static str,
    /// Whether it factorises matrices.
    pub implicit: bool,
    /// Solves the problem at a tolerance.
    pub solve: Box<dyn Fn(f64) -> Result<Solved, SolveError>>,
}

/// What a solve cost, and its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solved {
    /// Steps and evaluations.
    pub stats: Stats,
    /// Linear algebra.
    pub work: Work,
    /// The mixed error at the end.
    pub error: f64,
}

/// The methods that suit a problem.
pub(super) fn methods<P: Ivp<N> + 'static, const N: usize>() -> Vec<Method> {
    if P::STIFF { stiff::<P, N>() } else { explicit::<P, N>() }
}

fn explicit<P: Ivp<N> + 'static, const N: usize>() -> Vec<Method> {
    vec![
        method::<P, _, N>("Bosh3", false, || ExplicitRk::new(BOSH3)),
        method::<P, _, N>("Cash-Karp", false, || ExplicitRk::new(CASH_KARP)),
        method::<P, _, N>("Dopri5", false, || ExplicitRk::new(DOPRI5)),
        method::<P, _, N>("Tsit5", false, || ExplicitRk::new(TSIT5)),
        method::<P, _, N>("Dopri8", false, || ExplicitRk::new(DOPRI8)),
        method::<P, _, N>("Verner6", false, || ExplicitRk::new(VERNER6)),
        method::<P, _, N>("Verner7", false, || ExplicitRk::new(VERNER7)),
        method::<P, _, N>("Verner8", false, || ExplicitRk::new(VERNER8)),
        method::<P, _, N>("Verner9", false, || ExplicitRk::new(VERNER9)),
        method::<P, _, N>("Adams", false, Adams::default),
    ]
}

fn stiff<P: Ivp<N> + 'static, const N: usize>() -> Vec<Method> {
    vec![
        method::<P, _, N>("TR-BDF2", true, || Dirk::new(TRBDF2)),
        method::<P, _, N>("Kvaerno3", true, || Dirk::new(KVAERNO3)),
        method::<P, _, N>("Kvaerno4", true, || Dirk::new(KVAERNO4)),
        method::<P, _, N>("Kvaerno5", true, || Dirk::new(KVAERNO5)),
        method::<P, _, N>("ESDIRK43", true, || Dirk::new(ESDIRK43)),
        method::<P, _, N>("ESDIRK54", true, || Dirk::new(ESDIRK54)),
        method::<P, _, N>("Rodas4", true, || Rosenbrock::new(RODAS4)),
        method::<P, _, N>("Rodas5P", true, || Rosenbrock::new(RODAS5P)),
        method::<P, _, N>("Radau", true, Radau::new),
        method::<P, _, N>("NDF", true, Bdf::new),
    ]
}

/// A method under the usual controller.
fn method<P, S, const N: usize>(
    name: &'static str,
    implicit: bool,
    stepper: impl Fn() -> S + 'static,
) -> Method
where
    P: Ivp<N> + 'static,
    S: Stepper<System<P, N>, [f64; N]>,
{
    let solve = move |tolerance: f64| run::<P, S, _, N>(stepper(), Pi::new(scaled::<P, N>(tolerance)));
    Method { name, implicit, solve: Box::new(solve) }
}

/// rtol, and atol on the problem's scale.
fn scaled<P: Ivp<N>, const N: usize>(tolerance: f64) -> Tolerance {
    Tolerance { rtol: tolerance, atol: tolerance * P::SCALE }
}

fn run<P, S, C, const N: usize>(stepper: S, control: C) -> Result<Solved, SolveError>
where
    P: Ivp<N>,
    S: Stepper<System<P, N>, [f64; N]>,
    C: StepControl<Norm = Tolerance>,
{
    let solve = Solve::new(stepper, control).max_steps(MOST_STEPS);
    let mut last = Last::new();
    let span = Span { t0: 0.0, t1: P::T1 };
    let report = solve.run(&System::<P, N>::new(), span, P::Y0, &mut last)?;
    let (_, end) = last.0.expect("a finished solve has a last state");
    Ok(Solved { stats: report.stats, work: report.work, error: P::error(&end) })
}
