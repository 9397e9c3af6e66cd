//! The `coldcert` program.

fn main() {}
