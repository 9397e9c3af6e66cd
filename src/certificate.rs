//! A certificate, read once: the bytes as received, and the fields that its judges ask for.
//!
//! It never writes a certificate anew: what is hashed, verified and stored is what came.

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::digest;
use der::asn1::{IntRef, ObjectIdentifier};
use der::{Decode, Tag, TagNumber};

use crate::extension::{self, EXTENSIONS_MAX, Extension, ExtensionsError};
use crate::fingerprint::Fingerprint;
use crate::key::{KeyError, PublicKey, SignatureAlgorithm, SignatureFault};
use crate::name::{DistinguishedName, GeneralName, NameError};
use crate::policy::KeyUsage;
use crate::time::{TimeError, UnixTime};
use crate::tlv;

/// An X.509 certificate (RFC 5280 4.1). Equal when the bytes are.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    /// Where the TBSCertificate lies in `der`: the bytes that are signed.
    signed: std::ops::Range<usize>,
    version: u8,
    serial: Vec<u8>,
    /// The algorithm inside what is signed, which must be the one outside (RFC 5280 4.1.1.2).
    signed_algorithm: SignatureAlgorithm,
    issuer: DistinguishedName,
    subject: DistinguishedName,
    not_before: UnixTime,
    not_after: UnixTime,
    has_late_form: bool,
    public_key: PublicKey,
    extensions: Vec<Extension>,
    signature_algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
    /// Made when it is first asked for: each finding names the certificate by it.
    fingerprint: OnceLock<Fingerprint>,
}

