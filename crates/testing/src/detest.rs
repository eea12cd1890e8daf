//! DETEST: the non-stiff problems every solver of differential equations was first tried on.
//!
//! T. E. Hull, W. H. Enright, B. M. Fellen & A. E. Sedgwick, SIAM J. Numer. Anal. 9 (1972) 603-637,
//! doi:10.1137/0709052; all but C5, the motion of five planets. End values at t = 20 by
//! Gragg-Bulirsch-Stoer extrapolation in 40 digits, with two step sizes that agree to 30.

use crate::{Problem, Solution};
use chreode_ode::Span;
use std::array::from_fn;

/// Where they all end.
const SPAN: Span = Span { t0: 0.0, t1: 20.0 };

/// Problem, and how its end value was found.
const ORIGIN: &str = "Hull, Enright, Fellen & Sedgwick, SIAM J. Numer. Anal. 9 (1972) 603-637; Gragg-Bulirsch-Stoer \
                      extrapolation in 40 digits, two step sizes agree to 30";

/// What is done with each problem of a set, whatever its size.
pub trait Visit {
    /// Called for each problem in turn.
    fn visit<const N: usize>(&mut self, problem: &Problem<N>);
}

/// Shows all DETEST problems to `visitor`, in their order.
pub fn detest(visitor: &mut impl Visit) {
    visitor.visit(&DETEST_A1);
    visitor.visit(&DETEST_A2);
    visitor.visit(&DETEST_A3);
    visitor.visit(&DETEST_A4);
    visitor.visit(&DETEST_A5);
    visitor.visit(&DETEST_B1);
    visitor.visit(&DETEST_B2);
    visitor.visit(&DETEST_B3);
    visitor.visit(&DETEST_B4);
    visitor.visit(&DETEST_B5);
    visitor.visit(&DETEST_C1);
    visitor.visit(&DETEST_C2);
    visitor.visit(&DETEST_C3);
    visitor.visit(&DETEST_C4);
    visitor.visit(&DETEST_D1);
    visitor.visit(&DETEST_D2);
    visitor.visit(&DETEST_D3);
    visitor.visit(&DETEST_D4);
    visitor.visit(&DETEST_D5);
    visitor.visit(&DETEST_E1);
    visitor.visit(&DETEST_E2);
    visitor.visit(&DETEST_E3);
    visitor.visit(&DETEST_E4);
    visitor.visit(&DETEST_E5);
}

/// Heat along N points, whose ends are kept at zero: yᵢ′ = yᵢ₋₁ − 2 yᵢ + yᵢ₊₁.
fn diffusion<const N: usize>(_t: f64, y: &[f64; N]) -> [f64; N] {
    from_fn(|i| {
        let left = if i == 0 { 0.0 } else { y[i - 1] };
        let right = if i + 1 == N { 0.0 } else { y[i + 1] };
        left - 2.0 * y[i] + right
    })
}

/// x″ = −x/r³, y″ = −y/r³: positions, then velocities.
fn two_bodies(_t: f64, y: &[f64; 4]) -> [f64; 4] {
    let r3 = y[0].hypot(y[1]).powi(3);
    [y[2], y[3], -y[0] / r3, -y[1] / r3]
}

/// One at the first of N points.
const fn spike<const N: usize>() -> [f64; N] {
    let mut y = [0.0; N];
    y[0] = 1.0;
    y
}

/// DETEST A1: exponential decay, y′ = −y.
pub const DETEST_A1: Problem<1> = Problem {
    name: "DETEST A1",
    field: |_, y| [-y[0]],
    span: SPAN,
    y0: [1.0],
    solution: Solution::End([2.061153622438558e-09]),
    origin: ORIGIN,
};

/// DETEST A2: a special Riccati equation, y′ = −y³/2.
pub const DETEST_A2: Problem<1> = Problem {
    name: "DETEST A2",
    field: |_, y| [-y[0].powi(3) / 2.0],
    span: SPAN,
    y0: [1.0],
    solution: Solution::End([0.2182178902359924]),
    origin: ORIGIN,
};

