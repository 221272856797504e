//! Dossier numbers: `000.00.05.G16-200115-0001` (leaf first, Circular 01/2018) and
//! `G16.05-200115-0001` (root first, Decision 20/2020) name the same dossier.

use std::borrow::Cow;
use std::ops::Range;

use chrono::NaiveDate;

/// A dossier's key and what its cell is made from.
#[derive(Debug, Default)]
pub(super) struct DossierKey {
    /// The number normalised: root first, without empty levels; any other number as written.
    pub(super) key: String,
    /// The year and the month of the number's date part.
    pub(super) month: Option<(u16, u8)>,
    /// Where in the key the agency part stands, if the number has one.
    pub(super) agency: Option<Range<usize>>,
    /// The agency part read last, as written and as it stands in a key: a log has few.
    last: (String, String),
}

impl DossierKey {
    /// Reads a dossier number. A number that follows no rule is a key as it stands.
    pub(super) fn read(&mut self, number: &str) {
        self.key.clear();
        if self.read_by_rule(number).is_none() {
            self.key.clear();
            self.key.push_str(&number.to_uppercase());
            (self.month, self.agency) = (None, None);
        }
    }

    /// Makes it the key of a number that is a unit's own.
    pub(super) fn put_unit(&mut self, unit: &str) {
        self.key.insert(0, '/');
        self.key.insert_str(0, unit);
        let n_before = unit.len() + 1;
        let shifted = |agency: Range<usize>| agency.start + n_before..agency.end + n_before;
        self.agency = self.agency.take().map(shifted);
    }

    /// Returns the agency part, or the whole key of a number that has none.
    pub(super) fn agency(&self) -> &str {
        self.agency.clone().map_or(&self.key, |agency| &self.key[agency])
    }

    fn read_by_rule(&mut self, number: &str) -> Option<()> {
        let mut parts = number.split('-').map(str::trim);
        let (agency, date, serial) = (parts.next()?, parts.next()?, parts.next()?);
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let has_three_parts = parts.next().is_none();
        if !has_three_parts || date.len() != 6 || !is_number(date) || !is_number(serial) {
            return None;
        }
        serial.parse::<u64>().ok()?;
        let two = |at: usize| date[at..at + 2].parse::<u16>().ok();
        let (year, month, day) = (2000 + two(0)?, two(2)?, two(4)?);
        NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())?;
        if self.last.0 != agency {
            self.last = (agency.to_owned(), agency_code(agency)?);
        }
        self.key.push_str(&self.last.1);
        self.agency = Some(0..self.key.len());
        self.month = Some((year, month as u8));
        // The serial has at least four digits, and no more zeros before it.
        let digits = serial.trim_start_matches('0');
        self.key.extend(["-", date, "-", &"0000"[digits.len().min(4)..], digits]);
        Some(())
    }
}

/// Returns an agency code root first, without empty levels.
pub(super) fn agency_code(code: &str) -> Option<String> {
    let mut out = String::new();
    let upper = if code.bytes().any(|byte| byte.is_ascii_lowercase()) || !code.is_ascii() {
        Cow::Owned(code.to_uppercase())
    } else {
        Cow::Borrowed(code)
    };
    let levels = || upper.split('.');
    let is_group =
        |level: &str| !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if levels().filter(|level| is_root(level)).count() != 1 || !levels().all(is_group) {
        return None;
    }
    let mut put = |level: &str| {
        if level.bytes().any(|byte| byte != b'0') {
            out.push_str(if out.is_empty() { "" } else { "." });
            out.push_str(level);
        }
    };
    if is_root(levels().next()?) {
        levels().for_each(&mut put);
    } else if is_root(upper.rsplit('.').next()?) {
        upper.rsplit('.').for_each(&mut put);
    } else {
        return None;
    }
    Some(out)
}

/// Whether a level is a ministry's or province's own: `G16`, `H56`.
fn is_root(level: &str) -> bool {
    matches!(level.as_bytes(), [b'G' | b'H' | b'K' | b'I', a, b]
        if a.is_ascii_digit() && b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(number: &str) -> DossierKey {
        let mut key = DossierKey::default();
        key.read("G16-200101-1");
        key.read(number);
        key
    }

    #[test]
    fn old_and_new_numbers_of_one_dossier_have_one_key() {
        for number in ["000.17.22.H56-210531-0001", "H56.22.17-210531-0001", "h56.22.17-210531-1"] {
            let mut read = read(number);
            assert_eq!(read.key, "H56.22.17-210531-0001", "{number}");
            assert_eq!((read.month, read.agency()), (Some((2021, 5)), "H56.22.17"));
            read.put_unit("U1");
            assert_eq!((&*read.key, read.agency()), ("U1/H56.22.17-210531-0001", "H56.22.17"));
        }
        assert_eq!(read("000.00.00.G16-201026-12345").key, "G16-201026-12345");
    }

    #[test]
    fn other_numbers_stand_as_written() {
        for number in ["CASE-10011", "G16.05-201331-0001", "17.22-210531-0001", "G16.H56-210531-1"]
        {
            let read = read(number);
            assert_eq!((&*read.key, read.month, read.agency()), (number, None, number));
        }
    }
}
