//! An affine map along the edges of a network of genes.

use crate::kernel::{Element, Lines, Machine, Strided, add_column_sums};
use crate::layer::{Along, At, Cotangent, Layer, view};
use crate::rows::{Rows, RowsMut, lines, padded};
use crate::{Formula, NnError};
use chreode_core::ParameterView;
use ndarray::{Array2, ArrayView2};
use rand::{Rng, RngExt};

/// y = (M ⊙ W) x + b with a fixed mask M of shape `[outputs, inputs]`, as of a gene regulatory network.
///
/// Of a group of outputs that share a vector register, only inputs that at least one of them reads are stored and
/// multiplied: cost and memory go with these blocks, and ordering genes by module makes them few. `weight` is a full
/// matrix in a checkpoint, zero where the mask is; its gradient is zero there, too.
#[derive(Clone, Debug)]
pub struct Masked<A> {
    inputs: usize,
    outputs: usize,
    edges: Vec<(u32, u32)>,
    /// (M ⊙ W)ᵀ and M ⊙ W.
    forward: Lines<A>,
    backward: Lines<A>,
    /// Where each edge lies in them.
    places: Vec<[usize; 2]>,
    bias: Vec<A>,
    zeros: Vec<A>,
    machine: Machine,
}

impl<A: Element> Masked<A> {
    /// Weights uniform on ±1/√n with n the inputs that an output reads, biases likewise; an entry of `mask` other
    /// than zero is an edge.
    ///
    /// # Errors
    /// [`NnError::ZeroWidth`] for a mask without rows or columns.
    pub fn new(mask: ArrayView2<'_, A>, rng: &mut impl Rng) -> Result<Self, NnError> {
        let (outputs, inputs) = mask.dim();
        if outputs == 0 || inputs == 0 {
            return Err(NnError::ZeroWidth { place: "mask".to_string() });
        }
        let edges: Vec<(u32, u32)> = mask
            .indexed_iter()
            .filter(|(_, m)| **m != A::zero())
            .map(|((j, k), _)| (j as u32, k as u32))
            .collect();
        let (forward, first) = skeleton(outputs, edges.iter().map(|&(j, k)| (j, k)));
        let (backward, second) = skeleton(inputs, edges.iter().map(|&(j, k)| (k, j)));
        let widest = padded::<A>(inputs.max(outputs));
        let mut layer = Self {
            inputs,
            outputs,
            places: first.into_iter().zip(second).map(|(a, b)| [a, b]).collect(),
            edges,
            forward,
            backward,
            bias: vec![A::zero(); padded::<A>(outputs)],
            zeros: vec![A::zero(); widest],
            machine: Machine::detect(),
        };
        let mut reads = vec![0usize; outputs];
        layer.edges.iter().for_each(|&(j, _)| reads[j as usize] += 1);
        let mut draw =
            |j: usize| A::from_f64((2.0 * rng.random::<f64>() - 1.0) / (reads[j].max(1) as f64).sqrt());
        let mut flat = vec![A::zero(); inputs * outputs + outputs];
        for &(j, k) in &layer.edges {
            flat[j as usize * inputs + k as usize] = draw(j as usize);
        }
        (0..outputs).for_each(|j| flat[inputs * outputs + j] = draw(j));
        layer.write_parameters(&flat);
        Ok(layer)
    }

    /// Entries that are multiplied, padding included: what a dense layer would have `inputs` times `outputs` of.
    pub fn stored(&self) -> usize {
        self.forward.entries.len()
    }

    fn push(&self, x: Rows<'_, A>, start: &[A], y: RowsMut<'_, A>) {
        let (rows, stride) = (x.count, y.stride());
        let x = Strided { entries: x.entries, stride: x.stride() };
        self.forward.multiply(self.machine, rows, x, start, y.entries, stride);
    }

    fn pull(&self, z: Rows<'_, A>, x: RowsMut<'_, A>) {
        let (rows, stride) = (z.count, x.stride());
        let z = Strided { entries: z.entries, stride: z.stride() };
        self.backward.multiply(self.machine, rows, z, &self.zeros, x.entries, stride);
    }

    fn add(&self, z: Rows<'_, A>, x: Rows<'_, A>, sum: &mut [A]) {
        let rows = z.count;
        let z = Strided { entries: z.entries, stride: z.stride() };
        let x = Strided { entries: x.entries, stride: x.stride() };
        self.forward.add_gradient(self.machine, rows, x, z, sum);
    }
}

