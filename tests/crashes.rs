//! The program killed (SIGKILL) at any moment of what it does, by the command line and as a server: afterwards each
//! transition has happened or has not, every key that is held opens, nothing is left over, and SQLite finds the file whole.
//!
//! `COLDCERT_CRASHES` says how many times; `tests/torture` runs the long form.

mod support;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use coldcert::identifier::Identifier;
use coldcert::issuer::Contact;
use coldcert::key::Signer;
use coldcert::pending::Operation;
use coldcert::policy::{Document, ObjectName, Policy, Tags};
use coldcert::time::UnixTime;
use coldcert::vault::{CertificateView, ListOptions, NewCertificate, Vault};
use rusqlite::Connection;
use support::{Workplace, need};

/// What is done, what has to be there before, and what may be there after.
struct Act {
    line: &'static str,
    before: &'static [&'static str],
    /// Whether the vault is as it was before the act, or as it is after it. Anything else is a fault.
    state: fn(&Workplace, &Vault) -> Option<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Before,
    After,
}

fn view(vault: &Vault, name: &str) -> Option<CertificateView> {
    vault.certificate(&ObjectName::new(name).expect("a name"), None).ok()
}

fn versions(vault: &Vault, name: &str) -> usize {
    vault.versions(&ObjectName::new(name).expect("a name")).map_or(0, |versions| versions.len())
}

fn is_deleted(vault: &Vault, name: &str) -> bool {
    vault.deleted_certificate(&ObjectName::new(name).expect("a name")).is_ok()
}

fn either(is_before: bool, is_after: bool) -> Option<State> {
    match (is_before, is_after) {
        (true, false) => Some(State::Before),
        (false, true) => Some(State::After),
        _ => None,
    }
}

/// `base` is a merged certificate of the workplace's CA, `waits` one that waits for `waits.pem`.
const ACTS: [Act; 11] = [
    Act {
        line: "create new --subject CN=new.example.com --kty EC -o new.csr",
        before: &[],
        state: |work, vault| {
            let view = view(vault, "new");
            let written = std::fs::read(work.path("new.csr")).ok();
            // The request is written after the key is kept, and whole.
            if let Some(bytes) = written {
                let blocks = coldcert::pem::read(&bytes).ok()?;
                let operation = view.as_ref()?.operation.as_ref()?;
                if blocks.first()?.contents() != operation.request().as_der() {
                    return None;
                }
            }
            let waits =
                view.as_ref().is_some_and(|view| matches!(view.operation, Some(Operation::InProgress(_))));
            either(view.is_none(), waits)
        },
    },
    Act {
        line: "create own --subject CN=own.example.com --kty EC --issuer Self",
        before: &[],
        state: |_, vault| {
            let view = view(vault, "own");
            let done = view.as_ref().is_some_and(|view| {
                view.record.is_some() && matches!(view.operation, Some(Operation::Completed(_)))
            });
            either(view.is_none(), done)
        },
    },
    Act {
        line: "merge waits waits.pem intermediate.pem",
        before: &[],
        state: |_, vault| {
            let view = view(vault, "waits")?;
            let waits = view.record.is_none() && matches!(view.operation, Some(Operation::InProgress(_)));
            let done = view.record.is_some() && matches!(view.operation, Some(Operation::Completed(_)));
            either(waits, done)
        },
    },
    Act {
        line: "import brought base.pfx",
        before: &[],
        state: |_, vault| {
            let view = view(vault, "brought");
            let there = view.as_ref().is_some_and(|view| view.record.is_some() && view.operation.is_none());
            either(view.is_none(), there)
        },
    },
    Act {
        line: "import base base.pfx",
        before: &[],
        state: |_, vault| {
            let operation = view(vault, "base")?.operation.is_some();
            either(versions(vault, "base") == 1 && operation, versions(vault, "base") == 2 && !operation)
        },
    },
    Act {
        line: "delete base",
        before: &[],
        state: |_, vault| either(view(vault, "base").is_some(), is_deleted(vault, "base")),
    },
    Act {
        line: "recover base",
        before: &["delete base"],
        state: |_, vault| either(is_deleted(vault, "base"), view(vault, "base").is_some()),
    },
    Act {
        line: "purge base",
        before: &["delete base"],
        state: |_, vault| {
            either(is_deleted(vault, "base"), !is_deleted(vault, "base") && view(vault, "base").is_none())
        },
    },
    Act {
        line: "restore base.backup",
        before: &["delete base", "purge base"],
        state: |_, vault| either(view(vault, "base").is_none(), versions(vault, "base") == 1),
    },
    Act {
        line: "backup base -o out.backup",
        before: &[],
        state: |work, _| {
            let written = std::fs::read(work.path("out.backup")).ok();
            let is_json = |bytes: &Vec<u8>| serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
            either(written.is_none(), written.as_ref().is_some_and(is_json))
        },
    },
    Act {
        line: "export base -o out.pfx",
        before: &[],
        state: |work, _| {
            let written = std::fs::read(work.path("out.pfx")).ok();
            let whole = written.as_ref().is_some_and(|bytes| {
                coldcert::pkcs12::Pfx::parse(bytes)
                    .and_then(|pfx| pfx.open(&coldcert::pkcs12::Password::unstated()))
                    .is_ok_and(|contents| contents.private_keys.len() == 1)
            });
            either(written.is_none(), whole)
        },
    },
];

