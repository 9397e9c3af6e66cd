//! Issuers and contacts, as Key Vault keeps them: who would sign, and whom it concerns. Nothing here signs
//! and nothing sends mail.

use crate::policy::ObjectName;
use crate::time::UnixTime;

/// A named issuer: a CA with a desk of its own, at which operations wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its name, by which policies refer to it.
    pub name: ObjectName,
    /// `provider`, free text: `DigiCert`, `GlobalSign`, `OfflineCA`.
    pub provider: String,
    /// `credentials.account_id`.
    pub account_id: Option<String>,
    /// `org_details.id`.
    pub organization_id: Option<String>,
    /// `org_details.admin_details`: whom the provider knows there.
    pub administrators: Vec<Administrator>,
    /// `attributes.enabled`.
    pub enabled: bool,
    /// When it was first set.
    pub created: UnixTime,
    /// When it was last set.
    pub updated: UnixTime,
}

/// Somebody whom a provider knows at an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Administrator {
    /// `first_name`.
    pub first_name: Option<String>,
    /// `last_name`.
    pub last_name: Option<String>,
    /// `email`.
    pub email: Option<String>,
    /// `phone`.
    pub phone: Option<String>,
}

/// Somebody to be told about certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// `email`, which tells contacts apart.
    pub email: String,
    /// `name`.
    pub name: Option<String>,
    /// `phone`.
    pub phone: Option<String>,
}
