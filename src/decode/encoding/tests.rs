//! Every encoding read back: names, letters, whole logs, broken bytes.

use std::collections::BTreeSet;
use std::io;
use std::io::Read;

use encoding_rs::WINDOWS_1252;
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

use super::form::HEAD_BYTES;
use super::samples::{CSV, PHRASE, forms, letters, tcvn3_case, vni_bytes, vni_chars};
use super::{Encoding, decode_bytes, decode_chars};

#[test]
fn a_name_finds_its_encoding() {
    for encoding in Encoding::ALL.map(|(_, encoding)| encoding) {
        assert_eq!(Encoding::of_name(encoding.name()), Some(encoding));
    }
    assert_eq!(Encoding::of_name("viscii"), None);
    assert_eq!(BTreeSet::from(Encoding::ALL).len(), Encoding::ALL.len());
}

/// A reader that gives one byte at a time.
struct ByByte<R>(R);

impl<R: Read> Read for ByByte<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = buffer.len().min(1);
        self.0.read(&mut buffer[..n])
    }
}

fn whole(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut decoded = Vec::new();
    decode_bytes(Box::new(bytes), encoding).unwrap().read_to_end(&mut decoded).unwrap();
    decoded
}

/// Reads with a reader that gives one byte, into buffers of one byte.
fn by_byte(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut decoded = Vec::new();
    let reader = decode_bytes(Box::new(ByByte(bytes)), encoding).unwrap();
    ByByte(reader).read_to_end(&mut decoded).unwrap();
    decoded
}

fn text(bytes: &[u8], encoding: Encoding) -> String {
    String::from_utf8(whole(bytes, encoding)).unwrap().nfc().collect()
}

/// What an encoding keeps of a text.
fn kept(text: &str, encoding: Encoding) -> String {
    if encoding == Encoding::Tcvn3 { tcvn3_case(text) } else { text.to_owned() }
}

#[test]
fn every_letter_comes_back() {
    let letters: String = letters().iter().flat_map(|letter| [*letter, ',', ' ']).collect();
    for sample in [&letters, PHRASE, CSV] {
        for (form, encoding, bytes) in forms(sample) {
            assert_eq!(text(&bytes, encoding), kept(sample, encoding), "{form}");
        }
    }
}

#[test]
fn the_phrase_comes_back_from_its_known_bytes() {
    let known: [(&[u8], Encoding); 3] = [
        (b"B\xe9 V\xa8n h\xe3a, Th\xd3 thao v\xb5 Du l\xdech", Encoding::Tcvn3),
        (b"Bo\xe4 Va\xean ho\xf9a, The\xe5 thao va\xf8 Du l\xf2ch", Encoding::Vni),
        (b"B\xf4\xf2 V\xe3n h\xf3a, Th\xea\xd2 thao v\xe0 Du li\xf2ch", Encoding::Windows1258),
    ];
    for (bytes, encoding) in known {
        assert_eq!(text(bytes, encoding), PHRASE);
    }
    assert_ne!(whole(known[2].0, Encoding::Windows1258), PHRASE.as_bytes());
}

#[test]
fn bytes_that_are_no_utf8_stay_in_utf8() {
    assert_eq!(whole(b"\xef\xbb\xbfB\xe1\xbb,\xff\xe9\n", Encoding::Utf8), b"B\xe1\xbb,\xff\xe9\n");
    let mixed = ["Bé V¨n hãa ThÓ".as_bytes(), b"\xe9,\xc3"].concat();
    assert_eq!(
        whole(&mixed, Encoding::Tcvn3),
        ["Bộ Văn hóa Thể".as_bytes(), b"\xe9,\xc3"].concat()
    );
    assert_eq!(whole(b"\xe9,\xc3\xb3", Encoding::Utf8AsCp1252), b"\xe9,\xc3\xb3");
}

#[test]
fn half_a_utf16_pair_is_replaced() {
    assert_eq!(whole(b"a\0\x00\xd8b\0c", Encoding::Utf16Le), "a\u{fffd}b\u{fffd}".as_bytes());
}

#[test]
fn a_byte_order_mark_outranks_the_name() {
    assert_eq!(whole("\u{feff}Bộ".as_bytes(), Encoding::Windows1258), "Bộ".as_bytes());
    assert_eq!(whole(b"\xfe\xff\x1e\xd9", Encoding::Utf16Le), "ộ".as_bytes());
    assert_eq!(whole(b"\xff\xfe\xd9\x1e", Encoding::Utf8), "ộ".as_bytes());
}

#[test]
fn letters_across_the_buffers_are_whole() {
    for n_before in 0..20 {
        let sample = format!("{}{}", "x".repeat(n_before), "hoùa Theå".repeat(20_000));
        let mended = decode_chars(&sample, Encoding::Vni);
        let (latin, _, _) = WINDOWS_1252.encode(&sample);
        assert_eq!(whole(&latin, Encoding::Vni), mended.as_bytes());
        assert_eq!(whole(sample.as_bytes(), Encoding::Vni), mended.as_bytes());
        let misread = format!("{}{}", "x".repeat(n_before), "Bá»™ hÃ³a".repeat(20_000));
        let mended = decode_chars(&misread, Encoding::Utf8AsCp1252);
        assert_eq!(whole(misread.as_bytes(), Encoding::Utf8AsCp1252), mended.as_bytes());
    }
}

#[test]
fn a_file_of_one_letter_is_not_cut_utf8() {
    assert_eq!(whole(b"\xf1", Encoding::Vni), "đ".as_bytes());
    assert_eq!(whole(b"\xe9", Encoding::Tcvn3), "ộ".as_bytes());
}

#[test]
fn the_form_may_show_only_after_much_ascii() {
    for n_before in HEAD_BYTES - 8..HEAD_BYTES + 8 {
        let before = "a".repeat(n_before);
        let sample = format!("{before}á Thể thao");
        assert_eq!(whole(&vni_bytes(&sample), Encoding::Vni), sample.as_bytes());
        assert_eq!(whole(vni_chars(&sample).as_bytes(), Encoding::Vni), sample.as_bytes());
    }
}

/// A reader that breaks.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is gone"))
    }
}

#[test]
fn a_reader_that_breaks_is_no_end_of_file() {
    for encoding in Encoding::ALL.map(|(_, encoding)| encoding) {
        let bytes = Box::new(b"1,2\n".as_slice().chain(Broken));
        let error =
            decode_bytes(bytes, encoding).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "the disk is gone", "{}", encoding.name());
    }
}

fn vietnamese() -> impl Strategy<Value = String> {
    let mut chars = letters();
    chars.extend("abehiouyAEOUY ,;\t\"\r\n019".chars());
    proptest::collection::vec(proptest::sample::select(chars), 0..60)
        .prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_back_by_the_byte(any in vietnamese()) {
        // The log shows the form: letters by chance may be bytes of UTF-8.
        let sample = format!("{CSV}{any}");
        for (form, encoding, bytes) in forms(&sample) {
            let decoded = whole(&bytes, encoding);
            prop_assert_eq!(&by_byte(&bytes, encoding), &decoded, "{}", form);
            prop_assert_eq!(text(&bytes, encoding), kept(&sample, encoding), "{}", form);
        }
    }

    #[test]
    fn any_bytes_are_read_alike_by_the_byte(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for encoding in Encoding::ALL.map(|(_, encoding)| encoding) {
            prop_assert_eq!(by_byte(&bytes, encoding), whole(&bytes, encoding));
        }
    }
}
