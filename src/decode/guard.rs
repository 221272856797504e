//! A reader that watches the bytes go by: how long a record grows, and how the file ends.

use std::cell::Cell;
use std::io;
use std::io::Read;
use std::rc::Rc;

use crate::pipeline::rules::Refusal;

/// What the guard has seen; shared with the reader of records.
#[derive(Debug, Default)]
pub(super) struct Seen {
    since_record: Cell<u64>,
    n_quotes: Cell<u64>,
    last_byte: Cell<u8>,
    too_long: Cell<bool>,
    broken: Cell<bool>,
    at_end: Cell<bool>,
}

/// No record may need more bytes than this.
pub(super) const MAX_RECORD_BYTES: u64 = 4 << 20;

impl Seen {
    /// Says that a whole record was read, or a value outside the records.
    pub(super) fn record_read(&self) {
        self.since_record.set(0);
    }

    /// Whether a record grew past the limit.
    pub(super) fn is_too_long(&self) -> bool {
        self.too_long.get()
    }

    /// Whether the bytes themselves could not be read: what a parser then says is no fault of
    /// the text.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.get()
    }

    /// Whether the end of the file was met: the record just read needed it, and is the last.
    pub(super) fn is_at_end(&self) -> bool {
        self.at_end.get()
    }

    /// Whether the file ended with a line break.
    pub(super) fn ends_with_line_break(&self) -> bool {
        matches!(self.last_byte.get(), b'\n' | b'\r')
    }

    /// Whether a quote is left open, if every quote opens or closes a field.
    pub(super) fn has_odd_quotes(&self) -> bool {
        self.n_quotes.get() % 2 == 1
    }
}

/// Refuses the record after this one: it is longer than any record is.
pub(super) fn record_too_long(record: u64, line: u64, limit: u64) -> Refusal {
    let (record, line) = (record.to_string(), line.to_string());
    let params = [("record", record), ("line", line), ("limit", limit.to_string())];
    Refusal::new("record_too_long", params)
}

/// A reader that fails when no record ends for too long.
pub(super) struct Guard<R> {
    inner: R,
    seen: Rc<Seen>,
}

impl<R: Read> Guard<R> {
    /// Wraps a reader.
    pub(super) fn new(inner: R) -> (Self, Rc<Seen>) {
        let seen = Rc::new(Seen::default());
        (Self { inner, seen: Rc::clone(&seen) }, seen)
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let seen = &self.seen;
        let read = self.inner.read(buffer);
        let is_broken = |error: &io::Error| error.kind() != io::ErrorKind::Interrupted;
        seen.broken.set(read.as_ref().is_err_and(is_broken));
        let n = read?;
        seen.at_end.set(n == 0 && !buffer.is_empty());
        seen.since_record.set(seen.since_record.get() + n as u64);
        let quotes = memchr::memchr_iter(b'"', &buffer[..n]).count();
        seen.n_quotes.set(seen.n_quotes.get() + quotes as u64);
        if let Some(last) = buffer[..n].last() {
            seen.last_byte.set(*last);
        }
        if seen.since_record.get() > MAX_RECORD_BYTES {
            seen.too_long.set(true);
            return Err(io::Error::other("a record is too long"));
        }
        Ok(n)
    }
}
