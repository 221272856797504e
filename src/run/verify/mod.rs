//! The store held against itself: what was released against what `dossiers` come to, the ledger
//! against what was kept and folded, the tables against their files. It reads only.

mod numbers;
mod objects;
mod records;

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::pipeline::Pipeline;
use crate::store::Store;

use numbers::Recount;

/// How many findings of a check are told; the others are counted.
const N_TOLD: usize = 20;

/// What every check came to.
#[derive(Debug)]
pub struct Verification(Vec<Check>);

/// What one check came to; one that could not run has failed.
#[derive(Debug)]
struct Check {
    name: &'static str,
    done: anyhow::Result<Account>,
}

/// What a check looked at, and what it found wrong.
#[derive(Debug)]
struct Account {
    counts: Vec<(&'static str, i64)>,
    told: Vec<String>,
    n_findings: usize,
    /// What may be why, and what to do, where something is wrong.
    hint: Option<String>,
}

/// Holds a store against itself, as of a moment by which raw bytes may have expired; a check that
/// fails does not keep the others from running.
pub fn verify(pipeline: &Pipeline, store: &Store, now: DateTime<Utc>) -> Verification {
    let recount = numbers::recount(pipeline, store).map_err(|error| format!("{error:#}"));
    let with_recount = |check: &dyn Fn(&Recount<'_>) -> anyhow::Result<Account>| {
        let recount = recount.as_ref().map_err(|told| anyhow!(told.clone()))?;
        recount.as_ref().map_or_else(|| Ok(Account::new([("releases", 0)])), check)
    };
    let checks = [
        ("numbers", with_recount(&|recount| numbers::numbers(recount, pipeline, store))),
        ("measures", with_recount(&numbers::measures)),
        ("conservation", records::conservation(store)),
        ("cells", records::cells(pipeline, store)),
        ("deliveries", objects::deliveries(store)),
        ("raw", objects::raw(pipeline, store, now)),
        ("orphans", objects::orphans(store)),
        ("releases", objects::releases(pipeline, store)),
    ];
    Verification(checks.into_iter().map(|(name, done)| Check { name, done }).collect())
}

impl Verification {
    /// Whether every check ran and found nothing wrong.
    pub fn holds(&self) -> bool {
        self.0.iter().all(Check::holds)
    }

    /// Tells each check in a line, and below it what it found.
    pub fn text(&self) -> String {
        self.0.iter().map(Check::text).collect()
    }

    /// Returns the checks as JSON, as `docs/schemas/verify.schema.json` describes.
    pub fn json(&self) -> Value {
        let checks: Vec<Value> = self.0.iter().map(Check::json).collect();
        json!({ "holds": self.holds(), "checks": checks })
    }
}

impl Check {
    fn holds(&self) -> bool {
        self.done.as_ref().is_ok_and(|account| account.n_findings == 0)
    }

    fn text(&self) -> String {
        let verdict = if self.holds() { "ok" } else { "FAILED" };
        let account = match &self.done {
            Ok(account) => account,
            Err(error) => {
                return format!("{verdict:<7} {:<13} could not run: {error:#}\n", self.name);
            }
        };
        let count = |(what, n): &(&str, i64)| format!("{n} {}", what.replace('_', " "));
        let counts: Vec<String> = account.counts.iter().map(count).collect();
        let mut text = format!("{verdict:<7} {:<13} {}\n", self.name, counts.join(", "));
        text.extend(account.told.iter().map(|finding| format!("          {finding}\n")));
        let n_more = account.n_findings - account.told.len();
        if n_more > 0 {
            text.push_str(&format!("          and {n_more} more\n"));
        }
        text.extend(account.hint().map(|hint| format!("          hint: {hint}\n")));
        text
    }

    fn json(&self) -> Value {
        let (account, error) = match &self.done {
            Ok(account) => (Some(account), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let counts = account.iter().flat_map(|account| &account.counts);
        let counts: Map<String, Value> =
            counts.map(|(what, n)| ((*what).to_owned(), json!(n))).collect();
        json!({
            "check": self.name,
            "status": if self.holds() { "ok" } else { "failed" },
            "counts": counts,
            "n_findings": account.map_or(0, |account| account.n_findings),
            "findings": account.map_or(&[][..], |account| &account.told),
            "hint": account.and_then(Account::hint),
            "error": error,
        })
    }
}

impl Account {
    fn new(counts: impl IntoIterator<Item = (&'static str, i64)>) -> Self {
        let counts = counts.into_iter().collect();
        Self { counts, told: Vec::new(), n_findings: 0, hint: None }
    }

    /// Returns the hint, where something is wrong.
    fn hint(&self) -> Option<&str> {
        self.hint.as_deref().filter(|_| self.n_findings > 0)
    }

    /// Adds something that is wrong.
    fn find(&mut self, finding: String) {
        self.n_findings += 1;
        if self.told.len() < N_TOLD {
            self.told.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_findings_are_told_and_the_others_counted() {
        let mut account = Account::new([("objects", 25)]);
        (0..23).for_each(|n| account.find(format!("object {n}")));
        let check = Check { name: "raw", done: Ok(account) };
        let text = check.text();
        assert!(
            text.starts_with("FAILED  raw           25 objects\n          object 0\n"),
            "{text}"
        );
        assert!(text.ends_with("          object 19\n          and 3 more\n"), "{text}");
        assert_eq!(check.json()["n_findings"], 23);
        assert_eq!(check.json()["findings"].as_array().map(Vec::len), Some(20));
    }

    #[test]
    fn a_check_that_could_not_run_has_failed() {
        let verification = |done| Verification(vec![Check { name: "raw", done }]);
        assert!(verification(Ok(Account::new([("objects", 0)]))).holds());
        let broken = verification(Err(anyhow!("lost").context("failed to read `raw/1`")));
        assert!(!broken.holds());
        assert_eq!(
            broken.text(),
            "FAILED  raw           could not run: failed to read `raw/1`: lost\n"
        );
    }
}
