//! The compact protocol of Thrift, in which Parquet writes its footers and page headers: structures
//! are walked, nothing of them is held.

use std::io;
use std::io::{BufRead, Read as _};

const MAX_DEPTH: usize = 32;

/// A part of a structure that is visited.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Number(i64),
    /// The structure itself ends.
    End,
}

/// Reads a structure.
pub(super) struct Thrift<R> {
    bytes: R,
    left: u64,
}

impl<R: BufRead> Thrift<R> {
    /// Reads from so many bytes and no more.
    pub(super) fn new(bytes: R, left_bytes: u64) -> Self {
        Self { bytes, left: left_bytes }
    }

    /// Returns how many of the bytes are not yet read.
    pub(super) fn left_bytes(&self) -> u64 {
        self.left
    }

    /// Visits every number of a structure with the fields around it.
    pub(super) fn visit(&mut self, visit: &mut dyn FnMut(&[i64], Part)) -> io::Result<()> {
        self.structure(&mut Vec::new(), visit)
    }

    fn structure(
        &mut self,
        path: &mut Vec<i64>,
        visit: &mut dyn FnMut(&[i64], Part),
    ) -> io::Result<()> {
        if path.len() > MAX_DEPTH {
            return Err(io::Error::other("structures nest too deep"));
        }
        let mut field = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                visit(path, Part::End);
                return Ok(());
            }
            field = if head >> 4 == 0 { self.number()? } else { field + i64::from(head >> 4) };
            path.push(field);
            match head & 0xf {
                kind @ (1 | 2) => visit(path, Part::Number(i64::from(kind == 1))),
                kind => self.value(kind, path, visit)?,
            }
            path.pop();
        }
    }

    fn value(
        &mut self,
        kind: u8,
        path: &mut Vec<i64>,
        visit: &mut dyn FnMut(&[i64], Part),
    ) -> io::Result<()> {
        match kind {
            1..=3 => {
                self.byte()?;
            }
            4..=6 => {
                let number = self.number()?;
                visit(path, Part::Number(number));
            }
            7 => self.skip(8)?,
            8 => {
                let n_bytes = self.varint()?;
                self.skip(n_bytes)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let n = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                let kind = head & 0xf;
                if matches!(kind, 9 | 10) {
                    return Err(io::Error::other("a list of lists"));
                }
                for _ in 0..n {
                    self.value(kind, path, visit)?;
                }
            }
            12 => self.structure(path, visit)?,
            _ => return Err(io::Error::other("a value of an unknown kind")),
        }
        Ok(())
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.left = self.left.checked_sub(1).ok_or_else(eof)?;
        self.bytes.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(io::Error::other("a number that does not end"))
    }

    fn number(&mut self) -> io::Result<i64> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn skip(&mut self, n_bytes: u64) -> io::Result<()> {
        self.left = self.left.checked_sub(n_bytes).ok_or_else(eof)?;
        let skipped = io::copy(&mut (&mut self.bytes).take(n_bytes), &mut io::sink())?;
        if skipped == n_bytes { Ok(()) } else { Err(eof()) }
    }
}

/// Says that the bytes end too early.
pub(super) fn eof() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}
