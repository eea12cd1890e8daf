//! Criterion benches of the workspace; each file under `benches/` answers one question. Programs that answer longer ones
//! are under `src/bin`; what they share is here: the settings of a model, the cost of a training, the numbers of a row, and
//! the work-precision harness.

mod changed;
mod cost;
mod moments;
pub mod work_precision;

pub use changed::changed;
pub use cost::Cost;
pub use moments::moments;
/// The heap of a program, counted for [`Cost`]; a program makes it its own by
/// `#[global_allocator] static HEAP: Heap = Heap;`.
pub use peak_alloc::PeakAlloc as Heap;
