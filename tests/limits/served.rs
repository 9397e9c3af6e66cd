//! The server, without a socket, and the vault file with what is sealed in it.

use axum::body::Body;
use coldcert::bundle::CERTIFICATES_MAX;
use coldcert::http::{
    BODY_BYTES_MAX, BODY_WAIT, CONNECTIONS_MAX, HANDSHAKE_WAIT, HEADER_BYTES_MAX, HEADER_WAIT, HEADERS_MAX,
    IDENTITY_CONNECTIONS_MAX, PAGE_SIZE_MAX, STOP_WAIT, TOKEN_CHARACTERS_MIN, VAULT_CONNECTIONS_MAX,
};
use coldcert::json::{DEPTH_MAX, VALUES_MAX};
use coldcert::ledger::WORDS_CHARACTERS_MAX;
use coldcert::seal::{Cost, Passphrase, PassphraseSeal, SEALS_MAX, SealError, VaultKey};
use coldcert::time::UnixTime;
use coldcert::vault::{Vault, VaultError};
use coldcert::wire::{LIST_ITEMS_MAX, TEXT_CHARACTERS_MAX};
use coldcert::x5c::ELEMENT_BYTES_MAX;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::desk::{Desk, Reply};
use crate::files::{certificate, said};
use crate::support::Workplace;
use crate::{Case, case, not_asked, told};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "http-body-bytes",
            BODY_BYTES_MAX,
            || posted(vec![b' '; BODY_BYTES_MAX + 1]),
            || {
                assert!(!posted(vec![b' '; BODY_BYTES_MAX]).contains("longer"));
            },
        ),
        case(
            "http-json-depth",
            DEPTH_MAX,
            || posted([b"{\"a\":".repeat(65), b"}".repeat(65)].concat()),
            not_asked,
        ),
        case(
            "http-json-values",
            VALUES_MAX,
            || posted([b"[".to_vec(), b"0,".repeat(100_000)].concat()),
            not_asked,
        ),
        case(
            "http-list-items",
            LIST_ITEMS_MAX,
            || contacts(LIST_ITEMS_MAX + 1, 1),
            || {
                assert_eq!(contacts(LIST_ITEMS_MAX, 1), "200");
            },
        ),
        case(
            "http-text-characters",
            TEXT_CHARACTERS_MAX,
            || contacts(1, TEXT_CHARACTERS_MAX + 1),
            || {
                assert_eq!(contacts(1, TEXT_CHARACTERS_MAX), "200");
            },
        ),
        case(
            "http-page-size",
            usize::try_from(PAGE_SIZE_MAX).expect("memory"),
            || page_of(PAGE_SIZE_MAX + 1),
            || {
                assert_eq!(page_of(PAGE_SIZE_MAX), "200");
            },
        ),
        case(
            "http-x5c-elements",
            CERTIFICATES_MAX,
            || merged(&vec![certificate(); CERTIFICATES_MAX + 1]),
            not_asked,
        ),
        case(
            "http-x5c-element-bytes",
            ELEMENT_BYTES_MAX,
            || merged(&[vec![0x30; ELEMENT_BYTES_MAX + 1]]),
            not_asked,
        ),
        case("http-token-characters", TOKEN_CHARACTERS_MIN, short_token, not_asked),
        case("seal-memory", 1 << 20, || told(sealed((1 << 20) + 1, 1)), not_asked),
        case(
            "seal-passes",
            16,
            || told(sealed(64, 17)),
            || {
                sealed(64, 16).expect("a seal");
            },
        ),
        case("backup-seals", 4, || restored(5), || assert!(!restored(4).contains("seals that are tried"))),
        case("backup-cost", 3 << 20, || costing((3 << 20) + 1, 1), not_asked),
        case("vault-seals-read", SEALS_MAX, || kept(SEALS_MAX + 1), || drop(kept(SEALS_MAX))),
        case(
            "vault-seals",
            SEALS_MAX,
            || told(added(SEALS_MAX)),
            || added(SEALS_MAX - 1).expect("as many as there may be"),
        ),
        case(
            "seal-label",
            60,
            || in_words(&["passphrase", "add", "--label", &"x".repeat(61)]),
            || assert!(in_words(&["passphrase", "add", "--label", &"x".repeat(60)]).is_empty()),
        ),
        case("recovery-file", 4_096, large_recovery_key, not_asked),
        case(
            "ledger-words",
            WORDS_CHARACTERS_MAX,
            || in_words(&["list", "--reason", &"x".repeat(WORDS_CHARACTERS_MAX + 1)]),
            || assert!(in_words(&["list", "--reason", &"x".repeat(WORDS_CHARACTERS_MAX)]).is_empty()),
        ),
        case("vault-wait", 10, kept_by_another, not_asked),
    ]
}

/// The numbers of rows that no case provokes.
pub(crate) const KEPT: [(&str, u64); 10] = [
    ("http-body-wait", BODY_WAIT.as_secs()),
    ("http-header-bytes", wide(HEADER_BYTES_MAX)),
    ("http-headers", wide(HEADERS_MAX)),
    ("http-header-wait", HEADER_WAIT.as_secs()),
    ("http-handshake-wait", HANDSHAKE_WAIT.as_secs()),
    ("http-stop-wait", STOP_WAIT.as_secs()),
    ("http-connections", wide(CONNECTIONS_MAX)),
    ("http-identity-connections", wide(IDENTITY_CONNECTIONS_MAX)),
    ("http-vault-connections", wide(VAULT_CONNECTIONS_MAX)),
    ("x5c-iterations", coldcert::pkcs12::ITERATIONS_MAX),
];

