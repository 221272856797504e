//! The file of a workbook as its reader sees it. Parts that would not fit memory are refused
//! before they are read: no part yields more than the archive's directory says of it, but what
//! that is, and what it becomes in memory, is for the sender to choose.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;

use crate::pipeline::rules::Refusal;

use super::super::container::check_ratio;
use super::super::fault::{carry, damaged, refusal};
use super::super::guard::MAX_RECORD_BYTES;

const MAX_PARTS: usize = 20_000;
/// The shared strings stay in memory, and so do the styles, the list of sheets, their paths.
const MAX_STRINGS_BYTES: u64 = 128 << 20;
const MAX_HELD_BYTES: u64 = 16 << 20;
/// Below it, even strings of no length fit.
const FREE_STRINGS_BYTES: u64 = 16 << 20;
const STRING_BYTES: u64 = 32;
const MAX_STRINGS_MEMORY: u64 = 192 << 20;
/// What becomes an object in memory, each with copies of what it refers to.
const OBJECTS: &[&str] = &["xf", "font", "fill", "border", "sheet"];
const OBJECT_BYTES: u64 = 512;
const MAX_OBJECTS_MEMORY: u64 = 128 << 20;
/// No name, path or form of numbers is longer.
const MAX_PIECE_BYTES: u64 = 64 << 10;
/// So much of a packed sheet without a cell is odd: it can hold 32 MiB.
const ODD_PACKED_BYTES: u64 = 32 << 10;

/// What the reader of cells tells the guard.
#[derive(Debug, Default)]
pub(super) struct Gate {
    reads_cells: AtomicBool,
    n_since_cell: AtomicU64,
}

impl Gate {
    /// Says that the workbook is opened: only sheets are read from now on.
    pub(super) fn open(&self) {
        self.reads_cells.store(true, Ordering::Relaxed);
    }

    /// Says that a cell was read.
    pub(super) fn cell_read(&self) {
        self.n_since_cell.store(0, Ordering::Relaxed);
    }
}

/// A part of the workbook, as the archive's directory lists it.
#[derive(Debug, Clone, Copy)]
struct Part {
    index: usize,
    n_plain: u64,
    n_packed: u64,
    is_strings: bool,
}

/// The file, watched.
pub(super) struct Watched {
    file: File,
    /// The same file: its place is set anew after each look into a part.
    archive: ZipArchive<File>,
    /// The parts by where their bytes begin.
    parts: BTreeMap<u64, Part>,
    has_read_strings: bool,
    /// The sheet that is read, until it was looked through.
    unseen: Option<Part>,
    gate: Arc<Gate>,
}

impl Watched {
    /// Lists the parts of a workbook.
    pub(super) fn new(file: File, gate: Arc<Gate>) -> Result<Self, Refusal> {
        let again = file.try_clone().map_err(|error| refusal(&error))?;
        let mut archive = ZipArchive::new(again).map_err(|error| refusal(&error))?;
        if archive.len() > MAX_PARTS {
            return Err(damaged("more parts than a workbook has"));
        }
        let mut parts = BTreeMap::new();
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(|error| refusal(&error))?;
            if entry.encrypted() {
                return Err(Refusal::new("password", []));
            }
            let name = String::from_utf8_lossy(entry.name_raw()).to_ascii_lowercase();
            let (n_plain, n_packed) = (entry.size(), entry.compressed_size());
            let is_strings = name.ends_with("sharedstrings.xml");
            let part = Part { index, n_plain, n_packed, is_strings };
            let begin = entry.data_start().unwrap_or_default();
            if n_packed > 0 && parts.insert(begin, part).is_some() {
                return Err(damaged("parts of the archive lie over each other"));
            }
        }
        let (has_read_strings, unseen) = (false, None);
        Ok(Self { file, archive, parts, has_read_strings, unseen, gate })
    }

    /// Looks at a part before it is read.
    fn enter(&mut self, part: Part) -> Result<(), Refusal> {
        check_ratio(part.n_plain, part.n_packed)?;
        if self.gate.reads_cells.load(Ordering::Relaxed) {
            self.gate.cell_read();
            self.unseen = Some(part);
            return Ok(());
        }
        if part.is_strings && !std::mem::replace(&mut self.has_read_strings, true) {
            return self.check_strings(part);
        }
        if part.n_plain > MAX_HELD_BYTES {
            return Err(too_large(MAX_HELD_BYTES));
        }
        let seen = look(BufReader::new(self.entry(part)?), OBJECTS)?;
        if seen.longest_piece > MAX_PIECE_BYTES {
            return Err(odd());
        }
        if seen.n_marks * seen.longest_piece.max(OBJECT_BYTES) > MAX_OBJECTS_MEMORY {
            return Err(too_large(MAX_OBJECTS_MEMORY));
        }
        Ok(())
    }

    /// Checks how much memory the shared strings take, and how much they claim to.
    fn check_strings(&mut self, part: Part) -> Result<(), Refusal> {
        if part.n_plain > MAX_STRINGS_BYTES {
            return Err(too_large(MAX_STRINGS_BYTES));
        }
        let claimed = claimed_strings(self.entry(part)?)?;
        let mut n_strings = part.n_plain / "<si/>".len() as u64;
        if part.n_plain > FREE_STRINGS_BYTES {
            n_strings = self.look_between(part, &["si"])?.n_marks;
            if part.n_plain + STRING_BYTES * n_strings > MAX_STRINGS_MEMORY {
                return Err(too_large(MAX_STRINGS_BYTES));
            }
        }
        if claimed > n_strings {
            return Err(damaged("the shared strings claim to be more than they are"));
        }
        Ok(())
    }

    /// Looks through a part, and refuses it when a record or a string in it is endless.
    fn look_between(&mut self, part: Part, marks: &[&str]) -> Result<Seen, Refusal> {
        let seen = look(BufReader::new(self.entry(part)?), marks)?;
        if seen.longest_between > MAX_RECORD_BYTES {
            let plain = (part.n_plain >> 20).to_string();
            let ratio = (part.n_plain / part.n_packed.max(1)).to_string();
            return Err(Refusal::new("bomb", [("plain", plain), ("ratio", ratio)]));
        }
        Ok(seen)
    }

    fn entry(&mut self, part: Part) -> Result<impl Read, Refusal> {
        self.archive.by_index(part.index).map_err(|error| refusal(&error))
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        if let Some(sheet) = self.unseen {
            let n_since = self.gate.n_since_cell.fetch_add(n as u64, Ordering::Relaxed);
            if n_since > ODD_PACKED_BYTES {
                // Many rows without cells, or one cell without an end.
                let at = self.file.stream_position()?;
                self.look_between(sheet, &["row", "c"]).map_err(carry)?;
                self.file.seek(SeekFrom::Start(at))?;
                self.unseen = None;
            }
        }
        Ok(n)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = self.file.seek(to)?;
        let Some(part) = self.parts.get(&at).copied() else { return Ok(at) };
        self.enter(part).map_err(carry)?;
        self.file.seek(SeekFrom::Start(at))
    }
}

