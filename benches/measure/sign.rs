//! A CA for the benchmarks.

use coldcert::authority::{Authority, Validity};
use coldcert::bundle::{Bundle, Given, Origin};
use coldcert::certificate::Certificate;
use coldcert::csr::CertificateRequest;
use coldcert::policy::{Document, KeyKind, Policy};
use coldcert::time::UnixTime;

/// Root and intermediate, both P-256.
pub struct TrainingAuthority {
    root: Authority,
    intermediate: Authority,
    now: UnixTime,
}

impl TrainingAuthority {
    pub fn new(now: UnixTime) -> Self {
        let validity = Validity::days(now.plus_seconds(-600), 3650);
        let root = Authority::root("CN=Benchmark Root", KeyKind::P256, validity).unwrap();
        let intermediate = root.intermediate("CN=Benchmark Intermediate", KeyKind::P256, validity).unwrap();
        Self { root, intermediate, now }
    }

    /// Leaf, intermediate, root.
    pub fn chain(&self, request: &CertificateRequest) -> [Certificate; 3] {
        let validity = Validity::days(self.now.plus_seconds(-600), 365);
        let leaf = self.intermediate.sign(request, validity).unwrap();
        [leaf, self.intermediate.certificate().clone(), self.root.certificate().clone()]
    }

    /// The chain as it comes back from the CA.
    pub fn answer(&self, request: &CertificateRequest) -> Bundle {
        let place = Origin::of_line("answer.pem", 1);
        let given = |certificate| Given { certificate, place: place.clone() };
        Bundle::of(self.chain(request).map(given).into())
    }
}

/// A web server's policy for a kind of key.
pub fn policy(kind: KeyKind, reuse_key: bool, issuer: &str) -> Policy {
    let mut document = Document::default();
    document.set("x509_props.subject", "CN=www.example.com, O=Example, C=US".into());
    document.set("x509_props.sans.dns_names", ["www.example.com", "api.example.com"].as_slice().into());
    document.set("issuer.name", issuer.into());
    document.set("key_props.kty", kind.key_type().into());
    match kind.curve() {
        Some(curve) => document.set("key_props.crv", curve.into()),
        None => document.set("key_props.key_size", kind.key_size().into()),
    }
    document.set("key_props.reuse_key", reuse_key.into());
    Policy::understand(&document).unwrap()
}
