//! The door to SQLite: the only unsafe code of the workspace. Everything behind it is in `state`.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, OnceLock};

use rusqlite::ffi;

use super::locks::HandleId;
use super::state::{Failure, State};
use super::{find, lock};

/// SQLite maps shared memory in regions of 32 KiB; eight-byte words keep them aligned.
const REGION_WORDS: usize = 4_096;

/// The WAL index of one database: SQLite reads and writes it through raw pointers, under the locks in `locks`.
#[derive(Debug, Default)]
pub(super) struct SharedMemory(Mutex<Vec<NonNull<[u64; REGION_WORDS]>>>);

// SAFETY: the pointers own their regions, which live until the last `Arc` of this is dropped; SQLite orders the
// accesses to what they point at, as it does between processes.
unsafe impl Send for SharedMemory {}
// SAFETY: as above.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    fn region(&self, index: usize, extend: bool) -> *mut c_void {
        let mut regions = lock(&self.0);
        while extend && regions.len() <= index {
            let region = Box::leak(Box::new([0u64; REGION_WORDS]));
            regions.push(NonNull::from(region));
        }
        regions
            .get(index)
            .map_or(ptr::null_mut(), |r| r.as_ptr().cast())
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        for region in lock(&self.0).drain(..) {
            // SAFETY: it came from `Box::leak` above and is freed once; whoever mapped it held an `Arc` of this.
            drop(unsafe { Box::from_raw(region.as_ptr()) });
        }
    }
}

struct Open {
    state: Arc<Mutex<State>>,
    handle: HandleId,
    delete_on_close: Option<(u32, String)>,
    /// Keeps what SQLite was given alive until it closes the file, whatever became of the disk.
    memory: Option<Arc<SharedMemory>>,
}

/// What SQLite allocates for us: its own part first.
#[repr(C)]
struct FileSlot {
    base: ffi::sqlite3_file,
    open: *mut Open,
}

/// # Safety
/// `file` was filled by [`open`] and not closed since.
unsafe fn opened<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Open {
    // SAFETY: `szOsFile` is the size of a `FileSlot`, and SQLite uses one file from one thread at a time.
    unsafe { &mut *(*file.cast::<FileSlot>()).open }
}

fn code(failure: Failure, io: c_int) -> c_int {
    match failure {
        Failure::Io => io,
        Failure::Full => ffi::SQLITE_FULL,
        Failure::Absent => ffi::SQLITE_CANTOPEN,
    }
}

fn answer(result: Result<(), Failure>, io: c_int) -> c_int {
    result.map_or_else(|failure| code(failure, io), |()| ffi::SQLITE_OK)
}

fn granted(result: Result<bool, Failure>, io: c_int) -> c_int {
    match result {
        Ok(true) => ffi::SQLITE_OK,
        Ok(false) => ffi::SQLITE_BUSY,
        Err(failure) => code(failure, io),
    }
}

