//! Philox4x32-10: random bits as a function of a counter and a key, eight counters at a time.
//!
//! J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, Parallel random numbers: as easy as 1, 2, 3,
//! SC'11, doi:10.1145/2063384.2063405. No state, so nothing to share, to advance or to lock.

/// Counters handled together; a multiple of every SIMD width in use.
pub(crate) const LANES: usize = 8;

/// A value in each lane.
pub(crate) type Words = [u64; LANES];

const MULTIPLIERS: (u64, u64) = (0xD251_1F53, 0xCD9E_8D57);
const WEYL: (u32, u32) = (0x9E37_79B9, 0xBB67_AE85);
const LOW: u64 = 0xFFFF_FFFF;

/// Ten rounds. Each word is 32 bits in the low half of a `u64`, so that a product of two needs no wider
/// type and compiles to one SIMD multiplication.
#[inline(always)]
pub(crate) fn philox(mut counter: [Words; 4], key: (u32, u32)) -> [Words; 4] {
    let (mut k0, mut k1) = key;
    for _ in 0..10 {
        let mut next = [[0; LANES]; 4];
        for i in 0..LANES {
            let first = (counter[0][i] & LOW) * MULTIPLIERS.0;
            let second = (counter[2][i] & LOW) * MULTIPLIERS.1;
            next[0][i] = (second >> 32) ^ counter[1][i] ^ u64::from(k0);
            next[1][i] = second & LOW;
            next[2][i] = (first >> 32) ^ counter[3][i] ^ u64::from(k1);
            next[3][i] = first & LOW;
        }
        counter = next;
        k0 = k0.wrapping_add(WEYL.0);
        k1 = k1.wrapping_add(WEYL.1);
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors published with Random123 1.09, file `kat_vectors`, rows `philox4x32 10`.
    #[test]
    fn the_published_vectors_come_out_in_every_lane() {
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
            let words = philox(counter.map(|w| [u64::from(w); LANES]), (key[0], key[1]));
            assert_eq!(words, expected.map(|w| [u64::from(w); LANES]));
        }
    }
}
