//! Sums over time: what the console's figures and charts rest on. Of a server only, see [`crate::tallies`].

use domain::event::EventBody;
use domain::ledger::Place;
use domain::{BinId, EventRecord, OperatorId, Quantity, SiteId, UnixMillis, ZoneId};
use rusqlite::params;

use super::Query;
use crate::error::ReplicaError;
use crate::row;
use crate::tallies::{DAY_SLOTS, SLOT_MS, WEEK_MS};

/// Which slots, of one site or all. Both ends are instants; a slot belongs to the span that its beginning lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where; `None`: everywhere.
    pub site: Option<SiteId>,
    /// The first instant.
    pub from: UnixMillis,
    /// The first instant after it.
    pub until: UnixMillis,
}

impl Span {
    const fn slots(&self) -> (i64, i64) {
        let first = (self.from + SLOT_MS - 1).div_euclid(SLOT_MS);
        (first, (self.until + SLOT_MS - 1).div_euclid(SLOT_MS))
    }

    fn site(&self) -> Option<Vec<u8>> {
        self.site.map(|s| s.as_bytes().to_vec())
    }
}

/// What was written in one part of a span, of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSum {
    /// When the part begins.
    pub from: UnixMillis,
    /// Name of the kind.
    pub kind: String,
    /// Events that count.
    pub events: u64,
    /// Quantity that they name.
    pub quantity: Quantity,
    /// By how much the site's book changed, counts left out.
    pub net: Quantity,
    /// Events that came late.
    pub late: u64,
}

/// What somebody did of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorSum {
    /// Who.
    pub operator: OperatorId,
    /// Name of the kind.
    pub kind: String,
    /// Events that count.
    pub events: u64,
    /// Quantity that they name.
    pub quantity: Quantity,
}

/// A line of a count, and what the book said before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedSum {
    /// Lines that were counted.
    pub lines: u64,
    /// Those that agreed with the book.
    pub right: u64,
}

