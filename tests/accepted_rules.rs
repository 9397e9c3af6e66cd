//! `merge --accept`: what somebody lets pass is merged, and the record says so for good.

mod support;

use rusqlite::Connection;
use support::{Workplace, need};

/// A vault, an authority, and `www` whose answer `www.pem` will have ended at [`LATE`].
fn answered() -> Option<Workplace> {
    need("openssl")?;
    let work = Workplace::with_vault();
    work.make_authority();
    work.create("www");
    work.sign("www.csr", "www.pem");
    Some(work)
}

const LATE: &str = "--at 2028-01-01T00:00:00Z";

#[test]
fn what_somebody_accepts_is_merged_and_the_record_keeps_what_and_who() {
    let Some(work) = answered() else { return };
    let merge = format!("{LATE} merge www www.pem intermediate.pem");
    work.run_in_vain(&merge).refused().says(&["expired", "--accept expired"]);
    let merged = work.run(&format!("{merge} --accept expired --json")).done();
    let merged = merged.says(&["warn    expired", "valid until", "merged www"]);
    let accepted = &merged.json()["accepted"];
    assert_eq!(accepted.as_array().map(Vec::len), Some(1), "{accepted}");
    assert_eq!(accepted[0]["rule"], "expired");
    let operator = String::from_utf8(work.tool("id", &["-un"]).done().stdout).expect("a name");
    assert_eq!(accepted[0]["by"], operator.trim());
    let message = accepted[0]["message"].as_str().expect("a message");
    assert!(message.contains("CN=www.example.com") && message.contains("2028-01-01"), "{message}");

    let shown = work.run("show www").done().out();
    let line = shown.lines().find(|line| line.starts_with("accepted")).expect("a line that says so");
    for part in ["expired", "2028-01-01T00:00:00Z", operator.trim()] {
        assert!(line.contains(part), "{line}");
    }
    // A backup carries it along.
    work.run("backup www -o www.backup").done();
    work.run("delete www").done();
    work.run("purge www").done();
    work.run("restore www.backup").done();
    assert_eq!(work.run("show www --json").done().json()["accepted"], *accepted);
}

#[test]
fn who_accepts_is_who_the_ledger_says_works() {
    let Some(work) = answered() else { return };
    work.run(&format!("{LATE} --operator bob merge www www.pem intermediate.pem --accept expired")).done();
    let record = work.run("show www --json").done().json();
    assert_eq!(record["accepted"][0]["by"], "bob", "{record}");
    let ledger = work.run("audit show --name www --json").done().json();
    let last = ledger["entries"].as_array().and_then(|entries| entries.last()).expect("an entry");
    assert_eq!(last["operator"], "bob", "{last}");
}

#[test]
fn accepting_one_rule_lets_no_other_pass() {
    let Some(work) = answered() else { return };
    work.write("other.pem", work.read("root.pem"));
    let merge = format!("{LATE} merge www www.pem intermediate.pem --accept path-too-long");
    work.run_in_vain(&merge).refused().says(&["refuse  expired"]);
}

#[test]
fn a_rule_that_found_nothing_is_said_and_not_kept() {
    let Some(work) = answered() else { return };
    let merged = work.run("merge www www.pem intermediate.pem --accept expired --json").done();
    let merged = merged.says(&["--accept expired: nothing had to be accepted"]);
    assert!(merged.json().get("accepted").is_none());
    assert!(!work.run("show www").done().out().contains("accepted"));
}

#[test]
fn no_one_can_accept_another_key_or_a_rule_that_is_none() {
    let Some(work) = answered() else { return };
    work.run_in_vain("merge www www.pem --accept key-mismatch").broken().says(&["cannot be accepted"]);
    work.run_in_vain("merge www www.pem --accept exprired").broken().says(&["coldcert explain"]);
}

#[test]
fn a_vault_of_an_earlier_schema_is_brought_up_to_date_with_nothing_lost() {
    let Some(work) = answered() else { return };
    work.run("merge www www.pem intermediate.pem").done();
    work.run("issuer set corp --provider OfflineCA").done();
    work.create("api");
    let seen = || {
        ["show www", "pending show api", "issuer list"]
            .map(|verb| work.run(&format!("{verb} --json")).done().json())
    };
    let before = seen();
    // Each step back, and all of them: the newest first.
    let back = [
        // The vault key of that time has no mark of a ledger.
        "UPDATE vault SET unsealed_key = substr(unsealed_key, 1, 32);
         DROP TABLE ledger; DROP TABLE ledger_end; ALTER TABLE seal DROP COLUMN kind;
         ALTER TABLE seal DROP COLUMN label; ALTER TABLE seal DROP COLUMN created; PRAGMA user_version = 4",
        "DROP TABLE authority; PRAGMA user_version = 3",
        "DROP INDEX version_in_order; ALTER TABLE issuer DROP COLUMN administrators;
         ALTER TABLE operation DROP COLUMN enabled; PRAGMA user_version = 2",
        "ALTER TABLE version DROP COLUMN accepted; PRAGMA user_version = 1",
    ];
    for steps in 1..=back.len() {
        let undone = back[..steps].join("; ");
        let vault = Connection::open(work.path("vault.coldcert")).expect("the vault opens");
        vault.execute_batch(&undone).expect("an earlier schema");
        drop(vault);
        assert_eq!(seen(), before, "{undone}");
    }
    work.sign("api.csr", "api.pem");
    work.run(&format!("{LATE} merge api api.pem intermediate.pem --accept expired")).done();
    assert!(work.run("show api").done().out().contains("accepted"));
}

#[test]
fn a_key_that_is_used_again_is_said() {
    let Some(work) = answered() else { return };
    work.run("merge www www.pem intermediate.pem").done();
    work.run("create www --reuse-key -o www.csr --force").done();
    work.sign("www.csr", "second.pem");
    let version = work.run("show www --json").done().json()["id"].as_str().expect("an id").to_owned();
    let version = version.rsplit('/').next().expect("a version");
    let known = ["warn    key-of-earlier-version", &format!("www version {version}")];
    work.run("check second.pem intermediate.pem --name www").done().says(&known);
    work.run("merge www second.pem intermediate.pem").done().says(&known);
}
