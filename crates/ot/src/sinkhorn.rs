//! Entropic transport: Sinkhorn's algorithm in the kernel form and in the log domain.

mod anderson;
mod certificate;
mod drive;
mod exp;
mod extrapolation;
mod kernel;
mod lanes;
mod log;
mod plan;
mod relaxed;
mod soft;
mod state;
mod survey;
mod sweep;
mod truncated;
mod word;

pub(crate) use drive::{Update, run};
pub(crate) use exp::exp;
pub use plan::EntropicPlan;
pub(crate) use relaxed::Relaxed;
pub(crate) use soft::{Weighted, columns, rows};
pub(crate) use sweep::Shares;

use crate::{Geometry, MASS_TOLERANCE, OtError, OtSolver, Stop, Transport};
use ndarray::ArrayView1;

/// How ε is approached.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum EpsilonScaling {
    /// For [`Stop::Within`] and a small ε, from a share of the mean cost above the least; not for [`Stop::After`], and
    /// not from given potentials.
    #[default]
    Auto,
    /// ε from the first iteration on.
    None,
    /// At most `steps` iterations at each of ε/factorᵏ, from the first not below `start` down to ε.
    Geometric {
        /// About the largest cost.
        start: f64,
        /// Between 0 and 1, e.g. 0.5.
        factor: f64,
        /// Iterations at each value before the next.
        steps: usize,
    },
}

impl EpsilonScaling {
    /// The values above `epsilon`, largest first, each as often as it is used; none where the solver would choose.
    pub(crate) fn above(self, epsilon: f64) -> Vec<f64> {
        let EpsilonScaling::Geometric { start, factor, steps } = self else { return Vec::new() };
        let mut values = Vec::new();
        let mut value = epsilon / factor;
        while value < start {
            values.extend(std::iter::repeat_n(value, steps));
            value /= factor;
        }
        values.reverse();
        values
    }
}

/// How the sums of the iteration are made. All forms give the same plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A kernel where it takes at most half a gibibyte, else the log form. A large problem that is slow, because its
    /// ε is small, goes on with the entries that matter near the potentials alone.
    #[default]
    Auto,
    /// `exp((f_i + g_j - c_ij)/ε)` is kept as a matrix, in single precision where the tolerance allows, and made
    /// anew where the potentials have moved far from those absorbed in it: 4 or 8 bytes an entry.
    Kernel,
    /// Costs are read again on each iteration: O(n + m) memory beyond the geometry, and an exponential an entry.
    Log,
}

/// What is made of the last iterates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Acceleration {
    /// Anderson's with a memory of 20 for [`Stop::Within`], none for [`Stop::After`].
    #[default]
    Auto,
    /// Plain alternation.
    None,
    /// Anderson's: the next iterate is the best affine combination of the last images by their residuals. An error
    /// more than twice the least one ends the memory, and the iteration goes on from its best iterate.
    Anderson {
        /// Changes to remember.
        memory: usize,
    },
    /// Over-relaxation of whole iterations, `g + ω (T(g) - g)` for the iteration T, with a plain one after an error more
    /// than twice the least; O(1) memory. Where the plain rate is λ this one's is the larger of `ω - 1` and
    /// `1 - ω (1 - λ)`: up to half of the iterations of a slow problem, none of a fast one. (A. Thibault et al., Algorithms
    /// 14, 2021, doi 10.3390/a14050143, relax each half step.) Anderson's needed fewer in all we measured.
    OverRelaxed {
        /// ω, between 1 and 2; below 1 it damps.
        factor: f64,
    },
}

/// Entropic optimal transport.
///
/// Minimises `⟨C, P⟩ + ε KL(P | a bᵀ)` over plans with marginals `a` and `b`, by alternating
/// `f_i = -ε log Σ_j b_j exp((g_j - c_ij)/ε)` and `g_j = -ε log Σ_i a_i exp((f_i - c_ij)/ε)`;
/// then `P_ij = a_i b_j exp((f_i + g_j - c_ij)/ε)`, with masses as shares of the total.
///
/// An iteration reads each entry once: the sum along a row and its share of the sums across are made together. The
/// convergence is linear, with a rate that tends to 1 as ε → 0; [`Acceleration`] and [`EpsilonScaling`] shorten the
/// way. Sums out of range are made again in the log domain, so a tiny ε is slow but never NaN. The residual, the
/// marginals and both objectives are measured at the end in `f64` from the costs themselves, and only that residual
/// ends [`Stop::Within`], whatever the form and precision on the way.
///
/// M. Cuturi, NeurIPS 2013; G. Peyré and M. Cuturi, Computational Optimal Transport, 2019, section
/// 4.4, doi 10.1561/2200000073. The result is the same bits for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sinkhorn {
    /// The regularisation ε, in the units of the cost.
    pub epsilon: f64,
    /// When to end. The residual is the L1 error of both marginals, as a share of the total mass.
    pub stop: Stop,
    /// How to approach ε.
    pub scaling: EpsilonScaling,
    /// How sums are made.
    pub form: Form,
    /// What is made of the last iterates.
    pub acceleration: Acceleration,
}

