//! The short form: few updates on the simulated culture, and bounds that a broken method would miss.

use anyhow::{Result, ensure};
use chreode_models::ModelConfig;

/// The settings with few updates in every stage.
pub(crate) fn shorten(config: &mut ModelConfig) {
    let fit = config.fit_mut();
    (fit.steps, fit.batch) = (fit.steps.min(1500), fit.batch.min(64));
    match config {
        ModelConfig::Vgfm(vgfm) => (vgfm.matching, vgfm.fit.steps) = (800, 60),
        ModelConfig::Tigon(tigon) => (tigon.fit.steps, tigon.fit.batch) = (100, 32),
        ModelConfig::MioFlow(mioflow) => {
            (mioflow.encoding, mioflow.local, mioflow.fit.steps) = (400, 80, 80);
        }
        ModelConfig::TrajectoryNet(net) => (net.growing, net.fit.steps) = (300, 60),
        _ => {}
    }
}

/// W₁ and mass error on the culture that a short run stays below; cells that stand still and do not grow miss both.
fn bounds(model: &str) -> (f64, f64) {
    match model {
        "wfr-fm" => (0.1, 0.03),
        "vgfm" => (0.1, 0.15),
        "tigon" => (0.35, 0.25),
        "mioflow" => (0.3, f64::INFINITY),
        _ => (0.45, 0.45),
    }
}

/// Refuses a row beyond its bounds.
pub(crate) fn check(model: &str, w1: f64, mass_error: f64) -> Result<()> {
    let (far, wrong) = bounds(model);
    ensure!(w1 < far, "{model}: W1 is {w1:.4} where a short run stays below {far}");
    ensure!(
        mass_error < wrong,
        "{model}: the mass error is {mass_error:.4} where a short run stays below {wrong}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sets;
    use chreode_ot::{Order, wasserstein};

    #[test]
    fn cells_that_stand_still_and_do_not_grow_miss_every_bound() {
        let sets = sets::all(None).unwrap();
        let culture = sets.last().unwrap();
        let (points, masses) = (&culture.populations, culture.mass.of(&culture.populations, "none").unwrap());
        let later = 1..masses.len();
        let far =
            |k: usize| wasserstein(points.points(0), points.points(k), None, None, Order::One).unwrap().value;
        let wrong = |k: usize| (1.0 - masses[k].sum()).abs() / masses[k].sum();
        let mean = |f: &dyn Fn(usize) -> f64| later.clone().map(f).sum::<f64>() / later.len() as f64;
        let (w1, mass_error) = (mean(&far), mean(&wrong));
        for (model, _) in culture.models() {
            let (w1_bound, mass_bound) = bounds(model);
            assert!(w1 > w1_bound, "{model}: {w1}");
            assert!(mass_error > mass_bound || mass_bound == f64::INFINITY, "{model}: {mass_error}");
        }
    }
}
