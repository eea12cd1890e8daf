//! The potential of OT-Flow: a velocity that is a gradient, with every derivative in closed form.

use chreode_core::{Network, NetworkJvp, ParameterView, TangentPullback};
use ndarray::{Array1, Array2, ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis, s};
use rand::{Rng, RngExt};

/// `v = −∇ₓ Φ` of the potential `Φ(s) = wᵀ u₁ + ½ |A s|² + cᵀ s` on `s = [t, x]`, with two layers
/// `u₀ = σ(K₀ s + b₀)`, `u₁ = u₀ + σ(K₁ u₀ + b₁)` and `σ(z) = log(eᶻ + e⁻ᶻ)`, whose derivative is tanh.
///
/// The output has one more column than the state, `−∂Φ/∂t`, which the Hamilton-Jacobi-Bellman equation asks for.
///
/// Optimal transport moves along the gradient of a potential (Onken et al., *OT-Flow*, AAAI 2021, arXiv:2006.00104, equations 8
/// to 11; two layers as in its experiments). The divergence `−ΔΦ` is the sum of a tangent for each column, each in closed form;
/// the paper's equations 12 and 17 sum the same trace within the layers, which is less work in many columns.
#[derive(Clone, Debug)]
pub struct Potential {
    columns: usize,
    layout: Vec<ParameterView>,
    weights: Weights,
}

/// The parameters; also their gradients.
#[derive(Clone, Debug)]
struct Weights {
    k0: Array2<f32>,
    b0: Array1<f32>,
    k1: Array2<f32>,
    b1: Array1<f32>,
    w: Array1<f32>,
    a: Array2<f32>,
    c: Array1<f32>,
}

/// Rows of the quadratic form at most, as published.
const RANK: usize = 10;

impl Weights {
    fn zeros(inputs: usize, width: usize) -> Self {
        Self {
            k0: Array2::zeros((width, inputs)),
            b0: Array1::zeros(width),
            k1: Array2::zeros((width, width)),
            b1: Array1::zeros(width),
            w: Array1::zeros(width),
            a: Array2::zeros((RANK.min(inputs), inputs)),
            c: Array1::zeros(inputs),
        }
    }

    fn named(&self) -> [(&'static str, Vec<usize>); 7] {
        [
            ("opening.weight", self.k0.shape().to_vec()),
            ("opening.bias", self.b0.shape().to_vec()),
            ("inner.weight", self.k1.shape().to_vec()),
            ("inner.bias", self.b1.shape().to_vec()),
            ("closing.weight", self.w.shape().to_vec()),
            ("quadratic.weight", self.a.shape().to_vec()),
            ("linear.weight", self.c.shape().to_vec()),
        ]
    }

    fn each(&self) -> impl Iterator<Item = &f32> {
        let Self { k0, b0, k1, b1, w, a, c } = self;
        k0.iter().chain(b0).chain(k1).chain(b1).chain(w).chain(a).chain(c)
    }

    fn each_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        let Self { k0, b0, k1, b1, w, a, c } = self;
        k0.iter_mut().chain(b0).chain(k1).chain(b1).chain(w).chain(a).chain(c)
    }
}

impl Potential {
    /// A potential on `columns` columns with layers of `width`, drawn from ±1/√inputs, as is A; the linear part is 0.
    ///
    /// The entries of `w` are 1/√width in size and take turns in sign, so that the flow begins near the identity. (All 1, as
    /// in the published program, they begin with a contraction by about e⁷ at a width of 64.)
    pub fn new(columns: usize, width: usize, rng: &mut impl Rng) -> Self {
        let inputs = columns + 1;
        let mut weights = Weights::zeros(inputs, width);
        let mut drawn = |slots: &mut dyn Iterator<Item = &mut f32>, fan: usize| {
            let bound = (fan as f32).powf(-0.5);
            slots.for_each(|slot| *slot = rng.random_range(-bound..bound));
        };
        drawn(&mut weights.k0.iter_mut().chain(&mut weights.b0), inputs);
        drawn(&mut weights.k1.iter_mut().chain(&mut weights.b1), width);
        drawn(&mut weights.a.iter_mut(), inputs);
        let size = (width as f32).powf(-0.5);
        weights.w.iter_mut().enumerate().for_each(|(j, w)| *w = if j % 2 == 0 { size } else { -size });
        let mut offset = 0;
        let view = |(name, shape): (&str, Vec<usize>)| {
            let view = ParameterView { name: name.into(), shape, offset };
            offset += view.size();
            view
        };
        Self { columns, layout: weights.named().map(view).to_vec(), weights }
    }

    /// Cotangents of the output as those of ∇Φ on `[t, x]`.
    fn of_gradient(&self, a: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut g = Array2::zeros((a.nrows(), self.columns + 1));
        g.slice_mut(s![.., 1..]).assign(&a.slice(s![.., ..self.columns]));
        g.column_mut(0).assign(&a.column(self.columns));
        g.mapv_into(|v| -v)
    }

