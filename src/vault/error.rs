//! Everything that a verb can fail with: the stages' errors, summed, and the vault's own refusals.

use std::path::PathBuf;

use crate::authority::AuthorityError;
use crate::bundle::BundleError;
use crate::csr::RequestError;
use crate::key::KeyError;
use crate::name::shown;
use crate::pending::PendingError;
use crate::policy::{DocumentError, ObjectName, ObjectNameError, PolicyError, TagsError};
use crate::record::{MergeError, Refused};
use crate::seal::{Damaged, SEALS_MAX, SealError};
use crate::secret::SecretError;
use crate::store::StoreError;
use crate::time::TimeError;
use crate::verdict::{Severity, Verdict};

/// Why a verb did nothing. Whatever it is, the vault is as it was before; but for [`StoreError::Io`] and
/// [`VaultError::NotFlushed`], where the disk may have failed when all was done and only to be confirmed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no file.
    #[error("{}: there is no vault here", shown(.path))]
    NoVault {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is a file already.
    #[error("{}: there is a file here already", shown(.path))]
    VaultExists {
        /// Where the vault was to be.
        path: PathBuf,
    },
    /// The file cannot be made.
    #[error("{}: the vault cannot be made: {cause}", shown(.path))]
    CannotCreate {
        /// Where the vault was to be.
        path: PathBuf,
        /// The system's word.
        cause: std::io::Error,
    },
    /// The file is made. Whether its name is on the disk is not known.
    #[error(
        "{}: the vault is made, and its folder could not be flushed to the disk: {cause}; it may be gone after a power cut",
        shown(.path)
    )]
    NotFlushed {
        /// Where the vault is.
        path: PathBuf,
        /// The system's word.
        cause: std::io::Error,
    },
    /// The vault is sealed and no passphrase was given.
    #[error("the vault is sealed, and no passphrase was given")]
    PassphraseNeeded,
    /// Nobody knows the name, or the version of it.
    #[error("there is no certificate {name}{}", .version.as_ref().map(|version| format!(" version {version}")).unwrap_or_default())]
    CertificateNotFound {
        /// The name.
        name: String,
        /// The version, where one was asked for.
        version: Option<String>,
    },
    /// The name is that of a deleted certificate.
    #[error("the certificate {name} is deleted: its name is kept until it is recovered or purged")]
    IsDeleted {
        /// The name.
        name: String,
    },
    /// The name is not that of a deleted certificate.
    #[error("there is no deleted certificate {name}")]
    NotDeleted {
        /// The name.
        name: String,
        /// Whether a living certificate has it.
        living: bool,
    },
    /// There is no operation.
    #[error("there is no pending operation for {name}")]
    PendingNotFound {
        /// The name, or what was looked for.
        name: String,
    },
    /// The operation ended before.
    #[error("the operation of {name} is completed: its certificate was merged")]
    AlreadyCompleted {
        /// The name.
        name: String,
    },
    /// One operation per name: the key of the first must not be lost.
    #[error("{name} has an operation in progress, begun {since}: a new one would lose its key")]
    InProgress {
        /// The name.
        name: String,
        /// When it began.
        since: String,
        /// The issuer that has it, where it is a named one.
        issuer: Option<String>,
    },
    /// Only an operation in progress can be cancelled.
    #[error("the operation of {name} is not in progress any more")]
    NotInProgress {
        /// The name.
        name: String,
    },
    /// A named issuer answers itself.
    #[error(
        "the operation of {name} is with the issuer {issuer}, and a merge is forbidden while it is in progress there"
    )]
    WithIssuer {
        /// The name.
        name: String,
        /// The issuer.
        issuer: String,
    },
    /// It was asked that the operation be cancelled, and a CA of the vault is to sign.
    #[error("it was asked that the operation of {name} be cancelled, and a certificate is not signed for it")]
    CancellationRequested {
        /// The name.
        name: String,
    },
    /// The operation is not one of a named issuer.
    #[error("the operation of {name} is of issuer {issuer}, which has no desk")]
    NotAtDesk {
        /// The name.
        name: String,
        /// The issuer.
        issuer: String,
    },
    /// The operation changed between the judgement and the end of the merge.
    #[error("the operation of {name} was changed by another process meanwhile")]
    Changed {
        /// The name.
        name: String,
    },
    /// The answer was judged and refused; the operation is as it was.
    #[error("the answer for {} is refused: {}", .0.pending.name, refusals(.0))]
    Refused(Box<Refused>),
    /// An imported certificate was judged and refused.
    #[error("the import of {name} is refused: {reason}")]
    ImportRefused {
        /// The name.
        name: String,
        /// The first refusal.
        reason: String,
        /// What to do about it.
        help: String,
    },
    /// An imported certificate has ended.
    #[error("the import of {name} is refused: its certificate ended at {ended}")]
    ImportExpired {
        /// The name.
        name: String,
        /// When it ended.
        ended: String,
    },
    /// Nothing to export, back up or change yet.
    #[error("{name} has no version yet: no answer was merged into it")]
    NoVersion {
        /// The name.
        name: String,
    },
    /// The version is disabled.
    #[error("{name} version {version} is disabled")]
    Disabled {
        /// The name.
        name: String,
        /// The version.
        version: String,
    },
    /// No such seal.
    #[error("there is no {kind} {label:?}")]
    SealNotFound {
        /// A passphrase or a recovery key.
        kind: &'static str,
        /// Whose.
        label: String,
        /// A recovery key of that label is there.
        is_recovery_key: bool,
    },
    /// What opened the vault key opens it no longer.
    #[error("the {seal}, which opened the vault, was changed or taken away meanwhile: nothing was changed")]
    SealGone {
        /// The seal.
        seal: String,
    },
    /// The label is empty or taken.
    #[error("{label:?} is no name for another {kind}: it is empty, or there is one")]
    SealTaken {
        /// A passphrase or a recovery key.
        kind: &'static str,
        /// Whose.
        label: String,
    },
    /// As many as there may be.
    #[error("the vault has {SEALS_MAX} seals by {kind}, which is the most")]
    TooManySeals {
        /// A passphrase or a recovery key.
        kind: &'static str,
    },
    /// Nobody could open the vault from day to day.
    #[error("it is the last passphrase of the vault")]
    LastPassphrase,
    /// Two persons with one passphrase are one.
    #[error("that passphrase opens the vault already")]
    PassphraseTaken,
    /// There is nothing beside which another seal could stand.
    #[error("the vault has no passphrase: whoever reads the file has its keys")]
    NotSealed,
    /// The recovery key is another vault's, or was taken away.
    #[error("the recovery key is none of this vault's")]
    WrongRecoveryKey,
    /// The file is no backup.
    #[error("not a coldcert backup: {reason}")]
    NotABackup {
        /// What was found.
        reason: String,
    },
    /// The backup is another vault's, and was sealed by another passphrase.
    #[error("the passphrase is not the one that the backup is sealed with")]
    WrongBackupPassphrase,
    /// A passphrase was given for a backup that has none.
    #[error("a passphrase was given for the backup, and the backup is sealed with none")]
    BackupNotSealed,
    /// The name is taken where a backup is to be restored.
    #[error("{name} exists in this vault{}, so the backup is not restored", if *.deleted { " as a deleted certificate" } else { "" })]
    RestoreConflict {
        /// The name.
        name: String,
        /// The newest version in the backup.
        version: String,
        /// Whether it is deleted.
        deleted: bool,
    },
    /// No such issuer.
    #[error("there is no issuer {name}")]
    IssuerNotFound {
        /// The name.
        name: String,
    },
    /// No such CA.
    #[error("there is no CA {name} in this vault")]
    AuthorityNotFound {
        /// The name.
        name: String,
    },
    /// The CA's name is taken.
    #[error("there is a CA {name} in this vault already, and its key is kept")]
    AuthorityExists {
        /// The name.
        name: String,
    },
    /// No contacts.
    #[error("there are no contacts")]
    ContactsNotFound,
    /// No contact of that address.
    #[error("there is no contact {email:?}")]
    ContactNotFound {
        /// The address.
        email: String,
    },
    /// A policy of nothing.
    #[error("{name} is new, and nothing says what to ask for")]
    PolicyNeeded {
        /// The name.
        name: String,
    },
    /// A name.
    #[error(transparent)]
    Name(#[from] ObjectNameError),
    /// Tags.
    #[error(transparent)]
    Tags(#[from] TagsError),
    /// A policy document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A time.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A self-signed certificate.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A seal.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl VaultError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NoVault { .. } => "make one with: coldcert init; or name one with --vault".to_owned(),
            Self::VaultExists { .. } => "use it as it is, or name another place with --vault".to_owned(),
            Self::CannotCreate { .. } => "check that the folder exists and can be written".to_owned(),
            Self::NotFlushed { .. } => {
                "see in the system's log what is wrong with the disk before anything is kept in it".to_owned()
            }
            Self::PassphraseNeeded => "give --passphrase-file, or COLDCERT_PASSPHRASE".to_owned(),
            Self::CertificateNotFound { name, version } => match version {
                Some(_) => format!("see its versions with: coldcert versions {name}"),
                None => "see what there is with: coldcert list --include-pending".to_owned(),
            },
            Self::IsDeleted { name } => {
                format!("bring it back with: coldcert recover {name}; or end it with: coldcert purge {name}")
            }
            Self::NotDeleted { name, living: true } => format!(
                "nothing is to be brought back: see it with: coldcert show {name}; what is to end is deleted first: coldcert delete {name}"
            ),
            Self::NotDeleted { living: false, .. } => {
                "see deleted ones with: coldcert list --deleted".to_owned()
            }
            Self::PendingNotFound { .. } => "see what waits with: coldcert pending list".to_owned(),
            Self::AlreadyCompleted { name } => {
                format!(
                    "see it with: coldcert show {name}; ask for a new version with: coldcert create {name}"
                )
            }
            Self::InProgress { name, issuer: Some(issuer), .. } => format!(
                "wait for {issuer}; or ask for its end with: coldcert pending cancel {name}; or give its key up with: coldcert pending delete {name}"
            ),
            Self::InProgress { name, issuer: None, .. } => format!(
                "merge its answer with: coldcert merge {name} ANSWER; or give its key up with: coldcert pending delete {name}"
            ),
            Self::NotInProgress { name } => format!("see it with: coldcert pending show {name}"),
            Self::WithIssuer { name, issuer } | Self::NotAtDesk { name, issuer } if is_self(issuer) => format!(
                "a server was ended before {issuer} answered, and another answers it: coldcert serve; or give its key up with: coldcert pending delete {name}"
            ),
            Self::WithIssuer { name, .. } => format!(
                "answer at the issuer's desk: coldcert issuer complete {name} --chain ANSWER; or ask for its end: coldcert pending cancel {name}"
            ),
            Self::CancellationRequested { name } => format!(
                "end it with: coldcert issuer cancel {name}; who wants it after all asks anew then: coldcert create {name}"
            ),
            Self::NotAtDesk { name, .. } => format!("merge its answer with: coldcert merge {name} ANSWER"),
            Self::Changed { name } => {
                format!("look at it with: coldcert pending show {name}; then try again")
            }
            Self::Refused(refused) => {
                refused.verdict.findings().first().map(|finding| finding.help.clone()).unwrap_or_default()
            }
            Self::ImportRefused { help, .. } => help.clone(),
            Self::ImportExpired { .. } => "import a certificate that has not ended".to_owned(),
            Self::NoVersion { .. } => {
                "see what waits with: coldcert pending list; the key of what waits is kept in the vault file alone"
                    .to_owned()
            }
            Self::Disabled { name, .. } => format!("enable it with: coldcert set {name} --enabled true"),
            Self::SealNotFound { is_recovery_key: true, .. } => {
                "there is such a recovery key, which --recovery takes away".to_owned()
            }
            Self::SealNotFound { .. } | Self::SealGone { .. } => {
                "see what there is with: coldcert passphrase list".to_owned()
            }
            Self::SealTaken { .. } => {
                "give it a name of its own with --label; see what there is with: coldcert passphrase list".to_owned()
            }
            Self::TooManySeals { .. } => "take one away first: coldcert passphrase remove LABEL".to_owned(),
            Self::LastPassphrase => "change it with: coldcert passphrase".to_owned(),
            Self::PassphraseTaken => "choose one that nobody has".to_owned(),
            Self::NotSealed => "give it one first: coldcert passphrase".to_owned(),
            Self::WrongRecoveryKey => "see which ones there are with: coldcert passphrase list".to_owned(),
            Self::NotABackup { .. } => "give a file that `coldcert backup` wrote".to_owned(),
            Self::WrongBackupPassphrase => {
                "give that of the vault that wrote the backup, as it was then, with --backup-passphrase-file"
                    .to_owned()
            }
            Self::BackupNotSealed => {
                "look where the file comes from: anybody can have made it; to take it all the same, leave --backup-passphrase-file out"
                    .to_owned()
            }
            Self::RestoreConflict { name, deleted: true, .. } => format!("purge it first: coldcert purge {name}"),
            Self::RestoreConflict { name, deleted: false, .. } => {
                format!("delete and purge it first: coldcert delete {name}, coldcert purge {name}")
            }
            Self::IssuerNotFound { .. } => "see what there is with: coldcert issuer list".to_owned(),
            Self::AuthorityNotFound { name } => format!(
                "make one with: coldcert ca init {name} --subject 'CN=Example CA'; or answer by hand: coldcert issuer complete"
            ),
            Self::AuthorityExists { name } => format!("see it with: coldcert ca show {name}; or choose another name"),
            Self::ContactsNotFound => "add one with: coldcert contact add EMAIL".to_owned(),
            Self::ContactNotFound { .. } => "see who there is with: coldcert contact list".to_owned(),
            Self::PolicyNeeded { name } => {
                format!("say it: coldcert create {name} --subject CN=www.example.com --dns www.example.com")
            }
            Self::Name(error) => error.help(),
            Self::Tags(error) => error.help(),
            Self::Document(error) => error.help(),
            Self::Policy(error) => error.help(),
            Self::Time(error) => error.help(),
            Self::Bundle(error) => error.help(),
            Self::Request(error) => error.help(),
            Self::Key(error) => error.help(),
            Self::Authority(error) => error.help(),
            Self::Seal(error) => error.help(),
            Self::Secret(error) => error.help(),
            Self::Store(error) => error.help(),
        }
    }

    /// What a verdict refused that is no answer to a request: its first refusal.
    pub(super) fn import_refused(name: &ObjectName, verdict: &Verdict) -> Self {
        let first = verdict.findings().iter().find(|finding| finding.severity == Severity::Refuse);
        let (reason, help) = match first {
            Some(finding) => (format!("{}: {}", finding.rule.name, finding.message), finding.help.clone()),
            None => ("no certificate".to_owned(), "give the certificate with its key".to_owned()),
        };
        Self::ImportRefused { name: name.to_string(), reason, help }
    }

    /// Whether it was understood and refused, as opposed to not understood or broken: exit code 1 or 2.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::VaultExists { .. }
                | Self::CertificateNotFound { .. }
                | Self::IsDeleted { .. }
                | Self::NotDeleted { .. }
                | Self::PendingNotFound { .. }
                | Self::AlreadyCompleted { .. }
                | Self::InProgress { .. }
                | Self::NotInProgress { .. }
                | Self::WithIssuer { .. }
                | Self::CancellationRequested { .. }
                | Self::NotAtDesk { .. }
                | Self::Changed { .. }
                | Self::Refused(_)
                | Self::ImportRefused { .. }
                | Self::ImportExpired { .. }
                | Self::NoVersion { .. }
                | Self::Disabled { .. }
                | Self::RestoreConflict { .. }
                | Self::BackupNotSealed
                | Self::IssuerNotFound { .. }
                | Self::AuthorityNotFound { .. }
                | Self::AuthorityExists { .. }
                | Self::Authority(AuthorityError::Refused(_))
                | Self::ContactsNotFound
                | Self::SealNotFound { .. }
                | Self::SealGone { .. }
                | Self::SealTaken { .. }
                | Self::TooManySeals { .. }
                | Self::LastPassphrase
                | Self::PassphraseTaken
                | Self::NotSealed
                | Self::ContactNotFound { .. }
        )
    }
}