/// DETEST A3: an oscillation, y′ = y cos t.
pub const DETEST_A3: Problem<1> = Problem {
    name: "DETEST A3",
    field: |t, y| [y[0] * t.cos()],
    span: SPAN,
    y0: [1.0],
    solution: Solution::End([2.4916502718504145]),
    origin: ORIGIN,
};

/// DETEST A4: a logistic curve, y′ = y/4 (1 − y/20).
pub const DETEST_A4: Problem<1> = Problem {
    name: "DETEST A4",
    field: |_, y| [y[0] / 4.0 * (1.0 - y[0] / 20.0)],
    span: SPAN,
    y0: [1.0],
    solution: Solution::End([17.73016648131484]),
    origin: ORIGIN,
};

/// DETEST A5: a spiral, y′ = (y − t) / (y + t).
pub const DETEST_A5: Problem<1> = Problem {
    name: "DETEST A5",
    field: |t, y| [(y[0] - t) / (y[0] + t)],
    span: SPAN,
    y0: [4.0],
    solution: Solution::End([-0.7887826688964015]),
    origin: ORIGIN,
};

/// DETEST B1: two conflicting populations.
pub const DETEST_B1: Problem<2> = Problem {
    name: "DETEST B1",
    field: |_, y| [2.0 * (y[0] - y[0] * y[1]), -(y[1] - y[0] * y[1])],
    span: SPAN,
    y0: [1.0, 3.0],
    solution: Solution::End([0.6761876008576606, 0.18608160996400297]),
    origin: ORIGIN,
};

/// DETEST B2: a linear chemical reaction.
pub const DETEST_B2: Problem<3> = Problem {
    name: "DETEST B2",
    field: |_, y| [-y[0] + y[1], y[0] - 2.0 * y[1] + y[2], y[1] - y[2]],
    span: SPAN,
    y0: [2.0, 0.0, 1.0],
    solution: Solution::End([1.0000000010305767, 1.0, 0.9999999989694232]),
    origin: ORIGIN,
};

/// DETEST B3: a nonlinear chemical reaction.
pub const DETEST_B3: Problem<3> = Problem {
    name: "DETEST B3",
    field: |_, y| [-y[0], y[0] - y[1] * y[1], y[1] * y[1]],
    span: SPAN,
    y0: [1.0, 0.0, 0.0],
    solution: Solution::End([2.061153622438558e-09, 0.05257228022048512, 0.9474277177183612]),
    origin: ORIGIN,
};

/// DETEST B4: the integral surface of a torus.
pub const DETEST_B4: Problem<3> = Problem {
    name: "DETEST B4",
    field: |_, y| {
        let r = y[0].hypot(y[1]);
        [-y[1] - y[0] * y[2] / r, y[0] - y[1] * y[2] / r, y[0] / r]
    },
    span: SPAN,
    y0: [3.0, 0.0, 0.0],
    solution: Solution::End([0.982695092800653, 2.1984470816949298, 0.9129452507276277]),
    origin: ORIGIN,
};

/// DETEST B5: Euler's equations of a rigid body.
pub const DETEST_B5: Problem<3> = Problem {
    name: "DETEST B5",
    field: |_, y| [y[1] * y[2], -y[0] * y[2], -0.51 * y[0] * y[1]],
    span: SPAN,
    y0: [0.0, 1.0, 1.0],
    solution: Solution::End([-0.9396570798729204, -0.34211777540007493, 0.7414126596199953]),
    origin: ORIGIN,
};

/// DETEST C1: a radioactive decay chain.
pub const DETEST_C1: Problem<10> = Problem {
    name: "DETEST C1",
    field: |_, y| {
        from_fn(|i| {
            let gain = if i == 0 { 0.0 } else { y[i - 1] };
            gain - if i == 9 { 0.0 } else { y[i] }
        })
    },
    span: SPAN,
    y0: spike(),
    solution: Solution::End([
        2.061153622438558e-09,
        4.122307244877116e-08,
        4.122307244877116e-07,
        2.7482048299180773e-06,
        1.3741024149590386e-05,
        5.496409659836154e-05,
        0.0001832136553278718,
        0.0005234675866510623,
        0.0013086689666276558,
        0.997912740950865,
    ]),
    origin: ORIGIN,
};

