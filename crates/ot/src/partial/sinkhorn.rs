//! Entropic partial transport in the log domain.

use super::PartialTransport;
use crate::simplex::check;
use crate::sinkhorn::{Weighted, columns, rows};
use crate::{
    Certificate, EntropicPlan, EntropicRelaxedPlan, EpsilonScaling, Geometry, OtError, Reference, Sinkhorn,
    Stop,
};
use ndarray::Array1;

/// Entropic partial transport.
///
/// Minimises `⟨C, P⟩ + ε KL(P | r sᵀ)` over `P ≥ 0` with `P 1 ≤ a`, `Pᵀ 1 ≤ b` and `Σ P_ij = mass`. The plan is
/// `P_ij = r_i s_j exp((f_i + g_j + μ - c_ij)/ε)` with `f ≤ 0`, `g ≤ 0`.
///
/// Benamou et al. (SIAM J. Sci. Comput. 37, 2015, doi 10.1137/141000439, section 5) project on the three
/// constraints in turn, by Dykstra's algorithm; that is ascent of the dual in f, g and μ in turn. Here f is found
/// together with μ, and g together with μ: the row masses `min(a_i, r_i exp((μ - F_i)/ε))`, with F the soft minima, are
/// filled to the given total, by a sort. So every plan on the way has the mass asked for.
///
/// The residual is the fixed-point change: the L1 distance between the plan's source masses and those after the next
/// half step, as a share of the mass. In the plan the source potential is `f + μ`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartialSinkhorn {
    /// The regularisation ε, in the units of the cost.
    pub epsilon: f64,
    /// When to end.
    pub stop: Stop,
    /// What the plan is compared to; POT's solver takes [`Reference::Counting`].
    pub reference: Reference,
    /// How to approach ε.
    pub scaling: EpsilonScaling,
}

impl PartialSinkhorn {
    /// With ε from the first iteration on, and the product reference.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self { epsilon, stop, reference: Reference::Product, scaling: EpsilonScaling::None }
    }

    /// The entropic plan. Iterations of the scaling count.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, an ε that is not positive, less mass with an allowed move than is to move, or
    /// [`OtError::NotConverged`] where the stop asks for a tolerance.
    pub fn solve<'g, G: Geometry + ?Sized>(
        &self,
        problem: &PartialTransport<'g, G>,
    ) -> Result<EntropicRelaxedPlan<'g, G>, OtError> {
        let approach = Sinkhorn { scaling: self.scaling, ..Sinkhorn::new(self.epsilon, self.stop) };
        approach.check()?;
        let geometry = problem.geometry();
        check(&geometry)?;
        let (a, b) = (&problem.a, &problem.b);
        let (source, target) = (Side::new(a, self.reference), Side::new(b, self.reference));
        let (mut f, mut g) = (vec![0.0; a.len()], vec![0.0; b.len()]);
        let mut price = 0.0;
        let schedule = self.scaling.above(self.epsilon);
        let (mut iterations, mut residual) = (0, f64::INFINITY);
        loop {
            let epsilon = schedule.get(iterations).copied().unwrap_or(self.epsilon);
            let soft = rows(&geometry, epsilon, &target.weighted(&g, epsilon));
            let next = source.fill(epsilon, &soft, problem.mass).ok_or_else(|| {
                let row = soft.iter().position(|f| *f == f64::INFINITY).unwrap_or(0);
                OtError::Infeasible { unplaced: source.stuck(&soft), row }
            })?;
            if iterations > schedule.len() {
                residual = source.change(epsilon, &soft, (&f, price), (&next.0, next.1), problem.mass);
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
                let method = "partial sinkhorn";
                return Err(OtError::NotConverged { method, iterations, residual, tolerance });
            }
            (f, _) = next;
            let soft = columns(&geometry, epsilon, &source.weighted(&f, epsilon));
            (g, price) = target.fill(epsilon, &soft, problem.mass).ok_or_else(|| {
                let column = soft.iter().position(|g| *g == f64::INFINITY).unwrap_or(0);
                OtError::Unreachable { unplaced: target.stuck(&soft), column }
            })?;
            iterations += 1;
        }
        let dot = |f: &[f64], a: &Array1<f64>| -> f64 {
            f.iter().zip(a).map(|(&f, &a)| if a > 0.0 { a * f } else { 0.0 }).sum()
        };
        let paid = if problem.mass > 0.0 { price * problem.mass } else { 0.0 };
        let dual = dot(&f, a) + dot(&g, b) + paid;
        let potentials = [f.iter().map(|f| f + price).collect(), g];
        let weights = [source.weight.to_vec(), target.weight.to_vec()];
        let reference = source.weight.sum() * target.weight.sum();
        let plan = EntropicPlan::of(geometry, self.epsilon, weights, potentials);
        let plan = EntropicRelaxedPlan::new(plan, self.epsilon, reference);
        let certificate = Certificate {
            iterations,
            residual,
            primal_cost: crate::Coupling::cost(&plan) + self.epsilon * plan.divergence(),
            dual_cost: dual + self.epsilon * (reference - plan.mass()),
        };
        Ok(plan.certified(certificate))
    }
}

