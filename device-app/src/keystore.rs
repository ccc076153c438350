//! Where the key of the encrypted database lies. Never in the data folder: a copied data folder says nothing.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How well the system keeps the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// The operating system hands it to this program alone.
    System,
    /// A file that this user can read: whoever takes the device can try PINs.
    File,
}

impl Protection {
    /// Code of the sentence in the settings.
    pub fn code(self) -> &'static str {
        match self {
            Self::System => "pin-protected",
            Self::File => "pin-can-be-tried",
        }
    }
}

/// The key was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is a database and no key for it. Making a new one would lock the data away for good.
    #[error("the key of the database is missing")]
    Missing,
    /// What is kept is no key.
    #[error("the kept key is damaged")]
    Damaged,
    /// The place cannot be read or written.
    #[error("the key cannot be read or written")]
    Io(#[source] io::Error),
}

/// Keeps one secret of 32 bytes. Implementers owe: the same bytes until someone takes the device apart.
pub trait SecretStore: Send {
    /// The key; makes one if there is none yet and `may_create`.
    ///
    /// # Errors
    /// [`SecretError`].
    fn device_key(&self, may_create: bool) -> Result<[u8; 32], SecretError>;
    /// How well it is kept.
    fn protection(&self) -> Protection;
}

const NAME: &str = "tallyman-device-key";

/// A systemd credential (`LoadCredential=` or `LoadCredentialEncrypted=`): the service manager decrypts it for this
/// program alone.
pub struct Credential {
    path: PathBuf,
}

impl SecretStore for Credential {
    fn device_key(&self, _: bool) -> Result<[u8; 32], SecretError> {
        read_key(&self.path)
    }

    fn protection(&self) -> Protection {
        Protection::System
    }
}

/// A file that only this user can read.
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    pub fn new(folder: &Path) -> Self {
        Self {
            path: folder.join(NAME),
        }
    }
}

impl SecretStore for KeyFile {
    fn device_key(&self, may_create: bool) -> Result<[u8; 32], SecretError> {
        match read_key(&self.path) {
            Err(SecretError::Missing) if may_create => create_key(&self.path),
            result => result,
        }
    }

    fn protection(&self) -> Protection {
        Protection::File
    }
}

/// The credential where systemd gives one, else the file in the configuration folder.
pub fn find(credentials_folder: Option<&Path>, config_folder: &Path) -> Box<dyn SecretStore> {
    match credentials_folder.map(|f| f.join(NAME)) {
        Some(path) if path.exists() => Box::new(Credential { path }),
        _ => Box::new(KeyFile::new(config_folder)),
    }
}

fn read_key(path: &Path) -> Result<[u8; 32], SecretError> {
    let mut bytes = Vec::new();
    match fs::File::open(path) {
        Ok(file) => {
            file.take(128)
                .read_to_end(&mut bytes)
                .map_err(SecretError::Io)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SecretError::Missing),
        Err(error) => return Err(SecretError::Io(error)),
    }
    // 32 bytes as they are, or as people put them into a credential: 64 hexadecimal digits.
    if let Ok(key) = <[u8; 32]>::try_from(bytes.as_slice()) {
        return Ok(key);
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::Damaged)?;
    domain::EventHash::from_hex(text.trim())
        .map(|hash| hash.0)
        .ok_or(SecretError::Damaged)
}

/// Written under another name and renamed, so that a power cut leaves either no key or a whole one.
fn create_key(path: &Path) -> Result<[u8; 32], SecretError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| SecretError::Io(io::Error::other(e.to_string())))?;
    let write = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let new = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(&key)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(SecretError::Io)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = find(None, &folder.path().join("config"));
        assert!(matches!(store.device_key(false), Err(SecretError::Missing)));
        let key = store.device_key(true).unwrap();
        assert_eq!(store.device_key(false).unwrap(), key);
        assert_eq!(store.device_key(true).unwrap(), key);
        assert_eq!(store.protection(), Protection::File);
        let file = folder.path().join("config").join(NAME);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&file, "short").unwrap();
        assert!(matches!(store.device_key(true), Err(SecretError::Damaged)));
    }

    #[test]
    fn a_credential_goes_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "07".repeat(32)).unwrap();
        let store = find(Some(folder.path()), &folder.path().join("config"));
        assert_eq!(store.device_key(true).unwrap(), [7; 32]);
        assert_eq!(store.protection(), Protection::System);
    }
}
