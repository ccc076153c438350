//! TLS 1.3 between two handhelds: raw public keys (RFC 7250) in both directions, and the keys are the device keys. There
//! is no X.509 certificate, so there is no name, no authority and no date; whose key it is, the hello inside says.

use std::sync::Arc;

use documents::{PublicKey, SigningKey};
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{
    CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme,
};

/// DER of an Ed25519 public key (RFC 8410) before its 32 bytes.
const PUBLIC_KEY_HEAD: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// DER of an Ed25519 private key (RFC 8410) before its 32 bytes.
const PRIVATE_KEY_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// For the side that listens.
///
/// # Errors
/// The key cannot be used.
pub(super) fn server_config(key: &SigningKey) -> Result<ServerConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(AnyKey {
        provider: provider.clone(),
        expected: None,
    });
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(certified(
            key,
        )?)));
    // A resumed session would rest on what an earlier handshake proved; devices may have been revoked since.
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// For the side that connects. `expected`: the key that the other must prove, where it is known.
///
/// # Errors
/// The key cannot be used.
pub(super) fn client_config(
    key: &SigningKey,
    expected: Option<PublicKey>,
) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(AnyKey {
        provider: provider.clone(),
        expected,
    });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(certified(
            key,
        )?)));
    config.resumption = rustls::client::Resumption::disabled();
    config.enable_sni = false;
    Ok(config)
}

/// The key that the other side proved in a handshake that is over.
pub(super) fn proven(shown: Option<&[CertificateDer<'_>]>) -> Option<PublicKey> {
    match shown {
        Some([key]) => public_key(key),
        _ => None,
    }
}

fn certified(key: &SigningKey) -> Result<Arc<CertifiedKey>, Error> {
    let private = [&PRIVATE_KEY_HEAD[..], &key.seed()].concat();
    let private = ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(private))?;
    let public = [&PUBLIC_KEY_HEAD[..], key.public().as_bytes()].concat();
    Ok(Arc::new(CertifiedKey::new(
        vec![CertificateDer::from(public)],
        private,
    )))
}

fn public_key(der: &[u8]) -> Option<PublicKey> {
    let key = der.strip_prefix(&PUBLIC_KEY_HEAD)?;
    key.try_into().ok().map(PublicKey::from_bytes)
}

/// Accepts any Ed25519 key that the handshake proves, or only the expected one.
#[derive(Debug)]
struct AnyKey {
    provider: Arc<CryptoProvider>,
    expected: Option<PublicKey>,
}

impl AnyKey {
    fn check(&self, shown: &CertificateDer<'_>) -> Result<(), Error> {
        match (public_key(shown), self.expected) {
            (Some(key), Some(expected)) if key != expected => Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )),
            (Some(_), _) => Ok(()),
            (None, _) => Err(Error::InvalidCertificate(CertificateError::BadEncoding)),
        }
    }

    fn verify(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(shown.as_ref());
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }
}

/// TLS 1.2 is never negotiated.
fn too_old() -> Result<HandshakeSignatureValid, Error> {
    Err(Error::PeerIncompatible(
        rustls::PeerIncompatible::Tls12NotOffered,
    ))
}

impl ServerCertVerifier for AnyKey {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(shown).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        too_old()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, shown, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for AnyKey {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(shown).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        too_old()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, shown, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    /// Whom each side has proven, if the handshake ended and a byte came through.
    async fn shake(client: ClientConfig) -> (Option<PublicKey>, Option<PublicKey>) {
        let (here, there) = tokio::io::duplex(4_096);
        let acceptor = TlsAcceptor::from(Arc::new(server_config(&key(1)).unwrap()));
        let connector = TlsConnector::from(Arc::new(client));
        let host = ServerName::try_from("10.0.0.1").unwrap();
        let accepting = async {
            let mut stream = acceptor.accept(there).await.ok()?;
            stream.write_all(b"x").await.ok()?;
            stream.flush().await.ok()?;
            proven(stream.get_ref().1.peer_certificates())
        };
        let connecting = async {
            let mut stream = connector.connect(host, here).await.ok()?;
            stream.read_u8().await.ok()?;
            proven(stream.get_ref().1.peer_certificates())
        };
        tokio::join!(accepting, connecting)
    }

    #[tokio::test]
    async fn each_proves_its_key_to_the_other() {
        for expected in [None, Some(key(1).public())] {
            let client = client_config(&key(2), expected).unwrap();
            let (at_server, at_client) = shake(client).await;
            assert_eq!(at_server, Some(key(2).public()));
            assert_eq!(at_client, Some(key(1).public()));
        }
    }

    #[tokio::test]
    async fn another_key_than_the_expected_one_is_refused() {
        let client = client_config(&key(2), Some(key(3).public())).unwrap();
        assert_eq!(shake(client).await, (None, None));
    }

    #[tokio::test]
    async fn who_shows_no_key_is_refused() {
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(AnyKey {
            provider: provider.clone(),
            expected: None,
        });
        let client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        assert_eq!(shake(client).await.0, None);
    }
}
