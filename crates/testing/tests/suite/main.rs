//! The laws and problems, run on every method of the workspace: every test in one program, so that it links once.

mod adams;
mod detest;
mod multistep;
mod order;
mod outside;
mod sde;
mod stiff_methods;
mod stiff_order;
mod stiff_problems;
mod switching;
mod transport;
mod transport_random;
