//! Gated recurrent units: the discrete cell, and its flow in continuous time.

use crate::kernel::Element;
use crate::{
    Activation, Bias, Columns, Dense, Field, Function, Graph, GraphBuilder, Join, Level, NnError, Pointwise,
};
use rand::Rng;

impl<A: Element> GraphBuilder<A> {
    /// A GRU cell: h' = (1 - z) n + z h with
    ///
    /// ```text
    /// r = σ(W_ir x + b_ir + W_hr h + b_hr)      z = σ(W_iz x + b_iz + W_hz h + b_hz)
    /// n = tanh(W_in x + b_in + r (W_hn h + b_hn))
    /// ```
    ///
    /// Parameters are those of PyTorch's `GRUCell`: `name.weight_ih` of shape `[3 hidden, inputs]`, `name.bias_ih`,
    /// `name.weight_hh`, `name.bias_hh`, in the order r, z, n. It is the update at an observation of the ODE-RNN
    /// (Rubanova, Chen & Duvenaud 2019, arXiv:1907.03907).
    ///
    /// Cho et al. 2014, arXiv:1406.1078.
    ///
    /// # Errors
    /// As for a [`layer`](Self::layer).
    pub fn gru_cell(&mut self, name: &str, x: Level, h: Level, rng: &mut impl Rng) -> Result<Level, NnError> {
        let width = self.width(h);
        // All of PyTorch's start is uniform on ±1/√hidden.
        let mut dense = |inputs: usize| scaled(Dense::new(inputs, 3 * width, rng), inputs, width);
        let (by_x, by_h) = (dense(self.width(x)), dense(width));
        let by_x = self.named(name, |part| format!("{name}.{part}_ih"), by_x, x)?;
        let by_h = self.named(name, |part| format!("{name}.{part}_hh"), by_h, h)?;
        let part = |build: &mut Self, from, range| build.layer(name, Columns::new(3 * width, range), from);
        let gates_x = part(self, by_x, 0..2 * width)?;
        let gates_h = part(self, by_h, 0..2 * width)?;
        let (new_x, new_h) =
            (part(self, by_x, 2 * width..3 * width)?, part(self, by_h, 2 * width..3 * width)?);
        let gates = self.join(Join::Add, gates_x, gates_h)?;
        let gates = self.layer(name, Pointwise::new(2 * width, Function::Sigmoid), gates)?;
        let reset = self.layer(name, Columns::new(2 * width, 0..width), gates)?;
        let update = self.layer(name, Columns::new(2 * width, width..2 * width), gates)?;
        let new_h = self.join(Join::Multiply, reset, new_h)?;
        let new = self.join(Join::Add, new_x, new_h)?;
        let new = self.layer(name, Pointwise::new(width, Activation::Tanh), new)?;
        let back = self.join(Join::Subtract, h, new)?;
        let back = self.join(Join::Multiply, update, back)?;
        self.join(Join::Add, new, back)
    }

    /// The autonomous GRU flow dh/dt = (1 - z)(u - h) with r = σ(W_r h), z = σ(W_z h), u = tanh(W_h (r h)): a hidden
    /// state between observations that stays within ±1 where it starts there.
    ///
    /// Parameters: `name.lin_hr.weight`, `name.lin_hz.weight`, `name.lin_hh.weight`, as in the authors' program; like
    /// theirs without biases.
    ///
    /// De Brouwer, Simm, Arany & Moreau, GRU-ODE-Bayes, NeurIPS 2019, arXiv:1905.12374, equation 3.
    ///
    /// # Errors
    /// As for a [`layer`](Self::layer).
    pub fn gru_flow(&mut self, name: &str, h: Level, rng: &mut impl Rng) -> Result<Level, NnError> {
        let width = self.width(h);
        let mut dense =
            |function: Function| Dense::zeros(width, width).bias(Bias::Absent).drawn(rng).then(function);
        let (by_r, by_z) = (dense(Function::Sigmoid), dense(Function::Sigmoid));
        let by_h = dense(Activation::Tanh.into());
        let reset = self.layer(&format!("{name}.lin_hr"), by_r, h)?;
        let update = self.layer(&format!("{name}.lin_hz"), by_z, h)?;
        let kept = self.join(Join::Multiply, reset, h)?;
        let new = self.layer(&format!("{name}.lin_hh"), by_h, kept)?;
        let way = self.join(Join::Subtract, new, h)?;
        let held = self.join(Join::Multiply, update, way)?;
        self.join(Join::Subtract, way, held)
    }
}

/// The same start on ±1/√width in place of ±1/√inputs.
fn scaled<A: Element>(mut layer: Dense<A>, inputs: usize, width: usize) -> Dense<A> {
    use crate::Layer;
    let factor = A::from_f64((inputs as f64 / width as f64).sqrt());
    let mut flat = vec![A::zero(); layer.layout().iter().map(|view| view.size()).sum()];
    layer.read_parameters(&mut flat);
    flat.iter_mut().for_each(|p| *p *= factor);
    layer.write_parameters(&flat);
    layer
}

impl<A: Element> Graph<A> {
    /// [`GraphBuilder::gru_cell`] by itself, on rows `[x, h]`; its parameters have no prefix but `gru`.
    ///
    /// # Errors
    /// [`NnError::ZeroWidth`].
    pub fn gru_cell(inputs: usize, hidden: usize, rng: &mut impl Rng) -> Result<Self, NnError> {
        let mut build = GraphBuilder::new(inputs + hidden);
        let row = build.input();
        let x = build.layer("input", Columns::new(inputs + hidden, 0..inputs), row)?;
        let h = build.layer("hidden state", Columns::new(inputs + hidden, inputs..inputs + hidden), row)?;
        let next = build.gru_cell("gru", x, h, rng)?;
        build.finish(next)
    }
}

impl<A: Element> Field<A> {
    /// [`GraphBuilder::gru_flow`] as a field of `hidden` columns; its parameters start with `gru`.
    ///
    /// # Errors
    /// [`NnError::ZeroWidth`].
    pub fn gru_flow(hidden: usize, rng: &mut impl Rng) -> Result<Self, NnError> {
        let mut build = GraphBuilder::new(1 + hidden);
        let input = build.input();
        let h = build.layer("hidden state", Columns::new(1 + hidden, 1..1 + hidden), input)?;
        let flow = build.gru_flow("gru", h, rng)?;
        Ok(Self::new(build.finish(flow)?))
    }
}
