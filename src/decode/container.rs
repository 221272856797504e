//! What a log is packed in: gzip, zstd, zip. Taken off layer by layer, within limits, until the
//! content is one of the formats.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::io::{Cursor, Read, Seek as _, Write as _};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use crate::pipeline::encoding::Encoding;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;

use super::encoding::{decode_bytes, detect_bytes};
use super::fault::{carry, refusal};
use super::format::{Format, Magic, magic, of_text};

/// How many of the first bytes tell what a file is.
const HEAD_BYTES: u64 = 64 << 10;
/// A log in an archive in an archive is a mistake.
const MAX_LAYERS: usize = 3;
/// Beyond so many bytes, what was packed may not grow more than [`MAX_RATIO`] times.
const FREE_BYTES: u64 = 64 << 20;
/// Real logs shrink five to thirty times.
const MAX_RATIO: u64 = 200;

/// The content of a log, with its packing taken off.
pub(super) struct Opened<'a> {
    pub(super) format: Format,
    /// Texts are UTF-8 here, whatever they were written in.
    pub(super) encoding: Encoding,
    pub(super) body: Body<'a>,
    /// What was taken off, the outermost first.
    pub(super) wrappers: Vec<&'static str>,
}

/// Bytes to read once, or a file to read anywhere. The file has no name: it goes with the process.
pub(super) enum Body<'a> {
    Stream(Box<dyn Read + 'a>),
    File(File),
}

impl<'a> Body<'a> {
    /// Returns a reader of the bytes.
    pub(super) fn stream(self) -> Box<dyn Read + 'a> {
        match self {
            Self::Stream(bytes) => bytes,
            Self::File(file) => Box::new(io::BufReader::new(file)),
        }
    }

    /// Returns a file to read anywhere; a stream is spooled, up to a limit.
    pub(super) fn file(self, limit_bytes: u64) -> Result<File, Refusal> {
        match self {
            Self::Stream(bytes) => spool(bytes, limit_bytes),
            Self::File(file) => {
                let size_bytes = file.metadata().map_err(|error| refusal(&error))?.len();
                if size_bytes > limit_bytes { Err(too_large(limit_bytes)) } else { Ok(file) }
            }
        }
    }
}

/// Takes the packing off and tells the format.
///
/// # Errors
///
/// A refusal: nothing in it, several files in it, a password, a bomb, damage.
pub(super) fn open<'a>(
    bytes: Box<dyn Read + 'a>,
    profile: &Profile,
) -> Result<Opened<'a>, Refusal> {
    let mut bytes = bytes;
    let mut wrappers = Vec::new();
    loop {
        let (head, whole) = peek(bytes)?;
        let opened = |format, encoding, body, wrappers| Opened { format, encoding, body, wrappers };
        bytes = match magic(&head) {
            Magic::None => {
                let (format, encoding, text) = text(&head, whole, profile)?;
                return Ok(opened(format, encoding, Body::Stream(text), wrappers));
            }
            Magic::Xls => {
                return Ok(opened(Format::Xls, Encoding::Utf8, Body::Stream(whole), wrappers));
            }
            Magic::Parquet => {
                return Ok(opened(Format::Parquet, Encoding::Utf8, Body::Stream(whole), wrappers));
            }
            Magic::Gzip => {
                wrappers.push("gzip");
                unpacked(whole, |packed| Ok(MultiGzDecoder::new(packed)))?
            }
            Magic::Zstd => {
                wrappers.push("zstd");
                unpacked(whole, zstd::Decoder::new)?
            }
            Magic::Zip => match unzip(spool(whole, u64::MAX)?)? {
                Zipped::Workbook(file) => {
                    let body = Body::File(file);
                    return Ok(opened(Format::Xlsx, Encoding::Utf8, body, wrappers));
                }
                Zipped::Entry(file) => {
                    wrappers.push("zip");
                    Box::new(io::BufReader::new(file))
                }
            },
        };
        if wrappers.len() > MAX_LAYERS {
            return Err(Refusal::new("packed_too_deep", []));
        }
    }
}

type Stream<'a> = Box<dyn Read + 'a>;

/// Reads the first bytes and puts them back.
fn peek<'a>(mut bytes: Stream<'a>) -> Result<(Vec<u8>, Stream<'a>), Refusal> {
    let mut head = Vec::new();
    let read = (&mut bytes).take(HEAD_BYTES).read_to_end(&mut head);
    read.map_err(|error| refusal(&error))?;
    let whole = Cursor::new(head.clone()).chain(bytes);
    Ok((head, Box::new(whole)))
}

