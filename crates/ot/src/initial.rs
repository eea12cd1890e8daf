//! Potentials to start Sinkhorn's algorithm from.

#[cfg(feature = "gaussian")]
mod gaussian;
mod sorting;
mod subsample;

#[cfg(feature = "gaussian")]
pub use gaussian::gaussian_potentials;
pub use sorting::sorting_potentials;
pub use subsample::subsample_potentials;
