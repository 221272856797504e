//! XLS: the cells of its sheets, read from the records as they lie, a row at a time.
//!
//! A formula whose value was not saved is known only where its record says so: an empty text that
//! is always to be reckoned anew. Where a writer leaves that out, or puts 0 in its place, it
//! cannot be told from a value.

mod records;

use std::io::Read as _;

use cfb::CompoundFile;

use crate::pipeline::encoding::Encoding;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;

use super::cells::{Maker, Merged, Value};
use super::container::Body;
use super::fault::{damaged, refusal};
use super::row::{Row, Rows};
use super::table::Table;
use super::workbook::{Part, Sheet, Workbook};
use super::{Notes, header, workbook};
use records::{BOF, EOF, Globals, Record, f64_at, pieces, record, u16_at, u32_at};

/// The format holds 65,536 rows a sheet; the stream of records is held in memory.
const MAX_FILE_BYTES: u64 = 64 << 20;

const FORMULA: u16 = 0x06;
const MULTIPLE_RK: u16 = 0xBD;
const MERGED: u16 = 0xE5;
const RICH_LABEL: u16 = 0xD6;
const LABEL_SHARED: u16 = 0xFD;
const NUMBER: u16 = 0x203;
const LABEL: u16 = 0x204;
const BOOL_OR_ERROR: u16 = 0x205;
const STRING: u16 = 0x207;
const ARRAY: u16 = 0x221;
const TABLE: u16 = 0x236;
const RK: u16 = 0x27E;
const SHARED_FORMULA: u16 = 0x4BC;
const CELLS: [u16; 8] =
    [FORMULA, MULTIPLE_RK, RICH_LABEL, LABEL_SHARED, NUMBER, LABEL, BOOL_OR_ERROR, RK];

/// Reads the headings of a workbook.
pub(super) fn read<'a>(
    body: Body<'a>,
    profile: &Profile,
    notes: &Notes,
) -> Result<(Table<'a>, Encoding), Refusal> {
    let file = body.file(MAX_FILE_BYTES)?;
    let mut compound =
        CompoundFile::open(std::io::BufReader::new(file)).map_err(|error| refusal(&error))?;
    if compound.is_stream("/EncryptedPackage") {
        return Err(Refusal::new("password", []));
    }
    let name = ["/Workbook", "/Book"].into_iter().find(|name| compound.is_stream(name));
    let Some(name) = name else { return Err(Refusal::new("not_text", [])) };
    let mut bytes = Vec::new();
    let stream = compound.open_stream(name).map_err(|error| refusal(&error))?;
    stream.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(|error| refusal(&error))?;
    let globals = Globals::read(&bytes)?;
    let maker = Maker::new(bytes.len() as u64, globals.is_1904);
    workbook::read(Book { bytes, globals, maker }, profile, notes)
}

/// A workbook that is open.
struct Book {
    bytes: Vec<u8>,
    globals: Globals,
    maker: Maker,
}

impl Workbook for Book {
    fn sheets(&self) -> Vec<Sheet> {
        self.globals.sheets.iter().map(|(sheet, _)| sheet.clone()).collect()
    }

    fn head(&mut self, at: usize) -> Result<Vec<Row>, Refusal> {
        let mut head = Vec::new();
        let (places, _) = self.places(at)?;
        self.maker.begin(0, &[], 0);
        for place in places {
            head.extend(self.cells(place)?);
            if head.len() == header::MAX_TITLE_ROWS {
                return Ok(head);
            }
        }
        head.extend(self.maker.finish()?);
        Ok(head)
    }

    fn rows<'a>(self, parts: Vec<Part>) -> Box<dyn Rows + 'a>
    where
        Self: 'a,
    {
        let (parts, places) = (parts.into_iter(), Vec::new().into_iter());
        Box::new(Below { book: self, parts, places, n_above: 0 })
    }
}

/// Reads the cells that a record says are merged: rows and columns, each from and to.
fn merged_cells(data: &[u8]) -> impl Iterator<Item = Merged> {
    let places = data.get(2..).unwrap_or_default().chunks_exact(8);
    places.map(|place| {
        let [row, last_row, column] = [0, 2, 4].map(|at| u16_at(place, at).unwrap_or_default());
        Merged { row: row.into(), column: column.into(), last_row: last_row.into() }
    })
}

/// The rows of the sheets below their headings.
struct Below {
    book: Book,
    parts: std::vec::IntoIter<Part>,
    /// The records of the sheet that is read.
    places: std::vec::IntoIter<usize>,
    n_above: usize,
}

impl Rows for Below {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        row.clear();
        loop {
            let place = self.places.next();
            let ready = match place {
                Some(place) => self.book.cells(place)?,
                None => self.book.maker.finish()?,
            };
            match ready {
                Some(_) if self.n_above > 0 => self.n_above -= 1,
                Some(ready) => {
                    *row = ready;
                    return Ok(true);
                }
                None if place.is_some() => {}
                None => {
                    let Some(part) = self.parts.next() else { return Ok(false) };
                    let (places, merged) = self.book.places(part.at)?;
                    self.places = places.into_iter();
                    self.n_above = part.n_above;
                    self.book.maker.begin(part.sheet, &merged, part.last_heading);
                }
            }
        }
    }
}

