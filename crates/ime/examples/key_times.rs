//! How long a key takes: `cargo run --release -p ime --example key_times`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it measures, and its output is what it is for"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use ime::{Learned, Pinyin};

/// Candidates that a screen asks for.
const SHOWN: usize = 9;
const ROUNDS: u32 = 200;

fn main() {
    let many: Vec<_> = (0..1_000_u32)
        .filter_map(|at| char::from_u32(0x4e00 + at))
        .map(|character| (format!("{character}仓"), "zhang'cang".to_owned(), 1))
        .collect();
    for (name, learned) in [
        ("nothing learned", Learned::default()),
        ("1000 words learned", Learned::from(many)),
    ] {
        println!("{name}");
        for letters in [
            "z",
            "zhi",
            "cangku",
            "cfck",
            "zzzz",
            "zhezhongposunhuowufangzaitui",
            "woyaocangkuchukupandian",
            "zzzzzzzzzzzz",
            "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        ] {
            let (slowest, mean) = time(letters, &learned);
            println!("  {letters:50} slowest key {slowest:>10.1?}  mean {mean:>10.1?}");
        }
    }
}

/// The slowest of the keys, each at its fastest of all rounds, and the mean of the same.
fn time(letters: &str, learned: &Learned) -> (Duration, Duration) {
    let mut fastest = vec![Duration::MAX; letters.len()];
    for _ in 0..ROUNDS {
        let mut pinyin = Pinyin::new(learned.clone());
        for (letter, fastest) in letters.chars().zip(&mut fastest) {
            let start = Instant::now();
            pinyin.press(letter);
            black_box(pinyin.page(0, SHOWN));
            *fastest = start.elapsed().min(*fastest);
        }
    }
    let keys = u32::try_from(letters.len()).unwrap_or(1);
    let slowest = fastest.iter().max().copied().unwrap_or_default();
    (slowest, fastest.iter().sum::<Duration>() / keys)
}
