//! What a Parquet file claims of itself, held against what it is before a byte is unpacked: the
//! library that reads such files believes their footers and page headers, and would ask for as
//! much memory as these say.

use std::fs::File;
use std::io;
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom};

use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::file::metadata::ColumnChunkMetaData;

use crate::pipeline::rules::Refusal;

use super::super::container::too_large;
use super::super::fault::{damaged, refusal};
use super::thrift::{Part, Thrift, eof};

/// No footer is larger; each column of each row group adds some hundred bytes to it.
const MAX_FOOTER_BYTES: u64 = 32 << 20;
/// What one row group may unpack to.
pub(super) const MAX_GROUP_BYTES: u64 = 256 << 20;
/// How many values the lists of one row group may hold.
const MAX_LISTED: u64 = 1 << 24;
/// A page header holds sizes and the least and greatest values.
const MAX_HEADER_BYTES: u64 = 1 << 20;
/// A list takes three levels of a schema.
const MAX_SCHEMA_DEPTH: usize = 96;

/// Checks that the footer is whole, that no list in it is longer than its bytes, and that the
/// schema is not too deep.
pub(super) fn check_footer(file: &File) -> Result<(), Refusal> {
    let size_bytes = file.metadata().map_err(|error| refusal(&error))?.len();
    let mut end = [0; 8];
    let Some(end_at) = size_bytes.checked_sub(8) else { return Err(damaged("no footer")) };
    let mut bytes = BufReader::new(file);
    let read = bytes.seek(SeekFrom::Start(end_at)).and_then(|_| bytes.read_exact(&mut end));
    read.map_err(|error| refusal(&error))?;
    let [a, b, c, d, mark @ ..] = end;
    let footer_bytes = u64::from(u32::from_le_bytes([a, b, c, d]));
    if mark != *b"PAR1" || footer_bytes > end_at {
        return Err(damaged("no footer"));
    }
    if footer_bytes > MAX_FOOTER_BYTES {
        return Err(too_large(MAX_FOOTER_BYTES));
    }
    bytes.seek(SeekFrom::Start(end_at - footer_bytes)).map_err(|error| refusal(&error))?;
    // How many children are still to come at each level of the schema.
    let mut levels: Vec<i64> = Vec::new();
    let mut n_children = 0;
    let mut is_too_deep = false;
    let visited = Thrift::new(bytes, footer_bytes).visit(&mut |path, part| match (path, part) {
        ([2, 5], Part::Number(number)) => n_children = number,
        ([2], Part::End) => {
            if let Some(left) = levels.last_mut() {
                *left -= 1;
            }
            if n_children > 0 {
                levels.push(n_children);
            }
            n_children = 0;
            is_too_deep |= levels.len() > MAX_SCHEMA_DEPTH;
            while levels.last().is_some_and(|left| *left <= 0) {
                levels.pop();
            }
        }
        _ => {}
    });
    visited.map_err(|error| refusal(&error))?;
    if is_too_deep { Err(damaged("the schema nests too deep")) } else { Ok(()) }
}

/// Checks the pages of the columns that are read of one row group.
pub(super) fn check_group<'c>(
    file: &File,
    columns: impl Iterator<Item = &'c ColumnChunkMetaData>,
) -> Result<(), Refusal> {
    let (mut n_bytes, mut n_listed) = (0_u64, 0_u64);
    for column in columns {
        let pages = Pages::of(file, column)?;
        let is_list = column.column_descr().max_rep_level() > 0;
        for page in pages {
            let page = page?;
            n_bytes = n_bytes.saturating_add(page.plain_bytes);
            n_listed = n_listed.saturating_add(if is_list { page.n_values } else { 0 });
            if n_bytes > MAX_GROUP_BYTES || n_listed > MAX_LISTED {
                return Err(too_large(MAX_GROUP_BYTES));
            }
        }
    }
    Ok(())
}

