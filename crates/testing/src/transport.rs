//! Laws of optimal transport: costs, geometries, plans, solvers.

mod case;
mod costs;
mod exact;
mod geometries;
mod plans;
mod solvers;

pub use case::{Masses, TransportCase};
pub use costs::{cost_laws, metric_laws};
pub use exact::exact_laws;
pub use geometries::geometry_laws;
pub use plans::{coupling_laws, sampling_laws};
pub use solvers::solver_laws;
