#![doc = include_str!("../README.md")]

mod adjoint;
mod auto;
mod backsolve;
mod backwards;
#[cfg(feature = "batch")]
mod batch;
mod binomial;
mod counted;
mod discrete;
mod error;
mod event;
mod gauss;
mod gmres;
mod gradcheck;
mod gradient;
#[cfg(doctest)]
mod guide;
mod held;
mod implicit;
mod integral;
mod interpolating;
mod outputs;
mod pull;
mod pull_stages;
mod quadrature;
mod record;
mod recorder;
mod retracing;
#[cfg(feature = "sde")]
mod sde;
mod second;
mod sensitivity;
mod stages;
mod sweep;
mod tangent;

pub use adjoint::Adjoint;
pub use auto::{Auto, AutoTape, Plan};
pub use backsolve::{Augmented, Backsolve, BacksolveTape};
#[cfg(feature = "batch")]
pub use batch::{
    BatchCotangents, BatchField, BatchGradient, BatchTape, Blocks, Each, InLanes, LaneByLane, LaneVjp,
    RowByRow, RowCrossing, RowPull, RowVjp, RowsPull, RowsVjp, Together, WithBatchGradient,
};
pub use binomial::{advances, binomial};
pub use discrete::{Discrete, DiscreteTape, Times};
pub use error::AdjointError;
pub use event::Crossing;
pub use gradcheck::{Agreement, GradCheck, Kind, Moved, gradcheck};
pub use gradient::{Gradient, WithGradient, gradient};
pub use implicit::Implicit;
pub use integral::{Integrand, WithEnergy, WithIntegral};
pub use interpolating::{Interpolating, SolutionTape};
pub use quadrature::Quadrature;
pub use retracing::{Retraced, RetracedStep, Retracing, RetracingTape, Way};
#[cfg(feature = "sde")]
pub use sde::{
    CommutativeVjp, DiffusionVjp, PathwiseMethod, SdeAdjoint, SdeGradient, SdeRetracingTape, SdeScheme,
    SdeTape, SdeWay, StagePoint, StageTerm, Weight, WithSdeGradient, WithVjp,
};
pub use second::{Curvature, VjpAlong, WithCurvature};
pub use sensitivity::{Direction, Sensitive, sensitivities};
pub use tangent::{ParameterJvp, Transposed};
