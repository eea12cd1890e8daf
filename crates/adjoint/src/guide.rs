//! The guide's page on adjoints, so that its examples are compiled and run.

#[cfg(feature = "batch")]
#[doc = include_str!("../../../docs/guide/which-adjoint.md")]
mod which_adjoint {}
