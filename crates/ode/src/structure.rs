//! Methods that keep something of the flow: its symplectic form, or the way back.

mod cubic;
mod leapfrog;
mod paired;
mod reversible;
mod reversible_heun;
mod reversible_rk;
mod separable;
mod splitting;
mod splitting_table;
mod symplectic;

pub use cubic::Cubic;
pub use leapfrog::{AsynchronousLeapfrog, LeapfrogMemory, LeapfrogMidpoint};
pub use paired::{Paired, PairedMemory, PairedPiece};
pub use reversible::Reversible;
pub use reversible_heun::{ReversibleHeun, ReversibleHeunMemory};
pub use reversible_rk::{ReversiblePiece, ReversibleRk, ReversibleRkMemory};
pub use separable::{SecondOrder, Separable, Separated};
pub use splitting::{Splitting, SplittingError};
pub use splitting_table::{
    BLANES_MOAN4, BLANES_MOAN6, FOREST_RUTH, RUTH3, SPLITTINGS, SYMPLECTIC_EULER, VERLET,
};
pub use symplectic::{Symplectic, SymplecticMemory, SymplecticPiece};
