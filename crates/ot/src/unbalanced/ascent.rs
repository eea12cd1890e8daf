//! Ascent of the dual of a relaxed problem without entropy, by the Frank-Wolfe method with corrective steps.

use super::Marginal;
use super::plan::share;
use super::translation::{balance, log_wanted};
use crate::{Certificate, Entry, OtError, Stop};
use ndarray::{Array1, Array2};

/// Pairs of potentials that are kept; beyond, the two of least weight become one.
const ATOMS: usize = 100;

/// f and g.
pub(super) type Pair = [Array1<f64>; 2];

/// The linear problem: balanced transport between measures of equal mass.
pub(super) trait Oracle {
    /// Potentials below the costs, to start from.
    fn start(&self) -> Pair;

    /// The plan's entries, its cost, and its potentials.
    fn balanced(&self, masses: &Pair) -> Result<(Vec<Entry>, f64, Pair), OtError>;
}

/// The objective: masses and penalties (KL, l2 or exact) of both sides.
pub(super) struct Objective {
    pub(super) masses: Pair,
    pub(super) marginals: [Marginal; 2],
}

/// What the ascent ends with.
pub(super) struct Ascent {
    pub(super) entries: Vec<Entry>,
    pub(super) pair: Pair,
    pub(super) transport: f64,
    pub(super) certificate: Certificate,
}

impl Objective {
    /// Whether the ascent knows both penalties; else the error that says so.
    pub(super) fn check(&self, method: &'static str) -> Result<(), OtError> {
        for (side, marginal) in ["source", "target"].into_iter().zip(self.marginals) {
            if !matches!(marginal, Marginal::Kl { .. } | Marginal::L2 { .. } | Marginal::Exact) {
                return Err(OtError::UnsupportedMarginal {
                    method,
                    side,
                    marginal: marginal.name(),
                    allowed: "it takes KL, l2 and exact sides; UnbalancedSimplex takes total variation",
                });
            }
        }
        Ok(())
    }

    /// Steps until the stop says so. The residual is the duality gap as a share of the objective.
    pub(super) fn ascend<O: Oracle>(
        &self,
        oracle: &O,
        stop: Stop,
        method: &'static str,
    ) -> Result<Ascent, OtError> {
        let mut atoms = vec![(1.0, oracle.start())];
        let mut now = atoms[0].1.clone();
        let mut iterations = 0;
        loop {
            self.translate(&mut now);
            let wanted = self.balanced(&now);
            let (entries, transport, best) = match wanted[0].sum() {
                0.0 => (Vec::new(), 0.0, now.clone()),
                _ => oracle.balanced(&wanted)?,
            };
            let primal_cost = transport + self.penalty(&wanted);
            let dual_cost = self.dual(&now);
            let residual = share(primal_cost, dual_cost, transport + self.size(&wanted));
            let certificate = Certificate { iterations, residual, primal_cost, dual_cost };
            let done = match stop {
                Stop::Within { tolerance, .. } => residual <= tolerance,
                Stop::After { iterations: last } => iterations >= last,
            };
            if done {
                return Ok(Ascent { entries, pair: now, transport, certificate });
            }
            if let Stop::Within { tolerance, max_iterations } = stop
                && iterations >= max_iterations
            {
                return Err(OtError::NotConverged { method, iterations, residual, tolerance });
            }
            self.pairwise(&mut now, &mut atoms, &wanted, best);
            self.correct(&mut now, &mut atoms);
            iterations += 1;
        }
    }

    /// From the kept pair of the least value to the new one.
    fn pairwise(&self, now: &mut Pair, atoms: &mut Vec<(f64, Pair)>, wanted: &Pair, best: Pair) {
        let value = |pair: &Pair| wanted[0].dot(&pair[0]) + wanted[1].dot(&pair[1]);
        let values: Vec<f64> = atoms.iter().map(|(_, pair)| value(pair)).collect();
        let worst = (0..atoms.len()).min_by(|&i, &j| values[i].total_cmp(&values[j])).expect("not empty");
        let direction = [0, 1].map(|side| &best[side] - &atoms[worst].1[side]);
        let length = self.search(now, &direction, atoms[worst].0);
        [0, 1].iter().for_each(|&side| now[side].scaled_add(length, &direction[side]));
        atoms[worst].0 -= length;
        match atoms.iter_mut().find(|(_, pair)| *pair == best) {
            Some((weight, _)) => *weight += length,
            None => atoms.push((length, best)),
        }
        atoms.retain(|(weight, _)| *weight > 0.0);
        thin(atoms);
    }

