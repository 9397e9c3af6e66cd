//! Writes the inputs that the fuzz targets start from, into `fuzz/corpus/`, one folder for each target: those that
//! the tests start from too, made here, of `testdata`, and of other projects where they are at hand (`COLDCERT_SHARED`).
//!
//! ```text
//! cargo run --example fuzz_seeds && cargo +nightly fuzz run judge
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to its user")]

#[path = "../tests/support/made.rs"]
mod made;
#[path = "../tests/support/seeds.rs"]
mod seeds;

use std::fs;
use std::path::Path;

use coldcert::fingerprint::Fingerprint;

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let all = seeds::all();
    for seed in &all {
        let folder = corpus.join(seed.parser);
        fs::create_dir_all(&folder)?;
        // By its contents, so that the same is written once.
        fs::write(folder.join(Fingerprint::of(&seed.bytes).to_string().replace(' ', "")), &seed.bytes)?;
    }
    println!("{} inputs in {}", all.len(), corpus.display());
    Ok(())
}
