//! A year of a warehouse: an honest one (nothing leaves that is not there, counts are right), with as many mistakes as
//! exceptions are wanted. Twenty handhelds write it, in turn, and the server folds what they bring.

use anyhow::{Context, Result, ensure};
use documents::SigningKey;
use domain::site_day::site_day;
use domain::{
    BinId, CountedLine, EventBody, EventRecord, Goods, HybridClock, ItemId, OrderLine, Quantity,
    UnixMillis,
};
use protocol::{DeviceStatus, PartitionRequest, PushOutcome, SyncReply, SyncRequest};
use sync_server::hub::Hub;

use super::furnish::{has_lots, operator};
use super::site::{EVERY_MS, SITE, SMALL, Site, Size, enrol};
use crate::author::Author;
use crate::measure::say;
use crate::workload::{Random, T0};

const HANDHELDS: usize = 20;
/// Events that one handheld writes before the next one does.
const BATCH: usize = 5_000;
/// Events of a segment: what a busy handheld writes between two exchanges, or more.
const SEGMENT: usize = 500;
/// Goods in a bin.
pub(crate) const PILES_IN_BIN: usize = 10;
/// So many items lie in every bin's last place, in turn, and move most.
const FAST: usize = 20;
/// One event in so many is at the dock, the second bin.
const AT_DOCK: u64 = 100;
const DAY_MS: i64 = 86_400_000;

/// What lies where: a few goods in each bin, more of them the longer the list of items.
pub(crate) struct Floor<'a> {
    site: &'a Site,
    /// Thousandths, by bin and place in it.
    piles: Vec<i64>,
}

impl<'a> Floor<'a> {
    fn new(site: &'a Site) -> Self {
        Self {
            site,
            piles: vec![0; site.bins.len() * PILES_IN_BIN],
        }
    }

    /// Which item, as a number; the first ones are the fast ones.
    fn item(&self, pile: usize) -> usize {
        let (bin, place) = (pile / PILES_IN_BIN, pile % PILES_IN_BIN);
        if place == PILES_IN_BIN - 1 {
            return bin % FAST.min(self.site.items.len());
        }
        pile * 7 % self.site.items.len()
    }

    fn at(&self, pile: usize) -> (BinId, ItemId) {
        let bin = self.site.bins[pile / PILES_IN_BIN];
        (bin, self.site.items[self.item(pile)])
    }

    fn lot(&self, pile: usize) -> Option<String> {
        has_lots(self.item(pile)).then(|| format!("L{:04}", pile % 5_000))
    }

    fn goods(&self, pile: usize) -> Goods {
        let good_for = (pile % 900) as i64 * DAY_MS;
        Goods {
            lot: self.lot(pile),
            expiry: has_lots(self.item(pile))
                .then(|| site_day(T0 + good_for, "UTC"))
                .flatten(),
            ..Goods::of(self.at(pile).1)
        }
    }

    fn line(&self, pile: usize) -> CountedLine {
        CountedLine {
            item: self.at(pile).1,
            lot: self.lot(pile),
            counted: Quantity::from_thousandths(self.piles[pile]),
        }
    }

    /// What an honest operator would scan at this pile.
    fn honest(&mut self, pile: usize, random: &mut Random) -> EventBody {
        let (bin, goods) = (self.at(pile).0, self.goods(pile));
        let some = 1_000 * (1 + random.below(24) as i64);
        match random.below(20) {
            0 => EventBody::Counted {
                bin,
                lines: vec![self.line(pile)],
                whole_bin: false,
            },
            1..=9 if self.piles[pile] >= some => {
                self.piles[pile] -= some;
                EventBody::Issued {
                    bin,
                    goods,
                    quantity: Quantity::from_thousandths(some),
                }
            }
            _ => {
                self.piles[pile] += some;
                EventBody::Received {
                    bin,
                    goods,
                    quantity: Quantity::from_thousandths(some),
                }
            }
        }
    }

    /// A mistake at a pile that nobody touches before or after.
    fn fault(&self, n: usize) -> EventBody {
        let (bin, item) = self.at(n % self.site.big * PILES_IN_BIN);
        match n % 3 {
            0 => EventBody::Issued {
                bin,
                goods: Goods::of(item),
                quantity: Quantity::from_thousandths(5_000),
            },
            1 => EventBody::Counted {
                bin,
                lines: vec![CountedLine {
                    item,
                    lot: None,
                    counted: Quantity::from_thousandths(9_000),
                }],
                whole_bin: false,
            },
            _ => EventBody::SetAside {
                code: format!("X-{n:06}"),
                bin: Some(bin),
                quantity: Quantity::ONE,
            },
        }
    }

    /// Whether the book of a bin is what lies there.
    pub(crate) const fn is_right(bin: usize, size: &Size) -> bool {
        !(bin < size.faults && bin.is_multiple_of(3))
    }

    /// A count of all in a bin; one bin in `wrong` has one piece too many.
    pub(crate) fn whole(&self, bin: usize, wrong: usize) -> EventBody {
        let piles = bin * PILES_IN_BIN + 1..(bin + 1) * PILES_IN_BIN;
        let mut lines: Vec<CountedLine> = piles.map(|pile| self.line(pile)).collect();
        if bin % wrong == 1
            && let Some(line) = lines.first_mut()
        {
            line.counted = line.counted.plus(Quantity::ONE);
        }
        EventBody::Counted {
            bin: self.site.bins[bin],
            lines,
            whole_bin: true,
        }
    }
}

