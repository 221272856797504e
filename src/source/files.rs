//! Files in a drop folder, or objects below a prefix of an object store.

use std::io::Read;

use crate::pipeline::feed::Feed;
use crate::store::StoreError;
use crate::store::location::{Location, ObjectInfo};

use super::{Offer, Source};

/// A folder or prefix that a unit drops its files into.
pub(super) struct Files<'a> {
    location: Location,
    feed: &'a Feed,
}

impl<'a> Files<'a> {
    pub(super) fn reach(feed: &'a Feed) -> Result<Self, StoreError> {
        Ok(Self { location: Location::open_existing(&feed.location)?, feed })
    }
}

impl Source for Files<'_> {
    fn offers(&self) -> Result<Vec<Offer>, StoreError> {
        let offer = |object: ObjectInfo| Offer {
            facts: self.feed.read_name(&object.name),
            cursor: format!("{}:{}", object.size_bytes, object.version),
            name: object.name,
        };
        Ok(self.location.list("")?.into_iter().map(offer).collect())
    }

    fn open(&self, offer: &Offer) -> Result<Box<dyn Read + Send>, StoreError> {
        self.location.reader(&offer.name)
    }
}
