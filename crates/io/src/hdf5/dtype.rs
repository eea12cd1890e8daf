//! The type of a stored element.

use hdf5_pure::{CompoundMember, DType, Datatype};
use std::fmt;

/// The type of one stored element.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dtype {
    /// A floating-point number of so many bits.
    Float(u32),
    /// A signed integer of so many bits.
    Integer(u32),
    /// An unsigned integer of so many bits.
    Unsigned(u32),
    /// A complex number of two reals of so many bits each.
    Complex(u32),
    /// A Boolean: an enumeration of FALSE and TRUE.
    Boolean,
    /// Text, of fixed or variable length.
    Text,
    /// A record with named fields.
    Record(Vec<String>),
    /// Anything else, as the library describes it.
    Other(String),
}

impl Dtype {
    pub(super) fn of(datatype: &Datatype, summary: DType) -> Self {
        match datatype {
            Datatype::FloatingPoint { size: size @ (2 | 4 | 8), .. } => Self::Float(8 * size),
            Datatype::FixedPoint { size: size @ 1..=8, layout, .. } if layout.signed => {
                Self::Integer(8 * size)
            }
            Datatype::FixedPoint { size: size @ 1..=8, .. } => Self::Unsigned(8 * size),
            Datatype::String { .. } | Datatype::VariableLength { is_string: true, .. } => Self::Text,
            Datatype::Enumeration { members, .. } => {
                let mut names: Vec<&str> = members.iter().map(|m| m.name.as_str()).collect();
                names.sort_unstable();
                if names == ["FALSE", "TRUE"] { Self::Boolean } else { Self::Other(summary.to_string()) }
            }
            Datatype::Compound { members, .. } if complex(members).is_some() => {
                Self::Complex(complex(members).unwrap_or_default())
            }
            Datatype::Compound { members, .. } => {
                Self::Record(members.iter().map(|m| m.name.clone()).collect())
            }
            _ => Self::Other(summary.to_string()),
        }
    }

    /// Whether it is an integer, signed or not.
    pub fn is_integer(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Unsigned(_))
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        self.is_integer() || matches!(self, Self::Float(_))
    }
}

/// The bits of each part, if the fields are those of numpy's complex numbers.
fn complex(members: &[CompoundMember]) -> Option<u32> {
    match members {
        [r, i] if r.name == "r" && i.name == "i" => match (&r.datatype, &i.datatype) {
            (Datatype::FloatingPoint { size: a @ (4 | 8), .. }, Datatype::FloatingPoint { size: b, .. })
                if a == b =>
            {
                Some(8 * a)
            }
            _ => None,
        },
        _ => None,
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(bits) => write!(f, "f{bits}"),
            Self::Integer(bits) => write!(f, "i{bits}"),
            Self::Unsigned(bits) => write!(f, "u{bits}"),
            Self::Complex(bits) => write!(f, "complex{}", 2 * bits),
            Self::Boolean => write!(f, "bool"),
            Self::Text => write!(f, "string"),
            Self::Record(fields) => write!(f, "record({})", fields.join(", ")),
            Self::Other(name) => write!(f, "{name}"),
        }
    }
}
