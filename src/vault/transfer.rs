//! Backup of one certificate, and its restoration in this vault or another.
//!
//! A backup is a JSON document. What is secret in it is sealed under the vault key of the vault that it comes
//! from, and carries that vault's seals along: the same vault opens it at once, another one with the
//! passphrase that sealed the first. It holds versions, not a pending operation (reference 1.2, restore).

use std::io;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use super::opening::open_any;
use super::{Vault, VaultError, events};
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::json;
use crate::key::{PrivateKey, SecretDer, Signer};
use crate::ledger::{Act, Event};
use crate::policy::{ContentType, Document, ObjectName, Policy, Tags};
use crate::record::Record;
use crate::seal::{
    BACKUP_COST_MAX, Cost, Passphrase, PassphraseSeal, Place, Purpose, SEALS_MAX, SealError, SealKind,
    VaultKey,
};
use crate::store::{self, About, Entry, Protection, StoredFault};
use crate::time::UnixTime;

/// How a backup opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Under this vault's own key, which is sealed.
    ThisVault,
    /// Under another vault's key, by the passphrase that sealed it.
    Passphrase,
    /// It is not sealed: it comes from a vault without a passphrase.
    NotSealed,
}

impl Vault {
    /// Writes every version of a certificate, with its keys, as a backup.
    pub fn backup(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        now: UnixTime,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let entry = self.living(name)?;
        let records = store::versions(self.store.connection(), &entry)?;
        if records.is_empty() {
            return Err(VaultError::NoVersion { name: entry.name.to_string() });
        }
        let mut versions = Vec::new();
        // Oldest first, so that they are restored in the order in which they were made.
        for record in records.iter().rev() {
            versions.push(StoredVersion::of(record, vault_key)?);
        }
        let content = Content {
            policy: entry.policy.to_document().into(),
            policy_created: entry.policy_created.unix_seconds(),
            policy_updated: entry.policy_updated.unix_seconds(),
            created: entry.created.unix_seconds(),
            versions,
        };
        let content = secret_json(&content).map_err(not_a_backup)?;
        let (seals, unsealed_key) = match store::protection(self.store.connection())? {
            Protection::Sealed(seals) => {
                // A recovery key is for the vault alone.
                let passphrases = seals.iter().filter(|kept| kept.kind == SealKind::Passphrase);
                (passphrases.map(|kept| StoredSeal::of(&kept.seal)).collect(), None)
            }
            Protection::Unsealed(key) => (Vec::new(), Some(BASE64_STANDARD.encode(&key))),
        };
        let file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            name: entry.name.to_string(),
            key_check: BASE64_STANDARD.encode(vault_key.seal(&place(KEY_CHECK), &[])?),
            seals,
            unsealed_key,
            sealed: BASE64_STANDARD.encode(vault_key.seal(&place(entry.name.as_str()), &content)?),
        };
        let mut bytes = Zeroizing::new(serde_json::to_vec_pretty(&file).map_err(not_a_backup)?);
        bytes.push(b'\n');
        let event = events::with_keys(Event::on(Act::Backup, &entry.name), &records, None);
        self.record_alone(Some(vault_key), event, now)?;
        Ok(bytes)
    }

    /// How a backup would open in this vault; tells whether its passphrase has to be asked for.
    pub fn backup_opening(&self, vault_key: &VaultKey, backup: &[u8]) -> Result<Opening, VaultError> {
        let file = File::read(backup)?;
        let check = BASE64_STANDARD.decode(&file.key_check).map_err(not_a_backup)?;
        // A key that lies open, in the backup or in this vault, seals nothing: whoever has read it can make another backup.
        Ok(if file.unsealed_key.is_some() {
            Opening::NotSealed
        } else if vault_key.open(&place(KEY_CHECK), &check).is_err() {
            Opening::Passphrase
        } else if self.is_sealed()? {
            Opening::ThisVault
        } else {
            Opening::NotSealed
        })
    }

    /// Brings a backup back under its name, with its versions' ids; refuses where the name exists, and where a passphrase is
    /// given for a backup that is not sealed.
    pub fn restore(
        &mut self,
        vault_key: &VaultKey,
        backup: &[u8],
        passphrase: Option<&Passphrase>,
        now: UnixTime,
    ) -> Result<ObjectName, VaultError> {
        let file = File::read(backup)?;
        let opening = self.backup_opening(vault_key, backup)?;
        let source = match opening {
            Opening::NotSealed if passphrase.is_some() => return Err(VaultError::BackupNotSealed),
            Opening::NotSealed => file.key_in_the_open()?,
            Opening::ThisVault => None,
            Opening::Passphrase => {
                let passphrase = passphrase.ok_or(VaultError::PassphraseNeeded)?;
                let mut seals = Vec::new();
                for seal in &file.seals {
                    let seal = seal.seal()?;
                    if seals.contains(&seal) {
                        continue;
                    }
                    if seals.len() == SEALS_MAX {
                        let reason = format!("it has more than the {SEALS_MAX} seals that are tried");
                        return Err(VaultError::NotABackup { reason });
                    }
                    seals.push(seal);
                }
                let asked: u64 = seals.iter().map(|seal| seal.cost.kib_passes()).sum();
                if asked > BACKUP_COST_MAX {
                    let reason = format!(
                        "its seals ask for {asked} KiB times passes of Argon2id, and at most {BACKUP_COST_MAX} are done"
                    );
                    return Err(VaultError::NotABackup { reason });
                }
                Some(open_any(&seals, passphrase).map_err(|error| match error {
                    VaultError::Seal(SealError::WrongPassphrase) => VaultError::WrongBackupPassphrase,
                    error => error,
                })?)
            }
        };
        let name = ObjectName::new(&file.name)?;
        let sealed = BASE64_STANDARD.decode(&file.sealed).map_err(not_a_backup)?;
        let content = source.as_ref().unwrap_or(vault_key).open(&place(name.as_str()), &sealed)?;
        json::within_limits(&content).map_err(not_a_backup)?;
        let content: Content = serde_json::from_slice(&content).map_err(|error| not_the_shape(&error))?;
        let (document, _) = Document::from_value(content.policy.clone())?;
        let entry = Entry {
            id: 0,
            name: name.clone(),
            policy: Policy::understand(&document)?,
            policy_created: UnixTime::from_unix_seconds(content.policy_created)?,
            policy_updated: UnixTime::from_unix_seconds(content.policy_updated)?,
            shell: Identifier::random().ok_or(SealError::Random)?,
            tags: Tags::default(),
            created: UnixTime::from_unix_seconds(content.created)?,
            deleted: None,
        };
        let records: Vec<Record> = content
            .versions
            .iter()
            .map(|version| version.record(&name, vault_key))
            .collect::<Result<_, VaultError>>()?;

        let transaction = self.store.begin(About::Name(name.as_str()))?;
        if let Some(found) = store::entry(&transaction, &name)? {
            let deleted = found.deleted.is_some();
            let newest = records.last().map_or_else(String::new, |record| record.version.to_string());
            return Err(VaultError::RestoreConflict {
                name: found.name.to_string(),
                version: newest,
                deleted,
            });
        }
        let id = store::put_entry(&transaction, &entry)?;
        for record in &records {
            store::put_version(&transaction, id, record)?;
        }
        let event = events::with_keys(Event::on(Act::Restore, &name), &records, None)
            .with("backup_sealed", opening != Opening::NotSealed);
        events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        Ok(name)
    }
}

