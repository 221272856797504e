//! The form of a file's bytes, before anything is known of its letters: UTF-8, UTF-16 or single
//! bytes.

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};

/// This many bytes tell the form and the encoding of a file.
pub(super) const HEAD_BYTES: usize = 64 << 10;

/// A file of UTF-8 has this many whole characters for each byte that is astray.
const CHARS_FOR_A_STRAY_BYTE: usize = 4;

/// How characters are laid out in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing tells yet: every byte stands for itself in UTF-8 and in single bytes.
    Ascii,
    Utf8,
    Utf16Le,
    Utf16Be,
    SingleBytes,
}

impl Form {
    /// Tells the form from the first bytes, which may end inside a character.
    pub(super) fn of(head: &[u8]) -> Self {
        match encoding_rs::Encoding::for_bom(head) {
            Some((encoding, _)) if encoding == UTF_8 => return Self::Utf8,
            Some((encoding, _)) if encoding == UTF_16LE => return Self::Utf16Le,
            Some((encoding, _)) if encoding == UTF_16BE => return Self::Utf16Be,
            _ => {}
        }
        if let Some(form) = unmarked_utf16(head) {
            return form;
        }
        let chunks = || head.utf8_chunks();
        let chars = chunks().flat_map(|chunk| chunk.valid().chars());
        let n_chars = chars.filter(|c| !c.is_ascii()).count();
        let n_stray = chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
        let is_cut = chunks().last().is_some_and(|chunk| is_cut_char(chunk.invalid()));
        match n_stray - usize::from(is_cut) {
            0 if n_chars == 0 => Self::Ascii,
            n_stray if n_stray * CHARS_FOR_A_STRAY_BYTE <= n_chars => Self::Utf8,
            _ => Self::SingleBytes,
        }
    }
}

/// Whether bytes are the beginning of a character.
fn is_cut_char(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// Tells UTF-16 by its zero bytes: most characters of a Vietnamese table are below U+0100.
///
/// A zero in the other place is the low byte of U+0300, a mark in decomposed text.
fn unmarked_utf16(head: &[u8]) -> Option<Form> {
    let (pairs, _) = head.as_chunks::<2>();
    let n_zeros = |place: usize| pairs.iter().filter(|pair| pair[place] == 0).count();
    let is_high =
        |high: usize, low: usize| pairs.len() >= 4 && high * 2 >= pairs.len() && low * 4 <= high;
    let (first, second) = (n_zeros(0), n_zeros(1));
    if is_high(second, first) {
        Some(Form::Utf16Le)
    } else if is_high(first, second) {
        Some(Form::Utf16Be)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{CSV, PHRASE, tcvn3_bytes, utf16be, utf16le};
    use super::*;

    #[test]
    fn utf16_is_known_without_its_mark() {
        use unicode_normalization::UnicodeNormalization as _;

        let decomposed: String = CSV.nfd().collect();
        for text in [CSV, PHRASE, &decomposed] {
            assert_eq!(Form::of(&utf16le(text)), Form::Utf16Le);
            assert_eq!(Form::of(&utf16be(text)), Form::Utf16Be);
        }
        assert_ne!(Form::of(&[0; 64]), Form::Utf16Le);
    }

    #[test]
    fn a_cut_character_is_no_stray_byte() {
        let bytes = "Bộ".as_bytes();
        assert_eq!(Form::of(bytes), Form::Utf8);
        assert_eq!(Form::of(&bytes[..3]), Form::Ascii);
        assert_eq!(Form::of(b"B\xe1\xbb "), Form::SingleBytes);
    }

    #[test]
    fn few_stray_bytes_leave_a_file_utf8() {
        let with_stray = |text: &str| [text.as_bytes(), b"\xff\n"].concat();
        assert_eq!(Form::of(&with_stray("Đã trả kết quả")), Form::Utf8);
        assert_eq!(Form::of(&with_stray("Đã")), Form::SingleBytes);
        assert_eq!(Form::of(&tcvn3_bytes(CSV)), Form::SingleBytes);
    }
}
