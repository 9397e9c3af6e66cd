//! The ledger: every act is in it with who, why and what; whatever is done to it afterwards is found.

mod support;

use coldcert::ledger::Act;
use rusqlite::Connection;
use serde_json::Value;
use support::{Workplace, need};

/// A vault under a passphrase in which each kind of act has happened.
fn worked() -> Workplace {
    let work = Workplace::empty().passphrase("the passphrase");
    let by = "--operator alice --witness bob --reason CHG-4711";
    work.run(&format!("{by} init")).done();
    work.make_authority();
    for line in [
        "create www --subject CN=www.example.com --kty EC -o www.csr",
        "pending csr www -o again.csr",
        "pending cancel www",
    ] {
        work.run(&format!("{by} {line}")).done();
    }
    work.sign("www.csr", "www.pem");
    work.run(&format!("{by} check www.pem intermediate.pem --name www")).done();
    work.run(&format!("{by} merge www root.pem")).refused();
    work.write("carol", "carol's passphrase\n");
    for line in [
        "merge www www.pem intermediate.pem",
        "export www -o www.pfx",
        "export www -o public.pem --format chain",
        "backup www -o www.backup",
        "set www --enabled false",
        "delete www",
        "recover www",
        "delete www",
        "purge www",
        "restore www.backup",
        "import other www.pfx",
        "create gone --subject CN=gone --kty EC -o gone.csr",
        "pending delete gone",
        "issuer set corp --provider DigiCert",
        "create named --subject CN=named --kty EC --issuer corp -o named.csr",
        "issuer fail named --code Denied --message no",
        "contact add pki@example.com",
        "ca init training --subject CN=Training",
        "create signed --subject CN=signed.example.com --dns signed.example.com --kty EC --issuer training -o signed.csr",
        "ca sign signed",
        "create own --subject CN=own --kty EC --issuer Self",
        "passphrase add --label carol --new-passphrase-file carol",
    ] {
        work.run(&format!("{by} {line}")).done();
    }
    work
}

fn entries(work: &Workplace) -> Vec<Value> {
    work.run("audit show --json").done().json()["entries"].as_array().expect("entries").clone()
}

fn tampered(work: &Workplace, sql: &str) {
    let db = Connection::open(work.path("vault.coldcert")).expect("the file");
    db.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Baseline Requirements 5.4.1: what happened, when, and who says so.
#[test]
fn every_act_is_recorded_with_who_saw_it_and_why() {
    if need("openssl").is_none() {
        return;
    }
    let work = worked();
    let entries = entries(&work);
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!(entry["sequence"], index + 1);
        assert_eq!(entry["operator"], "alice", "{entry}");
        assert_eq!(entry["witness"], "bob", "{entry}");
        assert_eq!(entry["reason"], "CHG-4711", "{entry}");
        assert_eq!(entry["program"], env!("CARGO_PKG_VERSION"));
        assert!(entry["time"].as_str().is_some_and(|time| time.ends_with('Z')));
    }
    let acts: Vec<&str> = entries.iter().map(|entry| entry["act"].as_str().expect("an act")).collect();
    for act in Act::ALL {
        // Only a vault that is older than its ledger begins one.
        assert_eq!(acts.contains(&act.name()), act != Act::Begin, "{act}");
    }
    let of = |act: &str| entries.iter().find(|entry| entry["act"] == act).expect("an entry");
    let request = coldcert::fingerprint::Fingerprint::of(
        coldcert::pem::read(&work.read("again.csr")).expect("PEM")[0].contents(),
    );
    for act in ["create", "request-exported"] {
        assert_eq!(of(act)["detail"]["request"], request.hex(), "{act}");
    }
    let key = &of("create")["public_key"];
    assert_eq!(key.as_str().map(str::len), Some(64));
    for act in ["request-exported", "cancel", "judge", "refuse", "merge", "secret-exported"] {
        assert_eq!(of(act)["public_key"], *key, "{act}");
        assert_eq!(of(act)["name"], "www");
    }
    assert_eq!(of("refuse")["detail"]["refused_by"][0], "key-mismatch");
    assert_eq!(of("merge")["version"], of("secret-exported")["version"]);
    assert_eq!(acts.iter().filter(|act| **act == "secret-exported").count(), 1, "a chain is no secret");
    // What refused and was accepted all the same is named, with the rule.
    work.run("create odd --subject CN=odd --kty EC -o odd.csr").done();
    work.sign("odd.csr", "odd.pem");
    work.run("--at 2040-01-01T00:00:00Z merge odd odd.pem intermediate.pem --accept expired").done();
    let last = self::entries(&work).pop().expect("an entry");
    assert_eq!(last["detail"]["accepted"][0], "expired");
    assert_eq!(last["time"], "2040-01-01T00:00:00Z");
    assert!(last["detail"]["clock"].as_str().is_some_and(|clock| !clock.starts_with("2040")), "{last}");
    work.run("audit verify").done().says(&["the ledger is whole"]);
}

