//! Numbers as they are stored, and their conversion to those of a program.

use bytemuck::Pod;
use hdf5_pure::{Datatype, DatatypeByteOrder};

/// The type of a stored number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    F16,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
}

/// A stored number's type and byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredNumber {
    pub(crate) scalar: Scalar,
    pub(crate) big: bool,
}

impl StoredNumber {
    pub(crate) fn of(datatype: &Datatype) -> Option<Self> {
        let (scalar, order) = match datatype {
            Datatype::FloatingPoint { size, byte_order, .. } => {
                (Scalar::named(true, true, *size)?, byte_order)
            }
            Datatype::FixedPoint { size, byte_order, layout } => {
                // A number that does not fill its bytes would need a mask.
                if layout.bit_offset != 0 || u32::from(layout.bit_precision) != 8 * size {
                    return None;
                }
                (Scalar::named(false, layout.signed, *size)?, byte_order)
            }
            Datatype::Enumeration { base_type, .. } => return Self::of(base_type),
            _ => return None,
        };
        match order {
            DatatypeByteOrder::LittleEndian => Some(Self { scalar, big: false }),
            DatatypeByteOrder::BigEndian => Some(Self { scalar, big: true }),
            DatatypeByteOrder::Vax => None,
        }
    }

    /// Converts as many numbers as `out` has room for.
    pub(crate) fn convert<T: Number>(self, bytes: &[u8], out: &mut [T]) {
        T::fill(self, bytes, out);
    }

    /// What is left to do, if anything, once its bytes lie where those of a `T` belong; `None` if it must be converted.
    pub(crate) fn in_place<T: Number>(self) -> Option<Option<Finish<T>>> {
        match T::NEARLY {
            _ if !self.in_order() => None,
            _ if self.scalar == T::SCALAR => Some(None),
            Some((scalar, finish)) if self.scalar == scalar => Some(Some(finish)),
            _ => None,
        }
    }

    /// Whether its bytes are in memory's order.
    fn in_order(self) -> bool {
        self.scalar.size() == 1 || self.big == cfg!(target_endian = "big")
    }
}

impl Scalar {
    /// Of so many bytes.
    pub(crate) fn named(float: bool, signed: bool, size: u32) -> Option<Self> {
        Some(match (float, signed, size) {
            (true, _, 2) => Self::F16,
            (true, _, 4) => Self::F32,
            (true, _, 8) => Self::F64,
            (false, true, 1) => Self::I8,
            (false, true, 2) => Self::I16,
            (false, true, 4) => Self::I32,
            (false, true, 8) => Self::I64,
            (false, false, 1) => Self::U8,
            (false, false, 2) => Self::U16,
            (false, false, 4) => Self::U32,
            (false, false, 8) => Self::U64,
            _ => return None,
        })
    }

    pub(crate) fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::F16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }
}

/// What makes numbers of bytes that lie in their places.
pub(crate) type Finish<T> = fn(&mut [T]);

/// A number of a program that stored numbers are converted to, as `as` does.
pub(crate) trait Number: Pod + Send + Sync {
    const SCALAR: Scalar;
    /// What else is as wide and needs no more than this once it lies where the numbers belong.
    const NEARLY: Option<(Scalar, Finish<Self>)>;

    fn fill(stored: StoredNumber, bytes: &[u8], out: &mut [Self]);
}

/// Conversion as `as` does it, but to `u32` only of what fits: an index that does not is [`NO_INDEX`].
trait To<T> {
    fn to(self) -> T;
}

/// What an index that is negative or too large becomes.
pub(crate) const NO_INDEX: u32 = u32::MAX;

