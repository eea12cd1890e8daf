//! Moments and scVelo's preparation against closed forms.

use crate::common::{dense, sparse};
use approx::assert_relative_eq;
use chreode_prep::{Moments, VelocityFilter, filter_and_normalize, shared_counts};
use ndarray::array;

/// A cell and its neighbours have the same weight.
#[test]
fn first_and_second_moments() {
    let graph = sparse(&array![[0.0, 0.5, 0.5], [0.25, 9.0, 0.0], [0.0, 0.0, 0.0]]);
    let spliced = sparse(&array![[2.0, 0.0], [4.0, 1.0], [0.0, 8.0]]);
    let unspliced = sparse(&array![[1.0, 1.0], [0.0, 2.0], [3.0, 4.0]]);
    let moments = Moments::new(&graph).unwrap();
    let first = moments.first(&spliced).unwrap();
    assert_relative_eq!(first, array![[2.0, 3.0], [3.0, 0.5], [0.0, 8.0]], max_relative = 1e-6);
    let second = moments.second(&spliced, &unspliced).unwrap();
    assert_relative_eq!(
        second,
        array![[2.0 / 3.0, 34.0 / 3.0], [1.0, 1.0], [0.0, 32.0]],
        max_relative = 1e-6
    );
    assert_eq!(shared_counts(&spliced, &unspliced).unwrap(), [3.0, 15.0]);
}

#[test]
fn layers_of_other_sizes() {
    let graph = sparse(&array![[0.0, 1.0], [1.0, 0.0]]);
    let layer = sparse(&array![[1.0f32], [1.0], [1.0]]);
    assert_eq!(
        Moments::new(&graph).unwrap().first(&layer).unwrap_err().to_string(),
        "a layer has 3 entries where 2 are needed; give one for each of the same cells"
    );
}

/// Totals are those of all genes, of a gene that is dropped too.
#[test]
fn counts_are_filtered_and_scaled_in_one_call() {
    let x = sparse(&array![[2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]);
    let spliced = sparse(&array![[3.0, 1.0, 4.0], [1.0, 0.0, 1.0]]);
    let unspliced = sparse(&array![[1.0, 0.0, 1.0], [1.0, 2.0, 1.0]]);
    let filter = VelocityFilter { min_shared_counts: 5.0, genes: None };
    let ready = filter_and_normalize(&x, &spliced, &unspliced, filter).unwrap();
    assert_eq!(ready.genes, [true, false, true]);
    // Totals 8 and 4, median 6; 8 and 2, median 5; 2 and 4, median 3.
    let logs = array![[1.5f32, 1.5], [1.5, 1.5]].mapv(f32::ln_1p);
    assert_relative_eq!(dense(&ready.logs), logs, max_relative = 1e-6);
    let expected = array![[3.0f32 * 5.0 / 8.0, 4.0 * 5.0 / 8.0], [2.5, 2.5]];
    assert_relative_eq!(dense(&ready.spliced), expected, max_relative = 1e-6);
    assert_relative_eq!(dense(&ready.unspliced), array![[1.5f32, 1.5], [0.75, 0.75]], max_relative = 1e-6);
    let none = VelocityFilter { min_shared_counts: 50.0, genes: None };
    assert_eq!(
        filter_and_normalize(&x, &spliced, &unspliced, none).unwrap_err().to_string(),
        "no gene of 3 is left: the best gene has 7 spliced and unspliced counts in the cells with both; loosen the filter"
    );
    let narrow = sparse(&array![[1.0f32], [1.0]]);
    assert_eq!(
        filter_and_normalize(&narrow, &spliced, &unspliced, filter).unwrap_err().to_string(),
        "X has 1 entries where 3 are needed; give one for each of the same genes"
    );
}
