//! Sheets of labels as a printer would draw them, read again.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]

mod common;

use std::io::Read;

use common::{CLAIM, fonts, piece, ticket};
use flate2::read::ZlibDecoder;
use labels::Arranged;
use labels::sheet::{Layout, pdf};
use labels::template::BinLabel;
use scan::{Effort, FrameReader, LumaFrame, ReaderSettings};

/// Dots of a test's page in a millimetre.
const DOTS: f32 = 8.0;
const POINTS: f32 = 72.0 / 25.4;

/// A page, dark where it is printed on.
struct Drawn {
    width: usize,
    height: usize,
    dark: Vec<bool>,
}

/// The stream objects of a file, with their dictionaries.
fn streams(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let find = |what: &[u8], from: usize| {
        let rest = &file[from..];
        rest.windows(what.len())
            .position(|w| w == what)
            .map(|at| at + from)
    };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = find(b"\nstream\n", at) {
        let head = String::from_utf8_lossy(&file[at..begin]).into_owned();
        let dict = head.rsplit("obj").next().unwrap().to_owned();
        let length = dict.split("/Length ").nth(1).unwrap();
        let length: usize = length.split_whitespace().next().unwrap().parse().unwrap();
        let data = begin + b"\nstream\n".len();
        found.push((dict, file[data..data + length].to_vec()));
        at = data + length;
    }
    found
}

fn number(dict: &str, name: &str) -> usize {
    let value = dict.split(&format!("/{name} ")).nth(1).unwrap();
    value.split_whitespace().next().unwrap().parse().unwrap()
}

/// Draws the pictures where the pages say: pictures of a page stand before its marks, in the same order.
fn drawn(file: &[u8], layout: &Layout) -> Vec<Drawn> {
    let side = |tenths: u16| (f32::from(tenths) / 10.0 * DOTS).round() as usize;
    let (width, height) = (
        side(layout.paper.0.in_tenths()),
        side(layout.paper.1.in_tenths()),
    );
    let (mut pages, mut pictures) = (Vec::new(), Vec::new());
    for (dict, bytes) in streams(file) {
        if dict.contains("/Image") {
            let mut rows = Vec::new();
            ZlibDecoder::new(&bytes[..]).read_to_end(&mut rows).unwrap();
            pictures.push((number(&dict, "Width"), number(&dict, "Height"), rows));
            continue;
        }
        let mut page = Drawn {
            width,
            height,
            dark: vec![false; width * height],
        };
        let marks = String::from_utf8(bytes).unwrap();
        let places = marks.lines().filter(|line| line.ends_with(" cm"));
        for (place, (wide, tall, rows)) in places.zip(pictures.drain(..)) {
            let of: Vec<f32> = place.split(' ').filter_map(|n| n.parse().ok()).collect();
            let dots = |points: f32| (points / POINTS * DOTS).round() as usize;
            let (w, h, x) = (dots(of[0]), dots(of[3]), dots(of[4]));
            let y = height - dots(of[5]) - h;
            for row in 0..h {
                for column in 0..w {
                    let (from_x, from_y) = (column * wide / w, row * tall / h);
                    let byte = rows[from_y * wide.div_ceil(8) + from_x / 8];
                    page.dark[(y + row) * width + x + column] |= byte >> (7 - from_x % 8) & 1 == 1;
                }
            }
        }
        pages.push(page);
    }
    pages
}

/// What is read in a part of the page, in millimetres.
fn read(page: &Drawn, (x, y): (f32, f32), (width, height): (f32, f32)) -> Vec<String> {
    let dots = |mm: f32| (mm * DOTS).round() as usize;
    let (x, y, width, height) = (dots(x), dots(y), dots(width), dots(height));
    let mut luma = Vec::with_capacity(width * height);
    for row in y..(y + height).min(page.height) {
        let dark = &page.dark[row * page.width + x..row * page.width + x + width];
        luma.extend(dark.iter().map(|dark| if *dark { 0 } else { 255 }));
    }
    let rows = luma.len() / width;
    let frame = LumaFrame::new(width as u32, rows as u32, luma).unwrap();
    let reading = FrameReader::new(ReaderSettings::default())
        .read(&frame, Effort::Thorough)
        .unwrap();
    let mut texts: Vec<String> = reading.payloads.into_iter().map(|p| p.text).collect();
    texts.dedup();
    texts
}

fn bins(count: usize, layout: &Layout) -> Vec<Arranged> {
    let label = |n: usize| {
        let code = format!("A-{:02}-{}", n / 4 + 1, n % 4 + 1);
        let label = BinLabel {
            scan: code.clone(),
            code,
            place: "上海一号仓".into(),
            note: "存货区".into(),
        };
        Arranged::new(&label.on(layout.stock), fonts()).unwrap()
    };
    (0..count).map(label).collect()
}

#[test]
fn labels_on_a_sheet_are_read_where_they_lie() {
    let layout = Layout::from_code("a4-24").unwrap();
    let pages = drawn(&pdf(&bins(30, &layout), &layout, 2), &layout);
    assert_eq!(pages.len(), 2);
    let at = |place: usize| ((place % 3) as f32 * 70.0, 0.5 + (place / 3) as f32 * 37.0);
    let label = (70.0, 37.0);
    assert_eq!(
        read(&pages[0], at(1), label),
        [] as [&str; 0],
        "used already"
    );
    assert_eq!(read(&pages[0], at(2), label), ["A-01-1"]);
    assert_eq!(read(&pages[0], at(23), label), ["A-06-2"]);
    assert_eq!(read(&pages[1], at(7), label), ["A-08-2"], "the last one");
    assert_eq!(read(&pages[1], at(8), label), [] as [&str; 0]);
}

#[test]
fn every_layout_prints_a_label_that_is_read() {
    for layout in Layout::ALL {
        let pages = drawn(&pdf(&bins(2, &layout), &layout, 0), &layout);
        let side = |mm: labels::Mm| f32::from(mm.in_tenths()) / 10.0;
        let corner = (side(layout.left), side(layout.top));
        let label = (side(layout.stock.width), side(layout.stock.height));
        assert_eq!(
            read(&pages[0], corner, label),
            ["A-01-1"],
            "{}",
            layout.code
        );
    }
    let layout = Layout::ALL[0];
    assert!(
        drawn(&pdf(&[], &layout, 0), &layout).is_empty(),
        "no label, no sheet"
    );
}

#[test]
fn pieces_and_tickets_are_read_on_every_layout() {
    for layout in Layout::ALL {
        let labels = [piece().on(layout.stock), ticket().on(layout.stock)]
            .map(|label| Arranged::new(&label, fonts()).unwrap());
        let whole = labels.iter().all(|label| label.shortened.is_empty());
        assert!(whole, "{}", layout.code);
        let pages = drawn(&pdf(&labels, &layout, 0), &layout);
        let side = |mm: labels::Mm| f32::from(mm.in_tenths()) / 10.0;
        let corner = (side(layout.left), side(layout.top));
        let label = (side(layout.stock.width), side(layout.stock.height));
        assert_eq!(read(&pages[0], corner, label), [piece().code]);
        // The second one lies beside the first, or on the next page.
        let (page, x) = match layout.columns {
            1 => (&pages[1], corner.0),
            _ => (&pages[0], corner.0 + side(layout.across)),
        };
        assert_eq!(read(page, (x, corner.1), label), [CLAIM], "{}", layout.code);
    }
}
