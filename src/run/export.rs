//! What a unit's officer gets back: the unit's rejected rows, gathered whole and in clear from the
//! raw bytes, and what cannot be shown. Nothing of a row goes anywhere else.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::decode::{Whole, rows};
use crate::pipeline::Pipeline;
use crate::pipeline::heading::after_those_of_rejects;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::{Language, Refusal, message};
use crate::publish::rejects::{MAX_ROWS, RefusedFile, RejectedRow, Sheet};
use crate::store::{Store, StoreError};

use super::ledger::{Judgement, Ledger};
use super::quarantine::{Filter, Reject, read};

/// The rejects of a unit.
#[derive(Default)]
pub struct Export {
    /// Rows of deliveries with the same headings share one.
    pub sheets: Vec<Sheet>,
    pub lost: Vec<Lost>,
    pub refused: Vec<Refused>,
    /// How many were mended since, and are left out.
    pub n_mended: usize,
}

/// Rejected records that cannot be shown.
#[derive(Debug)]
pub struct Lost {
    pub delivery: String,
    pub name: String,
    pub n_records: usize,
    /// What hinders it; `None` where the raw bytes have expired.
    pub why: Option<String>,
}

/// A delivery that was refused whole and stands.
#[derive(Debug)]
pub struct Refused {
    pub delivery: String,
    pub name: String,
    pub refusal: Refusal,
}

/// Gathers a unit's rejected rows: those of every rule, or of one; those that were mended since only
/// where they are asked for, too.
pub fn export(
    pipeline: &Pipeline,
    store: &Store,
    unit: &str,
    rule: Option<&str>,
    with_mended: bool,
    language: Language,
) -> anyhow::Result<Export> {
    let ledger = Ledger::read(store)?;
    let filter = Filter { unit: Some(unit.to_owned()), rule: rule.map(str::to_owned) };
    let mut export = Export::default();
    let mut rejects = read(pipeline, store, &filter)?;
    export.n_mended = rejects.iter().filter(|reject| reject.is_mended && !with_mended).count();
    rejects.retain(|reject| with_mended || !reject.is_mended);
    for rejects in rejects.chunk_by(|a, b| a.delivery == b.delivery) {
        let delivery = &rejects[0].delivery;
        let judgement = ledger.judgements().find(|known| known.delivery() == *delivery);
        let judgement = judgement.with_context(|| format!("no judgement of `{delivery}`"))?;
        match whole(pipeline, store, judgement, rejects)? {
            Ok((log, profile)) => export.add(log, rejects, profile, language),
            Err(why) => export.lost.push(Lost {
                delivery: delivery.clone(),
                name: judgement.name.clone(),
                n_records: rejects.len(),
                why,
            }),
        }
    }
    for judgement in ledger.judgements().filter(|judgement| judgement.unit == unit) {
        let refusal = judgement.refusal.as_ref();
        let refusal = refusal.filter(|refusal| rule.is_none_or(|rule| *rule == refusal.rule));
        // What is withdrawn is not to be mended.
        let stands = ledger.replaced_by(judgement).is_none() && !judgement.is_withdrawn();
        let Some(refusal) = refusal.filter(|_| stands) else { continue };
        export.refused.push(Refused {
            delivery: judgement.delivery(),
            name: judgement.name.clone(),
            refusal: refusal.clone(),
        });
    }
    Ok(export)
}

/// Reads the rows of a delivery's rejects again, or tells why they cannot be shown.
fn whole<'a>(
    pipeline: &'a Pipeline,
    store: &Store,
    judgement: &Judgement,
    rejects: &[Reject],
) -> anyhow::Result<Result<(Whole, &'a Profile), Option<String>>> {
    let (bytes, failure) = match store.read_raw(&judgement.sha256) {
        Err(StoreError::NotFound { .. }) => return Ok(Err(None)),
        opened => opened.context("failed to read the raw bytes")?,
    };
    let Some(feed) = pipeline.feed(&judgement.unit, &judgement.feed) else {
        return Ok(Err(Some("the pipeline has no such feed any more".to_owned())));
    };
    let wanted = rejects.iter().map(|reject| reject.record).collect();
    let log = rows(bytes, &feed.profile, &wanted);
    failure.check(&judgement.sha256)?;
    let log = match log {
        Ok(log) => log,
        Err(Refusal { rule, params }) => {
            return Ok(Err(Some(message(&rule, &params, Language::English))));
        }
    };
    let is_there = |reject: &Reject| {
        let place = log.rows.get(&reject.record).map(|row| (row.place.line, row.place.sheet));
        place == Some((reject.line, reject.sheet))
    };
    if !rejects.iter().all(is_there) {
        return Ok(Err(Some("the profile has changed since it was judged".to_owned())));
    }
    Ok(Ok((log, &feed.profile)))
}