#[test]
fn a_killed_command_has_happened_or_has_not() {
    if need("openssl").is_none() {
        return;
    }
    let template = prepared();
    let mut lot = Lot::new();
    let rounds = wanted(60);
    let (mut hit, mut after) = (0, 0);
    let times: Vec<Duration> = ACTS.iter().map(|act| usual_time(&template, act)).collect();
    for round in 0..rounds {
        let (act, usual) = (&ACTS[round % ACTS.len()], times[round % ACTS.len()]);
        let work = copy_of(&template);
        for line in act.before {
            work.run(line).done();
        }
        let mut child = started(&work, act.line);
        std::thread::sleep(usual.mul_f64(lot.part() * 1.2));
        let running = child.try_wait().expect("a state").is_none();
        child.kill().expect("a signal");
        child.wait().expect("an end");
        hit += usize::from(running);
        let vault = whole(&work, act.line);
        let state = (act.state)(&work, &vault);
        assert!(state.is_some(), "{}: neither before nor after, round {round}, {}", act.line, lot.seed);
        after += usize::from(state == Some(State::After));
        // What was not done can be done again, and what was done is refused or done once more.
        drop(vault);
        if state == Some(State::Before) {
            work.run(&format!("{}{}", act.line, if act.line.contains("-o ") { " --force" } else { "" }))
                .done();
            assert_eq!((act.state)(&work, &whole(&work, act.line)), Some(State::After), "{}", act.line);
        }
    }
    support::say(&format!(
        "reliability: commands killed at any moment | {rounds} | {hit} while they ran, {after} had happened, seed {}",
        lot.seed
    ));
    assert!(hit * 10 > rounds, "{hit} of {rounds} were hit");
}

#[test]
fn a_killed_change_of_the_passphrase_leaves_one_that_opens() {
    let mut lot = Lot::new();
    let work = Workplace::empty().passphrase("the old one");
    work.run("init").done();
    work.run("create www --subject CN=www --kty EC -o www.csr").done();
    work.write("new", "the new one\n");
    work.write("old", "the old one\n");
    let template = work.read("vault.coldcert");
    for round in 0..wanted(60).div_ceil(20) {
        work.write("vault.coldcert", &template);
        let mut child = started(&work, "passphrase --new-passphrase-file new");
        std::thread::sleep(Duration::from_millis(700).mul_f64(lot.part()));
        child.kill().expect("a signal");
        child.wait().expect("an end");
        let opens =
            |file: &str| work.run(&format!("--passphrase-file {file} pending cancel www")).code == Some(0);
        assert!(opens("old") != opens("new"), "round {round}, {}", lot.seed);
    }
    let rounds = wanted(60).div_ceil(20);
    support::say(&format!(
        "reliability: changes of a passphrase killed | {rounds} | one of the two opens each time"
    ));
}

