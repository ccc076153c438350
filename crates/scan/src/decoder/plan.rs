//! Which decoder looks at which frame.
//!
//! A camera gives 30 frames a second and one core must last for the whole handheld, so a live
//! frame gets a fast look and one more costly look in turn; the whole turn takes few frames, and
//! a code held still is read within it. A single picture gets every look.

use super::Schedule;
#[cfg(feature = "zxing")]
use super::Slanted;
use super::enhanced::{Enhanced, Work};
use super::rqrr::RqrrDecoder;
use super::{Decoder, Stage};
use crate::linear::{Fitted, LinearDecoder};
use crate::{ReaderSettings, Symbology};

/// Live frames in a whole turn of all decoders.
const TURN: u64 = 48;

/// Regions of parallel bars that are looked at in a live frame, and in a still one.
const LIVE_REGIONS: usize = 4;
const STILL_REGIONS: usize = 8;
/// Work on fitting whole codes; a million is about a millisecond.
const LIVE_PRODUCTS: i64 = 14_000_000;
const STILL_PRODUCTS: i64 = 32_000_000;

/// The symbologies of `settings` that are rows of bars, DataBar among them.
fn linear(settings: &ReaderSettings) -> Vec<Symbology> {
    let bars = |s: &Symbology| {
        s.is_linear() || matches!(s, Symbology::DataBar | Symbology::DataBarExpanded)
    };
    settings.symbologies.iter().copied().filter(bars).collect()
}

/// The symbologies of `settings` that are squares of modules, and what else bears no fitting.
fn matrix(settings: &ReaderSettings) -> Vec<Symbology> {
    let not_bars = |s: &Symbology| !s.is_linear();
    settings
        .symbologies
        .iter()
        .copied()
        .filter(not_bars)
        .collect()
}

/// The schedule of a look that no live frame gets.
const NEVER: Schedule = Schedule { every: 1, at: 1 };

/// The schedule of a costly look: `at` of each turn of `every` frames.
const fn turn(every: u64, at: u64) -> Schedule {
    Schedule { every, at }
}

/// Our own reader of linear codes over `rows`, and the frames worked on for `squares`, which end
/// every list of stages; and the second QR reader.
fn common_stages<R: Decoder + 'static, S: Decoder + 'static>(
    settings: &ReaderSettings,
    rows: impl Fn(&[Symbology]) -> R + Clone + Send + Sync + 'static,
    squares: impl Fn(&[Symbology]) -> S + Clone + Send + Sync + 'static,
) -> Vec<Stage> {
    let mut stages = Vec::new();
    let linear = linear(settings);
    if !linear.is_empty() {
        let (of_rows, kinds) = (rows.clone(), linear.clone());
        let level = move || -> Box<dyn Decoder> { Box::new(of_rows(&kinds)) };
        let make = level.clone();
        let live = move || LinearDecoder::new(Some(make()), None, LIVE_REGIONS);
        stages.push(Stage::new("linear", turn(2, 1), live).not_for_stills());
        let all = settings.clone();
        let fit = move || {
            let fitted = Fitted::new(&all, LIVE_PRODUCTS);
            LinearDecoder::new(None, Some(fitted), LIVE_REGIONS)
        };
        stages.push(Stage::new("linear-fit", turn(4, 2), fit).not_for_stills());
        let all = settings.clone();
        let still = move || {
            let fitted = Fitted::new(&all, STILL_PRODUCTS);
            LinearDecoder::new(Some(level()), Some(fitted), STILL_REGIONS)
        };
        stages.push(Stage::new("linear-still", NEVER, still));
    }
    let matrix = matrix(settings);
    // PDF417 costs a look as much as all other kinds together, and DataBar's rows are read level and
    // sharpened by `linear`.
    let is_square = |s: &Symbology| !linear.contains(s) && *s != Symbology::Pdf417;
    let squares_only: Vec<_> = matrix.iter().copied().filter(is_square).collect();
    let mut enhanced = |name, live, work, kinds: &[Symbology]| {
        // No format at all means every format to zxing-cpp.
        if !kinds.is_empty() {
            let (squares, kinds) = (squares.clone(), kinds.to_vec());
            let make = move || Enhanced::new(squares(&kinds), work);
            stages.push(Stage::new(name, live, make));
        }
    };
    enhanced("enlarged", turn(TURN / 2, 13), Work::Enlarge, &matrix);
    enhanced("smoothed", turn(8, 4), Work::Smooth, &squares_only);
    enhanced("sharpened", NEVER, Work::Sharpen, &squares_only);
    enhanced("evened-out", NEVER, Work::EvenOut, &squares_only);
    enhanced("enlarged-sharp", NEVER, Work::EnlargeSharp, &squares_only);
    if settings.symbologies.contains(&Symbology::Qr) {
        stages.push(Stage::new("rqrr", turn(TURN, 35), || RqrrDecoder));
    }
    stages
}

