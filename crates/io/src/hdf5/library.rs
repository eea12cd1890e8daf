//! What the own reader does not know: through the C library where the feature `libhdf5` is on, else an error that says
//! so.

use super::reader::Container;
use super::storage::READ;
use crate::IoError;
#[cfg(not(feature = "libhdf5"))]
use hdf5_pure::Datatype;
use hdf5_pure::{Dataset, Error, Filter, FormatError, Layout};

/// Scale-offset, which the library below us undoes.
const SCALE_OFFSET: u16 = 6;

/// Names of filters that are registered with the HDF Group and not read.
const NAMES: [(u16, &str); 8] = [
    (4, "szip"),
    (5, "nbit"),
    (307, "bzip2"),
    (32004, "lz4"),
    (32008, "bitshuffle"),
    (32013, "zfp"),
    (32017, "sz"),
    (32026, "blosc2"),
];

impl Container {
    /// What about the way a dataset is stored is not known here, in words.
    pub(super) fn unknown(
        &self,
        element: &str,
        dataset: &Dataset,
        layout: &Layout,
        filters: &[Filter],
    ) -> Result<Option<String>, IoError> {
        match layout {
            Layout::Virtual => return Ok(Some("as a virtual dataset".to_string())),
            // As one that was never written, which no row needs to be read to tell.
            Layout::Contiguous { address: None, .. } => {
                let outside = self.guard(element, || match dataset.read_raw_rows(0, 0) {
                    Err(Error::Format(FormatError::UnsupportedExternalStorage)) => Ok(true),
                    other => other.map(|_| false),
                })?;
                return Ok(outside.then(|| "in other files".to_string()));
            }
            _ => {}
        }
        let filter = filters.iter().find(|f| !READ.contains(&f.id) && f.id != SCALE_OFFSET);
        Ok(filter.map(|filter| {
            let known = NAMES.iter().find(|(id, _)| *id == filter.id).map(|(_, name)| *name);
            let name = known.or(filter.name.as_deref()).unwrap_or("unknown");
            format!("behind filter {} ({name})", filter.id)
        }))
    }

    /// What about the way `element` is stored is not known here.
    pub(super) fn unknown_storage(&self, element: &str) -> Result<Option<String>, IoError> {
        let Ok((file, _)) = self.hdf5(element) else { return Ok(None) };
        let dataset = self.guard(element, || file.dataset(element))?;
        let layout = self.guard(element, || dataset.layout())?;
        self.unknown(element, &dataset, &layout, &dataset.filter_pipeline())
    }

    fn unread(&self, element: &str, storage: &str, reason: String) -> IoError {
        let (path, element) = (self.path.clone(), element.to_string());
        IoError::Storage { path, element, storage: storage.to_string(), reason }
    }
}

#[cfg(not(feature = "libhdf5"))]
impl Container {
    /// The stored bytes of `declared` bytes' worth of numbers, and their type.
    pub(super) fn library_numbers(
        &self,
        element: &str,
        storage: &str,
        _: (&Datatype, u64),
    ) -> Result<(Vec<u8>, Datatype), IoError> {
        Err(self.without(element, storage))
    }

    /// Texts of variable length.
    pub(super) fn library_texts(&self, element: &str, storage: &str) -> Result<Vec<String>, IoError> {
        Err(self.without(element, storage))
    }

    fn without(&self, element: &str, storage: &str) -> IoError {
        let reason = "is not read by this build; build it with `--features libhdf5`";
        self.unread(element, storage, reason.to_string())
    }
}

