//! Keyed formats: each value stands under a path of keys, and a record has what it has.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::pipeline::heading::VALUES_END;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::fold;

use super::guard::MAX_RECORD_BYTES;
use super::header;
use super::row::{Replayed, Row, Rows};
use super::table::{Table, Width};

/// No record nests deeper than this.
pub(super) const MAX_KEYED_DEPTH: usize = 32;
/// How many records show which keys there are.
const N_SHOWN: usize = 200;
const N_SHOWN_BYTES: usize = 1 << 20;
/// So many of their paths are kept.
const MAX_MET: usize = 256;
/// No path that a profile reads is longer.
const MAX_PATH_BYTES: usize = 1024;

/// The keys of a log that is read whole, in the order in which they are met, each with its field;
/// `None` where only what the profile reads is wanted.
pub(super) type Keys = Option<Rc<RefCell<Vec<(String, usize)>>>>;

/// The paths of values in the order in which the first records have them, read or not.
pub(super) type Met = Rc<RefCell<Vec<String>>>;

/// The values of one record, gathered under the paths that the profile reads: these are the first
/// fields. Where the log is read whole, every other path of a value has a field after them.
pub(super) struct Gather {
    paths: Vec<String>,
    folded: Vec<String>,
    field_of: BTreeMap<String, Option<usize>>,
    values: Vec<Values>,
    keys: Keys,
    met: Met,
    n_records: usize,
    n_bytes: u64,
}

/// What a record has under a path.
#[derive(Debug, Clone, Default)]
struct Values {
    is_there: bool,
    /// Whether one of the values is a number, not a text.
    has_number: bool,
    /// Whether a list stands there, or above it, and nothing in it.
    is_empty_list: bool,
    flaw: Option<&'static str>,
    text: Option<String>,
}

impl Gather {
    /// Prepares to gather what a profile reads, or the whole of each record.
    pub(super) fn new(profile: &Profile, keys: &Keys) -> Self {
        let (mut paths, mut folded) = (Vec::new(), Vec::new());
        for heading in profile.columns.values().flatten() {
            if !folded.contains(&heading.folded) {
                paths.push(heading.name.clone());
                folded.push(heading.folded.clone());
            }
        }
        let values = vec![Values::default(); paths.len()];
        Self {
            paths,
            folded,
            field_of: BTreeMap::new(),
            values,
            keys: keys.clone(),
            met: Met::default(),
            n_records: 0,
            n_bytes: 0,
        }
    }

    /// Returns where the paths are kept that are met.
    pub(super) fn met(&self) -> Met {
        Rc::clone(&self.met)
    }

    /// Keeps a path that is met in one of the first records.
    pub(super) fn meet(&mut self, path: &str) {
        let mut met = self.met.borrow_mut();
        let has_room = met.len() < MAX_MET && path.len() <= MAX_PATH_BYTES;
        if self.n_records < N_SHOWN && has_room && !met.iter().any(|known| known == path) {
            met.push(path.to_owned());
        }
    }

    /// Puts a text under a path; several values of one record stand beside each other.
    pub(super) fn put(&mut self, path: &str, value: &str) {
        self.meet(path);
        let Some(field) = self.value_field(path) else { return };
        let values = &mut self.values[field];
        values.is_there = true;
        self.n_bytes += (value.len() + VALUES_END.len()) as u64;
        if self.n_bytes > MAX_RECORD_BYTES {
            return;
        }
        match &mut values.text {
            Some(text) => {
                text.push_str(VALUES_END);
                text.push_str(value);
            }
            none => *none = Some(value.to_owned()),
        }
    }

    /// Puts a number under a path, as it is written.
    pub(super) fn put_number(&mut self, path: &str, value: &str) {
        self.put(path, value);
        if let Some(field) = self.field(path) {
            self.values[field].has_number = true;
        }
    }

    /// Says that an object stands under a path, so that a profile can count it.
    pub(super) fn put_object(&mut self, path: &str) {
        if self.reads(path) {
            self.put(path, "{}");
        }
    }

    /// Says that the path is there, without a value: null, or an empty list. So is what would
    /// stand below it.
    pub(super) fn put_nothing(&mut self, path: &str) {
        if let Some(field) = self.field(path) {
            self.values[field].is_there = true;
        }
        let below = format!("{}.", fold(path));
        for (folded, values) in self.folded.iter().zip(&mut self.values) {
            values.is_there |= folded.starts_with(&below);
        }
    }

    /// Says that a list stands under a path, and nothing in it: there is none of what would stand
    /// there or below.
    pub(super) fn put_empty_list(&mut self, path: &str) {
        let folded = fold(path);
        let below = format!("{folded}.");
        for (known, values) in self.folded.iter().zip(&mut self.values) {
            values.is_empty_list |= *known == folded || known.starts_with(&below);
        }
    }

    /// Says that a value is there which cannot be read, with the rule that it breaks.
    pub(super) fn put_flaw(&mut self, path: &str, rule: &'static str) {
        if let Some(field) = self.field(path) {
            self.values[field].is_there = true;
            self.values[field].flaw = Some(rule);
        }
    }

    /// Moves the record's values into a row: its fields are the profile's paths, in order.
    pub(super) fn finish(&mut self, row: &mut Row) {
        self.n_bytes = 0;
        self.n_records += 1;
        for (field, values) in self.values.iter_mut().enumerate() {
            let Values { is_there, has_number, is_empty_list, flaw, text } = std::mem::take(values);
            if !is_there {
                row.absent.push(field);
            }
            if has_number {
                row.numbers.push(field);
            }
            if is_empty_list && text.is_none() {
                row.empty_lists.push(field);
            }
            row.flaws.extend(flaw.map(|rule| (field, rule)));
            row.fields.push_field(text.unwrap_or_default().as_bytes());
        }
    }

