//! `chreode predict`: move cells along a trained flow, and write where they go.

mod expression;
mod series;

use crate::args::{Expression, PredictArgs};
use crate::cells::Cells;
use crate::commands::inspect::shortened;
use crate::progress::spoken;
use crate::run_dir::RunDir;
use crate::save::probe;
use crate::say::say;
use crate::settings::DataSettings;
use crate::solver;
use anyhow::{Context, Result, bail};
use chreode_core::{Seed, Snapshot};
use chreode_io::{Additions, AnnData, Annotation, Column, H5ad, IoError, Uns, write_h5ad};
use chreode_models::{Checkpoint, Device, Dynamics, Needs, Sampler};
use ndarray::{Array1, Array2, Axis, s};
use std::path::Path;
use std::time::Instant;

/// Runs the command.
pub(crate) fn run(args: &PredictArgs, device: &Device) -> Result<()> {
    let start = Instant::now();
    let checkpoint = RunDir::open(&args.run)?.checkpoint()?.on(device);
    let forecasts = checkpoint.header.config.needs() == Needs::Series;
    let writes = is_h5ad(&args.out) || (forecasts && is_table(&args.out));
    if !writes {
        bail!("{} does not end in .h5ad, the format that is written; rename it", args.out.display());
    }
    probe(&args.out)?;
    if forecasts {
        return series::run(args, &checkpoint);
    }
    let cells = cells_of(&checkpoint, &args.file)?;
    let sampler = solver::for_prediction(&args.solver)?;
    let times = match &args.times {
        Some(times) => increasing(times)?,
        None => checkpoint.header.space.times.clone(),
    };
    let moved = Moved::new(
        &*checkpoint.trained()?.dynamics()?,
        &cells,
        args.from,
        &times,
        (&sampler, Seed(args.seed)),
    )?;
    say!("moved    {} cells to times {} ({})", moved.rows.len(), joined(&times), solver::described(&sampler));
    write(&args.out, &moved, &checkpoint, &cells, args.expression)?;
    say!("wrote    {} in {}", args.out.display(), spoken(start.elapsed().as_secs_f64()));
    say!("next     open it in scanpy: obsm['{}'] is where the cells go", moved.key(times.len() - 1));
    Ok(())
}

/// Writes the cells with their trajectories: the whole input where every cell moved, else their tables and coordinates.
pub(crate) fn write(
    out: &Path,
    moved: &Moved,
    checkpoint: &Checkpoint,
    cells: &Cells,
    which: Expression,
) -> Result<()> {
    let mut additions = moved.additions(checkpoint, cells);
    let input = h5ad(&cells.file)?;
    if let Some(input) = &input {
        additions.layers.extend(expression::layers(input, moved, cells, which)?);
    }
    match input {
        Some(input) if moved.rows.len() == input.n_obs() => {
            for left in input.copy_with(out, &additions)? {
                say!("note     {} was not copied: {}", left.element, left.reason);
            }
        }
        input => write_h5ad(out, &subset(input.as_ref(), moved, cells, additions)?)?,
    }
    Ok(())
}

/// The file as .h5ad, if it is one.
fn h5ad(path: &Path) -> Result<Option<H5ad>> {
    Ok(if is_h5ad(path) { Some(H5ad::open(path)?) } else { None })
}

/// The cells of `file` in the coordinates that the checkpoint was trained in.
pub(crate) fn cells_of(checkpoint: &Checkpoint, file: &Path) -> Result<Cells> {
    let note = |key: &str| checkpoint.header.notes.get(key).cloned();
    let settings = DataSettings {
        time: Some(note("time").context("the checkpoint does not say which column held the times")?),
        rep: note("rep"),
        dims: Some(checkpoint.header.space.frame.dims()),
        weight: note("weight"),
        ..DataSettings::default()
    };
    let named = &checkpoint.header.space.frame.features;
    let rep = note("rep").unwrap_or_default();
    if rep.is_empty() && !is_table(file) {
        bail!(
            "{} is not a .csv or .tsv, and this run was trained on a whole table; give one with the columns {}",
            file.display(),
            shortened(named)
        );
    }
    let cells = Cells::read(file, &settings).map_err(|error| match error.downcast_ref() {
        Some(IoError::Dimensions { .. } | IoError::NoSuchElement { .. }) => error.context(format!(
            "{} lacks what this run was trained on, {} dimensions of {rep} with the times in `{}`",
            file.display(),
            named.len(),
            note("time").unwrap_or_default()
        )),
        _ => error,
    })?;
    if let Some((wanted, found)) = named.iter().zip(cells.populations.features()).find(|(a, b)| a != b) {
        bail!(
            "{} has `{found}` where this run was trained on `{wanted}`; give the same coordinates in the same order",
            file.display()
        );
    }
    Ok(cells)
}

fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv") || e.eq_ignore_ascii_case("tsv"))
}

/// Whether a file's name says that it is an .h5ad.
pub(crate) fn is_h5ad(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("h5ad"))
}

fn increasing(times: &[f64]) -> Result<Vec<f64>> {
    if times.is_empty()
        || times.windows(2).any(|pair| pair[1] <= pair[0])
        || times.iter().any(|t| !t.is_finite())
    {
        bail!("--times must be increasing numbers, e.g. --times 0,1,2.5");
    }
    Ok(times.to_vec())
}

