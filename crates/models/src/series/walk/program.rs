//! The order in which the visits of many individuals are made together.

use crate::series::{Individual, SeriesError};
use chreode_core::Real;
use ndarray::Array2;

/// As many Euler steps as the way of an individual may take.
const MOST_STEPS: f64 = 1e6;

/// A time at which an individual is visited.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visit {
    /// Network time.
    pub(crate) at: f64,
    /// What the state jumps by, if it does.
    pub(crate) jump: Option<Vec<f32>>,
    /// Whether the state is read when it arrives, before it jumps.
    pub(crate) before: bool,
    /// Whether it is read when it has jumped.
    pub(crate) after: bool,
}

/// How the state gets from visit to visit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// It stays as it is.
    Still,
    /// By Euler steps of at most `longest`, from `from` where every individual starts (or from its first visit) to `to`
    /// after its last (or not at all). Times may run backwards.
    Flow { longest: f64, from: Option<f64>, to: Option<f64> },
}

impl Way {
    /// Steps through `visits`.
    fn steps(self, visits: &[Visit]) -> f64 {
        let Self::Flow { longest, from, to } = self else { return 0.0 };
        let ats = from.into_iter().chain(visits.iter().map(|visit| visit.at)).chain(to);
        let ats: Vec<f64> = ats.collect();
        ats.windows(2).map(|pair| parts(pair[1] - pair[0], longest)).sum()
    }

    /// Whether each of `individuals` can go through its visits.
    ///
    /// # Errors
    /// [`SeriesError::Far`] for the first that takes too many steps.
    pub(crate) fn check(self, individuals: &[&Individual], visits: &[Vec<Visit>]) -> Result<(), SeriesError> {
        for (one, visits) in individuals.iter().zip(visits) {
            let steps = self.steps(visits);
            if steps.is_nan() || steps > MOST_STEPS {
                return Err(SeriesError::Far { id: one.id.clone(), steps, most: MOST_STEPS });
            }
        }
        Ok(())
    }
}

/// Equal parts of at most `longest` of a gap.
fn parts(gap: f64, longest: f64) -> f64 {
    let parts = (gap.abs() / longest - 1e-9).ceil();
    // No number of parts stays none.
    if gap != 0.0 && parts < 1.0 { 1.0 } else { parts.abs() }
}

/// A step of some rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Op {
    /// h ← h + dt f(h), so many times.
    Flow { rows: Vec<u32>, dt: Vec<f64>, times: usize },
    /// h ← g([input, h]) with the inputs from `first` on.
    Jump { rows: Vec<u32>, first: usize },
    /// Reads h into the reads from `first` on.
    Read { rows: Vec<u32>, first: usize },
}

/// Whose state was read, at which of its visits, and on which side of a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadAt {
    pub(crate) row: usize,
    pub(crate) visit: usize,
    pub(crate) after: bool,
}

/// The steps of many individuals: the k-th visit of all that have one, then the next.
///
/// Each individual keeps its own times, so that its result does not depend on the others; there are as many steps as the
/// longest has visits, on fewer and fewer rows.
#[derive(Clone, Debug)]
pub(crate) struct Program<A> {
    pub(crate) ops: Vec<Op>,
    pub(crate) inputs: Array2<A>,
    pub(crate) reads: Vec<ReadAt>,
}

impl<A: Real> Program<A> {
    /// The steps of `individuals`, whose jumps have inputs of `width` columns.
    pub(crate) fn new(individuals: &[Vec<Visit>], width: usize, way: Way) -> Self {
        let mut program = Self { ops: Vec::new(), inputs: Array2::zeros((0, width)), reads: Vec::new() };
        let mut inputs: Vec<A> = Vec::new();
        let mut count = 0;
        let longest = individuals.iter().map(Vec::len).max().unwrap_or(0);
        for k in 0..longest {
            let here: Vec<usize> = (0..individuals.len()).filter(|&b| individuals[b].len() > k).collect();
            if let Way::Flow { longest, from, .. } = way {
                let gaps = here.iter().filter_map(|&b| {
                    let visits = &individuals[b];
                    let start = if k > 0 { Some(visits[k - 1].at) } else { from };
                    start.map(|start| (b, visits[k].at - start))
                });
                program.flow(gaps.collect(), longest);
            }
            let chosen = |wanted: &dyn Fn(&Visit) -> bool| -> Vec<u32> {
                here.iter().filter(|&&b| wanted(&individuals[b][k])).map(|&b| b as u32).collect()
            };
            program.read(chosen(&|visit| visit.before), k, false);
            let rows = chosen(&|visit| visit.jump.is_some());
            if !rows.is_empty() {
                let given = rows.iter().filter_map(|&b| individuals[b as usize][k].jump.as_ref());
                inputs.extend(given.flatten().map(|&x| A::from_f64(x.into())));
                let first = count;
                count += rows.len();
                program.ops.push(Op::Jump { rows, first });
            }
            program.read(chosen(&|visit| visit.after), k, true);
        }
        if let Way::Flow { longest, from, to: Some(to) } = way {
            let start = |visits: &Vec<Visit>| visits.last().map(|visit| visit.at).or(from);
            let gaps =
                individuals.iter().enumerate().filter_map(|(b, visits)| Some((b, to - start(visits)?)));
            program.flow(gaps.collect(), longest);
        }
        program.inputs = Array2::from_shape_vec((count, width), inputs).expect("one row of the width a jump");
        program
    }

    /// Euler steps and jumps in all.
    pub(crate) fn counts(&self) -> (usize, usize) {
        self.ops.iter().fold((0, 0), |(flows, jumps), op| match op {
            Op::Flow { times, .. } => (flows + times, jumps),
            Op::Jump { .. } => (flows, jumps + 1),
            Op::Read { .. } => (flows, jumps),
        })
    }

    /// Euler steps over gaps of different lengths: each in equal parts of at most `longest`.
    fn flow(&mut self, gaps: Vec<(usize, f64)>, longest: f64) {
        let gaps: Vec<(usize, f64, usize)> =
            gaps.into_iter().map(|(b, gap)| (b, gap, parts(gap, longest) as usize)).collect();
        let mut counts: Vec<usize> = gaps.iter().map(|&(.., count)| count).filter(|&n| n > 0).collect();
        counts.sort_unstable();
        counts.dedup();
        let mut done = 0;
        for most in counts {
            let on = gaps.iter().filter(|&&(.., count)| count >= most);
            let (rows, dt) = on.map(|&(b, gap, count)| (b as u32, gap / count as f64)).unzip();
            self.ops.push(Op::Flow { rows, dt, times: most - done });
            done = most;
        }
    }

    fn read(&mut self, rows: Vec<u32>, visit: usize, after: bool) {
        if !rows.is_empty() {
            let first = self.reads.len();
            self.reads.extend(rows.iter().map(|&row| ReadAt { row: row as usize, visit, after }));
            self.ops.push(Op::Read { rows, first });
        }
    }
}
