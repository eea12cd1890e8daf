//! Criterion benches of the workspace; each file under `benches/` answers one question. Programs that answer longer ones
//! are under `src/bin`; what they share is here: the numbers of a row, and the work-precision harness.

mod moments;
pub mod work_precision;

pub use moments::moments;
