//! Dual numbers: values that carry `N` directional derivatives along.

use super::Scalar;
use std::cmp::Ordering;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// `value + Σ slopeᵢ εᵢ` with `εᵢ εⱼ = 0`: arithmetic on it is differentiation, exact to rounding.
///
/// ```
/// use chreode_ode::{Dual, Scalar};
///
/// let x = Dual::<1>::variable(3.0, 0);
/// let y = x * x + x.ln();
/// assert_eq!(y.value, 9.0 + 3f64.ln());
/// assert_eq!(y.slope, [6.0 + 1.0 / 3.0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dual<const N: usize> {
    /// The value.
    pub value: f64,
    /// Its derivative in each direction.
    pub slope: [f64; N],
}

impl<const N: usize> Dual<N> {
    /// A number that depends on nothing.
    #[inline]
    pub const fn constant(value: f64) -> Self {
        Self { value, slope: [0.0; N] }
    }

    /// The variable of direction `i`; a constant when there is no such direction.
    #[inline]
    pub const fn variable(value: f64, i: usize) -> Self {
        let mut slope = [0.0; N];
        if i < N {
            slope[i] = 1.0;
        }
        Self { value, slope }
    }

    /// `value` with the slope `a · self.slope + b · other.slope`.
    #[inline(always)]
    fn combine(mut self, value: f64, a: f64, other: Self, b: f64) -> Self {
        for (slope, other) in self.slope.iter_mut().zip(other.slope) {
            *slope = a * *slope + b * other;
        }
        self.value = value;
        self
    }

    #[inline(always)]
    fn scaled(mut self, value: f64, a: f64) -> Self {
        for slope in &mut self.slope {
            *slope *= a;
        }
        self.value = value;
        self
    }
}

impl<const N: usize> Scalar for Dual<N> {
    #[inline]
    fn value(self) -> f64 {
        self.value
    }

    #[inline]
    fn chain(self, value: f64, derivative: f64) -> Self {
        self.scaled(value, derivative)
    }
}

impl<const N: usize> From<f64> for Dual<N> {
    #[inline]
    fn from(value: f64) -> Self {
        Self::constant(value)
    }
}

/// Values alone are compared, as `f64` does.
impl<const N: usize> PartialEq for Dual<N> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// Values alone are compared, as `f64` does.
impl<const N: usize> PartialOrd for Dual<N> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<const N: usize> Neg for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.scaled(-self.value, -1.0)
    }
}

impl<const N: usize> Add for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        for (slope, other) in self.slope.iter_mut().zip(other.slope) {
            *slope += other;
        }
        self.value += other.value;
        self
    }
}

impl<const N: usize> Sub for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        for (slope, other) in self.slope.iter_mut().zip(other.slope) {
            *slope -= other;
        }
        self.value -= other.value;
        self
    }
}

impl<const N: usize> Mul for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.combine(self.value * other.value, other.value, other, self.value)
    }
}

impl<const N: usize> Div for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let inverse = 1.0 / other.value;
        let value = self.value / other.value;
        self.combine(value, inverse, other, -value * inverse)
    }
}

impl<const N: usize> Add<f64> for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn add(mut self, other: f64) -> Self {
        self.value += other;
        self
    }
}

impl<const N: usize> Sub<f64> for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn sub(mut self, other: f64) -> Self {
        self.value -= other;
        self
    }
}

impl<const N: usize> Mul<f64> for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: f64) -> Self {
        self.scaled(self.value * other, other)
    }
}

impl<const N: usize> Div<f64> for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: f64) -> Self {
        self.scaled(self.value / other, 1.0 / other)
    }
}

macro_rules! assigning {
    ($($trait:ident $method:ident $operator:tt;)*) => {
        $(impl<const N: usize> $trait for Dual<N> {
            #[inline(always)]
            fn $method(&mut self, other: Self) {
                *self = *self $operator other;
            }
        })*
    };
}

assigning! {
    AddAssign add_assign +;
    SubAssign sub_assign -;
    MulAssign mul_assign *;
    DivAssign div_assign /;
}
