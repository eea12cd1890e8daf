//! The generalised Sinkhorn iteration, plain and translation invariant.

use super::kernel::Kernel;
use super::soft::Weighted;
use super::translation::{Side, plain, translated};
use super::{EntropicRelaxedPlan, Reference, RelaxedSolver, RelaxedTransport};
use crate::simplex::check;
use crate::{Certificate, EpsilonScaling, Geometry, OtError, Sinkhorn, Stop};
use ndarray::Array1;

/// How one side's potential is improved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HalfStep {
    /// With the constant by which the other potential moves: a large penalty costs no more iterations than
    /// balanced transport (Séjourné, Vialard and Peyré 2022, the H-Sinkhorn iteration).
    #[default]
    TranslationInvariant,
    /// Alone, as published by Chizat et al.; slow for λ much larger than ε, with the rate `(1 + ε/λ)⁻²`.
    Plain,
}

/// Entropic unbalanced transport.
///
/// Minimises `⟨C, P⟩ + ε KL(P | r sᵀ) + Σ D₁((P 1)_i, a_i) + Σ D₂((Pᵀ 1)_j, b_j)` by alternating maximisation of the
/// dual over f and over g. With the soft minimum `F_i = -ε log Σ_j s_j exp((g_j - c_ij)/ε)` the half step maximises
/// `-D*(-f_i) - ε r_i exp((f_i - F_i)/ε)` for each point; with `φ_i = F_i + ε log(a_i/r_i)` it is φ (exact),
/// `λ/(λ+ε) φ` (KL), φ cut to `[-λ, λ]` (TV), and a Wright omega function (l2).
///
/// Everything stays in the log domain and works for any two [`Marginal`](crate::Marginal)s: a tiny ε is slow but never NaN, and mass
/// without an allowed move is given up where its side lets it. One iteration reads the costs twice and needs
/// O(n + m) memory; up to 2²⁴ pairs (128 MiB) a kernel is kept, and most iterations are products with it. The last half step is that of an exact side, so a semi-relaxed plan meets it to rounding.
///
/// The residual is the fixed-point change: the L1 distance between the masses of the plan on the side that moves
/// next and those after its half step, as a share of the plan's mass.
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
}

impl UnbalancedSinkhorn {
    /// The translation-invariant iteration at `epsilon` from the first iteration on, with the product reference.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self {
            epsilon,
            stop,
            reference: Reference::Product,
            scaling: EpsilonScaling::None,
            half_step: HalfStep::TranslationInvariant,
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
        let approach = Sinkhorn { scaling: self.scaling, ..Sinkhorn::new(self.epsilon, self.stop) };
        approach.check()?;
        check(problem.geometry())?;
        let sides = [0, 1].map(|side| {
            let mass = problem.mass(side);
            Side::new(problem.marginal(side), mass, self.reference.weights(mass))
        });
        let first = usize::from(sides[0].marginal.is_constraint() && !sides[1].marginal.is_constraint());
        let mut state = Iteration {
            geometry: problem.geometry(),
            potentials: [0, 1].map(|side: usize| vec![0.0; sides[side].mass.len()]),
            sides,
            half_step: self.half_step,
            kernel: Kernel::default(),
        };
        let schedule = self.scaling.above(self.epsilon);
        let (mut iterations, mut residual) = (0, f64::INFINITY);
        loop {
            let epsilon = schedule.get(iterations).copied().unwrap_or(self.epsilon);
            let step = state.half(first, epsilon)?;
            if iterations > schedule.len() {
                residual = state.change(first, epsilon, &step);
            }
            let done = match self.stop {
                Stop::Within { tolerance, .. } => residual <= tolerance,
                Stop::After { iterations: last } => iterations >= last.max(schedule.len() + 1),
            };
            if done {
                break;
            }
            if let Stop::Within { tolerance, max_iterations } = self.stop
                && iterations >= max_iterations
            {
                return Err(OtError::NotConverged {
                    method: "unbalanced sinkhorn",
                    iterations,
                    residual,
                    tolerance,
                });
            }
            state.take(first, step);
            let step = state.half(1 - first, epsilon)?;
            state.take(1 - first, step);
            iterations += 1;
        }
        // The plan depends on f + g - c relative to ε: without digits left there it would be noise.
        let finite = state.potentials.iter().flatten().filter(|f| f.is_finite());
        if finite.fold(0.0, |most, f| f64::max(most, f.abs())) * f64::EPSILON > 0.1 * self.epsilon {
            let range = "larger here, or the penalties smaller: the rounding of the potentials exceeds it";
            return Err(OtError::BadParameter { name: "epsilon", value: self.epsilon, range });
        }
        Ok(state.plan(problem, self.epsilon, iterations, residual))
    }
}

