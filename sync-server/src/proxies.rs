//! Proxies that stand before this server: whom they ask for is read from what they say, and from nobody else.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;

use crate::state::AppState;
use crate::tls::Peer;

/// What a proxy that is not the last one adds to. Other headers of this kind are not read: a proxy passes on, unchanged,
/// those that it does not know, and with them whatever its caller wrote.
const HEADER: &str = "x-forwarded-for";

/// Addresses of proxies that are believed: one, or all of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proxy {
    network: IpAddr,
    /// How many leading bits count.
    bits: u32,
}

/// It is neither an address nor a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write an address such as 10.0.0.2 or fd00::2, or a network such as 10.0.0.0/24")]
pub struct NotANetwork;

impl FromStr for Proxy {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| NotANetwork)?)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let whole = if network.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(whole);
        if bits > whole {
            return Err(NotANetwork);
        }
        Ok(Self { network, bits })
    }
}

impl Proxy {
    /// Whether an address is one of it.
    pub(crate) fn covers(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// Who asks, where `peer` is at the other end of the connection: the last one named that is no proxy of ours. What stands
/// before it was written by whoever asks. A name that is no address ends the reading: the proxy that wrote it asks.
fn client(proxies: &[Proxy], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_ours = |address| proxies.iter().any(|proxy| proxy.covers(address));
    let named: Vec<&str> = headers
        .get_all(HEADER)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .collect();
    let mut at = peer;
    for name in named.into_iter().rev() {
        match address(name.trim()) {
            Some(next) if is_ours(at) => at = next,
            _ => break,
        }
    }
    at
}

/// Some proxies add the port.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port)
}

/// Stands before everything that asks who is at the other end.
pub(crate) async fn look_behind(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    if let Some(ConnectInfo(Peer(peer))) = peer.copied() {
        let asks = client(app.proxies(), peer.ip(), request.headers());
        let asks = Peer(SocketAddr::new(asks, peer.port()));
        request.extensions_mut().insert(ConnectInfo(asks));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_named_that_is_no_proxy_of_ours_asks() {
        let proxies: Vec<Proxy> = ["10.0.0.0/24", "fd00::2"]
            .map(|text| text.parse().unwrap())
            .into();
        let check = |peer: &str, named: &[&str], expected: &str| {
            let mut headers = HeaderMap::new();
            for value in named {
                headers.append(HEADER, value.parse().unwrap());
            }
            let asks = client(&proxies, peer.parse().unwrap(), &headers);
            assert_eq!(asks.to_string(), expected, "{peer} {named:?}");
        };
        check("10.0.0.2", &["192.168.7.9"], "192.168.7.9");
        check("::ffff:10.0.0.2", &["192.168.7.9"], "192.168.7.9");
        check("fd00::2", &["2001:db8::7"], "2001:db8::7");
        check("10.0.0.2", &["192.168.7.9:4711"], "192.168.7.9");
        check("10.0.0.2", &["[2001:db8::7]:4711"], "2001:db8::7");
        // One behind the other.
        check("10.0.0.2", &["192.168.7.9, 10.0.0.3"], "192.168.7.9");
        check("10.0.0.2", &["192.168.7.9", "10.0.0.3"], "192.168.7.9");
        // What the caller wrote itself stands before what our proxy adds.
        check("10.0.0.2", &["1.1.1.1, 192.168.7.9"], "192.168.7.9");
        check("10.0.0.2", &["10.0.0.4, 192.168.7.9"], "192.168.7.9");
        // Nobody else is believed.
        check("192.168.7.9", &["1.1.1.1"], "192.168.7.9");
        check("10.0.1.2", &["1.1.1.1"], "10.0.1.2");
        check("10.0.0.2", &[], "10.0.0.2");
        check("10.0.0.2", &["1.1.1.1, unknown"], "10.0.0.2");
        check("10.0.0.2", &["1.1.1.1, nobody, 10.0.0.3"], "10.0.0.3");
    }

    #[test]
    fn networks_are_read_and_nonsense_is_not() {
        for text in ["10.0.0.2", "10.0.0.0/24", "::1", "fd00::/8", "0.0.0.0/0"] {
            assert!(text.parse::<Proxy>().is_ok(), "{text}");
        }
        for text in [
            "",
            "proxy",
            "10.0.0.0/33",
            "fd00::/129",
            "10.0.0.0/x",
            "10.0.0.2:80",
        ] {
            assert_eq!(text.parse::<Proxy>(), Err(NotANetwork), "{text}");
        }
        let all: Proxy = "0.0.0.0/0".parse().unwrap();
        assert!(all.covers("192.168.7.9".parse().unwrap()));
        assert!(!all.covers("::1".parse().unwrap()));
    }
}
