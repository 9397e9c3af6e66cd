//! Vaults to measure in: sealed ones, empty or filled with copies of one real certificate.

use std::path::{Path, PathBuf};

use coldcert::csr::CertificateRequest;
use coldcert::policy::{KeyKind, ObjectName, Tags};
use coldcert::seal::{Passphrase, VaultKey};
use coldcert::time::UnixTime;
use coldcert::vault::{NewCertificate, Vault};
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::sign::{TrainingAuthority, policy};

/// How many certificates the large vault holds.
pub const LARGE: u32 = 100_000;

/// The passphrase of every vault here.
pub const PASSPHRASE: &str = "only for the benchmark";

/// A folder of vaults on the disk that the build is on, gone when this goes.
pub struct Vaults {
    folder: tempfile::TempDir,
    pub ca: TrainingAuthority,
    pub now: UnixTime,
}

impl Vaults {
    pub fn new() -> Self {
        let folder =
            tempfile::Builder::new().prefix("vaults-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let now = UnixTime::now();
        Self { folder, ca: TrainingAuthority::new(now), now }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A sealed vault with so many merged certificates, named by [`filled_name`].
    pub fn filled(&self, file: &str, certificates: u32) -> (Vault, VaultKey, PathBuf) {
        let path = self.folder.path().join(file);
        let mut vault = Vault::init(&path, Some(&passphrase()), self.now).unwrap();
        let key = vault.unseal(Some(&passphrase())).unwrap();
        if certificates > 0 {
            let name = filled_name(1);
            let request = begin(&mut vault, &key, &name, KeyKind::P256, self.now);
            vault.merge(&key, &name, &self.ca.answer(&request), self.now).unwrap();
            drop(vault);
            fill(&path, certificates);
            vault = Vault::open(&path).unwrap();
        }
        (vault, key, path)
    }
}

/// Creates a certificate that waits, and returns its request.
pub fn begin(
    vault: &mut Vault,
    key: &VaultKey,
    name: &ObjectName,
    kind: KeyKind,
    now: UnixTime,
) -> CertificateRequest {
    let policy = policy(kind, false, "Unknown");
    let new = NewCertificate { name: name.clone(), policy, tags: Tags::default(), enabled: None };
    vault.create(key, new, now).unwrap().operation.request().clone()
}

/// The name of the nth certificate of a filled vault, from 1.
pub fn filled_name(number: u32) -> ObjectName {
    ObjectName::new(&format!("filled-{number:06}")).unwrap()
}

pub fn passphrase() -> Passphrase {
    Passphrase::new(Zeroizing::new(PASSPHRASE.to_owned())).unwrap()
}

/// Copies the one certificate of a vault, each with ids and a public key of its own, until there are so many.
/// The copies' sealed keys open nowhere: they are there for their weight.
fn fill(path: &Path, certificates: u32) {
    let db = Connection::open(path).unwrap();
    db.execute_batch(
        "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -200000; BEGIN;",
    )
    .unwrap();
    let numbers = format!(
        "WITH RECURSIVE number (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < {certificates})"
    );
    if certificates > 1 {
        db.execute_batch(&format!(
            "{numbers} INSERT INTO certificate
                 SELECT id + n, printf('filled-%06d', n), policy, policy_created, policy_updated, randomblob(16), tags,
                        created, deleted, scheduled_purge
                 FROM number, (SELECT * FROM certificate LIMIT 1);
             {numbers} INSERT INTO version
                 SELECT id + n, certificate + n, randomblob(16), chain, randomblob(32), sealed_key, content_type,
                        exportable, enabled, tags, created, updated, accepted
                 FROM number, (SELECT * FROM version LIMIT 1);
             {numbers} INSERT INTO operation
                 SELECT certificate + n, randomblob(16), state, csr, randomblob(32), sealed_key, policy, tags, created,
                        cancellation_requested, failure_code, failure_message, enabled
                 FROM number, (SELECT * FROM operation LIMIT 1);"
        ))
        .unwrap();
    }
    db.execute_batch("COMMIT").unwrap();
    let found: u32 = db.query_row("SELECT count(*) FROM version", [], |row| row.get(0)).unwrap();
    assert_eq!(found, certificates);
}
