//! Vietnamese text for tests, and the encoders that the crate itself does not need.

use std::collections::BTreeMap;

use detone::IterDecomposeVietnamese as _;
use encoding_rs::{WINDOWS_1252, WINDOWS_1258};
use unicode_normalization::UnicodeNormalization as _;

use super::{Encoding, tcvn3, vni};

/// The name whose bytes are known in each encoding.
pub(super) const PHRASE: &str = "Bộ Văn hóa, Thể thao và Du lịch";

/// The headings of a log.
pub(super) const HEADINGS: &str =
    "STT,Mã hồ sơ,Tên thủ tục hành chính,Ngày tiếp nhận,Ngày hẹn trả,Trạng thái,Hình thức nộp\r\n";

/// A log; its names are invented.
pub(super) const CSV: &str = "\
STT,Mã hồ sơ,Tên thủ tục hành chính,Người nộp,Ngày tiếp nhận,Ngày hẹn trả,Trạng thái,Hình thức nộp\r
1,000.00.16.G16-200102-0001,Cấp giấy phép nhập khẩu ấn phẩm,Nguyễn Thị Thử,02/01/2020,09/01/2020,\
Đã trả kết quả,Trực tuyến\r
2,000.00.16.G16-200103-0002,\"Cấp thẻ hướng dẫn viên du lịch, quốc tế\",Trần Văn Mẫu,03/01/2020,\
17/01/2020,Đang xử lý,Trực tiếp\r
3,000.00.16.G16-200106-0003,Đăng ký quyền tác giả,Công ty Ví Dụ,06/01/2020,,Yêu cầu bổ sung,\
Bưu chính công ích\r
4,000.00.16.G16-200107-0004,Thẩm định kịch bản phim,Lê Ngọc Giả,07/01/2020,21/01/2020,\
Từ chối tiếp nhận,Trực tuyến\r
";

/// Returns the 134 Vietnamese letters beyond ASCII.
pub(super) fn letters() -> Vec<char> {
    let tones = ["", "\u{300}", "\u{309}", "\u{303}", "\u{301}", "\u{323}"];
    let toned = "aăâeêioôơuưy".chars().flat_map(|vowel| tones.map(|tone| format!("{vowel}{tone}")));
    let small = toned.map(|letter| letter.nfc().collect()).chain(["đ".to_owned()]);
    let both = small.flat_map(|letter: String| [letter.to_uppercase(), letter]);
    both.flat_map(|letter| letter.chars().collect::<Vec<_>>()).filter(|c| !c.is_ascii()).collect()
}

/// Returns a text in VNI as characters.
pub(super) fn vni_chars(text: &str) -> String {
    let bases = "aeoôuöyAEOÔUÖY".chars();
    let marks = |base: char| {
        let small = "ùøûõïêéèúüëâáàåãä";
        if base.is_lowercase() { small.to_owned() } else { small.to_uppercase() }
    };
    let pairs = bases
        .flat_map(|base| marks(base).chars().map(|m| format!("{base}{m}")).collect::<Vec<_>>());
    let alone = "ôöíìæóòîñÔÖÍÌÆÓÒÎÑ".chars().map(String::from);
    let written = pairs.chain(alone).filter_map(|written| {
        vni::first_letter(&written).filter(|(_, n)| *n == written.len()).map(|(c, _)| (c, written))
    });
    let by_letter: BTreeMap<char, String> = written.collect();
    text.chars().map(|c| by_letter.get(&c).cloned().unwrap_or_else(|| c.to_string())).collect()
}

/// Returns a text in VNI.
pub(super) fn vni_bytes(text: &str) -> Vec<u8> {
    WINDOWS_1252.encode(&vni_chars(text)).0.into_owned()
}