    /// ∇Φ on `[t, x]` as the output.
    fn as_output(&self, g: &Array2<f32>, mut out: ArrayViewMut2<'_, f32>) {
        out.slice_mut(s![.., ..self.columns]).assign(&g.slice(s![.., 1..]));
        out.column_mut(self.columns).assign(&g.column(0));
        out.mapv_inplace(|v| -v);
    }

    /// Rows of x as rows of `[0, x]`.
    fn padded(x: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut s = Array2::zeros((x.nrows(), x.ncols() + 1));
        s.slice_mut(s![.., 1..]).assign(&x);
        s
    }

    /// The derivative of ∇Φ along `ds`, with what its pullback needs.
    fn along(&self, ds: Array2<f32>, memory: &PotentialMemory) -> Tangent {
        let Weights { k0, k1, w, a, .. } = &self.weights;
        let PotentialMemory { t0, t1, q0, .. } = memory;
        let dz0 = ds.dot(&k0.t());
        let dt0 = slope(t0) * &dz0;
        let du0 = t0 * &dz0;
        let dz1 = du0.dot(&k1.t());
        let dt1 = slope(t1) * &dz1;
        let dp1 = &dt1 * w;
        let dq0 = dp1.dot(k1);
        let dy = &dt0 * q0 + t0 * &dq0;
        let da = ds.dot(&a.t());
        let dg = dy.dot(k0) + da.dot(a);
        Tangent { ds, dz0, dt0, du0, dz1, dt1, dp1, dq0, dy, da, dg }
    }

    /// The gradients of `Σ ḡ·∇Φ + Σₖ d̄ₖ·(∇²Φ dsₖ)`: of `[t, x]`, of the parameters, and of each direction.
    fn pull(
        &self,
        g: Array2<f32>,
        directions: impl Iterator<Item = (Tangent, Array2<f32>)>,
        memory: &PotentialMemory,
    ) -> (Array2<f32>, Weights, Vec<Array2<f32>>) {
        let Weights { k0, k1, w, a, .. } = &self.weights;
        let PotentialMemory { s, u0, t0, t1, p1, q0, y } = memory;
        let mut to = Weights::zeros(s.ncols(), w.len());
        let zeros = || Array2::<f32>::zeros(t0.raw_dim());
        let (mut by_t0, mut by_q0, mut by_t1) = (zeros(), zeros(), zeros());
        let mut by_directions = Vec::new();
        for (tangent, d) in directions {
            let Tangent { ds, dz0, dt0, du0, dz1, dt1, dp1, dq0, dy, da, .. } = &tangent;
            let dya = d.dot(&k0.t());
            to.k0 += &dy.t().dot(&d);
            let d_a = d.dot(&a.t());
            to.a += &(da.t().dot(&d) + d_a.t().dot(ds));
            let dt0a = &dya * q0;
            by_q0 += &(&dya * dt0);
            by_t0 += &(&dya * dq0);
            let dq0a = &dya * t0;
            let dp1a = dq0a.dot(&k1.t());
            to.k1 += &dp1.t().dot(&dq0a);
            let dt1a = &dp1a * w;
            to.w += &(&dp1a * dt1).sum_axis(Axis(0));
            let dz1a = &dt1a * &slope(t1);
            by_t1 -= &(2.0 * &dt1a * dz1 * t1);
            let du0a = dz1a.dot(k1);
            to.k1 += &dz1a.t().dot(du0);
            let dz0a = &dt0a * &slope(t0) + &du0a * t0;
            by_t0 += &(&du0a * dz0 - 2.0 * &dt0a * dz0 * t0);
            to.k0 += &dz0a.t().dot(ds);
            by_directions.push(d_a.dot(a) + dz0a.dot(k0));
        }
        let ya = g.dot(&k0.t());
        to.k0 += &y.t().dot(&g);
        let (sa, ga) = (s.dot(&a.t()), g.dot(&a.t()));
        to.a += &(sa.t().dot(&g) + ga.t().dot(s));
        to.c += &g.sum_axis(Axis(0));
        by_t0 += &(&ya * q0);
        by_q0 += &(&ya * t0);
        to.w += &by_q0.sum_axis(Axis(0));
        let p1a = by_q0.dot(&k1.t());
        to.k1 += &p1.t().dot(&by_q0);
        by_t1 += &(&p1a * w);
        to.w += &(&p1a * t1).sum_axis(Axis(0));
        let z1a = by_t1 * &slope(t1);
        to.k1 += &z1a.t().dot(u0);
        to.b1 += &z1a.sum_axis(Axis(0));
        let z0a = by_t0 * &slope(t0) + z1a.dot(k1) * t0;
        to.k0 += &z0a.t().dot(s);
        to.b0 += &z0a.sum_axis(Axis(0));
        (ga.dot(a) + z0a.dot(k0), to, by_directions)
    }
}

