//! Regular expressions of a pipeline. A ministry has hundreds, so each is kept small
//! (docs/decisions/0018).

use std::cell::RefCell;
use std::fmt;

use regex_automata::meta::{Cache, Regex};
use regex_automata::{Input, PatternID};

thread_local! {
    // What a pattern searches with is larger than the pattern: one is kept for all of them.
    static CACHE: RefCell<Option<Cache>> = const { RefCell::new(None) };
}

/// A regular expression in the syntax of the `regex` crate.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    compiled: Regex,
}

impl Pattern {
    /// Compiles a text.
    ///
    /// # Errors
    ///
    /// Says where the text is no regular expression.
    pub fn new(text: &str) -> Result<Self, String> {
        let config = Regex::config().onepass(false).hybrid(false).dfa(false);
        let compiled = Regex::builder().configure(config).build(text).map_err(|error| {
            error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string)
        })?;
        Ok(Self { text: text.to_owned(), compiled })
    }

    /// Names its groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.compiled.group_info().pattern_names(PatternID::ZERO).flatten()
    }

    /// Finds the first match in a text; returns what gives the text of each group by its name.
    pub fn captures<'a>(
        &self,
        text: &'a str,
    ) -> Option<impl Fn(&str) -> Option<&'a str> + use<'a>> {
        let mut found = self.compiled.create_captures();
        CACHE.with_borrow_mut(|cache| {
            let cache = cache.get_or_insert_with(|| self.compiled.create_cache());
            cache.reset(&self.compiled);
            self.compiled.search_captures_with(cache, &Input::new(text), &mut found);
        });
        let is_match = found.is_match();
        let group = move |group: &str| Some(&text[found.get_group_by_name(group)?.range()]);
        is_match.then_some(group)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_by_name_and_only_in_what_fits() {
        let pattern = Pattern::new(r"^hồ_sơ_(?<period>\d{4}-\d{2})(_(?<part>\w+))?\.csv$").unwrap();
        assert_eq!(pattern.groups().collect::<Vec<_>>(), ["period", "part"]);
        let told = |name: &str| {
            let found = pattern.captures(name)?;
            Some(["period", "part", "other"].map(|group| found(group).map(str::to_owned)))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told("hồ_sơ_2020-11_đủ.csv"), Some([some("2020-11"), some("đủ"), None]));
        assert_eq!(told("hồ_sơ_2020-11.csv"), Some([some("2020-11"), None, None]));
        assert_eq!(told("hồ_sơ_2020.csv"), None);
        insta::assert_snapshot!(Pattern::new("(?<period").unwrap_err(), @r"
        regex parse error:
            (?<period
                     ^
        error: unclosed capture group name
        ");
    }
}
