//! The experiment: cultures grown to each time, sampled, measured.

use super::fate::Futures;
use super::{Branch, Circuit, Growth, Measurement, Simulation, Toggle, Truth};
use crate::{ModelError, error::require};
use chreode_core::{Populations, Seed, Snapshot, Stream};
use ndarray::{Array1, Array2};
use rand::seq::index;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The largest expected population that is simulated.
const CELL_LIMIT: f64 = 1e7;

/// A branching differentiation: progenitors that commit to one of two fates, divide and die.
///
/// The circuit is a [`Toggle`] and the genes it drives ([`Circuit`]); a cell moves by the chemical
/// Langevin equation, stepped by Euler–Maruyama. Measuring kills, so each time has a culture of its
/// own, grown from its own founders; the cells of a snapshot are drawn from its living cells without
/// replacement. Founders start at the progenitor's rest state and live through
/// [`burn_in`](Self::burn_in) with the switch as it is at the first time, without dividing.
///
/// Every founder, sampled cell and simulated future draws from a stream of its own, so the result is
/// the same for any number of threads. The cost is `O(living cells × genes × time / step)`.
///
/// ```
/// use chreode_core::Seed;
/// use chreode_models::Bifurcation;
///
/// let small = Bifurcation { cells: 50, founders: 60, genes: 8, futures: 4, ..Bifurcation::default() };
/// let simulation = small.simulate(Seed(1))?;
/// assert_eq!(simulation.populations.cells(), 5 * 50);
/// assert_eq!(simulation.populations.dims(), 8);
/// # Ok::<(), chreode_models::ModelError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bifurcation {
    /// When snapshots are taken; cultures start at the first of them.
    pub times: Vec<f64>,
    /// Cells measured at each time.
    pub cells: usize,
    /// Cells each culture starts from.
    pub founders: usize,
    /// Genes in all, with the two masters.
    pub genes: usize,
    /// The master genes.
    pub toggle: Toggle,
    /// Intrinsic noise `1/√Ω`, for `Ω` molecules per unit of concentration; 0 for the deterministic limit.
    pub noise: f64,
    /// Division and death.
    pub growth: Growth,
    /// The instrument.
    pub measurement: Measurement,
    /// The longest step of the integrator.
    pub step: f64,
    /// How long founders live before the first time.
    pub burn_in: f64,
    /// Simulated futures a cell, for its fate probability.
    pub futures: usize,
}

impl Default for Bifurcation {
    fn default() -> Self {
        Self {
            times: vec![0.0, 1.0, 2.0, 3.0, 4.0],
            cells: 1000,
            founders: 1000,
            genes: 50,
            toggle: Toggle::default(),
            noise: 0.07,
            growth: Growth::default(),
            measurement: Measurement::default(),
            step: 0.02,
            burn_in: 2.0,
            futures: 32,
        }
    }
}

impl Bifurcation {
    /// Runs the experiment.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] for a value outside its range, [`ModelError::TooManyCells`] for
    /// growth that would not fit in memory, [`ModelError::TooFewCells`] where a culture has fewer
    /// living cells than are to be sampled, and [`ModelError::Populations`] for times that do not
    /// increase.
    pub fn simulate(&self, seed: Seed) -> Result<Simulation, ModelError> {
        self.check()?;
        let circuit = Circuit::draw(self.toggle, self.genes, seed.child("circuit"));
        let rest = circuit.progenitor();
        let mut snapshots = Vec::with_capacity(self.times.len());
        let mut truth = Vec::with_capacity(self.times.len());
        for (k, &time) in self.times.iter().enumerate() {
            let seed = seed.child(&format!("culture {k}"));
            let living = self.grow(&circuit, &rest, time, seed);
            if living.len() < self.cells {
                return Err(ModelError::TooFewCells { time, living: living.len(), wanted: self.cells });
            }
            let mut chosen =
                index::sample(&mut seed.stream("sample", 0), living.len(), self.cells).into_vec();
            chosen.sort_unstable();
            let states: Vec<&[f64]> = chosen.iter().map(|&i| living[i].as_slice()).collect();
            snapshots.push(Snapshot::new(time, self.measure(&states, seed)));
            truth.push(self.truth(&circuit, &states, time, living.len(), seed));
        }
        let names = (1..=self.genes).map(|i| if i <= 2 { format!("M{i}") } else { format!("G{i}") });
        Ok(Simulation { populations: Populations::new(snapshots, names.collect())?, truth, circuit })
    }

    /// All cells alive at `time` in one culture, founder by founder.
    fn grow(&self, circuit: &Circuit, rest: &[f64], time: f64, seed: Seed) -> Vec<Vec<f64>> {
        let families: Vec<Vec<Vec<f64>>> = (0..self.founders)
            .into_par_iter()
            .map(|founder| self.family(circuit, rest, time, &mut seed.stream("founder", founder as u64)))
            .collect();
        families.into_iter().flatten().collect()
    }

