//! What foreign bytes go through, one function for each parser: read, then everything asked of them that the program
//! asks. The fuzz targets call these, and so do the tests and the example that need no fuzzer, by [`PARSERS`].
//!
//! Nothing is asserted but that it comes back, that an error can be shown to a person, and that the server answers in its
//! own form.

mod files;
mod served;
mod texts;

use std::hint::black_box;

use coldcert::bundle::{Bundle, Given, Origin, Source};
use coldcert::certificate::Certificate;
use coldcert::crl::CertificateRevocationList;
use coldcert::csr::CertificateRequest;
use coldcert::key::{PrivateKey, SecretDer, Signer};
use coldcert::report::{self, Heading};
use coldcert::time::UnixTime;
use coldcert::verdict::{PeerName, Profile, Question, Terms, Verdict};
use der::asn1::ObjectIdentifier;

pub use files::{bundle, inspect, pem, pkcs7, pkcs12, zip};
pub use served::{backup, http};
pub use texts::{base64, json, names, policy, subject};

/// Something that foreign bytes are given to.
#[derive(Clone, Copy, Debug)]
pub struct Parser {
    /// The name of its fuzz target and of its function here.
    pub name: &'static str,
    /// Reads an input.
    pub read: fn(&[u8]),
}

/// Every parser that faces foreign bytes.
pub static PARSERS: [Parser; 18] = [
    Parser { name: "certificate", read: certificate },
    Parser { name: "revocation_list", read: revocation_list },
    Parser { name: "request", read: request },
    Parser { name: "private_key", read: private_key },
    Parser { name: "pem", read: pem },
    Parser { name: "bundle", read: bundle },
    Parser { name: "pkcs7", read: pkcs7 },
    Parser { name: "pkcs12", read: pkcs12 },
    Parser { name: "zip", read: zip },
    Parser { name: "base64", read: base64 },
    Parser { name: "json", read: json },
    Parser { name: "policy", read: policy },
    Parser { name: "subject", read: subject },
    Parser { name: "names", read: names },
    Parser { name: "http", read: http },
    Parser { name: "backup", read: backup },
    Parser { name: "inspect", read: inspect },
    Parser { name: "judge", read: judge },
];

/// One certificate, as DER: read, shown, its signature checked by its own key, judged alone.
pub fn certificate(bytes: &[u8]) {
    let certificate = match Certificate::from_der(bytes) {
        Ok(certificate) => certificate,
        Err(error) => return said(&error, &error.help()),
    };
    black_box(format!("{certificate:?} {}", certificate.fingerprint()));
    black_box(certificate.subject().to_key_vault_text());
    black_box((certificate.alternative_names(), certificate.issuer_address(), certificate.is_self_issued()));
    black_box(certificate.verify_signature(certificate.public_key()).is_ok());
    let mut bundle = Bundle::default();
    bundle.certificates.push(given(certificate));
    judged(&bundle, &[], &[]);
}

/// One revocation list, as DER: read, its signature checked by no key that fits, asked for some numbers.
pub fn revocation_list(bytes: &[u8]) {
    let list = match CertificateRevocationList::from_der(bytes) {
        Ok(list) => list,
        Err(error) => return said(&error, &error.help()),
    };
    black_box(format!("{list:?} {:?} {}", list.not_understood(), list.freshest_crl().len()));
    for serial in [&[0x01][..], &[0x00, 0x80], &[0xff], &[]] {
        black_box(list.find(list.issuer(), serial));
    }
}

/// One certificate request, in any form, and as DER.
pub fn request(bytes: &[u8]) {
    if let Err(error) = CertificateRequest::read(&Source { name: "request", bytes }) {
        said(&error, &error.help());
    }
    match CertificateRequest::from_der(bytes) {
        Ok(request) => {
            black_box((format!("{request:?}"), request.alternative_names()));
        }
        Err(error) => said(&error, &error.help()),
    }
}

/// A private key in PKCS#8.
pub fn private_key(bytes: &[u8]) {
    match PrivateKey::from_pkcs8(&SecretDer::new(bytes.to_vec().into())) {
        Ok(key) => {
            black_box((format!("{key:?}"), key.to_pkcs8().is_ok(), key.sign(b"message").is_ok()));
        }
        Err(error) => said(&error, &error.help()),
    }
}

/// A file as a CA sends it, judged: the last certificate is trusted, all others are given.
pub fn judge(bytes: &[u8]) {
    let Ok(mut bundle) = Bundle::read(&[Source { name: "answer", bytes }]) else { return };
    let trusted = bundle.certificates.pop().map(|given| given.certificate);
    if !bundle.certificates.is_empty() {
        judged(&bundle, trusted.as_slice(), &[]);
    }
}

/// Judges a bundle by every profile, for the key of its first certificate, and writes the report.
pub fn judged(bundle: &Bundle, anchors: &[Certificate], crls: &[CertificateRevocationList]) {
    let key = bundle.certificates[0].certificate.public_key();
    let at = UnixTime::from_utc_time(b"261122180000Z").expect("a time");
    for profile in Profile::ALL {
        let mut terms = Terms::of(profile);
        terms.anchors = anchors.to_vec();
        terms.crls = crls.to_vec();
        terms.purpose = Some(SERVER_AUTH);
        terms.peer_names = ["www.example.com", "192.0.2.1"].map(PeerName::of_host).to_vec();
        let verdict = Verdict::judge(&Question::new("answer", key, bundle, at, &terms));
        black_box(report::chain_lines(&verdict, bundle));
        let heading = Heading { title: "answer", at, remarks: &[] };
        black_box(report::html(&heading, &verdict, bundle));
    }
}

/// A certificate as one that was given.
pub fn given(certificate: Certificate) -> Given {
    Given { certificate, place: Origin::of_file("answer") }
}

/// An error reaches a person: what it says and its help line, both without control characters.
fn said(error: &dyn std::error::Error, help: &str) {
    let prose = format!("{error}\n{help}");
    assert!(!prose.replace('\n', " ").contains(char::is_control), "{prose:?}");
    assert!(!help.is_empty(), "{prose:?}");
}

/// RFC 5280 4.2.1.12.
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
