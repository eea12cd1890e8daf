//! Short programs, each a page of the guide: `cargo run --package chreode-examples --example NAME`.
