//! Our own reader of linear codes: regions of parallel gradients, lines across them at their own
//! angle, and the likeliest code behind each line.

mod codabar;
mod code128;
mod code39;
mod counted;
mod itf;
mod levelled;
mod locate;
mod optics;
mod profile;
mod retail;
mod trellis;
mod turned_square;
mod wide_narrow;

use crate::decoder::Decoder;
use crate::payload::CONFIDENCE_CHECKED;
use crate::{LumaFrame, Payload, Reader, ReaderSettings, Symbology};

pub(crate) use locate::{Region, regions};

/// What one line says.
#[derive(Clone, Debug)]
pub(crate) struct LineRead {
    pub(crate) text: String,
    /// Number of the line.
    pub(crate) number: usize,
    /// Where the code begins and ends, in samples of the line.
    pub(crate) span: (f32, f32),
    /// Share of the line's variance that the code explains.
    pub(crate) explained: f32,
}

/// What lines through a region say together.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) text: String,
    pub(crate) symbology: Symbology,
    /// AIM identifier.
    pub(crate) identifier: &'static str,
    /// Lines that agree.
    pub(crate) lines: usize,
    /// The best of their shares.
    pub(crate) explained: f32,
    pub(crate) corners: [(i32, i32); 4],
}

/// The text that most lines say, if no other is said by half as many.
pub(crate) fn agreed(
    symbology: Symbology,
    found: &[LineRead],
    lines: &[profile::Profile],
) -> Option<Read> {
    let count = |text: &str| found.iter().filter(|read| read.text == text).count();
    let best = found.iter().max_by_key(|read| count(&read.text))?;
    let own = count(&best.text);
    let other = found.iter().filter(|read| read.text != best.text);
    let other = other.map(|read| count(&read.text)).max().unwrap_or(0);
    if 2 * other >= own {
        return None;
    }
    let mut same: Vec<&LineRead> = found.iter().filter(|r| r.text == best.text).collect();
    same.sort_by_key(|read| read.number);
    // Lines are numbered from one long side of the region to the other, and all run the same way:
    // the first and the last of them hold the symbol between them.
    let place = |read: &LineRead, at: f32| {
        let (x, y) = lines[read.number].place(at);
        (x.round() as i32, y.round() as i32)
    };
    let (first, last) = (same.first()?, same.last()?);
    let upper = (place(first, first.span.0), place(first, first.span.1));
    let lower = (place(last, last.span.0), place(last, last.span.1));
    let (upper, lower) = if first.span.0 <= first.span.1 {
        (upper, lower)
    } else {
        (lower, upper)
    };
    Some(Read {
        text: best.text.clone(),
        symbology,
        identifier: match symbology {
            Symbology::Ean8 => "]E4",
            _ => "]E0",
        },
        lines: own,
        explained: same.iter().fold(0.0, |most, read| most.max(read.explained)),
        corners: [upper.0, upper.1, lower.1, lower.0],
    })
}

/// Numbers up to `count`, from the middle outwards: the ends of bars are ragged.
pub(crate) fn from_middle(count: usize) -> impl Iterator<Item = usize> {
    let middle = count / 2;
    let step = move |turn: usize| {
        let away = turn.div_ceil(2);
        if turn.is_multiple_of(2) {
            middle + away
        } else {
            middle - away
        }
    };
    (0..count).map(step)
}

/// Share that a code seen on one line only must explain to be handed out at all.
const LONE_LINE_MIN: f32 = 0.9;

/// What is left of the confidence in a code without check digit is this much less.
const UNCHECKED_DOUBT: f32 = 20.0;

/// Lines through a region.
const LINES: usize = 9;
/// Pixels beside a line on each side that are averaged with it: along bars little changes but noise.
const BAND_MAX_PX: i32 = 3;

