//! The cells.

use anyhow::{Context, Result};
use chreode_core::{Populations, Snapshot};
use ndarray::{Array1, Array2, Axis, s};
use std::fs::File;
use std::path::Path;

/// The first `dims` principal components; five are whitened over all cells.
pub(crate) fn read(folder: &Path, dims: usize) -> Result<Populations> {
    let path = folder.join("eb/eb_pcs100_f32.npz");
    let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut archive = ndarray_npy::NpzReader::new(file)?;
    let all: Array2<f32> = archive.by_name("pcs")?;
    let labels: Array1<i32> = archive.by_name("sample_labels")?;
    let mut points = all.slice(s![.., ..dims]).to_owned();
    if dims == 5 {
        whiten(&mut points)?;
    }
    let snapshots = (0..=labels.iter().copied().max().unwrap_or(0)).map(|time| {
        let here = (0..labels.len()).filter(|&i| labels[i] == time);
        Snapshot::new(f64::from(time), points.select(Axis(0), &here.collect::<Vec<_>>()))
    });
    let features = (1..=dims).map(|k| format!("PC{k}")).collect();
    Ok(Populations::new(snapshots.collect(), features)?)
}

/// Scales every column to mean 0 and variance 1.
pub(crate) fn whiten(points: &mut Array2<f32>) -> Result<()> {
    for mut column in points.columns_mut() {
        let wide = column.mapv(f64::from);
        let (mean, deviation) = (wide.mean().context("no cells")?, wide.std(0.0));
        column.zip_mut_with(&wide, |x, w| *x = ((w - mean) / deviation) as f32);
    }
    Ok(())
}
