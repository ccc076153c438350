//! Checks a backup: every file against its hash, the database by SQLite, the whole log by its signatures and links.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use documents::segment::{Accepted, SegmentHash};
use documents::{Certificate, Partition, PublicKey};
use domain::ChainId;
use replica::Cursor;
use rusqlite::Connection;

use super::make::blob_path;
use super::manifest::{Manifest, NAME, partition_name};
use super::{BackupError, CERTIFICATE, DATABASE, files};
use crate::hub::Organisation;
use crate::store::{StoreError, audit, copy, hub_chains, hub_devices, hub_log};

/// About how much of the log is looked at together.
const PAGE_BYTES: usize = 1 << 20;

/// What was found, in sentences for the person at the terminal.
#[derive(Debug, Default)]
pub struct Report {
    /// What is in the backup, if that can be read.
    pub manifest: Option<Manifest>,
    /// What was looked at and is right.
    pub found: Vec<String>,
    /// What is wrong; nothing if the backup can be restored.
    pub problems: Vec<String>,
}

/// Checks everything in a backup; nothing in it is changed.
pub fn verify(folder: &Path) -> Report {
    let mut report = Report::default();
    let manifest = match Manifest::read(folder) {
        Ok(manifest) => manifest,
        Err(problem) => {
            report.problems.push(problem);
            return report;
        }
    };
    report.found.push(format!(
        "{NAME}: made by tallyman-server {}, schema {}",
        manifest.program, manifest.schema
    ));
    check_files(folder, &manifest, &mut report);
    if let Err(error) = check_database(folder, &manifest, &mut report) {
        let problem = format!("{DATABASE} cannot be read: {}", chain(&error));
        report.problems.push(problem);
    }
    report.manifest = Some(manifest);
    report
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn check_files(folder: &Path, manifest: &Manifest, report: &mut Report) {
    let (mut sound, mut bytes) = (0, 0);
    for entry in &manifest.files {
        // A backup comes from outside: its manifest must not lead out of the folder.
        let inside = Path::new(&entry.path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        let problem = match inside.then(|| files::measure(&folder.join(&entry.path))) {
            None => "is no path of a backup".to_owned(),
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => "is missing".to_owned(),
            Some(Err(error)) => format!("cannot be read: {error}"),
            Some(Ok((size, _))) if size != entry.bytes => {
                format!("has {size} bytes and should have {}", entry.bytes)
            }
            Some(Ok((_, hash))) if hash != entry.blake3 => "does not match its hash".to_owned(),
            Some(Ok((size, _))) => {
                sound += 1;
                bytes += size;
                continue;
            }
        };
        report.problems.push(format!("{} {problem}", entry.path));
    }
    report.found.push(format!(
        "{sound} files, {bytes} bytes: sizes and hashes are right"
    ));
    let names = |name: &str| manifest.files.iter().any(|f| f.path == name);
    let [certificate, key] = CERTIFICATE;
    if names(certificate) {
        match crate::tls::from_files(&folder.join(certificate), &folder.join(key)) {
            Ok(identity) => report
                .found
                .push(format!("{certificate}: SHA-256 {}", identity.fingerprint)),
            Err(error) => report
                .problems
                .push(format!("{certificate} with {key}: {}", chain(&error))),
        }
    }
}

fn check_database(
    folder: &Path,
    manifest: &Manifest,
    report: &mut Report,
) -> Result<(), BackupError> {
    let database = copy::open_copy(&folder.join(DATABASE))?;
    let faults = copy::faults(&database)?;
    if faults.is_empty() {
        report
            .found
            .push(format!("{DATABASE}: SQLite finds nothing wrong"));
    }
    report
        .problems
        .extend(faults.iter().map(|fault| format!("{DATABASE}: {fault}")));
    if copy::has_table(&database, "audit")? {
        match audit::check(&database)? {
            Ok(entries) => report.found.push(format!(
                "audit trail: {entries} entries, gap-free; links are right"
            )),
            Err(number) => report.problems.push(format!(
                "audit trail: entry {number} is missing or was changed"
            )),
        }
    }
    let Some(organisation) = Organisation::load(&database)? else {
        report
            .problems
            .push(format!("{DATABASE} holds no organisation"));
        return Ok(());
    };
    let walk = Walk {
        database: &database,
        server_keys: server_keys(&database, &organisation)?,
        organisation: &organisation,
    };
    let partitions = hub_log::partitions(&database)?;
    for partition in &partitions {
        let name = partition_name(*partition);
        let listed = manifest.log.iter().find(|end| end.partition == name);
        match walk.partition(*partition)? {
            Err(problem) => report.problems.push(format!("log of {name}: {problem}")),
            Ok(end)
                if listed.is_some_and(|l| {
                    l.number == end.number && l.running_hash == files::hex(&end.running_hash)
                }) =>
            {
                report.found.push(format!(
                    "log of {name}: {} segments, gap-free; signatures, links and hashes are right",
                    end.number
                ));
            }
            Ok(end) => report.problems.push(format!(
                "log of {name} ends at {}, and not as {NAME} says",
                end.number
            )),
        }
    }
    if partitions.len() != manifest.log.len() {
        report.problems.push(format!(
            "{DATABASE} holds {} logs and {NAME} names {}",
            partitions.len(),
            manifest.log.len()
        ));
    }
    let blobs = copy::blobs(&database)?;
    let mut there = 0;
    for hash in &blobs {
        let path = blob_path(hash);
        match manifest
            .files
            .iter()
            .any(|f| f.path == path && f.blake3 == *hash)
        {
            true => there += 1,
            false => report.found.push(format!(
                "{path} was missing on the server when the backup was made"
            )),
        }
    }
    if !blobs.is_empty() {
        report.found.push(format!(
            "photos and documents: {there} of {} that the database names",
            blobs.len()
        ));
    }
    Ok(())
}

/// What the server's own chains are signed with. Those of devices are in their table; of a database from before that
/// table, the server's are not.
fn server_keys(
    database: &Connection,
    organisation: &Organisation,
) -> Result<HashMap<ChainId, PublicKey>, StoreError> {
    let mut keys = HashMap::new();
    for (_, signed) in hub_devices::certificates(database)? {
        if let Some(certificate) = Certificate::verify(&signed, &organisation.key.public()) {
            keys.insert(certificate.shared_chain, certificate.key);
            keys.insert(certificate.site_chain, certificate.key);
        }
    }
    Ok(keys)
}

struct Walk<'a> {
    database: &'a Connection,
    server_keys: HashMap<ChainId, PublicKey>,
    organisation: &'a Organisation,
}

impl Walk<'_> {
    fn key_of(&self, chain: ChainId) -> Result<Option<PublicKey>, StoreError> {
        if let Some(key) = self.server_keys.get(&chain) {
            return Ok(Some(*key));
        }
        Ok(hub_chains::get(self.database, chain)?.map(|row| row.key))
    }

    /// Walks one log from its beginning. Inner error: the first thing that is wrong with it.
    fn partition(&self, partition: Partition) -> Result<Result<Cursor, String>, StoreError> {
        let mut cursor = Cursor::start(self.organisation.epoch);
        let mut chains: HashMap<ChainId, (u64, SegmentHash)> = HashMap::new();
        let mut accepted_at = i64::MIN;
        loop {
            let (entries, more) =
                hub_log::entries_after(self.database, partition, cursor.number, None, PAGE_BYTES)?;
            for entry in &entries {
                let number = cursor.number + 1;
                if let Err(problem) = self.entry(partition, number, entry, &mut chains) {
                    return Ok(Err(format!("number {number} {problem}")));
                }
                if entry.accepted_at < accepted_at {
                    return Ok(Err(format!(
                        "number {number} was accepted before the one before it"
                    )));
                }
                accepted_at = entry.accepted_at;
                cursor = cursor.after(entry.hash);
                let stored = hub_log::running_hash(self.database, partition, number)?;
                if stored != Some(cursor.running_hash) {
                    return Ok(Err(format!("number {number} has a wrong running hash")));
                }
            }
            if !more {
                return Ok(Ok(cursor));
            }
        }
    }

    fn entry(
        &self,
        partition: Partition,
        number: u64,
        entry: &Accepted,
        chains: &mut HashMap<ChainId, (u64, SegmentHash)>,
    ) -> Result<(), String> {
        if entry.number != number {
            return Err("is missing".to_owned());
        }
        if !entry.verify(&self.organisation.key.public()) {
            return Err(
                "is not signed by the server, or is another segment than it signed".to_owned(),
            );
        }
        let segment = entry.segment.as_ref().ok_or("has no segment")?;
        let header = segment.header().map_err(|error| chain(&error))?;
        let key = self
            .key_of(header.chain)
            .map_err(|error| chain(&error))?
            .ok_or("is of a chain that no certificate vouches for")?;
        segment.verify(&key).map_err(|error| chain(&error))?;
        if header.organisation != self.organisation.id || header.partition != partition {
            return Err("belongs to another log".to_owned());
        }
        let (seq, hash) = chains.entry(header.chain).or_default();
        if header.seq != *seq + 1 || header.previous != *hash {
            return Err("does not follow its chain".to_owned());
        }
        (*seq, *hash) = (header.seq, entry.hash);
        Ok(())
    }
}
