//! A label in dots: what is where, so that each printer language only has to say it.

use crate::bitmap::Bitmap;
use crate::fit::{self, Setting, block_dots};
use crate::font::{Fonts, line_dots};
use crate::measure::Stock;
use crate::model::{Align, Area, Code, Content, Element, Fit, Label, Symbol, Text};
use crate::symbol::Modules;

/// Why a label cannot be made. Trying again does not help; another stock or other words do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The barcode has more modules than its area has room for, with the narrowest module that can be relied on.
    #[error("the barcode of element {element} does not fit")]
    CodeTooLarge { element: usize },
    /// The kind of barcode cannot say this content.
    #[error("the barcode of element {element} cannot say its content")]
    CodeNotEncodable { element: usize },
    /// The element reaches beyond the label.
    #[error("element {element} lies beyond the label")]
    BeyondLabel { element: usize },
}

impl LabelError {
    /// The code of every error.
    pub const CODES: [&str; 3] = [
        "label-code-too-large",
        "label-code-not-encodable",
        "label-beyond-label",
    ];

    /// Stable code: a translated sentence is found by it.
    pub fn code(&self) -> &'static str {
        let [too_large, not_encodable, beyond] = Self::CODES;
        match self {
            LabelError::CodeTooLarge { .. } => too_large,
            LabelError::CodeNotEncodable { .. } => not_encodable,
            LabelError::BeyondLabel { .. } => beyond,
        }
    }
}

/// A label in dots.
#[derive(Debug, Clone)]
pub struct Arranged {
    pub(crate) stock: Stock,
    pub(crate) marks: Vec<Mark>,
    /// The elements, by their place in the label, whose text was replaced by "…" in part.
    pub shortened: Vec<usize>,
}

/// Something to print, with its upper left corner in dots.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    Words(Words),
    Code(PlacedCode),
    Line {
        x: u32,
        y: u32,
        width: u32,
        height: u32,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Words {
    /// As drawn with our font, at `x`, `y`.
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) picture: Bitmap,
    /// The text, if a printer might set it itself: one line of printable ASCII that is not bold.
    pub(crate) plain: Option<PlainLine>,
}

/// A line that a printer may set itself, if its letters are no wider than the room.
#[derive(Debug, Clone)]
pub(crate) struct PlainLine {
    pub(crate) text: String,
    /// Left edge of the room and upper edge of the line.
    pub(crate) room_x: u32,
    pub(crate) y: u32,
    pub(crate) room_width: u32,
    pub(crate) size_dots: u32,
    /// With our font.
    pub(crate) width: u32,
    pub(crate) align: Align,
}

#[derive(Debug, Clone)]
pub(crate) struct PlacedCode {
    /// Of the first module; the quiet zone lies outside.
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) module_dots: u32,
    /// Of the whole symbol.
    pub(crate) height: u32,
    pub(crate) symbol: Symbol,
    pub(crate) content: Content,
    pub(crate) picture: Bitmap,
}

/// Where something of `size` begins in `room`.
pub(crate) fn aligned(align: Align, room: u32, size: u32) -> u32 {
    let free = room.saturating_sub(size);
    match align {
        Align::Left => 0,
        Align::Middle => free / 2,
        Align::Right => free,
    }
}

impl Arranged {
    /// Lays a label out.
    ///
    /// # Errors
    /// [`LabelError`]
    pub fn new(label: &Label, fonts: &Fonts) -> Result<Self, LabelError> {
        let mut arranged = Self {
            stock: label.stock,
            marks: Vec::new(),
            shortened: Vec::new(),
        };
        for (element, what) in label.elements.iter().enumerate() {
            let area = match what {
                Element::Text(text) => text.area,
                Element::Code(code) => code.area,
                Element::Line(area) => *area,
            };
            let room = Room::of(area, label.stock);
            if room.x + room.width > label.stock.width_dots()
                || room.y + room.height > label.stock.height_dots()
            {
                return Err(LabelError::BeyondLabel { element });
            }
            match what {
                Element::Text(text) => {
                    if arranged.add_text(text, room, fonts) {
                        arranged.shortened.push(element);
                    }
                }
                Element::Code(code) => arranged.add_code(code, room, element)?,
                Element::Line(_) => arranged.marks.push(Mark::Line {
                    x: room.x,
                    y: room.y,
                    width: room.width.max(1),
                    height: room.height.max(1),
                }),
            }
        }
        Ok(arranged)
    }

