//! Where webhooks may go: names are resolved once, checked, and the connection is made to the address that was checked.
//! Nobody can point the server at what only it can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::Uri;

use crate::proxies::Proxy;

/// Why an address is not gone to; each has words under `webhooks.outcome.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreachable {
    /// It is no address of HTTPS, or of HTTP in a network that was allowed.
    BadUrl,
    /// Nobody knows the name.
    NoSuchHost,
    /// It lies in a private network.
    Private,
}

impl Unreachable {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadUrl => "bad-url",
            Self::NoSuchHost => "no-such-host",
            Self::Private => "private",
        }
    }
}

/// Where a webhook goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whether TLS protects it.
    pub tls: bool,
    /// Its name, for TLS and the `Host` header.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

impl Target {
    /// Reads an address.
    ///
    /// # Errors
    /// [`Unreachable::BadUrl`].
    pub fn parse(url: &str) -> Result<Self, Unreachable> {
        let uri: Uri = url.trim().parse().map_err(|_| Unreachable::BadUrl)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(Unreachable::BadUrl),
        };
        let authority = uri.authority().ok_or(Unreachable::BadUrl)?;
        // A name and a password in the address would stand on the page.
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(Unreachable::BadUrl);
        }
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host);
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            path: uri.path_and_query().map_or("/", |p| p.as_str()).to_owned(),
        })
    }

    /// Resolves the name and picks an address that may be gone to. Of several that it resolves to all have to be allowed.
    ///
    /// # Errors
    /// [`Unreachable`].
    pub async fn resolve(&self, allowed: &[Proxy]) -> Result<SocketAddr, Unreachable> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(|_| Unreachable::NoSuchHost)?
            .collect();
        let first = *found.first().ok_or(Unreachable::NoSuchHost)?;
        let is_allowed = |address: &SocketAddr| {
            let by_hand = allowed.iter().any(|network| network.covers(address.ip()));
            by_hand || self.tls && is_public(address.ip())
        };
        match found.iter().all(is_allowed) {
            true => Ok(first),
            false if self.tls || found.iter().any(|a| !is_public(a.ip())) => {
                Err(Unreachable::Private)
            }
            // Stock would cross the internet for all to read.
            false => Err(Unreachable::BadUrl),
        }
    }
}

/// Whether an address is one of the internet: everything that a registry has set apart is none (RFC 6890 and what came
/// after it).
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(a == 0
        || v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_broadcast()
        || v4.is_documentation()
        || v4.is_multicast()
        || a >= 240
        || a == 100 && (64..128).contains(&b)
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || a == 198 && (b == 18 || b == 19))
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [a, b, ..] = v6.segments();
    // Only global unicast is handed out; of it NAT64, Teredo, 6to4 and documentation lead elsewhere or nowhere.
    (a & 0xe000) == 0x2000
        && !(a == 0x2001 && b < 0x0200)
        && !(a == 0x2001 && b == 0x0db8)
        && a != 0x2002
        && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_internet_is_public() {
        for text in ["1.1.1.1", "223.5.5.5", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn addresses_are_read_strictly() {
        let target = Target::parse("https://example.com/hook?a=1").unwrap();
        assert_eq!((target.tls, target.port), (true, 443));
        assert_eq!(
            (target.host.as_str(), target.path.as_str()),
            ("example.com", "/hook?a=1")
        );
        assert_eq!(Target::parse("http://[::1]:81/").unwrap().host, "::1");
        for text in [
            "",
            "example.com",
            "ftp://x/",
            "file:///etc/passwd",
            "https://",
            "https://a:b@c/",
            "/x",
        ] {
            assert_eq!(Target::parse(text), Err(Unreachable::BadUrl), "{text}");
        }
    }

    #[tokio::test]
    async fn names_and_numbers_of_this_machine_are_refused_unless_allowed() {
        let loopback: Vec<Proxy> = vec!["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        for url in [
            "https://127.0.0.1/",
            "http://127.0.0.1/",
            "https://localhost/",
            "https://[::1]/",
            "http://169.254.169.254/",
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!(
                target.resolve(&[]).await,
                Err(Unreachable::Private),
                "{url}"
            );
        }
        let target = Target::parse("http://127.0.0.1:9/").unwrap();
        assert!(target.resolve(&loopback).await.is_ok());
        let target = Target::parse("http://1.1.1.1/").unwrap();
        assert_eq!(
            target.resolve(&loopback).await,
            Err(Unreachable::BadUrl),
            "not in the clear"
        );
    }
}
