//! A number of updates shared out between the stages of a model.

use crate::{ModelConfig, ModelError, error::require};

impl ModelConfig {
    /// The stages of training by the name of the setting of their updates, in order, without those that are left out.
    pub fn stages(&self) -> Vec<(&'static str, u64)> {
        let mut config = self.clone();
        let steps = config.stage_steps().into_iter().map(|(name, steps)| (name, *steps));
        steps.filter(|(_, steps)| *steps > 0).collect()
    }

    /// Shares `total` updates out between the stages, in the proportion that they have; those named in `set` stay as they
    /// are, and the others share the rest.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] for no updates at all, and [`ModelError::Shares`] where a stage would have none.
    pub fn share_steps(&mut self, total: u64, set: &[&str]) -> Result<(), ModelError> {
        require("steps", total as f64, total > 0, "1 or more")?;
        let (kept, free): (Vec<_>, Vec<_>) =
            self.stage_steps().into_iter().partition(|(name, _)| set.contains(name));
        let kept = kept.iter().fold(0_u64, |sum, (_, steps)| sum.saturating_add(**steps));
        let free: Vec<&mut u64> = free.into_iter().map(|(_, steps)| steps).filter(|s| **s > 0).collect();
        let stages = free.len() as u64;
        let mut rest = match total.checked_sub(kept) {
            Some(rest) if rest >= stages && (stages > 0 || rest == 0) => rest,
            _ => return Err(ModelError::Shares { total, kept, free: stages }),
        };
        let mut parts: u128 = free.iter().map(|steps| u128::from(**steps)).sum();
        for (after, steps) in (0..stages).rev().zip(free) {
            let part = u128::from(*steps);
            let share = (u128::from(rest) * part + parts / 2) / parts;
            // The others need one each; what is left at the last is all of it.
            *steps = u64::try_from(share).unwrap_or(u64::MAX).clamp(1, rest - after);
            (rest, parts) = (rest - *steps, parts - part);
        }
        Ok(())
    }
}
