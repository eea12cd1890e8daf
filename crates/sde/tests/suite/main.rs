//! Stochastic equations: every test in one program, so that it links once.

mod solve;
mod tree;
