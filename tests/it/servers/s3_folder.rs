//! What an S3 server does with its objects: `s3s-fs` keeps them as files, and what it leaves out is
//! added here: of racing conditional writers one wins, and an `ETag` is known wherever it is read.

use std::fs::{self, File};
use std::io;
use std::mem;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use s3s::dto::{self, CopySource, Timestamp};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::s3_object::{Conditions, Object};

/// Where a new object is written, with a short name: `s3s-fs` makes names of files of its key.
const ASIDE: (&str, &str) = (".aside", "object");

type Answer<T> = S3Result<S3Response<T>>;

/// Takes the conditions from an input, as the types of inputs have nothing in common.
macro_rules! conditions {
    ($input:expr) => {
        Conditions { if_match: $input.if_match.take(), if_none_match: $input.if_none_match.take() }
    };
}

/// A folder of buckets.
///
/// A new object is written aside by `s3s-fs`, and then renamed into its place: one at a time, as
/// only so a condition still holds when the object takes its place.
pub(super) struct S3Folder {
    folder: PathBuf,
    inner: FileSystem,
    /// When the newest object was written. No two are given the same time, as that is the `ETag`.
    turn: Mutex<SystemTime>,
}

impl S3Folder {
    pub(super) fn new(folder: &Path) -> Self {
        let inner = FileSystem::new(folder).unwrap();
        Self { folder: folder.to_owned(), inner, turn: Mutex::new(UNIX_EPOCH) }
    }

    fn path(&self, bucket: &str, key: &str) -> S3Result<PathBuf> {
        let bucket = self.folder.join(bucket);
        if !bucket.is_dir() {
            return Err(s3_error!(NoSuchBucket));
        }
        if !Path::new(key).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(s3_error!(InvalidArgument, "no key of a file"));
        }
        Ok(bucket.join(key))
    }

    fn object(&self, bucket: &str, key: &str) -> S3Result<Object> {
        Object::open(&self.path(bucket, key)?).ok_or_else(|| s3_error!(NoSuchKey))
    }

    /// Moves a file to where an object is to be, if the conditions hold.
    fn place(
        &self,
        newest: &mut SystemTime,
        file: &Path,
        to: &Path,
        conditions: &Conditions,
    ) -> S3Result<Object> {
        conditions.check_write(Object::open(to))?;
        let mut object = Object::open(file).ok_or_else(|| s3_error!(InternalError))?;
        object.written = object.written.max(*newest + Duration::from_nanos(1));
        *newest = object.written;
        let moved = object
            .file
            .set_modified(object.written)
            .and_then(|()| fs::create_dir_all(to.parent().unwrap_or(to)))
            .and_then(|()| fs::rename(file, to));
        moved.map_err(S3Error::internal_error)?;
        Ok(object)
    }

    /// Returns a folder for an object that is being written, on the file system of the buckets.
    fn aside(&self) -> S3Result<TempDir> {
        TempDir::new_in(&self.folder).map_err(S3Error::internal_error)
    }
}

