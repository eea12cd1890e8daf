//! An affine map and an elementwise function of it, fused.

use super::gradient::WeightGradient;
use super::packed::Packed;
use crate::Formula;
use crate::buffer::Buffer;
use crate::function::Function;
use crate::kernel::{
    Element, Kept, Machine, Start, activate, add_column_sums, bend_activation, pull_activation,
    push_activation,
};
use crate::layer::{Along, At, Cotangent, Layer, view};
use crate::rows::{Rows, RowsMut, lines, padded};
use chreode_core::ParameterView;
use rand::{Rng, RngExt};

/// Whether an affine map has a bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Bias {
    /// W x + b.
    #[default]
    Present,
    /// W x.
    Absent,
}

/// y = φ(W x + b), with W of shape `[outputs, inputs]` named `weight` and b named `bias`, as in PyTorch's `Linear`.
#[derive(Clone, Debug)]
pub struct Dense<A> {
    inputs: usize,
    outputs: usize,
    bias: Bias,
    function: Function,
    weight: Packed<A>,
    start: Buffer<A>,
    gradient: WeightGradient,
    machine: Machine,
}

impl<A: Element> Dense<A> {
    /// PyTorch's default initialisation: weights and biases uniform on ±1/√inputs.
    pub fn new(inputs: usize, outputs: usize, rng: &mut impl Rng) -> Self {
        Self::zeros(inputs, outputs).drawn(rng)
    }

    /// All parameters zero.
    pub fn zeros(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            bias: Bias::Present,
            function: Function::Identity,
            weight: Packed::zeros(inputs, outputs),
            start: Buffer::zeros(padded::<A>(outputs)),
            gradient: WeightGradient::new::<A>(inputs, outputs),
            machine: Machine::detect(),
        }
    }

    /// The same with another function of the sum.
    pub fn then(self, function: impl Into<Function>) -> Self {
        Self { function: function.into(), ..self }
    }

    /// The same with or without a bias.
    pub fn bias(self, bias: Bias) -> Self {
        let start = Buffer::zeros(padded::<A>(self.outputs));
        Self { bias, start, ..self }
    }

    /// The same with new parameters, uniform on ±1/√inputs.
    pub fn drawn(mut self, rng: &mut impl Rng) -> Self {
        let bound = 1.0 / (self.inputs as f64).sqrt();
        let count = self.inputs * self.outputs + self.biases();
        let flat: Vec<A> =
            (0..count).map(|_| A::from_f64(bound * (2.0 * rng.random::<f64>() - 1.0))).collect();
        self.write_parameters(&flat);
        self
    }

    fn biases(&self) -> usize {
        match self.bias {
            Bias::Present => self.outputs,
            Bias::Absent => 0,
        }
    }

    fn kept_at<'a>(&self, at: At<'a, A>) -> Kept<'a, A> {
        let kept = if self.function.keeps() { at.kept } else { at.y };
        let end = at.y.count * at.y.stride();
        Kept { h: &at.y.entries[..end], kept: &kept.entries[..end] }
    }
}

impl<A: Element> Layer<A> for Dense<A> {
    fn width(&self) -> (usize, usize) {
        (self.inputs, self.outputs)
    }

    fn formula(&self) -> Option<Formula> {
        Some(Formula::Dense(self.bias, self.function))
    }

    fn kept(&self) -> usize {
        if self.function.keeps() { self.outputs } else { 0 }
    }

    fn tangent_kept(&self) -> usize {
        if self.function == Function::Identity { 0 } else { self.outputs }
    }

    fn curved(&self) -> usize {
        self.tangent_kept()
    }

    fn forward(&self, x: Rows<'_, A>, mut y: RowsMut<'_, A>, kept: RowsMut<'_, A>) {
        self.weight.push(self.machine, x, Start::Row(self.start.as_slice()), y.reborrow());
        let (used, stride) = (padded::<A>(self.outputs), y.stride());
        if used == stride {
            let end = y.count * stride;
            let kept = if self.kept() > 0 { Some(&mut kept.entries[..end]) } else { None };
            return activate(self.machine, self.function, &mut y.entries[..end], kept);
        }
        // Rows with a gap between them: leave it alone.
        let mut kept = kept.entries.chunks_exact_mut(stride);
        for z in y.entries.chunks_exact_mut(stride).take(y.count) {
            let kept = kept.next().map(|kept| &mut kept[..used]);
            activate(self.machine, self.function, &mut z[..used], kept);
        }
    }

