//! No secret is left where it does not belong: the bytes of keys, passphrases and passwords that are known here are looked
//! for in the vault file and its journal, in every other file, in what is said, in argument lists, and in the memory of
//! processes that are done with them.
//!
//! The last is done to this test program itself, started once more as the one that works ([`worker`]): the needles are
//! known to the parent alone.

mod support;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use coldcert::cli::terminal::{Palette, Widths};
use coldcert::cli::{self, Exit, Leads, Surroundings};
use coldcert::pending::Operation;
use coldcert::seal::Passphrase;
use coldcert::time::UnixTime;
use coldcert::vault::{ListOptions, Vault};
use support::{Workplace, need};
use zeroize::Zeroizing;

const PASSPHRASE: &str = "a-passphrase-that-is-nowhere-else";
const PASSWORD: &str = "a-password-of-a-pfx-that-is-nowhere-else";

/// What is done, in this order, after `init`; `www` and `rsa` are signed in between.
const BEFORE: [&str; 2] = [
    "create www --subject CN=www.example.com --kty EC -o www.csr",
    "create rsa --subject CN=rsa.example.com --kty RSA -o rsa.csr",
];
const LINES: [&str; 13] = [
    "merge www www.pem intermediate.pem",
    "merge rsa rsa.pem intermediate.pem",
    "merge www rsa.pem",
    "export www -o www.pfx --password-file password",
    "export rsa -o rsa.pfx --password-file password",
    "import other rsa.pfx --password-file password",
    "backup www -o www.backup",
    "create own --subject CN=own --kty EC --issuer Self",
    "ca init training --subject CN=Training",
    "show www",
    "audit show",
    "audit verify",
    // The password is a passphrase as well from here on.
    "passphrase --new-passphrase-file password",
];

#[test]
fn nothing_secret_is_in_a_file_that_is_said_in_an_argument_list_or_left_in_memory() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::empty();
    work.write("passphrase", format!("{PASSPHRASE}\n"));
    work.write("password", format!("{PASSWORD}\n"));
    work.make_authority();
    let journals = Journals::of(&work.path("vault.coldcert-journal"));

    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "worker", "--ignored", "--nocapture"])
        .current_dir(work.path("."))
        .env(WORKS, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut to = child.stdin.take().expect("stdin");
    let mut from = BufReader::new(child.stdout.take().expect("stdout"));
    wait_for(&mut from, BEGUN);
    work.sign("www.csr", "www.pem");
    work.sign("rsa.csr", "rsa.pem");
    writeln!(to, "go on").expect("a line");
    let said = wait_for(&mut from, DONE);

    // Only now does anybody here know a key.
    let needles = needles(&work);
    assert!(needles.len() >= 40, "{} needles", needles.len());
    let searched = memory(child.id(), &needles);
    let cmdline = fs::read(format!("/proc/{}/cmdline", child.id())).expect("an argument list");
    drop(to);
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut bytes = searched;
    let mut search = |what: &str, haystack: &[u8]| {
        bytes += haystack.len();
        for (name, needle) in &needles {
            assert!(!holds(haystack, needle), "{name} is in {what}");
        }
    };
    search("what was said", said.as_bytes());
    search("what was said of errors", &output.stderr);
    search("the argument list", &cmdline);
    for journal in journals.end() {
        search("a journal", &journal);
    }
    for (file, content) in work.everything() {
        // Given by whoever works here, not made by the program.
        if !["passphrase", "password"].contains(&file.as_str()) {
            search(&file, &content);
        }
    }
    support::say(&format!(
        "reliability: bytes searched for secrets, and none found | {bytes} | {} needles in memory, files, journals, output, argument lists",
        needles.len()
    ));
}

