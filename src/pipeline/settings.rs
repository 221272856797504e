//! `pipeline.toml`: the name, the time zone, the store and what a release covers.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::due::Due;
use super::fault::Faults;
use super::guards::Guards;
use super::section::{Placed, Section, read_toml};
use super::text::trim;

/// No log of the ministry is older; before it, periods without any would only be counted.
const FIRST_SINCE: NaiveDate = NaiveDate::from_ymd_opt(1990, 1, 1).expect("a day");

/// A figure that is final later than this is never final.
const MAX_FINAL_AFTER_DAYS: i64 = 3660;

/// More buckets than this would only make tiny files.
const MAX_BUCKETS: i64 = 65_536;

/// A scheduler retries what takes longer.
const RETRY_BUDGET_SECONDS: u64 = 30;

/// A text in both languages.
#[derive(Debug, Clone, Default)]
pub struct Bilingual {
    pub vi: String,
    pub en: String,
}

/// What `pipeline.toml` says.
#[derive(Debug, Clone)]
pub struct Settings {
    pub name: String,
    pub title: Bilingual,
    /// Seconds that local time is ahead of UTC.
    pub utc_offset_seconds: i32,
    /// The first day of the first period that is published.
    pub since: NaiveDate,
    pub as_of: Option<NaiveDate>,
    /// When reports are due, unless a feed says otherwise.
    pub due: Option<Due>,
    pub guards: Guards,
    /// How many buckets a month of dossiers has; fixed when the store is made.
    pub buckets: i32,
    /// How many days after its end a period becomes final.
    pub final_after_days: i64,
    /// The indicators that a run prints, in this order.
    pub headline: Vec<Placed<String>>,
    pub store: Option<String>,
    /// How many bytes of deliveries are judged and committed at a time.
    pub batch_bytes: u64,
    /// For how long a source or a store that does not answer is tried again.
    pub retry_budget: Duration,
    /// For how many days after they landed raw bytes are kept; for ever where it is not said.
    pub raw_retention_days: Option<u64>,
    /// In what is open, cells of fewer dossiers are suppressed; none are where it is not said.
    pub suppress_below: Option<i64>,
}

impl Settings {
    /// Returns the last moment of a local day: what was made on that day was made by then.
    pub fn end_of_day(&self, day: NaiveDate) -> DateTime<Utc> {
        let offset = TimeDelta::seconds(self.utc_offset_seconds.into());
        let next = (day + Days::new(1)).and_time(NaiveTime::MIN) - offset;
        (next - TimeDelta::microseconds(1)).and_utc()
    }

    /// Returns the local day of a moment in UTC microseconds.
    pub fn local_day(&self, micros: Option<i64>) -> Option<NaiveDate> {
        let utc = DateTime::from_timestamp_micros(micros?)?;
        Some((utc.naive_utc() + TimeDelta::seconds(self.utc_offset_seconds.into())).date())
    }

    /// Returns the first moment of a local day.
    pub fn start_of_day(&self, day: NaiveDate) -> DateTime<Utc> {
        let offset = TimeDelta::seconds(self.utc_offset_seconds.into());
        (day.and_time(NaiveTime::MIN) - offset).and_utc()
    }

    /// Reads `pipeline.toml`.
    pub(super) fn read(path: &Path, faults: &mut Faults) -> Option<Self> {
        read_toml(path, faults, Self::from_section).flatten()
    }

