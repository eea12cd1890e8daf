//! Descendants and ancestors through the couplings of successive times.

use crate::{Coupling, OtError};
use ndarray::{Array2, ArrayView2, Axis};

/// The distributions of the descendants of some cells at each later time.
///
/// `plans[k]` couples time k and time k + 1; the columns of `start` are measures on the cells of time 0. Each is moved
/// by `Pᵀ` and made a probability again, so that cells that grow have more descendants. The first entry of the result
/// is `start`, normalised. This is the composition of the couplings, applied from the left without forming it.
///
/// # Errors
/// No plan, plans whose shapes do not chain, a start of another size, or a measure without mass on its way.
pub fn descendants<P: Coupling>(
    plans: &[P],
    start: ArrayView2<'_, f64>,
) -> Result<Vec<Array2<f64>>, OtError> {
    chain(plans)?;
    let expected = plans[0].shape().0;
    if start.nrows() != expected {
        let what = "the start of the trajectory";
        return Err(OtError::Shape { what, expected, found: start.nrows() });
    }
    let mut all = vec![normalised(start.to_owned(), "source")?];
    for plan in plans {
        let next = plan.push(all[all.len() - 1].view());
        all.push(normalised(next, "target")?);
    }
    Ok(all)
}

/// The distributions of the ancestors of some cells at each earlier time, the latest first.
///
/// The columns of `end` are measures on the cells of the last time; each is moved by `P`, from the last plan to the
/// first, and made a probability again.
///
/// # Errors
/// As [`descendants`].
pub fn ancestors<P: Coupling>(plans: &[P], end: ArrayView2<'_, f64>) -> Result<Vec<Array2<f64>>, OtError> {
    chain(plans)?;
    let expected = plans[plans.len() - 1].shape().1;
    if end.nrows() != expected {
        let what = "the end of the trajectory";
        return Err(OtError::Shape { what, expected, found: end.nrows() });
    }
    let mut all = vec![normalised(end.to_owned(), "target")?];
    for plan in plans.iter().rev() {
        let previous = plan.pull(all[all.len() - 1].view());
        all.push(normalised(previous, "source")?);
    }
    Ok(all)
}

fn chain<P: Coupling>(plans: &[P]) -> Result<(), OtError> {
    if plans.is_empty() {
        return Err(OtError::Shape { what: "the list of couplings", expected: 1, found: 0 });
    }
    for pair in plans.windows(2) {
        let (expected, found) = (pair[0].shape().1, pair[1].shape().0);
        if expected != found {
            return Err(OtError::Shape { what: "the source of the next coupling", expected, found });
        }
    }
    Ok(())
}

fn normalised(mut measures: Array2<f64>, side: &'static str) -> Result<Array2<f64>, OtError> {
    for mut column in measures.axis_iter_mut(Axis(1)) {
        let total = column.sum();
        if !(total > 0.0 && total.is_finite()) {
            return Err(OtError::NoMass { side });
        }
        column /= total;
    }
    Ok(measures)
}