    /// Whether the values grew past the longest record that there is; the others were dropped.
    pub(super) fn is_too_long(&self) -> bool {
        self.n_bytes > MAX_RECORD_BYTES
    }

    /// Whether the path is gathered.
    pub(super) fn reads(&mut self, path: &str) -> bool {
        self.field(path).is_some()
    }

    /// Returns the field of a value's path; in a log that is read whole, every such path has one.
    pub(super) fn value_field(&mut self, path: &str) -> Option<usize> {
        let known = self.field(path);
        let has_room = path.len() <= MAX_PATH_BYTES && self.values.len() < header::MAX_FIELDS;
        if known.is_some() || self.keys.is_none() || !has_room {
            return known;
        }
        self.folded.push(fold(path));
        self.values.push(Values::default());
        self.field_of.remove(path);
        self.field(path)
    }

    fn field(&mut self, path: &str) -> Option<usize> {
        if path.len() > MAX_PATH_BYTES {
            return None;
        }
        if let Some(field) = self.field_of.get(path) {
            return *field;
        }
        let folded = fold(path);
        let field = self.folded.iter().position(|known| *known == folded);
        // A log of ever new keys must not fill the memory.
        if self.field_of.len() < header::MAX_FIELDS {
            self.field_of.insert(path.to_owned(), field);
        }
        if let (Some(keys), Some(field)) = (&self.keys, field) {
            let mut keys = keys.borrow_mut();
            if keys.iter().all(|(_, known)| *known != field) {
                keys.push((path.to_owned(), field));
            }
        }
        field
    }
}

/// Adds a key to the end of a path.
pub(super) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

/// Refuses what nests deeper than any record does.
pub(super) fn too_deep(record: u64, line: u64) -> Refusal {
    let limit = MAX_KEYED_DEPTH.to_string();
    let params = [("record", record.to_string()), ("line", line.to_string()), ("limit", limit)];
    Refusal::new("too_deep", params)
}

/// Refuses a text that is not in its own format.
pub(super) fn broken_syntax(format: &str, record: u64, line: u64, cause: &str) -> Refusal {
    let (record, line) = (record.to_string(), line.to_string());
    let params =
        [("format", format.into()), ("record", record), ("line", line), ("cause", cause.into())];
    Refusal::new("broken_syntax", params)
}

/// Reads the first records of a keyed log to see which keys there are.
pub(super) fn read<'a>(
    mut rows: impl Rows + 'a,
    profile: &Profile,
    met: &Met,
) -> Result<Table<'a>, Refusal> {
    let paths = Gather::new(profile, &Keys::default()).paths;
    let (mut ahead, mut n_bytes) = (Vec::new(), 0);
    let mut is_there = vec![false; paths.len()];
    let mut row = Row::default();
    while ahead.len() < N_SHOWN && n_bytes < N_SHOWN_BYTES && rows.read(&mut row)? {
        n_bytes += row.fields.as_slice().len();
        (0..paths.len()).for_each(|field| is_there[field] |= !row.absent.contains(&field));
        ahead.push(std::mem::take(&mut row));
    }
    if !ahead.is_empty() {
        let shown = paths.iter().zip(&is_there).filter(|(_, is_there)| **is_there);
        let keys: Vec<String> = shown.map(|(path, _)| path.clone()).collect();
        header::of_keys(&keys, profile)?;
    } else if rows.is_empty_list() {
        // A report of nothing: it might have had every key.
        is_there.fill(true);
    } else {
        return Err(Refusal::new("no_records", []));
    }
    let (keys, others) = without_others(paths, &is_there, profile);
    let mut header = header::of_keys(&keys, profile)?;
    // Of what lies deeper a profile reads a part, seldom all.
    let is_known = |path: &str| path.contains('.') || profile.reads(path) || profile.ignores(path);
    let met = met.borrow();
    let unknown = met.iter().enumerate().filter(|(_, path)| !is_known(path));
    header.unknown = unknown.map(|(at, _)| at + 1).collect();
    let rows = OneName { rows: Replayed::new(ahead, rows), others };
    Ok(Table { rows: Box::new(rows), header, width: Width::Exact })
}

/// A path that is not read, for another is that means the same.
struct Other {
    field: usize,
    name: String,
    read: String,
}

/// Leaves out (as empty names) the paths for which another stands: one that is there, or else the
/// first that the profile names.
fn without_others(
    mut paths: Vec<String>,
    is_there: &[bool],
    profile: &Profile,
) -> (Vec<String>, Vec<Other>) {
    let mut read: BTreeMap<&'static str, String> = BTreeMap::new();
    let mut others = Vec::new();
    let (shown, hidden): (Vec<usize>, Vec<usize>) =
        (0..paths.len()).partition(|field| is_there[*field]);
    for field in shown.into_iter().chain(hidden) {
        let path = paths[field].clone();
        let columns = || profile.columns_of(&path).map(|(column, _)| column);
        let instead = columns().find_map(|column| read.get(column)).cloned();
        match instead {
            None => read.extend(columns().map(|column| (column, path.clone()))),
            Some(read) => {
                others.push(Other { field, name: std::mem::take(&mut paths[field]), read });
            }
        }
    }
    (paths, others)
}

/// Rows of which each has but one name for a column.
struct OneName<R> {
    rows: R,
    others: Vec<Other>,
}

impl<R: Rows> Rows for OneName<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        let is_read = self.rows.read(row)?;
        let other = self.others.iter().find(|other| !row.absent.contains(&other.field));
        match other.filter(|_| is_read) {
            Some(Other { name, read, .. }) => {
                let params = [("first", read.clone()), ("second", name.clone())];
                Err(Refusal::new("heading_twice", params))
            }
            None => Ok(is_read),
        }
    }
}
