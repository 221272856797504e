//! The tables of a page: tags and texts become rows of cells, by the rules of HTML for ends that
//! are left out and for cells that span others.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::fold;

use super::super::guard::record_too_long;
use super::super::header;
use super::super::keyed::{MAX_KEYED_DEPTH, too_deep};
use super::super::row::Row;

/// Cells that span rows may not repeat more bytes in each row.
const MAX_REPEATED_BYTES: usize = 64 << 10;

/// A row, or a refusal, where a tag completes one.
pub(super) type Done = Option<Result<Row, Refusal>>;

/// What the readers of a page know together.
#[derive(Debug)]
pub(super) struct Shared {
    /// The line being read, from 1.
    pub(super) line: Cell<u64>,
    pub(super) n_rows: Cell<u64>,
    /// How many tables are not closed.
    pub(super) n_open: Cell<usize>,
    /// Whether a row has two headings that the profile knows.
    pub(super) has_headings: Cell<bool>,
}

impl Default for Shared {
    fn default() -> Self {
        let (n_rows, n_open, has_headings) = Default::default();
        Self { line: Cell::new(1), n_rows, n_open, has_headings }
    }
}

/// The attributes of a cell that matter.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Attributes {
    pub(super) n_columns: Option<usize>,
    pub(super) n_rows: Option<usize>,
    /// Whether Office says that the cell holds a number.
    pub(super) is_number: bool,
}

/// The tables that are not closed, the innermost last.
pub(super) struct Tables {
    shared: Rc<Shared>,
    /// The headings that the profile knows, folded.
    headings: BTreeSet<String>,
    open: Vec<OpenTable>,
    /// How many tables are open within a cell of the log, as its text.
    n_inner: usize,
}

#[derive(Default)]
struct OpenTable {
    row: Option<Row>,
    cell: Option<OpenCell>,
    /// By column, what cells of the rows above repeat.
    repeated: Vec<Repeated>,
    n_rows: usize,
    /// Whether one of its rows holds the headings.
    is_log: bool,
}

#[derive(Default)]
struct OpenCell {
    text: Vec<u8>,
    attributes: Attributes,
}

/// What a cell repeats in a column of the rows below it.
#[derive(Default, Clone)]
struct Repeated {
    n_rows: usize,
    text: Vec<u8>,
    is_number: bool,
}

impl Tables {
    /// Prepares to read the tables of a page.
    pub(super) fn new(profile: &Profile, shared: Rc<Shared>) -> Self {
        let headings = profile.columns.values().flatten().map(|heading| heading.folded.clone());
        Self { shared, headings: headings.collect(), open: Vec::new(), n_inner: 0 }
    }

    /// Reads a start tag.
    pub(super) fn start(&mut self, name: &[u8], attributes: Attributes) -> Done {
        if name == b"table" {
            return self.start_table().transpose();
        }
        let table = self.open.last_mut().filter(|_| self.n_inner == 0);
        match (name, table) {
            (b"tr", Some(table)) => {
                let done = table.end_row();
                table.row = Some(Row { line: self.shared.line.get(), ..Row::default() });
                self.done(done)
            }
            (b"td" | b"th", Some(table)) => {
                let refused = table.end_cell().err();
                let line = self.shared.line.get();
                table.row.get_or_insert_with(|| Row { line, ..Row::default() });
                table.cell = Some(OpenCell { attributes, ..OpenCell::default() });
                refused.map(Err)
            }
            (b"thead" | b"tbody" | b"tfoot", Some(_)) => self.end_group(),
            _ => {
                self.space(name);
                None
            }
        }
    }

    /// Reads an end tag.
    pub(super) fn end(&mut self, name: &[u8]) -> Done {
        if self.n_inner > 0 {
            self.n_inner -= usize::from(name == b"table");
            self.space(name);
            return None;
        }
        match (name, self.open.last_mut()) {
            (b"table", Some(table)) => {
                let done = table.end_row();
                let done = self.done(done);
                self.open.pop();
                self.shared.n_open.set(self.open.len());
                done
            }
            (b"tr", Some(table)) => {
                let done = table.end_row();
                self.done(done)
            }
            (b"td" | b"th", Some(table)) => table.end_cell().err().map(Err),
            (b"thead" | b"tbody" | b"tfoot", Some(_)) => self.end_group(),
            _ => {
                self.space(name);
                None
            }
        }
    }

    /// Reads a text: white space becomes one space.
    pub(super) fn text(&mut self, text: &[u8]) {
        let cell = self.open.last_mut().and_then(|table| table.cell.as_mut());
        let Some(OpenCell { text: so_far, .. }) = cell else { return };
        let mut rest = text;
        loop {
            rest = match rest {
                [] => return,
                [b' ' | b'\t' | b'\n' | b'\r' | b'\x0c', rest @ ..] | [0xc2, 0xa0, rest @ ..] => {
                    if !matches!(so_far.last(), None | Some(b' ')) {
                        so_far.push(b' ');
                    }
                    rest
                }
                [byte, rest @ ..] => {
                    so_far.push(*byte);
                    rest
                }
            };
        }
    }

