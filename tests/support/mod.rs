//! A place to work in: a temporary folder, the program run in it as a person would, and the real `openssl`
//! as the other side, which also plays the CA.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// A temporary folder that every command runs in; its vault is `vault.coldcert`.
pub(crate) struct Workplace {
    folder: TempDir,
    passphrase: Option<String>,
}

impl Workplace {
    /// A folder without a vault.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), passphrase: None }
    }

    /// A folder with a vault that has no passphrase, which is the quick kind.
    pub(crate) fn with_vault() -> Self {
        let work = Self::empty();
        work.run("init --no-passphrase").done();
        work
    }

    /// The same folder, with another `COLDCERT_PASSPHRASE` from now on.
    pub(crate) fn passphrase(mut self, passphrase: &str) -> Self {
        self.passphrase = Some(passphrase.to_owned());
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("a file in the temporary folder is written");
    }

    /// A pipe with a name, through which an answer can come late.
    pub(crate) fn make_pipe(&self, name: &str) {
        let path = self.path(name);
        let _ = fs::remove_file(&path);
        let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
        assert!(made.success());
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap_or_else(|_| panic!("{name} is not UTF-8"))
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).expect("a file").permissions().mode() & 0o777
    }

    /// Every file of the folder by its name, with its bytes; what a refusal must not change.
    pub(crate) fn everything(&self) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.folder.path()).expect("the temporary folder is listed");
        let files = entries.map(|entry| entry.expect("an entry")).filter(|entry| entry.path().is_file());
        let mut all: Vec<_> = files
            .filter(|file| file.metadata().is_ok_and(|found| found.len() < 10_000_000))
            .map(|file| {
                let name = file.file_name().to_string_lossy().into_owned();
                let bytes = self.read(&name);
                (name, bytes)
            })
            .collect();
        all.sort();
        all
    }

    /// The program, about to be run here with nothing of this process's own environment for it.
    pub(crate) fn command<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coldcert"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("COLDCERT_VAULT", "vault.coldcert")
            .env_remove("COLDCERT_PASSPHRASE")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        if let Some(passphrase) = &self.passphrase {
            command.env("COLDCERT_PASSPHRASE", passphrase);
        }
        command
    }

    /// Runs the program with arguments that blanks separate.
    pub(crate) fn run(&self, arguments: &str) -> Run {
        self.run_with(&arguments.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs the program with arguments that may hold blanks.
    pub(crate) fn run_with(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().expect("the program starts");
        Run::of(format!("coldcert {}", arguments.join(" ")), &output)
    }

    /// Runs `openssl` with arguments that blanks separate.
    pub(crate) fn openssl(&self, arguments: &str) -> Run {
        self.tool("openssl", &arguments.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn tool(&self, tool: &str, arguments: &[&str]) -> Run {
        let output = Command::new(tool)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{tool}: {error}"));
        Run::of(format!("{tool} {}", arguments.join(" ")), &output)
    }

    /// Makes a root (`root.pem`, `root.key`) and an intermediate (`intermediate.pem`, `intermediate.key`).
    pub(crate) fn make_authority(&self) {
        self.write("ca.cnf", AUTHORITY);
        let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -config ca.cnf";
        self.openssl(&format!(
            "req -x509 {new_key} -keyout root.key -out root.pem -subj /CN=Test-Root -days 3650"
        ))
        .done();
        self.openssl(&format!(
            "req {new_key} -keyout intermediate.key -out intermediate.csr -subj /CN=Test-Intermediate"
        ))
        .done();
        self.openssl(
            "x509 -req -in intermediate.csr -out intermediate.pem -CA root.pem -CAkey root.key -CAcreateserial \
             -extfile ca.cnf -extensions intermediate -days 1825",
        )
        .done();
    }

    /// The intermediate answers a request, as asked.
    pub(crate) fn sign(&self, request: &str, answer: &str) {
        self.openssl(&format!(
            "x509 -req -in {request} -out {answer} -CA intermediate.pem -CAkey intermediate.key \
             -CAcreateserial -copy_extensions copy -days 365"
        ))
        .done();
    }

    /// A P-256 certificate of this name that waits, its request in `NAME.csr`.
    pub(crate) fn create(&self, name: &str) {
        self.run(&format!(
            "create {name} --subject CN={name}.example.com --dns {name}.example.com --curve P-256 -o {name}.csr"
        ))
        .done();
    }

    /// The same, answered in `NAME.pem` and merged with the intermediate.
    pub(crate) fn create_and_merge(&self, name: &str) {
        self.create(name);
        self.sign(&format!("{name}.csr"), &format!("{name}.pem"));
        self.run(&format!("merge {name} {name}.pem intermediate.pem")).done();
    }

    /// Runs the program, and sees that it left every file of the folder as it was; a vault may have one more entry in
    /// its ledger, which says that something was refused.
    pub(crate) fn run_in_vain(&self, arguments: &str) -> Run {
        self.run_in_vain_with(&arguments.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn run_in_vain_with(&self, arguments: &[&str]) -> Run {
        let before = self.everything();
        let run = self.run_with(arguments);
        let after = self.everything();
        let names =
            |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&before), names(&after), "{}: files came or went", run.line);
        for ((name, old), (_, new)) in before.iter().zip(&after) {
            let is_same = old == new || (old.starts_with(SQLITE) && dump(old) == dump(new));
            assert!(is_same, "{}: {name} was changed", run.line);
        }
        run
    }
}

/// Every row of a vault but those of its ledger.
pub(crate) fn dump(vault: &[u8]) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), vault).expect("a copy");
    let db = Connection::open(file.path()).expect("a database");
    let mut tables = db
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'ledger%' ORDER BY name",
        )
        .expect("a statement");
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).expect("the tables");
    let mut rows = Vec::new();
    for table in tables {
        let table = table.expect("a table");
        let mut all = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).expect("a statement");
        let columns = all.column_count();
        let found = all
            .query_map([], |row| {
                (0..columns)
                    .map(|column| row.get::<_, rusqlite::types::Value>(column))
                    .collect::<Result<Vec<_>, _>>()
            })
            .expect("rows");
        rows.extend(found.map(|row| format!("{table}: {:?}", row.expect("a row"))));
    }
    rows
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) line: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(line: String, output: &Output) -> Self {
        Self {
            line,
            code: output.status.code(),
            stdout: output.stdout.clone(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Exit code 0.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        self.ended(0)
    }

    /// Exit code 1, and it says what to do.
    #[track_caller]
    pub(crate) fn refused(self) -> Self {
        self.ended(1).helped()
    }

    /// Exit code 2, and it says what to do.
    #[track_caller]
    pub(crate) fn broken(self) -> Self {
        self.ended(2).helped()
    }

    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        let stdout = String::from_utf8_lossy(&self.stdout);
        assert_eq!(self.code, Some(code), "{}\nstderr: {}\nstdout: {stdout}", self.line, self.stderr);
        self
    }

    #[track_caller]
    fn helped(self) -> Self {
        let helped = ["help:", "--help"].iter().any(|help| self.stderr.contains(help));
        assert!(helped, "{}: no help in {}", self.line, self.stderr);
        let errors =
            self.stderr.lines().filter(|line| line.starts_with("error:") || line.starts_with("refused:"));
        assert_eq!(errors.count(), 1, "{}: one error is wanted in {}", self.line, self.stderr);
        self
    }

    /// Each of these stands in the prose.
    #[track_caller]
    pub(crate) fn says(self, expected: &[&str]) -> Self {
        for text in expected {
            assert!(self.stderr.contains(text), "{}: no {text:?} in:\n{}", self.line, self.stderr);
        }
        self
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("stdout is UTF-8")
    }

    /// The one JSON document that stdout is.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("{}: {error} in stdout: {}", self.line, self.out()))
    }
}

