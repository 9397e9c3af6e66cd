//! What a run can fail with, and how it is said: one line that names the culprit, one that helps.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::findings::{finding_lines, findings_json};
use super::input::{InputError, named};
use super::no_key::NoKey;
use super::output::OutputError;
use super::passphrase::PassphraseError;
use super::surroundings::{Exit, Surroundings};
use super::terminal::{json_text, prose, shown};
use crate::bundle::{BundleError, ReadRequestError};
use crate::http::ServeError;
use crate::inspect::InspectError;
use crate::ledger::EntryError;
use crate::pem::PemError;
use crate::policy::{DocumentError, ObjectName};
use crate::vault::VaultError;
use crate::verdict::{Rule, Severity, Verdict};
use crate::wire;

/// Why a run did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The command line itself; also `--help` and `--version`, which clap treats alike.
    #[error("{0}")]
    Usage(clap::Error),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(transparent)]
    Request(#[from] ReadRequestError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error("{}: {error}", named(.path))]
    PolicyFile { path: PathBuf, error: DocumentError },
    /// An error of the library that knows what is wrong but not in which file.
    #[error("{}: {error}", named(.path))]
    InFile { path: PathBuf, error: Box<VaultError> },
    #[error("{cause}; {name} is created, and its key is kept")]
    RequestNotWritten { name: ObjectName, cause: OutputError },
    #[error("{name} has no root to write: its chain ends in one issued by {issuer}, which was not merged")]
    NoRoot { name: String, issuer: String },
    #[error("{} is named like a certificate, and the format {format} has the private key in it", shown(.path))]
    KeyInCertificateFile { path: PathBuf, format: String },
    /// The errors of a bundle name their file.
    #[error("{}", match .error {
        InspectError::Bundle(error) => error.to_string(),
        error => format!("{}: {error}", shown(.path)),
    })]
    Inspect { path: PathBuf, error: InspectError },
    #[error("{}: {error}", shown(.path))]
    Ledger { path: PathBuf, error: EntryError },
    #[error("{} holds {found}, where a key is expected", named(.path))]
    NoKey { path: PathBuf, found: NoKey },
    #[error("{}: {error}", named(.path))]
    KeyFile { path: PathBuf, error: PemError },
    /// Files of `--roots` without a certificate in them.
    #[error("--roots: {error}")]
    NotTrusted { error: BundleError },
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("{}: no server has said here that it is ready", shown(.path))]
    NotServing { path: PathBuf },
    #[error("standard output cannot be written: {0}")]
    Stdout(std::io::Error),
    /// The same, in a run that did more than to show something.
    #[error("standard output cannot be written: {0}; what was done before stays done")]
    Untold(std::io::Error),
    #[error("{option} is {value:?}, allowed: {allowed}")]
    Option { option: &'static str, value: String, allowed: String },
    #[error("stdout cannot hold both the JSON document and {what}")]
    StdoutTwice { what: &'static str },
    #[error("stdin is asked for twice: {}", match first == second {
        true => format!("- stands for {first}, more than once"),
        false => format!("{first} and {second}"),
    })]
    StdinTwice { first: &'static str, second: &'static str },
    #[error("{} exists, and the demonstration is kept in a folder of its own", shown(.path))]
    FolderExists { path: PathBuf },
    #[error("{}: {cause}", shown(.path))]
    Folder { path: PathBuf, cause: std::io::Error },
    /// The answer was judged and refused; everything was said already.
    #[error("the answer is refused")]
    Judged,
    #[error("the demonstration went wrong where it should not: {what}")]
    Demonstration { what: &'static str },
}

impl CliError {
    /// What a file was read for went wrong, and the error does not name the file.
    pub(super) fn in_file(path: &Path, error: VaultError) -> Self {
        match error {
            VaultError::NotABackup { .. }
            | VaultError::WrongBackupPassphrase
            | VaultError::BackupNotSealed
            | VaultError::Request(_)
            | VaultError::Key(_)
            | VaultError::Seal(_)
            | VaultError::Secret(_) => Self::InFile { path: path.to_owned(), error: Box::new(error) },
            error => error.into(),
        }
    }

    /// Names the vault file where the store could not.
    pub(super) fn in_vault(self, path: &Path) -> Self {
        match self {
            Self::Vault(VaultError::Store(error)) if !error.names_its_file() => {
                Self::InFile { path: path.to_owned(), error: Box::new(error.into()) }
            }
            error => error,
        }
    }

