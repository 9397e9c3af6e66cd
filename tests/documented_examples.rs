//! What the documentation shows is run: the README's commands, every example in `--help`, and the programs in
//! `examples/`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::CommandFactory;
use coldcert::authority::{Authority, Validity};
use coldcert::cli::Arguments;
use coldcert::csr::CertificateRequest;
use coldcert::pem;
use coldcert::pkcs12;
use coldcert::policy::KeyKind;
use coldcert::secret::pem_chain;
use coldcert::time::UnixTime;

#[test]
fn the_commands_of_the_readme_work_in_their_order() {
    if !is_there("openssl") {
        return;
    }
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let blocks: Vec<&str> =
        readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert!(blocks.len() >= 5, "{} blocks of commands in the README", blocks.len());
    let place = Place::new();
    let script = format!("set -eux\n{}", blocks.join("\n"));
    assert_done(&place.shell(&script), "the README's commands");
    for file in ["vault.coldcert", "www.csr", "www.pfx", "www-chain.pem", "www-2027.csr"] {
        assert!(place.path(file).is_file(), "{file} was not made");
    }
}

#[test]
fn the_readme_names_every_verb_of_its_table_and_every_module() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    for command in Arguments::command().get_subcommands() {
        let name = command.get_name();
        if !["help", "completions", "man", "passphrase"].contains(&name) {
            assert!(readme.contains(name), "the README does not name {name}");
        }
    }
    let library = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    for module in library.lines().filter_map(|line| line.split("mod ").nth(1)?.strip_suffix(';')) {
        assert!(readme.contains(module), "the README's picture lacks {module}");
    }
}

#[test]
fn every_verb_has_an_example_and_every_example_works() {
    let mut examples = Vec::new();
    collect_examples(&Arguments::command(), &mut examples);
    assert!(examples.len() > 30, "{} examples", examples.len());
    for (verb, line) in &examples {
        let place = Place::new();
        prepare(&place, verb);
        let script = if verb.starts_with("serve") { beside_a_server(line) } else { line.clone() };
        assert_done(&place.shell(&format!("set -eux\n{script}\n")), line);
    }
}

/// A server runs until it is told to end; what clients need of it is asked while it runs.
fn beside_a_server(line: &str) -> String {
    let (server, asked) = match line.contains("serve env") {
        true => ("coldcert serve --listen 127.0.0.1:0", line),
        false => (line, "true"),
    };
    format!(
        "{server} & server=$!
        for _ in {{1..200}}; do [[ -s vault.coldcert.serve/ready.json ]] && break; sleep 0.05; done
        {asked}
        kill -TERM $server; wait $server; [[ ! -e vault.coldcert.serve/ready.json ]]"
    )
}

#[test]
fn the_example_programs_work_on_each_other_s_files() {
    let place = Place::new();
    let example = |name: &str, arguments: &[&str]| {
        let program = example_program(name);
        Command::new(program)
            .args(arguments)
            .current_dir(place.folder.path())
            .output()
            .expect("an example program")
    };
    assert_done(&example("create_request", &["vault.coldcert", "www.csr"]), "create_request");
    place.sign("www.csr");
    assert_done(&example("check_chain", &["www.csr", "answer.pem"]), "check_chain");
    assert_done(&example("merge_answer", &["vault.coldcert", "answer.pem", "www.pfx"]), "merge_answer");
    assert!(place.path("www.pfx").is_file());
    // The root's own key is not that of the request.
    assert!(!example("check_chain", &["www.csr", "root.cer"]).status.success());
}

