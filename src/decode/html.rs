//! HTML tables, which many systems deliver as `.xls`: the tokens of a page become rows of cells.
//!
//! All tables of a page are one sequence of rows: title blocks come before the log, signatures
//! after it. A table inside a cell of the log is text of that cell; inside a cell of any other
//! table, which is there for the layout, it is a table of its own. A cell that spans columns has
//! its text in the first of them; one that spans rows has it in each. A file that ends inside a
//! table was cut; careless systems leave out `</html>`, but not `</table>`.

mod tables;

use std::io;
use std::io::Read;
use std::rc::Rc;

use html5gum::emitters::callback::{Callback, CallbackEmitter, CallbackEvent};
use html5gum::{IoReader, Reader, Span, Tokenizer};

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;

use super::container::Body;
use super::fault::refusal;
use super::guard::{Guard, MAX_RECORD_BYTES, Seen, record_too_long};
use super::row::{Row, Rows};
use super::sheet;
use super::table::{Table, Width};
use tables::{Attributes, Done, Shared, Tables};

/// Elements whose content is no text of the page.
const HIDDEN: [&[u8]; 5] = [b"script", b"style", b"noscript", b"iframe", b"xmp"];

/// Reads the headings of a page's log and leaves its records to be read.
pub(super) fn read<'a>(body: Body<'a>, profile: &Profile) -> Result<Table<'a>, Refusal> {
    let shared = Rc::new(Shared::default());
    let (guard, seen) = Guard::new(body.stream());
    let bytes = Lines { bytes: IoReader::new(guard), shared: Rc::clone(&shared) };
    let page = Page {
        tables: Tables::new(profile, Rc::clone(&shared)),
        name: Vec::new(),
        attributes: Attributes::default(),
        attribute: None,
        is_hidden: false,
    };
    let mut emitter = CallbackEmitter::new(page);
    emitter.naively_switch_states(true);
    let tokens = Tokenizer::new_with_emitter(bytes, emitter);
    let rows = PageRows { tokens, seen, shared: Rc::clone(&shared) };
    let table = sheet::read(rows, profile, Width::Exact);
    table.map_err(|refusal| match refusal.rule.as_str() {
        "heading_missing" if !shared.has_headings.get() => Refusal::new("web_page", []),
        _ => refusal,
    })
}

/// The rows of a page, as its tokens complete them.
struct PageRows<R: Reader> {
    tokens: Tokenizer<R, CallbackEmitter<Page, Result<Row, Refusal>>>,
    seen: Rc<Seen>,
    shared: Rc<Shared>,
}

impl<R: Reader<Error = io::Error>> Rows for PageRows<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        let (n_rows, line) = (self.shared.n_rows.get(), self.shared.line.get());
        match self.tokens.next() {
            Some(Ok(done)) => {
                *row = done?;
                self.seen.record_read();
                Ok(true)
            }
            Some(Err(_)) if self.seen.is_too_long() => {
                Err(record_too_long(n_rows, line, MAX_RECORD_BYTES))
            }
            Some(Err(error)) => Err(refusal(&error)),
            None if self.shared.n_open.get() > 0 => {
                let (record, line) = ((n_rows + 1).to_string(), line.to_string());
                Err(Refusal::new("truncated", [("record", record), ("line", line)]))
            }
            None => Ok(false),
        }
    }
}

/// What a page's tokens are given to: it makes them rows.
struct Page {
    tables: Tables,
    /// The element whose tag is being read, and those of its attributes that matter.
    name: Vec<u8>,
    attributes: Attributes,
    attribute: Option<Attribute>,
    is_hidden: bool,
}

/// An attribute whose value is awaited.
#[derive(Debug, Clone, Copy)]
enum Attribute {
    Columns,
    Rows,
}

impl Callback<Result<Row, Refusal>, ()> for Page {
    fn handle_event(&mut self, event: CallbackEvent<'_>, _span: Span<()>) -> Done {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.name.clear();
                self.name.extend_from_slice(name);
                self.attributes = Attributes::default();
            }
            CallbackEvent::AttributeName { name } => {
                self.attribute = match name {
                    b"colspan" => Some(Attribute::Columns),
                    b"rowspan" => Some(Attribute::Rows),
                    _ => None,
                };
                self.attributes.is_number |= name == b"x:num";
            }
            CallbackEvent::AttributeValue { value } => match self.attribute.take() {
                Some(Attribute::Columns) => self.attributes.n_columns = whole_number(value),
                Some(Attribute::Rows) => self.attributes.n_rows = whole_number(value),
                None => {}
            },
            CallbackEvent::CloseStartTag { .. } => {
                self.is_hidden = HIDDEN.contains(&&*self.name);
                return self.tables.start(&self.name, self.attributes);
            }
            CallbackEvent::EndTag { name } => {
                self.is_hidden = false;
                return self.tables.end(name);
            }
            CallbackEvent::String { value } if !self.is_hidden => self.tables.text(value),
            _ => {}
        }
        None
    }
}

/// Reads a number as browsers do: what follows its digits is ignored.
fn whole_number(value: &[u8]) -> Option<usize> {
    let value = value.trim_ascii_start();
    let n_digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits =
        std::str::from_utf8(&value[..n_digits]).ok().filter(|digits| !digits.is_empty())?;
    Some(digits.parse().unwrap_or(usize::MAX))
}

/// Bytes whose lines are counted as they are read.
struct Lines<R: Read> {
    bytes: IoReader<R>,
    shared: Rc<Shared>,
}

impl<R: Read> Lines<R> {
    fn count(shared: &Shared, bytes: &[u8]) {
        let n_lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        shared.line.set(shared.line.get() + n_lines as u64);
    }
}

impl<R: Read> Reader for Lines<R> {
    type Error = io::Error;

    fn read_byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.bytes.read_byte()?;
        Self::count(&self.shared, byte.as_slice());
        Ok(byte)
    }

    fn try_read_string(&mut self, text: &[u8], case_sensitive: bool) -> io::Result<bool> {
        self.bytes.try_read_string(text, case_sensitive)
    }

    fn read_until<'b>(
        &'b mut self,
        needle: &[u8],
        buffer: &'b mut [u8; 4],
    ) -> io::Result<Option<&'b [u8]>> {
        let bytes = self.bytes.read_until(needle, buffer)?;
        Self::count(&self.shared, bytes.unwrap_or_default());
        Ok(bytes)
    }
}
