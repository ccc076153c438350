//! Who wants to hear of events, and what is to be delivered to whom.

use domain::{SiteId, UnixMillis};
use replica::query::Arrival;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};

use super::StoreError;

/// Somebody who wants to hear of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Row id.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// Where to.
    pub url: String,
    /// Kinds of events; empty: all.
    pub kinds: Vec<String>,
    /// Of which sites; empty: all.
    pub sites: Vec<SiteId>,
    /// What signs.
    pub secret: Vec<u8>,
    /// What signs as well, and until when.
    pub old_secret: Option<(Vec<u8>, UnixMillis)>,
    /// `on`, `off`, or `gone`: its receiver said 410.
    pub state: String,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: UnixMillis,
}

impl Webhook {
    /// Whether it asked for such an event.
    pub fn wants(&self, kind: &str, site: SiteId) -> bool {
        (self.kinds.is_empty() || self.kinds.iter().any(|k| k == kind))
            && (self.sites.is_empty() || self.sites.contains(&site))
    }
}

/// Something to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Row id.
    pub id: i64,
    /// Id of the event.
    pub event: String,
    /// What is sent.
    pub body: String,
    /// When it came up.
    pub made_at: UnixMillis,
    /// How often it was tried.
    pub tries: u32,
    /// How the last try ended.
    pub outcome: String,
}

fn webhook(r: &Row<'_>) -> rusqlite::Result<Webhook> {
    let (kinds, sites): (String, String) = (r.get("kinds")?, r.get("sites")?);
    let old: Option<Vec<u8>> = r.get("old_secret")?;
    let until: Option<i64> = r.get("old_until")?;
    Ok(Webhook {
        id: r.get("id")?,
        name: r.get("name")?,
        url: r.get("url")?,
        kinds: kinds.split_whitespace().map(str::to_owned).collect(),
        sites: sites
            .split_whitespace()
            .filter_map(|s| s.parse().ok())
            .collect(),
        secret: r.get("secret")?,
        old_secret: old.zip(until),
        state: r.get("state")?,
        made_by: r.get("made_by")?,
        made_at: r.get("made_at")?,
    })
}

fn delivery(r: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: r.get("id")?,
        event: r.get("event")?,
        body: r.get("body")?,
        made_at: r.get("made_at")?,
        tries: r.get("tries")?,
        outcome: r.get("outcome")?,
    })
}

