//! The text of the QR that one handheld shows and another scans: where it listens, which key it holds, what it offers.

use std::net::SocketAddr;

use documents::PublicKey;

/// What the one that shows the QR offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Sync with a handheld of the same organisation.
    Sync,
    /// Set up a new handheld that knows this secret, once.
    SetUp([u8; 16]),
}

/// What a handheld shows for another one to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    /// Where it listens, the likeliest first.
    pub addresses: Vec<SocketAddr>,
    /// The key that it proves in the TLS handshake.
    pub key: PublicKey,
    /// See [`Offer`].
    pub offer: Offer,
}

const HEAD: &str = "TALLYMAN-PAIR1";
/// Nobody listens at more addresses that matter.
const ADDRESSES_MAX: usize = 8;

impl Pairing {
    /// The QR's text: `TALLYMAN-PAIR1|address,address|key|secret`, the secret empty where sync is offered.
    pub fn to_text(&self) -> String {
        let addresses: Vec<String> = self
            .addresses
            .iter()
            .take(ADDRESSES_MAX)
            .map(SocketAddr::to_string)
            .collect();
        let secret = match self.offer {
            Offer::Sync => String::new(),
            Offer::SetUp(secret) => to_hex(&secret),
        };
        let key = to_hex(self.key.as_bytes());
        format!("{HEAD}|{}|{key}|{secret}", addresses.join(","))
    }

    /// Whether a scanned text means to be one, well or badly written.
    pub fn is_meant(text: &str) -> bool {
        text.trim().starts_with(HEAD)
    }

    /// Reads the QR's text; `None` if it is none of ours.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('|');
        if parts.next()? != HEAD {
            return None;
        }
        let addresses: Vec<SocketAddr> = parts
            .next()?
            .split(',')
            .take(ADDRESSES_MAX)
            .map(|a| a.parse().ok())
            .collect::<Option<_>>()?;
        let key = PublicKey::from_bytes(from_hex(parts.next()?)?);
        let offer = match parts.next()? {
            "" => Offer::Sync,
            secret => Offer::SetUp(from_hex(secret)?),
        };
        parts.next().is_none().then_some(Self {
            addresses,
            key,
            offer,
        })
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanned_back() {
        for offer in [Offer::Sync, Offer::SetUp([0x5a; 16])] {
            let pairing = Pairing {
                addresses: ["192.168.1.5:40123", "[fe80::1]:40123"]
                    .map(|a| a.parse().unwrap())
                    .into(),
                key: PublicKey::from_bytes([0xab; 32]),
                offer,
            };
            assert_eq!(Pairing::from_text(&pairing.to_text()), Some(pairing));
        }
    }

    #[test]
    fn other_texts_are_no_pairing() {
        let key = "ab".repeat(32);
        let secret = "5a".repeat(16);
        for text in [
            "TALLYMAN1|https://x|A|".to_owned(),
            "TALLYMAN-PAIR1".to_owned(),
            format!("TALLYMAN-PAIR1||{key}|"),
            format!("TALLYMAN-PAIR1|warehouse:80|{key}|"),
            format!("TALLYMAN-PAIR1|10.0.0.1:80|{}|", &key[2..]),
            format!("TALLYMAN-PAIR1|10.0.0.1:80|{key}"),
            format!("TALLYMAN-PAIR1|10.0.0.1:80|{key}|{}", &secret[1..]),
            format!("TALLYMAN-PAIR1|10.0.0.1:80|{key}|{secret}|more"),
            format!("TALLYMAN-PAIR1|10.0.0.1:80|中{}|", &key[3..]),
        ] {
            assert_eq!(Pairing::from_text(&text), None, "{text}");
        }
    }
}
