//! `SpreadsheetML` 2003, the XML that Excel 2003 writes: a workbook's sheet as rows of cells.
//!
//! The sheet is the one that the profile names, or the only one that has rows.

use std::io;
use std::io::{Cursor, Read};

use quick_xml::events::{BytesStart, Event};

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::fold;

use super::super::fault::refusal;
use super::super::row::{Row, Rows};
use super::super::table::{Table, Width};
use super::super::{header, sheet};
use super::events::Events;

const NAMESPACE: &str = "urn:schemas-microsoft-com:office:spreadsheet";
const HEAD_BYTES: u64 = 4 << 10;

type Whole<'a> = io::Chain<Cursor<Vec<u8>>, Box<dyn Read + 'a>>;

/// Tells by its first bytes whether a document is a workbook, and puts them back.
pub(super) fn is_workbook<'a>(mut bytes: Box<dyn Read + 'a>) -> Result<(bool, Whole<'a>), Refusal> {
    let mut head = Vec::new();
    let read = (&mut bytes).take(HEAD_BYTES).read_to_end(&mut head);
    read.map_err(|error| refusal(&error))?;
    let text = String::from_utf8_lossy(&head);
    let is_workbook = text.contains(NAMESPACE) && text.contains("Workbook");
    drop(text);
    Ok((is_workbook, Cursor::new(head).chain(bytes)))
}

/// Reads the headings of a workbook's sheet.
pub(super) fn read<'a, R: Read + 'a>(
    events: Events<R>,
    profile: &Profile,
) -> Result<Table<'a>, Refusal> {
    let rows = Cells {
        events,
        buffer: Vec::new(),
        wanted: profile.sheet.clone(),
        n_sheets: 0,
        is_skipped: false,
        found: None,
        row_number: 0,
        in_row: false,
        cell: None,
        text: String::new(),
    };
    sheet::read(rows, profile, Width::Padded)
}

/// The rows of a sheet.
struct Cells<R: Read> {
    events: Events<R>,
    buffer: Vec<u8>,
    wanted: Option<String>,
    n_sheets: u32,
    is_skipped: bool,
    /// The sheet that is read.
    found: Option<u32>,
    row_number: u64,
    in_row: bool,
    cell: Option<Cell>,
    text: String,
}

/// A cell being read.
#[derive(Default)]
struct Cell {
    /// How many cells to its right are merged with it.
    n_merged: usize,
    /// How many elements are open within it.
    depth: usize,
    in_data: bool,
    is_number: bool,
    is_error: bool,
}

impl<R: Read> Rows for Cells<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        row.clear();
        let mut buffer = std::mem::take(&mut self.buffer);
        let is_read = self.next_row(&mut buffer, row);
        self.buffer = buffer;
        is_read
    }
}

impl<R: Read> Cells<R> {
    fn next_row(&mut self, buffer: &mut Vec<u8>, row: &mut Row) -> Result<bool, Refusal> {
        loop {
            buffer.clear();
            match self.events.next(buffer)? {
                Event::Start(start) if self.in_row => self.start_in_row(&start, row)?,
                Event::Start(start) => match start.local_name().as_ref() {
                    "Worksheet" => self.start_sheet(&start)?,
                    "Row" if !self.is_skipped => self.start_row(&start, row)?,
                    _ => {}
                },
                Event::End(end) if self.in_row => {
                    if self.cell.is_some() {
                        self.end_in_cell(row);
                    } else if end.local_name().as_ref() == "Row" {
                        self.in_row = false;
                        self.events.record_read();
                        return Ok(true);
                    }
                }
                Event::Eof => {
                    return match &self.wanted {
                        Some(sheet) if self.found.is_none() => {
                            Err(Refusal::new("sheet_missing", [("sheet", sheet.clone())]))
                        }
                        _ => Ok(false),
                    };
                }
                event => {
                    let text = self.events.text(&event)?;
                    if self.cell.as_ref().is_some_and(|cell| cell.in_data) {
                        self.text.push_str(&text);
                    }
                }
            }
            if !self.in_row {
                self.events.part_read();
            }
        }
    }

    fn start_sheet(&mut self, start: &BytesStart<'_>) -> Result<(), Refusal> {
        self.n_sheets += 1;
        self.row_number = 0;
        let Some(wanted) = &self.wanted else { return Ok(()) };
        let name = self.attribute(start, "Name")?.unwrap_or_default();
        self.is_skipped = fold(&name) != fold(wanted);
        if !self.is_skipped {
            self.found = Some(self.n_sheets);
        }
        Ok(())
    }

    fn start_row(&mut self, start: &BytesStart<'_>, row: &mut Row) -> Result<(), Refusal> {
        let found = *self.found.get_or_insert(self.n_sheets);
        if found != self.n_sheets {
            let params = [("sheet", self.n_sheets.to_string()), ("first", found.to_string())];
            return Err(Refusal::new("sheets_differ", params));
        }
        let index = self.attribute(start, "Index")?.and_then(|index| index.parse().ok());
        self.row_number = index.unwrap_or(self.row_number + 1);
        row.line = self.row_number;
        self.in_row = true;
        Ok(())
    }

    fn start_in_row(&mut self, start: &BytesStart<'_>, row: &mut Row) -> Result<(), Refusal> {
        let name = start.local_name();
        if let Some(cell) = &mut self.cell {
            cell.depth += 1;
            // Data of a comment stands deeper.
            if cell.depth == 1 && name.as_ref() == "Data" {
                cell.in_data = true;
                let kind = self.attribute(start, "Type")?.unwrap_or_default();
                if let Some(cell) = &mut self.cell {
                    cell.is_number = kind == "Number";
                    cell.is_error = kind == "Error";
                }
            }
        } else if name.as_ref() == "Cell" {
            let number = |text: Option<String>| text.and_then(|text| text.parse::<usize>().ok());
            let index = number(self.attribute(start, "Index")?);
            let n_merged = number(self.attribute(start, "MergeAcross")?).unwrap_or(0);
            let before = index.map_or(row.fields.len(), |index| index.saturating_sub(1));
            let n_fields = before.saturating_add(n_merged).saturating_add(1);
            if n_fields > header::MAX_FIELDS {
                return Err(header::too_many_fields(n_fields));
            }
            while row.fields.len() < before {
                row.fields.push_field(b"");
            }
            self.text.clear();
            self.cell = Some(Cell { n_merged, ..Cell::default() });
        }
        Ok(())
    }

    fn end_in_cell(&mut self, row: &mut Row) {
        let Some(cell) = &mut self.cell else { return };
        if cell.depth > 0 {
            cell.depth -= 1;
            cell.in_data &= cell.depth > 0;
            return;
        }
        let at = row.fields.len();
        if cell.is_number {
            row.numbers.push(at);
        }
        if cell.is_error {
            row.flaws.push((at, "cell_error"));
        }
        row.fields.push_field(self.text.as_bytes());
        (0..cell.n_merged).for_each(|_| row.fields.push_field(b""));
        self.cell = None;
    }

    fn attribute(&self, start: &BytesStart<'_>, name: &str) -> Result<Option<String>, Refusal> {
        for attribute in start.attributes().with_checks(false) {
            let (key, value) = self.events.attribute(attribute)?;
            if key.local_name().as_ref() == name {
                return Ok(Some(value.into_owned()));
            }
        }
        Ok(None)
    }
}