/// What an example of a verb needs to stand on.
fn prepare(place: &Place, verb: &str) {
    if verb == "coldcert" || verb == "init" || verb == "completions" || verb == "man" || verb == "demo" {
        return;
    }
    place.coldcert(&["init", "--no-passphrase"]);
    fs::write(place.path("policy.json"), place.coldcert(&["policy", "default"])).expect("a file");
    match verb {
        "create" | "policy default" | "list" => {}
        "issuer show" | "issuer delete" => {
            place.coldcert(&["issuer", "set", "corp", "--provider", "OfflineCA"]);
        }
        "issuer complete" | "issuer fail" | "issuer cancel" => {
            let of_corp =
                ["create", "www", "--issuer", "corp", "--subject", "CN=www.example.com", "-o", "www.csr"];
            place.coldcert(&of_corp);
            place.sign("www.csr");
            return;
        }
        "ca show" | "ca sign" | "ca import" => {
            if verb == "ca import" {
                return place.bring_authority();
            }
            place.coldcert(&["ca", "init", "corp", "--subject", "CN=Example CA"]);
            let of_corp =
                ["create", "www", "--issuer", "corp", "--subject", "CN=www.example.com", "-o", "www.csr"];
            place.coldcert(&of_corp);
            return;
        }
        "contact delete" => {
            place.coldcert(&["contact", "add", "pki@example.com"]);
        }
        "passphrase"
        | "passphrase list"
        | "passphrase add"
        | "passphrase recovery-key"
        | "passphrase remove" => {
            fs::write(place.path("first.passphrase"), PASSPHRASE).expect("a file");
            fs::write(place.path("new.passphrase"), "a new one\n").expect("a file");
            fs::write(place.path("bob.passphrase"), "the second one\n").expect("a file");
            place.coldcert(&["passphrase", "--new-passphrase-file", "first.passphrase"]);
            if matches!(verb, "passphrase" | "passphrase remove") {
                place.coldcert(&["passphrase", "recovery-key", "-o", "recovery.key"]);
            }
        }
        "audit show" | "audit export" | "audit verify" => {
            place.coldcert(&["audit", "export", "-o", "ledger.jsonl"]);
            let head = place.coldcert(&["audit", "show", "--json"]);
            let head: serde_json::Value = serde_json::from_slice(&head).expect("JSON");
            fs::write(place.path("ledger.head"), head["head"].as_str().expect("a head")).expect("a file");
            place.coldcert(&["audit", "export", "-o", "ledger-2026.jsonl"]);
            place.coldcert(&["contact", "add", "pki@example.com"]);
            place.coldcert(&["audit", "export", "--after", "1", "-o", "ledger-2027.jsonl"]);
            if verb == "audit export" {
                fs::remove_file(place.path("ledger.jsonl")).expect("a file");
            }
        }
        _ => {
            place.coldcert(&[
                "create",
                "www",
                "--subject",
                "CN=www.example.com",
                "--dns",
                "www.example.com",
                "-o",
                "www.csr",
            ]);
            place.sign("www.csr");
        }
    }
    if matches!(verb, "pending show" | "pending csr") {
        fs::remove_file(place.path("www.csr")).expect("a file");
        place.coldcert(&["pending", "csr", "www", "-o", "www.csr"]);
    }
    if !matches!(verb, "merge" | "pending cancel") && place.path("answer.pem").is_file() {
        place.coldcert(&["merge", "www", "answer.pem"]);
    }
    match verb {
        "recover" | "purge" => {
            place.coldcert(&["delete", "www"]);
        }
        "restore" => {
            fs::write(place.path("vault.passphrase"), PASSPHRASE).expect("a file");
            place.coldcert(&["passphrase", "--new-passphrase-file", "vault.passphrase"]);
            place.coldcert(&["backup", "www", "-o", "www.backup"]);
            place.coldcert(&["--vault", "other.coldcert", "init", "--no-passphrase"]);
        }
        "export" => {
            for file in ["pfx.password", "pem.password", "jks.password"] {
                fs::write(place.path(file), "a secret\n").expect("a file");
            }
            place.coldcert(&["create", "mail", "--subject", "CN=mail.example.com", "--issuer", "Self"]);
        }
        "import" | "inspect" => {
            fs::write(place.path("old.password"), "secret\n").expect("a file");
            place.coldcert(&["export", "www", "-o", "old.pfx", "--password-file", "old.password"]);
        }
        _ => {}
    }
}

