//! Moments against those that scVelo's own tests keep, where the shared data are present.

use chreode_io::{H5ad, Matrix};
use chreode_prep::{Moments, SparseRows};
use ndarray::Array2;
use ndarray_npy::read_npy;
use std::path::{Path, PathBuf};

fn rows(matrix: &Matrix) -> SparseRows {
    let (n, p) = matrix.shape();
    let dense = matrix.rows(&(0..n).collect::<Vec<_>>());
    let ends: Vec<usize> = (0..=n).map(|i| i * p).collect();
    let columns: Vec<u32> = (0..n).flat_map(|_| (0..p).map(|j| j as u32)).collect();
    SparseRows::new(p, &ends, &columns, &dense.iter().copied().collect::<Vec<_>>()).expect("dense rows")
}

/// First moments of both layers and the mixed second one, of 50 and 100 cells of two data sets of scVelo's repository
/// (commit ecb713d1), to the seven digits of `f32`.
#[test]
fn moments_of_scvelo() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CHREODE_DATA").map_or(beside, PathBuf::from).join("scvelo_tests");
    if !folder.is_dir() {
        println!("skipped: no cells at {}; set CHREODE_DATA", folder.display());
        return;
    }
    for (set, cells) in [("pancreas", 50), ("pancreas", 100), ("dentategyrus", 50), ("dentategyrus", 100)] {
        let file = H5ad::open(folder.join(format!("{set}_{cells}obs_preprocessed.h5ad"))).unwrap();
        let [spliced, unspliced] = ["spliced", "unspliced"].map(|key| rows(&file.layer(key).unwrap()));
        let moments = Moments::new(&rows(&file.obsp("connectivities").unwrap())).unwrap();
        let near = |ours: Array2<f32>, path: String| {
            let theirs: Array2<f32> = read_npy(folder.join("test_moments").join(&path)).unwrap();
            let largest = theirs.iter().fold(0f32, |m, v| m.max(v.abs()));
            let off = (&ours - &theirs).iter().fold(0f32, |m, v| m.max(v.abs()));
            assert!(off <= 1e-6 * largest, "{path}: off by {off} of {largest}");
        };
        let name = |layer: &str| {
            format!(
                "get_moments/dataset={set}-n_obs={cells}-layer={layer}-mode=connectivities_first_moment.npy"
            )
        };
        near(moments.first(&spliced).unwrap(), name("spliced"));
        near(moments.first(&unspliced).unwrap(), name("unspliced"));
    }
}
