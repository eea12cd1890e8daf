//! One file a command: arguments in, library calls, words out.

pub(crate) mod convert;
pub(crate) mod coupling;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod evaluate;
pub(crate) mod fates;
pub(crate) mod inspect;
pub(crate) mod models;
pub(crate) mod predict;
pub(crate) mod prepare;
pub(crate) mod simulate;
pub(crate) mod train;

pub(crate) use train::Notes;