    /// Opens a table: beside the last one, or in its cell.
    fn start_table(&mut self) -> Result<Option<Row>, Refusal> {
        let mut done = None;
        match self.open.last_mut() {
            _ if self.n_inner > 0 => {
                self.n_inner += 1;
                return Ok(None);
            }
            Some(table) if table.cell.is_some() && table.is_log => {
                self.n_inner = 1;
                self.text(b" ");
                return Ok(None);
            }
            // A table may not stand beside cells: the one before was left open.
            Some(table) if table.cell.is_none() => {
                done = table.end_row();
                self.open.pop();
            }
            _ => {}
        }
        if self.open.len() == MAX_KEYED_DEPTH {
            return Err(too_deep(self.shared.n_rows.get(), self.shared.line.get()));
        }
        let done = self.done(done).transpose();
        self.open.push(OpenTable::default());
        self.shared.n_open.set(self.open.len());
        done
    }

    /// Ends a group of rows: no cell spans rows of another.
    fn end_group(&mut self) -> Done {
        let table = self.open.last_mut()?;
        let done = table.end_row();
        table.repeated.clear();
        self.done(done)
    }

    /// Looks at a row that is complete.
    fn done(&mut self, done: Done) -> Done {
        let Some(Ok(row)) = &done else { return done };
        let n_rows = self.shared.n_rows.get();
        self.shared.n_rows.set(n_rows + 1);
        let repeated = self.open.last().into_iter().flat_map(|table| &table.repeated);
        if repeated.map(|repeated| repeated.text.len()).sum::<usize>() > MAX_REPEATED_BYTES {
            return Some(Err(record_too_long(n_rows, row.line, MAX_REPEATED_BYTES as u64)));
        }
        if let Some(table) = self.open.last_mut().filter(|table| !table.is_log) {
            table.n_rows += 1;
            // The headings stand among the first rows.
            if table.n_rows <= header::MAX_TITLE_ROWS {
                let texts = row.fields.iter().map(|field| fold(&String::from_utf8_lossy(field)));
                table.is_log = texts.filter(|text| self.headings.contains(text)).count() >= 2;
                self.shared.has_headings.set(self.shared.has_headings.get() | table.is_log);
            }
        }
        done
    }

    /// Puts a space where an element that stands on its own begins or ends.
    fn space(&mut self, name: &[u8]) {
        let is_block = matches!(
            name,
            b"address"
                | b"blockquote"
                | b"br"
                | b"caption"
                | b"center"
                | b"dd"
                | b"div"
                | b"dl"
                | b"dt"
                | b"fieldset"
                | b"form"
                | b"h1"
                | b"h2"
                | b"h3"
                | b"h4"
                | b"h5"
                | b"h6"
                | b"hr"
                | b"li"
                | b"ol"
                | b"option"
                | b"p"
                | b"pre"
                | b"section"
                | b"table"
                | b"tbody"
                | b"td"
                | b"tfoot"
                | b"th"
                | b"thead"
                | b"tr"
                | b"ul"
        );
        if is_block {
            self.text(b" ");
        }
    }
}

impl OpenTable {
    /// Ends the row, if one is open, with the cells that rows above repeat at its end.
    fn end_row(&mut self) -> Done {
        if let Err(refusal) = self.end_cell() {
            return Some(Err(refusal));
        }
        let mut row = self.row.take()?;
        let n_repeated = self.repeated.iter().rposition(|repeated| repeated.n_rows > 0);
        for at in row.fields.len()..n_repeated.map_or(0, |last| last + 1) {
            if !self.repeat(at, &mut row) {
                row.fields.push_field(b"");
            }
        }
        Some(Ok(row))
    }

    /// Ends the cell, if one is open.
    fn end_cell(&mut self) -> Result<(), Refusal> {
        let Some(cell) = self.cell.take() else { return Ok(()) };
        let mut row = self.row.take().unwrap_or_default();
        while self.repeat(row.fields.len(), &mut row) {}
        let result = self.place(cell, &mut row);
        self.row = Some(row);
        result
    }

    /// Puts a cell where it stands.
    fn place(&mut self, cell: OpenCell, row: &mut Row) -> Result<(), Refusal> {
        let Attributes { n_columns, n_rows, is_number } = cell.attributes;
        // 0 means all that are left; no system is known to write it.
        let (n_columns, n_rows) = (n_columns.unwrap_or(1).max(1), n_rows.unwrap_or(1).max(1));
        let at = row.fields.len();
        let n_fields = at.saturating_add(n_columns).max(n_rows);
        if n_fields > header::MAX_FIELDS {
            return Err(header::too_many_fields(n_fields));
        }
        let text = cell.text.trim_ascii_end();
        row.fields.push_field(text);
        (1..n_columns).for_each(|_| row.fields.push_field(b""));
        if is_number {
            row.numbers.push(at);
        }
        if n_rows > 1 || self.repeated.len() > at {
            let n_known = self.repeated.len().max(at + n_columns);
            self.repeated.resize(n_known, Repeated::default());
            // Where cells overlap, the later one stands.
            let covered = &mut self.repeated[at..at + n_columns];
            covered.fill(Repeated { n_rows: n_rows - 1, ..Repeated::default() });
            if n_rows > 1 {
                covered[0] = Repeated { n_rows: n_rows - 1, text: text.to_vec(), is_number };
            }
        }
        Ok(())
    }

    /// Puts what the rows above repeat in this column; `false` where they repeat nothing.
    fn repeat(&mut self, at: usize, row: &mut Row) -> bool {
        let Some(repeated) = self.repeated.get_mut(at).filter(|repeated| repeated.n_rows > 0)
        else {
            return false;
        };
        row.fields.push_field(&repeated.text);
        if repeated.is_number {
            row.numbers.push(at);
        }
        repeated.n_rows -= 1;
        if repeated.n_rows == 0 {
            *repeated = Repeated::default();
        }
        true
    }
}
