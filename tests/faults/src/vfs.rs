//! The layer between SQLite and the files: <https://sqlite.org/vfs.html>. It is SQLite's own virtual file system, but that
//! each change of a file is first put to [`disk`].
//!
//! All unsafe code of this crate is here. What it rests on: SQLite calls these functions with pointers that are valid for
//! the call, with a file only between its opening and its closing, and with as many bytes for a file as the layer asked for.

#![allow(unsafe_code, reason = "SQLite's virtual file system is an interface of C")]

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};

use rusqlite::ffi::{
    SQLITE_IOERR, SQLITE_OK, SQLITE_OPEN_CREATE, SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_MAIN_JOURNAL, sqlite3_file,
    sqlite3_filename, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

use crate::disk::{self, Made};

/// Puts the layer under every connection that is opened from now on.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the one found is SQLite's own and stays for good, and so does the copy of it. Whatever the copy keeps of
        // it takes no notice of which of the two it is called with (`os_unix.c`: only opening looks at `pAppData`).
        let registered = unsafe {
            let real = sqlite3_vfs_find(ptr::null());
            REAL.store(real, Ordering::Release);
            let layer = sqlite3_vfs {
                szOsFile: (*real).szOsFile + c_int::try_from(size_of::<Layered>()).expect("some bytes"),
                pNext: ptr::null_mut(),
                zName: c"faults".as_ptr(),
                xOpen: Some(open),
                xDelete: Some(delete),
                ..*real
            };
            sqlite3_vfs_register(Box::into_raw(Box::new(layer)), 1)
        };
        assert_eq!(registered, SQLITE_OK, "the layer is registered");
    });
}

/// An open file, for SQLite. The file of its own virtual file system comes behind it in the same memory.
#[repr(C)]
struct Layered {
    base: sqlite3_file,
    /// Its number on the disk, where one is put.
    number: Option<usize>,
    /// Whether its name is not known to be flushed: SQLite's own layer flushes the folder with the first flush of a journal
    /// that it made.
    is_new: bool,
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let real = REAL.load(Ordering::Acquire);
    let layered = file.cast::<Layered>();
    let (mut number, mut is_new) = (None, false);
    // SAFETY: `file` has room for a layered file and the real one behind it, and SQLite does not close one without methods.
    // `name`, where it is not null, ends in a zero; it is handed on as it came, as there are parameters behind it.
    unsafe {
        (*file).pMethods = ptr::null();
        if !name.is_null() && flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL) != 0 {
            is_new = flags & SQLITE_OPEN_CREATE != 0 && !path(name).exists();
            match disk::open(path(name), is_new) {
                Ok(given) => number = given,
                Err(code) => return code,
            }
        }
        let Some(open) = (*real).xOpen else { return SQLITE_IOERR };
        let code = open(real, name, layered.add(1).cast(), flags, flags_out);
        if code == SQLITE_OK {
            layered.write(Layered { base: sqlite3_file { pMethods: &raw const METHODS }, number, is_new });
        }
        code
    }
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, flush_folder: c_int) -> c_int {
    let real = REAL.load(Ordering::Acquire);
    // SAFETY: `name` ends in a zero.
    unsafe {
        let ruling = disk::delete(path(name), flush_folder != 0);
        let Some(delete) = (*real).xDelete else { return SQLITE_IOERR };
        if ruling.made == Made::Nothing {
            return ruling.code;
        }
        // Only the disk above needs to know of the flush.
        let code = delete(real, name, 0);
        if code == SQLITE_OK { ruling.code } else { code }
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    at: sqlite3_int64,
) -> c_int {
    let (Ok(length), Ok(offset)) = (usize::try_from(count), usize::try_from(at)) else { return SQLITE_IOERR };
    // SAFETY: `bytes` has as many as `count` says; half of them are fewer.
    unsafe {
        let Some(number) = (*file.cast::<Layered>()).number else {
            return real!(file, xWrite, bytes, count, at);
        };
        let ruling = disk::write_to(number, offset, std::slice::from_raw_parts(bytes.cast::<u8>(), length));
        let code = match ruling.made {
            Made::All => real!(file, xWrite, bytes, count, at),
            Made::Half => real!(file, xWrite, bytes, count / 2, at),
            Made::Nothing => SQLITE_OK,
        };
        if code == SQLITE_OK { ruling.code } else { code }
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    let Ok(length) = usize::try_from(size) else { return SQLITE_IOERR };
    // SAFETY: see the top.
    unsafe {
        if let Some(number) = (*file.cast::<Layered>()).number {
            let ruling = disk::truncate(number, length);
            if ruling.made == Made::Nothing {
                return ruling.code;
            }
        }
        real!(file, xTruncate, size)
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: see the top.
    unsafe {
        let layered = file.cast::<Layered>();
        let Some(number) = (*layered).number else {
            return real!(file, xSync, flags);
        };
        let ruling = disk::flush(number, (*layered).is_new);
        (*layered).is_new &= ruling.code != SQLITE_OK;
        ruling.code
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: see the top.
    unsafe { real!(file, xClose,) }
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    bytes: *mut c_void,
    count: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: see the top.
    unsafe { real!(file, xRead, bytes, count, at) }
}

unsafe extern "C" fn size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    // SAFETY: see the top.
    unsafe { real!(file, xFileSize, size) }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see the top.
    unsafe { real!(file, xLock, level) }
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see the top.
    unsafe { real!(file, xUnlock, level) }
}

unsafe extern "C" fn is_reserved(file: *mut sqlite3_file, answer: *mut c_int) -> c_int {
    // SAFETY: see the top.
    unsafe { real!(file, xCheckReservedLock, answer) }
}

unsafe extern "C" fn control(file: *mut sqlite3_file, what: c_int, with: *mut c_void) -> c_int {
    // SAFETY: see the top.
    unsafe { real!(file, xFileControl, what, with) }
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    // SAFETY: see the top.
    unsafe { real!(file, xSectorSize,) }
}

unsafe extern "C" fn characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: see the top.
    unsafe { real!(file, xDeviceCharacteristics,) }
}

/// # Safety
/// `name` ends in a zero and outlives the path.
unsafe fn path<'a>(name: *const c_char) -> &'a Path {
    // SAFETY: as above.
    Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()))
}

/// Calls a method of the real file behind a layered one.
macro_rules! real {
    ($file:expr, $method:ident, $($argument:expr),*) => {{
        let real = $file.cast::<Layered>().add(1).cast::<sqlite3_file>();
        match (*(*real).pMethods).$method {
            Some(method) => method(real, $($argument),*),
            None => SQLITE_IOERR,
        }
    }};
}
use real;

/// Those of version 1: without shared memory and memory mapping, through which nothing would be seen here.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(is_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// SQLite's own virtual file system.
static REAL: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());
