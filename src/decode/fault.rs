//! Refusals that travel through readers: a reader can only fail with an I/O error.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::pipeline::rules::Refusal;

/// A refusal inside an I/O error.
#[derive(Debug)]
struct Carried(Refusal);

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused by rule {}", self.0.rule)
    }
}

impl std::error::Error for Carried {}

/// Puts a refusal into an I/O error.
pub(super) fn carry(refusal: Refusal) -> io::Error {
    io::Error::other(Carried(refusal))
}

/// Takes a refusal out of an error, wherever a library has wrapped it; any other error says that
/// the bytes cannot be read to their end.
pub(super) fn refusal(error: &(dyn std::error::Error + 'static)) -> Refusal {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(Carried(refusal)) = error.downcast_ref::<Carried>() {
            return refusal.clone();
        }
        // An I/O error hides what it carries from `source`.
        let shared = || error.downcast_ref::<Arc<io::Error>>().map(Arc::as_ref);
        let inner = error.downcast_ref::<io::Error>().or_else(shared).and_then(io::Error::get_ref);
        cause = inner.map(|inner| inner as &(dyn std::error::Error + 'static)).or(error.source());
    }
    damaged(error)
}

/// Says that the bytes cannot be read to their end.
pub(super) fn damaged(error: impl fmt::Display) -> Refusal {
    Refusal::new("damaged", [("cause", error.to_string())])
}
