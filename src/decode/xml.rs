//! XML: the records are elements of one name, wherever the profile says that they lie; nothing is
//! held but the record being read.
//!
//! Names are joined to paths by dots, without their namespaces: `ThongTin.NgayTiepNhan`, and
//! attributes `LePhi.@loai`. An element with others in it puts `{}` under its own path, so that it
//! can be counted; one without text has no value.

mod events;
mod spreadsheetml;

use std::io::Read;

use quick_xml::events::{BytesStart, Event};

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::{fold, trim};

use super::container::Body;
use super::keyed;
use super::keyed::{Gather, Keys, push_key};
use super::row::{Row, Rows};
use super::table::Table;
use events::Events;

/// Reads the records of an XML document.
pub(super) fn read<'a>(
    body: Body<'a>,
    profile: &Profile,
    keys: &Keys,
) -> Result<Table<'a>, Refusal> {
    let (is_workbook, bytes) = spreadsheetml::is_workbook(body.stream())?;
    let events = Events::new(bytes);
    if is_workbook {
        return spreadsheetml::read(events, profile);
    }
    let wanted = match &profile.records {
        None => Wanted::InRoot,
        Some(path) if path.contains('.') => Wanted::Path(path.split('.').map(fold).collect()),
        Some(name) => Wanted::Named(fold(name)),
    };
    let gather = Gather::new(profile, keys);
    let met = gather.met();
    let rows = Elements {
        events,
        buffer: Vec::new(),
        gather,
        wanted,
        above: Vec::new(),
        path: String::new(),
        open: Vec::new(),
    };
    keyed::read(rows, profile, &met)
}

/// Which elements are records; names are folded.
enum Wanted {
    InRoot,
    Named(String),
    /// From the root on.
    Path(Vec<String>),
}

impl Wanted {
    /// Whether an element with these names, from the root down to its own, is a record.
    fn is_record(&self, names: &[String]) -> bool {
        match self {
            Self::InRoot => names.len() == 2,
            Self::Named(name) => names.last() == Some(name),
            Self::Path(path) => names == path,
        }
    }
}

/// The elements that are records.
struct Elements<R: Read> {
    events: Events<R>,
    buffer: Vec<u8>,
    gather: Gather,
    wanted: Wanted,
    /// The names of the elements around the records, folded.
    above: Vec<String>,
    /// Where in its record the element lies that is being read.
    path: String,
    /// The elements of the record that are not yet closed; the first is the record.
    open: Vec<Open>,
}

/// An element being read.
#[derive(Default)]
struct Open {
    /// How long the path is above it.
    n_above: usize,
    text: String,
    has_elements: bool,
    is_nil: bool,
}

impl<R: Read> Rows for Elements<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        row.clear();
        let mut buffer = std::mem::take(&mut self.buffer);
        let is_read = self.next_record(&mut buffer, row);
        self.buffer = buffer;
        is_read
    }
}

impl<R: Read> Elements<R> {
    /// Goes on to the end of the next record; `false` at the end of the document.
    fn next_record(&mut self, buffer: &mut Vec<u8>, row: &mut Row) -> Result<bool, Refusal> {
        loop {
            buffer.clear();
            match self.events.next(buffer)? {
                Event::Start(start) if self.open.is_empty() => {
                    self.above.push(fold(start.local_name().as_ref()));
                    if self.wanted.is_record(&self.above) {
                        row.line = self.events.line();
                        self.begin(&start)?;
                        continue;
                    }
                }
                Event::Start(start) => self.begin(&start)?,
                Event::End(_) if self.open.is_empty() => {
                    self.above.pop();
                }
                Event::End(_) => {
                    self.end();
                    if self.open.is_empty() {
                        self.above.pop();
                        self.gather.finish(row);
                        self.events.record_read();
                        return Ok(true);
                    }
                }
                Event::Eof => return Ok(false),
                event => {
                    let text = self.events.text(&event)?;
                    if let Some(open) = self.open.last_mut() {
                        open.text.push_str(&text);
                    }
                }
            }
            if self.open.is_empty() {
                self.events.part_read();
            }
        }
    }

    /// Opens a record or an element of it.
    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), Refusal> {
        let n_above = self.path.len();
        if let Some(parent) = self.open.last_mut() {
            parent.has_elements = true;
            push_key(&mut self.path, start.local_name().as_ref());
        }
        let n_path = self.path.len();
        let mut is_nil = false;
        for attribute in start.attributes().with_checks(false) {
            let (key, value) = self.events.attribute(attribute)?;
            let (name, prefix) = key.decompose();
            if key.as_namespace_binding().is_some() {
                continue;
            }
            if name.as_ref() == "nil" && prefix.is_some() {
                is_nil = matches!(trim(&value), "true" | "1");
                continue;
            }
            push_key(&mut self.path, "@");
            self.path.push_str(name.as_ref());
            self.gather.put(&self.path, &value);
            self.path.truncate(n_path);
        }
        self.open.push(Open { n_above, is_nil, ..Open::default() });
        Ok(())
    }

    /// Closes the innermost element; what it holds stands under its path.
    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let text = trim(&open.text);
        if self.open.is_empty() {
            // A record is no value of its own.
        } else if open.is_nil {
            self.gather.put_nothing(&self.path);
        } else if !text.is_empty() {
            self.gather.put(&self.path, text);
        } else if open.has_elements {
            self.gather.put_object(&self.path);
        } else {
            self.gather.put_nothing(&self.path);
        }
        self.path.truncate(open.n_above);
    }
}
