//! Sums that the console shows, kept in the transaction that folds.
//!
//! Only a server keeps them ([`OpenOptions::tallies`](crate::OpenOptions)): a handheld has no use for them, and each
//! costs a page to be written. Every event and every balance that the fold puts is added, and what it puts in the stead
//! of an older one is taken away first, so that a late event, a reversal or a rebuild leads to the same sums.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use domain::event::EventBody;
use domain::ledger::{Place, Placed, Standing, StockKey, Subject};
use domain::{
    BinId, EventRecord, ItemId, OperatorId, OrderId, OrderStep, Quantity, SiteId, UnixMillis,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::chains::Chains;
use crate::error::ReplicaError;
use crate::ledger_store::placed_from_row;
use crate::{meta, row};

/// Length of a slot. All time zones in use are whole quarters of an hour off.
pub const SLOT_MS: i64 = 15 * 60_000;
/// Slots of a day.
pub const DAY_SLOTS: i64 = 86_400_000 / SLOT_MS;
/// Length of the weeks by which picks are counted.
pub const WEEK_MS: i64 = 7 * 86_400_000;
/// An event that the hub accepted so long after it was written came late.
pub const LATE_MS: i64 = 15 * 60_000;

const KEY: &str = "tallies";
/// Raised whenever the tables or what they count change: they are made anew then.
const VERSION: &[u8] = &[3];
const TABLES: &str = include_str!("tallies/tables.sql");
/// So many events are summed up before they are written.
const FILL_BATCH: usize = 100_000;

/// Days from 1970-01-01.
pub(crate) fn day_number(day: NaiveDate) -> i64 {
    i64::from(day.num_days_from_ce()) - 719_163
}

/// What [`day_number`] was given.
pub(crate) fn day_of_number(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(number.checked_add(719_163)?).ok()?)
}

/// Whether this file has the tables.
pub(crate) fn are_kept(connection: &Connection) -> Result<bool, ReplicaError> {
    Ok(meta::get(connection, KEY)?.is_some())
}

/// Makes the tables and fills them, if that has not been done or was done by another program. Costs one pass over all
/// events then.
pub(crate) fn keep(connection: &Connection, chains: &Chains) -> Result<(), ReplicaError> {
    if meta::get(connection, KEY)?.as_deref() == Some(VERSION) {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    drop_tables(&transaction)?;
    transaction.execute_batch(TABLES)?;
    meta::set(&transaction, KEY, VERSION)?;
    fill(&transaction, chains)?;
    transaction.commit()?;
    Ok(())
}

/// Whatever an older program has made.
fn drop_tables(connection: &Connection) -> Result<(), ReplicaError> {
    for line in TABLES.lines() {
        let mut words = line.split_whitespace();
        if words.next() == Some("CREATE")
            && let (Some(what), Some(name)) = (words.next(), words.next())
        {
            connection.execute_batch(&format!("DROP {what} IF EXISTS {name}"))?;
        }
    }
    // What this program does not make any more.
    connection
        .execute_batch("DROP INDEX IF EXISTS entry_counted; DROP TABLE IF EXISTS void_goods")?;
    Ok(())
}

/// Before all is folded anew.
pub(crate) fn clear(connection: &Connection) -> Result<(), ReplicaError> {
    if are_kept(connection)? {
        connection.execute_batch(
            "DELETE FROM tally; DELETE FROM tally_kind; DELETE FROM tally_day; DELETE FROM tally_operator;
             DELETE FROM goods_stock; DELETE FROM item_stock; DELETE FROM bin_stock;
             DELETE FROM bin_picks; DELETE FROM act; DELETE FROM order_done; DELETE FROM order_open;
             DELETE FROM counted_line; DELETE FROM tally_count; DELETE FROM line_count;",
        )?;
    }
    Ok(())
}

fn fill(connection: &Connection, chains: &Chains) -> Result<(), ReplicaError> {
    connection.execute_batch(
        "INSERT INTO item_stock (item, sku, class, least) SELECT id, sku, class, min_stock FROM item;
         INSERT INTO item_stock (item, balance) SELECT item, sum(balance) FROM stock WHERE true GROUP BY item
             ON CONFLICT DO UPDATE SET balance = excluded.balance;
         INSERT INTO goods_stock (item, lot, site, balance)
             SELECT item, coalesce(lot, ''), site, sum(balance) FROM stock GROUP BY 1, 2, 3;
         INSERT INTO bin_stock (bin, site, piles, balance)
             SELECT bin, site, count(*), sum(balance) FROM stock GROUP BY bin;
         INSERT INTO order_open SELECT * FROM order_still_open;",
    )?;
    let mut sums: HashMap<SiteId, Tallies> = HashMap::new();
    let mut added = 0;
    let mut statement = connection.prepare(
        "SELECT chain, number, hash, place, standing, accepted_at, quarantined, record FROM event",
    )?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let placed = placed_from_row(r, chains)?;
        let of_site = sums.entry(placed.event.site).or_default();
        of_site.add_event(&placed, chains.local(placed.event.id.chain)?);
        added += 1;
        if added % FILL_BATCH == 0 {
            for (site, of_site) in &mut sums {
                of_site.write(connection, chains, *site)?;
            }
        }
    }
    for (site, of_site) in &mut sums {
        of_site.write(connection, chains, *site)?;
    }
    fill_counts(connection)?;
    fill_marks(connection)
}