impl Sinkhorn {
    /// Sinkhorn at `epsilon`, all else chosen by the problem.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self {
            epsilon,
            stop,
            scaling: EpsilonScaling::Auto,
            form: Form::Auto,
            acceleration: Acceleration::Auto,
        }
    }

    /// The entropic plan, from target potentials: those of a like problem, or of the same at another ε.
    ///
    /// ```
    /// use chreode_ot::{Coupling, OtSolver, Sinkhorn, Stop, Transport};
    /// use ndarray::array;
    ///
    /// # fn main() -> Result<(), chreode_ot::OtError> {
    /// let costs = array![[0.0, 1.0], [2.0, 0.5]];
    /// let problem = Transport::uniform(&costs)?;
    /// let solver = Sinkhorn::new(0.1, Stop::Within { tolerance: 1e-9, max_iterations: 1000 });
    /// let plan = solver.solve(&problem)?;
    /// let again = solver.solve_from(&problem, plan.target_potential())?;
    /// assert!(again.certificate().iterations <= 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`solve`](OtSolver::solve), a wrong number of potentials, or one that is not finite.
    pub fn solve_from<'g, G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'g, G>,
        target_potential: ArrayView1<'_, f64>,
    ) -> Result<EntropicPlan<'g, G>, OtError> {
        let expected = problem.shape().1;
        if target_potential.len() != expected {
            let found = target_potential.len();
            return Err(OtError::Shape { what: "the target potential", expected, found });
        }
        if let Some((point, &value)) = target_potential.indexed_iter().find(|(_, p)| !p.is_finite()) {
            return Err(OtError::BadPotential { point, value });
        }
        let mass = |(p, b): (&f64, &f64)| if *b > 0.0 { *p } else { 0.0 };
        let start = target_potential.iter().zip(&problem.target()).map(mass).collect();
        self.plan(problem, Some(start), Update::Alternate)
    }

    /// The entropic plan between a measure and itself: both potentials are one, `f = g`.
    ///
    /// An iteration takes the mean of T(f) and T(T(f)) for the half step T, which one pass over the costs gives; it
    /// converges in few iterations at any ε where the kernel is positive. (J. Feydy et al., AISTATS 2019, section
    /// 3.1, arXiv:1810.08278, take the mean of f and T(f).) It is what the debiasing terms of a Sinkhorn divergence
    /// need. No acceleration applies.
    ///
    /// The costs should be symmetric; where they are not, the residual says so.
    ///
    /// # Errors
    /// Those of [`solve`](OtSolver::solve), or sides of different size or mass.
    pub fn solve_symmetric<'g, G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'g, G>,
    ) -> Result<EntropicPlan<'g, G>, OtError> {
        let (expected, found) = problem.shape();
        if expected != found {
            return Err(OtError::Shape { what: "the target side of a symmetric problem", expected, found });
        }
        let masses = problem.source().into_iter().zip(problem.target());
        for (point, (&source_mass, &target_mass)) in masses.enumerate() {
            // Totals that differ by rounding were scaled to one another.
            if (source_mass - target_mass).abs() > MASS_TOLERANCE * source_mass {
                return Err(OtError::Asymmetric { point, source_mass, target_mass });
            }
        }
        self.plan(problem, None, Update::Average)
    }

    fn plan<'g, G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'g, G>,
        start: Option<Vec<f64>>,
        update: Update,
    ) -> Result<EntropicPlan<'g, G>, OtError> {
        self.check()?;
        let geometry = problem.geometry();
        let mut shares = Shares::new(&geometry, [problem.source(), problem.target()]);
        let end = run(self, &mut shares, start, update)?;
        let (total, weights) = (problem.source().sum(), [shares.a, shares.b]);
        Ok(EntropicPlan::new(geometry, self.epsilon, total, weights, end))
    }

    pub(crate) fn check(&self) -> Result<(), OtError> {
        let bad = |name, value, range| Err(OtError::BadParameter { name, value, range });
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return bad("epsilon", self.epsilon, "positive and finite");
        }
        self.stop.check()?;
        if let Acceleration::OverRelaxed { factor } = self.acceleration
            && !(factor > 0.0 && factor < 2.0)
        {
            return bad("the factor of over-relaxation", factor, "between 0 and 2");
        }
        if let EpsilonScaling::Geometric { start, factor, .. } = self.scaling {
            if !(factor > 0.0 && factor < 1.0) {
                return bad("the scaling factor", factor, "between 0 and 1");
            }
            if !start.is_finite() {
                return bad("the start of the scaling", start, "finite");
            }
        }
        Ok(())
    }
}

impl OtSolver for Sinkhorn {
    type Plan<'g, G: Geometry + ?Sized + 'g> = EntropicPlan<'g, G>;

    /// The entropic plan. Iterations of the scaling count.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, an ε that is not positive, a point with mass and no allowed move,
    /// or [`OtError::NotConverged`] where the stop asks for a tolerance.
    fn solve<'g, G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'g, G>,
    ) -> Result<EntropicPlan<'g, G>, OtError> {
        self.plan(problem, None, Update::Alternate)
    }
}
