//! Highly variable genes, against scanpy.

use crate::common::{CELLS, GENES, agrees, counts, marks};
use chreode_prep::{
    BatchOrder, Binning, Dispersions, Exclusion, GeneMoments, LibrarySizes, Loess, Logarithm, Normalized,
    ResidualClip, Selection, TargetSum, Values, dispersions, residual_variances, standardized_variances,
};

fn moments(batches: usize, logarithm: Logarithm) -> Vec<GeneMoments> {
    let rows = counts();
    let sizes = LibrarySizes::measure(&rows, TargetSum::Total(1e4), Exclusion::Nothing).unwrap();
    let rows = Normalized::new(&rows, &sizes, logarithm).unwrap();
    let batch: Vec<usize> = (0..CELLS).map(|i| i % batches).collect();
    GeneMoments::by_batch(&rows, Values::AsStored, &batch, batches).unwrap()
}

fn check(name: &str, genes: &Dispersions) {
    agrees(&format!("{name}/means"), genes.means.iter().copied(), 1e-6);
    agrees(&format!("{name}/dispersions"), genes.dispersions.iter().copied(), 1e-6);
    agrees(&format!("{name}/dispersions_norm"), genes.normalized.iter().copied(), 1e-5);
}

#[test]
fn dispersions_of_seurat_and_cell_ranger_with_and_without_batches() {
    for (batches, key) in [(1, "None"), (2, "batch")] {
        let (logs, counts) = (moments(batches, Logarithm::Natural), moments(batches, Logarithm::None));
        let genes = dispersions(&counts, Binning::Seurat(20), Selection::Top(15)).unwrap();
        check(&format!("seurat_{key}"), &genes);
        agrees(&format!("seurat_{key}/highly_variable"), marks(&genes.selected), 0.0);
        let genes = dispersions(&logs, Binning::CellRanger, Selection::Top(7)).unwrap();
        check(&format!("cell_ranger_{key}"), &genes);
        if batches == 1 {
            agrees("cell_ranger_None/highly_variable", marks(&genes.selected), 0.0);
        }
        // Within a batch many genes are exactly one deviation from their median: rounding chooses among those.
        assert_eq!(genes.selected.iter().filter(|&&s| s).count(), 7);
    }
}

#[test]
fn limits_instead_of_a_number() {
    let between = Selection::Between { mean: (1.5, 6.0), dispersion: (0.1, f64::INFINITY) };
    let genes = dispersions(&moments(1, Logarithm::None), Binning::Seurat(20), between).unwrap();
    agrees("seurat_between/highly_variable", marks(&genes.selected), 0.0);
}

/// Moments of the counts behind logarithms are those of the counts.
#[test]
fn exponentials_undo_logarithms() {
    let rows = counts();
    let sizes = LibrarySizes::measure(&rows, TargetSum::Total(1e4), Exclusion::Nothing).unwrap();
    let logs = Normalized::new(&rows, &sizes, Logarithm::Natural).unwrap();
    let there = GeneMoments::measure(&logs, Values::Exponential).unwrap();
    let direct = &moments(1, Logarithm::None)[0];
    for j in 0..GENES {
        assert!((there.variance[j] - direct.variance[j]).abs() <= 1e-5 * direct.variance[j].max(1.0));
    }
}

#[test]
fn variances_of_standardised_counts() {
    for (batches, key) in [(1, "None"), (2, "batch")] {
        let batch: Vec<usize> = (0..CELLS).map(|i| i % batches).collect();
        let order = (15, BatchOrder::RankFirst);
        let genes = standardized_variances(&counts(), &batch, batches, order, 0.3).unwrap();
        agrees(&format!("v3_{key}/variances"), genes.variances, 1e-6);
        agrees(&format!("v3_{key}/variances_norm"), genes.normalized, 1e-6);
        agrees(&format!("v3_{key}/highly_variable_rank"), genes.rank, 0.0);
        agrees(&format!("v3_{key}/highly_variable"), marks(&genes.selected), 0.0);
    }
}

/// Both batches have as many cells, so scanpy clips both at the same √n, as this does.
#[test]
fn variances_of_pearson_residuals() {
    for (batches, key) in [(1, "None"), (2, "batch")] {
        let batch: Vec<usize> = (0..CELLS).map(|i| i % batches).collect();
        let clip = ResidualClip::SquareRoot;
        let genes = residual_variances(&counts(), &batch, batches, 15, 100.0, clip).unwrap();
        agrees(&format!("pearson_{key}/residual_variances"), genes.residual, 1e-6);
        agrees(&format!("pearson_{key}/highly_variable_rank"), genes.rank, 0.0);
        agrees(&format!("pearson_{key}/highly_variable"), marks(&genes.selected), 0.0);
    }
}

/// A local quadratic reproduces a quadratic at every vertex; between them a cubic has its values and slopes, so it too.
#[test]
fn loess_of_a_parabola_is_the_parabola() {
    let x: Vec<f64> = (0..80).map(|i| (f64::from(i) * 0.37).sin() * 3.0).collect();
    let f = |x: f64| 2.0 - x + 0.5 * x * x;
    let y: Vec<f64> = x.iter().map(|&x| f(x)).collect();
    let curve = Loess::fit(&x, &y, 0.3).unwrap();
    for x in x {
        assert!((curve.at(x) - f(x)).abs() < 1e-9, "{x}");
    }
}
