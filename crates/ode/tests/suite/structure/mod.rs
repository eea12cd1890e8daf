//! Methods that keep something of the flow: symplectic splittings, and steps that can be taken back.

mod common;
mod gradient;
mod leapfrog;
mod memory;
mod reversible;
mod splittings;
mod symplectic;