    /// One Newton step of the kept pairs' weights, as long as they stay positive.
    fn correct(&self, now: &mut Pair, atoms: &mut Vec<(f64, Pair)>) {
        let Some(steps) = self.newton(now, atoms) else { return };
        let mut direction = [0, 1].map(|side: usize| Array1::zeros(now[side].len()));
        let mut most: f64 = 1.0;
        for ((weight, pair), &step) in atoms.iter().zip(&steps) {
            most = if step < 0.0 { most.min(-weight / step) } else { most };
            [0, 1].iter().for_each(|&side| direction[side].scaled_add(step, &pair[side]));
        }
        let length = self.search(now, &direction, most);
        [0, 1].iter().for_each(|&side| now[side].scaled_add(length, &direction[side]));
        for ((weight, _), step) in atoms.iter_mut().zip(steps) {
            // The weight that bounds the step becomes 0 and not a rounding of it.
            let left = *weight + length * step;
            *weight = if left <= f64::EPSILON * *weight { 0.0 } else { left };
        }
        atoms.retain(|(weight, _)| *weight > 0.0);
    }

    /// Moves the best constant from g to f.
    fn translate(&self, pair: &mut Pair) {
        let rate = |side: usize| match self.marginals[side] {
            Marginal::Kl { lambda } => Some(1.0 / lambda),
            Marginal::Exact => Some(0.0),
            _ => None,
        };
        let shift = match (rate(0), rate(1)) {
            (Some(0.0), Some(0.0)) => 0.0,
            (Some(left), Some(right)) => {
                let logs = [0, 1].map(|side| {
                    let points = pair[side].iter().copied().zip(self.masses[side].iter().copied());
                    log_wanted(self.marginals[side], points)
                });
                (logs[0] - logs[1]) / (left + right)
            }
            _ => balance(|t| (self.total(pair, 0, t), self.total(pair, 1, -t))),
        };
        pair[0] += shift;
        pair[1] -= shift;
    }

    /// The mass that one side would like with its potential raised by `shift`.
    fn total(&self, pair: &Pair, side: usize, shift: f64) -> f64 {
        let marginal = self.marginals[side];
        pair[side].iter().zip(&self.masses[side]).map(|(&f, &a)| marginal.wanted(f + shift, a)).sum()
    }

    /// The masses that the sides would like.
    fn wanted(&self, pair: &Pair) -> Pair {
        [0, 1].map(|side| {
            let marginal = self.marginals[side];
            let pairs = pair[side].iter().zip(&self.masses[side]);
            pairs.map(|(&f, &a)| marginal.wanted(f, a)).collect()
        })
    }

    /// The same with totals equal to the last digit; nothing where they are the rounding of the masses (an l2 side
    /// wants the difference of its mass and another number).
    fn balanced(&self, pair: &Pair) -> Pair {
        let [mut left, mut right] = self.wanted(pair);
        let (given, taken) = (left.sum(), right.sum());
        let rounding = 1e-14 * (self.masses[0].sum() + self.masses[1].sum());
        if given <= 0.0 || taken <= 0.0 || (given.max(taken) <= rounding && given != taken) {
            left.fill(0.0);
            right.fill(0.0);
        } else {
            right *= given / taken;
        }
        [left, right]
    }

    fn sum(&self, values: &Pair, one: impl Fn(Marginal, f64, f64) -> f64) -> f64 {
        let side = |side: usize| -> f64 {
            values[side].iter().zip(&self.masses[side]).map(|(&s, &a)| one(self.marginals[side], s, a)).sum()
        };
        side(0) + side(1)
    }

    fn penalty(&self, wanted: &Pair) -> f64 {
        self.sum(wanted, Marginal::penalty)
    }

    /// The size of the numbers that the penalties are made of.
    fn size(&self, wanted: &Pair) -> f64 {
        self.sum(wanted, Marginal::size)
    }

    fn dual(&self, pair: &Pair) -> f64 {
        self.sum(pair, Marginal::dual)
    }

