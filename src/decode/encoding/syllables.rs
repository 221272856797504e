//! Whether words are Vietnamese syllables, by the rules of their spelling: an onset, a nucleus, a
//! final and a tone.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

const ONSETS: [&str; 29] = [
    "", "b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh",
    "nh", "p", "ph", "q", "qu", "r", "s", "t", "th", "tr", "v", "x",
];

/// Nuclei, and the finals that may close them; `-` is none.
const RIMES: [(&str, &str); 15] = [
    ("a oa", "- c ch m n ng nh p t"),
    ("e o ô u", "- c m n ng p t"),
    ("ê i", "- ch m n nh p t"),
    ("ă â iê ươ", "c m n ng p t"),
    ("oă uô", "c m n ng t"),
    ("ơ", "- m n p t"),
    ("ư", "- c m n ng t"),
    ("oe", "- n t"),
    ("oo", "c ng"),
    ("uâ", "n ng t"),
    ("uê", "- ch nh"),
    ("uy y", "- ch n nh p t"),
    ("uyê", "n t"),
    ("yê", "m n ng t"),
    (
        "ai ao au ay âu ây eo êu ia iêu iu oai oao oay oeo oi ôi ơi ua uây ui uôi uơ uya uyu ưa ưi \
         ươi ươu ưu yêu",
        "-",
    ),
];

const ACUTE: char = '\u{301}';
const DOT_BELOW: char = '\u{323}';

/// How many of a text's different words are Vietnamese; words of ASCII alone tell nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Score {
    pub(super) n_words: usize,
    pub(super) n_syllables: usize,
}

impl Score {
    /// Scores a text.
    pub(super) fn of(text: &str) -> Self {
        let words: BTreeSet<&str> = text.split(is_between_words).filter(|w| tells(w)).collect();
        let n_syllables = words.iter().filter(|word| is_syllable(word)).count();
        Self { n_words: words.len(), n_syllables }
    }

    /// Returns the share of syllables in percent; none of none is 0.
    pub(super) fn percent(self) -> usize {
        100 * self.n_syllables / self.n_words.max(1)
    }
}

/// Signs beyond ASCII are between words only when no encoding writes a letter with them.
fn is_between_words(c: char) -> bool {
    (c.is_ascii() && !c.is_ascii_alphabetic())
        || c.is_whitespace()
        || matches!(c, '\u{2000}'..='\u{206f}' | '\u{feff}')
}

/// Whether a word has a letter beyond ASCII, or signs of that kind among its letters; an
/// abbreviation such as `QĐ` tells nothing.
fn tells(word: &str) -> bool {
    let is_abbreviation = || word.chars().all(|c| c.is_ascii_uppercase() || c == 'Đ');
    !word.is_ascii() && word.contains(char::is_alphabetic) && !is_abbreviation()
}

/// Whether a word is spelt as a Vietnamese syllable, in any case, composed or not, with the tone on
/// any of its vowels.
pub(super) fn is_syllable(word: &str) -> bool {
    let Some((letters, tone)) = split_tone(word) else { return false };
    ONSETS.into_iter().any(|onset| {
        letters
            .strip_prefix(onset)
            .is_some_and(|rime| is_onset_of(onset, rime) && is_rime(rime, tone))
    })
}

/// Cuts the tone off a word, in small letters; `None` when it has two or one on a consonant.
fn split_tone(word: &str) -> Option<(String, Option<char>)> {
    let mut letters = String::with_capacity(word.len());
    let mut tone = None;
    for c in word.nfd().flat_map(char::to_lowercase) {
        if matches!(c, '\u{300}' | ACUTE | '\u{303}' | '\u{309}' | DOT_BELOW) {
            let bearer = letters.chars().rfind(|c| !is_combining_mark(*c))?;
            if !"aeiouy".contains(bearer) || tone.replace(c).is_some() {
                return None;
            }
        } else {
            letters.push(c);
        }
    }
    Some((letters.nfc().collect(), tone))
}

/// Whether an onset is spelt so before a rime: `c` and `ngh` depend on the vowel.
fn is_onset_of(onset: &str, rime: &str) -> bool {
    let is_front = rime.starts_with(['e', 'ê', 'i', 'y']);
    match onset {
        "c" | "ng" => !is_front,
        "gh" | "ngh" => is_front,
        "q" => rime.starts_with('u'),
        _ => true,
    }
}

/// Whether letters are a nucleus with a final of its own; a stop bears only two tones.
fn is_rime(letters: &str, tone: Option<char>) -> bool {
    let is_vowel = |c: char| "aăâeêioôơuưy".contains(c);
    let nucleus_end = letters.find(|c| !is_vowel(c)).unwrap_or(letters.len());
    let (nucleus, coda) = letters.split_at(nucleus_end);
    let is_stopped = matches!(coda, "c" | "ch" | "p" | "t");
    if is_stopped && !matches!(tone, Some(ACUTE | DOT_BELOW)) {
        return false;
    }
    let coda = if coda.is_empty() { "-" } else { coda };
    let holds = |list: &str, wanted: &str| list.split_ascii_whitespace().any(|one| one == wanted);
    RIMES.iter().any(|(nuclei, codas)| holds(nuclei, nucleus) && holds(codas, coda))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{CSV, PHRASE};
    use super::*;

    #[test]
    fn vietnamese_words_are_syllables() {
        let words = "Bộ Văn hóa hoá Thể thao và lịch nghiêng gìn giữ giếng giết gì già quyền quốc quý quỳnh \
             Nguyễn khuỷu thuở khuya ngoằn ngoèo rượu hươu yếu yên ĐƯỜNG TRƯỞNG thuý thúy ủy uỷ xoong \
             móc ếch đặc ước mười tuần quẩy oải huệ luật kỳ mỹ ở ạ ừ ý";
        for word in words.split_whitespace() {
            assert!(is_syllable(word), "{word}");
            assert!(is_syllable(&word.nfd().collect::<String>()), "{word}, decomposed");
        }
    }

    #[test]
    fn other_words_are_none() {
        let words = "Société Générale für Müller Straße niño Bé́ V¨n hãa lÞch Boä Vaên hoùa vaø lòch Bá»™ VÄƒn \
             ńa đăc mằt cẽch lá»‹ch ngẻ ghá cế đ ń nghoá qá zá wẻ făn hâ vă tiê\u{301}\u{301}p \u{301}a";
        for word in words.split_whitespace() {
            assert!(!is_syllable(word), "{word}");
        }
    }

    #[test]
    fn only_words_beyond_ascii_are_counted_and_once() {
        let score = Score::of("STT,Mã,mã\u{a0}hồ sơ;QĐ-TTg “hồ sơ” – 25° über");
        assert_eq!((score.n_words, score.n_syllables), (5, 4));
        assert_eq!(score.percent(), 80);
        assert_eq!(Score::of("abc 123 – °").percent(), 0);
        assert_eq!((Score::of(PHRASE).percent(), Score::of(CSV).percent()), (100, 100));
    }
}
