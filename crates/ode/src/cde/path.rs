//! Paths through data: piecewise polynomials in time.

use super::equation::Side;
use super::spline::natural;
use super::{Branch, ControlPath, Observations, PathError};
use crate::Span;

/// A path through observations, with its derivative.
///
/// | | derivative | looks ahead to | missing values |
/// |---|---|---|---|
/// | [`linear`](Self::linear) | jumps at every time | the next value | [`interpolated`](Observations::interpolated) |
/// | [`hermite`](Self::hermite) | continuous | the next value | [`interpolated`](Observations::interpolated) |
/// | [`cubic`](Self::cubic) | continuous, the second too, but where a channel begins late or ends early | all values | the spline through the values there are |
/// | [`rectilinear`](Self::rectilinear) | jumps at every knot | nothing | [`forward_filled`](Observations::forward_filled) |
///
/// For predictions while data come in take [`rectilinear`](Self::rectilinear); otherwise
/// [`hermite`](Self::hermite), along which adaptive steps need not stop at the data. Fill the values
/// first to have them filled otherwise. Outside its span a path is not a number.
///
/// J. Morrill, P. Kidger, L. Yang and T. Lyons, Neural controlled differential equations for online
/// prediction tasks, 2021, arXiv:2106.11028.
///
/// ```
/// use chreode_ode::{Branch, ControlPath, DataPath, Observations};
///
/// let data = Observations::from_rows(&[0.0, 1.0, 3.0], &[[1.0], [f64::NAN], [4.0]])?;
/// let path = DataPath::linear(&data)?;
/// let mut out = [0.0];
/// path.value(1.0, &mut out);
/// assert_eq!(out, [2.0]);
/// path.derivative(1.0, Branch::Right, &mut out);
/// assert_eq!(out, [1.0]);
/// # Ok::<(), chreode_ode::PathError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DataPath {
    knots: Vec<f64>,
    channels: usize,
    /// Of piece i and channel c at `i * channels + c`, in powers of `t − knots[i]`.
    coefficients: Vec<[f64; 4]>,
    derivative: Derivative,
    /// The times of the observations, when the path runs in a parameter of its own.
    clock: Option<Vec<f64>>,
}

/// What the derivative does at the knots.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Derivative {
    Jumps,
    Continuous,
}

impl DataPath {
    /// Straight lines between the observations.
    ///
    /// # Errors
    /// [`PathError::AllMissing`].
    pub fn linear(data: &Observations) -> Result<Self, PathError> {
        let data = data.interpolated()?;
        Ok(Self::by_pieces(&data, Derivative::Jumps, |i, c, gap| {
            let x = data.value(i, c);
            [x, (data.value(i + 1, c) - x) / gap, 0.0, 0.0]
        }))
    }

    /// Cubics with, at each time, the slope of the line from the time before, and at the first that of the
    /// line to the second: on `[tᵢ, tᵢ₊₁]` nothing later than tᵢ₊₁ matters, and the derivative is
    /// continuous.
    ///
    /// # Errors
    /// [`PathError::AllMissing`].
    pub fn hermite(data: &Observations) -> Result<Self, PathError> {
        let data = data.interpolated()?;
        let times = data.times();
        let slope =
            |i: usize, c: usize| (data.value(i + 1, c) - data.value(i, c)) / (times[i + 1] - times[i]);
        Ok(Self::by_pieces(&data, Derivative::Continuous, |i, c, gap| {
            let (before, here) = (slope(i.max(1) - 1, c), slope(i, c));
            [data.value(i, c), before, 2.0 * (here - before) / gap, (before - here) / (gap * gap)]
        }))
    }

    /// The natural cubic spline of each channel through the values it has, constant before the first and
    /// after the last of them.
    ///
    /// # Errors
    /// [`PathError::AllMissing`].
    pub fn cubic(data: &Observations) -> Result<Self, PathError> {
        let last = data.times().len() - 1;
        let columns = (0..data.channels())
            .map(|c| Ok(natural(data.times(), &data.known(c)?)))
            .collect::<Result<Vec<_>, PathError>>()?;
        // A channel that begins late or ends early does so with a jump in its derivative.
        let partial = |c| data.value(0, c).is_nan() || data.value(last, c).is_nan();
        let derivative =
            if (0..data.channels()).any(partial) { Derivative::Jumps } else { Derivative::Continuous };
        Ok(Self::by_pieces(data, derivative, |i, c, _| columns[c][i]))
    }

    /// First time moves, then the values: from `(tᵢ, xᵢ)` to `(tᵢ₊₁, xᵢ)` to `(tᵢ₊₁, xᵢ₊₁)`, with time
    /// as the first channel, so that nothing before an observation depends on it.
    ///
    /// The path's own parameter s runs from 0 to 2(n − 1) for n observations: observation i is reached at
    /// s = 2i, and [`parameter`](Self::parameter) finds times between.
    ///
    /// # Errors
    /// [`PathError::StartMissing`].
    pub fn rectilinear(data: &Observations) -> Result<Self, PathError> {
        let data = data.forward_filled()?;
        let (n, channels) = (data.times().len(), data.channels() + 1);
        let mut coefficients = Vec::with_capacity(2 * (n - 1) * channels);
        for i in 0..n - 1 {
            let (t, next) = (data.times()[i], data.times()[i + 1]);
            coefficients.push([t, next - t, 0.0, 0.0]);
            coefficients.extend((0..data.channels()).map(|c| [data.value(i, c), 0.0, 0.0, 0.0]));
            coefficients.push([next, 0.0, 0.0, 0.0]);
            coefficients.extend((0..data.channels()).map(|c| {
                let x = data.value(i, c);
                [x, data.value(i + 1, c) - x, 0.0, 0.0]
            }));
        }
        let knots = (0..=2 * (n - 1)).map(|s| s as f64).collect();
        Ok(Self {
            knots,
            channels,
            coefficients,
            derivative: Derivative::Jumps,
            clock: Some(data.times().to_vec()),
        })
    }

