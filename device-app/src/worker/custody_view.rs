//! Customers and what they left, as procedures ask for it.

use chrono::Days;
use documents::HouseRules;
use domain::custody::{ABANDONED_DAYS, CustodyAct, SOON_DAYS};
use domain::ledger::UnitStatus;
use domain::ticket::ClaimCode;
use domain::{CustomerId, DepositId, EventBody, UnitId};
use operations::{
    CustodyView, DepositFacts, Ending, HouseTerms, ItemFacts, PersonFacts, PersonSaid, PieceFacts,
    PieceStanding, ViewError,
};
use replica::ReplicaError;
use replica::query::{DepositRow, EventRow, PieceRow};

use super::stock_view::{StockView, failed};
use crate::view::Fact;

/// What the look-up says of a piece besides what it says of any unit.
pub(super) struct LeftBy {
    pub(super) facts: Vec<Fact>,
    /// What was agreed and done about it.
    pub(super) acts: Vec<EventRow>,
}

/// Persons, deposits and categories that are shown at once.
const SHOWN_MAX: u32 = 30;

fn said(person: documents::Person) -> PersonSaid {
    PersonSaid {
        name: person.name,
        phone: person.phone,
        document: person.document,
    }
}

impl StockView<'_> {
    fn persons(
        &self,
        found: Vec<(CustomerId, documents::Person)>,
    ) -> Result<Vec<PersonFacts>, ReplicaError> {
        let persons = found.into_iter().map(|(id, person)| {
            let theirs = self.query.deposits_of(id, SHOWN_MAX)?;
            let here = theirs.iter().filter(|row| row.stored > 0).count();
            Ok(PersonFacts {
                id,
                said: said(person),
                here: here as u32,
            })
        });
        persons.collect()
    }

    fn piece_facts(&self, row: PieceRow) -> Result<PieceFacts, ReplicaError> {
        let standing = match row.standing {
            None => PieceStanding::NotCome,
            Some((UnitStatus::Stored, bin, _)) => PieceStanding::Here(self.bin_or_unnamed(bin)?),
            Some((UnitStatus::Issued, _, since)) => {
                let event = self.query.event_by_hash(since)?;
                let record = event.map(|row| row.placed.event.record);
                let (time, by) = match record {
                    Some(record) => (
                        self.clock.show(record.clock.millis, self.now),
                        self.operator_name(record.operator)?,
                    ),
                    None => Default::default(),
                };
                PieceStanding::Gone { time, by }
            }
        };
        Ok(PieceFacts {
            number: row.number,
            unit: row.piece.unit,
            item: self.item_or_unnamed(row.piece.item)?,
            size: row.piece.size,
            condition: row.condition,
            value: row.piece.value,
            standing,
        })
    }

    pub(crate) fn deposit_facts(&self, row: DepositRow) -> Result<DepositFacts, ReplicaError> {
        let deposit = row.deposit;
        let pieces = self.query.pieces(&deposit)?.into_iter();
        let today = domain::site_day::site_day(self.now, self.clock.time_zone());
        Ok(DepositFacts {
            id: deposit.id,
            person: self.query.person(deposit.customer)?.map(said),
            claim: deposit.claim,
            customer: deposit.customer,
            taken_at: deposit.taken_at,
            due: deposit.due,
            overdue: deposit
                .due
                .is_some_and(|due| today.is_some_and(|today| today > due)),
            fee: deposit.fee,
            taken_in_here: self.took_in(deposit.id)?,
            wish: deposit
                .wish
                .filter(|wish| wish.answered_at == 0)
                .map(|wish| self.clock.show(wish.at, self.now)),
            pieces: pieces
                .map(|piece| self.piece_facts(piece))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether this device wrote the deposit's first act.
    fn took_in(&self, deposit: DepositId) -> Result<bool, ReplicaError> {
        let acts = self.query.acts_of(deposit)?;
        let taken = acts.iter().find(|row| match &row.placed.event.record.body {
            EventBody::Custody(act) => act.act == CustodyAct::Deposited,
            _ => false,
        });
        Ok(taken.is_some_and(|row| Some(row.placed.event.device) == self.device))
    }

    /// What is known of a unit that a customer left; `None` for any other.
    pub(super) fn left_by(&self, unit: &UnitId) -> Result<Option<LeftBy>, ReplicaError> {
        let Some((deposit, number)) = self.query.deposit_of_unit(unit)? else {
            return Ok(None);
        };
        let Some(row) = self
            .query
            .deposit(deposit)?
            .filter(|row| row.deposit.site == self.site)
        else {
            return Ok(None);
        };
        let mut acts = self.query.acts_of(deposit)?;
        acts.retain(|row| match &row.placed.event.record.body {
            EventBody::Custody(act) => act.pieces.contains(&number),
            _ => false,
        });
        let deposit = row.deposit;
        let fact = |label: &str, value: String| Fact {
            label: label.to_owned(),
            value,
            emphasis: false,
        };
        let person = self.query.person(deposit.customer)?;
        let pieces = self.query.pieces(&deposit)?;
        let said = pieces.into_iter().find(|piece| piece.number == number);
        let size = said.as_ref().map(|piece| piece.piece.size.clone());
        let condition = said.map(|piece| piece.condition);
        let facts = [
            person.map(|person| fact("customer-name", person.name)),
            Some(fact(
                "piece",
                format!("{number} / {}", deposit.pieces.len()),
            )),
            deposit.due.map(|due| fact("due", due.to_string())),
            size.filter(|code| !code.is_empty())
                .map(|code| fact("size", code)),
            condition
                .filter(|words| !words.is_empty())
                .map(|words| fact("condition", words)),
        ];
        Ok(Some(LeftBy {
            facts: facts.into_iter().flatten().collect(),
            acts,
        }))
    }

    fn one(&self, row: Option<DepositRow>) -> Result<Option<DepositFacts>, ReplicaError> {
        let here = row.filter(|row| row.deposit.site == self.site);
        here.map(|row| self.deposit_facts(row)).transpose()
    }
}

impl CustodyView for StockView<'_> {
    fn find_persons(&self, text: &str) -> Result<Vec<PersonFacts>, ViewError> {
        let found = self.query.find_persons(text, SHOWN_MAX).map_err(failed)?;
        self.persons(found).map_err(failed)
    }

    fn same_person(&self, said: &PersonSaid) -> Result<Vec<PersonFacts>, ViewError> {
        let found = self.query.same_person(&said.phone, &said.document);
        self.persons(found.map_err(failed)?).map_err(failed)
    }

    fn categories(&self) -> Result<Vec<ItemFacts>, ViewError> {
        let found = self.query.items_of_class(HouseRules::CLASS, SHOWN_MAX);
        let items = found.map_err(failed)?.into_iter();
        items
            .map(|id| self.item_or_unnamed(id).map_err(failed))
            .collect()
    }

    fn house_terms(&self) -> Result<HouseTerms, ViewError> {
        let record = self.query.record(self.site.into()).map_err(failed)?;
        let rules = record.as_ref().map(HouseRules::of).unwrap_or_default();
        Ok(HouseTerms {
            site: self.site,
            fee: rules.fee,
            days: rules.days,
            forbidden: rules.forbidden,
            guarded: rules.guarded,
        })
    }

    fn deposit(&self, id: DepositId) -> Result<Option<DepositFacts>, ViewError> {
        let row = self.query.deposit(id).map_err(failed)?;
        self.one(row).map_err(failed)
    }

    fn deposit_with_claim(&self, claim: &ClaimCode) -> Result<Option<DepositFacts>, ViewError> {
        let row = self.query.deposit_by_claim(claim).map_err(failed)?;
        self.one(row).map_err(failed)
    }

    fn deposits_of(&self, customer: CustomerId) -> Result<Vec<DepositFacts>, ViewError> {
        let rows = self
            .query
            .deposits_of(customer, SHOWN_MAX)
            .map_err(failed)?;
        let here = |row: &DepositRow| row.stored > 0 && row.deposit.site == self.site;
        let facts = rows
            .into_iter()
            .filter(here)
            .map(|row| self.deposit_facts(row));
        facts.collect::<Result<_, _>>().map_err(failed)
    }

    fn wished(&self) -> Result<Vec<DepositFacts>, ViewError> {
        let rows = self.query.wishes(self.site, SHOWN_MAX).map_err(failed)?;
        let here = rows.into_iter().filter(|row| row.stored > 0);
        let facts = here.map(|row| self.deposit_facts(row));
        facts.collect::<Result<_, _>>().map_err(failed)
    }

    fn ending(&self, which: Ending) -> Result<Vec<DepositFacts>, ViewError> {
        let Some(today) = domain::site_day::site_day(self.now, self.clock.time_zone()) else {
            return Ok(Vec::new());
        };
        let ago = |days: u64| today.checked_sub_days(Days::new(days)).unwrap_or(today);
        let soon = today
            .checked_add_days(Days::new(SOON_DAYS))
            .unwrap_or(today);
        // Those without a term come before the first day.
        let (from, to) = match which {
            Ending::Soon => (today.to_string(), soon),
            Ending::Overdue => ("0".to_owned(), ago(1)),
            Ending::Abandoned => ("0".to_owned(), ago(ABANDONED_DAYS + 1)),
        };
        let to = to.to_string();
        let rows = self
            .query
            .deposits_due(self.site, from.as_str()..=to.as_str(), SHOWN_MAX)
            .map_err(failed)?;
        let facts = rows.into_iter().map(|row| self.deposit_facts(row));
        facts.collect::<Result<_, _>>().map_err(failed)
    }

    fn is_online(&self) -> bool {
        self.is_online
    }

    fn deposit_of_unit(&self, unit: &UnitId) -> Result<Option<DepositId>, ViewError> {
        let found = self.query.deposit_of_unit(unit).map_err(failed)?;
        Ok(found.map(|(deposit, _)| deposit))
    }

    fn other_site(&self, claim: &ClaimCode) -> Result<Option<String>, ViewError> {
        let sites = self.query.sites().map_err(failed)?.into_iter();
        let mut others = sites.filter(|site| site.id != self.site && claim.may_be_of(site.id));
        Ok(others.next().map(|site| site.code))
    }
}
