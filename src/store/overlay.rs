//! A store that is written to without changing anything: what is written lies beside the store, in
//! one temporary file that has no name.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use futures::future::ready;
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result, UploadPart,
};

/// The objects of another store, and over them what was written since.
#[derive(Clone)]
pub(super) struct Overlay {
    below: Arc<dyn ObjectStore>,
    spool: Arc<File>,
    written: Arc<Mutex<Written>>,
}

/// What was written, by path; `None` is an object that was deleted.
#[derive(Default)]
struct Written {
    objects: BTreeMap<Path, Option<Object>>,
    end: u64,
    n_writes: u64,
}

/// An object in the spool, in as many pieces as it came.
#[derive(Clone)]
struct Object {
    pieces: Vec<Range<u64>>,
    meta: ObjectMeta,
}

impl Overlay {
    /// Lays an overlay over a store.
    pub(super) fn over(below: Arc<dyn ObjectStore>) -> io::Result<Self> {
        let spool = Arc::new(tempfile::tempfile()?);
        Ok(Self { below, spool, written: Arc::default() })
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends bytes to the spool.
    fn append(&self, bytes: &PutPayload) -> Result<Range<u64>> {
        let n_bytes = bytes.content_length() as u64;
        let range = {
            let mut written = self.written();
            written.end += n_bytes;
            written.end - n_bytes..written.end
        };
        let mut at = range.start;
        for chunk in bytes {
            self.spool.write_all_at(chunk, at).map_err(failed)?;
            at += chunk.len() as u64;
        }
        Ok(range)
    }

    /// Enters an object; with `must_be_new` only where none is.
    fn enter(&self, path: &Path, pieces: Vec<Range<u64>>, must_be_new: bool) -> Result<PutResult> {
        let mut written = self.written();
        if must_be_new && matches!(written.objects.get(path), Some(Some(_))) {
            return Err(taken(path));
        }
        written.n_writes += 1;
        let e_tag = format!("overlay-{}", written.n_writes);
        let meta = ObjectMeta {
            location: path.clone(),
            last_modified: DateTime::UNIX_EPOCH,
            size: pieces.iter().map(|piece| piece.end - piece.start).sum(),
            e_tag: Some(e_tag.clone()),
            version: None,
        };
        written.objects.insert(path.clone(), Some(Object { pieces, meta }));
        Ok(PutResult { e_tag: Some(e_tag), version: None })
    }

    /// Returns the object that was written under a path; `Some(None)` where it was deleted.
    fn find(&self, path: &Path) -> Option<Option<Object>> {
        self.written().objects.get(path).cloned()
    }

    async fn is_below(&self, path: &Path) -> Result<bool> {
        match self.below.head(path).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads a range of an object out of its pieces.
    fn read(&self, object: &Object, wanted: &Range<u64>) -> Result<Bytes> {
        let mut bytes = vec![0; (wanted.end - wanted.start) as usize];
        let (mut offset, mut n_read) = (0, 0);
        for piece in &object.pieces {
            let size = piece.end - piece.start;
            let from = wanted.start.clamp(offset, offset + size) - offset;
            let to = wanted.end.clamp(offset, offset + size) - offset;
            let target = &mut bytes[n_read..n_read + (to - from) as usize];
            self.spool.read_exact_at(target, piece.start + from).map_err(failed)?;
            n_read += target.len();
            offset += size;
        }
        Ok(bytes.into())
    }
}

#[async_trait]
impl ObjectStore for Overlay {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let must_be_new = match options.mode {
            PutMode::Overwrite => false,
            PutMode::Create => true,
            PutMode::Update(_) => return Err(failed(io::ErrorKind::Unsupported.into())),
        };
        if must_be_new && self.find(location).is_none() && self.is_below(location).await? {
            return Err(taken(location));
        }
        let piece = self.append(&payload)?;
        self.enter(location, vec![piece], must_be_new)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let (overlay, path) = (self.clone(), location.clone());
        Ok(Box::new(Upload { overlay, path, pieces: Vec::new() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let object = match self.find(location) {
            None => return self.below.get_opts(location, options).await,
            Some(None) => return Err(absent(location)),
            Some(Some(object)) => object,
        };
        options.check_preconditions(&object.meta)?;
        let whole = 0..object.meta.size;
        let range = options.range.map_or(Ok(whole), |range| range.as_range(object.meta.size));
        let range = range.map_err(|error| failed(io::Error::other(error)))?;
        let bytes = self.read(&object, &range)?;
        let payload = GetResultPayload::Stream(stream::once(ready(Ok(bytes))).boxed());
        Ok(GetResult { payload, meta: object.meta, range, attributes: Attributes::new() })
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let overlay = self.clone();
        let delete = move |path: Path| {
            overlay.written().objects.insert(path.clone(), None);
            path
        };
        locations.map_ok(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (overlay, below) = (self.clone(), self.below.list(prefix));
        let prefix = prefix.cloned().unwrap_or_default();
        let merged = async move {
            let mut all: Vec<ObjectMeta> = below.try_collect().await?;
            let written = overlay.written();
            all.retain(|meta| !written.objects.contains_key(&meta.location));
            let own = written.objects.values().flatten().map(|object| &object.meta);
            all.extend(own.filter(|meta| is_under(meta, &prefix)).cloned());
            all.sort_by(|a, b| a.location.cmp(&b.location));
            Ok::<_, Error>(all)
        };
        let listed = merged.map(|all| match all {
            Ok(all) => stream::iter(all.into_iter().map(Ok)).boxed(),
            Err(error) => stream::once(ready(Err(error))).boxed(),
        });
        listed.flatten_stream().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut listed = ListResult { common_prefixes: Vec::new(), objects: Vec::new() };
        let prefix = prefix.cloned().unwrap_or_default();
        for meta in self.list(Some(&prefix)).try_collect::<Vec<_>>().await? {
            let rest: Vec<_> = meta.location.prefix_match(&prefix).into_iter().flatten().collect();
            match &rest[..] {
                [folder, _, ..] => listed.common_prefixes.push(prefix.clone().join(folder.clone())),
                _ => listed.objects.push(meta),
            }
        }
        listed.common_prefixes.dedup();
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let bytes = self.get(from).await?.bytes().await?;
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        self.put_opts(to, bytes.into(), mode.into()).await.map(drop)
    }
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Overlay({:?})", self.below)
    }
}

impl fmt::Display for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Overlay({})", self.below)
    }
}

/// An object that comes in parts; nobody sees it before it is whole.
#[derive(Debug)]
struct Upload {
    overlay: Overlay,
    path: Path,
    pieces: Vec<Range<u64>>,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let appended = self.overlay.append(&data).map(|piece| self.pieces.push(piece));
        ready(appended).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.overlay.enter(&self.path, std::mem::take(&mut self.pieces), false)
    }

    async fn abort(&mut self) -> Result<()> {
        self.pieces.clear();
        Ok(())
    }
}

fn is_under(meta: &ObjectMeta, prefix: &Path) -> bool {
    meta.location.prefix_matches(prefix) && meta.location != *prefix
}

fn failed(source: io::Error) -> Error {
    Error::Generic { store: "overlay", source: source.into() }
}

fn taken(path: &Path) -> Error {
    Error::AlreadyExists { path: path.to_string(), source: "it was written before".into() }
}

fn absent(path: &Path) -> Error {
    Error::NotFound { path: path.to_string(), source: "it was deleted".into() }
}
