//! Work on rows, shared between threads in fixed groups.

/// Multiply-adds from which a pass is shared between threads: waking another costs tens of microseconds.
const SHARED: usize = 1 << 23;

/// Multiply-adds of the smallest group.
const GROUP: usize = 1 << 21;

/// Groups at most: each sums a gradient of its own.
const GROUPS: usize = 16;

/// Parameters from which no group sums a gradient of its own: products themselves are shared then.
const WIDE: usize = 1 << 18;

/// Whether `multiply_adds` are worth a second thread.
pub(super) fn parallel(multiply_adds: usize) -> bool {
    multiply_adds >= SHARED && rayon::current_num_threads() > 1
}

/// What the groups of a pass sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sums {
    /// A gradient each.
    Gradient,
    /// Nothing.
    Nothing,
}

/// Rows of a group: whole tiles, by the work alone and not by the threads.
pub(super) fn group_rows(rows: usize, tile: usize, parameters: usize, passes: usize, sums: Sums) -> usize {
    let groups = match sums {
        Sums::Gradient if parameters >= WIDE => 1,
        _ => (rows.saturating_mul(parameters).saturating_mul(passes) / GROUP).clamp(1, GROUPS),
    };
    rows.div_ceil(groups).next_multiple_of(tile).max(tile)
}

/// Something on rows that can be cut.
pub(super) trait Divide: Sized + Send {
    /// Its rows.
    fn rows(&self) -> usize;

    /// The first `at` rows, and the rest.
    fn split(self, at: usize) -> (Self, Self);
}

/// Runs every group of `group` rows, on several threads if `shared`.
pub(super) fn divide<P: Divide>(pass: P, group: usize, shared: Shared, run: &(impl Fn(P) + Sync)) {
    let groups = pass.rows().div_ceil(group);
    if groups < 2 {
        return run(pass);
    }
    let (first, rest) = pass.split(groups / 2 * group);
    match shared {
        Shared::Threads => {
            rayon::join(|| divide(first, group, shared, run), || divide(rest, group, shared, run));
        }
        Shared::One => {
            divide(first, group, shared, run);
            divide(rest, group, shared, run);
        }
    }
}

/// Who runs the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shared {
    /// The calling thread.
    One,
    /// All threads of the pool.
    Threads,
}

impl Shared {
    pub(super) fn by(multiply_adds: usize) -> Self {
        if parallel(multiply_adds) { Self::Threads } else { Self::One }
    }
}
