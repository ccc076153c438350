//! Where the next page begins, signed: nobody can forge a place, or take it to another list.

use data_encoding::BASE64URL_NOPAD;

use super::problem::ApiError;

/// Bytes of the signature.
const MAC: usize = 16;
/// No place is longer: a pile with a lot of the longest name.
const PLACE_MAX: usize = 512;

/// Signs places of lists.
#[derive(Clone)]
pub(crate) struct Cursors {
    secret: [u8; 32],
}

impl Cursors {
    pub(crate) const fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    fn mac(&self, list: &str, place: &[u8]) -> [u8; MAC] {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher.update(&(list.len() as u64).to_be_bytes());
        hasher.update(list.as_bytes());
        hasher.update(place);
        let mut mac = [0; MAC];
        hasher.finalize_xof().fill(&mut mac);
        mac
    }

    /// `list`: names the list with all that narrows it.
    pub(crate) fn sign(&self, list: &str, place: &[u8]) -> String {
        let bytes = [&self.mac(list, place)[..], place].concat();
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// The place that a cursor of this list names.
    ///
    /// # Errors
    /// `bad-cursor` for one that is forged, cut, or of another list.
    pub(crate) fn read(&self, list: &str, cursor: &str) -> Result<Vec<u8>, ApiError> {
        let wrong = || ApiError::new("bad-cursor").at("cursor", "api.wrong.cursor");
        if cursor.len() > 2 * PLACE_MAX {
            return Err(wrong());
        }
        let bytes = BASE64URL_NOPAD
            .decode(cursor.as_bytes())
            .map_err(|_| wrong())?;
        let (mac, place) = bytes.split_at_checked(MAC).ok_or_else(wrong)?;
        let expected = self.mac(list, place);
        // blake3's hashes compare in constant time.
        if blake3::hash(mac) != blake3::hash(&expected) {
            return Err(wrong());
        }
        Ok(place.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_its_own_list_and_nothing_else() {
        let cursors = Cursors::new([7; 32]);
        let cursor = cursors.sign("items", b"place");
        assert_eq!(cursors.read("items", &cursor).unwrap(), b"place");
        assert!(cursors.read("items?q=x", &cursor).is_err());
        assert!(Cursors::new([8; 32]).read("items", &cursor).is_err());
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(cursors.read("items", &forged).is_err(), "{forged}");
        }
        for text in ["", "A", "%", &cursor[..10], &"A".repeat(5_000)] {
            assert!(cursors.read("items", text).is_err(), "{text}");
        }
    }
}
