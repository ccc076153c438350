//! Where a document lives: each in exactly one partition.

use std::fmt;

use domain::SiteId;
use minicbor::{Decoder, Encoder};

/// A part of the organisation's data that is synced on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// Items, operators, devices, sites: every device holds it.
    Shared,
    /// The journals, zones and bins of one site.
    Site(SiteId),
}

impl Partition {
    /// As a database key: empty for the shared one, else the site's 16 bytes.
    pub fn to_key(self) -> Vec<u8> {
        match self {
            Self::Shared => Vec::new(),
            Self::Site(site) => site.as_bytes().to_vec(),
        }
    }

    /// What [`Partition::to_key`] wrote; `None` for any other length.
    pub fn from_key(key: &[u8]) -> Option<Self> {
        if key.is_empty() {
            return Some(Self::Shared);
        }
        SiteId::from_slice(key).ok().map(Self::Site)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared => f.write_str("shared"),
            Self::Site(site) => site.fmt(f),
        }
    }
}

impl<C> minicbor::Encode<C> for Partition {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_key())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Partition {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_key(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("no partition"))
    }
}
