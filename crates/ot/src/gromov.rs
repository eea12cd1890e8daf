//! Gromov-Wasserstein transport: spaces compared by the distances inside each of them.

mod entropic;
mod exact;
mod linear;
mod low_rank;
mod objective;
mod plan;
mod problem;
mod product;
mod scaling;
mod search;
mod semi_relaxed;
mod structure;
mod unbalanced;

pub use entropic::{EntropicGromovWasserstein, GromovStep};
pub use exact::GromovWasserstein;
pub use low_rank::LowRankGromovWasserstein;
pub use plan::GromovPlan;
pub use problem::{GromovLoss, GromovTransport};
pub use semi_relaxed::SemiRelaxedGromovWasserstein;
pub use structure::Structure;
pub use unbalanced::UnbalancedGromovWasserstein;

pub(crate) use product::{outer, product};
