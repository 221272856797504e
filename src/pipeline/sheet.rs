//! A reference CSV of the pipeline directory (`units.csv`, …) read cell by cell with places.

use std::ops::Range;
use std::path::Path;

use chrono::NaiveDate;

use super::fault::{Faults, SourceFile};

/// One row of a reference CSV: its cells by heading.
pub(super) struct Row<'a> {
    pub(super) file: &'a SourceFile,
    headings: &'a [&'static str],
    cells: Vec<String>,
    spans: Vec<Range<usize>>,
}

/// Reads a CSV whose headings must be exactly these, and hands each row to `read`.
pub(super) fn read_csv(
    path: &Path,
    headings: &'static [&'static str],
    faults: &mut Faults,
    mut read: impl FnMut(&Row<'_>, &mut Faults),
) -> Option<SourceFile> {
    let file = SourceFile::read(path, faults)?;
    if file.text.trim().is_empty() {
        let hint = format!("the headings are: {}", headings.join(","));
        faults.add_first(&file, "the file is empty").hint(hint);
        return None;
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(file.text.as_bytes());
    for (index, record) in reader.records().enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.add(&file, 0..0, format!("failed to read the CSV: {error}"));
                continue;
            }
        };
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let spans = cell_spans(&file.text, start, record.len());
        if index == 0 {
            check_headings(&record, &spans, headings, &file, faults);
        } else if record.len() == headings.len() {
            let cells = record.iter().map(|cell| cell.trim().to_owned()).collect();
            read(&Row { file: &file, headings, cells, spans }, faults);
        } else {
            let message = format!("{} cells under {} headings", record.len(), headings.len());
            let end = spans.last().map_or(start, |span| span.end);
            faults.add(&file, start..end, message);
        }
    }
    Some(file)
}

/// A file that must list something, and lists nothing.
pub(super) fn require_rows(
    file: Option<&SourceFile>,
    is_empty: bool,
    what: &str,
    faults: &mut Faults,
) {
    if let Some(file) = file.filter(|_| is_empty) {
        faults
            .add_first(file, format!("no {what} is listed"))
            .hint("a row below the headings each");
    }
}

fn check_headings(
    record: &csv::StringRecord,
    spans: &[Range<usize>],
    headings: &[&'static str],
    file: &SourceFile,
    faults: &mut Faults,
) {
    for (at, heading) in headings.iter().enumerate() {
        let found = record.get(at).map(str::trim);
        if found == Some(heading) {
            continue;
        }
        let span = spans.get(at).cloned().unwrap_or(0..0);
        let message = format!("column {} must be `{heading}`", at + 1);
        faults.add(file, span, message).hint(format!("the headings are: {}", headings.join(",")));
        return;
    }
}

/// Returns the bytes of each cell of the record that starts at `start`.
fn cell_spans(text: &str, start: usize, n_cells: usize) -> Vec<Range<usize>> {
    let mut spans = Vec::with_capacity(n_cells);
    let mut quoted = false;
    // The csv crate's position may lie on the line break before the record.
    let skipped = text[start..].len() - text[start..].trim_start_matches(['\r', '\n']).len();
    let mut cell_start = start + skipped;
    for (at, byte) in text.bytes().enumerate().skip(cell_start) {
        match byte {
            b'"' => quoted = !quoted,
            b',' | b'\n' | b'\r' if !quoted => {
                spans.push(cell_start..at);
                cell_start = at + 1;
            }
            _ => {}
        }
        if spans.len() == n_cells {
            return spans;
        }
    }
    spans.push(cell_start.min(text.len())..text.len());
    spans
}

impl Row<'_> {
    /// Returns a cell; empty cells are `None`.
    pub(super) fn text(&self, heading: &str) -> Option<&str> {
        Some(self.cells[self.at(heading)].as_str()).filter(|cell| !cell.is_empty())
    }

    /// Returns the bytes that a cell stands in.
    pub(super) fn span(&self, heading: &str) -> Range<usize> {
        self.spans.get(self.at(heading)).cloned().unwrap_or(0..0)
    }

    /// Returns a cell that must not be empty.
    pub(super) fn required(&self, heading: &str, faults: &mut Faults) -> String {
        let text = self.text(heading);
        if text.is_none() {
            faults.add(self.file, self.span(heading), format!("`{heading}` is empty"));
        }
        text.unwrap_or_default().to_owned()
    }

    /// Returns a day, if the cell is not empty.
    pub(super) fn day(&self, heading: &str, faults: &mut Faults) -> Option<NaiveDate> {
        self.parse(heading, "a day such as 2020-10-31", faults)
    }

    /// Returns a whole number, if the cell is not empty.
    pub(super) fn integer(&self, heading: &str, faults: &mut Faults) -> Option<i64> {
        self.parse(heading, "a whole number", faults)
    }

    /// Returns `true` or `false`, if the cell is not empty.
    pub(super) fn flag(&self, heading: &str, faults: &mut Faults) -> Option<bool> {
        self.parse(heading, "`true` or `false`", faults)
    }

    fn parse<T: std::str::FromStr>(
        &self,
        heading: &str,
        wanted: &str,
        faults: &mut Faults,
    ) -> Option<T> {
        let text = self.text(heading)?;
        let value = text.parse().ok();
        if value.is_none() {
            let message = format!("`{heading}` must be {wanted}, found `{text}`");
            faults.add(self.file, self.span(heading), message);
        }
        value
    }

    fn at(&self, heading: &str) -> usize {
        self.headings.iter().position(|h| *h == heading).expect("the heading is one of the sheet's")
    }
}