/// The potentials and what they are improved with.
struct Iteration<'g, 'p, G: ?Sized> {
    geometry: &'g G,
    sides: [Side<'p>; 2],
    potentials: [Vec<f64>; 2],
    half_step: HalfStep,
    kernel: Kernel,
}

/// A half step that is not taken yet.
struct Step {
    soft: Vec<f64>,
    potential: Vec<f64>,
    shift: f64,
}

impl<'g, G: Geometry + ?Sized> Iteration<'g, '_, G> {
    /// The best potential of one side.
    fn half(&mut self, side: usize, epsilon: f64) -> Result<Step, OtError> {
        let (own, other) = (&self.sides[side], &self.sides[1 - side]);
        let g = &self.potentials[1 - side];
        let weighted = Weighted::new(g, other.weight.as_slice().expect("contiguous"), epsilon);
        let soft = match side {
            0 => self.kernel.rows(self.geometry, epsilon, &weighted),
            _ => self.kernel.columns(self.geometry, epsilon, &weighted),
        };
        let (potential, shift) = match self.half_step {
            HalfStep::Plain => (plain(own, epsilon, &soft), 0.0),
            HalfStep::TranslationInvariant => translated(own, other, epsilon, &soft, g),
        };
        if own.marginal.is_constraint()
            && let Some(point) = potential.iter().position(|&f| f == f64::INFINITY)
        {
            let unplaced = own.mass[point] / own.mass.sum();
            return Err(match side {
                0 => OtError::Infeasible { unplaced, row: point },
                _ => OtError::Unreachable { unplaced, column: point },
            });
        }
        Ok(Step { soft, potential, shift })
    }

    /// How much the side's masses change in a step, as a share of their total after it.
    fn change(&self, side: usize, epsilon: f64, step: &Step) -> f64 {
        let own = &self.sides[side];
        let before = own.masses(epsilon, &step.soft, &self.potentials[side], 0.0);
        let after = own.masses(epsilon, &step.soft, &step.potential, step.shift);
        let (change, total) = before
            .zip(after)
            .fold((0.0, 0.0), |(change, total), (x, y)| (change + f64::abs(x - y), total + y));
        if change == 0.0 { 0.0 } else { change / total }
    }

    fn take(&mut self, side: usize, step: Step) {
        self.potentials[side] = step.potential;
        if step.shift != 0.0 {
            self.sides[1 - side].lower(&mut self.potentials[1 - side], step.shift);
        }
    }

    fn plan(
        self,
        problem: &RelaxedTransport<'g, G>,
        epsilon: f64,
        iterations: usize,
        residual: f64,
    ) -> EntropicRelaxedPlan<'g, G> {
        let [source, target] = &self.sides;
        let weights = [&source.weight, &target.weight];
        let dual = problem.dual(0, &self.potentials[0]) + problem.dual(1, &self.potentials[1]);
        let potentials = self.potentials.map(Array1::from);
        let mut plan = EntropicRelaxedPlan::new(self.geometry, epsilon, weights, potentials);
        let reference = source.weight.sum() * target.weight.sum();
        plan.finish(Certificate {
            iterations,
            residual,
            primal_cost: plan.value(problem),
            dual_cost: dual + epsilon * (reference - plan.mass()),
        });
        plan
    }
}
