//! Analytic Pearson residuals of counts.

use crate::error::require;
use crate::fold::fold;
use crate::{PrepError, Rows};

/// The largest absolute value of a residual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ResidualClip {
    /// √n of the number of cells.
    SquareRoot,
    /// This.
    At(f64),
}

/// Totals of genes and the constants of the residuals, for the cells of one batch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    /// The share of each gene in all counts.
    shares: Vec<f64>,
    /// 1 / θ.
    overdispersion: f64,
    clip: f64,
}

impl Model {
    /// A model for each batch; one pass.
    pub(crate) fn by_batch(
        rows: &(impl Rows + ?Sized),
        batch: &[usize],
        batches: usize,
        theta: f64,
        clip: ResidualClip,
    ) -> Result<Vec<Self>, PrepError> {
        require(theta > 0.0, "theta", theta, "positive")?;
        if let ResidualClip::At(at) = clip {
            require(at >= 0.0, "clip", at, "at least 0")?;
        }
        let p = rows.shape().1;
        let mut totals = vec![vec![0f64; p]; batches];
        fold(
            rows,
            || vec![vec![0f64; p]; batches],
            |part, row, columns, values| {
                let sum = &mut part[batch[row]];
                columns.iter().zip(values).for_each(|(&j, &v)| sum[j as usize] += f64::from(v));
            },
            |part| totals.iter_mut().zip(&part).for_each(|(a, b)| crate::fold::add_to(a, b)),
        )?;
        let of = |(b, genes): (usize, Vec<f64>)| {
            let all: f64 = genes.iter().sum();
            let cells = batch.iter().filter(|&&x| x == b).count();
            let clip = match clip {
                ResidualClip::SquareRoot => (cells as f64).sqrt(),
                ResidualClip::At(at) => at,
            };
            let shares = genes.iter().map(|g| if all > 0.0 { g / all } else { 0.0 }).collect();
            Self { shares, overdispersion: 1.0 / theta, clip }
        };
        Ok(totals.into_iter().enumerate().map(of).collect())
    }
}

/// The residuals of one cell.
pub(crate) struct Residual<'a> {
    model: &'a Model,
    total: f64,
    columns: &'a [u32],
    values: &'a [f32],
}

impl<'a> Residual<'a> {
    pub(crate) fn of(model: &'a Model, columns: &'a [u32], values: &'a [f32]) -> Self {
        Self { model, total: values.iter().map(|&v| f64::from(v)).sum(), columns, values }
    }

    /// Writes them, one a gene; 0 for a gene without counts.
    pub(crate) fn write(&self, out: &mut [f64]) {
        let Model { shares, overdispersion, clip } = self.model;
        for (out, share) in out.iter_mut().zip(shares) {
            let mu = share * self.total;
            // (0 - μ) / √(μ + μ²/θ)
            *out = -(mu / (1.0 + mu * overdispersion)).sqrt().min(*clip);
        }
        for (&j, &v) in self.columns.iter().zip(self.values) {
            let mu = shares[j as usize] * self.total;
            if mu > 0.0 {
                let z = (f64::from(v) - mu) / (mu + mu * mu * overdispersion).sqrt();
                out[j as usize] = z.clamp(-*clip, *clip);
            }
        }
    }
}
