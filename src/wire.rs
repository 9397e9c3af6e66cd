//! The REST shapes: what the service answers, member by member in its order (reference 1.4).
//!
//! It writes values and knows no HTTP. Identifiers are made here, from the host of whoever asks.

mod key;
mod refusal;
mod request;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::authority::BACKDATING_SECONDS;
use crate::issuer::{Contact, Issuer};
use crate::pending::Operation;
use crate::policy::{Policy, Route, Tags};
use crate::record::Record;
use crate::time::UnixTime;
use crate::vault::{CertificateView, RECOVERABLE_DAYS, VaultError};

pub use key::{deleted_key, deleted_secret, key, key_item, secret_item};
pub use refusal::{Asked, Refusal};
pub use request::{IssuerRequest, LIST_ITEMS_MAX, NewRequest, RequestBody, TEXT_CHARACTERS_MAX};

/// Where identifiers begin: `https://HOST`, without a slash at its end.
#[derive(Clone, Debug)]
pub struct Base(String);

impl Base {
    /// A base of a host, with a port where there is one.
    pub fn of_host(host: &str) -> Self {
        Self(format!("https://{host}"))
    }

    fn certificate(&self, name: impl std::fmt::Display) -> String {
        format!("{}/certificates/{name}", self.0)
    }
}

/// A pending operation: `GET /certificates/{name}/pending`.
pub fn operation(base: &Base, operation: &Operation) -> Value {
    let certificate = base.certificate(operation.name());
    let mut value = Map::new();
    value.insert("id".to_owned(), format!("{certificate}/pending").into());
    // The service echoes the issuer's name alone (reference 2.2).
    value.insert("issuer".to_owned(), json!({"name": operation.issuer().name}));
    value.insert("csr".to_owned(), BASE64_STANDARD.encode(operation.request().as_der()).into());
    value.insert("cancellation_requested".to_owned(), operation.cancellation_requested().into());
    match operation {
        Operation::InProgress(pending) => {
            value.insert("status".to_owned(), "inProgress".into());
            let details = match pending.policy.issuer.route() {
                Route::Unknown => WAITS_FOR_MERGE,
                Route::SelfSigned | Route::Named => WAITS_FOR_ISSUER,
            };
            value.insert("status_details".to_owned(), details.into());
        }
        Operation::Cancelled(_) => {
            value.insert("status".to_owned(), "cancelled".into());
        }
        Operation::Failed(_, failure) => {
            value.insert("status".to_owned(), "failed".into());
            value.insert("error".to_owned(), json!({"code": failure.code, "message": failure.message}));
        }
        Operation::Completed(_) => {
            value.insert("status".to_owned(), "completed".into());
            // Without version and query (reference 0, row 6).
            value.insert("target".to_owned(), certificate.into());
        }
    }
    value.insert("request_id".to_owned(), operation.request_id().to_string().into());
    Value::Object(value)
}

/// A certificate with policy and operation; the shell where it has no version yet (reference 2.4).
pub fn certificate(base: &Base, view: &CertificateView) -> Value {
    let mut value = match &view.record {
        Some(record) => version(base, record),
        None => shell(base, view),
    };
    if let Some(members) = value.as_object_mut() {
        members.insert("policy".to_owned(), policy(base, view));
        if view.operation.is_some() {
            members.insert(
                "pending".to_owned(),
                json!({"id": format!("{}/pending", base.certificate(&view.name))}),
            );
        }
    }
    value
}

/// One version, without policy and operation.
pub fn version(base: &Base, record: &Record) -> Value {
    let Record { name, version, certificate, .. } = record;
    let mut value = Map::new();
    value.insert("id".to_owned(), format!("{}/{version}", base.certificate(name)).into());
    value.insert("kid".to_owned(), format!("{}/keys/{name}/{version}", base.0).into());
    value.insert("sid".to_owned(), format!("{}/secrets/{name}/{version}", base.0).into());
    value.insert("x5t".to_owned(), BASE64_URL_SAFE_NO_PAD.encode(certificate.sha1()).into());
    value.insert("cer".to_owned(), BASE64_STANDARD.encode(certificate.as_der()).into());
    value.insert("attributes".to_owned(), attributes(record, true));
    insert_tags(&mut value, &record.tags);
    Value::Object(value)
}

