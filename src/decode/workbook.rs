//! Workbooks: which of their sheets are read.

use crate::pipeline::encoding::Encoding;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::{Note, Refusal};
use crate::pipeline::text::fold;

use super::mend::mend;
use super::row::{Replayed, Row, Rows};
use super::table::{Table, Width};
use super::{Header, Notes, header, sheet};

/// A workbook of more sheets is made to exhaust its reader.
pub(super) const MAX_SHEETS: usize = 1000;

/// A sheet as a workbook lists it.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) is_visible: bool,
    /// Not a chart, a dialogue or a macro.
    pub(super) has_cells: bool,
}

/// The rows of a sheet below its headings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Where the sheet stands in the workbook, from 0.
    pub(super) at: usize,
    /// How many rows end with the headings, and the line of the last of them.
    pub(super) n_above: usize,
    pub(super) last_heading: u64,
    /// The number that records tell, from 1; 0 where there is but one sheet.
    pub(super) sheet: u32,
}

/// A workbook of either format.
pub(super) trait Workbook {
    /// Lists the sheets in their order.
    fn sheets(&self) -> Vec<Sheet>;

    /// Reads the rows among which a sheet's headings must stand.
    fn head(&mut self, at: usize) -> Result<Vec<Row>, Refusal>;

    /// Reads the rows of sheets, one sheet after another.
    fn rows<'a>(self, parts: Vec<Part>) -> Box<dyn Rows + 'a>
    where
        Self: 'a;
}

/// Reads the headings of a workbook and leaves its records to be read.
pub(super) fn read<'a>(
    mut book: impl Workbook + 'a,
    profile: &Profile,
    notes: &Notes,
) -> Result<(Table<'a>, Encoding), Refusal> {
    let found = choose(&mut book, profile, notes)?;
    // The first rows have told the encoding: those below them must not tell another.
    let told = Profile { encoding: Some(found.encoding), ..Profile::default() };
    let (rows, encoding) = mend(book.rows(found.parts), &told)?;
    Ok((Table { rows: Box::new(rows), header: found.header, width: Width::Padded }, encoding))
}

/// The sheets with the headings, which are the same in all of them.
struct Found {
    parts: Vec<Part>,
    header: Header,
    encoding: Encoding,
}

/// Finds the sheets that are read, and tells of those that are not.
fn choose(book: &mut impl Workbook, profile: &Profile, notes: &Notes) -> Result<Found, Refusal> {
    let sheets = book.sheets();
    let is_one_of_many = sheets.iter().filter(|s| s.is_visible && s.has_cells).count() > 1;
    let is_read =
        |sheet: &Sheet| profile.sheet.as_ref().is_none_or(|n| fold(n) == fold(&sheet.name));
    let skip = |at: usize, why: &str| {
        if profile.sheet.is_none() {
            let params = [("sheet", (at + 1).to_string()), ("why", why.to_owned())];
            notes.borrow_mut().push(Note::new("sheet_not_read", params));
        }
    };
    let mut found: Option<Found> = None;
    let mut refusal = None;
    for (at, sheet) in sheets.iter().enumerate().filter(|(_, sheet)| is_read(sheet)) {
        if !sheet.is_visible {
            skip(at, "hidden");
            continue;
        }
        if !sheet.has_cells {
            skip(at, "no headings");
            continue;
        }
        let encoding = found.as_ref().map(|found| found.encoding).or(profile.encoding);
        let head = book.head(at)?;
        let lines: Vec<u64> = head.iter().map(|row| row.line).collect();
        let (n_above, header, encoding) = match headings(head, profile, encoding) {
            Ok(headings) => headings,
            Err(missing) if missing.rule == "heading_missing" => {
                skip(at, "no headings");
                refusal.get_or_insert(missing);
                continue;
            }
            Err(refusal) => return Err(refusal),
        };
        let number = if is_one_of_many { at + 1 } else { 0 };
        let sheet = u32::try_from(number).unwrap_or(u32::MAX);
        let last_heading = n_above.checked_sub(1).and_then(|last| lines.get(last).copied());
        let part = Part { at, n_above, last_heading: last_heading.unwrap_or(0), sheet };
        match &mut found {
            None => found = Some(Found { parts: vec![part], header, encoding }),
            Some(found) => {
                let first = &found.header;
                if (&first.taken, first.n_fields()) != (&header.taken, header.n_fields()) {
                    let first = (found.parts[0].at + 1).to_string();
                    let params = [("sheet", (at + 1).to_string()), ("first", first)];
                    return Err(Refusal::new("sheets_differ", params));
                }
                found.parts.push(part);
            }
        }
        if profile.sheet.is_some() {
            break;
        }
    }
    found.ok_or_else(|| refusal.unwrap_or_else(|| no_sheet(profile)))
}

/// Finds the headings among the first rows of a sheet, in their encoding.
fn headings(
    head: Vec<Row>,
    profile: &Profile,
    encoding: Option<Encoding>,
) -> Result<(usize, Header, Encoding), Refusal> {
    let told = Profile { encoding, ..Profile::default() };
    let (mut mended, encoding) = mend(Replayed::new(head, End), &told)?;
    let texts: Vec<Vec<String>> = sheet::head(&mut mended)?.iter().map(sheet::texts).collect();
    let (n_above, header) = header::find(&texts, profile)?;
    Ok((n_above, header, encoding))
}

/// Says that there is no sheet to look for headings in.
fn no_sheet(profile: &Profile) -> Refusal {
    match &profile.sheet {
        Some(sheet) => Refusal::new("sheet_missing", [("sheet", sheet.clone())]),
        None => Refusal::new("empty_file", []),
    }
}

/// No rows.
struct End;

impl Rows for End {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        row.clear();
        Ok(false)
    }
}
