//! A function of every entry.

use crate::Formula;
use crate::function::Function;
use crate::kernel::{Element, Kept, Machine, activate, bend_activation, push_activation};
use crate::layer::{Along, At, Cotangent, Layer};
use crate::rows::{Rows, RowsMut};

/// yⱼ = f(xⱼ).
#[derive(Clone, Debug)]
pub struct Pointwise {
    width: usize,
    function: Function,
    machine: Machine,
}

impl Pointwise {
    /// On rows of `width` columns.
    pub fn new(width: usize, function: impl Into<Function>) -> Self {
        Self { width, function: function.into(), machine: Machine::detect() }
    }

    fn kept_at<'a, A: Element>(&self, at: At<'a, A>) -> Kept<'a, A> {
        let kept = if self.function.keeps() { at.kept } else { at.y };
        let end = at.y.count * at.y.stride();
        Kept { h: &at.y.entries[..end], kept: &kept.entries[..end] }
    }

    /// `to ← f' · from`.
    fn scale<A: Element>(&self, at: At<'_, A>, from: Rows<'_, A>, to: RowsMut<'_, A>) {
        let end = to.count * to.stride();
        let (from, to) = (&from.entries[..end], &mut to.entries[..end]);
        push_activation(self.machine, self.function, from, to, self.kept_at(at));
    }
}

impl<A: Element> Layer<A> for Pointwise {
    fn width(&self) -> (usize, usize) {
        (self.width, self.width)
    }

    fn formula(&self) -> Option<Formula> {
        Some(Formula::Pointwise(self.function))
    }

    fn kept(&self) -> usize {
        if self.function.keeps() { self.width } else { 0 }
    }

    fn curved(&self) -> usize {
        if self.function == Function::Identity { 0 } else { self.width }
    }

    fn forward(&self, x: Rows<'_, A>, mut y: RowsMut<'_, A>, kept: RowsMut<'_, A>) {
        y.copy_from(x);
        let end = y.count * y.stride();
        let kept = if self.function.keeps() { Some(&mut kept.entries[..end]) } else { None };
        activate(self.machine, self.function, &mut y.entries[..end], kept);
    }

    fn pullback(&self, at: At<'_, A>, a: Cotangent<'_, A>, x: Option<RowsMut<'_, A>>, _: Option<&mut [A]>) {
        let Some(mut x) = x else { return };
        self.scale(at, a.y.view(), x.reborrow());
        if let Some(curvature) = a.curvature
            && self.function != Function::Identity
        {
            x.add(curvature);
        }
    }

    fn tangent(&self, at: At<'_, A>, dx: Rows<'_, A>, dy: RowsMut<'_, A>, _: RowsMut<'_, A>) {
        self.scale(at, dx, dy);
    }

    fn pullback_tangent(
        &self,
        at: At<'_, A>,
        along: Along<'_, A>,
        b: RowsMut<'_, A>,
        dx: Option<RowsMut<'_, A>>,
        curvature: RowsMut<'_, A>,
        _: Option<&mut [A]>,
    ) {
        let end = b.count * b.stride();
        if self.function != Function::Identity {
            let (dz, sum) = (&along.dx.entries[..end], &mut curvature.entries[..end]);
            bend_activation(self.machine, self.function, dz, &mut b.entries[..end], sum, self.kept_at(at));
        }
        if let Some(mut dx) = dx {
            dx.copy_from(b.view());
        }
    }

    fn run_on(&mut self, machine: Machine) {
        self.machine = machine;
    }
}
