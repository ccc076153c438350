//! One item, bin, unit, device or person, and everything about it.

use domain::{ItemId, Quantity, UnixMillis};

use domain::rights::Grant;

use super::{Committed, EventView, Named, StockRow, UnitRef};

/// An item and everything about it.
#[derive(Debug, Clone)]
pub struct ItemView {
    /// Its identity.
    pub id: ItemId,
    /// Its name.
    pub item: Named,
    /// Base unit.
    pub base_unit: String,
    /// Barcodes and how many base units one scan of each means.
    pub barcodes: Vec<(String, Quantity)>,
    /// What is told apart: codes `lot`, `serial`, `expiry`.
    pub tracks: Vec<&'static str>,
    /// Where it lies.
    pub stock: Vec<StockRow>,
    /// Sum of the stock.
    pub total: Quantity,
    /// What of it is spoken for, frozen and on its way; of the present only.
    pub committed: Option<Committed>,
    /// Safety stock; zero for none.
    pub least: Quantity,
    /// What decides where it is put; may be empty.
    pub class: String,
    /// Whom it belongs to; `None`: to us.
    pub owner: Option<Named>,
    /// What happened, newest first.
    pub history: Vec<EventView>,
}

/// A bin and everything about it.
#[derive(Debug, Clone)]
pub struct BinView {
    /// Its name.
    pub bin: Named,
    /// The part of the site.
    pub zone: Option<Named>,
    /// Where.
    pub site: Named,
    /// What lies there.
    pub stock: Vec<StockRow>,
    /// What happened, newest first.
    pub history: Vec<EventView>,
}

/// A unit and everything about it.
#[derive(Debug, Clone)]
pub struct UnitView {
    /// Which.
    pub unit: UnitRef,
    /// What it holds.
    pub item: Named,
    /// How much.
    pub quantity: Quantity,
    /// Base unit.
    pub base_unit: String,
    /// Its bin, or the one it left.
    pub bin: Named,
    /// Whether it is in the house: `stored` or `issued`.
    pub status: &'static str,
    /// Where it is and how much is being recalculated: it follows with the next snapshot.
    pub stale: bool,
    /// What happened, newest first.
    pub history: Vec<EventView>,
}

/// A person who scans.
#[derive(Debug, Clone)]
pub struct OperatorView {
    /// Who.
    pub operator: Named,
    /// Whether they have a PIN.
    pub has_pin: bool,
    /// What their badge reads.
    pub badge: String,
    /// Whether they may sign in.
    pub active: bool,
    /// What is granted to them; `None`: nobody has ever restricted them.
    pub grant: Option<GrantView>,
    /// What they did last.
    pub last_event: Option<UnixMillis>,
}

impl OperatorView {
    /// The end of what the badge reads: the whole of it would open a handheld.
    pub fn badge_end(&self) -> String {
        let count = self.badge.chars().count();
        match count {
            0 => "—".to_owned(),
            _ => {
                let shown = 3.min(count / 2);
                let end: String = self.badge.chars().skip(count - shown).collect();
                format!("…{end}")
            }
        }
    }
}

/// What a person may do from some time on.
#[derive(Debug, Clone)]
pub struct GrantView {
    /// From when on.
    pub since: UnixMillis,
    /// Code of the post; empty for none.
    pub post: String,
    /// Codes of the actions.
    pub actions: Vec<&'static str>,
    /// Whether they may approve what others do.
    pub may_approve: bool,
    /// Until then; `None`: until there is another one.
    pub until: Option<UnixMillis>,
}

impl GrantView {
    /// From the grant.
    pub fn of(since: UnixMillis, grant: &Grant) -> Self {
        Self {
            since,
            post: grant.post.clone(),
            actions: grant.actions.iter().map(|action| action.code()).collect(),
            may_approve: grant.may_approve,
            until: grant.until,
        }
    }
}

/// What a person may do, and could before.
#[derive(Debug, Clone)]
pub struct RightsView {
    /// Who.
    pub operator: Named,
    /// The last grant, or what nobody has restricted.
    pub grant: Grant,
    /// All grants, the latest first.
    pub history: Vec<GrantView>,
}
