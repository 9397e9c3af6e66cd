//! An error as the service answers it: status, code, message and inner code, in its own words where they are known
//! (reference 2.5, 2.6). Where it has none, or none that anybody saw, our own words stand in its envelope.

use serde_json::{Value, json};

use super::{Base, KEY_MISMATCH};
use crate::pkcs12::Pkcs12Error;
use crate::policy::ObjectNameError;
use crate::secret::SecretError;
use crate::vault::{StoreError, VaultError};
use crate::x5c::X5cError;

/// What was asked for, as far as the service answers the same fault differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To see or change what is there.
    ToLook,
    /// To begin: create, import.
    ToBegin,
    /// To see, recover or otherwise find what was deleted.
    ForDeleted,
    /// To purge.
    ToPurge,
}

/// An answer that refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// `error.code`.
    pub code: &'static str,
    /// `error.message`.
    pub message: String,
    /// `error.innererror.code`.
    pub inner: Option<&'static str>,
}

impl Refusal {
    /// Whether the same is to be asked again later: `Retry-After` (RFC 9110 15.6.4).
    pub fn is_for_now(&self) -> bool {
        self.status == UNAVAILABLE
    }

    /// An answer without an inner code.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), inner: None }
    }

    /// The same, with an inner code.
    pub fn with(self, inner: &'static str) -> Self {
        Self { inner: Some(inner), ..self }
    }

    /// The envelope.
    pub fn body(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(inner) = self.inner {
            error["innererror"] = json!({"code": inner});
        }
        json!({"error": error})
    }

    /// The answer to a parameter that cannot be taken.
    pub fn bad_parameter(message: impl Into<String>) -> Self {
        Self::new(400, BAD_PARAMETER, message)
    }

    /// The answer to a request without a token.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
    }

    /// The answer to an `x5c` that the service does not take.
    pub fn of_x5c(error: &X5cError) -> Self {
        if error.is_own_limit() {
            return Self::new(400, error.code(), format!("Property x5c has invalid value: {error}"));
        }
        Self::new(400, error.code(), error.message())
    }

    /// The answer to a verb that failed.
    pub fn of(error: &VaultError, asked: Asked, base: &Base) -> Self {
        match error {
            VaultError::CertificateNotFound { name, version } => not_found(name, version.as_deref()),
            VaultError::IsDeleted { name } if asked == Asked::ToBegin => Self::new(
                409,
                CONFLICT,
                format!(
                    "Certificate {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the certificate can only be recovered or purged."
                ),
            )
            .with("ObjectIsDeletedButRecoverable"),
            VaultError::IsDeleted { name } => not_found(name, None),
            VaultError::NotDeleted { living: true, .. } if asked == Asked::ToPurge => {
                Self::new(400, "MethodNotAllowed", "Certificate must be deleted prior to being purged.")
                    .with("ObjectMustBeDeletedPriorToBeingPurged")
            }
            VaultError::NotDeleted { name, .. } => {
                Self::new(404, NOT_FOUND, format!("Deleted Certificate not found: {name}"))
            }
            VaultError::PendingNotFound { name } => {
                Self::new(404, "PendingCertificateNotFound", format!("Pending certificate not found: {name}"))
            }
            VaultError::IssuerNotFound { .. } => {
                Self::new(404, "CertificateIssuerNotFound", "Issuer not found")
            }
            VaultError::ContactsNotFound | VaultError::ContactNotFound { .. } => {
                Self::new(404, "ContactsNotFound", "Contacts not found")
            }
            VaultError::InProgress { .. } => Self::new(
                409,
                CONFLICT,
                "A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress.",
            ),
            VaultError::RestoreConflict { name, version, .. } => Self::new(
                409,
                CONFLICT,
                format!(
                    "There was a conflict restoring the certificate '{}/{version}'. {RESTORE_CONFLICT}",
                    base.certificate(name)
                ),
            ),
            VaultError::NotInProgress { .. } => {
                Self::new(403, FORBIDDEN, "Pending status must be in progress to allow update.")
            }
            // The word is spelled so there.
            VaultError::WithIssuer { issuer, .. } => Self::new(
                403,
                FORBIDDEN,
                format!(
                    "Merge is forbidden on pending object created with issuer : {issuer} while it is in progess."
                ),
            ),
            VaultError::Disabled { .. } => {
                Self::new(403, FORBIDDEN, "Operation get is not allowed on a disabled secret.")
                    .with("SecretDisabled")
            }
            // Not 401: that would be said of the client's token.
            VaultError::PassphraseNeeded | VaultError::WrongBackupPassphrase => {
                Self::bad_parameter(OF_ANOTHER_VAULT)
            }
            VaultError::NotABackup { .. } => {
                Self::new(400, "Malformed backup blob", "Backup blob contains invalid or corrupt version.")
            }
            VaultError::Name(ObjectNameError::Character { text, .. }) => {
                Self::new(400, BAD_PARAMETER, format!("The request URI contains an invalid name: {text}"))
            }
            // Of tags nobody saw another message (aztfmod#813).
            VaultError::Tags(_) => Self::new(400, BAD_PARAMETER, "Property  has invalid value\r\n"),
            VaultError::Secret(SecretError::KeyForm { .. } | SecretError::Pem { .. }) => {
                Self::new(400, BAD_PARAMETER, UNEXPECTED_PEM)
            }
            VaultError::Refused(refused) => {
                let mismatch =
                    refused.verdict.findings().iter().any(|finding| finding.rule.name == "key-mismatch");
                Self::new(400, BAD_PARAMETER, if mismatch { KEY_MISMATCH } else { INVALID_PROPERTIES })
            }
            VaultError::ImportExpired { .. } => Self::new(400, BAD_PARAMETER, EXPIRED),
            VaultError::ImportRefused { .. } => Self::new(400, BAD_PARAMETER, INVALID_PROPERTIES),
            VaultError::Secret(SecretError::Pkcs12(error)) => {
                Self::new(400, BAD_PARAMETER, pkcs12_message(error))
            }
            VaultError::Store(StoreError::Busy) => Self::busy(error),
            other => Self::in_our_words(other),
        }
    }

    /// The vault is another process's for now: the client is to ask again.
    fn busy(error: &VaultError) -> Self {
        Self::new(UNAVAILABLE, "ServiceUnavailable", error.to_string())
    }

    /// What the service has no words for that anybody saw.
    fn in_our_words(error: &VaultError) -> Self {
        let code = super::error_code(error);
        let status = match code {
            "Conflict" => 409,
            "Forbidden" => 403,
            "Unauthorized" => 401,
            "InternalServerError" => 500,
            _ => 400,
        };
        Self::new(status, code, error.to_string())
    }
}

