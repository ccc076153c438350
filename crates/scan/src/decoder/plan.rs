//! Which decoder looks at which frame.
//!
//! A camera gives 30 frames a second and one core must last for the whole handheld, so a live
//! frame gets a fast look and one more costly look in turn; the whole turn takes few frames, and
//! a code held still is read within it. A single picture gets every look.

use super::rqrr::RqrrDecoder;
use super::{Decoder, Schedule, Slanted, Stage};
use crate::Symbology;

/// Directions of the slanted pass. Row readers bear about 10 degrees of slant, so 15 degrees
/// between directions leave no gap.
const DIRECTIONS: u64 = 12;
/// Live frames that share the directions out: 130 ms at 30 frames a second.
const DIRECTION_TURN: u64 = 4;
/// Distance of the slanted lines in pixels.
const SPACING_PX: f64 = 6.0;
/// Live frames in a whole turn of all decoders.
const TURN: u64 = 48;

fn linear(symbologies: &[Symbology]) -> Vec<Symbology> {
    symbologies
        .iter()
        .copied()
        .filter(|symbology| symbology.is_linear())
        .collect()
}

/// Slanted passes over row readers made by `rows`, shared out over live frames.
fn slanted_stages<D: Decoder + 'static>(
    rows: impl Fn() -> D + Clone + Send + Sync + 'static,
) -> Vec<Stage> {
    let mut stages = Vec::new();
    // The directions of one frame lie far apart, so that a code gets a look near its angle soon.
    for at in 0..DIRECTION_TURN {
        let directions = move || {
            let step_deg = 180.0 / DIRECTIONS as f64;
            let numbers = (0..DIRECTIONS).filter(move |number| number % DIRECTION_TURN == at);
            numbers
                .map(|number| number as f64 * step_deg)
                .collect::<Vec<_>>()
        };
        let live = Schedule {
            every: DIRECTION_TURN,
            at,
        };
        let live_rows = rows.clone();
        stages.push(Stage::new("slanted", live, move || {
            Slanted::new(live_rows(), directions(), SPACING_PX)
        }));
    }
    stages
}

/// The schedule of a costly look: `at` of each turn of `every` frames.
const fn turn(every: u64, at: u64) -> Schedule {
    Schedule { every, at }
}

/// The slanted passes and the second QR reader, which end every list of stages.
fn common_stages<D: Decoder + 'static>(
    symbologies: &[Symbology],
    rows: impl Fn(&[Symbology]) -> D + Clone + Send + Sync + 'static,
) -> Vec<Stage> {
    let linear = linear(symbologies);
    let mut stages = Vec::new();
    if !linear.is_empty() {
        stages.extend(slanted_stages(move || rows(&linear)));
    }
    if symbologies.contains(&Symbology::Qr) {
        stages.push(Stage::new("rqrr", turn(TURN, 35), || RqrrDecoder));
    }
    stages
}

/// PDF417, upright and in turned frames: it is read in rows too, and bears less slant than linear
/// codes, so a whole turn of directions takes longer than the others; few people scan it.
#[cfg(feature = "zxing")]
fn pdf417_stages() -> Vec<Stage> {
    use super::zxing::{Look, ZxingDecoder};

    const STEP_DEG: u64 = 15;
    // Its rows are several modules high, so every second line is enough.
    const SPACING_PX: f64 = 2.0;
    let make = || ZxingDecoder::new(&[Symbology::Pdf417], Look::Fast);
    let mut stages = vec![Stage::new("pdf417", turn(4, 3), make)];
    for (place, number) in (1..180 / STEP_DEG).enumerate() {
        let live = turn(TURN, 4 * place as u64 + 2);
        let direction_deg = (number * STEP_DEG) as f64;
        stages.push(Stage::new("pdf417-turned", live, move || {
            Slanted::new(make(), vec![direction_deg], SPACING_PX)
        }));
    }
    stages
}

/// The stages for these symbologies, in the order in which they run.
#[cfg(feature = "zxing")]
pub(crate) fn standard_stages(symbologies: &[Symbology]) -> Vec<Stage> {
    use super::zxing::{Look, ZxingDecoder};

    let zxing = |name, live, symbologies: &[Symbology], look| {
        let symbologies = symbologies.to_vec();
        Stage::new(name, live, move || ZxingDecoder::new(&symbologies, look))
    };
    // PDF417 costs a look as much as all other kinds together, so it has its own.
    let mut most = symbologies.to_vec();
    most.retain(|symbology| *symbology != Symbology::Pdf417);
    let mut stages = Vec::new();
    // No format at all means every format to zxing-cpp.
    if !most.is_empty() {
        stages.push(zxing("zxing-fast", turn(2, 0), &most, Look::Fast));
    }
    let matrix = [Symbology::DataMatrix, Symbology::Gs1DataMatrix];
    if symbologies
        .iter()
        .any(|symbology| matrix.contains(symbology))
    {
        stages.push(zxing("zxing-matrix", turn(4, 1), &matrix, Look::Level));
    }
    if !most.is_empty() {
        stages.push(zxing("zxing-hard", turn(TURN / 2, 5), &most, Look::Hard));
    }
    stages.push(zxing("zxing-full", turn(TURN, 11), symbologies, Look::Full));
    if symbologies.contains(&Symbology::Pdf417) {
        stages.extend(pdf417_stages());
    }
    stages.extend(common_stages(symbologies, |linear| {
        ZxingDecoder::new(linear, Look::Rows)
    }));
    stages
}

/// The stages for these symbologies, in the order in which they run.
#[cfg(all(feature = "pure", not(feature = "zxing")))]
pub(crate) fn standard_stages(symbologies: &[Symbology]) -> Vec<Stage> {
    use super::rxing::{Look, RxingDecoder};

    let rxing = |name, live, look| {
        let symbologies = symbologies.to_vec();
        Stage::new(name, live, move || RxingDecoder::new(&symbologies, look))
    };
    let mut stages = vec![
        rxing("rxing-fast", Schedule::EACH_FRAME, Look::Fast),
        rxing("rxing-hard", turn(TURN / 2, 5), Look::Hard),
        rxing("rxing-full", turn(TURN, 11), Look::Full),
    ];
    // rxing does not tell where it read, so half an EAN-13 under a slanted line would pass for an
    // EAN-8; see `accept`.
    let slanted: Vec<_> = symbologies
        .iter()
        .copied()
        .filter(|s| *s != Symbology::Ean8)
        .collect();
    stages.extend(common_stages(&slanted, |linear| {
        RxingDecoder::new(linear, Look::Hard)
    }));
    stages
}
