//! The program where there is no room: a file that it writes is there whole or not at all, and what was there before is as it
//! was. The vault itself, at every single write, is for `tests/faults`, and a disk that is full also for `bad_input`.

mod support;

use support::{Run, Workplace, need, shown, skip};

/// What writes a file, and which.
const WRITERS: [(&str, &str); 5] = [
    ("export base --format pfx -o out", "out"),
    ("export base --format pem -o out", "out"),
    ("export base --format chain -o out", "out"),
    ("backup base -o out", "out"),
    ("pending csr waits -o out", "out"),
];

#[test]
fn a_file_that_cannot_grow_is_not_there_and_an_older_one_is_as_it_was() {
    if need("openssl").is_none() {
        return;
    }
    let work = prepared();
    let mut cut_short = 0;
    for (line, file) in WRITERS {
        work.run(line).done();
        let whole = work.read(file).len();
        for old in [None, Some("what was there before")] {
            let line = if old.is_some() { format!("{line} --force") } else { line.to_owned() };
            std::fs::remove_file(work.path(file)).expect("the file of the run before");
            if let Some(old) = old {
                work.write(file, old);
            }
            let before = work.everything();
            for blocks in (0..).take_while(|blocks| blocks * BLOCK < whole) {
                for signal in [Signal::Ignored, Signal::Usual] {
                    let run = limited(&work, blocks, signal, &line);
                    assert_eq!(run.code, Some(2), "{line}: {blocks} blocks: {}", run.stderr);
                    // The ledger comes first, and has no room either.
                    let says = ["out cannot be written", "the vault file could not be written"];
                    assert!(says.iter().any(|one| run.stderr.contains(one)), "{}", run.stderr);
                    run.says(&["help: "]);
                    // What SQLite could not take back at once it takes back when the vault is opened.
                    work.run("list").done();
                    assert!(
                        rows(work.everything()) == rows(before.clone()),
                        "{line}: {blocks} blocks left something behind"
                    );
                    cut_short += 1;
                }
            }
            let vault = work.read("vault.coldcert").len();
            limited(&work, whole.max(2 * vault).div_ceil(BLOCK), Signal::Usual, &line).done();
            assert_eq!(work.read(file).len(), whole, "{line}");
        }
        std::fs::remove_file(work.path(file)).expect("the file of the run before");
    }
    support::say(&format!(
        "reliability: files cut short and not there | {cut_short} | {} commands, each limit of their size, with and without --force",
        WRITERS.len()
    ));
}

/// The files, the vault by its rows: its ledger says what was attempted.
fn rows(files: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let files = files.into_iter().filter(|(name, _)| name != "vault.coldcert-journal");
    files
        .map(|(name, bytes)| match name.as_str() {
            "vault.coldcert" => (name, support::dump(&bytes).join("\n").into_bytes()),
            _ => (name, bytes),
        })
        .collect()
}

#[test]
fn a_vault_that_cannot_grow_is_as_it_was_and_no_request_leaves_it() {
    if need("openssl").is_none() {
        return;
    }
    let work = prepared();
    let (line, before) = ("create new --subject CN=new --curve P-256 -o new.csr", work.everything());
    let size = work.read("vault.coldcert").len().div_ceil(BLOCK);
    // No room for the journal; for half of it; for the journal and not for the file.
    for blocks in [0, 8, size / 2] {
        for signal in [Signal::Ignored, Signal::Usual] {
            limited(&work, blocks, signal, line).broken().says(&[
                "vault.coldcert: I/O error: the vault file could not be written",
                "help: see in the system's log",
            ]);
            // Where SQLite could not take back at once what it had begun, it does when there is room.
            work.run("pending show new").refused();
            assert!(!work.path("new.csr").exists(), "{blocks} blocks: a request of a key that is not kept");
            let left = work.everything().into_iter().filter(|(name, _)| name != "vault.coldcert-journal");
            assert!(left.eq(before.clone()), "{blocks} blocks: something was changed");
        }
    }
    work.run(line).done();
}

