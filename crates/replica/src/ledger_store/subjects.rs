//! Subjects of one transaction: each is looked up once, and a new one is written once, with what it holds by then.

use std::collections::HashMap;

use domain::SiteId;
use domain::ledger::Subject;
use rusqlite::{Connection, OptionalExtension, params};

use super::UNWRITTEN_MAX;
use crate::error::ReplicaError;

/// A subject that this transaction made and that is not in its table yet.
pub(super) struct NewSubject {
    key: Vec<u8>,
    item: Option<[u8; 16]>,
    /// Thousandths, of piles that are not empty and of lines of orders.
    pub(super) balance: Option<i64>,
    /// CBOR.
    pub(super) baseline: Option<Vec<u8>>,
}

pub(super) struct Subjects<'t> {
    connection: &'t Connection,
    site: SiteId,
    /// Looked up or made in this transaction; `None`: there is none.
    known: HashMap<Vec<u8>, Option<i64>>,
    /// Whether all of the site's are in `known`.
    all_known: bool,
    asked: usize,
    /// The last answer: the fold asks about one subject many times in a row.
    last: Option<(Subject, Option<i64>)>,
    /// The first id given in this transaction, and the next one.
    given: Option<(i64, i64)>,
    /// In the order of their ids, the last of which is the last that was given.
    unwritten: Vec<NewSubject>,
}

/// Before so many questions nothing is worth reading all subjects at once.
const ASKED_MIN: usize = 64;
/// To read a subject among all costs so many times less than to ask for it.
const ASKED_RATIO: i64 = 16;
/// So many are held in memory at most for the sake of those that may be asked for.
const READ_MAX: i64 = 50_000;

impl<'t> Subjects<'t> {
    pub(super) fn new(connection: &'t Connection, site: SiteId) -> Self {
        Self {
            connection,
            site,
            known: HashMap::new(),
            all_known: false,
            asked: 0,
            last: None,
            given: None,
            unwritten: Vec::new(),
        }
    }

    pub(super) fn key(&self, subject: &Subject) -> Vec<u8> {
        [&self.site.as_bytes()[..], &subject.to_key()].concat()
    }

    pub(super) fn id(&mut self, subject: &Subject) -> Result<Option<i64>, ReplicaError> {
        if let Some((last, id)) = &self.last
            && last == subject
        {
            return Ok(*id);
        }
        let key = self.key(subject);
        let id = match self.known.get(&key) {
            Some(id) => *id,
            None if self.all_known => None,
            None => self.look_up(key)?,
        };
        self.last = Some((subject.clone(), id));
        Ok(id)
    }

    fn look_up(&mut self, key: Vec<u8>) -> Result<Option<i64>, ReplicaError> {
        self.asked += 1;
        if self.asked >= ASKED_MIN && self.asked.is_power_of_two() {
            let last = self.last_id()?;
            if last <= READ_MAX && last <= self.asked as i64 * ASKED_RATIO {
                self.read_all()?;
                return Ok(self.known.get(&key).copied().flatten());
            }
        }
        let id = self
            .connection
            .prepare_cached("SELECT id FROM subject WHERE key = ?1")?
            .query_row([&key], |r| r.get(0))
            .optional()?;
        self.known.insert(key, id);
        Ok(id)
    }