/// What was seen of a part.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// How many elements have one of the names looked for.
    n_marks: u64,
    /// How many bytes are at most between their tags.
    longest_between: u64,
    /// How many bytes are at most between any tags.
    longest_piece: u64,
}

/// Looks through the XML of a part, up to the end of a sheet's data, as long as it is sound.
fn look(mut xml: impl BufRead, marks: &[&str]) -> Result<Seen, Refusal> {
    let mut seen = Seen::default();
    let mut piece = Vec::new();
    let mut n_between = 0;
    read_piece(&mut xml, &mut piece)?;
    while n_between <= MAX_RECORD_BYTES && read_piece(&mut xml, &mut piece)? {
        seen.longest_piece = seen.longest_piece.max(piece.len() as u64);
        n_between += piece.len() as u64;
        seen.longest_between = seen.longest_between.max(n_between);
        if piece.len() as u64 <= MAX_RECORD_BYTES && !is_whole(&piece) {
            return Err(odd());
        }
        let (is_end, name) = name_of(&piece);
        if is_end && name == b"sheetData" {
            break;
        }
        if marks.iter().any(|mark| mark.as_bytes() == name) {
            seen.n_marks += u64::from(!is_end);
            n_between = 0;
        }
    }
    Ok(seen)
}

/// Reads up to the next tag, or so far that a piece is too long for any part.
fn read_piece(xml: &mut impl BufRead, piece: &mut Vec<u8>) -> Result<bool, Refusal> {
    piece.clear();
    let n =
        xml.take(MAX_RECORD_BYTES + 1).read_until(b'<', piece).map_err(|error| refusal(&error))?;
    Ok(n > 0)
}

/// Whether a piece holds all of its tag, so that the next one begins where a tag does.
fn is_whole(piece: &[u8]) -> bool {
    let holds = |end: &[u8]| piece.windows(end.len()).any(|bytes| bytes == end);
    let mut quote = None;
    match piece {
        [b'!', b'-', b'-', ..] => holds(b"-->"),
        [b'!', b'[', ..] => holds(b"]]>"),
        [b'!', ..] => false,
        [b'?', ..] => holds(b"?>"),
        _ if piece.contains(&0) => false,
        _ => piece.iter().any(|byte| match (quote, byte) {
            (None, b'>') => true,
            (None, b'"' | b'\'') => {
                quote = Some(*byte);
                false
            }
            (Some(open), close) if open == *close => {
                quote = None;
                false
            }
            _ => false,
        }),
    }
}

/// Returns the name of a tag without its prefix, and whether it ends an element.
fn name_of(piece: &[u8]) -> (bool, &[u8]) {
    let (is_end, tag) = piece.strip_prefix(b"/").map_or((false, piece), |tag| (true, tag));
    let is_outside = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'<');
    let name = tag.split(is_outside).next().unwrap_or_default();
    (is_end, name.rsplit(|byte| *byte == b':').next().unwrap_or_default())
}

/// Returns how many shared strings there are by their own account.
fn claimed_strings(part: impl Read) -> Result<u64, Refusal> {
    let mut xml = Reader::from_reader(BufReader::new(part.take(MAX_RECORD_BYTES)));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| refusal(&error))? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "sst" => {
                let claimed =
                    tag.try_get_attribute("uniqueCount").map_err(|error| refusal(&error))?;
                return claimed
                    .map_or(Ok(0), |count| count.value.parse().map_err(|_invalid| odd()));
            }
            Event::Eof => return Err(odd()),
            _ => {}
        }
    }
}

fn odd() -> Refusal {
    damaged("a part holds what no spreadsheet writes")
}

fn too_large(limit_bytes: u64) -> Refusal {
    Refusal::new("too_large", [("limit", (limit_bytes >> 20).to_string())])
}
