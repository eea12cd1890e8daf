//! The choice of instruction set at run time.

use pulp::{Arch, WithSimd};

/// The instructions to use.
#[derive(Clone, Copy, Debug)]
pub struct Machine(Arch);

impl Machine {
    /// All that the machine has.
    pub fn detect() -> Self {
        Self(Arch::new())
    }

    /// Every instruction set this machine can run, to hold them against each other; plain numbers first.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self(Arch::Scalar)];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(pulp::x86::V3::try_new().map(|simd| Self(Arch::V3(simd))));
            all.extend(pulp::x86::V4::try_new().map(|simd| Self(Arch::V4(simd))));
        }
        all
    }

    /// Runs `op` on these instructions.
    #[inline]
    pub fn run<Op: WithSimd>(self, op: Op) -> Op::Output {
        self.0.dispatch(op)
    }
}
