//! One request of a webhook: to the address that was checked, without following where an answer leads.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::reach::{Target, Unreachable};
use crate::proxies::Proxy;

/// All of one try.
pub const TIMEOUT: Duration = Duration::from_secs(15);
/// So much of an answer is read, to leave the connection in order; what it says does not matter.
const ANSWER_MAX: usize = 16 * 1024;

static TLS: LazyLock<Option<Arc<ClientConfig>>> = LazyLock::new(|| {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_platform_verifier()
        .ok()?
        .with_no_client_auth();
    Some(Arc::new(config))
});

/// Why there is no status; each has words under `webhooks.outcome.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    /// It may not be gone there.
    Unreachable(Unreachable),
    /// Nobody answers at the address.
    NoConnection,
    /// TLS failed: an unknown certificate, most often.
    Tls,
    /// The connection broke.
    Broken,
    /// It took too long.
    Timeout,
}

impl NotSent {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable(why) => why.code(),
            Self::NoConnection => "no-connection",
            Self::Tls => "tls",
            Self::Broken => "broken",
            Self::Timeout => "timeout",
        }
    }
}

/// Posts a body with these headers.
///
/// # Errors
/// [`NotSent`].
pub(crate) async fn post(
    url: &str,
    headers: &[(&str, String)],
    body: String,
    allowed: &[Proxy],
    timeout: Duration,
) -> Result<StatusCode, NotSent> {
    let work = async {
        let target = Target::parse(url).map_err(NotSent::Unreachable)?;
        let address = target
            .resolve(allowed)
            .await
            .map_err(NotSent::Unreachable)?;
        let stream = TcpStream::connect(address)
            .await
            .map_err(|_| NotSent::NoConnection)?;
        if !target.tls {
            return exchange(stream, &target, headers, body).await;
        }
        let config = TLS.clone().ok_or(NotSent::Tls)?;
        let name = ServerName::try_from(target.host.clone()).map_err(|_| NotSent::Tls)?;
        let stream = TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|_| NotSent::Tls)?;
        exchange(stream, &target, headers, body).await
    };
    tokio::time::timeout(timeout, work)
        .await
        .unwrap_or(Err(NotSent::Timeout))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &Target,
    headers: &[(&str, String)],
    body: String,
) -> Result<StatusCode, NotSent> {
    let broken = |_| NotSent::Broken;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let driver = tokio::spawn(connection);
    let host = match target.host.contains(':') {
        true => format!("[{}]:{}", target.host, target.port),
        false => format!("{}:{}", target.host, target.port),
    };
    let mut request = Request::post(&target.path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, "Tallyman")
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| NotSent::Unreachable(Unreachable::BadUrl))?;
    let answer = sender.send_request(request).await.map_err(broken);
    let status = match answer {
        Ok(answer) => {
            let status = answer.status();
            let _ = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
            Ok(status)
        }
        Err(error) => Err(error),
    };
    driver.abort();
    status
}
