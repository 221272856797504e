//! What a file is, told by its first bytes and never by its name.

use crate::pipeline::rules::Refusal;

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Html,
    Json,
    Xml,
    Parquet,
    Xlsx,
    Xls,
}

impl Format {
    /// Returns the name that the ledger shows.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Json => "json",
            Self::Xml => "xml",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
        }
    }
}

/// What the first bytes say of a file that is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Magic {
    Gzip,
    Zstd,
    /// An archive, or a workbook: its directory tells.
    Zip,
    Xls,
    Parquet,
    /// Text, or nothing that is known.
    None,
}

/// Reads the mark at the beginning of a binary file.
pub(super) fn magic(head: &[u8]) -> Magic {
    match head {
        [0x1f, 0x8b, ..] => Magic::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Magic::Zstd,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Magic::Zip,
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => Magic::Xls,
        [b'P', b'A', b'R', b'1', ..] => Magic::Parquet,
        _ => Magic::None,
    }
}

/// Tells the format of a text, already in UTF-8.
///
/// # Errors
///
/// `empty_file`, or `not_text` where there are zero bytes in it.
pub(super) fn of_text(head: &[u8]) -> Result<Format, Refusal> {
    let start = head.trim_ascii_start();
    if start.is_empty() {
        return Err(Refusal::new("empty_file", []));
    }
    if start.contains(&0) {
        return Err(Refusal::new("not_text", []));
    }
    let second = start[1..].trim_ascii_start().first();
    Ok(match start[0] {
        b'<' if is_html(start) => Format::Html,
        b'<' => Format::Xml,
        b'{' if matches!(second, Some(b'"' | b'}')) => Format::Json,
        b'[' if matches!(second, Some(b'{' | b'[' | b']')) => Format::Json,
        _ => Format::Csv,
    })
}

/// Whether a page begins here: an element of HTML comes first, under whatever declarations.
fn is_html(start: &[u8]) -> bool {
    const ELEMENTS: [&str; 9] =
        ["!doctype html", "html", "head", "body", "table", "meta", "style", "div", "center"];
    let text = String::from_utf8_lossy(&start[..start.len().min(4096)]).to_ascii_lowercase();
    let first = text.split('<').skip(1).find(|tag| !tag.starts_with(['?', '!']));
    let begins = |tag: &str| {
        let rest = |element: &&str| tag.strip_prefix(*element);
        ELEMENTS
            .iter()
            .filter_map(rest)
            .any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    };
    text.starts_with("<!doctype html") || first.is_some_and(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_the_format() {
        let of = |text: &str| of_text(text.as_bytes()).map(Format::name);
        assert_eq!(of("STT,Mã hồ sơ\n"), Ok("csv"));
        assert_eq!(of("  \n[{\"MaHoSo\": 1}]"), Ok("json"));
        assert_eq!(of("{\"data\": []}"), Ok("json"));
        assert_eq!(of("[Mã hồ sơ],[Ngày]"), Ok("csv"));
        assert_eq!(of("<?xml version=\"1.0\"?><HoSos><HoSo/></HoSos>"), Ok("xml"));
        assert_eq!(of("<HoSos/>"), Ok("xml"));
        assert_eq!(of("<html xmlns:x=\"urn:excel\"><table>"), Ok("html"));
        assert_eq!(of("<!-- by e-PAR --><TABLE border=1>"), Ok("html"));
        assert_eq!(of("<!DOCTYPE html PUBLIC>"), Ok("html"));
        assert_eq!(of("<tables><r/></tables>"), Ok("xml"));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let rule = |bytes: &[u8]| of_text(bytes).map_err(|refusal| refusal.rule);
        assert_eq!(rule(b" \r\n"), Err("empty_file".to_owned()));
        assert_eq!(rule(b"GIF89a\0\0"), Err("not_text".to_owned()));
    }
}