/// What was counted of each pile.
fn fill_counts(connection: &Connection) -> Result<(), ReplicaError> {
    let mut statement = connection.prepare(
        "SELECT DISTINCT s.id, s.key FROM entry e JOIN subject s ON s.id = e.subject
         WHERE e.part IN (1, 2) AND s.item IS NOT NULL",
    )?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let key: Vec<u8> = r.get("key")?;
        let site = key.get(..16).and_then(|b| SiteId::from_slice(b).ok());
        let pile = key.get(16..).and_then(Subject::from_key);
        if let (Some(site), Some(Subject::Stock(pile))) = (site, pile) {
            write_counts(connection, site, r.get("id")?, pile.item, &Place::START)?;
        }
    }
    let mut statement = connection.prepare(
        "SELECT DISTINCT e.place FROM subject s JOIN entry e ON e.subject = s.id WHERE substr(s.key, 17, 1) = x'07'",
    )?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        write_line_count(connection, &row::place(r, "place")?)?;
    }
    Ok(())
}

/// Days of expiry and finished steps: both are subjects of their own.
fn fill_marks(connection: &Connection) -> Result<(), ReplicaError> {
    let mut statement = connection.prepare(
        "SELECT s.key, (SELECT e.place FROM entry e WHERE e.subject = s.id ORDER BY e.place LIMIT 1) AS place
         FROM subject s WHERE substr(s.key, 17, 1) IN (x'05', x'08')",
    )?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let key: Vec<u8> = r.get("key")?;
        let Some(place) = row::optional_place(r, "place")? else {
            continue;
        };
        let Some(site) = key.get(..16).and_then(|b| SiteId::from_slice(b).ok()) else {
            continue;
        };
        match key.get(16..).and_then(Subject::from_key) {
            Some(Subject::Lot(item, lot)) => {
                let record: Option<Vec<u8>> = connection
                    .prepare_cached(
                        "SELECT e.record FROM event e JOIN chain c ON c.id = e.chain WHERE c.chain = ?1 AND e.number = ?2",
                    )?
                    .query_row(
                        params![place.id.chain.as_bytes(), place.id.number as i64],
                        |r| r.get(0),
                    )
                    .optional()?;
                let expiry = record
                    .and_then(|bytes| EventRecord::from_bytes(&bytes).ok())
                    .and_then(|record| record.body.goods().and_then(|g| g.expiry));
                put_expiry(connection, site, item, &lot, expiry)?;
            }
            Some(Subject::Order(order, step)) => put_done(connection, order, step, true)?,
            _ => {}
        }
    }
    Ok(())
}

