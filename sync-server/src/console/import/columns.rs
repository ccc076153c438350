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
    /// What decides where goods are put: only bins of the class take goods of it.
    Class,
    /// Room: of one base unit, or in a bin; cubic centimetres.
    Volume,
    /// Weight of one base unit, or what a bin bears; grams.
    Weight,
    /// Safety stock.
    MinStock,
    /// What one base unit of an item is worth, in the currency's major unit.
    Value,
    /// ISO 4217 code of the currency.
    Currency,
    /// Where a bin lies on the way through the site.
    Sequence,
    /// SKU of the item that a pick face is kept filled with.
    FaceItem,
    /// Below this a pick face is filled up.
    FaceMin,
    /// Up to this.
    FaceMax,
    /// Code of the site that goods go to.
    ToSite,
    /// Code of a customer.
    Customer,
    /// Code of the customer whom an item belongs to.
    Owner,
    /// Whether the counter may not see the book.
    Blind,
    /// Who shall count: name or badge.
    Counter,
    /// Who counted before and may not count again: name or badge.
    NotBy,
    /// 姓名 of who brings goods.
    PersonName,
    /// 手机号.
    Phone,
    /// 证件号 with its kind in words.
    Document,
    /// How many pieces.
    Pieces,
    /// SKU of a category of goods in custody.
    Category,
    /// Size of a piece.
    Size,
    /// 声明价值 of each piece.
    DeclaredValue,
    /// For how many days.
    Days,
    /// Anything else.
    Note,
}

impl Column {
    /// Whether it is filled with yes or no.
    pub fn is_flag(self) -> bool {
        matches!(
            self,
            Self::TracksLot | Self::TracksSerial | Self::TracksExpiry | Self::Blind
        )
    }

    const ALL: [Self; 43] = [
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
        Self::Class,
        Self::Volume,
        Self::Weight,
        Self::MinStock,
        Self::Value,
        Self::Currency,
        Self::Sequence,
        Self::FaceItem,
        Self::FaceMin,
        Self::FaceMax,
        Self::ToSite,
        Self::Customer,
        Self::Owner,
        Self::Blind,
        Self::Counter,
        Self::NotBy,
        Self::PersonName,
        Self::Phone,
        Self::Document,
        Self::Pieces,
        Self::Category,
        Self::Size,
        Self::DeclaredValue,
        Self::Days,
        Self::Note,
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
            Self::Class => &["存放类别", "Class", "类别", "storage class"],
            Self::Volume => &[
                "体积或容积（立方厘米）",
                "Volume (cm3)",
                "体积",
                "容积",
                "volume",
            ],
            Self::Weight => &[
                "重量或承重（克）",
                "Weight (g)",
                "重量",
                "承重",
                "weight",
                "load",
            ],
            Self::MinStock => &[
                "安全库存",
                "Safety stock",
                "最低库存",
                "min stock",
                "minimum stock",
                "reorder point",
            ],
            Self::Value => &[
                "单位价值",
                "Unit value",
                "单价",
                "成本",
                "unit cost",
                "cost",
            ],
            Self::Currency => &["币种", "Currency"],
            Self::Sequence => &["动线顺序", "Pick sequence", "sequence"],
            Self::FaceItem => &["拣货位商品", "Pick face item", "face item"],
            Self::FaceMin => &["补货下限", "Pick face minimum", "face min"],
            Self::FaceMax => &["补货上限", "Pick face maximum", "face max"],
            Self::ToSite => &[
                "调入仓库",
                "To site",
                "目标仓库",
                "to warehouse",
                "destination",
            ],
            Self::Customer => &[
                "客户编码",
                "Customer code",
                "编码",
                "客户",
                "customer",
                "code",
            ],
            Self::Owner => &["货主", "Owner", "货主编码", "owner code", "consignor"],
            Self::Blind => &["盲盘", "Blind"],
            Self::Counter => &["盘点人", "Counter", "assigned to"],
            Self::NotBy => &["初盘人", "Counted before by", "not by"],
            Self::PersonName => &[
                "姓名",
                "Name",
                "寄存人",
                "客户姓名",
                "customer name",
                "depositor",
                "full name",
            ],
            Self::Phone => &[
                "手机号",
                "Phone",
                "手机",
                "电话",
                "联系电话",
                "mobile",
                "telephone",
                "phone number",
            ],
            Self::Document => &[
                "证件",
                "Document",
                "证件号",
                "身份证号",
                "id number",
                "id document",
                "passport",
            ],
            Self::Pieces => &["件数", "Pieces", "数量", "count", "qty", "number of pieces"],
            Self::Category => &[
                "寄存类别",
                "Category",
                "类别",
                "物品类别",
                "品类",
                "category code",
                "type",
            ],
            Self::Size => &["尺寸", "Size", "规格", "大小"],
            Self::DeclaredValue => &["声明价值", "Declared value", "价值", "申报价值", "value"],
            Self::Days => &[
                "期限（天）",
                "Days",
                "期限",
                "天数",
                "寄存天数",
                "term",
                "term (days)",
            ],
            Self::Note => &["备注", "Note", "说明", "remark", "comment", "notes"],
        }
    }

    /// What the heading says, if one of ours, for files of that kind.
    pub fn of_heading(heading: &str, kind: Kind) -> Option<Self> {
        let plain = Self::plain;
        let heading = plain(heading);
        let ours = columns(kind);
        Self::ALL
            .into_iter()
            .filter(|column| ours.contains(column))
            .find(|column| column.names().iter().any(|name| plain(name) == heading))
    }

    /// A heading without what people write differently: case, spaces, dashes.
    pub fn plain(heading: &str) -> String {
        heading
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '*'))
            .flat_map(char::to_lowercase)
            .collect()
    }

    /// Stable name, for forms and the store.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::NameZh => "name-zh",
            Self::NameEn => "name-en",
            Self::Unit => "unit",
            Self::Decimals => "decimals",
            Self::Barcodes => "barcodes",
            Self::TracksLot => "tracks-lot",
            Self::TracksSerial => "tracks-serial",
            Self::TracksExpiry => "tracks-expiry",
            Self::Bin => "bin",
            Self::Zone => "zone",
            Self::Quantity => "quantity",
            Self::Lot => "lot",
            Self::Expiry => "expiry",
            Self::Plate => "plate",
            Self::Order => "order",
            Self::Party => "party",
            Self::Due => "due",
            Self::Class => "class",
            Self::Volume => "volume",
            Self::Weight => "weight",
            Self::Sequence => "sequence",
            Self::FaceItem => "face-item",
            Self::FaceMin => "face-min",
            Self::FaceMax => "face-max",
            Self::ToSite => "to-site",
            Self::Customer => "customer",
            Self::Owner => "owner",
            Self::Blind => "blind",
            Self::Counter => "counter",
            Self::NotBy => "not-by",
            Self::PersonName => "person-name",
            Self::Phone => "phone",
            Self::Document => "document",
            Self::Pieces => "pieces",
            Self::Category => "category",
            Self::Size => "size",
            Self::DeclaredValue => "declared-value",
            Self::Days => "days",
            Self::Note => "note",
            Self::Value => "value",
            Self::Currency => "currency",
            Self::MinStock => "min-stock",
        }
    }

    /// What things of a kind are known by.
    pub const fn name_of(kind: Kind) -> Self {
        match kind {
            Kind::Customers => Self::Customer,
            Kind::Items => Self::Sku,
            Kind::Bins | Kind::Stock => Self::Bin,
            Kind::Deposits => Self::PersonName,
            _ => Self::Order,
        }
    }

    /// The column with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.code() == code)
    }

    /// The heading that exports write.
    pub fn heading(self, chinese: bool) -> &'static str {
        let index = usize::from(!chinese);
        self.names().get(index).copied().unwrap_or_default()
    }
}

