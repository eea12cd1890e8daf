//! A recurrent state through the visits of many individuals: between them it flows, at them it jumps.
//!
//! The gradient goes back through every flow and jump by hand: what each step leaves in its memory is pulled back in the
//! reverse order.

mod program;
#[cfg(test)]
mod tests;

pub(crate) use program::{Op, Program, Visit, Way};

use crate::timeless::timeless_into;
use crate::{Net, NetMemory};
use chreode_core::{Network, Real};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

/// The nets of a recurrent state h of `state` columns, none of which reads a time.
#[derive(Debug)]
pub(crate) struct Walk<N> {
    /// What a jump sees of its input, for all inputs at once; without it, the input itself.
    pub(crate) input: Option<N>,
    /// h' = h + dt f(h), between visits.
    pub(crate) flow: Option<N>,
    /// h' = g([input, h]), at a visit.
    pub(crate) jump: N,
    /// Columns of h.
    pub(crate) state: usize,
}

/// What a forward pass leaves for its pullback; reused from call to call.
///
/// The memory of a step serves one net for good: another would have to make it anew.
pub(crate) struct Tape<N: Network> {
    flows: Vec<N::Memory>,
    jumps: Vec<N::Memory>,
    input: N::Memory,
    working: N::Memory,
    projected: Array2<N::Scalar>,
    rows: Vec<N::Scalar>,
    out: Vec<N::Scalar>,
    flat: Vec<N::Scalar>,
}

impl<N: Network> Default for Tape<N> {
    fn default() -> Self {
        Self {
            flows: Vec::new(),
            jumps: Vec::new(),
            input: N::Memory::default(),
            working: N::Memory::default(),
            projected: Array2::zeros((0, 0)),
            rows: Vec::new(),
            out: Vec::new(),
            flat: Vec::new(),
        }
    }
}

impl Tape<Net> {
    /// Bytes that the passes of a walk left.
    pub(crate) fn bytes(&self) -> usize {
        self.flows.iter().chain(&self.jumps).map(NetMemory::bytes).sum()
    }
}

/// Where the gradients of the nets of a walk lie in the flat vector.
pub(crate) struct WalkGradient<'g, A> {
    pub(crate) input: Option<&'g mut [A]>,
    pub(crate) flow: Option<&'g mut [A]>,
    pub(crate) jump: &'g mut [A],
}

impl<N: Network> Walk<N> {
    /// The nets by name, in the order of [`WalkGradient`].
    pub(crate) fn modules(&self) -> Vec<(&'static str, &N)> {
        let mut all = Vec::new();
        all.extend(self.input.iter().map(|net| ("input", net)));
        all.extend(self.flow.iter().map(|net| ("flow", net)));
        all.push(("jump", &self.jump));
        all
    }

    /// The same, to be set.
    pub(crate) fn modules_mut(&mut self) -> Vec<&mut N> {
        let mut all = Vec::new();
        all.extend(&mut self.input);
        all.extend(&mut self.flow);
        all.push(&mut self.jump);
        all
    }

    /// Columns of what a jump is given beside h.
    fn projected(&self) -> usize {
        self.jump.width().0 - self.state
    }

    /// Runs `program` from the states `h`, which become the last ones; returns the states that it reads.
    pub(crate) fn forward(
        &self,
        program: &Program<N::Scalar>,
        h: &mut Array2<N::Scalar>,
        tape: &mut Tape<N>,
    ) -> Array2<N::Scalar> {
        let (flows, jumps) = program.counts();
        tape.flows.resize_with(tape.flows.len().max(flows), N::Memory::default);
        tape.jumps.resize_with(tape.jumps.len().max(jumps), N::Memory::default);
        self.go(program, h, tape)
    }

    /// The same without a way back, in the memory of one step.
    pub(crate) fn states(
        &self,
        program: &Program<N::Scalar>,
        h: &mut Array2<N::Scalar>,
    ) -> Array2<N::Scalar> {
        let (flows, jumps) = (vec![N::Memory::default()], vec![N::Memory::default()]);
        self.go(program, h, &mut Tape { flows, jumps, ..Tape::default() })
    }

    /// Runs `program` in the memories of `tape`, one after another and then from the first again.
    fn go(
        &self,
        program: &Program<N::Scalar>,
        h: &mut Array2<N::Scalar>,
        tape: &mut Tape<N>,
    ) -> Array2<N::Scalar> {
        let Tape { flows, jumps, input, projected, rows: gathered, out, .. } = tape;
        let width = self.projected();
        if let Some(net) = &self.input {
            *projected = Array2::zeros((program.inputs.nrows(), width));
            if projected.nrows() > 0 {
                timeless_into(net, program.inputs.view(), projected.view_mut(), input);
            }
        }
        let given = if self.input.is_some() { &*projected } else { &program.inputs };
        let (mut flow, mut jump) = (0, 0);
        let mut reads = Array2::zeros((program.reads.len(), self.state));
        for op in &program.ops {
            match op {
                Op::Flow { rows, dt, times } => {
                    let Some(net) = &self.flow else { continue };
                    for _ in 0..*times {
                        let place = flow % flows.len();
                        flow += 1;
                        gather(h, rows, gathered);
                        let f = run(net, gathered, rows.len(), out, &mut flows[place]);
                        for ((&row, f), &dt) in rows.iter().zip(f.rows()).zip(dt) {
                            let dt = N::Scalar::from_f64(dt);
                            h.row_mut(row as usize).zip_mut_with(&f, |h, &f| *h += dt * f);
                        }
                    }
                }
                Op::Jump { rows, first } => {
                    let place = jump % jumps.len();
                    jump += 1;
                    let memory = &mut jumps[place];
                    gathered.clear();
                    for (i, &row) in rows.iter().enumerate() {
                        gathered.extend(given.row(first + i).iter().chain(h.row(row as usize)));
                    }
                    let next = run(&self.jump, gathered, rows.len(), out, memory);
                    for (&row, next) in rows.iter().zip(next.rows()) {
                        h.row_mut(row as usize).assign(&next);
                    }
                }
                Op::Read { rows, first } => {
                    for (i, &row) in rows.iter().enumerate() {
                        reads.row_mut(first + i).assign(&h.row(row as usize));
                    }
                }
            }
        }
        reads
    }