/// The lines of a matrix with `columns` columns whose entries (column, row) are given, in rows of increasing index;
/// and where each entry lies.
fn skeleton<A: Element>(
    columns: usize,
    entries: impl Iterator<Item = (u32, u32)> + Clone,
) -> (Lines<A>, Vec<usize>) {
    let count = lines::<A>(columns);
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (column, row) in entries.clone() {
        rows[column as usize / A::LINE].push(row);
    }
    let (mut starts, mut index) = (vec![0], Vec::new());
    for rows in &mut rows {
        rows.sort_unstable();
        rows.dedup();
        index.extend(rows.iter());
        starts.push(index.len());
    }
    let places = entries
        .map(|(column, row)| {
            let (line, lane) = (column as usize / A::LINE, column as usize % A::LINE);
            let n = rows[line].binary_search(&row).expect("every row of an entry was listed");
            (starts[line] + n) * A::LINE + lane
        })
        .collect();
    let entries = vec![A::zero(); index.len() * A::LINE];
    (Lines { starts, index, entries }, places)
}

impl<A: Element> Layer<A> for Masked<A> {
    fn width(&self) -> (usize, usize) {
        (self.inputs, self.outputs)
    }

    fn formula(&self) -> Option<Formula> {
        let mut mask = Array2::from_elem((self.outputs, self.inputs), false);
        self.edges.iter().for_each(|&(j, k)| mask[[j as usize, k as usize]] = true);
        Some(Formula::Masked(mask))
    }

    fn forward(&self, x: Rows<'_, A>, y: RowsMut<'_, A>, _: RowsMut<'_, A>) {
        self.push(x, &self.bias, y);
    }

    fn pullback(
        &self,
        at: At<'_, A>,
        a: Cotangent<'_, A>,
        x: Option<RowsMut<'_, A>>,
        gradient: Option<&mut [A]>,
    ) {
        let z = a.y.view();
        if let Some(gradient) = gradient {
            let (weight, bias) = gradient.split_at_mut(self.forward.entries.len());
            self.add(z, at.x, weight);
            add_column_sums(self.machine, z.count, z.entries, z.stride(), bias);
        }
        if let Some(x) = x {
            self.pull(z, x);
        }
    }

    fn tangent(&self, _: At<'_, A>, dx: Rows<'_, A>, dy: RowsMut<'_, A>, _: RowsMut<'_, A>) {
        self.push(dx, &self.zeros, dy);
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
        if let Some(gradient) = gradient {
            self.add(b.view(), along.dx, &mut gradient[..self.forward.entries.len()]);
        }
        if let Some(dx) = dx {
            self.pull(b.view(), dx);
        }
    }

    fn layout(&self) -> Vec<ParameterView> {
        let size = self.inputs * self.outputs;
        vec![view("weight", &[self.outputs, self.inputs], 0), view("bias", &[self.outputs], size)]
    }

    fn read_parameters(&self, flat: &mut [A]) {
        let (weight, bias) = flat.split_at_mut(self.inputs * self.outputs);
        weight.fill(A::zero());
        for (&(j, k), place) in self.edges.iter().zip(&self.places) {
            weight[j as usize * self.inputs + k as usize] = self.forward.entries[place[0]];
        }
        bias.copy_from_slice(&self.bias[..self.outputs]);
    }

    fn write_parameters(&mut self, flat: &[A]) {
        let (weight, bias) = flat.split_at(self.inputs * self.outputs);
        for (&(j, k), place) in self.edges.iter().zip(&self.places) {
            let w = weight[j as usize * self.inputs + k as usize];
            (self.forward.entries[place[0]], self.backward.entries[place[1]]) = (w, w);
        }
        self.bias[..self.outputs].copy_from_slice(bias);
    }

    fn gradient_len(&self) -> usize {
        self.forward.entries.len() + self.bias.len()
    }

    fn collect(&self, sum: &[A], flat: &mut [A]) {
        let (weight, bias) = flat.split_at_mut(self.inputs * self.outputs);
        weight.fill(A::zero());
        for (&(j, k), place) in self.edges.iter().zip(&self.places) {
            weight[j as usize * self.inputs + k as usize] = sum[place[0]];
        }
        bias.copy_from_slice(&sum[self.forward.entries.len()..][..self.outputs]);
    }

    fn run_on(&mut self, machine: Machine) {
        self.machine = machine;
    }
}
