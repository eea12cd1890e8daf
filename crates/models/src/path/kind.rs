//! Paths by name.

use super::{Bridge, Path, Straight, Target, VariancePreserving};
use serde::{Deserialize, Serialize};

/// Which path joins a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathKind {
    /// [`Straight`].
    Straight,
    /// [`Bridge`].
    Bridge,
    /// [`VariancePreserving`].
    VariancePreserving,
    /// [`Target`].
    Target,
}

impl PathKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Straight, Self::Bridge, Self::VariancePreserving, Self::Target];

    /// The path with noise `sigma`.
    pub fn path(self, sigma: f32) -> Box<dyn Path> {
        match self {
            Self::Straight => Box::new(Straight { sigma }),
            Self::Bridge => Box::new(Bridge { sigma }),
            Self::VariancePreserving => Box::new(VariancePreserving { sigma }),
            Self::Target => Box::new(Target { sigma }),
        }
    }
}