    /// Pulls back the forward pass that last filled `tape`: `dh` comes as the cotangent of the last states and leaves as
    /// that of the first, `dreads` is that of the states read. Adds to the gradients of the nets.
    pub(crate) fn pullback(
        &self,
        program: &Program<N::Scalar>,
        dh: &mut Array2<N::Scalar>,
        dreads: &Array2<N::Scalar>,
        tape: &mut Tape<N>,
        gradient: WalkGradient<'_, N::Scalar>,
    ) {
        let WalkGradient { input: by_input, flow: mut by_flow, jump: by_jump } = gradient;
        let Tape { flows, jumps, input, working, rows: gathered, out, flat, .. } = tape;
        let width = self.projected();
        let mut dinputs = Array2::zeros((if by_input.is_some() { program.inputs.nrows() } else { 0 }, width));
        let (flow_count, jump_count) = program.counts();
        let mut flows = flows[..flow_count].iter_mut().rev();
        let mut jumps = jumps[..jump_count].iter_mut().rev();
        for op in program.ops.iter().rev() {
            match op {
                Op::Flow { rows, dt, times } => {
                    let (Some(net), Some(gradient)) = (&self.flow, &mut by_flow) else { continue };
                    for memory in flows.by_ref().take(*times) {
                        gather(dh, rows, gathered);
                        for (a, &dt) in gathered.chunks_exact_mut(self.state).zip(dt) {
                            let dt = N::Scalar::from_f64(dt);
                            a.iter_mut().for_each(|a| *a *= dt);
                        }
                        net.lend_scratch(memory, working);
                        let dx = pull(net, gathered, rows.len(), out, flat, memory);
                        net.lend_scratch(memory, working);
                        for (&row, dx) in rows.iter().zip(dx.rows()) {
                            dh.row_mut(row as usize).zip_mut_with(&dx, |a, &dx| *a += dx);
                        }
                        add(gradient, flat);
                    }
                }
                Op::Jump { rows, first } => {
                    let memory = jumps.next().expect("one a jump");
                    gather(dh, rows, gathered);
                    self.jump.lend_scratch(memory, working);
                    let dx = pull(&self.jump, gathered, rows.len(), out, flat, memory);
                    self.jump.lend_scratch(memory, working);
                    for ((i, &row), dx) in rows.iter().enumerate().zip(dx.rows()) {
                        let (by_input, by_state) = dx.split_at(ndarray::Axis(0), width);
                        dh.row_mut(row as usize).assign(&by_state);
                        if dinputs.nrows() > 0 {
                            dinputs.row_mut(first + i).assign(&by_input);
                        }
                    }
                    add(by_jump, flat);
                }
                Op::Read { rows, first } => {
                    for (i, &row) in rows.iter().enumerate() {
                        dh.row_mut(row as usize).zip_mut_with(&dreads.row(first + i), |a, &d| *a += d);
                    }
                }
            }
        }
        if let (Some(net), Some(gradient)) = (&self.input, by_input)
            && dinputs.nrows() > 0
        {
            flat.resize(net.parameter_count(), N::Scalar::default());
            net.pullback(dinputs.view(), None, Some(flat), input);
            add(gradient, flat);
        }
    }
}

/// The rows of `from` one after another.
fn gather<A: Real>(from: &Array2<A>, rows: &[u32], to: &mut Vec<A>) {
    to.clear();
    rows.iter().for_each(|&row| to.extend(from.row(row as usize)));
}

/// `net` of `rows` rows.
fn run<'o, N: Network>(
    net: &N,
    x: &[N::Scalar],
    rows: usize,
    out: &'o mut Vec<N::Scalar>,
    memory: &mut N::Memory,
) -> ArrayView2<'o, N::Scalar> {
    let (inputs, outputs) = net.width();
    out.resize(rows * outputs, N::Scalar::default());
    let x = ArrayView2::from_shape((rows, inputs), x).expect("rows of the net's width");
    let y = ArrayViewMut2::from_shape((rows, outputs), &mut out[..]).expect("resized to this");
    timeless_into(net, x, y, memory);
    ArrayView2::from_shape((rows, outputs), &out[..]).expect("resized to this")
}

/// The cotangent of the inputs of `net` for `a` of its outputs; sets `flat` to the gradient.
fn pull<'o, N: Network>(
    net: &N,
    a: &[N::Scalar],
    rows: usize,
    out: &'o mut Vec<N::Scalar>,
    flat: &mut Vec<N::Scalar>,
    memory: &mut N::Memory,
) -> ArrayView2<'o, N::Scalar> {
    let (inputs, outputs) = net.width();
    out.resize(rows * inputs, N::Scalar::default());
    flat.resize(net.parameter_count(), N::Scalar::default());
    let a = ArrayView2::from_shape((rows, outputs), a).expect("rows of the net's outputs");
    let x = ArrayViewMut2::from_shape((rows, inputs), &mut out[..]).expect("resized to this");
    net.pullback(a, Some(x), Some(flat), memory);
    ArrayView2::from_shape((rows, inputs), &out[..]).expect("resized to this")
}

/// `to += from`.
pub(crate) fn add<A: Real>(to: &mut [A], from: &[A]) {
    to.iter_mut().zip(from).for_each(|(to, &from)| *to += from);
}
