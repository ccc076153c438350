//! Paper: lines of text and tables on as many A4 pages as they take, as PDF. The font is the handheld's, which has the
//! Chinese characters; of it the file holds only those that it uses.

use std::sync::LazyLock;

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::text::{Font, TextDirection};
use qrcode::{EcLevel, QrCode};
use ttf_parser::Face;

use crate::error::AppError;

static FONT: &[u8] = include_bytes!("../../../../device-app/ui/fonts/TallymanSans-Regular.otf");

/// Parsed once: to look into so large a font for each word would take longer than to write the file.
static FACE: LazyLock<Option<Face<'static>>> = LazyLock::new(|| Face::parse(FONT, 0).ok());

/// A4 lying, in points.
const WIDTH: f32 = 842.0;
const HEIGHT: f32 = 595.0;
const MARGIN: f32 = 36.0;
const BOTTOM: f32 = HEIGHT - MARGIN - 14.0;

const INK: [u8; 3] = [23, 34, 43];
const SOFT: [u8; 3] = [236, 232, 222];

/// A column of a table.
pub(super) struct Column {
    /// What stands above it.
    pub(super) heading: String,
    /// Its part of the width; all parts together are the whole.
    pub(super) part: f32,
    /// Whether its cells are numbers.
    pub(super) is_number: bool,
}

enum Mark {
    Text {
        x: f32,
        y: f32,
        size: f32,
        text: String,
    },
    Band {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        is_rule: bool,
    },
    /// Dark modules of a code: left, top, width of each run; all as high as `height`.
    Runs { height: f32, runs: Vec<[f32; 3]> },
}

/// What is being written.
pub(super) struct Paper {
    pages: Vec<Vec<Mark>>,
    /// Where the next line begins.
    y: f32,
    title: String,
    /// What stands at the right: how much of the width it takes, and where it ends.
    aside: (f32, f32),
}

/// Width of a text in points.
fn width(text: &str, size: f32) -> f32 {
    let Some(face) = FACE.as_ref() else {
        return text.chars().count() as f32 * size;
    };
    let advance = |c| {
        let glyph = face.glyph_index(c);
        glyph
            .and_then(|g| face.glyph_hor_advance(g))
            .unwrap_or(1_000)
    };
    let units: u32 = text.chars().map(|c| u32::from(advance(c))).sum();
    units as f32 * size / f32::from(face.units_per_em())
}

