//! Goods in hand: what a scan said, and what is still missing until the line can be written.

use chrono::NaiveDate;
use domain::{Goods, Quantity, UnitId};
use serde::{Deserialize, Serialize};

use crate::codes::{FeedbackCode, ReasonCode};
use crate::scanned::Scanned;
use crate::screen::Feedback;
use crate::site_view::{BinFacts, ItemFacts, UnitFacts};

/// Goods that were scanned and are on no line yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hand {
    /// The code that named them; the same code again is one more, or a yes.
    pub(crate) raw: String,
    /// What they are; only a new licence plate is scanned before its item.
    pub(crate) item: Option<ItemFacts>,
    /// Base units that one scan stands for.
    pub(crate) pack: Quantity,
    pub(crate) lot: Option<String>,
    pub(crate) no_lot: bool,
    pub(crate) expiry: Option<NaiveDate>,
    pub(crate) no_expiry: bool,
    pub(crate) serial: Option<String>,
    pub(crate) no_serial: bool,
    pub(crate) plate: Option<UnitId>,
    /// Where the book has this unit.
    pub(crate) unit_bin: Option<BinFacts>,
    /// A unit that the book knows moves whole: this much.
    pub(crate) whole: Option<Quantity>,
    /// How often the code was scanned.
    pub(crate) scans: i64,
    /// Scans or packs as typed or as the code says; replaces `scans`.
    pub(crate) typed: Option<Quantity>,
    /// Everything in the pile, whatever the pack.
    pub(crate) exactly: Option<Quantity>,
    /// No more scans are to be added: the line is written as soon as nothing is missing.
    pub(crate) closed: bool,
    /// Doubts that were answered with yes.
    pub(crate) confirmed: Vec<FeedbackCode>,
    /// Why it is written, or in what condition it is.
    #[serde(default)]
    pub(crate) reason: Option<ReasonCode>,
}

impl Hand {
    fn empty(scanned: &Scanned) -> Self {
        Self {
            raw: scanned.raw.trim().to_owned(),
            item: None,
            pack: Quantity::ONE,
            lot: scanned.fields.lot.clone(),
            no_lot: false,
            expiry: scanned.fields.expiry,
            no_expiry: false,
            serial: scanned.fields.serial.clone(),
            no_serial: false,
            plate: None,
            unit_bin: None,
            whole: None,
            scans: 1,
            typed: count(scanned),
            exactly: None,
            closed: false,
            confirmed: Vec::new(),
            reason: None,
        }
    }

    /// Goods named by item.
    pub(crate) fn of_item(scanned: &Scanned, item: ItemFacts, pack: Quantity) -> Self {
        let mut hand = Self {
            pack,
            ..Self::empty(scanned)
        };
        hand.set_item(item);
        hand
    }

    /// Says what the goods are. What the item is not tracked by is dropped: a lot kept on some lines only would split
    /// its stock into piles that nobody tells apart.
    pub(crate) fn set_item(&mut self, item: ItemFacts) {
        self.serial = self
            .serial
            .take()
            .filter(|_| item.tracks_serial && self.plate.is_none());
        self.lot = self.lot.take().filter(|_| item.tracks_lot);
        self.expiry = self.expiry.filter(|_| item.tracks_expiry);
        self.item = Some(item);
    }

    /// A licence plate that is new.
    pub(crate) fn of_plate(scanned: &Scanned, plate: UnitId) -> Self {
        Self {
            plate: Some(plate),
            serial: None,
            ..Self::empty(scanned)
        }
    }

    /// A unit that the book knows: nothing need be asked.
    pub(crate) fn of_unit(scanned: &Scanned, unit: &UnitFacts) -> Self {
        let mut hand = Self {
            item: Some(unit.item.clone()),
            plate: Some(unit.id.clone()),
            unit_bin: Some(unit.bin.clone()),
            whole: Some(unit.quantity),
            typed: None,
            ..Self::empty(scanned)
        };
        hand.lot = unit.goods.lot.clone().or(hand.lot);
        hand.no_lot = hand.lot.is_none();
        hand.expiry = unit.goods.expiry.or(hand.expiry);
        hand.no_expiry = hand.expiry.is_none();
        hand
    }

    /// Its name, whether plate or serial number.
    pub(crate) fn unit(&self) -> Option<UnitId> {
        let serial = || {
            Some(UnitId::serial(
                self.item.as_ref()?.id,
                self.serial.as_ref()?,
            ))
        };
        self.plate.clone().or_else(serial)
    }

    /// Whether it is one piece and cannot be more.
    pub(crate) fn is_single(&self) -> bool {
        self.plate.is_none() && self.serial.is_some()
    }

    /// The goods as an event names them.
    pub(crate) fn goods(&self) -> Option<Goods> {
        Some(Goods {
            item: self.item.as_ref()?.id,
            lot: self.lot.clone(),
            expiry: self.expiry,
            unit: self.unit(),
        })
    }

    /// The amount in base units as it stands; `None` if packs multiply out of range.
    pub(crate) fn amount(&self) -> Option<Quantity> {
        if let Some(known) = self.exactly.or(self.whole) {
            return Some(known);
        }
        if self.is_single() {
            return Some(Quantity::ONE);
        }
        let scans = self
            .typed
            .or_else(|| Quantity::from_units(self.scans).ok())?;
        scans.times(self.pack)
    }

    /// Whether the amount cannot change by another scan.
    pub(crate) fn is_certain(&self) -> bool {
        self.closed
            || self.typed.is_some()
            || self.exactly.is_some()
            || self.whole.is_some()
            || self.is_single()
    }

    /// Takes a typed number of scans.
    ///
    /// # Errors
    /// The refusal to show; the hand is as before.
    pub(crate) fn set_typed(&mut self, typed: Quantity, lowest: Quantity) -> Result<(), Feedback> {
        let item = self.item.as_ref();
        let amount = typed
            .times(self.pack)
            .filter(|a| *a >= lowest && a.in_range());
        let Some(amount) = amount else {
            return Err(out_of_range(lowest, Quantity::LIMIT));
        };
        if let Some(item) = item.filter(|i| !i.allows(amount)) {
            return Err(Feedback::refused(
                FeedbackCode::QuantityNotWhole,
                [item.sku.clone()],
            ));
        }
        let only = self.whole.or(self.is_single().then_some(Quantity::ONE));
        if let Some(only) = only.filter(|only| *only != amount) {
            return Err(out_of_range(only, only));
        }
        self.typed = Some(typed);
        self.exactly = None;
        Ok(())
    }
}

/// The number of pieces in the code; a zero or an absurd one is no answer, so that it is asked.
pub(crate) fn count(scanned: &Scanned) -> Option<Quantity> {
    let units = i64::try_from(scanned.fields.count?).ok()?;
    Quantity::from_units(units)
        .ok()
        .filter(|q| *q > Quantity::ZERO)
}

pub(crate) fn out_of_range(lowest: Quantity, highest: Quantity) -> Feedback {
    Feedback::refused(
        FeedbackCode::QuantityOutOfRange,
        [lowest.to_string(), highest.to_string()],
    )
}

/// The least that one line can carry of an item.
pub(crate) fn smallest(item: Option<&ItemFacts>) -> Quantity {
    let decimals = item.map_or(3, |i| u32::from(i.decimals.min(3)));
    Quantity::from_thousandths(10_i64.pow(3 - decimals))
}
