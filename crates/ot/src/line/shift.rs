//! The best way to lay one measure on a circle over the other.
//!
//! Cut open and repeated, both measures on the circle are measures on the line, and an optimal plan keeps the order of
//! the points. What is left to choose is a shift θ of one cumulative distribution against the other. The cost is convex
//! and piecewise linear in θ (J. Delon, J. Salomon, A. Sobolevski, Fast transport optimization for Monge costs on the
//! circle, SIAM J. Appl. Math. 70, 2010, doi 10.1137/090772708, sections 4 and 5); masses are whole numbers of units
//! here, so its minimum is found exactly.

use super::power::Power;

/// Both measures, sorted, with their running sums.
pub(super) struct Turning<'c> {
    x: &'c [f64],
    y: &'c [f64],
    /// `before[i]` is the mass left of point `i`; the last entry is the total.
    before_x: Vec<i64>,
    before_y: Vec<i64>,
    total: i64,
    circumference: f64,
    power: Power,
}

/// The cost as a function of the shift, near one shift.
pub(super) struct Piece {
    pub(super) cost: f64,
    /// The derivative to the right.
    slope: f64,
    /// The function is linear from so far to the left
    left: i64,
    /// to so far to the right.
    right: i64,
}

/// A point of a measure that repeats: its index in one turn, and the turn.
#[derive(Clone, Copy)]
pub(super) struct Lifted {
    pub(super) index: usize,
    pub(super) turn: i64,
}

/// Where the circle is cut open: before a source, after a target.
pub(super) struct Cut {
    pub(super) source: Lifted,
    pub(super) target: usize,
    /// So many targets after that one pass after the sources they tie with, the others before.
    pub(super) after: usize,
}