/// A number in 64 bits, which have room for it.
const fn wide(number: usize) -> u64 {
    let (mut bits, mut wide) = (0, 0);
    while bits < usize::BITS {
        if number & (1 << bits) != 0 {
            wide |= 1 << bits;
        }
        bits += 1;
    }
    wide
}

/// The message of a refusal, the status of anything else.
fn heard(reply: &Reply) -> String {
    match reply.body["error"]["message"].as_str() {
        Some(message) => message.to_owned(),
        None => reply.status.to_string(),
    }
}

fn posted(body: Vec<u8>) -> String {
    let desk = Desk::new();
    let request = desk.request("POST", "/certificates/www/create?api-version=7.4");
    let request = request.header("content-type", "application/json").body(Body::from(body));
    heard(&desk.send(request.expect("a request")))
}

fn contacts(count: usize, characters: usize) -> String {
    let contact =
        |number: usize| json!({"email": format!("{number}@a.example"), "name": "x".repeat(characters)});
    let all: Vec<Value> = (0..count).map(contact).collect();
    heard(&Desk::new().ask("PUT", "/certificates/contacts", json!({"contacts": all})))
}

fn page_of(size: u32) -> String {
    heard(&Desk::new().get(&format!("/certificates?maxresults={size}")))
}

fn merged(elements: &[Vec<u8>]) -> String {
    let desk = Desk::new();
    desk.create("www", "Unknown").is(202);
    heard(&desk.merge("www", &elements.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

fn short_token() -> String {
    let work = Workplace::with_vault();
    work.write("tokens", "x".repeat(TOKEN_CHARACTERS_MIN - 1));
    said(&work.run("serve --listen 127.0.0.1:0 --token-file tokens"))
}

fn sealed(memory_kib: u32, passes: u32) -> Result<PassphraseSeal, SealError> {
    let passphrase = Passphrase::new("word".to_owned().into()).expect("a passphrase");
    let key = VaultKey::generate().expect("a key");
    let seal = PassphraseSeal::new(&key, &passphrase, Cost { memory_kib, passes });
    if let Err(error) = &seal {
        assert!(!error.help().is_empty(), "{error}");
    }
    seal
}

/// What the command line says to a backup with so many different seals, of which one is whole.
fn restored(seals: u32) -> String {
    restored_by(&(0..seals).map(|number| (Cost::STANDARD.memory_kib, number + 1)).collect::<Vec<_>>())
}

/// What it says where two seals ask for so much in all.
fn costing(memory_kib: u32, passes: u32) -> String {
    restored_by(&[(memory_kib / 2, passes), (memory_kib - memory_kib / 2, passes)])
}

/// What it says to a vault file with so many seals.
fn kept(seals: usize) -> String {
    let work = Workplace::empty().passphrase("one");
    work.run("init").done();
    let db = Connection::open(work.path("vault.coldcert")).expect("a database");
    let columns = "memory_kib, passes, salt, sealed, checksum, kind, created";
    for number in 1..seals {
        let again = format!(
            "INSERT INTO seal ({columns}, label) SELECT {columns}, '{number}' FROM seal WHERE id = 1"
        );
        db.execute(&again, []).expect("a row");
    }
    let run = work.run("contact add x@example.com");
    if run.code == Some(0) { run.stderr } else { said(&run) }
}

/// What it says to a backup whose seals ask for these costs.
fn restored_by(costs: &[(u32, u32)]) -> String {
    let work = Workplace::empty().passphrase("one");
    work.run("init").done();
    work.create("www");
    work.run("pending delete www").done();
    work.run("create www --issuer Self --subject CN=www --curve P-256").done();
    work.run("backup www -o www.backup").done();
    let mut document: Value = serde_json::from_slice(&work.read("www.backup")).expect("JSON");
    let seal = document["seals"][0].clone();
    let others = costs.iter().map(|(memory_kib, passes)| {
        let mut other = seal.clone();
        (other["memory_kib"], other["passes"]) = ((*memory_kib).into(), (*passes).into());
        other
    });
    document["seals"] = others.collect();
    let other = Workplace::empty().passphrase("two");
    other.run("init").done();
    other.write("www.backup", document.to_string());
    other.write("one", "one");
    let run = other.run("restore www.backup --backup-passphrase-file one");
    if run.code == Some(0) { run.stderr } else { said(&run) }
}

/// A vault with its first passphrase, and as many more.
fn added(more: usize) -> Result<(), VaultError> {
    let folder = tempfile::tempdir().expect("a folder");
    let word = |number: usize| Passphrase::new(format!("word {number}").into()).expect("a passphrase");
    let mut vault = Vault::init(&folder.path().join("vault"), Some(&word(0)), UnixTime::now())?;
    let key = vault.unseal(Some(&word(0)))?;
    (1..=more).try_for_each(|number| {
        vault.add_passphrase(&key, &number.to_string(), &word(number), UnixTime::now())
    })
}

/// What an argument is refused with, after the words that repeat it; nothing where it is not refused.
fn in_words(arguments: &[&str]) -> String {
    let run = Workplace::with_vault().run_with(arguments);
    let refused =
        run.stderr.lines().find(|line| line.contains("invalid value")).unwrap_or_default().to_owned();
    refused.split(">': ").nth(1).unwrap_or_default().to_owned()
}

fn large_recovery_key() -> String {
    let work = Workplace::empty().passphrase("one");
    work.run("init").done();
    work.write("recovery.key", vec![b'#'; 4_097]);
    said(&work.run("--recovery-key recovery.key contact add pki@example.com"))
}

/// What a command says that finds the vault kept.
fn kept_by_another() -> String {
    let work = Workplace::with_vault();
    let keeper = Connection::open(work.path("vault.coldcert")).expect("the vault");
    keeper.execute_batch("BEGIN EXCLUSIVE").expect("it is free");
    said(&work.run("contact add a@example.com"))
}
