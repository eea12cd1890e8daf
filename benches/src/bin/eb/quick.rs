//! The check within seconds: simulated cells, and bounds that a broken method misses.

use crate::data::whiten;
use crate::folds::Experiment;
use crate::rows::Rows;
use crate::table::{self, Row};
use anyhow::{Result, ensure};
use chreode_core::{Populations, Seed, Snapshot};
use chreode_models::{Bifurcation, Measurement, displacement};
use chreode_ot::{Order, wasserstein};
use ndarray::{Axis, concatenate, s};
use std::io::Write;

/// The rows, and the most that W1 of each may be in the mean, as a share of that of the midpoint of the exact plan.
const BOUNDS: [(&str, f64); 4] =
    [("ot-cfm", 1.0), ("mmfm-monotone", 1.0), ("uot-mmfm", 1.0), ("ot-cfm:both+uot-mmfm:both", 0.9)];

/// Trains each on a branching differentiation in five coordinates and holds it to its bound.
pub(crate) fn check(threads: usize) -> Result<()> {
    let experiment = Experiment {
        populations: cells()?,
        whitened: true,
        seeds: vec![42],
        inner: false,
        draws: 1,
        threads,
    };
    let mut out = std::io::stdout();
    writeln!(out, "{}", table::header(&experiment))?;
    let names = BOUNDS.map(|(name, _)| name.to_string());
    let rows = Rows::parse(&names, &["fit.steps=600".into(), "fit.batch=128".into(), "fit.ema=0.99".into()])?;
    let (mut midpoint, mut stay) = (0.0, 0.0);
    for fold in experiment.folds() {
        let (training, truth) = experiment.populations.hold_out(fold.time)?;
        let (before, after) = (training.at(fold.time - 1.0)?, training.at(fold.time + 1.0)?);
        let w1 = |found: &Snapshot| {
            let weights = found.weights.as_ref().map(|w| w.view());
            wasserstein(found.points.view(), truth.points.view(), weights, None, Order::One)
        };
        midpoint += w1(&displacement(before, after, fold.time)?)?.value / 3.0;
        stay += w1(before)?.value / 3.0;
    }
    writeln!(out, "{:<32}{midpoint:>18.4}\n{:<32}{stay:>18.4}", "exact-OT midpoint", "no motion")?;
    let scores = experiment.run(&rows)?;
    for ((name, bound), scores) in BOUNDS.iter().zip(&scores) {
        let row = Row::new(name, scores);
        writeln!(out, "{row}")?;
        let most = bound * midpoint;
        ensure!(row.mean() <= most, "{name}: W1 {:.4} is above its bound {most:.4}", row.mean());
    }
    Ok(())
}

/// Five hundred cells at each of five times, whitened.
fn cells() -> Result<Populations> {
    let culture = Bifurcation {
        cells: 500,
        founders: 500,
        genes: 5,
        futures: 1,
        measurement: Measurement::Exact,
        ..Bifurcation::default()
    };
    let simulated = culture.simulate(Seed(7))?.populations;
    let views: Vec<_> = simulated.snapshots().iter().map(|s| s.points.view()).collect();
    let mut points = concatenate(Axis(0), &views)?;
    whiten(&mut points)?;
    let snapshots = simulated.snapshots().iter().enumerate().map(|(k, snapshot)| {
        Snapshot::new(snapshot.time, points.slice(s![500 * k..500 * (k + 1), ..]).to_owned())
    });
    Ok(Populations::new(snapshots.collect(), simulated.features().to_vec())?)
}
