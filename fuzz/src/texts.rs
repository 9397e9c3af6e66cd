//! What people and programs write: JSON, policies, subjects, names, base64.

use std::hint::black_box;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use coldcert::bundle::Source;
use coldcert::csr::CertificateRequest;
use coldcert::name::{
    DistinguishedName, GeneralName, HostName, Mailbox, NameError, Oid, dns_name_fault, email_fault,
    uri_fault, uri_host,
};
use coldcert::policy::{Document, ObjectName, Policy, Tags};
use coldcert::time::UnixTime;
use coldcert::verdict::PeerName;
use coldcert::wire::{Refusal, RequestBody};

use super::{bundle, said};

/// Base64 as text, and what it is once encoded, and twice.
pub fn base64(bytes: &[u8]) {
    let once = BASE64_STANDARD.encode(bytes);
    bundle(bytes);
    bundle(once.as_bytes());
    bundle(BASE64_STANDARD.encode(once).as_bytes());
}

/// A document: an operation, an answer with its x5c, the body of a request to the server.
pub fn json(bytes: &[u8]) {
    bundle(bytes);
    if let Err(error) = CertificateRequest::read(&Source { name: "request", bytes }) {
        said(&error, &error.help());
    }
    match RequestBody::read(bytes) {
        Ok(body) => {
            refused(body.new_request());
            refused(body.as_policy());
            refused(body.cancellation_requested());
            refused(body.x5c());
            refused(body.import_value());
            refused(body.import_password());
            refused(body.backup());
            refused(body.contacts());
            refused(body.issuer());
        }
        Err(refusal) => refused::<()>(Err(refusal)),
    }
}

/// What the server says to a client is told in its envelope, and has words.
fn refused<T>(result: Result<T, Refusal>) {
    if let Err(refusal) = result {
        assert!((400..500).contains(&refusal.status), "{refusal:?}");
        assert!(!refusal.message.is_empty(), "{refusal:?}");
    }
}

/// A policy in the shape of REST or of `az`; one that is understood is understood again from what it is written as.
pub fn policy(bytes: &[u8]) {
    let document = match Document::from_json(bytes) {
        Ok((document, unknown)) => {
            black_box(unknown);
            document
        }
        Err(error) => return said(&error, &error.help()),
    };
    match Policy::understand(&document) {
        Ok(policy) => {
            let written = policy.to_document();
            let again = Policy::understand(&written).map(|policy| policy.to_document());
            assert_eq!(again.ok(), Some(written), "{policy:?}");
        }
        Err(error) => said(&error, &error.help()),
    }
}

/// The text of a subject. One that is read comes back from its DER and from how it is shown.
pub fn subject(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match DistinguishedName::from_text(&text) {
        Ok(name) => {
            let same = DistinguishedName::from_der(name.as_der()).map(|same| same == name);
            assert_eq!(same, Ok(true), "{text:?}");
            black_box((name.to_key_vault_text(), name.matches(&name)));
            shown_comes_back(&name);
        }
        Err(error) => said(&error, &error.help()),
    }
    if let Ok(name) = DistinguishedName::from_der(bytes) {
        shown_comes_back(&name);
    }
}

fn shown_comes_back(name: &DistinguishedName) {
    let text = name.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    if let Err(error) = DistinguishedName::from_display_text(&text) {
        said(&error, &error.help());
    }
}

/// How a name is made of text.
type Make = fn(&str) -> Result<GeneralName, NameError>;

/// Names that a user writes for a certificate, a host, an object of the vault; and general names in DER.
pub fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let made: [Make; 5] =
        [GeneralName::dns, GeneralName::email, GeneralName::uri, GeneralName::upn, GeneralName::ip];
    for make in made {
        match make(&text) {
            Ok(name) => {
                let der = GeneralName::encode_all(std::slice::from_ref(&name));
                assert!(!name.to_string().contains(char::is_control), "{name:?}");
                black_box(GeneralName::read_all(&der).is_ok());
            }
            Err(error) => said(&error, &error.help()),
        }
    }
    let faults = (dns_name_fault(&text), email_fault(&text), uri_fault(&text));
    faults.0.iter().for_each(|fault| said(fault, &fault.help()));
    faults.1.iter().for_each(|fault| said(fault, &fault.help()));
    faults.2.iter().for_each(|fault| said(fault, &fault.help()));
    black_box((HostName::read(&text), Mailbox::read(&text), uri_host(&text).is_ok(), Oid::from_text(&text)));
    black_box((PeerName::of_host(&text).to_string(), UnixTime::from_rfc3339(&text).is_ok()));
    if let Err(error) = ObjectName::new(&text) {
        said(&error, &error.help());
    }
    if let Err(error) = Tags::new([(text.to_string(), text.to_string())]) {
        said(&error, &error.help());
    }
    match GeneralName::read_all(bytes) {
        Ok(names) => {
            black_box(names.iter().map(ToString::to_string).collect::<Vec<_>>());
        }
        Err(error) => said(&error, &error.help()),
    }
}
