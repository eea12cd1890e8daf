//! Where a solve runs from and to, and what it reports when it ends.

/// The interval of a solve; `t1 < t0` runs backwards, `t0 == t1` takes no step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The time of the initial state.
    pub t0: f64,
    /// The time to reach.
    pub t1: f64,
}

impl Span {
    /// `1` forwards (also when empty), `-1` backwards.
    #[inline]
    pub fn direction(&self) -> f64 {
        if self.t1 < self.t0 { -1.0 } else { 1.0 }
    }

    /// `|t1 - t0|`.
    #[inline]
    pub fn length(&self) -> f64 {
        (self.t1 - self.t0).abs()
    }
}

/// What a solve cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Steps taken.
    pub accepted: usize,
    /// Steps tried and thrown away.
    pub rejected: usize,
    /// Evaluations of the field, those of the automatic first step and of Jacobians included.
    pub evals: usize,
}

/// The linear algebra of an implicit method, in counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Jacobians.
    pub jacobians: usize,
    /// LU factorisations, real or complex.
    pub factorisations: usize,
    /// Systems solved with the factors.
    pub solves: usize,
}

/// How a solve ended.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum End {
    /// At the end of the span.
    Reached,
    /// A saver asked to stop after the step that ended at `t`.
    Stopped {
        /// The last time reached.
        t: f64,
    },
    /// An event asked to stop.
    Event {
        /// When it occurred: the last time reached.
        t: f64,
        /// Which one.
        index: usize,
    },
}

/// What [`Solve::run`](crate::Solve::run) returns.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Report {
    /// How it ended.
    pub end: End,
    /// What it cost.
    pub stats: Stats,
    /// The linear algebra of an implicit method.
    pub work: Work,
}
