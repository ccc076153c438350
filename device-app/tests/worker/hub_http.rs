//! The hub behind a socket, as small as HTTP/1.1 allows.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use device_app::transport::PostError;
use protocol::MEDIA_TYPE;
use rustls::pki_types::PrivatePkcs8KeyDer;
use sha2::{Digest, Sha256};

use crate::hub::Hub;

/// Serves until the test ends. Returns the URL.
pub(crate) fn serve(hub: Hub) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let hub = hub.clone();
            std::thread::spawn(move || connection(stream, &hub));
        }
    });
    url
}

/// The same over TLS, with a certificate that no authority knows. Returns the URL and what to pin.
pub(crate) fn serve_tls(hub: Hub) -> (String, [u8; 32]) {
    let made = rcgen::generate_simple_self_signed(vec!["hub.test".to_owned()]).unwrap();
    let fingerprint = Sha256::digest(made.cert.der()).into();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into());
    let config = Arc::new(config.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (hub, config) = (hub.clone(), config.clone());
            std::thread::spawn(move || {
                let tls = rustls::ServerConnection::new(config).unwrap();
                connection(rustls::StreamOwned::new(tls, stream), &hub)
            });
        }
    });
    (url, fingerprint)
}

/// Requests of one connection, until it is closed.
fn connection(stream: impl Read + Write, hub: &Hub) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let path = line.split(' ').nth(1)?.to_owned();
        let (mut length, mut token) = (0, None);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((name, value)) = header.trim().split_once(": ") else {
                break;
            };
            match name.to_lowercase().as_str() {
                "content-length" => length = value.parse().ok()?,
                "authorization" => token = value.strip_prefix("Bearer ").map(str::to_owned),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let (status, media, body) = match hub.answer(&path, token.as_deref(), &body) {
            Ok(body) => (200, MEDIA_TYPE, body),
            Err(PostError::Refused(refusal)) => {
                (refusal.code.status(), MEDIA_TYPE, refusal.to_bytes())
            }
            // A captive portal.
            Err(PostError::NotTheServer) => (200, "text/html", b"<html>Sign in to Wi-Fi".to_vec()),
            // A line that breaks in the middle.
            Err(_) => return None,
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {media}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let stream = reader.get_mut();
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(&body).ok()?;
        stream.flush().ok()?;
    }
}
