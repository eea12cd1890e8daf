//! Backward differences on an even grid, and the move to another spacing.

use chreode_core::VectorSpace;

/// Highest order of a backward differentiation formula that is stable at infinity for every step.
pub(super) const MAX_ORDER: usize = 5;

/// Two more differences than the highest order, for the error one order above.
const DEPTH: usize = MAX_ORDER + 3;

/// The differences ∇⁰y … ∇ᵏ⁺²y at the last point of a grid.
pub(super) struct Differences<Y> {
    d: Vec<Y>,
    scratch: Vec<Y>,
    /// The signed spacing.
    pub(super) h: f64,
}

impl<Y: VectorSpace> Differences<Y> {
    /// From a state and its slope: a straight line, on a grid of spacing 1.
    pub(super) fn new(y: &Y, slope: Y) -> Self {
        let mut d: Vec<Y> = (0..DEPTH).map(|_| y.zeros_like()).collect();
        d[0] = y.duplicate();
        d[1] = slope;
        Self { d, scratch: (0..=MAX_ORDER).map(|_| y.zeros_like()).collect(), h: 1.0 }
    }

    /// Begins anew at `y`: the slope is for the caller to write into the state returned.
    pub(super) fn restart(&mut self, y: &Y) -> &mut Y {
        self.h = 1.0;
        y.plus_into(&[], &mut self.d[0]);
        for d in &mut self.d[1..] {
            Y::sum_into(&[], d);
        }
        &mut self.d[1]
    }

    /// ∇ⁱy.
    pub(super) fn at(&self, i: usize) -> &Y {
        &self.d[i]
    }

    /// Moves the polynomial of order `order` to the spacing `h`; exact, so that trials leave no trace.
    ///
    /// L. F. Shampine and M. W. Reichelt, SIAM J. Sci. Comput. 18 (1997) 1-22, eq. (4):
    /// ∇y ← ∇y R(ρ) U with R(ρ)ᵢⱼ = Πₘ₌₁ⁱ (m − 1 − j ρ)/m, U = R(1) and ρ the ratio of the spacings.
    pub(super) fn respace(&mut self, h: f64, order: usize) {
        let ratio = h / self.h;
        self.h = h;
        if ratio == 1.0 {
            return;
        }
        let (r, u) = (products(ratio, order), products(1.0, order));
        for (j, out) in self.scratch.iter_mut().enumerate().take(order + 1).skip(1) {
            let mut weights = [0.0; MAX_ORDER + 1];
            for (i, weight) in weights.iter_mut().enumerate().take(order + 1) {
                *weight = u.iter().zip(r[i]).take(order + 1).skip(1).map(|(u, r)| r * u[j]).sum();
            }
            let d = &self.d;
            let terms: [(f64, &Y); MAX_ORDER + 1] = std::array::from_fn(|i| (weights[i], &d[i]));
            Y::sum_into(&terms[1..=order], out);
        }
        for j in 1..=order {
            std::mem::swap(&mut self.d[j], &mut self.scratch[j]);
        }
    }

    /// The next point of the grid: `last` is the difference of order `order + 1` there.
    pub(super) fn advance(&mut self, last: &Y, order: usize) {
        let (low, high) = self.d.split_at_mut(order + 2);
        last.plus_into(&[(-1.0, &low[order + 1])], &mut high[0]);
        last.plus_into(&[], &mut low[order + 1]);
        for i in (0..=order).rev() {
            let (to, from) = self.d.split_at_mut(i + 1);
            to[i].plus_into(&[(1.0, &from[0])], &mut self.scratch[0]);
            std::mem::swap(&mut to[i], &mut self.scratch[0]);
        }
    }

    /// The differences that [`advance`](Self::advance) would leave, up to `order`.
    pub(super) fn ahead(&self, last: &Y, order: usize) -> Vec<Y> {
        let mut ahead = vec![self.d[order].plus(&[(1.0, last)])];
        for i in (0..order).rev() {
            let next = self.d[i].plus(&[(1.0, &ahead[ahead.len() - 1])]);
            ahead.push(next);
        }
        ahead.reverse();
        ahead
    }
}

/// R(ρ) up to `order`; the first row and column are those of the value itself, which no spacing changes.
fn products(ratio: f64, order: usize) -> [[f64; MAX_ORDER + 1]; MAX_ORDER + 1] {
    let mut r = [[0.0; MAX_ORDER + 1]; MAX_ORDER + 1];
    r[0] = [1.0; MAX_ORDER + 1];
    for i in 1..=order {
        let above = r[i - 1];
        for (j, (entry, above)) in r[i].iter_mut().zip(above).enumerate().skip(1) {
            *entry = above * ((i - 1) as f64 - ratio * j as f64) / i as f64;
        }
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn respacing_keeps_the_polynomial() {
        // y = t³ − 2 t at t = 0, −1, −2, −3: differences of order 3 are exact.
        let p = |t: f64| t * t * t - 2.0 * t + 0.5;
        let spaced = |h: f64| {
            let v: Vec<f64> = (0..4).map(|i| p(-h * f64::from(i))).collect();
            [v[0], v[0] - v[1], v[0] - 2.0 * v[1] + v[2], v[0] - 3.0 * v[1] + 3.0 * v[2] - v[3]]
        };
        let mut it = Differences::new(&[p(0.0)], [0.0]);
        for (d, value) in it.d.iter_mut().zip(spaced(1.0)) {
            *d = [value];
        }
        for h in [0.3, 2.5, -0.7] {
            it.respace(h, 3);
            for (d, value) in it.d.iter().zip(spaced(h)).take(4) {
                assert!((d[0] - value).abs() < 1e-12, "{} is not {value} at {h}", d[0]);
            }
        }
    }
}