#[test]
fn a_killed_init_leaves_a_vault_or_none() {
    let mut lot = Lot::new();
    let usual = {
        let work = Workplace::empty();
        let began = Instant::now();
        assert!(started(&work, "init --no-passphrase").wait().expect("an end").success());
        began.elapsed()
    };
    let (rounds, mut made) = (wanted(60), 0);
    for round in 0..rounds {
        let work = Workplace::empty();
        let mut child = started(&work, "init --no-passphrase");
        std::thread::sleep(usual.mul_f64(lot.part() * 1.2));
        child.kill().expect("a signal");
        child.wait().expect("an end");
        match work.path("vault.coldcert").exists() {
            true => made += 1,
            false => drop(work.run("init --no-passphrase").done()),
        }
        // What a killed process was making is under no name that anybody takes for a vault.
        for (file, _) in work.everything().iter().filter(|(file, _)| file.starts_with(".coldcert-")) {
            std::fs::remove_file(work.path(file)).expect("a file");
        }
        let vault = whole(&work, &format!("init, round {round}, {}", lot.seed));
        assert!(vault.waiting().is_ok_and(|waiting| waiting.is_empty()));
    }
    support::say(&format!(
        "reliability: init killed | {rounds} | {made} vaults were made, seed {}",
        lot.seed
    ));
}

/// The journal of whoever is killed lies beside the name that he used, and whoever comes by another does not find it.
#[test]
fn a_vault_of_two_names_is_read_and_not_written() {
    let work = Workplace::with_vault();
    work.create("waits");
    std::fs::hard_link(work.path("vault.coldcert"), work.path("other.coldcert")).expect("a link");
    for name in ["vault.coldcert", "other.coldcert"] {
        let vault = format!("--vault {name}");
        work.run(&format!("{vault} list --include-pending"))
            .done()
            .says(&["has 2 names (hard links)", "nothing is written"]);
        work.run(&format!("{vault} pending csr waits")).done().says(&["not in the ledger"]);
        let run = work.run_in_vain(&format!("{vault} create new --subject CN=new --curve P-256 -o new.csr"));
        run.broken().says(&[name, "the file has 2 names", "-samefile"]);
        assert!(!work.path("new.csr").exists());
    }
    std::fs::remove_file(work.path("other.coldcert")).expect("a file");
    let run = work.run("create new --subject CN=new --curve P-256 -o new.csr").done();
    assert!(!run.stderr.contains("hard links"), "{}", run.stderr);
}

/// What a client asks a server for again and again, and whether a vault shows that it was done.
struct Client {
    method: &'static str,
    /// `{}` is the number of the name.
    path: &'static str,
    body: fn(&Workplace) -> String,
    /// The status of what was done.
    done: &'static str,
    is_there: fn(&Vault, &str) -> bool,
}

fn create_by(issuer: &str) -> String {
    serde_json::json!({"policy": {
        "issuer": {"name": issuer}, "key_props": {"kty": "EC"}, "x509_props": {"subject": "CN=x"},
    }})
    .to_string()
}

const CLIENTS: [Client; 6] = [
    Client {
        method: "POST",
        path: "certificates/c{}/create",
        body: |_| create_by("Unknown"),
        done: "202",
        is_there: |vault, name| view(vault, name).is_some(),
    },
    Client {
        method: "POST",
        path: "certificates/s{}/create",
        body: |_| create_by("Self"),
        done: "202",
        is_there: |vault, name| view(vault, name).is_some(),
    },
    Client {
        method: "POST",
        path: "certificates/i{}/import",
        body: |work| serde_json::json!({"value": BASE64_STANDARD.encode(work.read("old.pfx"))}).to_string(),
        done: "200",
        is_there: |vault, name| view(vault, name).is_some_and(|view| view.record.is_some()),
    },
    Client {
        method: "DELETE",
        path: "certificates/old{}",
        body: |_| String::new(),
        done: "200",
        is_there: is_deleted,
    },
    Client {
        method: "POST",
        path: "deletedcertificates/gone{}/recover",
        body: |_| String::new(),
        done: "200",
        is_there: |vault, name| view(vault, name).is_some(),
    },
    Client {
        method: "PATCH",
        path: "certificates/kept{}/policy",
        body: |_| serde_json::json!({"lifetime_actions": []}).to_string(),
        done: "200",
        is_there: |vault, name| view(vault, name).is_some(),
    },
];

