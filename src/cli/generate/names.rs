//! Numbers and names that a dossier goes by. All persons, papers and tax codes are invented: no paper
//! and no tax code begins with the 00 that these begin with.

use super::days::Days;
use super::dossier::Dossier;
use super::line::{push, push_number};

/// The weights of a tax code's digits.
const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// Names that nobody has: "sample", "example", "supposed", "trial".
const PEOPLE: [&str; 6] = [
    "Nguyễn Văn Mẫu",
    "Trần Thị Ví Dụ",
    "Lê Giả Sử",
    "Phạm Thị Thử Nghiệm",
    "Công ty Mẫu",
    "Hội Thử Nghiệm",
];

/// Writes a dossier's number by Circular 01/2018: leaf first, or root first since 2020.
pub(super) fn push_dossier(out: &mut Vec<u8>, dossier: &Dossier, days: &Days) {
    let day = days.day(dossier.received);
    let unit = dossier.unit + 1;
    if dossier.is_root_first {
        push(out, format_args!("G16.{unit:02}-"));
    } else {
        push(out, format_args!("000.00.{unit:02}.G16-"));
    }
    for part in [day.year % 100, day.month, day.day] {
        push_number(out, part.into(), 2);
    }
    out.push(b'-');
    push_number(out, dossier.serial, 7);
}

/// Writes the number of a dossier that no unit lists.
pub(super) fn push_stray(out: &mut Vec<u8>, dossier: &Dossier, days: &Days) {
    let day = days.day(dossier.received);
    let (year, month, unit) = (day.year % 100, day.month, dossier.unit);
    push(out, format_args!("000.00.00.G16-{year:02}{month:02}{:02}-", day.day));
    push(out, format_args!("9{unit:03}{:010}", dossier.serial));
}

/// Writes the number by which the portal knows a dossier whose own number it did not take.
pub(super) fn push_made_up(out: &mut Vec<u8>, dossier: &Dossier, days: &Days) {
    let day = days.day(dossier.received);
    let (year, month) = (day.year % 100, day.month);
    push(out, format_args!("000.00.00.G16-{year:02}{month:02}{:02}-", day.day));
    push_number(out, u64::from(dossier.variant % 100_000), 5);
}

/// Writes an applicant's name.
pub(super) fn push_applicant(out: &mut Vec<u8>, dossier: &Dossier) {
    let name = PEOPLE[dossier.person as usize % PEOPLE.len()];
    out.extend_from_slice(name.as_bytes());
    out.push(b' ');
    push_number(out, u64::from(dossier.person), 1);
}

/// Writes the number of an identity paper.
pub(super) fn push_paper(out: &mut Vec<u8>, dossier: &Dossier) {
    push_number(out, u64::from(dossier.person), 12);
}

/// Writes the tax code of an enterprise; one in a few dozen has a wrong check digit.
pub(super) fn push_tax_code(out: &mut Vec<u8>, dossier: &Dossier) {
    let mut code = dossier.person;
    let mut check = check_digit(code);
    while check > 9 {
        code = (code + 1) % 10_000_000;
        check = check_digit(code);
    }
    let is_wrong = dossier.person % 40 == 7;
    push_number(out, code.into(), 9);
    push_number(out, u64::from((check + u32::from(is_wrong)) % 10), 1);
}

/// Returns the check digit of nine digits; 10 where they have none.
fn check_digit(code: u32) -> u32 {
    let digits = (0..9_u32).map(|at| code / 10_u32.pow(8 - at) % 10);
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    10 - sum % 11
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_codes_have_their_check_digits() {
        // 1 * 3 = 3, 10 - 3 = 7.
        assert_eq!(check_digit(1), 7);
        let codes = [1, 7, 12_345].map(|person| {
            let mut out = Vec::new();
            push_tax_code(&mut out, &Dossier { person, ..Dossier::default() });
            String::from_utf8(out).unwrap()
        });
        // The second has a wrong one, and the third is the next that has any.
        assert_eq!(codes, ["0000000017", "0000000071", "0000123467"].map(str::to_owned));
    }
}
