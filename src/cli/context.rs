//! What a verb works with: the vault, the time, and the three streams.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::io::Errno;
use serde_json::Value;
use zeroize::Zeroizing;

use super::error::CliError;
use super::findings::finding_lines;
use super::input::{self, InputError};
use super::output::{Kind, Output, OutputError, check_public, is_stdout, put_public, refuse_vault};
use super::passphrase::{PassphraseError, PassphraseSource};
use super::streams::Leads;
use super::surroundings::Surroundings;
use super::terminal::{Palette, Widths, json_text, prose, shown};
use crate::bundle::{ITERATIONS_MAX, Source};
use crate::csr::Concern;
use crate::ledger::{Attribution, WORDS_CHARACTERS_MAX};
use crate::seal::{Passphrase, RecoveryKey, VaultKey};
use crate::time::UnixTime;
use crate::vault::{CertificateView, Loose, Opened, StoreError, Vault, VaultError};
use crate::verdict::Finding;
use crate::wire::{self, Base};

/// Options that stand before or after any verb.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// The vault file [default: $COLDCERT_VAULT, else ./vault.coldcert]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(super) vault: Option<PathBuf>,
    /// File whose first line is the passphrase, - for stdin [default: $COLDCERT_PASSPHRASE, else asked for]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// File with a recovery key, in place of the passphrase, - for stdin
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with = "passphrase_file",
        help_heading = "Global options"
    )]
    pub(super) recovery_key: Option<PathBuf>,
    /// Write one JSON document to stdout, in Key Vault's shapes
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) json: bool,
    /// Act as if it were this time: 2026-11-22T18:00:00Z, or 2026-11-22 for its midnight in UTC
    #[arg(long, global = true, value_name = "RFC3339", value_parser = at, help_heading = "Global options")]
    pub(super) at: Option<UnixTime>,
    #[command(flatten)]
    pub(super) attribution: AttributionOptions,
}

/// Who works, for the ledger.
#[derive(Clone, Debug, Args)]
pub(super) struct AttributionOptions {
    /// Who does it, for the ledger [default: the system's user]
    #[arg(long, global = true, value_name = "NAME", value_parser = words, help_heading = "Global options")]
    operator: Option<String>,
    /// Who sees it, for the ledger
    #[arg(long, global = true, value_name = "NAME", value_parser = words, help_heading = "Global options")]
    witness: Option<String>,
    /// Why it is done, for the ledger: a ticket, a decision
    #[arg(long, global = true, value_name = "TEXT", value_parser = words, help_heading = "Global options")]
    reason: Option<String>,
}

/// A run's own surroundings, with the global options applied.
pub(super) struct Context<'c, 's> {
    surroundings: &'c mut Surroundings<'s>,
    vault: PathBuf,
    /// Whether that vault is what the verb works on; the demonstration has one of its own.
    opened: bool,
    /// Whether the run does more than to show something.
    acts: bool,
    passphrase: PassphraseSource,
    recovery_key: Option<PathBuf>,
    /// Whether to write JSON and nothing else to stdout.
    pub(super) json: bool,
    /// The time at which everything happens.
    pub(super) now: UnixTime,
    stated_time: Option<UnixTime>,
    attribution: AttributionOptions,
    /// What has been read from stdin, which can be read once.
    stdin_taken: Option<&'static str>,
    /// What is left of the iterations of key derivation, for all files of the command.
    pub(super) iterations_left: u64,
}

impl<'c, 's> Context<'c, 's> {
    pub(super) fn new(global: Global, surroundings: &'c mut Surroundings<'s>) -> Self {
        let vault = global
            .vault
            .or_else(|| surroundings.vault.clone().map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from(DEFAULT_VAULT));
        let passphrase = PassphraseSource::choose(global.passphrase_file, surroundings.passphrase.take());
        let stated_time = global.at;
        let now = stated_time.unwrap_or(surroundings.now);
        let stdin_taken = passphrase.is_stdin().then_some("the passphrase");
        Self {
            vault,
            opened: false,
            acts: false,
            passphrase,
            recovery_key: global.recovery_key,
            json: global.json,
            now,
            stated_time,
            attribution: global.attribution,
            surroundings,
            stdin_taken,
            iterations_left: ITERATIONS_MAX,
        }
    }

    /// The time of `--at`, where it was given.
    pub(super) fn stated_time(&self) -> Option<UnixTime> {
        self.stated_time
    }

    /// Where the vault is, or is to be.
    pub(super) fn vault_path(&self) -> &Path {
        &self.vault
    }

