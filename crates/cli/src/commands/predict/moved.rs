//! Cells moved along trained flows, as columns of a file.

use super::motions::Motions;
use crate::args::Rates;
use crate::cells::Cells;
use anyhow::Result;
use chreode_core::{Seed, Snapshot};
use chreode_io::{Additions, Annotation, Column, Uns};
use chreode_models::{Checkpoint, Dynamics, Sampler};
use ndarray::{Array1, Array2, Axis};

/// Cells, and where they are at each of some times.
pub(crate) struct Moved {
    /// The rows of the file, increasing.
    pub(crate) rows: Vec<usize>,
    /// When each cell was measured.
    pub(crate) measured: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    pub(crate) times: Vec<f64>,
    /// One array a time, one row a cell.
    pub(crate) positions: Vec<Array2<f32>>,
    /// Velocity where and when each cell was measured.
    pub(crate) velocity: Array2<f32>,
    /// Velocity where each cell is at each time; empty where it was not asked for.
    velocities: Vec<Array2<f32>>,
    /// What became of a unit of each cell's mass, a column a time; for a model of growth.
    mass: Option<Array2<f32>>,
    /// Growth rate where and when each cell was measured, and where it is at each time, where that was asked for.
    growth: Option<(Array1<f32>, Option<Array2<f32>>)>,
    /// Log-density where and when each cell was measured, in nats; for a model of densities.
    pub(crate) log_density: Option<Vec<f64>>,
    rep: String,
}

/// How cells are to be moved.
pub(crate) struct Way<'a> {
    /// Only the cells measured at this time, if one is given.
    pub(crate) from: Option<f64>,
    pub(crate) times: &'a [f64],
    pub(crate) sampler: &'a Sampler,
    pub(crate) seed: Seed,
    pub(crate) rates: Rates,
}

/// What became of the cells of one snapshot.
struct Part {
    positions: Vec<Array2<f32>>,
    velocity: Array2<f32>,
    velocities: Vec<Array2<f32>>,
    mass: Array2<f32>,
    growth: Option<(Array1<f32>, Option<Array2<f32>>)>,
    log_density: Option<Array1<f64>>,
}

impl Moved {
    /// Integrates every cell from the time it was measured at, forwards and backwards.
    pub(crate) fn new(motions: &Motions, cells: &Cells, way: &Way<'_>) -> Result<Self> {
        if let Some(time) = way.from {
            cells.populations.at(time)?;
        }
        let (mut order, mut parts) = (Vec::new(), Vec::new());
        for (k, (snapshot, rows)) in cells.populations.snapshots().iter().zip(&cells.rows).enumerate() {
            if way.from.is_some_and(|from| from != snapshot.time) {
                continue;
            }
            let probabilities = snapshot.probabilities();
            order.extend(rows.iter().zip(probabilities).map(|(&row, p)| (row, snapshot.time, p)));
            parts.push(Part::new(&*motions.of_snapshot(cells, k)?, snapshot, way)?);
        }
        let mut sorted: Vec<usize> = (0..order.len()).collect();
        sorted.sort_by_key(|&i| order[i].0);
        let width = cells.populations.dims();
        let join = |part: &dyn Fn(&Part) -> Array2<f32>, width: usize| {
            let mut all = Array2::zeros((0, width));
            for some in &parts {
                all.append(Axis(0), part(some).view()).expect("the same columns at all times");
            }
            all.select(Axis(0), &sorted)
        };
        let column = |of: &dyn Fn(&Part) -> Option<Array1<f64>>| -> Option<Vec<f64>> {
            let all: Option<Vec<_>> = parts.iter().map(of).collect();
            let all: Vec<f64> = all.filter(|all| !all.is_empty())?.into_iter().flatten().collect();
            Some(sorted.iter().map(|&i| all[i]).collect())
        };
        let times = 0..way.times.len();
        let all = way.rates == Rates::All;
        let rate = |part: &Part| part.growth.as_ref().map(|(here, _)| here.mapv(f64::from));
        let growth = column(&rate).map(|here| {
            let later =
                |part: &Part| part.growth.as_ref().and_then(|(_, later)| later.clone()).unwrap_or_default();
            (here.into_iter().map(|g| g as f32).collect(), all.then(|| join(&later, way.times.len())))
        });
        Ok(Self {
            rows: sorted.iter().map(|&i| order[i].0).collect(),
            measured: sorted.iter().map(|&i| order[i].1).collect(),
            weights: sorted.iter().map(|&i| order[i].2).collect(),
            times: way.times.to_vec(),
            positions: times.clone().map(|j| join(&|part| part.positions[j].clone(), width)).collect(),
            velocity: join(&|part| part.velocity.clone(), width),
            velocities: times
                .filter(|_| all)
                .map(|j| join(&|part| part.velocities[j].clone(), width))
                .collect(),
            mass: growth.is_some().then(|| join(&|part| part.mass.clone(), way.times.len())),
            growth,
            log_density: column(&|part| part.log_density.clone()),
            rep: cells.key().to_string(),
        })
    }

