//! Stiff problems with reference solutions, written once for any scalar.
//!
//! Reference values are those of the Test Set for Initial Value Problem Solvers, release 2.4: F. Mazzia,
//! C. Magherini, University of Bari, 2008, as given in the package deTestSet.

use chreode_ode::{Formula, Scalar, Span};

/// A stiff initial value problem and its state at the end.
#[derive(Clone, Copy, Debug)]
pub struct StiffProblem<F, const N: usize> {
    /// Its name.
    pub name: &'static str,
    /// dy/dt = formula(t, y).
    pub formula: F,
    /// From where to where.
    pub span: Span,
    /// The state at the start.
    pub y0: [f64; N],
    /// The state at the end, with 13 digits or more.
    pub end: [f64; N],
    /// Where problem and solution come from.
    pub origin: &'static str,
}

impl<F, const N: usize> StiffProblem<F, N> {
    /// The largest relative deviation of an entry of `y` from the state at the end; entries below `least`
    /// count in parts of it.
    pub fn deviation(&self, y: &[f64; N], least: f64) -> f64 {
        let part = |(y, exact): (&f64, f64)| (y - exact).abs() / exact.abs().max(least);
        y.iter().zip(self.end).map(part).fold(0.0, f64::max)
    }
}

/// x″ = μ (1 − x²) x′ − x.
#[derive(Clone, Copy, Debug)]
pub struct VanDerPol {
    /// μ.
    pub mu: f64,
}

impl Formula for VanDerPol {
    #[inline]
    fn formula<S: Scalar>(&self, _t: S, y: &[S], dy: &mut [S]) {
        dy[0] = y[1];
        dy[1] = (S::from(1.0) - y[0] * y[0]) * y[1] * self.mu - y[0];
    }
}

/// Van der Pol's oscillator with μ = 1000 over [0, 2000], a little more than one period.
pub const VAN_DER_POL: StiffProblem<VanDerPol, 2> = StiffProblem {
    name: "Van der Pol, mu = 1000",
    formula: VanDerPol { mu: 1000.0 },
    span: Span { t0: 0.0, t1: 2000.0 },
    y0: [2.0, 0.0],
    end: [0.1706167732170469e1, -0.8928097010248125e-3],
    origin: "B. van der Pol, Phil. Mag. 2 (1926); Test Set for IVP Solvers, problem VDPOL",
};

/// Robertson's three reactions.
#[derive(Clone, Copy, Debug)]
pub struct Robertson;

impl Formula for Robertson {
    #[inline]
    fn formula<S: Scalar>(&self, _t: S, y: &[S], dy: &mut [S]) {
        let (first, second) = (y[1] * y[2] * 1e4 - y[0] * 0.04, y[1] * y[1] * 3e7);
        dy[0] = first;
        dy[1] = -first - second;
        dy[2] = second;
    }
}

/// Robertson's problem over [0, 1e11].
pub const ROBERTSON: StiffProblem<Robertson, 3> = StiffProblem {
    name: "Robertson",
    formula: Robertson,
    span: Span { t0: 0.0, t1: 1e11 },
    y0: [1.0, 0.0, 0.0],
    end: [0.2083340149701255e-7, 0.8333360770334713e-13, 0.999999979166505],
    origin: "H. H. Robertson, in Numerical Analysis: An Introduction (1966); Test Set, problem ROBER",
};

/// High irradiance responses of photomorphogenesis.
#[derive(Clone, Copy, Debug)]
pub struct Hires;

impl Formula for Hires {
    #[inline]
    fn formula<S: Scalar>(&self, _t: S, y: &[S], dy: &mut [S]) {
        let bound = y[5] * y[7] * 280.0;
        dy[0] = y[0] * -1.71 + y[1] * 0.43 + y[2] * 8.32 + 0.0007;
        dy[1] = y[0] * 1.71 - y[1] * 8.75;
        dy[2] = y[2] * -10.03 + y[3] * 0.43 + y[4] * 0.035;
        dy[3] = y[1] * 8.32 + y[2] * 1.71 - y[3] * 1.12;
        dy[4] = y[4] * -1.745 + (y[5] + y[6]) * 0.43;
        dy[5] = y[3] * 0.69 + y[4] * 1.71 - y[5] * 0.43 + y[6] * 0.69 - bound;
        dy[6] = bound - y[6] * 1.81;
        dy[7] = y[6] * 1.81 - bound;
    }
}