impl Book {
    /// Lists where the records of a sheet lie that have cells, in the order of rows and columns, and
    /// the cells that are merged.
    fn places(&self, sheet: usize) -> Result<(Vec<usize>, Vec<Merged>), Refusal> {
        let begin = self.globals.sheets[sheet].1;
        let begins = self.globals.sheets.iter().map(|(_, begin)| *begin);
        // No sheet lies in another: each is read once.
        let limit = begins.clone().filter(|other| *other > begin).min().unwrap_or(self.bytes.len());
        if begins.filter(|other| *other == begin).count() > 1 || limit > self.bytes.len() {
            return Err(damaged("sheets lie over each other"));
        }
        let bytes = &self.bytes[..limit];
        let (mut places, mut at, mut depth) = (Vec::new(), begin, 0);
        let mut merged = Vec::new();
        loop {
            let Record { kind, data, next } = record(bytes, at)?;
            match kind {
                BOF => depth += 1,
                EOF => depth -= 1,
                _ if depth == 1 && CELLS.contains(&kind) => {
                    let (row, column) = u16_at(data, 0).zip(u16_at(data, 2)).ok_or_else(short)?;
                    places.push((row, column, at));
                }
                MERGED if depth == 1 => merged.extend(merged_cells(data)),
                _ => {}
            }
            if depth == 0 {
                break;
            }
            at = next;
        }
        // Charts within a sheet aside, they mostly lie in this order.
        places.sort_unstable();
        Ok((places.into_iter().map(|(_, _, at)| at).collect(), merged))
    }

    /// Takes the cells of a record; returns the row that they end.
    fn cells(&mut self, at: usize) -> Result<Option<Row>, Refusal> {
        let Self { bytes, globals, maker } = self;
        let Record { kind, data, next } = record(bytes, at)?;
        let [row, column, style] = [0, 2, 4].map(|at| u16_at(data, at).unwrap_or_default());
        let place = (u32::from(row), u32::from(column));
        let number = |number, style| globals.number(number, style);
        let text: String;
        let value = match kind {
            NUMBER => number(f64_at(data, 6).ok_or_else(short)?, style),
            RK => number(rk(u32_at(data, 6).ok_or_else(short)?), style),
            BOOL_OR_ERROR => match data.get(6..8).ok_or_else(short)? {
                [is_true, 0] => Value::Bool(*is_true != 0),
                _ => Value::Error,
            },
            LABEL_SHARED => {
                let shared = u32_at(data, 6).ok_or_else(short)? as usize;
                let text = globals.strings.get(shared);
                Value::Text(
                    text.ok_or_else(|| damaged("a cell refers to a text that is not there"))?,
                )
            }
            LABEL | RICH_LABEL => {
                let mut pieces = pieces(bytes, at)?;
                let string = pieces.skip(6).and_then(|()| globals.string(&mut pieces));
                text = string.ok_or_else(short)?;
                Value::Text(&text)
            }
            FORMULA => {
                text = following_string(bytes, next, globals)?;
                formula(data, &text, globals).ok_or_else(short)?
            }
            _ => return multiple(data, place, globals, maker),
        };
        maker.cell(place, value)
    }
}

/// Takes the cells of a record that has the numbers of several.
fn multiple(
    data: &[u8],
    (row, column): (u32, u32),
    globals: &Globals,
    maker: &mut Maker,
) -> Result<Option<Row>, Refusal> {
    let mut ready = None;
    let cells = data.len().checked_sub(2).and_then(|end| data.get(4..end)).ok_or_else(short)?;
    for (cell, column) in cells.chunks(6).zip(column..) {
        let (style, bits) = u16_at(cell, 0).zip(u32_at(cell, 2)).ok_or_else(short)?;
        let value = globals.number(rk(bits), style);
        ready = maker.cell((row, column), value)?.or(ready);
    }
    Ok(ready)
}

/// Reads what a formula yields; its text stands in a record of its own.
fn formula<'t>(data: &[u8], text: &'t str, globals: &Globals) -> Option<Value<'t>> {
    const IS_RECKONED_ANEW: u16 = 1;
    if u16_at(data, 12)? != 0xFFFF {
        return Some(globals.number(f64_at(data, 6)?, u16_at(data, 4)?));
    }
    Some(match (*data.get(6)?, *data.get(8)?) {
        (0, _) => Value::Text(text),
        (1, is_true) => Value::Bool(is_true != 0),
        (2, _) => Value::Error,
        _ if u16_at(data, 14)? & IS_RECKONED_ANEW != 0 => Value::Formula,
        _ => Value::Empty,
    })
}

/// Reads the text that a formula yields, if it is a text: its record comes soon after.
fn following_string(bytes: &[u8], at: usize, globals: &Globals) -> Result<String, Refusal> {
    let mut at = at;
    while let Ok(Record { kind, next, .. }) = record(bytes, at) {
        match kind {
            STRING => return globals.string(&mut pieces(bytes, at)?).ok_or_else(short),
            ARRAY | SHARED_FORMULA | TABLE => at = next,
            _ => break,
        }
    }
    Ok(String::new())
}

/// Reads a number packed in four bytes: a whole one or half of a large one, or a hundredth.
fn rk(bits: u32) -> f64 {
    let number = match bits & 2 {
        0 => f64::from_bits(u64::from(bits & !3) << 32),
        _ => f64::from(bits.cast_signed() >> 2),
    };
    if bits & 1 == 0 { number } else { number / 100.0 }
}

fn short() -> Refusal {
    damaged("a record is too short for its cell")
}
