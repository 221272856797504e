//! `profiles/*.toml`: how a kind of system writes its logs.

use std::collections::BTreeMap;
use std::path::Path;

use super::columns;
use super::columns::FeedKind;
use super::contract::{self, Contracts};
use super::date_form::DateForm;
use super::encoding::Encoding;
use super::fault::Faults;
use super::heading::{Function, Heading, is_of_rejects};
use super::pattern::Pattern;
use super::section::{Placed, Section, read_toml};
use super::settings::bilingual;
use super::text::{fold, trim};
use super::{Reference, values};

/// How a log is written: which heading is which column, which text is which code.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// The kind of feed that is written so.
    pub feed: FeedKind,
    /// How the characters are written; detected where it is not declared.
    pub encoding: Option<Encoding>,
    /// The sheet of a workbook that is read; without it, every visible sheet with the headings.
    pub sheet: Option<String>,
    /// Where the records lie in JSON or XML: a path of keys, or an element's name.
    pub records: Option<String>,
    pub is_event_shaped: bool,
    /// Whether dossier numbers are unique only within the unit.
    pub numbers_by_unit: bool,
    pub dates: Vec<DateForm>,
    /// Headings without which a file is refused, as written.
    pub required: Vec<String>,
    /// Known headings that are dropped, folded.
    pub ignored: Vec<String>,
    /// Headings, folded, under which the system writes no cell: the cells after them stand one
    /// place to the left.
    pub without_cells: Vec<String>,
    /// How totals rows begin, folded.
    pub totals: Vec<String>,
    pub period_title: Option<Pattern>,
    pub observed_title: Option<Pattern>,
    /// The inputs tried in turn for a dossier's key.
    pub key: Vec<&'static str>,
    /// Canonical column to the headings that mean it.
    pub columns: BTreeMap<&'static str, Vec<Heading>>,
    /// Canonical column to (folded text to canonical value).
    pub codes: BTreeMap<&'static str, BTreeMap<String, String>>,
    /// Canonical column to (canonical value to the text that is listed first for it, as written).
    pub texts: BTreeMap<&'static str, BTreeMap<String, String>>,
    pub constants: BTreeMap<&'static str, String>,
    pub implied: BTreeMap<&'static str, Vec<Implied>>,
    /// What its logs promise.
    pub contracts: Contracts,
}

/// The inputs that may be a dossier's key.
const KEYS: &[&str] = &["dossier_number", "old_number", "portal_number", "reference_id"];

/// A value for a record that has none of its own, where `present` (if any) is not empty.
#[derive(Debug, Clone)]
pub struct Implied {
    pub value: String,
    pub present: Option<&'static str>,
}

impl Profile {
    /// Reads a profile.
    pub(super) fn read(path: &Path, reference: &Reference, faults: &mut Faults) -> Option<Self> {
        read_toml(path, faults, |section, faults| {
            let mut profile = Self { key: vec!["dossier_number"], ..Self::default() };
            bilingual(section, "title", faults);
            profile.feed = section.choice("feed", &FeedKind::ALL, faults).unwrap_or_default();
            let shapes = [("snapshot", false), ("event", true)];
            profile.is_event_shaped = section.choice("shape", &shapes, faults).unwrap_or(false);
            let scopes = [("national", false), ("unit", true)];
            profile.numbers_by_unit = section.choice("numbers", &scopes, faults).unwrap_or(false);
            for key in ["shape", "numbers", "dates", "required", "columns"] {
                section.require(key, faults);
            }
            profile.merge(section, reference, faults);
            profile.check_items(section, faults);
            profile
        })
    }

    /// Reads what a profile or a feed says about columns, codes and headings over what is known.
    pub(super) fn merge(
        &mut self,
        section: &Section<'_>,
        reference: &Reference,
        faults: &mut Faults,
    ) {
        self.merge_writing(section, faults);
        self.merge_dates(section, faults);
        self.merge_columns(section, faults);
        self.merge_codes(section, reference, faults);
        self.merge_constants(section, reference, faults);
        self.merge_implied(section, reference, faults);
        contract::read(&mut self.contracts, self.feed, section, faults);
        let folded = |texts: Vec<Placed<String>>| texts.into_iter().map(|t| fold(&t.value));
        self.ignored.extend(folded(section.texts("ignored", faults)));
        self.without_cells.extend(folded(section.texts("without_cells", faults)));
        self.totals.extend(folded(section.texts("totals", faults)));
        let groups = ["from", "to"];
        self.period_title =
            title("period_title", &groups, section, faults).or(self.period_title.take());
        let groups = ["observed"];
        self.observed_title =
            title("observed_title", &groups, section, faults).or(self.observed_title.take());
        self.merge_key(section, faults);
        self.merge_required(section, faults);
        self.check_headings(section, faults);
    }

    /// Returns the canonical columns that a heading means, with what is taken for each.
    pub fn columns_of(
        &self,
        heading: &str,
    ) -> impl Iterator<Item = (&'static str, Option<Function>)> {
        let folded = fold(heading);
        self.columns.iter().filter_map(move |(column, headings)| {
            let heading = headings.iter().find(|heading| heading.folded == folded)?;
            Some((*column, heading.function))
        })
    }