/// The derivative of tanh from its value.
fn slope(tanh: &Array2<f32>) -> Array2<f32> {
    tanh.mapv(|t| 1.0 - t * t)
}

/// What a forward pass leaves: `s`, `u₀`, `tanh z₀`, `tanh z₁`, `p₁ = w tanh z₁`, `q₀ = w + K₁ᵀ p₁`, `y = q₀ tanh z₀`.
#[derive(Debug, Default)]
pub struct PotentialMemory {
    s: Array2<f32>,
    u0: Array2<f32>,
    t0: Array2<f32>,
    t1: Array2<f32>,
    p1: Array2<f32>,
    q0: Array2<f32>,
    y: Array2<f32>,
}

/// The derivatives of the same along a direction.
struct Tangent {
    ds: Array2<f32>,
    dz0: Array2<f32>,
    dt0: Array2<f32>,
    du0: Array2<f32>,
    dz1: Array2<f32>,
    dt1: Array2<f32>,
    dp1: Array2<f32>,
    dq0: Array2<f32>,
    dy: Array2<f32>,
    da: Array2<f32>,
    dg: Array2<f32>,
}

impl Network for Potential {
    type Scalar = f32;
    type Memory = PotentialMemory;

    fn width(&self) -> (usize, usize) {
        (self.columns, self.columns + 1)
    }

    fn layout(&self) -> &[ParameterView] {
        &self.layout
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        flat.iter_mut().zip(self.weights.each()).for_each(|(to, from)| *to = *from);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.weights.each_mut().zip(flat).for_each(|(to, from)| *to = *from);
    }

    fn forward(
        &self,
        t: &[f32],
        x: ArrayView2<'_, f32>,
        out: ArrayViewMut2<'_, f32>,
        memory: &mut PotentialMemory,
    ) {
        let Weights { k0, b0, k1, b1, w, a, c } = &self.weights;
        let mut s = Self::padded(x);
        s.column_mut(0).iter_mut().zip(t).for_each(|(s, t)| *s = *t);
        let z0 = s.dot(&k0.t()) + b0;
        let u0 = z0.mapv(|z| z.abs() + (-2.0 * z.abs()).exp().ln_1p());
        let t0 = z0.mapv_into(f32::tanh);
        let t1 = (u0.dot(&k1.t()) + b1).mapv_into(f32::tanh);
        let p1 = &t1 * w;
        let q0 = p1.dot(k1) + w;
        let y = &t0 * &q0;
        let g = y.dot(k0) + s.dot(&a.t()).dot(a) + c;
        self.as_output(&g, out);
        *memory = PotentialMemory { s, u0, t0, t1, p1, q0, y };
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, f32>,
        state: Option<ArrayViewMut2<'_, f32>>,
        params: Option<&mut [f32]>,
        memory: &mut PotentialMemory,
    ) {
        let (by_s, to, _) = self.pull(self.of_gradient(a), std::iter::empty(), memory);
        put(&by_s, &to, state, params);
    }
}

/// Writes a pullback where it is wanted.
fn put(by_s: &Array2<f32>, to: &Weights, state: Option<ArrayViewMut2<'_, f32>>, params: Option<&mut [f32]>) {
    if let Some(mut state) = state {
        state.assign(&by_s.slice(s![.., 1..]));
    }
    if let Some(params) = params {
        params.iter_mut().zip(to.each()).for_each(|(to, from)| *to = *from);
    }
}

impl NetworkJvp for Potential {
    fn tangent(
        &self,
        dx: ArrayView3<'_, f32>,
        mut out: ArrayViewMut3<'_, f32>,
        memory: &mut PotentialMemory,
    ) {
        for (dx, out) in dx.outer_iter().zip(out.outer_iter_mut()) {
            let tangent = self.along(Self::padded(dx), memory);
            self.as_output(&tangent.dg, out);
        }
    }

    fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, f32>,
        b: ArrayView3<'_, f32>,
        a: Option<ArrayView2<'_, f32>>,
        into: TangentPullback<'_, f32>,
        memory: &mut PotentialMemory,
    ) {
        let g = match a {
            Some(a) => self.of_gradient(a),
            None => Array2::zeros(memory.s.raw_dim()),
        };
        let directions = dx
            .outer_iter()
            .zip(b.outer_iter())
            .map(|(dx, b)| (self.along(Self::padded(dx), memory), self.of_gradient(b)));
        let (by_s, to, by_directions) = self.pull(g, directions, memory);
        let TangentPullback { state, directions, params } = into;
        if let Some(mut out) = directions {
            for (mut out, by) in out.outer_iter_mut().zip(&by_directions) {
                out.assign(&by.slice(s![.., 1..]));
            }
        }
        put(&by_s, &to, state, params);
    }
}
