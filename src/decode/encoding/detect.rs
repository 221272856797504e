//! Tells an encoding by reading a sample in each: the right one makes Vietnamese words.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1258};

use super::form::{Form, HEAD_BYTES};
use super::syllables::Score;
use super::{Encoding, decode_chars};

/// A reading is Vietnamese when this share of its words are syllables: foreign names are rarer.
const LEAST_PERCENT: usize = 75;
/// Fewer different syllables may be chance.
const LEAST_SYLLABLES: usize = 4;
/// Text that is this good as it stands is not mended. Some wrong words look right, such as `Bé`.
const PLAIN_PERCENT: usize = 50;

/// Tells the encoding of a file from its first bytes, of which it reads 64 KiB; they may end inside
/// a character.
///
/// A file in no known encoding is called UTF-8, so that the records which are not are marked.
pub(in crate::decode) fn detect_bytes(head: &[u8]) -> Encoding {
    let head = &head[..head.len().min(HEAD_BYTES)];
    match Form::of(head) {
        Form::Ascii => Encoding::Utf8,
        Form::Utf8 => detect_chars(&String::from_utf8_lossy(head)),
        Form::Utf16Le => detect_in(&UTF_16LE.decode_with_bom_removal(head).0, Encoding::Utf16Le),
        Form::Utf16Be => detect_in(&UTF_16BE.decode_with_bom_removal(head).0, Encoding::Utf16Be),
        Form::SingleBytes => detect_single_bytes(head),
    }
}

/// Tells whether text that is already Unicode holds TCVN3, VNI or twice-encoded characters;
/// [`Encoding::Utf8`] when it is fine as it is.
///
/// A mending is taken where the text is bad (at most half of its different words are syllables) and
/// the mended text good (three quarters, and four syllables at least).
pub(in crate::decode) fn detect_chars(sample: &str) -> Encoding {
    detect_in(sample, Encoding::Utf8)
}

fn detect_in(sample: &str, plain: Encoding) -> Encoding {
    if sample.is_ascii() || Score::of(sample).percent() > PLAIN_PERCENT {
        return plain;
    }
    let mendings = [Encoding::Utf8AsCp1252, Encoding::Tcvn3, Encoding::Vni];
    best(mendings.map(|encoding| (encoding, decode_chars(sample, encoding)))).unwrap_or(plain)
}

fn detect_single_bytes(head: &[u8]) -> Encoding {
    let (toned, _) = WINDOWS_1258.decode_without_bom_handling(head);
    let (latin, _) = WINDOWS_1252.decode_without_bom_handling(head);
    let tcvn3 = decode_chars(&latin, Encoding::Tcvn3);
    let vni = decode_chars(&latin, Encoding::Vni);
    let readings = [(Encoding::Windows1258, toned), (Encoding::Tcvn3, tcvn3), (Encoding::Vni, vni)];
    best(readings).unwrap_or(Encoding::Utf8)
}

