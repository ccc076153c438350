//! Labels on sheets of paper, as PDF (ISO 32000-1), for any office printer.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref};

use crate::arrange::Arranged;
use crate::measure::{Density, Mm, Stock};

/// Points in a tenth of a millimetre.
const POINTS: f32 = 72.0 / 254.0;
const A4: (Mm, Mm) = (Mm::whole(210), Mm::whole(297));

/// How labels lie on a sheet: row by row from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Stable name.
    pub code: &'static str,
    /// Width and height of the sheet.
    pub paper: (Mm, Mm),
    /// Labels beside each other.
    pub columns: u16,
    /// Labels above each other.
    pub rows: u16,
    /// From the left edge of the sheet to the first label.
    pub left: Mm,
    /// From the upper edge of the sheet to the first label.
    pub top: Mm,
    /// From the left edge of one label to that of the next.
    pub across: Mm,
    /// From the upper edge of one label to that of the next.
    pub down: Mm,
    /// The label.
    pub stock: Stock,
}

const fn stock(width: Mm, height: Mm) -> Stock {
    Stock {
        width,
        height,
        gap: Mm::whole(0),
        density: Density::Twelve,
    }
}

impl Layout {
    /// The usual sheets of adhesive labels, by how many are on one, and a roll: a label is a page.
    pub const ALL: [Self; 5] = [
        Self {
            code: "a4-24",
            paper: A4,
            columns: 3,
            rows: 8,
            left: Mm::whole(0),
            top: Mm::tenths(5),
            across: Mm::whole(70),
            down: Mm::whole(37),
            stock: stock(Mm::whole(70), Mm::whole(37)),
        },
        Self {
            code: "a4-21",
            paper: A4,
            columns: 3,
            rows: 7,
            left: Mm::tenths(72),
            top: Mm::tenths(151),
            across: Mm::whole(66),
            down: Mm::tenths(381),
            stock: stock(Mm::tenths(635), Mm::tenths(381)),
        },
        Self {
            code: "a4-14",
            paper: A4,
            columns: 2,
            rows: 7,
            left: Mm::tenths(46),
            top: Mm::tenths(151),
            across: Mm::tenths(1_016),
            down: Mm::tenths(381),
            stock: stock(Mm::tenths(991), Mm::tenths(381)),
        },
        Self {
            code: "a4-8",
            paper: A4,
            columns: 2,
            rows: 4,
            left: Mm::tenths(46),
            top: Mm::tenths(131),
            across: Mm::tenths(1_016),
            down: Mm::tenths(677),
            stock: stock(Mm::tenths(991), Mm::tenths(677)),
        },
        Self {
            code: "roll-80x50",
            paper: (Mm::whole(80), Mm::whole(50)),
            columns: 1,
            rows: 1,
            left: Mm::whole(0),
            top: Mm::whole(0),
            across: Mm::whole(80),
            down: Mm::whole(50),
            stock: stock(Mm::whole(80), Mm::whole(50)),
        },
    ];

    /// The layout with that name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.code == code)
    }

    /// Labels on a sheet.
    pub const fn on_sheet(&self) -> usize {
        self.columns as usize * self.rows as usize
    }

    /// Where the label at that place of a sheet lies: left edge and upper edge, in tenths of a millimetre.
    fn corner(&self, place: usize) -> (u32, u32) {
        let columns = usize::from(self.columns).max(1);
        let (column, row) = ((place % columns) as u32, (place / columns) as u32);
        let tenths = |mm: Mm| u32::from(mm.in_tenths());
        (
            tenths(self.left) + column * tenths(self.across),
            tenths(self.top) + row * tenths(self.down),
        )
    }
}

/// The labels in their order on as many sheets as they take; the first sheet begins `skip` places later, where some of its
/// labels have been used. Each label is one picture, a bit a dot, in its true size.
pub fn pdf(labels: &[Arranged], layout: &Layout, skip: usize) -> Vec<u8> {
    let mut refs = (1..).map(Ref::new);
    let mut next = || refs.next().unwrap_or_else(|| Ref::new(1));
    let (catalog, tree) = (next(), next());
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let height = f32::from(layout.paper.1.in_tenths()) * POINTS;
    let paper = Rect::new(
        0.0,
        0.0,
        f32::from(layout.paper.0.in_tenths()) * POINTS,
        height,
    );
    let on_sheet = layout.on_sheet().max(1);
    let skip = skip % on_sheet;
    let mut sheets: Vec<Vec<(usize, &Arranged)>> = Vec::new();
    for (n, label) in labels.iter().enumerate() {
        let (sheet, place) = ((n + skip) / on_sheet, (n + skip) % on_sheet);
        if sheets.len() <= sheet {
            sheets.resize_with(sheet + 1, Vec::new);
        }
        if let Some(sheet) = sheets.get_mut(sheet) {
            sheet.push((place, label));
        }
    }
    let mut pages = Vec::with_capacity(sheets.len());
    for sheet in sheets {
        let (page_id, content_id) = (next(), next());
        let mut content = Content::new();
        let mut pictures = Vec::with_capacity(sheet.len());
        for (place, label) in sheet {
            let name = format!("L{place}");
            let (x, y) = layout.corner(place);
            let width = f32::from(label.stock.width.in_tenths()) * POINTS;
            let tall = f32::from(label.stock.height.in_tenths()) * POINTS;
            let lower = height - y as f32 * POINTS - tall;
            content.save_state();
            content.transform([width, 0.0, 0.0, tall, x as f32 * POINTS, lower]);
            content.x_object(Name(name.as_bytes()));
            content.restore_state();
            let picture = next();
            draw(&mut pdf, picture, label);
            pictures.push((name, picture));
        }
        pdf.stream(content_id, &content.finish());
        let mut page = pdf.page(page_id);
        page.media_box(paper).parent(tree).contents(content_id);
        let mut resources = page.resources();
        let mut objects = resources.x_objects();
        for (name, picture) in &pictures {
            objects.pair(Name(name.as_bytes()), *picture);
        }
        objects.finish();
        resources.finish();
        page.finish();
        pages.push(page_id);
    }
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(pages).count(count);
    pdf.finish()
}

fn draw(pdf: &mut Pdf, id: Ref, label: &Arranged) {
    let picture = label.picture();
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    // It writes into memory, which does not fail.
    let _ = packer.write_all(picture.bytes());
    let packed = packer.finish().unwrap_or_default();
    let mut image = pdf.image_xobject(id, &packed);
    image.filter(Filter::FlateDecode);
    image.width(i32::try_from(picture.width()).unwrap_or(i32::MAX));
    image.height(i32::try_from(picture.height()).unwrap_or(i32::MAX));
    image.color_space().device_gray();
    image.bits_per_component(1);
    // 1 is black here.
    image.decode([1.0, 0.0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lie_on_their_sheet_and_do_not_touch() {
        for layout in Layout::ALL {
            let tenths = |mm: Mm| u32::from(mm.in_tenths());
            let (width, height) = (tenths(layout.paper.0), tenths(layout.paper.1));
            let (wide, tall) = (tenths(layout.stock.width), tenths(layout.stock.height));
            assert!(layout.across >= layout.stock.width && layout.down >= layout.stock.height);
            let (x, y) = layout.corner(layout.on_sheet() - 1);
            assert!(x + wide <= width && y + tall <= height, "{layout:?}");
            assert_eq!(Layout::from_code(layout.code), Some(layout));
        }
        assert_eq!(Layout::from_code("a5"), None);
        let three = Layout::ALL[0];
        assert_eq!(three.corner(4), (700, 375), "the second of the second row");
    }
}
