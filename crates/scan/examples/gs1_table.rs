//! Writes `src/gs1/table.rs` from a GS1 Barcode Syntax Dictionary:
//! `cargo run -p scan --example gs1_table -- gs1-syntax-dictionary.txt > crates/scan/src/gs1/table.rs`
//!
//! A linter or a flag that it does not know stops it: a new rule must be written before it can be
//! in the table.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it writes is its result"
)]

use std::fmt::Write as _;
use std::process::ExitCode;

const HEAD: &str = "\
//! The application identifiers, generated from the GS1 Barcode Syntax Dictionary
//! (github.com/gs1/gs1-syntax-dictionary, Apache-2.0, Copyright GS1 AISBL) by
//! `cargo run -p scan --example gs1_table`. Not written by hand: a new release of the dictionary
//! replaces the whole list.
//!
//! Columns: first and last identifier of a run; whether its length is predefined (no FNC1 after
//! it); whether a Digital Link may have it in its query; the qualifiers that may follow where it
//! starts a Digital Link's path, `|` between alternatives; what else must be there, `|` between
//! demands, `,` between alternatives, `+` between what goes together; what must not be there; its
//! parts; its title.

use super::dictionary::{Ai, Charset::*, Rule::*, ai, optional, part};

#[rustfmt::skip]
pub(super) const DICTIONARY: &[Ai] = &[
";

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("name the file of the dictionary");
        return ExitCode::FAILURE;
    };
    let table = std::fs::read_to_string(&path)
        .map_err(|error| format!("{path}: {error}"))
        .and_then(|dictionary| table(&dictionary));
    match table {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn table(dictionary: &str) -> Result<String, String> {
    let mut table = HEAD.to_owned();
    let lines = dictionary.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        table += &row(line).map_err(|error| format!("{error}: {line}"))?;
    }
    table += "];\n";
    Ok(table)
}

fn row(line: &str) -> Result<String, String> {
    let (entry, title) = line.split_once('#').unwrap_or((line, ""));
    let mut fields = entry.split_whitespace().peekable();
    let codes = fields.next().ok_or("no identifier")?;
    let (first, last) = codes.split_once('-').unwrap_or((codes, codes));
    let is_flags = |field: &&str| {
        field
            .bytes()
            .all(|byte| !byte.is_ascii_alphanumeric() && byte != b'[')
    };
    let flags = fields.next_if(is_flags).unwrap_or_default();
    if let Some(flag) = flags.chars().find(|flag| !"*?".contains(*flag)) {
        return Err(format!("flag {flag}"));
    }
    let (mut parts, mut link, mut requires, mut excludes) =
        (Vec::new(), None, Vec::new(), Vec::new());
    for field in fields {
        match field.split_once('=') {
            Some(("req", groups)) => requires.push(groups),
            Some(("ex", codes)) => excludes.push(codes),
            Some(("dlpkey", qualifiers)) => link = Some(qualifiers),
            None if field == "dlpkey" => link = Some(""),
            None => parts.push(part(field)?),
            Some((key, _)) => return Err(format!("attribute {key}")),
        }
    }
    let mut row = String::new();
    let _ = writeln!(
        row,
        "    ai({first:?}, {last:?}, {}, {}, {link:?}, {:?}, {:?}, &[{}], {:?}),",
        flags.contains('*'),
        flags.contains('?'),
        requires.join("|"),
        excludes.join(","),
        parts.join(", "),
        title.trim(),
    );
    Ok(row)
}

fn part(field: &str) -> Result<String, String> {
    let mut words = field.split(',');
    let shape = words.next().unwrap_or_default();
    let bare = shape
        .strip_prefix('[')
        .and_then(|shape| shape.strip_suffix(']'));
    let (kind, shape) = bare.map_or(("part", shape), |bare| ("optional", bare));
    let charset = match shape.get(..1) {
        Some("N") => "Digits",
        Some("X") => "Cset82",
        Some("Y") => "Cset39",
        Some("Z") => "Base64Url",
        _ => return Err(format!("component {field}")),
    };
    let number = |text: &str| text.parse::<usize>().map_err(|_| format!("length {field}"));
    let (min, max) = match shape[1..].strip_prefix("..") {
        Some(max) => (1, number(max)?),
        None => (number(&shape[1..])?, number(&shape[1..])?),
    };
    let rules = words.map(rule).collect::<Result<Vec<_>, _>>()?.join(", ");
    Ok(format!("{kind}({charset}, {min}, {max}, &[{rules}])"))
}

/// Our name of a linter.
fn rule(linter: &str) -> Result<&'static str, String> {
    Ok(match linter {
        "csum" => "CheckDigit",
        "csumalpha" => "CheckPair",
        "gcppos1" => "CompanyPrefix",
        "gcppos2" => "CompanyPrefixAtSecond",
        "hasnondigit" => "HasNonDigit",
        "yymmd0" => "DateOrMonth",
        "yymmdd" => "Date",
        "yyyymmdd" => "LongDate",
        "hhmi" => "HourMinute",
        "hh" => "Hour",
        "mi" => "Minute",
        "ss" => "Second",
        "zero" => "Zero",
        "nonzero" => "NonZero",
        "nozeroprefix" => "NoZeroPrefix",
        "yesno" => "YesNo",
        "winding" => "Winding",
        "pieceoftotal" => "PieceOfTotal",
        "posinseqslash" => "PositionInSequence",
        "hyphen" => "Hyphen",
        "pcenc" => "PercentEncoded",
        "iban" => "Iban",
        "iso3166" => "Country",
        "iso3166999" => "CountryOr999",
        "iso3166alpha2" => "CountryLetters",
        "iso4217" => "Currency",
        "iso5218" => "Sex",
        "latitude" => "Latitude",
        "longitude" => "Longitude",
        "importeridx" => "ImporterIndex",
        "mediatype" => "MediaType",
        "packagetype" => "PackageType",
        "couponcode" => "Coupon",
        "couponposoffer" => "CouponOffer",
        _ => return Err(format!("linter {linter}")),
    })
}
