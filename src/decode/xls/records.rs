//! XLS: the records of a BIFF stream, the strings and formats that its sheets share.
//!
//! Read here and not by `calamine`, which lays every sheet out densely, twice, and repeats each
//! shared string in every cell that refers to it: a sheet that fits this format may not fit memory.

use std::collections::BTreeMap;

use encoding_rs::WINDOWS_1252;

use crate::pipeline::rules::Refusal;

use super::super::cells::Value;
use super::super::fault::damaged;
use super::super::workbook::{MAX_SHEETS, Sheet};

/// A record: what it is, what it holds, and where the next one begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'b> {
    pub(super) kind: u16,
    pub(super) data: &'b [u8],
    pub(super) next: usize,
}

pub(super) const CONTINUE: u16 = 0x3C;
pub(super) const BOF: u16 = 0x809;
pub(super) const EOF: u16 = 0x0A;

/// Reads the record that begins at a place.
pub(super) fn record(bytes: &[u8], at: usize) -> Result<Record<'_>, Refusal> {
    let whole = || {
        let head = bytes.get(at..at.checked_add(4)?)?;
        let next = at + 4 + usize::from(u16_at(head, 2)?);
        Some(Record { kind: u16_at(head, 0)?, data: bytes.get(at + 4..next)?, next })
    };
    whole().ok_or_else(|| damaged("the last record is cut off"))
}

/// Reads a record with those that continue it.
pub(super) fn pieces(bytes: &[u8], at: usize) -> Result<Pieces<'_>, Refusal> {
    let first = record(bytes, at)?;
    let (mut next, mut more) = (first.next, Vec::new());
    while let Ok(following) = record(bytes, next)
        && following.kind == CONTINUE
    {
        more.push(following.data);
        next = following.next;
    }
    Ok(Pieces { rest: first.data, more: more.into_iter() })
}

/// Two bytes of a record.
pub(super) fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

/// Four bytes of a record.
pub(super) fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(data.get(at..at + 4)?.try_into().ok()?))
}

/// Eight bytes of a record: a number.
pub(super) fn f64_at(data: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(data.get(at..at + 8)?.try_into().ok()?))
}

/// A record that may be continued.
pub(super) struct Pieces<'b> {
    rest: &'b [u8],
    more: std::vec::IntoIter<&'b [u8]>,
}

impl<'b> Pieces<'b> {
    /// Whether there is more to read.
    fn is_left(&mut self) -> bool {
        while self.rest.is_empty() {
            match self.more.next() {
                Some(next) => self.rest = next,
                None => return false,
            }
        }
        true
    }

    fn byte(&mut self) -> Option<u8> {
        if !self.is_left() {
            return None;
        }
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    /// Passes over bytes.
    pub(super) fn skip(&mut self, n: usize) -> Option<()> {
        let mut n = n;
        while n > 0 && self.is_left() {
            let n_here = n.min(self.rest.len());
            self.rest = &self.rest[n_here..];
            n -= n_here;
        }
        (n == 0).then_some(())
    }

    /// Reads so many characters; where they go on in another record, that says anew how wide
    /// they are.
    fn chars(&mut self, n: usize, is_wide: bool, text: &mut String) -> Option<()> {
        let (mut n, mut is_wide) = (n, is_wide);
        let mut units = Vec::new();
        while n > 0 {
            if self.rest.is_empty() {
                self.rest = self.more.next()?;
                is_wide = self.byte()? & 1 != 0;
            }
            let width = if is_wide { 2 } else { 1 };
            let n_here = n.min(self.rest.len() / width);
            if n_here == 0 {
                return None;
            }
            let (here, rest) = self.rest.split_at(n_here * width);
            match is_wide {
                true => {
                    units.extend(here.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])));
                }
                false => units.extend(here.iter().map(|byte| u16::from(*byte))),
            }
            self.rest = rest;
            n -= n_here;
        }
        let chars = char::decode_utf16(units);
        text.extend(chars.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        Some(())
    }

    /// Reads a string that says of itself what follows it.
    fn rich(&mut self, n: usize, text: &mut String) -> Option<()> {
        let flags = self.byte()?;
        let n_runs = if flags & 8 != 0 { usize::from(self.u16()?) } else { 0 };
        let (low, high) = if flags & 4 != 0 { (self.u16()?, self.u16()?) } else { (0, 0) };
        self.chars(n, flags & 1 != 0, text)?;
        self.skip(4 * n_runs + usize::from(low) + (usize::from(high) << 16))
    }
}

/// The shared strings, one after another.
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    fn read(mut pieces: Pieces<'_>) -> Option<Self> {
        let mut strings = Self::default();
        pieces.skip(8)?;
        while pieces.is_left() {
            let n = usize::from(pieces.u16()?);
            pieces.rich(n, &mut strings.text)?;
            strings.ends.push(strings.text.len());
        }
        Some(strings)
    }

    /// Returns a string by its number.
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let begin =
            at.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or(0));
        self.text.get(begin..*self.ends.get(at)?)
    }
}