/// Lines no wider than that: between words, and anywhere in Chinese or in a word that is too long.
fn wrapped(text: &str, size: f32, most: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for part in text.split_inclusive(' ') {
        if width(&line, size) + width(part.trim_end(), size) <= most {
            line.push_str(part);
            continue;
        }
        let is_latin = part.is_ascii();
        if is_latin && !line.is_empty() {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        for c in part.chars() {
            line.push(c);
            if width(line.trim_end(), size) > most && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                line.push(c);
            }
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

impl Paper {
    pub(super) fn new(title: &str) -> Self {
        let mut paper = Self {
            pages: vec![Vec::new()],
            y: MARGIN,
            title: title.to_owned(),
            aside: (0.0, 0.0),
        };
        paper.line(title, 18.0);
        paper.space(4.0);
        paper
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
        self.aside = (0.0, 0.0);
    }

    pub(super) fn space(&mut self, height: f32) {
        self.y += height;
    }

    /// Text over the whole width.
    pub(super) fn line(&mut self, text: &str, size: f32) {
        let beside = if self.y < self.aside.1 {
            self.aside.0
        } else {
            0.0
        };
        for text in wrapped(text, size, WIDTH - 2.0 * MARGIN - beside) {
            if self.y + size * 1.4 > BOTTOM {
                self.turn();
            }
            self.y += size * 1.4;
            self.mark(Mark::Text {
                x: MARGIN,
                y: self.y - size * 0.35,
                size,
                text,
            });
        }
    }

    /// A QR at the right of what follows, with words under it; `side` in points, its quiet zone included.
    pub(super) fn qr(&mut self, text: &str, side: f32, words: &str) -> Result<(), AppError> {
        const QUIET: usize = 4;
        let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::L)
            .map_err(AppError::internal)?;
        let modules = code.width();
        let one = side / (modules + 2 * QUIET) as f32;
        let (left, top) = (WIDTH - MARGIN - side, MARGIN);
        let at = |n: usize| (n + QUIET) as f32 * one;
        let mut runs = Vec::new();
        for (y, row) in code.to_colors().chunks(modules.max(1)).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run.first() == Some(&qrcode::Color::Dark) {
                    runs.push([left + at(x), top + at(y), run.len() as f32 * one]);
                }
                x += run.len();
            }
        }
        self.mark(Mark::Runs { height: one, runs });
        let mut y = top + side;
        for text in wrapped(words, 8.5, side) {
            y += 8.5 * 1.4;
            let x = left + (side - width(&text, 8.5)) / 2.0;
            let size = 8.5;
            self.mark(Mark::Text { x, y, size, text });
        }
        self.aside = (side + 2.0 * MARGIN, y + 6.0);
        Ok(())
    }

    /// What follows stands below what is at the right.
    pub(super) fn below(&mut self) {
        self.y = self.y.max(self.aside.1);
    }

    /// A heading, which does not stand alone at the foot of a page.
    pub(super) fn heading(&mut self, text: &str) {
        self.space(12.0);
        if self.y + 80.0 > BOTTOM {
            self.turn();
        }
        self.line(text, 13.0);
        self.space(3.0);
    }

    /// Rows under headings, which stand again on each page.
    pub(super) fn table(&mut self, columns: &[Column], rows: &[Vec<String>]) {
        const SIZE: f32 = 8.5;
        self.row(
            columns,
            &columns
                .iter()
                .map(|c| c.heading.clone())
                .collect::<Vec<_>>(),
            true,
        );
        for cells in rows {
            let tall = self.tall(columns, cells, SIZE);
            if self.y + tall > BOTTOM {
                self.turn();
                let headings: Vec<_> = columns.iter().map(|c| c.heading.clone()).collect();
                self.row(columns, &headings, true);
            }
            self.row(columns, cells, false);
        }
    }

    fn widths(columns: &[Column]) -> Vec<f32> {
        let whole: f32 = columns.iter().map(|c| c.part).sum();
        let one = (WIDTH - 2.0 * MARGIN) / whole.max(f32::EPSILON);
        columns.iter().map(|c| c.part * one).collect()
    }

    fn tall(&self, columns: &[Column], cells: &[String], size: f32) -> f32 {
        let lines = Self::widths(columns);
        let lines = lines.iter().zip(cells);
        let lines = lines.map(|(w, cell)| wrapped(cell, size, w - 6.0).len());
        lines.max().unwrap_or(1) as f32 * size * 1.35 + 5.0
    }

    fn row(&mut self, columns: &[Column], cells: &[String], is_head: bool) {
        const SIZE: f32 = 8.5;
        let tall = self.tall(columns, cells, SIZE);
        if is_head {
            self.mark(Mark::Band {
                x: MARGIN,
                y: self.y,
                width: WIDTH - 2.0 * MARGIN,
                height: tall,
                is_rule: false,
            });
        }
        let mut x = MARGIN;
        for ((column, cell), w) in columns.iter().zip(cells).zip(Self::widths(columns)) {
            for (n, text) in wrapped(cell, SIZE, w - 6.0).into_iter().enumerate() {
                let left = match column.is_number {
                    true => x + w - 3.0 - width(&text, SIZE),
                    false => x + 3.0,
                };
                self.mark(Mark::Text {
                    x: left,
                    y: self.y + 2.5 + SIZE + n as f32 * SIZE * 1.35,
                    size: SIZE,
                    text,
                });
            }
            x += w;
        }
        self.y += tall;
        self.mark(Mark::Band {
            x: MARGIN,
            y: self.y,
            width: WIDTH - 2.0 * MARGIN,
            height: 0.5,
            is_rule: true,
        });
    }

    /// Lines to sign on, side by side.
    pub(super) fn signatures(&mut self, words: &[String]) {
        if self.y + 70.0 > BOTTOM {
            self.turn();
        }
        self.y += 50.0;
        let each = (WIDTH - 2.0 * MARGIN) / words.len().max(1) as f32;
        for (n, text) in words.iter().enumerate() {
            let x = MARGIN + n as f32 * each;
            self.mark(Mark::Band {
                x,
                y: self.y,
                width: each - 24.0,
                height: 0.7,
                is_rule: true,
            });
            self.mark(Mark::Text {
                x,
                y: self.y + 12.0,
                size: 8.5,
                text: text.clone(),
            });
        }
        self.y += 20.0;
    }

    /// The file. `language`: as in `zh-CN`.
    pub(super) fn finish(self, language: &str) -> Result<Vec<u8>, AppError> {
        let broken = || AppError::internal("the page or the font of a report cannot be made");
        let font = Font::new(FONT.to_vec().into(), 0).ok_or_else(broken)?;
        let mut document = Document::new();
        let metadata = Metadata::new().title(self.title.clone());
        document.set_metadata(metadata.language(language.to_owned()));
        let total = self.pages.len();
        for (n, marks) in self.pages.into_iter().enumerate() {
            let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(broken)?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            let foot = Mark::Text {
                x: MARGIN,
                y: HEIGHT - MARGIN + 4.0,
                size: 8.0,
                text: format!("{} · {} / {total}", self.title, n + 1),
            };
            for mark in marks.into_iter().chain([foot]) {
                match mark {
                    Mark::Band {
                        x,
                        y,
                        width,
                        height,
                        is_rule,
                    } => {
                        let rect = Rect::from_xywh(x, y, width, height).ok_or_else(broken)?;
                        let mut path = PathBuilder::new();
                        path.push_rect(rect);
                        let colour = if is_rule { INK } else { SOFT };
                        surface.set_fill(Some(fill(colour)));
                        if let Some(path) = path.finish() {
                            surface.draw_path(&path);
                        }
                    }
                    Mark::Runs { height, runs } => {
                        let mut path = PathBuilder::new();
                        for [x, y, width] in runs {
                            path.push_rect(
                                Rect::from_xywh(x, y, width, height).ok_or_else(broken)?,
                            );
                        }
                        surface.set_fill(Some(fill([0, 0, 0])));
                        if let Some(path) = path.finish() {
                            surface.draw_path(&path);
                        }
                    }
                    Mark::Text { x, y, size, text } => {
                        surface.set_fill(Some(fill(INK)));
                        let at = Point::from_xy(x, y);
                        surface.draw_text(
                            at,
                            font.clone(),
                            size,
                            &text,
                            false,
                            TextDirection::LeftToRight,
                        );
                    }
                }
            }
            surface.finish();
            page.finish();
        }
        document
            .finish()
            .map_err(|error| AppError::internal(format!("{error:?}")))
    }
}

