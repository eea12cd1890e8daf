//! Steps from each row's own error, by masks.

use super::first_step::first_step;
use super::stages::Stages;
use super::{DeviceBatch, DeviceSolve};
use chreode_ode::Embedded;
use tch::{Kind, Tensor};

/// The smallest error ratio that is remembered, as in [`Pi`](chreode_ode::Pi).
const LEAST_RATIO: f64 = 1e-4;

/// All rows: where they are, what they try next, and how it went. Every tensor but `y` and `saved` has one
/// entry a row.
struct Rows<'a> {
    solve: &'a DeviceSolve,
    times: &'a Tensor,
    direction: Tensor,
    power: f64,
    y: Tensor,
    t: Tensor,
    /// Size of the next step, not signed.
    h: Tensor,
    /// Logarithm of the error of the last step taken.
    before: Tensor,
    /// Whether the last trial was rejected.
    hurt: Tensor,
    /// The save time that is next; as many as there are where a row is done.
    next: Tensor,
    failed: Tensor,
    accepted: Tensor,
    rejected: Tensor,
    /// One state more than there are save times: what is not to be kept goes there.
    saved: Tensor,
}

pub(super) fn run(
    solve: &DeviceSolve,
    field: &impl Fn(&Tensor, &Tensor) -> Tensor,
    y0: &Tensor,
    times: &Tensor,
) -> DeviceBatch {
    let mut stages = Stages::new(&solve.tableau, y0);
    let mut rows = Rows::new(solve, field, &mut stages, y0, times);
    let (mut trials, mut waits) = (0, 0);
    while trials < solve.max_trials {
        if trials % solve.ask_every == 0 {
            waits += 1;
            if rows.active().any().int64_value(&[]) == 0 {
                break;
            }
        }
        rows.trial(field, &mut stages);
        trials += 1;
    }
    let count = times.size()[1];
    DeviceBatch {
        saved: rows.saved.narrow(0, 0, count).copy(),
        reached: rows.next.greater_equal(count),
        t: rows.t,
        accepted: rows.accepted,
        rejected: rows.rejected,
        trials,
        waits,
    }
}

impl<'a> Rows<'a> {
    fn new(
        solve: &'a DeviceSolve,
        field: &impl Fn(&Tensor, &Tensor) -> Tensor,
        stages: &mut Stages,
        y0: &Tensor,
        times: &'a Tensor,
    ) -> Self {
        let it = solve.tableau.coefficients();
        let power = |e: Embedded| f64::from(e.order.min(it.order)) + 1.0;
        let power = it.embedded.map_or(1.0, |e| {
            solve.tableau.second().map_or(power(e), |second| 2.0 * power(e) - power(second))
        });
        let (rows, count) = (times.size()[0], times.size()[1]);
        let t = times.select(1, 0).contiguous();
        let span = times.select(1, count - 1) - &t;
        let direction = span.sign();
        let h = first_step(solve, stages, field, (&t, y0), (&span.abs(), &direction), power);
        let whole = |kind: Kind| Tensor::zeros([rows], (kind, stages.device()));
        let shape = [&[count + 1], y0.size().as_slice()].concat();
        let saved = Tensor::full(shape, f64::NAN, (y0.kind(), y0.device()));
        saved.select(0, 0).copy_(y0);
        Self {
            solve,
            times,
            power,
            y: y0.copy(),
            before: h.full_like(LEAST_RATIO.ln()),
            h: match solve.control.max_step {
                Some(most) => h.clamp_max(most),
                None => h,
            },
            direction,
            t,
            hurt: whole(Kind::Bool),
            next: whole(Kind::Int64) + 1,
            failed: whole(Kind::Bool),
            accepted: whole(Kind::Int64),
            rejected: whole(Kind::Int64),
            saved,
        }
    }

    /// Rows that are neither done nor given up.
    fn active(&self) -> Tensor {
        self.next.less(self.times.size()[1]).logical_and(&self.failed.logical_not())
    }

