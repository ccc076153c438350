//! Where the hub's keys, tokens, codes and chains are drawn from.

use std::sync::Arc;

use super::HubError;

type Fill = dyn Fn(&mut [u8]) -> bool + Send + Sync;

/// A source of random bytes: the operating system's, unless a simulation brings one that can be replayed.
#[derive(Clone)]
pub struct Randomness(Arc<Fill>);

impl Default for Randomness {
    fn default() -> Self {
        Self::new(|bytes| getrandom::fill(bytes).is_ok())
    }
}

impl Randomness {
    /// `fill` fills the whole slice with random bytes, or returns `false`.
    pub fn new(fill: impl Fn(&mut [u8]) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    pub(crate) fn draw<const N: usize>(&self) -> Result<[u8; N], HubError> {
        let mut bytes = [0u8; N];
        if (self.0)(&mut bytes) {
            Ok(bytes)
        } else {
            Err(HubError::NoRandomness)
        }
    }
}

impl std::fmt::Debug for Randomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Randomness")
    }
}
