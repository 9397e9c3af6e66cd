//! Links the unwinder into the program where it would be a library of its own.
//!
//! To find, map, relocate and initialise `libgcc_s.so.1` costs a twentieth of a short command's whole time, and a
//! program that is carried to another machine needs one file less there.

#![allow(clippy::print_stdout, reason = "cargo reads its instructions there")]

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|found| found == value);
    if !(is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu")) {
        return Ok(());
    }
    let out =
        env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    // The linker looks here first when the standard library asks for gcc_s, and finds the way to the archives.
    fs::write(out.join("libgcc_s.so"), "INPUT(-lgcc_eh -lgcc)\n")?;
    println!("cargo::rustc-link-search=native={}", out.display());
    Ok(())
}