impl Certificate {
    /// Reads one certificate that fills the bytes to the end. Nothing is judged: version 1, odd extensions
    /// and dates that lie the wrong way round are all read.
    ///
    /// ```text
    /// Certificate  ::=  SEQUENCE  {                            -- RFC 5280 4.1
    ///      tbsCertificate       TBSCertificate,
    ///      signatureAlgorithm   AlgorithmIdentifier,
    ///      signatureValue       BIT STRING  }
    /// ```
    ///
    /// # Errors
    /// A [`CertificateError`]: also beyond [`CERTIFICATE_BYTES_MAX`], [`extension::EXTENSIONS_MAX`] and the limits of
    /// names.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLarge { found: der.len() });
        }
        let parts = tlv::sequence_parts(der)?;
        let [signed, algorithm, signature] = parts.as_slice() else {
            return Err(CertificateError::Shape { expected: "three parts" });
        };
        let fields = Fields::read(signed.whole)?;
        let start = der.len() - signed.whole.len() - algorithm.whole.len() - signature.whole.len();
        Ok(Self {
            signed: start..start + signed.whole.len(),
            version: fields.version,
            serial: fields.serial.to_vec(),
            signed_algorithm: SignatureAlgorithm::from_der(fields.algorithm)?,
            issuer: DistinguishedName::from_der(fields.issuer)?,
            subject: DistinguishedName::from_der(fields.subject)?,
            not_before: read_time::<CertificateError>(fields.not_before)?,
            not_after: read_time::<CertificateError>(fields.not_after)?,
            has_late_form: is_general_before_2050(fields.not_before)?
                || is_general_before_2050(fields.not_after)?,
            public_key: PublicKey::from_der(fields.public_key)?,
            extensions: fields.extensions.map_or_else(|| Ok(Vec::new()), Extension::read_all)?,
            signature_algorithm: SignatureAlgorithm::from_der(algorithm.whole)?,
            signature: tlv::bit_string_octets(signature.whole)?.to_vec(),
            fingerprint: OnceLock::new(),
            der: der.to_vec(),
        })
    }

    /// The certificate as received.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The version: 1, 2 or 3 (RFC 5280 4.1.2.1).
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The serial number's bytes, as in its INTEGER.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Whose it is.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// Who issued it.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// The first second of its validity (RFC 5280 4.1.2.5).
    pub fn not_before(&self) -> UnixTime {
        self.not_before
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// Whether a date through 2049 is written as GeneralizedTime, the form of later ones (RFC 5280 4.1.2.5).
    pub fn has_late_form(&self) -> bool {
        self.has_late_form
    }

    /// The key that it certifies.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Its extensions, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The value of the first extension of a kind.
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension> {
        self.extensions.iter().find(|one| one.oid == oid)
    }

    /// Its alternative names; none where there are none, or they cannot be read.
    pub fn alternative_names(&self) -> Vec<GeneralName> {
        self.extension(extension::SUBJECT_ALTERNATIVE_NAME)
            .and_then(|one| GeneralName::read_all(&one.value).ok())
            .unwrap_or_default()
    }

    /// Its key usages; none where the extension is absent or cannot be read.
    pub fn key_usages(&self) -> Vec<KeyUsage> {
        self.extension(extension::KEY_USAGE)
            .and_then(|one| Extension::read_key_usage(&one.value).ok())
            .unwrap_or_default()
    }

    /// Its extended key usages; none where the extension is absent or cannot be read.
    pub fn extended_key_usages(&self) -> Vec<ObjectIdentifier> {
        self.extension(extension::EXTENDED_KEY_USAGE)
            .and_then(|one| Extension::read_extended_key_usage(&one.value).ok())
            .unwrap_or_default()
    }

    /// Whether basicConstraints says that it is a CA.
    pub fn is_authority(&self) -> bool {
        self.extension(extension::BASIC_CONSTRAINTS)
            .and_then(|one| Extension::read_basic_constraints(&one.value).ok())
            .is_some_and(|constraints| constraints.authority)
    }

    /// Its subject key identifier; none where the extension is absent or cannot be read.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        let one = self.extension(extension::SUBJECT_KEY_IDENTIFIER)?;
        Extension::read_subject_key_identifier(&one.value).ok()
    }

    /// The key identifier of its issuer, as it names it; none where it names none, or cannot be read.
    pub fn authority_key_identifier(&self) -> Option<Vec<u8>> {
        let one = self.extension(extension::AUTHORITY_KEY_IDENTIFIER)?;
        Extension::read_authority_key_identifier(&one.value).ok()?.key_identifier
    }

    /// Where its issuer's certificate can be had, as it says (RFC 5280 4.2.2.1, id-ad-caIssuers). It is shown,
    /// never fetched.
    pub fn issuer_address(&self) -> Option<String> {
        let one = self.extension(extension::AUTHORITY_INFORMATION_ACCESS)?;
        let descriptions = Extension::read_information_access(&one.value).ok()?;
        descriptions.into_iter().find_map(|(method, location)| match location {
            GeneralName::Uri(uri) if method == CA_ISSUERS => {
                Some(crate::name::Printed::new(&uri).to_string())
            }
            _ => None,
        })
    }

    /// Whether its subject and issuer are the same name (RFC 5280 3.2: self-issued).
    pub fn is_self_issued(&self) -> bool {
        self.subject.matches(&self.issuer)
    }

    /// How it is signed.
    pub fn signature_algorithm(&self) -> &SignatureAlgorithm {
        &self.signature_algorithm
    }

    /// The algorithm as it stands inside what is signed.
    pub fn signed_algorithm(&self) -> &SignatureAlgorithm {
        &self.signed_algorithm
    }

    /// Checks its signature under a key, over the bytes as received.
    pub fn verify_signature(&self, key: &PublicKey) -> Result<(), SignatureFault> {
        self.signature_algorithm.verify(key, &self.der[self.signed.clone()], &self.signature)
    }

    /// SHA-1 over the certificate: `x5t` (RFC 7515 4.1.7).
    pub fn sha1(&self) -> [u8; 20] {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der);
        hash.as_ref().try_into().expect("SHA-1 gives 20 bytes")
    }

    /// SHA-256 over the certificate: `x5t#S256` (RFC 7515 4.1.8).
    pub fn fingerprint(&self) -> Fingerprint {
        *self.fingerprint.get_or_init(|| Fingerprint::of(&self.der))
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, issued by {})", self.subject, self.issuer)
    }
}

/// The TBSCertificate's fields, each as received.
///
/// ```text
/// TBSCertificate  ::=  SEQUENCE  {                             -- RFC 5280 4.1
///      version         [0]  EXPLICIT Version DEFAULT v1,
///      serialNumber         CertificateSerialNumber,
///      signature            AlgorithmIdentifier,
///      issuer               Name,
///      validity             Validity,
///      subject              Name,
///      subjectPublicKeyInfo SubjectPublicKeyInfo,
///      issuerUniqueID  [1]  IMPLICIT UniqueIdentifier OPTIONAL,
///      subjectUniqueID [2]  IMPLICIT UniqueIdentifier OPTIONAL,
///      extensions      [3]  EXPLICIT Extensions OPTIONAL }
/// ```
struct Fields<'a> {
    version: u8,
    serial: &'a [u8],
    algorithm: &'a [u8],
    issuer: &'a [u8],
    not_before: &'a [u8],
    not_after: &'a [u8],
    subject: &'a [u8],
    public_key: &'a [u8],
    extensions: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    fn read(signed: &'a [u8]) -> Result<Self, CertificateError> {
        let parts = tlv::sequence_parts(signed)?;
        let (version, parts) = match parts.split_first() {
            Some((version, rest)) if version.tag == explicit(0) => {
                let version = u8::from_der(version.contents)?;
                if version > VERSION_3 {
                    return Err(CertificateError::Shape { expected: "version 1, 2 or 3" });
                }
                (version, rest)
            }
            _ => (0, parts.as_slice()),
        };
        let [serial, algorithm, issuer, validity, subject, public_key, rest @ ..] = parts else {
            return Err(CertificateError::Shape { expected: "at least six fields in the signed part" });
        };
        // A number that DER cannot write; one below zero is read, and refused.
        IntRef::from_der(serial.whole)?;
        let mut rest = rest.iter().peekable();
        rest.next_if(|part| part.tag == unique_identifier(1));
        rest.next_if(|part| part.tag == unique_identifier(2));
        let extensions = rest.next_if(|part| part.tag == explicit(3));
        if rest.next().is_some() {
            return Err(CertificateError::Shape { expected: "its fields in their order, and no others" });
        }
        let dates = tlv::sequence_parts(validity.whole)?;
        let [not_before, not_after] = dates.as_slice() else {
            return Err(CertificateError::Shape { expected: "two dates in its validity" });
        };
        Ok(Self {
            version: version.saturating_add(1),
            serial: serial.contents,
            algorithm: algorithm.whole,
            issuer: issuer.whole,
            not_before: not_before.whole,
            not_after: not_after.whole,
            subject: subject.whole,
            public_key: public_key.whole,
            extensions: extensions.map(|part| part.contents),
        })
    }
}

