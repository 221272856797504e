//! A place that holds objects, local or not: the store's own root, or where a source drops files.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek as _};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, WriteMultipart};
use url::Url;

use super::cause::cause;
use super::chunks::{CHUNK_BYTES, CHUNKS_IN_FLIGHT, Chunks, LOCAL_CHUNK_BYTES};
use super::cloud::{self, Access};
use super::local::SyncedFileSystem;
use super::overlay::Overlay;
use super::{RUNTIME, StoreError};

/// A folder, or a prefix of a bucket.
#[derive(Clone)]
pub struct Location {
    url: Url,
    /// The folder when it is local.
    folder: Option<PathBuf>,
    /// The whole file system or bucket.
    bucket: Arc<dyn ObjectStore>,
    /// Where in the bucket the location is.
    prefix: Path,
    /// What lies below the location.
    objects: Arc<dyn ObjectStore>,
}

/// What a listing tells about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The name below the location.
    pub name: String,
    pub size_bytes: u64,
    /// The entity tag, else the time of the last change: differs when the bytes may differ.
    pub version: String,
    pub changed_at: DateTime<Utc>,
}

/// The schemes of the stores that there are.
const SCHEMES: [&str; 7] = ["file", "s3", "s3a", "gs", "az", "abfs", "abfss"];

impl Location {
    /// Opens a folder or a URL that must be there.
    pub fn open_existing(path_or_url: &str, access: &Access) -> Result<Self, StoreError> {
        if let Some(folder) = local_folder(path_or_url) {
            return Self::open_folder(path_or_url, folder);
        }
        let unreachable =
            |error: object_store::Error| StoreError::unreachable(path_or_url, cause(&error));
        let url =
            Url::parse(path_or_url).map_err(|error| StoreError::unreachable(path_or_url, error))?;
        let (bucket, prefix) = cloud::open(&url, access).map_err(unreachable)?;
        let location = Self::below(url, None, bucket, prefix);
        let first = RUNTIME.block_on(location.objects.list(None).next());
        first.transpose().map_err(unreachable)?;
        Ok(location)
    }

    /// Lists the objects whose names begin with `prefix`, at any depth, by name.
    pub fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, StoreError> {
        // A folder that was unmounted would list as empty.
        if self.folder.as_ref().is_some_and(|folder| !folder.is_dir()) {
            let source = io::Error::from(io::ErrorKind::NotADirectory);
            return Err(StoreError::unreachable(self.url.as_str(), source));
        }
        let folder = prefix.rsplit_once('/').map(|(folder, _)| path(folder)).transpose()?;
        let listed = self.objects.list(folder.as_ref()).try_collect::<Vec<_>>();
        let listed = RUNTIME
            .block_on(listed)
            .map_err(|error| StoreError::unreachable(self.url.as_str(), cause(&error)))?;
        let mut objects: Vec<_> = listed.into_iter().map(ObjectInfo::from).collect();
        objects.retain(|object| object.name.starts_with(prefix));
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    /// Reads an object whole.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        RUNTIME.block_on(self.fetch(name)).map(Vec::from)
    }

    /// Opens an object to be read in chunks; fails in the middle if it is replaced meanwhile.
    pub fn reader(&self, name: &str) -> Result<Box<dyn Read + Send>, StoreError> {
        let meta = RUNTIME.block_on(self.head(name))?;
        Ok(Box::new(Chunks::new(self.objects(), path(name)?, &meta, self.chunk_bytes())))
    }

    /// Returns what a listing would tell about an object; `None` where there is none.
    pub fn find(&self, name: &str) -> Result<Option<ObjectInfo>, StoreError> {
        match RUNTIME.block_on(self.head(name)) {
            Ok(meta) => Ok(Some(ObjectInfo::from(meta))),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn open_or_create(path_or_url: &str, access: &Access) -> Result<Self, StoreError> {
        if let Some(folder) = local_folder(path_or_url) {
            fs::create_dir_all(folder)
                .map_err(|error| StoreError::unreachable(path_or_url, error))?;
        }
        Self::open_existing(path_or_url, access)
    }

    pub(super) fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let path = path(name)?;
        let put = self.objects.put(&path, bytes.into());
        RUNTIME.block_on(put).map_err(|error| StoreError::object("write", name, error))?;
        Ok(())
    }

    /// Deletes an object; one that is gone already is as good.
    pub(super) fn delete(&self, name: &str) -> Result<(), StoreError> {
        match RUNTIME.block_on(self.objects.delete(&path(name)?)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::object("delete", name, error)),
        }
    }

    /// Puts an object unless the name is taken by other bytes.
    ///
    /// The same bytes under the name count as ours: an answer may be lost after the deed.
    pub(super) fn put_if_absent(&self, name: &str, bytes: Vec<u8>) -> Result<bool, StoreError> {
        let bytes = Bytes::from(bytes);
        let path = path(name)?;
        let put = self.objects.put_opts(&path, bytes.clone().into(), PutMode::Create.into());
        match RUNTIME.block_on(put) {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(self.read(name)? == bytes),
            Err(error) => Err(StoreError::object("write", name, error)),
        }
    }

    fn chunk_bytes(&self) -> u64 {
        if self.folder.is_some() { LOCAL_CHUNK_BYTES } else { CHUNK_BYTES }
    }

