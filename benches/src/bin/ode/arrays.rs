//! The arrays of the batches: those of the peers' scripts, or others of the same laws.

use anyhow::{Context, Result, bail};
use chreode_core::{Network, Seed};
use chreode_nn::{Element, Mlp, MlpConfig};
use ndarray::Array2;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

const SEED: Seed = Seed(1);

/// Start of 10,000 Lorenz systems around (1, 1, 25).
pub(crate) fn lorenz(data: Option<&Path>) -> Result<Array2<f64>> {
    if let Some(folder) = data {
        return matrix(&read(folder, "lorenz_10000")?, "y0");
    }
    let mut rng = SEED.stream("lorenz", 0);
    Ok(Array2::from_shape_fn((10_000, 3), |(_, j)| {
        let noise: f64 = StandardNormal.sample(&mut rng);
        [1.0, 1.0, 25.0][j] + noise
    }))
}

/// A neural field: its parameters in the order of a network's flat vector with time as the LAST input, and its rows.
pub(crate) struct FieldArrays {
    /// Weights `[out, in]` and biases of each layer.
    layers: Vec<(Array2<f64>, Vec<f64>)>,
    /// States.
    pub(crate) x: Array2<f64>,
}

/// The field of `n` rows of width `d`.
pub(crate) fn field(n: usize, d: usize, data: Option<&Path>) -> Result<FieldArrays> {
    if let Some(folder) = data {
        let bytes = read(folder, &format!("field_b{n}_d{d}"))?;
        let layer = |i: usize| Ok((matrix(&bytes, &format!("w{i}"))?, vector(&bytes, &format!("b{i}"))?));
        let layers = (0..4).map(layer).collect::<Result<_>>()?;
        return Ok(FieldArrays { layers, x: matrix(&bytes, "x")? });
    }
    let mut rng = SEED.stream("field", d as u64);
    let widths = [d + 1, 64, 64, 64, d];
    let mut layers = Vec::new();
    for pair in widths.windows(2) {
        let bound = 2.0 / (pair[0] as f64).sqrt();
        let mut draw = || bound * (2.0 * rng.random::<f64>() - 1.0);
        layers.push((
            Array2::from_shape_simple_fn((pair[1], pair[0]), &mut draw),
            (0..pair[1]).map(|_| draw()).collect(),
        ));
    }
    let mut normal = || StandardNormal.sample(&mut rng);
    Ok(FieldArrays { layers, x: Array2::from_shape_simple_fn((n, d), &mut normal) })
}

impl FieldArrays {
    /// The network, with time moved to its first input.
    pub(crate) fn network<A: Element>(&self) -> Result<Mlp<A>> {
        let d = self.x.ncols();
        let mut network = Mlp::<A>::zeros(MlpConfig::new(d))?;
        let mut flat = Vec::new();
        for (index, (weight, bias)) in self.layers.iter().enumerate() {
            for row in weight.rows() {
                let entries = row.to_vec();
                let (state, time) = entries.split_at(if index == 0 { d } else { entries.len() });
                flat.extend(time.iter().chain(state).map(|v| A::from_f64(*v)));
            }
            flat.extend(bias.iter().map(|v| A::from_f64(*v)));
        }
        if flat.len() != network.parameter_count() {
            bail!("{} parameters for a network of {}", flat.len(), network.parameter_count());
        }
        network.write_parameters(&flat);
        Ok(network)
    }
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(name).with_extension("safetensors");
    std::fs::read(&path)
        .with_context(|| format!("cannot read {}; without --data arrays are made here", path.display()))
}

fn numbers(bytes: &[u8], name: &str) -> Result<(Vec<usize>, Vec<f64>)> {
    let tensors = SafeTensors::deserialize(bytes).context(name.to_string())?;
    let tensor = tensors.tensor(name).context(name.to_string())?;
    if tensor.dtype() != Dtype::F64 {
        bail!("{name} has type {:?}, not F64", tensor.dtype());
    }
    let (chunks, _) = tensor.data().as_chunks::<8>();
    Ok((tensor.shape().to_vec(), chunks.iter().map(|n| f64::from_le_bytes(*n)).collect()))
}

fn matrix(bytes: &[u8], name: &str) -> Result<Array2<f64>> {
    let (shape, data) = numbers(bytes, name)?;
    let &[rows, columns] = shape.as_slice() else { bail!("{name} has shape {shape:?}, not two axes") };
    Ok(Array2::from_shape_vec((rows, columns), data)?)
}

fn vector(bytes: &[u8], name: &str) -> Result<Vec<f64>> {
    Ok(numbers(bytes, name)?.1)
}
