//! Stocktakes: what was planned, how far they are, what differs.

use std::collections::BTreeMap;

use domain::{Currency, Quantity, UnixMillis};

use crate::console::by_value::ByValue;

use super::{DecisionView, EventView, Named};

/// Why a count was rejected, or approved although it differs too much: codes with words under `stocktake.reason.`.
pub const COUNT_REASONS: [&str; 7] = [
    "miscount",
    "misplaced",
    "unbooked",
    "wrong-label",
    "damaged",
    "lost",
    "other",
];

/// What a plan's form offers.
#[derive(Debug, Clone, Default)]
pub struct PlanChoices {
    /// Id of the site that the rest is about; empty if there is none.
    pub site: String,
    /// All sites.
    pub sites: Vec<Named>,
    /// Zones of the site.
    pub zones: Vec<Named>,
    /// Classes that items have.
    pub classes: Vec<String>,
    /// Who may count.
    pub counters: Vec<Named>,
    /// The currency of limits by value.
    pub currency: String,
}

/// What would come of a plan.
#[derive(Debug, Clone)]
pub struct PlanPreview {
    /// Its number.
    pub code: String,
    /// How many bins.
    pub bins: usize,
    /// Piles that the book has in them: lines to be counted.
    pub piles: u64,
    /// Bins that another open count has too.
    pub elsewhere: usize,
    /// How many count orders.
    pub orders: usize,
    /// The first of them.
    pub parts: Vec<PlanPart>,
    /// Stands for the bins.
    pub seen: String,
}

/// One count order of a plan.
#[derive(Debug, Clone)]
pub struct PlanPart {
    /// Its number.
    pub code: String,
    /// Who counts; anybody if `None`.
    pub counter: Option<Named>,
    /// How many bins.
    pub bins: usize,
    /// Its first bin.
    pub first: String,
    /// Its last bin.
    pub last: String,
}

/// A stocktake on the list, and above its page.
#[derive(Debug, Clone)]
pub struct StocktakeHead {
    /// For addresses.
    pub id: String,
    /// Its number.
    pub code: String,
    /// What people call it; may be empty.
    pub name: String,
    /// Code of its kind.
    pub kind: &'static str,
    /// Whether counters do not see the book.
    pub blind: bool,
    /// Where.
    pub site: Named,
    /// When it should be done; 0 if nobody said.
    pub due: UnixMillis,
    /// When it was planned.
    pub planned_at: UnixMillis,
    /// Who planned it.
    pub planned_by: Option<Named>,
    /// When it was closed.
    pub closed_at: Option<UnixMillis>,
    /// Who closed it.
    pub closed_by: Option<Named>,
    /// Why, if something was open.
    pub close_reason: String,
    /// Classes; all if empty.
    pub classes: Vec<String>,
    /// Codes of zones; all if empty.
    pub zones: Vec<String>,
    /// Class (empty: all others), quantity, percent, value.
    pub tolerances: Vec<(String, String, String, String)>,
}

impl StocktakeHead {
    /// Whether it is open after its time.
    pub fn is_late(&self, now: impl ByValue<UnixMillis>) -> bool {
        self.due != 0 && self.due < now.value() && self.closed_at.is_none()
    }

    /// Name, or number where there is none.
    pub fn title(&self) -> &str {
        if self.name.is_empty() {
            &self.code
        } else {
            &self.name
        }
    }
}

/// What has come of a bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BinStatus {
    /// Counted by several who did not know of each other, differently: split or duplicate?
    Twice,
    /// Differs by more than is tolerated.
    Beyond,
    /// Differs, and is tolerated.
    Within,
    /// As the book has it.
    Clean,
    /// To be counted again by somebody else.
    Recount,
    /// Nobody has counted it yet.
    Missing,
    /// The count sets the book.
    Approved,
}

