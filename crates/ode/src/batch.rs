//! Many independent problems: rows in lanes, on threads, or under one field for all.

mod active;
mod clock;
mod elementary;
mod engine;
mod error;
mod event;
mod field;
mod flat;
mod lane;
mod log;
mod pack;
mod plan;
mod result;
mod rhs;
mod rows;
mod scheme;
mod solver;
mod stages;
#[cfg(test)]
mod tests;
mod tracker;

pub use error::BatchError;
pub use event::{Crossing, RowEvent, Then};
pub use field::{LaneField, NetworkRows, RowsField};
pub use lane::Lane;
pub use log::RowSteps;
pub use result::{Batch, Hit, RowEnd};
pub use rows::{PerRow, Rows};
pub use solver::{BatchSolve, Steps};
