//! Quality, filters, totals and logarithms, against scanpy.

use crate::common::{GENES, agrees, counts, dense, reference, sparse};
use chreode_prep::{
    CellFilter, CellQuality, Centre, Exclusion, GeneFilter, GeneMoments, GeneQuality, LibrarySizes,
    Logarithm, Normalized, Rows, Scaled, Select, SparseRows, TargetSum, Values, genes_with_prefix,
};
use ndarray::array;

#[test]
fn the_counts_are_those_of_the_reference() {
    let x = dense(&counts());
    assert_eq!(f64::from(x.sum()), crate::common::SCANPY["sum"].as_f64().unwrap());
    let zeros = x.iter().filter(|v| **v == 0.0).count() as u64;
    assert_eq!(zeros, crate::common::SCANPY["zeros"].as_u64().unwrap());
}

#[test]
fn quality_of_cells_and_genes() {
    let rows = counts();
    let names: Vec<String> =
        (0..GENES).map(|j| format!("{}{j}", if j % 10 == 3 { "mt-" } else { "g" })).collect();
    let mt = genes_with_prefix(&names, &["MT-"]);
    let cells = CellQuality::measure(&rows, &[5, 20], &[("mt".into(), mt)]).unwrap();
    let six = |of: &[f64]| of[..6].to_vec();
    agrees("qc/total_counts", six(&cells.total), 1e-7);
    agrees("qc/n_genes_by_counts", cells.genes[..6].iter().map(|&n| n as f64), 0.0);
    agrees("qc/pct_counts_in_top_5_genes", six(&cells.top[0].1), 1e-6);
    agrees("qc/pct_counts_in_top_20_genes", six(&cells.top[1].1), 1e-6);
    agrees("qc/total_counts_mt", six(&cells.groups[0].1), 1e-7);
    agrees("qc/pct_counts_mt", six(&cells.groups[0].2), 1e-6);
    let genes = GeneQuality::measure(&rows).unwrap();
    agrees("qc_genes/total_counts", six(&genes.total), 1e-7);
    agrees("qc_genes/n_cells_by_counts", genes.cells[..6].iter().map(|&n| n as f64), 0.0);
    agrees("qc_genes/mean_counts", six(&genes.mean()), 1e-7);
    agrees("qc_genes/pct_dropout_by_counts", six(&genes.dropout()), 1e-7);
}

#[test]
fn filters_keep_what_is_within_their_limits() {
    let rows = sparse(&array![[1.0, 0.0, 2.0], [0.0, 0.0, 0.0], [0.0, 3.0, 9.0]]);
    let quality = CellQuality::measure(&rows, &[], &[("mt".into(), vec![true, false, false])]).unwrap();
    let filter = CellFilter { min_counts: Some(1.0), ..CellFilter::default() };
    assert_eq!(filter.keep(&quality).unwrap(), [true, false, true]);
    let filter = CellFilter { max_percent: Some(30.0), ..CellFilter::default() };
    assert_eq!(filter.keep(&quality).unwrap(), [false, true, true]);
    let genes = GeneQuality::measure(&rows).unwrap();
    let filter = GeneFilter { min_cells: Some(2), ..GeneFilter::default() };
    assert_eq!(filter.keep(&genes).unwrap(), [false, false, true]);
    let chosen = Select::new(&rows).cells(&[true, false, true]).unwrap().genes(&[true, false, true]).unwrap();
    assert_eq!(chosen.shape(), (2, 2));
    assert_eq!(dense(&chosen), array![[1.0, 2.0], [0.0, 9.0]]);
}

/// `normalize_total` with and without an exclusion, `log1p` with and without a base.
#[test]
fn totals_and_logarithms() {
    let rows = counts();
    let row =
        |x: &dyn Fn() -> ndarray::Array2<f32>| x().row(5).iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    let sizes = LibrarySizes::measure(&rows, TargetSum::Total(1000.0), Exclusion::Above(0.12)).unwrap();
    assert!(sizes.excluded.contains(&true) && sizes.excluded.contains(&false));
    let scaled = Normalized::new(&rows, &sizes, Logarithm::None).unwrap();
    agrees("excluded_row", row(&|| dense(&scaled)), 1e-6);
    let sizes = LibrarySizes::measure(&rows, TargetSum::Median, Exclusion::Nothing).unwrap();
    let logs = Normalized::new(&rows, &sizes, Logarithm::Natural).unwrap();
    agrees("log_row", row(&|| dense(&logs)), 1e-6);
    let logs = Normalized::new(&rows, &sizes, Logarithm::Base(2.0)).unwrap();
    agrees("log2_row", row(&|| dense(&logs)), 1e-6);
}

/// `scale(max_value=2)`: what is handed out and what is left out add up to scanpy's values.
#[test]
fn scaling_leaves_zeros_sparse() {
    let rows = counts();
    let sizes = LibrarySizes::measure(&rows, TargetSum::Total(1e4), Exclusion::Nothing).unwrap();
    let logs = SparseRows::collect(&Normalized::new(&rows, &sizes, Logarithm::Natural).unwrap()).unwrap();
    let moments = GeneMoments::measure(&logs, Values::AsStored).unwrap();
    let scaled = Scaled::new(&logs, &moments, Centre::Zero, 2.0).unwrap();
    let x = dense(&scaled);
    let row = x.row(5).iter().zip(scaled.shift()).map(|(&v, s)| f64::from(v) + s).collect::<Vec<_>>();
    agrees("scaled_row", row, 2e-5);
    assert!(reference("scaled_row").contains(&2.0), "the limit is reached");
    let kept = Scaled::new(&logs, &moments, Centre::Keep, f64::INFINITY).unwrap();
    assert!(kept.shift().iter().all(|s| *s == 0.0));
    let (i, j) = (5, 2);
    let expected = f64::from(dense(&logs)[[i, j]]) / moments.variance[j].sqrt();
    assert!((f64::from(dense(&kept)[[i, j]]) - expected).abs() < 1e-6);
}
