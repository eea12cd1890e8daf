//! Models: every test in one program, so that it links once.

mod bifurcation;
mod cfm;
mod filters;
mod latent_ode;
mod leave_one_out;
mod neural_ode;
mod path_energy;
mod planar;
mod series;