fn joined(times: &[f64]) -> String {
    times.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
}

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
    /// What became of a unit of each cell's mass, a column a time; for a model of growth.
    mass: Option<Array2<f32>>,
    rep: String,
}

impl Moved {
    /// Integrates every cell from the time it was measured at, forwards and backwards.
    pub(crate) fn new(
        model: &dyn Dynamics,
        cells: &Cells,
        from: Option<f64>,
        times: &[f64],
        (sampler, seed): (&Sampler, Seed),
    ) -> Result<Self> {
        if let Some(time) = from {
            cells.populations.at(time)?;
        }
        let chosen = |time: f64| from.is_none_or(|f| f == time);
        let n: usize = cells.populations.snapshots().iter().filter(|s| chosen(s.time)).map(|s| s.len()).sum();
        let mut order = Vec::with_capacity(n);
        let mut stacked = vec![Array2::<f32>::zeros((n, cells.populations.dims())); times.len()];
        let mut velocity = Array2::<f32>::zeros((n, cells.populations.dims()));
        let mut mass = Array2::<f32>::zeros((n, times.len()));
        let mut grows = false;
        for (snapshot, rows) in cells.populations.snapshots().iter().zip(&cells.rows) {
            if !chosen(snapshot.time) {
                continue;
            }
            let at = order.len()..order.len() + snapshot.len();
            let probabilities = snapshot.probabilities();
            order.extend(rows.iter().zip(probabilities).map(|(&row, p)| (row, snapshot.time, p)));
            let ones = Array1::ones(snapshot.len());
            let start = Snapshot { weights: Some(ones.clone()), ..snapshot.clone() };
            grows |= model.growth(snapshot.time, snapshot.points.view())?.is_some();
            velocity
                .slice_mut(s![at.clone(), ..])
                .assign(&model.velocity(snapshot.time, snapshot.points.view())?);
            let later: Vec<usize> = (0..times.len()).filter(|&k| times[k] >= snapshot.time).collect();
            let earlier: Vec<usize> = (0..times.len()).rev().filter(|&k| times[k] < snapshot.time).collect();
            for way in [later, earlier] {
                let path: Vec<f64> =
                    std::iter::once(snapshot.time).chain(way.iter().map(|&k| times[k])).collect();
                let states = model.evolve(&start, &path, sampler, seed)?;
                for (&k, state) in way.iter().zip(&states[1..]) {
                    stacked[k].slice_mut(s![at.clone(), ..]).assign(&state.points);
                    let weights = state.weights.as_ref().unwrap_or(&ones);
                    mass.slice_mut(s![at.clone(), k]).assign(weights);
                }
            }
        }
        let mut sorted: Vec<usize> = (0..n).collect();
        sorted.sort_by_key(|&i| order[i].0);
        Ok(Self {
            rows: sorted.iter().map(|&i| order[i].0).collect(),
            measured: sorted.iter().map(|&i| order[i].1).collect(),
            weights: sorted.iter().map(|&i| order[i].2).collect(),
            times: times.to_vec(),
            positions: stacked.iter().map(|p| p.select(Axis(0), &sorted)).collect(),
            velocity: velocity.select(Axis(0), &sorted),
            mass: grows.then(|| mass.select(Axis(0), &sorted)),
            rep: cells.key().to_string(),
        })
    }

    /// The obsm key of the positions at the `k`-th time.
    pub(crate) fn key(&self, k: usize) -> String {
        format!("{}_t{}", self.rep, self.times[k])
    }

    /// Positions, velocity, weights and provenance.
    fn additions(&self, checkpoint: &Checkpoint, cells: &Cells) -> Additions {
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
        let positions =
            self.positions.iter().enumerate().map(|(k, p)| (self.key(k), Annotation::F32(p.clone())));
        let velocity = (format!("velocity_{}", self.rep), Annotation::F32(self.velocity.clone()));
        let mass = self.mass.clone().map(|mass| ("chreode_mass".to_string(), Annotation::F32(mass)));
        Additions {
            obs: vec![
                ("chreode_time".into(), Column::Numbers(self.measured.clone())),
                ("chreode_weight".into(), Column::Numbers(self.weights.clone())),
            ],
            obsm: positions.chain([velocity]).chain(mass).collect(),
            layers: Vec::new(),
            uns: facts.map(|(key, value)| (format!("chreode/{key}"), value)).to_vec(),
        }
    }

    /// The coordinates the cells were measured at.
    fn measured_at(&self, cells: &Cells) -> Array2<f32> {
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

/// A new file of the cells that moved: their columns where the input has them, and their coordinates.
fn subset(input: Option<&H5ad>, moved: &Moved, cells: &Cells, additions: Additions) -> Result<AnnData> {
    let mut file = match input {
        Some(input) => AnnData {
            obs: input.obs_frame()?.select(&moved.rows),
            var: input.var_frame()?,
            ..AnnData::default()
        },
        None => AnnData::new(moved.rows.iter().map(|row| format!("cell{row}")).collect(), Vec::new()),
    };
    file.obs.set(&cells.time, Column::Numbers(moved.measured.clone()))?;
    let coordinates = Annotation::F32(moved.measured_at(cells));
    file.obsm = [(cells.key().to_string(), coordinates)].into_iter().chain(additions.obsm).collect();
    file.layers = additions.layers.into_iter().collect();
    file.uns = additions.uns.into_iter().collect();
    for (name, column) in additions.obs {
        file.obs.set(&name, column)?;
    }
    Ok(file)
}
