//! The generalised Sinkhorn iteration, plain and translation invariant.

use super::{EntropicRelaxedPlan, Reference, RelaxedSolver, RelaxedTransport, Side};
use crate::sinkhorn::{Relaxed, Shares, Update, run};
use crate::{Acceleration, EntropicPlan, EpsilonScaling, Form, Geometry, OtError, Sinkhorn, Stop};

/// How one side's potential is improved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HalfStep {
    /// That of the target with the constant by which the source's moves, once an iteration: a large penalty costs no
    /// more iterations than balanced transport (after the H-Sinkhorn iteration of Séjourné, Vialard and Peyré 2022,
    /// which moves it twice).
    #[default]
    TranslationInvariant,
    /// Alone, as published by Chizat et al., and without acceleration unless asked for; slow for λ much larger than
    /// ε, with the rate `(1 + ε/λ)⁻²`.
    Plain,
}

/// Entropic unbalanced transport.
///
/// Minimises `⟨C, P⟩ + ε KL(P | r sᵀ) + Σ D₁((P 1)_i, a_i) + Σ D₂((Pᵀ 1)_j, b_j)` by alternating maximisation of the
/// dual over f and over g. With the soft minimum `F_i = -ε log Σ_j s_j exp((g_j - c_ij)/ε)` the half step maximises
/// `-D*(-f_i) - ε r_i exp((f_i - F_i)/ε)` for each point; with `φ_i = F_i + ε log(a_i/r_i)` it is φ (exact),
/// `λ/(λ+ε) φ` (KL), φ cut to `[-λ, λ]` (TV), and a Wright omega function (l2).
///
/// The iteration is [`Sinkhorn`]'s, which reads each cost or entry of the kernel once, with other answers to the soft
/// minima: its [`Form`]s, its precision, its [`Acceleration`] and its scaling of ε, for any two
/// [`Marginal`](crate::Marginal)s. A tiny ε is slow but never NaN, and mass without an allowed move is given up where its
/// side lets it. The last half step is that of an exact side, so a semi-relaxed plan meets it to rounding.
///
/// The residual is the fixed-point change: the L1 distance between the masses of the plan on a side and those after its
/// half step, as a share of the plan's mass, both sides together; between exact sides that is the error of the
/// marginals. It is measured at the end in `f64` from the costs themselves.
///
/// L. Chizat, G. Peyré, B. Schmitzer and F.-X. Vialard, Math. Comp. 87, 2018, doi 10.1090/mcom/3303; T. Séjourné,
/// F.-X. Vialard and G. Peyré, AISTATS 2022, arXiv 2201.00730. The result is the same bits for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnbalancedSinkhorn {
    /// The regularisation ε, in the units of the cost.
    pub epsilon: f64,
    /// When to end.
    pub stop: Stop,
    /// What the plan is compared to.
    pub reference: Reference,
    /// How to approach ε.
    pub scaling: EpsilonScaling,
    /// How a potential is improved.
    pub half_step: HalfStep,
    /// How sums are made.
    pub form: Form,
    /// What is made of the last iterates.
    pub acceleration: Acceleration,
}

impl UnbalancedSinkhorn {
    /// The translation-invariant iteration at `epsilon` with the product reference, all else chosen by the problem.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self {
            epsilon,
            stop,
            reference: Reference::Product,
            scaling: EpsilonScaling::Auto,
            half_step: HalfStep::TranslationInvariant,
            form: Form::Auto,
            acceleration: Acceleration::Auto,
        }
    }
}

impl RelaxedSolver for UnbalancedSinkhorn {
    type Plan<'g, G: Geometry + ?Sized + 'g> = EntropicRelaxedPlan<'g, G>;

    /// The entropic plan. Iterations of the scaling count.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, an ε that is not positive, or so small that the rounding of the potentials exceeds it,
    /// a point whose mass has to move and may not, or [`OtError::NotConverged`] where the stop asks for a tolerance.
    fn solve<'g, G: Geometry + ?Sized>(
        &self,
        problem: &RelaxedTransport<'g, G>,
    ) -> Result<EntropicRelaxedPlan<'g, G>, OtError> {
        let (epsilon, stop) = (self.epsilon, self.stop);
        let (form, scaling) = (self.form, self.scaling);
        let acceleration = match (self.acceleration, self.half_step) {
            (Acceleration::Auto, HalfStep::Plain) => Acceleration::None,
            (acceleration, _) => acceleration,
        };
        let solver = Sinkhorn { epsilon, stop, scaling, form, acceleration };
        solver.check()?;
        let sides = [0, 1].map(|side| Side::new(problem.marginal(side), problem.mass(side), self.reference));
        let reference = sides[0].total * sides[1].total;
        let geometry = problem.geometry();
        let mut shares = Shares::relaxed(&geometry, Relaxed { sides, half_step: self.half_step });
        let end = run(&solver, &mut shares, None, Update::Alternate)?;
        // The plan depends on f + g - c relative to ε: without digits left there it would be noise.
        if end.largest() * f64::EPSILON > 0.1 * epsilon {
            let range = "larger here, or the penalties smaller: the rounding of the potentials exceeds it";
            return Err(OtError::BadParameter { name: "epsilon", value: epsilon, range });
        }
        let plan = EntropicPlan::new(geometry, epsilon, 1.0, shares.into_weights(), end);
        Ok(EntropicRelaxedPlan::new(plan, epsilon, reference))
    }
}
