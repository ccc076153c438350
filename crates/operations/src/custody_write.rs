//! What the procedures of custody write besides events.

use domain::custody::PieceSaid;
use domain::ticket::ClaimCode;
use domain::{CustomerId, DepositId, UnixMillis};

use crate::custody_view::{HouseTerms, PersonSaid};

/// A record of custody to be written with the events of the same input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustodyWrite {
    /// A person who was not known. What they say is sealed under a key of their own, which is made with it.
    NewCustomer {
        /// Identity.
        id: CustomerId,
        /// Number.
        code: String,
        /// What they say.
        said: PersonSaid,
    },
    /// Their pieces.
    NewDeposit {
        /// Identity.
        id: DepositId,
        /// What is on the ticket.
        claim: ClaimCode,
        /// Whose.
        customer: CustomerId,
        /// When it came.
        taken_at: UnixMillis,
        /// What the house agrees on.
        terms: HouseTerms,
        /// The last day of the term.
        due: Option<chrono::NaiveDate>,
    },
    /// One piece, or what is said of it now.
    Piece {
        /// Of which deposit.
        deposit: DepositId,
        /// What is said of it. The words of its condition are sealed by who writes it.
        said: PieceSaid,
        /// 验收状况, in words; may be empty.
        condition: String,
    },
    /// What the customer asked for was answered.
    WishAnswered {
        /// Which deposit.
        deposit: DepositId,
        /// When.
        at: UnixMillis,
    },
    /// Until when the pieces may stay from now on.
    Due {
        /// Which deposit.
        deposit: DepositId,
        /// The last day.
        due: chrono::NaiveDate,
    },
    /// Who came in the customer's stead: sealed under the customer's key, and put into the act of the same input.
    Proxy {
        /// Whose key.
        customer: CustomerId,
        /// What they say.
        said: PersonSaid,
    },
}
