//! Criterion benches of the workspace; each file under `benches/` answers one question. Programs that answer longer ones
//! are under `src/bin`; what they share is here: the settings of a model, the numbers of a row, and the work-precision harness.

mod changed;
mod moments;
pub mod work_precision;

pub use changed::changed;
pub use moments::moments;
