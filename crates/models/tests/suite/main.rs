//! Models: every test in one program, so that it links once.

mod bifurcation;
mod cfm;
mod common;
mod leave_one_out;
mod multi_marginal;
mod path_energy;
mod paths;
mod planar;
mod score_flow;
