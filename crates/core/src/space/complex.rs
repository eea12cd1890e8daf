//! Complex states: arrays of any dimension, lists on the stack, single numbers.
//!
//! As vector spaces over the real numbers, with the inner product `Re Σ āᵢ bᵢ`; the scaled error of an
//! entry is that of its modulus. Coordinates are real parts and imaginary parts, in turn.

use super::{Tolerance, VectorSpace};
use crate::{Coordinates, Real};
use ndarray::{Array, Dimension, Zip};
use num_complex::Complex;

fn finite<A: Real>(z: &Complex<A>) -> bool {
    z.re.is_finite() & z.im.is_finite()
}

fn modulus<A: Real>(z: &Complex<A>) -> f64 {
    z.re.to_f64().hypot(z.im.to_f64())
}

fn product<A: Real>(a: &Complex<A>, b: &Complex<A>) -> f64 {
    a.re.to_f64() * b.re.to_f64() + a.im.to_f64() * b.im.to_f64()
}

fn squared<A: Real>(e: &Complex<A>, a: &Complex<A>, b: &Complex<A>, tolerance: Tolerance) -> f64 {
    let ratio = modulus(e) / tolerance.scale(modulus(a), modulus(b));
    ratio * ratio
}

/// `to += c x`.
fn add<A: Real>(to: &mut Complex<A>, c: A, x: &Complex<A>) {
    to.re += c * x.re;
    to.im += c * x.im;
}

macro_rules! complex {
    ($($real:ty)*) => {$(
        impl<D: Dimension> VectorSpace for Array<Complex<$real>, D> {
            fn plus(&self, terms: &[(f64, &Self)]) -> Self {
                let mut out = self.clone();
                self.plus_into(terms, &mut out);
                out
            }

            fn zeros_like(&self) -> Self {
                Self::zeros(self.raw_dim())
            }

            fn dot(&self, other: &Self) -> f64 {
                let mut sum = 0.0;
                Zip::from(self).and(other).for_each(|a, b| sum += product(a, b));
                sum
            }

            fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
                let mut sum = 0.0;
                Zip::from(self).and(a).and(b).for_each(|e, a, b| sum += squared(e, a, b, tolerance));
                (sum, self.len())
            }

            fn is_finite(&self) -> bool {
                self.iter().all(finite)
            }

            fn first_not_finite(&self) -> Option<usize> {
                self.iter().position(|z| !finite(z))
            }

            fn entries(&self) -> usize {
                self.len()
            }

            fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
                if out.shape() == self.shape() {
                    out.assign(self);
                } else {
                    out.clone_from(self);
                }
                for (c, x) in terms.iter().filter(|(c, _)| *c != 0.0) {
                    Zip::from(&mut *out).and(*x).for_each(|out, x| add(out, <$real>::from_f64(*c), x));
                }
            }

            fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
                out.fill(Complex::new(0.0, 0.0));
                for (c, x) in terms.iter().filter(|(c, _)| *c != 0.0) {
                    Zip::from(&mut *out).and(*x).for_each(|out, x| add(out, <$real>::from_f64(*c), x));
                }
            }
        }

        impl<const N: usize> VectorSpace for [Complex<$real>; N] {
            const SMALL: bool = N <= 4;

            #[inline]
            fn plus(&self, terms: &[(f64, &Self)]) -> Self {
                let mut out = *self;
                for (c, x) in terms {
                    for (out, x) in out.iter_mut().zip(x.iter()) {
                        add(out, <$real>::from_f64(*c), x);
                    }
                }
                out
            }

            #[inline]
            fn zeros_like(&self) -> Self {
                [Complex::new(0.0, 0.0); N]
            }

            fn dot(&self, other: &Self) -> f64 {
                self.iter().zip(other).map(|(a, b)| product(a, b)).sum()
            }

            #[inline]
            fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
                ((0..N).map(|i| squared(&self[i], &a[i], &b[i], tolerance)).sum(), N)
            }

            #[inline]
            fn is_finite(&self) -> bool {
                self.iter().all(finite)
            }

            fn first_not_finite(&self) -> Option<usize> {
                self.iter().position(|z| !finite(z))
            }

            fn entries(&self) -> usize {
                N
            }
        }

        impl VectorSpace for Complex<$real> {
            const SMALL: bool = true;

            #[inline]
            fn plus(&self, terms: &[(f64, &Self)]) -> Self {
                let mut out = *self;
                for (c, x) in terms {
                    add(&mut out, <$real>::from_f64(*c), x);
                }
                out
            }

            #[inline]
            fn zeros_like(&self) -> Self {
                Complex::new(0.0, 0.0)
            }

            fn dot(&self, other: &Self) -> f64 {
                product(self, other)
            }

            #[inline]
            fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
                (squared(self, a, b, tolerance), 1)
            }

            #[inline]
            fn is_finite(&self) -> bool {
                finite(self)
            }

            fn first_not_finite(&self) -> Option<usize> {
                (!finite(self)).then_some(0)
            }
        }

        impl Coordinates for Complex<$real> {
            fn size(&self) -> usize {
                2
            }

            fn read(&self, out: &mut [f64]) {
                (out[0], out[1]) = (self.re.to_f64(), self.im.to_f64());
            }

            fn write(&mut self, values: &[f64]) {
                *self = Complex::new(<$real>::from_f64(values[0]), <$real>::from_f64(values[1]));
            }
        }

        impl<const N: usize> Coordinates for [Complex<$real>; N] {
            fn size(&self) -> usize {
                2 * N
            }

            fn read(&self, out: &mut [f64]) {
                out.chunks_exact_mut(2).zip(self).for_each(|(out, z)| z.read(out));
            }

            fn write(&mut self, values: &[f64]) {
                self.iter_mut().zip(values.chunks_exact(2)).for_each(|(z, values)| z.write(values));
            }
        }

        impl<D: Dimension> Coordinates for Array<Complex<$real>, D> {
            fn size(&self) -> usize {
                2 * self.len()
            }

            fn read(&self, out: &mut [f64]) {
                out.chunks_exact_mut(2).zip(self).for_each(|(out, z)| z.read(out));
            }

            fn write(&mut self, values: &[f64]) {
                self.iter_mut().zip(values.chunks_exact(2)).for_each(|(z, values)| z.write(values));
            }
        }
    )*};
}

complex!(f32 f64);
