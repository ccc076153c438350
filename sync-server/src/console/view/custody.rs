//! Deposits and persons as supervisors see them.

use domain::{CustomerId, UnixMillis};

use super::{EventView, LeftView};

/// A person; all fields empty where nobody can read them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonView {
    /// Identity, for addresses.
    pub id: String,
    /// The customer's number.
    pub code: String,
    /// 姓名.
    pub name: String,
    /// 手机号, as typed.
    pub phone: String,
    /// 证件号.
    pub document: String,
    /// Anything else.
    pub note: String,
    /// `known`, `missing` (the key has not come), or `erased`.
    pub state: &'static str,
    /// When they were erased.
    pub erased_at: Option<UnixMillis>,
}

/// A deposit in a list.
#[derive(Debug, Clone)]
pub struct DepositLine {
    /// What was left.
    pub left: LeftView,
    /// By whom.
    pub person: PersonView,
    /// What is not as it should be.
    pub odd: Vec<Odd>,
}

/// Something about a deposit that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Odd {
    /// What; translation key under `custody.odd.`.
    pub code: &'static str,
    /// The numbers of the pieces that it is about; empty: the whole deposit.
    pub pieces: Vec<u32>,
    /// Id of the exception that waits for a decision.
    pub exception: Option<String>,
}

impl Odd {
    /// The pieces, in words.
    pub fn numbers(&self) -> String {
        let numbers: Vec<String> = self.pieces.iter().map(u32::to_string).collect();
        numbers.join(", ")
    }
}

/// One deposit with all that happened to it.
#[derive(Debug, Clone)]
pub struct DepositView {
    /// What was left.
    pub left: LeftView,
    /// By whom.
    pub person: PersonView,
    /// What is not as it should be.
    pub odd: Vec<Odd>,
    /// What was noted when it was announced, as far as it can be read.
    pub note: String,
    /// Acts and what happened to the pieces, the latest first.
    pub timeline: Vec<EventView>,
}

/// A message in the outbox.
#[derive(Debug, Clone)]
pub struct NoticeView {
    /// To whom.
    pub person: PersonView,
    /// In words.
    pub text: String,
    /// When.
    pub made_at: UnixMillis,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
}

/// Which deposits are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CustodyShow {
    /// All that are here.
    #[default]
    Here,
    /// Of which pieces are expected.
    Expected,
    /// Whose term ends within a week.
    Soon,
    /// Whose term has ended.
    Overdue,
    /// Whose term ended more than 30 days ago.
    Abandoned,
    /// Whose customer asks for something.
    Wished,
    /// Where something is not as it should be.
    Odd,
}

impl CustodyShow {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Here,
        Self::Expected,
        Self::Soon,
        Self::Overdue,
        Self::Abandoned,
        Self::Wished,
        Self::Odd,
    ];

    /// Whether somebody has to decide.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::Abandoned | Self::Wished | Self::Odd)
    }

    /// For addresses, and translation key under `custody.show.`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Expected => "expected",
            Self::Soon => "soon",
            Self::Overdue => "overdue",
            Self::Abandoned => "abandoned",
            Self::Wished => "wished",
            Self::Odd => "odd",
        }
    }

    /// From an address; all that are here for anything else.
    pub fn from_code(code: &str) -> Self {
        let found = Self::ALL.into_iter().find(|show| show.code() == code);
        found.unwrap_or_default()
    }
}

impl PersonView {
    /// Of whom nothing can be read.
    pub fn unread(id: CustomerId, code: String, state: &'static str) -> Self {
        Self {
            id: id.to_string(),
            code,
            state,
            ..Self::default()
        }
    }

    /// The name, or the number where it cannot be read.
    pub fn called(&self) -> &str {
        match self.name.as_str() {
            "" => &self.code,
            name => name,
        }
    }
}
