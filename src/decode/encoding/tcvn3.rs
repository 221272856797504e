//! TCVN 5712:1993 VN3, the encoding of the ABC fonts (`.VnTime`): one byte a letter.
//!
//! Its capitals with tones are small letters in fonts of capitals (`.VnTimeH`): their case is lost.

/// The letters from the byte A0 on, sixteen a row; a space where there is none.
///
/// The character of a byte has the same number in Unicode, so `ư` is the soft hyphen U+00AD.
const ROWS: [&str; 6] = [
    " ĂÂÊÔƠƯĐăâêôơưđ ",
    "     àảãáạ ằẳẵắ ",
    "      ặầẩẫấậè ẻẽ",
    "éẹềểễếệìỉ   ĩíịò",
    " ỏõóọồổỗốộờởỡớợù",
    " ủũúụừửữứựỳỷỹýỵ ",
];

/// Returns the letter that a text in TCVN3 begins with.
pub(super) fn first_letter(text: &str) -> Option<(char, usize)> {
    let c = text.chars().next()?;
    let place = u32::from(c).checked_sub(0xa0)? as usize;
    let letter = ROWS.get(place / 16)?.chars().nth(place % 16)?;
    (letter != ' ').then_some((letter, c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::samples::{PHRASE, letters, tcvn3_bytes};
    use super::super::{Encoding, decode_chars};
    use super::*;

    #[test]
    fn the_table_holds_every_letter_but_capitals_with_tones() {
        let held: Vec<char> = ROWS.concat().chars().filter(|c| *c != ' ').collect();
        let is_missing = |c: &char| !held.contains(c);
        let missing: Vec<char> = letters().into_iter().filter(is_missing).collect();
        assert_eq!(held.len(), 74);
        assert_eq!(held.iter().collect::<BTreeSet<_>>().len(), 74);
        assert_eq!(missing.len(), 60);
        assert!(missing.iter().all(|c| c.is_uppercase() && !"ĂÂÊÔƠƯĐ".contains(*c)));
    }

    #[test]
    fn the_phrase_has_its_known_bytes() {
        let known = b"B\xe9 V\xa8n h\xe3a, Th\xd3 thao v\xb5 Du l\xdech";
        assert_eq!(tcvn3_bytes(PHRASE), known);
    }

    #[test]
    fn letters_stand_where_the_standard_has_them() {
        let known = [
            ('\u{a1}', 'Ă'),
            ('\u{a7}', 'Đ'),
            ('\u{ad}', 'ư'),
            ('\u{ae}', 'đ'),
            ('\u{b5}', 'à'),
            ('\u{be}', 'ắ'),
            ('\u{c6}', 'ặ'),
            ('\u{cf}', 'ẽ'),
            ('\u{d0}', 'é'),
            ('\u{d8}', 'ỉ'),
            ('\u{dc}', 'ĩ'),
            ('\u{df}', 'ò'),
            ('\u{e1}', 'ỏ'),
            ('\u{ef}', 'ù'),
            ('\u{fe}', 'ỵ'),
        ];
        for (c, letter) in known {
            assert_eq!(first_letter(&format!("{c}a")), Some((letter, 2)));
        }
        for c in ['a', ',', '\u{9f}', '\u{a0}', '\u{ba}', '\u{d9}', '\u{ff}', '\u{100}', 'ộ'] {
            assert_eq!(first_letter(&c.to_string()), None, "{c:?}");
        }
    }

    #[test]
    fn only_letters_change() {
        let text = "\"hå s¬\",1;2\t3\r\n";
        assert_eq!(decode_chars(text, Encoding::Tcvn3), "\"hồ sơ\",1;2\t3\r\n");
    }
}
