//! Layer normalisation.

use crate::error::expect_range;
use crate::kernel::{Element, Machine};
use crate::layer::{Along, At, Cotangent, Layer, view};
use crate::rows::{Rows, RowsMut};
use crate::{Formula, NnError};
use chreode_core::ParameterView;

/// yⱼ = γⱼ x̂ⱼ + βⱼ with x̂ = (x - mean x) / √(var x + ε) of each row (Ba, Kiros & Hinton 2016, arXiv:1607.06450).
///
/// γ is named `weight` and starts at 1, β is named `bias` and starts at 0, as in PyTorch's `LayerNorm`.
#[derive(Clone, Debug)]
pub struct LayerNorm<A> {
    eps: A,
    gain: Vec<A>,
    shift: Vec<A>,
    machine: Machine,
}

impl<A: Element> LayerNorm<A> {
    /// On rows of `width` columns, with PyTorch's ε = 1e-5.
    pub fn new(width: usize) -> Self {
        Self {
            eps: A::from_f64(1e-5),
            gain: vec![A::one(); width],
            shift: vec![A::zero(); width],
            machine: Machine::detect(),
        }
    }

    /// The same with another ε.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] unless `eps` is positive and finite.
    pub fn eps(self, eps: f64) -> Result<Self, NnError> {
        expect_range("LayerNorm's eps", eps, eps > 0.0 && eps.is_finite(), "positive and finite")?;
        Ok(Self { eps: A::from_f64(eps), ..self })
    }

    /// The kept columns of row `i`: x̂, and 1/σ.
    fn kept<'a>(&self, at: At<'a, A>, i: usize) -> (&'a [A], A) {
        let (normal, scale) = at.kept.row(i).split_at(self.gain.len());
        (normal, scale[0])
    }

    /// `to = (1/σ) P v` with P the projection off 1 and x̂, where v = `v(j)`; returns the means of v and of v x̂.
    #[inline(always)]
    fn project(normal: &[A], scale: A, v: impl Fn(usize) -> A, to: &mut [A]) -> (A, A) {
        let n = A::from_f64(normal.len() as f64);
        let mean = total(normal.len(), &v) / n;
        let along = total(normal.len(), |j| v(j) * normal[j]) / n;
        for (j, to) in to.iter_mut().enumerate() {
            *to = scale * (v(j) - mean - normal[j] * along);
        }
        (mean, along)
    }
}

/// Σⱼ v(j) in sixteen running sums: a fixed order that vector instructions can follow.
#[inline(always)]
fn total<A: Element>(len: usize, v: impl Fn(usize) -> A) -> A {
    let mut sums = [A::zero(); 16];
    let whole = len / 16 * 16;
    for first in (0..whole).step_by(16) {
        for (k, sum) in sums.iter_mut().enumerate() {
            *sum += v(first + k);
        }
    }
    for j in whole..len {
        sums[j - whole] += v(j);
    }
    sums.into_iter().fold(A::zero(), |total, sum| total + sum)
}

impl<A: Element> Layer<A> for LayerNorm<A> {
    fn width(&self) -> (usize, usize) {
        (self.gain.len(), self.gain.len())
    }

    fn formula(&self) -> Option<Formula> {
        Some(Formula::LayerNorm(chreode_core::Real::to_f64(self.eps)))
    }

    fn kept(&self) -> usize {
        self.gain.len() + 1
    }

    fn curved(&self) -> usize {
        self.gain.len()
    }

    fn forward(&self, x: Rows<'_, A>, mut y: RowsMut<'_, A>, mut kept: RowsMut<'_, A>) {
        let width = self.gain.len();
        let n = A::from_f64(width as f64);
        self.machine.run(
            #[inline(always)]
            || {
                for i in 0..x.count {
                    let x = x.row(i);
                    let mean = total(width, |j| x[j]) / n;
                    let square = total(width, |j| (x[j] - mean) * (x[j] - mean)) / n;
                    let scale = A::one() / (square + self.eps).sqrt();
                    let (normal, last) = kept.row_mut(i).split_at_mut(width);
                    last[0] = scale;
                    for (((y, normal), &x), (&gain, &shift)) in
                        y.row_mut(i).iter_mut().zip(normal).zip(x).zip(self.gain.iter().zip(&self.shift))
                    {
                        *normal = (x - mean) * scale;
                        *y = *normal * gain + shift;
                    }
                }
            },
        );
    }

