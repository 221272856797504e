//! A connection that only reads, and what goes wrong on it.

use std::fs;
use std::future::poll_fn;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Connection, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::debug;

use crate::pipeline::source::postgres;
use crate::store::RUNTIME;

use super::super::secrets::Secrets;
use super::super::{Context, Fault, connect_timeout};

/// What a connection is made with.
pub(super) struct Login {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    settings: String,
}

impl Login {
    pub(super) fn new(
        kind: &postgres::Postgres,
        context: Context<'_>,
        secrets: &Secrets,
    ) -> Result<Self, Fault> {
        let mut config: Config = kind
            .location
            .parse()
            .map_err(|error: Error| Fault::lasting("`location` cannot be read").because(&error))?;
        if let Some(password) = &kind.password {
            config.password(secrets.reveal(password)?);
        }
        config.application_name("hoso").connect_timeout(connect_timeout(context.settings));
        config.ssl_mode(if kind.tls { SslMode::Require } else { SslMode::Disable });
        let tls = if kind.tls { Some(trust(kind)?) } else { None };
        let offset = context.settings.utc_offset_seconds;
        let timeout_ms = kind.statement_timeout.as_millis();
        // Points in time are written in local time, as every log writes them.
        let settings = format!(
            "SET default_transaction_read_only = on; SET statement_timeout = {timeout_ms}; \
             SET lock_timeout = '10s'; SET DateStyle = 'ISO'; SET client_encoding = 'UTF8'; \
             SET TIME ZONE INTERVAL '{offset} seconds'"
        );
        Ok(Self { config, tls, settings })
    }

    /// Connects; the connection ends with the client.
    pub(super) async fn connect(&self) -> Result<Client, Fault> {
        let failed = |error: Error| fault("the connection failed", &error);
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) =
                    self.config.connect(tls.clone()).await.map_err(failed)?;
                drop(RUNTIME.spawn(watched(connection)));
                client
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(failed)?;
                drop(RUNTIME.spawn(watched(connection)));
                client
            }
        };
        client.batch_execute(&self.settings).await.map_err(failed)?;
        Ok(client)
    }
}

/// Keeps a connection going. What the server says beside its answers may quote what it reads, and
/// goes nowhere; left to itself, the connection would log it.
async fn watched<S, T>(mut connection: Connection<S, T>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(said) = poll_fn(|context| connection.poll_message(context)).await {
        // The client tells of the error, too.
        if said.is_err() {
            debug!("connection to a database broke off");
            return;
        }
    }
}

fn trust(kind: &postgres::Postgres) -> Result<MakeRustlsConnect, Fault> {
    let mut roots = RootCertStore::empty();
    match &kind.ca {
        Some(path) => {
            let what = || Fault::lasting(format!("no certificates in `{}`", path.display()));
            let pem = fs::read(path).map_err(|error| what().because(&error))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|error| what().because(&error))?;
                roots.add(certificate).map_err(|error| what().because(&error))?;
            }
            if roots.is_empty() {
                return Err(what());
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::lasting("no TLS").because(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// Tells what the server or the connection failed with.
pub(super) fn fault(what: &str, error: &Error) -> Fault {
    let Some(answer) = error.as_db_error() else {
        return Fault::passing(what)
            .because(error)
            .advise("look whether the server is up, and `tls` and `ca` are right");
    };
    let code = answer.code().code();
    let (class, _) = code.split_at_checked(2).unwrap_or((code, ""));
    // What is said of values may quote them; what is said of names comes from the pipeline.
    let quotes_values =
        !["08", "25", "28", "3D", "3F", "40", "42", "53", "55", "57"].contains(&class);
    let said = if quotes_values { "" } else { answer.message() };
    let text = format!("{what}: SQLSTATE {code} {said}");
    let text = text.trim_end();
    match class {
        _ if code == "57014" => {
            Fault::lasting(text).advise("give it more `statement_timeout_seconds`, or an index")
        }
        "08" | "40" | "53" | "55" | "57" => Fault::passing(text).advise("run again later"),
        "28" => Fault::lasting(text).advise("look whether user and password are right"),
        "42" | "3D" | "3F" => {
            Fault::lasting(text).advise("look whether what is read exists and may be read")
        }
        _ => Fault::lasting(text).advise("try the query by hand"),
    }
}
