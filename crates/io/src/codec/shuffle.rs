//! HDF5's shuffle: all first bytes of the elements, then all second bytes, and so on.

/// Gathers equal bytes of elements of `width` bytes; a tail that is no element stays last.
pub(crate) fn shuffle(input: &[u8], width: usize) -> Vec<u8> {
    if width < 2 || input.len() < width {
        return input.to_vec();
    }
    let n = input.len() / width;
    let mut out = vec![0; input.len()];
    for (byte, plane) in out[..n * width].chunks_exact_mut(n).enumerate() {
        plane.iter_mut().zip(input[byte..].iter().step_by(width)).for_each(|(to, &from)| *to = from);
    }
    out[n * width..].copy_from_slice(&input[n * width..]);
    out
}

/// Undoes [`shuffle`].
pub(crate) fn unshuffle(input: &[u8], width: usize) -> Vec<u8> {
    if width < 2 || input.len() < width {
        return input.to_vec();
    }
    let n = input.len() / width;
    let mut out = vec![0; input.len()];
    match width {
        4 => unshuffle_fixed::<4>(input, n, &mut out),
        8 => unshuffle_fixed::<8>(input, n, &mut out),
        _ => {
            for (byte, plane) in input[..n * width].chunks_exact(n).enumerate() {
                out[byte..].iter_mut().step_by(width).zip(plane).for_each(|(to, &from)| *to = from);
            }
        }
    }
    out[n * width..].copy_from_slice(&input[n * width..]);
    out
}

/// One pass that writes whole elements.
fn unshuffle_fixed<const W: usize>(input: &[u8], n: usize, out: &mut [u8]) {
    let planes: [&[u8]; W] = std::array::from_fn(|byte| &input[byte * n..(byte + 1) * n]);
    for (i, element) in out[..n * W].chunks_exact_mut(W).enumerate() {
        for byte in 0..W {
            element[byte] = planes[byte][i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_return() {
        assert_eq!(shuffle(&[1, 2, 3, 4, 5], 2), [1, 3, 2, 4, 5]);
        for width in [1, 2, 3, 4, 8, 16] {
            let bytes: Vec<u8> = (0..101).collect();
            assert_eq!(unshuffle(&shuffle(&bytes, width), width), bytes, "{width}");
        }
    }
}
