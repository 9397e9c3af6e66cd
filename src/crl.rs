//! Certificate revocation lists (RFC 5280 5), read once: the bytes as received, the extensions that say what
//! a list is for, and an index of the serial numbers in it.
//!
//! It judges nothing: an old list and one with a wrong signature are read like others. A list can be many
//! megabytes, so an entry is kept as a place in the bytes, its date and its reason, and found by search.

mod entries;

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};

use crate::certificate::read_time;
use crate::extension::{
    AUTHORITY_KEY_IDENTIFIER, DistributionPoint, DistributionPointError, EXTENSIONS_MAX, Extension,
    ExtensionsError, FRESHEST_CRL, ISSUING_DISTRIBUTION_POINT, IssuingDistributionPoint,
};
use crate::key::{PublicKey, SignatureAlgorithm, SignatureFault};
use crate::name::{DistinguishedName, GeneralName, NameError};
use crate::time::{TimeError, UnixTime};
use crate::tlv;

pub use entries::{CERTIFICATE_ISSUERS_MAX, CRL_ENTRIES_MAX, Reason, Revoked};
use entries::{Entries, Entry, index, shortest};

/// A CRL, complete or delta. Equal when the bytes are.
#[derive(Clone)]
pub struct CertificateRevocationList {
    der: Vec<u8>,
    /// Where the TBSCertList lies in `der`: the bytes that are signed.
    signed: Range<usize>,
    issuer: DistinguishedName,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
    /// Ascending by serial number, one for each number and issuer.
    entries: Vec<Entry>,
    /// The certificateIssuer extensions in the list, each once.
    certificate_issuers: Vec<Vec<GeneralName>>,
    extensions: Extensions,
    not_understood: Vec<ObjectIdentifier>,
    signature_algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
}

impl CertificateRevocationList {
    /// Reads one CRL that fills the bytes to the end.
    ///
    /// ```text
    /// CertificateList  ::=  SEQUENCE  {                        -- RFC 5280 5.1
    ///      tbsCertList          TBSCertList,
    ///      signatureAlgorithm   AlgorithmIdentifier,
    ///      signatureValue       BIT STRING  }
    /// ```
    ///
    /// # Errors
    /// A [`CrlError`]: also beyond [`CRL_BYTES_MAX`], [`CRL_ENTRIES_MAX`] and [`CERTIFICATE_ISSUERS_MAX`].
    pub fn from_der(der: &[u8]) -> Result<Self, CrlError> {
        if der.len() > CRL_BYTES_MAX {
            return Err(CrlError::TooLarge { found: der.len(), maximum: CRL_BYTES_MAX, unit: "bytes" });
        }
        let parts = tlv::sequence_parts(der)?;
        let [signed, algorithm, signature] = parts.as_slice() else {
            return Err(CrlError::Shape { expected: "three parts" });
        };
        let fields = Fields::read(signed.whole)?;
        // RFC 5280 5.1.1.2: the two MUST be the same; only the inner one is signed.
        if fields.algorithm != algorithm.whole {
            return Err(CrlError::Shape { expected: "the same signature algorithm within and without" });
        }
        let mut not_understood = Vec::new();
        let extensions = Extensions::read(fields.extensions, &mut not_understood)?;
        let mut entries = Entries::new(der, not_understood);
        entries.read_all(fields.entries)?;
        let start = der.len() - signed.whole.len() - algorithm.whole.len() - signature.whole.len();
        Ok(Self {
            signed: start..start + signed.whole.len(),
            issuer: DistinguishedName::from_der(fields.issuer)?,
            this_update: read_time::<CrlError>(fields.this_update)?,
            next_update: fields.next_update.map(read_time::<CrlError>).transpose()?,
            certificate_issuers: entries.issuer_names()?,
            not_understood: entries.not_understood,
            entries: entries.read,
            extensions,
            signature_algorithm: SignatureAlgorithm::from_der(algorithm.whole)?,
            signature: tlv::bit_string_octets(signature.whole)?.to_vec(),
            der: der.to_vec(),
        })
    }

    /// The CRL as received.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Who issued it.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// When it was issued (RFC 5280 5.1.2.4).
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// By when the next one will be issued (RFC 5280 5.1.2.5, which wants it always).
    pub fn next_update(&self) -> Option<UnixTime> {
        self.next_update
    }

