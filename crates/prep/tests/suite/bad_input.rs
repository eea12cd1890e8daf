//! What cannot be prepared, and what is said about it.

use crate::common::{counts, sparse};
use chreode_prep::{
    BatchOrder, Block, CellFilter, CellQuality, Exclusion, GeneFilter, GeneMoments, GeneQuality,
    LibrarySizes, Logarithm, Normalized, Pca, Rows, Select, Solver, SparseRows, TargetSum, Values,
    check_counts, standardized_variances,
};
use ndarray::{Array2, array};

fn refused(x: Array2<f32>) -> String {
    check_counts(&sparse(&x)).unwrap_err().to_string()
}

#[test]
fn what_is_no_raw_count_is_refused_with_the_evidence() {
    assert!(check_counts(&counts()).is_ok());
    assert_eq!(
        refused(array![[1.0, 0.0], [-2.0, 1.0]]),
        "row 1 has -2 in column 0 where counts of at least 0 are needed; negative values come from scaling or batch \
         correction: give the raw counts"
    );
    assert_eq!(
        refused(array![[1.0, f32::NAN]]),
        "row 0 has NaN in column 1 where counts of at least 0 are needed; remove the cell or give the raw counts"
    );
    let rows = counts();
    let sizes = LibrarySizes::measure(&rows, TargetSum::Total(1e4), Exclusion::Nothing).unwrap();
    let scaled = Normalized::new(&rows, &sizes, Logarithm::None).unwrap();
    let said = check_counts(&scaled).unwrap_err().to_string();
    assert!(said.contains("; every cell sums to 10000"), "{said}");
    assert!(
        said.contains(", as after normalisation; give the raw counts, often kept as layers/counts or raw/X"),
        "{said}"
    );
    let said = refused(array![[0.0, 0.5], [0.25, 6.0]]);
    assert_eq!(
        said,
        "these are no raw counts: 2 of 3 entries are not whole, the first 0.5 at row 0, column 1; the largest is 6, as \
         after a logarithm; give the raw counts, often kept as layers/counts or raw/X"
    );
}

#[test]
fn filters_that_leave_nothing() {
    let rows = sparse(&array![[1.0, 2.0], [0.0, 1.0]]);
    let filter = CellFilter { min_genes: Some(3), ..CellFilter::default() };
    assert_eq!(
        filter.keep(&CellQuality::measure(&rows, &[], &[]).unwrap()).unwrap_err().to_string(),
        "no cell of 2 is left: the best cell has 3 counts in 2 genes; loosen the filter"
    );
    let filter = GeneFilter { min_cells: Some(9), ..GeneFilter::default() };
    assert_eq!(
        filter.keep(&GeneQuality::measure(&rows).unwrap()).unwrap_err().to_string(),
        "no gene of 2 is left: the most frequent gene is in 2 of 2 cells; loosen the filter"
    );
}

/// A cell without counts stays 0; a gene without counts has no variance and is never chosen; the median is over cells
/// with counts.
#[test]
fn empty_cells_and_genes() {
    let rows = sparse(&array![[2.0, 0.0], [0.0, 0.0], [4.0, 0.0]]);
    let sizes = LibrarySizes::measure(&rows, TargetSum::Median, Exclusion::Nothing).unwrap();
    assert_eq!(sizes.target, 3.0);
    let scaled = SparseRows::collect(&Normalized::new(&rows, &sizes, Logarithm::None).unwrap()).unwrap();
    assert_eq!(scaled.data(), [3.0, 3.0]);
    let empty = sparse(&Array2::zeros((3, 2)));
    assert_eq!(LibrarySizes::measure(&empty, TargetSum::Median, Exclusion::Nothing).unwrap().target, 1.0);
    let batch = vec![0; 3];
    assert_eq!(
        standardized_variances(&empty, &batch, 1, (1, BatchOrder::RankFirst), 0.3).unwrap_err().to_string(),
        "the curve of variance over mean needs three genes at least within its span, all finite but got 0 of 0; give more \
         genes that vary, or a larger span"
    );
}

#[test]
fn components_that_there_cannot_be() {
    let say =
        |x: Array2<f32>, k: usize| Pca::fit_rows(&sparse(&x), k, Solver::Exact).unwrap_err().to_string();
    assert_eq!(
        say(Array2::from_shape_fn((4, 9), |(i, j)| (i * j) as f32), 4),
        "principal component analysis needs min(rows - 1, columns) of at least 4 but got 4 rows and 9 columns; ask for \
         fewer components"
    );
    assert_eq!(
        say(Array2::from_shape_fn((6, 3), |(i, j)| (i * (j + 1)) as f32), 2),
        "principal component analysis needs data of 2 dimensions but got data of 1; ask for fewer components"
    );
    assert_eq!(
        say(Array2::from_elem((6, 3), 2.0), 1),
        "principal component analysis needs data of 1 dimensions but got data of 0; ask for fewer components"
    );
    assert!(
        say(array![[1.0, f32::NAN], [0.0, 1.0], [2.0, 2.0]], 1).contains("needs finite entries but got NaN")
    );
}

#[test]
fn parts_that_do_not_fit() {
    let rows = counts();
    let say = |error: chreode_prep::PrepError| error.to_string();
    assert_eq!(
        say(Select::new(&rows).cells(&[true]).unwrap_err()),
        "the choice of cells has 1 entries where 240 are needed; give one for each of the same cells"
    );
    assert_eq!(
        say(LibrarySizes::measure(&rows, TargetSum::Total(0.0), Exclusion::Nothing).unwrap_err()),
        "target sum of 0 was given; it must be positive and finite"
    );
    assert_eq!(
        say(LibrarySizes::measure(&rows, TargetSum::Median, Exclusion::Above(2.0)).unwrap_err()),
        "share of 2 was given; it must be above 0 and at most 1"
    );
    let batch: Vec<usize> = (0..240).map(|i| usize::from(i == 0)).collect();
    assert_eq!(
        say(GeneMoments::by_batch(&rows, Values::AsStored, &batch, 2).unwrap_err()),
        "a variance in each batch needs two cells at least but got 1 in batch 1; merge it with another batch or remove it"
    );
    let unsorted = Block::new(0, 3, &[0, 2], &[2, 1], &[1.0, 1.0]).unwrap_err();
    assert_eq!(
        say(unsorted),
        "row 0 of the matrix is no sparse row: its columns do not increase; build it with SparseRows::new, which sorts"
    );
    let sorted = SparseRows::new(3, &[0, 3], &[2, 1, 2], &[1.0, 4.0, 2.0]).unwrap();
    assert_eq!((sorted.indices(), sorted.data(), sorted.shape()), (&[1, 2][..], &[4.0, 3.0][..], (1, 3)));
    assert!(
        SparseRows::new(2, &[0, 1], &[2], &[1.0]).is_err()
            && Block::new(0, 2, &[0, 4], &[1], &[1.0]).is_err()
    );
}
