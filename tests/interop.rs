//! Every kind of key, by every profile, under every kind of password, opened by five other programs; and what those
//! write, read by us. The matrix is `docs/interop.md`, which this writes with `COLDCERT_WRITE_INTEROP=1` and otherwise
//! compares.
//!
//! A cell that fails is in [`KNOWN`] with its reason; one that is there and opens fails the test too. The Python is
//! `COLDCERT_PYTHON`, `python3` without it; it needs `cryptography`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use coldcert::pkcs12::{self, Password, Profile};
use coldcert::secret::Brought;
use support::{Workplace, need, skip};

const KINDS: [(&str, &str); 7] = [
    ("rsa-2048", "--kty RSA --key-size 2048"),
    ("rsa-3072", "--kty RSA --key-size 3072"),
    ("rsa-4096", "--kty RSA --key-size 4096"),
    ("p-256", "--kty EC --curve P-256"),
    ("p-384", "--kty EC --curve P-384"),
    ("p-521", "--kty EC --curve P-521"),
    ("p-256k", "--kty EC --curve P-256K"),
];
const PASSWORDS: [(&str, &str); 3] =
    [("password", "--password-file password"), ("empty", ""), ("absent", "--no-password")];
const TOOLS: [&str; 5] = ["openssl", "keytool", "pk12util", "certtool", "cryptography"];

/// Cells that fail, by tool, kind of key, profile and password (`*` is any), and why.
const KNOWN: [(&str, &str, &str, &str, &str); 5] = [
    ("openssl", "*", "pbmac1", "*", "OpenSSL before 3.4 does not know PBMAC1"),
    ("keytool", "*", "pbmac1", "*", "Java before 26 does not know PBMAC1"),
    (
        "keytool",
        "p-256k",
        "*",
        "*",
        "Java 16 and newer have no secp256k1: the entry is listed, the key not usable",
    ),
    (
        "pk12util",
        "*",
        "pbmac1",
        "password",
        "NSS of this age does not know PBMAC1, and asks for no MAC where nothing is secret",
    ),
    ("certtool", "*", "pbmac1", "*", "GnuTLS of this age does not know PBMAC1"),
];

#[test]
fn what_we_write_others_open() {
    let Some(work) = filled() else { return };
    let files: Vec<Cell> = KINDS
        .iter()
        .flat_map(|(kind, _)| Profile::ALL.map(|profile| (*kind, profile)))
        .flat_map(|(kind, profile)| PASSWORDS.map(|(password, _)| Cell { kind, profile, password }))
        .collect();
    let cryptography = opened_by_cryptography(&work, &files);
    let opened: Mutex<BTreeMap<(String, usize), bool>> = Mutex::default();
    // Two at a time: the programs are slow to start, Java above all.
    std::thread::scope(|scope| {
        for half in [0, 1] {
            let (work, files, opened, cryptography) = (&work, &files, &opened, &cryptography);
            scope.spawn(move || {
                for (index, cell) in files.iter().enumerate().filter(|(index, _)| index % 2 == half) {
                    let is_open = [
                        by_openssl(work, cell),
                        by_keytool(work, cell),
                        by_pk12util(work, cell),
                        by_certtool(work, cell),
                        cryptography[index],
                    ];
                    for (tool, is_open) in is_open.into_iter().enumerate() {
                        opened.lock().unwrap().insert((cell.name(), tool), is_open);
                    }
                }
            });
        }
    });
    let opened = opened.into_inner().unwrap();
    let mut wrong = Vec::new();
    for cell in &files {
        for (number, tool) in TOOLS.iter().enumerate() {
            let is_open = opened[&(cell.name(), number)];
            match (cell.known(tool), is_open) {
                (Some(reason), true) => wrong.push(format!("{tool} opens {} now: {reason}", cell.name())),
                (None, false) => wrong.push(format!("{tool} does not open {}", cell.name())),
                _ => {}
            }
        }
    }
    let table = table(&files);
    let versions = versions();
    #[allow(clippy::print_stdout, reason = "the matrix is printed")]
    {
        println!("{versions}\n{table}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    keep(&versions, &table);
}

#[test]
fn what_others_write_we_read() {
    let Some(work) = filled() else { return };
    let mut count = 0;
    for (kind, _) in KINDS {
        for (file, password) in written_by_others(&work, kind) {
            let bytes = work.read(&file);
            let passwords = match password {
                Some(password) => vec![Password::new(password)],
                None => Password::unstated().to_vec(),
            };
            let source = coldcert::bundle::Source { name: &file, bytes: &bytes };
            let brought =
                Brought::read(&source, &passwords).unwrap_or_else(|error| panic!("{file}: {error}"));
            let leaf = &brought.bundle.certificates[0].certificate;
            let key = coldcert::key::Signer::public_key(&brought.key);
            assert_eq!(leaf.public_key(), key, "{file}");
            assert_eq!(leaf.subject().to_string(), format!("CN={kind}.example.com"), "{file}");
            let wrong = pkcs12::read(&bytes, &[Password::new("another")]);
            assert!(wrong.is_err() || password.is_none(), "{file} opens by another password");
            count += 1;
        }
    }
    assert_eq!(count, 7 * 9 + 6 * 5, "files");
}

/// One file of the matrix.
struct Cell {
    kind: &'static str,
    profile: Profile,
    password: &'static str,
}

impl Cell {
    fn name(&self) -> String {
        format!("{}.{}.{}", self.kind, self.profile, self.password)
    }

    fn file(&self) -> String {
        format!("{}.pfx", self.name())
    }

    fn text(&self) -> &'static str {
        if self.password == "password" { PASSWORD } else { "" }
    }

    fn known(&self, tool: &str) -> Option<&'static str> {
        let is = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        let row = KNOWN.iter().find(|(of, kind, profile, password, _)| {
            *of == tool
                && is(kind, self.kind)
                && is(profile, self.profile.name())
                && is(password, self.password)
        });
        row.map(|row| row.4)
    }
}

