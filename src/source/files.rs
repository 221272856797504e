//! Files in a drop folder, or objects below a prefix of an object store.

use crate::pipeline::source::files;
use crate::store::StoreError;
use crate::store::cloud::Access;
use crate::store::location::{Location, ObjectInfo};
use crate::store::raw::{Spooled, spool};

use super::folder::Place;
use super::secrets::Secrets;
use super::{Context, Fault, Found};

/// A folder or prefix that a unit drops its files into.
pub(super) struct Files {
    location: Location,
}

const ADVICE: &str = "look whether the place is there, can be reached and may be read";

impl Files {
    pub(super) fn reach(
        kind: &files::Files,
        context: Context<'_>,
        secrets: &Secrets,
    ) -> Result<Self, Fault> {
        let mut options = Vec::new();
        for (key, setting) in &kind.options {
            options.push(((*key).to_owned(), secrets.setting(setting)?));
        }
        let access = Access { options, retry_budget: context.settings.retry_budget };
        Ok(Self { location: Location::open_existing(&kind.location, &access).map_err(fault)? })
    }
}

impl Place for Files {
    fn list(&self) -> Result<Vec<Found>, Fault> {
        let found = |object: ObjectInfo| Found {
            version: version(&object),
            changed_at: Some(object.changed_at),
            name: object.name,
        };
        Ok(self.location.list("").map_err(fault)?.into_iter().map(found).collect())
    }

    fn read(&self, found: &Found) -> Result<Option<Spooled>, Fault> {
        let bytes = self.location.reader(&found.name).and_then(|mut bytes| {
            spool(&mut bytes).map_err(|error| StoreError::read(&found.name, error))
        });
        // A file that grew, or gave way to another, is read when it is whole.
        match self.location.find(&found.name).map_err(fault)? {
            Some(now) if version(&now) == found.version => bytes.map(Some).map_err(fault),
            Some(_) => Ok(None),
            // Gone alone, or with the whole place?
            None => self.location.list("").map(|_| None).map_err(fault),
        }
    }
}

fn fault(error: StoreError) -> Fault {
    Fault::from(error).advise(ADVICE)
}

fn version(object: &ObjectInfo) -> String {
    format!("{}:{}", object.size_bytes, object.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_while_it_was_read_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "half").unwrap();
        let url = folder.path().to_str().unwrap();
        let location = Location::open_existing(url, &Access::default()).unwrap();
        let files = Files { location };
        let listed = files.list().unwrap();
        assert!(files.read(&listed[0]).unwrap().is_some());
        std::fs::write(&path, "half and the other half").unwrap();
        assert!(files.read(&listed[0]).unwrap().is_none());
        std::fs::remove_file(&path).unwrap();
        assert!(files.read(&listed[0]).unwrap().is_none(), "one file that is gone is no fault");
        folder.close().unwrap();
        assert!(files.read(&listed[0]).is_err(), "a folder that is gone is one");
    }
}
