//! What a key may.

macro_rules! scopes {
    ($($name:ident = $code:literal),+ $(,)?) => {
        /// What a key may; each has words under `api.scope.`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Scope {$(
            #[doc = concat!("`", $code, "`")]
            $name,
        )+}

        impl Scope {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Stable name.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }
        }
    };
}

scopes! {
    CatalogueRead = "catalogue-read",
    CatalogueWrite = "catalogue-write",
    OrdersRead = "orders-read",
    OrdersWrite = "orders-write",
    StockRead = "stock-read",
    EventsRead = "events-read",
    ExceptionsRead = "exceptions-read",
    ExceptionsWrite = "exceptions-write",
    PeopleRead = "people-read",
    DevicesRead = "devices-read",
    ImportsRead = "imports-read",
    ImportsWrite = "imports-write",
    BlobsRead = "blobs-read",
}

impl Scope {
    /// The scope with this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.code() == code)
    }
}
