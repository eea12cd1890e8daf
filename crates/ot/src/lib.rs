#![doc = include_str!("../README.md")]

mod assignment;
mod barycenter;
mod batch;
mod cost;
mod cost_gradient;
mod coupling;
mod distance;
mod divergence;
mod error;
#[cfg(feature = "gaussian")]
mod gaussian;
mod geometry;
mod graph;
mod greenkhorn;
mod gromov;
mod growth;
#[cfg(doctest)]
mod guide;
mod implicit;
mod initial;
mod kernel;
mod line;
mod low_rank;
mod maps;
mod memory;
mod multimarginal;
mod partial;
mod permutation;
mod problem;
mod semidiscrete;
mod simplex;
mod sinkhorn;
mod sliced;
mod sparse;
mod stop;
mod unbalanced;
mod weak;
mod weights;
mod wfr;

pub use assignment::{Assignment, AssignmentPlan};
pub use barycenter::{
    Barycenter, DebiasedBarycenter, EntropicBarycenter, FreeBarycenter, FreeSupportBarycenter,
};
pub use batch::{assign_all, assign_all_points, solve_all};
pub use cost::{Cosine, CostFunction, Euclidean, Lp, LpPower, NegativeDot, SquaredEuclidean};
pub use cost_gradient::DifferentiableCost;
pub use coupling::{Certificate, Composed, Coupling, DensePlan, Keep, SparseCoupling};
pub use distance::{
    Bandwidth, CloudGradient, Mmd, Order, Wasserstein, energy_distance, energy_distance_gradient, mmd,
    mmd_gradient, wasserstein, wasserstein_gradient,
};
pub use divergence::{Divergence, EntropicCost, EntropicValue, SinkhornDivergence};
pub use error::OtError;
#[cfg(feature = "gaussian")]
pub use gaussian::{
    AffineMap, EntropicGaussian, Gaussian, GaussianBarycenter, GaussianMixture, MixtureTransport,
    entropic_gaussian, gaussian_barycenter, gaussian_geodesic, gaussian_map, gaussian_sinkhorn_divergence,
    gaussian_wasserstein, mixture_wasserstein,
};
pub use geometry::{Affinity, Geometry, Graph, Grid, HeatKernel, Laplacian, PointCloud, Scaled, Unit};
pub use graph::{Moves, SparseCosts};
pub use greenkhorn::Greenkhorn;
pub use gromov::{
    EntropicGromovWasserstein, GromovLoss, GromovPlan, GromovStep, GromovTransport, GromovWasserstein,
    LowRankGromovWasserstein, SemiRelaxedGromovWasserstein, Structure, UnbalancedGromovWasserstein,
};
pub use growth::{GrowthPlan, WaddingtonOt, ancestors, descendants};
pub use implicit::{Cotangent, ImplicitGradient, Pulled};
#[cfg(feature = "gaussian")]
pub use initial::gaussian_potentials;
pub use initial::{sorting_potentials, subsample_potentials};
pub use kernel::{Kernel, KernelPlan, KernelSinkhorn};
pub use line::{Circle, Line};
pub use low_rank::{FactoredCost, LowRankPlan, LowRankSinkhorn, LowRankStart};
pub use maps::{EntropicMap, Interpolant, displacement, field_energy, path_energy, sample_displacement};
pub use memory::{Estimate, Memory, Storage, Work};
pub use multimarginal::{MultiMarginal, TensorPlan, TreePlan, TreeTransport};
pub use partial::{PartialSimplex, PartialSinkhorn, PartialTransport};
pub use permutation::Permutation;
pub use problem::{MASS_TOLERANCE, OtSolver, Transport};
pub use semidiscrete::{PowerDiagram, Semidiscrete, SemidiscretePlan, ValueInterval, power_transport};
pub use simplex::{AtCap, NetworkSimplex};
pub use sinkhorn::{Acceleration, EntropicPlan, EpsilonScaling, Form, Sinkhorn};
pub use sliced::{
    MaxSliced, Sliced, directions, max_sliced_wasserstein, sliced_wasserstein, sliced_wasserstein_gradient,
};
pub use sparse::{Entry, SparsePlan};
pub use stop::Stop;
pub use unbalanced::{
    EntropicRelaxedPlan, HalfStep, MajorizeMinimize, Marginal, Reference, RelaxedPlan, RelaxedSolver,
    RelaxedTransport, UnbalancedFrankWolfe, UnbalancedLbfgs, UnbalancedLine, UnbalancedSimplex,
    UnbalancedSinkhorn,
};
pub use weak::{WeakPlan, WeakTransport};
pub use wfr::{
    ConeCost, DiracGeodesic, DiracState, DiracTrack, TrackState, TravellingDirac, WassersteinFisherRao,
};
