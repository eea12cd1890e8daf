//! Nodes with two inputs.

use crate::kernel::{Element, Machine};
use crate::rows::{Rows, RowsMut};

/// How two levels become one, entry by entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Join {
    /// u + v: a residual connection.
    Add,
    /// u - v.
    Subtract,
    /// u v: a gate.
    Multiply,
    /// The columns of u, and then those of v.
    Concatenate,
    /// (1 + γ) u + β with v = [γ, β]: feature-wise linear modulation (Perez et al., FiLM, AAAI 2018,
    /// arXiv:1709.07871), whose scale is counted from 1, so that small v change little.
    Modulate,
}

/// Which of the two inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    First,
    Second,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::First, Self::Second];
}

/// Sets `to` from two rows of other arrays, entry by entry, on the widest instructions.
fn each<A: Element>(mut to: RowsMut<'_, A>, mut f: impl FnMut(usize, &mut [A])) {
    Machine::detect().run(
        #[inline(always)]
        || (0..to.count).for_each(|i| f(i, to.row_mut(i))),
    );
}

/// The two halves of a row of [γ, β].
fn halves<A>(row: &[A]) -> (&[A], &[A]) {
    row.split_at(row.len() / 2)
}

impl Join {
    /// Columns of the result, if these widths can be joined.
    pub(super) fn width(self, u: usize, v: usize) -> Option<usize> {
        match self {
            Self::Add | Self::Subtract | Self::Multiply => (u == v).then_some(u),
            Self::Concatenate => Some(u + v),
            Self::Modulate => (v == 2 * u).then_some(u),
        }
    }

    /// Whether its derivative depends on where it is taken.
    pub(super) fn is_curved(self) -> bool {
        matches!(self, Self::Multiply | Self::Modulate)
    }

    pub(super) fn forward<A: Element>(self, u: Rows<'_, A>, v: Rows<'_, A>, y: RowsMut<'_, A>) {
        each(
            y,
            #[inline(always)]
            |i, y| {
                let (u, v) = (u.row(i), v.row(i));
                match self {
                    Self::Add => pairs(y, u, v, |u, v| u + v),
                    Self::Subtract => pairs(y, u, v, |u, v| u - v),
                    Self::Multiply => pairs(y, u, v, |u, v| u * v),
                    Self::Concatenate => {
                        y[..u.len()].copy_from_slice(u);
                        y[u.len()..].copy_from_slice(v);
                    }
                    Self::Modulate => {
                        let (scale, shift) = halves(v);
                        pairs(y, u, scale, |u, g| u + g * u);
                        y.iter_mut().zip(shift).for_each(|(y, &b)| *y += b);
                    }
                }
            },
        );
    }

    /// `to` = the cotangent of one side, for `a` of the result.
    pub(super) fn pull<A: Element>(
        self,
        side: Side,
        [u, v]: [Rows<'_, A>; 2],
        a: Rows<'_, A>,
        to: RowsMut<'_, A>,
    ) {
        each(
            to,
            #[inline(always)]
            |i, to| {
                let (u, v, a) = (u.row(i), v.row(i), a.row(i));
                match (self, side) {
                    (Self::Add, _) | (Self::Subtract, Side::First) => to.copy_from_slice(a),
                    (Self::Subtract, Side::Second) => to.iter_mut().zip(a).for_each(|(to, &a)| *to = -a),
                    (Self::Multiply, Side::First) => pairs(to, a, v, |a, v| a * v),
                    (Self::Multiply, Side::Second) => pairs(to, a, u, |a, u| a * u),
                    (Self::Concatenate, Side::First) => to.copy_from_slice(&a[..u.len()]),
                    (Self::Concatenate, Side::Second) => to.copy_from_slice(&a[u.len()..]),
                    (Self::Modulate, Side::First) => pairs(to, a, halves(v).0, |a, g| a + g * a),
                    (Self::Modulate, Side::Second) => {
                        let (scale, shift) = to.split_at_mut(u.len());
                        pairs(scale, a, u, |a, u| a * u);
                        shift.copy_from_slice(a);
                    }
                }
            },
        );
    }

    pub(super) fn tangent<A: Element>(
        self,
        [u, v]: [Rows<'_, A>; 2],
        [du, dv]: [Rows<'_, A>; 2],
        mut dy: RowsMut<'_, A>,
    ) {
        if !self.is_curved() {
            return self.forward(du, dv, dy);
        }
        for i in 0..dy.count {
            let (u, v, du, dv, dy) = (u.row(i), v.row(i), du.row(i), dv.row(i), dy.row_mut(i));
            match self {
                Self::Multiply => {
                    pairs(dy, du, v, |du, v| du * v);
                    products(dy, u, dv);
                }
                _ => {
                    let ((scale, _), (dscale, dshift)) = (halves(v), halves(dv));
                    pairs(dy, du, scale, |du, g| du + g * du);
                    products(dy, u, dscale);
                    dy.iter_mut().zip(dshift).for_each(|(dy, &db)| *dy += db);
                }
            }
        }
    }

    /// Adds to the cotangent of one side what bᵀ dy depends on it through the derivative: `b` times the other's tangent.
    pub(super) fn bend<A: Element>(
        self,
        side: Side,
        [du, dv]: [Rows<'_, A>; 2],
        b: Rows<'_, A>,
        mut sum: RowsMut<'_, A>,
    ) {
        for i in 0..sum.count {
            let (du, dv, b, sum) = (du.row(i), dv.row(i), b.row(i), sum.row_mut(i));
            match (self, side) {
                (Self::Multiply, Side::First) => products(sum, b, dv),
                (Self::Multiply, Side::Second) => products(sum, b, du),
                (Self::Modulate, Side::First) => products(sum, b, halves(dv).0),
                (Self::Modulate, Side::Second) => products(&mut sum[..b.len()], b, du),
                _ => {}
            }
        }
    }
}

#[inline(always)]
fn pairs<A: Element>(to: &mut [A], u: &[A], v: &[A], f: impl Fn(A, A) -> A) {
    to.iter_mut().zip(u).zip(v).for_each(|((to, &u), &v)| *to = f(u, v));
}

/// `to += u v`.
#[inline(always)]
fn products<A: Element>(to: &mut [A], u: &[A], v: &[A]) {
    to.iter_mut().zip(u).zip(v).for_each(|((to, &u), &v)| *to += u * v);
}