impl BinStatus {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 7] = [
        Self::Twice,
        Self::Beyond,
        Self::Within,
        Self::Clean,
        Self::Recount,
        Self::Missing,
        Self::Approved,
    ];

    /// Stable name, in addresses and as the translation key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Twice => "twice",
            Self::Beyond => "beyond",
            Self::Within => "within",
            Self::Clean => "clean",
            Self::Recount => "recount",
            Self::Missing => "missing",
            Self::Approved => "approved",
        }
    }

    /// The status with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// Whether a count waits for a decision.
    pub const fn waits(self) -> bool {
        matches!(
            self,
            Self::Twice | Self::Beyond | Self::Within | Self::Clean
        )
    }
}

/// How far some bins are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many bins.
    pub planned: usize,
    /// How many have a count that stands.
    pub counted: usize,
    /// When one of them was last counted, by the counting device.
    pub last: Option<UnixMillis>,
}

impl Progress {
    /// In whole percent, 100 only if all are counted.
    pub fn percent(&self) -> usize {
        (self.counted * 100)
            .checked_div(self.planned)
            .unwrap_or(100)
    }
}

/// Sums of money by currency, in minor units.
pub type Sums = BTreeMap<Currency, i128>;

/// All of a stocktake in figures. Of a bin, its approved count stands, else its last one.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Bins.
    pub bins: Progress,
    /// How many bins there are of each status.
    pub by_status: BTreeMap<BinStatus, usize>,
    /// Piles that were counted or that the book had in counted bins.
    pub lines: usize,
    /// Of them, as the book had them.
    pub right: usize,
    /// What was found beyond the book.
    pub gain: Sums,
    /// What was not found; negative.
    pub loss: Sums,
    /// Differing piles of items that have no value.
    pub unvalued: usize,
    /// Lines and lines that were right by class.
    pub classes: BTreeMap<String, (usize, usize)>,
}

impl Totals {
    /// Bins of that status.
    pub fn of(&self, code: &str) -> usize {
        let status = BinStatus::from_code(code);
        let found = status.and_then(|status| self.by_status.get(&status));
        found.copied().unwrap_or(0)
    }

    /// Bins in which something has to be done before it can be closed without a word.
    pub fn open(&self) -> usize {
        let open = self.by_status.iter();
        let open = open
            .filter(|(status, _)| **status != BinStatus::Approved && **status != BinStatus::Clean);
        open.map(|(_, n)| n).sum()
    }

    /// Bins that may be approved in one go: nothing differs, or not too much.
    pub fn tolerated(&self) -> usize {
        self.of("within") + self.of("clean")
    }

    /// Gain and loss together.
    pub fn net(&self) -> Sums {
        let mut net = self.gain.clone();
        for (currency, loss) in &self.loss {
            *net.entry(*currency).or_default() += loss;
        }
        net
    }
}

/// The share of lines that were right, in percent with one decimal.
pub fn accuracy(right: impl ByValue<usize>, lines: impl ByValue<usize>) -> String {
    let (right, lines) = (right.value(), lines.value());
    match (right * 1_000).checked_div(lines) {
        Some(mills) => format!("{}.{} %", mills / 10, mills % 10),
        None => "—".to_owned(),
    }
}

/// Sums in words, such as `-12.50 CNY`.
pub fn money(sums: &Sums) -> String {
    let words: Vec<String> = sums
        .iter()
        .map(|(currency, sum)| format!("{} {currency}", currency.number(*sum)))
        .collect();
    if words.is_empty() {
        "—".to_owned()
    } else {
        words.join(" · ")
    }
}

/// Progress of a counter, a zone or an order.
#[derive(Debug, Clone)]
pub struct ProgressOf {
    /// Of whom or what.
    pub named: Named,
    /// Who counts it, of an order.
    pub counter: Option<Named>,
    /// How far.
    pub progress: Progress,
    /// Whether somebody said that it is done.
    pub finished: bool,
    /// Whether it was called off.
    pub cancelled: bool,
    /// Of an order: who counted before and may not count again.
    pub barred: Vec<Named>,
}

/// One pile of a count beside the book.
#[derive(Debug, Clone)]
pub struct CountedLine {
    /// What.
    pub item: Named,
    /// Its base unit.
    pub base_unit: String,
    /// Of which lot.
    pub lot: Option<String>,
    /// Class of the item.
    pub class: String,
    /// What the book had.
    pub book: Quantity,
    /// What was found.
    pub counted: Quantity,
    /// What the difference is worth, if the item has a value.
    pub value: Option<(i128, Currency)>,
    /// Whether the difference is tolerated.
    pub within: bool,
}

