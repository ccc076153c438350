//! One WebSocket to the hub, beside the POSTs. It knows nothing of what is sent.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::LIVE_PACKED_QUERY;
use protocol::live::{LIVE_FRAME_BYTES_MAX, LIVE_PATH};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::{Server, pinned};

const CONNECT: Duration = Duration::from_secs(10);
/// A frame that cannot be handed to the system for so long: nobody reads at the other end.
const SEND: Duration = Duration::from_secs(15);

/// What happened to a live connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveNews {
    Opened,
    /// A frame of the hub.
    Frame(Vec<u8>),
    /// Something that says no more than that the hub is there.
    Heard,
    /// It could not be opened, or it is gone. Nothing comes after this.
    Closed,
}

/// Told of what happens, from any thread.
pub type LiveTell = Box<dyn FnMut(LiveNews) + Send>;

#[derive(Debug)]
enum Say {
    Request(Vec<u8>),
    Ping,
}

/// What is said on a live connection. Dropping it closes the connection.
#[derive(Debug)]
pub struct LiveLine(UnboundedSender<Say>);

impl LiveLine {
    /// Sends a request. If the line is gone, [`LiveNews::Closed`] says so.
    pub fn request(&self, bytes: Vec<u8>) {
        let _ = self.0.send(Say::Request(bytes));
    }

    /// Asks whether the hub is there.
    pub fn ping(&self) {
        let _ = self.0.send(Say::Ping);
    }
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Why there is no connection; polling goes on, so nobody is told more.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Begins to open a connection on the runtime.
pub(super) fn open(
    runtime: &tokio::runtime::Handle,
    server: Server,
    token: String,
    mut tell: LiveTell,
) -> LiveLine {
    let (line, said) = unbounded_channel();
    runtime.spawn(async move {
        match timeout(CONNECT, connect(&server, &token)).await {
            Ok(Ok(socket)) => {
                tell(LiveNews::Opened);
                carry(socket, said, &mut tell).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "no live connection"),
            Err(_) => tracing::debug!("no live connection in time"),
        }
        tell(LiveNews::Closed);
    });
    LiveLine(line)
}

async fn connect(server: &Server, token: &str) -> Result<WebSocketStream<Box<dyn Wire>>, Failed> {
    let url = reqwest::Url::parse(&server.url)?;
    let host = url.host_str().unwrap_or_default();
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let tcp = TcpStream::connect((host.as_str(), port)).await?;
    // A scan is one small frame, and waits for nothing.
    tcp.set_nodelay(true)?;
    let wire: Box<dyn Wire> = if url.scheme() == "https" {
        let connector = TlsConnector::from(Arc::new(tls(server)?));
        Box::new(connector.connect(ServerName::try_from(host)?, tcp).await?)
    } else {
        Box::new(tcp)
    };
    let origin = server.url.replacen("http", "ws", 1);
    let mut request = format!("{origin}{LIVE_PATH}?{LIVE_PACKED_QUERY}").into_client_request()?;
    let bearer = format!("Bearer {token}").parse()?;
    request.headers_mut().insert("authorization", bearer);
    let config = WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .write_buffer_size(0)
        .max_message_size(Some(LIVE_FRAME_BYTES_MAX))
        .max_frame_size(Some(LIVE_FRAME_BYTES_MAX));
    let (socket, _) =
        tokio_tungstenite::client_async_with_config(request, wire, Some(config)).await?;
    Ok(socket)
}

fn tls(server: &Server) -> Result<ClientConfig, rustls::Error> {
    if let Some(fingerprint) = server.fingerprint {
        // A POST says that the certificate is wrong; this one is only not opened.
        return pinned::client_config(fingerprint, Arc::new(AtomicBool::new(false)));
    }
    Ok(
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth(),
    )
}

async fn carry(
    mut socket: WebSocketStream<Box<dyn Wire>>,
    mut said: UnboundedReceiver<Say>,
    tell: &mut LiveTell,
) {
    loop {
        let message = tokio::select! {
            say = said.recv() => match say {
                Some(Say::Request(bytes)) => Message::binary(bytes),
                Some(Say::Ping) => Message::Ping(Default::default()),
                None => {
                    // The hub notices a cut line as well.
                    let _ = timeout(Duration::from_secs(1), socket.close(None)).await;
                    return;
                }
            },
            frame = socket.next() => {
                match frame {
                    Some(Ok(Message::Binary(bytes))) => tell(LiveNews::Frame(bytes.into())),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => tell(LiveNews::Heard),
                    _ => return,
                }
                continue;
            }
        };
        if !matches!(timeout(SEND, socket.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
}
