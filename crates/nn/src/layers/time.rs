//! Times as waves.

use crate::error::expect_range;
use crate::kernel::Element;
use crate::layer::{Along, At, Cotangent, Layer};
use crate::rows::{Rows, RowsMut};
use crate::{Formula, NnError};
use std::f64::consts::PI;

/// y = [sin ω₁t, …, sin ω_K t, cos ω₁t, …, cos ω_K t, rest] for rows x = [t, rest].
///
/// Angles and waves are computed in `f64`; rows of the same time in a row cost one evaluation.
#[derive(Clone, Debug)]
pub struct TimeEmbedding {
    rest: usize,
    omega: Vec<f64>,
}

impl TimeEmbedding {
    /// Fourier features ωₖ = 2π fₖ of given frequencies (Tancik et al., Fourier features let networks learn high
    /// frequency functions, NeurIPS 2020, arXiv:2006.10739), before `rest` columns that are kept.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] for a frequency that is not finite.
    pub fn fourier(frequencies: &[f64], rest: usize) -> Result<Self, NnError> {
        for &f in frequencies {
            expect_range("a frequency of TimeEmbedding", f, f.is_finite(), "finite")?;
        }
        Ok(Self { rest, omega: frequencies.iter().map(|f| 2.0 * PI * f).collect() })
    }

    /// Sinusoidal embedding with ωₖ = `period`^(-k/`pairs`), k = 0, 1, … (Vaswani et al. 2017, arXiv:1706.03762, section
    /// 3.5, whose period is 10,000), before `rest` columns that are kept.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] unless `period` is positive and finite.
    pub fn sinusoidal(pairs: usize, period: f64, rest: usize) -> Result<Self, NnError> {
        let inside = period > 0.0 && period.is_finite();
        expect_range("TimeEmbedding's period", period, inside, "positive and finite")?;
        let omega = (0..pairs).map(|k| period.powf(-(k as f64) / pairs as f64)).collect();
        Ok(Self { rest, omega })
    }

    /// Columns of waves.
    pub fn columns(&self) -> usize {
        2 * self.omega.len()
    }

    /// For each wave pair of a row: `f(ω, sin, cos)`, from the row's output.
    fn waves<'a, A: Element>(&'a self, y: &'a [A]) -> impl Iterator<Item = (f64, f64, f64)> + 'a {
        let (sin, cos) = y[..self.columns()].split_at(self.omega.len());
        let wide = chreode_core::Real::to_f64;
        self.omega.iter().zip(sin).zip(cos).map(move |((&w, &s), &c)| (w, wide(s), wide(c)))
    }

    /// Σ over waves of the cotangent `a` times the derivative of order 1, or, with a minus sign, of order 2.
    fn pulled<A: Element>(&self, y: &[A], a: &[A], order: Order) -> f64 {
        let (sin, cos) = a[..self.columns()].split_at(self.omega.len());
        let wide = chreode_core::Real::to_f64;
        self.waves(y)
            .zip(sin.iter().zip(cos))
            .map(|((w, s, c), (&a, &b))| match order {
                Order::Slope => w * (wide(a) * c - wide(b) * s),
                Order::Bend => -w * w * (wide(a) * s + wide(b) * c),
            })
            .sum()
    }

    fn pull<A: Element>(&self, at: At<'_, A>, a: Rows<'_, A>, x: &mut RowsMut<'_, A>) {
        for i in 0..a.count {
            let (row, to) = (a.row(i), x.row_mut(i));
            to[0] = A::from_f64(self.pulled(at.y.row(i), row, Order::Slope));
            to[1..].copy_from_slice(&row[self.columns()..]);
        }
    }
}

/// Which derivative of a wave.
#[derive(Clone, Copy, Debug)]
enum Order {
    Slope,
    Bend,
}

impl<A: Element> Layer<A> for TimeEmbedding {
    fn width(&self) -> (usize, usize) {
        (1 + self.rest, self.columns() + self.rest)
    }

    fn formula(&self) -> Option<Formula> {
        Some(Formula::Waves(self.omega.clone()))
    }

    fn curved(&self) -> usize {
        1
    }

    fn forward(&self, x: Rows<'_, A>, mut y: RowsMut<'_, A>, _: RowsMut<'_, A>) {
        let (columns, pairs) = (self.columns(), self.omega.len());
        for i in 0..x.count {
            let t = x.row(i)[0];
            if i > 0 && x.row(i - 1)[0] == t {
                let stride = y.stride();
                y.entries.copy_within((i - 1) * stride..(i - 1) * stride + columns, i * stride);
            } else {
                let row = y.row_mut(i);
                for (k, w) in self.omega.iter().enumerate() {
                    let (sin, cos) = (w * chreode_core::Real::to_f64(t)).sin_cos();
                    (row[k], row[pairs + k]) = (A::from_f64(sin), A::from_f64(cos));
                }
            }
            y.row_mut(i)[columns..].copy_from_slice(&x.row(i)[1..]);
        }
    }

    fn pullback(&self, at: At<'_, A>, a: Cotangent<'_, A>, x: Option<RowsMut<'_, A>>, _: Option<&mut [A]>) {
        let Some(mut x) = x else { return };
        self.pull(at, a.y.view(), &mut x);
        if let Some(curvature) = a.curvature {
            for i in 0..x.count {
                x.row_mut(i)[0] += curvature.row(i)[0];
            }
        }
    }

    fn tangent(&self, at: At<'_, A>, dx: Rows<'_, A>, mut dy: RowsMut<'_, A>, _: RowsMut<'_, A>) {
        let (columns, pairs) = (self.columns(), self.omega.len());
        for i in 0..dx.count {
            let (dt, dy) = (chreode_core::Real::to_f64(dx.row(i)[0]), dy.row_mut(i));
            for (k, (w, sin, cos)) in self.waves(at.y.row(i)).enumerate() {
                (dy[k], dy[pairs + k]) = (A::from_f64(w * cos * dt), A::from_f64(-w * sin * dt));
            }
            dy[columns..].copy_from_slice(&dx.row(i)[1..]);
        }
    }

    fn pullback_tangent(
        &self,
        at: At<'_, A>,
        along: Along<'_, A>,
        b: RowsMut<'_, A>,
        dx: Option<RowsMut<'_, A>>,
        mut curvature: RowsMut<'_, A>,
        _: Option<&mut [A]>,
    ) {
        let b = b.view();
        for i in 0..b.count {
            let dt = along.dx.row(i)[0];
            // A state moves at one time: there is nothing to add.
            if dt != A::zero() {
                curvature.row_mut(i)[0] += dt * A::from_f64(self.pulled(at.y.row(i), b.row(i), Order::Bend));
            }
        }
        if let Some(mut dx) = dx {
            self.pull(at, b, &mut dx);
        }
    }
}