fn put_expiry(
    connection: &Connection,
    site: SiteId,
    item: ItemId,
    lot: &str,
    expiry: Option<NaiveDate>,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT INTO goods_stock (item, lot, site, expiry) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET expiry = excluded.expiry",
        )?
        .execute(params![
            item.as_bytes(),
            lot,
            site.as_bytes(),
            expiry.map(day_number)
        ])?;
    Ok(())
}

fn put_done(
    connection: &Connection,
    order: OrderId,
    step: OrderStep,
    done: bool,
) -> Result<(), ReplicaError> {
    let sql = if done {
        "INSERT OR IGNORE INTO order_done (of, step) VALUES (?1, ?2)"
    } else {
        "DELETE FROM order_done WHERE of = ?1 AND step = ?2"
    };
    connection
        .prepare_cached(sql)?
        .execute(params![order.as_bytes(), step.code()])?;
    Ok(())
}

#[derive(Default)]
struct Sums {
    events: i64,
    quantity: i64,
    net: i64,
    late: i64,
}

#[derive(Default)]
struct OfGoods {
    balance: i64,
    /// Known anew: what the fold said last.
    expiry: Option<Option<NaiveDate>>,
    last_in: Option<UnixMillis>,
    /// A receipt was taken away or moved: the last one has to be looked for.
    look_for_last: bool,
}

/// What one transaction changes of the sums of one site, until it is written.
#[derive(Default)]
pub(crate) struct Tallies {
    slots: HashMap<(i64, &'static str, OperatorId, bool), Sums>,
    goods: HashMap<(ItemId, String), OfGoods>,
    bins: HashMap<BinId, (i64, i64)>,
    picks: HashMap<(BinId, i64), i64>,
    acts: HashMap<(i64, i64), bool>,
    steps: HashSet<(OrderId, OrderStep)>,
    /// Piles by their local number, and from which place on their timelines are others.
    piles: HashMap<i64, (ItemId, Place)>,
    /// Where counts stand, or stood, of which something is otherwise.
    counts: BTreeSet<Place>,
}

fn lot_key(lot: Option<&String>) -> String {
    lot.cloned().unwrap_or_default()
}

/// What an event does to the sum of its site's stock, as far as it rests on the event alone.
fn net(body: &EventBody) -> i64 {
    match body {
        EventBody::Received { quantity, .. } => quantity.thousandths(),
        EventBody::Issued { quantity, .. } => -quantity.thousandths(),
        EventBody::Adjusted { difference, .. } => difference.thousandths(),
        _ => 0,
    }
}

/// Whether it may rest on this event how others stand.
fn is_act(record: &EventRecord) -> bool {
    record.origin.is_some()
        || matches!(
            record.body,
            EventBody::Reversed { .. }
                | EventBody::CountApproved { .. }
                | EventBody::Resolved(_)
                | EventBody::QuarantineDecided(_)
        )
}

impl Tallies {
    /// An event was written. `chain`: its local number.
    pub(crate) fn add_event(&mut self, placed: &Placed, chain: i64) {
        self.event(placed, chain, 1);
    }

    /// An event stands or counts no longer as it did.
    pub(crate) fn take_event(&mut self, placed: &Placed, chain: i64) {
        self.event(placed, chain, -1);
    }

