//! What both benchmarks share: the table that they print, a training CA, and vaults of many certificates.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "each benchmark uses its part")]
#![allow(missing_docs, missing_debug_implementations, reason = "nothing is published from here")]

mod derive;
mod floor;
mod sign;
mod table;
mod vaults;

pub use derive::derive;
pub use floor::{commit_of, timed};
pub use sign::{TrainingAuthority, policy};
pub use table::{Row, Table, Target, Unit, median, millis, wanted};
pub use vaults::{LARGE, PASSPHRASE, Vaults, begin, filled_name, passphrase};