/// What is wrong, what the program says of it, and whether it takes the passphrase to see it.
const ATTACKS: [(&str, &str, bool); 21] = [
    ("DELETE FROM ledger WHERE sequence = 3", "entry 3: missing", false),
    ("DELETE FROM ledger WHERE sequence BETWEEN 3 AND 6", "entries 3 to 6: missing", false),
    ("DELETE FROM ledger WHERE sequence = 1", "entry 1: missing", false),
    ("DELETE FROM ledger WHERE sequence > 8", ": missing", false),
    ("DELETE FROM ledger", "the ledger holds no entry", false),
    ("UPDATE ledger SET operator = 'mallory' WHERE sequence = 5", "entry 5: changed", false),
    ("UPDATE ledger SET time = time + 1 WHERE sequence = 5", "entry 5: changed", false),
    ("UPDATE ledger SET act = 'nothing' WHERE sequence = 5", "entry 5: changed", false),
    ("UPDATE ledger SET hash = zeroblob(32) WHERE sequence = 5", "entry 5: changed", false),
    (
        "UPDATE ledger SET sequence = -1 WHERE sequence = 4; UPDATE ledger SET sequence = 4 WHERE sequence = 6;
         UPDATE ledger SET sequence = 6 WHERE sequence = -1",
        "entry 4: moved, it was written as entry 6",
        false,
    ),
    (
        "DELETE FROM ledger WHERE sequence > 8;
         UPDATE ledger_end SET sequence = 8, hash = (SELECT hash FROM ledger WHERE sequence = 8)",
        "after entry 8: cut off",
        // Without the key too: the vault is not as entry 8 left it.
        false,
    ),
    ("UPDATE ledger_end SET key = zeroblob(32)", "cut off", true),
    ("UPDATE ledger SET tag = zeroblob(32) WHERE sequence = 5", "entry 5: not authentic", true),
    ("DELETE FROM ledger_end", "cut off", false),
    ("UPDATE ledger_end SET hash = x'00'", "cut off", false),
    // Nobody had the vault key, it says now.
    ("UPDATE ledger SET tag = NULL; UPDATE ledger_end SET key = NULL", ": not authentic", true),
    ("UPDATE ledger SET keyed = 0 WHERE act = 'purge'", "purge takes the vault key, and it was written without", true),
    (
        "INSERT INTO ledger SELECT -5, time, act, name, version, public_key, 'mallory', witness, reason, program, detail, hash,
                                   keyed, tag FROM ledger WHERE sequence = 5",
        "before entry 1: 1 rows that are no entries",
        false,
    ),
    // The hash is over the text.
    ("UPDATE ledger SET detail = replace(detail, ':', ': ') WHERE sequence = 2", "entry 2: changed", false),
    (
        "CREATE TRIGGER quiet BEFORE INSERT ON ledger WHEN NEW.act = 'secret-exported' BEGIN SELECT RAISE(IGNORE); END",
        "the trigger quiet is in the vault file, and is none of this program's",
        false,
    ),
    (
        "PRAGMA foreign_keys = OFF; UPDATE version SET certificate = 777",
        "rows of version belong to no certificate",
        false,
    ),
];

#[test]
fn whatever_is_done_to_the_ledger_is_found_and_named() {
    if need("openssl").is_none() {
        return;
    }
    let work = worked();
    let whole = work.read("vault.coldcert");
    let verified = work.run("audit verify").done();
    let head = verified.stderr.split("head ").nth(1).expect("a head").trim().to_owned();
    for (attack, fault, needs_key) in ATTACKS {
        work.write("vault.coldcert", &whole);
        tampered(&work, attack);
        work.run("audit verify").ended(1).says(&[fault, "NOT "]);
        let chain = work.run("audit verify --chain-only");
        assert_eq!(chain.code, Some(i32::from(!needs_key)), "{attack}: {}", chain.stderr);
        // Whoever wrote the head down needs no passphrase.
        let heads = work.run(&format!("audit verify --chain-only --head {head}"));
        assert_eq!(
            heads.code == Some(0),
            attack.contains("ledger_end SET key")
                || attack.contains("SET tag")
                || attack.contains("SET keyed"),
            "{attack}"
        );
    }
    support::say(&format!(
        "reliability: attacks on the ledger found | {} | each by its entry",
        ATTACKS.len()
    ));
}

/// The whole file put back to an earlier day is whole. Only what was written down elsewhere tells.
#[test]
fn an_earlier_copy_of_the_vault_is_found_by_a_head_on_paper() {
    let work = Workplace::with_vault();
    work.run("create www --subject CN=www --kty EC -o www.csr").done();
    let earlier = work.read("vault.coldcert");
    work.run("pending delete www").done();
    let shown = work.run("audit show").done().stderr;
    let head = shown.split_whitespace().nth(1).expect("a head").to_owned();
    work.run(&format!("audit verify --head {head}")).done();
    work.run("contact add pki@example.com").done();
    work.run(&format!("audit verify --head {head}")).done();
    work.write("vault.coldcert", &earlier);
    work.run("audit verify").done();
    work.run(&format!("audit verify --head {head}"))
        .ended(1)
        .says(&["entry 3: a head was written down for it, and it is not there"]);
    work.run("contact add other@example.com").done();
    work.run(&format!("audit verify --head {head}"))
        .ended(1)
        .says(&["entry 3: not the one whose head was written down"]);
}