#[test]
fn a_killed_server_kept_what_it_answered() {
    if need("curl").is_none() {
        return;
    }
    let mut lot = Lot::new();
    let rounds = wanted(60).div_ceil(10);
    let template = prepared_for_servers();
    let mut answered_in_all = 0;
    for round in 0..rounds {
        let work = copy_of(&template);
        let (mut child, ready) = support::served(&work, "--self-delay 0");
        let pause = Duration::from_millis(80) + Duration::from_millis(420).mul_f64(lot.part());
        let answered: Vec<(&Client, Vec<String>)> = std::thread::scope(|scope| {
            let asking: Vec<_> =
                CLIENTS.iter().map(|client| (client, scope.spawn(|| asked(&work, &ready, client)))).collect();
            std::thread::sleep(pause);
            child.kill().expect("a signal");
            asking.into_iter().map(|(client, thread)| (client, thread.join().expect("a thread"))).collect()
        });
        child.wait().expect("an end");
        let vault = whole(&work, "serve");
        for (client, names) in &answered {
            for name in names {
                let is_there = (client.is_there)(&vault, name);
                assert!(
                    is_there,
                    "{} {name}: answered and not done, round {round}, {}",
                    client.path, lot.seed
                );
            }
            answered_in_all += names.len();
        }
    }
    support::say(&format!(
        "reliability: servers killed while they worked | {rounds} | all of {answered_in_all} answers kept, seed {}",
        lot.seed
    ));
    assert!(answered_in_all > 0, "no server answered before it was killed");
}

/// One curl for many requests, so that the kill comes in the middle of them; the names of those that were done.
fn asked(work: &Workplace, ready: &serde_json::Value, client: &Client) -> Vec<String> {
    let text = |member: &str| ready[member].as_str().expect("a text");
    let port = text("url").rsplit(':').next().expect("a port");
    let mut curl = std::process::Command::new("curl");
    curl.args(["-s", "--cacert", text("ca"), "--resolve", &format!("vault.localhost:{port}:127.0.0.1")]);
    curl.args(["-X", client.method, "-w", "\n%{http_code} %{url_effective}\n"]);
    curl.args([
        "-H",
        &format!("Authorization: Bearer {}", text("token")),
        "-H",
        "Content-Type: application/json",
    ]);
    let body = (client.body)(work);
    if !body.is_empty() {
        curl.args(["-d", &body]);
    }
    curl.args((0..ASKED).map(|index| {
        let path = client.path.replace("{}", &index.to_string());
        format!("https://vault.localhost:{port}/{path}?api-version=7.4")
    }));
    let output = curl.current_dir(work.path(".")).output().expect("curl");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let done = lines.lines().filter(|line| line.starts_with(client.done));
    let name = |line: &str| line.split(['/', '?']).nth(4).map(str::to_owned);
    done.filter_map(name).collect()
}

/// What the clients above find: certificates to delete, to recover, to change, and a PFX to import.
fn prepared_for_servers() -> Workplace {
    let work = Workplace::with_vault();
    let mut vault = Vault::open(&work.path("vault.coldcert")).expect("the vault");
    let vault_key = vault.unseal(None).expect("the vault key");
    let document = serde_json::json!({
        "key_props": {"kty": "EC"}, "x509_props": {"subject": "CN=x"}, "issuer": {"name": "Self"},
    });
    let (document, _) = Document::from_value(document).expect("a document");
    for kind in ["old", "gone", "kept"] {
        for index in 0..ASKED {
            let new = NewCertificate {
                name: ObjectName::new(&format!("{kind}{index}")).expect("a name"),
                policy: Policy::understand(&document).expect("a policy"),
                tags: Tags::default(),
                enabled: None,
            };
            let name = new.name.clone();
            vault.create(&vault_key, new, UnixTime::now()).expect("created");
            if kind == "gone" {
                vault.delete(&vault_key, &name, UnixTime::now()).expect("deleted");
            }
        }
    }
    work.run("export old0 -o old.pfx").done();
    work
}

