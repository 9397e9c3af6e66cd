//! Writes the inputs that the fuzz targets start from, into `fuzz/corpus/`, one folder for each target: those that
//! the tests start from too, made here and taken from other projects where they are at hand (`COLDCERT_SHARED`).
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
use coldcert::pem;
use seeds::Kind;

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let all = seeds::all();
    for seed in &all {
        let targets: &[&str] = match seed.kind {
            Kind::Certificate => &["certificate", "bundle", "judge"],
            Kind::RevocationList => &["revocation_list"],
            Kind::Request => &["request"],
            Kind::Bundle => &["bundle", "judge"],
            Kind::Pkcs12 => &["pkcs12", "bundle"],
        };
        for target in targets {
            let folder = corpus.join(target);
            fs::create_dir_all(&folder)?;
            let bytes = match (*target, seed.kind) {
                // One certificate twice: given, and trusted.
                ("judge", Kind::Certificate) => seed.bytes.repeat(2),
                ("bundle", Kind::Certificate) => pem::write("CERTIFICATE", &seed.bytes).into_bytes(),
                _ => seed.bytes.clone(),
            };
            fs::write(folder.join(Fingerprint::of(&bytes).to_string().replace(" ", "")), bytes)?;
        }
    }
    println!("{} inputs in {}", all.len(), corpus.display());
    Ok(())
}
