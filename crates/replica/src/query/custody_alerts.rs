//! What of custody somebody has to look at.

use documents::Announced;
use domain::ledger::{ExceptionKind, Subject};
use domain::{BinId, DepositId, ExceptionId, SiteId, UnixMillis};
use rusqlite::params;

use super::Query;
use super::custody::{COLUMNS, DepositRow};
use crate::error::ReplicaError;
use crate::row;

/// No count goes further: what is more is "so many and more".
pub const COUNT_MAX: u64 = 10_000;

/// Days by which terms are sorted, ISO 8601.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodyDays {
    /// Today at the site.
    pub today: String,
    /// A term that ends up to this day ends soon.
    pub soon: String,
    /// What was to be fetched before this day is abandoned.
    pub abandoned: String,
}

/// How many deposits of a site are how; none counts further than [`COUNT_MAX`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CustodyCounts {
    /// With pieces here.
    pub here: u64,
    /// Whose term ends soon.
    pub soon: u64,
    /// Whose term has ended.
    pub overdue: u64,
    /// Whose term ended long ago.
    pub abandoned: u64,
    /// Whose customer waits for an answer.
    pub wished: u64,
    /// Of which pieces are expected.
    pub expected: u64,
}

/// An open exception that may be about pieces in custody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceException {
    /// Which.
    pub id: ExceptionId,
    /// Of which kind.
    pub kind: ExceptionKind,
    /// About what.
    pub subject: Subject,
}

