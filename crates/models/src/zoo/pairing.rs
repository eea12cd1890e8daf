//! The pairs that models are trained on.

use crate::{Coupling, ModelConfig, Pairing, Sampling};

impl ModelConfig {
    /// How minibatches are paired; `None` for a model that pairs none, or whole populations.
    pub fn pairing(&self) -> Option<Box<dyn Pairing>> {
        let whole = Sampling::Permutation;
        let of = |coupling: Coupling, sampling, epsilon, penalty, sigma| {
            Some(coupling.pairing(sampling, epsilon, penalty, sigma))
        };
        match self {
            Self::FlowMatching(c) => Some(c.pairing()),
            Self::Conditional(c) => of(c.coupling, c.sampling, c.epsilon, c.penalty, c.sigma),
            Self::ScoreFlow(c) => of(c.coupling, c.sampling, c.epsilon, c.penalty, c.sigma),
            Self::MetricFlow(c) => of(c.coupling, whole, c.epsilon, c.penalty, c.sigma),
            _ => None,
        }
    }
}
