//! Why the hub does not answer a request: a stable code, which the device translates.

use crate::wire::message;

/// What a device would do differently about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, minicbor::Encode)]
#[cbor(index_only)]
pub enum RefusalCode {
    /// The bytes are no request. Trying again does not help.
    #[n(0)]
    Malformed,
    /// Device and hub share no version of the protocol.
    #[n(1)]
    VersionUnknown,
    /// The one-time code is wrong.
    #[n(2)]
    EnrolCodeWrong,
    /// The one-time code was used or has expired.
    #[n(3)]
    EnrolCodeUsed,
    /// The token opens nothing: the device was revoked or never enrolled here.
    #[n(4)]
    DeviceUnknown,
    /// Too much at once; wait and try again.
    #[n(5)]
    TooMany,
    /// The request is too large.
    #[n(6)]
    TooLarge,
    /// The hub failed; try again later.
    #[n(7)]
    HubFailed,
    /// The sender does not hold the key that it names.
    #[n(8)]
    KeyUnproven,
    /// Nobody asked for this renewal, or the chain was given up before.
    #[n(9)]
    RenewalRefused,
    /// The code makes another kind of device than this one can become: one that has held stock can be no counter, and a
    /// counter nothing else.
    #[n(10)]
    RoleRefused,
    /// A code of a later program, which is never sent by this one: the hub has spoken, and a newer program understands
    /// it.
    #[n(65535)]
    Later,
}

impl<'b, C> minicbor::Decode<'b, C> for RefusalCode {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let index = usize::try_from(d.u32()?).unwrap_or(usize::MAX);
        Ok(Self::ALL.get(index).copied().unwrap_or(Self::Later))
    }
}

impl RefusalCode {
    /// All codes that are sent, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Malformed,
        Self::VersionUnknown,
        Self::EnrolCodeWrong,
        Self::EnrolCodeUsed,
        Self::DeviceUnknown,
        Self::TooMany,
        Self::TooLarge,
        Self::HubFailed,
        Self::KeyUnproven,
        Self::RenewalRefused,
        Self::RoleRefused,
    ];

    /// Stable name; also the key of the translated sentence.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "request-malformed",
            Self::VersionUnknown | Self::Later => "version-unknown",
            Self::EnrolCodeWrong => "enrol-code-wrong",
            Self::EnrolCodeUsed => "enrol-code-used",
            Self::DeviceUnknown => "device-revoked",
            Self::TooMany => "too-many-requests",
            Self::TooLarge => "request-too-large",
            Self::HubFailed => "server-error",
            Self::KeyUnproven => "key-unproven",
            Self::RenewalRefused => "renewal-refused",
            Self::RoleRefused => "device-role-other",
        }
    }

    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::KeyUnproven => 400,
            Self::DeviceUnknown => 401,
            Self::EnrolCodeWrong => 403,
            Self::RenewalRefused | Self::RoleRefused => 409,
            Self::EnrolCodeUsed => 410,
            Self::TooLarge => 413,
            Self::VersionUnknown | Self::Later => 426,
            Self::TooMany => 429,
            Self::HubFailed => 503,
        }
    }

    /// Whether trying the same again can help.
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::TooMany | Self::HubFailed)
    }
}

/// The body of every answer that is no success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(array)]
pub struct Refusal {
    /// Why.
    #[n(0)]
    pub code: RefusalCode,
    /// Seconds to wait before trying again; 0 if that does not matter.
    #[n(1)]
    pub retry_after_seconds: u32,
}
message!(Refusal);

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self {
            code,
            retry_after_seconds: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_crosses_the_wire() {
        for code in RefusalCode::ALL {
            let refusal = Refusal {
                code,
                retry_after_seconds: 7,
            };
            assert_eq!(Refusal::from_bytes(&refusal.to_bytes()), Ok(refusal));
            assert!(code.status() >= 400);
        }
        assert_eq!(Refusal::from_bytes(b"<html>"), Err(crate::WireError));
        // [code 200, 7 seconds, a field of a later program]
        let later = Refusal::from_bytes(&[0x83, 0x18, 200, 7, 0x61, b'x']).unwrap();
        assert_eq!(later.code.code(), "version-unknown");
        assert_eq!(later.retry_after_seconds, 7);
    }
}