    fn event(&mut self, placed: &Placed, chain: i64, sign: i64) {
        let record = &placed.event.record;
        let body = &record.body;
        let millis = placed.place.clock.millis;
        let counts = placed.standing != Standing::Void;
        if matches!(body, EventBody::Counted { .. }) && record.order.is_some() {
            self.counts.insert(placed.place);
        }
        let key = (
            millis.div_euclid(SLOT_MS),
            body.kind(),
            record.operator,
            counts,
        );
        let sums = self.slots.entry(key).or_default();
        let quantity = body.quantity().map_or(0, Quantity::thousandths);
        let late = placed
            .event
            .accepted_at
            .is_some_and(|at| at.saturating_sub(record.clock.millis) > LATE_MS);
        sums.events += sign;
        sums.quantity += sign * quantity.abs();
        sums.net += sign * net(body);
        sums.late += sign * i64::from(late);
        if is_act(record) {
            let key = (chain, placed.event.id.number as i64);
            self.acts.insert(key, sign > 0);
        }
        if !counts {
            return;
        }
        match body {
            EventBody::Issued { bin, .. } | EventBody::Moved { from: bin, .. } => {
                let week = millis.div_euclid(WEEK_MS);
                *self.picks.entry((*bin, week)).or_default() += sign;
            }
            EventBody::Received { goods, .. } => {
                let key = (goods.item, lot_key(goods.lot.as_ref()));
                let of = self.goods.entry(key).or_default();
                if sign > 0 {
                    of.last_in = of.last_in.max(Some(millis));
                } else {
                    of.look_for_last = true;
                }
            }
            _ => {}
        }
    }

    /// A pile has come to another balance.
    pub(crate) fn put_balance(&mut self, key: &StockKey, old: Quantity, new: Quantity) {
        let more = new.thousandths() - old.thousandths();
        if more == 0 {
            return;
        }
        let of = (key.item, lot_key(key.lot.as_ref()));
        self.goods.entry(of).or_default().balance += more;
        let (piles, balance) = self.bins.entry(key.bin).or_default();
        *piles += i64::from(new != Quantity::ZERO) - i64::from(old != Quantity::ZERO);
        *balance += more;
    }

    /// The expiry day of a lot was found.
    pub(crate) fn put_expiry(&mut self, item: ItemId, lot: &str, expiry: Option<NaiveDate>) {
        let of = self.goods.entry((item, lot.to_owned())).or_default();
        of.expiry = Some(expiry);
    }

    /// Somebody has said that a step is done, or that does not count any more.
    pub(crate) fn step_changed(&mut self, order: OrderId, step: OrderStep) {
        self.steps.insert((order, step));
    }

    /// The timeline of a pile, by its local number, is another from that place on.
    pub(crate) fn timeline_changed(&mut self, subject: i64, item: ItemId, from: Place) {
        let (_, first) = self.piles.entry(subject).or_insert((item, from));
        *first = from.min(*first);
    }

    /// Adds everything to the tables; entries have been written before.
    pub(crate) fn write(
        &mut self,
        connection: &Connection,
        chains: &Chains,
        site: SiteId,
    ) -> Result<(), ReplicaError> {
        self.write_slots(connection, site)?;
        self.write_bins(connection, site)?;
        for ((chain, number), there) in self.acts.drain() {
            let sql = if there {
                "INSERT OR IGNORE INTO act (chain, number) VALUES (?1, ?2)"
            } else {
                "DELETE FROM act WHERE chain = ?1 AND number = ?2"
            };
            connection.prepare_cached(sql)?.execute([chain, number])?;
        }
        for (order, step) in self.steps.drain() {
            let key = [&site.as_bytes()[..], &Subject::Order(order, step).to_key()].concat();
            let done = connection
                .prepare_cached(
                    "SELECT 1 FROM entry WHERE subject = (SELECT id FROM subject WHERE key = ?1) LIMIT 1",
                )?
                .exists([key])?;
            put_done(connection, order, step, done)?;
        }
        for (subject, (item, from)) in self.piles.drain() {
            let touched = write_counts(connection, site, subject, item, &from)?;
            self.counts.extend(touched);
        }
        for place in std::mem::take(&mut self.counts) {
            write_line_count(connection, &place)?;
        }
        for ((item, lot), of) in std::mem::take(&mut self.goods) {
            write_goods(connection, chains, site, item, &lot, &of)?;
        }
        Ok(())
    }

