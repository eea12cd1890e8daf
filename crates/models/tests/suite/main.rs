//! Models: every test in one program, so that it links once.

mod bifurcation;
mod carried;
mod cfm;
mod common;
mod conditional;
mod couplings;
mod density;
mod fates;
mod filters;
mod growth;
mod latent_ode;
mod leave_one_out;
mod memory;
mod metric_flow;
mod multi_marginal;
mod neural_ode;
mod path_energy;
mod paths;
mod planar;
mod rectified;
mod rescaled_flow;
mod score_flow;
mod series;
mod stages;
