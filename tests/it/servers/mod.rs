//! Real servers on loopback, each on a free port and gone when its value is dropped or the test
//! process ends: object storage, a database, file transfer. `scripts/test` installs what they need.
#![allow(clippy::allow_attributes, reason = "what is unused differs between the crates' tests")]
#![allow(dead_code, reason = "the unit tests use some of the servers, the other tests others")]

pub(crate) mod azure;
pub(crate) mod http;
pub(crate) mod keeper;
pub(crate) mod postgres;
pub(crate) mod s3;
mod s3_folder;
mod s3_object;
pub(crate) mod sftp;