    fn write_slots(&mut self, connection: &Connection, site: SiteId) -> Result<(), ReplicaError> {
        let mut add = connection.prepare_cached(
            "INSERT INTO tally (slot, site, kind, operator, counts, events, quantity, net, late)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT DO UPDATE SET events = events + excluded.events, quantity = quantity + excluded.quantity,
                 net = net + excluded.net, late = late + excluded.late",
        )?;
        let mut drop_empty = connection.prepare_cached(
            "DELETE FROM tally WHERE slot = ?1 AND site = ?2 AND kind = ?3 AND operator = ?4 AND counts = ?5 AND events = 0",
        )?;
        for ((slot, kind, operator, counts), sums) in self.slots.drain() {
            add.execute(params![
                slot,
                site.as_bytes(),
                kind,
                operator.as_bytes(),
                counts,
                sums.events,
                sums.quantity,
                sums.net,
                sums.late
            ])?;
            if sums.events <= 0 {
                drop_empty.execute(params![
                    slot,
                    site.as_bytes(),
                    kind,
                    operator.as_bytes(),
                    counts
                ])?;
            }
        }
        Ok(())
    }

    fn write_bins(&mut self, connection: &Connection, site: SiteId) -> Result<(), ReplicaError> {
        let mut add = connection.prepare_cached(
            "INSERT INTO bin_stock (bin, site, piles, balance) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET piles = piles + excluded.piles, balance = balance + excluded.balance",
        )?;
        for (bin, (piles, balance)) in self.bins.drain() {
            add.execute(params![bin.as_bytes(), site.as_bytes(), piles, balance])?;
        }
        let mut add = connection.prepare_cached(
            "INSERT INTO bin_picks (bin, week, picks) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET picks = picks + excluded.picks",
        )?;
        for ((bin, week), picks) in self.picks.drain() {
            add.execute(params![bin.as_bytes(), week, picks])?;
        }
        Ok(())
    }
}

/// Puts what was counted of a pile, from a place on, in the stead of what stood there. Returns the places of both.
fn write_counts(
    connection: &Connection,
    site: SiteId,
    subject: i64,
    item: ItemId,
    from: &Place,
) -> Result<BTreeSet<Place>, ReplicaError> {
    let from = from.to_bytes();
    let mut places = BTreeSet::new();
    let mut statement = connection.prepare_cached(
        "DELETE FROM counted_line WHERE subject = ?1 AND place >= ?2 RETURNING place",
    )?;
    let mut rows = statement.query(params![subject, from])?;
    while let Some(r) = rows.next()? {
        places.insert(row::place(r, "place")?);
    }
    let mut statement = connection.prepare_cached(
        "SELECT e.place, e.amount, CASE e.part WHEN 1 THEN e.balance
                    ELSE coalesce((SELECT b.balance FROM entry b WHERE b.subject = e.subject AND b.place < e.place
                                   ORDER BY b.place DESC LIMIT 1), 0) END AS book
         FROM entry e WHERE e.subject = ?1 AND e.place >= ?2 AND e.part IN (1, 2)",
    )?;
    let mut rows = statement.query(params![subject, from])?;
    while let Some(r) = rows.next()? {
        let place = row::place(r, "place")?;
        let (counted, book): (i64, i64) = (r.get("amount")?, r.get("book")?);
        connection
            .prepare_cached(
                "INSERT INTO counted_line (subject, place, site, item, slot, counted, difference)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                subject,
                place.to_bytes(),
                site.as_bytes(),
                item.as_bytes(),
                place.clock.millis.div_euclid(SLOT_MS),
                counted,
                counted - book
            ])?;
        places.insert(place);
    }
    Ok(places)
}

