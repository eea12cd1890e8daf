//! Neural ODEs on series: an initial value, and a field that carries it on.
//!
//! `x(t₀) = x₀,   dx/dt = f(x)`, of first order, with further columns that start at 0 (augmented), or of second order,
//! `d²x/dt² = f(x, dx/dt)`. An individual starts from a measurement of all its features; what was measured later is
//! compared with the path, at its own times. Batches are solved together on the union of the times since their starts, and
//! the gradient is exact for the steps that are taken.
//!
//! Chen et al., *Neural ordinary differential equations*, NeurIPS 2018, arXiv:1806.07366; Dupont et al., *Augmented neural
//! ODEs*, NeurIPS 2019, arXiv:1904.01681; Norcliffe et al., *On second order behaviour in augmented neural ODEs*, NeurIPS
//! 2020, arXiv:2006.07220.

mod batch;
mod config;
mod model;
mod objective;

pub use batch::PathBatch;
pub use config::{NeuralOdeConfig, Order};
pub use model::NeuralOde;
pub use objective::PathObjective;