/// Why bytes are no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The DER is wrong; the reader says at which byte.
    #[error("not a certificate: {}", tlv::said(.0))]
    Der(#[from] der::Error),
    /// More extensions than [`EXTENSIONS_MAX`].
    #[error("the certificate has {found} extensions, and at most {EXTENSIONS_MAX} are read")]
    TooManyExtensions {
        /// How many it has.
        found: usize,
    },
    /// The DER is right and not that of a certificate.
    #[error("not a certificate: it has not {expected}, as RFC 5280 4.1 wants")]
    Shape {
        /// What a certificate would have.
        expected: &'static str,
    },
    /// Larger than what is read.
    #[error("the certificate has {found} bytes, and at most {CERTIFICATE_BYTES_MAX} are read")]
    TooLarge {
        /// Its size.
        found: usize,
    },
    /// The subject or issuer cannot be read.
    #[error("a name in the certificate: {0}")]
    Name(#[from] NameError),
    /// The key in it cannot be read.
    #[error("the key in the certificate: {0}")]
    Key(#[from] KeyError),
    /// A date in it is none.
    #[error("a date in the certificate: {0}")]
    Time(#[from] TimeError),
}

impl From<ExtensionsError> for CertificateError {
    fn from(error: ExtensionsError) -> Self {
        match error {
            ExtensionsError::Der(error) => Self::Der(error),
            ExtensionsError::TooMany { found } => Self::TooManyExtensions { found },
        }
    }
}

impl CertificateError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Der(_) | Self::Shape { .. } => "ask the CA to send the certificate again, as PEM or DER",
            Self::TooManyExtensions { .. }
            | Self::TooLarge { .. }
            | Self::Name(_)
            | Self::Key(_)
            | Self::Time(_) => {
                "ask the CA to issue it again: however it is sent, what stands in it stays as it is"
            }
        }
        .to_owned()
    }
}

/// The largest certificate read. Ours: what is judged is read again for every path that it may stand in. The largest
/// of other projects' suites, made for its thousands of names, has 57 kB; rustls-webpki reads 64 KiB.
pub const CERTIFICATE_BYTES_MAX: usize = 1 << 20;

/// RFC 5280 4.2.2.1.
const CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

/// RFC 5280 4.1.2.5: through 2049 dates are UTCTime.
fn is_general_before_2050(der: &[u8]) -> Result<bool, CertificateError> {
    let (time, _) = tlv::split_first(der)?;
    Ok(time.tag == Tag::GeneralizedTime && time.contents < b"2050".as_slice())
}

/// UTCTime or GeneralizedTime, of a certificate or a revocation list (RFC 5280 4.1.2.5, 5.1.2.4).
pub(crate) fn read_time<E: From<der::Error> + From<TimeError>>(der: &[u8]) -> Result<UnixTime, E> {
    let (time, _) = tlv::split_first(der)?;
    match time.tag {
        Tag::UtcTime => Ok(UnixTime::from_utc_time(time.contents)?),
        Tag::GeneralizedTime => Ok(UnixTime::from_generalized_time(time.contents)?),
        other => Err(der::Error::from(other.value_error()).into()),
    }
}

/// v3, as it is written.
const VERSION_3: u8 = 2;

/// A BIT STRING under an implicit tag.
const fn unique_identifier(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber(number) }
}

const fn explicit(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}
