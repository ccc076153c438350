//! A live connection that counts its bytes, TLS and frames included.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use anyhow::{Result, bail};
use documents::Partition;
use futures_util::{SinkExt, StreamExt};
use protocol::live::LIVE_PATH;
use protocol::{LIVE_PACKED_QUERY, LiveFrame, LivePacking, LogPosition, SyncRequest};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::host::work;

/// A socket, and how many bytes have passed in both directions.
pub(crate) struct Counted {
    socket: TcpStream,
    bytes: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        let read = buf.filled().len() - before;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write(cx, buf))?;
        self.bytes.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

pub(crate) struct Line {
    socket: WebSocketStream<TlsStream<Counted>>,
    packing: LivePacking,
    bytes: Arc<AtomicU64>,
}

/// Trusts the certificate that the server of this run made itself.
pub(crate) fn tls() -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(
        work()?.join("server/tls-cert.pem"),
    )?)?;
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Line {
    pub(crate) async fn connect(tls: &TlsConnector, port: u16, token: &str) -> Result<Self> {
        let socket = TcpStream::connect(("127.0.0.1", port)).await?;
        socket.set_nodelay(true)?;
        let bytes = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            socket,
            bytes: bytes.clone(),
        };
        let stream = tls
            .connect(ServerName::try_from("127.0.0.1")?, counted)
            .await?;
        let address = format!("wss://127.0.0.1:{port}{LIVE_PATH}?{LIVE_PACKED_QUERY}");
        let mut request = address.into_client_request()?;
        let bearer = format!("Bearer {token}").parse()?;
        request.headers_mut().insert("authorization", bearer);
        let config = WebSocketConfig::default()
            .read_buffer_size(4 << 10)
            .write_buffer_size(0);
        let (socket, _) =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
        Ok(Self {
            socket,
            packing: LivePacking::default(),
            bytes,
        })
    }

    /// Bytes on the wire since the connection began, both ways.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) async fn send(&mut self, request: &SyncRequest) -> Result<()> {
        Ok(self
            .socket
            .send(Message::binary(request.to_bytes()))
            .await?)
    }

    /// The next frame; what is packed in it is unpacked as at the device's `position`.
    pub(crate) async fn next(
        &mut self,
        position: impl Fn(Partition) -> Result<LogPosition>,
    ) -> Result<LiveFrame> {
        while let Some(message) = self.socket.next().await {
            if let Message::Binary(bytes) = message? {
                return Ok(match LiveFrame::from_bytes(&bytes)? {
                    LiveFrame::Packed(packed) => {
                        let unpacked = self.packing.unpack(&packed)?;
                        let position = position(unpacked.partition)?;
                        LiveFrame::Entries(unpacked.at(&position))
                    }
                    plain => plain,
                });
            }
        }
        bail!("the connection is gone")
    }
}