/// A vault with a certificate of each kind, and every export of each; none where a program is missing.
fn filled() -> Option<Workplace> {
    for tool in ["openssl", "keytool", "pk12util", "certutil", "certtool"] {
        need(tool)?;
    }
    let python = python().args(["-c", "import cryptography"]).status();
    if !python.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("CI").is_none(), "Python's cryptography not found, expected it in CI");
        skip("Python's cryptography not found");
        return None;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.write("password", format!("{PASSWORD}\n"));
    for (kind, options) in KINDS {
        let subject = format!("--subject CN={kind}.example.com --dns {kind}.example.com");
        work.run(&format!("create {kind} {subject} {options} -o {kind}.csr")).done();
        work.sign(&format!("{kind}.csr"), &format!("{kind}.pem"));
        work.run(&format!("merge {kind} {kind}.pem intermediate.pem")).done();
        for profile in Profile::ALL {
            for (password, option) in PASSWORDS {
                let cell = Cell { kind, profile, password };
                work.run(&format!("export {kind} --pfx-profile {profile} {option} -o {}", cell.file()))
                    .done();
            }
        }
        work.run(&format!("export {kind} --format pem -o {kind}.all.pem")).done();
        work.openssl(&format!("pkey -in {kind}.all.pem -out {kind}.key.pem")).done();
    }
    Some(work)
}

/// The key comes out, and it is the leaf's.
fn by_openssl(work: &Workplace, cell: &Cell) -> bool {
    let pass = format!("pass:{}", cell.text());
    let opened = work.tool("openssl", &["pkcs12", "-in", &cell.file(), "-nodes", "-passin", &pass]);
    let (name, leaf) = (format!("{}.opened.pem", cell.name()), format!("{}.pem", cell.kind));
    work.write(&name, &opened.stdout);
    let key = work.tool("openssl", &["pkey", "-in", &name, "-pubout"]);
    !key.stdout.is_empty()
        && key.stdout == work.tool("openssl", &["x509", "-in", &leaf, "-pubkey", "-noout"]).stdout
}

/// The key signs a request.
fn by_keytool(work: &Workplace, cell: &Cell) -> bool {
    let file = cell.file();
    let listed = work.tool("keytool", &keytool(&["-list", "-keystore", &file, "-storepass", cell.text()]));
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let Some(alias) = listed.lines().find(|line| line.contains("PrivateKeyEntry")) else { return false };
    let alias = alias.split(',').next().unwrap();
    let pass = cell.text();
    let arguments = ["-certreq", "-alias", alias, "-keystore", &file, "-storepass", pass, "-keypass", pass];
    let request = work.tool("keytool", &keytool(&arguments));
    String::from_utf8_lossy(&request.stdout).contains("BEGIN NEW CERTIFICATE REQUEST")
}

fn keytool<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["-J-Duser.language=en", "-J-XX:TieredStopAtLevel=1"], arguments, &["-storetype", "PKCS12"]].concat()
}

/// The key arrives in a database of NSS.
fn by_pk12util(work: &Workplace, cell: &Cell) -> bool {
    let folder = format!("nss-{}", cell.name());
    fs::create_dir(work.path(&folder)).unwrap();
    let database = format!("sql:{folder}");
    work.tool("certutil", &["-N", "-d", &database, "--empty-password"]).done();
    work.tool("pk12util", &["-i", &cell.file(), "-d", &database, "-W", cell.text()]);
    let keys = work.tool("certutil", &["-K", "-d", &database]);
    String::from_utf8_lossy(&keys.stdout).contains("< 0>")
}

