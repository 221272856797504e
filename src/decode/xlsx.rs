//! XLSX: the cells of its sheets, streamed by `calamine` from a file that is watched.
//!
//! A thread of its own inflates and reads, because the reader of cells borrows its workbook and
//! so cannot be kept beside it; rows come over in batches, while those before them are worked on.

mod limits;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::thread::JoinHandle;

use calamine::{DataRef, Dimensions, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::pipeline::encoding::Encoding;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;

use super::cells::{Maker, Merged, Value, moment_text};
use super::container::Body;
use super::fault::{damaged, refusal};
use super::row::{Row, Rows};
use super::table::Table;
use super::workbook::{MAX_SHEETS, Part, Sheet, Workbook};
use super::{Notes, header, workbook};
use limits::{Gate, Watched};

/// No spreadsheet program writes a larger file.
const MAX_FILE_BYTES: u64 = 1 << 30;
const BATCH_ROWS: usize = 256;
const BATCH_BYTES: usize = 1 << 20;
/// How many batches may wait to be worked on.
const BATCHES_AHEAD: usize = 2;

/// Reads the headings of a workbook.
pub(super) fn read<'a>(
    body: Body<'a>,
    profile: &Profile,
    notes: &Notes,
) -> Result<(Table<'a>, Encoding), Refusal> {
    let file = body.file(MAX_FILE_BYTES)?;
    workbook::read(guarded(|| Book::open(file))?, profile, notes)
}

/// A workbook that is open.
struct Book {
    xlsx: Xlsx<Watched>,
    gate: Arc<Gate>,
    n_packed: u64,
}

impl Book {
    fn open(file: File) -> Result<Self, Refusal> {
        let n_packed = file.metadata().map_err(|error| refusal(&error))?.len();
        let gate = Arc::new(Gate::default());
        let watched = Watched::new(file, Arc::clone(&gate))?;
        let xlsx = Xlsx::new(watched).map_err(|error| why(&error))?;
        gate.open();
        let sheets = xlsx.sheets_metadata();
        if sheets.len() > MAX_SHEETS {
            return Err(damaged("more sheets than a workbook has"));
        }
        // A sheet is asked for by its name.
        let names: BTreeSet<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
        if names.len() < sheets.len() {
            return Err(damaged("two sheets have one name"));
        }
        Ok(Self { xlsx, gate, n_packed })
    }

    fn maker(&self) -> Maker {
        Maker::new(self.n_packed, self.xlsx.has_1904_epoch())
    }

    /// Hands over the rows of a sheet, one by one, until it is told to break off.
    fn each_row(
        &mut self,
        at: usize,
        maker: &mut Maker,
        mut take: impl FnMut(Row) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Refusal> {
        let name = self.xlsx.sheets_metadata()[at].name.clone();
        let mut cells = self.xlsx.worksheet_cells_reader(&name).map_err(|error| why(&error))?;
        while let Some(cell) =
            cells.next_cell_with_formula_metadata().map_err(|error| why(&error))?
        {
            self.gate.cell_read();
            let text = iso_text(&cell.value);
            let value = match &text {
                Some(text) => Value::Text(text),
                None => value(&cell.value, cell.formula.is_some()),
            };
            if let Some(row) = maker.cell(cell.pos, value)?
                && take(row).is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(maker.finish()?.map_or(ControlFlow::Continue(()), take))
    }

    /// Lists the merged cells of a sheet; they stand behind its rows.
    fn merged(&mut self, at: usize) -> Result<Vec<Merged>, Refusal> {
        let name = self.xlsx.sheets_metadata()[at].name.clone();
        let merged = self.xlsx.merge_cells_by_sheet_name(&name).map_err(|error| why(&error))?;
        let cell = |merged: &Dimensions| {
            let (row, column) = merged.start;
            Merged { row, column, last_row: merged.end.0 }
        };
        Ok(merged.iter().map(cell).collect())
    }

    /// Sends the rows of the sheets in batches, as long as there is somebody to take them.
    fn send(mut self, parts: &[Part], batches: &SyncSender<Vec<Row>>) -> Result<(), Refusal> {
        let mut maker = self.maker();
        let (mut batch, mut n_bytes) = (Vec::new(), 0);
        for part in parts {
            let mut n_above = part.n_above;
            maker.begin(part.sheet, &self.merged(part.at)?, part.last_heading);
            let sent = self.each_row(part.at, &mut maker, |row| {
                if n_above > 0 {
                    n_above -= 1;
                    return ControlFlow::Continue(());
                }
                n_bytes += row.fields.as_slice().len();
                batch.push(row);
                if batch.len() < BATCH_ROWS && n_bytes < BATCH_BYTES {
                    return ControlFlow::Continue(());
                }
                n_bytes = 0;
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ROWS));
                batches.send(full).map_or(ControlFlow::Break(()), ControlFlow::Continue)
            })?;
            if sent.is_break() {
                return Ok(());
            }
        }
        // Nobody may be left to take the last rows.
        batches.send(batch).or(Ok(()))
    }
}

