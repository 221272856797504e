//! An object of the S3 server, which is a file: its `ETag`, its bytes, and the conditions that a
//! reader or a writer sets.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures::stream;
use s3s::dto::{ETag, ETagCondition, StreamingBlob};
use s3s::{S3Result, s3_error};

/// As much of an object as is held in memory at a time.
const CHUNK: u64 = 256 * 1024;

/// What must hold of the object that is there.
#[derive(Default)]
pub(super) struct Conditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

/// An object that is there.
pub(super) struct Object {
    pub(super) file: File,
    pub(super) len: u64,
    pub(super) written: SystemTime,
}

impl Object {
    pub(super) fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(Self { file, len: metadata.len(), written: metadata.modified().ok()? })
    }

    pub(super) fn etag(&self) -> ETag {
        let written = self.written.duration_since(UNIX_EPOCH).unwrap_or_default();
        ETag::Strong(format!("{:x}-{:x}", written.as_nanos(), self.len))
    }

    /// Reads a part a chunk at a time, however large the object is.
    pub(super) fn body(self, part: Range<u64>) -> StreamingBlob {
        let read = move |(file, at): (File, u64)| async move {
            let mut bytes = vec![0; usize::try_from(CHUNK.min(part.end - at)).unwrap()];
            file.read_exact_at(&mut bytes, at)?;
            let next = at + bytes.len() as u64;
            Ok::<_, io::Error>((!bytes.is_empty()).then(|| (Bytes::from(bytes), (file, next))))
        };
        StreamingBlob::wrap(stream::try_unfold((self.file, part.start), read))
    }
}

impl Conditions {
    /// Checks what a reader asks of an object.
    pub(super) fn check_read(&self, object: &Object) -> S3Result<()> {
        match self.holds(Some(object.etag())) {
            (false, _) => Err(s3_error!(PreconditionFailed)),
            (_, false) => Err(s3_error!(NotModified)),
            _ => Ok(()),
        }
    }

    /// Checks what a writer asks of the object that is there, or not.
    pub(super) fn check_write(&self, object: Option<Object>) -> S3Result<()> {
        match self.holds(object.map(|object| object.etag())) {
            (true, true) => Ok(()),
            _ => Err(s3_error!(PreconditionFailed)),
        }
    }

    fn holds(&self, etag: Option<ETag>) -> (bool, bool) {
        let is = |condition: &ETagCondition| match (condition, &etag) {
            (ETagCondition::Any, etag) => etag.is_some(),
            (ETagCondition::ETag(asked), etag) => etag.as_ref() == Some(asked),
        };
        (self.if_match.as_ref().is_none_or(is), !self.if_none_match.as_ref().is_some_and(is))
    }
}
