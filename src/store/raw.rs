//! Bytes as they were received: `raw/<sha256>.zst`, named by the SHA-256 of the plain bytes.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use zstd::stream::read::Decoder;
use zstd::stream::write::Encoder;

use super::location::ObjectInfo;
use super::{Store, StoreError, hex};

const BUFFER_BYTES: usize = 128 * 1024;
/// Of level 1 a log is as small as of level 3, and compressed half as fast again (docs/decisions/0013).
const ZSTD_LEVEL: i32 = 1;

/// What was received, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawObject {
    /// The hash of the plain bytes in hex.
    pub sha256: String,
    /// The number of plain bytes.
    pub size_bytes: u64,
}

/// Kept bytes, as a listing tells of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRaw {
    /// The hash of the plain bytes in hex, as the name says it.
    pub sha256: String,
    /// The number of bytes that the store holds.
    pub size_bytes: u64,
    /// When they were put, by the store's own clock.
    pub put_at: DateTime<Utc>,
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

    /// Returns the number of plain bytes.
    pub fn size_bytes(&self) -> u64 {
        self.object.size_bytes
    }
}

/// Bytes on their way into a temporary file; what was not put is gone with the process.
pub struct Spool {
    encoder: Encoder<'static, File>,
    digest: Sha256,
    size_bytes: u64,
}

impl Spool {
    /// Opens a temporary file that has no name.
    pub fn new() -> io::Result<Self> {
        let mut encoder = Encoder::new(tempfile::tempfile()?, ZSTD_LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self { encoder, digest: Sha256::new(), size_bytes: 0 })
    }

    /// Returns how many plain bytes were written.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Ends the object.
    pub fn finish(self) -> io::Result<Spooled> {
        let Self { encoder, digest, size_bytes } = self;
        let object = RawObject { sha256: hex(&digest.finalize()), size_bytes };
        Ok(Spooled { object, compressed: encoder.finish()? })
    }
}

impl io::Write for Spool {
    fn write(&mut self, plain: &[u8]) -> io::Result<usize> {
        self.write_all(plain)?;
        Ok(plain.len())
    }

    fn write_all(&mut self, plain: &[u8]) -> io::Result<()> {
        self.digest.update(plain);
        self.size_bytes += plain.len() as u64;
        self.encoder.write_all(plain)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }
}

/// Reads to the end into a temporary file.
pub fn spool(reader: &mut dyn Read) -> io::Result<Spooled> {
    let mut spool = Spool::new()?;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, reader);
    loop {
        let plain = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            plain => plain?,
        };
        if plain.is_empty() {
            return spool.finish();
        }
        let n_bytes = plain.len();
        spool.write_all(plain)?;
        reader.consume(n_bytes);
    }
}

/// What the storage failed with while raw bytes were read. A reader further on sees an error as any
/// other: it would take it for damage of the bytes.
#[derive(Debug, Clone, Default)]
pub struct ReadFailure(Arc<OnceLock<String>>);

impl ReadFailure {
    /// Tells whether the storage has failed.
    ///
    /// # Errors
    ///
    /// That it has.
    pub fn check(&self, sha256: &str) -> Result<(), StoreError> {
        let failed = |told: &String| StoreError::io("read", raw_name(sha256), told.clone());
        self.0.get().map_or(Ok(()), |told| Err(failed(told)))
    }
}

/// A reader that notes with what it failed.
struct Noting {
    reader: Box<dyn Read + Send>,
    failure: ReadFailure,
}

impl Read for Noting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        if let Err(error) = &read {
            // The first counts; those after it follow from it.
            self.failure.0.get_or_init(|| error.to_string());
        }
        read
    }
}

/// Bytes that were put so lately are taken away by nobody, whatever the clocks say.
const FRESH: TimeDelta = TimeDelta::hours(12);

