//! Datasets as vectors.

use super::grid::{Fault, Grid};
use super::heap;
use super::reader::{Backend, Container};
use super::scalar::{Number, Scalar, StoredNumber};
use crate::IoError;
use crate::memory::zeros;
use crate::zarr::{Element, ZarrChunks};
use hdf5_pure::{Datatype, StringPadding};

impl Container {
    pub(crate) fn f32s(&self, element: &str) -> Result<Vec<f32>, IoError> {
        self.numbers(element)
    }

    pub(crate) fn f64s(&self, element: &str) -> Result<Vec<f64>, IoError> {
        self.numbers(element)
    }

    /// Integers of any width and sign; those beyond `i64` are an error.
    pub(crate) fn i64s(&self, element: &str) -> Result<Vec<i64>, IoError> {
        let (grid, datatype) = self.grid(element)?;
        let stored = self.number_type(element, &datatype)?;
        let values = self.all(element, &grid, stored)?;
        if stored.scalar == Scalar::U64 && values.iter().any(|&v: &i64| v < 0) {
            return Err(self.corrupt(element, "an unsigned integer exceeds 2^63"));
        }
        Ok(values)
    }

    /// Integers as indices; one that is negative or too large becomes [`NO_INDEX`](super::NO_INDEX).
    pub(crate) fn indices(&self, element: &str) -> Result<Vec<u32>, IoError> {
        self.numbers(element)
    }

    fn numbers<T: Number>(&self, element: &str) -> Result<Vec<T>, IoError> {
        let (grid, datatype) = self.grid(element)?;
        let stored = self.number_type(element, &datatype)?;
        self.all(element, &grid, stored)
    }

    fn all<T: Number>(&self, element: &str, grid: &Grid, stored: StoredNumber) -> Result<Vec<T>, IoError> {
        let mut out = zeros::<T>(grid.rows() * grid.row_len());
        grid.numbers(stored, std::slice::from_ref(&(0..grid.rows())), &mut out)
            .map_err(|fault| self.fault(element, fault))?;
        Ok(out)
    }

    /// How the numbers of a dataset are stored.
    pub(crate) fn number_type(&self, element: &str, datatype: &Datatype) -> Result<StoredNumber, IoError> {
        StoredNumber::of(datatype).ok_or_else(|| self.corrupt(element, "it does not hold plain numbers"))
    }

    pub(crate) fn fault(&self, element: &str, fault: Fault) -> IoError {
        match fault {
            Fault::Io(source) => IoError::Read { path: self.path.clone(), source },
            Fault::Bad(reason) => self.corrupt(element, &reason),
        }
    }

    pub(crate) fn texts(&self, element: &str) -> Result<Vec<String>, IoError> {
        if let Backend::Zarr(store) = &self.backend {
            return self.zarr_texts(store, element);
        }
        if let Some(storage) = self.unknown_storage(element)?
            && let Datatype::VariableLength { is_string: true, .. } = self.datatype(element)?
        {
            return self.library_texts(element, &storage);
        }
        let (grid, datatype) = self.grid(element)?;
        let (store, base) = self.heap(element)?;
        let mut out = vec![String::new(); grid.rows() * grid.row_len()];
        // Texts that all lead to the same long one would be more than the file holds.
        let mut room = store.len().saturating_mul(4);
        let mut take = |row: usize, bytes: &[u8]| {
            room = room.checked_sub(bytes.len() as u64).ok_or("its texts are more than the file can hold")?;
            let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
            match std::str::from_utf8(&bytes[..end]) {
                Ok(text) => out[row] = text.to_string(),
                Err(_) => return Err(format!("text {row} is not UTF-8")),
            }
            Ok(())
        };
        let bytes = self.bytes_of(element, &grid)?;
        match datatype {
            Datatype::VariableLength { is_string: true, .. } if grid.element_size() == heap::REFERENCE => {
                heap::visit(store, base, &bytes, take)
            }
            Datatype::String { size, padding, .. } => {
                bytes.chunks_exact((size as usize).max(1)).enumerate().try_for_each(|(row, cell)| {
                    let end = match padding {
                        StringPadding::SpacePad => cell.trim_ascii_end().len(),
                        _ => cell.len(),
                    };
                    take(row, &cell[..end])
                })
            }
            _ => Err("it does not hold texts".to_string()),
        }
        .map_err(|reason| self.corrupt(element, &reason))?;
        Ok(out)
    }

    fn zarr_texts(&self, store: &crate::zarr::Store, element: &str) -> Result<Vec<String>, IoError> {
        let bad = |reason: String| self.corrupt(element, &reason);
        let array = store.array(element).map_err(bad)?;
        let wide = match array.element {
            Element::Text => return ZarrChunks::new(array).texts().map_err(bad),
            Element::Wide(n) => 4 * n,
            Element::Narrow(n) => n,
            _ => return Err(bad("it does not hold texts".to_string())),
        };
        let utf32 = matches!(array.element, Element::Wide(_));
        let (bytes, _) = self.raw(element)?;
        let text = |cell: &[u8]| -> Option<String> {
            if !utf32 {
                let end = cell.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
                return String::from_utf8(cell[..end].to_vec()).ok();
            }
            let letters =
                cell.as_chunks::<4>().0.iter().map(|&b| u32::from_le_bytes(b)).take_while(|&c| c != 0);
            letters.map(char::from_u32).collect()
        };
        let cells = bytes.chunks_exact(wide.max(1)).enumerate();
        cells.map(|(i, cell)| text(cell).ok_or_else(|| bad(format!("text {i} is not Unicode")))).collect()
    }

    /// Pairs of real and imaginary part.
    pub(crate) fn complexes(&self, element: &str) -> Result<Vec<[f64; 2]>, IoError> {
        let part = |name: &str| match self.field(element, name)?.map(|field| field.values) {
            Some(super::FieldValues::Numbers(v)) => Ok(v),
            _ => Err(self.corrupt(element, "it does not hold complex numbers")),
        };
        Ok(part("r")?.into_iter().zip(part("i")?).map(|(r, i)| [r, i]).collect())
    }

    /// One value's bytes, whether they are text or not.
    pub(crate) fn byte_string(&self, element: &str) -> Result<Vec<u8>, IoError> {
        let (bytes, datatype) = self.raw(element)?;
        match datatype {
            Datatype::VariableLength { .. } if bytes.len() == heap::REFERENCE => {
                let mut out = Vec::new();
                let (store, base) = self.heap(element)?;
                heap::visit(store, base, &bytes, |_, text| {
                    out = text.to_vec();
                    Ok(())
                })
                .map_err(|reason| self.corrupt(element, &reason))?;
                Ok(out)
            }
            _ => Ok(bytes),
        }
    }

    /// The stored bytes, filters undone.
    pub(crate) fn raw(&self, element: &str) -> Result<(Vec<u8>, Datatype), IoError> {
        let (grid, datatype) = self.grid(element)?;
        Ok((self.bytes_of(element, &grid)?, datatype))
    }

    fn bytes_of(&self, element: &str, grid: &Grid) -> Result<Vec<u8>, IoError> {
        let mut bytes = zeros::<u8>(grid.rows() * grid.row_len() * grid.element_size());
        grid.bytes(std::slice::from_ref(&(0..grid.rows())), &mut bytes)
            .map_err(|fault| self.fault(element, fault))?;
        Ok(bytes)
    }
}