/// A handheld whose screen nobody looks at.
pub(crate) struct Handheld {
    pub(crate) author: Author,
    pub(crate) token: String,
    clock: HybridClock,
}

impl Handheld {
    /// Takes one in; `seed` makes its key.
    pub(crate) fn new(
        hub: &Hub,
        site: domain::SiteId,
        name: &str,
        seed: [u8; 32],
        now: UnixMillis,
    ) -> Result<Self> {
        let key = SigningKey::from_seed(&seed);
        let reply = enrol(hub, site, name, &key, now)?;
        Ok(Self {
            author: Author::new(&reply, key)?,
            token: reply.token,
            clock: HybridClock::default(),
        })
    }

    /// What somebody scans at an instant.
    pub(crate) fn record(
        &mut self,
        who: usize,
        body: EventBody,
        order: Option<OrderLine>,
        at: UnixMillis,
    ) -> EventRecord {
        EventRecord {
            clock: self.clock.tick(at),
            operator: operator(who),
            body,
            carries_out: None,
            evidence: Vec::new(),
            origin: None,
            order,
            reason: None,
            carton: None,
            approved_by: None,
        }
    }

    /// Asks with what it has written; it has read all of the log.
    pub(crate) fn request(
        &mut self,
        hub: &Hub,
        records: &[EventRecord],
        per_segment: usize,
        now: UnixMillis,
    ) -> Result<SyncRequest> {
        let partition = self.author.partition();
        let segments = records
            .chunks(per_segment)
            .map(|part| self.author.seal(part))
            .collect::<Result<_>>()?;
        let cursor = {
            let replica = hub.replica().lock();
            replica
                .unwrap_or_else(|e| e.into_inner())
                .cursor(partition)?
        };
        Ok(SyncRequest {
            versions: protocol::VERSIONS,
            status: DeviceStatus {
                clock: now,
                program: "bench".into(),
                ..DeviceStatus::default()
            },
            partitions: vec![PartitionRequest {
                partition,
                position: cursor.map(exchange::position_of).unwrap_or_default(),
                head_seq: self.author.head.0,
                head_hash: self.author.head.1,
                segments,
                chain: Some(self.author.chain),
                carried: Vec::new(),
                snapshot: protocol::SnapshotWish::default(),
                told: None,
            }],
            reply_bytes_max: 64 << 10,
        })
    }

    /// Brings events to the hub, which folds them.
    pub(crate) fn bring(
        &mut self,
        hub: &Hub,
        records: &[EventRecord],
        per_segment: usize,
        now: UnixMillis,
    ) -> Result<()> {
        let request = self.request(hub, records, per_segment, now)?;
        let answer = hub.sync(&self.token, request, now)?;
        held(&answer.map_err(|code| anyhow::anyhow!("refused: {}", code.code()))?)?;
        hub.pump(now)?;
        Ok(())
    }
}

/// Whether all that was pushed is in the log.
pub(crate) fn held(reply: &SyncReply) -> Result<()> {
    let part = reply.partitions.first().context("an answer")?;
    ensure!(part.outcome == PushOutcome::Held, "{:?}", part.outcome);
    Ok(())
}

/// Writes the year; what lies where at its end, and who wrote it. The last handheld is of the small site.
pub(crate) fn play<'a>(
    hub: &Hub,
    site: &'a Site,
    size: &Size,
) -> Result<(Floor<'a>, Vec<Handheld>)> {
    let mut random = Random::new(2);
    let mut floor = Floor::new(site);
    let mut handhelds = Vec::new();
    for n in 0..=HANDHELDS {
        let here = if n == HANDHELDS { SMALL } else { SITE };
        let seed = [n as u8 + 1; 32];
        handhelds.push(Handheld::new(hub, here, &format!("PDA {n:02}"), seed, T0)?);
    }
    let every = size.events.checked_div(size.faults).unwrap_or(usize::MAX);
    let small = site.bins.len() - site.big;
    let (mut written, mut faults, mut turn) = (0, 0, 0);
    while written < size.events {
        let batch = BATCH.min(size.events - written);
        // The small site's has its turn now and then.
        let by = if turn % 50 == 49 {
            HANDHELDS
        } else {
            turn % HANDHELDS
        };
        let mut events = Vec::with_capacity(batch);
        for n in written..written + batch {
            let is_fault = faults < size.faults && n % every >= every / 2 && faults <= n / every;
            let body = if by == HANDHELDS {
                let bin = site.big + random.below(small as u64) as usize;
                let place = 1 + random.below(PILES_IN_BIN as u64 - 1) as usize;
                floor.honest(bin * PILES_IN_BIN + place, &mut random)
            } else if is_fault {
                faults += 1;
                floor.fault(faults - 1)
            } else {
                let bin = match random.below(AT_DOCK) {
                    0 => 1 % site.big,
                    _ => random.below(site.big as u64) as usize,
                };
                // Never the first place of a bin: that is where the mistakes are. The last one twice as often.
                let place = match random.below(PILES_IN_BIN as u64) as usize {
                    0 => PILES_IN_BIN - 1,
                    place => place,
                };
                floor.honest(bin * PILES_IN_BIN + place, &mut random)
            };
            let at = T0 + n as i64 * EVERY_MS;
            events.push(handhelds[by].record(turn, body, None, at));
        }
        written += batch;
        turn += 1;
        let now = T0 + written as i64 * EVERY_MS;
        handhelds[by].bring(hub, &events, SEGMENT, now)?;
        if turn % 100 == 0 {
            say(&format!("{written} events"));
        }
    }
    Ok((floor, handhelds))
}