/// All of it taken away, or the vault made to look older than its ledger: the next act begins a new one, and the vault key
/// knows that there was one before.
#[test]
fn a_ledger_that_was_wiped_cannot_begin_anew() {
    let wiped = [
        "DELETE FROM ledger; UPDATE ledger_end SET sequence = 0, hash = zeroblob(32), key = NULL",
        "DROP TABLE ledger; DROP TABLE ledger_end; ALTER TABLE seal DROP COLUMN kind; ALTER TABLE seal DROP COLUMN label;
         ALTER TABLE seal DROP COLUMN created; PRAGMA user_version = 4",
    ];
    for attack in wiped {
        let work = Workplace::empty().passphrase("the passphrase");
        work.run("init").done();
        work.run("contact add pki@example.com").done();
        tampered(&work, attack);
        work.run("list").done();
        work.run("audit verify").ended(1).says(&["holds no entry"]);
        work.run("contact add other@example.com").done();
        work.run("audit verify").ended(1).says(&["entry 1 is not the beginning of this vault's ledger"]);
        // Another passphrase seals the same key with the same mark.
        work.write("new", "another one\n");
        work.run("passphrase --new-passphrase-file new").done();
        work.run("--passphrase-file new audit verify").ended(1).says(&["entry 1 is not the beginning"]);
    }
}

#[test]
fn what_is_exported_can_be_checked_elsewhere_printed_and_signed() {
    let work = Workplace::with_vault();
    work.run_with(&["--operator", "<alice>", "contact", "add", "pki@example.com"]).done();
    for sheet in ["ledger.jsonl", "./ledger.jsonl"] {
        let run = work.run_in_vain(&format!("audit export -o ledger.jsonl --sheet {sheet}"));
        run.broken().says(&["--sheet is", "another file than that of --output"]);
    }
    work.run("audit export -o ledger.jsonl --sheet ledger.html").done();
    let text = work.text("ledger.jsonl");
    assert_eq!(text.lines().count(), 2);
    let verified = work.run("audit verify --file ledger.jsonl").done();
    let head = verified.stderr.split("head ").nth(1).expect("a head").trim().to_owned();
    let page = work.text("ledger.html");
    assert!(page.contains(&head) && page.contains("signature") && page.contains("&lt;alice&gt;"), "{page}");
    assert!(!page.contains("http"), "the page needs nothing from elsewhere");
    work.write("changed.jsonl", text.replace("alice", "carol"));
    work.run("audit verify --file changed.jsonl").ended(1).says(&["entry 2: changed"]);
    // What the hash does not see is not there.
    for (edit, with) in [
        ("\"operator\"", "\"operator\":\"mallory\",\"operator\""),
        ("\"operator\"", "\"reason\":[\"approved\"],\"operator\""),
        ("\"operator\"", "\"version\":5,\"operator\""),
        ("Z\"", ".999Z\""),
    ] {
        assert!(text.contains(edit), "{edit}");
        work.write("edited.jsonl", text.replacen(edit, with, 1));
        work.run("audit verify --file edited.jsonl").broken().says(&["line 1 is no entry of a ledger"]);
    }
    work.write("torn.jsonl", &text[..text.len() - 30]);
    work.run("audit verify --file torn.jsonl").broken().says(&["line 2 is no entry"]);
    work.run("audit verify --head nonsense").ended(2);
}

/// Whoever carries it away month by month checks the parts together; a part alone does not pass for the whole.
#[test]
fn what_was_exported_in_parts_is_checked_together() {
    let work = Workplace::with_vault();
    for address in ["a", "b", "c", "d"] {
        work.run(&format!("contact add {address}@example.com")).done();
    }
    work.run("audit export -o whole.jsonl").done();
    let whole = work.text("whole.jsonl");
    let lines: Vec<&str> = whole.lines().collect();
    let part =
        |from: usize, to: usize| lines[from..to].iter().map(|line| format!("{line}\n")).collect::<String>();
    work.write("one.jsonl", part(0, 2));
    work.run("audit export --after 2 -o two.jsonl").done();
    assert_eq!(work.text("two.jsonl"), part(2, 5));
    let alone = work.run("audit verify --file two.jsonl").ended(1);
    alone.says(&["entries 1 to 2: missing", "these lines begin after entry 2"]);
    work.write("common.jsonl", part(1, 4));
    work.write("within.jsonl", part(3, 4));
    for files in [
        "--file one.jsonl --file two.jsonl",
        "--file two.jsonl --file one.jsonl",
        "--file two.jsonl --file common.jsonl --file one.jsonl --file within.jsonl",
        "--file whole.jsonl --file two.jsonl",
    ] {
        work.run(&format!("audit verify {files}")).done().says(&["checked 5 entries", "the ledger is whole"]);
    }
    // What joins them hides nothing: a gap, a change, another order within a part.
    work.write("later.jsonl", part(3, 5));
    work.run("audit verify --file one.jsonl --file later.jsonl").ended(1).says(&["entry 3: missing"]);
    work.write("other.jsonl", part(1, 5).replacen("\"operator\":\"", "\"operator\":\"not ", 1));
    work.run("audit verify --file one.jsonl --file other.jsonl").ended(1).says(&["entry 2: changed"]);
    work.write("turned.jsonl", format!("{}{}{}", part(3, 4), part(2, 3), part(4, 5)));
    work.run("audit verify --file one.jsonl --file turned.jsonl").ended(1).says(&["fault"]);
}

