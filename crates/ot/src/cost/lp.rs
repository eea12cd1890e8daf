//! The distances of the lp norms, and their powers.

use super::CostFunction;
use super::row::{each, fold};
use crate::OtError;

/// `‖x − y‖_p = (Σ_k |x_k − y_k|^p)^(1/p)`, and the largest `|x_k − y_k|` for `p = ∞`.
///
/// A metric, the ground cost of W₁ for this norm. `p` of 1, 1.5, 2, 3, 4 and ∞ are vector code; others call the
/// power function for every coordinate. Distances neither overflow nor underflow where the coordinates do not.
///
/// ```
/// use chreode_ot::{CostFunction, Lp};
///
/// assert_eq!(Lp::new(1.0)?.cost(&[0.0, 1.0], &[3.0, 5.0]), 7.0);
/// assert_eq!(Lp::new(2.0)?.cost(&[0.0, 1.0], &[3.0, 5.0]), 5.0);
/// assert_eq!(Lp::new(f64::INFINITY)?.cost(&[0.0, 1.0], &[3.0, 5.0]), 4.0);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lp {
    p: f64,
}

impl Lp {
    /// The distance of exponent `p`, from 1 to ∞.
    ///
    /// # Errors
    /// A `p` below 1 or not a number: its balls are not convex, and its distance no metric.
    pub fn new(p: f64) -> Result<Self, OtError> {
        let range = "at least 1; infinity gives the largest difference";
        if p >= 1.0 { Ok(Self { p }) } else { Err(OtError::BadParameter { name: EXPONENT, value: p, range }) }
    }

    /// `p`.
    pub fn p(&self) -> f64 {
        self.p
    }

    fn root(&self, sum: f64) -> f64 {
        match self.p {
            1.0 | f64::INFINITY => sum,
            2.0 => sum.sqrt(),
            3.0 => sum.cbrt(),
            4.0 => sum.sqrt().sqrt(),
            p => sum.powf(1.0 / p),
        }
    }

    /// The distance in units of the largest difference, where the plain sum leaves the range of numbers.
    fn careful(&self, x: &[f64], y: impl Iterator<Item = f64> + Clone) -> f64 {
        let differences = x.iter().zip(y).map(|(x, y)| (x - y).abs());
        let largest = differences.clone().fold(0.0, f64::max);
        if largest == 0.0 || !largest.is_finite() {
            return largest;
        }
        largest * self.root(differences.map(|d| (d / largest).powf(self.p)).sum())
    }
}

impl CostFunction for Lp {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        let power = sum(self.p, x, y);
        let safe = self.p == 1.0 || self.p == f64::INFINITY || (power > SAFE && power < 1.0 / SAFE);
        if safe { self.root(power) } else { self.careful(x, y.iter().copied()) }
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        sums(self.p, x, columns, out);
        if self.p == 1.0 || self.p == f64::INFINITY {
            return;
        }
        let strange: Vec<usize> = (out.iter().enumerate())
            .filter(|(_, power)| !(**power > SAFE && **power < 1.0 / SAFE))
            .map(|(j, _)| j)
            .collect();
        if self.p == 2.0 {
            each(out, f64::sqrt);
        } else {
            out.iter_mut().for_each(|c| *c = self.root(*c));
        }
        for j in strange {
            out[j] = self.careful(x, columns.iter().map(|column| column[j]));
        }
    }
}

/// `Σ_k |x_k − y_k|^p`, the cost of `W_p` for the lp norm and a sum over coordinates.
///
/// ```
/// use chreode_ot::{CostFunction, LpPower};
///
/// assert_eq!(LpPower::new(3.0)?.cost(&[0.0, 1.0], &[2.0, -1.0]), 16.0);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LpPower {
    p: f64,
}

impl LpPower {
    /// The power `p`, at least 1 and finite.
    ///
    /// # Errors
    /// A `p` below 1, infinite or not a number.
    pub fn new(p: f64) -> Result<Self, OtError> {
        if p >= 1.0 && p.is_finite() {
            Ok(Self { p })
        } else {
            Err(OtError::BadParameter { name: EXPONENT, value: p, range: "at least 1 and finite" })
        }
    }

    /// `p`.
    pub fn p(&self) -> f64 {
        self.p
    }
}

impl CostFunction for LpPower {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        sum(self.p, x, y)
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        sums(self.p, x, columns, out);
    }
}

const EXPONENT: &str = "the exponent p of the cost";

/// Sums below this, or above its inverse, have lost digits or overflowed.
const SAFE: f64 = 1e-290;

#[inline(always)]
fn term(p: f64, difference: f64) -> f64 {
    let d = difference.abs();
    match p {
        1.0 => d,
        1.5 => d * d.sqrt(),
        2.0 => d * d,
        3.0 => d * d * d,
        4.0 => (d * d) * (d * d),
        p => d.powf(p),
    }
}

#[inline(always)]
fn larger(most: f64, x: f64, y: f64) -> f64 {
    let d = (x - y).abs();
    if d > most { d } else { most }
}

fn sum(p: f64, x: &[f64], y: &[f64]) -> f64 {
    let pairs = x.iter().zip(y);
    if p == f64::INFINITY {
        return pairs.fold(0.0, |most, (&x, &y)| larger(most, x, y));
    }
    pairs.fold(0.0, |sum, (x, y)| sum + term(p, x - y))
}

fn sums(p: f64, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
    // One loop for each exponent, which the compiler then knows.
    macro_rules! with {
        ($p:expr) => {
            fold(
                x,
                columns,
                out,
                #[inline(always)]
                |sum, x, y| sum + term($p, x - y),
            )
        };
    }
    match p {
        1.0 => with!(1.0),
        1.5 => with!(1.5),
        2.0 => with!(2.0),
        3.0 => with!(3.0),
        4.0 => with!(4.0),
        f64::INFINITY => fold(x, columns, out, larger),
        p => with!(p),
    }
}
