//! Values of entropic transport between weighted clouds, and their gradients.

mod entropic;
mod points;
mod rows;
mod sinkhorn;
mod softmin;
mod symmetric;

pub use entropic::{EntropicCost, EntropicValue};
pub(crate) use points::{contiguous, point_gradient};
pub(crate) use rows::PlanRows;
pub use sinkhorn::{Divergence, SinkhornDivergence};
pub(crate) use softmin::{soft_minimum, weighted};