    /// Whether text had to be shortened.
    fn add_text(&mut self, text: &Text, room: Room, fonts: &Fonts) -> bool {
        let face = fonts.face(text.bold);
        let density = self.stock.density;
        let smallest = match text.fit {
            Fit::Shrink(smallest) | Fit::Wrap(smallest) => smallest.dots(density),
            Fit::Ellipsis => text.size.dots(density),
        };
        let size = text.size.dots(density).min(room.height);
        let setting = fit::set(
            face,
            &text.text,
            (room.width, room.height),
            size,
            text.fit,
            smallest,
        );
        let Setting {
            lines, size_dots, ..
        } = &setting;
        let block = block_dots(u32::try_from(lines.len()).unwrap_or(0), *size_dots);
        let top = room.y + room.height.saturating_sub(block) / 2;
        // Letters may hang out of their line; they are kept as long as they stay on the label.
        let mut picture = Bitmap::new(self.stock.width_dots(), self.stock.height_dots());
        for (line, y) in lines
            .iter()
            .zip((top..).step_by(line_dots(*size_dots).max(1) as usize))
        {
            let drawn = face.draw(line, *size_dots);
            let x = room.x + aligned(text.align, room.width, drawn.width());
            picture.draw(&drawn, x, y);
        }
        let plain = match lines.as_slice() {
            [line] if !text.bold && line.bytes().all(|b| (0x20..0x7F).contains(&b)) => {
                Some(PlainLine {
                    text: line.clone(),
                    room_x: room.x,
                    y: top,
                    room_width: room.width,
                    size_dots: *size_dots,
                    width: face.width(line, *size_dots),
                    align: text.align,
                })
            }
            _ => None,
        };
        if let Some((x, y, picture)) = picture.trimmed() {
            self.marks.push(Mark::Words(Words {
                x,
                y,
                picture,
                plain,
            }));
        }
        setting.shortened
    }

    fn add_code(&mut self, code: &Code, room: Room, element: usize) -> Result<(), LabelError> {
        let modules = Modules::of(code.symbol, &code.content)
            .map_err(|_| LabelError::CodeNotEncodable { element })?;
        let density = self.stock.density;
        let across = modules.picture.width() + 2 * modules.quiet;
        let module_dots = match code.symbol {
            // Wider bars than this only make a code longer.
            Symbol::Code128 => (room.width / across).min(density.dots_per_mm() / 2),
            Symbol::Qr | Symbol::DataMatrix => room.width.min(room.height) / across,
        };
        if module_dots < density.module_dots_min() {
            return Err(LabelError::CodeTooLarge { element });
        }
        let picture = modules.drawn(module_dots, room.height);
        let quiet = modules.quiet * module_dots;
        let x = aligned(code.align, room.width - 2 * quiet, picture.width()) + quiet;
        let y = room.height.saturating_sub(picture.height()) / 2;
        self.marks.push(Mark::Code(PlacedCode {
            x: room.x + x,
            y: room.y + y,
            module_dots,
            height: picture.height(),
            symbol: code.symbol,
            content: code.content.clone(),
            picture,
        }));
        Ok(())
    }

    /// The whole label as a picture.
    pub fn picture(&self) -> Bitmap {
        let mut picture = Bitmap::new(self.stock.width_dots(), self.stock.height_dots());
        for mark in &self.marks {
            match mark {
                Mark::Words(words) => picture.draw(&words.picture, words.x, words.y),
                Mark::Code(code) => picture.draw(&code.picture, code.x, code.y),
                Mark::Line {
                    x,
                    y,
                    width,
                    height,
                } => picture.fill(*x, *y, *width, *height),
            }
        }
        picture
    }
}

/// An area in dots.
#[derive(Debug, Clone, Copy)]
struct Room {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

impl Room {
    fn of(area: Area, stock: Stock) -> Self {
        let dots = |mm: crate::measure::Mm| mm.dots(stock.density);
        // From edge to edge, so that two areas that touch on the label touch in dots.
        Self {
            x: dots(area.x),
            y: dots(area.y),
            width: dots(area.x.plus(area.width)) - dots(area.x),
            height: dots(area.y.plus(area.height)) - dots(area.y),
        }
    }
}
