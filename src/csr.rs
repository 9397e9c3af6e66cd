//! Certificate requests (PKCS#10, RFC 2986): made from a policy and a key as the service makes them, and
//! read back with their signature checked.

use std::fmt;

use der::Tag;
use der::asn1::{BitStringRef, ObjectIdentifier};
use der::{Decode, TagNumber};

use crate::extension::{self, EXTENSIONS_MAX, Extension, ExtensionsError};
use crate::key::{KeyError, PublicKey, SignatureAlgorithm, SignatureFault, Signer};
use crate::name::{self, DistinguishedName, GeneralName, NameError};
use crate::policy::{KeyKind, Policy};
use crate::tlv;

/// A certificate request whose signature was made or checked here.
#[derive(Clone)]
pub struct CertificateRequest {
    der: Vec<u8>,
    subject: DistinguishedName,
    public_key: PublicKey,
    signature_algorithm: SignatureAlgorithm,
    extensions: Vec<Extension>,
}

impl CertificateRequest {
    /// Makes and signs the request that a policy asks for.
    ///
    /// ```text
    /// CertificationRequestInfo ::= SEQUENCE {                  -- RFC 2986 4.1
    ///      version       INTEGER { v1(0) },
    ///      subject       Name,
    ///      subjectPKInfo SubjectPublicKeyInfo,
    ///      attributes    [0] IMPLICIT SET OF Attribute }
    /// ```
    ///
    /// It is not read back: the signer's word is taken that its signature is one under its public key.
    pub fn make(policy: &Policy, signer: &dyn Signer) -> Result<Self, RequestError> {
        let extensions = requested_extensions(policy);
        let subject = match &policy.subject {
            Some(subject) => subject.name().clone(),
            None => DistinguishedName::from_der(&tlv::sequence(&[]))?,
        };
        // One attribute, extensionRequest (RFC 2985 5.4.2), with every extension in it (reference 3).
        let request = tlv::wrapped(Tag::Set, &Extension::encode_all(&extensions));
        let attribute = tlv::sequence(&[&tlv::encoded(&EXTENSION_REQUEST), &request]);
        let info = tlv::sequence(&[
            &tlv::encoded(&VERSION_1),
            subject.as_der(),
            signer.public_key().as_der(),
            &tlv::wrapped(ATTRIBUTES, &attribute),
        ]);
        let signature = signer.sign(&info)?;
        let bits = BitStringRef::from_bytes(&signature).expect("a signature is under 256 MiB");
        let signature_algorithm = signer.signature_algorithm();
        Ok(Self {
            der: tlv::sequence(&[&info, signature_algorithm.as_der(), &tlv::encoded(&bits)]),
            subject,
            public_key: signer.public_key().clone(),
            signature_algorithm,
            extensions,
        })
    }

    /// Reads a request and checks that it is signed by the key inside it.
    ///
    /// ```text
    /// CertificationRequest ::= SEQUENCE {                      -- RFC 2986 4.2
    ///      certificationRequestInfo  CertificationRequestInfo,
    ///      signatureAlgorithm        AlgorithmIdentifier,
    ///      signature                 BIT STRING }
    /// ```
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        let request = Self::from_stored_der(der)?;
        request.verify()?;
        Ok(request)
    }

    /// Reads a request that was made or checked before it was stored; [`CertificateRequest::verify`] checks it
    /// again.
    pub(crate) fn from_stored_der(der: &[u8]) -> Result<Self, RequestError> {
        if der.len() > REQUEST_BYTES_MAX {
            return Err(RequestError::TooLarge { found: der.len() });
        }
        let [info, algorithm, _] = parts(der)?;
        let inner = tlv::sequence_parts(info.whole)?;
        let [version, subject, key, rest @ ..] = inner.as_slice() else {
            return Err(RequestError::Shape { reason: "the request's info has at least three parts" });
        };
        if u8::from_der(version.whole) != Ok(VERSION_1) {
            return Err(RequestError::Shape { reason: "the version of a request is 0 (RFC 2986 4.1)" });
        }
        Ok(Self {
            subject: DistinguishedName::from_der(subject.whole)?,
            public_key: PublicKey::from_der(key.whole)?,
            signature_algorithm: SignatureAlgorithm::from_der(algorithm.whole)?,
            extensions: read_extensions(rest)?,
            der: der.to_vec(),
        })
    }

    /// Checks that it is signed by the key inside it.
    pub(crate) fn verify(&self) -> Result<(), RequestError> {
        let [info, _, signature] = parts(&self.der)?;
        let signature = BitStringRef::from_der(signature.whole)?;
        Ok(self.signature_algorithm.verify(&self.public_key, info.whole, signature.raw_bytes())?)
    }

    /// The request as it was made or received.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Whose certificate is asked for.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// The key that signed it, and that the certificate is to hold.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// How it is signed.
    pub fn signature_algorithm(&self) -> &SignatureAlgorithm {
        &self.signature_algorithm
    }

    /// The extensions asked for, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The alternative names asked for; none where they cannot be read.
    pub fn alternative_names(&self) -> Vec<GeneralName> {
        self.extensions
            .iter()
            .find(|one| one.oid == extension::SUBJECT_ALTERNATIVE_NAME)
            .and_then(|one| GeneralName::read_all(&one.value).ok())
            .unwrap_or_default()
    }
}

