//! The server on a real socket, plain and with TLS.

use std::sync::Arc;

use crate::common::Warehouse;
use rustls::pki_types::{CertificateDer, ServerName};
use sync_server::settings::{Settings, Transport};
use sync_server::{ServeError, serve, tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn settings(warehouse: &Warehouse, listener: &TcpListener, transport: Transport) -> Settings {
    Settings {
        data: warehouse.folder.path().to_owned(),
        listen: listener.local_addr().unwrap(),
        transport,
    }
}

#[tokio::test]
async fn plain_http_on_loopback_stops_when_told_even_with_a_live_page_open() {
    let warehouse = Warehouse::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = settings(&warehouse, &listener, Transport::PlainOnLoopback);
    let (stop, stopped) = oneshot::channel::<()>();
    let app = warehouse.app.clone();
    let server = tokio::spawn(async move {
        let shutdown = async {
            let _ = stopped.await;
        };
        serve(&settings, app, listener, None, shutdown).await
    });
    let answer = ask(TcpStream::connect(address).await.unwrap()).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"),
        "{answer}"
    );

    let browser = warehouse
        .signed_in(sync_server::store::accounts::Role::Viewer)
        .await;
    let mut live = TcpStream::connect(address).await.unwrap();
    let session = browser.cookie("tm_session").unwrap();
    let request = format!("GET /live HTTP/1.1\r\nHost: x\r\nCookie: tm_session={session}\r\n\r\n");
    live.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0u8; 512];
    let n = live.read(&mut head).await.unwrap();
    assert!(String::from_utf8_lossy(&head[..n]).contains("text/event-stream"));
    warehouse.app.announce_change();
    let n = live.read(&mut head).await.unwrap();
    assert!(String::from_utf8_lossy(&head[..n]).contains("event: changed\ndata: all"));

    stop.send(()).unwrap();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), server).await;
    ended.expect("it stops").unwrap().unwrap();
}

#[tokio::test]
async fn a_self_signed_certificate_is_made_once_and_serves() {
    let warehouse = Warehouse::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = settings(&warehouse, &listener, Transport::SelfSigned);
    let identity = tls::identity(&settings).unwrap().unwrap();
    let again = tls::identity(&settings).unwrap().unwrap();
    assert_eq!(identity.fingerprint, again.fingerprint);
    assert_eq!(identity.fingerprint.len(), 32 * 3 - 1);
    let certificate = CertificateDer::from(identity.certificate.clone());
    let app = warehouse.app.clone();
    tokio::spawn(async move {
        serve(
            &settings,
            app,
            listener,
            Some(identity),
            std::future::pending(),
        )
        .await
    });

    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    // A connection that says nothing does not hold up the next one.
    let _silent = TcpStream::connect(address).await.unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    assert!(ask(stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn plain_http_on_other_addresses_is_refused() {
    let warehouse = Warehouse::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(&warehouse, &listener, Transport::PlainOnLoopback);
    settings.listen = "0.0.0.0:8080".parse().unwrap();
    let refused = serve(
        &settings,
        warehouse.app.clone(),
        listener,
        None,
        std::future::pending(),
    )
    .await;
    assert!(matches!(refused, Err(ServeError::Unprotected(_))));
}
