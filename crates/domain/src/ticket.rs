//! The codes of custody, made on the device with no server in reach: claim codes, numbers of pieces, numbers of customers.
//!
//! Letters are those of Crockford's base 32, in which I, L and O read as 1, 1 and 0 and U does not occur. The last one is a
//! check letter by the hybrid system of ISO/IEC 7064 with M = 32 (as MOD 11,10 and MOD 37,36 are for 10 and 36): every
//! single wrong letter is found, and nearly every pair that changed places.

use std::fmt;

use crate::ids::SiteId;

/// The letters, by value (<https://www.crockford.com/base32.html>).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a text is no such code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// It is another kind of code: it begins otherwise, or is too long or too short.
    #[error("another kind of code")]
    Other,
    /// It looks like one, but a letter is wrong: mistyped, or read from a damaged print.
    #[error("the check letter is wrong")]
    Check,
}

fn value_of(letter: u8) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    LETTERS
        .iter()
        .position(|l| *l == letter)
        .and_then(|at| u8::try_from(at).ok())
}

/// The check letter's value for these values.
fn check(values: impl IntoIterator<Item = u8>) -> u8 {
    let mut p = 32u8;
    for value in values {
        let sum = match (p + value) % 32 {
            0 => 32,
            s => s,
        };
        p = (2 * sum) % 33;
    }
    (33 - p) % 32
}

/// `prefix`, letters from the lowest bits of `bits` (five each), and the check letter.
fn make(prefix: u8, bits: u128, letters: usize) -> String {
    let mut out = String::with_capacity(letters + 2);
    out.push(char::from(prefix));
    for i in (0..letters).rev() {
        let value = (bits >> (5 * i)) & 31;
        out.push(char::from(LETTERS[value as usize]));
    }
    let last = check(out.bytes().filter_map(value_of));
    out.push(char::from(LETTERS[usize::from(last)]));
    out
}

/// The code in `text` as it is stored, if it is one with this first letter and length, the check letter included.
fn read(text: &str, prefix: u8, length: usize) -> Result<String, TicketError> {
    // A ticket's QR may be the address of the customer's page with the code behind the mark.
    let text = text.rsplit('#').next().unwrap_or_default();
    let letters: Vec<u8> = text
        .bytes()
        .filter(|b| !matches!(b, b'-' | b' ' | b'\r' | b'\n' | b'\t'))
        .collect();
    let first = letters.first().map(u8::to_ascii_uppercase);
    if letters.len() != length || first != Some(prefix) {
        return Err(TicketError::Other);
    }
    let values: Option<Vec<u8>> = letters.into_iter().map(value_of).collect();
    let values = values.ok_or(TicketError::Other)?;
    let (last, body) = values.split_last().ok_or(TicketError::Other)?;
    if check(body.iter().copied()) != *last {
        return Err(TicketError::Check);
    }
    Ok(values
        .iter()
        .map(|v| char::from(LETTERS[usize::from(*v)]))
        .collect())
}

/// Bits from random bytes, `bits` of them.
fn random_bits(random: [u8; 8], bits: u32) -> u128 {
    u128::from(u64::from_be_bytes(random)) & ((1 << bits) - 1)
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $length:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Letters, the first and the check letter included.
            pub const LENGTH: usize = $length;

            /// From what was typed or scanned: in any case, with blanks and dashes, or behind the `#` of an address.
            ///
            /// # Errors
            /// [`TicketError`].
            pub fn parse(text: &str) -> Result<Self, TicketError> {
                read(text, $prefix, $length).map(Self)
            }

            /// As stored and scanned.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// As it is printed and read aloud: in groups of five.
            pub fn grouped(&self) -> String {
                let groups: Vec<&str> = (0..$length)
                    .step_by(5)
                    .map(|at| &self.0[at..self.0.len().min(at + 5)])
                    .collect();
                groups.join("-")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.grouped())
            }
        }
    )+};
}

codes! {
    /// 凭证码: what shows a deposit to whoever holds it. 55 random bits, so that nobody guesses one.
    ClaimCode = b'C', 15;
    /// The number of one piece, on its label. 55 random bits: no two devices draw the same.
    PieceCode = b'P', 13;
    /// The number of a customer. 50 random bits.
    CustomerCode = b'K', 12;
}

impl ClaimCode {
    /// A new one, from eight random bytes. Two letters tell the site, so that another site's ticket is told as such with no
    /// network.
    pub fn draw(site: SiteId, random: [u8; 8]) -> Self {
        let bits = u128::from(site_mark(site)) << 55 | random_bits(random, 55);
        Self(make(b'C', bits, 13))
    }

    /// Whether it may have been drawn for this site: true for one in 1,024 of the others.
    pub fn may_be_of(&self, site: SiteId) -> bool {
        let mark = make(b'C', u128::from(site_mark(site)), 2);
        self.0.as_bytes().get(1..3) == mark.as_bytes().get(1..3)
    }

