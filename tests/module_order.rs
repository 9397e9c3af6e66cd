//! Dependence runs one way: a module uses only modules above it in the list of `src/lib.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn a_module_uses_only_modules_above_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let order = modules(&fs::read_to_string(source.join("lib.rs")).expect("src/lib.rs"));
    let position: BTreeMap<&str, usize> =
        order.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    assert!(order.len() > 20, "the modules of src/lib.rs: {order:?}");
    let mut wrong = Vec::new();
    for module in &order {
        for file in files_of(&source, module) {
            let text = fs::read_to_string(&file).expect("a source file");
            for (line, used) in uses(&text) {
                match position.get(used.as_str()) {
                    Some(at) if at <= &position[module.as_str()] => {}
                    Some(_) => {
                        wrong.push(format!("{}:{line}: {module} uses {used}, below it", file.display()))
                    }
                    None => {
                        wrong.push(format!("{}:{line}: {used} is no module of src/lib.rs", file.display()))
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_order_is_that_of_the_design() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let order = modules(&fs::read_to_string(source).expect("src/lib.rs"));
    let flow = [
        "name",
        "pem",
        "seal",
        "policy",
        "issuer",
        "key",
        "csr",
        "pending",
        "certificate",
        "bundle",
        "x5c",
        "chain",
        "verdict",
        "authority",
        "record",
        "secret",
        "ledger",
        "store",
        "vault",
        "wire",
        "cli",
    ];
    let places: Vec<usize> = flow
        .iter()
        .map(|module| {
            order.iter().position(|one| one == module).unwrap_or_else(|| panic!("no module {module}"))
        })
        .collect();
    assert!(places.is_sorted(), "{order:?}");
}

/// The modules that lib.rs declares, in its order.
fn modules(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

/// A module's files: `name.rs` and everything below `name/`.
fn files_of(source: &Path, module: &str) -> Vec<PathBuf> {
    let mut files = vec![source.join(format!("{module}.rs"))];
    let mut folders = vec![source.join(module)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Every `crate::MODULE` outside comments, with its line.
fn uses(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for part in code.split("crate::").skip(1) {
            let module: String =
                part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !module.is_empty() {
                found.push((number + 1, module));
            }
        }
    }
    found
}
