//! A TOML table read key by key: every missing, misspelt or mistyped key becomes a fault with its
//! place, and reading goes on, so that one `check` shows them all.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;

use chrono::NaiveDate;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Faults, SourceFile};
use super::pattern::Pattern;

/// A value with the bytes it stands in.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// Reads a TOML file and hands its root section to `read`; syntax errors become faults.
pub(super) fn read_toml<T>(
    path: &Path,
    faults: &mut Faults,
    read: impl FnOnce(&mut Section<'_>, &mut Faults) -> T,
) -> Option<T> {
    let file = SourceFile::read(path, faults)?;
    let (root, errors) = DeTable::parse_recoverable(&file.text);
    for error in &errors {
        faults.add(&file, error.span().unwrap_or(0..0), error.message());
    }
    if !errors.is_empty() {
        return None;
    }
    let mut section = Section::new(&file, root.get_ref(), root.span());
    let value = read(&mut section, faults);
    section.finish(faults);
    Some(value)
}

/// One table of a TOML file. Each key asked for is remembered; the others are faults at the end.
pub(super) struct Section<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) span: Range<usize>,
    table: &'a DeTable<'a>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    fn new(file: &'a SourceFile, table: &'a DeTable<'a>, span: Range<usize>) -> Self {
        Self { file, span, table, asked: RefCell::default() }
    }

    /// Says that every key not asked for is unknown.
    pub(super) fn finish(&self, faults: &mut Faults) {
        let asked = self.asked.borrow();
        for (key, _) in
            self.table.iter().filter(|(key, _)| !asked.contains(&key.get_ref().as_ref()))
        {
            faults
                .add(self.file, key.span(), format!("unknown key `{}`", key.get_ref()))
                .suggest(key.get_ref(), asked.iter().copied());
        }
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Leaves keys unread of which a fault tells already.
    pub(super) fn pass_over(&self, keys: &[&'static str]) {
        self.asked.borrow_mut().extend(keys);
    }

    /// Returns where a key's value stands when it is a text.
    pub(super) fn plain_text(&self, key: &'static str) -> Option<Range<usize>> {
        self.asked.borrow_mut().push(key);
        let found = self.table.get(key)?;
        found.get_ref().as_str().map(|_| found.span())
    }

    /// Reads `true` or `false`.
    pub(super) fn flag(&self, key: &'static str, faults: &mut Faults) -> Option<bool> {
        let flag = self.get(key, "true or false", faults, |value| value.as_bool());
        flag.map(|flag| flag.value)
    }

    /// Reads a whole number that must not be negative.
    pub(super) fn count(&self, key: &'static str, faults: &mut Faults) -> Option<u64> {
        let number = self.integer(key, faults)?;
        let count = u64::try_from(number.value).ok();
        if count.is_none() {
            faults.add(self.file, number.span, format!("`{key}` must not be negative"));
        }
        count
    }

    /// Reads a text.
    pub(super) fn text(&self, key: &'static str, faults: &mut Faults) -> Option<Placed<String>> {
        self.get(key, "a text", faults, |value| value.as_str().map(str::to_owned))
    }

    /// Reads a text that must be there.
    pub(super) fn required_text(
        &self,
        key: &'static str,
        faults: &mut Faults,
    ) -> Option<Placed<String>> {
        self.require(key, faults);
        self.text(key, faults)
    }

    /// Reads a whole number.
    pub(super) fn integer(&self, key: &'static str, faults: &mut Faults) -> Option<Placed<i64>> {
        self.get(key, "a whole number", faults, |value| {
            value.as_integer().and_then(|i| i64::from_str_radix(i.as_str(), i.radix()).ok())
        })
    }

    /// Reads a number.
    pub(super) fn number(&self, key: &'static str, faults: &mut Faults) -> Option<Placed<f64>> {
        self.get(key, "a number", faults, |value| {
            let digits = value.as_float().map(|f| f.as_str().to_owned());
            digits.or_else(|| value.as_integer().map(|i| i.as_str().to_owned()))?.parse().ok()
        })
    }

    /// Reads a day, written bare (`2020-10-31`).
    pub(super) fn day(&self, key: &'static str, faults: &mut Faults) -> Option<Placed<NaiveDate>> {
        self.get(key, "a day such as 2020-10-31, without quotes", faults, |value| {
            let day = value.as_datetime().filter(|when| when.time.is_none())?.date?;
            NaiveDate::from_ymd_opt(day.year.into(), day.month.into(), day.day.into())
        })
    }

    /// Reads a regular expression.
    pub(super) fn regex(&self, key: &'static str, faults: &mut Faults) -> Option<Placed<Pattern>> {
        let text = self.text(key, faults)?;
        match Pattern::new(&text.value) {
            Ok(value) => Some(Placed { value, span: text.span }),
            Err(error) => {
                faults
                    .add(self.file, text.span, format!("`{key}` is not a regular expression"))
                    .hint(error);
                None
            }
        }
    }

    /// Reads one of a list of words.
    pub(super) fn choice<T: Copy>(
        &self,
        key: &'static str,
        choices: &[(&str, T)],
        faults: &mut Faults,
    ) -> Option<T> {
        let text = self.text(key, faults)?;
        self.choose(key, text, choices, faults)
    }

    /// Finds what a word means; one that is not listed is a fault.
    pub(super) fn choose<T: Copy>(
        &self,
        key: &'static str,
        text: Placed<String>,
        choices: &[(&str, T)],
        faults: &mut Faults,
    ) -> Option<T> {
        let found = choices.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            faults
                .add(self.file, text.span, format!("unknown {key} `{}`", text.value))
                .hint(format!("one of: {}", words.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    /// Reads a list of texts; one text alone stands for a list of one.
    pub(super) fn texts(&self, key: &'static str, faults: &mut Faults) -> Vec<Placed<String>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key).map_or_else(Vec::new, |value| self.list(key, value, faults))
    }

    /// Reads a list of texts that, where it is given, must hold one.
    pub(super) fn some_texts(
        &self,
        key: &'static str,
        holds: &str,
        faults: &mut Faults,
    ) -> Vec<Placed<String>> {
        let texts = self.texts(key, faults);
        let is_empty = |value: &&Spanned<DeValue<'_>>| {
            value.get_ref().as_array().is_some_and(|list| list.is_empty())
        };
        if let Some(list) = self.table.get(key).filter(is_empty) {
            let fault = faults.add(self.file, list.span(), format!("`{key}` is empty"));
            fault.hint(format!("it holds {holds}"));
        }
        texts
    }

    /// Reads a table below this one.
    pub(super) fn section(&self, key: &'static str, faults: &mut Faults) -> Option<Self> {
        self.asked.borrow_mut().push(key);
        self.table.get(key).and_then(|value| self.as_section(key, value, faults))
    }

    /// Reads a list of tables.
    pub(super) fn sections(&self, key: &'static str, faults: &mut Faults) -> Vec<Self> {
        self.asked.borrow_mut().push(key);
        let Some(value) = self.table.get(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            faults.add(self.file, value.span(), format!("`{key}` must be a list of tables"));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.as_section(key, item, faults)).collect()
    }

    /// Reads every key as a table: the keys are names given by the user.
    pub(super) fn named_sections(&self, faults: &mut Faults) -> Vec<(Placed<String>, Self)> {
        let mut named = Vec::new();
        for (key, value) in self.table {
            if let Some(section) = self.as_section(key.get_ref(), value, faults) {
                let name = key.get_ref().clone().into_owned();
                named.push((Placed { value: name, span: key.span() }, section));
            }
        }
        named
    }

    /// Reads every key as a list of texts: the keys are names given by the user.
    pub(super) fn named_texts(
        &self,
        faults: &mut Faults,
    ) -> Vec<(Placed<String>, Vec<Placed<String>>)> {
        let mut named = Vec::new();
        for (key, value) in self.table {
            let name = key.get_ref().clone().into_owned();
            let texts = self.list(&name, value, faults);
            named.push((Placed { value: name, span: key.span() }, texts));
        }
        named
    }

    /// Says that a key is missing when it is.
    pub(super) fn require(&self, key: &'static str, faults: &mut Faults) {
        if !self.has(key) {
            let start = self.span.start;
            faults.add(self.file, start..start, format!("missing key `{key}`"));
        }
    }

    /// Says that a table is missing when it is, and what it would hold.
    pub(super) fn require_table(&self, key: &'static str, holds: &str, faults: &mut Faults) {
        if !self.has(key) {
            let start = self.span.start;
            let fault = faults.add(self.file, start..start, format!("missing table `[{key}]`"));
            fault.hint(format!("it holds {holds}"));
        }
    }

    fn get<T>(
        &self,
        key: &'static str,
        wanted: &str,
        faults: &mut Faults,
        convert: impl FnOnce(&DeValue<'a>) -> Option<T>,
    ) -> Option<Placed<T>> {
        self.asked.borrow_mut().push(key);
        let found = self.table.get(key)?;
        let value = convert(found.get_ref());
        if value.is_none() {
            faults.add(self.file, found.span(), format!("`{key}` must be {wanted}"));
        }
        value.map(|value| Placed { value, span: found.span() })
    }

    fn list(
        &self,
        key: &str,
        value: &'a Spanned<DeValue<'a>>,
        faults: &mut Faults,
    ) -> Vec<Placed<String>> {
        let items: Vec<&Spanned<DeValue<'a>>> = match value.get_ref().as_array() {
            Some(items) => items.iter().collect(),
            None => vec![value],
        };
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref().as_str() {
                Some(text) => texts.push(Placed { value: text.to_owned(), span: item.span() }),
                None => {
                    faults.add(self.file, item.span(), format!("`{key}` must be a list of texts"));
                }
            }
        }
        texts
    }

    fn as_section(
        &self,
        key: &str,
        value: &'a Spanned<DeValue<'a>>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            faults.add(self.file, value.span(), format!("`{key}` must be a table"));
        }
        table.map(|table| Section::new(self.file, table, value.span()))
    }
}