/// The key is printed.
fn by_certtool(work: &Workplace, cell: &Cell) -> bool {
    let password = match cell.password {
        "empty" => "--empty-password".to_owned(),
        "absent" => "--null-password".to_owned(),
        _ => format!("--password={}", cell.text()),
    };
    let file = cell.file();
    let shown = work.tool("certtool", &["--p12-info", "--inder", "--infile", &file, &password]);
    let text = format!("{}{}", String::from_utf8_lossy(&shown.stdout), shown.stderr);
    text.contains("PRIVATE KEY-----") && text.contains("BEGIN CERTIFICATE") && !text.contains("rror")
}

fn opened_by_cryptography(work: &Workplace, cells: &[Cell]) -> Vec<bool> {
    let files = cells.iter().map(|cell| match cell.password {
        "absent" => format!("{}=-", cell.file()),
        _ => format!("{}={}", cell.file(), cell.text()),
    });
    let arguments: Vec<String> = ["read".to_owned()].into_iter().chain(files).collect();
    let output = python().arg(script()).args(arguments).current_dir(work.path("")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<bool> =
        text.lines().zip(cells).map(|(line, cell)| line == format!("CN={}.example.com", cell.kind)).collect();
    assert_eq!(lines.len(), cells.len(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    lines
}

/// What the five write of a key, with the password, if there is one.
fn written_by_others(work: &Workplace, kind: &str) -> Vec<(String, Option<&'static str>)> {
    let mut files = Vec::new();
    let mut written = |what: &str, password: Option<&'static str>| {
        files.push((format!("{kind}.{what}.pfx"), password));
    };
    let export = format!("pkcs12 -export -inkey {kind}.key.pem -in {kind}.pem -name {kind}");
    for (what, options, password) in [
        ("openssl", "-passout pass:geheim", Some(PASSWORD)),
        ("openssl-empty", "-passout pass:", None),
        (
            "openssl-3des",
            "-passout pass:geheim -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1",
            Some(PASSWORD),
        ),
        ("openssl-legacy", "-passout pass:geheim -legacy", Some(PASSWORD)),
        (
            "openssl-sha512",
            "-passout pass:geheim -macalg sha512 -certpbe AES-128-CBC -keypbe AES-192-CBC",
            Some(PASSWORD),
        ),
        ("openssl-nomac", "-passout pass:geheim -nomac", Some(PASSWORD)),
    ] {
        work.openssl(&format!("{export} {options} -out {kind}.{what}.pfx")).done();
        written(what, password);
    }
    let (key, leaf) = (format!("{kind}.key.pem"), format!("{kind}.pem"));
    // GnuTLS of this age has no secp256k1 to load, though it shows it in a PFX.
    if kind != "p-256k" {
        for (what, option, password) in [
            ("certtool", "--password=geheim", Some(PASSWORD)),
            ("certtool-empty", "--empty-password", None),
            ("certtool-null", "--null-password", None),
        ] {
            let file = format!("{kind}.{what}.pfx");
            let arguments = [
                "--to-p12",
                "--load-privkey",
                &key,
                "--load-certificate",
                &leaf,
                "--p12-name",
                kind,
                "--outder",
                "--outfile",
                &file,
                option,
            ];
            work.tool("certtool", &arguments).done();
            written(what, password);
        }
    }
    // NSS and Java 16 and newer have none either.
    if kind != "p-256k" {
        // BER.
        let folder = format!("nss-write-{kind}");
        fs::create_dir(work.path(&folder)).unwrap();
        let database = format!("sql:{folder}");
        work.tool("certutil", &["-N", "-d", &database, "--empty-password"]).done();
        let theirs = format!("{kind}.openssl.pfx");
        work.tool("pk12util", &["-i", &theirs, "-d", &database, "-W", PASSWORD]).done();
        let file = format!("{kind}.pk12util.pfx");
        work.tool("pk12util", &["-o", &file, "-n", kind, "-d", &database, "-W", PASSWORD]).done();
        written("pk12util", Some(PASSWORD));
        let file = format!("{kind}.keytool.pfx");
        let arguments = [
            "-importkeystore",
            "-noprompt",
            "-srckeystore",
            &theirs,
            "-srcstoretype",
            "PKCS12",
            "-srcstorepass",
            PASSWORD,
            "-destkeystore",
            &file,
            "-deststoretype",
            "PKCS12",
            "-deststorepass",
            PASSWORD,
        ];
        work.tool("keytool", &arguments).done();
        written("keytool", Some(PASSWORD));
    }
    let written_by_python =
        python().arg(script()).args(["write", ".", kind]).current_dir(work.path("")).output().unwrap();
    assert!(written_by_python.status.success(), "{}", String::from_utf8_lossy(&written_by_python.stderr));
    written("pyca.given", Some(PASSWORD));
    written("pyca.absent", None);
    written("pyca.pbes2", Some(PASSWORD));
    files
}

/// The matrix: a row for each kind of key and profile, a column for each program.
fn table(cells: &[Cell]) -> String {
    let mut lines = vec![
        format!("| key | profile | {} |", TOOLS.join(" | ")),
        format!("|---|---|{}", "---|".repeat(TOOLS.len())),
    ];
    let mut notes: Vec<&str> = Vec::new();
    for (kind, _) in KINDS {
        for profile in Profile::ALL {
            let row: Vec<&Cell> =
                cells.iter().filter(|cell| cell.kind == kind && cell.profile == profile).collect();
            let columns: Vec<String> = TOOLS
                .iter()
                .map(|tool| {
                    let marks: Vec<String> =
                        row.iter().map(|cell| mark(cell.known(tool), &mut notes)).collect();
                    match marks.iter().all(|mark| *mark == marks[0]) {
                        true => marks[0].clone(),
                        false => {
                            let named = row.iter().zip(marks);
                            named
                                .map(|(cell, mark)| format!("{} {mark}", cell.password))
                                .collect::<Vec<_>>()
                                .join(", ")
                        }
                    }
                })
                .collect();
            lines.push(format!("| {kind} | {profile} | {} |", columns.join(" | ")));
        }
    }
    lines.push(String::new());
    lines.extend(notes.iter().enumerate().map(|(index, note)| format!("* no {}: {note}.", index + 1)));
    lines.join("\n")
}

fn mark(known: Option<&'static str>, notes: &mut Vec<&'static str>) -> String {
    let Some(reason) = known else { return "yes".to_owned() };
    let number = notes.iter().position(|note| *note == reason).unwrap_or_else(|| {
        notes.push(reason);
        notes.len() - 1
    });
    format!("no {}", number + 1)
}

fn versions() -> String {
    let first = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned()
    };
    let cryptography = python().arg(script()).arg("version").output().unwrap();
    format!(
        "{}; Java {}; NSS {}; {}; cryptography {}",
        first("openssl", &["version"]),
        first("java", &["-version"]).replace("openjdk version ", ""),
        first("dpkg-query", &["-W", "-f", "${Version}", "libnss3-tools"]),
        first("certtool", &["--version"]),
        String::from_utf8_lossy(&cryptography.stdout).trim()
    )
}

/// Writes the page, or sees that its table is the one that was found.
fn keep(versions: &str, table: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/interop.md");
    if std::env::var_os("COLDCERT_WRITE_INTEROP").is_some() {
        let text = format!("{HEAD}\nOf the last run that was kept: {versions}.\n\n{table}\n{TAIL}");
        return fs::write(page, text).unwrap();
    }
    let kept = fs::read_to_string(page).unwrap();
    assert!(
        kept.contains(table),
        "docs/interop.md has another table: COLDCERT_WRITE_INTEROP=1 cargo test --test interop\n{table}"
    );
}

fn python() -> Command {
    Command::new(std::env::var_os("COLDCERT_PYTHON").unwrap_or_else(|| "python3".into()))
}

fn script() -> String {
    format!("{}/tests/interop/pyca.py", env!("CARGO_MANIFEST_DIR"))
}

const PASSWORD: &str = "geheim";
const HEAD: &str = "# Who opens what

`cargo test --test interop` writes a PFX of every kind of key, by every profile of `coldcert export --pfx-profile`, under a
password, the empty one and none at all, and has five programs open it: `openssl pkcs12` takes the key out and it is the
leaf's, `keytool -certreq` signs with it, `pk12util -i` imports it into a database of NSS, `certtool --p12-info` of GnuTLS
and Python's `cryptography` load it. Where a cell names no password it is the same for all three. This page is written by that test, and compared by it.
";
const TAIL: &str = "
The other way round, what they write is read by coldcert (`Brought::read`, which `coldcert import` uses): of OpenSSL its
default, the empty password, 3DES, `-legacy` (RC2), SHA-512 with AES-128 and AES-192, and no MAC; of GnuTLS a password, the
empty one and none; of NSS its BER; of keytool its default; of `cryptography` a password, none, and PBES2 by its builder.
GnuTLS, NSS and Java write none with P-256K: they have no such curve, and NSS, which imports the key, cannot use it.
";