    /// The living descendants at `time` of one founder.
    fn family(&self, circuit: &Circuit, rest: &[f64], time: f64, rng: &mut Stream) -> Vec<Vec<f64>> {
        let start = self.times[0];
        let mut state = rest.to_vec();
        let (steps, h) = equal_steps(self.burn_in, self.step);
        for _ in 0..steps {
            circuit.step(start, &mut state, h, self.noise, rng);
        }
        let (steps, h) = equal_steps(time - start, self.step);
        // Cells waiting to be advanced, each with the number of steps it has behind it: depth first.
        let mut waiting = vec![(0, state)];
        let mut alive = Vec::new();
        while let Some((k, mut state)) = waiting.pop() {
            if k == steps {
                alive.push(state);
                continue;
            }
            let t = start + k as f64 * h;
            let descendants = self.growth.descendants(self.toggle.dominance([state[0], state[1]]), h, rng);
            for _ in 1..descendants {
                let mut sister = state.clone();
                circuit.step(t, &mut sister, h, self.noise, rng);
                waiting.push((k + 1, sister));
            }
            if descendants > 0 {
                circuit.step(t, &mut state, h, self.noise, rng);
                waiting.push((k + 1, state));
            }
        }
        alive
    }

    fn measure(&self, states: &[&[f64]], seed: Seed) -> Array2<f32> {
        let rows: Vec<Vec<f32>> = states
            .par_iter()
            .enumerate()
            .map(|(i, state)| {
                let mut row = vec![0.0; state.len()];
                self.measurement.read(state, &mut row, &mut seed.stream("measure", i as u64));
                row
            })
            .collect();
        Array2::from_shape_fn((states.len(), self.genes), |(i, j)| rows[i][j])
    }

    fn truth(&self, circuit: &Circuit, states: &[&[f64]], time: f64, living: usize, seed: Seed) -> Truth {
        let end = *self.times.last().expect("times were checked");
        let Self { ref toggle, noise, step, futures: count, .. } = *self;
        let futures = Futures { toggle, noise, end, step, count, seed };
        let masters = |s: &[f64]| [s[0], s[1]];
        let fate: Vec<f32> =
            states.par_iter().enumerate().map(|(i, s)| futures.share(i as u64, time, masters(s))).collect();
        let mut drift = Array2::zeros((states.len(), self.genes));
        let mut speed = vec![0.0; self.genes];
        for (state, mut row) in states.iter().zip(drift.rows_mut()) {
            circuit.drift(time, state, &mut speed);
            for (j, o) in row.iter_mut().enumerate() {
                *o = self.measurement.tangent(state[j], speed[j]);
            }
        }
        Truth {
            time,
            states: Array2::from_shape_fn((states.len(), self.genes), |(i, j)| states[i][j]),
            drift,
            branch: fate.iter().map(|&p| Branch::from_probability(p)).collect(),
            fate: Array1::from(fate),
            growth: states.iter().map(|s| self.growth.net(toggle.dominance(masters(s)))).collect(),
            living,
            mass: living as f64 / self.founders as f64,
        }
    }

    fn check(&self) -> Result<(), ModelError> {
        let at_least =
            |name, value: usize, least: usize, rule| require(name, value as f64, value >= least, rule);
        at_least("the number of times", self.times.len(), 1, "at least 1")?;
        at_least("cells", self.cells, 1, "at least 1")?;
        at_least("founders", self.founders, 1, "at least 1")?;
        at_least("genes", self.genes, 2, "at least 2, the two masters")?;
        at_least("futures", self.futures, 1, "at least 1")?;
        for pair in self.times.windows(2) {
            require("times", pair[1], pair[1] > pair[0], "later than the time before it")?;
        }
        require("times", self.times[0], true, "finite")?;
        self.toggle.check()?;
        self.growth.check()?;
        self.measurement.check()?;
        require("noise", self.noise, self.noise >= 0.0, "at least 0")?;
        require("burn_in", self.burn_in, self.burn_in >= 0.0, "at least 0")?;
        // Genes turn over at up to twice the masters' rate; Euler is stable below 2 / rate.
        let stable = 0.5 / self.toggle.turnover;
        require(
            "step",
            self.step,
            self.step > 0.0 && self.step <= stable,
            "above 0 and at most 0.5 / turnover",
        )?;
        let time = self.times[self.times.len() - 1];
        let fastest = self.growth.division[0].max(self.growth.division[1]) - self.growth.death;
        let expected = self.founders as f64 * (fastest * (time - self.times[0])).exp().max(1.0);
        if expected <= CELL_LIMIT {
            Ok(())
        } else {
            Err(ModelError::TooManyCells { time, expected, limit: CELL_LIMIT })
        }
    }
}

/// The number and length of equal steps of at most `longest` that cover `span`.
fn equal_steps(span: f64, longest: f64) -> (usize, f64) {
    let steps = (span / longest).ceil() as usize;
    (steps, if steps == 0 { 0.0 } else { span / steps as f64 })
}