    /// Whether it is a reader that has seen enough, `coldcert list | head`.
    pub(super) fn is_enough(&self) -> bool {
        matches!(self, Self::Stdout(cause) if cause.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// Says it, and how the run ends.
    pub(super) fn report(&self, json: bool, surroundings: &mut Surroundings<'_>) -> Exit {
        let exit = self.exit();
        if matches!(self, Self::Judged) {
            return exit;
        }
        if let Self::Usage(error) = self {
            let wanted = !error.use_stderr();
            let text = error.render();
            if wanted {
                let _ = write!(surroundings.stdout, "{text}");
                return Exit::Done;
            }
            let _ = write!(surroundings.stderr, "{text}");
        } else {
            for line in self.lines(surroundings) {
                let line = prose(&line, surroundings.widths.stderr);
                let _ = writeln!(surroundings.stderr, "{line}");
            }
        }
        if json {
            let document = wire::error(self.code(), self.to_string().trim_end());
            let document = self.with_findings(document);
            let _ = surroundings.stdout.write_all(json_text(&document).as_bytes());
        }
        let _ = surroundings.stdout.flush();
        exit
    }

    fn lines(&self, surroundings: &Surroundings<'_>) -> Vec<String> {
        let palette = surroundings.palette;
        let mut lines = Vec::new();
        if let Self::Vault(VaultError::Refused(refused)) = self {
            lines.extend(finding_lines(refused.verdict.findings(), palette));
            lines.push(format!("{} {self}; the operation is as it was", palette.red("refused:")));
            lines.extend(acceptance(&refused.verdict));
            return lines;
        }
        lines.push(format!("{} {self}", palette.red("error:")));
        if let Some(help) = self.help() {
            lines.push(format!("  help: {help}"));
        }
        lines
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Usage(_) | Self::Judged => None,
            Self::Vault(error) => Some(error.help()),
            Self::Input(error) => Some(error.help()),
            Self::Output(error) => Some(error.help()),
            Self::Request(error) => Some(error.help()),
            Self::Passphrase(error) => Some(error.help()),
            Self::PolicyFile { error, .. } => Some(error.help()),
            Self::Inspect { error, .. } => Some(error.help()),
            Self::NoRoot { .. } => Some(
                "leave --with-root out, and give the root to whoever is to trust it by another way"
                    .to_owned(),
            ),
            Self::KeyInCertificateFile { path, .. } => {
                let path = shown(&path.with_extension("pfx"));
                Some(format!(
                    "name it for what it is, -o {path}; or leave --format out, and the certificate alone is written"
                ))
            }
            Self::Ledger { error, .. } => Some(error.help()),
            Self::NoKey { path, found } => Some(found.help(path)),
            Self::KeyFile { error, .. } => Some(error.help()),
            Self::NotTrusted { .. } => Some(
                "give the certificates of the CAs that you trust, as you had them from a place that you trust: PEM, DER or PKCS#7"
                    .to_owned(),
            ),
            Self::InFile { error, .. } => Some(error.help()),
            Self::RequestNotWritten { name, .. } => {
                Some(format!("write its request again with: coldcert pending csr {name} -o FILE"))
            }
            Self::Serve(error) => Some(error.help()),
            Self::NotServing { .. } => {
                Some("start one with: coldcert serve; or name its ready file with --ready-file".to_owned())
            }
            Self::Stdout(_) => Some("make room where the output goes, and try again".to_owned()),
            Self::Untold(_) => {
                Some("make room where the output goes; see what was done with: coldcert audit show".to_owned())
            }
            Self::Option { option, .. } => Some(option_help(option)),
            Self::StdoutTwice { .. } => Some("write the artifact to a file with -o".to_owned()),
            Self::StdinTwice { first, second } if first == second => {
                Some("give - once: what comes in on stdin is read to its end, whatever is in it".to_owned())
            }
            Self::StdinTwice { .. } => Some("give one of them as a file".to_owned()),
            Self::FolderExists { .. } => Some("name a folder that does not exist yet".to_owned()),
            Self::Folder { .. } => Some("name a folder in one that exists and can be written".to_owned()),
            Self::Demonstration { .. } => Some("this is a fault of coldcert: please report it".to_owned()),
        }
    }

    fn exit(&self) -> Exit {
        let refused = match self {
            Self::Vault(error) => error.is_refusal(),
            Self::InFile { error, .. } => error.is_refusal(),
            Self::Output(error) => error.is_refusal(),
            Self::Serve(error) => error.is_refusal(),
            Self::Judged | Self::FolderExists { .. } | Self::NotServing { .. } => true,
            _ => false,
        };
        if refused { Exit::Refused } else { Exit::Broken }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Vault(error) => wire::error_code(error),
            Self::InFile { error, .. } => wire::error_code(error),
            Self::Output(error) if error.is_refusal() => "Conflict",
            Self::Serve(error) if error.is_refusal() => "Conflict",
            Self::FolderExists { .. } => "Conflict",
            _ => "BadParameter",
        }
    }

    /// A refused answer says in JSON too what was found.
    fn with_findings(&self, mut document: serde_json::Value) -> serde_json::Value {
        if let Self::Vault(VaultError::Refused(refused)) = self {
            document["findings"] = findings_json(refused.verdict.findings());
        }
        if let Some(help) = self.help().filter(|help| !help.is_empty()) {
            document["error"]["help"] = json!(help);
        }
        document
    }
}

/// What helps with an option whose value is not taken.
fn option_help(option: &str) -> String {
    match option {
        "RULE" => "see the rules with: coldcert explain",
        "--version" => "see the versions of a name with: coldcert versions NAME",
        "--request-id" => "see what waits, with its request id, with: coldcert pending list --json",
        "--tag" => "write it as --tag team=web, once for each tag",
        "EMAIL" => "write one address alone: pki@example.com",
        "--token-file" => "make one with: openssl rand -hex 32 > token",
        "--content-type" => "leave it out for a PFX, or write: --content-type pem",
        "--crl" => "give the CRLs of this chain's CAs alone",
        "--html" => "give --html and -o each a file of its own",
        "NAME" => "see the names with: coldcert list",
        option => return format!("see what {option} takes with --help"),
    }
    .to_owned()
}

/// How to merge all the same, where that can be.
fn acceptance(verdict: &Verdict) -> Option<String> {
    let refusals = verdict.findings().iter().filter(|finding| finding.severity == Severity::Refuse);
    let mut rules: Vec<&Rule> = refusals.map(|finding| finding.rule).collect();
    rules.dedup();
    let can_be = rules.iter().all(|rule| rule.can_be_accepted());
    let options: Vec<String> = rules.iter().map(|rule| format!("--accept {}", rule.name)).collect();
    can_be.then(|| format!("  or merge it all the same, which the record will say: {}", options.join(" ")))
}