    /// How many certificates it lists.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it lists none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What it says of a certificate, by the certificate's issuer and the contents of its serial number.
    /// Where it is listed more than once, the first entry that does not take it off the list.
    pub fn find(&self, issuer: &DistinguishedName, serial: &[u8]) -> Option<Revoked> {
        let serial = shortest(serial);
        let start = self.entries.partition_point(|entry| entry.serial(&self.der) < serial);
        let same = self.entries[start..].iter().take_while(|entry| entry.serial(&self.der) == serial);
        let mut found: Option<Revoked> = None;
        // Entries of one number and one issuer stand together, so each name is compared once.
        let mut compared = None;
        for entry in same {
            let is_its = match compared {
                Some((issuer_of_entry, is_its)) if issuer_of_entry == entry.issuer => is_its,
                _ => self.is_issuer_of(entry, issuer),
            };
            compared = Some((entry.issuer, is_its));
            if is_its && found.is_none_or(|found| found.reason == Some(Reason::RemoveFromCrl)) {
                found = Some(Revoked { date: entry.date, reason: entry.reason });
            }
        }
        found
    }

    /// cRLNumber (RFC 5280 5.2.3).
    pub fn number(&self) -> Option<&CrlNumber> {
        self.extensions.number.as_ref()
    }

    /// In what its extensions are not as RFC 5280 5.2.3 to 5.2.5 have them, as words behind "it"; none where they are, or
    /// where there are none: a CRL of version 1 has no place for them.
    pub fn nonconformity(&self) -> Option<&'static str> {
        self.extensions.nonconformity
    }

    /// For a delta CRL, the number of the complete one that it starts from (RFC 5280 5.2.4).
    pub fn base_number(&self) -> Option<&CrlNumber> {
        self.extensions.base_number.as_ref()
    }

    /// The keyIdentifier of its authorityKeyIdentifier (RFC 5280 5.2.1).
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.extensions.authority_key_identifier.as_deref()
    }

    /// Which certificates it speaks of; none where it speaks of all that its issuer issued.
    pub fn issuing_distribution_point(&self) -> Option<&IssuingDistributionPoint> {
        self.extensions.issuing_distribution_point.as_ref()
    }

    /// Where its delta CRLs are.
    pub fn freshest_crl(&self) -> &[DistributionPoint] {
        &self.extensions.freshest_crl
    }

    /// The critical extensions of it and of its entries that this program does not understand, which
    /// forbid to use it (RFC 5280 5.2, 5.3).
    pub fn not_understood(&self) -> &[ObjectIdentifier] {
        &self.not_understood
    }

    /// How it is signed.
    pub fn signature_algorithm(&self) -> &SignatureAlgorithm {
        &self.signature_algorithm
    }

    /// Checks its signature under a key, over the bytes as received.
    pub fn verify_signature(&self, key: &PublicKey) -> Result<(), SignatureFault> {
        self.signature_algorithm.verify(key, &self.der[self.signed.clone()], &self.signature)
    }

    /// RFC 5280 5.3.3: an entry is the CRL issuer's until one says another issuer, then that one's.
    fn is_issuer_of(&self, entry: &Entry, issuer: &DistinguishedName) -> bool {
        match entry.issuer {
            None => self.issuer.matches(issuer),
            Some(at) => self.certificate_issuers[index(at)]
                .iter()
                .any(|name| matches!(name, GeneralName::Directory(name) if name.matches(issuer))),
        }
    }
}

impl PartialEq for CertificateRevocationList {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for CertificateRevocationList {}

impl fmt::Debug for CertificateRevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateRevocationList({}, {}, {})", self.issuer, self.this_update, self.len())
    }
}

/// The number of a CRL, of up to 20 octets (RFC 5280 5.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlNumber(Vec<u8>);

impl CrlNumber {
    fn read(der: &[u8]) -> Result<Self, CrlError> {
        let (integer, rest) = tlv::split_first(der)?;
        integer.tag.assert_eq(Tag::Integer)?;
        let octets = shortest(integer.contents);
        match octets.first() {
            Some(0..=0x7f) if rest.is_empty() => Ok(Self(octets.to_vec())),
            _ => Err(CrlError::Shape { expected: "a CRL number of zero or above" }),
        }
    }
}