    /// Where on the path `time` has come and all observed until then is taken in; `None` outside the
    /// observations.
    ///
    /// On a [`rectilinear`](Self::rectilinear) path the parameter: 2i at the time of observation i, and up to
    /// 2i + 1 after it. On others `time` itself.
    pub fn parameter(&self, time: f64) -> Option<f64> {
        let Some(times) = &self.clock else {
            let Span { t0, t1 } = self.span();
            return (time >= t0 && time <= t1).then_some(time);
        };
        let last = times.len() - 1;
        if time.is_nan() || time > times[last] {
            return None;
        }
        let i = times.partition_point(|t| *t <= time).checked_sub(1)?;
        let here = self.knots[2 * i];
        if time == times[i] {
            return Some(here);
        }
        let waited = (time - times[i]) / (times[i + 1] - times[i]);
        Some(here + waited * (self.knots[2 * i + 1] - here))
    }

    /// The same path at other times, from `span.t0` to `span.t1`. A solve along it has the same states:
    /// so rows with times of their own are brought to one.
    ///
    /// # Errors
    /// [`PathError::BadSpan`] when the span is not two increasing finite numbers.
    pub fn on(&self, span: Span) -> Result<Self, PathError> {
        let Span { t0, t1 } = span;
        let own = self.span();
        let rate = own.length() / (t1 - t0);
        if !t0.is_finite() || !t1.is_finite() || t1 <= t0 || !rate.is_finite() || rate == 0.0 {
            return Err(PathError::BadSpan { t0, t1 });
        }
        let last = self.knots.len() - 1;
        let moved = |(i, t): (usize, &f64)| if i == last { t1 } else { t0 + (t - own.t0) / rate };
        let mut path = self.clone();
        path.knots = self.knots.iter().enumerate().map(moved).collect();
        if let Some(i) = (1..=last).find(|&i| path.knots[i] <= path.knots[i - 1]) {
            // Times that floating-point numbers no longer tell apart.
            let (time, next) = (path.knots[i - 1], path.knots[i]);
            return Err(PathError::TimesNotIncreasing { index: i, time, next });
        }
        for it in &mut path.coefficients {
            let [a, b, c, d] = *it;
            *it = [a, b * rate, c * rate * rate, d * rate * rate * rate];
        }
        Ok(path)
    }

    fn by_pieces(
        data: &Observations,
        derivative: Derivative,
        piece: impl Fn(usize, usize, f64) -> [f64; 4],
    ) -> Self {
        let (knots, channels) = (data.times().to_vec(), data.channels());
        let coefficients = (0..knots.len() - 1)
            .flat_map(|i| (0..channels).map(move |c| (i, c)))
            .map(|(i, c)| piece(i, c, knots[i + 1] - knots[i]))
            .collect();
        Self { knots, channels, coefficients, derivative, clock: None }
    }

    /// The piece in force at `t` and the time into it; `None` outside the span, but for rounding.
    fn piece(&self, t: f64, branch: Branch) -> Option<(f64, &[[f64; 4]])> {
        let Span { t0, t1 } = self.span();
        let slack = 8.0 * f64::EPSILON * t0.abs().max(t1.abs()).max(t1 - t0);
        if t.is_nan() || t < t0 - slack || t > t1 + slack {
            return None;
        }
        let (at, side) = branch.place(t);
        let after = match side {
            Side::Right => self.knots.partition_point(|k| *k <= at),
            Side::Left => self.knots.partition_point(|k| *k < at),
        };
        let i = after.clamp(1, self.knots.len() - 1) - 1;
        Some((t - self.knots[i], &self.coefficients[i * self.channels..][..self.channels]))
    }
}

impl ControlPath for DataPath {
    fn channels(&self) -> usize {
        self.channels
    }

    fn span(&self) -> Span {
        Span { t0: self.knots[0], t1: self.knots[self.knots.len() - 1] }
    }

    fn value(&self, t: f64, out: &mut [f64]) {
        match self.piece(t, Branch::Right) {
            None => out.fill(f64::NAN),
            Some((u, piece)) => {
                for (out, [a, b, c, d]) in out.iter_mut().zip(piece) {
                    *out = a + u * (b + u * (c + u * d));
                }
            }
        }
    }

    fn derivative(&self, t: f64, branch: Branch, out: &mut [f64]) {
        match self.piece(t, branch) {
            None => out.fill(f64::NAN),
            Some((u, piece)) => {
                for (out, [_, b, c, d]) in out.iter_mut().zip(piece) {
                    *out = b + u * (2.0 * c + u * 3.0 * d);
                }
            }
        }
    }

    fn knots(&self) -> &[f64] {
        &self.knots
    }

    fn jumps(&self) -> &[f64] {
        match self.derivative {
            Derivative::Jumps => &self.knots,
            Derivative::Continuous => &[],
        }
    }
}
