//! A place with many objects: which of them are the feed's, and which are whole.

use std::collections::BTreeSet;
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};

use crate::pipeline::feed::NameFacts;
use crate::pipeline::source::files::Objects;
use crate::store::raw::Spooled;

use super::Fault;
use super::secrets::Secrets;

/// Where objects lie, and which are looked at.
pub struct Folder<'a> {
    objects: &'a Objects,
    place: Box<dyn Place + 'a>,
    secrets: Secrets,
}

/// What reads a kind of place.
pub(super) trait Place {
    /// Lists every object, by name.
    fn list(&self) -> Result<Vec<Found>, Fault>;

    /// Reads an object; `None` where it is not as it was listed.
    fn read(&self, found: &Found) -> Result<Option<Spooled>, Fault>;
}

/// An object that lies in a place.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) name: String,
    /// Differs whenever the bytes may differ.
    pub(super) version: String,
    /// When it was changed, by its keeper's clock.
    pub(super) changed_at: Option<DateTime<Utc>>,
}

/// An object that is looked at.
#[derive(Debug, Clone)]
pub struct Object {
    found: Found,
    /// What its name tells; `None` where it does not fit the feed's pattern.
    pub facts: Option<NameFacts>,
}

impl Object {
    /// Returns the object's name; only one that fits the feed's pattern may be shown.
    pub fn name(&self) -> &str {
        &self.found.name
    }

    /// Returns what differs whenever the bytes may differ: a version that has landed is not read.
    pub fn version(&self) -> &str {
        &self.found.version
    }
}

impl<'a> Folder<'a> {
    pub(super) fn new(objects: &'a Objects, place: Box<dyn Place + 'a>, secrets: Secrets) -> Self {
        Self { objects, place, secrets }
    }

    /// Lists what is new and whole, in the order in which it lands, and how many objects are still
    /// being written. Those that changed just before `now` are looked at again after a while.
    pub fn list(
        &self,
        now: DateTime<Utc>,
        is_new: impl Fn(&Object) -> bool,
    ) -> Result<(Vec<Object>, usize), Fault> {
        let mut objects = self.offered()?;
        objects.retain(&is_new);
        let settle = self.objects.settle;
        let settled_before = now - TimeDelta::from_std(settle).unwrap_or(TimeDelta::MAX);
        let is_fresh = |object: &Object| {
            !settle.is_zero() && object.found.changed_at.is_none_or(|at| at > settled_before)
        };
        if !objects.iter().any(is_fresh) {
            return Ok((objects, 0));
        }
        thread::sleep(settle);
        let n_objects = objects.len();
        let later = self.offered()?;
        objects.retain(|object| later.iter().any(|other| other.found.is_same(&object.found)));
        let n_unwhole = n_objects - objects.len();
        Ok((objects, n_unwhole))
    }

    /// Reads an object; `None` where it is not as it was listed: it is read when it is whole.
    pub fn read(&self, object: &Object) -> Result<Option<Spooled>, Fault> {
        let read = self.place.read(&object.found).map_err(|fault| fault.without(&self.secrets));
        read.map_err(|fault| match object.facts {
            Some(_) => fault,
            // The source's own words would tell a name that may not be shown.
            None => Fault::lasting("failed to read an object whose name does not fit `name`"),
        })
    }

    pub(super) fn probe(&self) -> Result<String, Fault> {
        let n_objects = self.found()?.len();
        let offered = self.offered()?;
        let n_fitting = offered.iter().filter(|object| object.facts.is_some()).count();
        Ok(format!("{n_objects} objects, {} looked at, {n_fitting} fit `name`", offered.len()))
    }

    fn found(&self) -> Result<Vec<Found>, Fault> {
        self.place.list().map_err(|fault| fault.without(&self.secrets))
    }

    fn offered(&self) -> Result<Vec<Object>, Fault> {
        let found = self.found()?;
        let names: BTreeSet<&str> = found.iter().map(|found| &*found.name).collect();
        let is_marked = |found: &Found| {
            let marker = self.objects.marker.as_ref();
            marker.is_none_or(|marker| names.contains(&*format!("{}{marker}", found.name)))
        };
        let object = |found: &Found| Object {
            facts: self.objects.read_name(&found.name),
            found: found.clone(),
        };
        let is_looked_at =
            |found: &&Found| self.objects.are_looked_at(&found.name) && is_marked(found);
        Ok(found.iter().filter(is_looked_at).map(object).collect())
    }
}

impl Found {
    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.version) == (&other.name, &other.version)
    }
}
