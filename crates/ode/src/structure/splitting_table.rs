//! The splittings, one constant each: its coefficients, its source.
//!
//! The symmetric ones begin and end with a kick: the last force of a step is the first of the next.

use super::Splitting;

/// Semi-implicit (symplectic) Euler: a kick, then a drift with the new momentum. Order 1, one force a
/// step.
///
/// R. de Vogelaere, Methods of integration which preserve the contact transformation property of the
/// Hamilton equations, Univ. Notre Dame Report 4 (1956); Hairer, Lubich & Wanner, I.1.2.
pub const SYMPLECTIC_EULER: Splitting = Splitting::checked("symplectic euler", 1, &[0.0, 1.0], &[1.0, 0.0]);

/// Velocity Verlet (Störmer-Verlet, kick-drift-kick leapfrog): order 2, symmetric, one force a step.
///
/// L. Verlet, Phys. Rev. 159 (1967) 98-103, doi:10.1103/PhysRev.159.98; W. C. Swope et al., J. Chem.
/// Phys. 76 (1982) 637-649, doi:10.1063/1.442716.
pub const VERLET: Splitting = Splitting::checked("verlet", 2, &[0.0, 1.0], &[0.5, 0.5]);

/// Ruth's method of order 3: three forces a step.
///
/// R. D. Ruth, IEEE Trans. Nucl. Sci. 30 (1983) 2669-2671, doi:10.1109/TNS.1983.4332919.
pub const RUTH3: Splitting =
    Splitting::checked("ruth3", 3, &[1.0, -2.0 / 3.0, 2.0 / 3.0], &[-1.0 / 24.0, 3.0 / 4.0, 7.0 / 24.0]);

/// 1 / (2 − ∛2) and 1 minus twice that: the triple jump.
const JUMP: [f64; 2] = [1.3512071919596578, -1.7024143839193153];

/// Forest and Ruth's method, Yoshida's triple jump of Verlet's: order 4, symmetric, three forces a step.
///
/// É. Forest and R. D. Ruth, Physica D 43 (1990) 105-117, doi:10.1016/0167-2789(90)90019-L;
/// H. Yoshida, Phys. Lett. A 150 (1990) 262-268, doi:10.1016/0375-9601(90)90092-3.
pub const FOREST_RUTH: Splitting = Splitting::checked(
    "forest-ruth",
    4,
    &[0.0, JUMP[0], JUMP[1], JUMP[0]],
    &[0.5 * JUMP[0], 0.5 * (JUMP[0] + JUMP[1]), 0.5 * (JUMP[0] + JUMP[1]), 0.5 * JUMP[0]],
);

const B4: [f64; 3] = [0.0792036964311957, 0.353172906049774, -0.0420650803577195];
const A4: [f64; 2] = [0.209515106613362, -0.143851773179818];
const A4_MIDDLE: f64 = 0.5 - A4[0] - A4[1];
const B4_MIDDLE: f64 = 1.0 - 2.0 * (B4[0] + B4[1] + B4[2]);

/// Blanes and Moan's S₆: order 4, symmetric, six forces a step; more exact than Forest and Ruth's at
/// equal cost.
///
/// S. Blanes and P. C. Moan, J. Comput. Appl. Math. 142 (2002) 313-330,
/// doi:10.1016/S0377-0427(01)00492-7, table 2.
pub const BLANES_MOAN4: Splitting = Splitting::checked(
    "blanes-moan4",
    4,
    &[0.0, A4[0], A4[1], A4_MIDDLE, A4_MIDDLE, A4[1], A4[0]],
    &[B4[0], B4[1], B4[2], B4_MIDDLE, B4[2], B4[1], B4[0]],
);

const B6: [f64; 5] =
    [0.0502627644003922, 0.413514300428344, 0.0450798897943977, -0.188054853819569, 0.541960678450780];
const A6: [f64; 4] = [0.148816447901042, -0.132385865767784, 0.067307604692185, 0.432666402578175];
const A6_MIDDLE: f64 = 0.5 - A6[0] - A6[1] - A6[2] - A6[3];
const B6_MIDDLE: f64 = 1.0 - 2.0 * (B6[0] + B6[1] + B6[2] + B6[3] + B6[4]);

/// Blanes and Moan's S₁₀: order 6, symmetric, ten forces a step.
///
/// S. Blanes and P. C. Moan, J. Comput. Appl. Math. 142 (2002) 313-330,
/// doi:10.1016/S0377-0427(01)00492-7, table 2.
pub const BLANES_MOAN6: Splitting = Splitting::checked(
    "blanes-moan6",
    6,
    &[0.0, A6[0], A6[1], A6[2], A6[3], A6_MIDDLE, A6_MIDDLE, A6[3], A6[2], A6[1], A6[0]],
    &[B6[0], B6[1], B6[2], B6[3], B6[4], B6_MIDDLE, B6[4], B6[3], B6[2], B6[1], B6[0]],
);

/// Every splitting of this crate, by order.
pub const SPLITTINGS: &[Splitting] =
    &[SYMPLECTIC_EULER, VERLET, RUTH3, FOREST_RUTH, BLANES_MOAN4, BLANES_MOAN6];
