//! `bench custody`: how long it takes until a claim code is known, among all deposits that are open, and until a receipt is
//! verified.
//!
//! The file is the replica's, made by its own migrations; its rows are written by SQL, since to play five million intakes
//! would take a day. What is measured is the replica's own question, on a connection like the program's, beside a look-up
//! by primary key in a plain table of the same codes, in the same run.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use documents::receipt_file::{self, bind};
use documents::{Certificate, Receipt, Role, SigningKey};
use domain::custody::{Custody, CustodyAct, FeeRule, PieceSaid, Terms};
use domain::ticket::{ClaimCode, PieceCode};
use domain::{
    BlobId, ChainId, Currency, CustomerId, DepositId, DeviceId, EventBody, EventHash, EventId,
    EventRecord, ItemId, OperatorId, OrganisationId, SiteId, Timestamp, UnitId,
};
use replica::{DatabaseKey, OpenOptions, Replica};
use rusqlite::{Connection, OptionalExtension, params};

use crate::measure::{percentile_ms, say};

const SITE: SiteId = SiteId::from_bytes([7; 16]);
const KEY: [u8; 32] = [0x5a; 32];
/// Bytes of a receipt on paper: font and page are most of it.
const PAPER: usize = 60_000;
/// Codes are asked for in an order that is not the file's.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

/// How much is made, and measured.
pub(crate) struct Size {
    /// Open deposits in the handheld's replica, which is encrypted.
    pub(crate) handheld: u64,
    /// Open deposits in the server's.
    pub(crate) server: u64,
    /// Look-ups that are measured.
    pub(crate) looks: u64,
}

pub(crate) fn run(size: &Size) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let handheld = folder.path().join("handheld.db");
    look_up("handheld", &handheld, true, size.handheld, size.looks)?;
    std::fs::remove_file(&handheld)?;
    let server = folder.path().join("server.db");
    look_up("server", &server, false, size.server, size.looks)?;
    verify(size.looks)
}

fn bits(n: u64) -> [u8; 8] {
    (n + 1).wrapping_mul(STRIDE).to_be_bytes()
}

fn claim(n: u64) -> ClaimCode {
    ClaimCode::draw(SITE, bits(n))
}

fn id(kind: u8, n: u64) -> [u8; 16] {
    let mut id = [kind; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    id
}

/// The connection that writes the rows.
fn raw(path: &Path, is_encrypted: bool) -> Result<Connection> {
    let connection = Connection::open(path)?;
    if is_encrypted {
        let hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
        connection.pragma_update(None, "key", format!("x'{hex}'"))?;
    }
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "cache_size", -400_000)?;
    Ok(connection)
}