    /// Whether the profile reads anything under a heading.
    pub fn reads(&self, heading: &str) -> bool {
        self.columns_of(heading).next().is_some()
    }

    /// Whether a heading, if it is not read, is known and dropped: rows that were mended come back
    /// with the columns of an export of rejects.
    pub fn ignores(&self, heading: &str) -> bool {
        let folded = fold(heading);
        self.ignored.contains(&folded) || is_of_rejects(&folded)
    }

    /// Every heading that this profile knows by meaning, as written.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        self.columns.values().flatten().map(|heading| heading.name.as_str())
    }

    fn merge_writing(&mut self, section: &Section<'_>, faults: &mut Faults) {
        self.encoding = section.choice("encoding", &Encoding::ALL, faults).or(self.encoding);
        let text = |key, faults: &mut Faults| section.text(key, faults).map(|text| text.value);
        self.sheet = text("sheet", faults).or(self.sheet.take());
        self.records = text("records", faults).or(self.records.take());
    }

    fn merge_dates(&mut self, section: &Section<'_>, faults: &mut Faults) {
        let mut forms = Vec::new();
        for text in section.some_texts("dates", "the forms of days, such as %d/%m/%Y", faults) {
            match DateForm::new(&text.value) {
                Some(form) => forms.push(form),
                None => {
                    let message = format!("`{}` is not a date form", text.value);
                    let fault = faults.add(section.file, text.span, message);
                    fault.hint("strftime forms such as %d/%m/%Y %H:%M");
                }
            }
        }
        if !forms.is_empty() {
            self.dates = forms;
        }
    }

    fn merge_columns(&mut self, section: &Section<'_>, faults: &mut Faults) {
        let Some(columns) = section.section("columns", faults) else { return };
        for (name, headings) in columns.named_texts(faults) {
            check_named(&name, &headings, section, faults);
            if let Some(column) = self.canonical(&name, section, faults) {
                let headings = headings.iter().map(|heading| Heading::new(&heading.value));
                self.columns.insert(column.name, headings.collect());
            }
        }
    }

    fn merge_codes(&mut self, section: &Section<'_>, reference: &Reference, faults: &mut Faults) {
        let Some(codes) = section.section("codes", faults) else { return };
        for (name, values) in codes.named_sections(faults) {
            let Some(column) = self.canonical(&name, section, faults) else { continue };
            if !values::check_has_codes(column, &name, section, faults) {
                continue;
            }
            let known = self.codes.entry(column.name).or_default();
            for (value, texts) in values.named_texts(faults) {
                values::check_code(column, &value, reference, section, faults);
                known.retain(|_, meant| *meant != value.value);
                if let Some(first) = texts.first() {
                    let told = self.texts.entry(column.name).or_default();
                    told.insert(value.value.clone(), first.value.clone());
                }
                for text in texts {
                    let other = known.insert(fold(&text.value), value.value.clone());
                    if let Some(other) = other.filter(|other| *other != value.value) {
                        let message = format!("`{}` already means `{other}`", text.value);
                        faults.add(section.file, text.span, message);
                    }
                }
            }
        }
    }

    fn merge_constants(
        &mut self,
        section: &Section<'_>,
        reference: &Reference,
        faults: &mut Faults,
    ) {
        let Some(constants) = section.section("constants", faults) else { return };
        for (name, values) in constants.named_texts(faults) {
            let column = self.canonical(&name, section, faults);
            let Some(column) = column else { continue };
            let [value] = &*values else {
                let message = format!("`{}` must be one text", column.name);
                faults.add(section.file, name.span, message);
                continue;
            };
            if values::check(column, value, &self.dates, reference, section, faults) {
                self.constants.insert(column.name, value.value.clone());
            }
        }
    }

    fn merge_implied(&mut self, section: &Section<'_>, reference: &Reference, faults: &mut Faults) {
        let Some(implied) = section.section("implied", faults) else { return };
        for column in columns::SUPPLIED {
            let mut rules = Vec::new();
            for rule in implied.sections(column.name, faults) {
                let value = rule.required_text("value", faults);
                let value = value
                    .filter(|v| values::check(*column, v, &self.dates, reference, &rule, faults));
                let present = rule.text("present", faults);
                let present = present.and_then(|name| self.canonical(&name, section, faults));
                rule.finish(faults);
                rules.extend(value.map(|value| Implied {
                    value: value.value,
                    present: present.map(|column| column.name),
                }));
            }
            if !rules.is_empty() {
                self.implied.insert(column.name, rules);
            }
        }
        implied.finish(faults);
    }

    fn merge_key(&mut self, section: &Section<'_>, faults: &mut Faults) {
        let names = section.texts("key", faults);
        let mut key = Vec::new();
        for name in names {
            match KEYS.iter().find(|input| **input == name.value) {
                Some(input) => key.push(*input),
                None => {
                    let message = format!("`{}` is no key of a dossier", name.value);
                    let hint = format!("one of: {}", KEYS.join(", "));
                    faults.add(section.file, name.span, message).hint(hint);
                }
            }
        }
        if !key.is_empty() {
            self.key = key;
        }
        let is_read = |input: &&str| self.columns.contains_key(*input);
        if self.feed != FeedKind::Control
            && !self.columns.is_empty()
            && !self.key.iter().any(is_read)
        {
            let message = format!("no column is read for the key ({})", self.key.join(", "));
            faults.add(section.file, section.span.start..section.span.start, message);
        }
    }

    fn merge_required(&mut self, section: &Section<'_>, faults: &mut Faults) {
        let holds = "the headings without which a file is refused";
        for heading in section.some_texts("required", holds, faults) {
            if !self.knows(&heading.value) {
                faults
                    .add(section.file, heading.span, format!("unknown column `{}`", heading.value))
                    .suggest(&heading.value, self.headings());
            }
            self.required.push(heading.value);
        }
    }

    /// A feed must leave its profile the headings that it requires.
    pub(super) fn check_required(&self, section: &Section<'_>, faults: &mut Faults) {
        for heading in self.required.iter().filter(|heading| !self.knows(heading)) {
            let message = format!("`{heading}` is required, but is no column any more");
            let fault = faults.add(section.file, section.span.start..section.span.start, message);
            fault.hint("name the heading among the feed's `columns`, too");
        }
    }

    fn knows(&self, heading: &str) -> bool {
        self.reads(heading) || self.ignored.contains(&fold(heading))
    }

    /// A heading that means two columns in the same way is a fault.
    fn check_headings(&self, section: &Section<'_>, faults: &mut Faults) {
        let mut seen: BTreeMap<(&str, Option<u8>), &str> = BTreeMap::new();
        for (column, headings) in &self.columns {
            for heading in headings {
                let way = (&*heading.folded, heading.function.map(|function| function as u8));
                if let Some(other) = seen.insert(way, column).filter(|other| other != column) {
                    let name = &heading.name;
                    let message = format!("`{name}` means both `{other}` and `{column}`");
                    faults.add(section.file, section.span.start..section.span.start, message);
                }
            }
        }
    }

    /// A feed of items needs the key of an item: without it two payments would be one.
    fn check_items(&self, section: &Section<'_>, faults: &mut Faults) {
        if self.feed.has_items() && !self.columns.contains_key("item_key") {
            let message = format!("a {} profile must read `item_key`", self.feed.name());
            let fault = faults.add(section.file, section.span.start..section.span.start, message);
            fault.hint("the column that tells one payment or parcel of a dossier from another");
        }
    }

    /// Finds a column that this kind of feed may supply.
    fn canonical(
        &self,
        name: &Placed<String>,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Option<columns::Column> {
        let column = columns::supplied_or_input(&name.value);
        match column {
            Some(column) if self.feed.may_supply(column.name) => return Some(column),
            Some(column) => {
                let (column, feed) = (column.name, self.feed.name());
                let message = format!("`{column}` is not a column of a `{feed}` feed");
                let hint = format!("a profile says its kind of feed: feed = \"{feed}\"");
                faults.add(section.file, name.span.clone(), message).hint(hint);
            }
            None => {
                let known = columns::readable().filter(|column| self.feed.may_supply(column.name));
                faults
                    .add(
                        section.file,
                        name.span.clone(),
                        format!("unknown column `{}`", name.value),
                    )
                    .suggest(&name.value, known.map(|column| column.name));
            }
        }
        None
    }
}

