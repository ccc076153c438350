//! Messages as bytes: CBOR arrays; fields are only ever added at the end, and unknown ones are skipped.

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be read")]
pub struct WireError;

macro_rules! message {
    ($name:ty) => {
        impl $name {
            /// As sent.
            pub fn to_bytes(&self) -> Vec<u8> {
                // Writing to a vector cannot fail.
                minicbor::to_vec(self).unwrap_or_default()
            }

            /// As received.
            ///
            /// # Errors
            /// [`crate::WireError`] if the bytes are no such message.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, $crate::WireError> {
                minicbor::decode(bytes).map_err(|_| $crate::WireError)
            }
        }
    };
}
pub(crate) use message;
