//! Masking: a text that may be personal is shown by its shape alone.

use unicode_normalization::UnicodeNormalization as _;

/// How many characters of a shape are kept.
const MAX_CHARS: usize = 40;

/// Returns the shape of a text: `Nguyễn 012` becomes `Xxxxxx 999`.
pub(super) fn shape(text: &str) -> String {
    let mask = |c: char| match c {
        c if c.is_numeric() => '9',
        c if c.is_uppercase() => 'X',
        c if c.is_alphabetic() => 'x',
        c if c.is_whitespace() => ' ',
        c if c.is_ascii_punctuation() => c,
        _ => '?',
    };
    let mut shape: String = text.nfc().take(MAX_CHARS).map(mask).collect();
    if text.nfc().nth(MAX_CHARS).is_some() {
        shape.push('…');
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn no_letter_or_digit_survives() {
        assert_eq!(shape("Nguyễn Văn A, 0900000001"), "Xxxxxx Xxx X, 9999999999");
        assert_eq!(shape("Nguye\u{302}\u{303}n"), "Xxxxxx");
        assert_eq!(shape("???"), "???");
        assert_eq!(shape(&"a".repeat(50)), format!("{}…", "x".repeat(40)));
    }
}
