#![doc = include_str!("../README.md")]

mod assignment;
mod error;

pub use assignment::{Assignment, AssignmentPlan};
pub use error::OtError;
