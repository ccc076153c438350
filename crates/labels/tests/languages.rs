//! What is said to printers: kept byte for byte, and never more than was meant.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read the kept answers; the crate reads no file"
)]

mod common;

use common::{fixtures, fonts, samples};
use labels::{Arranged, Density, Language, Manner};

/// Bytes as lines that a person can compare: what is not ASCII as `\xNN`, of long runs of it only length and sum.
fn readable(bytes: &[u8]) -> String {
    let mut out = String::new();
    // In ESC/POS each mark begins with ESC $.
    let mut chunks = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mut rest = line;
        while let Some(next) = rest.windows(2).skip(1).position(|two| two == b"\x1B$") {
            let (chunk, others) = rest.split_at(next + 1);
            chunks.push(chunk);
            rest = others;
        }
        chunks.push(rest);
    }
    for chunk in chunks {
        let binary = chunk
            .iter()
            .filter(|byte| !byte.is_ascii_graphic() && !byte.is_ascii_whitespace())
            .count();
        if binary > 64 || chunk.len() > 400 {
            let head: String = chunk
                .iter()
                .take(48)
                .map(|b| b.escape_ascii().to_string())
                .collect();
            // FNV-1a: small, and enough to see that something changed.
            let sum = chunk.iter().fold(0xCBF2_9CE4_8422_2325_u64, |sum, byte| {
                (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
            });
            out.push_str(&format!("{head} … {} bytes, {sum:016x}\n", chunk.len()));
        } else {
            let line: String = chunk.iter().map(|b| b.escape_ascii().to_string()).collect();
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

#[test]
fn each_template_is_said_as_it_always_was() {
    let mut differing = Vec::new();
    for (name, label) in samples(Density::Eight) {
        let arranged = Arranged::new(&label, fonts()).expect("a sample fits");
        let mut said: Vec<(String, Vec<u8>)> = Language::ALL
            .into_iter()
            .map(|language| {
                let bytes = language.say(&arranged, Manner::default());
                (
                    format!("{name}.{}.txt", language.code()),
                    readable(&bytes).into_bytes(),
                )
            })
            .collect();
        said.push((
            format!("{name}.png"),
            arranged.png().expect("packed into memory"),
        ));
        for (file, bytes) in said {
            let path = fixtures().join(&file);
            if std::env::var_os("LABELS_WRITE_FIXTURES").is_some() {
                std::fs::write(&path, &bytes).expect("fixtures can be written");
            }
            if std::fs::read(&path).ok().as_deref() != Some(&bytes) {
                differing.push(file);
            }
        }
    }
    assert!(
        differing.is_empty(),
        "{differing:?} differ. If that is meant: LABELS_WRITE_FIXTURES=1, and look at the pictures."
    );
}