#[cfg(feature = "libhdf5")]
mod linked {
    use super::{Container, IoError};
    use crate::hdf5::scalar::Scalar;
    use crate::hdf5::store::Store;
    use bytemuck::Pod;
    use hdf5_metno::types::{VarLenAscii, VarLenUnicode};
    use hdf5_metno::{Dataset, Error, File, H5Type};
    use hdf5_pure::{Datatype, DatatypeByteOrder};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    impl Container {
        /// The numbers in memory's byte order, and the type that those bytes are.
        pub(in crate::hdf5) fn library_numbers(
            &self,
            element: &str,
            storage: &str,
            (datatype, declared): (&Datatype, u64),
        ) -> Result<(Vec<u8>, Datatype), IoError> {
            let Some((scalar, plain)) = plain(datatype) else {
                let reason = "is read through libhdf5 only if it holds numbers or texts of variable length";
                return Err(self.unread(element, storage, reason.to_string()));
            };
            // Where its values are is not known, so nothing but memory itself bounds their number.
            let room = usize::try_from(declared).ok().map(|n| Vec::<u8>::new().try_reserve_exact(n));
            if !matches!(room, Some(Ok(()))) {
                return Err(self.unread(element, storage, format!("asks for {declared} bytes of memory")));
            }
            let bytes = self.through_library(element, storage, |dataset| match scalar {
                Scalar::F16 | Scalar::F32 => bytes::<f32>(dataset),
                Scalar::F64 => bytes::<f64>(dataset),
                Scalar::I8 => bytes::<i8>(dataset),
                Scalar::I16 => bytes::<i16>(dataset),
                Scalar::I32 => bytes::<i32>(dataset),
                Scalar::I64 => bytes::<i64>(dataset),
                Scalar::U8 => bytes::<u8>(dataset),
                Scalar::U16 => bytes::<u16>(dataset),
                Scalar::U32 => bytes::<u32>(dataset),
                Scalar::U64 => bytes::<u64>(dataset),
            })?;
            Ok((bytes, plain))
        }

        /// Texts of variable length.
        pub(in crate::hdf5) fn library_texts(
            &self,
            element: &str,
            storage: &str,
        ) -> Result<Vec<String>, IoError> {
            self.through_library(element, storage, |dataset| {
                // The library does not convert one character set into another.
                match dataset.read_raw::<VarLenUnicode>() {
                    Ok(texts) => Ok(texts.iter().map(|text| text.as_str().to_string()).collect()),
                    Err(_) => {
                        let texts = dataset.read_raw::<VarLenAscii>()?;
                        Ok(texts.iter().map(|text| text.as_str().to_string()).collect())
                    }
                }
            })
        }

        fn through_library<T>(
            &self,
            element: &str,
            storage: &str,
            read: impl Fn(&Dataset) -> Result<T, Error>,
        ) -> Result<T, IoError> {
            if let (_, Store::Memory(_)) = self.hdf5(element)? {
                let reason = "is read by libhdf5 from a file alone; open it from the disk";
                return Err(self.unread(element, storage, reason.to_string()));
            }
            let all = || read(&File::open(&self.path)?.dataset(element)?);
            match catch_unwind(AssertUnwindSafe(all)) {
                Ok(Ok(values)) => Ok(values),
                Ok(Err(error)) => {
                    let said = crate::hdf5::reader::one_line(&error.to_string());
                    Err(self.unread(element, storage, format!("could not be read by libhdf5 ({said})")))
                }
                Err(_) => Err(self.corrupt(element, "libhdf5 gave up on it")),
            }
        }
    }

    fn bytes<T: H5Type + Pod>(dataset: &Dataset) -> Result<Vec<u8>, Error> {
        Ok(bytemuck::cast_slice(&dataset.read_raw::<T>()?).to_vec())
    }

    /// What numbers of this type are read as: whole bytes in memory's order.
    fn plain(datatype: &Datatype) -> Option<(Scalar, Datatype)> {
        let order = if cfg!(target_endian = "big") {
            DatatypeByteOrder::BigEndian
        } else {
            DatatypeByteOrder::LittleEndian
        };
        let mut plain = datatype.clone();
        let scalar = match &mut plain {
            Datatype::FloatingPoint { size, .. } => {
                let scalar = Scalar::named(true, true, *size)?;
                plain = if scalar == Scalar::F64 {
                    hdf5_pure::make_f64_type()
                } else {
                    hdf5_pure::make_f32_type()
                };
                scalar
            }
            Datatype::FixedPoint { size, byte_order, layout } => {
                *byte_order = order;
                (layout.bit_offset, layout.bit_precision) = (0, 8 * *size as u16);
                Scalar::named(false, layout.signed, *size)?
            }
            // One byte each, as Booleans are.
            Datatype::Enumeration { size: 1, .. } => Scalar::I8,
            _ => return None,
        };
        Some((scalar, plain))
    }
}