    /// Newton's step of the kept pairs' weights, which sums to 0; the constant takes part. `None` for one pair.
    fn newton(&self, now: &Pair, atoms: &[(f64, Pair)]) -> Option<Vec<f64>> {
        let count = atoms.len();
        if count < 2 {
            return None;
        }
        let mut pair = now.clone();
        self.translate(&mut pair);
        let wanted = self.wanted(&pair);
        let curvature = [0, 1].map(|side| match self.marginals[side] {
            Marginal::Kl { lambda } => &wanted[side] / lambda,
            Marginal::L2 { lambda } => wanted[side].mapv(|s| if s > 0.0 { 1.0 / lambda } else { 0.0 }),
            _ => Array1::zeros(wanted[side].len()),
        });
        // The unknowns are the weights' steps, the constant's, and the multiplier of the sum.
        let constant = [Array1::ones(wanted[0].len()), -Array1::ones(wanted[1].len())];
        let all: Vec<&Pair> = atoms.iter().map(|(_, pair)| pair).chain([&constant]).collect();
        let dot = |x: &Pair, y: &Pair| x[0].dot(&y[0]) + x[1].dot(&y[1]);
        let mut system = Array2::zeros((count + 2, count + 3));
        for (k, x) in all.iter().enumerate() {
            let bent = [0, 1].map(|side| &curvature[side] * &x[side]);
            for (l, y) in all.iter().enumerate().skip(k) {
                system[[k, l]] = dot(&bent, y);
                system[[l, k]] = system[[k, l]];
            }
            system[[k, count + 2]] = if k < count { dot(&wanted, x) } else { 0.0 };
        }
        let scale = (0..=count).map(|k| system[[k, k]]).fold(0.0, f64::max);
        for k in 0..=count {
            system[[k, k]] += 1e-13 * scale;
            let one = if k < count { 1.0 } else { 0.0 };
            system[[k, count + 1]] = one;
            system[[count + 1, k]] = one;
        }
        let mut steps = eliminate(system)?;
        steps.truncate(count);
        let mean = steps.iter().sum::<f64>() / count as f64;
        steps.iter_mut().for_each(|s| *s -= mean);
        Some(steps)
    }

    /// The best length in `[0, most]`: where the slope along the direction is 0, the constant moved along.
    fn search(&self, now: &Pair, direction: &Pair, most: f64) -> f64 {
        let slope = |length: f64| {
            let mut pair = [0, 1].map(|side| &now[side] + &(&direction[side] * length));
            self.translate(&mut pair);
            let wanted = self.wanted(&pair);
            wanted[0].dot(&direction[0]) + wanted[1].dot(&direction[1])
        };
        let (mut low, mut high) = ((0.0, slope(0.0)), (most, slope(most)));
        if high.1 >= 0.0 || low.1 <= 0.0 {
            return if low.1 > 0.0 { most } else { 0.0 };
        }
        for round in 0..60 {
            let secant = low.0 + (high.0 - low.0) * low.1 / (low.1 - high.1);
            let middle = if round % 3 < 2 { secant } else { 0.5 * (low.0 + high.0) };
            if middle <= low.0 || middle >= high.0 || high.0 - low.0 <= 1e-12 * most {
                break;
            }
            let value = slope(middle);
            if value > 0.0 {
                low = (middle, value);
            } else {
                high = (middle, value);
            }
        }
        if low.0 > 0.0 { low.0 } else { high.0 }
    }
}

/// Replaces the two pairs of least weight by their mean, where there are too many.
fn thin(atoms: &mut Vec<(f64, Pair)>) {
    if atoms.len() <= ATOMS {
        return;
    }
    atoms.sort_by(|x, y| y.0.total_cmp(&x.0));
    let (last, last_pair) = atoms.pop().expect("more than one");
    let (weight, pair) = atoms.last_mut().expect("more than one");
    let share = last / (last + *weight);
    for side in [0, 1] {
        pair[side] = &pair[side] * (1.0 - share) + &last_pair[side] * share;
    }
    *weight += last;
}

/// The solution of a small linear system whose right-hand side is the last column; Gauss with row exchange.
fn eliminate(mut system: Array2<f64>) -> Option<Vec<f64>> {
    let size = system.nrows();
    for k in 0..size {
        let pivot = (k..size).max_by(|&i, &j| system[[i, k]].abs().total_cmp(&system[[j, k]].abs()))?;
        if system[[pivot, k]] == 0.0 || system[[pivot, k]].is_nan() {
            return None;
        }
        for column in k..=size {
            system.swap([k, column], [pivot, column]);
        }
        for row in k + 1..size {
            let factor = system[[row, k]] / system[[k, k]];
            for column in k..=size {
                system[[row, column]] -= factor * system[[k, column]];
            }
        }
    }
    let mut out = vec![0.0; size];
    for k in (0..size).rev() {
        let known: f64 = (k + 1..size).map(|l| system[[k, l]] * out[l]).sum();
        out[k] = (system[[k, size]] - known) / system[[k, k]];
    }
    out.iter().all(|x| x.is_finite()).then_some(out)
}
