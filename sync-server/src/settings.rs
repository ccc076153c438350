//! How the server is run.

use std::net::SocketAddr;
use std::path::PathBuf;

/// How connections are protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP; allowed on loopback only, since passwords and stock would cross the network for all to read.
    PlainOnLoopback,
    /// Plain HTTP wherever, because somebody said so: behind a proxy that speaks TLS.
    PlainAnywhere,
    /// TLS with this certificate and key, PEM files.
    Tls {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// TLS with a certificate that the server makes itself and keeps in its data directory.
    SelfSigned,
}

/// How the server is run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Holds the databases, and the certificate if it is self-signed.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// How connections are protected.
    pub transport: Transport,
}

/// The address may be reached from the network, and nothing would protect what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} can be reached from the network, and plain HTTP would send passwords readable: give --tls-cert and \
     --tls-key, or --tls-self-signed, or listen on 127.0.0.1; behind a proxy that speaks TLS, \
     --insecure-plain-http-on-any-address"
)]
pub struct Unprotected(pub SocketAddr);

impl Settings {
    /// Refuses plain HTTP on addresses that others can reach.
    ///
    /// # Errors
    /// [`Unprotected`].
    pub fn check(&self) -> Result<(), Unprotected> {
        if self.transport == Transport::PlainOnLoopback && !self.listen.ip().is_loopback() {
            return Err(Unprotected(self.listen));
        }
        Ok(())
    }

    /// Whether browsers reach this server itself through TLS.
    pub fn secure(&self) -> bool {
        matches!(
            self.transport,
            Transport::Tls { .. } | Transport::SelfSigned
        )
    }

    /// The address that people type, when none was given.
    pub fn own_url(&self) -> String {
        let scheme = if self.secure() { "https" } else { "http" };
        format!("{scheme}://{}", self.listen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        let check = |listen: &str, transport: Transport| {
            Settings {
                data: PathBuf::new(),
                listen: listen.parse().unwrap(),
                transport,
            }
            .check()
            .is_ok()
        };
        assert!(check("127.0.0.1:8080", Transport::PlainOnLoopback));
        assert!(check("[::1]:8080", Transport::PlainOnLoopback));
        assert!(!check("0.0.0.0:8080", Transport::PlainOnLoopback));
        assert!(!check("192.168.1.5:8080", Transport::PlainOnLoopback));
        assert!(check("0.0.0.0:8080", Transport::PlainAnywhere));
        assert!(check("0.0.0.0:8443", Transport::SelfSigned));
    }
}
