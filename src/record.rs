//! What a merge makes: a version of a certificate, with its chain, its key and its attributes.
//!
//! A record of a pending operation exists only through [`Record::merge`], which consumes the operation and
//! the proof that the chain was judged.

use std::fmt;

use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::key::{KeyError, PrivateKey, SecretDer, Signer};
use crate::pending::{Pending, PendingError};
use crate::policy::{ContentType, ObjectName, Policy, Tags};
use crate::seal::{Place, Purpose, SealError, Statement, VaultKey};
use crate::time::UnixTime;
use crate::verdict::{Accepted, Finding, Verdict};

/// A version: certificate, key and secret under one id (reference 2.1).
#[derive(Debug)]
pub struct Record {
    /// The certificate's name.
    pub name: ObjectName,
    /// The version's id, the same for certificate, key and secret.
    pub version: Identifier,
    /// The certificate that holds the key: `cer`.
    pub certificate: Certificate,
    /// The certificates above it, each signing the one before.
    pub issuers: Vec<Certificate>,
    /// The form of the secret.
    pub content_type: ContentType,
    /// Whether the private key may leave in the secret.
    pub exportable: bool,
    /// `attributes.enabled`.
    pub enabled: bool,
    /// `tags`.
    pub tags: Tags,
    /// `attributes.created`: when it was merged or imported.
    pub created: UnixTime,
    /// `attributes.updated`.
    pub updated: UnixTime,
    /// What would have refused the merge, had nobody accepted it.
    pub accepted: Vec<AcceptedFault>,
    /// The private key, sealed to this version.
    pub sealed_key: Vec<u8>,
}

/// A fault of the answer that somebody accepted when it was merged, which was at [`Record::created`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedFault {
    /// The rule's name.
    pub rule: String,
    /// SHA-256 over the certificate that it is about.
    pub certificate: Option<Fingerprint>,
    /// What was found, with both sides of it.
    pub message: String,
    /// Who accepted it, as the system calls them.
    pub by: String,
}

/// `expired: ended at …; accepted by alice`
impl fmt::Display for AcceptedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; accepted by {}", self.rule, self.message, self.by)
    }
}

impl Record {
    /// Ends an operation with the CA's answer. A refusal hands the operation back with the verdict.
    pub fn merge(
        pending: Pending,
        verdict: Verdict,
        vault_key: &VaultKey,
        now: UnixTime,
    ) -> Result<Self, MergeError> {
        let accepted = match verdict.accept() {
            Ok(accepted) => accepted,
            Err(verdict) => return Err(MergeError::Refused(Box::new(Refused { pending, verdict }))),
        };
        // The key is opened and compared before the operation ends: an answer for a key that cannot be
        // used any more must not look merged.
        let key = pending.open_key(vault_key)?;
        let Pending { name, policy, tags, enabled, .. } = pending;
        let record = Self::import(name, &policy, tags, &key, accepted, vault_key, now)?;
        Ok(Self { enabled, ..record })
    }

    /// Takes over a key and its certificate that were made elsewhere.
    pub fn import(
        name: ObjectName,
        policy: &Policy,
        tags: Tags,
        key: &PrivateKey,
        accepted: Accepted,
        vault_key: &VaultKey,
        now: UnixTime,
    ) -> Result<Self, MergeError> {
        if key.public_key() != accepted.leaf().public_key() {
            return Err(MergeError::AnotherKey);
        }
        let faults = accepted.findings().iter().filter(|finding| finding.accepted);
        let faults = faults.map(|finding| AcceptedFault::of(finding, accepted.accepted_by())).collect();
        let (certificate, issuers) = accepted.into_chain();
        let mut record = Self {
            name,
            version: Identifier::random().ok_or(SealError::Random)?,
            certificate,
            issuers,
            content_type: policy.content_type,
            exportable: policy.key.exportable,
            enabled: policy.enabled,
            tags,
            created: now,
            updated: now,
            accepted: faults,
            sealed_key: Vec::new(),
        };
        record.reseal(key, vault_key)?;
        Ok(record)
    }

    /// Opens the private key.
    pub fn open_key(&self, vault_key: &VaultKey) -> Result<PrivateKey, MergeError> {
        let version = self.version.to_string();
        let place = place(&self.name, &version, &self.certificate);
        let der = vault_key.open_with(&place, self.statement(), &self.sealed_key)?;
        Ok(PrivateKey::from_pkcs8(&SecretDer::new(der))?)
    }

    /// Seals the private key to this version.
    pub(crate) fn reseal(&mut self, key: &PrivateKey, vault_key: &VaultKey) -> Result<(), MergeError> {
        let version = self.version.to_string();
        let place = place(&self.name, &version, &self.certificate);
        let statement = self.statement();
        self.sealed_key = vault_key.seal_with(&place, statement, key.to_pkcs8()?.secret_der())?;
        Ok(())
    }

    /// What may not change of a version: its chain, whether and how its key may leave, what was accepted. Enabled, tags
    /// and the time of their change may.
    fn statement(&self) -> Fingerprint {
        let mut said = Statement::of("version");
        said.add(&self.created.unix_seconds().to_be_bytes());
        said.add(self.content_type.media_type().as_bytes());
        said.add(&[u8::from(self.exportable)]);
        for certificate in self.chain() {
            said.add(certificate.as_der());
        }
        for fault in &self.accepted {
            said.add(b"accepted");
            said.add(fault.rule.as_bytes());
            said.add(fault.certificate.as_ref().map_or(&[], |certificate| certificate.as_bytes()));
            said.add(fault.message.as_bytes());
            said.add(fault.by.as_bytes());
        }
        said.digest()
    }

    /// Leaf and issuers, as one slice of references.
    pub fn chain(&self) -> Vec<&Certificate> {
        std::iter::once(&self.certificate).chain(&self.issuers).collect()
    }
}

impl AcceptedFault {
    fn of(finding: &Finding, by: &str) -> Self {
        Self {
            rule: finding.rule.name.to_owned(),
            certificate: finding.about.as_ref().map(|about| about.fingerprint),
            message: match &finding.about {
                Some(about) => format!("{}: {}", about.subject, finding.message),
                None => finding.message.clone(),
            },
            by: by.to_owned(),
        }
    }
}

fn place<'a>(name: &'a ObjectName, version: &'a str, certificate: &Certificate) -> Place<'a> {
    Place {
        purpose: Purpose::VersionKey,
        name: name.as_str(),
        version,
        public_key: certificate.public_key().fingerprint(),
    }
}

/// A refused merge: the operation as it was, and why.
#[derive(Debug)]
pub struct Refused {
    /// The operation, unchanged.
    pub pending: Pending,
    /// Everything that was found.
    pub verdict: Verdict,
}

/// Why no record was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// The answer was judged and refused.
    #[error("the answer was refused")]
    Refused(Box<Refused>),
    /// The chain that was judged is for another key.
    #[error("the chain that was judged is not for the key that is held")]
    AnotherKey,
    /// The operation's key.
    #[error(transparent)]
    Pending(#[from] PendingError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The seal.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl MergeError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Refused(refused) => {
                refused.verdict.findings().first().map(|finding| finding.help.clone()).unwrap_or_default()
            }
            Self::AnotherKey => "judge the chain against this operation's key".to_owned(),
            Self::Pending(error) => error.help(),
            Self::Key(error) => error.help(),
            Self::Seal(error) => error.help(),
        }
    }
}
