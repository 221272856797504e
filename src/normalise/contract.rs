//! Contracts held against the records of one delivery. One that cannot be checked has failed.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::Digest as _;

use crate::decode::RecordPlace;
use crate::pipeline::columns::supplied_bit;
use crate::pipeline::contract::{Clause, Consequence, Contract};
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::{Note, Params, Refusal, params_of};

use super::condition::is_false;
use super::record::Record;
use super::value::{Breach, Value};

/// A hash of some values of a record.
type Digest = [u8; 16];

/// The contracts of a delivery, and what its records have told so far.
pub(super) struct Contracts<'a> {
    bound: Vec<Bound<'a>>,
    notes: Vec<Note>,
    refusal: Option<Refusal>,
}

struct Bound<'a> {
    id: &'a str,
    contract: &'a Contract,
    /// How a record that breaks it is marked.
    mark: Arc<str>,
    /// For a unique clause: the whole record by its key.
    seen: BTreeMap<Digest, Digest>,
}

impl<'a> Contracts<'a> {
    /// Takes the contracts that can be checked on a log that supplies some columns; any other has
    /// failed.
    pub(super) fn new(profile: &'a Profile, supplied: u64) -> Self {
        let mut contracts = Self { bound: Vec::new(), notes: Vec::new(), refusal: None };
        for (id, contract) in &profile.contracts {
            match not_run(id, contract, supplied) {
                Some(refusal) => contracts.fail(contract, refusal),
                None => contracts.bound.push(Bound {
                    id,
                    contract,
                    mark: mark(id),
                    seen: BTreeMap::new(),
                }),
            }
        }
        contracts.bound.sort_by_key(Bound::is_unique);
        contracts
    }

    /// Returns why the delivery is refused, if it is.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Holds a record against the contracts: it is marked, or rejected, or all is refused.
    pub(super) fn check(
        &mut self,
        record: &mut Record<'_>,
        place: RecordPlace,
    ) -> Result<(), Breach> {
        let mut rejected = None;
        for bound in &mut self.bound {
            // What is rejected does not stand: it is not the first of its key.
            let is_passed_over = rejected.is_some() && bound.is_unique();
            if is_passed_over || !bound.is_broken(record) {
                continue;
            }
            match bound.contract.consequence {
                Consequence::Mark => record.contract_marks.push(Arc::clone(&bound.mark)),
                Consequence::Reject => {
                    rejected = rejected.or_else(|| Some(("contract", bound.params([]))));
                }
                Consequence::Refuse => {
                    let at =
                        [("record", place.record.to_string()), ("line", place.line.to_string())];
                    let rule = "contract_refused".to_owned();
                    let refusal = || Refusal { rule, params: bound.params(at) };
                    self.refusal.get_or_insert_with(refusal);
                }
            }
        }
        rejected.map_or(Ok(()), Err)
    }

    /// Holds the number of records against the contracts, once all are read; returns the notes. A
    /// contract on a column that none of them supplied has failed.
    ///
    /// # Errors
    ///
    /// The refusal of the whole delivery.
    pub(super) fn finish(&mut self, n_records: i64, supplied: u64) -> Result<Vec<Note>, Refusal> {
        let mut broken = Vec::new();
        for bound in &self.bound {
            if n_records > 0 {
                let refusal = not_run(bound.id, bound.contract, supplied);
                broken.extend(refusal.map(|refusal| (bound.contract, refusal)));
            }
            let Clause::Records { min, max } = bound.contract.clause else { continue };
            if (min..=max).contains(&n_records) {
                continue;
            }
            let most = if max == i64::MAX { "∞".to_owned() } else { max.to_string() };
            let numbers =
                [("records", n_records.to_string()), ("min", min.to_string()), ("max", most)];
            let rule = "contract_records".to_owned();
            broken.push((bound.contract, Refusal { rule, params: bound.params(numbers) }));
        }
        for (contract, refusal) in broken {
            self.fail(contract, refusal);
        }
        match self.refusal.take() {
            Some(refusal) => Err(refusal),
            None => Ok(std::mem::take(&mut self.notes)),
        }
    }

    /// A delivery that breaks a contract is refused, or noted where it only marks.
    fn fail(&mut self, contract: &Contract, refusal: Refusal) {
        if contract.consequence == Consequence::Mark {
            self.notes.push(refusal);
        } else {
            self.refusal.get_or_insert(refusal);
        }
    }
}

impl Bound<'_> {
    fn is_unique(&self) -> bool {
        matches!(self.contract.clause, Clause::Unique(_))
    }

    fn is_broken(&mut self, record: &Record<'_>) -> bool {
        match &self.contract.clause {
            Clause::Check(condition) => is_false(condition, record),
            Clause::Unique(columns) => {
                let key: Vec<&Value<'_>> =
                    columns.iter().map(|column| record.get(column)).collect();
                if key.contains(&&Value::Null) {
                    return false;
                }
                // The very same record again is a duplicate, not a breach.
                let whole = digest(record.values());
                *self.seen.entry(digest(key.into_iter())).or_insert(whole) != whole
            }
            Clause::Records { .. } | Clause::NoChange(_) => false,
        }
    }

    /// Returns the parameters by which a breach is told.
    fn params<const N: usize>(&self, more: [(&str, String); N]) -> Params {
        let mut params = params_of(more);
        let name = &self.contract.name;
        for (key, value) in [("contract", self.id), ("vi", &*name.vi), ("en", &*name.en)] {
            params.insert(key.to_owned(), value.to_owned());
        }
        params
    }
}

/// Says which column a contract lacks in a log that supplies some, if it lacks one.
fn not_run(id: &str, contract: &Contract, supplied: u64) -> Option<Refusal> {
    let is_absent = |column: &&str| supplied & supplied_bit(column) == 0;
    let column = contract.columns().into_iter().find(is_absent)?;
    let params = [("contract", id.to_owned()), ("column", column.to_owned())];
    Some(Refusal::new("contract_not_run", params))
}

/// How a dossier is marked that breaks a contract.
pub fn mark(id: &str) -> Arc<str> {
    format!("contract.{id}").into()
}

fn digest<'a, 'r: 'a>(values: impl Iterator<Item = &'a Value<'r>>) -> Digest {
    let mut digest = sha2::Sha256::new();
    values.for_each(|value| digest.update(format!("{value:?}\u{0}")));
    let mut first = Digest::default();
    first.copy_from_slice(&digest.finalize()[..16]);
    first
}
