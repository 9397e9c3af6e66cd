//! Keys and secrets: views of certificates, which are looked at here and managed there (reference 4).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::answer::Answer;
use super::exchange::{Exchange, Failure};
use super::named::Named;
use super::paging::{Place, one_more};
use crate::identifier::Identifier;
use crate::pkcs12::{Password, Profile};
use crate::policy::ContentType;
use crate::record::Record;
use crate::vault::{CertificateView, ListOptions, Vault, VaultError};
use crate::wire::{self, Base, Refusal};

type Done = Result<Answer, Failure>;

/// The two kinds of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Key,
    Secret,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Secret => "secret",
        }
    }

    fn item(self, base: &Base, record: &Record) -> Value {
        match self {
            Self::Key => wire::key_item(base, record),
            Self::Secret => wire::secret_item(base, record),
        }
    }

    /// Recorded of keys and of secrets, in the words of certificates.
    fn not_found(self, name: &str, version: Option<&str>) -> Refusal {
        let (word, code) = match self {
            Self::Key => ("key", "KeyNotFound"),
            Self::Secret => ("secret", "SecretNotFound"),
        };
        let what = version.map_or_else(|| name.to_owned(), |version| format!("{name}/{version}"));
        Refusal::new(
            404,
            code,
            format!(
                "A {word} with (name/id) {what} was not found in this key vault. If you recently deleted this {word} you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
            ),
        )
    }

    /// What is done to a certificate is not done to its views (public reports of 2023 to 2026).
    fn managed(self, operation: &str) -> Failure {
        let inner = match self {
            Self::Key => "KeyManagedByKeyVault",
            Self::Secret => "SecretManagedByKeyVault",
        };
        let word = self.word();
        let message = format!(
            "Operation \"{operation}\" is not allowed on this {word}, since it is associated with a certificate. Perform the operation on the corresponding certificate. For more information refer to https://docs.microsoft.com/en-us/azure/key-vault/certificates/about-certificates#composition-of-a-certificate"
        );
        Refusal::new(403, "Forbidden", message).with(inner).into()
    }

    /// The certificate that it is a view of, living or deleted.
    fn view(self, found: Result<CertificateView, VaultError>) -> Result<CertificateView, Failure> {
        found.map_err(|error| match error {
            VaultError::CertificateNotFound { name, version } => {
                self.not_found(&name, version.as_deref()).into()
            }
            VaultError::IsDeleted { name } => self.not_found(&name, None).into(),
            VaultError::NotDeleted { name, .. } => {
                let (word, code) = match self {
                    Self::Key => ("Key", "KeyNotFound"),
                    Self::Secret => ("Secret", "SecretNotFound"),
                };
                Refusal::new(404, code, format!("Deleted {word} not found: {name}")).into()
            }
            error => Failure::Vault(error),
        })
    }
}

/// `GET /keys/{name}`, `GET /keys/{name}/{version}`
pub(super) fn key(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let (view, record) = looked_at(Kind::Key, vault, named)?;
    Ok(Answer::ok(wire::key(&exchange.base(), &record, &view.policy.key_usages)))
}

/// `GET /secrets/{name}`, `GET /secrets/{name}/{version}`
pub(super) fn secret(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let (_, record) = looked_at(Kind::Secret, vault, named)?;
    if !record.enabled {
        let (name, version) = (record.name.to_string(), record.version.to_string());
        return Err(VaultError::Disabled { name, version }.into());
    }
    let secret = vault.release(exchange.service.vault_key(), &record, "rest", exchange.service.now())?;
    let value = match record.content_type {
        // Under the empty password, as the service gives it out.
        ContentType::Pkcs12 => {
            let pfx = secret.to_pkcs12(&Password::new(""), Profile::KeyVault).map_err(VaultError::from)?;
            zeroize::Zeroizing::new(BASE64_STANDARD.encode(&*pfx))
        }
        ContentType::Pem => secret.to_pem(),
    };
    Ok(Answer::secret(wire::secret(&exchange.base(), &record, &value)))
}

/// A version, or the newest. A certificate that waits for its first has a secret that is disabled (recorded), and no
/// key that could be shown (our choice: nobody saw the service asked for it).
fn looked_at(kind: Kind, vault: &Vault, named: &Named) -> Result<(CertificateView, Record), Failure> {
    let name = named.name()?;
    let mut view = kind.view(named.version().and_then(|version| vault.certificate(&name, version)))?;
    match (view.record.take(), kind) {
        (Some(record), _) => Ok((view, record)),
        (None, Kind::Key) => Err(kind.not_found(view.name.as_str(), None).into()),
        (None, Kind::Secret) => {
            let (name, version) = (view.name.to_string(), view.shell.to_string());
            Err(VaultError::Disabled { name, version }.into())
        }
    }
}

