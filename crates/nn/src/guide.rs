//! The guide's page on networks, so that its examples are compiled and run.

#[doc = include_str!("../../../docs/guide/your-own-network.md")]
mod your_own_network {}
