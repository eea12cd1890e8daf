//! The network of a model: of this workspace, or of another library.

// Its trait is named by its path: perceptrons have its methods too, and they would be ambiguous.
pub(crate) mod foreign;
mod leading;

use chreode_core::{Network, NetworkJvp, ParameterView, Probes, TangentPullback};
use chreode_nn::{Field, GraphMemory, Mlp, Potential};
use foreign::ForeignMemory;
use leading::Leading;
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};
use std::fmt;

/// The network of a model: a [`Field`] of `chreode-nn`, or one that a [`Backend`](crate::Backend) computes.
///
/// Losses and dynamics are generic over networks; the zoo takes this one, so that a model is trained, saved and used by
/// the same code on every device.
pub struct Net(Kind);

enum Kind {
    /// What most models have, and is called without an allocation.
    Native(Field<f32>),
    /// Any other.
    Foreign(Box<dyn foreign::ForeignNetwork>),
}

/// What a pass of a [`Net`] leaves for the next.
#[derive(Default)]
pub struct NetMemory {
    native: GraphMemory<f32>,
    foreign: Option<ForeignMemory>,
}

impl NetMemory {
    /// Bytes that it takes, without what another library keeps.
    pub(crate) fn bytes(&self) -> usize {
        self.native.bytes()
    }

    /// The memory of `network`, which is always the same one.
    fn of(&mut self, network: &dyn foreign::ForeignNetwork) -> &mut ForeignMemory {
        self.foreign.get_or_insert_with(|| network.memory())
    }
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net").field("layout", &self.layout()).finish_non_exhaustive()
    }
}

impl From<Field<f32>> for Net {
    fn from(network: Field<f32>) -> Self {
        Self(Kind::Native(network))
    }
}

impl From<Mlp<f32>> for Net {
    fn from(network: Mlp<f32>) -> Self {
        Field::from(network).into()
    }
}

impl From<Box<dyn foreign::ForeignNetwork>> for Net {
    fn from(network: Box<dyn foreign::ForeignNetwork>) -> Self {
        Self(Kind::Foreign(network))
    }
}

impl From<Potential> for Net {
    fn from(network: Potential) -> Self {
        Self(Kind::Foreign(Box::new(network)))
    }
}

impl Net {
    /// The same network with the first `columns` columns of its output alone.
    ///
    /// # Panics
    /// If the output has fewer.
    #[must_use]
    pub fn leading(self, columns: usize) -> Self {
        Self(Kind::Foreign(Box::new(Leading::new(self, columns))))
    }
}

/// Calls a method of either network.
macro_rules! either {
    ($net:expr, $method:ident($($argument:expr),*)) => {
        match $net {
            Kind::Native(network) => network.$method($($argument),*),
            Kind::Foreign(network) => network.$method($($argument),*),
        }
    };
}

/// The same with its memory.
macro_rules! pass {
    ($net:expr, $memory:ident, $method:ident($($argument:expr),*)) => {
        match $net {
            Kind::Native(network) => network.$method($($argument,)* &mut $memory.native),
            Kind::Foreign(network) => network.$method($($argument,)* $memory.of(&**network)),
        }
    };
}

impl Network for Net {
    type Scalar = f32;
    type Memory = NetMemory;

    fn width(&self) -> (usize, usize) {
        either!(&self.0, width())
    }

    fn layout(&self) -> &[ParameterView] {
        either!(&self.0, layout())
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        either!(&self.0, read_parameters(flat));
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        either!(&mut self.0, write_parameters(flat));
    }

    fn forward(&self, t: &[f32], x: ArrayView2<'_, f32>, out: ArrayViewMut2<'_, f32>, m: &mut NetMemory) {
        pass!(&self.0, m, forward(t, x, out));
    }

    fn velocity(&self, t: &[f32], x: ArrayView2<'_, f32>, out: ArrayViewMut2<'_, f32>, m: &mut NetMemory) {
        pass!(&self.0, m, velocity(t, x, out));
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, f32>,
        state: Option<ArrayViewMut2<'_, f32>>,
        params: Option<&mut [f32]>,
        m: &mut NetMemory,
    ) {
        pass!(&self.0, m, pullback(a, state, params));
    }

    fn memory_bytes(&self, rows: usize) -> usize {
        either!(&self.0, memory_bytes(rows))
    }

    fn lend_scratch(&self, from: &mut NetMemory, to: &mut NetMemory) {
        if let Kind::Native(network) = &self.0 {
            network.lend_scratch(&mut from.native, &mut to.native);
        }
    }
}

impl NetworkJvp for Net {
    fn tangent(&self, dx: ArrayView3<'_, f32>, out: ArrayViewMut3<'_, f32>, m: &mut NetMemory) {
        pass!(&self.0, m, tangent(dx, out));
    }

    fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, f32>,
        b: ArrayView3<'_, f32>,
        a: Option<ArrayView2<'_, f32>>,
        into: TangentPullback<'_, f32>,
        m: &mut NetMemory,
    ) {
        pass!(&self.0, m, pullback_tangent(dx, b, a, into));
    }

    fn divergence(&self, probes: Probes<'_, f32>, out: &mut [f32], m: &mut NetMemory) {
        pass!(&self.0, m, divergence(probes, out));
    }

    fn pullback_divergence(
        &self,
        probes: Probes<'_, f32>,
        c: &[f32],
        a: Option<ArrayView2<'_, f32>>,
        state: Option<ArrayViewMut2<'_, f32>>,
        params: Option<&mut [f32]>,
        m: &mut NetMemory,
    ) {
        pass!(&self.0, m, pullback_divergence(probes, c, a, state, params));
    }
}
