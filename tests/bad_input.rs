//! Bad input gets one clear error that names the culprit, and changes nothing.

mod support;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use coldcert::bundle::{Bundle, Source};
use serde_json::{Value, json};
use support::{Run, Workplace, need, shown, skip};

/// A vault in which `www` waits, its answer in `www.pem` and `www.der`; nothing where `openssl` is missing.
fn answered() -> Option<Workplace> {
    need("openssl")?;
    let work = Workplace::with_vault();
    work.make_authority();
    work.create("www");
    work.sign("www.csr", "www.pem");
    work.openssl("x509 -in www.pem -outform DER -out www.der").done();
    Some(work)
}

/// After all that was refused, the right answer is still taken.
fn still_merges(work: &Workplace) {
    work.run("merge www www.pem intermediate.pem").done();
}

/// What people have at hand is a URL, a name in their own letters, a host with its port.
#[test]
fn what_is_no_name_of_a_server_is_told_before_anything_is_judged() {
    let work = Workplace::empty();
    for (name, says) in [
        ("https://www.example.com/", "a URL, expected a host name or an address"),
        ("www.example.com:443", "without the port"),
        ("[2001:db8::1]", "give the address alone: 2001:db8::1"),
        ("pki@example.com", "a mailbox"),
        ("*.example.com", "a wildcard"),
        ("m\u{fc}nchen.example", "xn--"),
    ] {
        let run = work.run_with(&["check", "answer.pem", "--csr", "www.csr", "--server-name", name]);
        run.ended(2).says(&["--server-name", says]);
    }
}

#[test]
fn what_is_no_certificate_is_named_for_what_it_is() {
    let Some(work) = answered() else { return };
    work.openssl("pkcs8 -topk8 -nocrypt -in root.key -outform DER -out root.key.der").done();
    work.openssl("ec -in root.key -out root.sec1").done();
    work.openssl("req -in www.csr -outform DER -out www.csr.der").done();
    work.openssl("crl2pkcs7 -nocrl -certfile www.pem -out whole.p7b").done();
    work.openssl("pkcs7 -in whole.p7b -outform DER -out whole.p7b.der").done();
    work.write("cut.p7b", &work.read("whole.p7b.der")[..200]);
    work.openssl("pkcs12 -export -nokeys -in www.pem -passout pass:geheim -out www.p12").done();
    work.write("empty", "");
    work.write("blank", "\n \n");
    work.write("page.cer", "<!DOCTYPE html><html>Sign in</html>");
    work.write("mail.txt", "Dear customer, your certificate is attached.\n");
    work.write("noise", [0xff, 0xfe, 0x00, 0x80, 0x91]);
    fs::create_dir(work.path("folder")).unwrap();
    let rows: [(&str, &[&str]); 14] = [
        ("empty", &["empty is empty"]),
        ("blank", &["blank is empty"]),
        ("root.key", &["root.key", "a private key"]),
        ("root.key.der", &["root.key.der", "a private key"]),
        ("root.sec1", &["root.sec1", "a private key"]),
        ("www.csr", &["www.csr", "a certificate request", "what goes to the CA"]),
        ("www.csr.der", &["www.csr.der", "a certificate request"]),
        ("cut.p7b", &["cut.p7b, from byte 0", "cut off"]),
        ("www.p12", &["www.p12: the PFX is encrypted", "--pfx-password-file"]),
        ("page.cer", &["page.cer", "a web page"]),
        ("mail.txt", &["mail.txt", "text"]),
        ("noise", &["noise"]),
        ("folder", &["folder is a directory"]),
        ("missing.pem", &["missing.pem does not exist"]),
    ];
    for (file, expected) in rows {
        work.run_in_vain(&format!("merge www {file}")).broken().says(expected);
        // A good file beside it does not make it better.
        work.run_in_vain(&format!("merge www www.pem {file}")).broken().says(expected);
    }
    still_merges(&work);
}

#[test]
fn what_comes_by_stdin_is_called_so() {
    let Some(work) = answered() else { return };
    let from = |file: &str, line: &str| {
        let mut command = work.command(line.split_whitespace());
        let output = command.stdin(File::open(work.path(file)).unwrap()).output().unwrap();
        Run::of(line.to_owned(), &output)
    };
    from("/dev/null", "merge www -").broken().says(&["standard input is empty"]);
    from("www.csr", "merge www -").broken().says(&["standard input holds no certificate"]);
    from("www.csr", "create api --policy -").broken().says(&["standard input: not JSON at line 1"]);
    from("www.csr", "restore -").broken().says(&["standard input: not a coldcert backup"]);
    from("www.csr", "pending show --public-key -").broken().says(&["standard input"]);
    from("www.pem", "merge www - -").broken().says(&["stdin is asked for twice"]);
    from("www.pem", "merge www - intermediate.pem").done();
}

#[test]
fn a_file_of_100_mb_is_refused_without_being_read() {
    let Some(work) = answered() else { return };
    let big = File::create(work.path("big.pem")).unwrap();
    big.set_len(100_000_000).unwrap();
    for verb in
        ["merge www big.pem", "import other big.pem", "restore big.pem", "create other --policy big.pem"]
    {
        work.run_in_vain(verb).broken().says(&["big.pem has 100000000 bytes", "at most 16777216"]);
    }
    still_merges(&work);
}

#[test]
fn a_truncated_pem_is_refused_with_its_line() {
    let Some(work) = answered() else { return };
    let text = work.text("www.pem");
    let lines: Vec<&str> = text.lines().collect();
    for keep in 1..lines.len() {
        work.write("cut.pem", lines[..keep].join("\n"));
        work.run_in_vain("merge www cut.pem").broken().says(&["cut.pem", "line "]);
    }
    // Cut inside a chain: the leaf is whole, and it is refused all the same.
    let chain = text.clone() + &work.text("intermediate.pem");
    work.write("cut.pem", &chain[..chain.len() - 100]);
    work.run_in_vain("merge www cut.pem").broken().says(&["cut.pem", &format!("line {}", lines.len() + 1)]);
    work.write("cut.pem", text.replacen('A', "!", 1));
    work.run_in_vain("merge www cut.pem").broken().says(&["cut.pem", "line "]);
    still_merges(&work);
}

#[test]
fn der_cut_at_every_byte_is_refused() {
    let Some(work) = answered() else { return };
    let der = work.read("www.der");
    let read = |bytes: &[u8]| Bundle::read(&[Source { name: "cut.der", bytes }]);
    assert!(read(&der).is_ok());
    for length in 0..der.len() {
        let error = read(&der[..length]).expect_err("a part is not taken for the whole");
        assert!(error.to_string().contains("cut.der"), "{length}: {error}");
        assert!(!error.help().is_empty(), "{length}: {error}");
    }
    for length in [0, 1, 2, 3, 4, 5, 40, der.len() / 2, der.len() - 2, der.len() - 1] {
        work.write("cut.der", &der[..length]);
        work.run_in_vain("merge www cut.der").broken().says(&["cut.der"]);
    }
    work.write("more.der", [&der[..], &[0]].concat());
    work.run_in_vain("merge www more.der").broken().says(&["more.der", &format!("byte {}", der.len())]);
    still_merges(&work);
}

#[test]
fn another_key_is_refused_with_both_fingerprints_and_its_owner() {
    let Some(work) = answered() else { return };
    let fingerprint = |name: &str| {
        let shown = work.run(&format!("pending show {name}")).done().out();
        let line = shown.lines().find_map(|line| line.strip_prefix("key sha256")).expect("a fingerprint");
        line.trim().to_owned()
    };
    work.create("api");
    work.sign("api.csr", "api.pem");
    let (held, found) = (fingerprint("www"), fingerprint("api"));
    let refused = work.run_in_vain("merge www api.pem intermediate.pem").refused();
    refused.says(&["key-mismatch", &held, &found, "the key of api (pending)", "the operation is as it was"]);
    work.run("merge api api.pem intermediate.pem").done();
    let versions = work.run("versions api").done().out();
    let version = versions.split('\t').next().unwrap();
    let refused = work.run_in_vain("merge www api.pem intermediate.pem").refused();
    refused.says(&[&held, &found, &format!("api version {version}")]);
    // Of a vault that this one knows nothing of, the fingerprints are all that can be said.
    work.run("--vault other.coldcert init --no-passphrase").done();
    work.run("--vault other.coldcert create far --subject CN=far --curve P-256 -o far.csr").done();
    work.sign("far.csr", "far.pem");
    let refused = work.run_in_vain("merge www far.pem").refused();
    let refused = refused.says(&["key-mismatch", &held, "found", "coldcert pending csr www"]);
    assert!(!refused.stderr.contains("the key of far"), "{}", refused.stderr);
    // Issuers alone are no answer.
    work.run_in_vain("merge www intermediate.pem root.pem").refused().says(&["key-mismatch", &held]);
    still_merges(&work);
}

