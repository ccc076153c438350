//! What can go wrong with the database, told apart by what a caller would do.

/// A replica's failure. Nothing was written: every write is one transaction.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// The file is no database, or not under this key.
    #[error("the database cannot be opened with this key, or is damaged")]
    Corrupt(#[source] rusqlite::Error),
    /// A later program has written the database.
    #[error("the database has schema {found}, this program knows {known}")]
    Newer {
        /// The schema found.
        found: i64,
        /// The last one that this program knows.
        known: i64,
    },
    /// No room on the disk.
    #[error("the disk is full")]
    DiskFull(#[source] rusqlite::Error),
    /// Another process holds the database.
    #[error("the database is in use")]
    Busy(#[source] rusqlite::Error),
    /// Any other failure of SQLite.
    #[error("the database failed")]
    Sqlite(#[source] rusqlite::Error),
    /// A stored document cannot be read, or an edit does not fit it.
    #[error("a document cannot be changed")]
    Document(#[from] documents::DocumentError),
    /// This replica has not been enrolled yet.
    #[error("the device is not enrolled")]
    NotEnrolled,
    /// A row does not hold what it must: the file was changed by someone else.
    #[error("the database holds a row that makes no sense: {0}")]
    BadRow(&'static str),
    /// Only the server writes records of this kind.
    #[error("only the server may write this record")]
    NotAllowed,
    /// A snapshot cannot be written where it is kept.
    #[error("the snapshot cannot be written")]
    Snapshot(#[source] std::io::Error),
    /// A device that has worked at a site cannot become a counter, which never held stock, nor a counter another handheld.
    #[error("this device holds the data of another kind of device")]
    OtherRole,
    /// An event carries a quantity or goods that cannot be.
    #[error("the event is not sound")]
    UnsoundEvent,
}

impl ReplicaError {
    /// Stable code; also the key of the translated sentence.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Corrupt(_) | Self::BadRow(_) => "database-corrupt",
            Self::Newer { .. } => "database-newer",
            Self::DiskFull(_) => "disk-full",
            Self::Busy(_) => "database-busy",
            Self::Sqlite(_) | Self::Document(_) | Self::Snapshot(_) => "database-error",
            Self::NotEnrolled => "not-enrolled",
            Self::NotAllowed => "not-allowed",
            Self::OtherRole => "device-role-other",
            Self::UnsoundEvent => "quantity-out-of-range",
        }
    }
}

impl From<rusqlite::Error> for ReplicaError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull(error),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Corrupt(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error),
            _ => Self::Sqlite(error),
        }
    }
}
