//! Rows below their headings become batches of records; what is no dossier is remarked.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, StringBuilder};

use crate::pipeline::columns::{CONTROL, FeedKind, INPUTS, Kind, SUPPLIED, supplied_or_input};
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::{fold, trim};

use super::row::{Row, Rows};
use super::{Header, PLACE_COLUMNS, Records, Taken};

/// So few that the texts of a column stay in the cache until they are judged.
const RECORDS_IN_A_BATCH: usize = 4 << 10;

/// A batch of long records is shorter.
const BYTES_IN_A_BATCH: usize = 16 << 20;

/// Rows with their headings.
pub(super) struct Table<'a> {
    pub(super) rows: Box<dyn Rows + 'a>,
    pub(super) header: Header,
    pub(super) width: Width,
}

/// How many fields a row must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// As many as there are headings.
    Exact,
    /// At most as many: empty cells at the end of a row are not written.
    Padded,
}

/// The records of a table, batch by batch.
pub(super) struct Batches<'a> {
    table: Table<'a>,
    totals: Vec<String>,
    row: Row,
    /// The field of the dossier number.
    number: Option<usize>,
    /// The fields of days.
    days: Vec<usize>,
    n_records: i64,
    /// The sheet that is read, and whether its first record is.
    sheet: u32,
    is_first: bool,
    is_below_totals: bool,
    /// Whether the totals are what is wanted: of a form, not of a log.
    reads_totals: bool,
    is_done: bool,
}

impl<'a> Batches<'a> {
    /// Prepares to read the records.
    pub(super) fn new(table: Table<'a>, profile: &Profile) -> Self {
        let number = table.header.taken.iter().find(|taken| taken.column == "dossier_number");
        let is_day = |taken: &&Taken| {
            let column = supplied_or_input(taken.column);
            column.is_some_and(|column| column.kind == Kind::Day)
        };
        Self {
            number: number.map(|taken| taken.field),
            days: table.header.taken.iter().filter(is_day).map(|taken| taken.field).collect(),
            totals: profile.totals.clone(),
            table,
            row: Row::default(),
            n_records: 0,
            sheet: 0,
            is_first: true,
            is_below_totals: false,
            reads_totals: profile.feed == FeedKind::Control,
            is_done: false,
        }
    }

    fn read_batch(&mut self) -> Result<Records, Refusal> {
        let mut batch = BatchBuilder::new(&self.table.header);
        while batch.n_records < RECORDS_IN_A_BATCH && batch.n_bytes < BYTES_IN_A_BATCH {
            if !self.table.rows.read(&mut self.row)? {
                self.is_done = true;
                break;
            }
            self.n_records += 1;
            self.is_first = self.n_records == 1 || self.row.sheet != self.sheet;
            self.is_below_totals &= !self.is_first;
            self.sheet = self.row.sheet;
            let remark = self.remark()?;
            let is_readable = remark.is_none_or(|rule| self.reads_totals && rule == "totals_row");
            batch.push(&self.row, self.n_records, remark, is_readable);
        }
        Ok(batch.finish())
    }

    /// Returns the rule by which the record is no readable dossier, if there is one.
    fn remark(&mut self) -> Result<Option<&'static str>, Refusal> {
        let fields = &self.row.fields;
        let first = fields.iter().find(|field| !is_blank(field));
        // A row of cells that could not be read is not blank.
        if first.is_none() && self.row.flaws.is_empty() {
            return Ok(Some("blank_row"));
        }
        let first = first.unwrap_or_default();
        let number = self.number.and_then(|at| fields.get(at)).filter(|field| !is_blank(field));
        // A count may stand where the number does; a number is more than a count.
        let is_counted = number.is_none_or(|text| text == first || is_count(text));
        if is_counted && is_totals_row(first, &self.totals) && !self.tells_a_day() {
            self.is_below_totals = true;
            return Ok(Some("totals_row"));
        }
        // Groups may have totals of their own: what follows with a number is a record.
        self.is_below_totals &= number.is_none();
        if self.is_below_totals {
            return Ok(Some("after_totals"));
        }
        if number.is_none() && is_group_row(&self.row) {
            return Ok(Some("group_row"));
        }
        if self.is_first && is_column_numbers(&self.row) {
            return Ok(Some("column_numbers"));
        }
        let (n_fields, n_headings) = (fields.len(), self.table.header.n_fields());
        let is_within = match self.table.width {
            Width::Exact => n_fields == n_headings,
            Width::Padded => n_fields <= n_headings,
        };
        if n_fields < n_headings && self.row.is_cut {
            let (record, line) = (self.n_records.to_string(), self.row.line.to_string());
            return Err(Refusal::new("truncated", [("record", record), ("line", line)]));
        }
        Ok(if is_within { None } else { Some("field_count") })
    }

    /// Whether the row has a day, as dossiers have and totals have not: an applicant's name may
    /// begin as totals do (`Tổng công ty`).
    fn tells_a_day(&self) -> bool {
        let mut fields = self.days.iter().filter_map(|at| self.row.fields.get(*at));
        fields.any(|field| !is_blank(field) && !is_count(field))
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<Records, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let batch = self.read_batch();
        self.is_done |= batch.is_err();
        match batch {
            Ok(records) if records.n_records() == 0 => None,
            batch => Some(batch),
        }
    }
}

/// Whether the first text of a row is one by which totals rows begin.
fn is_totals_row(first: &[u8], totals: &[String]) -> bool {
    // The first letter decides most rows without folding; folding takes marks off letters, no more.
    let starts_with =
        |byte: u8| totals.iter().any(|totals| totals.as_bytes().first() == Some(&byte));
    if first
        .first()
        .is_some_and(|byte| byte.is_ascii_alphanumeric() && !starts_with(byte.to_ascii_lowercase()))
    {
        return false;
    }
    let text = fold(&String::from_utf8_lossy(first));
    totals.iter().any(|totals| {
        text.strip_prefix(totals.as_str())
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    })
}