/// What the sheets of a workbook share.
#[derive(Default)]
pub(super) struct Globals {
    pub(super) sheets: Vec<(Sheet, usize)>,
    pub(super) strings: Strings,
    pub(super) is_1904: bool,
    /// What numbers are shown as, by the number of a cell's style.
    shown: Vec<Shown>,
    /// Strings say how wide they are; before 1997 they are bytes in a code page.
    is_unicode: bool,
    code_page: u16,
}

impl Globals {
    /// Reads the records before the sheets.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut globals = Self { is_unicode: true, ..Self::default() };
        let (mut formats, mut styles) = (BTreeMap::new(), Vec::new());
        let mut at = 0;
        loop {
            let Record { kind, data, next } = record(bytes, at)?;
            let is_read = match kind {
                BOF => u16_at(data, 0).map(|version| globals.is_unicode = version != 0x500),
                0x2F => return Err(Refusal::new("password", [])),
                0x22 => u16_at(data, 0).map(|is_1904| globals.is_1904 = is_1904 == 1),
                0x42 => u16_at(data, 0).map(|page| globals.code_page = page),
                0x41E => u16_at(data, 0).zip(globals.form(data)).map(|(number, form)| {
                    formats.insert(number, shown_by(&form));
                }),
                0xE0 => u16_at(data, 2).map(|format| styles.push(format)),
                0x85 => globals.sheet(data).map(|sheet| globals.sheets.push(sheet)),
                0xFC => Strings::read(pieces(bytes, at)?).map(|strings| globals.strings = strings),
                EOF => break,
                _ => Some(()),
            };
            is_read.ok_or_else(|| damaged("a record is too short"))?;
            if globals.sheets.len() > MAX_SHEETS {
                return Err(damaged("more sheets than a workbook has"));
            }
            at = next;
        }
        let built_in = |format: u16| match format {
            14..=22 | 27..=36 | 45 | 47 | 50..=58 => Shown::Day,
            46 => Shown::Duration,
            _ => Shown::Number,
        };
        let shown = |format| formats.get(&format).copied().unwrap_or_else(|| built_in(format));
        globals.shown = styles.into_iter().map(shown).collect();
        Ok(globals)
    }

    /// Returns a number as cells of a style show it.
    pub(super) fn number(&self, number: f64, style: u16) -> Value<'static> {
        match self.shown.get(usize::from(style)) {
            Some(Shown::Day) => Value::Day(number),
            Some(Shown::Duration) => Value::Duration(number),
            Some(Shown::Number) | None => Value::Number(number),
        }
    }

    /// Reads a string after so many bytes of a record that nothing continues.
    pub(super) fn text(&self, data: &[u8], skip: usize) -> Option<String> {
        let mut pieces = Pieces { rest: data.get(skip..)?, more: Vec::new().into_iter() };
        self.string(&mut pieces)
    }

    /// Reads a string whose length stands before it.
    pub(super) fn string(&self, pieces: &mut Pieces<'_>) -> Option<String> {
        let n = usize::from(pieces.u16()?);
        self.string_of(n, pieces)
    }

    /// Reads how numbers are shown; before 1997 a byte says how long that is.
    fn form(&self, data: &[u8]) -> Option<String> {
        if self.is_unicode {
            return self.text(data, 2);
        }
        let mut pieces = Pieces { rest: data.get(3..)?, more: Vec::new().into_iter() };
        self.string_of(usize::from(*data.get(2)?), &mut pieces)
    }

    fn string_of(&self, n: usize, pieces: &mut Pieces<'_>) -> Option<String> {
        let mut text = String::new();
        if n == 0 {
            return Some(text);
        }
        if self.is_unicode {
            let is_wide = pieces.byte()? & 1 != 0;
            pieces.chars(n, is_wide, &mut text)?;
            return Some(text);
        }
        let label = format!("windows-{}", self.code_page);
        let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap_or(WINDOWS_1252);
        let bytes = pieces.rest.get(..n)?;
        Some(encoding.decode_without_bom_handling(bytes).0.into_owned())
    }

    fn sheet(&self, data: &[u8]) -> Option<(Sheet, usize)> {
        let begin = usize::try_from(u32_at(data, 0)?).ok()?;
        let [state, kind, n, ..] = *data.get(4..)? else { return None };
        let mut pieces = Pieces { rest: &data[7..], more: Vec::new().into_iter() };
        let name = self.string_of(usize::from(n), &mut pieces)?;
        Some((Sheet { name, is_visible: state & 3 == 0, has_cells: kind == 0 }, begin))
    }
}

/// What a number is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Number,
    Day,
    Duration,
}

/// Tells by a format what a number is shown as.
fn shown_by(format: &str) -> Shown {
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c.to_ascii_lowercase() {
            '"' => drop(chars.find(|c| *c == '"')),
            '\\' | '_' | '*' => drop(chars.next()),
            '[' => {
                // A colour, a condition, a country; or hours that go on past a day.
                let within: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let is_time = |c: char| matches!(c.to_ascii_lowercase(), 'h' | 'm' | 's');
                if !within.is_empty() && within.chars().all(is_time) {
                    return Shown::Duration;
                }
            }
            ';' => return Shown::Number,
            'd' | 'm' | 'y' | 'h' | 's' => return Shown::Day,
            _ => {}
        }
    }
    Shown::Number
}
