//! The operation that waits for the CA: its policy, its key, its request; and what became of it.
//!
//! There is no status word here: what an operation is, its variant says, and only `wire` writes it out.

use crate::csr::{CertificateRequest, RequestError};
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::key::{KeyError, PrivateKey};
use crate::policy::{IssuerReference, ObjectName, Policy, Tags};
use crate::seal::{Place, Purpose, SealError, Statement, VaultKey};
use crate::time::UnixTime;

/// An operation whose key is held, and whose answer can still be merged.
#[derive(Debug)]
pub struct Pending {
    /// The certificate's name.
    pub name: ObjectName,
    /// Made once, when the operation began.
    pub request_id: Identifier,
    /// How the certificate was asked for.
    pub policy: Policy,
    /// Tags for the version that will come of it.
    pub tags: Tags,
    /// The signed request.
    pub request: CertificateRequest,
    /// The private key, sealed to this operation.
    pub sealed_key: Vec<u8>,
    /// When it began.
    pub created: UnixTime,
    /// Whether somebody asked for it to be cancelled.
    pub cancellation_requested: bool,
    /// Whether the version that will come of it is enabled.
    pub enabled: bool,
}

impl Pending {
    /// Begins an operation: makes the request, and seals the key to it.
    pub fn begin(
        name: ObjectName,
        policy: Policy,
        tags: Tags,
        key: &PrivateKey,
        vault_key: &VaultKey,
        now: UnixTime,
    ) -> Result<Self, PendingError> {
        let request_id = Identifier::random().ok_or(SealError::Random)?;
        let request = CertificateRequest::make(&policy, key)?;
        let mut pending = Self {
            name,
            request_id,
            enabled: policy.enabled,
            policy,
            tags,
            request,
            sealed_key: Vec::new(),
            created: now,
            cancellation_requested: false,
        };
        let version = request_id.to_string();
        let (place, statement) = (pending.place(&version), pending.statement());
        pending.sealed_key = vault_key.seal_with(&place, statement, key.to_pkcs8()?.secret_der())?;
        Ok(pending)
    }

    /// Opens the private key.
    pub fn open_key(&self, vault_key: &VaultKey) -> Result<PrivateKey, PendingError> {
        let version = self.request_id.to_string();
        let der = vault_key.open_with(&self.place(&version), self.statement(), &self.sealed_key)?;
        Ok(PrivateKey::from_pkcs8(&crate::key::SecretDer::new(der))?)
    }

    fn place<'a>(&'a self, version: &'a str) -> Place<'a> {
        Place {
            purpose: Purpose::PendingKey,
            name: self.name.as_str(),
            version,
            public_key: self.request.public_key().fingerprint(),
        }
    }

    /// What may not change of an operation: its request, who is to sign it, whether and how the key may leave.
    fn statement(&self) -> Fingerprint {
        let mut said = Statement::of("operation");
        said.add(&self.created.unix_seconds().to_be_bytes());
        said.add(self.policy.content_type.media_type().as_bytes());
        said.add(&[u8::from(self.policy.key.exportable)]);
        said.add(self.policy.issuer.name.as_bytes());
        said.add(self.request.as_der());
        said.digest()
    }
}

/// An operation in one of its four states.
#[derive(Debug)]
pub enum Operation {
    /// Waiting for the CA, or for the issuer.
    InProgress(Pending),
    /// The issuer ended it; the key is still held.
    Cancelled(Pending),
    /// The issuer could not fulfil it; the key is still held.
    Failed(Pending, Failure),
    /// A version came of it.
    Completed(Completed),
}

impl Operation {
    /// Its id.
    pub fn request_id(&self) -> Identifier {
        match self {
            Self::InProgress(pending) | Self::Cancelled(pending) | Self::Failed(pending, _) => {
                pending.request_id
            }
            Self::Completed(completed) => completed.request_id,
        }
    }

    /// The certificate's name.
    pub fn name(&self) -> &ObjectName {
        match self {
            Self::InProgress(pending) | Self::Cancelled(pending) | Self::Failed(pending, _) => &pending.name,
            Self::Completed(completed) => &completed.name,
        }
    }

    /// The request that goes, or went, to the CA.
    pub fn request(&self) -> &CertificateRequest {
        match self {
            Self::InProgress(pending) | Self::Cancelled(pending) | Self::Failed(pending, _) => {
                &pending.request
            }
            Self::Completed(completed) => &completed.request,
        }
    }

    /// Who was to sign.
    pub fn issuer(&self) -> &IssuerReference {
        match self {
            Self::InProgress(pending) | Self::Cancelled(pending) | Self::Failed(pending, _) => {
                &pending.policy.issuer
            }
            Self::Completed(completed) => &completed.issuer,
        }
    }

    /// Whether somebody asked for it to be cancelled.
    pub fn cancellation_requested(&self) -> bool {
        match self {
            Self::InProgress(pending) | Self::Cancelled(pending) | Self::Failed(pending, _) => {
                pending.cancellation_requested
            }
            Self::Completed(completed) => completed.cancellation_requested,
        }
    }

    /// When it began.
    pub fn created(&self) -> UnixTime {
        match self {
            Self::InProgress(pending) | Self::Cancelled(pending) | Self::Failed(pending, _) => {
                pending.created
            }
            Self::Completed(completed) => completed.created,
        }
    }
}

/// Why an issuer did not fulfil an operation: Key Vault's `error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `code`.
    pub code: String,
    /// `message`.
    pub message: String,
}

/// An operation that ended in a version. Its key went over to the version.
#[derive(Debug)]
pub struct Completed {
    /// The certificate's name.
    pub name: ObjectName,
    /// Its id.
    pub request_id: Identifier,
    /// Who was to sign.
    pub issuer: IssuerReference,
    /// The request.
    pub request: CertificateRequest,
    /// When it began.
    pub created: UnixTime,
    /// Whether somebody had asked for it to be cancelled.
    pub cancellation_requested: bool,
}

/// Why an operation did not begin, or its key does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PendingError {
    /// The request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The seal.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl PendingError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Request(error) => error.help(),
            Self::Key(error) => error.help(),
            Self::Seal(error) => error.help(),
        }
    }
}
