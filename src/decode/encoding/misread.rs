//! UTF-8 that was taken for windows-1252 and written as UTF-8 once more.

/// The characters of the bytes 80 to 9F; the five that windows-1252 lacks pass as control
/// characters.
const FROM_80: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// Returns the character whose bytes in UTF-8 a text begins with, one character a byte.
pub(super) fn first_letter(text: &str) -> Option<(char, usize)> {
    let n_bytes = match byte_of(text.chars().next()?)? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut bytes = [0; 4];
    let mut n_taken = 0;
    for (byte, c) in bytes.iter_mut().zip(text.chars().take(n_bytes)) {
        *byte = byte_of(c)?;
        n_taken += c.len_utf8();
    }
    let letter = std::str::from_utf8(&bytes[..n_bytes]).ok()?.chars().next()?;
    Some((letter, n_taken))
}

/// Returns the byte that was read as a character.
fn byte_of(c: char) -> Option<u8> {
    match c {
        // A tool that reads Latin-1 leaves control characters from 80 to 9F.
        '\u{80}'..='\u{ff}' => u8::try_from(u32::from(c)).ok(),
        // A tool on a Vietnamese Windows reads windows-1258; of the bytes in Vietnamese letters,
        // only this one differs.
        'Ă' => Some(0xc3),
        _ => (0x80_u8..).zip(FROM_80.chars()).find(|(_, known)| *known == c).map(|(byte, _)| byte),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{letters, misread_chars};
    use super::super::{Encoding, decode_chars};
    use super::*;

    #[test]
    fn every_letter_is_read_again() {
        for letter in letters() {
            let misread = misread_chars(&letter.to_string());
            assert_eq!(first_letter(&misread), Some((letter, misread.len())), "{misread:?}");
        }
    }

    #[test]
    fn the_table_is_that_of_windows_1252() {
        let bytes: Vec<u8> = (0x80..=0x9f).collect();
        let (known, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
        assert_eq!(FROM_80, known);
    }

    #[test]
    fn other_tools_misread_a_little_otherwise() {
        let forms = [
            ("Ä\u{90}Ã£ ná»\u{99}p", "Đã nộp"),
            ("Ä\u{90}Äƒ cĂ³", "Đă có"),
            ("oÌ£Ì‚ ðŸ˜€", "o\u{323}\u{302} 😀"),
        ];
        for (misread, read) in forms {
            assert_eq!(decode_chars(misread, Encoding::Utf8AsCp1252), read);
        }
    }

    #[test]
    fn what_cannot_be_read_again_stays() {
        for text in ["Ã", "Ã ", "á»", "á»x", "Ä\u{fffd}", "à la carte", "Ăn", "À¡", "í\u{a0}€"]
        {
            assert_eq!(decode_chars(text, Encoding::Utf8AsCp1252), text);
        }
        assert_eq!(decode_chars("áº Ã³", Encoding::Utf8AsCp1252), "áº ó");
    }
}