/// Reads a pattern of title rows; without its groups it would tell nothing.
fn title(
    key: &'static str,
    groups: &[&str],
    section: &Section<'_>,
    faults: &mut Faults,
) -> Option<Pattern> {
    let pattern = section.regex(key, faults)?;
    let has = |group: &&str| pattern.value.groups().any(|name| name == *group);
    if !groups.iter().all(has) {
        let (s, names) = (if groups.len() > 1 { "s" } else { "" }, groups.join("` and `"));
        let message = format!("`{key}` needs the group{s} `{names}`");
        let hint = format!("a group such as (?<{}>[\\d/]+) around each day", groups[0]);
        faults.add(section.file, pattern.span, message).hint(hint);
    }
    Some(pattern.value)
}

/// A column is read under a heading, which has a text.
fn check_named(
    name: &Placed<String>,
    headings: &[Placed<String>],
    section: &Section<'_>,
    faults: &mut Faults,
) {
    let hint = "the headings that mean it, as a log writes them";
    if headings.is_empty() {
        let message = format!("`{}` has no heading", name.value);
        faults.add(section.file, name.span.clone(), message).hint(hint);
    }
    for heading in headings.iter().filter(|heading| trim(&heading.value).is_empty()) {
        let message = format!("`{}` has a heading without a text", name.value);
        faults.add(section.file, heading.span.clone(), message).hint(hint);
    }
}
