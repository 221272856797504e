//! A file that is written in pieces, each turned into the file's encoding.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::style::Encoding;

/// So much is held before it is written.
const N_PENDING: usize = 128 << 10;

/// The letters of TCVN 5712:1993 from the byte A0 on, sixteen a row; a space where there is none.
const TCVN3: [&str; 6] = [
    " ĂÂÊÔƠƯĐăâêôơưđ ",
    "     àảãáạ ằẳẵắ ",
    "      ặầẩẫấậè ẻẽ",
    "éẹềểễếệìỉ   ĩíịò",
    " ỏõóọồổỗốộờởỡớợù",
    " ủũúụừửữứựỳỷỹýỵ ",
];

/// A file being written.
pub(super) struct Sink {
    file: File,
    path: String,
    encoding: Encoding,
    /// What is to be written next, in UTF-8 but for planted bytes that are astray.
    pub(super) pending: Vec<u8>,
    n_bytes: u64,
}

impl Sink {
    /// Makes a file.
    pub(super) fn create(path: &Path, encoding: Encoding) -> anyhow::Result<Self> {
        let shown = path.display().to_string();
        let file = File::create(path).with_context(|| format!("failed to write `{shown}`"))?;
        let mut sink = Self { file, path: shown, encoding, pending: Vec::new(), n_bytes: 0 };
        match encoding {
            Encoding::Utf8Marked => sink.put(b"\xef\xbb\xbf")?,
            Encoding::Utf16 => sink.put(b"\xff\xfe")?,
            Encoding::Utf8 | Encoding::Tcvn3 => {}
        }
        Ok(sink)
    }

    /// Writes what is pending, once it is much; called between two records.
    pub(super) fn flush_if_much(&mut self) -> anyhow::Result<()> {
        if self.pending.len() > N_PENDING { self.flush() } else { Ok(()) }
    }

    /// Writes the rest and returns how large the file is.
    pub(super) fn finish(mut self) -> anyhow::Result<u64> {
        self.flush()?;
        Ok(self.n_bytes)
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        let mut pending = std::mem::take(&mut self.pending);
        match self.encoding {
            Encoding::Utf8 | Encoding::Utf8Marked => self.put(&pending)?,
            Encoding::Utf16 => {
                let text = String::from_utf8_lossy(&pending);
                let units = text.encode_utf16().flat_map(u16::to_le_bytes);
                self.put(&units.collect::<Vec<u8>>())?;
            }
            Encoding::Tcvn3 => {
                let text = String::from_utf8_lossy(&pending);
                self.put(&text.chars().map(tcvn3).collect::<Vec<u8>>())?;
            }
        }
        pending.clear();
        self.pending = pending;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.n_bytes += bytes.len() as u64;
        let written = self.file.write_all(bytes);
        written.with_context(|| format!("failed to write `{}`", self.path))
    }
}

/// Returns the byte of a letter; nothing that is written so has another.
fn tcvn3(letter: char) -> u8 {
    if letter.is_ascii() {
        return letter as u8;
    }
    let place = TCVN3.iter().flat_map(|row| row.chars()).position(|known| known == letter);
    place.and_then(|place| u8::try_from(0xa0 + place).ok()).unwrap_or(b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_the_bytes_of_the_standard() {
        let bytes: Vec<u8> = "Bộ Văn hóa, Thể thao và Du lịch".chars().map(tcvn3).collect();
        assert_eq!(bytes, b"B\xe9 V\xa8n h\xe3a, Th\xd3 thao v\xb5 Du l\xdech");
    }
}
