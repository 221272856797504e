//! A row as a format yields it.

use crate::pipeline::rules::Refusal;

/// One row: its fields as text, and what a text cannot tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    /// UTF-8, but for a field that a careless system wrote.
    pub(super) fields: csv::ByteRecord,
    /// The line of a text, the row of a sheet.
    pub(super) line: u64,
    /// The sheet from 1; 0 where there is but one.
    pub(super) sheet: u32,
    /// Positions of fields whose cells hold numbers, not texts.
    pub(super) numbers: Vec<usize>,
    /// Positions of fields that the record does not have at all.
    pub(super) absent: Vec<usize>,
    /// Positions of fields in whose place is a list with nothing in it.
    pub(super) empty_lists: Vec<usize>,
    /// Fields that could not be read, with the rule that each breaks.
    pub(super) flaws: Vec<(usize, &'static str)>,
    /// Whether the file ends with this row, and without a line break.
    pub(super) is_cut: bool,
}

impl Row {
    /// Whether its fields are all texts, there and readable.
    pub(super) fn is_plain(&self) -> bool {
        self.numbers.is_empty()
            && self.absent.is_empty()
            && self.empty_lists.is_empty()
            && self.flaws.is_empty()
    }

    /// Empties the row for the next one.
    pub(super) fn clear(&mut self) {
        self.fields.clear();
        self.numbers.clear();
        self.absent.clear();
        self.empty_lists.clear();
        self.flaws.clear();
        self.is_cut = false;
    }
}

/// Rows, one after another.
pub(super) trait Rows {
    /// Reads the next row into `row`, which is cleared first; `false` at the end.
    ///
    /// # Errors
    ///
    /// A refusal of the whole delivery; nothing more is read then.
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal>;

    /// Whether, at the end, a list was there and nothing in it: a report of nothing.
    fn is_empty_list(&self) -> bool {
        false
    }
}

/// Rows read ahead, then the rest.
pub(super) struct Replayed<R> {
    ahead: std::vec::IntoIter<Row>,
    rest: R,
}

impl<R: Rows> Replayed<R> {
    /// Puts rows back before the others.
    pub(super) fn new(ahead: Vec<Row>, rest: R) -> Self {
        Self { ahead: ahead.into_iter(), rest }
    }
}

impl<R: Rows> Rows for Replayed<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        match self.ahead.next() {
            Some(ahead) => {
                *row = ahead;
                Ok(true)
            }
            None => self.rest.read(row),
        }
    }
}

impl Rows for Box<dyn Rows + '_> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        (**self).read(row)
    }
}
