//! Delimited text: separators, quotes, fields of several lines, ragged records.

use std::io::{Cursor, Read};
use std::rc::Rc;

use csv::ByteRecord;

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::clean;

use super::container::Body;
use super::fault::refusal;
use super::guard::{Guard, MAX_RECORD_BYTES, Seen, record_too_long};
use super::line_breaks::{LineBreaks, Remembering};
use super::row::{Row, Rows};
use super::table::{Table, Width};
use super::{Header, header};

const HEAD_BYTES: u64 = 64 << 10;
const SEPARATORS: &[u8] = b",;\t|";
/// A field of more lines than this is an unclosed quote.
const MAX_LINES: u64 = 40;

/// Reads the headings of a delimited text.
pub(super) fn read<'a>(body: Body<'a>, profile: &Profile) -> Result<Table<'a>, Refusal> {
    let mut bytes = body.stream();
    let mut head = Vec::new();
    (&mut bytes).take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| refusal(&error))?;
    let (separator, n_above, header) = find_header(&head, profile)?;

    let (guard, seen) = Guard::new(Cursor::new(head).chain(bytes));
    let (remembering, breaks) = Remembering::new(guard);
    let mut reader = builder(separator).buffer_capacity(256 << 10).from_reader(remembering);
    let mut above = ByteRecord::new();
    for _ in 0..n_above {
        reader.read_byte_record(&mut above).map_err(|error| refusal(&error))?;
        seen.record_read();
    }
    let (n_fields, line) = (header.n_fields(), reader.position().line());
    let rows = Delimited { reader, seen, breaks, separator, n_fields, n_records: 0, line };
    Ok(Table { rows: Box::new(rows), header, width: Width::Exact })
}

/// Tries each separator; the first that yields a heading row is the log's.
fn find_header(head: &[u8], profile: &Profile) -> Result<(u8, usize, Header), Refusal> {
    let mut refusals = Vec::new();
    for separator in SEPARATORS {
        let rows = first_rows(head, *separator);
        match header::find(&rows, profile) {
            Ok((n_above, header)) => return Ok((*separator, n_above, header)),
            Err(refusal) => refusals.push((rows.iter().map(Vec::len).max(), refusal)),
        }
    }
    // The separator that splits most is the likely one, and its refusal the telling one.
    let likeliest = refusals.into_iter().rev().max_by_key(|(n_fields, _)| *n_fields);
    Err(likeliest.expect("there are separators to try").1)
}

fn first_rows(head: &[u8], separator: u8) -> Vec<Vec<String>> {
    let mut reader = builder(separator).from_reader(head);
    let records = reader.byte_records().map_while(Result::ok).take(header::MAX_TITLE_ROWS);
    let text = |record: ByteRecord| {
        record.iter().map(|field| clean(&String::from_utf8_lossy(field))).collect()
    };
    records.map(text).collect()
}

fn builder(separator: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(separator);
    builder
}

/// The rows below the headings.
struct Delimited<R> {
    reader: csv::Reader<Remembering<Guard<R>>>,
    seen: Rc<Seen>,
    breaks: Rc<LineBreaks>,
    separator: u8,
    n_fields: usize,
    n_records: u64,
    line: u64,
}

impl<R: Read> Rows for Delimited<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        row.clear();
        self.breaks.count_from(self.reader.position().byte());
        match self.reader.read_byte_record(&mut row.fields) {
            Ok(false) => return Ok(false),
            Ok(true) => {}
            Err(_) if self.seen.is_too_long() => {
                return Err(record_too_long(self.n_records, self.line, MAX_RECORD_BYTES));
            }
            Err(error) => return Err(refusal(&error)),
        }
        self.n_records += 1;
        self.seen.record_read();
        self.line = row.fields.position().map_or(0, csv::Position::line) + self.breaks.n();
        row.line = self.line;
        row.is_cut = self.seen.is_at_end() && !self.seen.ends_with_line_break();
        self.check_quotes(&row.fields)?;
        Ok(true)
    }
}

impl<R: Read> Delimited<R> {
    /// Refuses a record that has swallowed the rows after it.
    fn check_quotes(&self, fields: &ByteRecord) -> Result<(), Refusal> {
        if memchr::memchr(b'\n', fields.as_slice()).is_none() {
            return Ok(());
        }
        let n_lines = self.reader.position().line().saturating_sub(self.line);
        let is_left_open = self.seen.is_at_end() && self.seen.has_odd_quotes();
        let is_swallowed = n_lines > MAX_LINES
            || fields.len() != self.n_fields
            || is_left_open
            || fields.iter().enumerate().any(|(at, field)| self.holds_rows(at, field));
        if is_swallowed { Err(self.refusal("unclosed_quote")) } else { Ok(()) }
    }

    /// Whether the lines of a field are the end of one row, whole rows and the beginning of
    /// another, cut at the same column: the mark of a quote that nobody closed. What it opens may
    /// itself hold separators.
    fn holds_rows(&self, at: usize, field: &[u8]) -> bool {
        let n_in_row = self.n_fields - 1;
        let lines = field.split(|byte| *byte == b'\n');
        let n_separators = lines.map(|line| line.iter().filter(|b| **b == self.separator).count());
        let counts: Vec<usize> = n_separators.collect();
        let [first, middle @ .., last] = counts.as_slice() else { return false };
        n_in_row >= 2
            && (middle.contains(&n_in_row)
                || (*first >= n_in_row - at
                    && *last == at
                    && middle.iter().all(|n| *n >= n_in_row)))
    }

    fn refusal(&self, rule: &str) -> Refusal {
        let params = [("record", self.n_records.to_string()), ("line", self.line.to_string())];
        Refusal::new(rule, params)
    }
}
