//! Dossier numbers: `000.00.05.G16-200115-0001` (leaf first, Circular 01/2018) and
//! `G16.05-200115-0001` (root first, Decision 20/2020) name the same dossier.

use chrono::NaiveDate;

/// A dossier's key and what its cell is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DossierKey {
    /// The number normalised: root first, without empty levels; any other number as written.
    pub(super) key: String,
    /// The month of the number's date part, `2020-01`.
    pub(super) month: Option<String>,
    /// The agency part, where the number has one.
    pub(super) agency: Option<String>,
}

/// Reads a dossier number. A number that follows no rule is a key as it stands.
pub(super) fn read(number: &str) -> DossierKey {
    by_rule(number).unwrap_or_else(|| DossierKey {
        key: number.to_uppercase(),
        month: None,
        agency: None,
    })
}

fn by_rule(number: &str) -> Option<DossierKey> {
    let mut parts = number.split('-').map(str::trim);
    let (agency, date, serial) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_three_parts = parts.next().is_none();
    if !has_three_parts || date.len() != 6 || !is_number(date) || !is_number(serial) {
        return None;
    }
    let serial: u64 = serial.parse().ok()?;
    let day = NaiveDate::parse_from_str(&format!("20{date}"), "%Y%m%d").ok()?;
    let agency = agency_code(agency)?;
    Some(DossierKey {
        key: format!("{agency}-{date}-{serial:04}"),
        month: Some(day.format("%Y-%m").to_string()),
        agency: Some(agency),
    })
}

/// Returns an agency code root first, without empty levels.
pub(super) fn agency_code(code: &str) -> Option<String> {
    let code = code.to_uppercase();
    let mut levels: Vec<&str> = code.split('.').collect();
    let is_group =
        |level: &&str| !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let n_roots = levels.iter().filter(|level| is_root(level)).count();
    if n_roots != 1 || !levels.iter().all(is_group) {
        return None;
    }
    if !is_root(levels[0]) {
        levels.reverse();
    }
    if !is_root(levels[0]) {
        return None;
    }
    levels.retain(|level| level.bytes().any(|byte| byte != b'0'));
    Some(levels.join("."))
}

/// Whether a level is a ministry's or province's own: `G16`, `H56`.
fn is_root(level: &str) -> bool {
    matches!(level.as_bytes(), [b'G' | b'H' | b'K' | b'I', a, b]
        if a.is_ascii_digit() && b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_numbers_of_one_dossier_have_one_key() {
        for number in ["000.17.22.H56-210531-0001", "H56.22.17-210531-0001", "h56.22.17-210531-1"] {
            let read = read(number);
            assert_eq!(read.key, "H56.22.17-210531-0001", "{number}");
            assert_eq!(read.month.as_deref(), Some("2021-05"));
        }
        assert_eq!(read("000.00.00.G16-201026-12345").key, "G16-201026-12345");
    }

    #[test]
    fn other_numbers_stand_as_written() {
        for number in ["CASE-10011", "G16.05-201331-0001", "17.22-210531-0001", "G16.H56-210531-1"]
        {
            let expected = DossierKey { key: number.to_owned(), month: None, agency: None };
            assert_eq!(read(number), expected);
        }
    }
}
