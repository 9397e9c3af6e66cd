//! Rows as values and values as rows.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Deletion, Entry, StoreError};
use crate::certificate::Certificate;
use crate::csr::CertificateRequest;
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::issuer::{Administrator, Issuer};
use crate::pending::{Completed, Failure, Operation, Pending};
use crate::policy::{ContentType, Document, ObjectName, Policy, Tags};
use crate::record::{AcceptedFault, Record};
use crate::seal::{Cost, PassphraseSeal, SEALS_MAX, SealKind};
use crate::time::UnixTime;
use crate::tlv;
use crate::verdict::Profile;

/// How the vault key lies in the file.
pub(crate) enum Protection {
    /// Sealed, by each of these.
    Sealed(Vec<KeptSeal>),
    /// As it is: the vault was made with `--no-passphrase`.
    Unsealed(Zeroizing<Vec<u8>>),
}

/// A seal of the vault key, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct KeptSeal {
    pub(crate) kind: SealKind,
    /// Of whom or where; empty for the one that a vault is made with.
    pub(crate) label: String,
    pub(crate) created: UnixTime,
    pub(crate) seal: PassphraseSeal,
}

/// What may change of a version.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) enabled: Option<bool>,
    pub(crate) tags: Option<Tags>,
}

pub(super) const IN_PROGRESS: i64 = 1;
pub(super) const COMPLETED: i64 = 2;
pub(super) const CANCELLED: i64 = 3;
pub(super) const FAILED: i64 = 4;

const OF_PASSPHRASE: i64 = 1;
const OF_RECOVERY_KEY: i64 = 2;

pub(super) const VERSION_COLUMNS: &str =
    "version, chain, sealed_key, content_type, exportable, enabled, tags, created, updated, accepted";

pub(super) fn insert_vault(db: &Connection, now: UnixTime) -> Result<(), StoreError> {
    db.execute("INSERT INTO vault (id, created) VALUES (1, ?1)", [now.unix_seconds()])?;
    Ok(())
}

pub(super) fn write_protection(db: &Connection, protection: &Protection) -> Result<(), StoreError> {
    let (unsealed, seals): (Option<&[u8]>, &[KeptSeal]) = match protection {
        Protection::Unsealed(key) => (Some(key), &[]),
        Protection::Sealed(seals) => (None, seals),
    };
    db.execute("UPDATE vault SET unsealed_key = ?1", [unsealed])?;
    db.execute("DELETE FROM seal", [])?;
    for KeptSeal { kind, label, created, seal } in seals {
        let kind = match kind {
            SealKind::Passphrase => OF_PASSPHRASE,
            SealKind::RecoveryKey => OF_RECOVERY_KEY,
        };
        db.execute(
            "INSERT INTO seal (memory_kib, passes, salt, sealed, checksum, kind, label, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                seal.cost.memory_kib,
                seal.cost.passes,
                seal.salt,
                seal.sealed,
                seal.checksum,
                kind,
                label,
                created.unix_seconds(),
            ],
        )?;
    }
    Ok(())
}

pub(super) fn read_protection(db: &Connection) -> Result<Protection, StoreError> {
    let unsealed: Option<Option<Vec<u8>>> =
        db.query_row("SELECT unsealed_key FROM vault", [], |row| row.get(0)).optional()?;
    match unsealed {
        None => Err(StoreError::Content { what: "the vault's own row" }),
        // Whoever can write the file could put a key of his own beside the seals, and what is made then would be his.
        Some(Some(_)) if db.query_row("SELECT count(*) FROM seal", [], |row| row.get::<_, i64>(0))? > 0 => {
            Err(StoreError::KeyBesideSeals)
        }
        Some(Some(key)) => Ok(Protection::Unsealed(Zeroizing::new(key))),
        Some(None) => {
            // One more than there may be, of both kinds together.
            let mut statement = db.prepare(&format!(
                "SELECT memory_kib, passes, salt, sealed, checksum, kind, label, created FROM seal ORDER BY id LIMIT {}",
                2 * SEALS_MAX + 1
            ))?;
            let seals = statement.query_map([], |row| Ok(kept_seal(row)))?.collect::<Result<Vec<_>, _>>()?;
            let seals = seals.into_iter().collect::<Result<Vec<_>, StoreError>>()?;
            for kind in [SealKind::Passphrase, SealKind::RecoveryKey] {
                if seals.iter().filter(|seal| seal.kind == kind).count() > SEALS_MAX {
                    return Err(StoreError::TooManySeals { kind: kind.name() });
                }
            }
            if seals.is_empty() {
                Err(StoreError::Content { what: "the vault key" })
            } else {
                Ok(Protection::Sealed(seals))
            }
        }
    }
}

