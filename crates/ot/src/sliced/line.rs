//! Transport between numbers: sort both sides and match them in order.

use super::sort::{key, sort, value};
use crate::Order;
use ndarray::ArrayView1;

/// Coordinates along a direction.
pub(super) type Side<'s> = &'s [f64];

/// The monotone plan between two sets of numbers, with memory that is used again.
pub(super) struct Lines<'w> {
    /// `None` for as many sources as targets, all of one weight.
    masses: Option<(ArrayView1<'w, f64>, ArrayView1<'w, f64>)>,
    order: Order,
    keys: [Vec<u64>; 2],
    pairs: [Vec<(u64, u32)>; 2],
    spare: (Vec<u64>, Vec<(u64, u32)>),
}

impl<'w> Lines<'w> {
    pub(super) fn new(masses: Option<(ArrayView1<'w, f64>, ArrayView1<'w, f64>)>, order: Order) -> Self {
        Self { masses, order, keys: Default::default(), pairs: Default::default(), spare: Default::default() }
    }

    /// `W_pᵖ`.
    pub(super) fn cost(&mut self, x: Side<'_>, y: Side<'_>) -> f64 {
        if self.masses.is_some() {
            let mut cost = 0.0;
            let order = self.order;
            self.moves(x, y, |i, j, mass| cost += mass * power(order, x[i] - y[j]));
            return cost;
        }
        for (keys, numbers) in self.keys.iter_mut().zip([x, y]) {
            keys.clear();
            keys.extend(numbers.iter().map(|&v| key(v)));
            sort(keys, &mut self.spare.0);
        }
        let [x, y] = &self.keys;
        let pairs = || x.iter().zip(y).map(|(&x, &y)| value(x) - value(y));
        // One loop a power, so that the compiler sees it.
        let sum = match self.order {
            Order::One => lanes(pairs(), f64::abs),
            Order::Two => lanes(pairs(), |d| d * d),
            order => lanes(pairs(), |d| power(order, d)),
        };
        sum / x.len() as f64
    }

    /// Calls `visit(i, j, mass)` for each move of the monotone plan, from the lowest numbers on. Consecutive
    /// moves share the source or the target, with a move of mass zero in between where the plan has none.
    pub(super) fn moves(&mut self, x: Side<'_>, y: Side<'_>, mut visit: impl FnMut(usize, usize, f64)) {
        for (pairs, numbers) in self.pairs.iter_mut().zip([x, y]) {
            pairs.clear();
            pairs.extend(numbers.iter().enumerate().map(|(k, &v)| (key(v), k as u32)));
            sort(pairs, &mut self.spare.1);
        }
        let [from, to] = &self.pairs;
        let place = |pairs: &[(u64, u32)], k: usize| pairs[k].1 as usize;
        let mass = |k: usize| {
            let equal = 1.0 / x.len() as f64;
            self.masses.map_or((equal, equal), |(a, b)| {
                (a[place(from, k.min(x.len() - 1))], b[place(to, k.min(y.len() - 1))])
            })
        };
        let (mut i, mut j) = (0, 0);
        let (mut left, mut room) = mass(0);
        loop {
            let moved = left.min(room);
            visit(place(from, i), place(to, j), moved);
            (left, room) = (left - moved, room - moved);
            // At the end of one side the rest of the other, which is rounding, still moves along it.
            if (left <= room || j + 1 == y.len()) && i + 1 < x.len() {
                i += 1;
                left = mass(i).0;
            } else if j + 1 < y.len() {
                j += 1;
                room = mass(j).1;
            } else {
                break;
            }
        }
    }
}

/// `|d|ᵖ`.
pub(super) fn power(order: Order, d: f64) -> f64 {
    match order {
        Order::One => d.abs(),
        Order::Two => d * d,
        Order::Power(p) => d.abs().powf(p),
    }
}

/// The derivative of `|d|ᵖ`; 0 at 0.
pub(super) fn slope(order: Order, d: f64) -> f64 {
    match order {
        _ if d == 0.0 => 0.0,
        Order::One => d.signum(),
        Order::Two => 2.0 * d,
        Order::Power(p) => p * d.abs().powf(p - 1.0) * d.signum(),
    }
}

/// `Σ h(d)` in eight partial sums of a fixed order.
fn lanes(numbers: impl Iterator<Item = f64>, h: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; 8];
    for (k, d) in numbers.enumerate() {
        sums[k % 8] += h(d);
    }
    sums.iter().sum()
}
