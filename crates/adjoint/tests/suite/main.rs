//! Gradients through a solve: every test in one program, so that it links once.

mod auto;
mod batch;
mod batch_events;
mod binomial;
mod common;
mod continuous;
mod discrete;
mod gradcheck;
mod kept;
mod lotka_volterra;
mod memory;
mod retracing;
#[cfg(feature = "sde")]
mod sde;
mod sde_fields;
mod second;
mod sensitivity;
