//! Disks that fail, under SQLite: [`Disk`] says what happens to each change of a file, and a layer over SQLite's own
//! virtual file system asks it. The library on top knows nothing of it.

mod disk;
mod lot;
mod vfs;

pub use disk::{Disk, Fault};
pub use lot::Lot;
