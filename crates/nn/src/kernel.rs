//! The kernels that run at the speed of the machine, and the choice of instruction set at run time.

mod activate;
mod columns;
mod elementary;
mod gemm;
mod lane;

#[cfg(test)]
mod tests;

pub(crate) use activate::{activate, pull_activation};
pub(crate) use columns::add_column_sums;
pub(crate) use gemm::{Gemm, Left, Right, Start};
pub use lane::Lane;

use pulp::{Arch, WithSimd};

/// Lines of a packed panel: four vectors of the widest registers.
pub(crate) const PANEL: usize = 4;

/// The instructions to use: all that the machine has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine(Arch);

impl Machine {
    pub(crate) fn detect() -> Self {
        Self(Arch::new())
    }

    /// Every instruction set this machine can run, to hold them against each other.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self(Arch::Scalar)];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(pulp::x86::V3::try_new().map(|simd| Self(Arch::V3(simd))));
            all.extend(pulp::x86::V4::try_new().map(|simd| Self(Arch::V4(simd))));
        }
        all
    }

    #[inline]
    pub(crate) fn run<Op: WithSimd>(self, op: Op) -> Op::Output {
        self.0.dispatch(op)
    }
}