fn kept_seal(row: &Row<'_>) -> Result<KeptSeal, StoreError> {
    Ok(KeptSeal {
        kind: match row.get(5)? {
            OF_PASSPHRASE => SealKind::Passphrase,
            OF_RECOVERY_KEY => SealKind::RecoveryKey,
            _ => return Err(StoreError::Content { what: "the kind of a seal" }),
        },
        label: row.get(6)?,
        created: time(row.get(7)?)?,
        seal: PassphraseSeal {
            cost: Cost { memory_kib: row.get(0)?, passes: row.get(1)? },
            salt: row.get(2)?,
            sealed: row.get(3)?,
            checksum: row.get(4)?,
        },
    })
}

pub(super) fn entry(row: &Row<'_>) -> Result<Entry, StoreError> {
    let deleted: Option<i64> = row.get(8)?;
    let scheduled_purge: Option<i64> = row.get(9)?;
    let deleted = match (deleted, scheduled_purge) {
        (Some(deleted), Some(purge)) => {
            Some(Deletion { deleted: time(deleted)?, scheduled_purge: time(purge)? })
        }
        _ => None,
    };
    Ok(Entry {
        id: row.get(0)?,
        name: name(&row.get::<_, String>(1)?)?,
        policy: policy(&row.get::<_, String>(2)?)?,
        policy_created: time(row.get(3)?)?,
        policy_updated: time(row.get(4)?)?,
        shell: Identifier::from_bytes(row.get(5)?),
        tags: tags(&row.get::<_, String>(6)?)?,
        created: time(row.get(7)?)?,
        deleted,
    })
}

pub(super) fn operation(name: &ObjectName, row: &Row<'_>) -> Result<Operation, StoreError> {
    let request_id = Identifier::from_bytes(row.get(0)?);
    let state: i64 = row.get(1)?;
    let csr: Vec<u8> = row.get(2)?;
    let request =
        CertificateRequest::from_stored_der(&csr).map_err(|_| StoreError::Content { what: "a request" })?;
    let sealed_key: Option<Vec<u8>> = row.get(3)?;
    let policy = policy(&row.get::<_, String>(4)?)?;
    let (created, cancellation_requested) = (time(row.get(6)?)?, row.get(7)?);
    let Some(sealed_key) = sealed_key else {
        let issuer = policy.issuer;
        let name = name.clone();
        return Ok(Operation::Completed(Completed {
            name,
            request_id,
            issuer,
            request,
            created,
            cancellation_requested,
        }));
    };
    let pending = Pending {
        name: name.clone(),
        request_id,
        policy,
        tags: tags(&row.get::<_, String>(5)?)?,
        request,
        sealed_key,
        created,
        cancellation_requested,
        enabled: row.get(10)?,
    };
    match state {
        IN_PROGRESS => Ok(Operation::InProgress(pending)),
        CANCELLED => Ok(Operation::Cancelled(pending)),
        FAILED => Ok(Operation::Failed(pending, Failure { code: row.get(8)?, message: row.get(9)? })),
        _ => Err(StoreError::Content { what: "the state of an operation" }),
    }
}

pub(super) fn version(name: &ObjectName, row: &Row<'_>) -> Result<Record, StoreError> {
    let chain: Vec<u8> = row.get(1)?;
    let damaged = StoreError::Content { what: "a certificate" };
    let mut certificates = tlv::split_all(&chain)
        .ok()
        .and_then(|parts| {
            parts.iter().map(|part| Certificate::from_der(part.whole).ok()).collect::<Option<Vec<_>>>()
        })
        .ok_or(damaged)?
        .into_iter();
    let content_type: String = row.get(3)?;
    Ok(Record {
        name: name.clone(),
        version: Identifier::from_bytes(row.get(0)?),
        certificate: certificates.next().ok_or(StoreError::Content { what: "a certificate" })?,
        issuers: certificates.collect(),
        sealed_key: row.get(2)?,
        content_type: ContentType::from_media_type(&content_type)
            .ok_or(StoreError::Content { what: "a content type" })?,
        exportable: row.get(4)?,
        enabled: row.get(5)?,
        tags: tags(&row.get::<_, String>(6)?)?,
        created: time(row.get(7)?)?,
        updated: time(row.get(8)?)?,
        accepted: accepted(&row.get::<_, String>(9)?)?,
    })
}

pub(super) fn issuer(row: &Row<'_>) -> Result<Issuer, StoreError> {
    Ok(Issuer {
        name: name(&row.get::<_, String>(0)?)?,
        provider: row.get(1)?,
        account_id: row.get(2)?,
        organization_id: row.get(3)?,
        enabled: row.get(4)?,
        created: time(row.get(5)?)?,
        updated: time(row.get(6)?)?,
        administrators: administrators(&row.get::<_, String>(7)?)?,
    })
}

