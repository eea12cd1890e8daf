//! Preprocessing: every test in one program, so that it links once.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod approximate;
mod bad_input;
mod common;
mod counts;
mod dense;
mod graphs;
mod pca;
mod same_bits;
mod scvelo;
mod variable;
