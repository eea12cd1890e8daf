//! The short form: few updates on the simulated culture, and bounds that a broken method would miss.

use anyhow::{Result, ensure};
use chreode_models::ModelConfig;

/// The settings with few updates in every stage.
pub(crate) fn shorten(config: &mut ModelConfig) {
    let fit = config.fit_mut();
    (fit.steps, fit.batch) = (fit.steps.min(1500), fit.batch.min(64));
    match config {
        ModelConfig::Vgfm(vgfm) => (vgfm.matching, vgfm.fit.steps) = (800, 60),
        ModelConfig::Tigon(tigon) => tigon.fit.steps = 60,
        ModelConfig::MioFlow(mioflow) => {
            (mioflow.encoding, mioflow.local, mioflow.fit.steps) = (400, 80, 80);
        }
        ModelConfig::TrajectoryNet(net) => (net.growing, net.fit.steps) = (300, 60),
        _ => {}
    }
}

/// W₁ and mass error on the culture that a short run stays below. Cells that stand still and do not grow have a W₁ of 0.61
/// and a mass error of 0.40.
fn bounds(model: &str) -> (f64, f64) {
    match model {
        "wfr-fm" => (0.15, 0.05),
        "vgfm" => (0.2, 0.1),
        "tigon" => (0.5, 0.3),
        "mioflow" => (0.35, f64::INFINITY),
        _ => (0.5, 0.2),
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
