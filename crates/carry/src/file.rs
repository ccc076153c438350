//! The `.tallyman` file: parcels one behind the other.

/// How such files are named.
pub const EXTENSION: &str = "tallyman";
/// No parcel in a file is larger than this, unpacked.
pub const PARCEL_BYTES_MAX: usize = 8 << 20;
/// No file is larger than this, packed or unpacked.
pub const FILE_BYTES_MAX: usize = 64 << 20;

const MAGIC: &[u8; 8] = b"TLYPARCL";
const VERSION: u8 = 1;
const HASH_BYTES: usize = 32;

/// Why a file cannot be read or made. Nothing was taken from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is no such file.
    #[error("not a parcel file")]
    Foreign,
    /// A later program wrote it.
    #[error("a parcel file of a later version")]
    TooNew,
    /// It is cut off, or a byte is wrong.
    #[error("the parcel file is damaged")]
    Damaged,
    /// It, or a parcel in it, passes the limits.
    #[error("the parcel file is too large")]
    TooLarge,
}

impl FileError {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Foreign, Self::TooNew, Self::Damaged, Self::TooLarge];

    /// Stable name; also the key of the translated sentence.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Foreign => "file-foreign",
            Self::TooNew => "file-too-new",
            Self::Damaged => "file-damaged",
            Self::TooLarge => "file-too-large",
        }
    }
}

/// The bytes of a file with these parcels.
///
/// # Errors
/// [`FileError::TooLarge`]: a parcel passes [`PARCEL_BYTES_MAX`] or all together pass [`FILE_BYTES_MAX`].
pub fn write(parcels: &[Vec<u8>]) -> Result<Vec<u8>, FileError> {
    if parcels.iter().map(Vec::len).sum::<usize>() > FILE_BYTES_MAX {
        return Err(FileError::TooLarge);
    }
    let mut file = MAGIC.to_vec();
    file.push(VERSION);
    for parcel in parcels.iter().filter(|p| !p.is_empty()) {
        if parcel.len() > PARCEL_BYTES_MAX {
            return Err(FileError::TooLarge);
        }
        let packed = zstd::bulk::compress(parcel, 6).map_err(|_| FileError::TooLarge)?;
        put_length(&mut file, parcel.len())?;
        put_length(&mut file, packed.len())?;
        file.extend_from_slice(&packed);
        if file.len() > FILE_BYTES_MAX {
            return Err(FileError::TooLarge);
        }
    }
    file.extend_from_slice(&[0; 8]);
    let hash = blake3::hash(&file);
    file.extend_from_slice(hash.as_bytes());
    Ok(file)
}

/// The parcels of a file, in order.
///
/// # Errors
/// See [`FileError`].
pub fn read(file: &[u8]) -> Result<Vec<Vec<u8>>, FileError> {
    let Some(after_magic) = file.strip_prefix(MAGIC) else {
        return Err(FileError::Foreign);
    };
    match after_magic.first() {
        Some(&VERSION) => {}
        Some(version) if *version > VERSION => return Err(FileError::TooNew),
        _ => return Err(FileError::Damaged),
    }
    if file.len() > FILE_BYTES_MAX + HASH_BYTES + 8 {
        return Err(FileError::TooLarge);
    }
    let Some((content, hash)) = file.split_last_chunk::<HASH_BYTES>() else {
        return Err(FileError::Damaged);
    };
    if blake3::hash(content) != blake3::Hash::from_bytes(*hash) {
        return Err(FileError::Damaged);
    }
    let mut rest = content.get(MAGIC.len() + 1..).ok_or(FileError::Damaged)?;
    let (mut parcels, mut all) = (Vec::new(), 0);
    loop {
        let (unpacked, packed) = (take_length(&mut rest)?, take_length(&mut rest)?);
        if unpacked == 0 && packed == 0 && rest.is_empty() {
            return Ok(parcels);
        }
        all += unpacked;
        if unpacked == 0 || unpacked > PARCEL_BYTES_MAX || all > FILE_BYTES_MAX {
            return Err(FileError::TooLarge);
        }
        let (body, behind) = rest.split_at_checked(packed).ok_or(FileError::Damaged)?;
        rest = behind;
        let parcel = zstd::bulk::decompress(body, unpacked).map_err(|_| FileError::Damaged)?;
        if parcel.len() != unpacked {
            return Err(FileError::Damaged);
        }
        parcels.push(parcel);
    }
}

