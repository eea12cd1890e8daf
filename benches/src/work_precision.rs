//! Work-precision: what a method spends for an error, over tolerances, on the problems of `chreode-bench-problems`.
//!
//! [`cases`] lists problems with the methods that solve them (a method is one line in `methods.rs`); [`measure`] gives a
//! [`Point`](chreode_bench_problems::Point) for each tolerance; [`Curve`]s of points, ours and the peers', become tables
//! and charts.

mod cases;
mod chart;
mod curve;
mod methods;
mod system;
mod table;

pub use cases::{Case, cases, measure};
pub use chart::charts;
pub use curve::{Curve, curves};
pub use methods::{Method, Solved};
pub use table::{LEVELS, table};