/// The file is whole for SQLite, nothing in it is without its owner, and every key that is held opens and is the one of its
/// certificate or request.
fn whole(work: &Workplace, what: &str) -> Vault {
    let path = work.path("vault.coldcert");
    let vault = Vault::open(&path).unwrap_or_else(|error| panic!("{what}: {error}"));
    let db = Connection::open(&path).expect("the file");
    let checked: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(checked, "ok", "{what}");
    let orphans: i64 =
        db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(orphans, 0, "{what}");
    let vault_key = vault.unseal(None).expect("the vault key");
    // What happened and its entry in the ledger come together.
    let audited = vault.audit(Some(&vault_key), &[]).expect("a ledger");
    assert!(audited.is_whole(), "{what}: {audited:?}");
    for deleted in [false, true] {
        let options = ListOptions { include_pending: true, deleted };
        for view in vault.list(options, "", 10_000).expect("a list") {
            if let Some(record) = &view.record {
                let key = record
                    .open_key(&vault_key)
                    .unwrap_or_else(|error| panic!("{what}: {}: {error}", view.name));
                assert_eq!(key.public_key(), record.certificate.public_key(), "{what}");
            }
            match &view.operation {
                Some(
                    Operation::InProgress(pending)
                    | Operation::Cancelled(pending)
                    | Operation::Failed(pending, _),
                ) => {
                    let key = pending.open_key(&vault_key).unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(key.public_key(), pending.request.public_key(), "{what}");
                }
                Some(Operation::Completed(_)) => {
                    assert!(view.record.is_some(), "{what}: completed, and no version")
                }
                None => {}
            }
        }
    }
    // Nothing of a file that was being written. A journal that was begun, and held nothing yet to roll back to, is passed
    // over by SQLite and stays until the next write: here it comes.
    let new = Contact { email: "a@example.com".to_owned(), name: None, phone: None };
    let mut vault = vault;
    vault.set_contacts(&vault_key, &[new], UnixTime::now()).expect("a write");
    let known = ["vault.coldcert", "ca.cnf", "log", "ready.json"];
    let kinds = [".pem", ".csr", ".key", ".srl", ".pfx", ".backup"];
    for (file, _) in work.everything() {
        let is_known = known.contains(&file.as_str()) || kinds.iter().any(|kind| file.ends_with(kind));
        assert!(is_known, "{what}: {file} was left over");
    }
    vault
}

/// A vault with `base` merged, `waits` waiting for `waits.pem`, and `base` as a PFX and as a backup.
fn prepared() -> Workplace {
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("base");
    work.create("waits");
    work.sign("waits.csr", "waits.pem");
    work.run("export base -o base.pfx").done();
    work.run("backup base -o base.backup").done();
    work
}

fn copy_of(template: &Workplace) -> Workplace {
    let work = Workplace::empty();
    for (file, bytes) in template.everything() {
        work.write(&file, bytes);
    }
    work
}

fn started(work: &Workplace, line: &str) -> Child {
    let mut command = work.command(line.split_whitespace());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("coldcert")
}

/// How long an act takes that nobody disturbs.
fn usual_time(template: &Workplace, act: &Act) -> Duration {
    let work = copy_of(template);
    for line in act.before {
        work.run(line).done();
    }
    let began = Instant::now();
    let ended = started(&work, act.line).wait().expect("an end");
    let usual = began.elapsed();
    assert!(ended.success(), "{}", act.line);
    assert_eq!((act.state)(&work, &whole(&work, act.line)), Some(State::After), "{}", act.line);
    usual
}

fn wanted(usual: usize) -> usize {
    std::env::var("COLDCERT_CRASHES").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

/// Numbers drawn by lot, from a seed that is said where something fails.
struct Lot {
    seed: Identifier,
    state: u64,
}

impl Lot {
    fn new() -> Self {
        let seed = Identifier::random().expect("random bytes");
        let state = u64::from_be_bytes(seed.as_bytes()[..8].try_into().expect("8 bytes"));
        Self { seed, state }
    }

    /// From 0 to 1.
    fn part(&mut self) -> f64 {
        // Knuth's MMIX constants.
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.state >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
    }
}

/// Requests of each client: more than a server answers before it is killed.
const ASKED: usize = 100;
