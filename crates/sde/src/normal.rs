//! Pairs of standard normal numbers as a function of seed, node and entry.

use crate::philox::philox;
use std::f64::consts::FRAC_PI_2;

/// What normal numbers are drawn for: the seed and the member of an ensemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) seed: u64,
    pub(crate) member: u32,
}

impl Source {
    /// Fills `cosines` and `sines` (one of each a block) with the normals of one node.
    pub(crate) fn fill(self, node: u64, cosines: &mut [f64], sines: &mut [f64]) {
        pulp::Arch::new().dispatch(OneNode { source: self, node, cosines, sines });
    }

    /// The normals of the nodes of `family` under `root`.
    pub(crate) fn fill_family(self, root: u64, family: &Family, cosines: &mut [f64], sines: &mut [f64]) {
        pulp::Arch::new().dispatch(SomeNodes { source: self, root, family, cosines, sines });
    }

    /// Two independent normal numbers for a node and a block of entries:
    /// √(−2 ln u) (cos 2πv, sin 2πv) with u in (0, 1] and v in [0, 1), 52 bits each.
    ///
    /// G. E. P. Box and M. E. Muller, Ann. Math. Statist. 29 (1958) 610-611, doi:10.1214/aoms/1177706645.
    /// No branch, so that a loop of it compiles to SIMD, and no fused operation, so that every machine
    /// and every width of lanes gives the same bits.
    #[inline(always)]
    fn pair(self, node: u64, block: u64) -> (f64, f64) {
        let key = (self.seed as u32, (self.seed >> 32) as u32);
        let bits = philox([node & 0xFFFF_FFFF, node >> 32, block, u64::from(self.member)], key);
        let radius = (-2.0 * ln(2.0 - unit((bits[1] << 32) | bits[0]))).sqrt();
        let (cosine, sine) = cos_sin(4.0 * (unit((bits[3] << 32) | bits[2]) - 1.0));
        (radius * cosine, radius * sine)
    }
}

/// The pairs of one node.
struct OneNode<'a> {
    source: Source,
    node: u64,
    cosines: &'a mut [f64],
    sines: &'a mut [f64],
}

impl pulp::WithSimd for OneNode<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Self { source, node, cosines, sines } = self;
        let n = cosines.len();
        let sines = &mut sines[..n];
        for i in 0..n {
            (cosines[i], sines[i]) = source.pair(node, i as u64);
        }
    }
}

/// The nodes of some levels under one root, and the blocks of each: drawn together, for a tree over few
/// entries would leave SIMD lanes empty otherwise. The root is number 1, its children are 2 and 3; the
/// blocks of number k stand at `(k − 1) blocks`.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    /// Levels below the root.
    level: Vec<u64>,
    /// Place in the level.
    place: Vec<u64>,
    block: Vec<u64>,
}

impl Family {
    /// `2^levels` nodes, the first of the level below included, so that lanes come out even.
    pub(crate) fn new(levels: u32, blocks: usize) -> Self {
        let all = || (1..=1_u64 << levels).flat_map(move |k| (0..blocks as u64).map(move |block| (k, block)));
        Self {
            level: all().map(|(k, _)| u64::from(k.ilog2())).collect(),
            place: all().map(|(k, _)| k - (1 << k.ilog2())).collect(),
            block: all().map(|(_, block)| block).collect(),
        }
    }

    /// Pairs in all.
    pub(crate) fn size(&self) -> usize {
        self.block.len()
    }
}

/// The pairs of a family.
struct SomeNodes<'a> {
    source: Source,
    root: u64,
    family: &'a Family,
    cosines: &'a mut [f64],
    sines: &'a mut [f64],
}

impl pulp::WithSimd for SomeNodes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Self { source, root, family, cosines, sines } = self;
        let n = family.size();
        let (level, place, block) = (&family.level[..n], &family.place[..n], &family.block[..n]);
        let (cosines, sines) = (&mut cosines[..n], &mut sines[..n]);
        for i in 0..n {
            let node = (root << (level[i] & 63)) | place[i];
            (cosines[i], sines[i]) = source.pair(node, block[i]);
        }
    }
}

/// A number in [1, 2) from the upper 52 bits.
#[inline(always)]
fn unit(bits: u64) -> f64 {
    f64::from_bits((bits >> 12) | (1023 << 52))
}