/// Returns the best reading if it is good.
fn best(readings: [(Encoding, Cow<'_, str>); 3]) -> Option<Encoding> {
    let scores = readings.map(|(encoding, text)| (encoding, Score::of(&text)));
    let (encoding, score) = scores.into_iter().max_by_key(|(_, score)| score.percent())?;
    let is_good = score.percent() >= LEAST_PERCENT && score.n_syllables >= LEAST_SYLLABLES;
    is_good.then_some(encoding)
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::super::samples::{
        CSV, HEADINGS, forms, misread_chars, tcvn3_bytes, tcvn3_chars, utf16be, utf16le, vni_chars,
    };
    use super::*;

    #[test]
    fn every_form_of_a_log_is_known() {
        for text in [CSV, HEADINGS, &CSV.repeat(200)] {
            for (form, encoding, bytes) in forms(text) {
                assert_eq!(detect_bytes(&bytes), encoding, "{form}");
            }
        }
    }

    #[test]
    fn a_head_may_end_inside_a_character() {
        for (form, encoding, bytes) in forms(CSV) {
            for n_bytes in bytes.len() - 40..bytes.len() {
                assert_eq!(detect_bytes(&bytes[..n_bytes]), encoding, "{form}, {n_bytes} bytes");
            }
        }
    }

    #[test]
    fn characters_of_a_workbook_are_known() {
        assert_eq!(detect_chars(CSV), Encoding::Utf8);
        assert_eq!(detect_chars(&CSV.nfd().collect::<String>()), Encoding::Utf8);
        assert_eq!(detect_chars(&tcvn3_chars(CSV)), Encoding::Tcvn3);
        assert_eq!(detect_chars(&vni_chars(CSV)), Encoding::Vni);
        assert_eq!(detect_chars(&misread_chars(CSV)), Encoding::Utf8AsCp1252);
    }

    #[test]
    fn capitals_are_known_too() {
        for (form, encoding, bytes) in forms(&HEADINGS.to_uppercase()) {
            assert_eq!(detect_bytes(&bytes), encoding, "{form}");
        }
    }

    #[test]
    fn foreign_words_do_not_call_for_mending() {
        let french = "Société Générale,Crédit Agricole,Hôtel des Étrangers à la Bouchère,Théâtre, né à Orléans\n";
        let german = "Müller & Söhne,Straße,Größe,für München,Köln,Änderung,Bär\n";
        let norse = "på,så,nå,gå,få,når,før,være,Ærlig,Åse Sørensen\n";
        for text in [french, german, norse, &format!("{french}{german}{norse}")] {
            let with_ascii =
                format!("STT,Ma ho so,Nguoi nop\n1,000.00.16.G16,Tran Van Mau\n{text}");
            let with_vietnamese = format!("{HEADINGS}{text}");
            let with_log = format!("{CSV}{text}");
            for text in [text, &with_ascii, &with_vietnamese, &with_log] {
                assert_eq!(detect_bytes(text.as_bytes()), Encoding::Utf8, "{text}");
                let (latin, _, _) = WINDOWS_1252.encode(text);
                assert!(!text.is_ascii());
                let is_latin = WINDOWS_1252.decode_without_bom_handling(&latin).0 == text;
                assert!(!is_latin || detect_bytes(&latin) == Encoding::Utf8, "{text} in one byte");
            }
        }
    }

    #[test]
    fn a_log_in_an_old_encoding_may_hold_foreign_names() {
        let log = tcvn3_bytes(CSV);
        let (latin, _, _) = WINDOWS_1252.encode("Société Générale,Müller\n");
        assert_eq!(detect_bytes(&[log.as_slice(), &latin].concat()), Encoding::Tcvn3);
    }

    #[test]
    fn a_stray_byte_does_not_change_an_encoding() {
        let stray = |text: &str| [text.as_bytes(), b"1,\xe9,2\n", text.as_bytes()].concat();
        assert_eq!(detect_bytes(&stray(CSV)), Encoding::Utf8);
        assert_eq!(detect_bytes(&stray("Đã trả,Mã\n")), Encoding::Utf8);
        assert_eq!(detect_bytes(&stray(&tcvn3_chars(CSV))), Encoding::Tcvn3);
        assert_eq!(detect_bytes(b"STT,Ma ho so\n1,caf\xe9\n"), Encoding::Utf8);
    }

    #[test]
    fn too_little_tells_nothing() {
        let little: [&[u8]; 5] =
            [b"", b"STT,Ma ho so\r\n1,2\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"B\xe9"];
        let known =
            [Encoding::Utf8, Encoding::Utf8, Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf8];
        assert_eq!(little.map(detect_bytes), known);
        assert_eq!(detect_chars("Bé V¨n hãa"), Encoding::Utf8);
        assert_eq!(detect_chars("Bé V¨n hãa ThÓ"), Encoding::Tcvn3);
    }

    #[test]
    fn utf16_need_not_be_vietnamese() {
        let french = "Société Générale, Crédit Agricole, né à Orléans\n";
        assert_eq!(detect_bytes(&utf16le(french)), Encoding::Utf16Le);
        assert_eq!(detect_bytes(&utf16be(french)), Encoding::Utf16Be);
    }

    #[test]
    fn only_the_head_is_read() {
        let after = |n_bytes: usize| [vec![b'1'; n_bytes], tcvn3_bytes(CSV)].concat();
        assert_eq!(detect_bytes(&after(HEAD_BYTES)), Encoding::Utf8);
        assert_eq!(detect_bytes(&after(HEAD_BYTES / 2)), Encoding::Tcvn3);
    }

    #[test]
    fn text_that_is_half_right_stays_as_it_is() {
        let half = format!("{CSV}{}", tcvn3_chars(CSV));
        assert_eq!(detect_chars(&half), Encoding::Utf8);
    }
}