    fn from_section(section: &mut Section<'_>, faults: &mut Faults) -> Option<Self> {
        section.require("since", faults);
        section.require("utc_offset", faults);
        let buckets = section.integer("buckets", faults);
        let is_power = |n: i64| (1..=MAX_BUCKETS).contains(&n) && n.count_ones() == 1;
        if let Some(buckets) = buckets.as_ref().filter(|buckets| !is_power(buckets.value)) {
            let message = format!("`buckets` must be a power of two up to {MAX_BUCKETS}");
            faults.add(section.file, buckets.span.clone(), message);
        }
        let name = section.required_text("name", faults);
        let offset = utc_offset(section, faults);
        let since = section.day("since", faults);
        let title = bilingual(section, "title", faults);
        let as_of = section.day("as_of", faults);
        let is_month_end = |day: NaiveDate| day.succ_opt().is_some_and(|next| next.day() == 1);
        if let Some(day) = as_of.as_ref().filter(|day| !is_month_end(day.value)) {
            faults.add(section.file, day.span.clone(), "`as_of` must be the end of a month");
        }
        check_since(since.as_ref(), as_of.as_ref(), section, faults);
        let due = Due::read(section, faults);
        let guards = Guards::read(section, faults);
        let final_after = section.integer("final_after_days", faults);
        let headline = section.texts("headline", faults);
        let store = section.text("store", faults).map(|url| url.value);
        let batch_bytes = section.integer("batch_bytes", faults);
        let retry_budget = section.count("retry_budget_seconds", faults);
        let hint = "without it, raw bytes are kept for ever";
        let raw_retention = at_least(1, section, "raw_retention_days", hint, faults);
        let hint = "below 2 no cell is small; without it, nothing is suppressed";
        let suppress_below = at_least(2, section, "suppress_below", hint, faults);
        for number in final_after.iter().chain(&batch_bytes).filter(|number| number.value < 0) {
            faults.add(section.file, number.span.clone(), "must not be negative");
        }
        if let Some(days) = final_after.as_ref().filter(|days| days.value > MAX_FINAL_AFTER_DAYS) {
            let message = format!("`final_after_days` must be at most {MAX_FINAL_AFTER_DAYS}");
            let fault = faults.add(section.file, days.span.clone(), message);
            fault.hint("the days after its end on which a period becomes final; 10 without it");
        }
        Some(Self {
            name: name?.value,
            title,
            utc_offset_seconds: offset?,
            since: since?.value,
            as_of: as_of.map(|day| day.value),
            due,
            guards,
            buckets: buckets.map_or(1, |b| b.value) as i32,
            final_after_days: final_after.map_or(10, |days| days.value),
            headline,
            store,
            batch_bytes: batch_bytes.map_or(32 << 30, |bytes| bytes.value.unsigned_abs()),
            retry_budget: Duration::from_secs(retry_budget.unwrap_or(RETRY_BUDGET_SECONDS)),
            raw_retention_days: raw_retention.map(i64::unsigned_abs),
            suppress_below,
        })
    }
}

/// The first day that is published lies within what can be counted.
fn check_since(
    since: Option<&Placed<NaiveDate>>,
    as_of: Option<&Placed<NaiveDate>>,
    section: &Section<'_>,
    faults: &mut Faults,
) {
    let Some(since) = since else { return };
    if since.value < FIRST_SINCE {
        let message = format!("`since` must not lie before {FIRST_SINCE}");
        let fault = faults.add(section.file, since.span.clone(), message);
        fault.hint("the first day of the first period that is published");
    }
    if let Some(as_of) = as_of.filter(|as_of| as_of.value < since.value) {
        let message = "`as_of` lies before `since`: no period would be published";
        let fault = faults.add(section.file, as_of.span.clone(), message);
        fault.hint(format!("the end of a month from {} on", since.value));
    }
}

/// Reads a whole number that may be left out.
fn at_least(
    least: i64,
    section: &Section<'_>,
    key: &'static str,
    hint: &str,
    faults: &mut Faults,
) -> Option<i64> {
    let number = section.integer(key, faults)?;
    if number.value < least {
        let message = format!("`{key}` must be at least {least}");
        faults.add(section.file, number.span, message).hint(hint);
    }
    Some(number.value)
}

/// Reads `key = { vi = "…", en = "…" }`.
pub(super) fn bilingual(
    section: &Section<'_>,
    key: &'static str,
    faults: &mut Faults,
) -> Bilingual {
    section.require(key, faults);
    let Some(names) = section.section(key, faults) else { return Bilingual::default() };
    let [vi, en] = ["vi", "en"].map(|language| {
        let Some(text) = names.required_text(language, faults) else { return String::new() };
        if trim(&text.value).is_empty() {
            let fault = faults.add(names.file, text.span, format!("`{language}` is empty"));
            fault.hint("the text as a reader of that language sees it");
        }
        text.value
    });
    names.finish(faults);
    Bilingual { vi, en }
}

fn utc_offset(section: &Section<'_>, faults: &mut Faults) -> Option<i32> {
    let text = section.text("utc_offset", faults)?;
    let parsed: Result<chrono::FixedOffset, _> = text.value.parse();
    match parsed {
        Ok(offset) => Some(offset.local_minus_utc()),
        Err(_) => {
            let message = format!("`{}` is not an offset from UTC", text.value);
            faults.add(section.file, text.span, message).hint("written like +07:00");
            None
        }
    }
}
