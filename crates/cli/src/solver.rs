//! The solver that flags ask for.

use crate::args::SolverArgs;
use anyhow::{Result, bail};
use chreode_core::Tolerance;
use chreode_models::{Sampler, Steps};
use chreode_ode::{DOPRI5, EULER, Tableau};

/// Steps an interval of a method that is given no tolerance: what the published tables use.
const SUBSTEPS: usize = 100;

/// As many steps as a solve may take.
const MOST_SUBSTEPS: usize = 100_000;
/// Rounding in single precision hides finer errors.
const FINEST: f64 = 1e-7;

/// The sampler of the flags: `--tol` makes steps adaptive, `--substeps` makes them equal.
///
/// Without either, a method with an error estimate runs at `tol`, one without takes 100 equal steps.
pub(crate) fn sampler(args: &SolverArgs, default: Tableau, tol: f64) -> Result<Sampler> {
    let method = match &args.solver {
        Some(name) => Tableau::named(name)?,
        None if args.tol.is_some() => DOPRI5,
        None => default,
    };
    let estimates = method.coefficients().embedded.is_some();
    let steps = match (args.substeps, args.tol) {
        (Some(n), _) if !(1..=MOST_SUBSTEPS).contains(&n) => bail!("--substeps must be 1 to {MOST_SUBSTEPS}"),
        (Some(n), _) => Steps::PerInterval(n),
        (None, Some(tol)) if !(tol.is_finite() && tol >= FINEST) => {
            bail!("--tol must be a number of {FINEST:e} or more, as positions have single precision")
        }
        (None, Some(_)) if !estimates => {
            bail!(
                "{} has no error estimate; use it with --substeps N, or choose bosh3, dopri5 or tsit5",
                method.coefficients().name
            )
        }
        (None, Some(tol)) => Steps::Within(Tolerance::both(tol)),
        (None, None) if estimates => Steps::Within(Tolerance::both(tol)),
        (None, None) => Steps::PerInterval(SUBSTEPS),
    };
    Ok(Sampler { method, steps })
}

/// The flags that were given, by name.
pub(crate) fn given(args: &SolverArgs) -> [(&'static str, bool); 3] {
    let SolverArgs { solver, substeps, tol } = args;
    [("--solver", solver.is_some()), ("--substeps", substeps.is_some()), ("--tol", tol.is_some())]
}

/// What predictions use unless told otherwise: Dopri5 at 1e-4.
pub(crate) fn for_prediction(args: &SolverArgs) -> Result<Sampler> {
    sampler(args, DOPRI5, 1e-4)
}

/// What scores use unless told otherwise: 100 Euler steps an interval, as published.
pub(crate) fn for_scores(args: &SolverArgs) -> Result<Sampler> {
    sampler(args, EULER, 1e-4)
}

/// The sampler in words.
pub(crate) fn described(sampler: &Sampler) -> String {
    match sampler.steps {
        Steps::PerInterval(n) => format!("{}, {n} steps an interval", sampler.method.coefficients().name),
        Steps::Within(tolerance) => {
            format!("{} at tolerance {:e}", sampler.method.coefficients().name, tolerance.rtol)
        }
    }
}
