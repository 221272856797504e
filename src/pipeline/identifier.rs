//! Numbers and codes that people gave: of dossiers, of receipts, of parcels.

/// No number is longer.
const MAX_CHARS: usize = 64;
/// No word or abbreviation within a number is longer, if it can be spoken.
const MAX_WORD_CHARS: usize = 8;
/// More parts of letters alone than this are words: `12/2020/BVHTTDL-TTHC` has two.
const MAX_LETTER_PARTS: usize = 2;
const VOWELS: &str = "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY";

/// Whether a text is a number or a code.
///
/// It has letters that abbreviations use, digits, and marks between them, a digit at least in every
/// word. A name, an address, an e-mail or a note is none, whatever stands between its words.
pub fn is_identifier(text: &str) -> bool {
    if is_plain_number(text) {
        return true;
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "ĂÂĐÊÔƠƯăâđêôơư-./_ ".contains(c);
    let has_letter = |word: &str| word.chars().any(char::is_alphabetic);
    text.chars().count() <= MAX_CHARS
        && text.chars().all(is_allowed)
        && has_digit(text)
        && text.split(' ').all(|word| has_digit(word) || !has_letter(word))
        && (is_random(text) || !tells_words(text))
}

/// Whether a text is digits and marks with at most one letter, as most numbers are: none is a word.
fn is_plain_number(text: &str) -> bool {
    let (mut n_letters, mut n_digits) = (0, 0);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => n_digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' => n_letters += 1,
            b'-' | b'.' | b'/' | b'_' => {}
            _ => return false,
        }
    }
    n_digits > 0 && n_letters <= 1 && text.len() <= MAX_CHARS
}

/// Whether the letters of a number can be spoken as words: an abbreviation (`BVHTTDL`) has no
/// vowel, and one word (`HOSO-12`, `case-10011`) may stand for what is numbered.
fn tells_words(text: &str) -> bool {
    let can_be_spoken = |letters: &str| letters.contains(|c| VOWELS.contains(c));
    let parts = text.split([' ', '.', '-', '_', '/']).filter(|part| !part.is_empty());
    let of_letters: Vec<&str> = parts.filter(|part| !has_digit(part)).collect();
    let runs = text.split(|c: char| !c.is_alphabetic());
    let is_long = |run: &str| run.chars().count() > MAX_WORD_CHARS && can_be_spoken(run);
    of_letters.len() > MAX_LETTER_PARTS
        || of_letters.iter().filter(|part| can_be_spoken(part)).count() > 1
        || runs.into_iter().any(is_long)
}

/// Whether a text is a number drawn at random, such as a UUID, whose letters mean nothing.
fn is_random(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    digits >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
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
            "deadbeef-cafe-4bad-aced-faceb00cfeed",
            "000.00.18.H56-210315-0012",
            "G16.01-2020-000123",
            "HS-2020-0001",
            "case-10011",
            "12/BQ",
            "12/2020/BVHTTDL-TTHC",
            "36/QĐ-UBND.2020",
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
            "Nguyen.Van.Binh-1985-12.Le.Loi.Hue",
            "nguyenvanbinh1985_gmail.com",
            "nguyenvanbinh1985",
            "binh1985_gmail.com",
            "TRAN_THI_B/001085012345/12-LE-LOI",
            "12-LE-LOI",
            "Nguyen.Binh-1985",
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
