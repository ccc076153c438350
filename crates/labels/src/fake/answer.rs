//! How a printer says its condition.

use crate::language::Language;
use crate::status::Condition;

/// What a printer knows of itself.
pub(super) struct Known {
    pub(super) condition: Condition,
    /// Labels that it has read and not begun, as far as it counts them.
    pub(super) formats: usize,
    /// It has read a part of a label.
    pub(super) has_part: bool,
    /// It was switched on, and nobody acknowledged it.
    pub(super) restarted: bool,
}

/// The answer to the language's question.
pub(super) fn words(language: Language, known: &Known) -> Vec<u8> {
    let flag = |condition| u8::from(known.condition == condition);
    let paper_out = flag(Condition::PaperOut);
    let head_open = flag(Condition::HeadOpen);
    let busy = flag(Condition::Busy);
    match language {
        Language::Zpl => {
            let (formats, part) = (known.formats, u8::from(known.has_part));
            format!(
                "\u{2}030,{paper_out},0,0400,{formats:03},0,0,{part},000,0,0,0\u{3}\r\n\
                 \u{2}000,0,{head_open},0,0,2,4,0,{busy:08},1,000\u{3}\r\n\u{2}1234,0\u{3}\r\n"
            )
            .into_bytes()
        }
        Language::Tspl => vec![4 * paper_out + head_open + 0x20 * busy],
        // A receipt printer does not say that it is busy.
        Language::EscPos => vec![
            0x12 + 8 * (paper_out | head_open),
            0x12 + 0x20 * paper_out + 4 * head_open,
            0x12 + 0x60 * paper_out,
        ],
        Language::Cpcl => {
            let busy = busy | u8::from(known.has_part);
            vec![busy + 2 * paper_out + 4 * head_open + 0x10 * u8::from(known.restarted)]
        }
    }
}
