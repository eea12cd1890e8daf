//! The kernels that run at the speed of the machine.

mod activate;
mod columns;
mod gemm;
mod rules;
mod sparse;

#[cfg(test)]
mod tests;

pub(crate) use activate::{Kept, activate, bend_activation, pull_activation, push_activation};
pub(crate) use chreode_core::simd::{Element, Machine};
pub(crate) use columns::add_column_sums;
pub(crate) use gemm::{Gemm, Left, Right, Start};
pub(crate) use sparse::{Lines, Strided};

/// Lines of a packed panel: four vectors of the widest registers.
pub(crate) const PANEL: usize = 4;