/// # Safety
/// `name` is null or a C string.
unsafe fn text<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: not null, and SQLite ends its names with a zero.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let slot = file.cast::<FileSlot>();
    // SAFETY: SQLite gives `szOsFile` bytes. Null methods tell it that there is nothing to close.
    unsafe { (*slot).base.pMethods = ptr::null() };
    // SAFETY: a name of SQLite's, or null for a temporary file.
    let Some((state, process, name)) = unsafe { text(name) }.and_then(find) else {
        return ffi::SQLITE_CANTOPEN;
    };
    let create = flags & ffi::SQLITE_OPEN_CREATE != 0;
    let opened = lock(&state).open(process, &name, create);
    let handle = match opened {
        Ok(handle) => handle,
        Err(failure) => return code(failure, ffi::SQLITE_CANTOPEN),
    };
    let delete_on_close = (flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0).then_some((process, name));
    let open = Box::new(Open {
        state,
        handle,
        delete_on_close,
        memory: None,
    });
    // SAFETY: as above; `out_flags` is null or points at an int.
    unsafe {
        (*slot).open = Box::into_raw(open);
        (*slot).base.pMethods = &raw const METHODS;
        if let Some(out) = out_flags.as_mut() {
            *out = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: made by `Box::into_raw` in `open`; SQLite closes a file once and does not use it afterwards.
    let open = unsafe { Box::from_raw((*file.cast::<FileSlot>()).open) };
    let mut state = lock(&open.state);
    state.close(open.handle);
    if let Some((process, name)) = &open.delete_on_close {
        let _ = state.delete(*process, name);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    n: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: an open file, and a buffer of `n` bytes.
    let (open, into) = unsafe {
        let into = std::slice::from_raw_parts_mut(into.cast::<u8>(), n as usize);
        (opened(file), into)
    };
    match lock(&open.state).read(open.handle, at as usize, into) {
        Ok(true) => ffi::SQLITE_OK,
        Ok(false) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(failure) => code(failure, ffi::SQLITE_IOERR_READ),
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    n: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: an open file, and a buffer of `n` bytes.
    let (open, from) = unsafe {
        let from = std::slice::from_raw_parts(from.cast::<u8>(), n as usize);
        (opened(file), from)
    };
    let written = lock(&open.state).write(open.handle, at as usize, from);
    answer(written, ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, len: ffi::sqlite3_int64) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let done = lock(&open.state).truncate(open.handle, len as usize);
    answer(done, ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let done = lock(&open.state).sync(open.handle);
    answer(done, ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(
    file: *mut ffi::sqlite3_file,
    out: *mut ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let size = lock(&open.state).size(open.handle);
    match size {
        Ok(size) => {
            // SAFETY: SQLite wants the answer there.
            unsafe { *out = size as i64 };
            ffi::SQLITE_OK
        }
        Err(failure) => code(failure, ffi::SQLITE_IOERR_FSTAT),
    }
}

unsafe extern "C" fn raise(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let got = lock(&open.state).raise(open.handle, level);
    granted(got, ffi::SQLITE_IOERR_LOCK)
}

unsafe extern "C" fn lower(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    lock(&open.state).lower(open.handle, level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let reserved = lock(&open.state).is_reserved(open.handle);
    match reserved {
        Ok(reserved) => {
            // SAFETY: SQLite wants the answer there.
            unsafe { *out = c_int::from(reserved) };
            ffi::SQLITE_OK
        }
        Err(failure) => code(failure, ffi::SQLITE_IOERR_CHECKRESERVEDLOCK),
    }
}

const unsafe extern "C" fn file_control(
    _file: *mut ffi::sqlite3_file,
    _operation: c_int,
    _argument: *mut c_void,
) -> c_int {
    ffi::SQLITE_NOTFOUND
}

const unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    4_096
}

/// As SQLite's own file systems say of themselves: a torn write harms nothing beside it.
const unsafe extern "C" fn characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let mapped = lock(&open.state).map(open.handle);
    let memory = match mapped {
        Ok(memory) if size as usize == size_of::<[u64; REGION_WORDS]>() => memory,
        _ => return ffi::SQLITE_IOERR_SHMMAP,
    };
    let pointer = memory.region(region as usize, extend != 0);
    open.memory = Some(memory);
    // SAFETY: SQLite wants the answer there.
    unsafe { *out = pointer };
    ffi::SQLITE_OK
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    n: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let (first, n) = (first as usize, n as usize);
    let mut state = lock(&open.state);
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        state.give_back_slots(open.handle, first, n);
        return ffi::SQLITE_OK;
    }
    let alone = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
    let got = state.take_slots(open.handle, first, n, alone);
    granted(got, ffi::SQLITE_IOERR_SHMLOCK)
}

unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    lock(&open.state).unmap_open(open.handle);
    open.memory = None;
    ffi::SQLITE_OK
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // With shared memory, without memory-mapped files.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(raise),
    xUnlock: Some(lower),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn delete(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _sync_folder: c_int,
) -> c_int {
    // SAFETY: a name of SQLite's.
    let Some((state, process, name)) = unsafe { text(name) }.and_then(find) else {
        return ffi::SQLITE_IOERR_DELETE;
    };
    match lock(&state).delete(process, &name) {
        Ok(()) => ffi::SQLITE_OK,
        Err(Failure::Absent) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(_) => ffi::SQLITE_IOERR_DELETE,
    }
}

unsafe extern "C" fn access(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: a name of SQLite's.
    let Some((state, process, name)) = unsafe { text(name) }.and_then(find) else {
        return ffi::SQLITE_IOERR_ACCESS;
    };
    match lock(&state).exists(process, &name) {
        Ok(exists) => {
            // SAFETY: SQLite wants the answer there.
            unsafe { *out = c_int::from(exists) };
            ffi::SQLITE_OK
        }
        Err(failure) => code(failure, ffi::SQLITE_IOERR_ACCESS),
    }
}

unsafe extern "C" fn full_path(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: a name of SQLite's.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if bytes.len() > room as usize {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: `out` has room for `room` bytes and is not the name itself.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len()) };
    ffi::SQLITE_OK
}

/// Only temporary names would be drawn from it, and there are none.
unsafe extern "C" fn randomness(_vfs: *mut ffi::sqlite3_vfs, n: c_int, out: *mut c_char) -> c_int {
    // SAFETY: a buffer of `n` bytes.
    unsafe { ptr::write_bytes(out, 0x5a, n as usize) };
    n
}

/// Whoever would wait for a lock finds it taken at once: in one thread nobody can give it back meanwhile.
const unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    micros
}

/// The tables ask no clock.
unsafe extern "C" fn current_time(
    _vfs: *mut ffi::sqlite3_vfs,
    out: *mut ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite wants the answer there: milliseconds of Julian days.
    unsafe { *out = 210_866_803_200_000 };
    ffi::SQLITE_OK
}

const unsafe extern "C" fn last_error(
    _vfs: *mut ffi::sqlite3_vfs,
    _room: c_int,
    _out: *mut c_char,
) -> c_int {
    0
}

/// Tells SQLite of the file system, once for the process.
///
/// # Panics
/// If SQLite has no memory left.
pub(super) fn register() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: size_of::<FileSlot>() as c_int,
            mxPathname: 512,
            pNext: ptr::null_mut(),
            zName: c"testkit-disk".as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: None,
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: Some(current_time),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the structure lives for ever, and not as the default.
        let code = unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
        assert_eq!(code, ffi::SQLITE_OK, "SQLite takes the file system");
    });
}
