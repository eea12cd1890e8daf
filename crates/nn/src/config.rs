//! The shape of a multilayer perceptron.

use crate::{Activation, NnError};

/// How time enters the input.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum TimeInput {
    /// As it is: one column.
    #[default]
    Raw,
    /// [`TimeEmbedding::fourier`](crate::TimeEmbedding::fourier): two columns a frequency.
    Fourier(Vec<f64>),
    /// [`TimeEmbedding::sinusoidal`](crate::TimeEmbedding::sinusoidal).
    Sinusoidal {
        /// Pairs of a sine and a cosine.
        pairs: usize,
        /// 2π times the longest wave, over 2π that of the shortest.
        period: f64,
    },
}

impl TimeInput {
    /// Columns that stand for a time.
    pub fn columns(&self) -> usize {
        match self {
            Self::Raw => 1,
            Self::Fourier(frequencies) => 2 * frequencies.len(),
            Self::Sinusoidal { pairs, .. } => 2 * pairs,
        }
    }
}

/// What a hidden layer adds to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Connection {
    /// Nothing: h ← φ(W h + b).
    #[default]
    Plain,
    /// Its input, where that is as wide: h ← h + φ(W h + b) (He et al. 2016, arXiv:1512.03385).
    Residual,
}

/// What comes between a hidden layer's affine map and its nonlinearity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Normalisation {
    /// Nothing.
    #[default]
    Absent,
    /// A [`LayerNorm`](crate::LayerNorm).
    Layer,
}

/// What the output adds to what the layers make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shortcut {
    /// Nothing.
    #[default]
    Absent,
    /// An affine map of the input, zero at first: v(t, x) = A [t, x] + c + layers. Layers narrower than the state pass
    /// on a part of it only, and the score of a Gaussian, for one, needs all of it.
    Affine,
}

/// A multilayer perceptron v(t, x): input `[t, x]`, hidden layers, linear output.
#[derive(Clone, Debug, PartialEq)]
pub struct MlpConfig {
    /// Columns of a state row x.
    pub state: usize,
    /// Columns of an output row; for a velocity, as many as the state has.
    pub output: usize,
    /// Widths of the hidden layers, in order; none makes the network affine.
    pub hidden: Vec<usize>,
    /// The nonlinearity after each hidden layer.
    pub activation: Activation,
    /// How time enters.
    pub time: TimeInput,
    /// What each hidden layer adds to.
    pub connection: Connection,
    /// What comes before each nonlinearity.
    pub normalisation: Normalisation,
    /// What the output adds to what the layers make.
    pub shortcut: Shortcut,
}

impl MlpConfig {
    /// A velocity on `state` columns: three hidden layers of 64 with SELU, as in the published
    /// flow-matching experiments (Tong et al. 2024, arXiv:2302.00482).
    pub fn new(state: usize) -> Self {
        Self {
            state,
            output: state,
            hidden: vec![64; 3],
            activation: Activation::default(),
            time: TimeInput::default(),
            connection: Connection::default(),
            normalisation: Normalisation::default(),
            shortcut: Shortcut::default(),
        }
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

    /// The same with another input of time.
    pub fn time(self, time: TimeInput) -> Self {
        Self { time, ..self }
    }

    /// The same with other connections.
    pub fn connection(self, connection: Connection) -> Self {
        Self { connection, ..self }
    }

    /// The same with another normalisation.
    pub fn normalisation(self, normalisation: Normalisation) -> Self {
        Self { normalisation, ..self }
    }

    /// The same with another way past its layers.
    pub fn shortcut(self, shortcut: Shortcut) -> Self {
        Self { shortcut, ..self }
    }

    /// Input width (time and state), hidden widths, output width.
    pub(crate) fn widths(&self) -> Vec<usize> {
        let mut widths = vec![self.state.saturating_add(self.time.columns())];
        widths.extend(&self.hidden);
        widths.push(self.output);
        widths
    }

    pub(crate) fn check(&self) -> Result<(), NnError> {
        let places = [
            ("state".to_string(), self.state),
            ("output".to_string(), self.output),
            ("time embedding".to_string(), self.time.columns()),
        ];
        let hidden = self.hidden.iter().enumerate().map(|(i, &w)| (format!("hidden layer {i}"), w));
        if let Some((place, _)) = places.into_iter().chain(hidden).find(|(_, width)| *width == 0) {
            return Err(NnError::ZeroWidth { place });
        }
        let widths = self.widths();
        let size = |pair: &[usize]| pair[0].checked_add(1)?.checked_mul(pair[1]);
        let past = [widths[0], self.output];
        let past = if self.shortcut == Shortcut::Affine { &past[..] } else { &[] };
        let pairs = widths.windows(2).chain(past.windows(2));
        let total = pairs.into_iter().try_fold(0usize, |sum, pair| sum.checked_add(size(pair)?));
        // Padding, packing and row tiles multiply the count; leave them room.
        match total {
            Some(total) if total <= usize::MAX >> 16 => Ok(()),
            _ => Err(NnError::TooWide { widths }),
        }
    }
}