/// DETEST C2: another, with rates 1 to 9.
pub const DETEST_C2: Problem<10> = Problem {
    name: "DETEST C2",
    field: |_, y| {
        from_fn(|i| {
            let gain = if i == 0 { 0.0 } else { i as f64 * y[i - 1] };
            gain - if i == 9 { 0.0 } else { (i + 1) as f64 * y[i] }
        })
    },
    span: SPAN,
    y0: spike(),
    solution: Solution::End([
        2.061153622438558e-09,
        2.0611536181902037e-09,
        2.061153613941849e-09,
        2.061153609693495e-09,
        2.061153605445141e-09,
        2.061153601196787e-09,
        2.0611535969484323e-09,
        2.061153592700078e-09,
        2.061153588451724e-09,
        0.9999999814496175,
    ]),
    origin: ORIGIN,
};

/// DETEST C3: diffusion along 10 points.
pub const DETEST_C3: Problem<10> = Problem {
    name: "DETEST C3",
    field: diffusion,
    span: SPAN,
    y0: spike(),
    solution: Solution::End([
        0.0029481192110226992,
        0.005635380154845296,
        0.007829072515927038,
        0.009348257908595597,
        0.010079436103019805,
        0.009982674171429489,
        0.009088693332765333,
        0.007489115195185085,
        0.005322964130952675,
        0.0027624343790295146,
    ]),
    origin: ORIGIN,
};

/// DETEST C4: diffusion along 51 points.
pub const DETEST_C4: Problem<51> = Problem {
    name: "DETEST C4",
    field: diffusion,
    span: SPAN,
    y0: spike(),
    solution: Solution::End([
        0.003124111453722103,
        0.006015416842151323,
        0.00847002183484361,
        0.010336829317333924,
        0.011532495728739203,
        0.012045495257379123,
        0.011929570680152192,
        0.011288832071111289,
        0.01025804501390988,
        0.00898201758193417,
        0.007597500902492728,
        0.006219920556825367,
        0.004935916341009462,
        0.003801432544256305,
        0.00284421367758792,
        0.0020691233942225834,
        0.0014646872828437804,
        0.001009545263941004,
        0.0006779354330226245,
        0.00044378152691182426,
        0.00028332645429390634,
        0.00017650057987970974,
        0.000107334259269755,
        6.374497601779555e-05,
        3.6986453097054486e-05,
        2.097466832644101e-05,
        1.1629567104123481e-05,
        6.306710405778984e-06,
        3.3462864308642114e-06,
        1.737760074181166e-06,
        8.83536690425763e-07,
        4.39952041112023e-07,
        2.1461818971516788e-07,
        1.0259812116573905e-07,
        4.8078640688165e-08,
        2.2091751525026646e-08,
        9.956251263332034e-09,
        4.402193653863075e-09,
        1.910149382259889e-09,
        8.13589292167481e-10,
        3.402477118567461e-10,
        1.3974856174900842e-10,
        5.638575302337239e-11,
        2.235459707341519e-11,
        8.710498031903506e-12,
        3.3365542723879094e-12,
        1.2566795659787626e-12,
        4.654359042757128e-13,
        1.6935591399749388e-13,
        5.996593788386712e-14,
        1.8913306910279898e-14,
    ]),
    origin: ORIGIN,
};

/// DETEST D1: two bodies, eccentricity 0.1.
pub const DETEST_D1: Problem<4> = Problem {
    name: "DETEST D1",
    field: two_bodies,
    span: SPAN,
    y0: [0.9, 0.0, 0.0, 1.1055415967851332],
    solution: Solution::End([
        0.21988353520083967,
        0.9427076846341813,
        -0.9787659841058176,
        0.3287977990962036,
    ]),
    origin: ORIGIN,
};