/// The masses of one side, its weights, and `log(a/r)`.
struct Side<'p> {
    mass: &'p Array1<f64>,
    weight: Array1<f64>,
    ratio: Vec<f64>,
}

impl<'p> Side<'p> {
    fn new(mass: &'p Array1<f64>, reference: Reference) -> Self {
        let weight = reference.weights(mass);
        let ratio =
            mass.iter().zip(&weight).map(|(&a, &r)| if a == r { 0.0 } else { (a / r).ln() }).collect();
        Self { mass, weight, ratio }
    }

    fn weighted(&self, f: &[f64], epsilon: f64) -> Weighted {
        Weighted::new(f, self.weight.as_slice().expect("contiguous"), epsilon)
    }

    /// `f ≤ 0` and μ, such that `r_i exp((f_i + μ - F_i)/ε) = min(a_i, r_i exp((μ - F_i)/ε))` sums to `mass`.
    ///
    /// `None` where the points with an allowed move hold less.
    fn fill(&self, epsilon: f64, soft: &[f64], mass: f64) -> Option<(Vec<f64>, f64)> {
        // A point is full from the level z_i = F_i + ε log(a_i/r_i) on.
        let level = |i: usize| soft[i] + epsilon * self.ratio[i];
        let live = |&i: &usize| self.mass[i] > 0.0 && soft[i].is_finite();
        let mut order: Vec<usize> = (0..soft.len()).filter(live).collect();
        order.sort_by(|&i, &j| level(i).total_cmp(&level(j)).then(i.cmp(&j)));
        // log Σ a_i exp(-z_i/ε) of the points from k on.
        let mut rest = vec![f64::NEG_INFINITY; order.len() + 1];
        for k in (0..order.len()).rev() {
            let term = self.mass[order[k]].ln() - level(order[k]) / epsilon;
            let (low, high) = if term < rest[k + 1] { (term, rest[k + 1]) } else { (rest[k + 1], term) };
            rest[k] = high + (low - high).exp().ln_1p();
        }
        let mut full = 0.0;
        let mut price = None;
        for (k, &i) in order.iter().enumerate() {
            let candidate = epsilon * ((mass - full).ln() - rest[k]);
            if candidate <= level(i) || full + self.mass[i] >= mass {
                price = Some(candidate.min(level(i)));
                break;
            }
            full += self.mass[i];
        }
        if price.is_none() && full < mass * (1.0 - 1e-9) {
            return None;
        }
        let price = price.unwrap_or_else(|| order.last().map_or(0.0, |&i| level(i)));
        let one = |i: usize| {
            if live(&i) { (level(i) - price).min(0.0) } else { f64::NEG_INFINITY }
        };
        Some(((0..soft.len()).map(one).collect(), price))
    }

    /// The share of the mass that has no allowed move.
    fn stuck(&self, soft: &[f64]) -> f64 {
        let held: f64 = self.mass.iter().zip(soft).filter(|(_, f)| !f.is_finite()).map(|(a, _)| a).sum();
        held / self.mass.sum()
    }

    fn change(
        &self,
        epsilon: f64,
        soft: &[f64],
        before: (&[f64], f64),
        after: (&[f64], f64),
        mass: f64,
    ) -> f64 {
        let masses = |(f, price): (&[f64], f64), i: usize| {
            if soft[i].is_finite() {
                self.weight[i] * ((f[i] + price - soft[i]) / epsilon).exp()
            } else {
                0.0
            }
        };
        let sum: f64 = (0..soft.len()).map(|i| (masses(before, i) - masses(after, i)).abs()).sum();
        if sum == 0.0 { 0.0 } else { sum / mass }
    }
}