    fn read_all(&mut self) -> Result<(), ReplicaError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT key, id FROM subject WHERE substr(key, 1, 16) = ?1")?;
        let mut rows = statement.query([self.site.as_bytes()])?;
        while let Some(r) = rows.next()? {
            self.known.insert(r.get("key")?, r.get("id")?);
        }
        self.all_known = true;
        Ok(())
    }

    /// The last id in the table.
    fn last_id(&self) -> Result<i64, ReplicaError> {
        Ok(self
            .connection
            .prepare_cached("SELECT coalesce(max(id), 0) FROM subject")?
            .query_row([], |r| r.get(0))?)
    }

    pub(super) fn id_or_new(&mut self, subject: &Subject) -> Result<i64, ReplicaError> {
        if let Some(id) = self.id(subject)? {
            return Ok(id);
        }
        if self.unwritten.len() >= UNWRITTEN_MAX {
            self.write()?;
        }
        let (first, id) = match self.given {
            Some(given) => given,
            None => {
                let next = self.last_id()? + 1;
                (next, next)
            }
        };
        self.given = Some((first, id + 1));
        let key = self.key(subject);
        let item = match subject {
            Subject::Stock(pile) => Some(*pile.item.as_bytes()),
            _ => None,
        };
        self.unwritten.push(NewSubject {
            key: key.clone(),
            item,
            balance: None,
            baseline: None,
        });
        self.known.insert(key, Some(id));
        self.last = Some((subject.clone(), Some(id)));
        Ok(id)
    }

    /// Whether this transaction made it.
    pub(super) fn is_new(&self, id: i64) -> bool {
        self.given.is_some_and(|(first, _)| id >= first)
    }

    /// A subject that is not in its table yet; what it holds may still be set.
    pub(super) fn unwritten(&mut self, id: i64) -> Option<&mut NewSubject> {
        let (_, next) = self.given?;
        let first = next - self.unwritten.len() as i64;
        let index = usize::try_from(id - first).ok()?;
        self.unwritten.get_mut(index)
    }

    /// Writes those that are not in their table yet.
    pub(super) fn write(&mut self) -> Result<(), ReplicaError> {
        let Some((_, next)) = self.given else {
            return Ok(());
        };
        let first = next - self.unwritten.len() as i64;
        let mut put = self.connection.prepare_cached(
            "INSERT INTO subject (id, key, item, balance) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let mut put_baseline = self
            .connection
            .prepare_cached("INSERT INTO baseline (subject, content) VALUES (?1, ?2)")?;
        for (id, new) in (first..).zip(self.unwritten.drain(..)) {
            put.execute(params![id, new.key, new.item, new.balance])?;
            if let Some(content) = new.baseline {
                put_baseline.execute(params![id, content])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::ChainId;

    use super::*;
    use crate::database;

    fn subject(n: u8) -> Subject {
        Subject::Clock(ChainId::from_bytes([n; 16]))
    }

    #[test]
    fn many_questions_have_the_same_answers_as_few() {
        let db = database::open_in_memory().unwrap();
        let site = SiteId::from_bytes([1; 16]);
        let mut made = Subjects::new(&db, site);
        let ids: Vec<i64> = (0..100)
            .map(|n| made.id_or_new(&subject(2 * n)).unwrap())
            .collect();
        made.write().unwrap();
        let mut other = Subjects::new(&db, SiteId::from_bytes([9; 16]));
        other.id_or_new(&subject(1)).unwrap();
        other.write().unwrap();

        let mut asked = Subjects::new(&db, site);
        for round in 0..2 {
            for n in 0..200u8 {
                let known = n.is_multiple_of(2).then(|| ids[usize::from(n / 2)]);
                assert_eq!(
                    asked.id(&subject(n)).unwrap(),
                    known,
                    "{n} in round {round}"
                );
            }
            assert!(asked.all_known);
        }
        let new = asked.id_or_new(&subject(1)).unwrap();
        assert!(asked.is_new(new) && !ids.contains(&new));
        assert_eq!(asked.id(&subject(1)).unwrap(), Some(new));
        asked.unwritten(new).unwrap().baseline = Some(vec![7]);
        asked.write().unwrap();
        assert!(asked.unwritten(new).is_none());
        assert_eq!(Subjects::new(&db, site).id(&subject(1)).unwrap(), Some(new));
        let kept: Vec<u8> = db
            .query_row(
                "SELECT content FROM baseline WHERE subject = ?1",
                [new],
                |r| r.get(0),
            )
            .unwrap();
        assert_eq!(kept, [7]);
    }
}
