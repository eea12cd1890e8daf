//! A recurrent state through the visits of many individuals: between them it flows, at them it jumps.
//!
//! The gradient goes back through every flow and jump by hand: what each step leaves in its memory is pulled back in the
//! reverse order.

mod program;
#[cfg(test)]
mod tests;

pub(crate) use program::{Op, Program, Visit, Way};

use super::modules::Module;
use chreode_nn::{Element, Graph, GraphMemory};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

/// The nets of a recurrent state h of `state` columns.
#[derive(Clone, Debug)]
pub(crate) struct Walk<A: Element> {
    /// What a jump sees of its input, for all inputs at once; without it, the input itself.
    pub(crate) input: Option<Graph<A>>,
    /// h' = h + dt f(h), between visits.
    pub(crate) flow: Option<Graph<A>>,
    /// h' = g([input, h]), at a visit.
    pub(crate) jump: Graph<A>,
    /// Columns of h.
    pub(crate) state: usize,
}

/// What a forward pass leaves for its pullback; reused from call to call.
///
/// The memory of a step serves one net for good: another would have to make it anew.
#[derive(Debug, Default)]
pub(crate) struct Tape<A: Element> {
    flows: Vec<GraphMemory<A>>,
    jumps: Vec<GraphMemory<A>>,
    input: GraphMemory<A>,
    working: GraphMemory<A>,
    projected: Array2<A>,
    rows: Vec<A>,
    out: Vec<A>,
    flat: Vec<A>,
}

impl<A: Element> Tape<A> {
    /// Bytes that the passes of a walk left.
    pub(crate) fn bytes(&self) -> usize {
        self.flows.iter().chain(&self.jumps).map(GraphMemory::bytes).sum()
    }
}

/// Where the gradients of the nets of a walk lie in the flat vector.
pub(crate) struct WalkGradient<'g, A> {
    pub(crate) input: Option<&'g mut [A]>,
    pub(crate) flow: Option<&'g mut [A]>,
    pub(crate) jump: &'g mut [A],
}

