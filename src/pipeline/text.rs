//! Vietnamese text made comparable: two spellings of a heading, a code or a name that a reader
//! takes for the same word fold to the same text.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Folds a text for matching: no accents, no case, white space collapsed.
///
/// `đ` does not decompose under NFD and is mapped by hand; tone placement (`hoá`, `hóa`) vanishes
/// with the marks.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c) && !is_invisible(*c)) {
        if c.is_whitespace() {
            if !folded.is_empty() && !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else if matches!(c, 'đ' | 'Đ') {
            folded.push('d');
        } else {
            folded.extend(c.to_lowercase());
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Returns a text in NFC, trimmed, without invisible characters.
pub fn clean(text: &str) -> String {
    cleaned(text).into_owned()
}

/// As [`clean`], without a copy of what is clean already.
pub fn cleaned(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(trim(text));
    }
    let composed: String = text.nfc().filter(|c| !is_invisible(*c)).collect();
    Cow::Owned(trim(&composed).to_owned())
}

/// Cuts what cannot be seen off both ends.
pub fn trim(text: &str) -> &str {
    let is_seen = |c: char| !c.is_whitespace() && !is_invisible(c);
    // Most texts begin and end with what can be seen.
    let mut chars = text.chars();
    if chars.next().is_some_and(is_seen) && chars.next_back().is_none_or(is_seen) {
        return text;
    }
    text.trim_matches(|c: char| !is_seen(c))
}

/// Returns the candidate that is most likely meant, when one is near enough to suggest.
pub fn closest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = fold(text);
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &fold(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}

/// Whether two texts differ by slips of the pen alone: they have as many words, each at most a
/// letter apart.
pub fn is_slip(text: &str, meant: &str) -> bool {
    let (text, meant) = (fold(text), fold(meant));
    let (written, meant): (Vec<&str>, Vec<&str>) =
        (text.split(' ').collect(), meant.split(' ').collect());
    let mut pairs = written.iter().zip(&meant);
    written.len() == meant.len() && pairs.all(|(a, b)| strsim::osa_distance(a, b) <= 1)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_heading_fold_to_one_text() {
        for spelling in ["Ngày tiếp nhận", "NGÀY  TIẾP\u{a0}NHẬN ", "Nga\u{300}y tiê\u{301}p nhận"]
        {
            assert_eq!(fold(spelling), "ngay tiep nhan");
        }
        assert_eq!(fold("Văn hoá Đà Nẵng"), fold("văn hóa đà nẵng"));
    }

    #[test]
    fn a_slip_of_the_pen_finds_its_heading() {
        let known = ["Mã hồ sơ", "Ngày tiếp nhận", "Ngày hẹn trả"];
        assert_eq!(closest("Ngày tiêp nhậm", known), Some("Ngày tiếp nhận"));
        assert_eq!(closest("Số điện thoại", known), None);
    }

    #[test]
    fn a_slip_of_the_pen_leaves_no_room_for_a_name() {
        let heading = "Ngày tiếp nhận";
        assert!(is_slip("Ngày tiêp nhậm", heading) && is_slip("NGAY TIẾP NHẬN", heading));
        for text in ["Ngày tiếp nhận của bà Lan", "Ngày tiếp Nguyễn", "Ngày Lan", "Lan"]
        {
            assert!(!is_slip(text, heading), "{text}");
        }
    }
}
