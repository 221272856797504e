//! Characters that stand for others: one pass over a text, with the letters of one encoding.

use std::borrow::Cow;

use super::{Encoding, misread, tcvn3, vni};

/// Returns the letter that a text begins with and how many bytes of the text make it; `None` where
/// the first character stays.
///
/// It looks at no more than [`MOST_CHARS`] characters.
pub(super) type FirstLetter = fn(&str) -> Option<(char, usize)>;

/// No letter is written in more characters than this.
pub(super) const MOST_CHARS: usize = 4;

/// Returns the letters of an encoding whose characters stand for others.
pub(super) fn letters(encoding: Encoding) -> Option<FirstLetter> {
    match encoding {
        Encoding::Tcvn3 => Some(tcvn3::first_letter),
        Encoding::Vni => Some(vni::first_letter),
        Encoding::Utf8AsCp1252 => Some(misread::first_letter),
        Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be | Encoding::Windows1258 => None,
    }
}

/// Mends characters inside a text that is already Unicode; borrowed when nothing changes.
pub(in crate::decode) fn decode_chars(text: &str, encoding: Encoding) -> Cow<'_, str> {
    match letters(encoding) {
        Some(first_letter) if !text.is_ascii() => {
            let mut mended = String::with_capacity(text.len());
            mend(text, text.len(), first_letter, &mut mended);
            if mended == text { Cow::Borrowed(text) } else { Cow::Owned(mended) }
        }
        _ => Cow::Borrowed(text),
    }
}

/// Mends the letters that begin before `end`; returns where the first one after them begins.
pub(super) fn mend(text: &str, end: usize, first_letter: FirstLetter, out: &mut String) -> usize {
    let end = end.min(text.len());
    let mut at = 0;
    while at < end {
        let rest = &text[at..];
        // A letter may begin in ASCII, but only just before a character that does not.
        let n_ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let n_plain = n_ascii.saturating_sub(1).min(end - at);
        if n_plain > 0 {
            out.push_str(&rest[..n_plain]);
            at += n_plain;
        } else if let Some((letter, n_bytes)) = first_letter(rest) {
            out.push(letter);
            at += n_bytes;
        } else if let Some(c) = rest.chars().next() {
            out.push(c);
            at += c.len_utf8();
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::samples::PHRASE;
    use super::*;

    #[test]
    fn the_phrase_is_mended_from_its_known_forms() {
        let forms = [
            ("Bé V¨n hãa, ThÓ thao vµ Du lÞch", Encoding::Tcvn3),
            ("Boä Vaên hoùa, Theå thao vaø Du lòch", Encoding::Vni),
            ("Bá»™ VÄƒn hÃ³a, Thá»ƒ thao vÃ\u{a0} Du lá»‹ch", Encoding::Utf8AsCp1252),
        ];
        for (text, encoding) in forms {
            assert_eq!(decode_chars(text, encoding), PHRASE);
        }
    }

    #[test]
    fn what_needs_no_mending_is_borrowed() {
        for encoding in Encoding::ALL.map(|(_, encoding)| encoding) {
            assert!(matches!(decode_chars("STT,\"1\";\t2\r\n", encoding), Cow::Borrowed(_)));
            assert!(matches!(decode_chars("Thể dục", encoding), Cow::Borrowed(_)));
        }
        assert!(matches!(decode_chars("Bé", Encoding::Windows1258), Cow::Borrowed(_)));
    }

    #[test]
    fn a_pass_stops_at_the_letter_after_its_end() {
        let mut out = String::new();
        let text = "hoùa";
        assert_eq!(mend(text, 2, vni::first_letter, &mut out), "hoù".len());
        assert_eq!(out, "hó");
        out.clear();
        assert_eq!(mend(text, 1, vni::first_letter, &mut out), 1);
        assert_eq!(out, "h");
        assert_eq!(mend("1,2,3", 2, vni::first_letter, &mut out), 2);
    }
}