impl fmt::Debug for CertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateRequest({}, {:?})", self.subject, self.public_key)
    }
}

impl PartialEq for CertificateRequest {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for CertificateRequest {}

/// Something in a policy that the service takes and that a CA will stumble over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// What a CA will stumble over in a request made from this policy.
pub fn concerns(policy: &Policy) -> Vec<Concern> {
    let names = policy.general_names();
    let subject = policy.subject.as_ref();
    let common_names: Vec<&str> =
        subject.into_iter().flat_map(|subject| subject.name().common_names()).collect();
    let mut concerns = Vec::new();
    if names.is_empty() && !common_names.is_empty() {
        concerns.push(without_alternative_name(&common_names));
    }
    if policy.key.kind == KeyKind::P256K {
        concerns.push(on_a_rare_curve());
    }
    let mut dns_names: Vec<&str> = Vec::new();
    for name in names {
        match name {
            GeneralName::Dns(name) => dns_names.push(name),
            GeneralName::Email(email) => {
                concerns.extend(name::email_fault(email).map(|fault| concern(email, &fault, &fault.help())));
            }
            GeneralName::Uri(uri) => {
                concerns.extend(name::uri_fault(uri).map(|fault| concern(uri, &fault, &fault.help())));
            }
            _ => {}
        }
    }
    // A common name that is meant as a host name is read as one by the CA.
    let host_like =
        common_names.iter().copied().filter(|name| name.contains('.') && !name.contains(['@', ' ', '/']));
    dns_names.extend(host_like);
    dns_names.sort_unstable();
    dns_names.dedup();
    for name in dns_names {
        concerns.extend(name::dns_name_fault(name).map(|fault| concern(name, &fault, &fault.help())));
    }
    concerns
}

/// Key Vault makes such keys, and its own certificates on them are of use to few (reference 5, row 20).
fn on_a_rare_curve() -> Concern {
    Concern {
        message: format!(
            "the key is on {}: public CAs certify P-256, P-384 and P-521 only (Baseline Requirements 6.1.5), and \
             TLS 1.3 has no name for it (RFC 8446 4.2.7)",
            KeyKind::P256K
        ),
        help: "take --curve P-256, unless your CA says that it signs this one".to_owned(),
    }
}

fn without_alternative_name(common_names: &[&str]) -> Concern {
    let host = common_names.iter().find(|name| name::dns_name_fault(name).is_none() && name.contains('.'));
    let help = match host {
        Some(host) => format!("add --dns {host}"),
        None => "add --dns, --email, --upn, --uri or --ip".to_owned(),
    };
    Concern {
        message: format!(
            "the subject names {:?} and there is no alternative name: clients look at alternative names only \
             (RFC 9525 2), and a CA adds them or refuses",
            common_names.join(", ")
        ),
        help,
    }
}

fn concern(name: &str, fault: &dyn fmt::Display, help: &str) -> Concern {
    Concern { message: format!("{name:?}: {fault}"), help: help.to_owned() }
}

/// Key usage (critical), extended key usage, alternative names, basic constraints: the service's order,
/// constant over every recorded request (reference 3).
fn requested_extensions(policy: &Policy) -> Vec<Extension> {
    let mut extensions = Vec::new();
    extensions.extend(Extension::key_usage(&policy.key_usages));
    extensions.extend(Extension::extended_key_usage(&policy.extended_key_usages));
    extensions.extend(Extension::subject_alternative_name(policy.general_names()));
    extensions.push(Extension::end_entity_constraints());
    extensions
}

/// Info, algorithm and signature of a request, each as it stands in it.
fn parts(der: &[u8]) -> Result<[tlv::Tlv<'_>; 3], RequestError> {
    let parts = tlv::sequence_parts(der)?;
    parts.try_into().map_err(|_| RequestError::Shape { reason: "a request has three parts" })
}

/// The extensions of every extensionRequest attribute; other attributes are passed over.
fn read_extensions(attributes: &[tlv::Tlv<'_>]) -> Result<Vec<Extension>, RequestError> {
    let Some(attributes) = attributes.iter().find(|part| part.tag == ATTRIBUTES) else {
        return Ok(Vec::new());
    };
    let mut extensions = Vec::new();
    for attribute in tlv::split_all(attributes.contents)? {
        let parts = tlv::split_all(attribute.contents)?;
        let [oid, values] = parts.as_slice() else {
            return Err(RequestError::Shape { reason: "an attribute is a type and a set of values" });
        };
        if ObjectIdentifier::from_der(oid.whole)? == EXTENSION_REQUEST {
            for value in tlv::split_all(values.contents)? {
                extensions.extend(Extension::read_all(value.whole)?);
                if extensions.len() > EXTENSIONS_MAX {
                    return Err(RequestError::TooManyExtensions { found: extensions.len() });
                }
            }
        }
    }
    Ok(extensions)
}

/// Why bytes are no request, or none could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The DER is wrong; the reader says at which byte.
    #[error("not a certificate request: {}", tlv::said(.0))]
    Der(#[from] der::Error),
    /// More extensions than [`EXTENSIONS_MAX`].
    #[error("the certificate request has {found} extensions, and at most {EXTENSIONS_MAX} are read")]
    TooManyExtensions {
        /// How many it has.
        found: usize,
    },
    /// The DER is right and not that of a request.
    #[error("not a certificate request: {reason}")]
    Shape {
        /// What a request would have.
        reason: &'static str,
    },
    /// Larger than what is read.
    #[error("the certificate request has {found} bytes, and at most {REQUEST_BYTES_MAX} are read")]
    TooLarge {
        /// Its size.
        found: usize,
    },
    /// A name in it cannot be read or written.
    #[error("a name in the certificate request: {0}")]
    Name(#[from] NameError),
    /// The key in it, or the key that is to sign it.
    #[error("the key of the certificate request: {0}")]
    Key(#[from] KeyError),
    /// It is not signed by the key inside it: it was changed on the way, or never right.
    #[error("the certificate request's own signature: {0}")]
    Signature(#[from] SignatureFault),
}

impl From<ExtensionsError> for RequestError {
    fn from(error: ExtensionsError) -> Self {
        match error {
            ExtensionsError::Der(error) => Self::Der(error),
            ExtensionsError::TooMany { found } => Self::TooManyExtensions { found },
        }
    }
}

impl RequestError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Der(_) | Self::Shape { .. } | Self::TooLarge { .. } | Self::TooManyExtensions { .. } => {
                "give a PKCS#10 request, as DER or PEM".to_owned()
            }
            Self::Name(error) => error.help(),
            Self::Key(error) => error.help(),
            Self::Signature(SignatureFault::CannotCheck { .. }) => {
                "make the request anew with RSA 2048 to 4096 or EC P-256, P-384 or P-521: whether this one was changed on its way nobody can say here"
                    .to_owned()
            }
            Self::Signature(_) => {
                "take the request again from where it was made: this copy does not hold".to_owned()
            }
        }
    }
}

/// The largest request read. Ours: no certificate for a larger one would be read either, and the largest of other
/// projects' suites has 3 kB.
pub const REQUEST_BYTES_MAX: usize = 1 << 20;
const VERSION_1: u8 = 0;
/// RFC 2985 5.4.2.
const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
/// attributes [0] IMPLICIT SET OF.
const ATTRIBUTES: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::PrivateKey;
    use crate::policy::{Document, KeyKind};

    #[test]
    fn what_is_made_is_what_is_read_back() {
        let mut named = Document::default();
        named.set("x509_props.subject", "CN=www.example.com, O=\"Example, Inc\", C=US".into());
        named.set("x509_props.sans.dns_names", ["www.example.com"].as_slice().into());
        let mut nameless = Document::default();
        nameless.set("x509_props.sans.emails", ["hello@example.com"].as_slice().into());
        for document in [&named, &nameless] {
            let policy = Policy::understand(document).unwrap();
            for kind in KeyKind::ALL {
                let made = CertificateRequest::make(&policy, &PrivateKey::generate(kind).unwrap()).unwrap();
                let read = CertificateRequest::from_der(made.as_der()).unwrap();
                assert_eq!(made.subject.as_der(), read.subject.as_der(), "{kind}");
                assert_eq!(made.public_key, read.public_key, "{kind}");
                assert_eq!(made.signature_algorithm.as_der(), read.signature_algorithm.as_der(), "{kind}");
                assert_eq!(made.extensions, read.extensions, "{kind}");
            }
        }
    }
}
