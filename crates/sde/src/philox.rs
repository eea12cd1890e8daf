//! Philox4x32-10: random bits as a function of a counter and a key.
//!
//! J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, Parallel random numbers: as easy as 1, 2, 3,
//! SC'11, doi:10.1145/2063384.2063405. No state, so nothing to share, to advance or to lock.

const MULTIPLIERS: (u64, u64) = (0xD251_1F53, 0xCD9E_8D57);
const WEYL: (u32, u32) = (0x9E37_79B9, 0xBB67_AE85);
const LOW: u64 = 0xFFFF_FFFF;

/// Ten rounds. Each word is 32 bits in the low half of a `u64`, so that a product of two needs no wider
/// type and a loop over counters compiles to SIMD multiplications.
#[inline(always)]
pub(crate) fn philox(counter: [u64; 4], key: (u32, u32)) -> [u64; 4] {
    let [mut a, mut b, mut c, mut d] = counter;
    let (mut k0, mut k1) = key;
    macro_rules! rounds {
        ($($round:literal)*) => {$(
            let _: u8 = $round;
            let (first, second) = ((a & LOW) * MULTIPLIERS.0, (c & LOW) * MULTIPLIERS.1);
            (a, b, c, d) =
                ((second >> 32) ^ b ^ u64::from(k0), second & LOW, (first >> 32) ^ d ^ u64::from(k1), first & LOW);
            k0 = k0.wrapping_add(WEYL.0);
            k1 = k1.wrapping_add(WEYL.1);
        )*};
    }
    rounds!(1 2 3 4 5 6 7 8 9 10);
    let _ = (k0, k1);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors published with Random123 1.09, file `kat_vectors`, rows `philox4x32 10`.
    #[test]
    fn the_published_vectors_come_out() {
        let ones = u32::MAX;
        let vectors: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
            ([0; 4], [0; 2], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]),
            ([ones; 4], [ones; 2], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
            (
                [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
                [0xa4093822, 0x299f31d0],
                [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
            ),
        ];
        for (counter, key, expected) in vectors {
            assert_eq!(philox(counter.map(u64::from), (key[0], key[1])), expected.map(u64::from));
        }
    }
}
