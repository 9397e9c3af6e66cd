//! The scripts of `supply/` refuse what was changed on the way. That they accept what was not is a step of `.ci/run`,
//! and that two builds of it are the same is `supply/verify`'s to show: both need minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn every_script_says_what_it_is_for() {
    let mut scripts: Vec<PathBuf> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("supply"))
        .expect("supply")
        .map(|entry| entry.expect("a file").path())
        .collect();
    scripts.sort();
    assert!(scripts.len() >= 5, "{scripts:?}");
    for script in scripts {
        let name = script.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        if name == "bill" && !is_there("python3") {
            continue;
        }
        let said = Command::new(&script).arg("--help").output().expect("a script");
        assert!(said.status.success(), "{name}: {said:?}");
        assert!(text(&said.stdout).contains(&format!("usage: supply/{name}")), "{name}: {said:?}");
        let refused = Command::new(&script).arg("--no-such-option").output().expect("a script");
        assert!(!refused.status.success(), "{name} took an option that it does not have");
    }
}

#[test]
fn a_changed_file_is_refused() {
    let source = Source::new();
    fs::write(source.path("vendor/one.rs"), "fn two() {}\n").expect("a file");
    source.is_refused("vendor/one.rs: FAILED");
}

#[test]
fn a_missing_file_is_refused() {
    let source = Source::new();
    fs::remove_file(source.path("vendor/one.rs")).expect("a file");
    source.is_refused("vendor/one.rs: No such file or directory");
}

#[test]
fn a_file_more_is_refused() {
    let source = Source::new();
    fs::write(source.path("vendor/build.rs"), "fn main() {}\n").expect("a file");
    source.is_refused("but those of SHA256SUMS, found:\nvendor/build.rs");
}

#[test]
fn another_tarball_than_its_checksum_says_is_refused() {
    let source = Source::new();
    fs::write(source.path("a.tar.gz"), "not it").expect("a file");
    fs::write(source.path("a.tar.gz.sha256"), format!("{:064}  a.tar.gz\n", 0)).expect("a file");
    let refused = check(&source.path("a.tar.gz"));
    assert!(text(&refused.stderr).contains("expected sha256 000"), "{refused:?}");
    assert!(!refused.status.success());
}

#[test]
fn a_bill_that_lacks_a_package_or_has_another_is_refused() {
    if !is_there("python3") {
        return;
    }
    let source = Source::new();
    let sum = "5".repeat(64);
    let lock = format!(
        "version = 4\n\n[[package]]\nname = \"coldcert\"\nversion = \"0.1.0\"\ndependencies = [\n \"one\",\n]\n\n\
         [[package]]\nname = \"one\"\nversion = \"1.0.0+2\"\nsource = \"registry\"\nchecksum = \"{sum}\"\n"
    );
    let bill = |package: &str| {
        format!(
            r#"{{"metadata": {{"component": {{"bom-ref": "a", "purl": "pkg:cargo/coldcert@0.1.0", "licenses": [{{}}]}}}},
            "components": [{{"bom-ref": "b", "purl": "pkg:cargo/{package}", "licenses": [{{}}],
                "hashes": [{{"alg": "SHA-256", "content": "{sum}"}}]}}],
            "dependencies": [{{"ref": "pkg:cargo/coldcert@0.1.0", "dependsOn": ["pkg:cargo/{package}"]}}]}}"#
        )
    };
    fs::write(source.path("Cargo.lock"), &lock).expect("a file");
    for (package, is_right) in [("one@1.0.0%2B2", true), ("one@1.0.0", false), ("two@1.0.0%2B2", false)] {
        fs::write(source.path("bill.json"), bill(package)).expect("a file");
        let said = script("bill")
            .arg("check")
            .args([source.path("bill.json"), source.path("Cargo.lock")])
            .output()
            .expect("supply/bill");
        assert_eq!(said.status.success(), is_right, "{package}: {said:?}");
        let told = text(&said.stderr).contains("package: expected pkg:cargo/one@1.0.0%2B2 sha256 555");
        assert_eq!(told, !is_right, "{package}: {said:?}");
    }
}

/// As much of a carried source as is looked at before cargo is asked.
struct Source {
    folder: tempfile::TempDir,
}

impl Source {
    fn new() -> Self {
        let source = Self { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir(source.path("vendor")).expect("a folder");
        let files = ["Cargo.lock", "SOURCE", "coldcert.cdx.json", "vendor/one.rs"];
        for file in files {
            fs::write(source.path(file), "fn one() {}\n").expect("a file");
        }
        let listed = Command::new("sha256sum")
            .args(files)
            .current_dir(source.folder.path())
            .output()
            .expect("sha256sum");
        fs::write(source.path("SHA256SUMS"), listed.stdout).expect("a file");
        source
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn is_refused(&self, why: &str) {
        let refused = check(self.folder.path());
        assert!(!refused.status.success(), "{refused:?}");
        assert!(text(&refused.stderr).contains(why), "{refused:?}");
    }
}

fn check(what: &Path) -> Output {
    script("check").arg(what).output().expect("supply/check")
}

fn script(name: &str) -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("supply").join(name))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "{program} may not be missing in CI");
    there
}
