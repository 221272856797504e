//! Bytes to batches of text columns with a record number. Knows profiles, not what texts mean.
//!
//! One file a format; a format is one line in [`decode`].

mod csv;
mod guard;
mod header;

use std::io::Read;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::Int64Type;

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;

/// What stands above the records: the title rows and the headings.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// The rows above the headings, a line each.
    pub titles: Vec<String>,
    /// The canonical column of each field; `None` is dropped.
    pub columns: Vec<Option<&'static str>>,
    /// Positions (from 1) of headings that the profile neither reads nor ignores.
    pub unknown: Vec<usize>,
}

impl Header {
    /// Returns the canonical columns that the log supplies.
    pub fn supplied(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().flatten().copied()
    }
}

/// A batch of records as text.
///
/// Its columns are `record`, `line`, `remark` (a rule's id where the record cannot be read or is no
/// dossier), `detail` (fields found, for `field_count`), then a text column for each canonical
/// column that the log supplies. Empty texts are null.
#[derive(Debug, Clone)]
pub struct Records(RecordBatch);

/// How many columns stand before the texts.
const N_PLACE_COLUMNS: usize = 4;

impl Records {
    /// Returns how many records there are.
    pub fn n_records(&self) -> usize {
        self.0.num_rows()
    }

    /// Returns the record's number, from 1 below the headings, and the line it begins on.
    pub fn place(&self, row: usize) -> (i64, i64) {
        let number = |column: usize| self.0.column(column).as_primitive::<Int64Type>().value(row);
        (number(0), number(1))
    }

    /// Returns the rule that the record broke on being read, if any, with the fields found.
    pub fn remark(&self, row: usize) -> Option<(&str, i64)> {
        let remarks = self.0.column(2).as_string::<i32>();
        let detail = self.0.column(3).as_primitive::<Int64Type>();
        remarks.is_valid(row).then(|| (remarks.value(row), detail.value(row)))
    }

    /// Returns the text column of a canonical column.
    pub fn texts(&self, column: &str) -> Option<&StringArray> {
        let schema = self.0.schema_ref();
        let at = schema.index_of(column).ok().filter(|at| *at >= N_PLACE_COLUMNS)?;
        Some(self.0.column(at).as_string())
    }
}

/// A log being read: its header, then its records batch by batch.
pub struct Log<'a> {
    pub header: Header,
    pub records: Box<dyn Iterator<Item = Result<Records, Refusal>> + 'a>,
}

/// Reads a log's header and prepares to read its records.
///
/// # Errors
///
/// A refusal: the bytes are not what the profile says. The records may end in one, too.
pub fn decode<'a>(bytes: impl Read + 'a, profile: &Profile) -> Result<Log<'a>, Refusal> {
    csv::decode(Box::new(bytes), profile)
}
