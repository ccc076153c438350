//! One number that two replicas compare to know that they agree.

use std::fmt;

/// The sum of the hashes of all rows of the read model, so that each change costs only its own rows.
///
/// It finds disagreement by fault, not by malice: signatures keep out whoever would craft rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StateHash([u64; 4]);

impl StateHash {
    fn of(row: &[u8]) -> [u64; 4] {
        let hash = blake3::hash(row);
        let mut lanes = [0u64; 4];
        for (lane, bytes) in lanes.iter_mut().zip(hash.as_bytes().chunks_exact(8)) {
            let mut eight = [0u8; 8];
            eight.copy_from_slice(bytes);
            *lane = u64::from_le_bytes(eight);
        }
        lanes
    }

    /// A row has come.
    pub fn add(&mut self, row: &[u8]) {
        for (lane, h) in self.0.iter_mut().zip(Self::of(row)) {
            *lane = lane.wrapping_add(h);
        }
    }

    /// A row has gone.
    pub fn remove(&mut self, row: &[u8]) {
        for (lane, h) in self.0.iter_mut().zip(Self::of(row)) {
            *lane = lane.wrapping_sub(h);
        }
    }

    /// The hash of both sets of rows together.
    #[must_use]
    pub fn plus(mut self, other: Self) -> Self {
        for (lane, theirs) in self.0.iter_mut().zip(other.0) {
            *lane = lane.wrapping_add(theirs);
        }
        self
    }

    /// The hash of these rows without those.
    #[must_use]
    pub fn minus(mut self, other: Self) -> Self {
        for (lane, theirs) in self.0.iter_mut().zip(other.0) {
            *lane = lane.wrapping_sub(theirs);
        }
        self
    }

    /// The 32 bytes, as stored and sent.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut out = [0u8; 32];
        for (bytes, lane) in out.chunks_exact_mut(8).zip(self.0) {
            bytes.copy_from_slice(&lane.to_le_bytes());
        }
        out
    }

    /// What [`StateHash::to_bytes`] wrote; `None` for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != 32 {
            return None;
        }
        let mut lanes = [0u64; 4];
        for (lane, chunk) in lanes.iter_mut().zip(bytes.chunks_exact(8)) {
            *lane = u64::from_le_bytes(chunk.try_into().ok()?);
        }
        Some(Self(lanes))
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.to_bytes() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_removal_undoes() {
        let (mut a, mut b) = (StateHash::default(), StateHash::default());
        a.add(b"one");
        a.add(b"two");
        b.add(b"two");
        b.add(b"three");
        b.add(b"one");
        assert_ne!(a, b);
        b.remove(b"three");
        assert_eq!(a, b);
        assert_eq!(StateHash::from_bytes(&a.to_bytes()), Some(a));
        assert_eq!(a.to_string().len(), 64);
    }
}
