//! A vault with something in each state that it knows, and what is brought to it.

use std::collections::BTreeMap;
use std::path::Path;

use coldcert::authority::{Authority, Validity};
use coldcert::bundle::{Bundle, Given, Origin, Source};
use coldcert::certificate::Certificate;
use coldcert::issuer::{Contact, Issuer};
use coldcert::policy::{Document, KeyKind, ObjectName, Policy, Tags};
use coldcert::seal::{Passphrase, VaultKey};
use coldcert::secret::{Brought, Secret};
use coldcert::time::UnixTime;
use coldcert::vault::{NewCertificate, Vault, VaultError};
use coldcert::verdict::Profile;
use serde_json::json;

/// The files of a folder.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// In the vault: `base`, merged; `waits`, which waits for `answer`; `bought`, which waits at the desk of `partner`;
/// `intranet`, which waits for the vault's own CA `corp`; `slow`, which waits for issuer Self; a contact.
pub(crate) struct Material {
    pub(crate) vault: Files,
    pub(crate) key: VaultKey,
    pub(crate) answer: Bundle,
    pub(crate) bought: Bundle,
    pub(crate) brought: Brought,
    pub(crate) backup: Vec<u8>,
    pub(crate) authority: Authority,
    pub(crate) passphrase: Passphrase,
}

impl Material {
    pub(crate) fn make() -> Result<Self, VaultError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(VAULT);
        let mut vault = Vault::init(&path, None, now())?;
        let key = vault.unseal(None)?;
        let decade = Validity::days(now(), 3650);
        let root = Authority::root("CN=Test Root", KeyKind::P256, decade)?;
        let intermediate = root.intermediate("CN=Test Intermediate", KeyKind::P256, decade)?;
        let create = |vault: &mut Vault, name: &str, issuer: &str| {
            let created = vault.request(&key, new(name, issuer)?, now())?;
            let leaf = intermediate.sign(created.operation.request(), Validity::days(now(), 365))?;
            Ok::<Bundle, VaultError>(bundle([&leaf, intermediate.certificate()]))
        };

        let answer = create(&mut vault, "base", "Unknown")?;
        let merged = vault.merge(&key, &name("base"), &answer, now())?;
        let pem = Secret::open(&merged.record, &key)?.to_pem();
        let brought = Brought::read(&Source { name: "base.pem", bytes: pem.as_bytes() }, &[])?;
        let backup = vault.backup(&key, &name("base"), now())?.to_vec();
        let answer = create(&mut vault, "waits", "Unknown")?;
        vault.put_issuer(&key, &issuer("partner"))?;
        let bought = create(&mut vault, "bought", "partner")?;
        let corp = Authority::root("CN=Corp", KeyKind::P256, decade)?;
        vault.put_authority(&key, &name("corp"), &corp, &[], Profile::Rfc5280, now())?;
        create(&mut vault, "intranet", "corp")?;
        create(&mut vault, "slow", "Self")?;
        vault.set_contacts(&key, &[contact("first@example.com")], now())?;
        drop(vault);
        let passphrase = Passphrase::new("a passphrase for faults".to_owned().into()).expect("a passphrase");
        Ok(Self {
            vault: read(folder.path()),
            key,
            answer,
            bought,
            brought,
            backup,
            authority: root,
            passphrase,
        })
    }

    /// The vault after something was done to it.
    pub(crate) fn vault_after(&self, act: fn(&Self, &mut Vault) -> Result<(), VaultError>) -> Files {
        let folder = tempfile::tempdir().expect("a temporary folder");
        lay(folder.path(), &self.vault);
        let mut vault = Vault::open(&folder.path().join(VAULT)).expect("the vault");
        act(self, &mut vault).expect("what is done before");
        drop(vault);
        read(folder.path())
    }
}

/// Makes a folder hold these files and no others.
pub(crate) fn lay(folder: &Path, files: &Files) {
    // Made anew: some file systems flush one that is written over.
    for file in read(folder).keys() {
        std::fs::remove_file(folder.join(file)).expect("a file is removed");
    }
    for (file, bytes) in files {
        std::fs::write(folder.join(file), bytes).expect("a file is written");
    }
}

pub(crate) fn read(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).expect("the folder is listed");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let bytes = std::fs::read(entry.path()).expect("a file");
            (entry.file_name().to_string_lossy().into_owned(), bytes)
        })
        .collect()
}

pub(crate) fn new(of: &str, issuer: &str) -> Result<NewCertificate, VaultError> {
    let host = format!("{of}.example.com");
    let (document, _) = Document::from_value(json!({
        "key_props": {"kty": "EC", "crv": "P-256"},
        "x509_props": {"subject": format!("CN={host}"), "sans": {"dns_names": [host]}},
        "issuer": {"name": issuer},
    }))?;
    let policy = Policy::understand(&document)?;
    Ok(NewCertificate { name: name(of), policy, tags: Tags::default(), enabled: None })
}

pub(crate) fn issuer(of: &str) -> Issuer {
    Issuer {
        name: name(of),
        provider: "Partner".to_owned(),
        account_id: None,
        organization_id: None,
        administrators: Vec::new(),
        enabled: true,
        created: now(),
        updated: now(),
    }
}

pub(crate) fn contact(email: &str) -> Contact {
    Contact { email: email.to_owned(), name: None, phone: None }
}

pub(crate) fn name(text: &str) -> ObjectName {
    ObjectName::new(text).expect("a name")
}

/// One moment for everything, so that what is done twice comes out the same.
pub(crate) fn now() -> UnixTime {
    UnixTime::from_unix_seconds(1_800_000_000).expect("a time")
}

fn bundle<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Bundle {
    let given = |certificate: &Certificate| Given {
        certificate: certificate.clone(),
        place: Origin::of_file("the answer"),
    };
    Bundle::of(certificates.into_iter().map(given).collect())
}

pub(crate) const VAULT: &str = "vault.coldcert";
