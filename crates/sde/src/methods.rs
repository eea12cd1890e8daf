//! The methods, one file each: its equations, its order, its source.

mod euler_heun;
mod euler_maruyama;
mod heun;
mod midpoint;
mod milstein;
mod retrace;
mod reversible_heun;
mod runge_kutta_milstein;
mod sea;
mod shark;
mod slow_rk;
mod spark;
mod sra1;
mod sriw1;

pub use euler_heun::EulerHeun;
pub use euler_maruyama::EulerMaruyama;
pub use heun::StochasticHeun;
pub use midpoint::StochasticMidpoint;
pub use milstein::Milstein;
pub use reversible_heun::{ReversibleHeun, ReversibleMemory};
pub use runge_kutta_milstein::RungeKuttaMilstein;
pub use sea::Sea;
pub use shark::Shark;
pub use slow_rk::SlowRk;
pub use spark::Spark;
pub use sra1::Sra1;
pub use sriw1::Sriw1;