/// All methods fail with [`ReplicaError`] only.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Query<'_> {
    /// How many deposits of a site are how.
    pub fn custody_counts(
        &self,
        site: SiteId,
        days: &CustodyDays,
    ) -> Result<CustodyCounts, ReplicaError> {
        let site = site.as_bytes();
        let here = |from: &str, until: &str| {
            self.count(
                &format!(
                    "SELECT count(*) FROM (SELECT 1 FROM deposit
                     WHERE site = ?1 AND stored > 0 AND due >= ?2 AND due < ?3 LIMIT {COUNT_MAX})"
                ),
                params![site, from, until],
            )
        };
        let of = |condition: &str| {
            self.count(
                &format!(
                    "SELECT count(*) FROM (SELECT 1 FROM deposit WHERE site = ?1 AND {condition} LIMIT {COUNT_MAX})"
                ),
                [site],
            )
        };
        // The first day is after the empty one of those without a term.
        Ok(CustodyCounts {
            here: here("", "~")?,
            soon: here(&days.today, &format!("{}~", days.soon))?,
            overdue: here("0", &days.today)?,
            abandoned: here("0", &days.abandoned)?,
            wished: of("wish <> '' AND wish_answered = 0")?,
            expected: of("expected > 0")?,
        })
    }

    /// Deposits with pieces that have not come, in the order in which they were announced; after the place of the last one of
    /// the page before.
    pub fn deposits_expected(
        &self,
        site: SiteId,
        after: Option<(UnixMillis, DepositId)>,
        limit: u32,
    ) -> Result<Vec<DepositRow>, ReplicaError> {
        let (at, id) = after.map_or((0, Vec::new()), |(at, id)| (at, id.as_bytes().to_vec()));
        self.rows(
            &format!(
                "SELECT {COLUMNS} FROM deposit
                 WHERE site = ?1 AND expected > 0 AND (announced_at, id) > (?2, ?3)
                 ORDER BY announced_at, id LIMIT ?4"
            ),
            params![site.as_bytes(), at, id, limit],
            |r| self.deposit_row(r),
        )
    }

    /// What of a deposit has not come; `None` if nothing of it was ever announced.
    pub fn announced(&self, deposit: DepositId) -> Result<Option<Announced>, ReplicaError> {
        let record = self.record(deposit.into())?;
        Ok(record.and_then(|record| Announced::from_record(&record)))
    }

    /// Deposits of which a piece went without an act that let it go. On a replica that rests on a snapshot, acts before it are
    /// not known.
    pub fn deposits_strayed(
        &self,
        site: SiteId,
        limit: u32,
    ) -> Result<Vec<DepositRow>, ReplicaError> {
        self.rows(
            &format!(
                "SELECT {COLUMNS} FROM deposit WHERE site = ?1 AND strayed > 0 ORDER BY id LIMIT ?2"
            ),
            params![site.as_bytes(), limit],
            |r| self.deposit_row(r),
        )
    }

    /// What customers asked for until then and nobody has answered.
    pub fn wishes_before(
        &self,
        site: SiteId,
        before: UnixMillis,
        limit: u32,
    ) -> Result<Vec<DepositRow>, ReplicaError> {
        self.rows(
            &format!(
                "SELECT {COLUMNS} FROM deposit
                 WHERE site = ?1 AND wish <> '' AND wish_answered = 0 AND wish_at < ?2
                 ORDER BY wish_at, id LIMIT ?3"
            ),
            params![site.as_bytes(), before, limit],
            |r| self.deposit_row(r),
        )
    }

    /// Pieces that lie in a bin for goods of another class than theirs: deposit, number of the piece, bin. `class`: the class
    /// of custody, or the beginning of several. Goes from piles to pieces, of which there are many more.
    pub fn pieces_misplaced(
        &self,
        site: SiteId,
        class: &str,
        limit: u32,
    ) -> Result<Vec<(DepositId, u32, BinId)>, ReplicaError> {
        self.rows(
            "SELECT p.of, p.number, b.id AS bin FROM item i
             CROSS JOIN stock s ON s.item = i.id AND s.site = ?1 AND s.balance > 0
             CROSS JOIN bin b ON b.id = s.bin AND b.class <> '' AND b.class <> i.class
             CROSS JOIN unit u ON u.bin = b.id AND u.item = i.id AND u.status = 0
             CROSS JOIN deposit_piece p ON p.unit = u.unit
             CROSS JOIN deposit d ON d.id = p.of AND d.site = ?1
             WHERE i.class <> '' AND (i.class = ?2 OR i.class >= ?2 || '-' AND i.class < ?2 || '.')
             LIMIT ?3",
            params![site.as_bytes(), class, limit],
            |r| {
                Ok((
                    DepositId::from_bytes(row::bytes16(r, "of")?),
                    r.get("number")?,
                    BinId::from_bytes(row::bytes16(r, "bin")?),
                ))
            },
        )
    }

    /// Open exceptions about single units, and counts that found less than the book: those that may be about pieces.
    pub fn exceptions_of_pieces(
        &self,
        site: SiteId,
        limit: u32,
    ) -> Result<Vec<PieceException>, ReplicaError> {
        self.rows(
            "SELECT f.id, f.kind, s.key FROM finding f JOIN subject s ON s.id = f.subject
             WHERE f.status = 0 AND substr(s.key, 1, 16) = ?1
               AND (f.kind IN ('unit-issued-twice', 'unit-in-two-bins')
                    OR f.kind = 'count-variance' AND f.counted < f.book)
             ORDER BY f.id LIMIT ?2",
            params![site.as_bytes(), limit],
            |r| {
                let kind = r.get_ref("kind")?.as_str().ok();
                let key = r.get_ref("key")?.as_blob().unwrap_or_default();
                Ok(PieceException {
                    id: row::exception_id(r, "id")?,
                    kind: kind
                        .and_then(ExceptionKind::from_code)
                        .ok_or(ReplicaError::BadRow("finding.kind"))?,
                    subject: key
                        .get(16..)
                        .and_then(Subject::from_key)
                        .ok_or(ReplicaError::BadRow("subject.key"))?,
                })
            },
        )
    }

    /// Deposits of a site whose pieces of an item lie in a bin, with the number of each piece.
    pub fn pieces_in(
        &self,
        bin: BinId,
        item: domain::ItemId,
        limit: u32,
    ) -> Result<Vec<(DepositId, u32)>, ReplicaError> {
        self.rows(
            "SELECT p.of, p.number FROM unit u
             CROSS JOIN deposit_piece p ON p.unit = u.unit
             CROSS JOIN deposit d ON d.id = p.of AND d.site = u.site
             WHERE u.bin = ?1 AND u.item = ?2 AND u.status = 0 LIMIT ?3",
            params![bin.as_bytes(), item.as_bytes(), limit],
            |r| {
                Ok((
                    DepositId::from_bytes(row::bytes16(r, "of")?),
                    r.get("number")?,
                ))
            },
        )
    }

    /// Bins of a site with pieces whose term ended before this day, and how many pieces each has.
    pub fn overdue_bins(
        &self,
        site: SiteId,
        today: &str,
        limit: u32,
    ) -> Result<Vec<(BinId, u64)>, ReplicaError> {
        self.rows(
            "SELECT bin, count(*) AS pieces FROM (
                 SELECT u.bin AS bin FROM (SELECT id, site FROM deposit
                     WHERE site = ?1 AND stored > 0 AND due >= '0' AND due < ?2 ORDER BY due, id LIMIT ?3) d
                 CROSS JOIN deposit_piece p ON p.of = d.id
                 CROSS JOIN unit u ON u.site = d.site AND u.unit = p.unit AND u.status = 0)
             GROUP BY bin",
            params![site.as_bytes(), today, limit],
            |r| Ok((BinId::from_bytes(row::bytes16(r, "bin")?), r.get::<_, i64>("pieces")? as u64)),
        )
    }
}
