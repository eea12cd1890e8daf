//! What goes into the way back of a batch, and what comes out.

use super::crossing::RowCrossing;
use super::tape::BatchTape;
use crate::{AdjointError, Times};
use chreode_core::Real;
use chreode_ode::Batch;
use ndarray::{Array1, Array2};

/// Cotangents of the states that the rows of a batch were asked for; those of a row without a gradient do not
/// count.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchCotangents<A> {
    /// ∂L/∂y(t₁), a row each; of a row that an event ended, of its state there.
    pub end: Array2<A>,
    /// ∂L/∂y at the save times of each row: one array a row, one line a time.
    pub saved: Vec<Array2<A>>,
    /// What is known of the event that ended a row, `None` for other rows. Its derivatives are to be filled in; a row
    /// for which they are not has no gradient ([`AdjointError::RowGrazes`]).
    pub events: Vec<Option<RowCrossing<A>>>,
}

/// The gradient of a loss of the states of a batch. What belongs to a row without a gradient is zero.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchGradient<A> {
    /// ∂L/∂y₀, a row each.
    pub y0: Array2<A>,
    /// ∂L/∂θ of the parameters that all rows share, summed over the rows that have a gradient.
    pub shared: Array1<A>,
    /// ∂L/∂θᵢ of each row's own parameters.
    pub own: Array2<A>,
    /// ∂L/∂t₀ and ∂L/∂t₁ of each row. Empty where times were declared constant.
    pub spans: Vec<[f64; 2]>,
    /// ∂L/∂t of each row's save times. Empty where times were declared constant.
    pub times: Vec<Vec<f64>>,
    /// The rows without a gradient, in order, and why.
    pub failures: Vec<(usize, AdjointError)>,
}

/// A batch, and the gradient of a loss of it.
pub type WithBatchGradient<A> = (Batch<A>, BatchGradient<A>);

/// The gradients of some rows, in the order of `rows`.
pub(super) struct Part<A> {
    pub(super) rows: Vec<usize>,
    pub(super) y0: Vec<A>,
    pub(super) shared: Vec<A>,
    pub(super) own: Vec<A>,
    pub(super) spans: Vec<[f64; 2]>,
    pub(super) times: Vec<Vec<f64>>,
    pub(super) failures: Vec<(usize, AdjointError)>,
}

impl<A: Real> BatchGradient<A> {
    /// All parts together; sums are taken in their order.
    pub(super) fn joined(parts: Vec<Part<A>>, tape: &BatchTape<A>, times: Times) -> Self {
        let (count, width) = (tape.rows.len(), tape.width);
        let [shared, own] = match parts.first() {
            Some(part) => [part.shared.len(), part.own.len() / part.rows.len().max(1)],
            None => [0; 2],
        };
        let mut all = Self {
            y0: Array2::zeros((count, width)),
            shared: Array1::zeros(shared),
            own: Array2::zeros((count, own)),
            spans: Vec::new(),
            times: Vec::new(),
            failures: Vec::new(),
        };
        for part in parts {
            for (i, row) in part.rows.iter().enumerate() {
                let mut to = all.y0.row_mut(*row);
                to.iter_mut().zip(&part.y0[i * width..]).for_each(|(to, from)| *to = *from);
                let mut to = all.own.row_mut(*row);
                to.iter_mut().zip(&part.own[i * own..]).for_each(|(to, from)| *to = *from);
            }
            all.shared.iter_mut().zip(&part.shared).for_each(|(to, from)| *to += *from);
            if times == Times::Differentiated {
                all.spans.extend(part.spans);
                all.times.extend(part.times);
            }
            all.failures.extend(part.failures);
        }
        all
    }
}
