//! Delimited text: separators, quotes, a byte order mark, fields of several lines, ragged records.

use std::io::{Cursor, Read};
use std::rc::Rc;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder};
use csv::ByteRecord;

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::{clean, fold, trim};

use super::guard::{Guard, MAX_RECORD_BYTES, Seen};
use super::{Header, Log, Records, header};

const HEAD_BYTES: u64 = 64 << 10;
const SEPARATORS: &[u8] = b",;\t|";
const RECORDS_IN_A_BATCH: usize = 16 << 10;
/// A field of more lines than this is an unclosed quote.
const MAX_LINES: u64 = 40;

type Input<'a> = csv::Reader<Guard<Box<dyn Read + 'a>>>;

/// Reads the header of a delimited text.
pub(super) fn decode<'a>(
    mut bytes: Box<dyn Read + 'a>,
    profile: &Profile,
) -> Result<Log<'a>, Refusal> {
    let mut head = Vec::new();
    (&mut bytes).take(HEAD_BYTES).read_to_end(&mut head).map_err(unreadable)?;
    if head.starts_with(b"\xef\xbb\xbf") {
        head.drain(..3);
    }
    check_is_text(&head)?;
    let (separator, n_above, header) = find_header(&head, profile)?;

    let input: Box<dyn Read + 'a> = Box::new(Cursor::new(head).chain(bytes));
    let (guard, seen) = Guard::new(input);
    let mut reader = builder(separator).buffer_capacity(256 << 10).from_reader(guard);
    let mut record = ByteRecord::new();
    for _ in 0..=n_above {
        reader.read_byte_record(&mut record).map_err(unreadable)?;
        seen.record_read();
    }
    let totals = profile.totals.clone();
    let batches = Batches {
        reader,
        seen,
        record,
        separator,
        header: header.clone(),
        totals,
        n_records: 0,
        is_below_totals: false,
        is_done: false,
    };
    Ok(Log { header, records: Box::new(batches) })
}

