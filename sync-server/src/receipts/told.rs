//! What a receipt says, in names that people know as far as somebody here knows them; no personal data of a customer.

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use documents::sealed::CONDITION;
use documents::{Receipt, Signer};
use domain::custody::{CustodyAct, PieceSaid};
use domain::{Currency, UnixMillis};
use replica::{Query, ReplicaError};

use super::Judged;
use crate::console::by_value::ByValue;
use crate::console::view::Named;
use crate::i18n::Lang;

/// One piece of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptPiece {
    /// Its number in the deposit.
    pub number: u32,
    /// What is on its label; empty where nobody knows it.
    pub unit: String,
    /// Its category.
    pub item: Named,
    /// Size, as a code of the site.
    pub size: String,
    /// 验收状况, in words.
    pub condition: String,
    /// 声明价值, as a number with its currency; empty: none.
    pub value: String,
}

/// What a receipt says.
#[derive(Debug, Clone)]
pub struct ReceiptTold {
    /// What was done.
    pub act: CustodyAct,
    /// When, by the device that wrote it.
    pub at: UnixMillis,
    /// The time zone of the site, if it is known.
    pub zone: Tz,
    /// Where.
    pub site: Named,
    /// Who wrote it.
    pub operator: Named,
    /// The pieces that it is about.
    pub pieces: Vec<ReceiptPiece>,
    /// The last day of the term that was agreed.
    pub due: Option<NaiveDate>,
    /// The fee for a piece and 24 hours, and its cap; empty: none.
    pub fee: (String, String),
    /// What was due and what was taken; empty: nothing was.
    pub charge: (String, String),
    /// Somebody else collected.
    pub is_proxy: bool,
    /// The ticket was lost.
    pub ticket_lost: bool,
    /// Hash of the customer's signature; empty: none.
    pub signature: String,
    /// Hashes of the photos.
    pub photos: Vec<String>,
    /// The chain, the number in it, and the hash, in hexadecimal.
    pub chain: String,
    /// See `chain`.
    pub number: u64,
    /// See `chain`.
    pub hash: String,
    /// Name of the device that signed it; `None`: the server did.
    pub signed_by: Option<Named>,
}

fn money(minor: i64, currency: Currency) -> String {
    match minor {
        0 => String::new(),
        minor => format!("{} {currency}", currency.number(minor.into())),
    }
}

/// A thing of which nobody here knows more than its identity.
fn bare(id: &str) -> Named {
    let tail = id.get(id.len().saturating_sub(6)..).unwrap_or_default();
    Named {
        code: format!("?{tail}"),
        ..Named::default()
    }
}

fn person(name: &str) -> Named {
    Named {
        zh: name.to_owned(),
        en: name.to_owned(),
        ..Named::default()
    }
}

impl ReceiptTold {
    /// When, at the site.
    pub fn time(&self, pattern: &str) -> String {
        let at = DateTime::from_timestamp_millis(self.at);
        at.map(|at| at.with_timezone(&self.zone).format(pattern).to_string())
            .unwrap_or_default()
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

    /// With the names that the log knows, if it is here.
    ///
    /// # Errors
    /// Those of the replica.
    pub fn of(
        judged: &Judged,
        receipt: &Receipt,
        log: Option<&Query<'_>>,
    ) -> Result<Option<Self>, ReplicaError> {
        let Some(custody) = receipt.custody() else {
            return Ok(None);
        };
        let deposit = match log {
            Some(q) => q.deposit(custody.deposit)?.map(|row| row.deposit),
            None => None,
        };
        let terms = match (&custody.terms, &deposit) {
            (Some(terms), _) => Some(terms.clone()),
            (None, Some(deposit)) => Some(deposit.terms()),
            (None, None) => None,
        };
        let currency = terms
            .as_ref()
            .map_or(Currency::default(), |t| t.fee.currency);
        let said = |number: u32| -> Option<&PieceSaid> {
            let pieces = terms.as_ref().map(|terms| &terms.pieces);
            pieces?.iter().find(|piece| piece.number == number)
        };
        let mut pieces = Vec::with_capacity(custody.pieces.len());
        for number in &custody.pieces {
            let said = said(*number);
            let item = match (said, log) {
                (Some(said), Some(q)) => q.item(said.item)?.map(|item| Named {
                    id: String::new(),
                    code: item.sku,
                    zh: item.name_zh,
                    en: item.name_en,
                }),
                _ => None,
            };
            // The customer's words are read by whoever has their key.
            let condition = match (said, &terms, log) {
                (Some(said), Some(terms), Some(q)) => {
                    q.sealed_words(terms.customer, CONDITION, &said.condition)?
                }
                _ => String::new(),
            };
            pieces.push(ReceiptPiece {
                number: *number,
                unit: said.map_or_else(String::new, |s| s.unit.printed().to_owned()),
                item: item.unwrap_or_else(|| match said {
                    Some(said) => bare(&said.item.to_string()),
                    None => Named::default(),
                }),
                size: said.map_or_else(String::new, |s| s.size.clone()),
                condition,
                value: said.map_or_else(String::new, |s| money(s.value, currency)),
            });
        }
        let site = match log {
            Some(q) => q.site(receipt.site)?,
            None => None,
        };
        let zone = site.as_ref().and_then(|site| site.time_zone.parse().ok());
        let by = receipt.record.operator;
        let operator = match log {
            Some(q) => q.operator(by)?.map(|operator| person(&operator.name)),
            None => None,
        };
        let signed_by = match &judged.signer {
            Some(Signer::Device(certificate)) => {
                let device = certificate.device;
                let known = match log {
                    Some(q) => q.device(device)?,
                    None => None,
                };
                Some(known.map_or_else(|| bare(&device.to_string()), |d| person(&d.name)))
            }
            _ => None,
        };
        let collector = custody.collector.as_ref();
        let agreed = custody.terms.as_ref();
        Ok(Some(Self {
            act: custody.act,
            at: receipt.record.clock.millis,
            zone: zone.unwrap_or(Tz::UTC),
            site: site.map_or_else(
                || bare(&receipt.site.to_string()),
                |site| Named {
                    id: String::new(),
                    code: site.code,
                    zh: site.name_zh,
                    en: site.name_en,
                },
            ),
            operator: operator.unwrap_or_else(|| bare(&by.to_string())),
            pieces,
            due: custody.due.or(agreed.and_then(|terms| terms.due)),
            fee: agreed.map_or_else(Default::default, |terms| {
                (
                    money(terms.fee.daily, currency),
                    money(terms.fee.cap, currency),
                )
            }),
            charge: custody.charge.map_or_else(Default::default, |charge| {
                (money(charge.due, currency), money(charge.taken, currency))
            }),
            is_proxy: collector.is_some_and(|c| c.is_proxy),
            ticket_lost: collector.is_some_and(|c| c.ticket_lost),
            signature: custody.signature.map_or_else(String::new, |id| id.hex()),
            photos: custody.photos.iter().map(|id| id.hex()).collect(),
            chain: receipt.event.chain.to_string(),
            number: receipt.event.number,
            hash: receipt.hash.hex(),
            signed_by,
        }))
    }
}
