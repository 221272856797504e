//! What the texts of a column of codes mean, remembered: a log has few of them, each very often.

/// How many texts are remembered; a text that falls on the place of another takes it.
const N_PLACES: usize = 4096;

/// The texts seen, each with its code; `None` where it has none.
#[derive(Default)]
pub(super) struct Codes<'a> {
    places: Vec<(Box<str>, Option<&'a str>)>,
}

impl<'a> Codes<'a> {
    /// Returns the code of a text, looked up where the text is not remembered.
    pub(super) fn of(
        &mut self,
        text: &str,
        look_up: impl FnOnce() -> Option<&'a str>,
    ) -> Option<&'a str> {
        if self.places.is_empty() {
            // An empty text has no code.
            self.places = vec![(Box::from(""), None); N_PLACES];
        }
        let place = &mut self.places[place_of(text)];
        if *place.0 != *text {
            *place = (Box::from(text), look_up());
        }
        place.1
    }
}

/// Returns the place of a text: its length and its last letters tell most codes apart.
fn place_of(text: &str) -> usize {
    let last = text.bytes().rev().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(byte));
    let mixed = (last ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize % N_PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_code_whatever_falls_on_its_place() {
        let texts: Vec<String> = (0..20_000).map(|n| format!("1.{n:06}")).collect();
        let mut codes = Codes::default();
        for _ in 0..2 {
            for text in &texts {
                let found = texts.iter().find(|known| *known == text).filter(|t| !t.ends_with('7'));
                let code = codes.of(text, || found.map(String::as_str));
                assert_eq!(code, found.map(String::as_str));
            }
        }
        assert_eq!(codes.of("", || None), None);
    }
}
