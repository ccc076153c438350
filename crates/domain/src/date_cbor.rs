//! Dates on the wire: days since 1970-01-01, as an integer.

use chrono::{Datelike, NaiveDate};
use minicbor::{Decoder, Encoder};

const EPOCH_FROM_CE: i32 = 719_163;

pub(crate) fn encode<C, W: minicbor::encode::Write>(
    date: &Option<NaiveDate>,
    e: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    match date {
        Some(date) => e.i32(date.num_days_from_ce() - EPOCH_FROM_CE)?.ok(),
        None => e.null()?.ok(),
    }
}

pub(crate) fn decode<C>(
    d: &mut Decoder<'_>,
    _: &mut C,
) -> Result<Option<NaiveDate>, minicbor::decode::Error> {
    if d.datatype()? == minicbor::data::Type::Null {
        d.null()?;
        return Ok(None);
    }
    d.i32()?
        .checked_add(EPOCH_FROM_CE)
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .map(Some)
        .ok_or_else(|| minicbor::decode::Error::message("no such day"))
}