#[test]
fn an_answer_that_is_not_valid_now_is_refused_with_both_times() {
    let Some(work) = answered() else { return };
    let early = "--at 2001-02-03T04:05:06Z merge www www.pem intermediate.pem";
    work.run_in_vain(early).refused().says(&["not-yet-valid", "valid from 2", "2001-02-03T04:05:06Z"]);
    let late = "merge --at 2099-01-01T00:00:00Z www www.pem intermediate.pem";
    work.run_in_vain(late).refused().says(&["expired", "valid until 2", "2099-01-01T00:00:00Z"]);
    still_merges(&work);
}

#[test]
fn a_signature_with_one_bit_changed_is_refused() {
    let Some(work) = answered() else { return };
    let mut der = work.read("www.der");
    *der.last_mut().unwrap() ^= 1;
    work.write("flipped.der", &der);
    for files in ["flipped.der intermediate.pem", "intermediate.pem flipped.der root.pem"] {
        let refused = work.run_in_vain(&format!("merge www {files}")).refused();
        refused.says(&["bad-signature", "CN=www.example.com", "flipped.der", "RFC 5280"]);
    }
    still_merges(&work);
}

#[test]
fn a_name_outside_the_pattern_is_refused_by_every_verb() {
    let work = Workplace::with_vault();
    let verbs = [
        "create {} --subject CN=x",
        "merge {} x",
        "show {}",
        "versions {}",
        "export {} -o x",
        "import {} x",
        "set {} --no-tags",
        "delete {}",
        "recover {}",
        "purge {}",
        "backup {} -o x",
        "policy show {}",
        "policy set {} x",
        "pending show {}",
        "pending csr {}",
        "pending cancel {}",
        "pending delete {}",
        "issuer set {} --provider x",
    ];
    for verb in verbs {
        let run = work.run_in_vain(&verb.replace("{}", "www.example.com"));
        run.broken().says(&["www.example.com", "'.' at character 4"]);
    }
    let create = |name: &str| work.run_with(&["create", name, "--subject", "CN=x", "--curve", "P-256"]);
    create("").broken().says(&["empty"]);
    create("under_score").broken().says(&["'_'"]);
    create("naïve").broken().says(&["'ï'"]);
    create("two words").broken().says(&["' '"]);
    create(&"a".repeat(128)).broken().says(&["128", "127"]);
    assert_eq!(work.run("list --include-pending").done().out(), "");
    create(&"a".repeat(127)).done();
}

#[test]
fn a_wrong_passphrase_opens_nothing() {
    let work = Workplace::empty().passphrase("the right one");
    work.run("init").done();
    work.run("create www --subject CN=www.example.com --curve P-256 -o www.csr").done();
    let work = work.passphrase("the wrong one");
    work.write("wrong", "also wrong\n");
    work.write("blank", "\n");
    let verbs = [
        "create api --subject CN=api",
        "pending cancel www",
        "pending delete www",
        "delete www",
        "passphrase --no-passphrase",
        "issuer set corp --provider x",
        "contact add a@example.com",
    ];
    for verb in verbs {
        let run = work.run_in_vain(verb).broken().says(&["passphrase"]);
        assert!(!run.stderr.contains("the wrong one"), "{}", run.stderr);
        work.run_in_vain(&format!("{verb} --passphrase-file wrong")).broken().says(&["passphrase"]);
    }
    work.run_in_vain("delete www --passphrase-file missing").broken().says(&["missing does not exist"]);
    work.run_in_vain("delete www --passphrase-file blank").broken().says(&["blank"]);
    // What is not secret needs none.
    for verb in ["list --include-pending", "show www", "versions www", "pending list", "pending show www"] {
        work.run_in_vain(verb).done();
    }
    work.run_in_vain("pending csr www").done();
    work.write("right", "the right one\n");
    work.run("pending cancel www --passphrase-file right").done();
}

