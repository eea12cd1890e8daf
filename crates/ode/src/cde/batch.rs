//! A path for each row of a batch.

use super::equation::Side;
use super::{Branch, ControlPath, DataPath, PathError};
use crate::Span;

/// Paths under one time, one a row: the control of a state with one row each.
///
/// Before its first and after its last time a row stands still, so that shorter rows wait for longer
/// ones. Rows with times of their own are brought to common ones with [`DataPath::on`], which changes
/// no solution. Values and derivatives are handed out row by row, `rows × channels` numbers; the knots
/// are those of all rows.
#[derive(Clone, Debug, PartialEq)]
pub struct DataPaths {
    paths: Vec<DataPath>,
    span: Span,
    knots: Vec<f64>,
    jumps: Vec<f64>,
}

impl DataPaths {
    /// The batch of `paths`.
    ///
    /// # Errors
    /// When there are none, or they differ in their channels.
    pub fn new(paths: Vec<DataPath>) -> Result<Self, PathError> {
        let expected = paths.first().ok_or(PathError::NoPaths)?.channels();
        if let Some(row) = paths.iter().position(|path| path.channels() != expected) {
            return Err(PathError::BatchChannels { row, expected, found: paths[row].channels() });
        }
        let merged = |mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times.dedup();
            times
        };
        let knots = merged(paths.iter().flat_map(|path| path.knots().to_vec()).collect());
        let span = Span { t0: knots[0], t1: knots[knots.len() - 1] };
        // A row that starts or stops on the way has a jump there.
        let ends = |path: &DataPath| [path.span().t0, path.span().t1];
        let late = paths.iter().flat_map(ends).filter(|t| *t != span.t0 && *t != span.t1);
        let jumps = merged(paths.iter().flat_map(|path| path.jumps().to_vec()).chain(late).collect());
        Ok(Self { paths, span, knots, jumps })
    }

    /// The paths.
    pub fn paths(&self) -> &[DataPath] {
        &self.paths
    }
}

impl ControlPath for DataPaths {
    fn channels(&self) -> usize {
        self.paths[0].channels()
    }

    fn rows(&self) -> usize {
        self.paths.len()
    }

    fn span(&self) -> Span {
        self.span
    }

    fn value(&self, t: f64, out: &mut [f64]) {
        for (path, out) in self.paths.iter().zip(out.chunks_exact_mut(self.channels())) {
            let Span { t0, t1 } = path.span();
            let from = if t0 > self.span.t0 && t >= self.span.t0 { t.max(t0) } else { t };
            path.value(if t1 < self.span.t1 && t <= self.span.t1 { from.min(t1) } else { from }, out);
        }
    }

    fn derivative(&self, t: f64, branch: Branch, out: &mut [f64]) {
        let (at, side) = branch.place(t);
        for (path, out) in self.paths.iter().zip(out.chunks_exact_mut(self.channels())) {
            let Span { t0, t1 } = path.span();
            let (late, early) = (t0 > self.span.t0, t1 < self.span.t1);
            let still = match side {
                Side::Right => (late && at < t0) || (early && at >= t1),
                Side::Left => (late && at <= t0) || (early && at > t1),
            };
            if still {
                out.fill(0.0);
            } else {
                path.derivative(t, branch, out);
            }
        }
    }

    fn knots(&self) -> &[f64] {
        &self.knots
    }

    fn jumps(&self) -> &[f64] {
        &self.jumps
    }
}