impl Store {
    /// Keeps what was spooled; bytes that are there already are not sent again.
    pub fn put_raw(&self, spooled: &Spooled) -> Result<RawObject, StoreError> {
        let Spooled { object, compressed } = spooled;
        let name = raw_name(&object.sha256);
        if self.root.find(&name)?.is_none() {
            let failed = |error| StoreError::io("spool", &name, error);
            self.root.put_file(&name, compressed.try_clone().map_err(failed)?)?;
        }
        Ok(object.clone())
    }

    /// Keeps what was spooled once a manifest names it: what was put long before is put again, so
    /// that who has listed it does not take it away.
    pub fn renew_raw(&self, spooled: &Spooled, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Spooled { object, compressed } = spooled;
        let name = raw_name(&object.sha256);
        let found = self.root.find(&name)?;
        if found.is_some_and(|found| found.changed_at > now - FRESH) {
            return Ok(());
        }
        let failed = |error| StoreError::io("spool", &name, error);
        self.root.put_file(&name, compressed.try_clone().map_err(failed)?)
    }

    /// Whether the bytes are still kept.
    pub fn has_raw(&self, sha256: &str) -> Result<bool, StoreError> {
        Ok(self.root.find(&raw_name(sha256))?.is_some())
    }

    /// Opens the plain bytes; [`StoreError::NotFound`] when they have expired. Who reads them asks at
    /// the end whether it was the storage that failed.
    pub fn read_raw(
        &self,
        sha256: &str,
    ) -> Result<(Box<dyn Read + Send>, ReadFailure), StoreError> {
        let name = raw_name(sha256);
        let failure = ReadFailure::default();
        let reader = Noting { reader: self.root.reader(&name)?, failure: failure.clone() };
        let plain = Decoder::with_buffer(BufReader::with_capacity(BUFFER_BYTES, reader));
        failure.check(sha256)?;
        let plain = plain.map_err(|error| StoreError::io("decompress", name, error))?;
        Ok((Box::new(plain), failure))
    }

    /// Hashes the plain bytes again, in bounded memory; [`StoreError::NotFound`] when they have
    /// expired.
    pub fn hash_raw(&self, sha256: &str) -> Result<String, StoreError> {
        let mut plain = BufReader::with_capacity(BUFFER_BYTES, self.read_raw(sha256)?.0);
        let mut digest = Sha256::new();
        loop {
            let bytes = plain
                .fill_buf()
                .map_err(|error| StoreError::io("decompress", raw_name(sha256), error))?;
            if bytes.is_empty() {
                return Ok(hex(&digest.finalize()));
            }
            digest.update(bytes);
            let n_bytes = bytes.len();
            plain.consume(n_bytes);
        }
    }

    /// Lists what is kept, by hash.
    pub fn list_raw(&self) -> Result<Vec<KeptRaw>, StoreError> {
        let kept = |object: ObjectInfo| {
            let name = object.name.strip_prefix("raw/").and_then(|name| name.strip_suffix(".zst"));
            let Some(sha256) = name.map(str::to_owned) else {
                return Err(StoreError::corrupt(&object.name, "not the name of raw bytes"));
            };
            Ok(KeptRaw { sha256, size_bytes: object.size_bytes, put_at: object.changed_at })
        };
        self.root.list("raw/")?.into_iter().map(kept).collect()
    }

    /// Takes kept bytes away for good, unless they were put again since they were listed; returns
    /// whether they are gone.
    pub fn remove_raw(&self, kept: &KeptRaw) -> Result<bool, StoreError> {
        let name = raw_name(&kept.sha256);
        let found = self.root.find(&name)?;
        // Some stores tell the seconds alone.
        let put_at = kept.put_at.timestamp();
        if found.is_some_and(|found| found.changed_at.timestamp() > put_at) {
            return Ok(false);
        }
        self.root.delete(&name)?;
        Ok(true)
    }
}

fn raw_name(sha256: &str) -> String {
    format!("raw/{sha256}.zst")
}
