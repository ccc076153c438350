//! Imports of expected deposits: who brings them is found among those who are known, or made; what they bring is announced.
//!
//! A telephone or a document finds a person. Only where the name is the same too, and nothing contradicts, are they taken for
//! one without asking: to hand somebody another's goods is worse than to ask once too often.

use std::collections::{BTreeMap, HashMap};

use documents::announced::NOTE;
use documents::catalogue::Customer;
use documents::{
    Announced, CustomerKey, Deposit, ExpectedPiece, FieldEdit, HouseRules, Partition, Person,
    RecordKind, Value,
};
use domain::custody::PIECES_MAX;
use domain::ticket::{ClaimCode, CustomerCode};
use domain::{Currency, CustomerId, DepositId, IdSource, ItemId, SiteId, UnixMillis};
use replica::{KeyState, Query, RecordEdit, document_lookup, phone_lookup};

use super::load::Plan;
use crate::console::import::{Chosen, Column, DepositIn, DepositsIn, Doubt, PersonIn, Problem};
use crate::error::AppError;

/// Announcements of a person that a new one is compared with.
const COMPARED: u32 = 50;

/// A person of the file with their rows.
struct Group<'r> {
    person: PersonIn,
    rows: Vec<&'r DepositIn>,
}

/// Who a person is.
enum Who {
    New,
    Known(CustomerId, Person),
    Doubt(Vec<(CustomerId, Person)>),
}

fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !c.is_whitespace());
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether two texts say the same, or one says nothing.
fn agree(a: &str, b: &str) -> bool {
    a.is_empty() || b.is_empty() || a == b
}

fn is_same(typed: &PersonIn, known: &Person) -> bool {
    agree(&plain(&typed.name), &plain(&known.name))
        && agree(&phone_lookup(&typed.phone), &phone_lookup(&known.phone))
        && agree(
            &document_lookup(&typed.document),
            &document_lookup(&known.document),
        )
}

/// Rows by person: those that share a telephone or a document. A row that says something else of the same person is a
/// problem of the file.
fn by_person<'r>(rows: &'r [DepositIn], problems: &mut Vec<Problem>) -> Vec<Group<'r>> {
    let mut groups: Vec<Group<'r>> = Vec::new();
    let (mut phones, mut documents) = (HashMap::new(), HashMap::new());
    for row in rows {
        let phone = phone_lookup(&row.person.phone);
        let document = document_lookup(&row.person.document);
        let by_phone = phones.get(&phone).copied();
        let by_document = documents.get(&document).copied();
        let at: Option<usize> = by_phone.or(by_document);
        let known = at.and_then(|at| groups.get_mut(at));
        let is_one = by_phone.is_none() || by_document.is_none() || by_phone == by_document;
        let at = match (known, at) {
            (Some(group), Some(at)) => {
                let so_far = Person {
                    name: group.person.name.clone(),
                    phone: group.person.phone.clone(),
                    document: group.person.document.clone(),
                    note: String::new(),
                };
                if !is_one || !is_same(&row.person, &so_far) {
                    let key = "import.problem.person-differs";
                    let name = &row.person.name;
                    problems.push(Problem::cell(row.line, Column::PersonName, key, name));
                    continue;
                }
                if group.person.phone.is_empty() {
                    group.person.phone = row.person.phone.clone();
                }
                if group.person.document.is_empty() {
                    group.person.document = row.person.document.clone();
                }
                group.rows.push(row);
                at
            }
            _ => {
                groups.push(Group {
                    person: row.person.clone(),
                    rows: vec![row],
                });
                groups.len() - 1
            }
        };
        if !phone.is_empty() {
            phones.insert(phone, at);
        }
        if !document.is_empty() {
            documents.insert(document, at);
        }
    }
    groups
}

fn who(query: &Query<'_>, person: &PersonIn, chosen: Option<Chosen>) -> Result<Who, AppError> {
    let mut found = query.same_person(&person.phone, &person.document)?;
    Ok(match chosen {
        Some(Chosen::New) => Who::New,
        Some(Chosen::Known(id)) => match found.iter().position(|(known, _)| *known == id) {
            Some(at) => {
                let (id, known) = found.swap_remove(at);
                Who::Known(id, known)
            }
            None => Who::Doubt(found),
        },
        None => match &found[..] {
            [] => Who::New,
            [(id, known)] if is_same(person, known) => Who::Known(*id, known.clone()),
            _ => Who::Doubt(found),
        },
    })
}

/// 24 random bytes for what is sealed.
fn random<const N: usize>() -> Result<[u8; N], AppError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|error| AppError::internal(error.to_string()))?;
    Ok(bytes)
}

