//! Bytes from a unit. Each kind of source is one file with the same parts; a source lists what
//! there is and opens it, and keeps nothing.

mod files;

use std::io::Read;

use crate::pipeline::feed::{Feed, NameFacts};
use crate::store::StoreError;

/// Something that a source offers.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The object's name; only a name that fits the feed's pattern may be shown.
    pub name: String,
    /// What its name tells; `None` where it does not fit the feed's pattern.
    pub facts: Option<NameFacts>,
    /// Differs whenever the bytes may differ: an offer with a cursor already landed is not read.
    pub cursor: String,
}

/// A feed's source, reached.
pub trait Source {
    /// Lists what there is, in the order in which it lands.
    fn offers(&self) -> Result<Vec<Offer>, StoreError>;

    /// Opens an offer's bytes.
    fn open(&self, offer: &Offer) -> Result<Box<dyn Read + Send>, StoreError>;
}

/// Reaches the source of a feed.
///
/// # Errors
///
/// [`StoreError::Unreachable`] where the place does not answer or is not there.
pub fn reach(feed: &Feed) -> Result<Box<dyn Source + '_>, StoreError> {
    Ok(Box::new(files::Files::reach(feed)?))
}
