//! The guide's pages on libtorch, so that their examples are compiled and run.

#[doc = include_str!("../../../docs/guide/inside-a-tch-model.md")]
mod inside_a_tch_model {}

#[doc = include_str!("../../../docs/guide/several-gpus-or-machines.md")]
mod several_gpus_or_machines {}
