//! The guide's pages on solvers, so that their examples are compiled and run.

#[cfg(feature = "batch")]
#[doc = include_str!("../../../docs/guide/batches.md")]
mod batches {}

#[doc = include_str!("../../../docs/guide/events.md")]
mod events {}

#[doc = include_str!("../../../docs/guide/stepping-by-hand.md")]
mod stepping_by_hand {}

#[doc = include_str!("../../../docs/guide/writing-a-stepper.md")]
mod writing_a_stepper {}

#[doc = include_str!("../../../docs/guide/choosing-a-method.md")]
mod choosing_a_method {}
