//! Moments against closed forms.

use crate::common::sparse;
use approx::assert_relative_eq;
use chreode_prep::{Moments, shared_counts};
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