/// Every line after `$ ` in the help of every verb, with the verb's own words.
fn collect_examples(command: &clap::Command, examples: &mut Vec<(String, String)>) {
    collect(command, "", examples);

    fn collect(command: &clap::Command, above: &str, examples: &mut Vec<(String, String)>) {
        let verb = format!("{above} {}", command.get_name()).trim().to_owned();
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines: Vec<&str> = help.lines().filter_map(|line| line.trim().strip_prefix("$ ")).collect();
        let has_verbs = command.get_subcommands().next().is_some();
        assert!(has_verbs || !lines.is_empty(), "{verb} has no example");
        // The program's own help shows the flow, which the README's test walks.
        if command.get_name() != "coldcert" {
            examples.extend(lines.iter().map(|line| (verb.clone(), (*line).to_owned())));
        }
        let above = if command.get_name() == "coldcert" { String::new() } else { verb };
        for below in command.get_subcommands() {
            collect(below, &above, examples);
        }
    }
}

/// A folder to run in, with a CA.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn coldcert(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new(env!("CARGO_BIN_EXE_coldcert"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("COLDCERT_PASSPHRASE", PASSPHRASE)
            .env_remove("COLDCERT_VAULT")
            .output()
            .expect("coldcert");
        assert_done(&output, &arguments.join(" "));
        output.stdout
    }

    fn shell(&self, script: &str) -> Output {
        let programs = Path::new(env!("CARGO_BIN_EXE_coldcert")).parent().expect("a folder");
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("PATH"));
        Command::new("bash")
            .args(["-c", script])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("COLDCERT_PASSPHRASE", PASSPHRASE)
            .env_remove("COLDCERT_VAULT")
            .output()
            .expect("bash")
    }

    /// A CA's key and certificate as a PFX.
    fn bring_authority(&self) {
        let validity = Validity::days(UnixTime::now().plus_seconds(-600), 30);
        let root = Authority::root("CN=Brought CA", KeyKind::P256, validity).expect("a root");
        let key = root.key().to_pkcs8().expect("a key");
        let entry = pkcs12::Entry {
            friendly_name: "ca",
            private_key: Some(&key),
            certificates: &[root.certificate().as_der()],
        };
        let password = pkcs12::Password::new("secret");
        let pfx = pkcs12::write(&[entry], &password, pkcs12::Profile::Modern).expect("a PFX");
        fs::write(self.path("ca.pfx"), &*pfx).expect("a file");
        fs::write(self.path("ca.password"), "secret\n").expect("a file");
    }

    /// Lets a CA sign a request: `answer.pem`, and its certificates one by one.
    fn sign(&self, csr: &str) {
        let now = UnixTime::now();
        let validity = Validity::days(now.plus_seconds(-600), 30);
        let root = Authority::root("CN=Root", KeyKind::P256, validity).expect("a root");
        let ca = root.intermediate("CN=Intermediate", KeyKind::P256, validity).expect("an intermediate");
        let blocks = pem::read(&fs::read(self.path(csr)).expect("a request")).expect("PEM");
        let request = CertificateRequest::from_der(blocks[0].contents()).expect("a request");
        let leaf = ca.sign(&request, validity).expect("a certificate");
        let files = [
            ("answer.pem", vec![ca.certificate(), &leaf, root.certificate()]),
            ("www.cer", vec![&leaf]),
            ("intermediate.cer", vec![ca.certificate()]),
            ("root.cer", vec![root.certificate()]),
        ];
        for (file, certificates) in files {
            fs::write(self.path(file), pem_chain(&certificates)).expect("a file");
        }
    }
}

fn assert_done(output: &Output, what: &str) {
    assert!(
        output.status.success(),
        "{what}: {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Cargo builds the examples beside the tests' own folder.
fn example_program(name: &str) -> PathBuf {
    let programs = Path::new(env!("CARGO_BIN_EXE_coldcert")).parent().expect("a folder");
    let program = programs.join("examples").join(name);
    assert!(program.is_file(), "{} is not built: run the tests without --test", program.display());
    program
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "{program} may not be missing in CI");
    if !there {
        // Past the capture of the test runner: a skip that nobody sees is a lie.
        let _ = writeln!(std::io::stderr().lock(), "skipped: {program} is not here");
    }
    there
}

const PASSPHRASE: &str = "a passphrase for tests";
