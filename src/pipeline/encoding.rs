//! The encodings in which units write Vietnamese.

/// How a log's characters are written.
///
/// The last three may themselves be written in single bytes, in UTF-8 or in UTF-16: a workbook with
/// old fonts that is saved as Unicode text keeps the characters which the fonts draw anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// UTF-8, composed or decomposed.
    Utf8,
    /// UTF-16, low byte first: Excel's "Unicode text".
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Windows-1258: letters and combining marks.
    Windows1258,
    /// TCVN 5712:1993 (ABC, .Vn fonts), as bytes or as the characters of those bytes.
    Tcvn3,
    /// VNI-Windows: letters and mark bytes, or their characters.
    Vni,
    /// UTF-8 that was read as windows-1252 and saved again.
    Utf8AsCp1252,
}

impl Encoding {
    /// Every encoding with the name by which a profile declares it.
    pub const ALL: [(&'static str, Self); 7] = [
        ("utf-8", Self::Utf8),
        ("utf-16le", Self::Utf16Le),
        ("utf-16be", Self::Utf16Be),
        ("windows-1258", Self::Windows1258),
        ("tcvn3", Self::Tcvn3),
        ("vni", Self::Vni),
        ("utf-8-as-cp1252", Self::Utf8AsCp1252),
    ];

    /// Returns the encoding of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, encoding)| encoding)
    }

    /// Returns the name by which a profile declares it.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}
