//! The shared traits: every test in one program, so that it links once.

mod laws;
mod populations;
#[cfg(feature = "simd")]
mod simd;