/// `GET /keys`
pub(super) fn keys(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Done {
    listed(Kind::Key, exchange, vault, "keys")
}

/// `GET /secrets`
pub(super) fn secrets(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Done {
    listed(Kind::Secret, exchange, vault, "secrets")
}

fn listed(kind: Kind, exchange: &Exchange, vault: &Vault, path: &str) -> Done {
    let place = Place::of(exchange)?;
    let found = vault.list(ListOptions::default(), &place.after, one_more(exchange))?;
    let base = exchange.base();
    let item_of = |view: &CertificateView| view.record.as_ref().map(|record| kind.item(&base, record));
    Ok(Answer::ok(place.page(exchange, path, found, |view| view.name.to_string(), item_of)))
}

/// `GET /keys/{name}/versions`
pub(super) fn key_versions(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    versions(Kind::Key, "kid", exchange, vault, named)
}

/// `GET /secrets/{name}/versions`
pub(super) fn secret_versions(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    versions(Kind::Secret, "id", exchange, vault, named)
}

fn versions(kind: Kind, id: &str, exchange: &Exchange, vault: &Vault, named: &Named) -> Done {
    let name = named.name()?;
    let place = Place::of(exchange)?;
    let found = vault.versions_after(&name, Identifier::from_hex(&place.after), one_more(exchange))?;
    let base = exchange.base();
    let item_of = |record: &Record| {
        let mut item = kind.item(&base, record);
        if let Some(Value::String(text)) = item.get_mut(id) {
            text.push_str(&format!("/{}", record.version));
        }
        Some(item)
    };
    let path = format!("{}s/{name}/versions", kind.word());
    Ok(Answer::ok(place.page(exchange, &path, found, |record| record.version.to_string(), item_of)))
}

/// `GET /deletedkeys`
pub(super) fn deleted_keys(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Done {
    let base = exchange.base();
    listed_deleted("deletedkeys", exchange, vault, |view, record| {
        wire::deleted_key(&base, view, record, None)
    })
}

/// `GET /deletedsecrets`
pub(super) fn deleted_secrets(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Done {
    let base = exchange.base();
    listed_deleted("deletedsecrets", exchange, vault, |view, record| {
        wire::deleted_secret(&base, view, record)
    })
}

fn listed_deleted(
    path: &str,
    exchange: &Exchange,
    vault: &Vault,
    item: impl Fn(&CertificateView, &Record) -> Value,
) -> Done {
    let place = Place::of(exchange)?;
    let options = ListOptions { include_pending: false, deleted: true };
    let found = vault.list(options, &place.after, one_more(exchange))?;
    let item_of = |view: &CertificateView| view.record.as_ref().map(|record| item(view, record));
    Ok(Answer::ok(place.page(exchange, path, found, |view| view.name.to_string(), item_of)))
}

/// `GET /deletedkeys/{name}`
pub(super) fn deleted_key(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let (view, record) = deleted(Kind::Key, vault, named)?;
    Ok(Answer::ok(wire::deleted_key(&exchange.base(), &view, &record, Some(&view.policy.key_usages))))
}

/// `GET /deletedsecrets/{name}`
pub(super) fn deleted_secret(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let (view, record) = deleted(Kind::Secret, vault, named)?;
    Ok(Answer::ok(wire::deleted_secret(&exchange.base(), &view, &record)))
}

fn deleted(kind: Kind, vault: &Vault, named: &Named) -> Result<(CertificateView, Record), Failure> {
    let mut view = kind.view(vault.deleted_certificate(&named.name()?))?;
    match view.record.take() {
        Some(record) => Ok((view, record)),
        None => Err(kind.not_found(view.name.as_str(), None).into()),
    }
}

/// `POST /keys/{name}/backup`
pub(super) fn backup_of_key(_: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    refused(Kind::Key, "backup", vault, named)
}

/// `POST /secrets/{name}/backup`
pub(super) fn backup_of_secret(_: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    refused(Kind::Secret, "backup", vault, named)
}

/// `PATCH /keys/{name}/{version}`
pub(super) fn change_key(_: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    refused(Kind::Key, "update", vault, named)
}

/// `PATCH /secrets/{name}/{version}`
pub(super) fn change_secret(_: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    refused(Kind::Secret, "update", vault, named)
}

/// `DELETE /keys/{name}`, `DELETE /deletedkeys/{name}`
pub(super) fn delete_key(_: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    refused(Kind::Key, "delete", vault, named)
}

/// `DELETE /secrets/{name}`, `DELETE /deletedsecrets/{name}`
pub(super) fn delete_secret(_: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    refused(Kind::Secret, "delete", vault, named)
}

/// What is not there is not found, what is there is managed by its certificate.
fn refused(kind: Kind, operation: &str, vault: &Vault, named: &Named) -> Done {
    let name = named.name()?;
    let found = match vault.certificate(&name, None) {
        Err(VaultError::IsDeleted { .. }) => vault.deleted_certificate(&name),
        found => found,
    };
    kind.view(found)?;
    Err(kind.managed(operation))
}
