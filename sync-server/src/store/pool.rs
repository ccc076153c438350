//! Reader connections: opened when needed, kept, at most [`KEPT`] of them idle.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, configure, connect, lock};

const KEPT: usize = 4;

pub(super) struct Readers {
    path: PathBuf,
    vfs: Option<String>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path, vfs: Option<&str>) -> Self {
        Self {
            path: path.to_owned(),
            vfs: vfs.map(str::to_owned),
            idle: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn with<T, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let taken = lock(&self.idle).pop();
        let connection = match taken {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let value = {
            let transaction = connection
                .unchecked_transaction()
                .map_err(StoreError::from)?;
            f(&transaction)?
        };
        let mut idle = lock(&self.idle);
        if idle.len() < KEPT {
            idle.push(connection);
        }
        Ok(value)
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = connect(&self.path, flags, self.vfs.as_deref())?;
        configure(&connection)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }
}