    fn pullback(
        &self,
        at: At<'_, A>,
        a: Cotangent<'_, A>,
        x: Option<RowsMut<'_, A>>,
        gradient: Option<&mut [A]>,
    ) {
        let mut z = a.y;
        let end = z.count * z.stride();
        pull_activation(self.machine, self.function, &mut z.entries[..end], self.kept_at(at));
        if let Some(curvature) = a.curvature
            && self.curved() > 0
        {
            z.add(curvature);
        }
        if let Some(x) = x {
            self.weight.pull(self.machine, z.view(), x);
        }
        if let Some(gradient) = gradient {
            let (weight, bias) = gradient.split_at_mut(self.gradient.len::<A>());
            self.gradient.add(self.machine, z.view(), at.x, weight);
            if self.bias == Bias::Present {
                add_column_sums(self.machine, z.count, z.entries, z.stride(), bias);
            }
        }
    }

    fn tangent(&self, at: At<'_, A>, dx: Rows<'_, A>, dy: RowsMut<'_, A>, mut kept: RowsMut<'_, A>) {
        if self.function == Function::Identity {
            return self.weight.push(self.machine, dx, Start::Zero, dy);
        }
        self.weight.push(self.machine, dx, Start::Zero, kept.reborrow());
        let end = dy.count * dy.stride();
        let dz = &kept.entries[..end];
        push_activation(self.machine, self.function, dz, &mut dy.entries[..end], self.kept_at(at));
    }

    fn pullback_tangent(
        &self,
        at: At<'_, A>,
        along: Along<'_, A>,
        b: RowsMut<'_, A>,
        dx: Option<RowsMut<'_, A>>,
        curvature: RowsMut<'_, A>,
        gradient: Option<&mut [A]>,
    ) {
        if self.function != Function::Identity {
            let end = b.count * b.stride();
            let (dz, sum) = (&along.kept.entries[..end], &mut curvature.entries[..end]);
            bend_activation(self.machine, self.function, dz, &mut b.entries[..end], sum, self.kept_at(at));
        }
        if let Some(dx) = dx {
            self.weight.pull(self.machine, b.view(), dx);
        }
        if let Some(gradient) = gradient {
            let weight = &mut gradient[..self.gradient.len::<A>()];
            self.gradient.add(self.machine, b.view(), along.dx, weight);
        }
    }

    fn layout(&self) -> Vec<ParameterView> {
        let mut layout = vec![view("weight", &[self.outputs, self.inputs], 0)];
        if self.bias == Bias::Present {
            layout.push(view("bias", &[self.outputs], self.inputs * self.outputs));
        }
        layout
    }

    fn read_parameters(&self, flat: &mut [A]) {
        let (weight, bias) = flat.split_at_mut(self.inputs * self.outputs);
        self.weight.unpack(weight);
        bias.copy_from_slice(&self.start.as_slice()[..bias.len()]);
    }

    fn write_parameters(&mut self, flat: &[A]) {
        let (weight, bias) = flat.split_at(self.inputs * self.outputs);
        self.weight.pack(weight);
        self.start.as_mut_slice()[..bias.len()].copy_from_slice(bias);
    }

    fn gradient_len(&self) -> usize {
        let bias = if self.bias == Bias::Present { lines::<A>(self.outputs) } else { 0 };
        self.gradient.len::<A>() + bias * A::LINE
    }

    fn collect(&self, sum: &[A], flat: &mut [A]) {
        let (weight, bias) = flat.split_at_mut(self.inputs * self.outputs);
        let (weights, biases) = sum.split_at(self.gradient.len::<A>());
        self.gradient.collect(weights, weight);
        bias.copy_from_slice(&biases[..bias.len()]);
    }

    fn run_on(&mut self, machine: Machine) {
        self.machine = machine;
    }
}
