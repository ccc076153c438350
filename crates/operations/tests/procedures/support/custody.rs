//! Customers and deposits of the small site. Where a piece is follows from its events, as for any unit.

use std::collections::BTreeMap;

use domain::custody::{FeeRule, PieceSaid};
use domain::ledger::UnitStatus;
use domain::ticket::ClaimCode;
use domain::{Currency, CustomerId, DepositId, SiteId, UnitId};
use operations::{
    CustodyView, CustodyWrite, DepositFacts, Ending, HouseTerms, ItemFacts, PersonFacts,
    PersonSaid, PieceFacts, PieceStanding, SiteView, ViewError,
};

use super::site::{Site, TODAY};

pub(crate) const HERE: SiteId = SiteId::from_bytes([0x51; 16]);
pub(crate) const ELSEWHERE: SiteId = SiteId::from_bytes([0x52; 16]);

/// What the records of custody say.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) persons: Vec<(CustomerId, PersonSaid)>,
    pub(crate) deposits: Vec<DepositRecord>,
    pub(crate) proxies: Vec<PersonSaid>,
    /// From this value on pieces are guarded; 0: none is.
    pub(crate) guarded: i64,
    pub(crate) is_online: bool,
}

pub(crate) struct DepositRecord {
    pub(crate) id: DepositId,
    pub(crate) claim: ClaimCode,
    pub(crate) customer: CustomerId,
    pub(crate) taken_at: i64,
    pub(crate) due: Option<chrono::NaiveDate>,
    pub(crate) pieces: Vec<PieceSaid>,
    /// 验收状况 of pieces, by number.
    pub(crate) conditions: BTreeMap<u32, String>,
    pub(crate) wish: Option<String>,
    pub(crate) taken_in_here: bool,
}

impl Records {
    pub(crate) fn apply(&mut self, write: &CustodyWrite) {
        match write.clone() {
            CustodyWrite::NewCustomer { id, said, .. } => self.persons.push((id, said)),
            CustodyWrite::NewDeposit {
                id,
                claim,
                customer,
                taken_at,
                due,
                ..
            } => self.deposits.push(DepositRecord {
                id,
                claim,
                customer,
                taken_at,
                due,
                pieces: Vec::new(),
                conditions: BTreeMap::new(),
                wish: None,
                taken_in_here: true,
            }),
            CustodyWrite::Piece {
                deposit,
                said,
                condition,
            } => {
                self.of(deposit).conditions.insert(said.number, condition);
                let pieces = &mut self.of(deposit).pieces;
                pieces.retain(|p| p.number != said.number);
                pieces.push(said);
            }
            CustodyWrite::Due { deposit, due } => self.of(deposit).due = Some(due),
            CustodyWrite::WishAnswered { deposit, .. } => self.of(deposit).wish = None,
            CustodyWrite::Proxy { said, .. } => self.proxies.push(said),
        }
    }

    fn of(&mut self, id: DepositId) -> &mut DepositRecord {
        self.deposits.iter_mut().find(|d| d.id == id).unwrap()
    }
}

fn house() -> HouseTerms {
    HouseTerms {
        site: HERE,
        fee: FeeRule {
            daily: 1_000,
            cap: 0,
            currency: Currency::from_code("CNY").unwrap(),
        },
        days: 30,
        forbidden: "1".into(),
        guarded: 0,
    }
}

impl Site {
    fn facts_of(&self, record: &DepositRecord) -> DepositFacts {
        let person = self
            .custody
            .persons
            .iter()
            .find(|(id, _)| *id == record.customer);
        let piece = |said: &PieceSaid| PieceFacts {
            number: said.number,
            unit: said.unit.clone(),
            item: self.item(said.item).unwrap().unwrap(),
            size: said.size.clone(),
            condition: record
                .conditions
                .get(&said.number)
                .cloned()
                .unwrap_or_default(),
            value: said.value,
            standing: match self.unit(&said.unit).unwrap() {
                None => PieceStanding::NotCome,
                Some(unit) if unit.status == UnitStatus::Stored => PieceStanding::Here(unit.bin),
                Some(unit) => PieceStanding::Gone {
                    time: unit.since,
                    by: unit.by,
                },
            },
        };
        DepositFacts {
            id: record.id,
            claim: record.claim.clone(),
            customer: record.customer,
            person: person.map(|(_, said)| said.clone()),
            taken_at: record.taken_at,
            due: record.due,
            overdue: record.due.is_some_and(|due| {
                domain::site_day::site_day(TODAY, "UTC").is_some_and(|today| today > due)
            }),
            fee: house().fee,
            taken_in_here: record.taken_in_here,
            pieces: record.pieces.iter().map(piece).collect(),
            wish: record.wish.clone(),
        }
    }

