//! What nothing durable can do without: a commit, and the clock beside it.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long some work takes; what it made is dropped after that.
pub fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let began = Instant::now();
    let done = black_box(work());
    let time = began.elapsed();
    drop(done);
    time
}

/// One row of so many bytes, as durably as a vault writes.
pub fn commit_of(folder: &Path, file: &str, bytes: usize) -> impl FnMut() -> Duration {
    let db = rusqlite::Connection::open(folder.join(file)).unwrap();
    db.execute_batch(
        "PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON; CREATE TABLE floor (id INTEGER PRIMARY KEY, row BLOB)",
    )
    .unwrap();
    let row = vec![7; bytes];
    move || {
        timed(|| db.prepare_cached("INSERT INTO floor (row) VALUES (?1)").unwrap().execute([&row]).unwrap())
    }
}