    /// The obsm key of the positions at the `k`-th time.
    pub(crate) fn key(&self, k: usize) -> String {
        format!("{}_t{}", self.rep, self.times[k])
    }

    /// Positions, velocity, weights and provenance.
    pub(super) fn additions(&self, checkpoint: &Checkpoint, cells: &Cells) -> Additions {
        let text = |value: &str| Uns::Text(value.to_string());
        let config = &checkpoint.header.config;
        let trained_on = checkpoint.header.notes.get("data_sha256");
        let facts = [
            ("version", text(env!("CARGO_PKG_VERSION"))),
            ("method", text(&config.method())),
            ("seed", text(&config.fit().seed.to_string())),
            ("steps", text(&checkpoint.header.step.to_string())),
            ("representation", text(&self.rep)),
            ("times", Uns::Numbers(Array1::from(self.times.clone()).into_dyn())),
            ("data_sha256", text(&cells.hash)),
            ("trained_on_sha256", text(trained_on.map_or("", String::as_str))),
        ];
        let array = |key: String, values: &Array2<f32>| (key, Annotation::F32(values.clone()));
        let positions = self.positions.iter().enumerate().map(|(k, p)| array(self.key(k), p));
        let velocity = array(format!("velocity_{}", self.rep), &self.velocity);
        let velocities = self.velocities.iter().zip(&self.times);
        let velocities = velocities.map(|(v, time)| array(format!("velocity_{}_t{time}", self.rep), v));
        let mass = self.mass.iter().map(|mass| array("chreode_mass".into(), mass));
        let rates =
            self.growth.iter().filter_map(|(_, later)| Some(array("chreode_growth".into(), later.as_ref()?)));
        let numbers = |key: &str, values: Vec<f64>| (key.to_string(), Column::Numbers(values));
        let growth = self
            .growth
            .iter()
            .map(|(here, _)| numbers("chreode_growth", here.iter().map(|&g| f64::from(g)).collect()));
        let density = self.log_density.iter().map(|d| numbers("chreode_log_density", d.clone()));
        let obs =
            [numbers("chreode_time", self.measured.clone()), numbers("chreode_weight", self.weights.clone())];
        Additions {
            obs: obs.into_iter().chain(growth).chain(density).collect(),
            obsm: positions.chain([velocity]).chain(velocities).chain(mass).chain(rates).collect(),
            layers: Vec::new(),
            uns: facts.map(|(key, value)| (format!("chreode/{key}"), value)).to_vec(),
        }
    }

    /// The coordinates the cells were measured at.
    pub(super) fn measured_at(&self, cells: &Cells) -> Array2<f32> {
        let mut all = Array2::zeros((self.rows.len(), cells.populations.dims()));
        for (snapshot, rows) in cells.populations.snapshots().iter().zip(&cells.rows) {
            for (point, row) in snapshot.points.rows().into_iter().zip(rows) {
                if let Ok(i) = self.rows.binary_search(row) {
                    all.row_mut(i).assign(&point);
                }
            }
        }
        all
    }
}

impl Part {
    fn new(model: &dyn Dynamics, snapshot: &Snapshot, way: &Way<'_>) -> Result<Self> {
        let Way { times, sampler, seed, rates, .. } = *way;
        let (time, points) = (snapshot.time, snapshot.points.view());
        let ones = Array1::ones(snapshot.len());
        let start = Snapshot { weights: Some(ones.clone()), ..snapshot.clone() };
        let mut positions = vec![Array2::zeros((0, 0)); times.len()];
        let mut mass = Array2::zeros((snapshot.len(), times.len()));
        let later: Vec<usize> = (0..times.len()).filter(|&k| times[k] >= time).collect();
        let earlier: Vec<usize> = (0..times.len()).rev().filter(|&k| times[k] < time).collect();
        for ahead in [later, earlier] {
            let path: Vec<f64> = std::iter::once(time).chain(ahead.iter().map(|&k| times[k])).collect();
            let states = model.evolve(&start, &path, sampler, seed)?;
            for (&k, state) in ahead.iter().zip(&states[1..]) {
                positions[k] = state.points.clone();
                mass.column_mut(k).assign(state.weights.as_ref().unwrap_or(&ones));
            }
        }
        let all = || times.iter().zip(&positions).filter(|_| rates == Rates::All);
        let velocities = all().map(|(&t, x)| model.velocity(t, x.view())).collect::<Result<_, _>>()?;
        let growth = match model.growth(time, points)? {
            None => None,
            Some(here) => {
                let mut later = Array2::zeros((snapshot.len(), times.len()));
                for (k, (&t, x)) in all().enumerate() {
                    let rates = model.growth(t, x.view())?.unwrap_or_default();
                    later.column_mut(k).assign(&rates);
                }
                Some((here, (rates == Rates::All).then_some(later)))
            }
        };
        let velocity = model.velocity(time, points)?;
        let log_density = model.log_density(time, points, sampler)?;
        Ok(Self { positions, velocity, velocities, mass, growth, log_density })
    }
}
