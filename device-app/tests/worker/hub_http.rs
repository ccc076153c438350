//! The hub behind a socket, as small as HTTP/1.1 allows.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use device_app::transport::PostError;
use protocol::MEDIA_TYPE;

use crate::hub::Hub;

/// Serves until the test ends. Returns the URL.
pub(crate) fn serve(hub: Hub) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let hub = hub.clone();
            std::thread::spawn(move || connection(&stream, &hub));
        }
    });
    url
}

/// Requests of one connection, until it is closed.
fn connection(stream: &TcpStream, hub: &Hub) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
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
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(&body).ok()?;
    }
}
