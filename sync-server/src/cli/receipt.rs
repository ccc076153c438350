//! Verifies a receipt at the terminal, with no server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use documents::PublicKey;
use domain::OrganisationId;
use rusqlite::{Connection, OpenFlags};

use super::{hex, say};
use crate::hub::Organisation;
use crate::i18n::Lang;
use crate::receipts::{Judged, ReceiptTold, Shown, judge};

/// Nobody's receipt is larger.
const FILE_BYTES_MAX: u64 = 8 << 20;
/// It could not be checked at all.
const NOT_CHECKED: u8 = 2;

#[derive(Args)]
pub(super) struct VerifyReceipt {
    /// The PDF, the `.tallyman-receipt`, or a text file with what is behind the `#` of its QR.
    file: PathBuf,
    /// A server's data folder: its key is used, and its log, if it is there.
    #[arg(long, conflicts_with = "key")]
    data: Option<PathBuf>,
    /// The server's public key in hexadecimal, as the page of the audit trail shows it.
    #[arg(long)]
    key: Option<String>,
    /// zh or en; as the terminal says, if it is not given.
    #[arg(long)]
    lang: Option<String>,
}

fn language(asked: Option<&str>) -> Lang {
    let said = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let system = said("LC_ALL")
        .or_else(|| said("LC_MESSAGES"))
        .or_else(|| said("LANG"));
    match asked.or(system.as_deref()) {
        Some(code) if code.to_ascii_lowercase().starts_with("zh") => Lang::Zh,
        _ => Lang::En,
    }
}

fn key_of(text: &str) -> Option<PublicKey> {
    let hash = domain::EventHash::from_hex(text.trim())?;
    Some(PublicKey::from_bytes(hash.0))
}

/// Whose data lies in a folder; the folder is only read.
fn organisation(data: &Path) -> anyhow::Result<(OrganisationId, PublicKey)> {
    let path = data.join("hub.db");
    anyhow::ensure!(path.exists(), "there is no server's data in this folder");
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let ours = Organisation::load(&connection)?.context("the server has never run")?;
    Ok((ours.id, ours.key.public()))
}

/// 0: genuine; 1: it is not, or the log says otherwise; 2: it could not be checked.
pub(super) fn verify(args: &VerifyReceipt) -> ExitCode {
    let lang = language(args.lang.as_deref());
    match check(args, lang) {
        Ok(is_sound) if is_sound => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            let words = lang.fill("receipt.not-checked", &[("why", &format!("{error:#}"))]);
            say(&words);
            ExitCode::from(NOT_CHECKED)
        }
    }
}

fn check(args: &VerifyReceipt, lang: Lang) -> anyhow::Result<bool> {
    let words = |key: &str| anyhow::anyhow!(lang.t(key).to_owned());
    let (organisation, key) = match (&args.data, &args.key) {
        (Some(data), _) => {
            let (organisation, key) = organisation(data)?;
            (Some(organisation), key)
        }
        (None, Some(text)) => (None, key_of(text).ok_or_else(|| words("receipt.bad-key"))?),
        (None, None) => return Err(words("receipt.needs-key")),
    };
    let size = std::fs::metadata(&args.file)
        .map_err(|error| words("receipt.no-file").context(error))?
        .len();
    anyhow::ensure!(size <= FILE_BYTES_MAX, words("receipt.file-too-large"));
    let bytes = std::fs::read(&args.file)?;
    let shown = Shown::from_file(&bytes);
    let log = match &args.data {
        Some(data) if data.join("replica.db").exists() => Some(super::open_replica(data)?),
        _ => None,
    };
    let query = log.as_ref().map(|log| log.query());
    let judged = judge(&shown, organisation, &key, query.as_ref())?;
    let told = match &judged.receipt {
        Some(receipt) => ReceiptTold::of(&judged, receipt, query.as_ref())?,
        None => None,
    };
    report(&judged, told.as_ref(), query.is_some(), &key, lang);
    Ok(judged.verdict.is_sound())
}

fn report(judged: &Judged, told: Option<&ReceiptTold>, has_log: bool, key: &PublicKey, lang: Lang) {
    let code = judged.verdict.code();
    say(lang.t(&format!("receipt.verdict.{code}")));
    say(lang.t(&format!("receipt.next.{code}")));
    let Some(told) = told else { return };
    let line = |key: &str, value: &str| {
        if !value.is_empty() {
            say(&format!("{}: {value}", lang.t(key)));
        }
    };
    line(
        "receipt.act",
        lang.t(&format!("custody.act.{}", told.act.code())),
    );
    line("receipt.time", &told.time("%Y-%m-%d %H:%M:%S %Z"));
    line("receipt.site", told.site.name(lang));
    line("receipt.operator", told.operator.name(lang));
    for piece in &told.pieces {
        let words = format!("{} {} {}", piece.number, piece.unit, piece.item.name(lang));
        line("receipt.piece", words.trim_end());
    }
    let due = told.due.map(|day| day.to_string()).unwrap_or_default();
    line("receipt.due", &due);
    line("receipt.fee", &told.fee_words(lang));
    line("receipt.charge-taken", &told.charge.1);
    line(
        "receipt.chain",
        &format!("{} / {}", told.chain, told.number),
    );
    line("receipt.hash", &told.hash);
    line("receipt.signature-hash", &told.signature);
    for photo in &told.photos {
        line("receipt.photo-hashes", photo);
    }
    line("receipt.key", &hex(key.as_bytes()));
    if !has_log {
        say(lang.t("receipt.no-log"));
    }
}
