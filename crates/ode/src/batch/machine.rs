//! The choice of instruction set at run time.

use pulp::{Arch, WithSimd};

/// The instructions to use: all that the machine has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine(Arch);

impl Machine {
    pub(crate) fn detect() -> Self {
        Self(Arch::new())
    }

    #[inline]
    pub(crate) fn run<Op: WithSimd>(self, op: Op) -> Op::Output {
        self.0.dispatch(op)
    }
}