impl<'c> Turning<'c> {
    /// Of positions in `[0, circumference)` and masses of one total, both from left to right.
    pub(super) fn new(
        (x, mass_x): (&'c [f64], &[i64]),
        (y, mass_y): (&'c [f64], &[i64]),
        circumference: f64,
        power: Power,
    ) -> Self {
        let before = |masses: &[i64]| {
            let mut sum = 0;
            let mut before = vec![0];
            before.extend(masses.iter().map(|mass| {
                sum += mass;
                sum
            }));
            before
        };
        let (before_x, before_y) = (before(mass_x), before(mass_y));
        let total = before_x[x.len()];
        Self { x, y, before_x, before_y, total, circumference, power }
    }

    /// The least shift of least cost.
    pub(super) fn best(&self) -> i64 {
        // Over more than a whole turn to either side all mass moves one way, too far.
        let (mut low, mut high) = (-self.total - 1, self.total);
        let (mut at_low, mut at_high) = (self.piece(low), self.piece(high));
        let mut halved = true;
        while high - low > 1 {
            let width = high - low;
            // Where the two lines meet; or the middle, when that was of little use.
            let meet =
                (at_high.cost - at_low.cost - at_high.slope * width as f64) / (at_low.slope - at_high.slope);
            let step = if halved && meet.is_finite() { meet as i64 } else { width / 2 };
            let middle = low + step.clamp(1, width - 1);
            let here = self.piece(middle);
            if here.slope >= 0.0 {
                high = (middle - here.left).max(low + 1);
                let cost = here.cost - here.slope * (middle - high) as f64;
                at_high = Piece { cost, ..here };
            } else {
                low = (middle + here.right - 1).min(high - 1);
                let cost = here.cost + here.slope * (low - middle) as f64;
                at_low = Piece { cost, ..here };
            }
            halved = high - low <= width / 2;
        }
        high
    }

    /// The cost at `shift`: target `j` takes the mass from `before_y[j] + shift` on.
    pub(super) fn piece(&self, shift: i64) -> Piece {
        let mut source = self.holding(shift);
        let mut piece = Piece { cost: 0.0, slope: 0.0, left: i64::MAX, right: i64::MAX };
        let mut at = shift;
        for j in 0..self.y.len() {
            let (y, end) = (self.y[j], self.before_y[j + 1] + shift);
            let mut next = self.end_of(source);
            while next <= end {
                piece.cost += (next - at) as f64 * self.power.of(self.place(source) - y);
                at = next;
                source = self.after(source);
                next = self.end_of(source);
            }
            let x = self.place(source);
            piece.cost += (end - at) as f64 * self.power.of(x - y);
            at = end;
            piece.slope += self.gain(x, j);
            piece.right = piece.right.min(next - end);
            piece.left = piece.left.min(end - self.before_x[source.index] - source.turn * self.total);
        }
        piece
    }

    /// Where to cut the circle open at the best shift: before source and after target.
    ///
    /// At the best shift some source and some target end together. Whether the one or the other is passed first there
    /// is of no account for the plan, and moves the sum of the potentials' steps around the circle from what it is on
    /// the right of the shift (not negative) to what it is on the left (not positive). The cut is where it passes 0:
    /// the targets before it are passed before the sources they tie with, the others after.
    pub(super) fn cut(&self, shift: i64) -> Cut {
        let mut sum = self.piece(shift).slope;
        let mut found = None;
        let m = self.y.len();
        // From a target with mass on, so that no two targets that end together lie on different sides of the seam.
        let seam = self.before_y[1..].partition_point(|&b| b == 0);
        for step in 0..m {
            let j = (seam + step) % m;
            let cut = |source| Cut { source, target: j, after: m - 1 - step };
            let end = self.before_y[j + 1] + shift;
            let (first, last) = (self.holding_left(end), self.holding(end));
            let ties =
                (last.turn - first.turn) * self.x.len() as i64 + last.index as i64 - first.index as i64;
            if ties == 0 {
                continue;
            }
            let of = |source| self.gain(self.place(source), j);
            let passed = sum + of(first) - of(last);
            if passed > 0.0 {
                sum = passed;
                found = Some(cut(self.after(first)));
                continue;
            }
            let mut source = last;
            loop {
                let before = self.before(source);
                sum += of(before) - of(source);
                if sum <= 0.0 || before.index == first.index && before.turn == first.turn {
                    return cut(source);
                }
                source = before;
            }
        }
        found.expect("a convex piecewise linear function has its minimum where two pieces meet")
    }

    /// What one more unit of shift saves at the end of target `j` if source position `x` is there: from `j + 1` to `j`.
    fn gain(&self, x: f64, j: usize) -> f64 {
        let next = if j + 1 < self.y.len() { self.y[j + 1] } else { self.y[0] + self.circumference };
        self.power.of(x - self.y[j]) - self.power.of(x - next)
    }

    /// The source whose mass lies right of `at`.
    fn holding(&self, at: i64) -> Lifted {
        let (turn, rest) = (at.div_euclid(self.total), at.rem_euclid(self.total));
        Lifted { index: self.before_x[..self.x.len()].partition_point(|&b| b <= rest) - 1, turn }
    }

    /// The source whose mass lies left of `at`.
    fn holding_left(&self, at: i64) -> Lifted {
        let (mut turn, mut rest) = (at.div_euclid(self.total), at.rem_euclid(self.total));
        if rest == 0 {
            (turn, rest) = (turn - 1, self.total);
        }
        Lifted { index: self.before_x[..self.x.len()].partition_point(|&b| b < rest) - 1, turn }
    }

    fn end_of(&self, source: Lifted) -> i64 {
        self.before_x[source.index + 1] + source.turn * self.total
    }

    fn place(&self, source: Lifted) -> f64 {
        self.x[source.index] + source.turn as f64 * self.circumference
    }

    fn after(&self, Lifted { index, turn }: Lifted) -> Lifted {
        if index + 1 < self.x.len() {
            Lifted { index: index + 1, turn }
        } else {
            Lifted { index: 0, turn: turn + 1 }
        }
    }

    fn before(&self, Lifted { index, turn }: Lifted) -> Lifted {
        if index > 0 {
            Lifted { index: index - 1, turn }
        } else {
            Lifted { index: self.x.len() - 1, turn: turn - 1 }
        }
    }
}
