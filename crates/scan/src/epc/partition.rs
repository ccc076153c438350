//! The partition tables of section 14: how many bits and digits of an EPC are the company prefix,
//! and how many the reference. The first column is the same in all of them.

use super::Scheme;

pub(super) const COMPANY_DIGITS: std::ops::RangeInclusive<usize> = 6..=12;

/// Bits and digits of one row.
pub(super) struct Row {
    pub(super) company_bits: usize,
    pub(super) company_digits: usize,
    pub(super) reference_bits: usize,
    /// 0 for the reference of an individual asset, whose length is open.
    pub(super) reference_digits: usize,
}

const COMPANY_BITS: [usize; 7] = [40, 37, 34, 30, 27, 24, 20];

/// The row of a partition value; `None` for 7.
///
/// Tables of section 14.6: SGTIN, SSCC, SGLN, GRAI, GIAI.
pub(super) fn row(scheme: Scheme, partition: usize) -> Option<Row> {
    let company_bits = *COMPANY_BITS.get(partition)?;
    let (reference_bits, digits_at_0) = match scheme {
        Scheme::Sgtin | Scheme::Lgtin | Scheme::Grai => {
            ([4, 7, 10, 14, 17, 20, 24], scheme.digits()? - 12)
        }
        Scheme::Sscc => ([18, 21, 24, 28, 31, 34, 38], 5),
        Scheme::Sgln => ([1, 4, 7, 11, 14, 17, 21], 0),
        Scheme::Giai => ([42, 45, 48, 52, 55, 58, 62], 0),
    };
    Some(Row {
        company_bits,
        company_digits: 12 - partition,
        reference_bits: reference_bits[partition],
        reference_digits: if scheme == Scheme::Giai {
            0
        } else {
            digits_at_0 + partition
        },
    })
}
