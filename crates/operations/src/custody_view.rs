//! Custody as procedures need it: persons, deposits, what this house agrees on.

use chrono::NaiveDate;
use domain::custody::FeeRule;
use domain::ticket::ClaimCode;
use domain::{CustomerId, DepositId, SiteId, UnitId, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::site_view::{BinFacts, ItemFacts, ViewError};

/// What a person says of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonSaid {
    /// 姓名.
    pub name: String,
    /// 手机号.
    pub phone: String,
    /// 证件号.
    pub document: String,
}

/// A person who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// Identity.
    pub id: CustomerId,
    /// What was said of them.
    pub said: PersonSaid,
    /// How many deposits of theirs are here.
    pub here: u32,
}

/// Where a piece is, as far as this device knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PieceStanding {
    /// It was announced and never put anywhere.
    NotCome,
    /// It lies there.
    Here(BinFacts),
    /// It went out: when, as the screen shows it, and who handed it out.
    Gone {
        /// Time.
        time: String,
        /// Operator.
        by: String,
    },
}

/// A piece of a deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceFacts {
    /// Its number, from 1.
    pub number: u32,
    /// What is on its label.
    pub unit: UnitId,
    /// Its category.
    pub item: ItemFacts,
    /// Size; may be empty.
    pub size: String,
    /// 验收状况; may be empty.
    pub condition: String,
    /// 声明价值 in minor units of the fee's currency; 0: none.
    pub value: i64,
    /// Where it is.
    pub standing: PieceStanding,
}

/// What a customer left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositFacts {
    /// Identity.
    pub id: DepositId,
    /// What is on the ticket.
    pub claim: ClaimCode,
    /// Whose.
    pub customer: CustomerId,
    /// Who that is; `None` while their key has not come, and once they were erased.
    pub person: Option<PersonSaid>,
    /// When it came.
    pub taken_at: UnixMillis,
    /// The last day of the term.
    pub due: Option<NaiveDate>,
    /// Whether the term has ended.
    pub overdue: bool,
    /// What it costs.
    pub fee: FeeRule,
    /// Whether this device took it in.
    pub taken_in_here: bool,
    /// Every piece.
    pub pieces: Vec<PieceFacts>,
    /// What the customer asks for, if nobody has answered yet: when, as the screen shows it.
    pub wish: Option<String>,
}

impl DepositFacts {
    /// Pieces that are here.
    pub fn here(&self) -> impl Iterator<Item = &PieceFacts> {
        self.pieces
            .iter()
            .filter(|piece| matches!(piece.standing, PieceStanding::Here(_)))
    }
}

/// What this house agrees on with whoever leaves something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseTerms {
    /// The site.
    pub site: SiteId,
    /// What it costs.
    pub fee: FeeRule,
    /// For how many days; 0: no term.
    pub days: u32,
    /// Version of the list of forbidden goods.
    pub forbidden: String,
    /// A piece of this declared value or more, in minor units of the fee's currency, leaves by a device that is online, or by the
    /// one that took it in: two that are cut off could let it go twice. 0: no piece is guarded.
    pub guarded: i64,
}

/// Deposits by how their term stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// 即将到期: the last day is today, or within [`domain::custody::SOON_DAYS`].
    Soon,
    /// 逾期: the last day is over.
    Overdue,
    /// 无主: it has been over for more than [`domain::custody::ABANDONED_DAYS`].
    Abandoned,
}

/// Customers and what they left, at the site where the operator stands.
pub trait CustodyView {
    /// Persons by name, a part of it or its pinyin, telephone, its last four digits, or document; a screenful.
    ///
    /// # Errors
    /// [`ViewError`], as of all methods here.
    fn find_persons(&self, text: &str) -> Result<Vec<PersonFacts>, ViewError>;
    /// Who has the same telephone or document.
    fn same_person(&self, said: &PersonSaid) -> Result<Vec<PersonFacts>, ViewError>;
    /// What customers may leave: items of the class `custody`, and of classes that begin with `custody-`.
    fn categories(&self) -> Result<Vec<ItemFacts>, ViewError>;
    /// What the house agrees on.
    fn house_terms(&self) -> Result<HouseTerms, ViewError>;
    /// The deposit.
    fn deposit(&self, id: DepositId) -> Result<Option<DepositFacts>, ViewError>;
    /// What this ticket is for.
    fn deposit_with_claim(&self, claim: &ClaimCode) -> Result<Option<DepositFacts>, ViewError>;
    /// What a customer left and has not taken, the last first; a screenful.
    fn deposits_of(&self, customer: CustomerId) -> Result<Vec<DepositFacts>, ViewError>;
    /// What customers want to come for, the soonest first; a screenful.
    fn wished(&self) -> Result<Vec<DepositFacts>, ViewError>;
    /// What is here and whose term stands so, the first day first; a screenful.
    fn ending(&self, which: Ending) -> Result<Vec<DepositFacts>, ViewError>;
    /// Whether this device has just heard from the server, and would hear of what others hand out.
    fn is_online(&self) -> bool;
    /// Which deposit this unit is a piece of.
    fn deposit_of_unit(&self, unit: &UnitId) -> Result<Option<DepositId>, ViewError>;
    /// The code of another site, if the ticket was drawn for it.
    fn other_site(&self, claim: &ClaimCode) -> Result<Option<String>, ViewError>;
}