/// The problem HIRES over [0, 321.8122].
pub const HIRES: StiffProblem<Hires, 8> = StiffProblem {
    name: "HIRES",
    formula: Hires,
    span: Span { t0: 0.0, t1: 321.8122 },
    y0: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0057],
    end: [
        0.7371312573325668e-3,
        0.1442485726316185e-3,
        0.5888729740967575e-4,
        0.1175651343283149e-2,
        0.2386356198831331e-2,
        0.6238968252742796e-2,
        0.2849998395185769e-2,
        0.2850001604814231e-2,
    ],
    origin: "E. Schaefer, J. Math. Biol. 2 (1975) 41-56; Test Set, problem HIRES",
};

/// The oregonator: bromide, bromous acid, cerium.
#[derive(Clone, Copy, Debug)]
pub struct Oregonator;

impl Formula for Oregonator {
    #[inline]
    fn formula<S: Scalar>(&self, _t: S, y: &[S], dy: &mut [S]) {
        dy[0] = (y[1] - y[0] * y[1] + y[0] - y[0] * y[0] * 8.375e-6) * 77.27;
        dy[1] = (y[2] - (y[0] + 1.0) * y[1]) / 77.27;
        dy[2] = (y[0] - y[2]) * 0.161;
    }
}

/// The problem OREGO over [0, 360].
pub const OREGONATOR: StiffProblem<Oregonator, 3> = StiffProblem {
    name: "Oregonator",
    formula: Oregonator,
    span: Span { t0: 0.0, t1: 360.0 },
    y0: [1.0, 2.0, 3.0],
    end: [0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3],
    origin: "R. J. Field, R. M. Noyes, J. Chem. Phys. 60 (1974) 1877-1884; Test Set, problem OREGO",
};

/// A model of chemical pyrolysis.
#[derive(Clone, Copy, Debug)]
pub struct Pyrolysis;

impl Formula for Pyrolysis {
    #[inline]
    fn formula<S: Scalar>(&self, _t: S, y: &[S], dy: &mut [S]) {
        let first = y[0] * 7.89e-10;
        let second = y[0] * y[2] * 1.1e7;
        let third = y[1] * y[2] * 1.13e9;
        let fourth = y[3] * 1.13e3;
        dy[0] = -first - second;
        dy[1] = first - third;
        dy[3] = second - fourth;
        dy[2] = dy[1] - dy[3];
    }
}

/// The problem E5 over [0, 1e13]. Its entries are tiny: give an absolute tolerance of 1e-24 or so.
///
/// With steps of 1e12 the matrix `1/(hγ) − J` adds 1e-12 to entries of 1e3, which rounding swallows: methods
/// that do not iterate lose the invariant y₂ − y₃ − y₄ and with it the last state.
pub const E5: StiffProblem<Pyrolysis, 4> = StiffProblem {
    name: "E5",
    formula: Pyrolysis,
    span: Span { t0: 0.0, t1: 1e13 },
    y0: [1.76e-3, 0.0, 0.0, 0.0],
    end: [0.1152903278711829e-290, 0.886765551764212e-22, 0.8854814626268838e-22, 0.0],
    origin: "W. H. Enright, T. E. Hull, B. Lindberg, BIT 15 (1975) 10-48; Test Set, problem E5",
};

/// The chemistry of air pollution: 25 reactions of 20 species.
#[derive(Clone, Copy, Debug)]
pub struct Pollution;

