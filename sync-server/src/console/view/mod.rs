//! What the pages show: plain values with names instead of ids, in no language yet.

mod custody;
mod dashboard;
mod devices;
mod event;
mod left;
mod plan;
mod quarantine;
mod refused;
mod review;
mod stock;
mod stocktake;
mod things;

use crate::console::by_value::ByValue;
use crate::i18n::Lang;

pub use custody::{CustodyShow, DepositLine, DepositView, NoticeView, Odd, PersonView};
pub use dashboard::{
    AccuracyRow, ChartView, DashboardView, Figure, OperatorRow, OverdueRow, PERIODS, ZoneUse,
    percent,
};
pub use devices::{DeviceFilter, DeviceView, Need, ReportView, Version, by_need};
pub use event::{
    ChangeView, CountLine, EVENT_KINDS, EventView, FinishedLineView, PhotoView, ReversedBy,
};
pub use left::{LeftAct, LeftPiece, LeftView};
pub use plan::{BinToLabel, HEATS, PlanCell, PlanRow, PlanStep, PlanView, PlanZone};
pub use quarantine::{CAUSES, QuarantineView};
pub use refused::{REFUSED, RefusedOf, RefusedView};
pub use review::{
    Card, ClosedView, DecisionView, ExceptionPageView, ExceptionView, FieldConflictView,
    FieldValue, GroupRow, GroupView, KIND_CODES, NoteView, Preview, PreviewLine, ReviewList,
    Silent, SubjectView, Typed, choices, is_safe_for_many, needs_note, seen_of,
};
pub use stock::{
    AGE_BANDS, AsOf, Committed, EXPIRING_DAYS, GoodsRow, PageOf, StockFilter, StockRow, any_stale,
};
pub use stocktake::{
    BinCounts, BinStatus, COUNT_REASONS, CountView, CountedLine, PlanChoices, PlanPart,
    PlanPreview, Progress, ProgressOf, ReportLine, StocktakeHead, StocktakeReport, StocktakeView,
    Sums, Totals, accuracy, money,
};
pub use things::{BinView, GrantView, ItemView, OperatorView, RightsView, UnitView};

/// A thing with a name: an item, bin, site, operator, device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// For addresses; empty if the thing has no page.
    pub id: String,
    /// The code that people use, such as the SKU; may be empty.
    pub code: String,
    /// Chinese name; may be empty.
    pub zh: String,
    /// English name; may be empty.
    pub en: String,
}

impl Named {
    /// The name in that language, or in the other, or the code, or the start of the id.
    pub fn name(&self, lang: impl ByValue<Lang>) -> &str {
        let (first, second) = match lang.value() {
            Lang::Zh => (&self.zh, &self.en),
            Lang::En => (&self.en, &self.zh),
        };
        [first, second, &self.code]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or_else(|| self.id.get(..8).unwrap_or("?"), String::as_str)
    }

    /// The code, or the name where there is none.
    pub fn short(&self) -> &str {
        if self.code.is_empty() {
            self.name(Lang::Zh)
        } else {
            &self.code
        }
    }

    /// Whether a code stands beside the name.
    pub fn has_both(&self, lang: impl ByValue<Lang>) -> bool {
        !self.code.is_empty() && self.code != self.name(lang.value())
    }
}

/// A unit: a licence plate or a serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRef {
    /// As stored; for addresses.
    pub id: String,
    /// What is printed on it.
    pub printed: String,
}