/// The secret of a version, its value given: `GET /secrets/{name}/{version}` (reference 4).
pub fn secret(base: &Base, record: &Record, secret_value: &str) -> Value {
    let Record { name, version, .. } = record;
    let mut value = Map::new();
    value.insert("value".to_owned(), secret_value.into());
    value.insert("contentType".to_owned(), record.content_type.media_type().into());
    value.insert("id".to_owned(), format!("{}/secrets/{name}/{version}", base.0).into());
    value.insert("managed".to_owned(), true.into());
    value.insert("attributes".to_owned(), attributes(record, true));
    insert_tags(&mut value, &record.tags);
    value.insert("kid".to_owned(), format!("{}/keys/{name}/{version}", base.0).into());
    Value::Object(value)
}

/// The members that the command line shows and the service has not: SHA-256 of the certificate, by the name that
/// RFC 7515 4.1.8 gives it, after `x5t`; and at the end `accepted`, what would have refused the merge, where there
/// is any: a list of `{"rule", "message", "by"}`.
pub fn with_own_members(value: Value, record: Option<&Record>) -> Value {
    let (Value::Object(members), Some(record)) = (&value, record) else { return value };
    let sha256 = BASE64_URL_SAFE_NO_PAD.encode(record.certificate.fingerprint().as_bytes());
    let mut whole = Map::new();
    for (name, member) in members {
        whole.insert(name.clone(), member.clone());
        if name == "x5t" {
            whole.insert("x5t#S256".to_owned(), sha256.as_str().into());
        }
    }
    if !record.accepted.is_empty() {
        let faults = record.accepted.iter();
        let faults =
            faults.map(|fault| json!({"rule": fault.rule, "message": fault.message, "by": fault.by}));
        whole.insert("accepted".to_owned(), faults.collect());
    }
    Value::Object(whole)
}

/// A deleted certificate.
pub fn deleted_certificate(base: &Base, view: &CertificateView) -> Value {
    let mut value = deletion(base, view);
    if let Value::Object(members) = certificate(base, view) {
        value.extend(members);
    }
    Value::Object(value)
}

/// An item of the list of certificates: no version in its id, no recovery level.
pub fn list_item(base: &Base, view: &CertificateView) -> Value {
    let mut value = if view.deletion.is_some() { deletion(base, view) } else { Map::new() };
    value.insert("id".to_owned(), base.certificate(&view.name).into());
    match &view.record {
        Some(record) => {
            value.insert("x5t".to_owned(), BASE64_URL_SAFE_NO_PAD.encode(record.certificate.sha1()).into());
            value.insert("attributes".to_owned(), attributes(record, view.deletion.is_some()));
            insert_tags(&mut value, &record.tags);
        }
        None => {
            value.insert("attributes".to_owned(), shell_attributes(view, view.deletion.is_some()));
            insert_tags(&mut value, &view.tags);
        }
    }
    // Empty in the list of the living, absent in that of the deleted (reference 1.4).
    if view.deletion.is_none() {
        value.insert("subject".to_owned(), "".into());
    }
    Value::Object(value)
}

/// An item of the list of versions.
pub fn version_item(base: &Base, record: &Record) -> Value {
    let mut value = Map::new();
    value.insert("id".to_owned(), format!("{}/{}", base.certificate(&record.name), record.version).into());
    value.insert("x5t".to_owned(), BASE64_URL_SAFE_NO_PAD.encode(record.certificate.sha1()).into());
    value.insert("attributes".to_owned(), attributes(record, false));
    insert_tags(&mut value, &record.tags);
    value.insert("subject".to_owned(), "".into());
    Value::Object(value)
}

/// A page of a list, the last one.
pub fn page(items: &[Value]) -> Value {
    page_before(items, None)
}

/// A page of a list, and where the next one is.
pub fn page_before(items: &[Value], next_link: Option<&str>) -> Value {
    json!({"value": items, "nextLink": next_link})
}

