//! A reader that remembers what it read last, so that the line breaks before a record can be
//! counted: the csv crate skips them as part of the record, after it has told its line.

use std::cell::{Cell, RefCell};
use std::io;
use std::io::Read;
use std::rc::Rc;

/// The bytes read last, and the line breaks that stand at some place of them.
#[derive(Debug, Default)]
pub(super) struct LineBreaks {
    bytes: RefCell<Vec<u8>>,
    /// Where in the stream the bytes begin.
    start: Cell<u64>,
    n: Cell<u64>,
    /// Whether there may be more of them in what is read next.
    is_open: Cell<bool>,
}

impl LineBreaks {
    /// Begins to count at a place of the stream, which lies in or just after what was read last.
    pub(super) fn count_from(&self, at: u64) {
        let bytes = self.bytes.borrow();
        let at = usize::try_from(at.saturating_sub(self.start.get())).unwrap_or(usize::MAX);
        self.n.set(0);
        self.is_open.set(true);
        self.count(bytes.get(at..).unwrap_or_default());
    }

    /// Returns how many line breaks stand there one after another.
    pub(super) fn n(&self) -> u64 {
        self.n.get()
    }

    fn count(&self, bytes: &[u8]) {
        let first = bytes.iter().position(|byte| !matches!(byte, b'\n' | b'\r'));
        let breaks = bytes[..first.unwrap_or(bytes.len())].iter().filter(|b| **b == b'\n').count();
        self.n.set(self.n.get() + breaks as u64);
        self.is_open.set(first.is_none());
    }
}

/// The reader.
pub(super) struct Remembering<R> {
    inner: R,
    breaks: Rc<LineBreaks>,
}

impl<R: Read> Remembering<R> {
    /// Wraps a reader.
    pub(super) fn new(inner: R) -> (Self, Rc<LineBreaks>) {
        let breaks = Rc::new(LineBreaks::default());
        (Self { inner, breaks: Rc::clone(&breaks) }, breaks)
    }
}

impl<R: Read> Read for Remembering<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let breaks = &self.breaks;
        let mut bytes = breaks.bytes.borrow_mut();
        breaks.start.set(breaks.start.get() + bytes.len() as u64);
        bytes.clear();
        bytes.extend_from_slice(&buffer[..n]);
        if breaks.is_open.get() {
            breaks.count(&bytes);
        }
        Ok(n)
    }
}
