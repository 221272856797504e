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
    let mut why = "it is not written as its format says";
    while let Some(error) = cause {
        if let Some(Carried(refusal)) = error.downcast_ref::<Carried>() {
            return refusal.clone();
        }
        let shared = || error.downcast_ref::<Arc<io::Error>>().map(Arc::as_ref);
        let of_bytes = error.downcast_ref::<io::Error>().or_else(shared);
        why = of_bytes.map_or(why, |error| of_kind(error.kind()));
        // An I/O error hides what it carries from `source`.
        let inner = of_bytes.and_then(io::Error::get_ref);
        cause = inner.map(|inner| inner as &(dyn std::error::Error + 'static)).or(error.source());
    }
    damaged(why)
}

/// Says that the bytes cannot be read to their end, in words of our own: those of a library may
/// quote what it read.
pub(super) fn damaged(cause: &'static str) -> Refusal {
    Refusal::new("damaged", [("cause", cause.to_owned())])
}

fn of_kind(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::UnexpectedEof => "its bytes end too early",
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            "its bytes are damaged"
        }
        _ => "its bytes cannot be read",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_library_says_is_not_told() {
        let quoting = || io::Error::new(io::ErrorKind::InvalidData, "a stream `Nguyễn Văn A`");
        let cause = |refusal: Refusal| refusal.params["cause"].clone();
        assert_eq!(cause(refusal(&quoting())), "its bytes are damaged");
        assert_eq!(cause(refusal(&zip::result::ZipError::Io(quoting()))), "its bytes are damaged");
        let quoting = parquet::errors::ParquetError::General("no column `Nguyễn Văn A`".to_owned());
        assert_eq!(cause(refusal(&quoting)), "it is not written as its format says");
        let carried = carry(Refusal::new("bomb", []));
        assert_eq!(refusal(&io::Error::other(carried)).rule, "bomb");
    }
}
