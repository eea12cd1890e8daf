//! Kennedy and Carpenter's pair of orders 3 and 2, additive.

use crate::{Embedded, ImexTableau, ImplicitCoefficients, ImplicitTableau};

const G: f64 = 1_767_732_205_903.0 / 4_055_673_282_236.0;

const C: &[f64] = &[0.0, G + G, 0.6, 1.0];

const B: &[f64] = &[
    1_471_266_399_579.0 / 7_840_856_788_654.0,
    -4_482_444_167_858.0 / 7_529_755_066_697.0,
    11_266_239_266_428.0 / 11_593_286_722_821.0,
    G,
];

const B_HAT: &[f64] = &[
    2_756_255_671_327.0 / 12_835_298_489_170.0,
    -10_771_552_573_575.0 / 22_201_958_757_719.0,
    9_247_589_265_047.0 / 10_645_013_368_117.0,
    2_193_209_047_091.0 / 5_459_859_503_100.0,
];

const ERROR: &[f64] = &[B[0] - B_HAT[0], B[1] - B_HAT[1], B[2] - B_HAT[2], B[3] - B_HAT[3]];

const EXPLICIT: &[&[f64]] = &[
    &[],
    &[G + G],
    &[5_535_828_885_825.0 / 10_492_691_773_637.0, 788_022_342_437.0 / 10_882_634_858_940.0],
    &[
        6_485_989_280_629.0 / 16_251_701_735_622.0,
        -4_246_266_847_089.0 / 9_704_473_918_619.0,
        10_755_448_449_292.0 / 10_357_097_424_841.0,
    ],
];

const IMPLICIT: &[&[f64]] = &[
    &[0.0],
    &[G, G],
    &[2_746_238_789_719.0 / 10_658_868_560_708.0, -640_167_445_237.0 / 6_845_629_431_997.0, G],
    B,
];

const DENSE: &[&[f64]] = &[
    &[4_655_552_711_362.0 / 22_874_653_954_995.0, -215_264_564_351.0 / 13_552_729_205_753.0],
    &[-18_682_724_506_714.0 / 9_892_148_508_045.0, 17_870_216_137_069.0 / 13_817_060_693_119.0],
    &[34_259_539_580_243.0 / 13_192_909_600_954.0, -28_141_676_662_227.0 / 17_317_692_491_321.0],
    &[584_795_268_549.0 / 6_622_622_206_610.0, 2_508_943_948_391.0 / 7_218_656_332_882.0],
];

const IMPLICIT_PART: ImplicitCoefficients = ImplicitCoefficients {
    name: "esdirk32",
    order: 3,
    c: C,
    a: IMPLICIT,
    b: B,
    embedded: Some(Embedded { error: ERROR, order: 2 }),
    dense: None,
};

/// `ARK3(2)4L[2]SA`: order 3 with a 2nd-order estimate, 4 stages, for problems that are
/// [`Split`](crate::Split) into an explicit and an implicit part; the implicit one is stiffly accurate and
/// L-stable. Dense output of order 2.
///
/// C. A. Kennedy, M. H. Carpenter, Appl. Numer. Math. 44 (2003) 139-181,
/// doi:10.1016/S0168-9274(02)00138-1.
pub const KENCARP3: ImexTableau = ImexTableau::checked(
    "kencarp3",
    EXPLICIT,
    ImplicitTableau::checked(ImplicitCoefficients { dense: Some(DENSE), ..IMPLICIT_PART }),
);

/// The implicit part of `ARK3(2)4L[2]SA` alone: order 3, 3 implicit stages, stiffly accurate, L-stable.
///
/// C. A. Kennedy, M. H. Carpenter, Appl. Numer. Math. 44 (2003) 139-181,
/// doi:10.1016/S0168-9274(02)00138-1.
pub const ESDIRK32: ImplicitTableau = ImplicitTableau::checked(IMPLICIT_PART);