/// One that cannot be read is named, and what stands behind it can still be seen and carried away.
#[test]
fn an_entry_that_cannot_be_read_is_named_by_show_and_export() {
    let work = Workplace::with_vault();
    work.run("contact add a@example.com").done();
    work.run("contact add b@example.com").done();
    tampered(&work, "UPDATE ledger SET detail = 'x' WHERE sequence = 2");
    for line in ["audit show", "audit show --json", "audit export -o ledger.jsonl"] {
        work.run(line).broken().says(&["entry 2 of the ledger cannot be read", "audit show --after 2"]);
    }
    assert!(!work.path("ledger.jsonl").exists());
    work.run("audit show --after 2").done();
    work.run("audit export --after 2 -o rest.jsonl").done();
    assert_eq!(work.text("rest.jsonl").lines().count(), 1);
    work.run("audit verify").ended(1).says(&["entry 2: changed"]);
}

/// Who has a passphrase of his own is told from who took the recovery key out of the safe.
#[test]
fn every_act_with_the_vault_key_says_by_which_seal_it_was_opened() {
    let work = Workplace::empty().passphrase("alice's");
    work.run("init").done();
    work.write("bob", "bob's\n");
    for line in [
        "passphrase add --label bob --new-passphrase-file bob",
        "passphrase recovery-key -o paper.key",
        "create own --subject CN=own --dns own.example.com --kty EC --issuer Self",
        "--passphrase-file bob export own -o own.pfx",
        "--recovery-key paper.key export own -o again.pfx",
        "create www --subject CN=www --dns www.example.com --kty EC -o www.csr",
        "pending csr www -o again.csr",
        "audit export -o ledger.jsonl --sheet ledger.html",
    ] {
        work.run(line).done();
    }
    let seals: Vec<(String, Value)> = entries(&work)
        .iter()
        .map(|entry| {
            (entry["act"].as_str().expect("an act").to_owned(), entry["detail"]["opened_by"].clone())
        })
        .collect();
    let first = Value::from("passphrase of first");
    let expected = [
        ("init", Value::Null),
        ("passphrase", first.clone()),
        ("passphrase", first.clone()),
        ("create", first.clone()),
        ("merge", first.clone()),
        ("secret-exported", "passphrase of bob".into()),
        ("secret-exported", "recovery key paper".into()),
        ("create", first),
        // It takes no vault key.
        ("request-exported", Value::Null),
    ];
    assert_eq!(seals, expected.map(|(act, seal)| (act.to_owned(), seal)));
    let shown = work.run("audit show --name own").done().out();
    let last = shown.lines().last().expect("an entry");
    assert!(last.contains("opened by recovery key paper") && !last.contains("opened_by"), "{last}");
    assert!(work.text("ledger.html").contains("opened by recovery key paper"));
    work.run("audit verify").done();
    let changed = work.text("ledger.jsonl").replace("recovery key paper", "passphrase of first");
    work.write("changed.jsonl", changed);
    work.run("audit verify --file changed.jsonl").ended(1).says(&["entry 7: changed"]);
}

/// A vault of schema 4 had no ledger: it begins with the first act, and says so.
#[test]
fn a_vault_that_is_older_than_its_ledger_begins_one() {
    let work = Workplace::with_vault();
    tampered(
        &work,
        "DROP TABLE ledger; DROP TABLE ledger_end;
         ALTER TABLE seal DROP COLUMN kind; ALTER TABLE seal DROP COLUMN label; ALTER TABLE seal DROP COLUMN created;
         UPDATE vault SET unsealed_key = substr(unsealed_key, 1, 32);
         PRAGMA user_version = 4;",
    );
    work.run("list").done();
    work.run("audit verify").ended(1).says(&["the vault was made before there were ledgers"]);
    work.run("contact add pki@example.com").done();
    work.run("audit verify").done();
    assert_eq!(entries(&work)[0]["act"], "begin");
}