/// The fields of a person, sealed.
fn sealed(person: &Person, id: CustomerId, key: &CustomerKey) -> Result<Vec<FieldEdit>, AppError> {
    let nonces: Vec<[u8; 24]> = (0..4).map(|_| random()).collect::<Result<_, _>>()?;
    let mut nonces = nonces.into_iter();
    Ok(person.seal(id, key, || nonces.next().unwrap_or_default()))
}

/// What a site's deposits are announced with.
struct House {
    site: SiteId,
    rules: HouseRules,
    categories: Vec<(ItemId, String)>,
}

impl House {
    fn of(query: &Query<'_>, site: SiteId) -> Result<Self, AppError> {
        let record = query.record(site.into())?.ok_or(AppError::NotFound)?;
        let mut categories = Vec::new();
        for id in query.items_of_class(HouseRules::CLASS, 1_000)? {
            categories.extend(query.item(id)?.map(|item| (id, item.sku)));
        }
        Ok(Self {
            site,
            rules: HouseRules::of(&record),
            categories,
        })
    }

    fn category(&self, query: &Query<'_>, row: &DepositIn) -> Result<Option<ItemId>, AppError> {
        if row.category.is_empty() {
            return Ok(match &self.categories[..] {
                [(only, _)] => Some(*only),
                _ => None,
            });
        }
        let found = query.items_by_code(&row.category)?;
        let mut found = found.into_iter().map(|found| found.item.id);
        Ok(found.find(|id| self.categories.iter().any(|(known, _)| known == id)))
    }

    /// The value of a piece in minor units.
    fn value(&self, row: &DepositIn) -> Result<i64, &'static str> {
        let currency = self.rules.fee.currency;
        match row.value.as_str() {
            "" => Ok(0),
            _ if currency == Currency::default() => Err("import.problem.no-currency"),
            text => {
                let value = currency.parse(text).filter(|value| *value >= 0);
                value.ok_or("import.problem.value")
            }
        }
    }
}

/// What one person brings for one term.
#[derive(Default)]
struct Brings {
    pieces: BTreeMap<u32, ExpectedPiece>,
    notes: Vec<String>,
}

fn brings(
    query: &Query<'_>,
    house: &House,
    group: &Group<'_>,
    problems: &mut Vec<Problem>,
) -> Result<BTreeMap<u32, Brings>, AppError> {
    let mut by_days: BTreeMap<u32, Brings> = BTreeMap::new();
    for row in &group.rows {
        let mut problem = |column, key, value: &str| {
            problems.push(Problem::cell(row.line, column, key, value));
        };
        let Some(item) = house.category(query, row)? else {
            problem(
                Column::Category,
                "import.problem.no-category",
                &row.category,
            );
            continue;
        };
        let value = match house.value(row) {
            Ok(value) => value,
            Err(key) => {
                problem(Column::DeclaredValue, key, &row.value);
                continue;
            }
        };
        let brings = by_days
            .entry(row.days.unwrap_or(house.rules.days))
            .or_default();
        if brings.pieces.len() + row.pieces as usize > PIECES_MAX {
            problem(
                Column::Pieces,
                "import.problem.pieces",
                &row.pieces.to_string(),
            );
            continue;
        }
        for _ in 0..row.pieces {
            let piece = ExpectedPiece {
                item,
                size: row.size.clone(),
                value,
            };
            brings.pieces.insert(brings.pieces.len() as u32 + 1, piece);
        }
        if !row.note.is_empty() && !brings.notes.contains(&row.note) {
            brings.notes.push(row.note.clone());
        }
    }
    by_days.retain(|_, brings| !brings.pieces.is_empty());
    Ok(by_days)
}

