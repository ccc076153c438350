//! The label pictures of the demo: what a camera sees of labels of the demo site.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use testkit::labels::{CameraView, SymbolKind, camera_like, label};
use testkit::site::{DemoItem, DemoSite, DemoStock};

/// Which things the story is about; their pictures lie in the folder under these names.
pub(crate) struct Cast {
    /// Counted goods, in stock.
    pub(crate) tool: DemoItem,
    /// Goods with lot and day on their label.
    pub(crate) food: DemoItem,
    /// A pallet that both will issue.
    pub(crate) pallet: DemoStock,
    /// Code of a bin at the docks.
    pub(crate) dock: String,
    /// How many pictures were drawn.
    pub(crate) pictures: usize,
}

pub(crate) const TOOL: &str = "item-tool.png";
pub(crate) const FOOD: &str = "item-food.png";
pub(crate) const PALLET: &str = "pallet.png";
pub(crate) const DOCK: &str = "bin-dock.png";

/// Draws them. The same site always gives the same pictures.
///
/// # Errors
/// The site lacks something, or the folder cannot be written.
pub(crate) fn draw(folder: &Path, site: &DemoSite) -> anyhow::Result<Cast> {
    let item = |sku: &str| site.items.iter().find(|item| item.sku == sku);
    let stocked = |wanted: fn(&DemoItem) -> bool| {
        let mut items = site.opening_stock.iter().filter_map(|line| item(&line.sku));
        items
            .find(|item| wanted(item))
            .cloned()
            .context("no such goods in the demo site")
    };
    let mut pallets = site.opening_stock.iter().filter(|line| {
        line.plate
            .as_ref()
            .is_some_and(|plate| plate.starts_with("LP-"))
    });
    let cast = Cast {
        tool: stocked(|item| item.sku.starts_with("GJ") && item.pack.is_some())?,
        food: stocked(|item| item.tracks_expiry && item.unit == "pcs")?,
        pallet: pallets
            .next()
            .cloned()
            .context("no pallet in the demo site")?,
        dock: "R-02-1".to_owned(),
        pictures: 0,
    };
    let mut labels = vec![
        (
            TOOL.to_owned(),
            SymbolKind::Ean13,
            cast.tool.barcode.clone(),
        ),
        (
            FOOD.to_owned(),
            SymbolKind::Gs1DataMatrix,
            format!("(01)0{}(17)290331(10)27A114", cast.food.barcode),
        ),
        (PALLET.to_owned(), SymbolKind::Qr, plate(&cast.pallet)),
        (DOCK.to_owned(), SymbolKind::Code128, cast.dock.clone()),
    ];
    // More to play with in the window: a badge, whose owner signs in by it, and goods.
    if let Some(operator) = site.operators.get(2) {
        let name = format!("badge-{}.png", operator.badge);
        labels.push((name, SymbolKind::Qr, operator.badge.clone()));
    }
    for (number, line) in (1..).zip(site.opening_stock.iter().step_by(311)) {
        if let Some(item) = item(&line.sku) {
            let name = format!("more-{number}-item-{}.png", item.sku);
            labels.push((name, SymbolKind::Ean13, item.barcode.clone()));
        }
        let name = format!("more-{number}-bin-{}.png", line.bin);
        labels.push((name, SymbolKind::Code128, line.bin.clone()));
    }
    let pallets = pallets.take(2).map(plate);
    labels.extend(pallets.map(|p| (format!("more-pallet-{p}.png"), SymbolKind::Qr, p)));
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    ensure!(labels.len() >= 10, "too few labels");
    let half = labels.len() / 2;
    let (left, right) = labels.split_at(half);
    std::thread::scope(|scope| {
        let left = scope.spawn(|| draw_all(folder, left, 1));
        draw_all(folder, right, 100)?;
        left.join()
            .map_err(|_| anyhow::anyhow!("the drawing thread panicked"))?
    })?;
    Ok(Cast {
        pictures: labels.len(),
        ..cast
    })
}

fn plate(line: &DemoStock) -> String {
    line.plate.clone().unwrap_or_default()
}

fn draw_all(
    folder: &Path,
    labels: &[(String, SymbolKind, String)],
    seed: u64,
) -> anyhow::Result<()> {
    for (seed, (name, kind, text)) in (seed..).zip(labels) {
        let printed = label(*kind, text, text).with_context(|| text.clone())?;
        let view = view(seed).fitted(&printed);
        let picture = camera_like(&printed, &view);
        picture
            .save(folder.join(name))
            .with_context(|| name.clone())?;
    }
    Ok(())
}

/// A hand that is not steady, in a hall that is not evenly lit.
fn view(seed: u64) -> CameraView {
    let spread = |steps: u64, width: f64| {
        let place = (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) % steps;
        (place as f64 / (steps - 1) as f64 - 0.5) * 2.0 * width
    };
    CameraView {
        seed,
        angle_deg: spread(17, 14.0),
        tilt_deg: spread(13, 22.0),
        blur_px: 0.9,
        noise: 7.0,
        uneven_light: 0.4,
        ..CameraView::default()
    }
}