/// PDF417, upright and in turned frames: it is read in rows too, and bears less slant than linear
/// codes, so a whole turn of directions takes longer than the others; few people scan it.
#[cfg(feature = "zxing")]
fn pdf417_stages(settings: &ReaderSettings) -> Vec<Stage> {
    use super::zxing::{Look, ZxingDecoder};

    const STEP_DEG: u64 = 15;
    // Its rows are several modules high, so every second line is enough.
    const SPACING_PX: f64 = 2.0;
    let settings = settings.clone();
    let make = move || ZxingDecoder::new(&settings, &[Symbology::Pdf417], Look::Fast);
    let mut stages = vec![Stage::new("pdf417", turn(8, 3), make.clone()).not_for_stills()];
    for (place, number) in (1..180 / STEP_DEG).enumerate() {
        let live = turn(TURN, 4 * place as u64 + 2);
        let direction_deg = (number * STEP_DEG) as f64;
        let make = make.clone();
        stages.push(
            Stage::new("pdf417-turned", live, move || {
                Slanted::new(make(), vec![direction_deg], SPACING_PX)
            })
            .not_for_stills(),
        );
    }
    stages
}

/// The stages for these symbologies, in the order in which they run.
#[cfg(feature = "zxing")]
pub(crate) fn standard_stages(settings: &ReaderSettings) -> Vec<Stage> {
    use super::zxing::{Look, ZxingDecoder};

    let symbologies = &settings.symbologies;
    let zxing = |name, live, symbologies: &[Symbology], look| {
        let (settings, symbologies) = (settings.clone(), symbologies.to_vec());
        Stage::new(name, live, move || {
            ZxingDecoder::new(&settings, &symbologies, look)
        })
    };
    // PDF417 costs a look as much as all other kinds together, so it has its own.
    let mut most = symbologies.to_vec();
    most.retain(|symbology| *symbology != Symbology::Pdf417);
    let mut stages = Vec::new();
    stages.push(zxing("zxing-full", turn(TURN, 11), symbologies, Look::Full));
    // No format at all means every format to zxing-cpp.
    if !most.is_empty() {
        stages.push(zxing("zxing-fast", Schedule::EACH_FRAME, &most, Look::Fast).not_for_stills());
    }
    let matrix = [Symbology::DataMatrix, Symbology::Gs1DataMatrix];
    if symbologies
        .iter()
        .any(|symbology| matrix.contains(symbology))
    {
        stages.push(zxing("zxing-matrix", turn(2, 0), &matrix, Look::Hard).not_for_stills());
    }
    if !most.is_empty() {
        stages.push(zxing("zxing-hard", turn(4, 3), &most, Look::Hard).not_for_stills());
    }
    if symbologies.contains(&Symbology::Pdf417) {
        stages.extend(pdf417_stages(settings));
    }
    let (of_rows, of_squares) = (settings.clone(), settings.clone());
    stages.extend(common_stages(
        settings,
        move |linear| ZxingDecoder::new(&of_rows, linear, Look::Rows),
        move |matrix| ZxingDecoder::new(&of_squares, matrix, Look::Hard).for_enhanced(),
    ));
    stages
}

/// The stages for these symbologies, in the order in which they run.
#[cfg(all(feature = "pure-rust", not(feature = "zxing")))]
pub(crate) fn standard_stages(settings: &ReaderSettings) -> Vec<Stage> {
    use super::rxing::{Look, RxingDecoder};

    let symbologies = &settings.symbologies;
    let rxing = |name, live, look| {
        let symbologies = symbologies.to_vec();
        Stage::new(name, live, move || RxingDecoder::new(&symbologies, look))
    };
    let mut stages = vec![
        rxing("rxing-fast", Schedule::EACH_FRAME, Look::Fast),
        rxing("rxing-hard", turn(TURN / 2, 5), Look::Hard),
        rxing("rxing-full", turn(TURN, 11), Look::Full),
    ];
    // rxing does not tell where it read, so half an EAN-13 on a line would pass for an EAN-8; see
    // `accept`.
    stages.extend(common_stages(
        settings,
        |linear| {
            let linear: Vec<_> = linear
                .iter()
                .copied()
                .filter(|s| *s != Symbology::Ean8)
                .collect();
            RxingDecoder::new(&linear, Look::Hard)
        },
        |matrix| RxingDecoder::new(matrix, Look::Full),
    ));
    stages
}
