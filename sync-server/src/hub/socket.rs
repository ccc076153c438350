//! The hub's end of a WebSocket. A message goes out in frames of a bounded size: the buffer that a connection keeps for
//! good is as large as the largest frame that it ever sent.

use std::future::Future;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use protocol::live::LIVE_REQUEST_BYTES_MAX;
use tokio_tungstenite::WebSocketStream;
pub(super) use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// One TLS record.
const FRAME_BYTES_MAX: usize = 16 << 10;
const READ_BUFFER: usize = 4 << 10;

/// The line is cut, or what came is no WebSocket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone;

pub(super) struct Socket(WebSocketStream<TokioIo<Upgraded>>);

/// What to answer to a request for a WebSocket, and the socket that is there once the answer is sent; `None` if it is no
/// such request.
pub(super) fn upgrade(
    request: &mut Request,
) -> Option<(Response, impl Future<Output = Result<Socket, Gone>> + use<>)> {
    let response = create_response_with_body(request, Body::empty).ok()?;
    let upgraded = hyper::upgrade::on(request);
    let config = WebSocketConfig::default()
        .max_message_size(Some(LIVE_REQUEST_BYTES_MAX))
        .max_frame_size(Some(LIVE_REQUEST_BYTES_MAX))
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0);
    let socket = async move {
        let wire = TokioIo::new(upgraded.await.map_err(|_| Gone)?);
        let stream = WebSocketStream::from_raw_socket(wire, Role::Server, Some(config)).await;
        Ok(Socket(stream))
    };
    Some((response, socket))
}

impl Socket {
    /// The next message; may be dropped and called again.
    pub(super) async fn next(&mut self) -> Result<Message, Gone> {
        match self.0.next().await {
            Some(Ok(message)) => Ok(message),
            Some(Err(_)) | None => Err(Gone),
        }
    }

    pub(super) async fn ping(&mut self) -> Result<(), Gone> {
        let ping = Message::Ping(Bytes::new());
        self.0.send(ping).await.map_err(|_| Gone)
    }

    pub(super) async fn send(&mut self, message: Vec<u8>) -> Result<(), Gone> {
        let mut rest = Bytes::from(message);
        let mut kind = Data::Binary;
        loop {
            let part = rest.split_to(rest.len().min(FRAME_BYTES_MAX));
            let frame = Frame::message(part, OpCode::Data(kind), rest.is_empty());
            self.0.send(Message::Frame(frame)).await.map_err(|_| Gone)?;
            if rest.is_empty() {
                return Ok(());
            }
            kind = Data::Continue;
        }
    }
}