/// A server of a workplace's vault that is ready, with what it said of itself; `log` is its log.
pub(crate) fn served(work: &Workplace, options: &str) -> (Child, Value) {
    let line = format!("serve --listen 127.0.0.1:0 --log log {options}");
    let mut command = work.command(line.split_whitespace());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("coldcert");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("a line");
    (child, serde_json::from_str(&line).expect("one JSON line when it is ready"))
}

/// Whether a tool is there. Without it a test is skipped, loudly; where `CI` is set it may not be.
pub(crate) fn need(tool: &str) -> Option<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()) {
        return Some(());
    }
    assert!(std::env::var_os("CI").is_none(), "{tool} not found, and CI may not skip what needs it");
    skip(&format!("{tool} not found"));
    None
}

/// The material of other projects, which is read and never copied. Without it a test is skipped, and says so.
pub(crate) fn shared() -> Option<PathBuf> {
    let place = std::env::var_os("COLDCERT_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if place.is_dir() {
        return Some(place);
    }
    skip(&format!("{} is not here (COLDCERT_SHARED)", place.display()));
    None
}

/// Says past the test runner's capture that a test is skipped.
pub(crate) fn skip(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

/// Says a figure past the test runner's capture.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Whether the lines are PEM as RFC 7468 3 writes it: LF alone, full lines of 64 characters.
pub(crate) fn is_strict_pem(text: &str) -> bool {
    let mut blocks = text.split_inclusive("-----\n").filter(|part| !part.starts_with("-----"));
    !text.contains('\r')
        && text.ends_with("-----\n")
        && blocks.all(|part| {
            let lines: Vec<&str> = part.lines().filter(|line| !line.starts_with('-')).collect();
            let full = lines.len().saturating_sub(1);
            lines.iter().take(full).all(|line| line.len() == 64) && lines.iter().all(|line| line.len() <= 64)
        })
}

/// The labels of the PEM blocks of a text, in their order.
pub(crate) fn labels(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")).collect()
}

/// What a path is called in a command line that blanks separate.
pub(crate) fn shown(path: &Path) -> &str {
    path.to_str().expect("a temporary path is UTF-8")
}

/// How every database file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

const AUTHORITY: &str = "
[req]
distinguished_name = name
x509_extensions = root
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";