/// A stored policy, with its id and dates.
pub fn policy(base: &Base, view: &CertificateView) -> Value {
    let mut value = Map::new();
    value.insert("id".to_owned(), format!("{}/policy", base.certificate(&view.name)).into());
    if let Value::Object(members) = policy_document(&view.policy) {
        value.extend(members);
    }
    if let Some(Value::Object(attributes)) = value.get_mut("attributes") {
        attributes.insert("created".to_owned(), view.policy_created.unix_seconds().into());
        attributes.insert("updated".to_owned(), view.policy_updated.unix_seconds().into());
    }
    Value::Object(value)
}

/// A policy that belongs to nothing yet.
pub fn policy_document(policy: &Policy) -> Value {
    policy.to_document().into()
}

/// An issuer.
pub fn issuer(base: &Base, issuer: &Issuer) -> Value {
    let mut value = Map::new();
    value.insert("id".to_owned(), format!("{}/certificates/issuers/{}", base.0, issuer.name).into());
    value.insert("provider".to_owned(), issuer.provider.as_str().into());
    if let Some(account) = &issuer.account_id {
        value.insert("credentials".to_owned(), json!({"account_id": account}));
    }
    if issuer.organization_id.is_some() || !issuer.administrators.is_empty() {
        value.insert("org_details".to_owned(), organization(issuer));
    }
    let (created, updated) = (issuer.created.unix_seconds(), issuer.updated.unix_seconds());
    value.insert(
        "attributes".to_owned(),
        json!({"enabled": issuer.enabled, "created": created, "updated": updated}),
    );
    Value::Object(value)
}

/// `zip` is the service's own, and always 0 (recorded).
fn organization(issuer: &Issuer) -> Value {
    let mut value = Map::new();
    if let Some(id) = &issuer.organization_id {
        value.insert("id".to_owned(), id.as_str().into());
    }
    value.insert("zip".to_owned(), 0.into());
    let administrators = issuer.administrators.iter().map(|one| {
        let named = [
            ("first_name", &one.first_name),
            ("last_name", &one.last_name),
            ("email", &one.email),
            ("phone", &one.phone),
        ];
        let given =
            named.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.clone()?.into())));
        Value::Object(given.collect())
    });
    value.insert("admin_details".to_owned(), administrators.collect());
    Value::Object(value)
}

/// An item of the list of issuers.
pub fn issuer_item(base: &Base, issuer: &Issuer) -> Value {
    json!({
        "id": format!("{}/certificates/issuers/{}", base.0, issuer.name),
        "provider": issuer.provider,
    })
}

/// The contacts.
pub fn contacts(base: &Base, contacts: &[Contact]) -> Value {
    let contacts: Vec<Value> = contacts
        .iter()
        .map(|contact| {
            let mut value = Map::new();
            value.insert("email".to_owned(), contact.email.as_str().into());
            for (member, text) in [("name", &contact.name), ("phone", &contact.phone)] {
                if let Some(text) = text {
                    value.insert(member.to_owned(), text.as_str().into());
                }
            }
            Value::Object(value)
        })
        .collect();
    json!({"id": format!("{}/certificates/contacts", base.0), "contacts": contacts})
}

/// The envelope of every error (reference 2.6).
pub fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

/// The service's code for an error; its closest where the service has none.
pub fn error_code(error: &VaultError) -> &'static str {
    match error {
        VaultError::CertificateNotFound { .. } => "CertificateNotFound",
        VaultError::NotDeleted { living: true, .. } => "MethodNotAllowed",
        VaultError::NotDeleted { living: false, .. } => "CertificateNotFound",
        VaultError::PendingNotFound { .. } => "PendingCertificateNotFound",
        VaultError::IssuerNotFound { .. } | VaultError::AuthorityNotFound { .. } => {
            "CertificateIssuerNotFound"
        }
        VaultError::ContactsNotFound | VaultError::ContactNotFound { .. } => "ContactsNotFound",
        VaultError::IsDeleted { .. }
        | VaultError::InProgress { .. }
        | VaultError::RestoreConflict { .. }
        | VaultError::AlreadyCompleted { .. }
        | VaultError::VaultExists { .. }
        | VaultError::AuthorityExists { .. }
        | VaultError::Changed { .. } => "Conflict",
        VaultError::WithIssuer { .. }
        | VaultError::CancellationRequested { .. }
        | VaultError::NotAtDesk { .. }
        | VaultError::NotInProgress { .. }
        | VaultError::Disabled { .. } => "Forbidden",
        VaultError::NotABackup { .. } => "Malformed backup blob",
        VaultError::PassphraseNeeded
        | VaultError::WrongBackupPassphrase
        | VaultError::Seal(crate::seal::SealError::WrongPassphrase) => "Unauthorized",
        VaultError::Store(_)
        | VaultError::NoVault { .. }
        | VaultError::CannotCreate { .. }
        | VaultError::NotFlushed { .. } => "InternalServerError",
        _ => "BadParameter",
    }
}

