//! Any module of tch as a [`Network`].

mod tangent;

use crate::callback::Callback;
use crate::convert::{read, tensor};
use crate::ffi::{self, Graph};
use crate::field::trained;
use crate::{TensorField, TorchError};
use chreode_core::{Network, ParameterView, Real};
use ndarray::{ArrayView2, ArrayViewMut2};
use std::fmt;
use std::marker::PhantomData;
use tch::kind::Element;
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

/// A module of tch as a [`Network`] on rows, so that training loops, samplers and adjoints written against
/// that trait run it: libtorch computes, on any device, and its tape supplies the pullbacks.
///
/// `A`, `f32` or `f64`, is the scalar of the rows and of the flat parameter vector; the module may compute in
/// another kind, `bf16` say, and numbers are converted at its border. The flat vector holds the variables that
/// are trained, in the order in which the module made them, under their names in the store.
///
/// ```
/// use chreode_core::{Network, NetworkField, Tolerance};
/// use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve};
/// use chreode_torch::ModuleNetwork;
/// use ndarray::array;
/// use tch::nn::{self, Module};
/// use tch::{Device, Kind, Tensor};
///
/// let mut store = nn::VarStore::new(Device::Cpu);
/// let root = store.root();
/// let net = nn::seq()
///     .add(nn::linear(&root / "layers" / 0, 3, 16, Default::default()))
///     .add_fn(|x| x.tanh())
///     .add(nn::linear(&root / "layers" / 1, 16, 2, Default::default()));
/// store.set_kind(Kind::Double);
/// let v = move |t: &Tensor, x: &Tensor| net.forward(&Tensor::cat(&[t.unsqueeze(1), x.shallow_clone()], 1));
/// let network = ModuleNetwork::<f64>::new(store, (2, 2), v)?;
/// assert_eq!(network.parameter_count(), 3 * 16 + 16 + 16 * 2 + 2);
///
/// let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-6)));
/// let ys = solve.at(&NetworkField::new(&network), array![[0.5, -1.0]], &[0.0, 1.0])?;
/// assert_eq!(ys[1].dim(), (1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
/// The methods of [`Network`] panic where the module does, as tch's operations do when shapes do not fit.
pub struct ModuleNetwork<A> {
    store: VarStore,
    function: Callback,
    width: (usize, usize),
    layout: Vec<ParameterView>,
    variables: Vec<Tensor>,
    kind: Kind,
    scalar: PhantomData<A>,
}

impl<A> fmt::Debug for ModuleNetwork<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModuleNetwork")
            .field("width", &self.width)
            .field("layout", &self.layout)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl<A: Real + Element> ModuleNetwork<A> {
    /// The module `v(t, x)` whose variables are in `store`: `t` has a time a row, `x` and the result a row
    /// each, of `width.0` and `width.1` columns.
    ///
    /// # Errors
    /// [`TorchError::Kind`] where the variables are not all of one floating-point kind.
    pub fn new(
        store: VarStore,
        width: (usize, usize),
        v: impl Fn(&Tensor, &Tensor) -> Tensor + Send + 'static,
    ) -> Result<Self, TorchError> {
        let variables = trained(&store);
        let kind = variables.first().map_or(A::KIND, Tensor::kind);
        if let Some(other) = variables.iter().map(Tensor::kind).find(|k| *k != kind) {
            return Err(TorchError::Kind {
                what: "a variable of the module",
                found: format!("{other:?}"),
                expected: format!("{kind:?}, the kind of the others,"),
            });
        }
        let layout = layout(&store, &variables);
        let function = Callback::new(v);
        Ok(Self { store, function, width, layout, variables, kind, scalar: PhantomData })
    }

    /// The store with the module's variables; those that it holds when the network is made count.
    pub fn store(&self) -> &VarStore {
        &self.store
    }

    /// The same module as a field on tensors of rows, which shares the variables; its gradients do not leave
    /// the device.
    pub fn field(&self) -> TensorField {
        let function = self.function.clone();
        let rows = Callback::new(move |t, x| function.call(&t.expand([x.size()[0]], false), x));
        TensorField::of(rows, self.variables.iter().map(Tensor::shallow_clone).collect())
    }

    fn device(&self) -> Device {
        self.store.device()
    }

    /// A time a row and the rows, where the module is.
    fn inputs(&self, t: &[A], x: &ArrayView2<'_, A>) -> (Tensor, Tensor) {
        let t = Tensor::from_slice(t).to_device(self.device()).to_kind(self.kind);
        (t, tensor(x, self.device()).to_kind(self.kind))
    }

    /// The flat vector's part of each variable.
    fn parts(&self) -> impl Iterator<Item = (&Tensor, std::ops::Range<usize>)> {
        let range = |view: &ParameterView| view.offset..view.offset + view.size();
        self.variables.iter().zip(self.layout.iter().map(range))
    }
}

