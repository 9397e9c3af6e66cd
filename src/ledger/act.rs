//! The acts that are recorded.

use std::fmt;

/// What was done. The names are written into ledgers, and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// The vault was made.
    Init,
    /// The ledger began in a vault that was there before it.
    Begin,
    /// A key and a request were made, and the request was handed out (its SHA-256 is `request`): an operation began.
    Create,
    /// A certificate request was handed out once more.
    RequestExported,
    /// It was asked that an operation be cancelled, or that was taken back.
    Cancel,
    /// An operation was given up, with its key.
    PendingDeleted,
    /// A named issuer's operation was ended without a certificate.
    DeskEnded,
    /// An answer was judged and not merged.
    Judge,
    /// An answer became a version.
    Merge,
    /// An answer was refused.
    Refuse,
    /// A key and certificate made elsewhere became a version.
    Import,
    /// A private key left the vault.
    SecretExported,
    /// All versions of a certificate left the vault, sealed.
    Backup,
    /// A backup came into the vault.
    Restore,
    /// Attributes, tags or policy were changed.
    Set,
    /// A certificate was deleted, and can be recovered.
    Delete,
    /// A deleted certificate came back.
    Recover,
    /// A deleted certificate ended, with its keys.
    Purge,
    /// A passphrase or recovery key was set, added or taken away.
    Passphrase,
    /// An issuer or a contact was set or taken away.
    Desk,
    /// A CA's key was made in the vault or brought into it.
    Authority,
    /// A CA of the vault signed.
    Sign,
}

impl Act {
    /// Every one.
    pub const ALL: [Self; 22] = [
        Self::Init,
        Self::Begin,
        Self::Create,
        Self::RequestExported,
        Self::Cancel,
        Self::PendingDeleted,
        Self::DeskEnded,
        Self::Judge,
        Self::Merge,
        Self::Refuse,
        Self::Import,
        Self::SecretExported,
        Self::Backup,
        Self::Restore,
        Self::Set,
        Self::Delete,
        Self::Recover,
        Self::Purge,
        Self::Passphrase,
        Self::Desk,
        Self::Authority,
        Self::Sign,
    ];

    /// Whether it takes the vault key. What does not changes nothing in the vault.
    pub fn takes_vault_key(self) -> bool {
        !matches!(self, Self::Begin | Self::RequestExported | Self::Judge)
    }

    /// Its name in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Begin => "begin",
            Self::Create => "create",
            Self::RequestExported => "request-exported",
            Self::Cancel => "cancel",
            Self::PendingDeleted => "pending-deleted",
            Self::DeskEnded => "desk-ended",
            Self::Judge => "judge",
            Self::Merge => "merge",
            Self::Refuse => "refuse",
            Self::Import => "import",
            Self::SecretExported => "secret-exported",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Set => "set",
            Self::Delete => "delete",
            Self::Recover => "recover",
            Self::Purge => "purge",
            Self::Passphrase => "passphrase",
            Self::Desk => "desk",
            Self::Authority => "authority",
            Self::Sign => "sign",
        }
    }

    /// The act of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.name() == name)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
