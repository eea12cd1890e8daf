//! Strong and weak orders of methods for stochastic equations, with confidence.

mod problems;

pub use problems::{
    ARCTAN, ARSINH, ARSINH_STRATONOVICH, DAMPED, GEOMETRIC, GEOMETRIC_STRATONOVICH, SdeProblem,
};

use crate::Field;
use chreode_core::Seed;
use chreode_ode::{Fixed, Solve, SolveError, Stepper};
use chreode_sde::{BrownianPath, BrownianTree, Diffusion, Sde, SpaceTime};
use std::ops::Range;

/// Groups that are left out in turn.
const GROUPS: usize = 20;
/// The 97.5 % quantile of Student's t with 19 degrees of freedom.
const QUANTILE: f64 = 2.093;

/// A measured slope and half the width of its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The slope of log error over log step size.
    pub value: f64,
    /// The interval is `value ± half_width`.
    pub half_width: f64,
}

impl Slope {
    /// Whether the interval, widened by `slack` on both sides for what higher terms bend, meets `order`.
    pub fn agrees(&self, order: f64, slack: f64) -> bool {
        (self.value - order).abs() <= self.half_width + slack
    }
}

/// How errors fall with the step size.
#[derive(Clone, Debug, PartialEq)]
pub struct Convergence {
    /// Of the root mean square error.
    pub strong: Slope,
    /// Of the size of the mean error.
    pub weak: Slope,
    /// For each number of steps the root mean square and the mean of the errors.
    pub errors: Vec<(usize, f64, f64)>,
}

/// Measures both slopes from `error(path, n)`, the signed error of path number `path` in `n` equal steps.
///
/// All numbers of steps see the same paths; confidence by leaving out each of 20 groups of paths in turn
/// (jackknife), so that a run gives the same band again.
///
/// # Errors
/// The first of `error`.
pub fn convergence<E>(
    paths: Range<u32>,
    steps: &[usize],
    error: impl Fn(u32, usize) -> Result<f64, E>,
) -> Result<Convergence, E> {
    // Sums of squares and of errors, by group and number of steps.
    let mut sums = vec![vec![(0.0, 0.0); steps.len()]; GROUPS];
    let mut counts = [0.0; GROUPS];
    for (i, path) in paths.enumerate() {
        counts[i % GROUPS] += 1.0;
        for (sum, &n) in sums[i % GROUPS].iter_mut().zip(steps) {
            let error = error(path, n)?;
            *sum = (sum.0 + error * error, sum.1 + error);
        }
    }
    // The errors without one group; a number past the last leaves out none.
    let without = |left_out: usize| -> Vec<(usize, f64, f64)> {
        let kept = || (0..GROUPS).filter(move |g| *g != left_out);
        let count: f64 = kept().map(|g| counts[g]).sum();
        let mean =
            |pick: fn(&(f64, f64)) -> f64, k: usize| kept().map(|g| pick(&sums[g][k])).sum::<f64>() / count;
        let entry = |(k, &n): (usize, &usize)| (n, mean(|s| s.0, k).sqrt(), mean(|s| s.1, k));
        steps.iter().enumerate().map(entry).collect()
    };
    let errors = without(GROUPS);
    let measure = |pick: fn(&(usize, f64, f64)) -> f64| {
        let value = slope(&errors, pick);
        let parts: Vec<f64> = (0..GROUPS).map(|g| slope(&without(g), pick)).collect();
        let mean = parts.iter().sum::<f64>() / GROUPS as f64;
        let spread: f64 = parts.iter().map(|p| (p - mean).powi(2)).sum();
        let share = (GROUPS - 1) as f64 / GROUPS as f64;
        Slope { value, half_width: QUANTILE * (share * spread).sqrt() }
    };
    let (strong, weak) = (measure(|e| e.1), measure(|e| e.2.abs()));
    Ok(Convergence { strong, weak, errors })
}

/// Least squares of log error over log step size.
fn slope(errors: &[(usize, f64, f64)], pick: fn(&(usize, f64, f64)) -> f64) -> f64 {
    let points: Vec<_> = errors.iter().map(|e| (-(e.0 as f64).ln(), pick(e).ln())).collect();
    let count = points.len() as f64;
    let (x, y) =
        (points.iter().map(|p| p.0).sum::<f64>() / count, points.iter().map(|p| p.1).sum::<f64>() / count);
    let covariance: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    covariance / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}

/// The convergence a stepper shows on a problem: members `paths` of the Brownian tree of `seed`, the error
/// at the end of the span against the closed form on the same path.
///
/// # Errors
/// Those of the solves.
pub fn sde_convergence<S, G, C>(
    stepper: S,
    problem: &SdeProblem<G, C>,
    seed: Seed,
    paths: Range<u32>,
    steps: &[usize],
) -> Result<Convergence, SolveError>
where
    S: for<'a> Stepper<Sde<Field<1>, G, &'a BrownianTree<[f64; 1], SpaceTime>, C>, [f64; 1]> + Copy,
    G: Diffusion<[f64; 1], Noise = [f64; 1]> + Copy,
{
    let span = problem.span;
    let finest = steps.iter().copied().max().unwrap_or(1);
    let tree = BrownianTree::with_area(seed, span, [0.0], span.length() / finest as f64)
        .expect("the spans of these problems are intervals");
    convergence(paths, steps, |path, n| {
        let tree = tree.member(path);
        let y = Solve::new(stepper, Fixed::steps(n)).end(&problem.with(&tree), span, [problem.y0])?;
        Ok(y[0] - (problem.solution)(span.t1, tree.increment(span.t0, span.t1)?[0]))
    })
}
