//! TLS: a certificate from files, or one that the server makes itself.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::settings::{Settings, Transport};

/// Handshakes under way at one time; more wait.
const HANDSHAKES_MAX: usize = 128;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing or no PEM.
    #[error("the certificate or key cannot be read")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// Certificate and key do not fit together.
    #[error("the certificate and key cannot be used")]
    Rustls(#[from] rustls::Error),
    /// No certificate could be made.
    #[error("no certificate could be made")]
    Make(#[from] rcgen::Error),
    /// It could not be kept in the data directory.
    #[error("the certificate cannot be kept in the data directory")]
    Keep(#[from] std::io::Error),
    /// The file holds no certificate.
    #[error("the file holds no certificate")]
    Empty,
}

/// What a TLS server needs, and its certificate's fingerprint for people to compare.
pub struct Identity {
    /// For [`TlsListener`].
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, as browsers show it.
    pub fingerprint: String,
    /// The server's own certificate, DER.
    pub certificate: Vec<u8>,
}

impl Identity {
    /// SHA-256 of the certificate.
    pub fn sha256(&self) -> [u8; 32] {
        use sha2::Digest as _;
        sha2::Sha256::digest(&self.certificate).into()
    }
}

/// What the settings ask for; `None` for plain HTTP.
///
/// # Errors
/// See [`TlsError`].
pub fn identity(settings: &Settings) -> Result<Option<Identity>, TlsError> {
    match &settings.transport {
        Transport::PlainOnLoopback | Transport::PlainAnywhere => Ok(None),
        Transport::Tls { certificate, key } => from_files(certificate, key).map(Some),
        Transport::SelfSigned => {
            let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
            let address = settings.listen.ip();
            if !address.is_unspecified() && !address.is_loopback() {
                names.push(address.to_string());
            }
            self_signed(&settings.data, names).map(Some)
        }
    }
}

/// From PEM files.
///
/// # Errors
/// See [`TlsError`].
pub fn from_files(certificate: &Path, key: &Path) -> Result<Identity, TlsError> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let own = chain.first().ok_or(TlsError::Empty)?.to_vec();
    let key = PrivateKeyDer::from_pem_file(key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Identity {
        config: Arc::new(config),
        fingerprint: fingerprint(&own),
        certificate: own,
    })
}

/// The certificate kept in the data directory; made on the first call, for `names` (host names and addresses).
///
/// # Errors
/// See [`TlsError`].
pub fn self_signed(data: &Path, names: Vec<String>) -> Result<Identity, TlsError> {
    let (certificate, key) = (data.join("tls-cert.pem"), data.join("tls-key.pem"));
    if !certificate.exists() || !key.exists() {
        let made = rcgen::generate_simple_self_signed(names)?;
        write_private(&key, &made.signing_key.serialize_pem())?;
        std::fs::write(&certificate, made.cert.pem())?;
    }
    from_files(&certificate, &key)
}

/// Writes a file that only its owner may read.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn fingerprint(certificate: &[u8]) -> String {
    use sha2::Digest as _;
    let pairs: Vec<String> = sha2::Sha256::digest(certificate)
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    pairs.join(":")
}

/// Accepts TLS connections. Handshakes run beside each other, so that a slow one holds nobody up.
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Starts accepting on `listener`.
    ///
    /// # Errors
    /// If the listener has no address.
    pub fn start(listener: TcpListener, config: Arc<ServerConfig>) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(16);
        tokio::spawn(accept_all(listener, TlsAcceptor::from(config), sender));
        Ok(Self { ready, address })
    }
}

async fn accept_all(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let slots = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    while let Ok(slot) = slots.clone().acquire_owned().await {
        let (stream, peer) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = sender.closed() => return,
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await;
            drop(slot);
            match handshake {
                Ok(Ok(stream)) => {
                    // The server has stopped if nobody takes it.
                    let _ = sender.send((stream, peer)).await;
                }
                Ok(Err(error)) => tracing::debug!("TLS handshake failed: {error}"),
                Err(_) => tracing::debug!("TLS handshake took too long"),
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(*stream.remote_addr())
    }
}
