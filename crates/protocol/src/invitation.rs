//! The text of the enrolment QR: where the server is, the one-time code, and what its certificate must hash to.

/// What the console shows and the handheld scans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Such as `https://10.0.0.5:8443`, without a slash at the end.
    pub url: String,
    /// The one-time code.
    pub code: String,
    /// SHA-256 of the server's TLS certificate, if it is one that no authority vouches for.
    pub fingerprint: Option<[u8; 32]>,
}

const HEAD: &str = "TALLYMAN1";

impl Invitation {
    /// The QR's text: `TALLYMAN1|url|code|fingerprint`.
    pub fn to_text(&self) -> String {
        let fingerprint: String = self
            .fingerprint
            .iter()
            .flatten()
            .map(|b| format!("{b:02x}"))
            .collect();
        format!("{HEAD}|{}|{}|{fingerprint}", self.url, self.code)
    }

    /// Reads the QR's text; `None` if it is none of ours.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('|');
        if parts.next()? != HEAD {
            return None;
        }
        let (url, code) = (parts.next()?.trim_end_matches('/'), parts.next()?);
        // What is left of "https://" is no address.
        if !(url.starts_with("https://") || url.starts_with("http://")) || code.is_empty() {
            return None;
        }
        let fingerprint = match parts.next() {
            None | Some("") => None,
            Some(hex) => Some(from_hex(hex)?),
        };
        Some(Self {
            url: url.to_owned(),
            code: code.to_owned(),
            fingerprint,
        })
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    domain::EventHash::from_hex(&text.to_lowercase()).map(|h| h.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanned_back_with_and_without_a_fingerprint() {
        for fingerprint in [None, Some([0xab; 32])] {
            let invitation = Invitation {
                url: "https://10.0.0.5:8443".into(),
                code: "ABCDE-FGHJK".into(),
                fingerprint,
            };
            assert_eq!(
                Invitation::from_text(&invitation.to_text()),
                Some(invitation)
            );
        }
    }

    #[test]
    fn other_codes_are_no_invitation() {
        for text in [
            "",
            "6901234567892",
            "TALLYMAN1|",
            "TALLYMAN1|ftp://x|A|",
            "TALLYMAN1|http://x|A|zz",
            "TALLYMAN1|http://x||",
            // A server without a name: found by fuzzing.
            "TALLYMAN1|https://|3BAbb",
            "TALLYMAN1|http:////|A|",
        ] {
            assert_eq!(Invitation::from_text(text), None, "{text}");
        }
    }
}