#[test]
fn what_cannot_be_recorded_does_not_leave_the_vault() {
    let work = Workplace::with_vault();
    work.run("create own --subject CN=own --kty EC --issuer Self").done();
    let whole = work.read("vault.coldcert");
    for attack in [
        // Another key than the vault key's, none, and a row in the way.
        "UPDATE ledger_end SET key = zeroblob(32)",
        "UPDATE ledger SET tag = NULL; UPDATE ledger_end SET key = NULL",
        "INSERT INTO ledger SELECT 1 + max(sequence), time, act, name, version, public_key, operator, witness, reason, program,
                                   detail, hash, 0, tag FROM ledger",
        "DELETE FROM ledger_end",
        "UPDATE ledger_end SET sequence = 1",
    ] {
        tampered(&work, attack);
        work.run("export own -o own.pfx").ended(2);
        assert!(!work.path("own.pfx").exists(), "{attack}");
        work.run("delete own").ended(2);
        work.run("show own").done();
        work.write("vault.coldcert", &whole);
    }
}

/// What somebody put into the file does nothing when the program writes to it.
#[test]
fn triggers_in_the_file_are_not_run() {
    let work = Workplace::with_vault();
    work.run("create own --subject CN=own --dns own.example.com --kty EC --issuer Self").done();
    tampered(
        &work,
        "CREATE TRIGGER a BEFORE INSERT ON ledger WHEN NEW.act = 'secret-exported' BEGIN SELECT RAISE(IGNORE); END;
         CREATE TRIGGER b BEFORE DELETE ON certificate BEGIN SELECT RAISE(IGNORE); END;
         CREATE TABLE stash (k); CREATE TRIGGER c BEFORE DELETE ON version BEGIN INSERT INTO stash SELECT OLD.sealed_key; END;",
    );
    work.run("export own -o own.pfx").done();
    assert_eq!(entries(&work).last().expect("an entry")["act"], "secret-exported");
    work.run("delete own").done();
    work.run("purge own").done();
    let db = Connection::open(work.path("vault.coldcert")).expect("the file");
    let left = "SELECT (SELECT count(*) FROM stash) + (SELECT count(*) FROM version) + (SELECT count(*) FROM certificate)";
    assert_eq!(db.query_row(left, [], |row| row.get::<_, i64>(0)), Ok(0));
    work.run("audit verify").ended(1).says(&[
        "the trigger a is in",
        "the trigger b is in",
        "the table stash is in",
    ]);
}

/// The tables' own references may have been taken away.
#[test]
fn a_purge_takes_the_keys_whatever_the_file_says_of_references() {
    let work = Workplace::with_vault();
    work.run("create own --subject CN=own --dns own.example.com --kty EC --issuer Self").done();
    tampered(
        &work,
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'REFERENCES certificate ON DELETE CASCADE', '')",
    );
    work.run("delete own").done();
    work.run("purge own").done();
    let db = Connection::open(work.path("vault.coldcert")).expect("the file");
    assert_eq!(db.query_row("SELECT count(*) FROM version", [], |row| row.get::<_, i64>(0)), Ok(0));
    work.run("audit verify").ended(1).says(&["the table version is not as this program makes it"]);
}

#[test]
fn a_table_that_is_missing_or_replaced_is_named() {
    let work = Workplace::with_vault();
    let whole = work.read("vault.coldcert");
    for (attack, named) in [
        ("DROP TABLE contact", "the table contact is not in the vault file"),
        ("DROP TABLE ledger", "the table ledger is not in the vault file"),
        (
            "ALTER TABLE ledger RENAME TO old; CREATE VIEW ledger AS SELECT * FROM old",
            "the view ledger is in the vault file, and is none of this program's",
        ),
        ("PRAGMA user_version = 4", "its tables are not those of schema 4, which it says it has"),
    ] {
        tampered(&work, attack);
        work.run("audit verify").broken().says(&[named]);
        work.write("vault.coldcert", &whole);
    }
}

/// Whoever is asked for a passphrase may answer late.
#[test]
fn what_was_purged_meanwhile_is_not_exported() {
    let work = Workplace::empty().passphrase("the passphrase");
    work.run("init").done();
    work.run("create own --subject CN=own --dns own.example.com --kty EC --issuer Self").done();
    work.make_pipe("late");
    let export = work.command(["--passphrase-file", "late", "export", "own", "-o", "own.pfx"]).spawn();
    let export = export.expect("the program");
    std::thread::sleep(std::time::Duration::from_millis(300));
    work.run("delete own").done();
    work.run("purge own").done();
    work.write("late", "the passphrase\n");
    let ended = export.wait_with_output().expect("an end");
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!work.path("own.pfx").exists());
    assert_eq!(entries(&work).last().expect("an entry")["act"], "purge");
}

