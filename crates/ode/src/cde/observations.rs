//! Observations of several channels at irregular times, some of them missing.

use super::PathError;

/// A table of observations: one row a time, one column a channel, NaN where a value is missing.
///
/// How missing values are filled decides whether a path may be used while data still come in:
///
/// | | between values | before the first value | after the last | looks ahead |
/// |---|---|---|---|---|
/// | [`interpolated`](Self::interpolated) | straight line | the first value | the last value | yes |
/// | [`forward_filled`](Self::forward_filled) | the value before | an error, unless [`fill_start`](Self::fill_start) gave one | the last value | no |
///
/// That a value was missing tells something too: [`with_counts`](Self::with_counts) turns it into
/// channels, [`with_time`](Self::with_time) makes time one, without which a path knows only the order
/// of its values and not their speed.
///
/// P. Kidger, J. Morrill, J. Foster and T. Lyons, Neural controlled differential equations for irregular
/// time series, NeurIPS 2020, arXiv:2005.08926.
#[derive(Clone, Debug, PartialEq)]
pub struct Observations {
    times: Vec<f64>,
    channels: usize,
    values: Vec<f64>,
}

impl Observations {
    /// Observations at `times`, which increase, with `values` row by row.
    ///
    /// # Errors
    /// When this is no table, or a value is infinite.
    pub fn new(times: Vec<f64>, channels: usize, values: Vec<f64>) -> Result<Self, PathError> {
        if times.len() < 2 {
            return Err(PathError::TooFewTimes { found: times.len() });
        }
        if let Some((index, &time)) = times.iter().enumerate().find(|(_, t)| !t.is_finite()) {
            return Err(PathError::TimeNotFinite { index, time });
        }
        if let Some(i) = (1..times.len()).find(|&i| times[i] <= times[i - 1]) {
            return Err(PathError::TimesNotIncreasing { index: i, time: times[i - 1], next: times[i] });
        }
        if channels == 0 {
            return Err(PathError::NoChannels);
        }
        if values.len() != times.len() * channels {
            return Err(PathError::Shape { times: times.len(), channels, values: values.len() });
        }
        if let Some(i) = values.iter().position(|v| v.is_infinite()) {
            let value = values[i];
            return Err(PathError::NotFinite { index: i / channels, channel: i % channels, value });
        }
        Ok(Self { times, channels, values })
    }

    /// The same from rows.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when the rows differ in length.
    pub fn from_rows<R: AsRef<[f64]>>(times: &[f64], rows: &[R]) -> Result<Self, PathError> {
        let channels = rows.first().map_or(0, |row| row.as_ref().len());
        for (row, values) in rows.iter().enumerate() {
            let found = values.as_ref().len();
            if found != channels {
                return Err(PathError::RowLength { row, expected: channels, found });
            }
        }
        let values = rows.iter().flat_map(|row| row.as_ref().iter().copied()).collect();
        Self::new(times.to_vec(), channels, values)
    }

    /// The times.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The values at time number `index`, NaN where missing; `None` beyond the last.
    pub fn row(&self, index: usize) -> Option<&[f64]> {
        self.values.chunks_exact(self.channels).nth(index)
    }

    /// With time as the first channel.
    pub fn with_time(&self) -> Self {
        let rows = self.values.chunks_exact(self.channels);
        let values = self
            .times
            .iter()
            .zip(rows)
            .flat_map(|(t, row)| std::iter::once(*t).chain(row.to_vec()))
            .collect();
        Self { times: self.times.clone(), channels: self.channels + 1, values }
    }

    /// With one more channel for each: how many values it has had so far, the present one included. To be
    /// called before the values are filled and before [`with_time`](Self::with_time).
    pub fn with_counts(&self) -> Self {
        let mut counts = vec![0.0; self.channels];
        let mut values = Vec::with_capacity(2 * self.values.len());
        for row in self.values.chunks_exact(self.channels) {
            for (count, value) in counts.iter_mut().zip(row) {
                *count += if value.is_nan() { 0.0 } else { 1.0 };
            }
            values.extend_from_slice(row);
            values.extend_from_slice(&counts);
        }
        Self { times: self.times.clone(), channels: 2 * self.channels, values }
    }

    /// With `start` in place of the values that are missing at the first time, such as the channels' means
    /// over other data. Where a value is there, as a count always is, `start` may be anything.
    ///
    /// # Errors
    /// When it has not one value a channel, or not a finite one where it is needed.
    pub fn fill_start(&self, start: &[f64]) -> Result<Self, PathError> {
        if start.len() != self.channels {
            return Err(PathError::StartLength { channels: self.channels, found: start.len() });
        }
        let needed = |channel: &usize| self.values[*channel].is_nan();
        if let Some(channel) = (0..self.channels).filter(needed).find(|c| !start[*c].is_finite()) {
            return Err(PathError::NotFinite { index: 0, channel, value: start[channel] });
        }
        let mut filled = self.clone();
        for (value, start) in filled.values.iter_mut().zip(start).filter(|(v, _)| v.is_nan()) {
            *value = *start;
        }
        Ok(filled)
    }

    /// With every missing value the one before it in its channel: never looks ahead.
    ///
    /// # Errors
    /// [`PathError::StartMissing`] when a channel begins without a value.
    pub fn forward_filled(&self) -> Result<Self, PathError> {
        if let Some(channel) = self.values[..self.channels].iter().position(|v| v.is_nan()) {
            return Err(PathError::StartMissing { channel });
        }
        let mut filled = self.clone();
        for i in self.channels..filled.values.len() {
            if filled.values[i].is_nan() {
                filled.values[i] = filled.values[i - self.channels];
            }
        }
        Ok(filled)
    }

    /// With every missing value on the straight line between its neighbours in its channel; before the
    /// first value the first, after the last the last.
    ///
    /// # Errors
    /// [`PathError::AllMissing`] when a channel has no value.
    pub fn interpolated(&self) -> Result<Self, PathError> {
        let mut filled = self.clone();
        for channel in 0..self.channels {
            let known = self.known(channel)?;
            let (first, last) = (known[0], known[known.len() - 1]);
            for (i, t) in self.times.iter().enumerate() {
                let k = known.partition_point(|(u, _)| u <= t);
                filled.values[i * self.channels + channel] = match k {
                    0 => first.1,
                    k if k == known.len() => last.1,
                    k => {
                        let ((t0, x0), (t1, x1)) = (known[k - 1], known[k]);
                        x0 + (t - t0) / (t1 - t0) * (x1 - x0)
                    }
                };
            }
        }
        Ok(filled)
    }

    /// The values a channel has, with their times; one at least.
    pub(super) fn known(&self, channel: usize) -> Result<Vec<(f64, f64)>, PathError> {
        let column = self.values.iter().skip(channel).step_by(self.channels);
        let known: Vec<_> =
            self.times.iter().copied().zip(column.copied()).filter(|(_, x)| !x.is_nan()).collect();
        if known.is_empty() { Err(PathError::AllMissing { channel }) } else { Ok(known) }
    }

    /// The value of a channel at time number `i`.
    pub(super) fn value(&self, i: usize, channel: usize) -> f64 {
        self.values[i * self.channels + channel]
    }
}
