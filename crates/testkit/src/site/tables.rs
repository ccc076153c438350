//! The site as CSV files, with the headings that the console's import knows.

use super::{DemoFace, DemoOrderLine, DemoSite};

/// A file of `fixtures/demo-site`: name and content.
type Table = (&'static str, String);

impl DemoSite {
    /// Every table, in the order in which a new warehouse needs them.
    pub fn tables(&self) -> [Table; 8] {
        [
            ("zones.csv", self.zones_csv()),
            ("items.csv", self.items_csv()),
            ("bins.csv", self.bins_csv()),
            ("operators.csv", self.operators_csv()),
            ("opening-stock.csv", self.opening_stock_csv()),
            ("deliveries.csv", orders("Supplier", &self.deliveries)),
            ("outbound.csv", orders("Customer", &self.outbound)),
            ("counts.csv", self.counts_csv()),
        ]
    }

    fn zones_csv(&self) -> String {
        let rows = self.zones.iter();
        table(
            "Zone,Chinese name,English name,Purpose",
            rows.map(|z| [z.code, z.name_zh, z.name_en, z.purpose].map(str::to_owned)),
        )
    }

    fn bins_csv(&self) -> String {
        let rows = self.bins.iter();
        table(
            "Bin,Zone,Pick face item,Pick face minimum,Pick face maximum",
            rows.map(|b| {
                let face =
                    |part: fn(&DemoFace) -> String| b.face.as_ref().map(part).unwrap_or_default();
                [
                    b.code.clone(),
                    b.zone.to_owned(),
                    face(|f| f.sku.clone()),
                    face(|f| f.least.to_string()),
                    face(|f| f.most.to_string()),
                ]
            }),
        )
    }

    fn counts_csv(&self) -> String {
        let rows = self.counts.iter().map(|line| {
            [
                line.order.to_owned(),
                line.bin.clone(),
                yes(line.blind),
                line.counter.to_owned(),
                line.due.to_owned(),
            ]
        });
        table("Order,Bin,Blind,Counter,Due", rows)
    }

    fn items_csv(&self) -> String {
        let heading = "SKU,Chinese name,English name,Unit,Decimals,Barcodes,\
                       Tracks lot,Tracks serial,Tracks expiry";
        let rows = self.items.iter().map(|item| {
            let pack = item.pack.as_ref();
            let pack = pack.map_or_else(String::new, |(code, factor)| format!("; {code}={factor}"));
            [
                item.sku.clone(),
                item.name_zh.clone(),
                item.name_en.clone(),
                item.unit.to_owned(),
                item.decimals.to_string(),
                format!("{}{pack}", item.barcode),
                yes(item.tracks_lot),
                yes(item.tracks_serial),
                yes(item.tracks_expiry),
            ]
        });
        table(heading, rows)
    }

    fn operators_csv(&self) -> String {
        let rows = self.operators.iter();
        table(
            "Name,Badge,PIN,Post",
            rows.map(|o| {
                [
                    o.name.to_owned(),
                    o.badge.clone(),
                    o.pin.clone(),
                    o.post.to_owned(),
                ]
            }),
        )
    }

    fn opening_stock_csv(&self) -> String {
        let rows = self.opening_stock.iter().map(|line| {
            [
                line.bin.clone(),
                line.sku.clone(),
                decimal(line.quantity_thousandths),
                line.lot.clone().unwrap_or_default(),
                line.expiry.clone().unwrap_or_default(),
                line.plate.clone().unwrap_or_default(),
            ]
        });
        table("Bin,SKU,Quantity,Lot,Expiry,Plate or serial", rows)
    }
}

fn orders(party: &str, lines: &[DemoOrderLine]) -> String {
    let rows = lines.iter().map(|line| {
        [
            line.order.clone(),
            line.party.to_owned(),
            line.due.clone(),
            line.sku.clone(),
            line.quantity.to_string(),
        ]
    });
    table(&format!("Order,{party},Due,SKU,Quantity"), rows)
}

fn table<const N: usize>(heading: &str, rows: impl Iterator<Item = [String; N]>) -> String {
    let mut text = format!("{heading}\n");
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn yes(yes: bool) -> String {
    if yes { "yes" } else { "" }.to_owned()
}

fn decimal(thousandths: i64) -> String {
    let (whole, part) = (thousandths / 1_000, thousandths % 1_000);
    match part {
        0 => whole.to_string(),
        part => format!("{whole}.{part:03}")
            .trim_end_matches('0')
            .to_owned(),
    }
}