/// Reads linear codes at any angle, out of focus too.
pub(crate) struct LinearDecoder {
    /// A decoder of rows, which reads what is sharp in less time than the fit.
    rows: Option<Box<dyn Decoder>>,
    /// The fit of whole codes, with the tables it needs; `None` leaves it out.
    fit: Option<Fitted>,
    regions_most: usize,
}

/// The readers that fit whole codes to lines.
pub(crate) struct Fitted {
    retail: retail::Retail,
    counted: counted::Counted,
    products: i64,
}

impl Fitted {
    /// `products`: work for one frame, see [`trellis::Work`].
    pub(crate) fn new(settings: &ReaderSettings, products: i64) -> Self {
        Self {
            retail: retail::Retail::new(&settings.symbologies),
            counted: counted::Counted::new(&settings.symbologies),
            products,
        }
    }
}

impl LinearDecoder {
    pub(crate) fn new(
        rows: Option<Box<dyn Decoder>>,
        fit: Option<Fitted>,
        regions_most: usize,
    ) -> Self {
        Self {
            rows,
            fit,
            regions_most,
        }
    }

    fn lines(frame: &LumaFrame, region: &Region) -> Vec<profile::Profile> {
        let step = 2.0 * region.half_height / (LINES + 1) as f32;
        let band = ((step / 2.0) as i32).clamp(0, BAND_MAX_PX);
        (1..=LINES)
            .filter_map(|number| {
                let offset = number as f32 * step - region.half_height;
                profile::profile(frame, region, offset, band)
            })
            .collect()
    }
}

impl Decoder for LinearDecoder {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        let mut payloads: Vec<Payload> = Vec::new();
        let found = regions(frame, self.regions_most);
        if let Some(rows) = &mut self.rows {
            for region in &found {
                let Some(levelled) = levelled::Levelled::new(frame, region) else {
                    continue;
                };
                let mut read = rows.decode(&levelled.picture);
                if read.is_empty()
                    && let Some(sharpened) = levelled.sharpened()
                {
                    read = rows.decode(&sharpened);
                }
                for mut payload in read {
                    payload.corners = payload.corners.map(|c| c.map(|c| levelled.place(c)));
                    payload.reader = Reader::Linear;
                    payloads.push(payload);
                }
            }
        }
        if payloads.iter().any(|payload| !payload.weak) {
            return payloads;
        }
        let Some(fit) = &self.fit else {
            return payloads;
        };
        // Half of the work for each, so that what looks a little like one does not starve the other.
        let retail = trellis::Work::new(fit.products / 2);
        let counted = trellis::Work::new(fit.products / 2);
        for region in &found {
            if retail.is_over() && counted.is_over() {
                break;
            }
            let lines = Self::lines(frame, region);
            let mut reads = fit.retail.read(&lines, &retail);
            if reads.is_empty() {
                reads = fit.counted.read(&lines, &counted);
            }
            reads.retain(|read| read.lines > 1 || read.explained > LONE_LINE_MIN);
            for found in reads.iter().map(payload) {
                // Regions overlap, so the same code turns up in several.
                let known = |p: &Payload| p.text == found.text && p.symbology == found.symbology;
                if !payloads.iter().any(known) {
                    payloads.push(found);
                }
            }
        }
        payloads
    }
}

fn payload(read: &Read) -> Payload {
    let mut payload =
        Payload::of_symbol(&read.text, read.symbology, read.identifier, Reader::Linear);
    payload.corners = Some(read.corners);
    // What has no check digit is never sure of itself, however many lines agree: they see the same blur.
    let checks_itself = read.symbology.checks_itself();
    // One line in ten thousand of other print might pass by chance; two do not agree by chance.
    payload.weak = read.lines < 2 || !checks_itself;
    let unchecked = if checks_itself { 0.0 } else { UNCHECKED_DOUBT };
    let doubt = unchecked + (1.0 - read.explained) * 60.0 / (read.lines * read.lines) as f32;
    payload.confidence = CONFIDENCE_CHECKED - doubt.min(50.0) as u8;
    payload
}
