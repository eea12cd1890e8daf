//! The arrays of a case: those of the peers, or others of the same laws.

use crate::case::Task;
use crate::laws;
use anyhow::{Context, Result, bail};
use chreode_core::{Populations, Seed, Snapshot};
use ndarray::{Array1, Array2, Axis};
use ndarray_npy::NpzReader;
use safetensors::{Dtype, SafeTensors};
use std::path::{Path, PathBuf};

/// Cells of a population.
const CELLS: usize = 20_000;
/// The seed of arrays made here.
const SEED: Seed = Seed(9);

/// Where arrays come from.
pub(crate) enum Arrays {
    /// The folder the peers' script wrote.
    Dumped(PathBuf),
    /// Made here.
    Made,
}

/// Two clouds with their weights.
pub(crate) struct Clouds {
    pub(crate) x: Array2<f64>,
    pub(crate) y: Array2<f64>,
    pub(crate) a: Array1<f64>,
    pub(crate) b: Array1<f64>,
}

impl Arrays {
    /// The two populations of a training task, at times 0 and 1.
    pub(crate) fn populations(&self, task: Task) -> Result<Populations> {
        let rng = &mut SEED.stream("task", 0);
        let (x0, x1) = match (self, task) {
            (Self::Made, Task::Moons) => (laws::eight_gaussians(CELLS, rng), laws::two_moons(CELLS, rng)),
            (Self::Made, Task::Mixture(d)) => (laws::normals(CELLS, d, rng), laws::mixture(CELLS, d, rng)),
            (Self::Dumped(folder), Task::Moons) => {
                let file = File::open(folder, "moons")?;
                (file.matrix("x0")?, file.matrix("x1")?)
            }
            // The peers draw their normal source when they run; only the mixture is in a file.
            (Self::Dumped(folder), Task::Mixture(d)) => {
                let x1 = File::open(folder, &format!("mixture_d{d}"))?.matrix("x1")?;
                (laws::normals(CELLS, d, rng), x1)
            }
        };
        let features = (0..x0.ncols()).map(|k| format!("x{k}")).collect();
        let snapshot = |time, points: Array2<f64>| Snapshot::new(time, points.mapv(|v| v as f32));
        Ok(Populations::new(vec![snapshot(0.0, x0), snapshot(1.0, x1)], features)?)
    }

    /// Two clouds of `n` and `m` points, weighted when the numbers differ.
    pub(crate) fn clouds(&self, n: usize, m: usize, d: usize) -> Result<Clouds> {
        let equal = |n: usize| Array1::from_elem(n, 1.0 / n as f64);
        let square = n == m;
        match self {
            // The peers' script writes no planar clouds.
            Self::Dumped(folder) if d != 2 => {
                let name = if square { format!("clouds_n{n}_d{d}") } else { format!("clouds_{n}x{m}_d{d}") };
                let file = File::open(folder, &name)?;
                let (a, b) =
                    if square { (equal(n), equal(m)) } else { (file.vector("a")?, file.vector("b")?) };
                Ok(Clouds { x: file.matrix("x")?, y: file.matrix("y")?, a, b })
            }
            _ => {
                let (x, y) = laws::clouds(n, m, d, SEED);
                let weights = |n| if square { equal(n) } else { laws::weights(n, SEED) };
                Ok(Clouds { x, y, a: weights(n), b: weights(m) })
            }
        }
    }
}

/// The cells of the first two times of the embryoid bodies, in 5 dimensions, from `eb/eb_pcs5_whitened_f32.npz` below
/// the folder named by `CHREODE_DATA`, or `../shared/data` beside the workspace.
pub(crate) fn cells() -> Result<[Array2<f32>; 2]> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("CHREODE_DATA").map_or(beside, PathBuf::from);
    let path = folder.join("eb/eb_pcs5_whitened_f32.npz");
    let file = std::fs::File::open(&path)
        .with_context(|| format!("cannot read {}; set CHREODE_DATA", path.display()))?;
    let mut arrays = NpzReader::new(file)?;
    let pcs: Array2<f32> = arrays.by_name("pcs.npy")?;
    let times: Array1<i32> = arrays.by_name("sample_labels.npy")?;
    Ok([0, 1].map(|time| {
        let rows: Vec<usize> = (0..times.len()).filter(|&i| times[i] == time).collect();
        pcs.select(Axis(0), &rows)
    }))
}

/// Pairs of points on a line, of the peers' law.
pub(crate) fn line(n: usize) -> [Array1<f64>; 2] {
    let rng = &mut SEED.stream("line", 0);
    let [x, y] = [0, 1].map(|_| laws::normals(n, 1, rng).index_axis_move(Axis(1), 0));
    [x, y * 1.5 + 0.5]
}

/// A file of arrays.
struct File {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl File {
    fn open(folder: &Path, name: &str) -> Result<Self> {
        let path = folder.join(name).with_extension("safetensors");
        let bytes = std::fs::read(&path).with_context(|| {
            format!("cannot read {}; without --data arrays are made here", path.display())
        })?;
        Ok(Self { path, bytes })
    }

    fn array(&self, name: &str) -> Result<(Vec<usize>, Vec<f64>)> {
        let place = || format!("{name} in {}", self.path.display());
        let tensors = SafeTensors::deserialize(&self.bytes).with_context(place)?;
        let tensor = tensors.tensor(name).with_context(place)?;
        if tensor.dtype() != Dtype::F64 {
            bail!("{} has type {:?}, not F64", place(), tensor.dtype());
        }
        let (numbers, _) = tensor.data().as_chunks::<8>();
        Ok((tensor.shape().to_vec(), numbers.iter().map(|n| f64::from_le_bytes(*n)).collect()))
    }

    fn matrix(&self, name: &str) -> Result<Array2<f64>> {
        let (shape, data) = self.array(name)?;
        let &[rows, columns] = shape.as_slice() else { bail!("{name} has shape {shape:?}, not two axes") };
        Ok(Array2::from_shape_vec((rows, columns), data)?)
    }

    fn vector(&self, name: &str) -> Result<Array1<f64>> {
        Ok(Array1::from_vec(self.array(name)?.1))
    }
}
