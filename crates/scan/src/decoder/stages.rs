//! Which decoder looks at which frame.
//!
//! A camera gives 30 frames a second and one core must last for the whole handheld, so a live
//! frame gets a fast look and one more costly look in turn; the whole turn takes few frames, and
//! a code held still is read within it. A single picture gets every look.

use std::sync::Arc;

use super::rqrr::RqrrDecoder;
use super::{Decoder, Slanted};
use crate::Symbology;

/// Which live frames a stage looks at: those whose number leaves `at` when divided by `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub every: u64,
    pub at: u64,
}

impl Schedule {
    pub const EACH_FRAME: Schedule = Schedule { every: 1, at: 0 };

    pub(crate) fn is_due(self, frame_number: u64) -> bool {
        frame_number % self.every.max(1) == self.at
    }
}

/// A decoder and when it runs.
#[derive(Clone)]
pub struct Stage {
    /// Name in errors and counters.
    pub name: &'static str,
    pub live: Schedule,
    /// Makes the decoder on the thread that will run it, again after each fault.
    pub make: Arc<dyn Fn() -> Box<dyn Decoder> + Send + Sync>,
}

impl Stage {
    pub fn new<D: Decoder + 'static>(
        name: &'static str,
        live: Schedule,
        make: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            live,
            make: Arc::new(move || Box::new(make())),
        }
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Stage")
            .field("name", &self.name)
            .field("live", &self.live)
            .finish()
    }
}

/// Directions of the slanted pass. Row readers bear about 10 degrees of slant, so 15 degrees
/// between directions leave no gap.
const DIRECTIONS: u64 = 12;
/// Live frames that share the directions out: 130 ms at 30 frames a second.
const DIRECTION_TURN: u64 = 4;
/// Distance of the slanted lines in pixels.
const SPACING_PX: f64 = 6.0;
/// Live frames in a whole turn of all decoders.
const TURN: u64 = 24;

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
        stages.push(Stage::new("rqrr", turn(TURN, 23), || RqrrDecoder));
    }
    stages
}

/// PDF417 in a turned frame: it is read in rows too, and bears little more slant than linear codes.
#[cfg(feature = "zxing")]
fn turned_stages(symbologies: &[Symbology]) -> Vec<Stage> {
    use super::zxing::{Look, ZxingDecoder};

    const STEP: u64 = 30;
    let directions = if symbologies.contains(&Symbology::Pdf417) {
        180 / STEP
    } else {
        0
    };
    let stages = (0..directions).map(|number| {
        Stage::new("turned", turn(TURN, 4 * number + 2), move || {
            let decoder = ZxingDecoder::new(&[Symbology::Pdf417], Look::Fast);
            Slanted::new(decoder, vec![(number * STEP) as f64], 1.0)
        })
    });
    stages.collect()
}

/// The stages for these symbologies, in the order in which they run.
#[cfg(feature = "zxing")]
pub(crate) fn standard_stages(symbologies: &[Symbology]) -> Vec<Stage> {
    use super::zxing::{Look, ZxingDecoder};

    let zxing = |name, live, symbologies: &[Symbology], look| {
        let symbologies = symbologies.to_vec();
        Stage::new(name, live, move || ZxingDecoder::new(&symbologies, look))
    };
    let mut stages = vec![zxing(
        "zxing-fast",
        Schedule::EACH_FRAME,
        symbologies,
        Look::Fast,
    )];
    let matrix = [Symbology::DataMatrix, Symbology::Gs1DataMatrix];
    if symbologies
        .iter()
        .any(|symbology| matrix.contains(symbology))
    {
        stages.push(zxing("zxing-matrix", turn(4, 1), &matrix, Look::Level));
    }
    stages.push(zxing(
        "zxing-hard",
        turn(TURN / 2, 5),
        symbologies,
        Look::Hard,
    ));
    stages.push(zxing("zxing-full", turn(TURN, 11), symbologies, Look::Full));
    stages.extend(turned_stages(symbologies));
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
    stages.extend(common_stages(symbologies, |linear| {
        RxingDecoder::new(linear, Look::Hard)
    }));
    stages
}

/// Without zxing-cpp and rxing only QR codes are read.
#[cfg(not(any(feature = "pure", feature = "zxing")))]
pub(crate) fn standard_stages(symbologies: &[Symbology]) -> Vec<Stage> {
    let asked = symbologies.contains(&Symbology::Qr);
    asked
        .then(|| Stage::new("rqrr", Schedule::EACH_FRAME, || RqrrDecoder))
        .into_iter()
        .collect()
}