/// One value that cannot be read hides no other fault.
#[test]
fn what_cannot_be_read_is_named_beside_the_rest() {
    let work = Workplace::with_vault();
    for name in ["one", "two"] {
        work.run(&format!(
            "create {name} --subject CN={name} --dns {name}.example.com --kty EC --issuer Self"
        ))
        .done();
    }
    let whole = work.read("vault.coldcert");
    for unreadable in [
        "UPDATE certificate SET tags = '' WHERE name = 'one'",
        "UPDATE certificate SET created = 9000000000000000 WHERE name = 'one'",
        "UPDATE certificate SET shell = x'00' WHERE name = 'one'",
        "UPDATE version SET version = x'00' WHERE id = 1",
        "UPDATE version SET chain = x'00' WHERE id = 1",
    ] {
        tampered(&work, unreadable);
        tampered(&work, "UPDATE certificate SET tags = '{\"a\":\"b\"}' WHERE name = 'two'");
        work.run("audit verify").ended(1).says(&["one", "the certificate two is not as entry"]);
        work.write("vault.coldcert", &whole);
    }
    tampered(&work, "UPDATE certificate SET name = 'bad name/..' WHERE name = 'one'");
    work.run("audit verify").ended(1).says(&["bad name/..: ", "the certificate one, which entry"]);
}

/// Rows that were taken out of the file, or put back into it, by who can write it.
#[test]
fn what_the_ledger_tells_of_is_in_the_vault_and_nothing_else() {
    let work = Workplace::with_vault();
    work.run("ca init training --subject CN=Training").done();
    work.run("create own --subject CN=own --dns own.example.com --kty EC --issuer Self").done();
    work.run("create waits --subject CN=waits --dns waits.example.com --kty EC -o waits.csr").done();
    work.run("audit verify").done();
    let whole = work.read("vault.coldcert");
    for (sql, named) in [
        ("DELETE FROM version", "own version "),
        ("DELETE FROM certificate WHERE name = 'own'", "own version "),
        ("UPDATE certificate SET name = 'other' WHERE name = 'own'", "the certificate own, "),
        ("DELETE FROM operation WHERE state = 1", "the operation of waits, "),
        ("DELETE FROM certificate WHERE name = 'waits'", "the certificate waits, "),
        ("DELETE FROM authority", "the CA training, which entry 2 tells of, is not in the vault"),
    ] {
        tampered(&work, sql);
        work.run("audit verify").ended(1).says(&[named, "is not in the vault"]);
        work.run("audit verify --chain-only").ended(1).says(&[named]);
        work.write("vault.coldcert", &whole);
    }
    // What was given up comes back with its key.
    work.write("before.coldcert", &whole);
    work.run("delete own").done();
    work.run("purge own").done();
    work.run("pending delete waits").done();
    work.run("audit verify").done();
    tampered(
        &work,
        &format!(
            "ATTACH '{}' AS before;
             INSERT INTO certificate SELECT * FROM before.certificate WHERE name = 'own';
             INSERT INTO version SELECT * FROM before.version;
             INSERT INTO operation SELECT * FROM before.operation WHERE state = 1",
            work.path("before.coldcert").display()
        ),
    );
    work.run("audit verify")
        .ended(1)
        .says(&["own version ", "the operation of waits is in the vault, and was taken away by entry "]);
}

/// What went out, what was refused, and which keys were meant.
#[test]
fn a_request_in_a_document_a_refused_import_and_the_keys_of_a_name_are_in_the_ledger() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("www");
    work.create("waits");
    let key_of = |name: &str| work.run(&format!("pending show {name}")).done().out();
    let before = entries(&work).len();
    for line in
        ["pending show waits --json", "pending csr waits --json", "pending list --json", "pending show waits"]
    {
        work.run(line).done();
    }
    let after = entries(&work);
    let out: Vec<&str> = after[before..].iter().map(|entry| entry["act"].as_str().expect("an act")).collect();
    // The list found it in the ledger already.
    assert_eq!(out, ["request-exported", "request-exported"]);
    assert_eq!(after[before]["name"], "waits");
    assert!(key_of("waits").contains("key sha256"));

    work.run("export www -o www.pfx").done();
    work.run("--at 2040-01-01T00:00:00Z import late www.pfx").refused();
    let last = entries(&work).pop().expect("an entry");
    assert_eq!(
        (&last["act"], &last["name"], &last["detail"]["of"]),
        (&"refuse".into(), &"late".into(), &"import".into())
    );
    assert!(
        last["detail"]["refused_by"].as_array().is_some_and(|rules| rules.contains(&"expired".into())),
        "{last}"
    );
    let key = last["public_key"].clone();
    assert!(key.is_string(), "{last}");

    work.run("create www -o second.csr").done();
    for line in [
        "backup www -o www.backup",
        "delete www",
        "recover www",
        "delete www",
        "purge www",
        "restore www.backup",
    ] {
        work.run(line).done();
        let entry = entries(&work).pop().expect("an entry");
        assert_eq!(entry["detail"]["versions"].as_array().map(Vec::len), Some(1), "{line}: {entry}");
        // A name with a key that waits has two.
        match entry["detail"]["public_keys"].as_array() {
            None => assert_eq!(entry["public_key"], key, "{line}: {entry}"),
            Some(keys) => assert!(keys.len() == 2 && keys.contains(&key), "{line}: {entry}"),
        }
    }
    work.run("audit verify").done();
}