    /// Puts a file, in parts when it is big.
    pub(super) fn put_file(&self, name: &str, mut file: File) -> Result<(), StoreError> {
        let failed = |error: io::Error| StoreError::io("upload", name, error);
        let size_bytes = file.metadata().map_err(failed)?.len();
        file.rewind().map_err(failed)?;
        // A buffer that is just large enough: one that grows may grow to twice that.
        let mut read = |n_bytes: u64| {
            let mut bytes = vec![0; usize::try_from(n_bytes).expect("a part fits into memory")];
            file.read_exact(&mut bytes).map(|()| bytes).map_err(failed)
        };
        let chunk_bytes = self.chunk_bytes();
        if size_bytes <= chunk_bytes {
            return self.put(name, read(size_bytes)?);
        }
        let refused = |error| StoreError::object("upload", name, error);
        RUNTIME.block_on(async {
            let upload = self.objects.put_multipart(&path(name)?).await.map_err(refused)?;
            let mut upload = WriteMultipart::new_with_chunk_size(upload, chunk_bytes as usize);
            let mut n_left = size_bytes;
            while n_left > 0 {
                // Before the next part is read there is room for it.
                upload.wait_for_capacity(CHUNKS_IN_FLIGHT).await.map_err(refused)?;
                let n_bytes = n_left.min(chunk_bytes);
                upload.put(read(n_bytes)?.into());
                n_left -= n_bytes;
            }
            upload.finish().await.map_err(refused)?;
            Ok(())
        })
    }

    pub(super) async fn head(&self, name: &str) -> Result<ObjectMeta, StoreError> {
        let head = self.objects.head(&path(name)?).await;
        head.map_err(|error| StoreError::object("read", name, error))
    }

    pub(super) async fn fetch(&self, name: &str) -> Result<Bytes, StoreError> {
        let failed = |error| StoreError::object("read", name, error);
        let got = self.objects.get(&path(name)?).await.map_err(failed)?;
        got.bytes().await.map_err(failed)
    }

    /// Returns a place without objects.
    pub(super) fn nowhere() -> Self {
        let url = Url::parse("memory:///").expect("a constant URL is one");
        Self::below(url, None, Arc::new(InMemory::new()), Path::default())
    }

    /// Returns the same place with an overlay: nothing that is written reaches it.
    pub(super) fn overlaid(&self) -> io::Result<Self> {
        let bucket: Arc<dyn ObjectStore> = Arc::new(Overlay::over(self.bucket())?);
        // Delta would look for the tables of a `file://` place in the file system itself.
        let url = match &self.folder {
            Some(_) => Url::parse(&format!("memory://{}", self.url.path())),
            None => Ok(self.url.clone()),
        };
        let url = url.expect("the path of a URL is one of another");
        Ok(Self::below(url, self.folder.clone(), bucket, self.prefix.clone()))
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn bucket(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.bucket)
    }

    /// Puts another object store in place: one that fails on purpose.
    #[cfg(test)]
    pub(super) fn replace_objects(&mut self, objects: Arc<dyn ObjectStore>) {
        self.objects = objects;
    }

    pub(super) fn objects(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.objects)
    }

    fn open_folder(place: &str, folder: PathBuf) -> Result<Self, StoreError> {
        let folder = folder
            .canonicalize()
            .and_then(|folder| folder.read_dir().map(|_| folder))
            .map_err(|error| StoreError::unreachable(place, error))?;
        let url = Url::from_directory_path(&folder).expect("a canonical path is absolute");
        let prefix = Path::from_absolute_path(&folder)
            .map_err(|error| StoreError::unreachable(place, error))?;
        Ok(Self::below(url, Some(folder), Arc::new(SyncedFileSystem::default()), prefix))
    }

    fn below(
        mut url: Url,
        folder: Option<PathBuf>,
        bucket: Arc<dyn ObjectStore>,
        prefix: Path,
    ) -> Self {
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let objects = Arc::new(PrefixStore::new(Arc::clone(&bucket), prefix.clone()));
        Self { url, folder, bucket, prefix, objects }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Location").field(&self.url.as_str()).finish()
    }
}

impl From<ObjectMeta> for ObjectInfo {
    fn from(meta: ObjectMeta) -> Self {
        let changed = meta.last_modified.to_rfc3339();
        Self {
            name: meta.location.to_string(),
            size_bytes: meta.size,
            // Azure writes quotes around it in one answer and not in another.
            version: meta.e_tag.map_or(changed, |e_tag| e_tag.trim_matches('"').to_owned()),
            changed_at: meta.last_modified,
        }
    }
}

/// Returns the folder that a path or a `file://` URL names; `None` for other URLs.
fn local_folder(path_or_url: &str) -> Option<PathBuf> {
    if !path_or_url.contains("://") {
        // One slash short, `s3:/bucket` would be a folder of that name.
        let scheme = path_or_url.split_once(":/").map(|(scheme, _)| scheme);
        let is_url = scheme.is_some_and(|scheme| SCHEMES.contains(&scheme));
        return (!is_url).then(|| PathBuf::from(path_or_url));
    }
    let url = Url::parse(path_or_url).ok().filter(|url| url.scheme() == "file")?;
    url.to_file_path().ok()
}

/// Parses a name as listings give it: nothing is encoded a second time.
fn path(name: &str) -> Result<Path, StoreError> {
    Path::parse(name).map_err(|error| StoreError::io("parse", name, error))
}
