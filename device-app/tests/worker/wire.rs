//! The real transport: pinned certificates, portals, broken lines.

use std::sync::mpsc;
use std::time::Duration;

use device_app::transport::{Answer, HttpNetwork, Network, Post, PostError, Server};
use documents::SigningKey;
use protocol::{ENROL_PATH, EnrolReply, EnrolRequest, RefusalCode};

use crate::hub::Hub;
use crate::hub_http::{serve, serve_tls};

fn enrol(url: &str, fingerprint: Option<[u8; 32]>, code: &str) -> Answer {
    // The other tests of this process need no provider of their own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut network = HttpNetwork::start().unwrap();
    let (to, answer) = mpsc::channel();
    let post = Post {
        server: Server {
            url: url.to_owned(),
            fingerprint,
        },
        path: ENROL_PATH,
        token: None,
        body: EnrolRequest::new(code, "PDA", &SigningKey::from_seed(&[3; 32])).to_bytes(),
    };
    network.post(post, Box::new(move |a| to.send(a).unwrap()));
    answer.recv_timeout(Duration::from_secs(30)).unwrap()
}

#[test]
fn only_the_pinned_certificate_is_taken() {
    let (url, fingerprint) = serve_tls(Hub::new());
    assert_eq!(
        enrol(&url, Some([7; 32]), "AAAA1"),
        Err(PostError::CertificateWrong)
    );
    assert_eq!(
        enrol(&url, None, "AAAA1"),
        Err(PostError::Unreachable),
        "no authority knows it"
    );
    let reply = enrol(&url, Some(fingerprint), "AAAA1").unwrap();
    assert_eq!(EnrolReply::from_bytes(&reply).unwrap().device_name, "PDA");
}

#[test]
fn portals_broken_lines_and_refusals_are_told_apart() {
    let hub = Hub::new();
    let url = serve(hub.clone());
    match enrol(&url, None, "WRONG") {
        Err(PostError::Refused(refusal)) => assert_eq!(refusal.code, RefusalCode::EnrolCodeWrong),
        other => panic!("{other:?}"),
    }
    for fault in [PostError::NotTheServer, PostError::Cut] {
        hub.inner().fault = Some(fault);
        assert_eq!(enrol(&url, None, "AAAA1"), Err(fault));
    }
    assert_eq!(
        enrol("http://10.0.0.1", None, "AAAA1"),
        Err(PostError::BadAddress)
    );
    assert_eq!(
        enrol("http://127.0.0.1:9", None, "AAAA1"),
        Err(PostError::Unreachable)
    );
}
