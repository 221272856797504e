//! What is planted: sixty invented texts that tell of persons, of every kind, in every format and
//! place.

/// An invented text that tells of a person.
#[derive(Debug)]
pub(super) struct Canary {
    pub(super) id: &'static str,
    pub(super) kind: &'static str,
    pub(super) format: &'static str,
    pub(super) place: &'static str,
    text: &'static str,
}

impl Canary {
    /// Returns the text as it is planted.
    pub(super) fn text(&self) -> String {
        self.text.replace(['[', ']'], "")
    }

    /// Returns the part that no other text holds: in brackets, or the whole.
    pub(super) fn mark(&self) -> &'static str {
        let within = self.text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        within.map_or(self.text, |(mark, _)| mark)
    }
}

const fn canary(
    id: &'static str,
    kind: &'static str,
    format: &'static str,
    place: &'static str,
    text: &'static str,
) -> Canary {
    Canary { id, kind, format, place, text }
}

pub(super) const CANARIES: [Canary; 60] = [
    canary("c01", "name", "csv", "a dropped column", "Trần Thị [Khướu Bạc]"),
    canary("c02", "phone", "csv", "free text", "gọi lại số [0987001201]"),
    canary("c03", "name", "csv", "a title row", "Lê Văn [Chích Chòe]"),
    canary("c04", "e-mail", "csv", "a signature", "[vanh.khuyen.84]@thu.example.vn"),
    canary("c05", "name", "csv", "a day", "Phạm Thị [Chào Mào Đỏ]"),
    canary("c06", "phone", "csv", "an amount", "0987001202"),
    canary("c07", "name", "csv", "a dossier number", "Hoàng Thị [Thanh Tước Hồng]"),
    canary("c08", "account", "csv", "a field too many", "19034567890123"),
    canary("c09", "name", "csv", "a row of too few fields", "Vũ Thị [Bìm Bịp Nâu]"),
    canary("c10", "name", "csv", "an unknown heading", "Đỗ Văn [Cò Trắng Nhỏ]"),
    canary("c11", "name", "csv", "a required heading", "Ngô Thị [Vạc Đêm Thu]"),
    canary("c12", "identity number", "csv", "a row cut off", "001085012301"),
    canary("c13", "name", "csv", "an open quote", "Bùi Thị [Diệc Xám Tro]"),
    canary("c14", "name", "csv in TCVN3", "a dropped column", "nguyễn thị [ngỗng trời xám]"),
    canary("c15", "name", "csv misread", "free text", "Đinh Thị [Sếu Đầu Đỏ]"),
    canary("c16", "phone", "csv in gzip", "a file cut off", "0987001203"),
    canary("c17", "name", "csv in zip", "the entry's name", "Phan Văn [Hạc Cổ Trắng]"),
    canary("c18", "name", "zip", "a name among several", "Lý Thị [Công Lam Ngọc]"),
    canary("c19", "name", "xlsx", "a formula", "Mai Văn [Trĩ Sao Vàng]"),
    canary("c20", "address", "xlsx", "a comment", "số 7 ngõ [Gà Lôi Tía], Huế"),
    canary("c21", "name", "xlsx", "the author", "Tô Thị [Đại Bàng Núi]"),
    canary("c22", "name", "folder", "a file name not in UTF-8", "hồ sơ [cuốc ngực trắng]"),
    canary("c23", "name", "xlsx", "a sheet's name", "bà [Cú Mèo Rừng]"),
    canary("c24", "identity number", "xlsx", "a hidden sheet", "001085012302"),
    canary("c25", "name", "xlsx", "a status", "Tạ Thị [Bói Cá Xanh]"),
    canary("c26", "e-mail", "xlsx", "free text", "[sa.rung.bui.77]@thu.example.vn"),
    canary("c27", "name", "xlsx", "sheets that differ", "ông [Đầu Rìu Hung]"),
    canary("c28", "account", "xlsx", "a damaged file", "0071001234567"),
    canary("c29", "name", "xls", "a dropped column", "Cao Văn [Gõ Kiến Xanh]"),
    canary("c30", "address", "xls", "a procedure", "thôn [Nhồng Đen Xóm], Sơn La"),
    canary("c31", "name", "xls", "a sheet's name", "bà [Quạ Khoang Cổ]"),
    canary("c32", "phone", "html", "free text", "0987001204"),
    canary("c33", "name", "html", "a channel", "Lương Thị [Chèo Bẻo Xám]"),
    canary("c34", "e-mail", "html", "a login page", "[hut.mat.hong.66]@thu.example.vn"),
    canary("c35", "name", "json", "a dropped value", "Trịnh Văn [Bạc Má Vàng]"),
    canary("c36", "name", "json", "a key", "Ông[RẻQuạtĐen]"),
    canary("c37", "phone", "json", "an amount", "+84987001205"),
    canary("c38", "name", "json", "broken syntax", "Hà Thị [Oanh Vũ Xanh]"),
    canary("c39", "identity number", "ndjson in zstd", "a day", "001085012303"),
    canary("c40", "name", "xml", "a dropped value", "Quách Thị [Sáo Sậu Đen]"),
    canary("c41", "address", "xml", "a dossier number", "số 12 phố [Họa Mi Đất]"),
    canary("c42", "name", "xml", "an element's name", "Bà[YếnPhụngLam]"),
    canary("c43", "name", "xml", "an end without its start", "Ông[SơnCaĐồng]"),
    canary("c44", "name", "SpreadsheetML", "a sheet's name", "bà [Cu Gáy Đất]"),
    canary("c45", "account", "SpreadsheetML", "an error's formula", "19034567890124"),
    canary("c46", "name", "parquet", "a dropped column", "Thái Văn [Choắt Mỏ Thẳng]"),
    canary("c47", "name", "parquet", "a unit", "Kiều Thị [Rẽ Giun Lưng]"),
    canary("c48", "name", "parquet", "a column's name", "Ông [Mòng Bể Đen]"),
    canary("c49", "identity number", "parquet", "a damaged file", "001085012304"),
    canary("c50", "name", "folder", "a file name outside the pattern", "đơn của [Cốc Đế Biển]"),
    canary("c51", "name", "payments", "a receipt's number", "Doãn Thị [Bồ Nông Xám]"),
    canary("c52", "name", "portal", "an older number", "Mạc Thị [Nhàn Mào Biển]"),
    canary("c53", "phone", "csv", "an enterprise's tax code", "0987001206"),
    canary("c54", "identity number", "csv", "a citizen's tax code", "001085012305"),
    canary("c55", "name", "http", "the body of a refusal", "Ninh Thị [Điêu Điểng Xám]"),
    canary("c56", "account", "http", "a list cut off", "0071001234568"),
    canary("c57", "e-mail", "http", "where a redirect leads", "[tu.hu.chau.a]@thu.example.vn"),
    canary("c58", "name", "s3", "the body of a refusal", "Khổng Văn [Te Vặt Ruộng]"),
    canary("c59", "name", "postgres", "a value that is quoted", "Đào Thị [Gà Đồng Lúa]"),
    canary("c60", "name", "postgres", "a notice", "Lã Văn [Xít Chân Hồng]"),
];

/// The first canary that no delivery holds, but a source.
pub(super) const FIRST_OF_SOURCES: &str = "c55";

/// Puts the canaries into a text: `{c01}`.
pub(super) fn planted(text: &str) -> String {
    let planted = |text: String, c: &Canary| text.replace(&format!("{{{}}}", c.id), &c.text());
    CANARIES.iter().fold(text.to_owned(), planted)
}
