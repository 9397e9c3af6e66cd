//! Backups to start from: of a vault without a passphrase, and what is sealed inside.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use coldcert::fingerprint::Fingerprint;
use coldcert::policy::{Document, ObjectName, Policy, Tags};
use coldcert::seal::{Place, Purpose, VaultKey};
use coldcert::time::UnixTime;
use coldcert::vault::{NewCertificate, Vault};
use serde_json::{Value, json};

/// A file, and its content opened.
pub(crate) fn all() -> Vec<Vec<u8>> {
    let file = backup();
    let document: Value = serde_json::from_slice(&file).expect("JSON");
    let bytes = |name: &str| BASE64_STANDARD.decode(document[name].as_str().expect(name)).expect("base64");
    let key = VaultKey::from_secret_bytes(&bytes("unsealed_key")).expect("a key");
    let public_key = Fingerprint::of(b"www");
    let place = Place { purpose: Purpose::Backup, name: "www", version: "", public_key };
    let content = key.open(&place, &bytes("sealed")).expect("it opens").to_vec();
    vec![file, content]
}

/// Of a certificate that signed itself.
fn backup() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let now = UnixTime::now();
    let mut vault = Vault::init(&folder.path().join("vault.coldcert"), None, now).expect("a vault");
    let vault_key = vault.unseal(None).expect("its key");
    let policy = json!({"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=www.example.com"},
        "key_props": {"kty": "EC", "crv": "P-256"}});
    let (document, _) = Document::from_value(policy).expect("a document");
    let new = NewCertificate {
        name: ObjectName::new("www").expect("a name"),
        policy: Policy::understand(&document).expect("a policy"),
        tags: Tags::default(),
        enabled: None,
    };
    let name = new.name.clone();
    vault.create(&vault_key, new, now).expect("a certificate");
    vault.backup(&vault_key, &name, now).expect("a backup").to_vec()
}
