//! A positive factor for every column.

use crate::Formula;
use crate::kernel::Element;
use crate::layer::{Along, At, Cotangent, Layer, view};
use crate::rows::{Rows, RowsMut};
use chreode_core::ParameterView;
use rand::{Rng, RngExt};

/// yⱼ = max(mⱼ, 0) xⱼ with m of shape `[1, width]`: how fast each gene moves, or whether it moves at all (the gene
/// multipliers of PHOENIX, Hossain et al. 2024, doi:10.1186/s13059-024-03264-0). The derivative at mⱼ = 0 is 0.
#[derive(Clone, Debug)]
pub struct Multipliers<A> {
    name: String,
    factors: Vec<A>,
    clipped: Vec<A>,
}

impl<A: Element> Multipliers<A> {
    /// Uniform on `[0, 1)`; `name` is that of the parameter.
    pub fn new(name: &str, width: usize, rng: &mut impl Rng) -> Self {
        let mut layer = Self { name: name.to_string(), factors: vec![A::zero(); width], clipped: Vec::new() };
        let factors: Vec<A> = (0..width).map(|_| A::from_f64(rng.random())).collect();
        layer.write_parameters(&factors);
        layer
    }

    fn scale(&self, from: Rows<'_, A>, mut to: RowsMut<'_, A>) {
        for (i, row) in from.iter().enumerate() {
            for ((to, &x), &m) in to.row_mut(i).iter_mut().zip(row).zip(&self.clipped) {
                *to = m * x;
            }
        }
    }

    /// `sum += Σᵢ a[i] x[i]` where the factor is positive.
    fn add(&self, a: Rows<'_, A>, x: Rows<'_, A>, sum: Option<&mut [A]>) {
        let Some(sum) = sum else { return };
        for (a, x) in a.iter().zip(x.iter()) {
            for (((sum, &a), &x), &m) in sum.iter_mut().zip(a).zip(x).zip(&self.factors) {
                if m > A::zero() {
                    *sum += a * x;
                }
            }
        }
    }
}

impl<A: Element> Layer<A> for Multipliers<A> {
    fn width(&self) -> (usize, usize) {
        (self.factors.len(), self.factors.len())
    }

    fn formula(&self) -> Option<Formula> {
        Some(Formula::Multipliers)
    }

    fn forward(&self, x: Rows<'_, A>, y: RowsMut<'_, A>, _: RowsMut<'_, A>) {
        self.scale(x, y);
    }

    fn pullback(
        &self,
        at: At<'_, A>,
        a: Cotangent<'_, A>,
        x: Option<RowsMut<'_, A>>,
        gradient: Option<&mut [A]>,
    ) {
        self.add(a.y.view(), at.x, gradient);
        if let Some(x) = x {
            self.scale(a.y.view(), x);
        }
    }

    fn tangent(&self, _: At<'_, A>, dx: Rows<'_, A>, dy: RowsMut<'_, A>, _: RowsMut<'_, A>) {
        self.scale(dx, dy);
    }

    fn pullback_tangent(
        &self,
        _: At<'_, A>,
        along: Along<'_, A>,
        b: RowsMut<'_, A>,
        dx: Option<RowsMut<'_, A>>,
        _: RowsMut<'_, A>,
        gradient: Option<&mut [A]>,
    ) {
        self.add(b.view(), along.dx, gradient);
        if let Some(dx) = dx {
            self.scale(b.view(), dx);
        }
    }

    fn layout(&self) -> Vec<ParameterView> {
        vec![view(&self.name, &[1, self.factors.len()], 0)]
    }

    fn read_parameters(&self, flat: &mut [A]) {
        flat.copy_from_slice(&self.factors);
    }

    fn write_parameters(&mut self, flat: &[A]) {
        self.factors.copy_from_slice(flat);
        self.clipped.clear();
        // A NaN keeps being one.
        self.clipped.extend(flat.iter().map(|&m| if m <= A::zero() { A::zero() } else { m }));
    }
}
