//! Postgres: connecting, with or without TLS, and the pool.

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::bb8::Pool;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolableConnection, RecyclingMethod,
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::open::OpenError;

/// How long connecting, or waiting for a free connection, may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// No statement may hold locks for long, and a program that died may not hold them at all.
const SESSION: &str = "SET statement_timeout = '5s'; SET idle_in_transaction_session_timeout = '5s'; \
                       SET TimeZone = 'UTC'";

/// How the connection is encrypted, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls {
    /// Never.
    Disable,
    /// If the server can; the default.
    Prefer,
    /// Always; the certificate is not checked.
    Require,
    /// Always; the certificate must be the server's and from a public authority.
    VerifyFull,
}

/// Where and how to connect.
#[derive(Clone)]
pub(crate) struct Target {
    config: tokio_postgres::Config,
    tls: Tls,
    /// Host and database, for messages: never the password.
    pub(crate) shown: String,
}

impl FromStr for Target {
    type Err = OpenError;

    fn from_str(url: &str) -> Result<Self, OpenError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut tls = Tls::Prefer;
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => tls = mode_of(mode)?,
                _ => others.push(pair),
            }
        }
        let mut plain = base.to_owned();
        if !others.is_empty() {
            plain.push('?');
            plain.push_str(&others.join("&"));
        }
        let mut config: tokio_postgres::Config = plain.parse().map_err(|error: tokio_postgres::Error| {
            let why =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            OpenError::BadUrl { why }
        })?;
        config.ssl_mode(match tls {
            Tls::Disable => SslMode::Disable,
            Tls::Prefer => SslMode::Prefer,
            Tls::Require | Tls::VerifyFull => SslMode::Require,
        });
        config.connect_timeout(CONNECT_TIMEOUT);
        config.tcp_user_timeout(Duration::from_secs(10));
        if config.get_application_name().is_none() {
            config.application_name("frontdesk");
        }
        let hosts: Vec<String> = config
            .get_hosts()
            .iter()
            .map(|host| match host {
                tokio_postgres::config::Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
            })
            .collect();
        let ports: Vec<String> = config.get_ports().iter().map(ToString::to_string).collect();
        let shown = format!(
            "Postgres at {}:{}/{}",
            hosts.join(","),
            if ports.is_empty() {
                "5432".to_owned()
            } else {
                ports.join(",")
            },
            config.get_dbname().unwrap_or("")
        );
        Ok(Target { config, tls, shown })
    }
}

fn mode_of(mode: &str) -> Result<Tls, OpenError> {
    match mode {
        "disable" => Ok(Tls::Disable),
        "prefer" | "allow" => Ok(Tls::Prefer),
        "require" => Ok(Tls::Require),
        "verify-full" => Ok(Tls::VerifyFull),
        other => Err(OpenError::BadUrl {
            why: format!("sslmode `{other}` is none of disable, prefer, require, verify-full"),
        }),
    }
}

impl Target {
    /// A new connection, ready for use.
    pub(crate) async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let mut conn = tokio::time::timeout(CONNECT_TIMEOUT, self.connect_at_leisure())
            .await
            .map_err(|_| ConnectionError::BadConnection("no answer in 3 s".to_owned()))??;
        conn.batch_execute(SESSION)
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }

    async fn connect_at_leisure(&self) -> ConnectionResult<AsyncPgConnection> {
        let refused = |error: tokio_postgres::Error| {
            // The error's own text leaves its cause out.
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            ConnectionError::BadConnection(format!("{error}{}", cause.unwrap_or_default()))
        };
        let config = match self.tls {
            Tls::Disable => {
                let (client, connection) = self
                    .config
                    .connect(tokio_postgres::NoTls)
                    .await
                    .map_err(refused)?;
                return AsyncPgConnection::try_from_client_and_connection(client, connection).await;
            }
            Tls::Prefer | Tls::Require => unchecked_tls(),
            Tls::VerifyFull => checked_tls(),
        };
        let tls =
            MakeRustlsConnect::new(config.map_err(|why| ConnectionError::BadConnection(why.to_string()))?);
        let (client, connection) = self.config.connect(tls).await.map_err(refused)?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    }

    /// A pool of connections; connects when one is needed, so that a program starts to say what is wrong.
    pub(crate) async fn pool(&self, size: u32) -> Result<Pool<AsyncPgConnection>, OpenError> {
        let target = self.clone();
        let mut settings = ManagerConfig::default();
        // What the connection itself knows of its state; asking the server would cost a round trip a call.
        settings.recycling_method =
            RecyclingMethod::CustomFunction(Box::new(|conn: &mut AsyncPgConnection| {
                let state = if conn.is_broken() {
                    Err(diesel::result::Error::BrokenTransactionManager)
                } else {
                    Ok(())
                };
                Box::pin(std::future::ready(state))
            }));
        settings.custom_setup = Box::new(move |_| {
            let target = target.clone();
            Box::pin(async move { target.connect().await })
        });
        Pool::builder()
            .max_size(size.max(1))
            .connection_timeout(CONNECT_TIMEOUT)
            .retry_connection(false)
            .build(AsyncDieselConnectionManager::new_with_config("", settings))
            .await
            .map_err(|error| OpenError::Unreachable {
                what: self.shown.clone(),
                why: error.to_string(),
            })
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn checked_tls() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn unchecked_tls() -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider())))
        .with_no_client_auth())
}

/// Takes any certificate, as libpq does under `prefer` and `require`: it keeps listeners out, not
/// impostors. Signatures of the handshake are checked all the same.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