impl Workbook for Book {
    fn sheets(&self) -> Vec<Sheet> {
        let sheet = |sheet: &calamine::Sheet| Sheet {
            name: sheet.name.clone(),
            is_visible: sheet.visible == SheetVisible::Visible,
            has_cells: sheet.typ == SheetType::WorkSheet,
        };
        self.xlsx.sheets_metadata().iter().map(sheet).collect()
    }

    fn head(&mut self, at: usize) -> Result<Vec<Row>, Refusal> {
        let (mut maker, mut head) = (self.maker(), Vec::new());
        let take = |row| {
            head.push(row);
            let is_full = head.len() == header::MAX_TITLE_ROWS;
            if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        guarded(|| self.each_row(at, &mut maker, take).map(|_| ()))?;
        Ok(head)
    }

    fn rows<'a>(self, parts: Vec<Part>) -> Box<dyn Rows + 'a>
    where
        Self: 'a,
    {
        let (sender, batches) = sync_channel(BATCHES_AHEAD);
        let reader = thread::spawn(move || guarded(|| self.send(&parts, &sender)));
        Box::new(Streamed { ahead: Vec::new().into_iter(), batches, reader: Some(reader) })
    }
}

/// The rows as they come over from the thread.
struct Streamed {
    ahead: std::vec::IntoIter<Row>,
    batches: Receiver<Vec<Row>>,
    reader: Option<JoinHandle<Result<(), Refusal>>>,
}

impl Rows for Streamed {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        loop {
            if let Some(next) = self.ahead.next() {
                *row = next;
                return Ok(true);
            }
            match self.batches.recv() {
                Ok(batch) => self.ahead = batch.into_iter(),
                Err(_) => {
                    row.clear();
                    let end = self.reader.take().map_or(Ok(Ok(())), JoinHandle::join);
                    return end.unwrap_or_else(|_| Err(panicked())).map(|()| false);
                }
            }
        }
    }
}

/// Returns what a cell holds.
fn value<'c>(value: &'c DataRef<'_>, is_formula: bool) -> Value<'c> {
    match value {
        DataRef::Empty if is_formula => Value::Formula,
        DataRef::Empty => Value::Empty,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Value::Text(text)
        }
        DataRef::SharedString(text) => Value::Text(text),
        DataRef::Int(number) => Value::Number(*number as f64),
        DataRef::Float(number) => Value::Number(*number),
        DataRef::DateTime(time) if time.is_duration() => Value::Duration(time.as_f64()),
        DataRef::DateTime(day) => Value::Day(day.as_f64()),
        DataRef::Bool(is_true) => Value::Bool(*is_true),
        DataRef::Error(_) => Value::Error,
    }
}

/// Writes a day that the workbook has as text in the way of those that it has as numbers.
fn iso_text(value: &DataRef<'_>) -> Option<Cow<'static, str>> {
    let DataRef::DateTimeIso(text) = value else { return None };
    let text = text.trim_end_matches('Z');
    let day = || Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN));
    let moment = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().or_else(day)?;
    Some(moment_text(moment).into())
}

/// Takes the guard's refusal out of an error, or tells what is wrong.
fn why(error: &XlsxError) -> Refusal {
    let told = refusal(error);
    if told.rule != "damaged" {
        return told;
    }
    damaged(match error {
        XlsxError::Password => return Refusal::new("password", []),
        XlsxError::Io(_) | XlsxError::Zip(_) | XlsxError::Xml(quick_xml::Error::Io(_)) => {
            return told;
        }
        XlsxError::Xml(_) | XlsxError::XmlAttr(_) | XlsxError::Encoding(_) => "broken XML",
        XlsxError::XmlEof(_) => "an element without an end",
        XlsxError::Unexpected(what) => what,
        XlsxError::FileNotFound(_)
        | XlsxError::RelationshipNotFound
        | XlsxError::WorksheetNotFound(_) => "a part of the workbook is missing",
        XlsxError::CellError(_) => "an error of an unknown kind in a cell",
        _ => "the parts of the workbook do not fit together",
    })
}

/// Runs the reader of workbooks; a slip in it is the workbook's fault.
fn guarded<T>(read: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> Refusal {
    damaged("the reader of workbooks stumbled")
}