impl Formula for Pollution {
    #[inline]
    fn formula<S: Scalar>(&self, _t: S, y: &[S], dy: &mut [S]) {
        let [y1, y2, y3, y4, y5, y6, y7, _, y9, y10, y11, _, y13, y14, _, y16, y17, _, y19, y20] = *y else {
            // Not a state of this problem: no slope is right.
            return dy.fill(S::from(f64::NAN));
        };
        let r1 = y1 * 0.35;
        let r2 = y2 * y4 * 26.6;
        let r3 = y5 * y2 * 12_300.0;
        let r4 = y7 * 0.000_86;
        let r5 = y7 * 0.000_82;
        let r6 = y7 * y6 * 15_000.0;
        let r7 = y9 * 0.000_13;
        let r8 = y9 * y6 * 24_000.0;
        let r9 = y11 * y2 * 16_500.0;
        let r10 = y11 * y1 * 9_000.0;
        let r11 = y13 * 0.022;
        let r12 = y10 * y2 * 12_000.0;
        let r13 = y14 * 1.88;
        let r14 = y1 * y6 * 16_300.0;
        let r15 = y3 * 4.8e6;
        let r16 = y4 * 0.000_35;
        let r17 = y4 * 0.0175;
        let r18 = y16 * 1e8;
        let r19 = y16 * 4.44e11;
        let r20 = y17 * y6 * 1_240.0;
        let r21 = y19 * 2.1;
        let r22 = y19 * 5.78;
        let r23 = y1 * y4 * 0.0474;
        let r24 = y19 * y1 * 1_780.0;
        let r25 = y20 * 3.12;
        dy[0] = r2 + r3 + r9 + r11 + r12 + r22 + r25 - (r1 + r10 + r14 + r23 + r24);
        dy[1] = r1 + r21 - (r2 + r3 + r9 + r12);
        dy[2] = r1 + r17 + r19 + r22 - r15;
        dy[3] = r15 - (r2 + r16 + r17 + r23);
        dy[4] = r4 + r4 + r6 + r7 + r13 + r20 - r3;
        dy[5] = r3 + r18 + r18 - (r6 + r8 + r14 + r20);
        dy[6] = r13 - (r4 + r5 + r6);
        dy[7] = r4 + r5 + r6 + r7;
        dy[8] = -(r7 + r8);
        dy[9] = r7 + r9 - r12;
        dy[10] = r8 + r11 - (r9 + r10);
        dy[11] = r9;
        dy[12] = r10 - r11;
        dy[13] = r12 - r13;
        dy[14] = r14;
        dy[15] = r16 - (r18 + r19);
        dy[16] = -r20;
        dy[17] = r20;
        dy[18] = r23 + r25 - (r21 + r22 + r24);
        dy[19] = r24 - r25;
    }
}

/// The problem POLLUTION over [0, 60].
pub const POLLUTION: StiffProblem<Pollution, 20> = StiffProblem {
    name: "POLLUTION",
    formula: Pollution,
    span: Span { t0: 0.0, t1: 60.0 },
    y0: [
        0.0, 0.2, 0.0, 0.04, 0.0, 0.0, 0.1, 0.3, 0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.007, 0.0, 0.0,
        0.0,
    ],
    end: [
        0.5646255480022769e-01,
        0.1342484130422339,
        0.4139734331099427e-08,
        0.5523140207484359e-02,
        0.2018977262302196e-06,
        0.1464541863493966e-06,
        0.7784249118997964e-01,
        0.3245075353396018,
        0.7494013383880406e-02,
        0.1622293157301561e-07,
        0.1135863833257075e-07,
        0.2230505975721359e-02,
        0.208716288279863e-03,
        0.1396921016840158e-04,
        0.8964884856898295e-02,
        0.4352846369330103e-17,
        0.6899219696263405e-02,
        0.1007803037365946e-03,
        0.1772146513969984e-05,
        0.5682943292316392e-04,
    ],
    origin: "J. G. Verwer, SIAM J. Sci. Comput. 15 (1994) 1243-1250; Test Set, problem POLLUTION",
};