impl From<PendingError> for VaultError {
    fn from(error: PendingError) -> Self {
        match error {
            PendingError::Request(error) => error.into(),
            PendingError::Key(error) => error.into(),
            PendingError::Seal(error) => error.into(),
        }
    }
}

impl From<MergeError> for VaultError {
    fn from(error: MergeError) -> Self {
        match error {
            MergeError::Refused(refused) => Self::Refused(refused),
            // The chain was judged for the request's key: what was opened is not that key any more.
            MergeError::AnotherKey => {
                let place = "the private key that is held for the request".to_owned();
                Self::Seal(SealError::Damaged { what: Damaged::Sealed { place } })
            }
            MergeError::Pending(error) => error.into(),
            MergeError::Key(error) => error.into(),
            MergeError::Seal(error) => error.into(),
        }
    }
}

impl From<rusqlite::Error> for VaultError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

fn is_self(issuer: &str) -> bool {
    issuer.eq_ignore_ascii_case("Self")
}

fn refusals(refused: &Refused) -> String {
    let names: Vec<&str> = refused
        .verdict
        .findings()
        .iter()
        .filter(|finding| finding.severity == Severity::Refuse)
        .map(|finding| finding.rule.name)
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_whose_folder_was_not_flushed_is_said_to_be_made() {
        let error =
            VaultError::NotFlushed { path: "v.coldcert".into(), cause: std::io::ErrorKind::Other.into() };
        assert!(!error.is_refusal());
        assert!(
            error
                .to_string()
                .starts_with("v.coldcert: the vault is made, and its folder could not be flushed")
        );
    }
}
