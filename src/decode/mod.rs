//! Bytes to batches of text columns with a record number. Knows profiles, not what texts mean.
//!
//! Containers are taken off, the format is told by the content, and each format is one file that
//! yields rows. Sheets (CSV, workbooks, HTML) have their headings among the first rows; keyed
//! formats (JSON, XML, Parquet) name each value.

mod cells;
mod container;
mod csv;
mod encoding;
mod fault;
mod format;
mod guard;
mod header;
mod html;
mod json;
mod keyed;
mod line_breaks;
mod mend;
mod parquet;
mod row;
mod sheet;
mod table;
mod whole;
mod workbook;
mod xls;
mod xlsx;
mod xml;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::io::Read;
use std::rc::Rc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::Int64Type;

use crate::pipeline::encoding::Encoding;
use crate::pipeline::heading::Function;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::{Note, Refusal};

pub use whole::{Whole, WholeRow, rows};

use format::Format;
use keyed::Keys;
use table::Table;

/// What stands above the records: the title rows and the headings.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// The rows above the headings, a line each.
    pub titles: Vec<String>,
    /// The headings, one a field: each by the name under which the profile knows it, else whole.
    pub names: Vec<String>,
    /// Which field is read for which canonical column.
    pub taken: Vec<Taken>,
    /// Positions (from 1) of headings that the profile neither reads nor ignores.
    pub unknown: Vec<usize>,
}

impl Header {
    /// Returns how many fields a record has.
    pub fn n_fields(&self) -> usize {
        self.names.len()
    }
}

/// A field that is read for a canonical column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub field: usize,
    pub column: &'static str,
    pub function: Option<Function>,
}

/// How a log was found to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The format with what it is packed in: `csv`, `xlsx in zip`.
    pub format: String,
    pub encoding: Encoding,
}

/// A batch of records as text.
///
/// Its columns say where the record stands and what is remarked of it, then comes a text column for
/// each canonical column that the log supplies. Empty texts are null.
#[derive(Debug, Clone)]
pub struct Records(RecordBatch);

/// What stands before the texts: the record's number, the line or row it begins on, the sheet
/// (0 where there is but one), the fields found, as bits over the text columns which cells hold
/// numbers and which columns the record does not have at all, and a rule's id where the record
/// cannot be read or is no dossier.
const PLACE_COLUMNS: [&str; 7] =
    ["record", "line", "sheet", "n_fields", "numbers", "absent", "remark"];

/// Where a record stands in its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPlace {
    /// From 1 below the headings.
    pub record: i64,
    /// The line of a text, the row of a sheet.
    pub line: i64,
    /// The sheet from 1; `None` where there is but one.
    pub sheet: Option<i64>,
}

impl Records {
    /// Returns how many records there are.
    pub fn n_records(&self) -> usize {
        self.0.num_rows()
    }

    /// Returns where the record stands.
    pub fn place(&self, row: usize) -> RecordPlace {
        let sheet = Some(self.number(2, row)).filter(|sheet| *sheet > 0);
        RecordPlace { record: self.number(0, row), line: self.number(1, row), sheet }
    }

    /// Returns the rule that the record broke on being read, if any, with the fields found.
    pub fn remark(&self, row: usize) -> Option<(&str, i64)> {
        let remarks = self.0.column(6).as_string::<i32>();
        remarks.is_valid(row).then(|| (remarks.value(row), self.number(3, row)))
    }

    /// Returns a bit for each text column whose cell holds a number, not a text.
    pub fn numbers(&self, row: usize) -> u64 {
        self.number(4, row).cast_unsigned()
    }

    /// Returns a bit for each text column that the record does not have at all.
    pub fn absent(&self, row: usize) -> u64 {
        self.number(5, row).cast_unsigned()
    }

    /// Returns the text column of the header's taken field at this position.
    pub fn texts(&self, taken: usize) -> &StringArray {
        self.0.column(PLACE_COLUMNS.len() + taken).as_string()
    }

    fn number(&self, column: usize, row: usize) -> i64 {
        self.0.column(column).as_primitive::<Int64Type>().value(row)
    }
}

/// What is worth knowing of a delivery that was read: gathered while its records are.
pub type Notes = Rc<RefCell<Vec<Note>>>;

/// A log being read: its header, then its records batch by batch.
pub struct Log<'a> {
    pub header: Header,
    pub written: Written,
    pub records: Box<dyn Iterator<Item = Result<Records, Refusal>> + 'a>,
    pub notes: Notes,
}

/// Reads a log's header and prepares to read its records.
///
/// # Errors
///
/// A refusal: the bytes are not what the profile says. The records may end in one, too.
pub fn decode<'a>(bytes: impl Read + 'a, profile: &Profile) -> Result<Log<'a>, Refusal> {
    let notes = Notes::default();
    let (table, written) = open(Box::new(bytes), profile, &Keys::default(), &notes)?;
    if written.encoding != Encoding::Utf8 && profile.encoding.is_none() {
        let params = [("encoding", written.encoding.name().to_owned())];
        notes.borrow_mut().push(Note::new("encoding_detected", params));
    }
    let header = table.header.clone();
    let records = Box::new(table::Batches::new(table, profile));
    Ok(Log { header, written, records, notes })
}

/// Takes the packing off and reads the headings; of keyed formats, `keys` may ask for every key.
fn open<'a>(
    bytes: Box<dyn Read + 'a>,
    profile: &Profile,
    keys: &Keys,
    notes: &Notes,
) -> Result<(Table<'a>, Written), Refusal> {
    let opened = container::open(bytes, profile)?;
    let body = opened.body;
    let (table, encoding) = match opened.format {
        Format::Csv => (csv::read(body, profile)?, opened.encoding),
        Format::Html => (html::read(body, profile)?, opened.encoding),
        Format::Json => (json::read(body, profile, keys)?, opened.encoding),
        Format::Xml => (xml::read(body, profile, keys)?, opened.encoding),
        Format::Parquet => parquet::read(body, profile, keys)?,
        Format::Xlsx => xlsx::read(body, profile, notes)?,
        Format::Xls => xls::read(body, profile, notes)?,
    };
    let mut format = opened.format.name().to_owned();
    opened.wrappers.iter().rev().for_each(|wrapper| format += &format!(" in {wrapper}"));
    Ok((table, Written { format, encoding }))
}