/// Tells what text it is, in which encoding, and makes UTF-8 of it.
fn text<'a>(
    head: &[u8],
    whole: Stream<'a>,
    profile: &Profile,
) -> Result<(Format, Encoding, Stream<'a>), Refusal> {
    let encoding = profile.encoding.unwrap_or_else(|| detect_bytes(head));
    let text = decode_bytes(whole, encoding).map_err(|error| refusal(&error))?;
    let (head, text) = peek(text)?;
    Ok((of_text(&head)?, encoding, text))
}

/// Unpacks a stream; what grows out of all proportion is a bomb.
fn unpacked<'a, R: Read + 'a>(
    packed: Stream<'a>,
    unpack: impl FnOnce(Counted<'a>) -> io::Result<R>,
) -> Result<Stream<'a>, Refusal> {
    let n_packed = Rc::new(Cell::new(0));
    let packed = Counted { inner: packed, n_read: Rc::clone(&n_packed) };
    let plain = unpack(packed).map_err(|error| refusal(&error))?;
    Ok(Box::new(Measured { plain, n_plain: 0, n_packed }))
}

/// Counts the packed bytes.
struct Counted<'a> {
    inner: Stream<'a>,
    n_read: Rc<Cell<u64>>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.n_read.set(self.n_read.get() + n as u64);
        Ok(n)
    }
}

/// Holds the plain bytes against the packed ones.
struct Measured<R> {
    plain: R,
    n_plain: u64,
    n_packed: Rc<Cell<u64>>,
}

impl<R: Read> Read for Measured<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.plain.read(buffer)?;
        self.n_plain += n as u64;
        check_ratio(self.n_plain, self.n_packed.get()).map_err(carry)?;
        Ok(n)
    }
}

/// Refuses what grows more than a log can.
pub(super) fn check_ratio(n_plain: u64, n_packed: u64) -> Result<(), Refusal> {
    if n_plain <= FREE_BYTES || n_plain / MAX_RATIO <= n_packed {
        return Ok(());
    }
    let (plain, ratio) = ((n_plain >> 20).to_string(), MAX_RATIO.to_string());
    Err(Refusal::new("bomb", [("plain", plain), ("ratio", ratio)]))
}

/// Copies a stream into a file that has no name.
pub(super) fn spool(mut bytes: impl Read, limit_bytes: u64) -> Result<File, Refusal> {
    let copy = |bytes: &mut dyn Read| -> io::Result<(File, u64)> {
        let mut file = tempfile::tempfile()?;
        let n = io::copy(&mut bytes.take(limit_bytes.saturating_add(1)), &mut file)?;
        file.flush()?;
        file.rewind()?;
        Ok((file, n))
    };
    let (file, n) = copy(&mut bytes).map_err(|error| refusal(&error))?;
    if n > limit_bytes { Err(too_large(limit_bytes)) } else { Ok(file) }
}

/// Refuses a file, or a part of one, that is larger than its reader may hold.
pub(super) fn too_large(limit_bytes: u64) -> Refusal {
    Refusal::new("too_large", [("limit", (limit_bytes >> 20).to_string())])
}

enum Zipped {
    Workbook(File),
    Entry(File),
}

/// Tells a workbook from an archive, and takes the one file out of an archive.
fn unzip(file: File) -> Result<Zipped, Refusal> {
    let n_bytes = file.metadata().map_err(|error| refusal(&error))?.len();
    let mut archive = ZipArchive::new(file).map_err(|error| refusal(&error))?;
    let mut logs = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).map_err(|error| refusal(&error))?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if name == "[Content_Types].xml" {
            drop(entry);
            let mut file = archive.into_inner();
            file.rewind().map_err(|error| refusal(&error))?;
            return Ok(Zipped::Workbook(file));
        }
        let is_hidden = name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
        if entry.is_file() && !is_hidden {
            logs.push((at, entry.encrypted()));
        }
    }
    match logs[..] {
        [] => Err(Refusal::new("empty_file", [])),
        [(_, true)] => Err(Refusal::new("password", [])),
        [(at, false)] => {
            let entry = archive.by_index(at).map_err(|error| refusal(&error))?;
            // A directory may claim more than there is, so that any size would fit it.
            let n_packed = Rc::new(Cell::new(entry.compressed_size().min(n_bytes)));
            let measured = Measured { plain: entry, n_plain: 0, n_packed };
            Ok(Zipped::Entry(spool(measured, u64::MAX)?))
        }
        _ => Err(Refusal::new("several_files", [("files", logs.len().to_string())])),
    }
}
