//! What a layer is: a map of rows, its derivatives, and its parameters.

use crate::Formula;
use crate::kernel::{Element, Machine};
use crate::rows::{Rows, RowsMut};
use chreode_core::ParameterView;
use std::fmt::Debug;

/// Where a layer was evaluated: its input x, its output y, and what [`Layer::forward`] kept beside them.
#[derive(Clone, Copy, Debug)]
pub struct At<'a, A> {
    /// The input.
    pub x: Rows<'a, A>,
    /// The output.
    pub y: Rows<'a, A>,
    /// The kept columns, [`Layer::kept`] of them.
    pub kept: Rows<'a, A>,
}

/// Cotangents that reach a layer.
#[derive(Debug)]
pub struct Cotangent<'a, A> {
    /// That of the output; the layer may overwrite it.
    pub y: RowsMut<'a, A>,
    /// What [`Layer::pullback_tangent`] gathered for these rows, if it was called: [`Layer::curved`] columns.
    pub curvature: Option<Rows<'a, A>>,
}

/// A tangent that went through a layer.
#[derive(Clone, Copy, Debug)]
pub struct Along<'a, A> {
    /// The tangent of the input.
    pub dx: Rows<'a, A>,
    /// The tangent of the output.
    pub dy: Rows<'a, A>,
    /// What [`Layer::tangent`] kept, [`Layer::tangent_kept`] columns.
    pub kept: Rows<'a, A>,
}

/// A map y = f(x; θ) of rows, with the derivatives that flows and adjoints ask for.
///
/// A tile of at most some hundred rows at a time passes through all layers of a [`Graph`](crate::Graph), which
/// shares tiles between threads; a layer itself knows neither. With J = ∂f/∂x:
///
/// - [`forward`](Self::forward): y = f(x);
/// - [`pullback`](Self::pullback): the cotangent Jᵀa of x, and aᵀ ∂f/∂θ;
/// - [`tangent`](Self::tangent): dy = J dx;
/// - [`pullback_tangent`](Self::pullback_tangent): the derivatives of bᵀ J(x; θ) dx with respect to dx, x and θ.
///
/// The derivative with respect to x is gathered in *curvature* columns over all directions and taken up by the
/// pullback that follows, so that a layer whose bend sits in its middle (an activation after an affine map) pulls it
/// through its weights once and not once a direction.
pub trait Layer<A: Element>: Duplicate<A> + Debug + Send + Sync {
    /// Columns of x, and columns of y.
    fn width(&self) -> (usize, usize);

    /// y = f(x); `kept` has [`kept`](Self::kept) columns for what the derivatives will ask for.
    fn forward(&self, x: Rows<'_, A>, y: RowsMut<'_, A>, kept: RowsMut<'_, A>);

    /// Sets `x` to Jᵀa (and what the curvature adds), and adds aᵀ ∂f/∂θ to `gradient`, where they are given.
    fn pullback(
        &self,
        at: At<'_, A>,
        a: Cotangent<'_, A>,
        x: Option<RowsMut<'_, A>>,
        gradient: Option<&mut [A]>,
    );

    /// Sets `dy` to J dx; `kept` has [`tangent_kept`](Self::tangent_kept) columns.
    fn tangent(&self, at: At<'_, A>, dx: Rows<'_, A>, dy: RowsMut<'_, A>, kept: RowsMut<'_, A>);

    /// For bᵀ J dx: sets `dx` to Jᵀb where it is given, adds to `curvature` and to `gradient`. May overwrite `b`.
    fn pullback_tangent(
        &self,
        at: At<'_, A>,
        along: Along<'_, A>,
        b: RowsMut<'_, A>,
        dx: Option<RowsMut<'_, A>>,
        curvature: RowsMut<'_, A>,
        gradient: Option<&mut [A]>,
    );

    /// Columns kept by [`forward`](Self::forward).
    fn kept(&self) -> usize {
        0
    }

    /// Columns kept by [`tangent`](Self::tangent).
    fn tangent_kept(&self) -> usize {
        0
    }

    /// Columns of curvature; none for a linear layer.
    fn curved(&self) -> usize {
        0
    }

    /// The named parameters, offsets from the layer's first.
    fn layout(&self) -> Vec<ParameterView> {
        Vec::new()
    }

    /// Copies the parameters into `flat`.
    fn read_parameters(&self, _flat: &mut [A]) {}

    /// Sets the parameters from `flat`.
    fn write_parameters(&mut self, _flat: &[A]) {}

    /// Entries of the slice in which a gradient is summed, if it differs from the parameters.
    fn gradient_len(&self) -> usize {
        self.layout().last().map_or(0, |last| last.offset + last.size())
    }

    /// Copies a summed gradient to the layout of the parameters.
    fn collect(&self, sum: &[A], flat: &mut [A]) {
        flat.copy_from_slice(sum);
    }

    /// What it computes, for another library to compute; by default nothing is said, and no other library can.
    fn formula(&self) -> Option<Formula> {
        None
    }

    /// Chooses the instructions, to hold one set against another.
    #[doc(hidden)]
    fn run_on(&mut self, _machine: Machine) {}
}

/// Cloning behind a pointer; every layer that is [`Clone`] has it.
pub trait Duplicate<A> {
    /// A copy in a box of its own.
    fn duplicate(&self) -> Box<dyn Layer<A>>
    where
        A: Element;
}

impl<A: Element, L: Layer<A> + Clone + 'static> Duplicate<A> for L {
    fn duplicate(&self) -> Box<dyn Layer<A>> {
        Box::new(self.clone())
    }
}

impl<A: Element> Clone for Box<dyn Layer<A>> {
    fn clone(&self) -> Self {
        (**self).duplicate()
    }
}

/// A view of one parameter.
pub(crate) fn view(name: &str, shape: &[usize], offset: usize) -> ParameterView {
    ParameterView { name: name.to_string(), shape: shape.to_vec(), offset }
}
