//! Which column is which, by its heading in Chinese or English.

use super::Kind;

/// A column that the import knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// The code that people use for an item.
    Sku,
    /// Chinese name.
    NameZh,
    /// English name.
    NameEn,
    /// Base unit.
    Unit,
    /// Decimals of the base unit.
    Decimals,
    /// Barcodes, each with `=pack` if it stands for more than one base unit.
    Barcodes,
    /// Whether lots are told apart.
    TracksLot,
    /// Whether serial numbers are told apart.
    TracksSerial,
    /// Whether it expires.
    TracksExpiry,
    /// Code of a bin.
    Bin,
    /// Code of a zone.
    Zone,
    /// How much.
    Quantity,
    /// Of which lot.
    Lot,
    /// Last good day.
    Expiry,
    /// Licence plate or serial number.
    Plate,
    /// Number of an order.
    Order,
    /// Supplier or customer.
    Party,
    /// The day on which it is expected.
    Due,
}

impl Column {
    const ALL: [Self; 18] = [
        Self::Sku,
        Self::NameZh,
        Self::NameEn,
        Self::Unit,
        Self::Decimals,
        Self::Barcodes,
        Self::TracksLot,
        Self::TracksSerial,
        Self::TracksExpiry,
        Self::Bin,
        Self::Zone,
        Self::Quantity,
        Self::Lot,
        Self::Expiry,
        Self::Plate,
        Self::Order,
        Self::Party,
        Self::Due,
    ];

    /// Its headings, the one that exports write in Chinese first, then the English one, then what else people write.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Sku => &[
                "商品编码",
                "SKU",
                "编码",
                "货号",
                "料号",
                "item",
                "item code",
                "sku code",
            ],
            Self::NameZh => &[
                "中文名称",
                "Chinese name",
                "名称",
                "商品名称",
                "品名",
                "name_zh",
                "name",
            ],
            Self::NameEn => &["英文名称", "English name", "name_en", "description"],
            Self::Unit => &["单位", "Unit", "基本单位", "uom", "base unit"],
            Self::Decimals => &["小数位", "Decimals"],
            Self::Barcodes => &["条码", "Barcodes", "条形码", "barcode", "ean", "gtin"],
            Self::TracksLot => &["批次管理", "Tracks lot", "tracks_lot", "lot tracked"],
            Self::TracksSerial => &[
                "序列号管理",
                "Tracks serial",
                "tracks_serial",
                "serial tracked",
            ],
            Self::TracksExpiry => &[
                "效期管理",
                "Tracks expiry",
                "tracks_expiry",
                "expiry tracked",
            ],
            Self::Bin => &[
                "库位编码",
                "Bin",
                "库位",
                "储位",
                "货位",
                "bin code",
                "location",
                "code",
            ],
            Self::Zone => &["库区", "Zone", "zone code", "area"],
            Self::Quantity => &["数量", "Quantity", "qty", "on hand"],
            Self::Lot => &["批次", "Lot", "批号", "batch"],
            Self::Expiry => &[
                "过期日期",
                "Expiry",
                "效期",
                "有效期至",
                "expiry date",
                "best before",
            ],
            Self::Plate => &[
                "容器号/序列号",
                "Plate or serial",
                "容器号",
                "序列号",
                "lpn",
                "serial",
                "plate",
            ],
            Self::Order => &[
                "单据号",
                "Order",
                "到货通知书",
                "采购订单",
                "订单号",
                "asn",
                "po",
                "order number",
            ],
            Self::Party => &[
                "往来单位",
                "Supplier or customer",
                "供应商",
                "客户",
                "supplier",
                "customer",
                "party",
                "vendor",
            ],
            Self::Due => &[
                "预计日期",
                "Due",
                "预计到货",
                "到货日期",
                "发货日期",
                "expected",
                "eta",
                "due date",
                "ship date",
            ],
        }
    }

    /// What the heading says, if one of ours, for files of that kind.
    pub fn of_heading(heading: &str, kind: Kind) -> Option<Self> {
        let plain = |text: &str| {
            text.chars()
                .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '*'))
                .flat_map(char::to_lowercase)
                .collect::<String>()
        };
        let heading = plain(heading);
        let ours = columns(kind);
        Self::ALL
            .into_iter()
            .filter(|column| ours.contains(column))
            .find(|column| column.names().iter().any(|name| plain(name) == heading))
    }

    /// The heading that exports write.
    pub fn heading(self, chinese: bool) -> &'static str {
        let index = usize::from(!chinese);
        self.names().get(index).copied().unwrap_or_default()
    }
}

/// The columns of a kind of file.
pub(super) const fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Items => &[
            Column::Sku,
            Column::NameZh,
            Column::NameEn,
            Column::Unit,
            Column::Decimals,
            Column::Barcodes,
            Column::TracksLot,
            Column::TracksSerial,
            Column::TracksExpiry,
        ],
        Kind::Bins => &[Column::Bin, Column::Zone],
        Kind::Stock => &[
            Column::Bin,
            Column::Sku,
            Column::Quantity,
            Column::Lot,
            Column::Expiry,
            Column::Plate,
        ],
        Kind::Deliveries | Kind::Outbound => &[
            Column::Order,
            Column::Party,
            Column::Due,
            Column::Sku,
            Column::Quantity,
            Column::Lot,
        ],
    }
}

/// Without these a file cannot be imported.
pub(super) const fn required(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Items => &[Column::Sku],
        Kind::Bins => &[Column::Bin],
        Kind::Stock => &[Column::Bin, Column::Sku, Column::Quantity],
        Kind::Deliveries | Kind::Outbound => &[Column::Order, Column::Sku, Column::Quantity],
    }
}

/// The headings of an empty file to fill in.
pub fn headers(kind: Kind, chinese: bool) -> Vec<&'static str> {
    columns(kind)
        .iter()
        .map(|column| column.heading(chinese))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_in_both_languages_and_however_they_are_spaced() {
        for (heading, kind, column) in [
            ("SKU", Kind::Items, Some(Column::Sku)),
            (" 商品 编码 ", Kind::Items, Some(Column::Sku)),
            ("Item-Code", Kind::Stock, Some(Column::Sku)),
            ("库位编码*", Kind::Bins, Some(Column::Bin)),
            ("数量", Kind::Stock, Some(Column::Quantity)),
            ("数量", Kind::Items, None),
            ("colour", Kind::Items, None),
        ] {
            assert_eq!(Column::of_heading(heading, kind), column, "{heading}");
        }
    }

    #[test]
    fn no_heading_means_two_columns() {
        for kind in Kind::ALL {
            for column in columns(kind) {
                for name in column.names() {
                    assert_eq!(Column::of_heading(name, kind), Some(*column), "{name}");
                }
            }
        }
    }
}