impl Ord for CrlNumber {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for CrlNumber {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// In decimals where it fits 16 octets, else in hexadecimals.
impl fmt::Display for CrlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() <= size_of::<u128>() {
            let number = self.0.iter().fold(0, |number, octet| number << 8 | u128::from(*octet));
            return write!(f, "{number}");
        }
        f.write_str("0x")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// The extensions that this program understands (RFC 5280 5.2).
#[derive(Clone, Default)]
struct Extensions {
    nonconformity: Option<&'static str>,
    authority_key_identifier: Option<Vec<u8>>,
    number: Option<CrlNumber>,
    base_number: Option<CrlNumber>,
    issuing_distribution_point: Option<IssuingDistributionPoint>,
    freshest_crl: Vec<DistributionPoint>,
}

impl Extensions {
    fn read(der: Option<&[u8]>, not_understood: &mut Vec<ObjectIdentifier>) -> Result<Self, CrlError> {
        let mut found = Self::default();
        let extensions = der.map_or_else(|| Ok(Vec::new()), Extension::read_all)?;
        // RFC 5280 4.2, which 5.2 follows: of two scopes, either could be the one that was meant.
        let mut kinds = HashSet::new();
        if !extensions.iter().all(|one| kinds.insert(one.oid)) {
            return Err(CrlError::Shape { expected: "each extension once" });
        }
        for Extension { oid, critical, value } in extensions {
            match oid {
                AUTHORITY_KEY_IDENTIFIER => {
                    // keyIdentifier [0] IMPLICIT OCTET STRING, first where it is there (RFC 5280 4.2.1.1)
                    found.authority_key_identifier = tlv::sequence_parts(&value)?
                        .first()
                        .filter(|part| part.tag == KEY_IDENTIFIER)
                        .map(|part| part.contents.to_vec());
                }
                CRL_NUMBER => {
                    let number = CrlNumber::read(&value)?;
                    found.not_as_defined(critical, "has a critical number, which must not be critical");
                    found.not_as_defined(
                        number.0.len() > CRL_NUMBER_BYTES_MAX,
                        "has a number of more than 20 bytes",
                    );
                    found.number = Some(number);
                }
                DELTA_CRL_INDICATOR => {
                    found.not_as_defined(!critical, "does not mark critical that it is a delta CRL");
                    found.base_number = Some(CrlNumber::read(&value)?);
                }
                ISSUING_DISTRIBUTION_POINT => {
                    let scope = IssuingDistributionPoint::read(&value)?;
                    found.not_as_defined(!critical, "does not mark its scope critical");
                    found.not_as_defined(
                        scope == IssuingDistributionPoint::default(),
                        "has a scope that says nothing",
                    );
                    found.issuing_distribution_point = Some(scope);
                }
                FRESHEST_CRL => found.freshest_crl = DistributionPoint::read_all(&value)?,
                ISSUER_ALTERNATIVE_NAME | AUTHORITY_INFORMATION_ACCESS => {}
                other if critical => not_understood.push(other),
                _ => {}
            }
        }
        // 5.2.3: without a number nobody can tell an older list from a newer one.
        let lacks_number = der.is_some() && found.number.is_none();
        found.not_as_defined(lacks_number, "has no number, and every CRL of version 2 has one");
        Ok(found)
    }

