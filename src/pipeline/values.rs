//! Values of columns: those that a profile gives, and those that a log may hold.

use super::Reference;
use super::columns::{Column, Kind, supplied_or_input};
use super::date_form::{DateForm, parse_any};
use super::fault::Faults;
use super::identifier::is_identifier;
use super::integer::parse_integer;
use super::profile::Profile;
use super::section::{Placed, Section};
use super::text::clean;

impl Profile {
    /// Lists what a column may hold, as a log writes it: of a code one text for each value, of a day
    /// an example of each form. Nothing is listed of other columns.
    pub fn taken(&self, column: &str) -> Vec<String> {
        let kind = supplied_or_input(column).map(|column| column.kind);
        let (codes, texts) = match kind {
            Some(Kind::Day | Kind::Instant) => {
                return self.dates.iter().map(DateForm::example).collect();
            }
            Some(Kind::Code(codes)) => (codes, self.texts.get(column)),
            Some(Kind::Flag) => (&["true", "false"][..], self.texts.get(column)),
            _ => return Vec::new(),
        };
        match texts {
            Some(texts) => codes.iter().filter_map(|code| texts.get(*code)).cloned().collect(),
            None => codes.iter().map(|code| (*code).to_owned()).collect(),
        }
    }
}

/// Checks a constant or an implied value, which is read as a log's own text is.
pub(super) fn check(
    column: Column,
    value: &Placed<String>,
    dates: &[DateForm],
    reference: &Reference,
    section: &Section<'_>,
    faults: &mut Faults,
) -> bool {
    let text = &*value.value;
    let hint = match column.kind {
        Kind::Unit if reference.units.resolve(text).is_some() => return true,
        Kind::Code(_) | Kind::Flag | Kind::Integer | Kind::Unit | Kind::Procedure => {
            return check_code(column, value, reference, section, faults);
        }
        Kind::Day | Kind::Instant if parse_any(dates, text, 0).is_none() => {
            "a day in one of the forms of `dates`"
        }
        Kind::Identifier if !is_identifier(&clean(text)) => "a number or code, without words",
        _ => return true,
    };
    faults.add(section.file, value.span.clone(), is_none_of(text, column)).hint(hint);
    false
}

/// Checks a value that texts of a log are codes for.
pub(super) fn check_code(
    column: Column,
    value: &Placed<String>,
    reference: &Reference,
    section: &Section<'_>,
    faults: &mut Faults,
) -> bool {
    let text = &*value.value;
    let hint = match column.kind {
        Kind::Code(codes) if !codes.contains(&text) => format!("one of: {}", codes.join(", ")),
        Kind::Flag if !matches!(text, "true" | "false") => "one of: true, false".to_owned(),
        Kind::Integer if parse_integer(text).is_none() => "a whole number".to_owned(),
        Kind::Unit if reference.units.lacks(text) => {
            let message = format!("unit `{text}` is not in `units.csv`");
            let known = reference.units.iter().map(|unit| unit.code.as_str());
            faults.add(section.file, value.span.clone(), message).suggest(text, known);
            return false;
        }
        Kind::Procedure if reference.services.lacks(text) => {
            let message = format!("procedure `{text}` is not in `services.csv`");
            let known = reference.services.codes();
            faults.add(section.file, value.span.clone(), message).suggest(text, known);
            return false;
        }
        _ => return true,
    };
    faults.add(section.file, value.span.clone(), is_none_of(text, column)).hint(hint);
    false
}

/// Whether texts can be codes for the values of a column; where they cannot, a table of codes is a
/// fault.
pub(super) fn check_has_codes(
    column: Column,
    name: &Placed<String>,
    section: &Section<'_>,
    faults: &mut Faults,
) -> bool {
    let hint = match column.kind {
        Kind::Day | Kind::Instant => "a form of days goes into `dates`",
        Kind::Text | Kind::Identifier | Kind::TaxCode => "its texts are kept as they are written",
        _ => return true,
    };
    let message = format!("`{}` holds no codes", column.name);
    faults.add(section.file, name.span.clone(), message).hint(hint);
    false
}

/// A feed that writes days in other forms must leave its profile the days that it gives.
pub(super) fn check_days(profile: &Profile, section: &Section<'_>, faults: &mut Faults) {
    let constants = profile.constants.iter().map(|(name, text)| (*name, text));
    let implied = profile
        .implied
        .iter()
        .flat_map(|(name, rules)| rules.iter().map(|rule| (*name, &rule.value)));
    for (name, text) in constants.chain(implied) {
        let kind = supplied_or_input(name).map(|column| column.kind);
        let is_day = matches!(kind, Some(Kind::Day | Kind::Instant));
        if is_day && parse_any(&profile.dates, text, 0).is_none() {
            let message = format!("`{text}`, given for `{name}`, is no day in the feed's `dates`");
            let fault = faults.add(section.file, section.span.start..section.span.start, message);
            fault.hint("add its form to `dates`, or give the feed a day of its own");
        }
    }
}

fn is_none_of(text: &str, column: Column) -> String {
    format!("`{text}` is not a value of `{}`", column.name)
}
