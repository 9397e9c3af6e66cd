//! What is sealed in a vault opens for whom it is meant, in its place, beside what was said there; and nowhere else.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;
use support::{Workplace, need};

/// A sealed vault: `www` with two versions of one key, `api` with another, `waits`, and a CA.
fn sealed() -> Workplace {
    let work = Workplace::empty().passphrase("the passphrase");
    work.run("init").done();
    work.make_authority();
    work.create_and_merge("www");
    work.run("create www --reuse-key -o www.csr --force").done();
    work.sign("www.csr", "again.pem");
    work.run("--at 2099-01-01T00:00:00Z merge www again.pem intermediate.pem --accept expired").done();
    work.create_and_merge("api");
    work.create("waits");
    work.sign("waits.csr", "waits.pem");
    work.run("ca init training --subject CN=Training").done();
    work.run("create signed --subject CN=signed.example.com --dns signed.example.com --issuer training -o signed.csr")
        .done();
    work
}

fn changed(work: &Workplace, sql: &str) {
    let db = Connection::open(work.path("vault.coldcert")).expect("the file");
    db.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// What is done to the file, which command stumbles over it, and what it says.
const ATTACKS: [(&str, &str, &str); 12] = [
    (
        "CREATE TABLE t AS SELECT id, sealed_key FROM version;
         UPDATE version SET sealed_key = (SELECT sealed_key FROM t WHERE t.id = 3 - version.id) WHERE id IN (1, 2);
         DROP TABLE t",
        "export www -o www.pfx",
        "was changed or damaged: it does not open under its seal",
    ),
    (
        "UPDATE version SET sealed_key = (SELECT sealed_key FROM version AS other WHERE other.id = 3) WHERE id = 2",
        "export www -o www.pfx",
        "was changed or damaged",
    ),
    (
        "CREATE TABLE t AS SELECT id, chain FROM version;
         UPDATE version SET chain = (SELECT chain FROM t WHERE t.id = 3 - version.id) WHERE id IN (1, 2);
         DROP TABLE t",
        "export www -o www.pfx",
        "the key was sealed with another certificate, request or attribute",
    ),
    ("UPDATE version SET exportable = 0 WHERE id = 3; UPDATE version SET exportable = 1 - exportable WHERE id = 2", "audit verify", "was sealed with another"),
    ("UPDATE version SET content_type = 'application/x-pem-file'", "export www -o www-key.pem", "was sealed with another"),
    ("UPDATE version SET accepted = '[]' WHERE id = 2", "export www -o www.pfx", "was sealed with another"),
    ("UPDATE version SET created = created - 1", "export api -o api.pfx", "was sealed with another"),
    ("UPDATE certificate SET name = 'other' WHERE name = 'api'", "export other -o api.pfx", "was changed or damaged"),
    (
        "UPDATE operation SET policy = replace(policy, '\"exportable\":true', '\"exportable\":false')",
        "merge waits waits.pem intermediate.pem",
        "was sealed with another",
    ),
    (
        "UPDATE operation SET sealed_key = (SELECT sealed_key FROM version WHERE id = 1) WHERE state = 1",
        "merge waits waits.pem intermediate.pem",
        "was changed or damaged",
    ),
    ("UPDATE authority SET profile = CASE profile WHEN 'webpki' THEN 'rfc5280' ELSE 'webpki' END", "ca sign signed", "was sealed with another"),
    ("UPDATE seal SET sealed = zeroblob(60)", "export api -o api.pfx", "the vault key's seal was changed or damaged"),
];

#[test]
fn whatever_is_swapped_or_turned_in_the_file_is_noticed() {
    if need("openssl").is_none() {
        return;
    }
    let work = sealed();
    let whole = work.read("vault.coldcert");
    work.run("audit verify").done().says(&["private keys in their places"]);
    for (attack, line, says) in ATTACKS {
        work.write("vault.coldcert", &whole);
        changed(&work, attack);
        let run = work.run(line);
        assert_ne!(run.code, Some(0), "{attack}: {line}: {}", run.stderr);
        let run = run.says(&[says]);
        assert!(!run.stderr.contains("passphrase is not the one"), "{}", run.stderr);
        assert_ne!(work.run("audit verify").code, Some(0), "{attack}");
        for file in ["www.pfx", "www-key.pem", "api.pfx"] {
            assert!(!work.path(file).exists(), "{attack}: {file} left the vault");
        }
    }
    // Another error than all of these.
    work.write("vault.coldcert", &whole);
    work.write("wrong", "another passphrase\n");
    work.run("--passphrase-file wrong export api -o api.pfx")
        .broken()
        .says(&["the passphrase is not the one"]);
    work.run("export api -o api.pfx").done();
    support::say(&format!(
        "reliability: swapped rows and turned flags noticed | {} | when the key is opened, and by audit verify",
        ATTACKS.len()
    ));
}

/// Whoever can write the file puts a key of his own beside the seals, or in their place.
#[test]
fn a_sealed_vault_cannot_be_made_to_look_unsealed() {
    let work = Workplace::empty().passphrase("the passphrase");
    work.run("init").done();
    let whole = work.read("vault.coldcert");
    let create = "create own --subject CN=own --dns own.example.com --kty EC --issuer Self";
    changed(
        &work,
        "UPDATE vault SET unsealed_key = x'4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b01'",
    );
    let told = "the vault key lies open in the vault file, beside the seals";
    work.run(create).broken().says(&[told]);
    work.run("audit verify").broken().says(&[told]);
    work.write("vault.coldcert", &whole);
    changed(
        &work,
        "UPDATE vault SET unsealed_key = x'4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b01'; DELETE FROM seal",
    );
    work.run(create)
        .broken()
        .says(&["the ledger was changed by other means than this program, or the vault key was"]);
    work.run("audit verify").ended(1).says(&["not authentic"]);
}

/// A prompt may stand open while somebody else takes access away.
#[test]
fn whoever_lost_access_while_being_asked_changes_nothing() {
    let work = Workplace::empty().passphrase("the passphrase");
    work.run("init").done();
    work.write("alice", "alice's\n");
    work.write("again", "another one\n");
    for verb in ["passphrase", "passphrase add --label mallory", "passphrase remove first"] {
        work.run("passphrase add --label alice --new-passphrase-file alice").done();
        work.make_pipe("late");
        // Where no new passphrase is asked for, the old one comes late.
        let late = if verb.contains("remove") { "--passphrase-file" } else { "--new-passphrase-file" };
        let mut words: Vec<&str> =
            if verb.contains("remove") { vec![] } else { vec!["--passphrase-file", "alice"] };
        words.extend(verb.split(' ').chain([late, "late"]));
        let waiting = work.command(&words).spawn().expect("the program");
        std::thread::sleep(std::time::Duration::from_millis(1200));
        work.run("passphrase remove alice").done();
        let seals = work.run("passphrase list").done().out();
        work.write("late", if verb.contains("remove") { "alice's\n" } else { "another one\n" });
        let ended = waiting.wait_with_output().expect("an end");
        assert_ne!(ended.status.code(), Some(0), "{verb}: {}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(work.run("passphrase list").done().out(), seals, "{verb}");
        work.run("audit verify").done();
    }
}

#[test]
fn either_of_two_persons_opens_the_vault_and_changes_their_own_passphrase() {
    let work = Workplace::empty().passphrase("alice's");
    work.run("init").done();
    work.write("alice", "alice's\n");
    work.write("bob", "bob's\n");
    work.write("new", "bob's new one\n");
    work.run("passphrase add --label bob --new-passphrase-file alice")
        .refused()
        .says(&["opens the vault already"]);
    work.run("passphrase add --label bob --new-passphrase-file bob").done().says(&["either opens"]);
    work.run("passphrase add --label bob --new-passphrase-file new").refused();
    for file in ["alice", "bob"] {
        work.run(&format!("--passphrase-file {file} contact add {file}@example.com")).done();
    }
    // One that somebody has is nobody's new one: the old one would go on opening it.
    for taken in ["alice", "bob"] {
        work.run(&format!("--passphrase-file bob passphrase --new-passphrase-file {taken}"))
            .refused()
            .says(&["opens the vault already"]);
    }
    work.run("--passphrase-file bob passphrase --new-passphrase-file new")
        .done()
        .says(&["passphrase of bob"]);
    work.run("--passphrase-file bob contact add x@example.com").broken().says(&["passphrase is not the one"]);
    for file in ["alice", "new"] {
        work.run(&format!("--passphrase-file {file} contact add {file}@example.com")).done();
    }
    assert_eq!(work.run("passphrase list --json").done().json()["seals"].as_array().map(Vec::len), Some(2));
    work.run("passphrase remove bob").done();
    work.run("--passphrase-file new contact add x@example.com").broken();
    work.run_with(&["passphrase", "remove", ""]).broken().says(&["1 to 60 characters"]);
    work.run("passphrase remove first").refused().says(&["the last passphrase"]);
    work.run("audit verify").done();
}

#[test]
fn whoever_loses_access_is_named() {
    let work = Workplace::empty().passphrase("alice's");
    work.run("init").done();
    work.write("new", "a new one\n");
    work.write("bob", "bob's\n");
    work.run("passphrase add --label bob --new-passphrase-file bob").done();
    work.run("passphrase add --label first --new-passphrase-file new").refused();
    work.run("passphrase recovery-key -o paper.key").done();
    let listed = work.run("passphrase list").done().out();
    for seal in ["passphrase     first", "passphrase     bob", "recovery key   paper"] {
        assert!(listed.contains(seal), "{listed}");
    }
    work.run("passphrase remove paper").refused().says(&["--recovery takes away"]);
    work.run("--recovery-key paper.key passphrase --new-passphrase-file new")
        .done()
        .says(&["passphrase of first opens it no longer", "passphrase of bob opens it no longer"]);
    let shown = work.run("audit show").done().out();
    let last = shown.lines().last().expect("an entry");
    for word in ["opened by recovery key paper", "removed passphrase of first, passphrase of bob"] {
        assert!(last.contains(word), "{last}");
    }
    let run = work.run("--passphrase-file new passphrase --no-passphrase --json").done();
    let run = run.says(&["recovery key paper opens it no longer"]);
    assert_eq!(run.json()["removed"][0]["label"], "paper");
    work.run("audit verify").done();
}

#[test]
fn a_recovery_key_opens_the_vault_when_the_passphrase_is_lost() {
    let work = Workplace::empty().passphrase("soon forgotten");
    work.run("init").done();
    work.run("create www --subject CN=www --kty EC -o www.csr").done();
    work.run("passphrase recovery-key -o paper.key").done().says(&["keep it where the vault is not"]);
    assert_eq!(work.mode("paper.key"), 0o600);
    let text = work.text("paper.key");
    let work = work.passphrase("what was it");
    work.write("new", "a new passphrase\n");
    work.run("contact add x@example.com").broken();
    work.run("--recovery-key paper.key passphrase --new-passphrase-file new").done();
    work.run("--passphrase-file new create api --subject CN=api --kty EC -o api.csr").done();
    work.write("old", "soon forgotten\n");
    work.run("--passphrase-file old contact add x@example.com").broken();
    // As somebody typed it.
    let line = text.lines().last().expect("a line").to_lowercase().replace('-', " ");
    work.write("typed.key", line);
    work.run("--recovery-key typed.key contact add x@example.com").done();
    // The key is not a passphrase, and a passphrase is not the key.
    work.write("as-passphrase", text.lines().last().expect("a line"));
    work.run("--passphrase-file as-passphrase contact add x@example.com").broken();
    work.run("--recovery-key new contact add x@example.com").broken().says(&["no recovery key"]);
    work.write("misread.key", text.replace(text.chars().rev().nth(3).expect("a digit"), "7"));
    work.run("--recovery-key misread.key contact add x@example.com").broken();
    let other = Workplace::empty().passphrase("x");
    other.run("init").done();
    other.run("passphrase recovery-key -o paper.key").done();
    work.write("other.key", other.read("paper.key"));
    work.run("--recovery-key other.key contact add x@example.com").broken().says(&["none of this vault's"]);
    work.run("--passphrase-file new passphrase remove paper --recovery").done();
    work.run("--recovery-key paper.key contact add x@example.com").broken();
}

#[test]
fn permissions_that_let_others_in_are_taken_away_with_a_warning() {
    let work = Workplace::with_vault();
    for (mode, left) in [(0o644, 0o600), (0o666, 0o600), (0o640, 0o600), (0o700, 0o700), (0o444, 0o400)] {
        fs::set_permissions(work.path("vault.coldcert"), fs::Permissions::from_mode(mode)).expect("a mode");
        let said = work.run("list").done().stderr;
        assert_eq!(work.mode("vault.coldcert"), left, "{mode:o}");
        assert_eq!(said.contains(&format!("{mode:04o}")), mode & 0o077 != 0, "{said}");
        assert!(!work.run("list").done().stderr.contains("permissions"), "said once");
    }
}

#[test]
fn a_folder_in_which_others_can_put_a_file_is_warned_of() {
    let work = Workplace::with_vault();
    // Where the sticky bit is set they cannot replace the vault, and can make a journal beside it.
    for (mode, warns) in [(0o700, false), (0o755, false), (0o775, true), (0o777, true), (0o1777, true)] {
        fs::set_permissions(work.path("."), fs::Permissions::from_mode(mode)).expect("a mode");
        let said = work.run("list").done().stderr;
        assert_eq!(said.contains(&format!("permissions {mode:04o}")), warns, "{said}");
        let place = if mode & 0o1000 == 0 { "in the vault's place" } else { "beside the vault" };
        assert_eq!(said.contains(place), warns, "{said}");
    }
}

/// Keys are in the memory of a server for as long as it runs.
#[test]
#[cfg(target_os = "linux")]
fn no_core_file_is_written() {
    let work = Workplace::with_vault();
    let (mut child, _) = support::served(&work, "");
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("the limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    let words: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core}");
    child.kill().expect("a signal");
    child.wait().expect("an end");
}

#[test]
fn a_recovery_key_that_was_not_written_down_is_no_seal_and_one_that_is_no_seal_is_not_written_down() {
    let work = Workplace::empty().passphrase("first");
    work.run("init").done();
    let is_alone = |work: &Workplace| !work.run("passphrase list").done().out().contains("recovery key");
    work.run("passphrase recovery-key -o /dev/full").broken().says(&["/dev/full cannot be written"]);
    assert!(is_alone(&work), "a seal whose key nobody has");
    work.run("passphrase recovery-key -o nowhere/paper.key").broken();
    assert!(is_alone(&work));
    // Somebody keeps the vault until the program gives up.
    let db = Connection::open(work.path("vault.coldcert")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run = work.run("passphrase recovery-key -o paper.key");
    db.execute_batch("ROLLBACK").unwrap();
    run.broken().says(&["the vault is busy"]);
    assert!(!work.path("paper.key").exists(), "a key that opens nothing");
    assert!(is_alone(&work));
    work.run("passphrase recovery-key -o paper.key").done();
    assert_eq!(work.mode("paper.key"), 0o600);
    // As an editor of another system saves it.
    let text = format!("\u{feff}{}", work.text("paper.key").replace('\n', "\r\n"));
    work.write("paper.key", text);
    work.run("--recovery-key paper.key contact add x@example.com").done();
}

/// The one that is there may be the only one that opens the vault, and of two that are made at once one is in its place.
#[test]
fn a_recovery_key_never_costs_another() {
    let work = Workplace::empty().passphrase("first");
    work.run("init").done();
    work.run("passphrase recovery-key -o paper.key").done();
    let kept = work.text("paper.key");
    work.run("passphrase recovery-key --label other -o paper.key").refused().says(&["replaces no file"]);
    work.run("passphrase recovery-key --label other -o paper.key --force").broken();
    assert_eq!(work.text("paper.key"), kept);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let one = || work.run("passphrase recovery-key --label safe -o safe.key");
        let threads = [scope.spawn(one), scope.spawn(one)];
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    assert_eq!(answers.iter().filter(|answer| answer.code == Some(0)).count(), 1);
    for key in ["paper.key", "safe.key"] {
        work.run(&format!("--recovery-key {key} contact add {key}@example.com")).done();
    }
}
