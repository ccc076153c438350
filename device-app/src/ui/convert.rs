//! From the plain rows of [`crate::view`] to the structs that `ui/types.slint` declares.

use slint::{Image, Model, ModelRc, Rgb8Pixel, SharedPixelBuffer, SharedString, VecModel};

use super::generated::{
    CellStateKind, ChoiceRow, FactRow, HistoryLine, HitRow, LineRow, LineStateKind, OperationRow,
    OperatorRow, OthersDraftRow, RackCellRow, RawScanRow, RecentRow, Sentence, StockLine,
};
use crate::view::{
    CellState, Choice, Fact, HistoryRow, Hit, Line, LineState, Message, OperationTile,
    OperatorTile, OthersDraft, PadKey, Qr, RackCell, RawScan, RecentLine, StockRow,
};

/// A new model for `rows`, or `None` when `shown` has the same already: a model that is replaced
/// makes its rows anew and loses where the list was scrolled to.
pub(super) fn changed<T, R>(shown: &ModelRc<T>, rows: &[R]) -> Option<ModelRc<T>>
where
    T: Clone + PartialEq + 'static,
    for<'a> T: From<&'a R>,
{
    let rows: Vec<T> = rows.iter().map(T::from).collect();
    (!shown.iter().eq(rows.iter().cloned())).then(|| ModelRc::new(VecModel::from(rows)))
}

/// The same for rows that are plain texts.
pub(super) fn changed_texts(
    shown: &ModelRc<SharedString>,
    rows: &[String],
) -> Option<ModelRc<SharedString>> {
    let rows: Vec<SharedString> = rows.iter().map(SharedString::from).collect();
    (!shown.iter().eq(rows.iter().cloned())).then(|| ModelRc::new(VecModel::from(rows)))
}

/// Facts to read from afar, and the others.
pub(super) fn split_facts(facts: &[Fact]) -> (Vec<Fact>, Vec<Fact>) {
    facts.iter().cloned().partition(|fact| fact.emphasis)
}

/// A count for the screen; what is larger than a Slint `int` is shown as its largest.
pub(super) fn count(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// One pixel a module; the screen makes them larger.
pub(super) fn qr_image(qr: &Qr) -> Image {
    let pixel = |dark: &bool| Rgb8Pixel::from([if *dark { 0 } else { 255 }; 3]);
    let mut buffer = SharedPixelBuffer::<Rgb8Pixel>::new(qr.side, qr.side);
    let modules = qr.dark.iter().map(pixel);
    buffer
        .make_mut_slice()
        .iter_mut()
        .zip(modules)
        .for_each(|(to, from)| *to = from);
    Image::from_rgb8(buffer)
}

/// A key of a keypad by the name it has in `ui/widgets/keypad.slint`.
pub(super) fn pad_key(name: &str) -> Option<PadKey> {
    Some(match name {
        "." => PadKey::Point,
        "back" => PadKey::Backspace,
        "clear" => PadKey::Clear,
        "+" => PadKey::Plus,
        "-" => PadKey::Minus,
        _ => PadKey::Digit(name.parse().ok().filter(|digit: &u8| *digit < 10)?),
    })
}

impl From<&Message> for Sentence {
    fn from(message: &Message) -> Self {
        let arg = |at: usize| {
            message
                .args
                .get(at)
                .map(SharedString::from)
                .unwrap_or_default()
        };
        Self {
            code: (&message.code).into(),
            a: arg(0),
            b: arg(1),
            c: arg(2),
        }
    }
}

/// A sentence that may be missing: its empty code hides it.
pub(super) fn sentence(message: Option<&Message>) -> Sentence {
    message.map(Sentence::from).unwrap_or_default()
}

impl From<&Fact> for FactRow {
    fn from(fact: &Fact) -> Self {
        Self {
            label: (&fact.label).into(),
            value: (&fact.value).into(),
            emphasis: fact.emphasis,
        }
    }
}

impl From<&Line> for LineRow {
    fn from(line: &Line) -> Self {
        Self {
            title: (&line.title).into(),
            subtitle: (&line.subtitle).into(),
            quantity: (&line.quantity).into(),
            status: (&line.status).into(),
        }
    }
}

impl From<&Choice> for ChoiceRow {
    fn from(choice: &Choice) -> Self {
        Self {
            id: (&choice.id).into(),
            title: (&choice.title).into(),
            subtitle: (&choice.subtitle).into(),
            quantity: (&choice.quantity).into(),
        }
    }
}

impl From<&OperatorTile> for OperatorRow {
    fn from(operator: &OperatorTile) -> Self {
        Self {
            id: (&operator.id).into(),
            name: (&operator.name).into(),
        }
    }
}

impl From<&OperationTile> for OperationRow {
    fn from(tile: &OperationTile) -> Self {
        Self {
            code: (&tile.code).into(),
            barred: tile.barred,
        }
    }
}

impl From<&RecentLine> for RecentRow {
    fn from(line: &RecentLine) -> Self {
        Self {
            time: (&line.time).into(),
            operation: (&line.operation).into(),
            text: (&line.text).into(),
            quantity: (&line.quantity).into(),
        }
    }
}

impl From<&Hit> for HitRow {
    fn from(hit: &Hit) -> Self {
        Self {
            kind: (&hit.kind).into(),
            id: (&hit.id).into(),
            title: (&hit.title).into(),
            subtitle: (&hit.subtitle).into(),
            quantity: (&hit.quantity).into(),
        }
    }
}

impl From<&StockRow> for StockLine {
    fn from(row: &StockRow) -> Self {
        Self {
            place: (&row.place).into(),
            lot: (&row.lot).into(),
            quantity: (&row.quantity).into(),
            as_of: (&row.as_of).into(),
            recalculating: row.recalculating,
        }
    }
}

impl From<&RackCell> for RackCellRow {
    fn from(cell: &RackCell) -> Self {
        Self {
            id: (&cell.id).into(),
            code: (&cell.code).into(),
            column: count(cell.column),
            row: count(cell.row),
            level: (&cell.level).into(),
            state: match cell.state {
                CellState::Empty => CellStateKind::Empty,
                CellState::Used => CellStateKind::Used,
                CellState::Frozen => CellStateKind::Frozen,
                CellState::Hidden => CellStateKind::Hidden,
            },
            here: cell.here,
        }
    }
}

impl From<&RawScan> for RawScanRow {
    fn from(scan: &RawScan) -> Self {
        Self {
            time: (&scan.time).into(),
            source: (&scan.source).into(),
            text: (&scan.text).into(),
        }
    }
}

impl From<&OthersDraft> for OthersDraftRow {
    fn from(of: &OthersDraft) -> Self {
        Self {
            id: (&of.id).into(),
            name: (&of.name).into(),
            operation: (&of.draft.operation).into(),
            title: (&of.draft.title).into(),
            started: (&of.draft.started).into(),
        }
    }
}

impl From<&HistoryRow> for HistoryLine {
    fn from(row: &HistoryRow) -> Self {
        Self {
            id: (&row.id).into(),
            time: (&row.time).into(),
            operation: (&row.operation).into(),
            reason: (&row.reason).into(),
            text: (&row.text).into(),
            quantity: (&row.quantity).into(),
            operator: (&row.operator).into(),
            state: match row.state {
                LineState::Saved => LineStateKind::Saved,
                LineState::Pending => LineStateKind::Pending,
                LineState::Completed => LineStateKind::Completed,
                LineState::Error => LineStateKind::Error,
                LineState::Reversed => LineStateKind::Reversed,
            },
            can_undo: row.can_undo,
            has_receipt: row.has_receipt,
        }
    }
}
