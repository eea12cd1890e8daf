//! The shape of a multilayer perceptron.

use crate::{Activation, NnError};

/// A multilayer perceptron v(t, x): input `[t, x]`, hidden layers, linear output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MlpConfig {
    /// Columns of a state row x.
    pub state: usize,
    /// Columns of an output row; for a velocity, as many as the state has.
    pub output: usize,
    /// Widths of the hidden layers, in order; none makes the network affine.
    pub hidden: Vec<usize>,
    /// The nonlinearity after each hidden layer.
    pub activation: Activation,
}

impl MlpConfig {
    /// A velocity on `state` columns: three hidden layers of 64 with SELU, as in the published
    /// flow-matching experiments (Tong et al. 2024, arXiv:2302.00482).
    pub fn new(state: usize) -> Self {
        Self { state, output: state, hidden: vec![64; 3], activation: Activation::default() }
    }

    /// The same with other hidden widths.
    pub fn hidden(self, hidden: impl Into<Vec<usize>>) -> Self {
        Self { hidden: hidden.into(), ..self }
    }

    /// The same with another nonlinearity.
    pub fn activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// The same with another number of output columns.
    pub fn output(self, output: usize) -> Self {
        Self { output, ..self }
    }

    /// Input width (time and state), hidden widths, output width.
    pub(crate) fn widths(&self) -> Vec<usize> {
        let mut widths = vec![self.state.saturating_add(1)];
        widths.extend(&self.hidden);
        widths.push(self.output);
        widths
    }

    pub(crate) fn check(&self) -> Result<(), NnError> {
        let places = [("state".to_string(), self.state), ("output".to_string(), self.output)];
        let hidden = self.hidden.iter().enumerate().map(|(i, &w)| (format!("hidden layer {i}"), w));
        if let Some((place, _)) = places.into_iter().chain(hidden).find(|(_, width)| *width == 0) {
            return Err(NnError::ZeroWidth { place });
        }
        let widths = self.widths();
        let size = |pair: &[usize]| pair[0].checked_add(1)?.checked_mul(pair[1]);
        let total = widths.windows(2).try_fold(0usize, |sum, pair| sum.checked_add(size(pair)?));
        // Padding, packing and row tiles multiply the count; leave them room.
        match total {
            Some(total) if total <= usize::MAX >> 16 => Ok(()),
            _ => Err(NnError::TooWide { widths }),
        }
    }
}
