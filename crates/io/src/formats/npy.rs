//! One numpy array (format versions 1 to 3), its size held against its bytes before memory is asked for.

use super::arrays::{Array, Kind, Values};
use crate::hdf5::{Scalar, StoredNumber};

/// Reads an array from the bytes of a `.npy` file; the error is the reason in words.
pub(super) fn parse(bytes: &[u8]) -> Result<Array, String> {
    let (shape, kind, fortran, start) = header(bytes)?;
    let elements = shape.iter().try_fold(1usize, |n, &s| n.checked_mul(s)).ok_or("its shape overflows")?;
    let size = match kind {
        Kind::Number(stored) => stored.scalar.size(),
        Kind::Boolean => 1,
    };
    let length = elements.checked_mul(size).ok_or("its shape overflows")?;
    let Some(body) = bytes.get(start..start.saturating_add(length)) else {
        let held = bytes.len().saturating_sub(start);
        return Err(format!("its header declares {length} bytes where there are {held}"));
    };
    let mut values = Values::of(kind, body, elements);
    if fortran && shape.len() > 1 {
        values = values.reordered(&shape);
    }
    Ok(Array { shape, values })
}

type Header = (Vec<usize>, Kind, bool, usize);

fn header(bytes: &[u8]) -> Result<Header, String> {
    let cut = || "its header is cut short".to_string();
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err("it does not begin as a numpy array does".to_string());
    }
    let (length, start) = match bytes.get(6).ok_or_else(cut)? {
        1 => (bytes.get(8..10).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]]))), 10usize),
        2 | 3 => (bytes.get(8..12).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize), 12),
        other => return Err(format!("its format version {other} is not known")),
    };
    let length = length.ok_or_else(cut)?;
    let text = bytes.get(start..start.saturating_add(length)).ok_or_else(cut)?;
    let text = std::str::from_utf8(text).map_err(|_| "its header is not text".to_string())?;
    let descr =
        value(text, "descr").and_then(quoted).ok_or("its header has no plain type; records are not read")?;
    let fortran = value(text, "fortran_order").is_some_and(|v| v.starts_with("True"));
    let shape = value(text, "shape").and_then(|v| v.strip_prefix('(')?.split_once(')'));
    let (shape, _) = shape.ok_or("its header has no shape")?;
    let sides = shape.split(',').map(str::trim).filter(|side| !side.is_empty());
    let sides: Result<Vec<usize>, _> = sides.map(str::parse).collect();
    let sides = sides.map_err(|_| "its shape is not a list of sizes".to_string())?;
    if sides.len() > 32 {
        return Err("it has more than 32 dimensions".to_string());
    }
    let kind = kind(descr).ok_or_else(|| format!("its type {descr} is not read"))?;
    Ok((sides, kind, fortran, start + length))
}

/// What follows a key of the header.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("'{key}'"))?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.split('\'').next()
}

fn kind(descr: &str) -> Option<Kind> {
    let (order, rest) = descr.split_at_checked(1)?;
    let (class, size) = rest.split_at_checked(1)?;
    let size: u32 = size.parse().ok()?;
    let big = match order {
        "<" | "|" | "=" => false,
        ">" => true,
        _ => return None,
    };
    let scalar = match class {
        "b" if size == 1 => return Some(Kind::Boolean),
        "f" => Scalar::named(true, true, size)?,
        "i" => Scalar::named(false, true, size)?,
        "u" => Scalar::named(false, false, size)?,
        _ => return None,
    };
    Some(Kind::Number(StoredNumber { scalar, big }))
}

/// The bytes of a `.npy` file of version 1.
pub(super) fn write(descr: &str, shape: &[usize], body: &[u8]) -> Vec<u8> {
    let sides: String = shape.iter().map(|side| format!("{side}, ")).collect();
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}", sides.trim_end());
    // The body begins at a multiple of 64; the header ends with a new line.
    let padded = (10 + text.len() + 1).next_multiple_of(64) - 10;
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((padded as u16).to_le_bytes());
    out.extend(text.as_bytes());
    out.resize(10 + padded - 1, b' ');
    out.push(b'\n');
    out.extend(body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_return_and_lies_do_not() {
        let body: Vec<u8> = [1f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let bytes = write("<f4", &[2, 3], &body);
        let array = parse(&bytes).unwrap();
        assert_eq!(
            (array.shape.as_slice(), array.to_f64()),
            (&[2, 3][..], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        );
        // Numpy's own header of `asfortranarray`.
        let text = String::from_utf8_lossy(&bytes[..74]).into_owned();
        assert!(text.contains("'shape': (2, 3,), }"), "{text}");
        let lie = write("<f8", &[1 << 40, 1 << 10], &body);
        assert!(parse(&lie).unwrap_err().contains("declares"));
        let lie = write("<f8", &[usize::MAX, 3], &body);
        assert!(parse(&lie).unwrap_err().contains("overflows"));
        assert!(parse(&write("|O", &[1], b"")).unwrap_err().contains("|O is not read"));
    }
}