/// A row that was changed by other means is refused as the beginning of the next act on it, which would make it look right;
/// and where the act was done all the same, the audit tells.
#[test]
fn no_act_makes_right_what_was_changed_by_other_means() {
    let prepared = || {
        let work = Workplace::empty().passphrase("the passphrase");
        work.run("init").done();
        for line in [
            "create www --subject CN=www --dns www.example.com --kty EC --issuer Self",
            "create own --subject CN=own --dns own.example.com --kty EC --issuer Self",
            "issuer set corp --provider DigiCert",
            "contact add pki@example.com",
            "ca init training --subject CN=Training",
        ] {
            work.run(line).done();
        }
        work.write("mallory", "mallory's passphrase\n");
        work.run("passphrase add --label mallory --new-passphrase-file mallory").done();
        std::fs::copy(work.path("vault.coldcert"), work.path("before")).expect("a copy");
        work
    };
    let old = "ATTACH 'before' AS old;";
    for (honest, change, next, told) in [
        (
            "passphrase remove mallory",
            "INSERT INTO main.seal SELECT * FROM old.seal WHERE label = 'mallory'",
            "passphrase recovery-key -o paper.key",
            "the list of passphrases is not as entry",
        ),
        (
            "contact add other@example.com",
            "UPDATE contact SET email = 'mallory@example.org'",
            "contact add third@example.com",
            "the list of contacts is not as entry",
        ),
        (
            "set own --tag a=b",
            "UPDATE certificate SET policy = replace(policy, 'own.example.com', 'bad.example.com') WHERE name = 'own'",
            "set own --tag c=d",
            "the certificate own is not as entry",
        ),
        (
            "issuer set corp --provider GlobalSign",
            "UPDATE issuer SET provider = 'Mallory' WHERE name = 'corp'",
            "issuer set corp --provider DigiCert",
            "the issuer corp is not as entry",
        ),
    ] {
        let work = prepared();
        work.run(honest).done();
        in_folder(&work, &format!("{old} {change}"));
        work.run("audit verify").ended(1);
        let before = work.run("audit show").done().stdout;
        work.run(next).broken().says(&[told, "coldcert audit verify", "can still be exported"]);
        assert_eq!(work.run("audit show").done().stdout, before, "{next}");
        assert!(!work.path("paper.key").exists());
    }
}

/// Rows that an index hides are not seen when an act begins. The entry of the act says what it found, and the audit
/// compares.
#[test]
fn what_an_index_hid_from_an_act_is_told_by_its_entry() {
    let work = Workplace::empty().passphrase("the passphrase");
    work.run("init").done();
    work.run("create www --subject CN=www --dns www.example.com --kty EC --issuer Self").done();
    work.run("delete www").done();
    std::fs::copy(work.path("vault.coldcert"), work.path("before")).expect("a copy");
    work.run("purge www").done();
    let last = entries(&work).len();
    let hidden = format!(
        "ATTACH 'before' AS old;
         INSERT INTO main.certificate SELECT * FROM old.certificate;
         INSERT INTO main.version SELECT * FROM old.version;
         INSERT INTO main.operation SELECT * FROM old.operation;
         DETACH old;
         CREATE TEMP TABLE text AS SELECT sql FROM main.sqlite_schema WHERE name = 'ledger_by_name';
         DROP INDEX ledger_by_name;
         CREATE INDEX ledger_by_name ON ledger (name COLLATE NOCASE, sequence) WHERE name IS NOT NULL AND sequence <> {last};
         PRAGMA writable_schema = ON;
         UPDATE main.sqlite_schema SET sql = (SELECT sql FROM temp.text) WHERE name = 'ledger_by_name';"
    );
    in_folder(&work, &hidden);
    work.run("audit verify").ended(1).says(&["SQLite says: row", "missing from index ledger_by_name"]);
    // The act sees nothing; whoever makes the index right again afterwards has hidden nothing.
    work.run("recover www").done();
    in_folder(&work, "REINDEX");
    let verified = work.run("audit verify").ended(1);
    verified.says(&["one of these was not as it was left", "the certificate www (of entry"]);
}

