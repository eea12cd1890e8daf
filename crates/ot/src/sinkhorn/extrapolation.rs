//! The next iterate from an iterate, its image, and what came before.

use super::anderson::Anderson;

/// How far to go.
pub(super) enum Extrapolation {
    /// Where the iterates before point; no memory is the image itself.
    Anderson(Anderson),
    /// `g + ω (T(g) - g)`, and the image itself after an error more than twice the least.
    OverRelaxed { factor: f64, least: f64 },
}

/// An error so many times the least is the extrapolation's fault.
const GROWTH: f64 = 2.0;

impl Extrapolation {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Anderson(anderson) => anderson.clear(),
            Self::OverRelaxed { least, .. } => *least = f64::INFINITY,
        }
    }

    /// The next iterate after `g` with image `image` and this error.
    pub(super) fn next(&mut self, g: &[f64], image: &[f64], error: f64, weights: &[f64]) -> Vec<f64> {
        match self {
            Self::Anderson(anderson) => anderson.next(g, image, error, weights),
            Self::OverRelaxed { factor, least } => {
                let trusted = error <= GROWTH * *least;
                *least = if error < *least { error } else { *least };
                let factor = if trusted { *factor } else { 1.0 };
                g.iter().zip(image).map(|(g, t)| g + factor * (t - g)).collect()
            }
        }
    }
}
