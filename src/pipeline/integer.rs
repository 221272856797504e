//! Whole numbers as logs write them.

/// No amount, count or number of days is larger.
const MAX: i64 = 1_000_000_000_000_000;

/// Reads a whole number; points and spaces may group its digits by three.
///
/// What is as long as the number of an identity card or a telephone and begins as these do is none,
/// nor is what is larger than any amount.
pub fn parse_integer(text: &str) -> Option<i64> {
    let digits = text.trim();
    // Few digits are neither grouped nor personal.
    if digits.len() < 9 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return digits.parse().ok();
    }
    let groups: Vec<&str> = digits.split(['.', ' ', '\u{a0}']).collect();
    let is_grouped = groups.len() > 1
        && groups[1..].iter().all(|group| group.len() == 3)
        && (1..=3).contains(&groups[0].trim_start_matches('-').len());
    let joined = if is_grouped { groups.concat() } else { digits.to_owned() };
    let is_personal = joined.len() >= 9 && joined.starts_with(['0', '+']);
    joined.parse().ok().filter(|number| !is_personal && (-MAX..=MAX).contains(number))
}

/// Reads the whole number of a cell that holds a number: a point begins its decimals, and groups
/// nothing.
pub fn parse_whole(number: &str) -> Option<i64> {
    let number = number.trim();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let is_whole = decimals.bytes().all(|digit| digit == b'0');
    parse_integer(whole).filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::{parse_integer, parse_whole};

    #[test]
    fn the_point_of_a_number_begins_its_decimals() {
        for (text, number) in
            [("2375", Some(2375)), ("2.375", None), ("500.000", Some(500)), ("-3.0", Some(-3))]
        {
            assert_eq!(parse_whole(text), number, "{text}");
        }
    }

    #[test]
    fn whole_numbers() {
        for (text, number) in [
            ("120000", Some(120_000)),
            (" 120.000 ", Some(120_000)),
            ("-1 000", Some(-1_000)),
            ("1.000.000.000.000.000", Some(1_000_000_000_000_000)),
            ("1000000000000001", None),
            ("-1000000000000001", None),
            ("9223372036854775807", None),
            ("12.34", None),
            ("0900000001", None),
            ("+84900000001", None),
            ("hai", None),
            ("", None),
        ] {
            assert_eq!(parse_integer(text), number, "{text}");
        }
    }
}
