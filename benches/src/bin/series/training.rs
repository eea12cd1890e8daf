//! One training of one model, watched or not.

use crate::HEAP;
use anyhow::{Result, anyhow};
use chreode_benches::{Cost, changed};
use chreode_core::Seed;
use chreode_models::{Fit, Forecaster, Frame, Pool, Recipe, Run, Series, Trained};
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;

/// How much is done, and where the data lie.
pub(crate) struct Plan {
    pub(crate) seeds: Range<u64>,
    pub(crate) epochs: Option<u64>,
    pub(crate) threads: usize,
    pub(crate) quick: bool,
    pub(crate) only: Option<String>,
    pub(crate) watch: Option<u64>,
    pub(crate) validate: bool,
    /// Settings of every model, as `key=value`.
    pub(crate) settings: Vec<String>,
    pub(crate) data: PathBuf,
}

impl Plan {
    /// Epochs of a model that would have `usual` of them, and a quick one `few`.
    pub(crate) fn epochs(&self, usual: u64, few: u64) -> u64 {
        self.epochs.unwrap_or(if self.quick { few } else { usual })
    }

    /// What to learn from and what to score on; while settings are chosen, both of the learning part.
    pub(crate) fn split(&self, all: &Series, seed: u64) -> Result<(Series, Series)> {
        let (train, test) = all.split(0.8, Seed(seed))?;
        Ok(if self.validate { train.split(0.8, Seed(seed).child("validation"))? } else { (train, test) })
    }

    /// Whether a row is wanted.
    pub(crate) fn wants(&self, task: &str, model: &str) -> bool {
        let name = format!("{task} {model}").to_lowercase();
        self.only.as_ref().is_none_or(|part| name.contains(&part.to_lowercase()))
    }

    /// Settings of training: epochs of so many individuals; a quick run has smaller batches and longer steps.
    pub(crate) fn fit(&self, base: &Fit, (individuals, epochs, seed): (usize, u64, u64)) -> Fit {
        let batch = if self.quick { 20 } else { 50 };
        let fit = Fit { batch, steps: epochs * individuals.div_ceil(batch) as u64, seed, ..base.clone() };
        if self.quick { Fit { lr: 1e-2, ema: 0.99, ..fit } } else { fit }
    }

    /// Says something now.
    pub(crate) fn say(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }

    /// Trains `recipe` on `data`; `score` says where it stands when that is watched. Returns the model and the
    /// cost, with the scores in it where they are watched.
    pub(crate) fn train<R: Recipe<Data: Clone>>(
        &self,
        name: &str,
        data: &R::Data,
        frame: Frame,
        (recipe, epochs): (R, u64),
        score: &dyn Fn(&dyn Forecaster) -> Result<String>,
    ) -> Result<(Box<dyn Forecaster>, Cost)> {
        let recipe = R::try_from(changed(recipe.into(), &self.settings)?)
            .map_err(|_| anyhow!("the settings are of another model"))?;
        let epoch = recipe.fit().steps.div_ceil(epochs.max(1));
        let stretch = self.watch.map_or(u64::MAX, |every| every.max(1) * epoch);
        let (run, cost) = Cost::of(&HEAP, || {
            let mut run = Run::new(data, frame, recipe)?;
            while run.steps() < run.last_step() {
                let (from, mut loss) = (run.steps(), 0.0);
                run.train(Pool::with_threads(self.threads), |progress| {
                    let share = 1.0 / (progress.step - from) as f64;
                    loss += share.max(1.0 / epoch as f64) * (progress.loss - loss);
                    let enough = progress.step - from >= stretch;
                    if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                })?;
                if self.watch.is_some() {
                    let trained: Trained = run.checkpoint(BTreeMap::new()).model_of::<R>()?.into();
                    let score = score(&*trained.forecaster()?)?;
                    let epoch = run.steps() as f64 / epoch as f64;
                    self.say(&format!("  {name}, epoch {epoch:.0}: loss {loss:.4}, {score}"))?;
                }
            }
            Ok(run)
        })?;
        let trained: Trained = run.finish().into();
        Ok((trained.forecaster()?, cost))
    }
}