impl CountedLine {
    /// Found less what the book had.
    pub fn difference(&self) -> Quantity {
        self.counted.minus(self.book)
    }

    /// The difference with its sign.
    pub fn signed(&self) -> String {
        let difference = self.difference();
        let plus = if difference > Quantity::ZERO { "+" } else { "" };
        format!("{plus}{difference}")
    }

    /// What the difference is worth, in words.
    pub fn worth(&self) -> String {
        self.value.map_or_else(
            || "—".to_owned(),
            |(minor, currency)| format!("{} {currency}", currency.number(minor)),
        )
    }
}

/// One count of a bin.
#[derive(Debug, Clone)]
pub struct CountView {
    /// The event, with who, where, when and photos.
    pub event: EventView,
    /// Number of its order.
    pub order: String,
    /// Piles, those that differ first.
    pub lines: Vec<CountedLine>,
    /// Stands for what was shown; a decision on something else is refused.
    pub seen: String,
    /// `open`, `approved` or `rejected`.
    pub state: &'static str,
    /// What was decided about it, if anything.
    pub decision: Option<DecisionView>,
    /// Who approved it without a word, and when.
    pub approved: Option<(Named, UnixMillis)>,
}

/// A bin with all its counts, the last one first.
#[derive(Debug, Clone)]
pub struct BinCounts {
    /// Which.
    pub bin: Named,
    /// Code of its zone.
    pub zone: String,
    /// What has come of it.
    pub status: BinStatus,
    /// Its counts.
    pub counts: Vec<CountView>,
    /// Whether whoever looks counted it, and may not decide.
    pub is_own: bool,
}

/// A stocktake's page.
#[derive(Debug, Clone)]
pub struct StocktakeView {
    /// What was planned.
    pub head: StocktakeHead,
    /// In figures.
    pub totals: Totals,
    /// By who counts.
    pub counters: Vec<ProgressOf>,
    /// By zone.
    pub zones: Vec<ProgressOf>,
    /// By order.
    pub orders: Vec<ProgressOf>,
    /// Bins of the page that was asked for, the most urgent first.
    pub bins: Vec<BinCounts>,
    /// Whether there are more.
    pub more: bool,
}

/// One line of a report.
#[derive(Debug, Clone)]
pub struct ReportLine {
    /// Code of the bin.
    pub bin: String,
    /// Code of its zone.
    pub zone: String,
    /// What has come of the bin.
    pub status: BinStatus,
    /// The pile.
    pub line: CountedLine,
    /// Who counted.
    pub counter: Named,
    /// When.
    pub at: UnixMillis,
    /// Who approved, and when.
    pub approved: Option<(Named, UnixMillis)>,
    /// Why, in the supervisor's words.
    pub note: String,
}

/// A stocktake on paper.
#[derive(Debug, Clone)]
pub struct StocktakeReport {
    /// What was planned.
    pub head: StocktakeHead,
    /// In figures.
    pub totals: Totals,
    /// Every pile that was counted, by zone and bin.
    pub lines: Vec<ReportLine>,
    /// Bins that nobody counted, or that wait to be counted again: code, zone, status.
    pub missing: Vec<(String, String, BinStatus)>,
    /// Who counted.
    pub counters: Vec<ProgressOf>,
}

impl StocktakeReport {
    /// The lines that differ, those of the greatest value first.
    pub fn differing(&self) -> Vec<&ReportLine> {
        let differs = |l: &&ReportLine| l.line.difference() != Quantity::ZERO;
        let mut lines: Vec<_> = self.lines.iter().filter(differs).collect();
        let size = |l: &ReportLine| l.line.value.map_or(0, |(minor, _)| minor.abs());
        lines.sort_by_key(|l| {
            (
                std::cmp::Reverse(size(l)),
                std::cmp::Reverse(l.line.difference().size()),
            )
        });
        lines
    }
}
