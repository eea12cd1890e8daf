#![doc = include_str!("../README.md")]

pub use chreode_adjoint as adjoint;
pub use chreode_core as core;
pub use chreode_io as io;
pub use chreode_models as models;
pub use chreode_nn as nn;
pub use chreode_ode as ode;
pub use chreode_ot as ot;
pub use chreode_prep as prep;
pub use chreode_sde as sde;