/// Natural logarithm of a normal positive number up to 1, to an ulp: x = 2ᵏ(1 + f) with 1 + f in
/// [√½, √2), and the minimax polynomial of fdlibm in s = f / (2 + f).
#[inline(always)]
fn ln(x: f64) -> f64 {
    const ROOT_HALF: u64 = 0x3fe6_a09e_0000_0000;
    let bits = x.to_bits();
    // k + 1024, as the exponent field of the quotient.
    let shifted = (bits.wrapping_sub(ROOT_HALF).wrapping_add(1024 << 52)) >> 52;
    let k = f64::from_bits(shifted | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1024.0);
    let f = f64::from_bits(bits.wrapping_sub(shifted.wrapping_sub(1024) << 52)) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
    let odd = z
        * (0.6666666666666735
            + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
    let half = 0.5 * f * f;
    k * 0.6931471803691238 - ((half - (s * (half + even + odd) + k * 1.9082149292705877e-10)) - f)
}

/// Cosine and sine of `quarters` right angles, for `quarters` in [0, 4]: reduced to [−π/4, π/4] and the
/// polynomials of fdlibm.
#[inline(always)]
fn cos_sin(quarters: f64) -> (f64, f64) {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let rounded = quarters + ROUND;
    let quadrant = rounded.to_bits() & 3;
    let x = (quarters - (rounded - ROUND)) * FRAC_PI_2;
    let z = x * x;
    let sine = x + x
        * z
        * (-0.16666666666666632
            + z * (0.00833333333332249
                + z * (-0.0001984126982985795
                    + z * (2.7557313707070068e-06
                        + z * (-2.5050760253406863e-08 + z * 1.58969099521155e-10)))));
    let cosine = 1.0 - 0.5 * z
        + z * z
            * (0.0416666666666666
                + z * (-0.001388888888887411
                    + z * (2.480158728947673e-05
                        + z * (-2.7557314351390663e-07
                            + z * (2.087572321298175e-09 + z * -1.1359647557788195e-11)))));
    let odd = quadrant & 1 == 1;
    let (c, s) = if odd { (sine, cosine) } else { (cosine, sine) };
    let flip = |v: f64, sign: u64| f64::from_bits(v.to_bits() ^ (sign << 62));
    (flip(c, (quadrant + 1) & 2), flip(s, quadrant & 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_and_angles_agree_with_the_standard_library() {
        for i in 1..=100_000_u32 {
            let x = f64::from(i) / 100_000.0;
            for x in [x, x * 1e-9, f64::EPSILON * x.max(0.5)] {
                assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs(), "ln {x}");
            }
            let (c, s) = cos_sin(4.0 * x);
            let angle = 2.0 * std::f64::consts::PI * x;
            assert!((c - angle.cos()).abs() < 1e-15 && (s - angle.sin()).abs() < 1e-15, "at {x} turns");
        }
        assert_eq!((ln(1.0), cos_sin(0.0), cos_sin(2.0).0), (0.0, (1.0, 0.0), -1.0));
    }

    #[test]
    fn moments_and_tails_are_those_of_independent_normal_numbers() {
        let source = Source { seed: 11, member: 0 };
        const N: usize = 1 << 19;
        let (mut a, mut b) = (vec![0.0; N], vec![0.0; N]);
        source.fill(1, &mut a, &mut b);
        let mean =
            |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(&b).map(|(a, b)| f(*a, *b)).sum::<f64>() / N as f64;
        // Each bound is four standard errors of the mean it holds.
        let bound = |variance: f64| 4.0 * (variance / N as f64).sqrt();
        assert!(mean(&|a, _| a).abs() < bound(1.0));
        assert!(mean(&|_, b| b).abs() < bound(1.0));
        assert!((mean(&|a, _| a * a) - 1.0).abs() < bound(2.0));
        assert!((mean(&|_, b| b * b) - 1.0).abs() < bound(2.0));
        assert!(mean(&|a, b| a * b).abs() < bound(1.0));
        assert!((mean(&|a, b| a * a * b * b) - 1.0).abs() < bound(8.0));
        assert!((mean(&|a, _| a.powi(4)) - 3.0).abs() < bound(96.0));
        assert!((mean(&|_, b| b.powi(6)) - 15.0).abs() < bound(10170.0));
        // P(|a| > 3) = 0.0026998, P(a < 1) = 0.8413447.
        let share = |f: &dyn Fn(f64) -> bool| a.iter().filter(|a| f(**a)).count() as f64 / N as f64;
        assert!((share(&|a| a.abs() > 3.0) - 0.0026998).abs() < bound(0.0027));
        assert!((share(&|a| a < 1.0) - 0.8413447).abs() < bound(0.134));
        // Neighbours in the stream.
        let lag: f64 = a.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / N as f64;
        assert!(lag.abs() < bound(1.0));
    }

    #[test]
    fn batches_change_no_bit() {
        let source = Source { seed: 3, member: 9 };
        for blocks in [1, 2, 5] {
            let family = Family::new(3, blocks);
            let (mut c, mut s) = (vec![0.0; family.size()], vec![0.0; family.size()]);
            source.fill_family(6, &family, &mut c, &mut s);
            for (k, node) in [6, 12, 13, 24, 25, 26, 27].into_iter().enumerate() {
                let (mut one, mut two) = (vec![0.0; blocks], vec![0.0; blocks]);
                source.fill(node, &mut one, &mut two);
                assert_eq!(c[k * blocks..][..blocks], one);
                assert_eq!(s[k * blocks..][..blocks], two);
                // Compiled without the SIMD of this machine.
                for block in 0..blocks {
                    assert_eq!(source.pair(node, block as u64), (one[block], two[block]));
                }
            }
        }
    }
}
