//! What an operation works with, and what it can fail with.

use std::sync::Arc;

use super::host::Host;
use super::query::Query;
use super::service::Service;
use crate::pending::Operation;
use crate::policy::ObjectName;
use crate::vault::{VaultError, Wanted};
use crate::wire::{Asked, Base, Refusal, RequestBody};
use crate::x5c::X5cError;

/// A request, understood.
pub(super) struct Exchange {
    pub(super) service: Arc<Service>,
    pub(super) host: Host,
    pub(super) query: Query,
    pub(super) body: RequestBody,
}

impl Exchange {
    pub(super) fn base(&self) -> Base {
        self.host.base()
    }

    /// The operation of a name that the query asks for: with another request id there is none.
    pub(super) fn wanted<'a>(&self, name: &'a ObjectName) -> Result<Wanted<'a>, VaultError> {
        match &self.query.request_id {
            None => Ok(name.into()),
            Some(Ok(id)) => Ok(Wanted { name, request_id: Some(*id) }),
            Some(Err(_)) => Err(VaultError::PendingNotFound { name: name.to_string() }),
        }
    }

    /// The operation, where it is the one that the query asks for.
    pub(super) fn only_wanted(&self, operation: Operation) -> Result<Operation, VaultError> {
        let wanted = self.wanted(operation.name())?;
        match wanted.request_id.is_none_or(|id| id == operation.request_id()) {
            true => Ok(operation),
            false => Err(VaultError::PendingNotFound { name: operation.name().to_string() }),
        }
    }

    /// An absolute address under the host that was asked.
    pub(super) fn address(&self, path: &str, query: &str) -> String {
        let version = &self.query.api_version;
        format!("https://{}/{path}?api-version={version}{query}", self.host.as_str())
    }
}

/// Why an operation was not done.
pub(super) enum Failure {
    Vault(VaultError),
    X5c(X5cError),
    Refusal(Refusal),
}

impl Failure {
    /// The same in the service's words.
    pub(super) fn refusal(self, asked: Asked, base: &Base) -> Refusal {
        match self {
            Self::Vault(error) => Refusal::of(&error, asked, base),
            Self::X5c(error) => Refusal::of_x5c(&error),
            Self::Refusal(refusal) => refusal,
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl From<X5cError> for Failure {
    fn from(error: X5cError) -> Self {
        Self::X5c(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}
