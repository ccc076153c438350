//! Labels of a deposit on sheets of paper.

use chrono::DateTime;
use domain::UnixMillis;
use labels::sheet::{Layout, pdf};
use labels::template::{BinLabel, PieceLabel, Square, TicketLabel};
use labels::{Arranged, Label};

use super::bin_labels::fonts;
use crate::console::data::{LabelKind, ToLabel};
use crate::error::AppError;
use crate::i18n::Lang;

/// The labels of that kind; `None` if there is nothing to print. The first sheet begins `skip` places later.
///
/// # Errors
/// [`AppError::Internal`]: the fonts cannot be read, or a label cannot be made.
pub(crate) fn custody_labels(
    of: &ToLabel,
    kind: LabelKind,
    lang: Lang,
    layout: &Layout,
    skip: usize,
) -> Result<Option<Vec<u8>>, AppError> {
    let fonts = fonts()?;
    let labels: Vec<Label> = match kind {
        LabelKind::Pieces => pieces(of, lang)
            .map(|label| label.on(layout.stock))
            .collect(),
        LabelKind::Ticket => vec![ticket(of, lang).on(layout.stock)],
        LabelKind::Bins => bins(of, lang).map(|label| label.on(layout.stock)).collect(),
    };
    if labels.is_empty() {
        return Ok(None);
    }
    let labels = labels
        .iter()
        .map(|label| Arranged::new(label, fonts).map_err(AppError::internal));
    let labels: Vec<Arranged> = labels.collect::<Result<_, _>>()?;
    Ok(Some(pdf(&labels, layout, skip)))
}

fn day(of: &ToLabel, at: UnixMillis) -> Option<String> {
    let at = DateTime::from_timestamp_millis(at).filter(|_| at > 0)?;
    Some(at.with_timezone(&of.zone).format("%Y-%m-%d").to_string())
}

fn until(of: &ToLabel, lang: Lang) -> Option<String> {
    let due = of.left.due?.to_string();
    Some(lang.fill("customer.until", &[("day", &due)]))
}

fn pieces(of: &ToLabel, lang: Lang) -> impl Iterator<Item = PieceLabel> {
    let all = of.left.pieces.len();
    of.numbered().map(move |(piece, code)| {
        let mut details = Vec::new();
        details.extend(day(of, of.left.taken_at));
        details.extend(until(of, lang));
        if !piece.condition.is_empty() {
            details.push(piece.condition.clone());
        }
        let what = format!("{} {}", piece.item.name(lang), piece.size);
        PieceLabel {
            code: code.to_string(),
            mark: code.mark().to_owned(),
            part: format!("{}/{all}", piece.number),
            what: what.trim_end().to_owned(),
            place: piece
                .bin
                .as_ref()
                .map_or_else(String::new, |bin| bin.code.clone()),
            details,
            symbol: Square::Qr,
            gs1: None,
        }
    })
}

fn ticket(of: &ToLabel, lang: Lang) -> TicketLabel {
    let left = &of.left;
    let count = left.pieces.len().to_string();
    let mut details = vec![
        left.site.name(lang).to_owned(),
        lang.fill("customer.piece-count", &[("n", &count)]),
    ];
    details.extend(day(of, left.taken_at));
    details.extend(until(of, lang));
    let fee = left.fee_words(lang);
    if !fee.is_empty() {
        details.push(fee);
    }
    TicketLabel {
        heading: lang.t("custody-labels.ticket").to_owned(),
        code: of.claim.1.clone(),
        scan: of.claim.0.clone(),
        details,
        note: lang.t("custody-labels.keep").to_owned(),
    }
}

fn bins(of: &ToLabel, lang: Lang) -> impl Iterator<Item = BinLabel> {
    of.bins.iter().map(move |bin| BinLabel {
        code: bin.code.clone(),
        scan: bin.code.clone(),
        place: of.left.site.name(lang).to_owned(),
        note: String::new(),
    })
}
