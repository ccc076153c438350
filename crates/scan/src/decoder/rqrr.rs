//! rqrr, the second QR reader: weaker than zxing-cpp, but it reads some QR codes that zxing-cpp
//! does not. It knows no FNC1, so it reads no GS1 QR.

use rqrr::PreparedImage;

use super::Decoder;
use crate::{LumaFrame, Payload, Reader, Symbology};

pub(super) struct RqrrDecoder;

impl Decoder for RqrrDecoder {
    fn decode(&mut self, frame: &LumaFrame) -> Vec<Payload> {
        let (width, luma) = (frame.width() as usize, frame.luma());
        let height = frame.height() as usize;
        let mut prepared =
            PreparedImage::prepare_from_greyscale(width, height, |x, y| luma[y * width + x]);
        let grids = prepared.detect_grids();
        let payloads = grids.iter().filter_map(|grid| {
            // Bytes that are no UTF-8 are an error here: rqrr does not tell their character set.
            let (_, text) = grid.decode().ok()?;
            let corners = Some(grid.bounds.map(|point| (point.x, point.y)));
            Some(Payload {
                corners,
                ..Payload::of_symbol(&text, Symbology::Qr, "]Q1", Reader::Rqrr)
            })
        });
        payloads.collect()
    }
}
