//! `feeds/*.toml`: one a unit and feed: where its logs lie, how they are written, when expected.

use std::path::Path;

use chrono::NaiveDate;

use super::columns::FeedKind;
use super::date_form::parse_period;
use super::due::Due;
use super::fault::{Faults, SourceFile};
use super::pattern::Pattern;
use super::profile::Profile;
use super::section::{Placed, Section, read_toml};
use super::source::Source;
use super::values::check_days;
use super::withdrawal::{self, Withdrawal};
use super::{Reference, hash_of};

/// Which earlier delivery a new one replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// None: every delivery stands.
    None,
    /// The one of the same object name.
    Name,
    /// The one of the same period.
    Period,
}

/// The rhythm in which a unit reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Month,
    Quarter,
    Year,
    Never,
}

/// One feed of one unit.
#[derive(Debug, Clone)]
pub struct Feed {
    pub unit: String,
    /// The kind of feed by its name: `dossier`, `payment`, ….
    pub feed: String,
    /// Where it is pulled from.
    pub source: Source,
    pub slot: Slot,
    pub expected: Expected,
    /// When a report is due; by default as the pipeline says.
    pub due: Option<Due>,
    /// The profile with what differs for this feed.
    pub profile: Profile,
    /// Identifies what its records are judged by: the profile as merged, and the codes of units
    /// and procedures.
    pub profile_hash: String,
    /// What it has delivered by mistake.
    pub withdrawn: Vec<Withdrawal>,
}

/// Finds a profile by its name; an unknown one is a fault.
pub(super) type FindProfile<'a> =
    &'a dyn Fn(&Placed<String>, &SourceFile, &mut Faults) -> Option<Profile>;

/// What an object's name tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NameFacts {
    pub period: Option<(NaiveDate, NaiveDate)>,
    pub observed_on: Option<NaiveDate>,
}

impl Feed {
    /// Reads a feed; `profile` finds a profile by name.
    pub(super) fn read(
        path: &Path,
        reference: &Reference,
        profile: FindProfile<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        read_toml(path, faults, |section, faults| {
            let unit = section.required_text("unit", faults);
            let units = &reference.units;
            if let Some(unit) = unit.as_ref().filter(|unit| units.lacks(&unit.value)) {
                faults
                    .add(section.file, unit.span.clone(), format!("unknown unit `{}`", unit.value))
                    .suggest(&unit.value, units.iter().map(|unit| unit.code.as_str()));
            }
            section.require("feed", faults);
            let kind = section.choice("feed", &FeedKind::ALL, faults);
            for key in ["slot", "expected"] {
                section.require(key, faults);
            }
            let slots = [("none", Slot::None), ("name", Slot::Name), ("period", Slot::Period)];
            let slot = section.choice("slot", &slots, faults).unwrap_or(Slot::None);
            let expected = expected(section, faults);
            let due = Due::read(section, faults);
            let withdrawn = Withdrawal::read_all(section, faults);
            let source = Source::read(slot, section, path, faults);
            let profile_name = section.required_text("profile", faults);
            let known = profile_name.and_then(|name| profile(&name, section.file, faults));
            let mut profile = known.unwrap_or_default();
            if let Some(kind) =
                kind.filter(|kind| !profile.columns.is_empty() && *kind != profile.feed)
            {
                let (written, read) = (kind.name(), profile.feed.name());
                let message = format!("a `{written}` feed with a profile of a `{read}` feed");
                faults.add(section.file, section.span.start..section.span.start, message);
            }
            profile.merge(section, reference, faults);
            if faults.is_empty() {
                profile.check_required(section, faults);
                check_days(&profile, section, faults);
            }
            Some(Self {
                unit: unit?.value,
                feed: kind?.name().to_owned(),
                source: source?,
                slot,
                expected,
                due,
                profile_hash: String::new(),
                profile,
                withdrawn,
            })
        })
        .flatten()
    }

    /// Returns why a delivery of it stands no more, where it was withdrawn.
    pub fn withdrawal(&self, name: &str, sha256: &str) -> Option<&Withdrawal> {
        self.withdrawn.iter().find(|withdrawal| withdrawal.is_of(name, sha256))
    }

    /// Reads the name of an object; `None` where it does not fit, or where there are no objects.
    pub fn name_facts(&self, name: &str) -> Option<NameFacts> {
        self.source.objects()?.read_name(name)
    }

    /// Returns the slot that an object of a name takes; what is there of it is replaced.
    pub fn slot_of(&self, name: &str, facts: &NameFacts) -> Option<String> {
        match self.slot {
            Slot::None => None,
            Slot::Name => Some(name.to_owned()),
            Slot::Period => facts.period.map(|(start, end)| format!("{start}/{end}")),
        }
    }

    /// Identifies what a delivery of it is judged by: its withdrawal, or else what its records are
    /// judged by.
    pub fn judged_by(&self, name: &str, sha256: &str) -> String {
        let withdrawal = self.withdrawal(name, sha256);
        let hash = |withdrawal: &Withdrawal| hash_of([withdrawal::RULE, &withdrawal.reason]);
        withdrawal.map_or_else(|| self.profile_hash.clone(), hash)
    }
}

/// Reads what an object's name tells; `None` when it does not fit.
pub(super) fn read_name(pattern: &Pattern, name: &str) -> Option<NameFacts> {
    let group = pattern.captures(name)?;
    // A name that tells an impossible period or day is none of the feed's.
    let range = match (group("from"), group("to")) {
        (None, None) => None,
        (from, to) => {
            let (from, to): (NaiveDate, NaiveDate) = (from?.parse().ok()?, to?.parse().ok()?);
            if from > to {
                return None;
            }
            Some((from, to.succ_opt()?))
        }
    };
    let period = match group("period") {
        Some(text) => Some(parse_period(text)?),
        None => range,
    };
    let observed_on = group("observed").and_then(|text| {
        text.parse().ok().or_else(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok())
    });
    if group("observed").is_some() && observed_on.is_none() {
        return None;
    }
    Some(NameFacts { period, observed_on })
}

/// A group that nothing reads is a slip; a slot by period needs a period.
pub(super) fn check_groups(
    name: &Placed<Pattern>,
    slot: Slot,
    section: &Section<'_>,
    faults: &mut Faults,
) {
    const GROUPS: [&str; 4] = ["period", "from", "to", "observed"];
    let groups: Vec<&str> = name.value.groups().collect();
    for group in groups.iter().filter(|group| !GROUPS.contains(group)) {
        faults
            .add(section.file, name.span.clone(), format!("unknown group `{group}`"))
            .hint(format!("one of: {}", GROUPS.join(", ")));
    }
    let (from, to) = (groups.contains(&"from"), groups.contains(&"to"));
    if from != to {
        let message = "the groups `from` and `to` tell a period only together";
        let hint = "both, or a group such as (?<period>\\d{4}-\\d{2})";
        faults.add(section.file, name.span.clone(), message).hint(hint);
    }
    let tells_period = groups.contains(&"period") || (from && to);
    if slot == Slot::Period && !tells_period {
        let message = "`slot = \"period\"` needs a name that tells the period";
        let hint = "a group such as (?<period>\\d{4}-\\d{2}) in `name`";
        faults.add(section.file, name.span.clone(), message).hint(hint);
    }
}

fn expected(section: &Section<'_>, faults: &mut Faults) -> Expected {
    let rhythms = [
        ("month", Expected::Month),
        ("quarter", Expected::Quarter),
        ("year", Expected::Year),
        ("never", Expected::Never),
    ];
    section.choice("expected", &rhythms, faults).unwrap_or(Expected::Never)
}
