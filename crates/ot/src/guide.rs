//! The guide's pages on transport, so that their examples are compiled and run.

#[doc = include_str!("../../../docs/guide/which-solver.md")]
mod which_solver {}

#[doc = include_str!("../../../docs/guide/reading-the-certificate.md")]
mod reading_the_certificate {}

#[doc = include_str!("../../../docs/guide/your-own-cost.md")]
mod your_own_cost {}
