//! JSON: one document, or a value a line. The records are the objects of a list, wherever the
//! profile says that it lies; nothing is held but the record being read.
//!
//! Keys are joined to paths by dots: `ThongTin.NgayTiepNhan`. Elements of a list stand under the
//! list's own path, and each object puts `{}` there, so that it can be counted. Numbers keep their
//! text; a key that a record has twice has two values.

use std::io::{BufReader, Read};
use std::rc::Rc;

use struson::reader::{JsonReader as _, JsonStreamReader, ReaderError, ReaderSettings, ValueType};

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::fold;

use super::container::Body;
use super::fault::refusal;
use super::guard::{Guard, MAX_RECORD_BYTES, Seen, record_too_long};
use super::keyed;
use super::keyed::{Gather, Keys, MAX_KEYED_DEPTH, broken_syntax, push_key, too_deep};
use super::row::{Row, Rows};
use super::table::Table;

const BUFFER_BYTES: usize = 256 << 10;

/// Reads the records of a JSON text.
pub(super) fn read<'a>(
    body: Body<'a>,
    profile: &Profile,
    keys: &Keys,
) -> Result<Table<'a>, Refusal> {
    let (guard, seen) = Guard::new(BufReader::with_capacity(BUFFER_BYTES, body.stream()));
    let settings = ReaderSettings {
        allow_multiple_top_level: true,
        track_path: false,
        max_nesting_depth: u32::try_from(MAX_KEYED_DEPTH).ok(),
        restrict_number_values: false,
        ..ReaderSettings::default()
    };
    let way = profile.records.iter().flat_map(|path| path.split('.')).map(fold).collect();
    let gather = Gather::new(profile, keys);
    let met = gather.met();
    let rows = Objects {
        reader: JsonStreamReader::new_custom(guard, settings),
        seen,
        gather,
        keys: way,
        open: Vec::new(),
        is_begun: false,
        is_found: false,
        n_records: 0,
        path: String::new(),
    };
    keyed::read(rows, profile, &met)
}

/// An object or a list on the way to the records, with how many keys of the way lie behind.
#[derive(Debug, Clone, Copy)]
enum Open {
    Object(usize),
    List(usize),
}

/// The objects that are records.
struct Objects<R: Read> {
    reader: JsonStreamReader<Guard<R>>,
    seen: Rc<Seen>,
    gather: Gather,
    /// The way to the records, folded.
    keys: Vec<String>,
    open: Vec<Open>,
    is_begun: bool,
    /// Whether the list of the records was found.
    is_found: bool,
    n_records: u64,
    /// Where in its record the value lies that is being read.
    path: String,
}

impl<R: Read> Rows for Objects<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        row.clear();
        let is_read = self.next_record(row).map_err(|stop| self.refusal(stop))?;
        self.n_records += u64::from(is_read);
        self.seen.record_read();
        Ok(is_read)
    }

    fn is_empty_list(&self) -> bool {
        self.is_found && self.n_records == 0
    }
}

/// Why reading ends early.
enum Stop {
    Reader(ReaderError),
    /// A record is no object.
    NoObject,
}

impl From<ReaderError> for Stop {
    fn from(error: ReaderError) -> Self {
        Self::Reader(error)
    }
}

impl<R: Read> Objects<R> {
    /// Goes on to the next record; `false` at the end of the text.
    fn next_record(&mut self, row: &mut Row) -> Result<bool, Stop> {
        loop {
            let is_record = match self.open.last().copied() {
                None => {
                    // The first value must be there; after it, the text may end.
                    if self.is_begun && !self.reader.has_next()? {
                        return Ok(false);
                    }
                    self.is_begun = true;
                    self.enter(0)?
                }
                Some(Open::List(n_behind)) if self.reader.has_next()? => self.enter(n_behind)?,
                Some(Open::Object(n_behind)) if self.reader.has_next()? => {
                    let key = self.keys.get(n_behind);
                    let name = self.reader.next_name()?;
                    let is_on_way = key.is_some_and(|key| key == name || *key == fold(name));
                    if is_on_way {
                        self.enter(n_behind + 1)?
                    } else {
                        self.skip()?;
                        false
                    }
                }
                Some(Open::List(_)) => {
                    self.reader.end_array()?;
                    self.open.pop();
                    false
                }
                Some(Open::Object(_)) => {
                    self.reader.end_object()?;
                    self.open.pop();
                    false
                }
            };
            if is_record {
                row.line = self.line();
                self.path.clear();
                self.object()?;
                self.gather.finish(row);
                return Ok(true);
            }
            self.seen.record_read();
        }
    }