impl<A: Element> Walk<A> {
    /// The nets by name, in the order of [`WalkGradient`].
    pub(crate) fn modules(&self) -> Vec<(&'static str, &dyn Module<A>)> {
        let mut all: Vec<(&'static str, &dyn Module<A>)> = Vec::new();
        all.extend(self.input.iter().map(|net| ("input", net as &dyn Module<A>)));
        all.extend(self.flow.iter().map(|net| ("flow", net as &dyn Module<A>)));
        all.push(("jump", &self.jump));
        all
    }

    /// The same, to be set.
    pub(crate) fn modules_mut(&mut self) -> Vec<&mut dyn Module<A>> {
        let mut all: Vec<&mut dyn Module<A>> = Vec::new();
        all.extend(self.input.iter_mut().map(|net| net as &mut dyn Module<A>));
        all.extend(self.flow.iter_mut().map(|net| net as &mut dyn Module<A>));
        all.push(&mut self.jump);
        all
    }

    /// Columns of what a jump is given beside h.
    fn projected(&self) -> usize {
        self.jump.width().0 - self.state
    }

    /// Runs `program` from the states `h`, which become the last ones; returns the states that it reads.
    pub(crate) fn forward(&self, program: &Program<A>, h: &mut Array2<A>, tape: &mut Tape<A>) -> Array2<A> {
        let Tape { flows, jumps, input, projected, rows: gathered, out, .. } = tape;
        let width = self.projected();
        if let Some(net) = &self.input {
            *projected = Array2::zeros((program.inputs.nrows(), width));
            if projected.nrows() > 0 {
                net.forward(program.inputs.view(), projected.view_mut(), input);
            }
        }
        let given = if self.input.is_some() { &*projected } else { &program.inputs };
        let (flow_count, jump_count) = program.counts();
        flows.resize_with(flows.len().max(flow_count), GraphMemory::default);
        jumps.resize_with(jumps.len().max(jump_count), GraphMemory::default);
        let (mut flows, mut jumps) = (flows.iter_mut(), jumps.iter_mut());
        let mut reads = Array2::zeros((program.reads.len(), self.state));
        for op in &program.ops {
            match op {
                Op::Flow { rows, dt } => {
                    let (Some(net), Some(memory)) = (&self.flow, flows.next()) else { continue };
                    gather(h, rows, gathered);
                    let f = run(net, gathered, rows.len(), out, memory);
                    for ((&row, f), &dt) in rows.iter().zip(f.rows()).zip(dt) {
                        let dt = A::from_f64(dt);
                        h.row_mut(row as usize).zip_mut_with(&f, |h, &f| *h += dt * f);
                    }
                }
                Op::Jump { rows, first } => {
                    let memory = jumps.next().expect("one a jump");
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
        program: &Program<A>,
        dh: &mut Array2<A>,
        dreads: &Array2<A>,
        tape: &mut Tape<A>,
        gradient: WalkGradient<'_, A>,
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
                Op::Flow { rows, dt } => {
                    let (Some(net), Some(gradient), Some(memory)) = (&self.flow, &mut by_flow, flows.next())
                    else {
                        continue;
                    };
                    gather(dh, rows, gathered);
                    for (a, &dt) in gathered.chunks_exact_mut(self.state).zip(dt) {
                        let dt = A::from_f64(dt);
                        a.iter_mut().for_each(|a| *a *= dt);
                    }
                    memory.swap_scratch(working);
                    let dx = pull(net, gathered, rows.len(), out, flat, memory);
                    memory.swap_scratch(working);
                    for (&row, dx) in rows.iter().zip(dx.rows()) {
                        dh.row_mut(row as usize).zip_mut_with(&dx, |a, &dx| *a += dx);
                    }
                    add(gradient, flat);
                }
                Op::Jump { rows, first } => {
                    let memory = jumps.next().expect("one a jump");
                    gather(dh, rows, gathered);
                    memory.swap_scratch(working);
                    let dx = pull(&self.jump, gathered, rows.len(), out, flat, memory);
                    memory.swap_scratch(working);
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
            flat.resize(net.parameter_count(), A::zero());
            net.pullback(dinputs.view(), None, Some(flat), input);
            add(gradient, flat);
        }
    }
}

/// The rows of `from` one after another.
fn gather<A: Element>(from: &Array2<A>, rows: &[u32], to: &mut Vec<A>) {
    to.clear();
    rows.iter().for_each(|&row| to.extend(from.row(row as usize)));
}

/// `net` of `rows` rows.
fn run<'o, A: Element>(
    net: &Graph<A>,
    x: &[A],
    rows: usize,
    out: &'o mut Vec<A>,
    memory: &mut GraphMemory<A>,
) -> ArrayView2<'o, A> {
    let (inputs, outputs) = net.width();
    out.resize(rows * outputs, A::zero());
    let x = ArrayView2::from_shape((rows, inputs), x).expect("rows of the net's width");
    let y = ArrayViewMut2::from_shape((rows, outputs), &mut out[..]).expect("resized to this");
    net.forward(x, y, memory);
    ArrayView2::from_shape((rows, outputs), &out[..]).expect("resized to this")
}

/// The cotangent of the inputs of `net` for `a` of its outputs; sets `flat` to the gradient.
fn pull<'o, A: Element>(
    net: &Graph<A>,
    a: &[A],
    rows: usize,
    out: &'o mut Vec<A>,
    flat: &mut Vec<A>,
    memory: &mut GraphMemory<A>,
) -> ArrayView2<'o, A> {
    let (inputs, outputs) = net.width();
    out.resize(rows * inputs, A::zero());
    flat.resize(net.parameter_count(), A::zero());
    let a = ArrayView2::from_shape((rows, outputs), a).expect("rows of the net's outputs");
    let x = ArrayViewMut2::from_shape((rows, inputs), &mut out[..]).expect("resized to this");
    net.pullback(a, Some(x), Some(flat), memory);
    ArrayView2::from_shape((rows, inputs), &out[..]).expect("resized to this")
}

/// `to += from`.
pub(crate) fn add<A: Element>(to: &mut [A], from: &[A]) {
    to.iter_mut().zip(from).for_each(|(to, &from)| *to += from);
}