    /// Tries one step of every row.
    fn trial(&mut self, field: &impl Fn(&Tensor, &Tensor) -> Tensor, stages: &mut Stages) {
        let control = &self.solve.control;
        let count = self.times.size()[1];
        let active = self.active();
        let place = self.next.clamp_max(count - 1).unsqueeze(1);
        let target = self.times.gather(1, &place, false).squeeze_dim(1);
        let left = (&target - &self.t) * &self.direction;
        // A last step may be one per cent too long; a sliver after it would cost as much as a step.
        let reach = &self.h * 1.01;
        let reach = control.max_step.map_or(reach.shallow_clone(), |most| reach.clamp_max(most));
        let lands = left.less_equal_tensor(&reach);
        let size = left.where_self(&lands, &self.h.minimum(&left)) * &active;
        let signed = &size * &self.direction;

        let y = stages.step(field, &self.t, &signed, &self.y);
        let tolerance = control.tolerance;
        let ratio = stages.error(&signed, &self.y, &y, tolerance.rtol, tolerance.atol);
        let sound = y.isfinite().all_dim(1, false).logical_and(&ratio.isfinite());
        let ratio = ratio.where_self(&sound, &ratio.full_like(1e10));
        let taken = ratio.less_equal(1.0).logical_and(&active);
        let refused = taken.logical_not().logical_and(&active);

        let arrived = taken.logical_and(&lands);
        self.resize(&size, &ratio, &taken, &lands, &active);
        self.t = target.where_self(&arrived, &(&self.t + &signed).where_self(&taken, &self.t));
        self.y = y.where_self(&taken.unsqueeze(1), &self.y);
        stages.commit(Some(&taken));
        self.accepted += taken.to_kind(Kind::Int64);
        self.rejected += refused.to_kind(Kind::Int64);
        // A step that no longer moves the time can only be given up.
        let smallest = self.t.abs().clamp_min(f64::MIN_POSITIVE) * (4.0 * epsilon(self.t.kind()));
        let stuck = refused.logical_and(&size.less_equal_tensor(&smallest));
        self.failed = self.failed.logical_or(&stuck);
        self.keep(&arrived, count);
    }

    /// The next step of each row, by the formula of [`Pi`](chreode_ode::Pi).
    fn resize(&mut self, size: &Tensor, ratio: &Tensor, taken: &Tensor, lands: &Tensor, active: &Tensor) {
        let control = &self.solve.control;
        let log = ratio.clamp_min(f64::MIN_POSITIVE).log();
        let (alpha, beta) = (control.alpha / self.power, control.beta / self.power);
        let wish = (&self.before * beta - &log * alpha).exp() * control.safety;
        let limit = |most: f64| wish.full_like(most);
        let most = limit(1.0).where_self(&self.hurt, &limit(control.grow));
        let most = most.where_self(taken, &limit(control.safety.min(0.9)));
        let factor = wish.minimum(&most).clamp_min(control.shrink);
        let next = size * factor;
        // A step that was cut short by a save time says little of how long the next may be.
        let cut = taken.logical_and(lands);
        let next = next.maximum(&self.h).where_self(&cut, &next);
        let next = control.max_step.map_or(next.shallow_clone(), |most| next.clamp_max(most));
        self.h = next.where_self(active, &self.h);
        self.before = log.clamp_min(LEAST_RATIO.ln()).where_self(taken, &self.before);
        self.hurt = taken.logical_not().logical_and(active);
    }

    /// Keeps the states of the rows that arrived at a save time.
    fn keep(&mut self, arrived: &Tensor, count: i64) {
        let nowhere = self.next.full_like(count);
        let place = self.next.where_self(arrived, &nowhere).unsqueeze(1).expand_as(&self.y).unsqueeze(0);
        _ = self.saved.scatter_(0, &place, &self.y.unsqueeze(0));
        self.next += arrived.to_kind(Kind::Int64);
    }
}

fn epsilon(kind: Kind) -> f64 {
    match kind {
        Kind::Float => f64::from(f32::EPSILON),
        _ => f64::EPSILON,
    }
}
