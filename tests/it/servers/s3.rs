//! S3 over HTTP, served within the test process by `s3s` on a thread of its own: signatures are
//! checked, and the objects are files of a folder (`s3_folder`).

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{
    Error, GetOptions, ObjectStore as _, ObjectStoreExt as _, PutMode, UpdateVersion,
};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::s3_folder::S3Folder;

const ACCESS_KEY: &str = "an-access-key";
const SECRET_KEY: &str = "a/secret+key-of-the-tests";

/// An S3 server of its own.
pub(crate) struct S3 {
    port: u16,
    folder: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    temporary: Option<TempDir>,
}

impl S3 {
    /// Starts a server without a bucket.
    pub(crate) fn start() -> Self {
        let temporary = TempDir::new().unwrap();
        let mut server = Self::at(temporary.path());
        server.temporary = Some(temporary);
        server
    }

    /// Starts a server of what lies in a folder: a folder is a bucket, a file below an object.
    pub(crate) fn at(folder: &Path) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut builder = S3ServiceBuilder::new(S3Folder::new(folder));
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = builder.build();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = Runtime::new().unwrap();
            runtime.spawn(serve(listener, service));
            runtime.block_on(stopped).ok();
            // Whoever is still connected is cut off, as by a server that dies.
            runtime.shutdown_background();
        });
        let folder = folder.to_owned();
        Self { port, folder, stop: Some(stop), thread: Some(thread), temporary: None }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn access_key(&self) -> &'static str {
        ACCESS_KEY
    }

    pub(crate) fn secret_key(&self) -> &'static str {
        SECRET_KEY
    }

    /// Returns the folder of the buckets.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Creates a bucket; returns its folder.
    pub(crate) fn bucket(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Returns what `s3://bucket/…` needs to reach this server.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT", self.endpoint().as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_REGION", "us-east-1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Opens a bucket.
    pub(crate) fn store(&self, bucket: &str) -> AmazonS3 {
        let builder = AmazonS3Builder::new().with_bucket_name(bucket);
        let settings = self.env().into_iter();
        let builder = settings.fold(builder, |builder, (name, value)| {
            builder.with_config(name.to_ascii_lowercase().parse().unwrap(), value)
        });
        builder.build().unwrap()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.stop.take();
        self.thread.take().map(JoinHandle::join);
    }
}

async fn serve(listener: TcpListener, service: S3Service) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let http = Builder::new(TokioExecutor::new());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let connection = http.serve_connection(TokioIo::new(stream), service.clone());
        tokio::spawn(connection.into_owned());
    }
}

#[test]
fn of_many_writers_of_one_key_one_wins() {
    let server = S3::start();
    server.bucket("lake");
    let (runtime, store) = (Runtime::new().unwrap(), server.store("lake"));
    for round in 0..20 {
        let key = Key::from(format!("log/{round:020}.json"));
        let write = |writer: u8| {
            let put = store.put_opts(&key, vec![writer].into(), PutMode::Create.into());
            match runtime.block_on(put) {
                Ok(_) => Some(writer),
                Err(Error::AlreadyExists { .. }) => None,
                Err(error) => panic!("{error:?}"),
            }
        };
        let winners: Vec<u8> = thread::scope(|scope| {
            let write = &write;
            let writers: Vec<_> =
                (0..16).map(|writer| scope.spawn(move || write(writer))).collect();
            writers.into_iter().filter_map(|writer| writer.join().unwrap()).collect()
        });
        let there = runtime.block_on(async { store.get(&key).await?.bytes().await }).unwrap();
        assert_eq!(winners, there, "round {round}");
    }
}

#[test]
fn an_object_has_one_etag_until_it_is_written_again() {
    let server = S3::start();
    server.bucket("lake");
    let (runtime, store, key) =
        (Runtime::new().unwrap(), server.store("lake"), Key::from("a/b.parquet"));
    let put = |bytes: &'static str, mode: PutMode| {
        runtime.block_on(store.put_opts(&key, bytes.into(), mode.into()))
    };
    let etag = put("01234567", PutMode::Create).unwrap().e_tag;
    let head = runtime.block_on(store.head(&key)).unwrap();
    let listed = runtime.block_on(store.list_with_delimiter(Some(&"a".into()))).unwrap().objects;
    assert_eq!((&head.e_tag, &listed[0].e_tag), (&etag, &etag));

    let get = |if_match: &Option<String>| {
        let options = GetOptions::new().with_range(Some(2..4)).with_if_match(if_match.clone());
        runtime.block_on(async { store.get_opts(&key, options).await?.bytes().await })
    };
    assert_eq!(get(&etag).unwrap(), "23");
    let update = |e_tag| PutMode::Update(UpdateVersion { e_tag, version: None });
    let newer = put("76543210", update(etag.clone())).unwrap().e_tag;
    assert_eq!(get(&newer).unwrap(), "54");
    assert!(matches!(get(&etag), Err(Error::Precondition { .. })));
    assert!(matches!(put("", update(etag)), Err(Error::Precondition { .. })));
}