/// Rows of so many deposits, one piece each, and the plain table. Indexes are made again once the rows are there.
fn seed(path: &Path, is_encrypted: bool, count: u64) -> Result<()> {
    let mut connection = raw(path, is_encrypted)?;
    let mut indexes: Vec<(String, String)> = Vec::new();
    {
        let mut all = connection.prepare(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL
             AND tbl_name IN ('deposit', 'deposit_piece', 'unit')",
        )?;
        let found = all.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
        for one in found {
            indexes.push(one?);
        }
    }
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    connection.execute_batch("CREATE TABLE plain (code TEXT PRIMARY KEY NOT NULL, id BLOB NOT NULL) STRICT, WITHOUT ROWID")?;
    let transaction = connection.transaction()?;
    {
        let mut deposit = transaction.prepare(
            "INSERT INTO deposit (id, site, claim, customer, taken_at, due, fee_daily, fee_cap, currency, forbidden,
                 wish, wish_at, wish_asked, wish_answered, stored)
             VALUES (?1, ?2, ?3, ?4, 1790000000000, '2026-12-31', 1000, 20000, 'CNY', '2026-1', '', 0, 0, 0, 1)",
        )?;
        let mut piece = transaction.prepare(
            "INSERT INTO deposit_piece (of, number, unit, item, size, condition, value) VALUES (?1, 1, ?2, ?3, 'L', '完好', 0)",
        )?;
        for n in 0..count {
            let (deposit_id, claim) = (id(1, n), claim(n));
            deposit.execute(params![
                deposit_id,
                SITE.as_bytes(),
                claim.as_str(),
                id(2, n / 2)
            ])?;
            let unit = UnitId::plate(PieceCode::draw(bits(n)).as_str());
            piece.execute(params![deposit_id, unit.as_str(), id(3, n % 20)])?;
        }
    }
    transaction.commit()?;
    connection.execute_batch(
        "INSERT INTO plain (code, id) SELECT claim, id FROM deposit ORDER BY claim",
    )?;
    for (_, sql) in &indexes {
        connection.execute_batch(sql)?;
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

fn look_up(name: &str, path: &Path, is_encrypted: bool, count: u64, looks: u64) -> Result<()> {
    let options = || {
        let key = is_encrypted.then(|| DatabaseKey::from_bytes(KEY));
        OpenOptions::file(path, key, [1; 8])
    };
    drop(Replica::open(options())?);
    let began = Instant::now();
    seed(path, is_encrypted, count)?;
    let size = std::fs::metadata(path)?.len() >> 20;
    say(&format!(
        "{name}: {count} open deposits in {size} MB, written in {} s",
        began.elapsed().as_secs()
    ));
    let replica = Replica::open(options())?;
    let query = replica.query();
    let plain = raw(path, is_encrypted)?;
    plain.pragma_update(None, "cache_size", -16_000)?;
    let mut by_key = plain.prepare("SELECT id FROM plain WHERE code = ?1")?;
    let (mut found, mut reference, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    for look in 0..looks {
        let n = look.wrapping_mul(STRIDE) % count;
        let typed = claim(n).grouped();
        let began = Instant::now();
        let code = ClaimCode::parse(&typed)?;
        let row = query.deposit_by_claim(&code)?.context("a deposit")?;
        found.push(began.elapsed());
        ensure!(row.deposit.id == DepositId::from_bytes(id(1, n)) && row.deposit.pieces.len() == 1);
        let began = Instant::now();
        let known: Option<Vec<u8>> = by_key.query_row([code.as_str()], |r| r.get(0)).optional()?;
        reference.push(began.elapsed());
        ensure!(known.as_deref() == Some(&id(1, n)[..]));
        let nobody = claim(count + look);
        let began = Instant::now();
        ensure!(query.deposit_by_claim(&nobody)?.is_none());
        absent.push(began.elapsed());
    }
    line(
        &format!("{name}: claim code to deposit with its piece"),
        &found,
    );
    line(&format!("{name}: a code of nothing"), &absent);
    line(
        &format!("{name}: reference, plain table by primary key"),
        &reference,
    );
    Ok(())
}

fn line(what: &str, times: &[Duration]) {
    say(&format!(
        "{what}: p50 {:.4} ms, p99 {:.4} ms, max {:.3} ms ({} times)",
        percentile_ms(times, 50),
        percentile_ms(times, 99),
        percentile_ms(times, 100),
        times.len()
    ));
}

/// The receipt of a deposit of three pieces with six photos.
fn receipt(organisation: OrganisationId) -> Receipt {
    let mut act = Custody::new(
        DepositId::from_bytes([5; 16]),
        CustodyAct::Deposited,
        vec![1, 2, 3],
    );
    act.signature = Some(BlobId([9; 32]));
    act.photos = (0..6).map(|n| BlobId([n; 32])).collect();
    act.terms = Some(Terms {
        customer: CustomerId::from_bytes([2; 16]),
        claim: claim(1).hash(),
        due: "2026-12-31".parse().ok(),
        fee: FeeRule {
            daily: 1_000,
            cap: 20_000,
            currency: Currency::from_code("CNY").unwrap_or_default(),
        },
        pieces: (1..4)
            .map(|number| PieceSaid {
                number,
                unit: UnitId::plate(PieceCode::draw(bits(number.into())).as_str()),
                item: ItemId::from_bytes([4; 16]),
                size: "L".into(),
                condition: "完好".into(),
                value: 120_000,
            })
            .collect(),
        forbidden: "2026-1".into(),
    });
    Receipt {
        organisation,
        site: SITE,
        event: EventId {
            chain: ChainId::from_bytes([3; 16]),
            number: 7,
        },
        hash: EventHash([6; 32]),
        record: EventRecord {
            clock: Timestamp {
                millis: 1_790_000_000_000,
                counter: 0,
            },
            operator: OperatorId::from_bytes([7; 16]),
            body: EventBody::Custody(Box::new(act)),
            carries_out: None,
            origin: None,
            order: None,
            evidence: Vec::new(),
            reason: None,
            carton: None,
            approved_by: None,
        },
    }
}

fn verify(times: u64) -> Result<()> {
    let organisation = OrganisationId::from_bytes([1; 16]);
    let office = SigningKey::from_seed(&[8; 32]);
    let server = office.public();
    let key = SigningKey::from_seed(&[9; 32]);
    let receipt = receipt(organisation);
    let certificate = Certificate {
        organisation,
        device: DeviceId::from_bytes([6; 16]),
        key: key.public(),
        shared_chain: ChainId::from_bytes([2; 16]),
        site: SITE,
        site_chain: receipt.event.chain,
        role: Role::Handheld,
        issued_at: 1_790_000_000_000,
        copy_of: None,
    };
    let bytes = receipt.sign(&key, Some(&certificate.sign(&office)));
    let mut paper = b"%PDF-1.7\n".to_vec();
    paper.extend((0..PAPER).map(|n| b'a' + (n % 23) as u8));
    paper.extend_from_slice(b"\nstartxref\n9\n%%EOF\n");
    let paper = bind(&paper, &bytes, &key).context("a page")?;
    let message = vec![0x61; bytes.len()];
    let purpose = documents::keys::Purpose::Receipt;
    let signature = key.sign(purpose, &message);
    let (mut bare, mut bound, mut reference) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..times {
        let began = Instant::now();
        receipt_file::verify(&bytes, Some(organisation), &server)?;
        bare.push(began.elapsed());
        let began = Instant::now();
        receipt_file::verify(&paper, Some(organisation), &server)?;
        bound.push(began.elapsed());
        let began = Instant::now();
        ensure!(key.public().verify(purpose, &message, &signature));
        reference.push(began.elapsed());
    }
    line(&format!("receipt of {} bytes verified", bytes.len()), &bare);
    line(
        &format!("receipt as PDF of {} kB verified", paper.len() / 1_000),
        &bound,
    );
    line(
        "reference, one Ed25519 signature over as many bytes",
        &reference,
    );
    let mut changed = paper;
    changed[1_000] ^= 1;
    ensure!(receipt_file::verify(&changed, Some(organisation), &server).is_err());
    Ok(())
}
