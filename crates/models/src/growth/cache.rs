//! Plans that are made once a run, however often it is interrupted.

use super::PairPlan;
use crate::ModelError;
use chreode_core::Populations;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The plan of each interval, made when first asked for.
pub(super) type Made = Arc<Vec<OnceLock<Result<PairPlan, ModelError>>>>;

/// The plans between whole snapshots that a run has made. Not a setting: it is not saved, any two are equal, and a copy of
/// the settings begins with none.
#[derive(Debug, Default)]
pub struct PlanCache(Mutex<Option<(Populations, Made)>>);

impl PlanCache {
    /// The plans of `data`; new ones unless those are here.
    pub(super) fn of(&self, data: &Populations) -> Made {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some((known, made)) if known == data => made.clone(),
            _ => {
                let made: Made = Arc::new(data.intervals().map(|_| OnceLock::new()).collect());
                *held = Some((data.clone(), made.clone()));
                made
            }
        }
    }
}

impl Clone for PlanCache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for PlanCache {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
