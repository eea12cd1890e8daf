//! Transport between measures of different mass: a relaxed problem and its solvers.

mod ascent;
mod certificate;
mod dense;
mod dummy;
mod entropic;
mod frank_wolfe;
mod lbfgs;
mod line;
mod majorize;
mod marginal;
mod omega;
mod plan;
mod problem;
mod side;
mod simplex;
mod sinkhorn;
mod translation;

pub use entropic::EntropicRelaxedPlan;
pub use frank_wolfe::UnbalancedFrankWolfe;
pub use lbfgs::UnbalancedLbfgs;
pub use line::UnbalancedLine;
pub use majorize::MajorizeMinimize;
pub use marginal::Marginal;
pub use plan::RelaxedPlan;
use problem::AnyRelaxed;
pub use problem::{Reference, RelaxedSolver, RelaxedTransport};
pub use simplex::UnbalancedSimplex;
pub use sinkhorn::{HalfStep, UnbalancedSinkhorn};

pub(crate) use dummy::Dummies;
pub(crate) use plan::{share, transport};
pub(crate) use side::Side;
pub(crate) use translation::translated;
