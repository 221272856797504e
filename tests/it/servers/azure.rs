//! Azure Blob Storage as Azurite serves it: `azurite-blob`, a program of Node's that `scripts/test`
//! installs and names in `HOSO_TEST_AZURITE`, with its blobs in a temporary folder.

use std::env;
use std::process::Command;

use object_store::ObjectStoreExt as _;
use object_store::azure::{
    AzureAccessKey, AzureAuthorizer, AzureCredential, MicrosoftAzure, MicrosoftAzureBuilder,
};
use object_store::client::{
    ClientOptions, HttpConnector as _, HttpRequest, HttpRequestBody, ReqwestConnector,
};
use object_store::path::Path;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::keeper::{Keeper, free_port};

/// The account that Azurite serves, with the key that its documentation gives.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// An Azurite of its own.
pub(crate) struct Azurite {
    port: u16,
    runtime: Runtime,
    _keeper: Keeper,
    _folder: TempDir,
}

impl Azurite {
    /// Starts the server, without a container.
    pub(crate) fn start() -> Self {
        let program = env::var("HOSO_TEST_AZURITE").unwrap_or_else(|_| "azurite-blob".to_owned());
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let mut server = Command::new(program);
        server.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
        server.arg("--location").arg(folder.path());
        server.args(["--skipApiVersionCheck", "--disableTelemetry", "--silent"]);
        let mut keeper = Keeper::start(&server, folder.path().join("log"));
        keeper.wait_for(port);
        let runtime = Runtime::new().unwrap();
        Self { port, runtime, _keeper: keeper, _folder: folder }
    }

    /// Returns the URL of the account, whose containers lie below.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/{ACCOUNT}", self.port)
    }

    /// Returns what `az://container/…` needs to reach this server.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        [
            ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT),
            ("AZURE_STORAGE_ACCOUNT_KEY", KEY),
            ("AZURE_ENDPOINT", &self.endpoint()),
            ("AZURE_ALLOW_HTTP", "true"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Creates a container.
    pub(crate) fn container(&self, name: &str) -> &Self {
        let url = format!("{}/{name}?restype=container", self.endpoint());
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = "PUT".parse().unwrap();
        *request.uri_mut() = url.parse().unwrap();
        request.headers_mut().insert("content-length", "0".parse().unwrap());
        let key = AzureCredential::AccessKey(AzureAccessKey::try_new(KEY).unwrap());
        AzureAuthorizer::new(&key, ACCOUNT).authorize(&mut request);
        let options = ClientOptions::new().with_allow_http(true);
        let client = ReqwestConnector::default().connect(&options).unwrap();
        let answer = self.runtime.block_on(client.execute(request)).unwrap();
        assert!(answer.status().is_success(), "{url}: {}", answer.status());
        self
    }

    /// Puts a blob into a container.
    pub(crate) fn put(&self, container: &str, name: &str, bytes: impl Into<Vec<u8>>) -> &Self {
        let bytes: Vec<u8> = bytes.into();
        let store = self.store(container);
        let name = Path::parse(name).unwrap();
        self.runtime.block_on(store.put(&name, bytes.into())).unwrap();
        self
    }

    /// Opens a container.
    pub(crate) fn store(&self, container: &str) -> MicrosoftAzure {
        let builder = MicrosoftAzureBuilder::new().with_container_name(container);
        let settings = self.env().into_iter();
        let builder = settings.fold(builder, |builder, (name, value)| {
            builder.with_config(name.to_ascii_lowercase().parse().unwrap(), value)
        });
        builder.build().unwrap()
    }
}
