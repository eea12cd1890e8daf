//! The way back of a block of rows, again without those that fail on it.

use super::field::RowsVjp;
use super::gradient::{BatchCotangents, Part};
use super::sweep::Sweep;
use super::tape::BatchTape;
use crate::{AdjointError, Times};
use chreode_ode::Element;
use std::collections::BTreeMap;

/// Rows that failed, and why.
pub(super) type Failures = Vec<(usize, AdjointError)>;

/// Pulls `rows` back together.
pub(super) fn pull<A: Element, F: RowsVjp<A> + ?Sized>(
    field: &F,
    tape: &BatchTape<A>,
    cotangents: &BatchCotangents<A>,
    rows: Vec<usize>,
    times: Times,
) -> Part<A> {
    let mut failures: BTreeMap<usize, AdjointError> =
        rows.iter().filter_map(|&row| Some((row, why_not(tape, cotangents, row)?))).collect();
    loop {
        let live: Vec<_> = rows.iter().copied().filter(|row| !failures.contains_key(row)).collect();
        match Sweep::new(field, tape, cotangents, &live, times).run() {
            Ok(done) => return spread(done, rows, tape.width, field.own(), failures),
            // A sum over rows is spoilt by one of them: begin again without it. Each round loses a row.
            Err(more) => failures.extend(more),
        }
    }
}

/// Why `row` has no gradient, as far as it is known before.
fn why_not<A: Element>(
    tape: &BatchTape<A>,
    cotangents: &BatchCotangents<A>,
    row: usize,
) -> Option<AdjointError> {
    let it = &tape.rows[row];
    if let Some(error) = &it.error {
        return Some(error.clone());
    }
    if !cotangents.end.row(row).iter().all(|a| a.is_finite()) {
        return Some(AdjointError::CotangentNotFinite { index: row, t: it.span.t1 });
    }
    let lines = cotangents.saved[row].rows().into_iter();
    let bad = lines.zip(&it.saves).find(|(line, _)| !line.iter().all(|a| a.is_finite()));
    bad.map(|(_, t)| AdjointError::CotangentNotFinite { index: row, t: *t })
}

/// Puts the rows that are there to their places among `rows`, with zero for the others.
fn spread<A: Element>(
    done: Part<A>,
    rows: Vec<usize>,
    width: usize,
    own: usize,
    failures: BTreeMap<usize, AdjointError>,
) -> Part<A> {
    let failures: Failures = failures.into_iter().collect();
    if failures.is_empty() {
        return done;
    }
    let n = rows.len();
    let mut all = Part {
        y0: vec![A::zero(); n * width],
        shared: done.shared,
        own: vec![A::zero(); n * own],
        spans: vec![[0.0; 2]; n],
        times: vec![Vec::new(); n],
        failures,
        rows,
    };
    let parts = done.rows.iter().zip(done.spans).zip(done.times).enumerate();
    for (i, ((row, span), times)) in parts {
        let place = all.rows.binary_search(row).expect("rows are sorted, and those done are among them");
        all.y0[place * width..][..width].copy_from_slice(&done.y0[i * width..][..width]);
        all.own[place * own..][..own].copy_from_slice(&done.own[i * own..][..own]);
        (all.spans[place], all.times[place]) = (span, times);
    }
    all
}
