//! Lists of stock.

use chrono::NaiveDate;
use domain::{Quantity, UnixMillis};

use super::Named;
use crate::console::by_value::ByValue;

/// Edges of the bands of stock age, in days: what came in at most so long ago. The last band has no end.
pub const AGE_BANDS: [i64; 4] = [30, 90, 180, 365];

/// Within so many days a lot's last good day may be asked for; 0: past it.
pub const EXPIRING_DAYS: [i64; 4] = [0, 7, 30, 90];

/// A pile: one line of the lists by bin.
#[derive(Debug, Clone)]
pub struct StockRow {
    /// Where.
    pub bin: Named,
    /// What.
    pub item: Named,
    /// Of which lot.
    pub lot: Option<String>,
    /// How much.
    pub quantity: Quantity,
    /// Why it may not be used, as a code: `zone` or `count`; `None` if it may, or if nobody asked.
    pub frozen: Option<&'static str>,
    /// The item's base unit.
    pub base_unit: String,
    /// The number is being recalculated: it follows with the next snapshot.
    pub stale: bool,
}

impl StockRow {
    /// Whether more went out than was in.
    pub fn is_negative(&self) -> bool {
        self.quantity < Quantity::ZERO
    }

    /// What of it may be used, as far as its bin tells.
    pub fn usable(&self) -> Quantity {
        match self.frozen {
            Some(_) => Quantity::ZERO,
            None => self.quantity,
        }
    }
}

/// Whether the page has to say what being recalculated means.
pub fn any_stale(rows: &[StockRow]) -> bool {
    rows.iter().any(|row| row.stale)
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct PageOf<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins, if one follows: goes into its address as it is.
    pub next: Option<String>,
}

impl<T> Default for PageOf<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            next: None,
        }
    }
}

/// What is only known of the present.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Committed {
    /// Spoken for by open orders.
    pub reserved: Quantity,
    /// In bins that may not be used.
    pub frozen: Quantity,
    /// On its way from another site.
    pub in_transit: Quantity,
}

/// One line of stock by item, lot or age.
#[derive(Debug, Clone)]
pub struct GoodsRow {
    /// What.
    pub item: Named,
    /// Of which lot; `None` in lists by item, and for goods without a lot.
    pub lot: Option<String>,
    /// Where, in lists by lot and age.
    pub site: Option<Named>,
    /// The lot's last good day.
    pub expiry: Option<NaiveDate>,
    /// Days until then; negative: so long ago.
    pub days_left: Option<i64>,
    /// On hand by the book.
    pub on_hand: Quantity,
    /// `None` for an instant in the past, and where only a part of the site is shown.
    pub committed: Option<Committed>,
    /// In how many bins.
    pub bins: u64,
    /// Safety stock; zero for none.
    pub least: Quantity,
    /// Whether there is less than that on all sites together.
    pub is_low: bool,
    /// When some of it last came in, in lists by age.
    pub last_in: Option<UnixMillis>,
    /// How much of it is how old, by [`AGE_BANDS`]: first in, first out. In lists by age.
    pub bands: Vec<Quantity>,
    /// Base unit.
    pub base_unit: String,
    /// Some of it is being recalculated.
    pub stale: bool,
}

impl GoodsRow {
    /// Whether more went out than was in.
    pub fn is_negative(&self) -> bool {
        self.on_hand < Quantity::ZERO
    }

    /// Whether more is spoken for or frozen than there is.
    pub fn is_overpromised(&self) -> bool {
        self.available().is_some_and(|rest| rest < Quantity::ZERO)
    }

    /// Whether the last good day is over.
    pub fn is_expired(&self) -> bool {
        self.days_left.is_some_and(|days| days < 0)
    }

    /// Whether the last good day is within a month.
    pub fn is_near_expiry(&self) -> bool {
        self.days_left.is_some_and(|days| (0..=30).contains(&days))
    }

    /// Days to the last good day, or since.
    pub fn days(&self) -> String {
        self.days_left.unwrap_or_default().abs().to_string()
    }

    /// What may be promised: on hand, neither spoken for nor frozen. Negative if more is promised than there is.
    pub fn available(&self) -> Option<Quantity> {
        let committed = self.committed?;
        let gone = committed.reserved.plus(committed.frozen);
        Some(self.on_hand.plus(gone.negated()))
    }
}

/// Of which instant, and of whose knowledge, a page of stock tells.
#[derive(Debug, Clone, Default)]
pub struct AsOf {
    /// As it stands in the field for day and minute; empty for now.
    pub text: String,
    /// The instant; `None` for now.
    pub at: Option<UnixMillis>,
    /// The text is no instant.
    pub is_wrong: bool,
    /// The device whose knowledge is shown; empty id for the server's.
    pub device: Named,
    /// When it had last said by then how far it had read; `None` if it had not said so yet.
    pub heard: Option<UnixMillis>,
}

impl AsOf {
    /// Whether a device is asked about of which nothing is known by then.
    pub fn is_unheard(&self) -> bool {
        !self.device.id.is_empty() && self.heard.is_none()
    }

    /// Whether it is the book as it stands.
    pub fn is_now(&self) -> bool {
        self.at.is_none() && self.device.id.is_empty()
    }
}

/// A filter that a list of stock is narrowed by, as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct StockFilter {
    /// `bin`, `item`, `lot` or `age`.
    pub view: &'static str,
    /// Name, code, barcode or lot.
    pub q: String,
    /// A site's id.
    pub site: String,
    /// A zone's id.
    pub zone: String,
    /// An item class.
    pub class: String,
    /// The id of the customer who owns the items.
    pub owner: String,
    /// Only what is below its safety stock.
    pub low: bool,
    /// Only lots with a last good day up to so many days from now; 0: that are past it.
    pub expiring: Option<i64>,
    /// Where the page before ended.
    pub after: String,
}

impl StockFilter {
    /// Whether only lots are asked for whose last good day is so many days from now.
    pub fn expires_in(&self, days: impl ByValue<i64>) -> bool {
        self.expiring == Some(days.value())
    }

    /// Whether nothing narrows the list.
    pub fn is_plain(&self) -> bool {
        [&self.q, &self.site, &self.zone, &self.class, &self.owner]
            .iter()
            .all(|text| text.is_empty())
            && !self.low
            && self.expiring.is_none()
    }
}
