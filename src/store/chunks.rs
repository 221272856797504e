//! An object as a stream of bytes, in chunks and in bounded memory.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore};
use tokio::task::JoinHandle;

use super::RUNTIME;
use super::cause::cause;

/// Bytes asked of a server at once, and the size of a part of an upload.
pub(super) const CHUNK_BYTES: u64 = 8 << 20;
/// The same of local files: nobody is far away, so that more would only take memory.
pub(super) const LOCAL_CHUNK_BYTES: u64 = 1 << 20;
/// How many are under way at once, each in memory: every thread has its own.
pub(super) const CHUNKS_IN_FLIGHT: usize = 2;

/// An object read in order, with a few chunks under way.
pub(super) struct Chunks {
    objects: Arc<dyn ObjectStore>,
    path: Path,
    size_bytes: u64,
    e_tag: Option<String>,
    offset: u64,
    chunk_bytes: u64,
    ahead: VecDeque<JoinHandle<object_store::Result<Bytes>>>,
    current: Bytes,
}

impl Chunks {
    /// Starts at the first byte; an object of another entity tag is refused on the way.
    pub(super) fn new(
        objects: Arc<dyn ObjectStore>,
        path: Path,
        meta: &ObjectMeta,
        chunk_bytes: u64,
    ) -> Self {
        Self {
            objects,
            path,
            size_bytes: meta.size,
            e_tag: meta.e_tag.clone(),
            offset: 0,
            chunk_bytes,
            ahead: VecDeque::new(),
            current: Bytes::new(),
        }
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ahead.len() < CHUNKS_IN_FLIGHT && self.offset < self.size_bytes {
            let end = self.size_bytes.min(self.offset + self.chunk_bytes);
            let options = GetOptions {
                range: Some(GetRange::Bounded(self.offset..end)),
                if_match: self.e_tag.clone(),
                ..GetOptions::default()
            };
            self.offset = end;
            let (objects, path) = (Arc::clone(&self.objects), self.path.clone());
            self.ahead.push_back(
                RUNTIME.spawn(async move { objects.get_opts(&path, options).await?.bytes().await }),
            );
        }
        if self.current.is_empty()
            && let Some(next) = self.ahead.pop_front()
        {
            self.current =
                RUNTIME.block_on(next)?.map_err(|error| io::Error::other(cause(&error)))?;
        }
        let n_read = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..n_read]);
        Ok(n_read)
    }
}