    pub(super) fn open(&mut self) -> Result<Vault, CliError> {
        self.opened = true;
        let vault = Vault::open(&self.vault)?;
        if let Some(Loose { mode, is_repaired }) = vault.loose() {
            let label = self.palette().yellow("warn");
            let path = shown(&self.vault);
            let now = match is_repaired {
                true => "it is its owner's alone now".to_owned(),
                false => format!("take that away: chmod go= {path}"),
            };
            self.say(&format!("{label}    {path} had the permissions {mode:04o}, with which others could read or write it; {now}"));
        }
        if let Some(mode) = vault.loose_folder() {
            let (label, path) = (self.palette().yellow("warn"), shown(&self.vault));
            let place = if mode & 0o1000 == 0 { "in the vault's place" } else { "beside the vault" };
            self.say(&format!(
                "{label}    the folder of {path} has the permissions {mode:04o}: others can put a file {place}"
            ));
            self.say(
                "        help: take that away with chmod go-w, or keep the vault in a folder of its own",
            );
        }
        if vault.links() > 1 {
            let (label, path) = (self.palette().yellow("warn"), shown(&self.vault));
            self.say(&format!(
                "{label}    {path} has {} names (hard links): it is read, and nothing is written to it",
                vault.links()
            ));
        }
        Ok(vault)
    }

    /// Records what changes nothing and needs no passphrase. Where the vault cannot be written, that is said instead.
    pub(super) fn recorded(
        &mut self,
        vault: &mut Vault,
        record: impl FnOnce(&mut Vault, UnixTime) -> Result<(), VaultError>,
    ) -> Result<(), CliError> {
        vault.attribute_to(self.attribution());
        match record(vault, self.now) {
            Err(VaultError::Store(error @ (StoreError::ReadOnly | StoreError::Linked { .. }))) => {
                let label = self.palette().yellow("warn");
                self.say(&format!("{label}    not in the ledger: {error}"));
                Ok(())
            }
            done => Ok(done?),
        }
    }

    /// Who does what this run does, for the ledger.
    pub(super) fn attribution(&self) -> Attribution {
        let clock = self.stated_time.map(|_| self.surroundings.now);
        let stated = self.attribution.clone();
        let operator = stated.operator.unwrap_or_else(|| self.system_user());
        Attribution { operator, witness: stated.witness, reason: stated.reason, clock }
    }

    /// The error, with the vault's path where the run works on the vault and the error does not name it.
    pub(super) fn located(&self, error: CliError) -> CliError {
        match error {
            CliError::Stdout(cause) if self.acts => CliError::Untold(cause),
            error if self.opened => error.in_vault(&self.vault),
            error => error,
        }
    }

    /// Says that the run changes something, or that its exit code is an answer: whoever reads stdout cannot leave early.
    /// Whatever takes the vault key is such a run.
    pub(super) fn acts(&mut self) {
        self.acts = true;
    }

    /// Whether the run shows something and does nothing else.
    pub(super) fn only_shows(&self) -> bool {
        !self.acts
    }

    /// Opens the vault key, asking for the passphrase where there is one. What is done with it is this run's.
    pub(super) fn unseal(&mut self, vault: &mut Vault) -> Result<VaultKey, CliError> {
        Ok(self.open_key(vault)?.vault_key)
    }

    /// The same, and says by what it was opened.
    pub(super) fn open_key(&mut self, vault: &mut Vault) -> Result<Opened, CliError> {
        self.acts();
        vault.attribute_to(self.attribution());
        if !vault.is_sealed()? {
            self.say_not_used(vault.path());
            return Ok(vault.open_with(None)?);
        }
        if let Some(path) = self.recovery_key.clone() {
            let bytes = self.read_within(&path, RECOVERY_FILE_BYTES_MAX)?;
            let text = std::str::from_utf8(&bytes).unwrap_or_default().trim_start_matches(BYTE_ORDER_MARK);
            let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
            let recovery_key = RecoveryKey::from_text(line.unwrap_or_default());
            let recovery_key = recovery_key.map_err(|error| CliError::in_file(&path, error.into()))?;
            return Ok(vault.recover_key(&recovery_key)?);
        }
        let passphrase = self.passphrase(&format!("passphrase of {}: ", shown(vault.path())))?;
        Ok(vault.open_with(Some(&passphrase))?)
    }

    /// Says that what was given to open the vault was not needed: who gives it takes the vault to be sealed.
    fn say_not_used(&mut self, vault: &Path) {
        let given = match &self.recovery_key {
            Some(_) => "recovery key",
            None if self.passphrase.is_given() => "passphrase",
            None => return,
        };
        let path = shown(vault);
        self.say(&format!("note    {path} is NOT sealed: the {given} that was given was not used"));
    }

