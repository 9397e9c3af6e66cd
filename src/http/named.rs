//! The names and versions that stand in a path.

use crate::identifier::Identifier;
use crate::policy::ObjectName;
use crate::vault::VaultError;

/// What stands in a path in the places of names.
#[derive(Debug)]
pub(super) struct Named {
    name: Option<String>,
    version: Option<String>,
}

impl Named {
    pub(super) fn new(name: Option<String>, version: Option<String>) -> Self {
        Self { name, version }
    }

    /// The name. The service refuses one that cannot be, whatever is asked of it.
    pub(super) fn name(&self) -> Result<ObjectName, VaultError> {
        Ok(ObjectName::new(self.name.as_deref().unwrap_or_default())?)
    }

    /// The version's id, unless the newest is meant. A text that is no id is that of no version.
    pub(super) fn version(&self) -> Result<Option<Identifier>, VaultError> {
        let Some(text) = self.version.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        match Identifier::from_hex(text) {
            Some(id) => Ok(Some(id)),
            None => Err(VaultError::CertificateNotFound {
                name: self.name.clone().unwrap_or_default(),
                version: Some(
                    text.chars().filter(|c| !c.is_control()).take(VERSION_CHARACTERS_MAX).collect(),
                ),
            }),
        }
    }
}

/// As much of a wrong version as is said back: an id has 32.
const VERSION_CHARACTERS_MAX: usize = 64;