fn check_is_text(head: &[u8]) -> Result<(), Refusal> {
    let start = head.trim_ascii_start();
    if start.is_empty() {
        return Err(Refusal::new("empty_file", []));
    }
    let kind = match start {
        [b'P', b'K', 3, 4, ..] => "a zip archive or an Office workbook",
        [0xd0, 0xcf, 0x11, 0xe0, ..] => "an old Office document",
        [0x1f, 0x8b, ..] => "gzip",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16 text",
        _ if start.contains(&0) => "binary data",
        _ => "",
    };
    if !kind.is_empty() {
        return Err(Refusal::new("not_text", [("kind", kind.to_owned())]));
    }
    let lower = start[..start.len().min(1024)].to_ascii_lowercase();
    let is_page = lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html");
    if is_page { Err(Refusal::new("web_page", [])) } else { Ok(()) }
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

fn unreadable(error: impl ToString) -> Refusal {
    Refusal::new("not_text", [("kind", error.to_string())])
}

struct Batches<'a> {
    reader: Input<'a>,
    seen: Rc<Seen>,
    record: ByteRecord,
    separator: u8,
    header: Header,
    totals: Vec<String>,
    n_records: i64,
    is_below_totals: bool,
    is_done: bool,
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

impl Batches<'_> {
    fn read_batch(&mut self) -> Result<Records, Refusal> {
        let mut batch = BatchBuilder::new(&self.header);
        while batch.n_records < RECORDS_IN_A_BATCH {
            if !self.read_record()? {
                self.is_done = true;
                break;
            }
            let remark = self.remark()?;
            batch.push(&self.record, self.n_records, self.line(), remark);
        }
        Ok(batch.finish())
    }

    /// Reads the next record; `false` at the end of the file.
    fn read_record(&mut self) -> Result<bool, Refusal> {
        let last_line = self.line();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => Ok(false),
            Ok(true) => {
                self.n_records += 1;
                self.seen.record_read();
                self.check_quotes()?;
                Ok(true)
            }
            Err(_) if self.seen.is_too_long() => {
                let (record, line) = (self.n_records.to_string(), last_line.to_string());
                let limit = MAX_RECORD_BYTES.to_string();
                let params = [("record", record), ("line", line), ("limit", limit)];
                Err(Refusal::new("record_too_long", params))
            }
            Err(error) => Err(unreadable(error)),
        }
    }

    /// Refuses a record that has swallowed the rows after it.
    fn check_quotes(&self) -> Result<(), Refusal> {
        if !self.record.iter().any(|field| field.contains(&b'\n')) {
            return Ok(());
        }
        let n_lines = self.reader.position().line().saturating_sub(self.line().unsigned_abs());
        let is_ragged = self.record.len() != self.header.columns.len();
        let is_left_open = |field: &[u8]| {
            self.seen.is_at_end() && field.ends_with(b"\n") && self.seen.has_odd_quotes()
        };
        let mut fields = self.record.iter().enumerate();
        let is_swallowed = n_lines > MAX_LINES
            || is_ragged
            || fields.any(|(at, field)| is_left_open(field) || self.holds_rows(at, field));
        if is_swallowed { Err(self.refusal("unclosed_quote")) } else { Ok(()) }
    }

    /// Whether the lines of a field are the end of one row, whole rows and the beginning of
    /// another, cut at the same column: the mark of a quote that nobody closed.
    fn holds_rows(&self, at: usize, field: &[u8]) -> bool {
        let n_in_row = self.header.columns.len() - 1;
        let lines = field.split(|byte| *byte == b'\n');
        let n_separators = lines.map(|line| line.iter().filter(|b| **b == self.separator).count());
        let counts: Vec<usize> = n_separators.collect();
        let [first, middle @ .., last] = counts.as_slice() else { return false };
        n_in_row >= 2
            && (middle.contains(&n_in_row)
                || (*first == n_in_row - at
                    && *last == at
                    && middle.iter().all(|n| *n == n_in_row)))
    }

    /// Returns the rule by which the record is no readable dossier, if there is one.
    fn remark(&mut self) -> Result<Option<&'static str>, Refusal> {
        let first = self.record.iter().find(|field| !is_blank(field));
        let Some(first) = first else { return Ok(Some("blank_row")) };
        let number = self.header.columns.iter().position(|c| *c == Some("dossier_number"));
        let number = number.and_then(|at| self.record.get(at)).filter(|field| !is_blank(field));
        let has_number = number.is_some();
        // A count may stand where the number does; a number is more than a count.
        let is_counted = number.is_none_or(|text| text == first || is_count(text));
        if is_counted && self.is_totals_row(first) {
            self.is_below_totals = true;
            return Ok(Some("totals_row"));
        }
        if self.is_below_totals && !has_number {
            return Ok(Some("after_totals"));
        }
        if self.record.len() == self.header.columns.len() {
            return Ok(None);
        }
        let is_cut = self.seen.is_at_end()
            && self.record.len() < self.header.columns.len()
            && !self.seen.ends_with_line_break();
        if is_cut { Err(self.refusal("truncated")) } else { Ok(Some("field_count")) }
    }

    fn is_totals_row(&self, first: &[u8]) -> bool {
        // A digit decides most rows without folding.
        if first.first().is_some_and(u8::is_ascii_digit) {
            return false;
        }
        let text = fold(&String::from_utf8_lossy(first));
        self.totals.iter().any(|totals| {
            text.strip_prefix(totals.as_str())
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        })
    }

    fn line(&self) -> i64 {
        self.record.position().map_or(0, |position| position.line() as i64)
    }

    fn refusal(&self, rule: &str) -> Refusal {
        let params = [("record", self.n_records.to_string()), ("line", self.line().to_string())];
        Refusal::new(rule, params)
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

struct BatchBuilder {
    record: Int64Builder,
    line: Int64Builder,
    remark: StringBuilder,
    detail: Int64Builder,
    texts: Vec<(usize, &'static str, StringBuilder)>,
    n_records: usize,
}

impl BatchBuilder {
    fn new(header: &Header) -> Self {
        let columns = header.columns.iter().enumerate();
        let texts = columns.filter_map(|(at, c)| c.map(|c| (at, c, StringBuilder::new())));
        Self {
            record: Int64Builder::new(),
            line: Int64Builder::new(),
            remark: StringBuilder::new(),
            detail: Int64Builder::new(),
            texts: texts.collect(),
            n_records: 0,
        }
    }

    fn push(&mut self, record: &ByteRecord, number: i64, line: i64, remark: Option<&'static str>) {
        let mut remark = remark;
        let is_readable = remark.is_none();
        for (at, _, texts) in &mut self.texts {
            let field = if is_readable { record.get(*at).unwrap_or_default() } else { b"" };
            match std::str::from_utf8(field).map(trim) {
                Ok("") => texts.append_null(),
                Ok(text) => texts.append_value(text),
                Err(_) => {
                    remark = Some("invalid_text");
                    texts.append_null();
                }
            }
        }
        self.record.append_value(number);
        self.line.append_value(line);
        self.remark.append_option(remark);
        self.detail.append_value(record.len() as i64);
        self.n_records += 1;
    }

    fn finish(mut self) -> Records {
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("record", Arc::new(self.record.finish())),
            ("line", Arc::new(self.line.finish())),
            ("remark", Arc::new(self.remark.finish())),
            ("detail", Arc::new(self.detail.finish())),
        ];
        for (_, name, texts) in &mut self.texts {
            columns.push((name, Arc::new(texts.finish())));
        }
        Records(RecordBatch::try_from_iter(columns).expect("the columns have one length"))
    }
}