/// What a page's header says, as far as it matters.
#[derive(Debug, Clone, Copy, Default)]
struct Page {
    packed_bytes: u64,
    plain_bytes: u64,
    n_values: u64,
    is_dictionary: bool,
    /// The bytes before the values that are not packed.
    level_bytes: u64,
    is_plain: bool,
}

/// The pages of a column of one row group.
struct Pages<'f> {
    bytes: BufReader<&'f File>,
    left: u64,
    is_gzip: bool,
}

impl<'f> Pages<'f> {
    fn of(file: &'f File, column: &ColumnChunkMetaData) -> Result<Self, Refusal> {
        let is_gzip = match column.compression() {
            Compression::UNCOMPRESSED
            | Compression::SNAPPY
            | Compression::ZSTD(_)
            | Compression::LZ4_RAW => false,
            Compression::GZIP(_) => true,
            // These unpack to any size, and no system is known to use them.
            _ => return Err(damaged("a compression that is not read")),
        };
        let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
        let range = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
        let (start, left) = range.ok_or_else(|| damaged("a column that is nowhere"))?;
        let size_bytes = file.metadata().map_err(|error| refusal(&error))?.len();
        if start.checked_add(left).is_none_or(|end| end > size_bytes) {
            return Err(damaged("a column that is nowhere"));
        }
        let mut bytes = BufReader::new(file);
        bytes.seek(SeekFrom::Start(start)).map_err(|error| refusal(&error))?;
        Ok(Self { bytes, left, is_gzip })
    }

    fn read(&mut self) -> io::Result<Page> {
        let max_bytes = self.left.min(MAX_HEADER_BYTES);
        let mut header = Thrift::new(&mut self.bytes, max_bytes);
        let page = page(&mut header)?;
        let header_bytes = max_bytes - header.left_bytes();
        self.left = self.left.saturating_sub(header_bytes);
        self.left = self.left.checked_sub(page.packed_bytes).ok_or_else(eof)?;
        // A value of a dictionary takes a byte at least.
        if page.level_bytes > page.packed_bytes.min(page.plain_bytes)
            || (page.is_dictionary && page.n_values > page.plain_bytes)
        {
            return Err(io::Error::other("a page header that cannot be"));
        }
        if self.is_gzip && !page.is_plain && page.plain_bytes <= MAX_GROUP_BYTES {
            self.unpack(page)?;
        } else {
            self.bytes.seek_relative(page.packed_bytes.cast_signed())?;
        }
        Ok(page)
    }

    /// Unpacks a page for its size: of all codecs that are read, gzip alone does not stop there.
    fn unpack(&mut self, page: Page) -> io::Result<()> {
        self.bytes.seek_relative(page.level_bytes.cast_signed())?;
        let plain_bytes = page.plain_bytes - page.level_bytes;
        let mut packed = (&mut self.bytes).take(page.packed_bytes - page.level_bytes);
        let plain = MultiGzDecoder::new(&mut packed).take(plain_bytes + 1);
        let n_bytes = if plain_bytes > 0 { io::copy(&mut { plain }, &mut io::sink())? } else { 0 };
        let rest = packed.limit();
        self.bytes.seek_relative(rest.cast_signed())?;
        if n_bytes > plain_bytes {
            return Err(io::Error::other("a page that is larger than it says"));
        }
        Ok(())
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Page, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        Some(self.read().map_err(|error| refusal(&error)))
    }
}

/// Reads a page header.
fn page(header: &mut Thrift<impl BufRead>) -> io::Result<Page> {
    let mut page = Page::default();
    header.visit(&mut |path, part| {
        let Part::Number(number) = part else { return };
        // What is negative is as wrong as what is huge.
        let size = u64::try_from(number).unwrap_or(u64::MAX);
        match path {
            [2] => page.plain_bytes = size,
            [3] => page.packed_bytes = size,
            [5 | 8, 1] => page.n_values = size,
            [7, 1] => (page.n_values, page.is_dictionary) = (size, true),
            [8, 5 | 6] => page.level_bytes = page.level_bytes.saturating_add(size),
            [8, 7] => page.is_plain = number == 0,
            _ => {}
        }
    })?;
    Ok(page)
}
