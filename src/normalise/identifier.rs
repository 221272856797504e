//! Numbers and codes that people gave: of dossiers, of receipts, of parcels.

/// No number is longer.
const MAX_CHARS: usize = 64;

/// Whether a text is a number or a code: letters that abbreviations use, digits, and marks between
/// them, a digit at least in every word. A name, an address, an e-mail or a note is none.
pub(super) fn is_identifier(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "ĂÂĐÊÔƠƯăâđêôơư-./_ ".contains(c);
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = |word: &str| word.chars().any(char::is_alphabetic);
    text.chars().count() <= MAX_CHARS
        && text.chars().all(is_allowed)
        && has_digit(text)
        && text.split(' ').all(|word| has_digit(word) || !has_letter(word))
}

#[cfg(test)]
mod tests {
    use super::is_identifier;

    #[test]
    fn what_systems_give_is_one() {
        for text in [
            "000.00.01.G16-200115-0001",
            "G16.01 - 200115 - 0001",
            "36/2020/ĐT",
            "A-1",
            "1234",
            "CASE-10011",
            "AA/20E 0001234",
            "EA123456789VN",
            "00000000-0000-4000-8000-990000000000",
        ] {
            assert!(is_identifier(text), "{text}");
        }
    }

    #[test]
    fn what_may_tell_of_a_person_is_none() {
        for text in [
            "Nguyễn Văn A",
            "NGUYEN VAN A",
            "Nguyễn1",
            "Nguyen Van A 1985",
            "12 Lê Lợi",
            "a1@b2.vn",
            "không có",
            "-",
            "",
        ] {
            assert!(!is_identifier(text), "{text}");
        }
        assert!(!is_identifier(&"1".repeat(65)));
    }
}
