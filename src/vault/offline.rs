//! The offline CA: an issuer whose key lies in this vault, and which signs what its operator approves.

use super::merge::Merged;
use super::{Vault, VaultError, events};
use crate::authority::{Authority, BACKDATING_SECONDS, Validity};
use crate::bundle::{Bundle, Given, Origin};
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::issuer::Issuer;
use crate::key::{PrivateKey, SecretDer, Signer};
use crate::ledger::{Act, Event};
use crate::policy::ObjectName;
use crate::seal::{Place, Purpose, Statement, VaultKey};
use crate::store::{self, About, StoredAuthority};
use crate::time::UnixTime;
use crate::verdict::{Profile, Terms};

/// An offline CA, without its key.
#[derive(Debug)]
pub struct OfflineAuthority {
    /// The issuer that it signs for.
    pub name: ObjectName,
    /// Its certificate, then those above it, as far as they were brought.
    pub chain: Vec<Certificate>,
    /// By which profile it signs.
    pub profile: Profile,
    /// When it came into the vault.
    pub created: UnixTime,
}

impl Vault {
    /// Takes a CA into the vault, and makes it the issuer of its name, with the provider [`OFFLINE_CA`]. What is above it
    /// goes along, so that whoever gets a certificate gets its chain.
    pub fn put_authority(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        authority: &Authority,
        above: &[Certificate],
        profile: Profile,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let certificate = authority.certificate();
        let chain: Vec<Certificate> = std::iter::once(certificate).chain(above).cloned().collect();
        let said = statement(&chain, profile);
        let secret_key = authority.key().to_pkcs8()?;
        let sealed_key = vault_key.seal_with(&place(name, certificate), said, secret_key.secret_der())?;
        let stored = StoredAuthority { name: name.clone(), chain, sealed_key, profile, created: now };
        let transaction = self.store.begin(About::Name(name.as_str()))?;
        if !store::put_authority(&transaction, &stored)? {
            return Err(VaultError::AuthorityExists { name: name.to_string() });
        }
        let issuer = Issuer {
            name: name.clone(),
            provider: OFFLINE_CA.to_owned(),
            account_id: None,
            organization_id: None,
            administrators: Vec::new(),
            enabled: true,
            created: now,
            updated: now,
        };
        store::put_issuer(&transaction, &issuer)?;
        let event = Event::on(Act::Authority, name)
            .key(certificate.public_key().fingerprint())
            .with("certificate", certificate.fingerprint().hex());
        events::commit(transaction, &self.by, Some(vault_key), [event], now)
    }

    /// The CA of a name.
    pub fn authority(&self, name: &ObjectName) -> Result<OfflineAuthority, VaultError> {
        Ok(self.stored_authority(name)?.into())
    }

    /// Every CA, by name.
    pub fn authorities(&self) -> Result<Vec<OfflineAuthority>, VaultError> {
        Ok(store::authorities(self.store.connection(), None)?.into_iter().map(Into::into).collect())
    }

    /// Signs the request that waits for a CA of this vault, and completes its operation. It is valid for the policy's
    /// months, or for so many days, and no longer than its CA.
    pub fn sign_at_desk(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        days: Option<u32>,
        now: UnixTime,
    ) -> Result<Merged, VaultError> {
        let pending = self.at_desk_by_name(name)?;
        if pending.cancellation_requested {
            return Err(VaultError::CancellationRequested { name: pending.name.to_string() });
        }
        let issuer = ObjectName::new(&pending.policy.issuer.name)?;
        let stored = self.stored_authority(&issuer)?;
        let own = &stored.chain[0];
        let not_before = now.plus_seconds(-BACKDATING_SECONDS).max(own.not_before());
        let not_after = match days {
            Some(days) => now.plus_seconds(i64::from(days) * 86_400),
            None => now.plus_months(pending.policy.validity_months)?,
        };
        let validity = Validity { not_before, not_after: not_after.min(own.not_after()) };
        let key = opened_key(vault_key, &stored)?;
        let authority = Authority::of(own.clone(), key)?;
        let leaf = authority.issue(&pending.request, validity, stored.profile, now)?;

        let (signed, stored_name) = (leaf.fingerprint(), stored.name.clone());
        let origin = Origin::of_file(format!("the CA {}", stored.name));
        let given = |certificate| Given { certificate, place: origin.clone() };
        let anchors = stored.chain.last().cloned().into_iter().collect();
        let bundle = Bundle::of(std::iter::once(leaf).chain(stored.chain).map(given).collect());
        let terms = Terms { anchors, ..Terms::of(stored.profile) };
        let event = Event::on(Act::Sign, &stored_name)
            .key(pending.request.public_key().fingerprint())
            .with("certificate", signed.hex())
            .with("for", pending.name.as_str());
        self.merge_pending(vault_key, pending, &bundle, &terms, Some(event), now)
    }

    /// Looks at every CA, and whether its key opens in its place.
    pub(super) fn each_authority(
        &self,
        vault_key: &VaultKey,
        mut look: impl FnMut(&ObjectName, Result<bool, VaultError>),
    ) -> Result<(), VaultError> {
        for stored in store::authorities(self.store.connection(), None)? {
            let opened = opened_key(vault_key, &stored);
            look(&stored.name, opened.map(|key| key.public_key() == stored.chain[0].public_key()));
        }
        Ok(())
    }

    fn stored_authority(&self, name: &ObjectName) -> Result<StoredAuthority, VaultError> {
        let found = store::authorities(self.store.connection(), Some(name))?;
        let missing = || VaultError::AuthorityNotFound { name: name.to_string() };
        found.into_iter().next().ok_or_else(missing)
    }
}

impl From<StoredAuthority> for OfflineAuthority {
    fn from(stored: StoredAuthority) -> Self {
        let StoredAuthority { name, chain, profile, created, .. } = stored;
        Self { name, chain, profile, created }
    }
}

fn opened_key(vault_key: &VaultKey, stored: &StoredAuthority) -> Result<PrivateKey, VaultError> {
    let said = statement(&stored.chain, stored.profile);
    let place = place(&stored.name, &stored.chain[0]);
    let secret_key = vault_key.open_with(&place, said, &stored.sealed_key)?;
    Ok(PrivateKey::from_pkcs8(&SecretDer::new(secret_key))?)
}

/// What may not change of a CA: its chain, and by which profile it signs.
fn statement(chain: &[Certificate], profile: Profile) -> Fingerprint {
    let mut said = Statement::of("authority");
    said.add(profile.name().as_bytes());
    for certificate in chain {
        said.add(certificate.as_der());
    }
    said.digest()
}

fn place<'a>(name: &'a ObjectName, certificate: &Certificate) -> Place<'a> {
    let public_key = certificate.public_key().fingerprint();
    Place { purpose: Purpose::OfflineAuthority, name: name.as_str(), version: "", public_key }
}

/// The provider of an issuer whose CA is in the vault.
pub const OFFLINE_CA: &str = "OfflineCA";