/// The file. Everything but `sealed` (and `unsealed_key`, of a vault without a passphrase) may be seen.
#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u32,
    name: String,
    /// Nothing, sealed under the vault key: tells the vault that it comes from.
    key_check: String,
    seals: Vec<StoredSeal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unsealed_key: Option<String>,
    sealed: String,
}

impl File {
    fn read(bytes: &[u8]) -> Result<Self, VaultError> {
        json::within_limits(bytes).map_err(not_a_backup)?;
        let file: Self = serde_json::from_slice(bytes).map_err(|error| not_the_shape(&error))?;
        if file.format != FORMAT || file.version != VERSION {
            let reason = format!("its format or version is another than {FORMAT} {VERSION}");
            return Err(VaultError::NotABackup { reason });
        }
        Ok(file)
    }

    /// The key of a vault without a passphrase; none where it is that of the vault that reads it.
    fn key_in_the_open(&self) -> Result<Option<VaultKey>, VaultError> {
        let Some(key) = &self.unsealed_key else { return Ok(None) };
        let key = Zeroizing::new(BASE64_STANDARD.decode(key).map_err(not_a_backup)?);
        Ok(Some(VaultKey::from_secret_bytes(&key)?))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.unsealed_key.zeroize();
    }
}

#[derive(Serialize, Deserialize)]
struct StoredSeal {
    memory_kib: u32,
    passes: u32,
    salt: String,
    sealed: String,
    checksum: String,
}

impl StoredSeal {
    fn of(seal: &PassphraseSeal) -> Self {
        Self {
            memory_kib: seal.cost.memory_kib,
            passes: seal.cost.passes,
            salt: BASE64_STANDARD.encode(seal.salt),
            sealed: BASE64_STANDARD.encode(&seal.sealed),
            checksum: BASE64_STANDARD.encode(seal.checksum),
        }
    }

    fn seal(&self) -> Result<PassphraseSeal, VaultError> {
        Ok(PassphraseSeal {
            cost: Cost { memory_kib: self.memory_kib, passes: self.passes },
            salt: array(&self.salt)?,
            sealed: BASE64_STANDARD.decode(&self.sealed).map_err(not_a_backup)?,
            checksum: array(&self.checksum)?,
        })
    }
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    policy: Value,
    policy_created: i64,
    policy_updated: i64,
    created: i64,
    versions: Vec<StoredVersion>,
}

