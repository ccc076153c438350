//! Custody: deposits, their pieces and acts, and persons.

use std::collections::BTreeMap;

use documents::deposit::{Piece, Wish};
use documents::record::writers;
use documents::sealed::CONDITION;
use documents::{Deposit, Person, WishKind};
use domain::custody::FeeRule;
use domain::ledger::UnitStatus;
use domain::ticket::{ClaimCode, TicketError};
use domain::{
    BinId, Currency, CustomerId, DepositId, EventBody, EventHash, ItemId, SiteId, UnitId,
};
use rusqlite::{Row, params};

use super::{EventRow, Query};
use crate::custody::keys::{self, KeyState};
use crate::error::ReplicaError;
use crate::{quarantine, row};

/// A deposit, and how many of its pieces are here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositRow {
    /// As its record says it.
    pub deposit: Deposit,
    /// Pieces that are here.
    pub stored: u32,
    /// Pieces that were announced and have not come.
    pub expected: u32,
    /// Pieces that went without an act that let them go.
    pub strayed: u32,
}

/// Where one piece is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceRow {
    /// Its number.
    pub number: u32,
    /// As the record says it.
    pub piece: Piece,
    /// 验收状况, in words; empty if nothing was said, or the customer's key is not here.
    pub condition: String,
    /// What the book says of it; `None`: nothing has come of it yet.
    pub standing: Option<(UnitStatus, BinId, EventHash)>,
}

pub(super) const COLUMNS: &str =
    "id, site, claim, customer, taken_at, due, fee_daily, fee_cap, currency, forbidden,
    wish, wish_at, wish_asked, wish_answered, stored, expected, strayed";

fn bad_claim(_: TicketError) -> ReplicaError {
    ReplicaError::BadRow("deposit.claim")
}

