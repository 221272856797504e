//! A cell folded again: its rows as they lie, in key order, merged with new observations. A dossier
//! of which nothing new is told is passed on as it is. Memory follows the batch, not the cell.

use std::collections::{BTreeSet, VecDeque};

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{BooleanArray, StringArray};

use crate::pipeline::Pipeline;

use super::Dossiers;
use super::arrange::{self, Arranged, have_any_of};
use super::fold::fold;
use super::rows::filter;

/// Where more of the rows than one in so many change, all are folded: cutting a batch into many
/// pieces costs more.
const FEW: usize = 8;

/// What changes in a cell.
#[derive(Debug)]
pub struct CellUpdate<'a, N> {
    /// New observations, part by part: each of whole dossiers, by ascending key.
    pub new: N,
    /// Deliveries whose earlier observations no longer stand.
    pub without: &'a BTreeSet<String>,
    /// Whether every row is to be derived again, from other reference data.
    pub is_stale: bool,
}

/// Merges a cell's rows, sorted by key, with what changes; yields its rows, sorted by key.
pub fn merge<'a, E, X, N>(
    existing: X,
    update: CellUpdate<'a, N>,
    pipeline: &'a Pipeline,
) -> impl Iterator<Item = Result<Dossiers, E>>
where
    X: Iterator<Item = Result<Dossiers, E>>,
    N: Iterator<Item = Result<Arranged, E>>,
{
    Merging { existing, update, pipeline, rows: None, part: None, merged: VecDeque::new() }
}

struct Merging<'a, X, N> {
    existing: X,
    update: CellUpdate<'a, N>,
    pipeline: &'a Pipeline,
    /// Rows that are read and not merged yet, and new observations.
    rows: Option<Dossiers>,
    part: Option<Arranged>,
    merged: VecDeque<Dossiers>,
}

impl<E, X, N> Iterator for Merging<'_, X, N>
where
    X: Iterator<Item = Result<Dossiers, E>>,
    N: Iterator<Item = Result<Arranged, E>>,
{
    type Item = Result<Dossiers, E>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(merged) = self.merged.pop_front() {
                return Some(Ok(merged));
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<E, X, N> Merging<'_, X, N>
where
    X: Iterator<Item = Result<Dossiers, E>>,
    N: Iterator<Item = Result<Arranged, E>>,
{
    /// Merges what is read of both sides, as far as it is whole; `false` at the end.
    fn advance(&mut self) -> Result<bool, E> {
        while self.rows.is_none() {
            let Some(rows) = self.existing.next().transpose()? else { break };
            self.rows = Some(rows).filter(|rows| rows.batch().num_rows() > 0);
        }
        while self.part.is_none() {
            let Some(part) = self.update.new.next().transpose()? else { break };
            self.part = Some(part).filter(|part| !part.is_empty());
        }
        match (self.rows.take(), self.part.take()) {
            (None, None) => return Ok(false),
            (None, Some(part)) => self.put(fold(&part, self.pipeline)),
            (Some(rows), None) => self.merge(rows, None),
            (Some(rows), Some(part)) => {
                let end = last_key(&rows).min(part.last_key()).to_owned();
                let (rows, later_rows) = split_through(&rows, &end);
                let (part, later) = part.split_through(&end);
                self.rows = Some(later_rows).filter(|rows| rows.batch().num_rows() > 0);
                self.part = Some(later).filter(|later| !later.is_empty());
                self.merge(rows, Some(part));
            }
        }
        Ok(true)
    }

    fn merge(&mut self, rows: Dossiers, part: Option<Arranged>) {
        let changed = self.changed(&rows, part.as_ref());
        let n_changed = changed.iter().filter(|is_changed| **is_changed).count();
        let is_few = n_changed * FEW < changed.len();
        let picked = if is_few {
            Dossiers::new(filter(rows.batch(), &BooleanArray::from(changed.clone())))
        } else {
            rows.clone()
        };
        let known = Arranged::from_history(&picked, self.update.without);
        let folded = match part {
            Some(part) => fold(&Arranged::together(&[known, part]), self.pipeline),
            None => fold(&known, self.pipeline),
        };
        if is_few {
            put_in_place(&rows, &changed, &folded).into_iter().for_each(|part| self.put(part));
        } else {
            self.put(folded);
        }
    }

    /// Tells of each row whether it is to be folded again.
    fn changed(&self, rows: &Dossiers, part: Option<&Arranged>) -> Vec<bool> {
        if self.update.is_stale {
            return vec![true; rows.batch().num_rows()];
        }
        let mut changed = have_any_of(rows, self.update.without);
        let told = part.map(|part| part.batch().column(arrange::KEY).as_string::<i32>());
        let mut told = told.into_iter().flatten().flatten().peekable();
        for (key, is_changed) in keys(rows).iter().flatten().zip(&mut changed) {
            while told.next_if(|told| *told < key).is_some() {}
            *is_changed |= told.peek() == Some(&key);
        }
        changed
    }

    fn put(&mut self, merged: Dossiers) {
        if merged.batch().num_rows() > 0 {
            self.merged.push_back(merged);
        }
    }
}

/// Puts rows that were folded again, and new ones, among those that stay as they are.
fn put_in_place(rows: &Dossiers, changed: &[bool], folded: &Dossiers) -> Vec<Dossiers> {
    let (keys, folded_keys) = (keys(rows), keys(folded));
    let (n_rows, n_folded) = (keys.len(), folded_keys.len());
    let (mut parts, mut row, mut next) = (Vec::new(), 0, 0);
    while row < n_rows || next < n_folded {
        let first = row;
        let stays = |row: usize| {
            !changed[row] && (next == n_folded || keys.value(row) < folded_keys.value(next))
        };
        while row < n_rows && stays(row) {
            row += 1;
        }
        parts.push(slice(rows, first..row));
        while row < n_rows && changed[row] {
            row += 1;
        }
        let first = next;
        while next < n_folded && (row == n_rows || folded_keys.value(next) < keys.value(row)) {
            next += 1;
        }
        parts.push(slice(folded, first..next));
    }
    parts
}

fn keys(dossiers: &Dossiers) -> &StringArray {
    dossiers.batch().column(arrange::KEY).as_string()
}

fn last_key(dossiers: &Dossiers) -> &str {
    let keys = keys(dossiers);
    keys.value(keys.len() - 1)
}

fn slice(dossiers: &Dossiers, rows: std::ops::Range<usize>) -> Dossiers {
    Dossiers(dossiers.batch().slice(rows.start, rows.len()))
}

/// Splits off the dossiers up to a key, included.
fn split_through(dossiers: &Dossiers, key: &str) -> (Dossiers, Dossiers) {
    let at = arrange::partition_point(keys(dossiers), |candidate| candidate <= key);
    (slice(dossiers, 0..at), slice(dossiers, at..dossiers.batch().num_rows()))
}
