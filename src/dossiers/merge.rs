//! A cell folded again: its rows as they lie, in key order, merged with new observations. Memory
//! follows the batch, not the cell.

use std::collections::BTreeSet;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;

use crate::pipeline::Pipeline;
use crate::pipeline::tables::Cell;

use super::arrange::Arranged;
use super::fold::fold;
use super::{Dossiers, arrange};

/// How many observations are folded at a time.
const N_FOLDED: usize = 128 << 10;

/// What changes in a cell.
#[derive(Debug, Clone)]
pub struct CellUpdate<'a> {
    pub cell: &'a Cell,
    pub new: Arranged,
    /// Deliveries whose earlier observations no longer stand.
    pub without: &'a BTreeSet<String>,
}

/// Merges a cell's rows, sorted by key, with what changes; yields its rows, sorted by key.
pub fn merge<'a, E: 'a>(
    existing: impl Iterator<Item = Result<Dossiers, E>> + 'a,
    update: CellUpdate<'a>,
    pipeline: &'a Pipeline,
) -> impl Iterator<Item = Result<Dossiers, E>> + 'a {
    let CellUpdate { cell, new, without } = update;
    let mut existing = existing.filter(|batch| !is_empty(batch));
    let mut new = Some(new);
    std::iter::from_fn(move || {
        let rest = new.take()?;
        let observations = match existing.next() {
            Some(Ok(batch)) => {
                let (touched, later) = rest.split_through(last_key(&batch));
                new = Some(later);
                let known = Arranged::from_history(&batch, cell, without);
                Arranged::together(&[known, touched])
            }
            Some(Err(error)) => return Some(Err(error)),
            None => {
                let (first, later) = rest.split_after(N_FOLDED);
                new = Some(later).filter(|later| !later.is_empty());
                first
            }
        };
        Some(Ok(fold(&observations, pipeline)))
    })
    .filter(|batch| !is_empty(batch))
}

fn is_empty<E>(batch: &Result<Dossiers, E>) -> bool {
    batch.as_ref().is_ok_and(|dossiers| dossiers.batch().num_rows() == 0)
}

fn last_key(dossiers: &Dossiers) -> &str {
    let keys = dossiers.batch().column(arrange::KEY).as_string::<i32>();
    keys.value(keys.len() - 1)
}
