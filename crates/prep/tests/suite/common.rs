//! Simulated counts, and the values that scanpy gives for them.

use chreode_prep::{Rows, SparseRows};
use ndarray::Array2;
use serde_json::Value;
use std::sync::LazyLock;

pub(crate) const CELLS: usize = 240;
pub(crate) const GENES: usize = 60;

/// Made by `tests/reference/make.py` (scanpy 1.11.5, scikit-misc 0.5.1, 2026-11-28).
pub(crate) static SCANPY: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../reference/scanpy.json")).expect("valid JSON"));

/// splitmix64.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The formula of `make.py`.
fn count(i: u64, j: u64) -> f32 {
    if j == 13 {
        return 0.0;
    }
    let h = mix(1000 * i + j);
    let (level, marker) = (1 + 7 * j % 23, if i / 80 == j % 4 { 6 } else { 1 });
    let draws = (h % 97) * (h / 97 % 89) / 89;
    (draws * level * marker * (1 + mix(i) % 4) / 700) as f32
}

/// The counts that `make.py` made.
pub(crate) fn counts() -> SparseRows {
    sparse(&Array2::from_shape_fn((CELLS, GENES), |(i, j)| count(i as u64, j as u64)))
}

/// The entries that are not 0.
pub(crate) fn sparse(dense: &Array2<f32>) -> SparseRows {
    let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
    for row in dense.rows() {
        for (j, &v) in row.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            indices.push(j as u32);
            data.push(v);
        }
        indptr.push(data.len());
    }
    SparseRows::new(dense.ncols(), &indptr, &indices, &data).expect("valid rows")
}

/// All entries.
pub(crate) fn dense(rows: &impl Rows) -> Array2<f32> {
    let mut out = Array2::zeros(rows.shape());
    rows.each(&mut |block| {
        for i in 0..block.len() {
            let (columns, values) = block.row(i);
            columns.iter().zip(values).for_each(|(&j, &v)| out[[block.first() + i, j as usize]] = v);
        }
        Ok(())
    })
    .expect("rows in memory");
    out
}

/// The numbers at `path` of the reference, NaN where scanpy has none.
pub(crate) fn reference(path: &str) -> Vec<f64> {
    let value = path.split('/').fold(&*SCANPY, |at, key| &at[key]);
    let list = value.as_array().unwrap_or_else(|| panic!("no list at {path}"));
    list.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

/// Every number within `tolerance` of the reference, relative to the larger of it and 1; NaN where it is NaN.
#[track_caller]
pub(crate) fn agrees(path: &str, ours: impl IntoIterator<Item = f64>, tolerance: f64) {
    let (ours, theirs): (Vec<f64>, _) = (ours.into_iter().collect(), reference(path));
    assert_eq!(ours.len(), theirs.len(), "{path}");
    for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        let near = (a - b).abs() <= tolerance * b.abs().max(1.0) || (!a.is_finite() && b.is_nan());
        assert!(near, "{path}[{i}]: ours is {a}, scanpy's {b}");
    }
}

/// Marks as the numbers 0 and 1.
pub(crate) fn marks(of: &[bool]) -> impl Iterator<Item = f64> + '_ {
    of.iter().map(|&m| f64::from(u8::from(m)))
}