fn put_length(file: &mut Vec<u8>, length: usize) -> Result<(), FileError> {
    let length = u32::try_from(length).map_err(|_| FileError::TooLarge)?;
    file.extend_from_slice(&length.to_le_bytes());
    Ok(())
}

fn take_length(rest: &mut &[u8]) -> Result<usize, FileError> {
    let (length, behind) = rest.split_first_chunk().ok_or(FileError::Damaged)?;
    *rest = behind;
    usize::try_from(u32::from_le_bytes(*length)).map_err(|_| FileError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<Vec<u8>> {
        vec![vec![7; 100_000], b"goods".to_vec()]
    }

    /// The bytes with a hash that fits: damage that only the reading of the inside can find.
    fn rehashed(mut content: Vec<u8>) -> Vec<u8> {
        let hash = blake3::hash(&content);
        content.extend_from_slice(hash.as_bytes());
        content
    }

    #[test]
    fn what_was_written_is_read() {
        let file = write(&sample()).unwrap();
        assert!(file.len() < 200, "{} bytes", file.len());
        assert_eq!(read(&file), Ok(sample()));
        assert_eq!(read(&write(&[]).unwrap()), Ok(Vec::new()));
    }

    #[test]
    fn damage_anywhere_is_found() {
        let file = write(&sample()).unwrap();
        for at in 0..file.len() {
            let mut bad = file.clone();
            bad[at] ^= 0x10;
            let expected = match at {
                0..8 => FileError::Foreign,
                8 => FileError::TooNew,
                _ => FileError::Damaged,
            };
            assert_eq!(read(&bad), Err(expected), "byte {at}");
        }
        for end in 0..file.len() {
            assert!(read(&file[..end]).is_err(), "{end} bytes");
        }
        assert_eq!(read(b"%PDF-1.7 ..."), Err(FileError::Foreign));
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let bomb = zstd::bulk::compress(&vec![0; PARCEL_BYTES_MAX + 1], 19).unwrap();
        let file = |unpacked: usize| {
            let mut content = b"TLYPARCL\x01".to_vec();
            content.extend_from_slice(&u32::try_from(unpacked).unwrap().to_le_bytes());
            content.extend_from_slice(&u32::try_from(bomb.len()).unwrap().to_le_bytes());
            content.extend_from_slice(&bomb);
            content.extend_from_slice(&[0; 8]);
            rehashed(content)
        };
        assert_eq!(read(&file(PARCEL_BYTES_MAX + 1)), Err(FileError::TooLarge));
        assert_eq!(read(&file(10)), Err(FileError::Damaged));
        assert_eq!(
            write(&[vec![0; PARCEL_BYTES_MAX + 1]]),
            Err(FileError::TooLarge)
        );
    }

    #[test]
    fn many_small_bombs_are_refused_too() {
        let zeros = vec![0; PARCEL_BYTES_MAX];
        let parcels = vec![zeros.clone(); FILE_BYTES_MAX / PARCEL_BYTES_MAX + 1];
        assert_eq!(write(&parcels), Err(FileError::TooLarge));
        let packed = zstd::bulk::compress(&zeros, 6).unwrap();
        let mut content = b"TLYPARCL\x01".to_vec();
        for _ in &parcels {
            content.extend_from_slice(&u32::try_from(zeros.len()).unwrap().to_le_bytes());
            content.extend_from_slice(&u32::try_from(packed.len()).unwrap().to_le_bytes());
            content.extend_from_slice(&packed);
        }
        content.extend_from_slice(&[0; 8]);
        assert_eq!(read(&rehashed(content)), Err(FileError::TooLarge));
    }

    #[test]
    fn a_length_behind_the_end_is_refused() {
        let mut content = b"TLYPARCL\x01".to_vec();
        content.extend_from_slice(&5_u32.to_le_bytes());
        content.extend_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&rehashed(content)), Err(FileError::Damaged));
    }
}
