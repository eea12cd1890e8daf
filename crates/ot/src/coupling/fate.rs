//! Who becomes what: functions of groups, moved through a plan.

use super::Coupling;
use ndarray::{Array1, Array2, ArrayView1, Axis};

/// Divided by the sum; `None` without one.
pub(super) fn normalised(masses: Array1<f64>) -> Option<Array1<f64>> {
    let total = masses.sum();
    (total > 0.0).then(|| masses / total)
}

pub(super) fn descendants<P: Coupling + ?Sized>(plan: &P, x: ArrayView1<'_, f64>) -> Option<Array1<f64>> {
    normalised(plan.push(x.insert_axis(Axis(1))).remove_axis(Axis(1)))
}

pub(super) fn ancestors<P: Coupling + ?Sized>(plan: &P, y: ArrayView1<'_, f64>) -> Option<Array1<f64>> {
    normalised(plan.pull(y.insert_axis(Axis(1))).remove_axis(Axis(1)))
}

pub(super) fn fates<P: Coupling + ?Sized>(plan: &P, group: &[usize], groups: usize) -> Array2<f64> {
    let mut indicator = Array2::zeros((group.len(), groups));
    for (target, &group) in group.iter().enumerate() {
        assert!(group < groups, "target {target} is in group {group} of {groups}");
        indicator[[target, group]] = 1.0;
    }
    plan.barycentric(indicator.view())
}