    fn not_as_defined(&mut self, is_so: bool, how: &'static str) {
        if is_so {
            self.nonconformity.get_or_insert(how);
        }
    }
}

/// The TBSCertList's fields, each as received.
///
/// ```text
/// TBSCertList  ::=  SEQUENCE  {                                -- RFC 5280 5.1
///      version                 Version OPTIONAL,               -- if present, MUST be v2
///      signature               AlgorithmIdentifier,
///      issuer                  Name,
///      thisUpdate              Time,
///      nextUpdate              Time OPTIONAL,
///      revokedCertificates     SEQUENCE OF SEQUENCE { … } OPTIONAL,
///      crlExtensions           [0]  EXPLICIT Extensions OPTIONAL }
/// ```
struct Fields<'a> {
    algorithm: &'a [u8],
    issuer: &'a [u8],
    this_update: &'a [u8],
    next_update: Option<&'a [u8]>,
    /// The contents of revokedCertificates.
    entries: &'a [u8],
    extensions: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    fn read(signed: &'a [u8]) -> Result<Self, CrlError> {
        let parts = tlv::sequence_parts(signed)?;
        let is_version_2 = parts.first().is_some_and(|first| first.tag == Tag::Integer);
        let parts = match parts.split_first() {
            Some((version, rest)) if version.tag == Tag::Integer => {
                if version.contents != [VERSION_2] {
                    return Err(CrlError::Shape { expected: "version 2" });
                }
                rest
            }
            _ => &parts,
        };
        let [algorithm, issuer, this_update, rest @ ..] = parts else {
            return Err(CrlError::Shape { expected: "at least three fields in the signed part" });
        };
        let mut rest = rest.iter().peekable();
        let next_update = rest.next_if(|part| matches!(part.tag, Tag::UtcTime | Tag::GeneralizedTime));
        let entries = rest.next_if(|part| part.tag == Tag::Sequence);
        let extensions = rest.next_if(|part| part.tag == CRL_EXTENSIONS);
        if extensions.is_some() && !is_version_2 {
            return Err(CrlError::Shape { expected: "version 2, having extensions" });
        }
        if rest.next().is_some() {
            return Err(CrlError::Shape { expected: "its fields in their order, and no others" });
        }
        Ok(Self {
            algorithm: algorithm.whole,
            issuer: issuer.whole,
            this_update: this_update.whole,
            next_update: next_update.map(|part| part.whole),
            entries: entries.map_or(&[], |part| part.contents),
            extensions: extensions.map(|part| part.contents),
        })
    }
}

/// Why bytes are no CRL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CrlError {
    /// The DER is wrong; the reader says at which byte.
    #[error("not a CRL: {}", tlv::said(.0))]
    Der(#[from] der::Error),
    /// More extensions than [`EXTENSIONS_MAX`].
    #[error("the CRL has {found} extensions, and at most {EXTENSIONS_MAX} are read")]
    TooManyExtensions {
        /// How many it has.
        found: usize,
    },
    /// The DER is right and not that of a CRL.
    #[error("not a CRL: it has not {expected}, as RFC 5280 5 wants")]
    Shape {
        /// What a CRL would have.
        expected: &'static str,
    },
    /// A name in it cannot be read.
    #[error("a name in the CRL: {0}")]
    Name(#[from] NameError),
    /// A date in it is none.
    #[error("a date in the CRL: {0}")]
    Time(#[from] TimeError),
    /// A distribution point in it cannot be read.
    #[error("in the CRL, {0}")]
    DistributionPoint(#[from] DistributionPointError),
    /// The reason of an entry is none of RFC 5280.
    #[error("in the CRL, reason {found} of an entry: RFC 5280 5.3.1 has 0 to 6 and 8 to 10")]
    Reason {
        /// Its number.
        found: u8,
    },
    /// Beyond a limit of this program.
    #[error("the CRL has {found} {unit}, expected at most {maximum}")]
    TooLarge {
        /// How much there is.
        found: usize,
        /// How much is read.
        maximum: usize,
        /// Of what.
        unit: &'static str,
    },
}

impl From<ExtensionsError> for CrlError {
    fn from(error: ExtensionsError) -> Self {
        match error {
            ExtensionsError::Der(error) => Self::Der(error),
            ExtensionsError::TooMany { found } => Self::TooManyExtensions { found },
        }
    }
}

impl CrlError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::TooLarge { .. } => {
                "ask the CA for the part of its CRL that is for this certificate, or judge without it"
                    .to_owned()
            }
            _ => "fetch the CRL again from the CA, as PEM (X509 CRL) or DER".to_owned(),
        }
    }
}

/// RFC 5280 5.2.3.
const CRL_NUMBER_BYTES_MAX: usize = 20;

/// The largest CRL read, in bytes. Ours: the largest public ones are of some tens of megabytes, and all of
/// it is held in memory.
pub const CRL_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The most bytes in all files of CRLs taken for one judgement: two of the largest. Ours: they are all held in memory, and
/// a hundred of the largest would take gigabytes.
pub const CRLS_BYTES_MAX: usize = 2 * CRL_BYTES_MAX;

/// The most CRLs taken for one judgement. Ours: each is compared with each, for every certificate of every path; a
/// chain has one or two for each of its CAs.
pub const CRLS_MAX: usize = 100;

const VERSION_2: u8 = 1;
const CRL_EXTENSIONS: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
const KEY_IDENTIFIER: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };
/// RFC 5280 5.2.2.
const ISSUER_ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.18");
/// RFC 5280 5.2.3.
const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
/// RFC 5280 5.2.4.
const DELTA_CRL_INDICATOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
/// RFC 5280 5.2.7.
const AUTHORITY_INFORMATION_ACCESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1");

#[cfg(test)]
mod tests;
