//! The sets, and the settings of each model on them.

use crate::counts;
use anyhow::{Context, Result};
use chreode_core::{Populations, Seed};
use chreode_io::{Columns, read_populations};
use chreode_models::{
    Bifurcation, Crowd, Descendants, Fit, Frame, Mass, Measurement, MioFlowConfig, ModelConfig, TigonConfig,
    TrajectoryNetConfig, VgfmConfig, WfrConfig,
};
use chreode_nn::Activation;
use std::path::Path;

/// A set of cells with masses.
pub(crate) struct Set {
    pub(crate) name: &'static str,
    pub(crate) populations: Populations,
    pub(crate) mass: Mass,
    /// The length scale of growth, in the coordinates of the file.
    delta: f64,
}

/// Those whose files are in `data`, and the simulated one.
pub(crate) fn all(data: Option<&Path>) -> Result<Vec<Set>> {
    let mut sets = Vec::new();
    if let Some(folder) = data {
        for (name, file, delta) in [
            ("gene", "gene_simulation/simulation_gene_data.csv", 1.5),
            ("gaussian-10", "gaussian_growth/gaussian_10d.csv", 2.0),
            ("gaussian-100", "gaussian_growth/gaussian_100d.csv", 2.0),
        ] {
            let path = folder.join(file);
            let read = read_populations(&path, &Columns::new("samples"));
            let populations = read.with_context(|| format!("cannot read {}", path.display()))?.populations;
            sets.push(Set { name, populations, mass: counts(), delta });
        }
    }
    sets.push(culture()?);
    Ok(sets)
}

/// A branching culture of two genes that divides and dies, measured exactly.
fn culture() -> Result<Set> {
    let culture = Bifurcation {
        genes: 2,
        cells: 500,
        founders: 1000,
        futures: 1,
        measurement: Measurement::Exact,
        ..Bifurcation::default()
    };
    let simulation = culture.simulate(Seed(1))?;
    let mass = Mass::Given(simulation.truth.iter().map(|truth| truth.mass).collect());
    Ok(Set { name: "culture", populations: simulation.populations, mass, delta: 1.5 })
}

impl Set {
    /// The networks' coordinates: one scale for all features.
    pub(crate) fn frame(&self) -> Result<Frame> {
        Ok(Frame::isotropic(&self.populations)?)
    }

    /// Every model of the table with its settings.
    pub(crate) fn models(&self) -> Vec<(&'static str, ModelConfig)> {
        let scale = Frame::isotropic(&self.populations).map_or(1.0, |frame| frame.scale[0]);
        let fit = Fit {
            hidden: vec![64; 4],
            activation: Activation::Silu,
            batch: 64,
            steps: 20_000,
            lr: 5e-3,
            weight_decay: 0.0,
            ema: 0.995,
            ..Fit::default()
        };
        let mass = self.mass.clone();
        vec![
            (
                "wfr-fm",
                WfrConfig {
                    delta: self.delta / scale,
                    mass: mass.clone(),
                    fit: fit.clone(),
                    ..WfrConfig::default()
                }
                .into(),
            ),
            (
                "vgfm",
                VgfmConfig {
                    mass: mass.clone(),
                    matching: 10_000,
                    fit: Fit { steps: 500, batch: 128, ..fit.clone() },
                    ..VgfmConfig::default()
                }
                .into(),
            ),
            (
                "tigon",
                TigonConfig {
                    mass: mass.clone(),
                    fit: Fit { steps: 1500, lr: 1e-2, ..TigonConfig::default().fit },
                    ..TigonConfig::default()
                }
                .into(),
            ),
            (
                "mioflow",
                MioFlowConfig {
                    latent: self.populations.dims().min(10),
                    fit: Fit { activation: Activation::Silu, ..MioFlowConfig::default().fit },
                    ..MioFlowConfig::default()
                }
                .into(),
            ),
            (
                "trajectorynet",
                TrajectoryNetConfig {
                    mass,
                    descendants: Descendants::Transported,
                    crowd: Crowd::default(),
                    fit: Fit { steps: 1000, batch: 128, lr: 5e-3, ..TrajectoryNetConfig::default().fit },
                    ..TrajectoryNetConfig::default()
                }
                .into(),
            ),
        ]
    }
}