/// All of them, the latest first.
///
/// # Errors
/// [`StoreError`], as of all functions here.
pub fn all(db: &Connection) -> Result<Vec<Webhook>, StoreError> {
    let mut statement = db.prepare_cached("SELECT * FROM webhook ORDER BY id DESC")?;
    let rows = statement.query_map([], webhook)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One of them.
pub fn get(db: &Connection, id: i64) -> Result<Option<Webhook>, StoreError> {
    Ok(db
        .prepare_cached("SELECT * FROM webhook WHERE id = ?1")?
        .query_row([id], webhook)
        .optional()?)
}

/// A new one; its id is not read. It hears of what comes after `from`, the ends of the sites' logs.
pub fn insert(
    db: &Transaction<'_>,
    new: &Webhook,
    from: &[(SiteId, Arrival)],
) -> Result<i64, StoreError> {
    let sites: Vec<String> = new.sites.iter().map(SiteId::to_string).collect();
    db.execute(
        "INSERT INTO webhook (name, url, kinds, sites, secret, state, made_by, made_at)
         VALUES (:name, :url, :kinds, :sites, :secret, 'on', :by, :at)",
        named_params! {
            ":name": new.name, ":url": new.url, ":kinds": new.kinds.join(" "), ":sites": sites.join(" "),
            ":secret": new.secret, ":by": new.made_by, ":at": new.made_at,
        },
    )?;
    let id = db.last_insert_rowid();
    for (site, at) in from {
        set_fed(db, id, *site, *at)?;
    }
    Ok(id)
}

/// Takes one away, with all that waits for it.
pub fn delete(db: &Transaction<'_>, id: i64) -> Result<bool, StoreError> {
    Ok(db.execute("DELETE FROM webhook WHERE id = ?1", [id])? == 1)
}

/// Switches one on or off.
pub fn set_state(db: &Transaction<'_>, id: i64, state: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE webhook SET state = ?2 WHERE id = ?1";
    Ok(db.execute(sql, params![id, state])? == 1)
}

/// Another secret; the one before signs as well until then.
pub fn rotate(
    db: &Transaction<'_>,
    id: i64,
    secret: &[u8],
    until: UnixMillis,
) -> Result<bool, StoreError> {
    let n = db.execute(
        "UPDATE webhook SET old_secret = secret, old_until = ?3, secret = ?2 WHERE id = ?1",
        params![id, secret, until],
    )?;
    Ok(n == 1)
}

/// How far one has been fed from a site's log.
pub fn fed(db: &Connection, id: i64, site: SiteId) -> Result<Arrival, StoreError> {
    let found: Option<(i64, i64)> = db
        .prepare_cached("SELECT entry, event FROM webhook_fed WHERE webhook = ?1 AND site = ?2")?
        .query_row(params![id, site.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(
        found.map_or_else(Arrival::default, |(entry, event)| Arrival {
            entry: entry as u64,
            event: event as u64,
        }),
    )
}

fn set_fed(db: &Transaction<'_>, id: i64, site: SiteId, at: Arrival) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO webhook_fed (webhook, site, entry, event) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        id,
        site.as_bytes(),
        at.entry as i64,
        at.event as i64
    ])?;
    Ok(())
}

/// Puts events into the queue of one, if it stands where the caller read on from: another node may have been quicker.
pub fn feed(
    db: &Transaction<'_>,
    id: i64,
    site: SiteId,
    (from, to): (Arrival, Arrival),
    events: &[(String, String)],
    now: UnixMillis,
) -> Result<bool, StoreError> {
    if fed(db, id, site)? != from || get(db, id)?.is_none() {
        return Ok(false);
    }
    let mut insert = db.prepare_cached(
        "INSERT OR IGNORE INTO webhook_delivery (webhook, event, body, made_at, next_at) VALUES (?1, ?2, ?3, ?4, ?4)",
    )?;
    for (event, body) in events {
        insert.execute(params![id, event, body, now])?;
    }
    set_fed(db, id, site, to)?;
    Ok(true)
}

/// The delivery in front of each queue that is due, claimed for one node until `until`.
pub fn claim(
    db: &Transaction<'_>,
    node: &[u8; 16],
    now: UnixMillis,
    until: UnixMillis,
) -> Result<Vec<(Webhook, Delivery)>, StoreError> {
    let mut claimed = Vec::new();
    for hook in all(db)?.into_iter().filter(|hook| hook.state == "on") {
        let front = db
            .prepare_cached(
                "SELECT * FROM webhook_delivery WHERE webhook = ?1 AND is_dead = 0 ORDER BY id LIMIT 1",
            )?
            .query_row([hook.id], |r| Ok((delivery(r)?, r.get::<_, i64>("next_at")?)))
            .optional()?;
        let Some((front, _)) = front.filter(|(_, next_at)| *next_at <= now) else {
            continue;
        };
        let is_free = db
            .prepare_cached(
                "UPDATE webhook SET claimed_by = ?2, claimed_until = ?4 WHERE id = ?1 AND claimed_until <= ?3",
            )?
            .execute(params![hook.id, node, now, until])?;
        if is_free == 1 {
            claimed.push((hook, front));
        }
    }
    Ok(claimed)
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It arrived.
    Delivered,
    /// Again at that time.
    Again(UnixMillis, String),
    /// Not again by itself.
    Dead(String),
    /// The receiver wants no more, of anything.
    Gone(String),
}

/// A try has ended: the queue is free again.
pub fn settle(db: &Transaction<'_>, hook: i64, id: i64, tried: &Tried) -> Result<(), StoreError> {
    db.execute(
        "UPDATE webhook SET claimed_until = 0, claimed_by = NULL WHERE id = ?1",
        [hook],
    )?;
    match tried {
        Tried::Delivered => {
            db.execute("DELETE FROM webhook_delivery WHERE id = ?1", [id])?;
        }
        Tried::Again(at, outcome) => {
            db.execute(
                "UPDATE webhook_delivery SET tries = tries + 1, next_at = ?2, outcome = ?3 WHERE id = ?1",
                params![id, at, outcome],
            )?;
        }
        Tried::Dead(outcome) => {
            db.execute(
                "UPDATE webhook_delivery SET tries = tries + 1, is_dead = 1, outcome = ?2 WHERE id = ?1",
                params![id, outcome],
            )?;
        }
        Tried::Gone(outcome) => {
            db.execute(
                "UPDATE webhook_delivery SET tries = tries + 1, outcome = ?2 WHERE id = ?1",
                params![id, outcome],
            )?;
            db.execute("UPDATE webhook SET state = 'gone' WHERE id = ?1", [hook])?;
        }
    }
    Ok(())
}

/// How many wait for one, and how many are given up.
pub fn counts(db: &Connection, id: i64) -> Result<(u64, u64), StoreError> {
    let count = |sql| -> Result<u64, StoreError> {
        let n: i64 = db.prepare_cached(sql)?.query_row([id], |r| r.get(0))?;
        Ok(n.max(0) as u64)
    };
    Ok((
        count("SELECT count(*) FROM webhook_delivery WHERE webhook = ?1 AND is_dead = 0")?,
        count("SELECT count(*) FROM webhook_delivery WHERE webhook = ?1 AND is_dead = 1")?,
    ))
}

/// The delivery in front, if any waits.
pub fn front(db: &Connection, id: i64) -> Result<Option<Delivery>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT * FROM webhook_delivery WHERE webhook = ?1 AND is_dead = 0 ORDER BY id LIMIT 1",
        )?
        .query_row([id], delivery)
        .optional()?)
}

/// Deliveries that were given up, the oldest first.
pub fn dead(db: &Connection, id: i64, limit: u32) -> Result<Vec<Delivery>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT * FROM webhook_delivery WHERE webhook = ?1 AND is_dead = 1 ORDER BY id LIMIT ?2",
    )?;
    let rows = statement.query_map(params![id, limit], delivery)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deliveries that were given up are tried again, one or all of them. Returns how many.
pub fn send_again(
    db: &Transaction<'_>,
    hook: i64,
    delivery: Option<i64>,
    now: UnixMillis,
) -> Result<u64, StoreError> {
    let n = db.execute(
        "UPDATE webhook_delivery SET is_dead = 0, tries = 0, next_at = ?3
         WHERE webhook = ?1 AND is_dead = 1 AND (?2 IS NULL OR id = ?2)",
        params![hook, delivery, now],
    )?;
    Ok(n as u64)
}