/// A bin on the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedBin {
    /// Which.
    pub bin: BinId,
    /// Its code.
    pub code: String,
    /// The part of the site.
    pub zone: ZoneId,
    /// Where it lies on the way; 0: by its code.
    pub sequence: i64,
    /// Room in cubic centimetres; 0 if nobody measured it.
    pub volume: i64,
    /// Piles that are not zero.
    pub piles: u64,
    /// How much of whatever there is.
    pub balance: Quantity,
    /// How often goods were taken from it in the weeks asked for.
    pub picks: u64,
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// What was written between each instant and the next one, by kind; parts in order, empty ones left out. A slot
    /// belongs to the part that its beginning lies in.
    pub fn kind_sums(
        &self,
        site: Option<SiteId>,
        instants: &[UnixMillis],
    ) -> Result<Vec<KindSum>, ReplicaError> {
        let (Some(from), Some(until)) = (instants.first(), instants.last()) else {
            return Ok(Vec::new());
        };
        let span = Span {
            site,
            from: *from,
            until: *until,
        };
        let (first, end) = span.slots();
        let mut statement = self.prepare(
            "SELECT slot, kind, events, quantity, net, late FROM tally_kind
             WHERE slot >= ?1 AND slot < ?2 AND events > 0 AND (?3 IS NULL OR site = ?3) ORDER BY slot",
        )?;
        let mut rows = statement.query(params![first, end, span.site()])?;
        // Months have tens of thousands of rows: they are added up as they come.
        let mut sums: Vec<KindSum> = Vec::new();
        let (mut part, mut begin) = (0, 0);
        while let Some(r) = rows.next()? {
            let at = r.get::<_, i64>(0)? * SLOT_MS;
            while instants.get(part + 1).is_some_and(|next| *next <= at) {
                (part, begin) = (part + 1, sums.len());
            }
            let kind = r.get_ref(1)?;
            let kind = kind
                .as_str()
                .map_err(|_| ReplicaError::BadRow("tally_kind.kind"))?;
            let of_part = sums.get(begin..).unwrap_or_default();
            let known = of_part.iter().position(|sum| sum.kind == kind);
            let place = begin + known.unwrap_or(of_part.len());
            if known.is_none() {
                sums.push(KindSum {
                    from: instants.get(part).copied().unwrap_or(at),
                    kind: kind.to_owned(),
                    events: 0,
                    quantity: Quantity::ZERO,
                    net: Quantity::ZERO,
                    late: 0,
                });
            }
            if let Some(sum) = sums.get_mut(place) {
                let quantity = |column: usize| r.get(column).map(Quantity::from_thousandths);
                sum.events += r.get::<_, i64>(2)? as u64;
                sum.quantity = sum.quantity.plus(quantity(3)?);
                sum.net = sum.net.plus(quantity(4)?);
                sum.late += r.get::<_, i64>(5)? as u64;
            }
        }
        Ok(sums)
    }

    /// Who did how much of what.
    pub fn operator_sums(&self, span: Span) -> Result<Vec<OperatorSum>, ReplicaError> {
        let (first, end) = span.slots();
        // Whole days of UTC are added up already; what is left at both ends is less than a day each.
        let first_day = (first + DAY_SLOTS - 1).div_euclid(DAY_SLOTS);
        let end_day = end.div_euclid(DAY_SLOTS).max(first_day);
        let (head, tail) = match first_day == end_day {
            true => (end, end),
            false => (first_day * DAY_SLOTS, end_day * DAY_SLOTS),
        };
        self.rows(
            "SELECT operator, kind, sum(events) AS events, sum(quantity) AS quantity FROM (
                 SELECT operator, kind, events, quantity FROM tally_day
                 WHERE day >= ?4 AND day < ?5 AND events > 0 AND (?3 IS NULL OR site = ?3)
                 UNION ALL
                 SELECT operator, kind, events, quantity FROM tally
                 WHERE slot >= ?1 AND slot < ?6 AND counts = 1 AND (?3 IS NULL OR site = ?3)
                 UNION ALL
                 SELECT operator, kind, events, quantity FROM tally
                 WHERE slot >= ?7 AND slot < ?2 AND counts = 1 AND (?3 IS NULL OR site = ?3))
             GROUP BY operator, kind",
            params![first, end, span.site(), first_day, end_day, head, tail],
            |r| {
                Ok(OperatorSum {
                    operator: OperatorId::from_bytes(row::bytes16(r, "operator")?),
                    kind: r.get("kind")?,
                    events: r.get::<_, i64>("events")? as u64,
                    quantity: Quantity::from_thousandths(r.get("quantity")?),
                })
            },
        )
    }

    /// In how many slots each person wrote something that counts.
    pub fn operator_slots(&self, span: Span) -> Result<Vec<(OperatorId, u64)>, ReplicaError> {
        let (first, end) = span.slots();
        self.rows(
            "SELECT operator, count(DISTINCT slot) AS slots FROM tally_operator
             WHERE slot >= ?1 AND slot < ?2 AND events > 0 AND (?3 IS NULL OR site = ?3) GROUP BY operator",
            params![first, end, span.site()],
            |r| {
                let operator = OperatorId::from_bytes(row::bytes16(r, "operator")?);
                Ok((operator, r.get::<_, i64>("slots")? as u64))
            },
        )
    }

    /// The latest slot before that instant in which something of a kind, or by somebody, was written, counting or not:
    /// when it ends. `None` if there is none. Not for asking without both.
    pub fn last_slot_of(
        &self,
        kind: Option<&str>,
        operator: Option<OperatorId>,
        site: Option<SiteId>,
        before: UnixMillis,
    ) -> Result<Option<UnixMillis>, ReplicaError> {
        let index = match operator {
            Some(_) => "tally_by_operator",
            None => "tally_by_kind",
        };
        let key = match operator {
            Some(_) => "operator = ?3 AND (?1 IS NULL OR kind = ?1)",
            None => "kind = ?1 AND ?3 IS NULL",
        };
        let found = self.row(
            &format!(
                "SELECT slot FROM tally INDEXED BY {index}
                 WHERE {key} AND slot <= ?2 AND (?4 IS NULL OR site = ?4) ORDER BY slot DESC LIMIT 1"
            ),
            params![
                kind,
                (before - 1).div_euclid(SLOT_MS),
                operator.map(|o| o.as_bytes().to_vec()),
                site.map(|s| s.as_bytes().to_vec())
            ],
            |r| Ok(r.get::<_, i64>("slot")?),
        )?;
        Ok(found.map(|slot| (slot + 1) * SLOT_MS))
    }

    /// Sum of all stock now, of one site or all, in base units of whatever there is; bins in use; piles.
    pub fn stock_sums(&self, site: Option<SiteId>) -> Result<(Quantity, u64, u64), ReplicaError> {
        let found = self.row(
            "SELECT coalesce(sum(balance), 0) AS balance, coalesce(sum(piles > 0), 0) AS bins,
                    coalesce(sum(piles), 0) AS piles
             FROM bin_stock WHERE ?1 IS NULL OR site = ?1",
            [site.map(|s| s.as_bytes().to_vec())],
            |r| {
                Ok((
                    Quantity::from_thousandths(r.get("balance")?),
                    r.get::<_, i64>("bins")? as u64,
                    r.get::<_, i64>("piles")? as u64,
                ))
            },
        )?;
        Ok(found.unwrap_or_default())
    }

    /// By how much approved counts changed the book after that instant and up to the other: when, and by how much. The
    /// rest of what changes it is in [`Query::kind_sums`].
    pub fn approved_changes(
        &self,
        site: Option<SiteId>,
        after: UnixMillis,
        until: UnixMillis,
    ) -> Result<Vec<(UnixMillis, Quantity)>, ReplicaError> {
        self.rows(
            "SELECT e.place, e.balance - coalesce((SELECT b.balance FROM entry b
                        WHERE b.subject = e.subject AND b.place < e.place ORDER BY b.place DESC LIMIT 1), 0) AS more
             FROM entry e INDEXED BY entry_approved JOIN subject s ON s.id = e.subject
             WHERE e.part = 2 AND e.place > ?2 AND e.place <= ?3
               AND s.item IS NOT NULL AND (?1 IS NULL OR substr(s.key, 1, 16) = ?1)",
            params![
                site.map(|s| s.as_bytes().to_vec()),
                Place::end_of(after).to_bytes(),
                Place::end_of(until).to_bytes()
            ],
            |r| {
                let more = Quantity::from_thousandths(r.get("more")?);
                Ok((row::place(r, "place")?.clock.millis, more))
            },
        )
    }

    /// Sum of all stock at the end of that millisecond: what there is now less what changed since.
    pub fn stock_sum_at(
        &self,
        site: Option<SiteId>,
        at: UnixMillis,
    ) -> Result<Quantity, ReplicaError> {
        let (mut sum, ..) = self.stock_sums(site)?;
        let slot_end = (at.div_euclid(SLOT_MS) + 1) * SLOT_MS;
        let whole = self.row(
            "SELECT coalesce(sum(net), 0) AS net FROM tally_kind
             WHERE slot >= ?1 AND net <> 0 AND (?2 IS NULL OR site = ?2)",
            params![
                slot_end.div_euclid(SLOT_MS),
                site.map(|s| s.as_bytes().to_vec())
            ],
            |r| Ok(Quantity::from_thousandths(r.get("net")?)),
        )?;
        sum = sum.plus(whole.unwrap_or_default().negated());
        // The rest of the slot in which the instant lies.
        let rest = self.rows(
            "SELECT e.record FROM event e JOIN chain c ON c.id = e.chain
             WHERE e.place > ?1 AND e.place <= ?2 AND e.standing > 0 AND (?3 IS NULL OR c.partition = ?3)",
            params![
                Place::end_of(at).to_bytes(),
                Place::end_of(slot_end - 1).to_bytes(),
                site.map(|s| s.as_bytes().to_vec())
            ],
            |r| {
                let bytes: Vec<u8> = r.get("record")?;
                let record = EventRecord::from_bytes(&bytes)
                    .map_err(|_| ReplicaError::BadRow("event.record"))?;
                Ok(match record.body {
                    EventBody::Received { quantity, .. } => quantity,
                    EventBody::Issued { quantity, .. } => quantity.negated(),
                    EventBody::Adjusted { difference, .. } => difference,
                    _ => Quantity::ZERO,
                })
            },
        )?;
        for change in rest {
            sum = sum.plus(change.negated());
        }
        for (_, more) in self.approved_changes(site, at, i64::MAX)? {
            sum = sum.plus(more.negated());
        }
        Ok(sum)
    }

    /// Lines that were counted in a span, by the class of the item; an approved count is compared with the book before it.
    pub fn counted_sums(&self, span: Span) -> Result<Vec<(String, CountedSum)>, ReplicaError> {
        let (first, end) = span.slots();
        self.rows(
            "SELECT class, sum(lines) AS lines, sum(agreed) AS agreed FROM tally_count
             WHERE slot >= ?1 AND slot < ?2 AND lines > 0 AND (?3 IS NULL OR site = ?3)
             GROUP BY class ORDER BY class",
            params![first, end, span.site()],
            |r| {
                let sum = CountedSum {
                    lines: r.get::<_, i64>("lines")? as u64,
                    right: r.get::<_, i64>("agreed")? as u64,
                };
                Ok((r.get("class")?, sum))
            },
        )
    }

    /// How many bins each zone of a site has, and how many are in use.
    pub fn zone_use(&self, site: SiteId) -> Result<Vec<(ZoneId, u64, u64)>, ReplicaError> {
        self.rows(
            "SELECT b.zone, count(*) AS bins, sum(coalesce(s.piles, 0) > 0) AS used
             FROM bin b LEFT JOIN bin_stock s ON s.bin = b.id WHERE b.site = ?1 GROUP BY b.zone",
            [site.as_bytes()],
            |r| {
                Ok((
                    ZoneId::from_bytes(row::bytes16(r, "zone")?),
                    r.get::<_, i64>("bins")? as u64,
                    r.get::<_, i64>("used")? as u64,
                ))
            },
        )
    }

    /// The bins of a site, or of one zone, for the plan, in no order; picks are those of the last `weeks` weeks.
    pub fn planned_bins(
        &self,
        site: SiteId,
        zone: Option<ZoneId>,
        weeks: u32,
        now: UnixMillis,
    ) -> Result<Vec<PlannedBin>, ReplicaError> {
        // Sums are asked for by bins that may be seen: to narrow them once more took half of the time.
        self.rows(
            "SELECT b.id, b.code, b.zone, b.sequence, b.volume, coalesce(s.piles, 0) AS piles,
                    coalesce(s.balance, 0) AS balance,
                    coalesce((SELECT sum(p.picks) FROM main.bin_picks p WHERE p.bin = b.id AND p.week > ?3), 0) AS picks
             FROM bin b LEFT JOIN main.bin_stock s ON s.bin = b.id
             WHERE b.site = ?1 AND (?2 IS NULL OR b.zone = ?2)",
            params![
                site.as_bytes(),
                zone.map(|z| z.as_bytes().to_vec()),
                now.div_euclid(WEEK_MS) - i64::from(weeks)
            ],
            |r| {
                Ok(PlannedBin {
                    bin: BinId::from_bytes(row::bytes16(r, "id")?),
                    code: r.get("code")?,
                    zone: ZoneId::from_bytes(row::bytes16(r, "zone")?),
                    sequence: r.get("sequence")?,
                    volume: r.get("volume")?,
                    piles: r.get::<_, i64>("piles")?.max(0) as u64,
                    balance: Quantity::from_thousandths(r.get("balance")?),
                    picks: r.get::<_, i64>("picks")?.max(0) as u64,
                })
            },
        )
    }

    /// When goods in a bin last moved, and the room that they take in cubic centimetres as far as their items are
    /// measured.
    pub fn bin_room(
        &self,
        site: SiteId,
        bin: BinId,
    ) -> Result<(Option<UnixMillis>, i64), ReplicaError> {
        let (first, last) = crate::ledger_store::piles_of(bin);
        let site = &site.as_bytes()[..];
        let rows = self.rows(
            "SELECT (SELECT e.place FROM entry e WHERE e.subject = s.id ORDER BY e.place DESC LIMIT 1) AS place,
                    s.balance * coalesce(i.volume, 0) / 1000 AS room
             FROM subject s LEFT JOIN item i ON i.id = s.item
             WHERE s.key BETWEEN ?1 AND ?2 AND s.balance IS NOT NULL",
            [[site, &first].concat(), [site, &last].concat()],
            |r| Ok((row::optional_place(r, "place")?, r.get::<_, i64>("room")?)),
        )?;
        let last = rows.iter().filter_map(|(place, _)| *place).max();
        let room = rows.iter().map(|(_, room)| *room).sum();
        Ok((last.map(|place| place.clock.millis), room))
    }
}
