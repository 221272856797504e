//! A local file system whose writes are on disk before they are seen: `object_store` 0.13 syncs
//! nothing, so after a power cut a commit could be there and be empty.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Write as _};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{self, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    UploadPart,
};

use super::RUNTIME;

/// A [`LocalFileSystem`] that stages, syncs, publishes and syncs the folder.
#[derive(Debug, Default)]
pub(super) struct SyncedFileSystem {
    inner: LocalFileSystem,
}

impl fmt::Display for SyncedFileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Synced{}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for SyncedFileSystem {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let path = self.inner.path_to_filesystem(location)?;
        blocking(move || {
            let staged = Staged::create(path)?;
            payload.iter().try_for_each(|chunk| (&staged.file).write_all(chunk))?;
            staged.publish(&options.mode)
        })
        .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let path = self.inner.path_to_filesystem(location)?;
        let staged = blocking(move || Staged::create(path)).await?;
        Ok(Box::new(Upload { staged: Some(Arc::new(staged)), offset: 0 }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// A file under a name that listings skip; dropped before it is published, it is removed.
#[derive(Debug)]
struct Staged {
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl Staged {
    /// Creates `<target>#<n>`, and the folders above it; n is random, so that no other process takes
    /// the name again while this one may still remove it.
    fn create(target: PathBuf) -> io::Result<Self> {
        let first = RandomState::new().build_hasher().finish() >> 1;
        for n in first.. {
            let mut path = target.clone().into_os_string();
            path.push(format!("#{n}"));
            let path = PathBuf::from(path);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { file, path, target }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound && n == first => {
                    create_folders(&target)?;
                }
                Err(error) => return Err(error),
            }
        }
        unreachable!("numbers do not run out")
    }

    fn publish(&self, mode: &PutMode) -> io::Result<PutResult> {
        self.file.sync_all()?;
        match mode {
            PutMode::Overwrite => fs::rename(&self.path, &self.target)?,
            PutMode::Create => fs::hard_link(&self.path, &self.target)?,
            PutMode::Update(_) => return Err(io::ErrorKind::Unsupported.into()),
        }
        let folder = self.target.parent().expect("an object lies in a folder");
        File::open(folder)?.sync_all()?;
        Ok(PutResult { e_tag: None, version: None })
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a rename it is gone already; a file left behind is skipped by every listing.
        drop(fs::remove_file(&self.path));
    }
}

/// Creates the folders above a file and syncs each that gained an entry.
fn create_folders(target: &path::Path) -> io::Result<()> {
    let folder = target.parent().expect("an object lies in a folder");
    let n_missing = folder.ancestors().take_while(|above| !above.exists()).count();
    fs::create_dir_all(folder)?;
    folder.ancestors().skip(1).take(n_missing).try_for_each(|above| File::open(above)?.sync_all())
}

#[derive(Debug)]
struct Upload {
    staged: Option<Arc<Staged>>,
    offset: u64,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let staged = self.staged.clone();
        let mut offset = self.offset;
        self.offset += data.content_length() as u64;
        blocking(move || {
            let staged = staged.ok_or(io::ErrorKind::BrokenPipe)?;
            for chunk in &data {
                staged.file.write_all_at(chunk, offset)?;
                offset += chunk.len() as u64;
            }
            Ok(())
        })
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let staged = self.staged.take();
        blocking(move || staged.ok_or(io::ErrorKind::BrokenPipe)?.publish(&PutMode::Overwrite))
            .await
    }

    async fn abort(&mut self) -> Result<()> {
        self.staged = None;
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(
    deed: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = RUNTIME.spawn_blocking(deed).await?;
    done.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::AlreadyExists { path: String::new(), source: error.into() }
        }
        _ => Error::Generic { store: "local", source: error.into() },
    })
}
