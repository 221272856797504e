//! VNI-Windows: a base letter, then a mark that is a letter of windows-1252; a few letters stand
//! alone.

/// A base letter, its marks, and the letter that each mark makes of it.
const MARKED: [(char, &str, &str); 7] = [
    ('a', "ùøûõïêéèúüëâáàåãä", "áàảãạăắằẳẵặâấầẩẫậ"),
    ('e', "ùøûõïâáàåãä", "éèẻẽẹêếềểễệ"),
    ('o', "ùøûõïâáàåãä", "óòỏõọôốồổỗộ"),
    ('ô', "ùøûõï", "ớờởỡợ"),
    ('u', "ùøûõï", "úùủũụ"),
    ('ö', "ùøûõï", "ứừửữự"),
    ('y', "ùøûõ", "ýỳỷỹ"),
];

/// Letters that stand alone, and what they are; none of them is a mark.
const ALONE: (&str, &str) = ("ôöíìæóòîñ", "ơưíìỉĩịỵđ");

/// Returns the letter that a text in VNI begins with, with its mark if one follows.
///
/// The base letter decides the case: a mark may be small after a capital.
pub(super) fn first_letter(text: &str) -> Option<(char, usize)> {
    let mut chars = text.chars();
    let base = chars.next()?;
    let small = lower(base);
    let (letter, n_bytes) =
        match chars.next().and_then(|mark| Some((marked(small, lower(mark))?, mark))) {
            Some((letter, mark)) => (letter, base.len_utf8() + mark.len_utf8()),
            None => (nth_of(ALONE.1, ALONE.0, small)?, base.len_utf8()),
        };
    let letter = if small == base { letter } else { letter.to_uppercase().next()? };
    Some((letter, n_bytes))
}

fn marked(base: char, mark: char) -> Option<char> {
    let (_, marks, letters) = MARKED.iter().find(|(letter, ..)| *letter == base)?;
    nth_of(letters, marks, mark)
}

/// Returns the letter that stands where `wanted` stands among others.
fn nth_of(letters: &str, others: &str, wanted: char) -> Option<char> {
    others.chars().zip(letters.chars()).find(|(other, _)| *other == wanted).map(|(_, c)| c)
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{PHRASE, letters, vni_bytes, vni_chars};
    use super::super::{Encoding, decode_chars};
    use super::*;

    #[test]
    fn every_letter_is_written_in_one_way() {
        for letter in letters() {
            let written = vni_chars(&letter.to_string());
            assert_eq!(first_letter(&written), Some((letter, written.len())), "{written}");
        }
        let n_pairs: usize = MARKED.iter().map(|(_, marks, _)| marks.chars().count()).sum();
        assert_eq!(2 * (n_pairs + ALONE.0.chars().count()), letters().len());
    }

    #[test]
    fn the_phrase_has_its_known_bytes() {
        let known = b"Bo\xe4 Va\xean ho\xf9a, The\xe5 thao va\xf8 Du l\xf2ch";
        assert_eq!(vni_bytes(PHRASE), known);
    }

    #[test]
    fn words_are_read_as_people_wrote_them() {
        let known = [
            ("Ñöôïc höôùng daãn", "Được hướng dẫn"),
            ("TRÖÏC TUYEÁN, HAØ NOÄI", "TRỰC TUYẾN, HÀ NỘI"),
            ("AÁn phaåm; Aán phaåm", "Ấn phẩm; Ấn phẩm"),
            ("Nguyeãn Thò Thuûy, kyû luïc, Mî", "Nguyễn Thị Thủy, kỷ lục, Mỵ"),
            ("nghæ ngôi, dó nhieân, tín chæ, ÔÛ", "nghỉ ngơi, dĩ nhiên, tín chỉ, Ở"),
        ];
        for (written, read) in known {
            assert_eq!(decode_chars(written, Encoding::Vni), read);
        }
    }

    #[test]
    fn a_mark_without_its_base_stays() {
        for text in ["\u{f9}", "b\u{f9}", ",\u{f8}\r\n", "i\u{e2}", "\"a\",1;\t"] {
            assert_eq!(decode_chars(text, Encoding::Vni), text);
        }
        assert_eq!(decode_chars("a\u{f9}\u{f9}", Encoding::Vni), "á\u{f9}");
    }
}