    fn persons_where(&self, fits: impl Fn(&PersonSaid) -> bool) -> Vec<PersonFacts> {
        let persons = self.custody.persons.iter().filter(|(_, said)| fits(said));
        persons
            .map(|(id, said)| PersonFacts {
                id: *id,
                said: said.clone(),
                here: 0,
            })
            .collect()
    }
}

impl CustodyView for Site {
    fn find_persons(&self, text: &str) -> Result<Vec<PersonFacts>, ViewError> {
        Ok(self.persons_where(|said| said.name.contains(text) || said.phone.contains(text)))
    }

    fn same_person(&self, said: &PersonSaid) -> Result<Vec<PersonFacts>, ViewError> {
        Ok(self.persons_where(|other| {
            !said.phone.is_empty() && other.phone == said.phone
                || !said.document.is_empty() && other.document == said.document
        }))
    }

    fn categories(&self) -> Result<Vec<ItemFacts>, ViewError> {
        Ok(self.item_called("CASE").into_iter().collect())
    }

    fn house_terms(&self) -> Result<HouseTerms, ViewError> {
        Ok(HouseTerms {
            guarded: self.custody.guarded,
            ..house()
        })
    }

    fn deposit(&self, id: DepositId) -> Result<Option<DepositFacts>, ViewError> {
        let found = self.custody.deposits.iter().find(|d| d.id == id);
        Ok(found.map(|record| self.facts_of(record)))
    }

    fn deposit_with_claim(&self, claim: &ClaimCode) -> Result<Option<DepositFacts>, ViewError> {
        let found = self.custody.deposits.iter().find(|d| d.claim == *claim);
        Ok(found.map(|record| self.facts_of(record)))
    }

    fn deposits_of(&self, customer: CustomerId) -> Result<Vec<DepositFacts>, ViewError> {
        let theirs = self
            .custody
            .deposits
            .iter()
            .filter(|d| d.customer == customer);
        let facts = theirs.map(|record| self.facts_of(record));
        Ok(facts.filter(|facts| facts.here().count() > 0).collect())
    }

    fn wished(&self) -> Result<Vec<DepositFacts>, ViewError> {
        let wished = self.custody.deposits.iter().filter(|d| d.wish.is_some());
        Ok(wished.map(|record| self.facts_of(record)).collect())
    }

    fn ending(&self, which: Ending) -> Result<Vec<DepositFacts>, ViewError> {
        let today = domain::site_day::site_day(TODAY, "UTC").unwrap();
        let days = |record: &DepositRecord| record.due.map(|due| (due - today).num_days());
        let mut found: Vec<&DepositRecord> = (self.custody.deposits.iter())
            .filter(|record| match (which, days(record)) {
                (_, None) => false,
                (Ending::Soon, Some(days)) => (0..=7).contains(&days),
                (Ending::Overdue, Some(days)) => days < 0,
                (Ending::Abandoned, Some(days)) => days < -30,
            })
            .collect();
        found.sort_by_key(|record| record.due);
        Ok(found.into_iter().map(|r| self.facts_of(r)).collect())
    }

    fn is_online(&self) -> bool {
        self.custody.is_online
    }

    fn deposit_of_unit(&self, unit: &UnitId) -> Result<Option<DepositId>, ViewError> {
        let of = |d: &&DepositRecord| d.pieces.iter().any(|p| p.unit == *unit);
        Ok(self.custody.deposits.iter().find(of).map(|d| d.id))
    }

    fn other_site(&self, claim: &ClaimCode) -> Result<Option<String>, ViewError> {
        Ok(claim.may_be_of(ELSEWHERE).then(|| "BJ1".to_owned()))
    }
}
