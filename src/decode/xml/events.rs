//! The events of an XML document, with its lines counted and what is dangerous refused: entities of
//! its own, elements nested too deep, parts that never end.

use std::borrow::Cow;
use std::io::{BufReader, Read};
use std::rc::Rc;

use quick_xml::errors::IllFormedError;
use quick_xml::escape::{EscapeError, resolve_xml_entity};
use quick_xml::events::Event;
use quick_xml::events::attributes::{AttrError, Attribute};
use quick_xml::name::QName;
use quick_xml::{Error, Reader, XmlVersion};

use crate::pipeline::rules::Refusal;
use crate::pipeline::text::trim;

use super::super::fault;
use super::super::guard::{Guard, MAX_RECORD_BYTES, Seen, record_too_long};
use super::super::keyed::{MAX_KEYED_DEPTH, broken_syntax, too_deep};

const BUFFER_BYTES: usize = 256 << 10;

/// The events of a document.
pub(super) struct Events<R: Read> {
    reader: Reader<BufReader<Guard<R>>>,
    seen: Rc<Seen>,
    /// The line on which the last event began, and on which it ended.
    line: u64,
    end_line: u64,
    depth: usize,
    has_root: bool,
    n_records: u64,
}

impl<R: Read> Events<R> {
    /// Prepares to read a document.
    pub(super) fn new(bytes: R) -> Self {
        let (guard, seen) = Guard::new(bytes);
        let mut reader = Reader::from_reader(BufReader::with_capacity(BUFFER_BYTES, guard));
        reader.config_mut().expand_empty_elements = true;
        let (line, depth, has_root) = (1, 0, false);
        Self { reader, seen, line, end_line: line, depth, has_root, n_records: 0 }
    }

    /// Returns the line on which the last event began.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Says that a record was read.
    pub(super) fn record_read(&mut self) {
        self.n_records += 1;
        self.seen.record_read();
    }

    /// Says that something outside the records was read.
    pub(super) fn part_read(&self) {
        self.seen.record_read();
    }

    /// Reads the next event: every start has its end, and the document ends outside its root.
    pub(super) fn next<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Event<'b>, Refusal> {
        let event = self.reader.read_event_into(buffer).map_err(|error| self.refusal(error))?;
        self.line = self.end_line;
        self.end_line += event.bytes().filter(|byte| *byte == b'\n').count() as u64;
        match &event {
            Event::Start(_) if self.depth == 0 && self.has_root => {
                return Err(self.broken("a second root element"));
            }
            Event::Start(_) => {
                self.has_root = true;
                self.depth += 1;
                if self.depth > MAX_KEYED_DEPTH {
                    return Err(too_deep(self.n_records, self.line));
                }
            }
            Event::End(_) => self.depth -= 1,
            Event::Eof if self.depth > 0 => {
                return Err(self.broken("the text ends inside an element"));
            }
            Event::DocType(declared) if declared.contains("<!ENTITY") => {
                return Err(self.entity());
            }
            Event::Text(text) if self.depth == 0 && !trim(text).is_empty() => {
                return Err(self.broken("text outside the root element"));
            }
            _ => {}
        }
        Ok(event)
    }

    /// Returns the text of an event, if it is one of text.
    pub(super) fn text<'e>(&self, event: &'e Event<'_>) -> Result<Cow<'e, str>, Refusal> {
        match event {
            Event::Text(text) => Ok(text.xml10_content()),
            Event::CData(text) => Ok(text.xml10_content()),
            Event::GeneralRef(name) => {
                let c = name.resolve_char_ref().map_err(|error| self.refusal(error))?;
                let text = c.map(|c| Cow::Owned(c.to_string()));
                text.or(resolve_xml_entity(name).map(Cow::Borrowed)).ok_or_else(|| self.entity())
            }
            _ => Ok(Cow::Borrowed("")),
        }
    }

    /// Returns an attribute's name and value.
    pub(super) fn attribute<'e>(
        &self,
        attribute: Result<Attribute<'e>, AttrError>,
    ) -> Result<(QName<'e>, Cow<'e, str>), Refusal> {
        let attribute = attribute.map_err(|error| self.refusal(error.into()))?;
        let version = XmlVersion::Explicit1_0;
        let value = attribute.normalized_value_with(version, 1, resolve_xml_entity);
        Ok((attribute.key, value.map_err(|error| self.refusal(error))?))
    }

    /// Says why the document is refused; what it holds is not quoted.
    pub(super) fn refusal(&self, error: Error) -> Refusal {
        match error {
            _ if self.seen.is_too_long() => {
                record_too_long(self.n_records, self.end_line, MAX_RECORD_BYTES)
            }
            Error::Io(error) => fault::refusal(&*error),
            Error::Escape(EscapeError::UnrecognizedEntity(..)) => self.entity(),
            Error::Escape(_) | Error::IllFormed(IllFormedError::UnclosedReference) => {
                self.broken("a broken reference")
            }
            Error::IllFormed(
                IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
            ) => self.broken("an end tag without its start"),
            Error::IllFormed(_) => self.broken("a broken declaration"),
            Error::InvalidAttr(_) => self.broken("a broken attribute"),
            Error::Syntax(error) => self.broken(&error.to_string()),
            Error::Encoding(_) => self.broken("the text is not UTF-8"),
            Error::Namespace(_) => self.broken("a broken namespace"),
        }
    }

    fn broken(&self, cause: &str) -> Refusal {
        broken_syntax("XML", self.n_records, self.end_line, cause)
    }

    fn entity(&self) -> Refusal {
        Refusal::new("entity", [("line", self.line.to_string())])
    }
}