pub(super) fn authority(row: &Row<'_>) -> Result<StoredAuthority, StoreError> {
    let damaged = || StoreError::Content { what: "a CA" };
    let chain: Vec<u8> = row.get(1)?;
    let parts = tlv::split_all(&chain).map_err(|_| damaged())?;
    let certificates = parts.iter().map(|part| Certificate::from_der(part.whole).ok());
    let chain = certificates.collect::<Option<Vec<_>>>().filter(|chain| !chain.is_empty());
    let profile: String = row.get(3)?;
    Ok(StoredAuthority {
        name: name(&row.get::<_, String>(0)?)?,
        chain: chain.ok_or_else(damaged)?,
        sealed_key: row.get(2)?,
        profile: Profile::ALL.into_iter().find(|one| one.name() == profile).ok_or_else(damaged)?,
        created: time(row.get(4)?)?,
    })
}

/// An offline CA as it lies in the vault.
#[derive(Debug)]
pub(crate) struct StoredAuthority {
    pub(crate) name: ObjectName,
    /// Its certificate, then those above it.
    pub(crate) chain: Vec<Certificate>,
    pub(crate) sealed_key: Vec<u8>,
    pub(crate) profile: Profile,
    pub(crate) created: UnixTime,
}

pub(super) fn administrators_text(administrators: &[Administrator]) -> Result<String, StoreError> {
    let stored: Vec<_> = administrators.iter().map(StoredAdministrator::of).collect();
    serde_json::to_string(&stored).map_err(|_| StoreError::Content { what: "an administrator" })
}

fn administrators(text: &str) -> Result<Vec<Administrator>, StoreError> {
    let stored: Vec<StoredAdministrator> =
        serde_json::from_str(text).map_err(|_| StoreError::Content { what: "an administrator" })?;
    Ok(stored.into_iter().map(StoredAdministrator::understood).collect())
}

/// An issuer's administrator as it is written into the vault.
#[derive(Serialize, Deserialize)]
struct StoredAdministrator {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

impl StoredAdministrator {
    fn of(administrator: &Administrator) -> Self {
        let Administrator { first_name, last_name, email, phone } = administrator.clone();
        Self { first_name, last_name, email, phone }
    }

    fn understood(self) -> Administrator {
        let Self { first_name, last_name, email, phone } = self;
        Administrator { first_name, last_name, email, phone }
    }
}

pub(super) fn policy_text(policy: &Policy) -> String {
    serde_json::Value::from(policy.to_document()).to_string()
}

pub(super) fn tags_text(tags: &Tags) -> String {
    let map: serde_json::Map<_, _> =
        tags.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    serde_json::Value::Object(map).to_string()
}

pub(super) fn accepted_text(faults: &[AcceptedFault]) -> Result<String, StoreError> {
    let faults: Vec<StoredFault> = faults.iter().map(StoredFault::of).collect();
    serde_json::to_string(&faults).map_err(|_| StoreError::Content { what: "an accepted fault" })
}

fn accepted(text: &str) -> Result<Vec<AcceptedFault>, StoreError> {
    let damaged = || StoreError::Content { what: "an accepted fault" };
    let faults: Vec<StoredFault> = serde_json::from_str(text).map_err(|_| damaged())?;
    faults.iter().map(|fault| fault.understood().ok_or_else(damaged)).collect()
}

/// An accepted fault as it is written into the vault, and into a backup.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredFault {
    rule: String,
    /// SHA-256, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    message: String,
    by: String,
}

impl StoredFault {
    pub(crate) fn of(fault: &AcceptedFault) -> Self {
        let AcceptedFault { rule, certificate, message, by } = fault.clone();
        Self { rule, certificate: certificate.map(|certificate| certificate.hex()), message, by }
    }

    /// None where the fingerprint is none.
    pub(crate) fn understood(&self) -> Option<AcceptedFault> {
        let Self { rule, certificate, message, by } = self;
        let certificate = match certificate {
            Some(hex) => Some(Fingerprint::from_hex(hex)?),
            None => None,
        };
        Some(AcceptedFault { rule: rule.clone(), certificate, message: message.clone(), by: by.clone() })
    }
}

fn policy(text: &str) -> Result<Policy, StoreError> {
    let (document, _) =
        Document::from_json(text.as_bytes()).map_err(|_| StoreError::Content { what: "a policy" })?;
    Policy::understand(&document).map_err(|_| StoreError::Content { what: "a policy" })
}

fn tags(text: &str) -> Result<Tags, StoreError> {
    let pairs: std::collections::BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|_| StoreError::Content { what: "the tags" })?;
    Tags::new(pairs).map_err(|_| StoreError::Content { what: "the tags" })
}

fn name(text: &str) -> Result<ObjectName, StoreError> {
    ObjectName::new(text).map_err(|_| StoreError::Content { what: "a name" })
}

fn time(seconds: i64) -> Result<UnixTime, StoreError> {
    UnixTime::from_unix_seconds(seconds).map_err(|_| StoreError::Content { what: "a time" })
}