#[test]
fn a_disk_with_no_room_for_one_more_file_is_said_to_have_none() {
    if need("openssl").is_none() || need("unshare").is_none() {
        return;
    }
    let work = prepared();
    std::fs::create_dir(work.path("disk")).expect("a folder");
    let program = env!("CARGO_BIN_EXE_coldcert");
    let run = work.tool("unshare", &["--map-root-user", "--mount", "sh", "-c", NO_MORE_FILES, "sh", program]);
    if run.stderr.contains("unshare") || run.code == Some(NO_MOUNT) {
        return skip("no small file system can be mounted here");
    }
    let run = run.done();
    let said = run.out();
    let expected = [
        "export: 2",
        "backup: 2",
        "init: 2",
        "create: 2",
        "left: vault.coldcert",
        "create: 0",
        "export: 0",
        "init: 0",
        "left: base.pfx second.coldcert vault.coldcert",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected, "{}", run.stderr);
    run.says(&[
        "disk/base.pfx cannot be written: no file can be made in disk",
        "disk/second.coldcert: the vault cannot be made",
        "disk/vault.coldcert: no file can be made beside the vault file",
        "df -i",
    ]);
}

/// A file system of its own, which nobody else sees and which is gone with the script: first it is full of files, and then
/// it is not.
const NO_MORE_FILES: &str = r#"
coldcert=$1
mount -t tmpfs -o size=1m,nr_inodes=16 none disk || exit 77
cp vault.coldcert disk/vault.coldcert
export COLDCERT_VAULT=disk/vault.coldcert
try() { what=$1; shift; "$coldcert" "$@" >/dev/null; echo "$what: $?"; }
left() { rm -f disk/filler*; echo left: $(ls -A disk); }
number=0
while touch disk/filler$number 2>/dev/null; do number=$((number + 1)); done
try export export base -o disk/base.pfx
try backup backup base -o disk/base.backup
try init --vault disk/second.coldcert init --no-passphrase
try create create new --subject CN=new --curve P-256 -o new.csr
left
try create create new --subject CN=new --curve P-256 -o new.csr
try export export base -o disk/base.pfx
try init --vault disk/second.coldcert init --no-passphrase
left
"#;

/// A vault with `base` merged, and `waits`, which waits.
fn prepared() -> Workplace {
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("base");
    work.create("waits");
    work
}

/// What a program that writes past its limit starts with: the signal would kill one that does not handle it.
/// With so few files nothing need be done, but it is an error that is told.
#[test]
fn a_process_that_may_open_few_files_says_so_and_does_not_panic() {
    let work = Workplace::with_vault();
    for files in 3..=10 {
        let script = format!("ulimit -n {files}; exec \"$@\"");
        let vault = work.path("vault.coldcert");
        let program = ["-c", &script, "sh", env!("CARGO_BIN_EXE_coldcert"), "--vault", shown(&vault)];
        let name = format!("www{files}");
        let output = format!("{}.csr", shown(&work.path(&name)));
        let create = ["create", &name, "--subject", "CN=www", "--kty", "EC", "-o", &output];
        let run = work.tool("sh", &[program.as_slice(), create.as_slice()].concat());
        // A program that the system's loader cannot start never gets to say anything.
        let is_started = run.code != Some(127);
        assert!(!is_started || matches!(run.code, Some(0..=2)), "{files}: {:?} {}", run.code, run.stderr);
        assert!(!run.stderr.contains("panicked"), "{files}: {}", run.stderr);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Signal {
    Ignored,
    Usual,
}

/// Runs the program where no file may have more than so many blocks (POSIX, `ulimit -f`).
fn limited(work: &Workplace, blocks: usize, signal: Signal, line: &str) -> Run {
    let trap = if signal == Signal::Ignored { "trap '' XFSZ; " } else { "" };
    let script = format!("ulimit -c 0; ulimit -f {blocks}; {trap}exec \"$@\"");
    let vault = work.path("vault.coldcert");
    let program = [env!("CARGO_BIN_EXE_coldcert"), "--vault", shown(&vault)];
    let arguments: Vec<&str> =
        ["-c", &script, "sh"].into_iter().chain(program).chain(line.split_whitespace()).collect();
    work.tool("sh", &arguments)
}

/// The unit of `ulimit -f` (POSIX).
const BLOCK: usize = 512;
/// How the script says that it may not mount.
const NO_MOUNT: i32 = 77;
