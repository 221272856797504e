//! A store whose n-th write and all after it fail, as when a process is killed, or one that waits
//! before a write, as when a process is slow: for the tests of what that leaves behind.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::channel::oneshot;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::cloud::Access;
use super::{Store, StoreError};

/// What becomes of the write at which the store fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not done.
    Refused,
    /// It is done, but the answer is lost.
    AnswerLost,
    /// None fails, but raw bytes cannot be read once they are opened.
    RawUnread,
}

impl Store {
    /// Opens a store in which `n_writes` succeed before one fails.
    pub(crate) fn failing(url: &str, n_writes: usize, fault: Fault) -> Result<Self, StoreError> {
        let mut store = Self::open(url, &Access::default())?;
        let inner = store.root.objects();
        let n_left = AtomicUsize::new(n_writes);
        let wait = Mutex::default();
        store.root.replace_objects(Arc::new(Faulty { inner, n_left, fault, wait }));
        Ok(store)
    }

    /// Opens a store that waits once after some writes, and fails some writes after that.
    pub(crate) fn slow(
        url: &str,
        n_writes: usize,
        n_more: usize,
    ) -> Result<(Self, Pause), StoreError> {
        let mut store = Self::open(url, &Access::default())?;
        let inner = store.root.objects();
        let n_left = AtomicUsize::new(n_writes + n_more);
        let (tell, reached) = oneshot::channel();
        let (resume, resumed) = oneshot::channel();
        let wait = Mutex::new(Some(Wait { n_more, tell, resumed }));
        let fault = Fault::Refused;
        store.root.replace_objects(Arc::new(Faulty { inner, n_left, fault, wait }));
        Ok((store, Pause { reached, resume }))
    }
}

/// Where a slow store waits, seen from outside.
#[derive(Debug)]
pub(crate) struct Pause {
    /// Told when the store waits; dropped when it is closed without having waited.
    pub(crate) reached: oneshot::Receiver<()>,
    /// Lets it go on.
    pub(crate) resume: oneshot::Sender<()>,
}

/// What a slow store does once: before its last so many writes it tells that it waits, and waits.
#[derive(Debug)]
struct Wait {
    n_more: usize,
    tell: oneshot::Sender<()>,
    resumed: oneshot::Receiver<()>,
}

#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn ObjectStore>,
    n_left: AtomicUsize,
    fault: Fault,
    wait: Mutex<Option<Wait>>,
}

impl Faulty {
    /// Waits, where this is the write to wait before.
    async fn wait(&self) {
        let n_left = self.n_left.load(Ordering::SeqCst);
        let is_due = |wait: &mut Wait| n_left <= wait.n_more;
        let wait = self.wait.lock().expect("nobody panics here").take_if(is_due);
        if let Some(Wait { tell, resumed, .. }) = wait {
            tell.send(()).ok();
            resumed.await.ok();
        }
    }

    /// Takes one of the writes that are left; tells how many there were.
    fn take(&self) -> Option<usize> {
        let less = |n: usize| n.checked_sub(1);
        self.n_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).ok()
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({})", self.inner)
    }
}

fn killed() -> Error {
    Error::Generic { store: "faulty", source: "the process was killed here".into() }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.wait().await;
        match self.take() {
            Some(1) if self.fault == Fault::AnswerLost => {
                self.inner.put_opts(location, payload, options).await?;
                Err(killed())
            }
            Some(_) => self.inner.put_opts(location, payload, options).await,
            None => Err(killed()),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.wait().await;
        self.take().ok_or_else(killed)?;
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let is_raw = location.as_ref().starts_with("raw/") && options.range.is_some();
        if is_raw && self.fault == Fault::RawUnread {
            return Err(killed());
        }
        self.inner.get_opts(location, options).await
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

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
