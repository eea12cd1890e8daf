//! Preprocessing: every test in one program, so that it links once.

mod bad_input;
mod common;
mod counts;
mod dense;
mod graphs;
mod pca;
mod same_bits;
mod scvelo;
mod variable;