/// Indices decide what is found, and what they leave out is named.
#[test]
fn a_key_that_an_index_hid_from_its_purge_is_found_by_the_audit() {
    let work = Workplace::empty().passphrase("the passphrase");
    work.run("init").done();
    work.run("create www --subject CN=www --dns www.example.com --kty EC --issuer Self").done();
    work.run("delete www").done();
    let mut hide = String::from("CREATE TEMP TABLE text AS SELECT name, sql FROM main.sqlite_schema;");
    for (name, columns) in
        [("version_by_certificate", "certificate, id"), ("version_in_order", "certificate, version")]
    {
        hide.push_str(&format!(
            "DROP INDEX {name}; CREATE INDEX {name} ON version ({columns}) WHERE certificate <> 1;"
        ));
    }
    hide.push_str(
        "PRAGMA writable_schema = ON;
         UPDATE main.sqlite_schema SET sql = (SELECT sql FROM temp.text WHERE text.name = sqlite_schema.name)
         WHERE name LIKE 'version\\_%' ESCAPE '\\';",
    );
    in_folder(&work, &hide);
    work.run("purge www");
    work.run("audit verify").ended(1).says(&["SQLite says: row", "rows of version belong to no certificate"]);
}

/// One fault that somebody made on purpose hides no other.
#[test]
fn a_fault_of_the_ledger_does_not_hide_rows_that_were_changed() {
    let work = Workplace::with_vault();
    work.run("contact add pki@example.com").done();
    work.run("contact add www@example.com").done();
    tampered(
        &work,
        "UPDATE ledger SET tag = zeroblob(32) WHERE sequence = 2; UPDATE contact SET email = 'x@example.org'",
    );
    work.run("audit verify")
        .ended(1)
        .says(&["entry 2: not authentic", "the list of contacts is not as entry 3 left it"]);
}

/// What stands behind an entry that is not there, or cannot be read, is checked or said to be unchecked.
#[test]
fn an_entry_behind_a_hole_is_not_passed_for_good() {
    let work = Workplace::with_vault();
    for address in ["a", "b", "c"] {
        work.run(&format!("contact add {address}@example.com")).done();
    }
    std::fs::copy(work.path("vault.coldcert"), work.path("whole")).expect("a copy");
    tampered(
        &work,
        "DELETE FROM ledger WHERE sequence = 2; UPDATE ledger SET operator = 'mallory' WHERE sequence = 3",
    );
    work.run("audit verify").ended(1).says(&["entry 2: missing", "entry 3: may have been changed"]);
    std::fs::copy(work.path("whole"), work.path("vault.coldcert")).expect("a copy");
    tampered(
        &work,
        "UPDATE ledger SET act = 'x' WHERE sequence = 2; UPDATE ledger SET operator = 'mallory' WHERE sequence = 3",
    );
    work.run("audit verify").ended(1).says(&["entry 2: changed", "entry 3: changed"]);
}

/// Names that are no texts neither stop the audit nor keep it from ending.
#[test]
fn a_name_that_is_no_text_is_a_fault_and_the_audit_ends() {
    for name in ["x'6f776e'", "CAST(x'ff776e' AS TEXT)", "'own' || char(27) || '[2J'"] {
        let work = Workplace::with_vault();
        work.run("create own --subject CN=own --dns own.example.com --kty EC --issuer Self").done();
        let sql = |from: &str, to: &str| {
            format!(
                "UPDATE sqlite_schema SET sql = replace(sql, '{from}', '{to}') WHERE name = 'certificate';"
            )
        };
        tampered(&work, &format!("PRAGMA writable_schema = ON; {}", sql(") STRICT", ")/*loose*/")));
        tampered(
            &work,
            &format!(
                "UPDATE certificate SET name = {name}; UPDATE ledger SET tag = zeroblob(32) WHERE sequence = 2"
            ),
        );
        tampered(&work, &format!("PRAGMA writable_schema = ON; {}", sql(")/*loose*/", ") STRICT")));
        let verified =
            work.run("audit verify").ended(1).says(&["entry 2: not authentic", "the certificate own"]);
        assert!(!verified.stderr.contains('\u{1b}'), "{}", verified.stderr);
    }
}

/// Runs SQL with the folder as the place of files that it attaches.
fn in_folder(work: &Workplace, sql: &str) {
    tampered(work, &sql.replace("'before'", &format!("'{}'", work.path("before").display())));
}

/// What cannot be recorded is not written out.
#[test]
fn a_request_is_in_the_ledger_before_it_is_out() {
    let work = Workplace::with_vault();
    work.run("create www --subject CN=www --dns www.example.com --kty EC -o www.csr").done();
    let db = Connection::open(work.path("vault.coldcert")).expect("the file");
    db.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let run = work.run("pending csr www -o again.csr");
    db.execute_batch("ROLLBACK").expect("an end");
    run.broken().says(&["the vault is busy"]);
    assert!(!work.path("again.csr").exists());
    // What is there with these very bytes is handed out all the same; what is not stays.
    work.run("pending csr www -o www.csr").done();
    work.write("other.csr", "another");
    work.run("pending csr www -o other.csr").refused();
    work.run("pending csr www -o nowhere/www.csr").broken();
    let acts: Vec<Value> = entries(&work).iter().map(|entry| entry["act"].clone()).collect();
    assert_eq!(acts, ["init", "create", "request-exported"]);
}
