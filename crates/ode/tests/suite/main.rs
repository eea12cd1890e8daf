//! Integrators: every test in one program, so that it links once.

mod adaptive;
mod around;
#[cfg(feature = "batch")]
mod batch;
#[cfg(feature = "batch")]
mod batch_events;
#[cfg(feature = "batch")]
mod batch_lanes;
#[cfg(feature = "batch")]
mod batch_rows;
mod cde;
mod control;
mod driver;
mod edges;
mod events;
mod failures;
mod fixed;
mod memory;
mod network;
mod saving;
mod stiff_jacobian;
mod stiff_linear;
mod stiff_memory;
mod stiff_structure;
mod stored;
mod structure;
