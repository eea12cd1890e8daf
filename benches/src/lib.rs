//! Criterion benches of the workspace; each file under `benches/` answers one question. Programs that answer longer ones
//! are under `src/bin`; what they share is here: the work-precision harness.

pub mod work_precision;