/// The names of the variables, which the store keeps apart from their order.
fn layout(store: &VarStore, variables: &[Tensor]) -> Vec<ParameterView> {
    let names = store.variables();
    let mut offset = 0;
    let view = |v: &Tensor| {
        let same = |(_, t): &(&String, &Tensor)| t.data_ptr() == v.data_ptr() && t.size() == v.size();
        let name = names.iter().filter(same).map(|(name, _)| name.clone()).min().unwrap_or_default();
        let shape: Vec<usize> = v.size().iter().map(|&n| n as usize).collect();
        let view = ParameterView { name, shape, offset };
        offset += view.size();
        view
    };
    variables.iter().map(view).collect()
}

/// Copies rows of a result to where they are wanted.
fn write<A: Real + Element>(from: &Tensor, mut to: ArrayViewMut2<'_, A>) {
    let wanted = [to.nrows() as i64, to.ncols() as i64];
    assert_eq!(from.size(), wanted, "the module must return a row for each row, of its width");
    let outcome = match to.as_slice_mut() {
        Some(values) => read(from, values),
        None => {
            let mut values = vec![A::default(); to.len()];
            let outcome = read(from, &mut values);
            to.iter_mut().zip(values).for_each(|(to, from)| *to = from);
            outcome
        }
    };
    outcome.unwrap_or_else(|e| panic!("{e}"));
}

/// What a forward pass of a [`ModuleNetwork`] leaves: its input and its output, with the tape between them.
#[derive(Debug, Default)]
pub struct ModuleMemory(Option<(Tensor, Tensor)>);

impl<A: Real + Element> Network for ModuleNetwork<A> {
    type Scalar = A;
    type Memory = ModuleMemory;

    fn width(&self) -> (usize, usize) {
        self.width
    }

    fn layout(&self) -> &[ParameterView] {
        &self.layout
    }

    fn read_parameters(&self, flat: &mut [A]) {
        for (variable, range) in self.parts() {
            read(variable, &mut flat[range]).unwrap_or_else(|e| panic!("{e}"));
        }
    }

    fn write_parameters(&mut self, flat: &[A]) {
        ffi::unrecorded(|| {
            for (variable, range) in self.parts() {
                let values = Tensor::from_slice(&flat[range]).view_as(variable);
                variable.shallow_clone().copy_(&values);
            }
        });
    }

    fn forward(&self, t: &[A], x: ArrayView2<'_, A>, out: ArrayViewMut2<'_, A>, memory: &mut ModuleMemory) {
        memory.0 = None;
        let (t, x) = self.inputs(t, &x);
        let x = x.set_requires_grad(true);
        let y = ffi::recorded(|| self.function.call(&t, &x));
        write(&y, out);
        memory.0 = Some((x, y));
    }

    fn velocity(&self, t: &[A], x: ArrayView2<'_, A>, out: ArrayViewMut2<'_, A>, memory: &mut ModuleMemory) {
        memory.0 = None;
        let (t, x) = self.inputs(t, &x);
        write(&ffi::unrecorded(|| self.function.call(&t, &x)), out);
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, A>,
        state: Option<ArrayViewMut2<'_, A>>,
        params: Option<&mut [A]>,
        memory: &mut ModuleMemory,
    ) {
        let (x, y) = memory.0.as_ref().expect("a forward pass filled the memory before its pullback");
        let a = tensor(&a, self.device()).to_kind(self.kind);
        let mut inputs = vec![x];
        if params.is_some() {
            inputs.extend(&self.variables);
        }
        let grads = if y.requires_grad() {
            ffi::grad(&[(y, &a)], &inputs, Graph::Keep).unwrap_or_else(|message| panic!("{message}"))
        } else {
            inputs.iter().map(|_| None).collect()
        };
        if let Some(mut state) = state {
            match &grads[0] {
                Some(grad) => write(grad, state),
                None => state.fill(A::default()),
            }
        }
        if let Some(flat) = params {
            self.flatten(&grads[1..], flat);
        }
    }
}
