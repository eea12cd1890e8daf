//! What is made once a run, however often it is interrupted.

use std::any::Any;
use std::sync::{Arc, OnceLock};

/// What a model makes once of its data, e.g. plans between whole snapshots.
///
/// A [`Run`](crate::Run) holds it beside its data and its settings, which do not change, so that what was made for one call
/// of `train` serves the next.
#[derive(Default)]
pub struct Made(OnceLock<Arc<dyn Any + Send + Sync>>);

impl Made {
    /// What is held, or else `new` of it, which is held from there on.
    ///
    /// One thing is held: a `T` where another type is held is new each time.
    pub fn or<T: Any + Send + Sync>(&self, new: impl Fn() -> T) -> Arc<T> {
        let held = self.0.get_or_init(|| Arc::new(new()));
        Arc::clone(held).downcast().unwrap_or_else(|_| Arc::new(new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_not_made_again() {
        let made = Made::default();
        assert_eq!(*made.or(|| 1), 1);
        assert_eq!(*made.or(|| 2), 1);
        assert_eq!(*made.or(|| "another type"), "another type");
        assert_eq!(*made.or(|| 3), 1);
    }
}
