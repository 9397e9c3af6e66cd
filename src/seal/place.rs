//! Where something sealed belongs, and what is said beside it.

use std::fmt;

use crate::fingerprint::Fingerprint;

/// What is said beside something sealed, made into one digest.
#[derive(Debug)]
pub struct Statement(Vec<u8>);

impl Statement {
    /// Begins one of a kind.
    pub fn of(kind: &str) -> Self {
        let mut statement = Self(Vec::new());
        statement.add(kind.as_bytes());
        statement
    }

    /// Says something more, with its length before it, so that no two statements share their bytes.
    pub fn add(&mut self, said: &[u8]) {
        let length = u64::try_from(said.len()).expect("it is in memory");
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(said);
    }

    /// SHA-256 over all of it.
    pub fn digest(&self) -> Fingerprint {
        Fingerprint::of(&self.0)
    }
}

/// Where something sealed belongs; it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// What is sealed.
    pub purpose: Purpose,
    /// The certificate's name.
    pub name: &'a str,
    /// The version, or the request id while the operation is pending.
    pub version: &'a str,
    /// The public key that goes with it.
    pub public_key: Fingerprint,
}

/// What is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The private key of an operation in progress.
    PendingKey,
    /// The private key of a version.
    VersionKey,
    /// The content of a backup.
    Backup,
    /// The private key of the server's own CA.
    ServerAuthority,
    /// The private key of an offline CA.
    OfflineAuthority,
}

impl Place<'_> {
    /// Fields with their lengths before them, so that no two places share their bytes. Names count
    /// without regard to case, as they do in the vault.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let purpose = match self.purpose {
            Purpose::PendingKey => "coldcert pending key v1",
            Purpose::VersionKey => "coldcert version key v1",
            Purpose::Backup => "coldcert backup v1",
            Purpose::ServerAuthority => "coldcert server authority v1",
            Purpose::OfflineAuthority => "coldcert offline authority v1",
        };
        let name = self.name.to_ascii_lowercase();
        let mut bytes = Vec::new();
        for field in
            [purpose.as_bytes(), name.as_bytes(), self.version.as_bytes(), self.public_key.as_bytes()]
        {
            let length = u32::try_from(field.len()).expect("a name is at most 127 characters");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field);
        }
        bytes
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.purpose {
            Purpose::PendingKey => write!(f, "the pending key of {}", self.name),
            Purpose::VersionKey => write!(f, "the key of {} version {}", self.name, self.version),
            Purpose::Backup => write!(f, "the backup of {}", self.name),
            Purpose::ServerAuthority => f.write_str("the private key of the server's CA"),
            Purpose::OfflineAuthority => write!(f, "the private key of the CA {}", self.name),
        }
    }
}