fn piece(r: &Row<'_>) -> Result<(u32, Piece), ReplicaError> {
    Ok((
        r.get("number")?,
        Piece {
            unit: UnitId::from(r.get::<_, String>("unit")?),
            item: ItemId::from_bytes(row::bytes16(r, "item")?),
            size: r.get("size")?,
            condition: r.get("condition")?,
            value: r.get("value")?,
        },
    ))
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    pub(super) fn deposit_row(&self, r: &Row<'_>) -> Result<DepositRow, ReplicaError> {
        let id = DepositId::from_bytes(row::bytes16(r, "id")?);
        let pieces: BTreeMap<u32, Piece> = self
            .rows(
                "SELECT number, unit, item, size, condition, value FROM deposit_piece WHERE of = ?1",
                [id.as_bytes()],
                piece,
            )?
            .into_iter()
            .collect();
        let wish = WishKind::from_code(&r.get::<_, String>("wish")?);
        let wish = match wish {
            Some(kind) => Some(Wish {
                kind,
                at: r.get("wish_at")?,
                asked_at: r.get("wish_asked")?,
                answered_at: r.get("wish_answered")?,
            }),
            None => None,
        };
        Ok(DepositRow {
            deposit: Deposit {
                id,
                site: SiteId::from_bytes(row::bytes16(r, "site")?),
                claim: ClaimCode::parse(&r.get::<_, String>("claim")?).map_err(bad_claim)?,
                customer: CustomerId::from_bytes(row::bytes16(r, "customer")?),
                taken_at: r.get("taken_at")?,
                due: r.get::<_, String>("due")?.parse().ok(),
                fee: FeeRule {
                    daily: r.get("fee_daily")?,
                    cap: r.get("fee_cap")?,
                    currency: Currency::from_code(&r.get::<_, String>("currency")?)
                        .unwrap_or_default(),
                },
                forbidden: r.get("forbidden")?,
                wish,
                pieces,
            },
            stored: r.get("stored")?,
            expected: r.get("expected")?,
            strayed: r.get("strayed")?,
        })
    }

    /// One deposit.
    pub fn deposit(&self, id: DepositId) -> Result<Option<DepositRow>, ReplicaError> {
        self.row(
            &format!("SELECT {COLUMNS} FROM deposit WHERE id = ?1"),
            [id.as_bytes()],
            |r| self.deposit_row(r),
        )
    }

    /// What this ticket is for.
    pub fn deposit_by_claim(&self, claim: &ClaimCode) -> Result<Option<DepositRow>, ReplicaError> {
        self.row(
            &format!("SELECT {COLUMNS} FROM deposit WHERE claim = ?1"),
            [claim.as_str()],
            |r| self.deposit_row(r),
        )
    }

    /// Which piece of which deposit this is; of several the last that came.
    pub fn deposit_of_unit(&self, unit: &UnitId) -> Result<Option<(DepositId, u32)>, ReplicaError> {
        self.row(
            "SELECT p.of, p.number FROM deposit_piece p JOIN deposit d ON d.id = p.of
             WHERE p.unit = ?1 ORDER BY d.taken_at DESC LIMIT 1",
            [unit.as_str()],
            |r| {
                Ok((
                    DepositId::from_bytes(row::bytes16(r, "of")?),
                    r.get("number")?,
                ))
            },
        )
    }

    /// What a customer left, the last first.
    pub fn deposits_of(
        &self,
        customer: CustomerId,
        limit: u32,
    ) -> Result<Vec<DepositRow>, ReplicaError> {
        self.rows(
            &format!(
                "SELECT {COLUMNS} FROM deposit WHERE customer = ?1 ORDER BY taken_at DESC, id LIMIT ?2"
            ),
            params![customer.as_bytes(), limit],
            |r| self.deposit_row(r),
        )
    }

    /// Deposits with pieces that are here, by the last day of their term, those without one first; after the place of the last
    /// one of the page before.
    pub fn deposits_here(
        &self,
        site: SiteId,
        after: Option<&(String, DepositId)>,
        limit: u32,
    ) -> Result<Vec<DepositRow>, ReplicaError> {
        let (due, id) = match after {
            Some((due, id)) => (due.as_str(), id.as_bytes().to_vec()),
            None => ("", Vec::new()),
        };
        self.rows(
            &format!(
                "SELECT {COLUMNS} FROM deposit
                 WHERE site = ?1 AND stored > 0 AND (due, id) > (?2, ?3) ORDER BY due, id LIMIT ?4"
            ),
            params![site.as_bytes(), due, id, limit],
            |r| self.deposit_row(r),
        )
    }

    /// How many deposits have pieces here, and of how many the term ended before this day (ISO 8601).
    pub fn count_deposits(&self, site: SiteId, today: &str) -> Result<(u64, u64), ReplicaError> {
        let here = self.count(
            "SELECT count(*) FROM deposit WHERE site = ?1 AND stored > 0",
            [site.as_bytes()],
        )?;
        let overdue = self.count(
            "SELECT count(*) FROM deposit WHERE site = ?1 AND stored > 0 AND due > '' AND due < ?2",
            params![site.as_bytes(), today],
        )?;
        Ok((here, overdue))
    }

    /// What customers ask for and nobody has answered, by when they want to come.
    pub fn wishes(&self, site: SiteId, limit: u32) -> Result<Vec<DepositRow>, ReplicaError> {
        self.rows(
            &format!(
                "SELECT {COLUMNS} FROM deposit
                 WHERE site = ?1 AND wish <> '' AND wish_answered = 0 ORDER BY wish_at, id LIMIT ?2"
            ),
            params![site.as_bytes(), limit],
            |r| self.deposit_row(r),
        )
    }

    /// Where the pieces of a deposit are.
    pub fn pieces(&self, deposit: &Deposit) -> Result<Vec<PieceRow>, ReplicaError> {
        let key = self.customer_key(deposit.customer)?;
        let pieces = deposit.pieces.iter().map(|(number, piece)| {
            let state = self.unit(deposit.site, &piece.unit)?;
            Ok(PieceRow {
                condition: key.open_words(CONDITION, &piece.condition),
                number: *number,
                piece: piece.clone(),
                standing: state.map(|u| (u.state.status, u.state.bin, u.state.since)),
            })
        });
        pieces.collect()
    }

    /// What was agreed and done about a deposit, in the order of places; what was reversed or is in quarantine is left out.
    pub fn acts_of(&self, deposit: DepositId) -> Result<Vec<EventRow>, ReplicaError> {
        let chains = self.chains()?;
        self.rows(
            &format!(
                "SELECT {} FROM custody_event c JOIN event e ON e.chain = c.chain AND e.number = c.number
                 WHERE c.deposit = ?1 AND e.standing > 0 ORDER BY e.place",
                super::event::COLUMNS
            ),
            [deposit.as_bytes()],
            |r| self.event_row(r, &chains),
        )
    }

    /// The acts that no other one goes on from: what the next one names.
    pub fn last_acts(&self, deposit: DepositId) -> Result<Vec<EventHash>, ReplicaError> {
        let acts = self.acts_of(deposit)?;
        let mut last: Vec<EventHash> = acts.iter().map(|row| row.placed.event.hash).collect();
        for row in &acts {
            if let EventBody::Custody(custody) = &row.placed.event.record.body {
                last.retain(|hash| !custody.after.contains(hash));
            }
        }
        Ok(last)
    }

    /// Items whose class is `prefix`, or begins with it and a dash, by class and SKU.
    pub fn items_of_class(&self, prefix: &str, limit: u32) -> Result<Vec<ItemId>, ReplicaError> {
        // The dash comes right before the full stop.
        self.rows(
            "SELECT id FROM item WHERE class <> '' AND (class = ?1 OR class >= ?1 || '-' AND class < ?1 || '.')
             ORDER BY class, sku LIMIT ?2",
            params![prefix, limit],
            |r| Ok(ItemId::from_bytes(row::bytes16(r, "id")?)),
        )
    }

    /// Words that are sealed under a customer's key for this place; empty if it is not here.
    pub fn sealed_words(
        &self,
        customer: CustomerId,
        place: &str,
        sealed: &[u8],
    ) -> Result<String, ReplicaError> {
        Ok(self.customer_key(customer)?.open_words(place, sealed))
    }

    /// What is here of a site and whose last day is one of these (ISO 8601), the first one first.
    pub fn deposits_due(
        &self,
        site: SiteId,
        days: std::ops::RangeInclusive<&str>,
        limit: u32,
    ) -> Result<Vec<DepositRow>, ReplicaError> {
        self.rows(
            &format!(
                "SELECT {COLUMNS} FROM deposit
                 WHERE site = ?1 AND stored > 0 AND due BETWEEN ?2 AND ?3 ORDER BY due, id LIMIT ?4"
            ),
            params![site.as_bytes(), days.start(), days.end(), limit],
            |r| self.deposit_row(r),
        )
    }

    /// Customers who were erased, by a server's word, and whose key is not known as destroyed here: after a backup was put back,
    /// or because it has never come. A device's word alone erases nobody.
    pub fn erased_in_vain(&self) -> Result<Vec<CustomerId>, ReplicaError> {
        let found = self.rows(
            "SELECT c.id FROM customer c WHERE c.erased <> 0 AND NOT EXISTS
                 (SELECT 1 FROM customer_key k WHERE k.customer = c.id AND k.key IS NULL)",
            [],
            |r| Ok(CustomerId::from_bytes(row::bytes16(r, "id")?)),
        )?;
        let mut erased = Vec::new();
        for customer in found {
            let saved: Option<Vec<u8>> = self.row(
                "SELECT saved FROM document WHERE id = ?1 AND kind <> ''",
                [customer.as_bytes()],
                |r| Ok(r.get("saved")?),
            )?;
            let writers = saved.map_or_else(Vec::new, |saved| writers(&saved, "erased_at"));
            for chain in writers {
                if quarantine::is_server(self.connection, chain)? && !erased.contains(&customer) {
                    erased.push(customer);
                }
            }
        }
        Ok(erased)
    }

    /// What is known of a customer's key.
    pub fn customer_key(&self, customer: CustomerId) -> Result<KeyState, ReplicaError> {
        keys::state(self.connection, customer)
    }

    /// What is known of a person, if the key is here.
    pub fn person(&self, customer: CustomerId) -> Result<Option<Person>, ReplicaError> {
        self.row(
            "SELECT name, phone, document, note FROM person WHERE customer = ?1",
            [customer.as_bytes()],
            person,
        )
    }

    /// Persons by telephone (all of it or its last four digits), by the number of a document, or by a part of the name or of
    /// its pinyin.
    pub fn find_persons(
        &self,
        text: &str,
        limit: u32,
    ) -> Result<Vec<(CustomerId, Person)>, ReplicaError> {
        let phone = keys::phone_lookup(text);
        let document = keys::document_lookup(text);
        let words = text.trim().to_lowercase();
        let end = format!("{words}\u{10ffff}");
        self.rows(
            "SELECT customer, name, phone, document, note FROM person WHERE customer IN (
                 SELECT customer FROM person WHERE phone_lookup = ?1 AND ?1 <> ''
                 UNION SELECT customer FROM person WHERE document_lookup = ?2 AND ?2 <> ''
                 UNION SELECT * FROM (SELECT customer FROM person_word
                     WHERE word >= ?3 AND word < ?4 AND ?3 <> '' LIMIT 200))
             ORDER BY phone_lookup <> ?1, document_lookup <> ?2, name LIMIT ?5",
            params![phone, document, words, end, limit],
            |r| {
                Ok((
                    CustomerId::from_bytes(row::bytes16(r, "customer")?),
                    person(r)?,
                ))
            },
        )
    }

    /// Who has this telephone or this document already.
    pub fn same_person(
        &self,
        phone: &str,
        document: &str,
    ) -> Result<Vec<(CustomerId, Person)>, ReplicaError> {
        self.rows(
            "SELECT customer, name, phone, document, note FROM person
             WHERE (phone_lookup = ?1 AND ?1 <> '') OR (document_lookup = ?2 AND ?2 <> '')
             ORDER BY name LIMIT 20",
            params![keys::phone_lookup(phone), keys::document_lookup(document)],
            |r| {
                Ok((
                    CustomerId::from_bytes(row::bytes16(r, "customer")?),
                    person(r)?,
                ))
            },
        )
    }
}

fn person(r: &Row<'_>) -> Result<Person, ReplicaError> {
    Ok(Person {
        name: r.get("name")?,
        phone: r.get("phone")?,
        document: r.get("document")?,
        note: r.get("note")?,
    })
}
