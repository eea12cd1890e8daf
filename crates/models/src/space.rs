//! Where a model lives: its coordinates, its clock and the times of its data.

use crate::{Clock, Conditions, Frame, ModelError, Needs};
use chreode_core::{Populations, Snapshot};
use serde::{Deserialize, Serialize};

/// The coordinates and the clock of a model's networks, with the times it was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// Network time.
    pub clock: Clock,
    /// Network coordinates.
    pub frame: Frame,
    /// The times of the data, in the user's units.
    pub times: Vec<f64>,
    /// The conditions of the cells, where a model was trained under them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Conditions>,
}

/// What models learn from.
pub trait Data: Clone + Send + Sync {
    /// What kind of data this is.
    const NEEDS: Needs;

    /// The times at which something was measured, increasing.
    fn times(&self) -> Vec<f64>;

    /// The same in the coordinates of `frame`.
    ///
    /// # Errors
    /// Other dimensions than the frame has.
    fn inside(&self, frame: &Frame) -> Result<Self, ModelError>;

    /// Bytes of its numbers.
    fn bytes(&self) -> usize;

    /// The space of a model that is trained on this in the coordinates of `frame`. A single time is network time 0, with
    /// the unit of the user's time.
    ///
    /// # Errors
    /// No time.
    fn space(&self, frame: Frame) -> Result<Space, ModelError> {
        let times = self.times();
        let clock = match times[..] {
            [origin] => Clock { origin, unit: 1.0 },
            _ => Clock::of(&times)?,
        };
        Ok(Space { clock, frame, times, conditions: None })
    }
}

impl Data for Populations {
    const NEEDS: Needs = Needs::Snapshots;

    fn times(&self) -> Vec<f64> {
        self.times()
    }

    fn bytes(&self) -> usize {
        crate::memory_plan::bytes(self)
    }

    fn inside(&self, frame: &Frame) -> Result<Self, ModelError> {
        let enter = |s: &Snapshot| {
            frame.check(s.points.view())?;
            Ok(Snapshot { points: frame.enter(s.points.view()), ..s.clone() })
        };
        let snapshots = self.snapshots().iter().map(enter).collect::<Result<_, ModelError>>()?;
        Ok(Populations::new(snapshots, frame.features.clone())?)
    }
}
