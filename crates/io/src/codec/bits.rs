//! The transposition of bits that blosc calls bitshuffle.

/// Puts the bits of `width`-byte elements back together; a tail of less than eight elements is as it was.
pub(super) fn unshuffle_bits(input: &[u8], width: usize) -> Vec<u8> {
    let elements = input.len() / width / 8 * 8;
    let mut out = vec![0; input.len()];
    let row = elements / 8;
    for bit in 0..8 * width {
        for (group, &byte) in input[bit * row..(bit + 1) * row].iter().enumerate() {
            for k in 0..8 {
                out[(8 * group + k) * width + bit / 8] |= (byte >> k & 1) << (bit % 8);
            }
        }
    }
    let whole = elements * width;
    out[whole..].copy_from_slice(&input[whole..]);
    out
}

#[cfg(test)]
mod tests {
    use super::unshuffle_bits;

    /// Bit j of element i is bit i % 8 of byte j of the shuffled form.
    #[test]
    fn bits_return_to_their_elements() {
        let elements: Vec<u16> = (0..8).map(|i| i * 4099 + 5).collect();
        let mut shuffled = vec![0u8; 16];
        for (i, value) in elements.iter().enumerate() {
            for bit in 0..16 {
                shuffled[bit] |= ((value >> bit & 1) as u8) << i;
            }
        }
        shuffled.extend([7, 8]);
        let mut wanted: Vec<u8> = elements.iter().flat_map(|v| v.to_le_bytes()).collect();
        wanted.extend([7, 8]);
        assert_eq!(unshuffle_bits(&shuffled, 2), wanted);
    }
}