macro_rules! cast {
    ($to:ty; $($from:ty),*) => {
        $(impl To<$to> for $from {
            fn to(self) -> $to {
                self as $to
            }
        })*
    };
}
cast!(f32; f32, f64, i8, i16, i32, i64, u8, u16, u32, u64);
cast!(f64; f32, f64, i8, i16, i32, i64, u8, u16, u32, u64);
cast!(i64; f32, f64, i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! index {
    ($($from:ty),*) => {
        $(impl To<u32> for $from {
            fn to(self) -> u32 {
                u32::try_from(self).unwrap_or(NO_INDEX)
            }
        })*
    };
}
index!(i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! no_index {
    ($($from:ty),*) => {
        $(impl To<u32> for $from {
            fn to(self) -> u32 {
                NO_INDEX
            }
        })*
    };
}
no_index!(f32, f64);

/// A negative number of 32 bits is one above 2^31 without a sign.
fn no_negatives(indices: &mut [u32]) {
    for index in indices {
        *index = if *index > i32::MAX as u32 { NO_INDEX } else { *index };
    }
}

macro_rules! number {
    ($($to:ty: $own:ident $nearly:expr),*) => {
        $(impl Number for $to {
            const SCALAR: Scalar = Scalar::$own;
            const NEARLY: Option<(Scalar, Finish<Self>)> = $nearly;


            fn fill(stored: StoredNumber, bytes: &[u8], out: &mut [Self]) {
                match stored.scalar {
                    Scalar::F16 => {
                        each(bytes, out, |b: [u8; 2]| half(turned(b, stored.big, u16::from_le_bytes)).to())
                    }
                    Scalar::F32 => each(bytes, out, |b| turned(b, stored.big, f32::from_le_bytes).to()),
                    Scalar::F64 => each(bytes, out, |b| turned(b, stored.big, f64::from_le_bytes).to()),
                    Scalar::I8 => each(bytes, out, |b| i8::from_le_bytes(b).to()),
                    Scalar::I16 => each(bytes, out, |b| turned(b, stored.big, i16::from_le_bytes).to()),
                    Scalar::I32 => each(bytes, out, |b| turned(b, stored.big, i32::from_le_bytes).to()),
                    Scalar::I64 => each(bytes, out, |b| turned(b, stored.big, i64::from_le_bytes).to()),
                    Scalar::U8 => each(bytes, out, |b| u8::from_le_bytes(b).to()),
                    Scalar::U16 => each(bytes, out, |b| turned(b, stored.big, u16::from_le_bytes).to()),
                    Scalar::U32 => each(bytes, out, |b| turned(b, stored.big, u32::from_le_bytes).to()),
                    Scalar::U64 => each(bytes, out, |b| turned(b, stored.big, u64::from_le_bytes).to()),
                }
            }
        })*
    };
}
number!(f32: F32 None, f64: F64 None, i64: I64 None, u32: U32 Some((Scalar::I32, no_negatives)));

fn each<const N: usize, T>(bytes: &[u8], out: &mut [T], convert: impl Fn([u8; N]) -> T) {
    for (out, bytes) in out.iter_mut().zip(bytes.as_chunks::<N>().0) {
        *out = convert(*bytes);
    }
}

fn turned<const N: usize, T>(mut bytes: [u8; N], big: bool, read: impl Fn([u8; N]) -> T) -> T {
    if big {
        bytes.reverse();
    }
    read(bytes)
}

/// IEEE 754 binary16 as `f32`, exactly.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    let magnitude = match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2f32.powi(exponent - 25),
    };
    sign * magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from the table of IEEE 754-2019 binary16.
    #[test]
    fn half_precision() {
        let cases = [
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x3c00, 1.0),
            (0x7bff, 65504.0),
            (0xc000, -2.0),
            (0xfc00, f32::NEG_INFINITY),
            (0x8000, -0.0),
        ];
        for (bits, value) in cases {
            assert_eq!(half(bits).to_bits(), f32::to_bits(value), "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn every_width_and_order() {
        let mut out = [0i64; 2];
        StoredNumber { scalar: Scalar::I16, big: true }.convert(&[0xff, 0xfe, 0, 3], &mut out);
        assert_eq!(out, [-2, 3]);
        let mut index = [0u32; 2];
        StoredNumber { scalar: Scalar::I8, big: false }.convert(&[0xff, 7], &mut index);
        assert_eq!(index, [NO_INDEX, 7]);
        let mut real = [0f32; 1];
        StoredNumber { scalar: Scalar::F64, big: false }.convert(&0.1f64.to_le_bytes(), &mut real);
        assert_eq!(real, [0.1]);
    }
}