impl Export {
    /// Adds the rows of a delivery.
    fn add(&mut self, log: Whole, rejects: &[Reject], profile: &Profile, language: Language) {
        let Whole { names, mut rows } = log;
        let headings = after_those_of_rejects(&names);
        let n_ours = names.len() - headings.len();
        let mut fields = BTreeMap::new();
        for (at, heading) in headings.iter().enumerate() {
            fields.extend(profile.columns_of(heading).map(|(column, _)| (column, at)));
        }
        for reject in rejects {
            let Some(row) = rows.remove(&reject.record) else { continue };
            let at_fault = reject.column.as_deref().and_then(|column| fields.get(column).copied());
            let heading = at_fault.map_or_else(String::new, |at| headings[at].clone());
            let reason = with_what_is_taken(reject, profile, language);
            let about = [reject.name.clone(), line(reject, language), reason, heading];
            let cells = row.cells.into_iter().skip(n_ours).collect();
            self.sheet(headings).rows.push(RejectedRow { about, cells, at_fault });
        }
    }

    /// Returns the sheet of these headings that has room.
    fn sheet(&mut self, headings: &[String]) -> &mut Sheet {
        let is_it = |sheet: &Sheet| sheet.headings == headings && sheet.rows.len() < MAX_ROWS;
        let at = self.sheets.iter().position(is_it).unwrap_or(self.sheets.len());
        if at == self.sheets.len() {
            self.sheets.push(Sheet { headings: headings.to_vec(), rows: Vec::new() });
        }
        &mut self.sheets[at]
    }
}

/// The rules by which a cell holds no day, or none of the texts that its column takes.
const OF_DAYS: [&str; 3] = ["impossible_day", "no_end_day", "no_received_on"];
const OF_TEXTS: [&str; 4] = ["no_status", "unknown_channel", "unknown_code", "unknown_status"];

/// Tells why a record was rejected, and what its cell may hold: an officer knows no profile.
fn with_what_is_taken(reject: &Reject, profile: &Profile, language: Language) -> String {
    let rule = &*reject.rule;
    let label = match (OF_DAYS.contains(&rule), OF_TEXTS.contains(&rule), language) {
        (true, _, Language::English) => "written like",
        (true, _, Language::Vietnamese) => "viết như",
        (_, true, Language::English) => "taken are",
        (_, true, Language::Vietnamese) => "được nhận",
        _ => return reject.reason(language),
    };
    let taken = reject.column.as_deref().map(|column| profile.taken(column)).unwrap_or_default();
    let reason = reject.reason(language);
    if taken.is_empty() { reason } else { format!("{reason}; {label}: {}", taken.join(" · ")) }
}

/// Tells the line, with the sheet of a workbook of several.
fn line(reject: &Reject, language: Language) -> String {
    let line = reject.line;
    match (reject.sheet, language) {
        (None, _) => line.to_string(),
        (Some(sheet), Language::English) => format!("{line} (sheet {sheet})"),
        (Some(sheet), Language::Vietnamese) => format!("{line} (trang tính {sheet})"),
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { delivery, name, n_records, why } = self;
        let records = format!("{n_records} records of delivery {delivery} (`{name}`)");
        match why {
            None => write!(f, "expired: {records} cannot be shown any more"),
            Some(why) => write!(f, "unreadable: {records} cannot be shown: {why}"),
        }
    }
}

impl Lost {
    /// Returns it as JSON.
    pub fn json(&self) -> Value {
        json!({
            "delivery": self.delivery,
            "name": self.name,
            "records": self.n_records,
            "reason": self.why.as_deref().unwrap_or("expired"),
        })
    }
}

impl Refused {
    /// Tells why the delivery was refused.
    pub fn reason(&self, language: Language) -> String {
        message(&self.refusal.rule, &self.refusal.params, language)
    }

    /// Returns it as a row of the file.
    pub fn file(&self, language: Language) -> RefusedFile {
        RefusedFile { name: self.name.clone(), reason: self.reason(language) }
    }

    /// Returns it as JSON, with the reason in both languages.
    pub fn json(&self) -> Value {
        json!({
            "delivery": self.delivery,
            "name": self.name,
            "rule": self.refusal.rule,
            "reason_vi": self.reason(Language::Vietnamese),
            "reason_en": self.reason(Language::English),
        })
    }
}