fn shell(base: &Base, view: &CertificateView) -> Value {
    let mut value = Map::new();
    value.insert("id".to_owned(), format!("{}/{}", base.certificate(&view.name), view.shell).into());
    value.insert("attributes".to_owned(), shell_attributes(view, true));
    insert_tags(&mut value, &view.tags);
    Value::Object(value)
}

/// What a certificate that waits looks like: disabled, with the dates that it would have (reference 2.4): those
/// of the operation, whose policy stays what it was when it began.
fn shell_attributes(view: &CertificateView, recovery: bool) -> Value {
    let (created, months) = match &view.operation {
        Some(Operation::InProgress(waits) | Operation::Cancelled(waits) | Operation::Failed(waits, _)) => {
            (waits.created, waits.policy.validity_months)
        }
        Some(Operation::Completed(_)) | None => (view.created, view.policy.validity_months),
    };
    let expires = created.plus_months(months).unwrap_or(created);
    let dates = Dates {
        enabled: false,
        not_before: created.plus_seconds(-BACKDATING_SECONDS),
        expires,
        created,
        updated: created,
    };
    dates.value(recovery)
}

fn attributes(record: &Record, recovery: bool) -> Value {
    let dates = Dates {
        enabled: record.enabled,
        not_before: record.certificate.not_before(),
        expires: record.certificate.not_after(),
        created: record.created,
        updated: record.updated,
    };
    dates.value(recovery)
}

struct Dates {
    enabled: bool,
    not_before: UnixTime,
    expires: UnixTime,
    created: UnixTime,
    updated: UnixTime,
}

impl Dates {
    fn value(&self, recovery: bool) -> Value {
        let mut value = json!({
            "enabled": self.enabled,
            "nbf": self.not_before.unix_seconds(),
            "exp": self.expires.unix_seconds(),
            "created": self.created.unix_seconds(),
            "updated": self.updated.unix_seconds(),
        });
        if recovery && let Some(members) = value.as_object_mut() {
            members.insert("recoveryLevel".to_owned(), "Recoverable+Purgeable".into());
            members.insert("recoverableDays".to_owned(), RECOVERABLE_DAYS.into());
        }
        value
    }
}

fn deletion(base: &Base, view: &CertificateView) -> Map<String, Value> {
    let mut value = Map::new();
    if let Some(deletion) = view.deletion {
        value.insert("recoveryId".to_owned(), format!("{}/deletedcertificates/{}", base.0, view.name).into());
        value.insert("deletedDate".to_owned(), deletion.deleted.unix_seconds().into());
        value.insert("scheduledPurgeDate".to_owned(), deletion.scheduled_purge.unix_seconds().into());
    }
    value
}

fn insert_tags(value: &mut Map<String, Value>, tags: &Tags) {
    if !tags.is_empty() {
        let tags: Map<String, Value> =
            tags.iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        value.insert("tags".to_owned(), Value::Object(tags));
    }
}

/// The service's words for an answer that holds another key (reference 2.6).
pub const KEY_MISMATCH: &str = "The public key of the end-entity certificate in the specified X.509 certificate content does not match the public part of the specified private key. Please check if certificate is valid.";
/// The service's words for an operation of issuer Unknown (reference 2.2).
const WAITS_FOR_MERGE: &str = "Pending certificate created. Please Perform Merge to complete the request.";
/// The service's words for every other issuer (reference 2.2).
const WAITS_FOR_ISSUER: &str = "Pending certificate created. Certificate request is in progress. This may take some time based on the issuer provider. Please check again later.";
