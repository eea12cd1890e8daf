//! Which order comes next.

/// What a method of lower, the same, or higher order must promise to be chosen: the factors on its error
/// of Brown, Byrne & Hindmarsh.
const BIAS: [f64; 3] = [6.0, 6.0, 10.0];

/// The order of the predictor, and what is planned for the next step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Order {
    pub(super) now: usize,
    next: usize,
    highest: usize,
    phase: Phase,
    /// Steps since the order last changed.
    age: usize,
}

/// How far a solve has come.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Every step adds a slope and raises the order.
    Climbing,
    /// There is a history to choose from.
    Running,
    /// The order is the user's.
    Fixed,
}

impl Order {
    pub(super) fn climbing(highest: usize) -> Self {
        Self { now: 1, next: 2.min(highest), highest, phase: Phase::Climbing, age: 0 }
    }

    pub(super) fn fixed(order: usize) -> Self {
        Self { now: order, next: order, highest: order, phase: Phase::Fixed, age: 0 }
    }

    /// Whether a higher order may be looked at: its error cannot be told right after a change.
    pub(super) fn may_rise(&self) -> bool {
        self.phase == Phase::Running && self.age > self.now
    }

    /// Plans the next order from the errors of the three neighbours, those there are.
    pub(super) fn choose(&mut self, lower: Option<f64>, error: f64, higher: Option<f64>) {
        let k = self.now;
        let decays = lower.is_none_or(|lower| error < lower);
        if self.phase == Phase::Climbing {
            self.next = if decays { (k + 1).min(self.highest) } else { k - 1 };
            return;
        }
        // Logarithms of the steps that each order would allow.
        let size = |error: f64, k: usize, bias: f64| -(bias * error).max(1e-30).ln() / (k + 1) as f64;
        let same = size(error, k, BIAS[1]);
        let below = lower.map_or(f64::NEG_INFINITY, |lower| size(lower, k - 1, BIAS[0]));
        let above = higher.map_or(f64::NEG_INFINITY, |higher| size(higher, k + 1, BIAS[2]));
        self.next = if !decays || (below > same && below > above) {
            k - 1
        } else if above > same {
            k + 1
        } else {
            k
        };
    }

    /// Back to order 1, unless the order is the user's; says whether.
    pub(super) fn restart(&mut self) -> bool {
        if self.phase == Phase::Fixed {
            return false;
        }
        *self = Self::climbing(self.highest);
        true
    }

    /// The step was taken.
    pub(super) fn commit(&mut self) {
        if self.phase == Phase::Climbing && (self.next <= self.now || self.next == self.highest) {
            self.phase = Phase::Running;
        }
        self.age = if self.next == self.now { self.age + 1 } else { 0 };
        self.now = self.next;
        if self.phase == Phase::Climbing {
            self.next = (self.now + 1).min(self.highest);
        }
    }
}

/// The error of order `k`, ∝ hᵏ⁺¹, as if it were ∝ h^`power`; never so small that a controller more than
/// doubles the step, which the formulas would not bear.
pub(super) fn scaled(error: f64, k: usize, power: f64) -> f64 {
    let least = 2.2f64.powf(-power / 0.65);
    let ratio = error.powf(power / (k + 1) as f64);
    if ratio < least { least } else { ratio }
}