    pub(super) fn passphrase(&mut self, prompt: &str) -> Result<Passphrase, CliError> {
        Ok(self.passphrase.ask(prompt, self.surroundings.stdin)?)
    }

    pub(super) fn passphrase_from(
        &mut self,
        source: &PassphraseSource,
        prompt: &str,
    ) -> Result<Passphrase, CliError> {
        if source.is_stdin() {
            self.take_stdin(Path::new("-"), "another passphrase or password")?;
        }
        Ok(source.ask(prompt, self.surroundings.stdin)?)
    }

    /// Who works here, as the system calls them, where `--operator` says nobody else.
    fn system_user(&self) -> String {
        (self.surroundings.operator)()
    }

    pub(super) fn widths(&self) -> Widths {
        self.surroundings.widths
    }

    pub(super) fn palette(&self) -> Palette {
        self.surroundings.palette
    }

    /// A passphrase for something new: on the terminal it is asked for twice.
    pub(super) fn new_passphrase(
        &mut self,
        source: Option<&PassphraseSource>,
    ) -> Result<Passphrase, CliError> {
        if source.is_some_and(PassphraseSource::is_stdin) {
            self.take_stdin(Path::new("-"), "the new passphrase")?;
        }
        let asked = source.unwrap_or(&self.passphrase);
        let asked = asked.ask_twice("new passphrase: ", "the same again: ", self.surroundings.stdin);
        Ok(asked.map_err(|error| match error {
            PassphraseError::NoTerminal { cause } if source.is_some() => {
                PassphraseError::NoTerminalForNew { cause }
            }
            error => error,
        })?)
    }

    /// Reads a file, or stdin for `-`, within the limit for foreign input.
    pub(super) fn read(&mut self, path: &Path) -> Result<Zeroizing<Vec<u8>>, CliError> {
        self.read_within(path, input::INPUT_BYTES_MAX)
    }

    /// Reads a file of at most so many bytes.
    pub(super) fn read_within(
        &mut self,
        path: &Path,
        bytes_max: u64,
    ) -> Result<Zeroizing<Vec<u8>>, CliError> {
        self.take_stdin(path, "a file")?;
        Ok(input::read(path, self.surroundings.stdin, bytes_max)?)
    }

    /// Reads several files; the result can be lent as sources.
    pub(super) fn read_all(&mut self, paths: &[PathBuf]) -> Result<Vec<ReadFile>, CliError> {
        let (mut files, mut length) = (Vec::with_capacity(paths.len()), 0_usize);
        for path in paths {
            let bytes = self.read(path)?;
            length += bytes.len();
            if u64::try_from(length).is_ok_and(|length| length > input::FILES_BYTES_MAX) {
                return Err(InputError::AllTooLarge { path: path.clone() }.into());
            }
            files.push(ReadFile { name: input::named(path), bytes });
        }
        Ok(files)
    }

    /// The password of a file that is given: the file's first line; empty when there is no file.
    pub(super) fn password(&mut self, path: Option<&PathBuf>) -> Result<Zeroizing<String>, CliError> {
        let Some(path) = path else {
            return Ok(Zeroizing::new(String::new()));
        };
        let passphrase = self.passphrase_from(&PassphraseSource::File(path.clone()), "")?;
        Ok(Zeroizing::new(passphrase.secret_passphrase().to_owned()))
    }

    /// Stdin can be read once: whoever asks second would find nothing, or the middle of something.
    fn take_stdin(&mut self, path: &Path, what: &'static str) -> Result<(), CliError> {
        if path != Path::new("-") {
            return Ok(());
        }
        match self.stdin_taken.replace(what) {
            None => Ok(()),
            Some(first) => Err(CliError::StdinTwice { first, second: what }),
        }
    }

    /// Where the log of a server goes.
    pub(super) fn log(&self) -> Option<Box<dyn Write + Send>> {
        (self.surroundings.log)()
    }

    /// Where identifiers begin: the vault's name as a host under localhost.
    pub(super) fn base(&self) -> Base {
        Base::of_host(&format!("{}.localhost", self.vault_name()))
    }

    /// The vault's name: its file's stem as a label of a host.
    pub(super) fn vault_name(&self) -> String {
        let stem = self.vault.file_stem().and_then(|stem| stem.to_str()).unwrap_or("vault");
        let label: String = stem
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .take(HOST_LABEL_CHARACTERS_MAX)
            .collect();
        let label = label.trim_matches('-');
        if label.is_empty() { "vault".to_owned() } else { label.to_owned() }
    }

    /// Writes an artifact to stdout.
    pub(super) fn artifact(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.surroundings.stdout.write_all(bytes).map_err(CliError::Stdout)
    }