    /// What is kept of it where the code itself must not stand: its BLAKE3 hash.
    pub fn hash(&self) -> [u8; 32] {
        blake3::derive_key("tallyman 2026 claim code", self.0.as_bytes())
    }
}

/// Ten bits that tell sites apart.
fn site_mark(site: SiteId) -> u16 {
    let hash = blake3::derive_key("tallyman 2026 site of a claim code", site.as_bytes());
    u16::from_be_bytes([hash[0], hash[1]]) & 1_023
}

impl PieceCode {
    /// A new one, from eight random bytes.
    pub fn draw(random: [u8; 8]) -> Self {
        Self(make(b'P', random_bits(random, 55), 11))
    }

    /// What is printed large, to be told from others at a glance: its last four letters.
    pub fn mark(&self) -> &str {
        &self.0[Self::LENGTH - 4..]
    }
}

impl CustomerCode {
    /// A new one, from eight random bytes.
    pub fn draw(random: [u8; 8]) -> Self {
        Self(make(b'K', random_bits(random, 50), 10))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOME: SiteId = SiteId::from_bytes([7; 16]);

    #[test]
    fn a_code_says_its_kind_its_site_and_reads_however_it_was_typed() {
        let claim = ClaimCode::draw(HOME, [0x5a; 8]);
        let piece = PieceCode::draw([0x5a; 8]);
        let customer = CustomerCode::draw([0x5a; 8]);
        assert_eq!(claim.as_str().len(), ClaimCode::LENGTH);
        assert_eq!(piece.as_str().len(), PieceCode::LENGTH);
        assert_eq!(customer.as_str().len(), CustomerCode::LENGTH);
        assert!(claim.may_be_of(HOME) && !claim.may_be_of(SiteId::from_bytes([8; 16])));
        let typed = claim
            .grouped()
            .to_lowercase()
            .replace('1', "l")
            .replace('0', "o");
        assert_eq!(
            ClaimCode::parse(&format!(" {typed}\r\n")),
            Ok(claim.clone())
        );
        let address = format!("https://goods.example/c#{claim}");
        assert_eq!(ClaimCode::parse(&address), Ok(claim.clone()));
        assert_eq!(ClaimCode::parse(piece.as_str()), Err(TicketError::Other));
        assert_eq!(PieceCode::parse(claim.as_str()), Err(TicketError::Other));
        assert_eq!(ClaimCode::parse("C1"), Err(TicketError::Other));
        assert!(claim.as_str().is_ascii() && claim.grouped().matches('-').count() == 2);
    }

    #[test]
    fn no_two_draws_of_two_devices_meet() {
        let mut seen = std::collections::BTreeSet::new();
        for n in 0..20_000u64 {
            let random = *blake3::hash(&n.to_be_bytes()).as_bytes();
            let random: [u8; 8] = random[..8].try_into().unwrap();
            assert!(seen.insert(ClaimCode::draw(HOME, random)));
        }
    }

    proptest! {
        #[test]
        fn a_wrong_letter_is_found(random: [u8; 8], at in 1usize..15, by in 1u8..32) {
            let code = ClaimCode::draw(HOME, random);
            let mut letters = code.as_str().as_bytes().to_vec();
            let value = value_of(letters[at]).unwrap();
            letters[at] = LETTERS[usize::from((value + by) % 32)];
            let wrong = String::from_utf8(letters).unwrap();
            prop_assert_eq!(ClaimCode::parse(&wrong), Err(TicketError::Check));
        }

        #[test]
        fn most_neighbours_that_changed_places_are_found(random: [u8; 8], at in 1usize..14) {
            let code = PieceCode::draw(random);
            let mut letters = code.as_str().as_bytes().to_vec();
            let at = at.min(letters.len() - 2);
            letters.swap(at, at + 1);
            let swapped = String::from_utf8(letters).unwrap();
            // Values of which one is 31 and the other 0 look alike to the check, as 9 and 0 do to MOD 11,10.
            let pair = [swapped.as_bytes()[at], swapped.as_bytes()[at + 1]];
            let told = PieceCode::parse(&swapped).is_err();
            prop_assert!(told || pair[0] == pair[1] || near(pair), "{swapped}");
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = ClaimCode::parse(&text);
            let _ = PieceCode::parse(&text);
        }
    }

    /// Whether the check cannot tell these two in either order.
    fn near(pair: [u8; 2]) -> bool {
        let values = pair.map(|letter| value_of(letter).unwrap());
        (1..=32).any(|start| {
            let run = |order: [u8; 2]| {
                order.into_iter().fold(start, |p: u8, v| {
                    let sum = match (p + v) % 32 {
                        0 => 32,
                        s => s,
                    };
                    (2 * sum) % 33
                })
            };
            run(values) == run([values[1], values[0]])
        })
    }
}
