//! Identities and codes that a procedure makes up, from the randomness of its input.

use crate::context::Context;

/// Random bytes and the time, of one input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Draw {
    random: [u8; 32],
    now: i64,
}

impl Draw {
    pub(crate) const fn new(ctx: &Context) -> Self {
        Self {
            random: ctx.random,
            now: ctx.now,
        }
    }

    fn bytes(&self, purpose: &str, n: u8) -> [u8; 32] {
        let mut input = self.random.to_vec();
        input.push(n);
        blake3::derive_key(purpose, &input)
    }

    /// Eight bytes for a code. Another `n` gives other ones.
    pub(crate) fn letters(&self, n: u8) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes("tallyman 2026 letters of a code", n);
        [a, b, c, d, e, f, g, h]
    }

    /// A version 7 identity (RFC 9562, 5.7): the time, then random bits.
    pub(crate) fn id(&self, n: u8) -> [u8; 16] {
        let random = self.bytes("tallyman 2026 identity", n);
        let mut id = [0; 16];
        id[..6].copy_from_slice(&self.now.to_be_bytes()[2..]);
        id[6..].copy_from_slice(&random[..10]);
        id[6] = (id[6] & 0x0f) | 0x70;
        id[8] = (id[8] & 0x3f) | 0x80;
        id
    }
}
