//! The requests that the real service made, made again: from the policy that each implies, ours has the same
//! subject and the same extensions, byte for byte.
//!
//! They are read from `COLDCERT_SHARED` (default `../shared`), which is not part of the repository.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use coldcert::csr::CertificateRequest;
use coldcert::extension::{self, Extension};
use coldcert::key::PrivateKey;
use coldcert::policy::{Document, KeyKind, KeyUsage, Policy, alternative_names_document};

use support::shared;

#[test]
fn every_request_of_the_service_is_made_again_to_the_byte() {
    let Some(shared) = shared() else { return };
    let suites = shared.join("suites/pkcs10/keyvault");
    let reference = shared.join("keyvault/csr");
    assert_eq!(made_again(&suites), 42, "requests in {}", suites.display());
    assert_eq!(made_again(&reference), 18, "requests in {}", reference.display());
}

#[test]
fn the_policy_of_a_recorded_create_makes_the_recorded_request() {
    let Some(shared) = shared() else { return };
    let recording = shared.join("keyvault/recordings/02_create_unknown_202.json");
    let recording: serde_json::Value =
        serde_json::from_slice(&fs::read(recording).expect("the recording")).expect("JSON");
    let (document, unknown) = Document::from_value(recording["request"].clone()).expect("a policy");
    assert!(unknown.is_empty());
    let policy = Policy::understand(&document).expect("a policy that the service took");
    let csr = recording["response_body"]["csr"].as_str().expect("a request");
    let theirs = CertificateRequest::from_der(&base64(csr)).expect("a request");
    let ours = CertificateRequest::make(&policy, &key(KeyKind::Rsa2048)).expect("a request");
    assert_same(&ours, &theirs, "recordings/02");
}

/// Makes every request of a folder again; how many there were.
fn made_again(folder: &Path) -> usize {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let (rsa, ec) = (key(KeyKind::Rsa2048), key(KeyKind::P256));
    for file in &files {
        let name = file.display().to_string();
        let theirs = CertificateRequest::from_der(&fs::read(file).expect("a file"))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let kind = theirs.public_key().kind().expect("a kind that Key Vault makes");
        let policy = implied_policy(&theirs, kind);
        let signer = if kind == KeyKind::P256 { &ec } else { &rsa };
        let ours = CertificateRequest::make(&policy, signer).expect("a request");
        assert_same(&ours, &theirs, &name);
    }
    files.len()
}

fn assert_same(ours: &CertificateRequest, theirs: &CertificateRequest, name: &str) {
    assert_eq!(ours.subject().as_der(), theirs.subject().as_der(), "the subject of {name}");
    assert_eq!(
        Extension::encode_all(ours.extensions()),
        Extension::encode_all(theirs.extensions()),
        "the extensions of {name}"
    );
    // All that follows the key in the request's info: the attributes, with everything around the extensions.
    assert_eq!(attributes(ours), attributes(theirs), "the attributes of {name}");
    assert_eq!(ours.signature_algorithm(), theirs.signature_algorithm(), "the algorithm of {name}");
}

/// The bytes of the attributes: what stands between the key and the end of the info.
fn attributes(request: &CertificateRequest) -> Vec<u8> {
    let (der, key) = (request.as_der(), request.public_key().as_der());
    let at = der.windows(key.len()).position(|window| window == key).expect("the key in the request");
    let rest = &der[at + key.len()..];
    assert_eq!(rest[0], 0xa0, "the tag of the attributes");
    // The length in one byte, or in the byte after 0x81 (X.690 8.1.3).
    let length = if rest[1] == 0x81 { 3 + usize::from(rest[2]) } else { 2 + usize::from(rest[1]) };
    rest[..length].to_vec()
}

/// What a request says, as the policy that asks for it.
fn implied_policy(request: &CertificateRequest, kind: KeyKind) -> Policy {
    let mut document = Document::default();
    document.set("x509_props.subject", request.subject().to_key_vault_text().into());
    document.set("key_props.kty", kind.key_type().into());
    if let Some(curve) = kind.curve() {
        document.set("key_props.crv", curve.into());
    }
    let value = |oid| request.extensions().iter().find(|one| one.oid == oid).map(|one| one.value.as_slice());
    let usages =
        value(extension::KEY_USAGE).map(|value| Extension::read_key_usage(value).expect("key usage"));
    let usages: Vec<&str> = usages.unwrap_or_default().into_iter().map(KeyUsage::name).collect();
    document.set("x509_props.key_usage", usages.into());
    let purposes = value(extension::EXTENDED_KEY_USAGE)
        .map(|value| Extension::read_extended_key_usage(value).expect("extended key usage"));
    let purposes: Vec<String> = purposes.unwrap_or_default().iter().map(ToString::to_string).collect();
    document.set("x509_props.ekus", purposes.into());
    let names = request.alternative_names();
    if !names.is_empty() {
        document.set("x509_props.sans", alternative_names_document(&names));
    }
    Policy::understand(&document).expect("a policy that the service took")
}

fn key(kind: KeyKind) -> PrivateKey {
    PrivateKey::generate(kind).expect("a key")
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.decode(text).expect("base64")
}