fn not_found(name: &str, version: Option<&str>) -> Refusal {
    let what = match version {
        Some(version) => format!("{name}/versions/{version}"),
        None => name.to_owned(),
    };
    Refusal::new(
        404,
        NOT_FOUND,
        format!(
            "A certificate with (name/id) {what} was not found in this key vault. If you recently deleted this certificate you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
        ),
    )
}

/// A PFX that a password does not open has the first of the service's two messages, one that is none the second.
fn pkcs12_message(error: &Pkcs12Error) -> &'static str {
    match error {
        Pkcs12Error::WrongPassword { .. } | Pkcs12Error::MacDisagrees => "Pkcs12 value is invalid.",
        _ => "Format of Pkcs12 value is invalid.",
    }
}

const UNAVAILABLE: u16 = 503;
const CONFLICT: &str = "Conflict";
const FORBIDDEN: &str = "Forbidden";
const NOT_FOUND: &str = "CertificateNotFound";
const BAD_PARAMETER: &str = "BadParameter";
/// Recorded of an import (reference 2.6).
const EXPIRED: &str = "X509 Certificate is already expired";
/// The documentation's FAQ.
pub(super) const UNEXPECTED_PEM: &str = "The specified PEM X.509 certificate content is in an unexpected format. Check if certificate is in valid PEM format.";
/// azure-docs#115101.
const INVALID_PROPERTIES: &str =
    "The specified X.509 certificate content is invalid. Error: One or more X.509 properties are invalid.";
const OF_ANOTHER_VAULT: &str = "The backup is sealed by the passphrase of another vault: restore it with coldcert restore, which asks for that.";
const RESTORE_CONFLICT: &str = "This can happen if either: a second certificate with the same name was created after the first certificate was deleted; thus trying to restore a certificate whose name is already in use. To fix this, rename the second certificate to something else so that the restore works. The second probable cause of this exception is when multiple operations are performed in parallel against the certificate. To avoid this error, perform operations against a certificate in a sequential manner.";
