//! What whole processes of the program cost, beside what they cannot do without.
//!
//! Figure and floor run in turns. Memory is the peak resident set that `/usr/bin/time` sees; where it or
//! `openssl` is missing, the table says so. `cargo bench --bench whole_program`, then `-- --write FILE` to keep
//! the tables.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the table is what it is for")]

mod measure;

use std::cell::Cell;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use coldcert::csr::CertificateRequest;
use coldcert::key::PrivateKey;
use coldcert::pem;
use coldcert::policy::{KeyKind, ObjectName};
use coldcert::secret::pem_chain;
use coldcert::vault::Vault;

use measure::{
    LARGE, PASSPHRASE, Row, Table, Target, Unit, Vaults, begin, filled_name, median, millis, passphrase,
    policy, wanted,
};

fn main() {
    if let Some(vault) = wanted(FLOOR) {
        return create_floor(Path::new(&vault));
    }
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("whole_program: a benchmark, for `cargo bench`");
        return;
    }
    let vaults = Vaults::new();
    let installed = vaults.folder().join("coldcert");
    std::fs::copy(env!("CARGO_BIN_EXE_coldcert"), &installed).unwrap();
    INSTALLED.set(installed).unwrap();
    let mut bench = Bench {
        empty: vaults.filled("empty.coldcert", 0).2,
        small: vaults.filled("small.coldcert", PAGE).2,
        large: vaults.filled("large.coldcert", LARGE).2,
        table: Table::new("The whole program", Unit::Seconds),
        vaults,
        names: Cell::new(0),
    };
    bench.start();
    bench.create();
    bench.merge_and_export();
    bench.look();
    bench.check();
    let memory = bench.memory();
    bench.table.publish();
    memory.publish();
}

struct Bench {
    vaults: Vaults,
    empty: PathBuf,
    small: PathBuf,
    large: PathBuf,
    table: Table,
    names: Cell<u32>,
}

impl Bench {
    fn start(&mut self) {
        let figure = || run(program(None).arg("--version"));
        if has_openssl() {
            let floor = || run(Command::new("openssl").arg("version"));
            let target = Target::UnderAndUnderFloor(0.003);
            self.pair("coldcert --version", 101, "openssl version", target, figure, floor);
        } else {
            self.table.notes.push("There is no `openssl` here to set `--version` beside.".to_owned());
            let floor = || Duration::ZERO;
            self.pair("coldcert --version", 101, "nothing", Target::Under(0.003), figure, floor);
        }
    }

    /// One process: the vault opened and unsealed, the key made, the request written, all of it durable.
    fn create(&mut self) {
        let (empty, large) = (self.empty.clone(), self.large.clone());
        let this = std::env::current_exe().unwrap();
        let floor = |path: &Path| run(Command::new(&this).arg(FLOOR).arg(path));
        let names = Cell::new(0);
        let creating = |path: &Path| {
            names.set(names.get() + 1);
            let name = format!("created-{}", names.get());
            run(program(Some(path)).args(["create", &name]).args(ASKED))
        };
        // Argon2 is so much of it that what stands beside it drowns: measured without, too.
        let unsealed = self.vaults.folder().join("unsealed.coldcert");
        Vault::init(&unsealed, None, self.vaults.now).unwrap();
        let beyond = Target::Beyond(0.015);
        let what = "create EC P-256, vault without passphrase";
        let is = "a process of key, signature";
        self.pair(what, 51, is, beyond, || creating(&unsealed), || floor(&unsealed));
        let is = "a process of Argon2, key, signature";
        self.pair("create EC P-256", 51, is, beyond, || creating(&empty), || floor(&empty));
        let what = format!("create EC P-256, {LARGE} certificates");
        let twice = Target::Times(2.0);
        self.pair(&what, 7, "in an empty vault", twice, || creating(&large), || creating(&empty));
    }

    /// Two processes, each of which unseals the vault.
    fn merge_and_export(&mut self) {
        let (empty, large) = (self.empty.clone(), self.large.clone());
        let vault = Vault::open(&empty).unwrap();
        let floor = || {
            let began = Instant::now();
            vault.unseal(Some(&passphrase())).unwrap();
            vault.unseal(Some(&passphrase())).unwrap();
            began.elapsed()
        };
        let (first, second) = (self.waiting(&empty, 22), self.waiting(&large, 7));
        let (mut first, mut second) = (first.into_iter(), second.into_iter());
        let mut in_empty = || merge_and_export(&empty, &first.next().unwrap());
        let what = "merge, then export of the PFX";
        self.pair(what, 15, "Argon2, twice", Target::Times(1.3), &mut in_empty, floor);
        let what = format!("merge, then export, {LARGE} certificates");
        let in_large = || merge_and_export(&large, &second.next().unwrap());
        self.pair(&what, 7, "in an empty vault", Target::Times(2.0), in_large, &mut in_empty);
    }

