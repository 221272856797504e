//! The check digit of an enterprise's tax code.

const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// Whether the tenth digit of a tax code is right; a branch adds a hyphen and three digits.
///
/// The weighted sum of the first nine digits is taken modulo 11 and from 10, as Circular
/// 105/2020/TT-BTC describes the code's structure. `false` for what is no tax code at all.
pub fn is_tax_code(code: &str) -> bool {
    let digits: String = code.chars().filter(|c| !matches!(c, '-' | ' ' | '.')).collect();
    if !matches!(digits.len(), 10 | 13) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let digit = |at: usize| u32::from(digits.as_bytes()[at] - b'0');
    let sum: u32 = WEIGHTS.iter().enumerate().map(|(at, weight)| digit(at) * weight).sum();
    // A remainder of 10 leaves 0; of 0 it would leave 10, which no digit is.
    10 - sum % 11 == digit(9)
}

/// Whether a text is the tax code of an enterprise: those that begin with 8 belong to persons.
pub(super) fn is_of_enterprise(code: &str) -> bool {
    is_tax_code(code) && code.bytes().find(u8::is_ascii_digit) != Some(b'8')
}

#[cfg(test)]
mod tests {
    use super::{is_of_enterprise, is_tax_code};

    #[test]
    fn check_digits() {
        // Made up, but for their check digits: 31 + 2 * 29 = 89, 89 % 11 = 1, 10 - 1 = 9.
        assert!(is_tax_code("1200000009"));
        assert!(is_tax_code("1200000009-001"));
        assert!(!is_tax_code("1200000008"));
        assert!(!is_tax_code("120000000"));
        assert!(!is_tax_code("001200000009"));
        assert!(!is_tax_code("12000000O9"));
    }

    #[test]
    fn the_code_of_a_person_is_none_of_an_enterprise() {
        assert!(is_of_enterprise("1200000009") && is_of_enterprise("1200000009-001"));
        // 8 * 31 + 29 = 277, 277 % 11 = 2, 10 - 2 = 8.
        assert!(is_tax_code("8100000008") && !is_of_enterprise("8100000008"));
        assert!(!is_of_enterprise("8100000008-001") && !is_of_enterprise("-8100000008"));
    }
}
