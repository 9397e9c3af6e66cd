//! The `coldcert` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    coldcert::cli::main()
}