    /// What needs no passphrase.
    fn look(&mut self) {
        let (small, large) = (self.small.clone(), self.large.clone());
        let showing = |path: &Path, number: u32| {
            run(program(Some(path)).args(["show", filled_name(number).as_str(), "--json"]))
        };
        let what = format!("show, {LARGE} certificates");
        let twice = Target::Times(2.0);
        let in_large = || showing(&large, LARGE / 3);
        self.pair(&what, 31, "in a vault of 25", twice, in_large, || showing(&small, PAGE / 3));
        let waiting = |path: &Path| run(program(Some(path)).args(["pending", "list"]));
        let what = format!("pending list, {LARGE} certificates");
        self.pair(&what, 31, "in a vault of 25", twice, || waiting(&large), || waiting(&small));
        let whole = run(program(Some(&large)).arg("list")).as_secs_f64();
        let pages = f64::from(LARGE / PAGE);
        let note = format!(
            "`list` of all {LARGE}: {}, {} for each page of 25.",
            millis(whole),
            millis(whole / pages)
        );
        self.table.notes.push(note);
    }

    /// A chain of three judged from its files, beside what `openssl verify` does with the same files.
    fn check(&mut self) {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let request = CertificateRequest::make(&policy(KeyKind::P256, false, "Unknown"), &key).unwrap();
        let chain = self.vaults.ca.chain(&request);
        let file = |name: &str, text: String| {
            let path = self.vaults.folder().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let csr = file("check.csr", pem::write("CERTIFICATE REQUEST", request.as_der()));
        let [leaf, intermediate, root] = [("leaf.pem", 0), ("intermediate.pem", 1), ("root.pem", 2)]
            .map(|(name, index)| file(name, pem_chain(&[&chain[index]])));
        let figure = || {
            let mut command = program(None);
            run(command
                .arg("check")
                .args([&leaf, &intermediate])
                .arg("--csr")
                .arg(&csr)
                .arg("--roots")
                .arg(&root))
        };
        let floor = || {
            let mut command = Command::new("openssl");
            let files = command.arg("verify").arg("-CAfile").arg(&root).arg("-untrusted").arg(&intermediate);
            run(files.arg(&leaf))
        };
        if has_openssl() {
            self.pair("check a chain of 3, P-256", 101, "openssl verify", Target::Times(0.5), figure, floor);
        } else {
            self.table.notes.push("There is no `openssl` here to set `check` beside.".to_owned());
        }
    }

    /// The peak of each command in the large vault, beside its peak in the small one.
    fn memory(&self) -> Table {
        let mut table = Table::new("The whole program, memory", Unit::Megabytes);
        if !Path::new(TIME).exists() {
            table.notes.push(format!("There is no {TIME} here: the memory was not measured."));
            return table;
        }
        let first = filled_name(1);
        let name = first.as_str();
        let unsealed = Target::Under(50.0);
        let sealed = Target::Under(50.0 + ARGON2_MB);
        let pfx = self.vaults.folder().join("memory.pfx");
        let pfx = pfx.to_str().unwrap();
        let commands: [(&[&str], &[&str], Target); 8] = [
            (&["show", name], &[], unsealed),
            (&["versions", name], &[], unsealed),
            (&["list"], &[], unsealed),
            (&["list", "--json"], &[], unsealed),
            (&["list", "--include-pending"], &[], unsealed),
            (&["pending", "list", "--json"], &[], unsealed),
            (&["create", "for-memory"], &ASKED, sealed),
            (&["export", name, "--force", "-o", pfx], &[], sealed),
        ];
        for (command, more, target) in commands {
            let arguments: Vec<&str> = command.iter().chain(more).copied().collect();
            let shown: Vec<&str> = command.iter().copied().filter(|word| *word != pfx).collect();
            table.rows.push(Row {
                what: format!("{}, {LARGE} certificates", shown.join(" ")),
                figure: self.peak(&self.large, &arguments),
                floor: Some(self.peak(&self.small, &arguments)),
                floor_is: "in a vault of 25".to_owned(),
                target,
            });
        }
        table.notes.push("Argon2's own 64 MiB are in the peak of the commands that unseal.".to_owned());
        table
    }

    /// Peak resident set in MB.
    fn peak(&self, vault: &Path, arguments: &[&str]) -> f64 {
        let report = self.vaults.folder().join("peak");
        let mut command = Command::new(TIME);
        command.args(["-f", "%M", "-o"]).arg(&report).arg(installed()).args(arguments);
        run(settled(&mut command, Some(vault)));
        let kib: f64 = std::fs::read_to_string(report).unwrap().trim().parse().unwrap();
        kib * 1024.0 / 1e6
    }

    /// So many operations that wait, each with its answer in a file.
    fn waiting(&self, path: &Path, count: u32) -> Vec<(ObjectName, PathBuf)> {
        let mut vault = Vault::open(path).unwrap();
        let key = vault.unseal(Some(&passphrase())).unwrap();
        let one = |_| {
            self.names.set(self.names.get() + 1);
            let name = ObjectName::new(&format!("waiting-{}", self.names.get())).unwrap();
            let request = begin(&mut vault, &key, &name, KeyKind::P256, self.vaults.now);
            let file = self.vaults.folder().join(format!("{name}.pem"));
            let chain = self.vaults.ca.chain(&request);
            std::fs::write(&file, pem_chain(&chain.each_ref())).unwrap();
            (name, file)
        };
        (0..count).map(one).collect()
    }

    fn pair(
        &mut self,
        what: &str,
        turns: usize,
        floor_is: &str,
        target: Target,
        mut figure: impl FnMut() -> Duration,
        mut floor: impl FnMut() -> Duration,
    ) {
        let (mut figures, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..turns {
            figures.push(figure().as_secs_f64());
            floors.push(floor().as_secs_f64());
        }
        println!("{what}: {turns} turns");
        self.table.rows.push(Row {
            what: what.to_owned(),
            figure: median(&figures),
            floor: Some(median(&floors)),
            floor_is: floor_is.to_owned(),
            target,
        });
    }
}

/// What create cannot do without, in a process of its own: what the process itself makes slow, fresh memory for
/// Argon2 and the provider's collection of entropy, weighs on both.
fn create_floor(vault: &Path) {
    Vault::open(vault).unwrap().unseal(Some(&passphrase())).unwrap();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    key.sign(&SystemRandom::new(), b"as long as a request is, or nearly").unwrap();
}

fn has_openssl() -> bool {
    Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_ok()
}

fn merge_and_export(vault: &Path, (name, answer): &(ObjectName, PathBuf)) -> Duration {
    let pfx = answer.with_extension("pfx");
    run(program(Some(vault)).args(["merge", name.as_str()]).arg(answer))
        + run(program(Some(vault)).args(["export", name.as_str(), "-o"]).arg(pfx))
}

fn program(vault: Option<&Path>) -> Command {
    let mut command = Command::new(installed());
    settled(&mut command, vault);
    command
}

fn installed() -> &'static Path {
    INSTALLED.get().expect("put there when the benchmark begins")
}

fn settled<'a>(command: &'a mut Command, vault: Option<&Path>) -> &'a mut Command {
    command
        .env("COLDCERT_VAULT", vault.map_or_else(|| OsStr::new(""), Path::as_os_str))
        .env("COLDCERT_PASSPHRASE", PASSPHRASE)
}

/// From start to end of a process that must succeed.
fn run(command: &mut Command) -> Duration {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = command.status().unwrap();
    let time = began.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    time
}

/// A copy of the program, as `cargo install` makes one. What the linker leaves behind lies in the page cache in
/// pieces of one page, which makes each start a tenth slower until the system has read the file anew.
static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
const TIME: &str = "/usr/bin/time";
const ASKED: [&str; 8] =
    ["--subject", "CN=www.example.com", "--dns", "www.example.com", "--kty", "EC", "--curve", "P-256"];
/// 64 MiB, the memory of the vault's own Argon2id.
const ARGON2_MB: f64 = 67.108_864;
const PAGE: u32 = 25;
/// The option by which the benchmark runs itself as a floor.
const FLOOR: &str = "--create-floor";
