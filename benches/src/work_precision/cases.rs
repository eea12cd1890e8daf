//! The problems, each with its methods.

use super::methods::{Method, methods};
use anyhow::{Context, Result};
use chreode_bench_problems::{
    Arenstorf, Brusselator, Hires, Ivp, LotkaVolterra, LotkaVolterraLong, Point, Pollution, RigidBody, Rober,
    Timing, TwoBody, VanDerPol, time,
};
use std::time::Instant;

/// A problem and who solves it.
pub struct Case {
    /// The problem's name.
    pub name: &'static str,
    /// Whether it is stiff.
    pub stiff: bool,
    /// Our methods for it.
    pub methods: Vec<Method>,
}

/// Every problem.
pub fn cases() -> Vec<Case> {
    vec![
        case::<LotkaVolterra, 2>(),
        case::<LotkaVolterraLong, 2>(),
        case::<Brusselator, 2>(),
        case::<Arenstorf, 4>(),
        case::<RigidBody, 3>(),
        case::<TwoBody, 4>(),
        case::<VanDerPol, 2>(),
        case::<Rober, 3>(),
        case::<Hires, 8>(),
        case::<Pollution, 20>(),
    ]
}

fn case<P: Ivp<N> + 'static, const N: usize>() -> Case {
    Case { name: P::NAME, stiff: P::STIFF, methods: methods::<P, N>() }
}

/// A solve of `case` by `method` at a tolerance, timed; `None` when one solve takes longer than `limit` seconds.
///
/// # Errors
/// What the solver says.
pub fn measure(
    case: &Case,
    method: &Method,
    tolerance: f64,
    timing: Timing,
    limit: f64,
) -> Result<Option<Point>> {
    let solve = || {
        let place = || format!("{} on {} at {tolerance:e}", method.name, case.name);
        (method.solve)(tolerance).with_context(place)
    };
    let start = Instant::now();
    let solved = solve()?;
    if start.elapsed().as_secs_f64() > limit {
        return Ok(None);
    }
    let seconds = time(timing, solve);
    let implicit = |n: usize| method.implicit.then_some(n);
    Ok(Some(Point {
        problem: case.name.into(),
        library: "chreode".into(),
        method: method.name.into(),
        tolerance,
        seconds,
        evaluations: Some(solved.stats.evals),
        accepted: Some(solved.stats.accepted),
        rejected: Some(solved.stats.rejected),
        jacobians: implicit(solved.work.jacobians),
        factorisations: implicit(solved.work.factorisations),
        error: solved.error,
    }))
}