    fn pullback(
        &self,
        at: At<'_, A>,
        a: Cotangent<'_, A>,
        x: Option<RowsMut<'_, A>>,
        gradient: Option<&mut [A]>,
    ) {
        let y = a.y.view();
        if let Some(gradient) = gradient {
            let (gain, shift) = gradient.split_at_mut(self.gain.len());
            for i in 0..y.count {
                let (normal, _) = self.kept(at, i);
                for (((gain, shift), &a), &normal) in
                    gain.iter_mut().zip(&mut *shift).zip(y.row(i)).zip(normal)
                {
                    *gain += a * normal;
                    *shift += a;
                }
            }
        }
        let Some(mut x) = x else { return };
        self.machine.run(
            #[inline(always)]
            || {
                for i in 0..y.count {
                    let (a, (normal, scale)) = (y.row(i), self.kept(at, i));
                    Self::project(normal, scale, |j| self.gain[j] * a[j], x.row_mut(i));
                }
            },
        );
        if let Some(curvature) = a.curvature {
            x.add(curvature);
        }
    }

    fn tangent(&self, at: At<'_, A>, dx: Rows<'_, A>, mut dy: RowsMut<'_, A>, _: RowsMut<'_, A>) {
        self.machine.run(
            #[inline(always)]
            || {
                for i in 0..dx.count {
                    let (dx, dy, (normal, scale)) = (dx.row(i), dy.row_mut(i), self.kept(at, i));
                    Self::project(normal, scale, |j| dx[j], dy);
                    dy.iter_mut().zip(&self.gain).for_each(|(dy, &gain)| *dy *= gain);
                }
            },
        );
    }

    /// With g = γ b, P the projection, m = mean(x̂ dx) and G = Σ g x̂, the cotangent of x is
    /// -σ⁻² [(g·P dx) x̂ / n + m P g + (G / n) P dx], and that of γ is b dx̂.
    fn pullback_tangent(
        &self,
        at: At<'_, A>,
        along: Along<'_, A>,
        mut b: RowsMut<'_, A>,
        dx: Option<RowsMut<'_, A>>,
        mut curvature: RowsMut<'_, A>,
        gradient: Option<&mut [A]>,
    ) {
        let width = self.gain.len();
        let n = A::from_f64(width as f64);
        if let Some(gradient) = gradient {
            for i in 0..b.count {
                let (dx, b, (normal, scale)) = (along.dx.row(i), b.row(i), self.kept(at, i));
                let mean = total(width, |j| dx[j]) / n;
                let m = total(width, |j| dx[j] * normal[j]) / n;
                for j in 0..width {
                    gradient[j] += b[j] * scale * (dx[j] - mean - normal[j] * m);
                }
            }
        }
        for i in 0..b.count {
            let (u, (normal, scale)) = (along.dx.row(i), self.kept(at, i));
            let sum = curvature.row_mut(i);
            let g = b.row_mut(i);
            g.iter_mut().zip(&self.gain).for_each(|(g, &gain)| *g *= gain);
            let (mean, mean_g) = (total(width, |j| u[j]) / n, total(width, |j| g[j]) / n);
            let m = total(width, |j| u[j] * normal[j]) / n;
            let m_g = total(width, |j| g[j] * normal[j]) / n;
            let q = total(width, |j| g[j] * (u[j] - mean - normal[j] * m)) / n;
            for j in 0..width {
                let (pu, pg) = (u[j] - mean - normal[j] * m, g[j] - mean_g - normal[j] * m_g);
                sum[j] -= scale * scale * (q * normal[j] + m * pg + m_g * pu);
                // g is read no more at this entry.
                g[j] = scale * pg;
            }
        }
        if let Some(mut dx) = dx {
            dx.copy_from(b.view());
        }
    }

    fn layout(&self) -> Vec<ParameterView> {
        let width = self.gain.len();
        vec![view("weight", &[width], 0), view("bias", &[width], width)]
    }

    fn read_parameters(&self, flat: &mut [A]) {
        let (gain, shift) = flat.split_at_mut(self.gain.len());
        gain.copy_from_slice(&self.gain);
        shift.copy_from_slice(&self.shift);
    }

    fn write_parameters(&mut self, flat: &[A]) {
        let (gain, shift) = flat.split_at(self.gain.len());
        self.gain.copy_from_slice(gain);
        self.shift.copy_from_slice(shift);
    }

    fn run_on(&mut self, machine: Machine) {
        self.machine = machine;
    }
}