/// DETEST D2: two bodies, eccentricity 0.3.
pub const DETEST_D2: Problem<4> = Problem {
    name: "DETEST D2",
    field: two_bodies,
    span: SPAN,
    y0: [0.7, 0.0, 0.0, 1.3627702877384937],
    solution: Solution::End([
        -0.17770273571404116,
        0.9467784719905893,
        -1.0302941631929696,
        0.12110748900539521,
    ]),
    origin: ORIGIN,
};

/// DETEST D3: two bodies, eccentricity 0.5.
pub const DETEST_D3: Problem<4> = Problem {
    name: "DETEST D3",
    field: two_bodies,
    span: SPAN,
    y0: [0.5, 0.0, 0.0, 1.7320508075688772],
    solution: Solution::End([
        -0.5780432953035362,
        0.8633840009194192,
        -0.9595083730380727,
        -0.06504915126712091,
    ]),
    origin: ORIGIN,
};

/// DETEST D4: two bodies, eccentricity 0.7.
pub const DETEST_D4: Problem<4> = Problem {
    name: "DETEST D4",
    field: two_bodies,
    span: SPAN,
    y0: [0.3, 0.0, 0.0, 2.3804761428476167],
    solution: Solution::End([
        -0.9538990293416394,
        0.6907409024219432,
        -0.8212674270877434,
        -0.15395742591258246,
    ]),
    origin: ORIGIN,
};

/// DETEST D5: two bodies, eccentricity 0.9.
pub const DETEST_D5: Problem<4> = Problem {
    name: "DETEST D5",
    field: two_bodies,
    span: SPAN,
    y0: [0.1, 0.0, 0.0, 4.358898943540674],
    solution: Solution::End([
        -1.2952662509875743,
        0.4003938963792322,
        -0.6775390924707566,
        -0.12708381542786862,
    ]),
    origin: ORIGIN,
};

/// DETEST E1: Bessel's equation of order 1/2, from t + 1 = 1.
pub const DETEST_E1: Problem<2> = Problem {
    name: "DETEST E1",
    field: |t, y| [y[1], -(y[1] / (t + 1.0) + (1.0 - 0.25 / (t + 1.0).powi(2)) * y[0])],
    span: SPAN,
    y0: [0.6713967071418031, 0.09540051444747454],
    solution: Solution::End([0.1456723600728247, -0.0988350019557458]),
    origin: ORIGIN,
};

/// DETEST E2: Van der Pol's equation, μ = 1.
pub const DETEST_E2: Problem<2> = Problem {
    name: "DETEST E2",
    field: |_, y| [y[1], (1.0 - y[0] * y[0]) * y[1] - y[0]],
    span: SPAN,
    y0: [2.0, 0.0],
    solution: Solution::End([2.0081497621749484, -0.04250887527320215]),
    origin: ORIGIN,
};

/// DETEST E3: Duffing's equation.
pub const DETEST_E3: Problem<2> = Problem {
    name: "DETEST E3",
    field: |t, y| [y[1], y[0].powi(3) / 6.0 - y[0] + 2.0 * (2.78535 * t).sin()],
    span: SPAN,
    y0: [0.0, 0.0],
    solution: Solution::End([-0.10041788586472407, 0.24114001320959555]),
    origin: ORIGIN,
};

/// DETEST E4: a falling body.
pub const DETEST_E4: Problem<2> = Problem {
    name: "DETEST E4",
    field: |_, y| [y[1], 0.032 - 0.4 * y[1] * y[1]],
    span: SPAN,
    y0: [30.0, 0.0],
    solution: Solution::End([33.95091444646556, 0.2767822659672868]),
    origin: ORIGIN,
};

/// DETEST E5: linear pursuit.
pub const DETEST_E5: Problem<2> = Problem {
    name: "DETEST E5",
    field: |t, y| [y[1], (1.0 + y[1] * y[1]).sqrt() / (25.0 - t)],
    span: SPAN,
    y0: [0.0, 0.0],
    solution: Solution::End([14.117973905426254, 2.4]),
    origin: ORIGIN,
};
