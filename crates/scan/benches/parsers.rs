//! What it costs to understand a code that was read or typed: `cargo bench -p scan --bench parsers`.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot start has nothing to measure"
)]

use std::hint::black_box;
use std::time::Duration;

use chrono::NaiveDate;
use criterion::{Criterion, criterion_group, criterion_main};
use scan::gs1::{Known, Separators, repair};
use scan::pattern::Pattern;
use scan::wedge::{Wedge, WedgeSettings};
use scan::{epc, gs1, hibc};

const YEAR: i32 = 2026;

fn gs1_texts(criterion: &mut Criterion) {
    let elements = "0104006381333931172712311037A\u{1d}21S1";
    let bracketed = "(01)04006381333931(17)271231(10)37A(21)S1";
    let link = "https://id.example/01/04006381333931/10/37A/21/S1?17=271231";
    let mut group = criterion.benchmark_group("gs1");
    group.bench_function("element string", |bencher| {
        bencher.iter(|| gs1::parse_element_string(black_box(elements), YEAR).unwrap());
    });
    group.bench_function("bracketed", |bencher| {
        bencher.iter(|| gs1::parse_bracketed(black_box(bracketed), YEAR).unwrap());
    });
    group.bench_function("digital link", |bencher| {
        bencher.iter(|| gs1::parse_digital_link(black_box(link), YEAR).unwrap());
    });
    group.finish();
}

/// A scanner that loses separators, at a site that knows the item and not the lot.
struct Loses;

impl Known for Loses {
    fn gtin(&self, gtin: &str) -> bool {
        gtin == "04006381333931"
    }
    fn lot(&self, _: &str, _: &str) -> bool {
        false
    }
    fn serial(&self, _: &str, _: &str) -> bool {
        false
    }
    fn sscc(&self, _: &str) -> bool {
        false
    }
    fn today(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 23).unwrap_or_default()
    }
    fn separators(&self) -> Separators {
        Separators::Lost
    }
}

fn repaired(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lost separators");
    for (name, text) in [
        ("lot then serial", "0104006381333931103710A21S1"),
        // Digits that can be cut in very many ways.
        (
            "digits only",
            "01040063813339311010101021212121303030303711",
        ),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| repair(black_box(text.as_bytes()), &Loses));
        });
    }
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("other codes");
    group.bench_function("EPC in hexadecimal", |bencher| {
        bencher.iter(|| epc::parse(black_box("3074257BF7194E4000001A85")).unwrap());
    });
    group.bench_function("HIBC", |bencher| {
        bencher.iter(|| hibc::parse(black_box("+A123BJC5D6E71G"), YEAR).unwrap());
    });
    let pattern = Pattern::compile("{item:8}{lot:4..10}").unwrap();
    group.bench_function("pattern of a site", |bencher| {
        bencher.iter(|| pattern.fit(black_box("40063813LOT7714"), YEAR).unwrap());
    });
    group.bench_function("keys of a wedge, 14 characters", |bencher| {
        let mut now_ms = 0;
        let mut wedge = Wedge::new(WedgeSettings::default());
        bencher.iter(|| {
            now_ms += 5_000;
            let keys = "10614141000415\n".chars().zip(now_ms..);
            let typed = keys.flat_map(|(key, at_ms)| wedge.key(black_box(&key.to_string()), at_ms));
            typed.count()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(40)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = gs1_texts, repaired, others
}
criterion_main!(benches);