#[test]
fn a_vault_file_that_is_no_vault_is_left_alone() {
    let work = Workplace::empty();
    work.run("--vault good init --no-passphrase").done();
    work.write("text", "this is not a database\n");
    work.write("empty", "");
    fs::create_dir(work.path("folder")).unwrap();
    rusqlite::Connection::open(work.path("foreign")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    fs::copy(work.path("good"), work.path("newer")).unwrap();
    let newer = rusqlite::Connection::open(work.path("newer")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let good = work.read("good");
    work.write("short", &good[..good.len() / 2]);
    let rows: [(&str, &[&str]); 7] = [
        ("text", &["text: not a coldcert vault"]),
        ("empty", &["empty: not a coldcert vault"]),
        ("folder", &["folder: not a coldcert vault"]),
        ("foreign", &["foreign: not a coldcert vault"]),
        ("newer", &["newer: written by a newer coldcert", "version 99", "this program knows "]),
        ("short", &["short: "]),
        ("missing", &["missing: there is no vault here", "coldcert init"]),
    ];
    for (vault, expected) in rows {
        for verb in ["list", "create www --subject CN=x", "pending list", "merge www x", "restore x"] {
            work.run_in_vain(&format!("--vault {vault} {verb}")).broken().says(expected);
        }
        if vault != "missing" {
            work.run_in_vain(&format!("--vault {vault} init --no-passphrase")).refused().says(&[vault]);
        }
    }
    work.run_in_vain("--vault good init --no-passphrase")
        .refused()
        .says(&["good: there is a file here already"]);
    work.run_in_vain("--vault nowhere/v init --no-passphrase").broken().says(&["nowhere/v"]);
}

#[test]
fn a_read_only_vault_can_be_read_and_says_that_it_cannot_be_written() {
    let Some(work) = answered() else { return };
    let root = rustix::process::geteuid().is_root();
    let vault = work.path("vault.coldcert");
    let folder = vault.parent().unwrap();
    fs::set_permissions(&vault, Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(folder, Permissions::from_mode(0o555)).unwrap();
    let run = |arguments: &str| {
        let mut command = work.command(arguments.split_whitespace());
        if root {
            // Permissions do not bind the superuser: somebody else tries.
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().map(|output| Run::of(arguments.to_owned(), &output))
    };
    let Ok(listed) = run("list --include-pending") else {
        skip("the program cannot be run by another user");
        return;
    };
    assert!(listed.done().out().starts_with("www\t"));
    let before = work.everything();
    for verb in
        ["create api --subject CN=api --curve P-256", "merge www www.pem", "pending delete www", "delete www"]
    {
        run(verb).unwrap().broken().says(&["vault.coldcert", "read-only"]);
    }
    run("create api --subject CN=api -o api.csr").unwrap().broken().says(&["api.csr"]);
    assert!(before == work.everything());
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
}

/// The user and group that own nothing, on Linux by convention.
const NOBODY: u32 = 65534;

#[test]
fn a_full_device_is_named_and_the_request_is_not_lost() {
    let Some(work) = answered() else { return };
    if !Path::new("/dev/full").exists() {
        return skip("/dev/full not found");
    }
    work.run_in_vain("pending csr www -o /dev/full").broken().says(&["/dev/full", "No space left"]);
    work.run_in_vain("backup www -o /dev/full").refused();
    let create = "create api --subject CN=api --curve P-256 -o /dev/full";
    work.run(create).broken().says(&["/dev/full", "No space left", "coldcert pending csr api"]);
    work.run("pending csr api -o api.csr").done();
    still_merges(&work);
    for format in ["pfx", "pem", "cer", "chain"] {
        work.run_in_vain(&format!("export www --format {format} -o /dev/full")).broken().says(&["/dev/full"]);
    }
    work.run_in_vain("backup www -o /dev/full").broken().says(&["/dev/full"]);
    // Standard output, too.
    for (verb, help) in [
        ("list", "make room"),
        ("--json show www", "make room"),
        ("export www -o -", "make room"),
        ("create web --subject CN=web --curve P-256", "coldcert pending csr web"),
        ("--json create job --subject CN=job --curve P-256", "coldcert pending csr job"),
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = work.command(verb.split_whitespace()).stdout(full).output().unwrap();
        Run::of(verb.to_owned(), &output).broken().says(&["No space left", help]);
    }
    work.run("pending csr web").done();
    work.run("pending csr job").done();
}

/// A file system of its own, taken down again however the test ends.
struct SmallDisk<'w>(&'w Path);

impl<'w> SmallDisk<'w> {
    fn mount(at: &'w Path) -> Option<Self> {
        fs::create_dir(at).expect("a folder to mount on");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=256k", "tmpfs", shown(at)]).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_changes_nothing() {
    let Some(work) = answered() else { return };
    let place = work.path("disk");
    let Some(_disk) = SmallDisk::mount(&place) else {
        return skip("no small file system can be mounted here");
    };
    let vault = "--vault disk/v.coldcert";
    work.run(&format!("{vault} init --no-passphrase")).done();
    work.run(&format!("{vault} create www --subject CN=www --curve P-256 -o small.csr")).done();
    work.sign("small.csr", "small.pem");
    let before = work.read("disk/v.coldcert");
    // As much as fits, and then nothing fits.
    assert!(fs::write(place.join("fill"), vec![0; 512 * 1024]).is_err());
    let verbs = [
        "create api --subject CN=api --curve P-256",
        "create self --subject CN=self --curve P-256 --issuer Self",
        "merge www small.pem intermediate.pem",
        "pending delete www",
        "delete www",
    ];
    for verb in verbs {
        let run = work.run(&format!("{vault} {verb}")).broken();
        run.says(&["disk/v.coldcert", "full", "make room", "the vault is as it was before"]);
        assert!(before == work.read("disk/v.coldcert"), "{verb}");
    }
    work.run("--vault disk/new init --no-passphrase").broken();
    assert!(!place.join("new").exists(), "half a vault is no vault");
    still_merges(&work);
    for verb in
        ["export www -o disk/www.pfx", "export www --format chain -o disk/www.chain", "backup www -o disk/b"]
    {
        work.run(verb).broken().says(&["disk/", "cannot be written"]);
    }
    // The vault has room and the request has none: it is not even begun.
    work.run("create api --subject CN=api --curve P-256 -o disk/api.csr").broken().says(&["disk/api.csr"]);
    work.run("pending show api").refused();
    let mut left: Vec<_> = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["fill", "v.coldcert"]);
    fs::remove_file(place.join("fill")).unwrap();
    work.run(&format!("{vault} merge www small.pem intermediate.pem")).done();
}

#[test]
fn contacts_added_and_deleted_at_the_same_time_are_none_lost() {
    let work = Workplace::with_vault();
    let all = |verb: &str| {
        let start = |index| {
            let line = format!("contact {verb} c{index}@example.com");
            work.command(line.split_whitespace()).stderr(Stdio::null()).spawn().unwrap()
        };
        let children: Vec<_> = (0..8).map(start).collect();
        assert!(children.into_iter().all(|mut child| child.wait().unwrap().success()), "{verb}");
    };
    all("add");
    assert_eq!(work.run("contact list").done().out().lines().count(), 8);
    all("delete");
    assert_eq!(work.run("contact list").done().out(), "");
    work.run("contact delete c1@example.com").refused().says(&["c1@example.com", "contact list"]);
    // Of deletes at the same time one finds the issuer.
    work.run("issuer set corp --provider Test").done();
    let start = |_| work.command(["issuer", "delete", "corp"]).stderr(Stdio::null()).spawn().unwrap();
    let children: Vec<_> = (0..8).map(start).collect();
    let codes = children.into_iter().map(|mut child| child.wait().unwrap().code());
    assert_eq!(codes.filter(|code| *code == Some(0)).count(), 1);
}

#[test]
fn of_creates_at_the_same_time_exactly_one_wins() {
    let work = Workplace::with_vault();
    let create = "create www --subject CN=www --dns www.example.com --curve P-256";
    let start = |_| {
        let mut command = work.command(create.split_whitespace());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..8).map(start).collect();
    let runs: Vec<Run> = children
        .into_iter()
        .map(|child| Run::of(create.to_owned(), &child.wait_with_output().unwrap()))
        .collect();
    let (won, lost): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(|run| run.code == Some(0));
    assert_eq!(won.len(), 1, "{lost:?}");
    for run in lost {
        run.refused().says(&["www has an operation in progress"]);
    }
    assert_eq!(work.run("pending csr www").done().stdout, won[0].stdout);
    // Different names do not stand in each other's way.
    let start = |index| {
        let name = format!("n{index}");
        let create = ["create", &name, "--subject", "CN=n", "--curve", "P-256"];
        work.command(create).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..8).map(start).collect();
    assert!(children.into_iter().all(|mut child| child.wait().unwrap().success()));
    assert_eq!(work.run("pending list").done().out().lines().count(), 9);
}

#[test]
fn a_policy_that_is_no_json_is_refused_with_its_place() {
    let work = Workplace::with_vault();
    let rows: [(&str, &[&str]); 6] = [
        ("", &["line 1"]),
        ("{", &["line 1"]),
        ("{\n  \"x509_props\": {\n    \"subject\": CN=x\n", &["line 3", "column 16"]),
        ("[]", &["a policy is a JSON object"]),
        ("\"text\"", &["a policy is a JSON object"]),
        ("{\"x509_props\": {}} trailing", &["line 1", "column 20"]),
    ];
    for (text, expected) in rows {
        work.write("policy.json", text);
        let run = work.run_in_vain("create www --policy policy.json");
        run.broken().says(&["policy.json"]).says(expected);
    }
    work.write("policy.json", [0xff, 0xfe, b'{', 0]);
    work.run_in_vain("create www --policy policy.json").broken().says(&["policy.json"]);
    work.run_in_vain("create www --policy none.json").broken().says(&["none.json does not exist"]);
}

#[test]
fn each_refused_member_of_a_policy_is_named_with_its_value_and_what_is_allowed() {
    let work = Workplace::with_vault();
    let action = |trigger: Value| json!([{"action": {"action_type": "EmailContacts"}, "trigger": trigger}]);
    let rows: Vec<(&str, Value, &[&str])> = vec![
        ("key_props.kty", json!("RSA-HSM"), &["\"RSA-HSM\"", "RSA, EC", "hardware tokens"]),
        ("key_props.kty", json!("EC-HSM"), &["\"EC-HSM\"", "RSA, EC", "hardware tokens"]),
        ("key_props.kty", json!("oct"), &["\"oct\"", "RSA, EC"]),
        ("key_props.kty", json!(7), &["7", "a text"]),
        ("key_props.key_size", json!(1024), &["1024", "2048, 3072, 4096"]),
        ("key_props.key_size", json!(8192), &["8192", "2048, 3072, 4096"]),
        ("key_props.key_size", json!("2048"), &["\"2048\"", "a whole number"]),
        ("key_props.crv", json!("P-224"), &["\"P-224\"", "P-256, P-384, P-521, P-256K"]),
        ("key_props.exportable", json!("yes"), &["\"yes\"", "true or false"]),
        ("key_props.reuse_key", json!(1), &["1", "true or false"]),
        (
            "secret_props.contentType",
            json!("pem"),
            &["\"pem\"", "application/x-pkcs12, application/x-pem-file"],
        ),
        ("x509_props.subject", json!("www"), &["\"www\"", "an X.500 name"]),
        ("x509_props.validity_months", json!(0), &["0", "1 to 1200"]),
        ("x509_props.validity_months", json!(-1), &["-1", "1 to 1200"]),
        ("x509_props.validity_months", json!(1201), &["1201", "1 to 1200"]),
        ("x509_props.validity_months", json!(1.5), &["1.5", "a whole number"]),
        (
            "x509_props.ekus",
            json!(["1.3.6.1.5.5.7.3.1", "serverAuth"]),
            &["ekus[1]", "\"serverAuth\"", "object identifier"],
        ),
        ("x509_props.ekus", json!("1.3.6.1.5.5.7.3.1"), &["a list"]),
        (
            "x509_props.key_usage",
            json!(["digitalsignature"]),
            &["key_usage[0]", "\"digitalsignature\"", "digitalSignature, "],
        ),
        (
            "x509_props.sans.dns_names",
            json!(["ä.example"]),
            &["dns_names[0]", "\"ä.example\"", "write each label that is not ASCII in its A-label form"],
        ),
        (
            "x509_props.sans.emails",
            json!(["ä@x.example"]),
            &["emails[0]", "the part before the @ must be ASCII"],
        ),
        ("x509_props.sans.uris", json!(["https://ä.example/"]), &["uris[0]", "percent-encode the rest"]),
        ("x509_props.sans.ipAddresses", json!(["1.2.3"]), &["ipAddresses[0]", "\"1.2.3\"", "IPv4 or IPv6"]),
        ("x509_props.basic_constraints.ca", json!("no"), &["\"no\"", "true or false"]),
        ("x509_props", json!([]), &["[]", "an object"]),
        ("issuer.name", json!("a b"), &["\"a b\"", "Unknown, Self"]),
        (
            "lifetime_actions",
            action(json!({"lifetime_percentage": 0})),
            &["[0].trigger.lifetime_percentage", "is 0", "1 to 99"],
        ),
        ("lifetime_actions", action(json!({"lifetime_percentage": 100})), &["is 100", "1 to 99"]),
        (
            "lifetime_actions",
            action(json!({"days_before_expiry": 0})),
            &["[0].trigger.days_before_expiry", "is 0", "1 to 324"],
        ),
        ("lifetime_actions", action(json!({"days_before_expiry": 325})), &["is 325", "1 to 324"]),
        (
            "lifetime_actions",
            action(json!({"days_before_expiry": 1, "lifetime_percentage": 1})),
            &["both", "one of"],
        ),
        ("lifetime_actions", json!([1]), &["lifetime_actions[0] is 1", "an object"]),
        ("lifetime_actions", action(json!({})), &["neither", "one of"]),
        (
            "lifetime_actions",
            json!([{"action": {"action_type": "Renew"}, "trigger": {"lifetime_percentage": 80}}]),
            &["[0].action.action_type", "\"Renew\"", "EmailContacts, AutoRenew"],
        ),
    ];
    for (member, value, expected) in rows {
        let mut policy = json!({"x509_props": {"subject": "CN=x"}, "key_props": {}});
        let pointer = member.split('.').fold(&mut policy, |inside, name| &mut inside[name]);
        *pointer = value.clone();
        if member == "key_props.crv" {
            policy["key_props"]["kty"] = "EC".into();
        }
        work.write("policy.json", policy.to_string());
        let run = work.run_in_vain("create www --policy policy.json");
        run.broken().says(&[member, "allowed: "]).says(expected);
    }
    // All that is wrong, not the first alone.
    work.write(
        "policy.json",
        r#"{"key_props": {"kty": "oct"}, "x509_props": {"validity_months": 0, "subject": "x"}}"#,
    );
    let run = work.run_in_vain("create www --policy policy.json").broken();
    run.says(&["key_props.kty", "x509_props.validity_months", "x509_props.subject"]);
    // An unknown member is told, and ignored.
    work.write(
        "policy.json",
        r#"{"x509_props": {"subject": "CN=x", "colour": "red"}, "key_props": {"kty": "EC"}}"#,
    );
    work.run("create www --policy policy.json").done().says(&["note", "colour"]);
}

#[test]
fn nothing_that_was_given_steers_the_terminal() {
    let work = Workplace::with_vault();
    let evil = "a\u{1b}[2J\r\nforged\u{9b}31m\u{7f}\u{202e}b";
    let harmless = |text: &str| {
        assert!(!text.contains(['\u{1b}', '\r', '\u{7f}', '\u{9b}', '\u{202e}']), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("forged")), "{text}");
    };
    let tag = format!("{evil}={evil}");
    let rows: [&[&str]; 19] = [
        &["contact", "add", "a@example.com", "--name", evil, "--phone", evil],
        &["contact", "list"],
        &["contact", "add", evil],
        &["contact", "delete", evil],
        &["issuer", "set", "corp", "--provider", evil, "--account-id", evil],
        &["issuer", "show", "corp"],
        &["issuer", "list"],
        &["create", "self", "--subject", "CN=x", "--curve", "P-256", "--issuer", "Self", "--tag", &tag],
        &["show", "self"],
        &["show", "self", "--version", evil],
        &["show", evil],
        &["create", "www", "--subject", &format!("CN={evil}")],
        &["show", "self", "--json"],
        &["list", "--json"],
        &["show", evil, "--json"],
        &["create", "www", "--policy", "policy.json"],
        &["create", "www", "--policy", "policy.json", "--json"],
        &["create", "www", "--policy", "refused.json"],
        &["create", "www", "--policy", "refused.json", "--json"],
    ];
    let policy = json!({evil: 1, "key_props": {"kty": "EC"}, "x509_props": {"subject": "CN=x", evil: 1}});
    work.write("policy.json", policy.to_string());
    let each = json!({evil: evil});
    let refused = json!({"key_props": {"kty": each, "key_size": evil, "crv": [evil]},
        "x509_props": {"subject": each, "ekus": each, "sans": {"dns_names": each, "emails": [each]}}});
    work.write("refused.json", refused.to_string());
    for arguments in rows {
        let run = work.run_with(arguments);
        harmless(&run.stderr);
        harmless(&run.out());
    }
    work.write("text", "no vault");
    fs::create_dir(work.path(evil)).unwrap();
    let (inside, missing) = (format!("{evil}/v"), format!("{evil}.v"));
    fs::copy(work.path("text"), work.path(&inside)).unwrap();
    for vault in [evil, &inside, &missing, &format!("nowhere/{evil}")] {
        for verb in ["list", "init"] {
            for json in [&["--no-passphrase"][..], &["--json", "--no-passphrase"]] {
                let options = if verb == "init" { json } else { &json[..json.len() - 1] };
                let run = work.run_with(&[&["--vault", vault, verb][..], options].concat());
                harmless(&run.stderr);
                harmless(&run.out());
            }
        }
    }
}

#[test]
fn a_policy_is_read_as_powershell_writes_it() {
    let work = Workplace::with_vault();
    let policy =
        "{\r\n \"x509_props\": {\"subject\": \"CN=Zoë 🙂\"},\r\n \"key_props\": {\"kty\": \"EC\"}\r\n}\r\n";
    let little: Vec<u8> = policy.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = policy.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let forms = [
        [b"\xef\xbb\xbf", policy.as_bytes()].concat(),
        [b"\xff\xfe", &little[..]].concat(),
        [b"\xfe\xff", &big[..]].concat(),
    ];
    for (index, form) in forms.iter().enumerate() {
        work.write("policy.json", form);
        work.run(&format!("create p{index} --policy policy.json")).done().says(&["CN=Zoë 🙂"]);
        // Cut anywhere, it is refused with its place.
        for length in [2, 3, form.len() / 2, form.len() / 2 + 1, form.len() - 7] {
            work.write("cut.json", &form[..length]);
            work.run_in_vain("create cut --policy cut.json")
                .broken()
                .says(&["cut.json: not JSON at line ", "column "]);
        }
    }
    let mut lone = forms[1].clone();
    lone.splice(8..8, [0x00, 0xd8]);
    work.write("lone.json", lone);
    work.run_in_vain("create cut --policy lone.json")
        .broken()
        .says(&["lone.json: not JSON at line 2, column 1", "UTF-16"]);
}

#[test]
fn a_list_in_a_policy_has_an_end() {
    let work = Workplace::with_vault();
    let names = |count: usize| (0..count).map(|index| format!("n{index}.example.com")).collect::<Vec<_>>();
    let policy = |names: Vec<String>| json!({"key_props": {"kty": "EC"}, "x509_props": {"sans": {"dns_names": names}}});
    work.write("policy.json", policy(names(1001)).to_string());
    let refused = work.run_in_vain("create www --policy policy.json").broken();
    refused.says(&["x509_props.sans.dns_names is a list of 1001", "at most 1000"]);
    work.write("policy.json", policy(names(1000)).to_string());
    work.run("create www --policy policy.json -o www.csr").done();
}

#[test]
fn options_that_cannot_be_meant_are_named() {
    let work = Workplace::with_vault();
    let sixteen: String = (0..16).map(|index| format!(" --tag t{index}=v")).collect();
    let subject = "create www --subject CN=x";
    let rows: [(&str, &[&str]); 21] = [
        ("show www --version 12", &["--version", "\"12\"", "32 hex digits"]),
        ("export www --version latest -o x", &["--version", "latest", "32 hex digits"]),
        ("set www --version 12 --enabled true", &["--version", "32 hex digits"]),
        (&format!("{subject}{sixteen}"), &["16 tags", "15"]),
        (&format!("{subject} --tag =x"), &["a tag has no name, only the value \"x\"", "NAME=VALUE"]),
        (&format!("{subject} --eku serverAuth,nonsense"), &["ekus[1]", "nonsense"]),
        (&format!("{subject} --tag alone"), &["--tag", "alone", "NAME=VALUE"]),
        (&format!("{subject} --kty RSA-HSM"), &["key_props.kty", "RSA-HSM", "hardware tokens"]),
        (&format!("{subject} --kty RSA --key-size 1024"), &["key_size", "1024", "2048, 3072, 4096"]),
        (&format!("{subject} --kty RSA --curve P-256"), &["crv", "P-256", "no curve for kty RSA"]),
        (&format!("{subject} --curve P-384 --key-size 256"), &["key_size", "256", "384"]),
        (&format!("{subject} --curve secp256k1"), &["crv", "secp256k1", "P-256K"]),
        (&format!("{subject} --eku nonsense"), &["ekus[0]", "nonsense"]),
        (&format!("{subject} --key-usage sign"), &["key_usage[0]", "sign"]),
        (&format!("{subject} --validity-months 1201"), &["validity_months", "1201", "1 to 1200"]),
        (
            &format!("{subject} --dns bücher.example"),
            &["dns_names[0]", "help: write each label", "such as xn--bcher-kva.example"],
        ),
        (&format!("{subject} --content-type jks"), &["--content-type", "jks", "pkcs12, pem"]),
        (&format!("{subject} --issuer a_b"), &["issuer.name", "a_b"]),
        ("create www", &["www is new", "--subject"]),
        ("--at yesterday list", &["--at", "yesterday", "2026-"]),
        ("--at 2026-02-30T00:00:00Z list", &["--at", "2026-02-30"]),
    ];
    for (line, expected) in rows {
        work.run_in_vain(line).broken().says(expected);
    }
    for line in [
        "set www",
        "set www --version 0123456789abcdef0123456789abcdef",
        "frobnicate",
        "create",
        "merge www",
        "export www",
        "list --colour",
        "create www --validity-months x",
    ] {
        work.run_in_vain(line).broken();
    }
}

#[test]
fn prose_says_the_name_as_it_is_kept() {
    let Some(work) = answered() else { return };
    let options = "--subject CN=x --curve P-256 -o Shop.csr";
    work.run(&format!("create Shop {options}")).done();
    work.sign("Shop.csr", "Shop.pem");
    let rows = [
        "versions SHOP",
        "create SHOP --subject CN=x",
        "export SHOP -o x",
        "backup SHOP -o x",
        "set SHOP --no-tags",
        "show SHOP --version 0123456789abcdef0123456789abcdef",
        "recover SHOP",
        "pending cancel SHOP",
        "pending delete SHOP",
        "create SHOP -o Shop2.csr",
        "pending delete SHOP",
        "import SHOP www.both",
        "set SHOP --enabled false",
        "export SHOP -o x",
        "set SHOP --enabled true",
        "merge SHOP www.pem",
        "policy set SHOP policy.json",
        "create SHOP -o Shop3.csr",
        "merge SHOP www.pem",
        "merge SHOP Shop3.pem intermediate.pem",
        "merge SHOP www.pem",
        "pending cancel SHOP",
        "export SHOP -o Shop.pfx",
        "backup SHOP -o Shop.backup",
        "restore Shop.backup",
        "delete SHOP",
        "create SHOP",
        "show SHOP",
        "restore Shop.backup",
        "recover SHOP",
        "delete SHOP",
        "purge SHOP",
    ];
    work.openssl("req -x509 -key root.key -out self.pem -subj /CN=k -days 9 -config ca.cnf").done();
    work.write("www.both", work.text("self.pem") + &work.text("root.key"));
    work.write("policy.json", r#"{"lifetime_actions": []}"#);
    for line in rows {
        if line.contains("Shop3.pem") {
            work.sign("Shop3.csr", "Shop3.pem");
        }
        let run = work.run(line);
        let said = run.stderr + &String::from_utf8_lossy(&run.stdout);
        assert!(!said.contains("SHOP") && said.contains("Shop"), "{line}: {said}");
    }
    // What waits at a named issuer is not there to be merged.
    work.run("issuer set Corp --provider Test").done();
    work.run("create api --subject CN=x --curve P-256 --issuer Corp").done();
    let conflict = work.run_in_vain("create api --subject CN=x").refused();
    let conflict = conflict.says(&["wait for Corp", "coldcert pending cancel api"]);
    assert!(!conflict.stderr.contains("coldcert merge"), "{}", conflict.stderr);
    work.run("issuer delete CORP").done().says(&["deleted issuer Corp"]);
}

#[test]
fn an_output_is_tested_before_the_vault_is_changed() {
    let Some(work) = answered() else { return };
    work.write("taken", "somebody's key");
    fs::create_dir(work.path("folder")).unwrap();
    let create = "create api --subject CN=api --curve P-256";
    let places: [(&str, i32, &[&str]); 4] = [
        ("taken", 1, &["taken exists", "--force"]),
        ("nowhere/file", 2, &["nowhere/file", "there is no directory nowhere", "make nowhere first"]),
        ("folder", 2, &["folder is a directory"]),
        ("folder/", 2, &["folder/ is a directory"]),
    ];
    for (place, code, expected) in places {
        for verb in [create, "pending csr www"] {
            work.run_in_vain(&format!("{verb} -o {place}")).ended(code).says(expected);
        }
        work.run_in_vain("pending show api").refused();
    }
    still_merges(&work);
    for (place, code, expected) in places {
        for verb in ["export www", "export www --format pem", "export www --format chain", "backup www"] {
            work.run_in_vain(&format!("{verb} -o {place}")).ended(code).says(expected);
        }
    }
    // By force, and then with the mode of a secret.
    work.run("export www -o taken --force").done();
    assert_eq!(work.mode("taken"), 0o600);
    work.openssl("pkcs12 -passin pass: -noenc -in taken").done();
    // An empty secret's place is a place that is taken; a link is not followed to somewhere else.
    work.write("other", "untouched");
    std::os::unix::fs::symlink("other", work.path("link")).unwrap();
    work.run_in_vain("export www -o link").refused().says(&["link exists"]);
    work.run("export www -o link --force").done();
    assert_eq!(work.text("other"), "untouched");
}

#[test]
fn no_output_is_ever_written_over_a_vault() {
    let Some(work) = answered() else { return };
    still_merges(&work);
    work.create("api");
    work.run("--vault other.coldcert init --no-passphrase").done();
    fs::create_dir(work.path("folder")).unwrap();
    std::os::unix::fs::symlink("vault.coldcert", work.path("link")).unwrap();
    fs::hard_link(work.path("vault.coldcert"), work.path("hard")).unwrap();
    fs::hard_link(work.path("other.coldcert"), work.path("hard.other")).unwrap();
    let places = [
        "vault.coldcert",
        "./vault.coldcert",
        "folder/../vault.coldcert",
        "link",
        "hard",
        "vault.coldcert-journal",
        "vault.coldcert-wal",
        "./vault.coldcert-shm",
        "link-journal",
        // Of another vault, too.
        "other.coldcert",
        "hard.other",
    ];
    let verbs = [
        "create web --subject CN=web --curve P-256",
        "pending csr api",
        "export www",
        "export www --format chain",
        "backup www",
    ];
    for place in places {
        for verb in verbs {
            for force in ["", "--force"] {
                let run = work.run_in_vain(&format!("--vault link {verb} -o {place} {force}")).refused();
                run.says(&[place.rsplit('/').next().unwrap(), "vault is never written over"]);
            }
        }
    }
    // A vault of two names is not written.
    fs::remove_file(work.path("hard")).unwrap();
    for place in ["vault.coldcert-journal", "link-journal", "other.coldcert-wal"] {
        work.run_in_vain(&format!("export www --format chain -o {place} --force")).refused();
    }
    // A database of somebody else's is a file like any other.
    rusqlite::Connection::open(work.path("foreign")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    work.run("export www -o foreign --force").done();
}

#[test]
fn no_output_is_ever_written_over_what_lies_beside_another_vault() {
    let Some(work) = answered() else { return };
    still_merges(&work);
    work.run("--vault other.coldcert init --no-passphrase").done();
    for ending in ["journal", "wal", "shm"] {
        let place = format!("other.coldcert-{ending}");
        for there in [false, true] {
            if there {
                work.write(&place, "what takes the other vault back to where it was");
            }
            for verb in ["export www", "export www --format chain", "backup www", "pending csr www"] {
                work.run_in_vain(&format!("{verb} -o {place} --force"))
                    .refused()
                    .says(&[&place, "vault is never written over"]);
            }
        }
        fs::remove_file(work.path(&place)).unwrap();
    }
    // A journal whose vault is not beside it.
    work.write("moved", [JOURNAL_MAGIC, b"the rest of it"].concat());
    work.run_in_vain("export www --format chain -o moved --force")
        .refused()
        .says(&["moved", "never written"]);
    // The endings alone are no reason.
    work.run("export www --format chain -o notes-journal").done();
    work.write("notes", "no vault");
    work.run("export www --format chain -o notes-wal").done();
}

/// SQLite, "Database File Format" 3: how a journal begins.
const JOURNAL_MAGIC: &[u8] = &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

#[test]
fn an_umask_that_takes_everything_leaves_secrets_to_their_owner() {
    let Some(work) = answered() else { return };
    still_merges(&work);
    let program = env!("CARGO_BIN_EXE_coldcert");
    for (line, file) in [
        ("--vault second.coldcert init --no-passphrase", "second.coldcert"),
        ("--vault vault.coldcert export www -o www.pfx", "www.pfx"),
        ("--vault vault.coldcert export www -o www.pfx --force", "www.pfx"),
        ("--vault vault.coldcert backup www -o www.backup", "www.backup"),
    ] {
        for umask in ["777", "277"] {
            work.tool("sh", &["-c", &format!("umask {umask}; exec {program} {line}")]).done();
            assert_eq!(work.mode(file), 0o600, "umask {umask}: {line}");
            fs::remove_file(work.path(file)).unwrap();
        }
    }
}

#[test]
fn a_vault_is_made_in_a_folder_that_cannot_be_read() {
    let work = Workplace::empty();
    let folder = work.path("drop");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o333)).unwrap();
    let line = "--vault drop/vault.coldcert init --no-passphrase";
    let mut command = work.command(line.split_whitespace());
    if rustix::process::geteuid().is_root() {
        // Permissions do not bind the superuser: somebody else tries.
        let _ = fs::set_permissions(work.path("."), Permissions::from_mode(0o755));
        command.uid(NOBODY).gid(NOBODY);
    }
    let Ok(output) = command.output() else { return skip("the program cannot be run by another user") };
    Run::of(line.to_owned(), &output).done();
    assert_eq!(work.mode("drop/vault.coldcert"), 0o600);
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn no_passphrase_is_asked_for_where_the_place_or_the_version_is_wrong() {
    let work = Workplace::empty().passphrase("the right one");
    work.run("init").done();
    work.run("create www --subject CN=www --curve P-256 -o www.csr").done();
    work.run("create self --subject CN=x --curve P-256 --issuer Self").done();
    // A wrong passphrase would be another error, with another exit code.
    let work = work.passphrase("the wrong one");
    work.write("taken", "somebody's key");
    for verb in ["export self", "backup self", "create api --subject CN=x"] {
        work.run_in_vain(&format!("{verb} -o taken")).refused().says(&["taken exists"]);
        work.run_in_vain(&format!("{verb} -o nowhere/x")).broken().says(&["there is no directory nowhere"]);
        work.run_in_vain(&format!("{verb} -o vault.coldcert --force"))
            .refused()
            .says(&["never written over"]);
    }
    for verb in ["export www -o x", "backup www -o x", "set www --enabled true"] {
        work.run_in_vain(verb).refused().says(&["www has no version yet"]);
    }
}

#[test]
fn a_folder_for_manual_pages_is_made_but_not_its_parents() {
    let work = Workplace::empty();
    work.run_in_vain("man nowhere/man1").broken().says(&["nowhere/man1", "in one that exists"]);
    assert!(!work.path("nowhere").exists());
    work.run("man man1").done();
    work.run("man man1").done();
    assert!(work.path("man1/coldcert.1").exists());
}

#[test]
fn a_new_vault_takes_no_place_that_is_taken_and_no_journal_of_another() {
    let work = Workplace::empty();
    for file in ["vault.coldcert", "vault.coldcert-journal"] {
        work.write(file, "");
        work.run_in_vain("init --no-passphrase").refused().says(&[file, "there is a file here already"]);
        fs::remove_file(work.path(file)).unwrap();
    }
    work.run("--vault nowhere/vault init --no-passphrase")
        .broken()
        .says(&["nowhere/vault: the vault cannot be made"]);
    work.run("init --no-passphrase").done();
    assert_eq!((work.everything().len(), work.mode("vault.coldcert")), (1, 0o600));
}

#[test]
fn a_manual_page_replaces_a_manual_page_and_nothing_else() {
    let work = Workplace::with_vault();
    fs::create_dir(work.path("man1")).unwrap();
    let vault = work.read("vault.coldcert");
    work.write("man1/coldcert-list.1", &vault);
    work.run("man man1").refused().says(&["man1/coldcert-list.1", "never written over"]);
    work.write("man1/coldcert-list.1", "somebody's");
    work.run("man man1").refused().says(&["man1/coldcert-list.1 exists"]);
    assert_eq!(work.read("man1/coldcert-list.1"), b"somebody's");
    assert_eq!(fs::read_dir(work.path("man1")).unwrap().count(), 1, "no page beside it");
    // The vault at work, whatever it is called.
    fs::remove_file(work.path("man1/coldcert-list.1")).unwrap();
    work.run("man man1").done();
    work.write("man1/coldcert-list.1", &vault);
    work.run("--vault man1/coldcert-list.1 man man1").refused().says(&["never written over"]);
    assert_eq!(work.read("man1/coldcert-list.1"), vault);
}

#[test]
fn no_text_of_a_backup_is_repeated() {
    let work = Workplace::with_vault();
    let text = "secret ".repeat(10_000);
    let backup = |format: &str, version: Value| json!({"format": format, "version": version, "name": "www", "key_check": "", "seals": [], "sealed": ""});
    for document in [backup(&text, 1.into()), backup("coldcert-backup", text.as_str().into())] {
        work.write("www.backup", document.to_string());
        let run = work.run_in_vain("restore www.backup").broken().says(&["not a coldcert backup"]);
        assert!(run.stderr.len() < 500 && !run.stderr.contains("secret"), "{:.500}", run.stderr);
    }
}

#[test]
fn a_foreign_or_damaged_backup_is_refused() {
    let Some(work) = answered() else { return };
    still_merges(&work);
    work.run("backup www -o www.backup").done();
    work.run("delete www").done();
    work.run("purge www").done();
    let text = work.text("www.backup");
    work.write("cut.backup", &text[..text.len() / 2]);
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["name"] = "api".into();
    work.write("renamed.backup", document.to_string());
    work.write("text.backup", "not a backup");
    work.write("empty.backup", "");
    for file in ["cut.backup", "renamed.backup", "text.backup", "empty.backup", "www.pem"] {
        work.run_in_vain(&format!("restore {file}")).broken();
    }
    work.run("restore www.backup").done();
}

/// Whoever has neither vault nor passphrase can still make a backup that is not sealed, and put it in another's place.
#[test]
fn a_backup_that_is_not_sealed_does_not_pass_for_one_that_is() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.create_and_merge("www");
    work.run("backup www -o www.backup").done();
    let work = work.passphrase("the second");
    work.write("first", "the first\n");
    work.run("--vault other.coldcert init").done();
    let restore = "--vault other.coldcert restore www.backup";
    work.run_in_vain(&format!("{restore} --backup-passphrase-file first")).refused().says(&[
        "www.backup",
        "sealed with none",
        "leave --backup-passphrase-file out",
    ]);
    let run = work.run(restore).done();
    assert!(run.stderr.contains("www.backup was not sealed"), "{}", run.stderr);
    let shown = work.run("--vault other.coldcert --json audit show").done().stdout;
    let shown = String::from_utf8(shown).expect("text").replace(' ', "");
    assert!(shown.contains(r#""backup_sealed":false"#), "{shown}");
    // Nor does one whose key lies open in the vault itself.
    work.run("delete www").done();
    work.run("purge www").done();
    work.run_in_vain("restore www.backup --backup-passphrase-file first")
        .refused()
        .says(&["sealed with none"]);
    let run = work.run("restore www.backup").done();
    assert!(!run.stderr.contains("was not sealed"), "{}", run.stderr);
}

#[test]
fn a_passphrase_that_opened_nothing_is_said_to_have_been_needless() {
    let work = Workplace::with_vault();
    work.write("word", "a word of mine\n");
    let create = |name: &str| format!("create {name} --subject CN={name} --kty EC -o {name}.csr");
    let note = |run: &Run| run.stderr.matches("vault.coldcert is NOT sealed").count();
    assert_eq!(note(&work.run(&create("a")).done()), 0);
    for (name, option) in [("b", "--passphrase-file word"), ("c", "--recovery-key word")] {
        assert_eq!(note(&work.run(&format!("{option} {}", create(name))).done()), 1, "{option}");
    }
    let work = work.passphrase("a word of mine");
    assert_eq!(note(&work.run(&create("d")).done()), 1);
    assert_eq!(note(&work.run("list").done()), 0);
}

#[test]
fn a_backup_cannot_ask_for_work_without_end() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::empty().passphrase("the first");
    work.run("init").done();
    work.make_authority();
    work.create_and_merge("www");
    work.run("backup www -o www.backup").done();
    let work = work.passphrase("the second");
    work.run("--vault other.coldcert init").done();
    let mut document: Value = serde_json::from_slice(&work.read("www.backup")).unwrap();
    let seal = document["seals"][0].clone();
    // The same seal many times is one seal.
    document["seals"] = vec![seal.clone(); 10_000].into();
    work.write("same.backup", document.to_string());
    let started = std::time::Instant::now();
    work.run_in_vain("--vault other.coldcert restore same.backup")
        .broken()
        .says(&["the backup is sealed with"]);
    let many: Vec<Value> = (1..=5)
        .map(|passes| {
            let mut another = seal.clone();
            another["passes"] = passes.into();
            another
        })
        .collect();
    document["seals"] = many.into();
    work.write("many.backup", document.to_string());
    work.run_in_vain("--vault other.coldcert restore many.backup").broken().says(&["many.backup", "4"]);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    document["seals"] = vec![seal; 2].into();
    work.write("twice.backup", document.to_string());
    work.write("first", "the first\n");
    work.run("--vault other.coldcert restore twice.backup --backup-passphrase-file first").done();
}

#[test]
fn an_import_that_does_not_hold_together_is_refused() {
    let Some(work) = answered() else { return };
    still_merges(&work);
    work.run("export www --format pem -o www.both").done();
    work.run("export www -o www.pfx").done();
    let both = work.text("www.both");
    let end = "-----END PRIVATE KEY-----\n";
    let key = &both[..both.find(end).unwrap() + end.len()];
    work.write("two-keys", key.to_owned() + &both);
    work.write("key-only", key);
    work.write("other-key", work.text("root.key") + &work.text("www.pem"));
    let pfx = work.read("www.pfx");
    work.write("cut.pfx", &pfx[..pfx.len() - 10]);
    let mut flipped = pfx.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    work.write("flipped.pfx", &flipped);
    let rows: [(&str, i32, &[&str]); 7] = [
        ("two-keys", 2, &["two-keys holds 2 private keys"]),
        ("key-only", 2, &["key-only", "no certificate"]),
        ("www.pem", 2, &["www.pem holds 0 private keys"]),
        ("other-key", 1, &["key-mismatch"]),
        ("cut.pfx", 2, &["cut.pfx"]),
        ("flipped.pfx", 2, &["flipped.pfx"]),
        ("www.csr", 2, &["www.csr"]),
    ];
    for (file, code, expected) in rows {
        work.run_in_vain(&format!("import copy {file}")).ended(code).says(expected);
    }
    work.run_in_vain("--at 2099-01-01T00:00:00Z import copy www.pfx").refused().says(&["expired"]);
    work.run("import copy www.pfx").done();
}

#[test]
fn with_json_every_verb_writes_exactly_one_document() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::empty();
    work.make_authority();
    let json = |line: &str| {
        let run = work.run(line).done();
        let document = run.json();
        assert!(document.get("error").is_none(), "{line}: {document}");
        document
    };
    work.write("policy.json", r#"{"lifetime_actions": []}"#);
    json("--json init --no-passphrase");
    let create = "create www --subject CN=www.example.com --dns www.example.com --curve P-256";
    let operation = json(&format!("{create} --json"));
    assert_eq!(operation["status"], "inProgress");
    json("--json pending csr www -o www.csr");
    json("--json pending csr www");
    work.sign("www.csr", "www.pem");
    for line in [
        "policy default --json",
        "--json policy show www",
        "--json policy set www policy.json",
        "--json pending list",
        "--json pending show www",
        "--json pending cancel www",
        "--json list --include-pending",
        "--json show www",
        "--json versions www",
        "--json merge www www.pem intermediate.pem",
        "--json show www",
        "--json list",
        "--json versions www",
        "--json export www -o www.pfx",
        "--json export www --format x5c -o www.json",
        "--json set www --enabled true --tag a=b",
        "--json create www -o again.csr",
        "--json pending delete www",
        "--json backup www -o www.backup",
        "--json delete www",
        "--json list --deleted",
        "--json recover www",
        "--json delete www",
        "--json purge www",
        "--json restore www.backup",
        "--json import copy www.pfx",
        "--json create self --subject CN=self --curve P-256 --issuer Self",
        "--json passphrase --no-passphrase",
        "--json issuer set corp --provider Test",
        "--json issuer show corp",
        "--json issuer list",
        "--json issuer delete corp",
        "--json contact add pki@example.com",
        "--json contact list",
        "--json contact delete pki@example.com",
        "--json demo",
        "--json demo --keep kept",
        "--json completions bash",
        "--json man manual",
    ] {
        json(line);
    }
}

#[test]
fn with_json_an_error_is_one_document_too() {
    let Some(work) = answered() else { return };
    work.write("taken", "x");
    let rows = [
        ("--json create www", 1),
        ("--json create a.b --subject CN=x", 2),
        ("--json create api --subject x", 2),
        ("--json create api --subject CN=x -o nowhere/x", 2),
        ("--json create api --subject CN=x -o taken", 1),
        ("--json create api --subject CN=x -o -", 2),
        ("--json create api --subject CN=x -o /dev/stdout", 2),
        ("--json pending csr www -o taken", 1),
        ("--json merge www intermediate.pem", 1),
        ("--json merge www www.csr", 2),
        ("--json merge nobody www.pem", 1),
        ("--json show nobody", 1),
        ("--json versions nobody", 1),
        ("--json export nobody -o x", 1),
        ("--json export www -o -", 2),
        ("--json export www -o /dev/stdout", 2),
        ("--json import other www.pem", 2),
        ("--json set nobody --enabled true", 1),
        ("--json delete nobody", 1),
        ("--json recover nobody", 1),
        ("--json purge nobody", 1),
        ("--json backup www -o x", 1),
        ("--json backup www -o -", 2),
        ("--json backup www -o /dev/stdout", 2),
        ("--json restore www.pem", 2),
        ("--json policy show nobody", 1),
        ("--json policy set www www.pem", 2),
        ("--json pending show nobody", 1),
        ("--json pending show", 2),
        ("--json pending cancel nobody", 1),
        ("--json pending delete nobody", 1),
        ("--json issuer show nobody", 1),
        ("--json contact delete nobody@example.com", 1),
        ("--json init", 1),
        ("--json --vault none list", 2),
        ("--json --vault www.pem list", 2),
        ("--json frobnicate", 2),
        ("--json --at never list", 2),
        ("list --json --colour", 2),
    ];
    for (line, code) in rows {
        let run = work.run_in_vain(line).ended(code);
        let document = run.json();
        assert!(document["error"]["code"].is_string(), "{line}: {document}");
        assert!(document["error"]["message"].is_string(), "{line}: {document}");
        assert!(!run.stderr.is_empty(), "{line}: the prose is there, too");
    }
    let refused = work.run("--json merge www intermediate.pem").json();
    assert_eq!(refused["findings"][0]["rule"], "key-mismatch");
}

/// A key comes as OpenSSL writes it, in each of its forms; what is none is named, with the command that helps.
#[test]
fn a_key_is_read_in_any_form_and_what_is_no_key_is_named() {
    let Some(work) = answered() else { return };
    let check = |key: &str| work.run(&format!("check www.pem intermediate.pem --key {key}"));
    for (kind, options) in
        [("ec", "EC -pkeyopt ec_paramgen_curve:P-256"), ("rsa", "RSA -pkeyopt rsa_keygen_bits:2048")]
    {
        let pkcs8 = format!("{kind}.pem");
        work.openssl(&format!("genpkey -algorithm {options} -out {pkcs8}")).done();
        work.openssl(&format!("req -x509 -key {pkcs8} -config ca.cnf -out own.pem -subj /CN=own -days 9"))
            .done();
        for (form, file) in [
            ("-traditional", "old.pem"),
            ("-traditional -outform DER", "old.der"),
            ("-outform DER", "new.der"),
            ("-pubout", "public.pem"),
            ("-pubout -outform DER", "public.der"),
        ] {
            work.openssl(&format!("pkey -in {pkcs8} {form} -out {file}")).done();
            let run = work.run(&format!("check own.pem --key {file}"));
            assert!(!run.stderr.contains("key-mismatch"), "{kind} {form}: {}", run.stderr);
            assert_eq!(run.code, Some(0), "{kind} {form}: {}", run.stderr);
        }
        work.openssl(&format!("pkcs8 -topk8 -in {pkcs8} -passout pass:secret -out sealed.pem")).done();
        check("sealed.pem")
            .broken()
            .says(&["an encrypted private key", "openssl pkey -in sealed.pem -pubout"]);
        work.openssl(&format!("pkey -in {pkcs8} -traditional -aes128 -passout pass:secret -out sealed.pem"))
            .done();
        check("sealed.pem").broken().says(&["an encrypted private key"]);
    }
    for certificate in ["www.pem", "www.der"] {
        let line = format!("openssl x509 -in {certificate} -noout -pubkey -out key.pem");
        check(certificate).broken().says(&["a certificate, where a key is expected", &line]);
        work.tool("sh", &["-c", &line]).done();
        check("key.pem").done();
    }
    check("www.csr").broken().says(&["a certificate request, where a key is expected", "--csr www.csr"]);
    work.write("words", "nothing of the kind\n");
    check("words").broken().says(&["nothing that is known as a key"]);
}

/// What is trusted is no answer of a CA, and a key alone is no import.
#[test]
fn help_speaks_of_the_file_that_was_given() {
    let Some(work) = answered() else { return };
    work.write("empty", "");
    for file in ["empty", "www.csr"] {
        let run = work.run(&format!("check www.pem --csr www.csr --roots {file}")).broken();
        assert!(!run.stderr.contains("the CA's answer"), "{}", run.stderr);
        run.says(&[&format!("--roots: {file}"), "the CAs that you trust"]);
    }
    work.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem").done();
    work.run_in_vain("import other key.pem")
        .broken()
        .says(&["key.pem holds a private key and no certificate", "cat key.pem"]);
    work.run_in_vain("check - - --csr www.csr")
        .broken()
        .says(&["- stands for a file, more than once", "give - once"]);
    work.run_in_vain("explain nonsense").broken().says(&["coldcert explain"]);
    work.run_in_vain("show www --version x").broken().says(&["coldcert versions NAME"]);
    work.run_in_vain("set www --tag x").broken().says(&["--tag team=web"]);
    work.run_in_vain("pending show --request-id x").broken().says(&["coldcert pending list --json"]);
    still_merges(&work);
    work.run_in_vain("recover www").refused().says(&["nothing is to be brought back"]);
}

#[test]
fn a_day_is_taken_for_its_midnight() {
    let Some(work) = answered() else { return };
    let at = |at: &str| work.run(&format!("check www.pem --csr www.csr --json --at {at}"));
    assert_eq!(at("2040-12-01").ended(1).json()["at"], "2040-12-01T00:00:00Z");
    at("2040-12-32").ended(2).says(&["2040-12-32", "RFC 3339"]);
}

/// Of the two passphrases of a command it is said which one is wanted.
#[test]
fn without_a_terminal_a_new_passphrase_is_asked_for_by_its_own_option() {
    if need("setsid").is_none() {
        return;
    }
    let work = Workplace::empty();
    work.write("first", "the first\n");
    work.run("init --passphrase-file first").done();
    for verb in ["passphrase", "passphrase add --label bob"] {
        let line = format!(
            "-w {} --passphrase-file first --vault vault.coldcert {verb}",
            env!("CARGO_BIN_EXE_coldcert")
        );
        let run = work.tool("setsid", &line.split(' ').collect::<Vec<_>>()).broken();
        run.says(&["a new passphrase is needed", "--new-passphrase-file FILE"]);
    }
}

/// A name that begins with `file:` is an address to SQLite, and the same file to everybody else.
#[test]
fn a_vault_whose_name_looks_like_an_address_is_a_file() {
    let work = Workplace::empty();
    work.run("--vault v1 init --no-passphrase").done();
    work.write("passphrase", "the passphrase\n");
    for name in ["file:v1", "file:v1?mode=memory", ":memory:", "file:%76%31"] {
        let at =
            |line: &str| work.run_with(&[&["--vault", name], &*line.split(' ').collect::<Vec<_>>()].concat());
        at("--passphrase-file passphrase init").done().says(&["sealed by your passphrase"]);
        assert!(work.path(name).is_file(), "{name}");
        at("--passphrase-file passphrase create own --subject CN=own --dns own.example.com --kty EC -o own.csr --force")
            .done();
        at("pending list").done();
        assert_eq!(work.run("--vault v1 list --include-pending --json").done().json()["value"], json!([]));
    }
}

/// SQLite would take what lies there for a part of the vault.
#[test]
fn what_others_laid_beside_a_vault_is_refused() {
    let work = Workplace::with_vault();
    work.write("something", "");
    let journal = work.path("vault.coldcert-journal");
    let strange = || {
        for line in ["list", "contact add pki@example.com"] {
            work.run(line).broken().says(&["vault.coldcert-journal", "not a file of the vault's owner"]);
        }
        fs::remove_file(&journal).unwrap();
    };
    std::os::unix::fs::symlink("something", &journal).unwrap();
    strange();
    fs::hard_link(work.path("something"), &journal).unwrap();
    strange();
    // Only root can give a file to somebody else.
    fs::write(&journal, b"").unwrap();
    match std::os::unix::fs::chown(&journal, Some(65534), None) {
        Ok(()) => strange(),
        Err(_) => skip("this user can give no file away"),
    }
    work.run("contact add pki@example.com").done();
}