    /// Looks at a value with so many keys behind it; `true` where it is a record, not yet read.
    fn enter(&mut self, n_behind: usize) -> Result<bool, Stop> {
        let is_there = n_behind == self.keys.len();
        let is_element = matches!(self.open.last(), Some(Open::List(_)));
        match self.reader.peek()? {
            ValueType::Object if is_there => return Ok(true),
            ValueType::Object => {
                self.reader.begin_object()?;
                self.open.push(Open::Object(n_behind));
            }
            ValueType::Array if !is_there || !is_element => {
                self.reader.begin_array()?;
                self.is_found |= is_there;
                self.open.push(Open::List(n_behind));
            }
            ValueType::Null => self.reader.next_null()?,
            _ if is_there => return Err(Stop::NoObject),
            _ => self.skip()?,
        }
        Ok(false)
    }

    /// Skips a value outside the records; however large it is, each of its parts must be small.
    fn skip(&mut self) -> Result<(), Stop> {
        let mut is_list = Vec::new();
        loop {
            match self.reader.peek()? {
                ValueType::Array => {
                    self.reader.begin_array()?;
                    is_list.push(true);
                }
                ValueType::Object => {
                    self.reader.begin_object()?;
                    is_list.push(false);
                }
                _ => self.reader.skip_value()?,
            }
            self.seen.record_read();
            while let Some(in_list) = is_list.last().copied() {
                if self.reader.has_next()? {
                    if !in_list {
                        self.reader.skip_name()?;
                    }
                    break;
                }
                if in_list {
                    self.reader.end_array()?;
                } else {
                    self.reader.end_object()?;
                }
                is_list.pop();
            }
            if is_list.is_empty() {
                return Ok(());
            }
        }
    }

    /// Gathers an object's values.
    fn object(&mut self) -> Result<(), Stop> {
        self.reader.begin_object()?;
        let n_bytes = self.path.len();
        while self.reader.has_next()? {
            push_key(&mut self.path, self.reader.next_name()?);
            self.value()?;
            self.path.truncate(n_bytes);
        }
        Ok(self.reader.end_object()?)
    }

    /// Gathers a value; the reader limits how deep this goes.
    fn value(&mut self) -> Result<(), Stop> {
        match self.reader.peek()? {
            ValueType::String => self.gather.put(&self.path, self.reader.next_str()?),
            ValueType::Number => {
                self.gather.put_number(&self.path, self.reader.next_number_as_str()?);
            }
            ValueType::Boolean => {
                let text = if self.reader.next_bool()? { "true" } else { "false" };
                self.gather.put(&self.path, text);
            }
            ValueType::Null => {
                self.reader.next_null()?;
                self.gather.put_nothing(&self.path);
            }
            ValueType::Object => {
                self.gather.put_object(&self.path);
                self.object()?;
            }
            ValueType::Array => {
                self.reader.begin_array()?;
                self.gather.put_nothing(&self.path);
                if !self.reader.has_next()? {
                    self.gather.put_empty_list(&self.path);
                }
                while self.reader.has_next()? {
                    self.value()?;
                }
                self.reader.end_array()?;
            }
        }
        Ok(())
    }

    fn line(&self) -> u64 {
        self.reader.current_position(false).line_pos.map_or(0, |position| position.line + 1)
    }

    fn refusal(&self, stop: Stop) -> Refusal {
        let (record, line) = (self.n_records, self.line());
        let broken = |cause: &str| broken_syntax("JSON", record, line, cause);
        match stop {
            _ if self.seen.is_too_long() => record_too_long(record, line, MAX_RECORD_BYTES),
            Stop::NoObject => broken("a record is no object"),
            Stop::Reader(ReaderError::IoError { error, .. }) if self.seen.is_broken() => {
                refusal(&error)
            }
            Stop::Reader(ReaderError::IoError { .. }) => broken("the text is not UTF-8"),
            Stop::Reader(ReaderError::MaxNestingDepthExceeded { .. }) => too_deep(record, line),
            Stop::Reader(ReaderError::SyntaxError(error)) => {
                broken(&in_words(&error.kind.to_string()))
            }
            // The others are for values of other kinds than asked for, and for numbers.
            Stop::Reader(_) => broken("a value is not as expected"),
        }
    }
}

/// Writes a name in words: `MissingComma` becomes `missing comma`.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}