/// Returns a text in TCVN3 as characters; capitals with tones become small.
pub(super) fn tcvn3_chars(text: &str) -> String {
    let read = |c: char| tcvn3::first_letter(&c.to_string()).map(|(letter, _)| letter);
    let by_letter: BTreeMap<char, char> =
        ('\u{a1}'..='\u{fe}').filter_map(|c| Some((read(c)?, c))).collect();
    let small = tcvn3_case(text);
    small.chars().map(|c| by_letter.get(&c).copied().unwrap_or(c)).collect()
}

/// Returns a text with the capitals that TCVN3 has.
pub(super) fn tcvn3_case(text: &str) -> String {
    let is_kept = |c: char| c.is_ascii() || "ĂÂÊÔƠƯĐ".contains(c);
    let chars = text.chars();
    chars.map(|c| if is_kept(c) { c } else { c.to_lowercase().next().unwrap_or(c) }).collect()
}

/// Returns a text in TCVN3.
pub(super) fn tcvn3_bytes(text: &str) -> Vec<u8> {
    tcvn3_chars(text).chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

/// Returns a text in windows-1258.
pub(super) fn windows1258(text: &str) -> Vec<u8> {
    let toned: String = text.nfc().decompose_vietnamese_tones(false).collect();
    let (bytes, _, has_unknown) = WINDOWS_1258.encode(&toned);
    assert!(!has_unknown, "{text}");
    bytes.into_owned()
}

/// Returns a text whose UTF-8 was taken for windows-1252.
pub(super) fn misread_chars(text: &str) -> String {
    WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned()
}

/// Returns a text in UTF-16, low byte first, without a mark.
pub(super) fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Returns a text in UTF-16, high byte first, without a mark.
pub(super) fn utf16be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Returns a text in each encoding and form that a unit may send, with what the form is.
pub(super) fn forms(text: &str) -> Vec<(&'static str, Encoding, Vec<u8>)> {
    let marked = |mark: &[u8], bytes: Vec<u8>| [mark, bytes.as_slice()].concat();
    let utf8 = |text: String| text.into_bytes();
    let decomposed: String = text.nfd().collect();
    vec![
        ("utf-8", Encoding::Utf8, utf8(text.to_owned())),
        ("utf-8, marked", Encoding::Utf8, marked(b"\xef\xbb\xbf", utf8(text.to_owned()))),
        ("utf-8, decomposed", Encoding::Utf8, utf8(decomposed.clone())),
        ("utf-16le", Encoding::Utf16Le, utf16le(text)),
        ("utf-16le, marked", Encoding::Utf16Le, marked(b"\xff\xfe", utf16le(text))),
        ("utf-16be", Encoding::Utf16Be, utf16be(text)),
        ("utf-16be, marked", Encoding::Utf16Be, marked(b"\xfe\xff", utf16be(text))),
        ("utf-16le, decomposed", Encoding::Utf16Le, utf16le(&decomposed)),
        ("windows-1258", Encoding::Windows1258, windows1258(text)),
        ("tcvn3", Encoding::Tcvn3, tcvn3_bytes(text)),
        ("tcvn3 in utf-8", Encoding::Tcvn3, utf8(tcvn3_chars(text))),
        (
            "tcvn3 in utf-8, marked",
            Encoding::Tcvn3,
            marked(b"\xef\xbb\xbf", utf8(tcvn3_chars(text))),
        ),
        ("tcvn3 in utf-16", Encoding::Tcvn3, marked(b"\xff\xfe", utf16le(&tcvn3_chars(text)))),
        ("vni", Encoding::Vni, vni_bytes(text)),
        ("vni in utf-8", Encoding::Vni, utf8(vni_chars(text))),
        ("vni in utf-16", Encoding::Vni, marked(b"\xfe\xff", utf16be(&vni_chars(text)))),
        ("misread", Encoding::Utf8AsCp1252, utf8(misread_chars(text))),
        (
            "misread, marked inside",
            Encoding::Utf8AsCp1252,
            utf8(misread_chars(&format!("\u{feff}{text}"))),
        ),
        ("misread, decomposed", Encoding::Utf8AsCp1252, utf8(misread_chars(&decomposed))),
    ]
}
