//! Equations driven by data: paths, what is missing in them, and solves along them.

mod batches;
mod equations;
mod observations;
mod online;
mod paths;