/// A server under a passphrase: keys are in its memory while they are used, and not after.
#[test]
fn a_server_that_gave_a_secret_out_keeps_no_private_key() {
    if need("openssl").is_none() || need("curl").is_none() {
        return;
    }
    let work = Workplace::empty();
    work.write("passphrase", format!("{PASSPHRASE}\n"));
    let by = "--passphrase-file passphrase";
    work.run(&format!("{by} init")).done();
    work.run(&format!("{by} create own --subject CN=own --kty EC --issuer Self")).done();
    let line = format!("{by} serve --listen 127.0.0.1:0 --log log");
    let mut child = work
        .command(line.split_whitespace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("coldcert");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("a line");
    let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let text = |member: &str| ready[member].as_str().expect("a text").to_owned();
    let port = text("url").rsplit(':').next().expect("a port").to_owned();
    for path in ["secrets/own", "certificates/own", "keys/own"] {
        let curl = Command::new("curl")
            .args([
                "-s",
                "-f",
                "--cacert",
                &text("ca"),
                "--resolve",
                &format!("vault.localhost:{port}:127.0.0.1"),
            ])
            .args(["-H", &format!("Authorization: Bearer {}", text("token"))])
            .arg(format!("https://vault.localhost:{port}/{path}?api-version=7.4"))
            .output()
            .expect("curl");
        assert!(curl.status.success(), "{path}");
    }
    // The vault key stays, as the server could not work without: it is no needle here.
    let mut needles = needles(&work);
    needles.retain(|name, _| !name.starts_with("the vault key"));
    let bytes = memory(child.id(), &needles);
    assert!(bytes > 1_000_000, "{bytes} bytes of memory");
    let cmdline = fs::read(format!("/proc/{}/cmdline", child.id())).expect("an argument list");
    child.kill().expect("a signal");
    child.wait().expect("an end");
    for (file, content) in work.everything() {
        for (name, needle) in needles.iter().filter(|_| file != "passphrase") {
            assert!(!holds(&content, needle) && !holds(&cmdline, needle), "{name} is in {file}");
        }
    }
    support::say(&format!(
        "reliability: bytes of a server's memory searched for private keys, and none found | {bytes} | {} needles",
        needles.len()
    ));
}

/// That what is looked for would be found.
#[test]
fn a_secret_that_is_left_in_memory_is_found() {
    let secret = Zeroizing::new(b"0123456789-left-on-purpose".to_vec());
    let mut masked: Vec<u8> = secret.iter().map(|byte| byte ^ 0x55).collect();
    let left = secret.to_vec();
    masked.iter_mut().for_each(|byte| *byte ^= 0x55);
    let needles = BTreeMap::from([("what was left".to_owned(), masked)]);
    let found = std::panic::catch_unwind(|| memory(std::process::id(), &needles));
    assert!(found.is_err(), "{} bytes were left and not found", left.len());
}

/// Not a test: what the first test starts as another process.
#[test]
#[ignore = "it is the process that is searched, and works for the test above"]
fn worker() {
    if std::env::var_os(WORKS).is_none() {
        return;
    }
    run("init --passphrase-file passphrase", Exit::Done);
    BEFORE.iter().for_each(|line| run(line, Exit::Done));
    println!("{BEGUN}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line");
    for line in LINES {
        run(line, if line == "merge www rsa.pem" { Exit::Refused } else { Exit::Done });
    }
    println!("{DONE}");
    // Until the pipe is closed.
    let _ = std::io::stdin().read_line(&mut line);
}

/// A command line in this process, as the program would do it.
fn run(line: &str, expected: Exit) {
    let line = format!("coldcert --passphrase-file passphrase {line}")
        .replace("file passphrase init --pass", "file passphrase init --xx");
    let line = line.replace(" --xxphrase-file passphrase", "");
    let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    let (mut stdout, mut stderr) = (std::io::stdout(), std::io::stderr());
    let exit = cli::run(
        &arguments,
        &mut Surroundings {
            stdin: &mut std::io::empty(),
            stdout: &mut stdout,
            stdout_leads: Leads::default(),
            stderr_leads: Leads::default(),
            stderr: &mut stderr,
            palette: Palette::new(false, None, None),
            widths: Widths::default(),
            vault: None,
            passphrase: None,
            log: || None,
            operator: || "tester".to_owned(),
            now: UnixTime::now(),
        },
    );
    assert_eq!(exit, expected, "{line}");
}

fn wait_for(from: &mut impl BufRead, word: &str) -> String {
    let mut said = String::new();
    loop {
        let before = said.len();
        assert!(from.read_line(&mut said).expect("a line") > 0, "it ended before {word}: {said}");
        if said[before..].contains(word) {
            return said;
        }
    }
}

/// Each secret in each of its forms.
fn needles(work: &Workplace) -> BTreeMap<String, Vec<u8>> {
    let passphrases = [PASSPHRASE, PASSWORD]
        .map(|text| Passphrase::new(Zeroizing::new(text.to_owned())).expect("a passphrase"));
    let vault = Vault::open(&work.path("vault.coldcert")).expect("the vault");
    let opened = passphrases.iter().find_map(|passphrase| vault.unseal(Some(passphrase)).ok());
    let vault_key = opened.expect("the vault key");
    let mut needles = BTreeMap::from([
        ("the passphrase".to_owned(), PASSPHRASE.as_bytes().to_vec()),
        ("the password".to_owned(), PASSWORD.as_bytes().to_vec()),
        // As PKCS#12 has it, in UTF-16.
        ("the password in UTF-16".to_owned(), PASSWORD.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ]);
    let mut add = |what: &str, secret: &[u8]| {
        let reversed: Vec<u8> = secret.iter().rev().copied().collect();
        needles.insert(format!("{what}, as it is"), secret[..secret.len().min(24)].to_vec());
        needles.insert(format!("{what}, its last byte first"), reversed[..secret.len().min(24)].to_vec());
        needles.insert(format!("{what}, in hex"), hex(&secret[..secret.len().min(16)]).into_bytes());
        for shift in 0..3 {
            // What stands before it decides how its bits fall into base64.
            let text = BASE64_STANDARD_NO_PAD.encode([&vec![0; shift][..], &secret[..24]].concat());
            let inner = text.as_bytes()[shift.div_ceil(3) * 4..text.len() - 4].to_vec();
            needles.insert(format!("{what}, in base64 at {shift}"), inner);
        }
    };
    add("the vault key", vault_key.secret_bytes());
    let views = vault.list(ListOptions { include_pending: true, deleted: false }, "", 100).expect("a list");
    for view in &views {
        let key = match (&view.record, &view.operation) {
            (Some(record), _) => record.open_key(&vault_key).expect("a key"),
            (None, Some(Operation::InProgress(pending))) => pending.open_key(&vault_key).expect("a key"),
            _ => continue,
        };
        let pkcs8 = key.to_pkcs8().expect("PKCS#8");
        for (index, number) in private_numbers(pkcs8.secret_der()).iter().enumerate() {
            add(&format!("number {index} of the private key of {}", view.name), number);
        }
    }
    needles
}

/// The private numbers of a PKCS#8 key: of EC the scalar (RFC 5915), of RSA d, p and q (RFC 8017 A.1.2).
fn private_numbers(pkcs8: &[u8]) -> Vec<Vec<u8>> {
    let outer = parts(parts(pkcs8)[0].1);
    let inner = parts(parts(outer[2].1)[0].1);
    let plain = |number: &[u8]| number.iter().copied().skip_while(|byte| *byte == 0).collect();
    match inner.len() {
        9 => [3, 4, 5].map(|index| plain(inner[index].1)).to_vec(),
        _ => vec![plain(inner[1].1)],
    }
}

/// The elements of some DER: tag and contents.
fn parts(mut der: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let [tag, first, rest @ ..] = der {
        let (length, rest) = match first {
            0x00..=0x7f => (usize::from(*first), rest),
            _ => {
                let (octets, rest) = rest.split_at(usize::from(first & 0x7f));
                (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
            }
        };
        found.push((*tag, &rest[..length]));
        der = &rest[length..];
    }
    found
}

/// Searches what a process can write to, and says how many bytes that were.
fn memory(process: u32, needles: &BTreeMap<String, Vec<u8>>) -> usize {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).expect("the map of its memory");
    let mut file = fs::File::open(format!("/proc/{process}/mem")).expect("its memory");
    let mut searched = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (range, _) = line.split_once(' ').expect("a range");
        let (start, end) = range.split_once('-').expect("a range");
        let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).expect("a number"));
        let mut bytes = Zeroizing::new(vec![0; usize::try_from(end - start).expect("a length")]);
        file.seek(SeekFrom::Start(start)).expect("a place");
        if file.read_exact(&mut bytes).is_err() {
            // What the system keeps to itself, or took away since.
            continue;
        }
        searched += bytes.len();
        for (name, needle) in needles {
            assert!(!holds(&bytes, needle), "{name} is in memory: {line}");
        }
    }
    searched
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| *byte == needle[0]) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Copies of a journal that comes and goes while others work.
struct Journals {
    thread: std::thread::JoinHandle<Vec<Vec<u8>>>,
    is_over: std::sync::Arc<AtomicBool>,
}

impl Journals {
    fn of(path: &Path) -> Self {
        let is_over = std::sync::Arc::new(AtomicBool::new(false));
        let (path, over) = (path.to_owned(), std::sync::Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            let mut seen: Vec<Vec<u8>> = Vec::new();
            while !over.load(Ordering::Relaxed) {
                if let Ok(bytes) = fs::read(&path)
                    && !bytes.is_empty()
                    && seen.last() != Some(&bytes)
                {
                    seen.push(bytes);
                }
                std::thread::sleep(std::time::Duration::from_micros(200));
            }
            seen
        });
        Self { thread, is_over }
    }

    fn end(self) -> Vec<Vec<u8>> {
        self.is_over.store(true, Ordering::Relaxed);
        let seen = self.thread.join().expect("a thread");
        assert!(!seen.is_empty(), "no journal was seen");
        seen
    }
}

const WORKS: &str = "COLDCERT_TEST_WORKER";
const BEGUN: &str = "the requests are made";
const DONE: &str = "all is done";
