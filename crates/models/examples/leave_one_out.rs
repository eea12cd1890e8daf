//! Baselines of the leave-one-time-out protocol on a NumPy archive with arrays `pcs` (cells × features, `f32`)
//! and `sample_labels` (time of each cell, `i32`), e.g. the embryoid bodies in five whitened components:
//!
//! `cargo run --release -p chreode-models --example leave_one_out -- eb_pcs5_whitened_f32.npz`

use chreode_core::{Populations, Snapshot};
use chreode_models::Protocol;
use ndarray::{Array1, Array2, Axis};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give the path of an .npz with arrays pcs and sample_labels")?;
    let mut archive = ndarray_npy::NpzReader::new(std::fs::File::open(path)?)?;
    let points: Array2<f32> = archive.by_name("pcs")?;
    let labels: Array1<i32> = archive.by_name("sample_labels")?;
    let mut times = labels.to_vec();
    times.sort_unstable();
    times.dedup();
    let snapshots = times.iter().map(|&time| {
        let rows: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] == time).collect();
        Snapshot::new(f64::from(time), points.select(Axis(0), &rows))
    });
    let names = (1..=points.ncols()).map(|i| format!("PC{i}")).collect();
    let populations = Populations::new(snapshots.collect(), names)?;

    let mut out = std::io::stdout().lock();
    writeln!(out, "time  no motion  other neighbour  midpoint  split half")?;
    let baselines = Protocol::default().baselines(&populations)?;
    for b in &baselines {
        writeln!(
            out,
            "{:4}  {:9.4}  {:15.4}  {:8.4}  {:10.4}",
            b.time,
            b.no_motion,
            b.other_neighbour,
            b.midpoint,
            b.split_half.unwrap_or(f64::NAN)
        )?;
    }
    Ok(())
}