    /// Writes the one JSON document.
    pub(super) fn write_json(&mut self, value: &Value) -> Result<(), CliError> {
        self.artifact(json_text(value).as_bytes())
    }

    /// Writes a certificate as the one JSON document.
    pub(super) fn write_certificate(&mut self, view: &CertificateView) -> Result<(), CliError> {
        let certificate = wire::certificate(&self.base(), view);
        self.write_json(&wire::with_own_members(certificate, view.record.as_ref()))
    }

    /// A place for an artifact, tested and held; never the vault that the run works on.
    pub(super) fn prepare(&self, path: &Path, kind: Kind, force: bool) -> Result<Output, CliError> {
        self.refuse_place(path)?;
        Ok(Output::prepare(path, kind, force)?)
    }

    /// Tests a place without holding it, for before a passphrase is asked for.
    pub(super) fn check_output(&self, path: &Path, kind: Kind, force: bool) -> Result<(), CliError> {
        self.refuse_place(path)?;
        Ok(Output::check(path, kind, force)?)
    }

    /// Tests the place of a public artifact whose bytes are known already, and writes nothing.
    pub(super) fn check_public(&self, path: &Path, bytes: &[u8], force: bool) -> Result<(), CliError> {
        self.refuse_place(path)?;
        Ok(check_public(path, bytes, force)?)
    }

    /// Writes a public artifact whose bytes are known already; never over the vault that the run works on.
    pub(super) fn put_public(&mut self, path: &Path, bytes: &[u8], force: bool) -> Result<(), CliError> {
        self.refuse_place(path)?;
        Ok(put_public(path, bytes, force, self.surroundings.stdout)?)
    }

    /// Refuses the vault that the run works on, and a stdout that takes nothing: before anything leaves the vault.
    fn refuse_place(&self, path: &Path) -> Result<(), OutputError> {
        if is_stdout(path) && self.surroundings.stdout_leads == Leads::Nowhere {
            return Err(OutputError::Write { path: path.to_owned(), cause: Errno::BADF.into() });
        }
        refuse_vault(path, &self.vault)
    }

    pub(super) fn stdout(&mut self) -> &mut dyn Write {
        self.surroundings.stdout
    }

    /// Says a line of prose. That nobody listens is no reason to fail.
    pub(super) fn say(&mut self, line: &str) {
        let line = prose(line, self.surroundings.widths.stderr);
        let _ = writeln!(self.surroundings.stderr, "{line}");
    }

    /// Says the next command.
    pub(super) fn next(&mut self, line: &str) {
        let label = self.surroundings.palette.bold("next:");
        self.say(&format!("{label} {line}"));
    }

    /// Says what a CA will stumble over.
    pub(super) fn warn(&mut self, concerns: &[Concern]) {
        let label = self.surroundings.palette.yellow("warn");
        for concern in concerns {
            self.say(&format!("{label}    {}", concern.message));
            self.say(&format!("        help: {}", concern.help));
        }
    }

    /// Says what a verdict found.
    pub(super) fn findings(&mut self, findings: &[Finding]) {
        let palette = self.surroundings.palette;
        if !findings.is_empty() {
            self.say(&finding_lines(findings, palette).join("\n"));
        }
    }

    pub(super) fn flush(&mut self) -> Result<(), CliError> {
        self.surroundings.stdout.flush().map_err(CliError::Stdout)
    }
}

/// A file as it was read.
pub(super) struct ReadFile {
    name: String,
    bytes: Zeroizing<Vec<u8>>,
}

impl ReadFile {
    pub(super) fn source(&self) -> Source<'_> {
        Source { name: &self.name, bytes: &self.bytes }
    }
}

/// A line of words for the ledger.
fn words(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > WORDS_CHARACTERS_MAX || text.chars().any(char::is_control) {
        return Err(format!("allowed: 1 to {WORDS_CHARACTERS_MAX} characters, no control characters"));
    }
    Ok(text.trim().to_owned())
}

/// A time, or a day for its first second in UTC.
pub(super) fn at(text: &str) -> Result<UnixTime, String> {
    let midnight = || UnixTime::from_rfc3339(&format!("{text}T00:00:00Z"));
    UnixTime::from_rfc3339(text)
        .or_else(|error| midnight().map_err(|_| error))
        .map_err(|error| format!("{error}; {}", error.help()))
}

/// What editors of other systems write before a text in UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// A line, and remarks above it.
const RECOVERY_FILE_BYTES_MAX: u64 = 4_096;
/// RFC 1035 2.3.4.
const HOST_LABEL_CHARACTERS_MAX: usize = 63;
const DEFAULT_VAULT: &str = "vault.coldcert";