/// The columns of a kind of file.
pub const fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Customers => &[Column::Customer, Column::NameZh, Column::NameEn],
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
            Column::Class,
            Column::Volume,
            Column::Weight,
            Column::MinStock,
            Column::Value,
            Column::Currency,
            Column::Owner,
        ],
        Kind::Bins => &[
            Column::Bin,
            Column::Zone,
            Column::Class,
            Column::Volume,
            Column::Weight,
            Column::Sequence,
            Column::FaceItem,
            Column::FaceMin,
            Column::FaceMax,
        ],
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
        Kind::Transfers => &[
            Column::Order,
            Column::ToSite,
            Column::Due,
            Column::Sku,
            Column::Quantity,
            Column::Lot,
        ],
        Kind::Counts => &[
            Column::Order,
            Column::Bin,
            Column::Blind,
            Column::Counter,
            Column::NotBy,
            Column::Due,
        ],
        Kind::Deposits => &[
            Column::PersonName,
            Column::Phone,
            Column::Document,
            Column::Pieces,
            Column::Category,
            Column::Size,
            Column::DeclaredValue,
            Column::Days,
            Column::Note,
        ],
    }
}

/// Without these a file cannot be imported.
pub const fn required(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Customers => &[Column::Customer],
        Kind::Items => &[Column::Sku],
        Kind::Bins => &[Column::Bin],
        Kind::Stock => &[Column::Bin, Column::Sku, Column::Quantity],
        Kind::Deliveries | Kind::Outbound => &[Column::Order, Column::Sku, Column::Quantity],
        Kind::Transfers => &[Column::Order, Column::ToSite, Column::Sku, Column::Quantity],
        Kind::Counts => &[Column::Order, Column::Bin],
        Kind::Deposits => &[Column::PersonName],
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
