//! Checksums: HDF5's lookup3 and Fletcher's 32 bits, and the two CRCs of zip and zarr.

/// Bob Jenkins' lookup3 (2006), little endian, initial value 0, as HDF5 closes its metadata with.
pub(crate) fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let (mut a, mut b, mut c) = (start, start, start);
    let word = |part: &[u8]| {
        let mut four = [0; 4];
        four[..part.len()].copy_from_slice(part);
        u32::from_le_bytes(four)
    };
    let mut rest = bytes;
    while rest.len() > 12 {
        a = a.wrapping_add(word(&rest[..4]));
        b = b.wrapping_add(word(&rest[4..8]));
        c = c.wrapping_add(word(&rest[8..12]));
        for (shift, which) in [(4, 0), (6, 1), (8, 2), (16, 0), (19, 1), (4, 2)] {
            let (x, y, z) = match which {
                0 => (&mut a, &mut c, &mut b),
                1 => (&mut b, &mut a, &mut c),
                _ => (&mut c, &mut b, &mut a),
            };
            *x = x.wrapping_sub(*y) ^ y.rotate_left(shift);
            *y = y.wrapping_add(*z);
        }
        rest = &rest[12..];
    }
    if rest.is_empty() {
        return c;
    }
    let part = |from: usize| word(&rest[from.min(rest.len())..(from + 4).min(rest.len())]);
    a = a.wrapping_add(part(0));
    b = b.wrapping_add(part(4));
    c = c.wrapping_add(part(8));
    for (shift, which) in [(14, 0), (11, 1), (25, 2), (16, 0), (4, 1), (14, 2), (24, 0)] {
        let (x, y) = match which {
            0 => (&mut c, b),
            1 => (&mut a, c),
            _ => (&mut b, a),
        };
        *x = (*x ^ y).wrapping_sub(y.rotate_left(shift));
    }
    c
}

/// Fletcher's checksum of 16-bit words as HDF5 computes it.
pub(crate) fn fletcher32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (0u32, 0u32);
    let words = bytes.chunks_exact(2);
    let odd = words.remainder().first().copied();
    let mut count = 0;
    for word in words.map(|w| u32::from(w[0]) << 8 | u32::from(w[1])).chain(odd.map(|b| u32::from(b) << 8)) {
        low += word;
        high += low;
        count += 1;
        if count == 360 {
            (low, high) = ((low & 0xffff) + (low >> 16), (high & 0xffff) + (high >> 16));
            count = 0;
        }
    }
    for _ in 0..2 {
        (low, high) = ((low & 0xffff) + (low >> 16), (high & 0xffff) + (high >> 16));
    }
    high << 16 | low
}

/// CRC-32 of ISO 3309, as in zip and gzip.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    static TABLE: [u32; 256] = table(0xedb8_8320);
    reflected(&TABLE, bytes)
}

/// CRC-32C of Castagnoli, as in zarr.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    static TABLE: [u32; 256] = table(0x82f6_3b78);
    reflected(&TABLE, bytes)
}

fn reflected(table: &[u32; 256], bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| crc >> 8 ^ table[(crc as u8 ^ byte) as usize])
}

const fn table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ polynomial } else { value >> 1 };
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the CRC catalogue for `123456789`, and lookup3's own self test of `hashlittle`.
    #[test]
    fn published_check_values() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }
}
