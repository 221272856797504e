//! How a profile names what it reads: a heading, a path of keys, or a function over the values
//! that stand there.

use super::rules::Language;
use super::text::fold;

/// What stands between the values of a cell that holds several, as one-stop systems write them.
pub const VALUES_END: &str = "##";

/// What is taken of the values under a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// How many values there are.
    Count,
    /// The sum of whole numbers.
    Sum,
    /// Whether a value says yes: is neither empty nor a word for no, whatever else it is.
    Any,
    /// Whether every value says yes.
    All,
}

/// What says no, folded: nothing, `FALSE`, `Không`, `Chưa`.
const NOES: [&str; 6] = ["", "0", "false", "no", "khong", "chua"];

const FUNCTIONS: &[(&str, Function)] = &[
    ("count", Function::Count),
    ("sum", Function::Sum),
    ("any", Function::Any),
    ("all", Function::All),
];

/// A heading as a profile writes it: `Mã hồ sơ`, `DanhSachLePhi.Gia`, `sum(DanhSachLePhi.Gia)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The name or path, as written.
    pub name: String,
    /// The name folded, as headings are compared.
    pub folded: String,
    pub function: Option<Function>,
}

impl Heading {
    /// Reads a heading.
    pub fn new(text: &str) -> Self {
        let within = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        let called = FUNCTIONS.iter().find_map(|(name, function)| Some((*function, within(name)?)));
        let (function, name) =
            called.map_or((None, text), |(function, name)| (Some(function), name));
        Self { name: name.to_owned(), folded: fold(name), function }
    }
}

impl Function {
    /// Applies the function to a list with nothing in it, which tells that there is none; `None`
    /// where that says nothing.
    pub fn of_none(self) -> Option<String> {
        match self {
            Self::Count => Some("0".to_owned()),
            Self::Any => Some("false".to_owned()),
            Self::Sum | Self::All => None,
        }
    }

    /// Applies the function to the values of a cell; `None` where they tell nothing.
    pub fn of(self, cell: &str) -> Option<String> {
        let values = || cell.split(VALUES_END).map(str::trim);
        let says_yes = |value: &str| !NOES.contains(&&*fold(value));
        match self {
            _ if cell.is_empty() && self != Self::Count => None,
            Self::Count => Some(if cell.is_empty() { 0 } else { values().count() }.to_string()),
            Self::Any => Some(values().any(says_yes).to_string()),
            Self::All => Some(values().all(says_yes).to_string()),
            // What is no number, or too large for one, is left to the column's reader to say.
            Self::Sum => {
                let mut numbers = values().filter(|value| !value.is_empty());
                let sum =
                    numbers.try_fold(0_i64, |sum, number| sum.checked_add(number.parse().ok()?));
                Some(sum.map_or_else(|| cell.to_owned(), |sum| sum.to_string()))
            }
        }
    }
}

const LANGUAGES: [Language; 2] = [Language::English, Language::Vietnamese];

/// The headings of the columns that an export of rejects puts before a unit's own: the file, the
/// line, the reason, the heading of the cell at fault.
pub fn of_rejects(language: Language) -> [&'static str; 4] {
    match language {
        Language::English => ["File", "Line", "Error", "Column"],
        Language::Vietnamese => ["Tệp", "Dòng", "Lỗi", "Cột"],
    }
}

/// Whether a heading, folded, is one of an export of rejects.
pub(super) fn is_of_rejects(folded: &str) -> bool {
    LANGUAGES.into_iter().flat_map(of_rejects).any(|heading| fold(heading) == folded)
}

/// Returns a log's own headings: those after the columns of an export of rejects, if it has them.
pub fn after_those_of_rejects(headings: &[String]) -> &[String] {
    let are_there = |language| {
        let ours = of_rejects(language);
        headings.len() > ours.len() && ours.iter().zip(headings).all(|(a, b)| fold(a) == fold(b))
    };
    let n_ours = of_rejects(Language::Vietnamese).len();
    if LANGUAGES.into_iter().any(are_there) { &headings[n_ours..] } else { headings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_may_call_a_function() {
        let sum = Heading::new("sum(DanhSachLePhi.Gia)");
        assert_eq!((sum.name.as_str(), sum.function), ("DanhSachLePhi.Gia", Some(Function::Sum)));
        let plain = Heading::new("Phí (VNĐ)");
        assert_eq!((plain.folded.as_str(), plain.function), ("phi (vnd)", None));
    }

    #[test]
    fn a_log_that_was_mended_has_its_own_headings_after_those_of_the_export() {
        let own = |headings: &str| {
            let headings: Vec<String> = headings.split('|').map(str::to_owned).collect();
            after_those_of_rejects(&headings).join("|")
        };
        assert_eq!(own("Tệp|Dòng|Lỗi|Cột|STT|Mã hồ sơ"), "STT|Mã hồ sơ");
        assert_eq!(own("File|Line|Error|Column|STT"), "STT");
        // A unit may have one of these names for a column of its own.
        assert_eq!(own("Lỗi|STT|Mã hồ sơ|Dòng|Cột"), "Lỗi|STT|Mã hồ sơ|Dòng|Cột");
        assert_eq!(own("Tệp|Dòng"), "Tệp|Dòng");
    }

    #[test]
    fn functions_read_the_values_of_a_cell() {
        let of = |function: Function, cell| function.of(cell);
        assert_eq!(of(Function::Count, "a.pdf##b.pdf").as_deref(), Some("2"));
        assert_eq!(of(Function::Count, "").as_deref(), Some("0"));
        assert_eq!(of(Function::Sum, "120000##30000").as_deref(), Some("150000"));
        assert_eq!(of(Function::Sum, "120000##x").as_deref(), Some("120000##x"));
        let too_much = format!("{}##1", i64::MAX);
        assert_eq!(of(Function::Sum, &too_much).as_deref(), Some(&*too_much));
        assert_eq!(of(Function::Any, "0##1").as_deref(), Some("true"));
        assert_eq!(of(Function::All, "0##1").as_deref(), Some("false"));
        assert_eq!(of(Function::All, ""), None);
        assert_eq!(of(Function::Any, "FALSE##Không").as_deref(), Some("false"));
        assert_eq!(of(Function::Any, "ho-so/1.pdf").as_deref(), Some("true"));
    }
}
