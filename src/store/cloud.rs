//! Object storage by URL: S3, Google Cloud Storage, Azure Blob Storage.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreScheme, Result, RetryConfig};
use url::{Position, Url};

use super::listing::CheckedListing;

/// How a place is reached.
#[derive(Clone)]
pub struct Access {
    /// Settings and credentials by the names of `object_store`, beside those of the environment.
    /// Not to be shown: some are secrets.
    pub options: Vec<(String, String)>,
    /// For how long a place that does not answer is tried again.
    pub retry_budget: Duration,
}

impl Default for Access {
    fn default() -> Self {
        Self { options: Vec::new(), retry_budget: Duration::from_secs(30) }
    }
}

/// Opens the bucket of a URL; returns it with the prefix that the URL names.
pub(super) fn open(url: &Url, access: &Access) -> Result<(Arc<dyn ObjectStore>, Path)> {
    let (scheme, prefix) = ObjectStoreScheme::parse(url)?;
    let bucket = &url[..Position::BeforePath];
    let retry = RetryConfig { retry_timeout: access.retry_budget, ..RetryConfig::default() };
    let options = || credentials().chain(access.options.iter().cloned());
    macro_rules! build {
        ($builder:ty) => {{
            let builder = options().fold(
                <$builder>::new().with_url(bucket),
                |builder, (key, value)| match key.to_ascii_lowercase().parse() {
                    Ok(key) => builder.with_config(key, value),
                    Err(_) => builder,
                },
            );
            Arc::new(builder.with_retry(retry).build()?) as Arc<dyn ObjectStore>
        }};
    }
    let bucket = match scheme {
        ObjectStoreScheme::AmazonS3 => build!(AmazonS3Builder),
        ObjectStoreScheme::GoogleCloudStorage => build!(GoogleCloudStorageBuilder),
        ObjectStoreScheme::MicrosoftAzure => build!(MicrosoftAzureBuilder),
        _ => {
            let source = "one of: a folder, file://, s3://, gs://, az://".into();
            return Err(Error::Generic { store: "URL", source });
        }
    };
    Ok((Arc::new(CheckedListing(bucket)), prefix))
}

/// The settings of the clouds' own tools; other variables might be taken for options by accident.
fn credentials() -> impl Iterator<Item = (String, String)> {
    env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(key, _)| ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|own| key.starts_with(own)))
}
