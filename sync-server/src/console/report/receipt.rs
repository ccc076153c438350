//! A receipt on paper: what was agreed or done, in words, with a QR that tells anybody whether it is genuine.

use documents::SigningKey;
use documents::receipt_file::bind;

use super::paper::{Column, Paper};
use crate::console::data::Handed;
use crate::error::AppError;
use crate::i18n::Lang;

/// The file. `address`: of the public page that verifies it, without the mark.
///
/// # Errors
/// [`AppError::Internal`]: the page cannot be made.
pub(crate) fn receipt(
    handed: &Handed,
    address: &str,
    key: &SigningKey,
    lang: Lang,
) -> Result<Vec<u8>, AppError> {
    let told = &handed.told;
    let act = told.act.code();
    let mut paper = Paper::new(lang.t(&format!("receipt.title.{act}")));
    let qr = format!("{address}#{}", handed.fragment);
    paper.qr(&qr, 210.0, lang.t("receipt.scan-me"))?;
    let mut fact = |key: &str, value: &str| {
        if !value.is_empty() {
            paper.line(&format!("{}  {value}", lang.t(key)), 11.0);
        }
    };
    fact("receipt.site", told.site.name(lang));
    fact("receipt.time", &told.time("%Y-%m-%d %H:%M:%S %Z"));
    fact("receipt.operator", told.operator.name(lang));
    fact(
        "receipt.due",
        &told.due.map(|day| day.to_string()).unwrap_or_default(),
    );
    fact("receipt.fee", &told.fee_words(lang));
    fact("receipt.charge-due", &told.charge.0);
    fact("receipt.charge-taken", &told.charge.1);
    if told.is_proxy {
        fact("receipt.collector", lang.t("receipt.proxy"));
    }
    if told.ticket_lost {
        fact("receipt.ticket", lang.t("receipt.ticket-lost"));
    }
    paper.below();
    paper.heading(lang.t("receipt.pieces"));
    let columns = [
        ("receipt.number", 0.5, true),
        ("receipt.unit", 1.6, false),
        ("receipt.category", 1.8, false),
        ("receipt.size", 0.6, false),
        ("receipt.condition", 2.2, false),
        ("receipt.value", 1.2, true),
    ]
    .map(|(key, part, is_number)| Column {
        heading: lang.t(key).to_owned(),
        part,
        is_number,
    });
    let rows: Vec<Vec<String>> = told
        .pieces
        .iter()
        .map(|piece| {
            vec![
                piece.number.to_string(),
                piece.unit.clone(),
                piece.item.name(lang).to_owned(),
                piece.size.clone(),
                piece.condition.clone(),
                piece.value.clone(),
            ]
        })
        .collect();
    paper.table(&columns, &rows);
    paper.heading(lang.t("receipt.proof"));
    for (key, value) in [
        ("receipt.chain", format!("{} / {}", told.chain, told.number)),
        ("receipt.hash", told.hash.clone()),
        ("receipt.signature-hash", told.signature.clone()),
        ("receipt.photo-hashes", told.photos.join("  ")),
    ] {
        if !value.is_empty() {
            paper.line(&format!("{}  {value}", lang.t(key)), 8.5);
        }
    }
    paper.line(&lang.fill("receipt.how", &[("address", address)]), 8.5);
    let pdf = paper.finish(lang.tag())?;
    bind(&pdf, &handed.signed, key)
        .ok_or_else(|| AppError::internal("the page of a receipt has no end"))
}