#[derive(Serialize, Deserialize)]
struct StoredVersion {
    version: String,
    chain: Vec<String>,
    private_key: String,
    content_type: String,
    exportable: bool,
    enabled: bool,
    tags: std::collections::BTreeMap<String, String>,
    created: i64,
    updated: i64,
    /// Absent in backups of versions of which nothing had to be accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accepted: Vec<StoredFault>,
}

impl StoredVersion {
    fn of(record: &Record, vault_key: &VaultKey) -> Result<Self, VaultError> {
        let key = record.open_key(vault_key)?.to_pkcs8()?;
        Ok(Self {
            version: record.version.to_string(),
            chain: record.chain().iter().map(|one| BASE64_STANDARD.encode(one.as_der())).collect(),
            private_key: BASE64_STANDARD.encode(key.secret_der()),
            content_type: record.content_type.media_type().to_owned(),
            exportable: record.exportable,
            enabled: record.enabled,
            tags: record.tags.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            created: record.created.unix_seconds(),
            updated: record.updated.unix_seconds(),
            accepted: record.accepted.iter().map(StoredFault::of).collect(),
        })
    }

    fn record(&self, name: &ObjectName, vault_key: &VaultKey) -> Result<Record, VaultError> {
        let damaged = |reason: &str| VaultError::NotABackup { reason: reason.to_owned() };
        let mut chain = Vec::new();
        for certificate in &self.chain {
            let der = BASE64_STANDARD.decode(certificate).map_err(not_a_backup)?;
            chain.push(Certificate::from_der(&der).map_err(not_a_backup)?);
        }
        let mut chain = chain.into_iter();
        let certificate = chain.next().ok_or_else(|| damaged("a version without a certificate"))?;
        let key = Zeroizing::new(BASE64_STANDARD.decode(&self.private_key).map_err(not_a_backup)?);
        let key = PrivateKey::from_pkcs8(&SecretDer::new(key))?;
        if key.public_key() != certificate.public_key() {
            return Err(damaged("a version whose key is not that of its certificate"));
        }
        let version =
            Identifier::from_hex(&self.version).ok_or_else(|| damaged("a version without an id"))?;
        let accepted = self.accepted.iter().map(StoredFault::understood).collect::<Option<Vec<_>>>();
        let mut record = Record {
            name: name.clone(),
            version,
            certificate,
            issuers: chain.collect(),
            content_type: ContentType::from_media_type(&self.content_type)
                .ok_or_else(|| damaged("a version without a content type"))?,
            exportable: self.exportable,
            enabled: self.enabled,
            tags: Tags::new(self.tags.clone())?,
            created: UnixTime::from_unix_seconds(self.created)?,
            updated: UnixTime::from_unix_seconds(self.updated)?,
            accepted: accepted.ok_or_else(|| damaged("an accepted fault without a fingerprint"))?,
            sealed_key: Vec::new(),
        };
        record.reseal(&key, vault_key)?;
        Ok(record)
    }
}

impl Drop for StoredVersion {
    fn drop(&mut self) {
        self.private_key.zeroize();
    }
}

/// JSON that holds a secret, in a buffer that never grows: one that does leaves its contents behind in what it had before.
fn secret_json(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, value)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *bytes, value)?;
    Ok(bytes)
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn place(name: &str) -> Place<'_> {
    Place { purpose: Purpose::Backup, name, version: "", public_key: Fingerprint::of(name.as_bytes()) }
}

fn array<const N: usize>(text: &str) -> Result<[u8; N], VaultError> {
    let bytes = BASE64_STANDARD.decode(text).map_err(not_a_backup)?;
    bytes.try_into().map_err(|_| VaultError::NotABackup { reason: "a seal of another length".to_owned() })
}

fn not_a_backup(error: impl std::fmt::Display) -> VaultError {
    VaultError::NotABackup { reason: error.to_string() }
}

/// What serde_json says without the text that it quotes: that is somebody else's, as long as he likes, and may be a key.
fn not_the_shape(error: &serde_json::Error) -> VaultError {
    let words = error.to_string();
    let reason = match (words.find('"'), words.rfind('"')) {
        (Some(from), Some(to)) => format!("{}{}", words[..from].trim_end(), &words[to + 1..]),
        _ => words,
    };
    VaultError::NotABackup { reason }
}

const FORMAT: &str = "coldcert-backup";
const VERSION: u32 = 1;
/// No certificate has a name like this.
const KEY_CHECK: &str = "*";

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer that has grown is larger than what is in it, or has moved.
    #[test]
    fn the_buffer_of_a_secret_has_its_size_from_the_beginning() {
        for count in [0, 1, 7, 1_000] {
            let value: Vec<String> = vec!["key \u{e9}\n".repeat(count); 3];
            let json = secret_json(&value).unwrap();
            assert_eq!(json.capacity(), json.len());
            assert_eq!(*json, serde_json::to_vec(&value).unwrap());
        }
    }
}