/// Whether the very same was announced for a person and has not come.
fn is_announced(
    query: &Query<'_>,
    customer: CustomerId,
    days: u32,
    brings: &Brings,
) -> Result<bool, AppError> {
    for row in query.deposits_of(customer, COMPARED)? {
        if row.expected == 0 {
            continue;
        }
        let announced = query.announced(row.deposit.id)?;
        if announced.is_some_and(|a| a.days == days && a.pieces == brings.pieces) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The record of a new person, whose key the plan keeps, or what is not known yet of one who is.
fn record_of(
    query: &Query<'_>,
    ids: &mut IdSource,
    person: &PersonIn,
    who: &Who,
    plan: &mut Plan,
    now: UnixMillis,
) -> Result<Option<(CustomerId, CustomerKey)>, AppError> {
    let typed = Person {
        name: person.name.clone(),
        phone: person.phone.clone(),
        document: person.document.clone(),
        note: String::new(),
    };
    let (id, key, fields) = match who {
        Who::Doubt(_) => return Ok(None),
        Who::New => {
            let new = Customer {
                id: CustomerId::from_bytes(ids.draw(now)),
                code: CustomerCode::draw(random()?).to_string(),
                name_en: String::new(),
                name_zh: String::new(),
            };
            let key = CustomerKey::from_bytes(random()?);
            let mut fields = new.to_fields();
            fields.extend(sealed(&typed, new.id, &key)?);
            plan.keys.push((new.id, key.clone()));
            plan.outcome.persons.0 += 1;
            (new.id, key, fields)
        }
        Who::Known(id, known) => {
            let KeyState::Held(key) = query.customer_key(*id)? else {
                return Ok(None);
            };
            let missing = |typed: &str, known: &str| match known.is_empty() {
                true => typed.to_owned(),
                false => String::new(),
            };
            let more = Person {
                name: missing(&typed.name, &known.name),
                phone: missing(&typed.phone, &known.phone),
                document: missing(&typed.document, &known.document),
                note: String::new(),
            };
            plan.outcome.persons.1 += 1;
            (*id, key.clone(), sealed(&more, *id, &key)?)
        }
    };
    if !fields.is_empty() {
        plan.edits.push(RecordEdit {
            partition: Partition::Shared,
            kind: RecordKind::Customer,
            id: id.into(),
            fields,
        });
    }
    Ok(Some((id, key)))
}

pub(super) fn plan_deposits(
    query: &Query<'_>,
    ids: &mut IdSource,
    all: &DepositsIn,
    (site, now): (SiteId, UnixMillis),
) -> Result<Plan, AppError> {
    let mut plan = Plan::default();
    let house = House::of(query, site)?;
    for group in by_person(&all.rows, &mut plan.outcome.problems) {
        let by_days = brings(query, &house, &group, &mut plan.outcome.problems)?;
        let (Some(first), false) = (group.rows.first(), by_days.is_empty()) else {
            continue;
        };
        let who = who(query, &group.person, all.chosen.get(&first.line).copied())?;
        if let Who::Doubt(known) = &who {
            let known = known.iter().map(|(id, person)| {
                let person = PersonIn {
                    name: person.name.clone(),
                    phone: person.phone.clone(),
                    document: person.document.clone(),
                };
                (*id, person)
            });
            plan.outcome.doubts.push(Doubt {
                line: first.line,
                known: known.collect(),
                typed: group.person,
            });
            continue;
        }
        // Nothing is written of a person for whom nothing is new.
        let mut fresh = Vec::new();
        for (days, brings) in by_days {
            let is_there = match &who {
                Who::Known(id, _) => is_announced(query, *id, days, &brings)?,
                _ => false,
            };
            match is_there {
                true => plan.outcome.same += 1,
                false => fresh.push((days, brings)),
            }
        }
        if fresh.is_empty() {
            continue;
        }
        let Some((customer, key)) = record_of(query, ids, &group.person, &who, &mut plan, now)?
        else {
            continue;
        };
        for (days, brings) in fresh {
            let (deposit, announced) = announce(&house, ids, customer, days, now)?;
            let announced = Announced {
                note: match brings.notes.is_empty() {
                    true => Vec::new(),
                    false => {
                        let note = brings.notes.join("; ");
                        key.seal(customer, NOTE, random()?, note.as_bytes())
                    }
                },
                pieces: brings.pieces,
                ..announced
            };
            plan.outcome.new += 1;
            plan.edits.push(RecordEdit {
                partition: Partition::Site(site),
                kind: RecordKind::Deposit,
                id: deposit.id.into(),
                fields: announced.to_fields(&deposit),
            });
        }
    }
    Ok(plan)
}

fn announce(
    house: &House,
    ids: &mut IdSource,
    customer: CustomerId,
    days: u32,
    now: UnixMillis,
) -> Result<(Deposit, Announced), AppError> {
    let deposit = Deposit {
        id: DepositId::from_bytes(ids.draw(now)),
        site: house.site,
        claim: ClaimCode::draw(house.site, random()?),
        customer,
        taken_at: 0,
        due: None,
        fee: house.rules.fee,
        forbidden: house.rules.forbidden.clone(),
        wish: None,
        pieces: BTreeMap::new(),
    };
    let announced = Announced {
        at: now,
        days,
        ..Announced::default()
    };
    Ok((deposit, announced))
}

/// Whether anything of what was announced has come.
pub(super) fn has_come(query: &Query<'_>, id: DepositId) -> Result<bool, AppError> {
    let row = query.deposit(id)?;
    Ok(
        row.is_none_or(|row| !row.deposit.pieces.is_empty() || row.deposit.wish.is_some())
            || !query.acts_of(id)?.is_empty(),
    )
}

/// Whether a record of a customer holds more than what an import sealed: what is left to them rests on it.
pub(super) fn is_person_used(query: &Query<'_>, id: CustomerId) -> Result<bool, AppError> {
    let erased = query
        .record(id.into())?
        .is_some_and(|record| matches!(record.fields.get("erased_at"), Some(Value::Integer(_))));
    Ok(erased || !query.deposits_of(id, 1)?.is_empty())
}
