//! Bytes as they were received: `raw/<sha256>.zst`, named by the SHA-256 of the plain bytes.

use std::fs::File;
use std::io::{self, BufReader, Read, Write as _};

use sha2::{Digest as _, Sha256};
use zstd::stream::read::Decoder;
use zstd::stream::write::Encoder;

use super::{Store, StoreError, hex};

const BUFFER_BYTES: usize = 128 * 1024;
const ZSTD_LEVEL: i32 = 3;

/// What was received, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawObject {
    /// The hash of the plain bytes in hex.
    pub sha256: String,
    /// The number of plain bytes.
    pub size_bytes: u64,
}

/// A source's object, hashed and compressed into a temporary file that has no name.
#[derive(Debug)]
pub struct Spooled {
    object: RawObject,
    compressed: File,
}

impl Spooled {
    /// Returns the hash of the plain bytes in hex.
    pub fn sha256(&self) -> &str {
        &self.object.sha256
    }
}

/// Reads to the end into a temporary file; what was not put is gone with the process.
pub fn spool(reader: &mut dyn Read) -> io::Result<Spooled> {
    let mut encoder = Encoder::new(tempfile::tempfile()?, ZSTD_LEVEL)?;
    encoder.include_checksum(true)?;
    let mut digest = Sha256::new();
    let mut size_bytes = 0;
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let n_read = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n_read) => n_read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let plain = &buffer[..n_read];
        digest.update(plain);
        encoder.write_all(plain)?;
        size_bytes += n_read as u64;
    }
    let object = RawObject { sha256: hex(&digest.finalize()), size_bytes };
    Ok(Spooled { object, compressed: encoder.finish()? })
}

impl Store {
    /// Keeps what was spooled; bytes that are there already are not sent again.
    pub fn put_raw(&self, spooled: Spooled) -> Result<RawObject, StoreError> {
        let Spooled { object, compressed } = spooled;
        let name = raw_name(&object.sha256);
        if self.root.size_bytes(&name)?.is_none() {
            self.root.put_file(&name, compressed)?;
        }
        Ok(object)
    }

    /// Opens the plain bytes; [`StoreError::NotFound`] when they have expired.
    pub fn read_raw(&self, sha256: &str) -> Result<Box<dyn Read + Send>, StoreError> {
        let name = raw_name(sha256);
        let compressed = BufReader::with_capacity(BUFFER_BYTES, self.root.reader(&name)?);
        let plain = Decoder::with_buffer(compressed)
            .map_err(|error| StoreError::io("decompress", name, error))?;
        Ok(Box::new(plain))
    }
}

fn raw_name(sha256: &str) -> String {
    format!("raw/{sha256}.zst")
}
