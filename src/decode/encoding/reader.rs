//! Bytes in any encoding turned into bytes in UTF-8 as they are read.

use std::io;
use std::io::{BufReader, Cursor, Read};
use std::mem;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1258};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::Encoding;
use super::form::{Form, HEAD_BYTES};
use super::mend::{FirstLetter, MOST_CHARS, letters, mend};

/// A letter that begins this far from the end of what was read may go on beyond it.
const LOOKAHEAD: usize = MOST_CHARS * char::MAX_LEN_UTF8;

/// Wraps a reader of encoded bytes into one of UTF-8 bytes, without a byte order mark.
///
/// A mark outranks the encoding that is named. Bytes that are no UTF-8 stay in a file of UTF-8; in
/// UTF-16 they become U+FFFD. Letters may come decomposed, those of windows-1258 mostly do: compose
/// them before comparing. Memory is bounded, whatever the length of the file.
pub(in crate::decode) fn decode_bytes<'a>(
    bytes: Box<dyn Read + 'a>,
    encoding: Encoding,
) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match (encoding, letters(encoding)) {
        (_, Some(first_letter)) => {
            let is_utf8_inside = encoding == Encoding::Utf8AsCp1252;
            to_utf8(Box::new(Mender::new(bytes, first_letter, is_utf8_inside)), None)
        }
        (Encoding::Utf16Le, _) => to_utf8(bytes, Some(UTF_16LE)),
        (Encoding::Utf16Be, _) => to_utf8(bytes, Some(UTF_16BE)),
        (Encoding::Windows1258, _) => to_utf8(bytes, Some(WINDOWS_1258)),
        _ => return marked(bytes),
    })
}

/// Passes UTF-8 on as it is, without a copy and unchecked; a mark may say that it is UTF-16.
fn marked<'a>(mut bytes: Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>> {
    let mut head = Vec::new();
    (&mut bytes).take(3).read_to_end(&mut head)?;
    Ok(match *head {
        [0xef, 0xbb, 0xbf] => bytes,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            to_utf8(Box::new(Cursor::new(head).chain(bytes)), None)
        }
        _ => Box::new(Cursor::new(head).chain(bytes)),
    })
}

/// Decodes an encoding of the web; without one, passes UTF-8 on unchecked.
fn to_utf8<'a>(
    bytes: Box<dyn Read + 'a>,
    encoding: Option<&'static encoding_rs::Encoding>,
) -> Box<dyn Read + 'a> {
    let mut builder = DecodeReaderBytesBuilder::new();
    builder.encoding(encoding).utf8_passthru(encoding.is_none());
    let decoder = builder.bom_override(true).strip_bom(true).build(bytes);
    Box::new(Roomy(BufReader::new(decoder)))
}

/// A reader that always asks the one inside for much: `encoding_rs_io` loses the end of a file when
/// it is read into fewer than four bytes.
///
/// It has `read` alone, since the `read_to_end` of a [`BufReader`] goes around its buffer.
struct Roomy<R>(BufReader<R>);

impl<R: Read> Read for Roomy<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// A reader that mends the letters of a file in one of three forms: single bytes, UTF-8, UTF-16.
struct Mender<'a> {
    bytes: Box<dyn Read + 'a>,
    first_letter: FirstLetter,
    /// Whether the encoding has no form in single bytes.
    is_utf8_inside: bool,
    is_opened: bool,
    input: Vec<u8>,
    output: Vec<u8>,
    n_given: usize,
    is_at_end: bool,
}

impl<'a> Mender<'a> {
    fn new(bytes: Box<dyn Read + 'a>, first_letter: FirstLetter, is_utf8_inside: bool) -> Self {
        Self {
            bytes,
            first_letter,
            is_utf8_inside,
            is_opened: false,
            input: Vec::new(),
            output: Vec::new(),
            n_given: 0,
            is_at_end: false,
        }
    }

    /// Reads on and mends what is whole.
    fn refill(&mut self) -> io::Result<()> {
        let wanted = (HEAD_BYTES - self.input.len()) as u64;
        let n_read = (&mut self.bytes).take(wanted).read_to_end(&mut self.input)?;
        self.output.clear();
        self.n_given = 0;
        if self.is_opened {
            self.is_at_end = n_read == 0;
            let n_mended =
                mend_bytes(&self.input, self.is_at_end, self.first_letter, &mut self.output);
            self.input.drain(..n_mended);
            return Ok(());
        }
        let form = Form::of(&self.input);
        if form == Form::Ascii && self.input.len() == HEAD_BYTES {
            // The form shows later. What is kept begins before any character that is cut here.
            self.output.extend(self.input.drain(..HEAD_BYTES - char::MAX_LEN_UTF8));
        } else {
            self.open(form);
        }
        Ok(())
    }

    /// Goes back to the beginning of what was read, now as UTF-8.
    fn open(&mut self, form: Form) {
        let head = Cursor::new(mem::take(&mut self.input));
        let rest = mem::replace(&mut self.bytes, Box::new(io::empty()));
        let encoding = match form {
            Form::Utf16Le => Some(UTF_16LE),
            Form::Utf16Be => Some(UTF_16BE),
            Form::Ascii | Form::SingleBytes if !self.is_utf8_inside => Some(WINDOWS_1252),
            Form::Ascii | Form::SingleBytes | Form::Utf8 => None,
        };
        self.bytes = to_utf8(Box::new(head.chain(rest)), encoding);
        self.is_opened = true;
    }
}

impl Read for Mender<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.n_given == self.output.len() && !self.is_at_end && !buffer.is_empty() {
            self.refill()?;
        }
        let n = (&self.output[self.n_given..]).read(buffer)?;
        self.n_given += n;
        Ok(n)
    }
}

/// Mends UTF-8 up to where a letter may be cut; returns how many bytes that is. Bytes that are no
/// UTF-8 stay.
fn mend_bytes(input: &[u8], is_last: bool, first_letter: FirstLetter, out: &mut Vec<u8>) -> usize {
    let end = if is_last { input.len() } else { input.len().saturating_sub(LOOKAHEAD) };
    let mut mended = String::new();
    let mut at = 0;
    for chunk in input.utf8_chunks() {
        if at >= end {
            break;
        }
        mended.clear();
        let n = mend(chunk.valid(), end - at, first_letter, &mut mended);
        out.extend_from_slice(mended.as_bytes());
        at += n;
        if n < chunk.valid().len() || at >= end {
            break;
        }
        out.extend_from_slice(chunk.invalid());
        at += chunk.invalid().len();
    }
    at
}
