//! Importing a key and certificate that were made elsewhere.

use serde_json::json;

use super::begin::free_for_create;
use super::events::{merged, with_rules};
use super::{Vault, VaultError, events, judged_alone};
use crate::certificate::Certificate;
use crate::identifier::Identifier;
use crate::key::Signer;
use crate::ledger::{Act, Event};
use crate::policy::{Document, ObjectName, Policy, Tags, VALIDITY_MONTHS_MAX};
use crate::record::Record;
use crate::seal::{SealError, VaultKey};
use crate::secret::Brought;
use crate::store::{self, About, Entry};
use crate::time::UnixTime;
use crate::verdict::{Finding, Profile};

/// What `import` takes over.
#[derive(Debug)]
pub struct NewImport<'a> {
    /// Its name.
    pub name: &'a ObjectName,
    /// Key and certificates.
    pub brought: &'a Brought,
    /// Members of a policy that go over what is read off the certificate.
    pub policy: Document,
    /// Tags of the version.
    pub tags: Tags,
    /// Whether the version is enabled; as the policy says where none is given.
    pub enabled: Option<bool>,
    /// By which rules it is judged. Key Vault refuses what is expired (reference 2.6), and every other profile too.
    pub profile: Profile,
}

impl Vault {
    /// Takes over a key with its certificate as a new version. The policy is read off the certificate
    /// (reference 2.7). Refused while an operation of that name is in progress.
    pub fn import(
        &mut self,
        vault_key: &VaultKey,
        new: NewImport<'_>,
        now: UnixTime,
    ) -> Result<(Record, Vec<Finding>), VaultError> {
        let NewImport { name, brought, policy: document, tags, enabled, profile } = new;
        let known = free_for_create(self.store.connection(), name)?;
        let name = known.as_ref().map_or(name, |entry| &entry.name);
        let refuse = Event::on(Act::Refuse, name)
            .key(brought.key.public_key().fingerprint())
            .with("of", "import")
            .with("profile", profile.name());
        let refuse = match brought.bundle.certificates.first() {
            Some(first) => refuse.with("certificate", first.certificate.fingerprint().hex()),
            None => refuse,
        };
        let judged = judged_alone(name, brought.key.public_key(), &brought.bundle, profile, now);
        let accepted = match judged {
            Ok(accepted) => accepted,
            Err(verdict) => {
                let refusal = VaultError::import_refused(name, &verdict);
                self.record_alone(Some(vault_key), with_rules(refuse, verdict.findings()), now)?;
                return Err(refusal);
            }
        };
        let findings = accepted.findings().to_vec();
        if accepted.leaf().not_after() < now {
            self.record_alone(Some(vault_key), refuse.with("refused_by", vec!["expired"]), now)?;
            return Err(VaultError::ImportExpired {
                name: name.to_string(),
                ended: accepted.leaf().not_after().to_string(),
            });
        }
        let mut whole = document_of(accepted.leaf(), brought)?;
        whole.replace_with(document);
        let policy = Policy::understand(&whole)?;
        if policy.key.kind != brought.key.kind() {
            return Err(VaultError::ImportRefused {
                name: name.to_string(),
                reason: format!(
                    "the policy asks for {} and the key is {}",
                    policy.key.kind,
                    brought.key.kind()
                ),
                help: "leave key_props out of the policy: they are read off the key".to_owned(),
            });
        }
        let mut record =
            Record::import(name.clone(), &policy, tags.clone(), &brought.key, accepted, vault_key, now)?;
        record.enabled = enabled.unwrap_or(record.enabled);

        let transaction = self.store.begin(About::Name(name.as_str()))?;
        let before = free_for_create(&transaction, name)?;
        let entry = Entry {
            id: 0,
            name: before.map_or_else(|| name.clone(), |entry| entry.name),
            policy,
            policy_created: now,
            policy_updated: now,
            shell: Identifier::random().ok_or(SealError::Random)?,
            tags,
            created: now,
            deleted: None,
        };
        let id = store::put_entry(&transaction, &entry)?;
        // An operation that ended before has nothing to do with this version.
        store::remove_operation(&transaction, id)?;
        store::put_version(&transaction, id, &record)?;
        let event = Event { act: Act::Import, ..merged(&record, None) };
        events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        Ok((record, findings))
    }
}

/// The policy that a certificate implies, as the service reads it off (reference 2.7).
fn document_of(leaf: &Certificate, brought: &Brought) -> Result<Document, VaultError> {
    let mut document = Document::default();
    let kind = brought.key.kind();
    document.set("key_props.kty", kind.key_type().into());
    document.set("key_props.key_size", kind.key_size().into());
    if let Some(curve) = kind.curve() {
        document.set("key_props.crv", curve.into());
    }
    document.set("secret_props.contentType", brought.content_type.media_type().into());
    if !leaf.subject().is_empty() {
        document.set("x509_props.subject", leaf.subject().to_key_vault_text().into());
    }
    let names = leaf.alternative_names();
    if !names.is_empty() {
        let sans = crate::policy::alternative_names_document(&names);
        document.set("x509_props.sans", sans);
    }
    let purposes: Vec<String> = leaf.extended_key_usages().iter().map(ToString::to_string).collect();
    document.set("x509_props.ekus", purposes.into());
    let usages: Vec<&str> = leaf.key_usages().into_iter().map(crate::policy::KeyUsage::name).collect();
    document.set("x509_props.key_usage", usages.into());
    document.set("x509_props.validity_months", validity_months(leaf)?.into());
    document.set("x509_props.basic_constraints", json!({"ca": leaf.is_authority()}));
    document.set("issuer.name", "Unknown".into());
    Ok(document)
}

/// The months of a certificate's validity, rounded up (reference 2.7), at most what a policy can say.
fn validity_months(leaf: &Certificate) -> Result<u32, VaultError> {
    let mut months = 1;
    while months < VALIDITY_MONTHS_MAX && leaf.not_before().plus_months(months)? < leaf.not_after() {
        months += 1;
    }
    Ok(months)
}
