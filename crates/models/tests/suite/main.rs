//! Models: every test in one program, so that it links once.

mod bifurcation;
mod cfm;
mod density;
mod growth;
mod leave_one_out;
mod path_energy;
mod planar;
