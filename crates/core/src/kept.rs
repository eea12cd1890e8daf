//! What an evaluation of a field left for its pullback.

use std::any::Any;
use std::fmt;

/// What an evaluation left for its pullback: the activations of a network, say; or nothing.
///
/// [`Vjp::eval_kept`](crate::Vjp::eval_kept) fills it, [`Vjp::pull_kept`](crate::Vjp::pull_kept) uses it. A
/// memory that is filled again is reused.
#[derive(Default)]
pub struct Kept {
    memory: Option<Box<dyn Any + Send>>,
    bytes: usize,
}

impl Kept {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.memory.is_none()
    }

    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The memory, of `bytes` in all: the one that is there, or a new one.
    pub fn fill<M: Any + Default + Send>(&mut self, bytes: usize) -> &mut M {
        self.bytes = bytes;
        if !self.memory.as_ref().is_some_and(|memory| memory.is::<M>()) {
            self.memory = Some(Box::<M>::default());
        }
        self.get().expect("there is a memory of this type")
    }

    /// The same, with one of `spare` for a new memory while there are any.
    pub fn fill_from<M: Any + Default + Send>(&mut self, spare: &mut Vec<Box<M>>, bytes: usize) -> &mut M {
        if self.get::<M>().is_none() {
            self.memory = spare.pop().map(|memory| memory as Box<dyn Any + Send>);
        }
        self.fill(bytes)
    }

    /// Moves the memory out, if there is one of this type.
    pub fn take<M: Any>(&mut self) -> Option<Box<M>> {
        self.get::<M>()?;
        self.bytes = 0;
        self.memory.take()?.downcast().ok()
    }

    /// The memory, if there is one of this type.
    pub fn get<M: Any>(&mut self) -> Option<&mut M> {
        self.memory.as_mut()?.downcast_mut()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// Whether a pullback found what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// It did, and is done.
    Done,
    /// Nothing was kept: nothing has happened.
    NothingKept,
}

#[cfg(test)]
mod tests {
    use super::Kept;

    #[test]
    fn a_memory_is_reused_and_one_of_another_type_replaced() {
        let mut kept = Kept::default();
        assert!(kept.is_empty() && kept.get::<Vec<f64>>().is_none());
        kept.fill::<Vec<f64>>(8).push(1.0);
        kept.fill::<Vec<f64>>(16).push(2.0);
        assert_eq!((kept.bytes(), kept.get::<Vec<f64>>().unwrap().len()), (16, 2));
        assert!(kept.fill::<Vec<f32>>(4).is_empty() && kept.get::<Vec<f64>>().is_none());
        kept.clear();
        assert!(kept.is_empty() && kept.bytes() == 0);
    }

    #[test]
    fn a_spare_memory_serves_again() {
        let (mut kept, mut spare) = (Kept::default(), vec![Box::new(vec![3.0])]);
        assert_eq!(*kept.fill_from::<Vec<f64>>(&mut spare, 8), [3.0]);
        assert!(spare.is_empty() && kept.take::<Vec<f32>>().is_none() && kept.bytes() == 8);
        spare.extend(kept.take());
        assert!(kept.is_empty() && kept.bytes() == 0 && *spare[0] == [3.0]);
        assert!(kept.take::<Vec<f64>>().is_none());
    }
}