/// Puts what is to be said of the count at a place, if one stands there that serves a line of an order.
fn write_line_count(connection: &Connection, place: &Place) -> Result<(), ReplicaError> {
    let at = place.to_bytes();
    connection
        .prepare_cached("DELETE FROM line_count WHERE place = ?1")?
        .execute([at])?;
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT standing, record FROM event WHERE place = ?1")?
        .query_row([at], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((standing, bytes)) = found else {
        return Ok(());
    };
    let record =
        EventRecord::from_bytes(&bytes).map_err(|_| ReplicaError::BadRow("event.record"))?;
    let EventBody::Counted { .. } = record.body else {
        return Ok(());
    };
    // A line of number 0 is none: the count is on no line of its order.
    let Some(line) = record.order.filter(|line| line.line > 0 && standing > 0) else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO line_count (of, line, place, hash, operator, accepted_at, approved, piles, wrong, classes)
             SELECT ?2, ?3, v.place, v.hash, v.operator, v.accepted_at, v.standing = 2,
                 (SELECT count(*) FROM counted_line c WHERE c.place = ?1 AND (c.counted <> 0 OR c.difference <> 0)),
                 (SELECT count(*) FROM counted_line c WHERE c.place = ?1 AND c.difference <> 0),
                 coalesce((SELECT json_group_object(class, piles) FROM (
                     SELECT coalesce(s.class, '') AS class, count(*) AS piles
                     FROM counted_line c LEFT JOIN item_stock s ON s.item = c.item
                     WHERE c.place = ?1 AND (c.counted <> 0 OR c.difference <> 0) GROUP BY 1 ORDER BY 1)), '{}')
             FROM event v WHERE v.place = ?1",
        )?
        .execute(params![at, line.order.as_bytes(), line.line])?;
    Ok(())
}

fn write_goods(
    connection: &Connection,
    chains: &Chains,
    site: SiteId,
    item: ItemId,
    lot: &str,
    of: &OfGoods,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT INTO goods_stock (item, lot, site, balance, last_in) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET balance = balance + excluded.balance,
                 last_in = max(coalesce(last_in, excluded.last_in), coalesce(excluded.last_in, last_in))",
        )?
        .execute(params![
            item.as_bytes(),
            lot,
            site.as_bytes(),
            of.balance,
            of.last_in
        ])?;
    if let Some(expiry) = of.expiry {
        put_expiry(connection, site, item, lot, expiry)?;
    }
    if of.look_for_last {
        let last = last_receipt(connection, chains, site, item, lot)?;
        connection
            .prepare_cached(
                "UPDATE goods_stock SET last_in = ?4 WHERE item = ?1 AND lot = ?2 AND site = ?3",
            )?
            .execute(params![item.as_bytes(), lot, site.as_bytes(), last])?;
    }
    if of.balance != 0 {
        connection
            .prepare_cached(
                "INSERT INTO item_stock (item, balance) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET balance = balance + excluded.balance",
            )?
            .execute(params![item.as_bytes(), of.balance])?;
    }
    Ok(())
}

/// When the last receipt stands that counts.
fn last_receipt(
    connection: &Connection,
    chains: &Chains,
    site: SiteId,
    item: ItemId,
    lot: &str,
) -> Result<Option<UnixMillis>, ReplicaError> {
    let mut statement = connection.prepare_cached(
        "SELECT e.place FROM subject s JOIN entry e ON e.subject = s.id
         WHERE s.item = ?1 AND substr(s.key, 1, 16) = ?2 AND CAST(substr(s.key, 51) AS TEXT) = ?3
           AND e.part = 0 AND e.amount > 0 ORDER BY e.place DESC",
    )?;
    let mut rows = statement.query(params![item.as_bytes(), site.as_bytes(), lot])?;
    while let Some(r) = rows.next()? {
        let place = row::place(r, "place")?;
        let Some(chain) = chains.get(place.id.chain) else {
            continue;
        };
        let record: Option<Vec<u8>> = connection
            .prepare_cached("SELECT record FROM event WHERE chain = ?1 AND number = ?2")?
            .query_row(params![chain.local, place.id.number as i64], |r| r.get(0))
            .optional()?;
        let record = record.and_then(|bytes| EventRecord::from_bytes(&bytes).ok());
        if record.is_some_and(|r| matches!(r.body, EventBody::Received { .. })) {
            return Ok(Some(place.clock.millis));
        }
    }
    Ok(None)
}