fn fill([red, green, blue]: [u8; 3]) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        ..Fill::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_between_words_and_anywhere_in_chinese() {
        let most = width("活动扳手", 10.0) + 0.1;
        assert_eq!(
            wrapped("活动扳手二百五十", 10.0, most),
            ["活动扳手", "二百五十"]
        );
        let most = width("Adjustable", 10.0) + 0.1;
        assert_eq!(
            wrapped("Adjustable wrench", 10.0, most),
            ["Adjustable", "wrench"]
        );
        assert_eq!(wrapped("", 10.0, most), [""]);
        for line in wrapped("一二三 ABC-DEFGHIJKLMNOPQ 四五", 10.0, most) {
            assert!(width(&line, 10.0) <= most, "{line}");
        }
    }

    #[test]
    fn a_long_table_goes_over_several_pages_with_chinese_in_them() {
        let mut paper = Paper::new("盘点报告");
        let columns = [("库位", false), ("差异", true)].map(|(heading, is_number)| Column {
            heading: heading.into(),
            part: 1.0,
            is_number,
        });
        let rows: Vec<_> = (0..90)
            .map(|n| vec![format!("A-{n:02}"), format!("-{n}")])
            .collect();
        paper.table(&columns, &rows);
        assert!(paper.pages.len() > 1);
        let said = |page: &Vec<Mark>| {
            let heads = page
                .iter()
                .filter(|m| matches!(m, Mark::Text { text, .. } if text == "库位"));
            heads.count()
        };
        assert!(paper.pages.iter().all(|page| said(page) == 1));
        let low = |m: &Mark| matches!(m, Mark::Text { y, .. } if *y > BOTTOM + 1.0);
        assert!(
            !paper.pages.iter().flatten().any(low),
            "nothing runs off the page"
        );
        let bytes = paper.finish("zh-CN").unwrap();
        assert!(bytes.starts_with(b"%PDF-"));
        assert!(
            bytes.len() < 200_000,
            "only the characters used: {}",
            bytes.len()
        );
    }
}