/// Whether a row numbers the columns: `(1) (2) (3=4+5)`.
fn is_column_numbers(row: &Row) -> bool {
    let number = |field: &[u8]| {
        let text = std::str::from_utf8(field).ok()?.trim().trim_matches(['(', ')', '[', ']']);
        text.split('=').next()?.trim().parse::<u32>().ok()
    };
    let texts = row.fields.iter().filter(|field| !is_blank(field));
    let numbers: Option<Vec<u32>> = texts.map(number).collect();
    numbers.is_some_and(|numbers| {
        numbers.len() >= 3 && numbers[0] <= 1 && numbers.windows(2).all(|two| two[1] == two[0] + 1)
    })
}

/// Whether a row names a group of those below it: `II | Lĩnh vực Du lịch`.
fn is_group_row(row: &Row) -> bool {
    let texts: Vec<&[u8]> = row.fields.iter().filter(|field| !is_blank(field)).collect();
    let is_roman = |text: &[u8]| text.iter().all(|byte| matches!(byte, b'I' | b'V' | b'X' | b'.'));
    let is_letter = |text: &[u8]| matches!(text, [b'A'..=b'Z'] | [b'A'..=b'Z', b'.']);
    match texts[..] {
        [first] | [first, _] => is_roman(first.trim_ascii()) || is_letter(first.trim_ascii()),
        _ => false,
    }
}

/// Whether a field holds digits alone, grouped or not.
fn is_count(field: &[u8]) -> bool {
    field.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b','))
}

/// Whether a field holds nothing that can be seen.
fn is_blank(field: &[u8]) -> bool {
    match field.trim_ascii() {
        [] => true,
        [first, ..] if first.is_ascii() => false,
        text => std::str::from_utf8(text).is_ok_and(|text| trim(text).is_empty()),
    }
}

/// Most texts of a log are shorter than this.
const BYTES_IN_A_TEXT: usize = 24;

fn texts_of_a_batch() -> StringBuilder {
    StringBuilder::with_capacity(RECORDS_IN_A_BATCH, RECORDS_IN_A_BATCH * BYTES_IN_A_TEXT)
}

struct BatchBuilder {
    taken: Vec<Taken>,
    place: [Vec<i64>; PLACE_COLUMNS.len() - 1],
    remarks: Vec<Option<&'static str>>,
    texts: Vec<StringBuilder>,
    n_records: usize,
    n_bytes: usize,
}

impl BatchBuilder {
    fn new(header: &Header) -> Self {
        Self {
            taken: header.taken.clone(),
            place: Default::default(),
            remarks: Vec::new(),
            texts: header.taken.iter().map(|_| texts_of_a_batch()).collect(),
            n_records: 0,
            n_bytes: 0,
        }
    }

    fn push(
        &mut self,
        row: &Row,
        record: i64,
        mut remark: Option<&'static str>,
        is_readable: bool,
    ) {
        let (mut numbers, mut absent) = (0_u64, 0_u64);
        // One look at the whole record costs less than one at each field.
        let whole = simdutf8::basic::from_utf8(row.fields.as_slice()).ok();
        for (at, (taken, texts)) in self.taken.iter().zip(&mut self.texts).enumerate() {
            if !row.is_plain() {
                let flaw = row.flaws.iter().find(|(at, _)| is_readable && *at == taken.field);
                remark = remark.or(flaw.map(|(_, rule)| *rule));
                numbers |= u64::from(row.numbers.contains(&taken.field)) << at;
                absent |= u64::from(row.absent.contains(&taken.field)) << at;
            }
            let range = row.fields.range(taken.field).filter(|_| is_readable).unwrap_or(0..0);
            let field = match whole.and_then(|whole| whole.get(range.clone())) {
                Some(text) => Ok(text),
                None => std::str::from_utf8(&row.fields.as_slice()[range]),
            };
            match (field.map(trim), taken.function) {
                (Ok(""), Some(function)) if row.empty_lists.contains(&taken.field) => {
                    texts.append_option(function.of_none());
                }
                (Ok(text), Some(function)) => texts.append_option(function.of(text)),
                (Ok(""), None) => texts.append_null(),
                (Ok(text), None) => texts.append_value(text),
                (Err(_), _) => {
                    remark = Some("invalid_text");
                    texts.append_null();
                }
            }
        }
        let [records, lines, sheets, n_fields, numeric, missing] = &mut self.place;
        records.push(record);
        lines.push(row.line.cast_signed());
        sheets.push(row.sheet.into());
        n_fields.push(row.fields.len() as i64);
        numeric.push(numbers.cast_signed());
        missing.push(absent.cast_signed());
        self.remarks.push(remark);
        self.n_records += 1;
        self.n_bytes += row.fields.as_slice().len();
    }

    fn finish(mut self) -> Records {
        let place = self.place.into_iter().map(|numbers| Arc::new(Int64Array::from(numbers)) as _);
        let remarks: ArrayRef = Arc::new(StringArray::from(self.remarks));
        let place = place.chain([remarks]);
        let mut columns: Vec<(&str, ArrayRef)> = PLACE_COLUMNS.into_iter().zip(place).collect();
        for (taken, texts) in self.taken.iter().zip(&mut self.texts) {
            columns.push((taken.column, Arc::new(texts.finish())));
        }
        Records(RecordBatch::try_from_iter(columns).expect("the columns have one length"))
    }
}

// The bits over a record's taken fields fit one word.
const _: () = assert!(SUPPLIED.len() + INPUTS.len() + CONTROL.len() <= 64);