#[async_trait]
impl S3 for S3Folder {
    async fn get_object(
        &self,
        request: S3Request<dto::GetObjectInput>,
    ) -> Answer<dto::GetObjectOutput> {
        let mut input = request.input;
        let object = self.object(&input.bucket, &input.key)?;
        conditions!(input).check_read(&object)?;
        let part = match input.range {
            Some(range) => range.check(object.len)?,
            None => 0..object.len,
        };
        let shown = |_| format!("bytes {}-{}/{}", part.start, part.end - 1, object.len);
        Ok(S3Response::new(dto::GetObjectOutput {
            content_length: i64::try_from(part.end - part.start).ok(),
            content_range: input.range.map(shown),
            last_modified: Some(Timestamp::from(object.written)),
            e_tag: Some(object.etag()),
            body: Some(object.body(part)),
            ..Default::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<dto::HeadObjectInput>,
    ) -> Answer<dto::HeadObjectOutput> {
        let mut input = request.input;
        let object = self.object(&input.bucket, &input.key)?;
        conditions!(input).check_read(&object)?;
        Ok(S3Response::new(dto::HeadObjectOutput {
            content_length: i64::try_from(object.len).ok(),
            last_modified: Some(Timestamp::from(object.written)),
            e_tag: Some(object.etag()),
            ..Default::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<dto::ListObjectsV2Input>,
    ) -> Answer<dto::ListObjectsV2Output> {
        let bucket = request.input.bucket.clone();
        // No object may go while `s3s-fs` walks the folders: it would fail.
        let _turn = self.turn.lock().await;
        let mut response = self.inner.list_objects_v2(request).await?;
        for listed in response.output.contents.iter_mut().flatten() {
            let key = listed.key.as_deref().unwrap_or_default();
            listed.e_tag = Some(self.object(&bucket, key)?.etag());
        }
        Ok(response)
    }

    async fn put_object(
        &self,
        mut request: S3Request<dto::PutObjectInput>,
    ) -> Answer<dto::PutObjectOutput> {
        let input = &mut request.input;
        let to = self.path(&input.bucket, &input.key)?;
        let conditions = conditions!(input);
        let aside = self.aside()?;
        let inner = FileSystem::new(aside.path())?;
        (input.bucket, input.key) = (ASIDE.0.to_owned(), ASIDE.1.to_owned());
        let mut response = inner.put_object(request).await?;
        let file = aside.path().join(ASIDE.0).join(ASIDE.1);
        let mut turn = self.turn.lock().await;
        let object = self.place(&mut turn, &file, &to, &conditions)?;
        response.output.e_tag = Some(object.etag());
        Ok(response)
    }

    async fn copy_object(
        &self,
        request: S3Request<dto::CopyObjectInput>,
    ) -> Answer<dto::CopyObjectOutput> {
        let input = request.input;
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
            return Err(s3_error!(NotImplemented));
        };
        let mut from = self.object(bucket, key)?;
        let to = self.path(&input.bucket, &input.key)?;
        let aside = self.aside()?;
        let file = aside.path().join("object");
        let mut copy = File::create(&file).map_err(S3Error::internal_error)?;
        io::copy(&mut from.file, &mut copy).map_err(S3Error::internal_error)?;
        let mut turn = self.turn.lock().await;
        let object = self.place(&mut turn, &file, &to, &Conditions::default())?;
        let result = dto::CopyObjectResult {
            e_tag: Some(object.etag()),
            last_modified: Some(Timestamp::from(object.written)),
            ..Default::default()
        };
        Ok(S3Response::new(dto::CopyObjectOutput {
            copy_object_result: Some(result),
            ..Default::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        mut request: S3Request<dto::CreateMultipartUploadInput>,
    ) -> Answer<dto::CreateMultipartUploadOutput> {
        let input = &mut request.input;
        self.path(&input.bucket, &input.key)?;
        let bucket = mem::replace(&mut input.bucket, ASIDE.0.to_owned());
        let key = mem::replace(&mut input.key, ASIDE.1.to_owned());
        let mut response = self.inner.create_multipart_upload(request).await?;
        (response.output.bucket, response.output.key) = (Some(bucket), Some(key));
        Ok(response)
    }

    async fn complete_multipart_upload(
        &self,
        mut request: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> Answer<dto::CompleteMultipartUploadOutput> {
        let input = &mut request.input;
        let bucket = mem::replace(&mut input.bucket, ASIDE.0.to_owned());
        let key = mem::replace(&mut input.key, ASIDE.1.to_owned());
        let to = self.path(&bucket, &key)?;
        let conditions = conditions!(input);
        let mut turn = self.turn.lock().await;
        // An upload whose conditions do not hold stays, to be aborted.
        conditions.check_write(Object::open(&to))?;
        self.inner.complete_multipart_upload(request).await?;
        let file = self.folder.join(ASIDE.0).join(ASIDE.1);
        let object = self.place(&mut turn, &file, &to, &conditions)?;
        Ok(S3Response::new(dto::CompleteMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            e_tag: Some(object.etag()),
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        mut request: S3Request<dto::AbortMultipartUploadInput>,
    ) -> Answer<dto::AbortMultipartUploadOutput> {
        let input = &mut request.input;
        (input.bucket, input.key) = (ASIDE.0.to_owned(), ASIDE.1.to_owned());
        self.inner.abort_multipart_upload(request).await
    }

    async fn upload_part(
        &self,
        request: S3Request<dto::UploadPartInput>,
    ) -> Answer<dto::UploadPartOutput> {
        self.inner.upload_part(request).await
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<dto::UploadPartCopyInput>,
    ) -> Answer<dto::UploadPartCopyOutput> {
        self.inner.upload_part_copy(request).await
    }

    async fn delete_object(
        &self,
        request: S3Request<dto::DeleteObjectInput>,
    ) -> Answer<dto::DeleteObjectOutput> {
        let _turn = self.turn.lock().await;
        self.inner.delete_object(request).await
    }

    async fn delete_objects(
        &self,
        request: S3Request<dto::DeleteObjectsInput>,
    ) -> Answer<dto::DeleteObjectsOutput> {
        let _turn = self.turn.lock().await;
        self.inner.delete_objects(request).await
    }

    async fn create_bucket(
        &self,
        request: S3Request<dto::CreateBucketInput>,
    ) -> Answer<dto::CreateBucketOutput> {
        self.inner.create_bucket(request).await
    }

    async fn head_bucket(
        &self,
        request: S3Request<dto::HeadBucketInput>,
    ) -> Answer<dto::HeadBucketOutput> {
        self.inner.head_bucket(request).await
    }

    async fn list_buckets(
        &self,
        request: S3Request<dto::ListBucketsInput>,
    ) -> Answer<dto::ListBucketsOutput> {
        self.inner.list_buckets(request).await
    }
}
