//! What a customer left with us, as they and supervisors see it.

use chrono::NaiveDate;
use chrono_tz::Tz;
use documents::{Wish, WishKind};
use domain::UnixMillis;
use domain::custody::CustodyAct;

use super::Named;
use crate::console::by_value::ByValue;
use crate::i18n::Lang;

/// One piece.
#[derive(Debug, Clone)]
pub struct LeftPiece {
    /// Its number in the deposit.
    pub number: u32,
    /// What is on its label.
    pub unit: String,
    /// The same, for addresses.
    pub unit_id: String,
    /// Its category.
    pub item: Named,
    /// Size, as a code of the site.
    pub size: String,
    /// 验收状况, in words.
    pub condition: String,
    /// 声明价值 with its currency; empty: none.
    pub value: String,
    /// Where it lies; `None`: it is not here.
    pub bin: Option<Named>,
    /// It was announced, and has not come.
    pub is_expected: bool,
}

/// One act.
#[derive(Debug, Clone)]
pub struct LeftAct {
    /// What was done.
    pub act: CustodyAct,
    /// When, by the device that wrote it.
    pub at: UnixMillis,
    /// The numbers of the pieces.
    pub pieces: Vec<u32>,
    /// Names its receipt.
    pub hash: String,
    /// The term that it agreed on.
    pub due: Option<NaiveDate>,
    /// What was taken, with its currency; empty: nothing.
    pub taken: String,
    /// When the customer signed for it on their own telephone, and the picture, for addresses.
    pub signed: Option<(UnixMillis, String)>,
}

/// What was left at one time.
#[derive(Debug, Clone)]
pub struct LeftView {
    /// Its identity, for addresses.
    pub id: String,
    /// The last letters of its claim code.
    pub claim: String,
    /// Where.
    pub site: Named,
    /// The site's time zone.
    pub zone: Tz,
    /// When the pieces came; 0: none has.
    pub taken_at: UnixMillis,
    /// When it was announced, and for how many days from the day on which the pieces come.
    pub announced: Option<(UnixMillis, u32)>,
    /// The last day of the term.
    pub due: Option<NaiveDate>,
    /// Days until the term ends; negative: it has ended.
    pub days: Option<i64>,
    /// How many pieces are here.
    pub stored: u32,
    /// The fee for a piece and 24 hours, and its cap, with their currency; empty: none.
    pub fee: (String, String),
    /// What is due now, with its currency; empty: nothing.
    pub fee_due: String,
    /// Every piece.
    pub pieces: Vec<LeftPiece>,
    /// What was done, the oldest first.
    pub acts: Vec<LeftAct>,
    /// Photos that are here, for addresses.
    pub photos: Vec<String>,
    /// What was asked for last.
    pub wish: Option<Wish>,
    /// What the customer gave, 1 to 5; 0: nothing yet.
    pub rating: i64,
}

impl LeftAct {
    /// The pieces, in words.
    pub fn numbers(&self) -> String {
        let numbers: Vec<String> = self.pieces.iter().map(u32::to_string).collect();
        numbers.join(", ")
    }
}

impl LeftView {
    /// `announced`, `here`, `overdue`, `partly`, `released`, `disposed` or `cancelled`.
    pub fn status(&self) -> &'static str {
        if self.acts.is_empty() && self.pieces.iter().any(|piece| piece.is_expected) {
            return "announced";
        }
        let gone = (self.stored as usize) < self.pieces.len();
        match (self.stored, self.acts.last().map(|act| act.act)) {
            (0, Some(CustodyAct::Disposed)) => "disposed",
            (0, Some(CustodyAct::Cancelled)) => "cancelled",
            (0, _) => "released",
            _ if self.days.is_some_and(|days| days < 0) => "overdue",
            _ if gone => "partly",
            _ => "here",
        }
    }

    /// The last release that the customer has not signed for.
    pub fn to_sign(&self) -> Option<&LeftAct> {
        let mut acts = self.acts.iter().rev();
        acts.find(|act| act.act == CustodyAct::Released && act.signed.is_none())
    }

    /// Whether the customer may say how it was: once all is handed out.
    pub fn can_rate(&self) -> bool {
        let released = self.acts.iter().any(|act| act.act == CustodyAct::Released);
        self.stored == 0 && released && self.rating == 0
    }

    /// The key of the words for what was asked for, and whether it still waits.
    pub fn wish_key(&self) -> Option<(&'static str, bool)> {
        let wish = self.wish?;
        let key = match wish.kind {
            WishKind::Release => "customer.wished-release",
            WishKind::Extend => "customer.wished-extend",
        };
        Some((key, wish.answered_at == 0))
    }

    /// The fee that was agreed, in words; empty: none.
    pub fn fee_words(&self, lang: impl ByValue<Lang>) -> String {
        let (lang, (daily, cap)) = (lang.value(), &self.fee);
        match (daily.is_empty(), cap.is_empty()) {
            (true, _) => String::new(),
            (false, true) => lang.fill("receipt.fee-daily", &[("daily", daily)]),
            (false, false) => lang.fill("receipt.fee-capped", &[("daily", daily), ("cap", cap)]),
        }
    }
}
