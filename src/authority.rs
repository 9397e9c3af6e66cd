//! A CA in the same box: certificates that this program signs itself, for issuer `Self`, for the training CA of the
//! demonstration, and for the offline CA of an operator.
//!
//! What it signs is put together from the subject's and key's own bytes; nothing foreign is written anew.

use aws_lc_rs::rand;
use der::asn1::{BitStringRef, UintRef};
use der::{Tag, TagNumber};
use x509_cert::time::Time;

use crate::bundle::{Bundle, Given, Origin};
use crate::certificate::{Certificate, CertificateError};
use crate::csr::CertificateRequest;
use crate::extension::{self, Extension};
use crate::fingerprint::Fingerprint;
use crate::key::{KeyError, PrivateKey, PublicKey, Signer};
use crate::name::{DistinguishedName, NameError};
use crate::policy::{KeyKind, KeyUsage, Policy};
use crate::time::{TimeError, UnixTime};
use crate::tlv;
use crate::verdict::{Profile, Question, Severity, Terms, Verdict};

/// A CA: a certificate and the key that goes with it.
#[derive(Debug)]
pub struct Authority {
    certificate: Certificate,
    key: PrivateKey,
}

impl Authority {
    /// Makes a root that signs itself.
    pub fn root(subject: &str, kind: KeyKind, validity: Validity) -> Result<Self, AuthorityError> {
        let subject = DistinguishedName::from_text(subject)?;
        let key = PrivateKey::generate(kind)?;
        let extensions = authority_extensions(key.public_key(), None, key.public_key());
        let certificate = Draft {
            issuer: &subject,
            subject: &subject,
            public_key: key.public_key(),
            validity,
            extensions: &extensions,
        }
        .sign(&key)?;
        Ok(Self { certificate, key })
    }

    /// Makes a CA below this one, which signs end entities only.
    pub fn intermediate(
        &self,
        subject: &str,
        kind: KeyKind,
        validity: Validity,
    ) -> Result<Self, AuthorityError> {
        let subject = DistinguishedName::from_text(subject)?;
        let key = PrivateKey::generate(kind)?;
        let extensions = authority_extensions(key.public_key(), Some(0), self.key.public_key());
        let certificate = Draft {
            issuer: self.certificate.subject(),
            subject: &subject,
            public_key: key.public_key(),
            validity,
            extensions: &extensions,
        }
        .sign(&self.key)?;
        Ok(Self { certificate, key })
    }

    /// Signs what a request asks for: its subject, key, key usages and alternative names as they stand in
    /// it, as an end entity. The request's signature was checked when it was read.
    pub fn sign(
        &self,
        request: &CertificateRequest,
        validity: Validity,
    ) -> Result<Certificate, AuthorityError> {
        let asked =
            [extension::KEY_USAGE, extension::EXTENDED_KEY_USAGE, extension::SUBJECT_ALTERNATIVE_NAME];
        let mut extensions: Vec<Extension> =
            request.extensions().iter().filter(|one| asked.contains(&one.oid)).cloned().collect();
        extensions.push(Extension::end_entity_constraints());
        extensions.push(Extension::authority_key_identifier(&self.key.public_key().key_identifier()));
        extensions.push(Extension::subject_key_identifier(&request.public_key().key_identifier()));
        Draft {
            issuer: self.certificate.subject(),
            subject: request.subject(),
            public_key: request.public_key(),
            validity,
            extensions: &extensions,
        }
        .sign(&self.key)
    }

    /// Takes a CA that was made elsewhere: its certificate and the key in it.
    pub fn of(certificate: Certificate, key: PrivateKey) -> Result<Self, AuthorityError> {
        let usages = certificate.key_usages();
        if !certificate.is_authority() || !(usages.is_empty() || usages.contains(&KeyUsage::KeyCertSign)) {
            return Err(AuthorityError::NotAnAuthority { subject: certificate.subject().to_string() });
        }
        if certificate.public_key() != key.public_key() {
            return Err(AuthorityError::AnotherKey {
                certificate: certificate.public_key().fingerprint(),
                key: key.public_key().fingerprint(),
            });
        }
        Ok(Self { certificate, key })
    }

    /// Signs what a request asks for as an end entity, where that comes to a certificate which the profile accepts.
    ///
    /// It is judged twice: what is to be signed, before the CA's key touches it, under a key that is thrown away and a CA
    /// that is this one in everything else; and the certificate itself, under this CA.
    ///
    /// # Errors
    ///
    /// [`AuthorityError::Refused`] with the verdict; nothing was signed then by this CA's key, unless the verdict of the
    /// second judgement is another one than that of the first.
    pub fn issue(
        &self,
        request: &CertificateRequest,
        validity: Validity,
        profile: Profile,
        at: UnixTime,
    ) -> Result<Certificate, AuthorityError> {
        let extensions = self.extensions_of_end_entity(request);
        let draft = Draft {
            issuer: self.certificate.subject(),
            subject: request.subject(),
            public_key: request.public_key(),
            validity,
            extensions: &extensions,
        };
        let signed = draft.to_be_signed(&self.key)?;
        let stand_in = self.stand_in()?;
        accepted(stand_in.finish(&signed)?, request, &stand_in.certificate, profile, at)?;
        accepted(self.finish(&signed)?, request, &self.certificate, profile, at)
    }

    /// Its private key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The same CA with another key of the same kind.
    fn stand_in(&self) -> Result<Self, AuthorityError> {
        let key = PrivateKey::generate(self.key.kind())?;
        let certificate = Draft {
            issuer: self.certificate.subject(),
            subject: self.certificate.subject(),
            public_key: key.public_key(),
            validity: Validity {
                not_before: self.certificate.not_before(),
                not_after: self.certificate.not_after(),
            },
            extensions: self.certificate.extensions(),
        }
        .sign(&key)?;
        Ok(Self { certificate, key })
    }

    fn finish(&self, signed: &[u8]) -> Result<Certificate, AuthorityError> {
        finish(signed, &self.key)
    }

    /// What of the request goes into the certificate, and what a CA adds (RFC 5280 4.2.1).
    fn extensions_of_end_entity(&self, request: &CertificateRequest) -> Vec<Extension> {
        let asked = [extension::KEY_USAGE, extension::EXTENDED_KEY_USAGE];
        let mut extensions: Vec<Extension> =
            request.extensions().iter().filter(|one| asked.contains(&one.oid)).cloned().collect();
        let names = request.extensions().iter().filter(|one| one.oid == extension::SUBJECT_ALTERNATIVE_NAME);
        // Critical where the subject is empty, and not where it is not (RFC 5280 4.2.1.6).
        let critical = request.subject().is_empty();
        extensions.extend(names.map(|names| Extension { critical, ..names.clone() }));
        // Critical, as the Baseline Requirements have it where it stands at all (7.1.2.7.6).
        extensions.push(Extension { critical: true, ..Extension::end_entity_constraints() });
        let issuer = self.certificate.subject_key_identifier();
        let issuer = issuer.map_or_else(|| self.key.public_key().key_identifier().to_vec(), <[u8]>::to_vec);
        extensions.push(Extension::authority_key_identifier(&issuer));
        extensions.push(Extension::subject_key_identifier(&request.public_key().key_identifier()));
        extensions
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

/// Makes the certificate that issuer `Self` stands for (reference 3): valid from ten minutes ago, for the
/// policy's months, with the service's extensions in the service's order.
pub fn self_signed(
    policy: &Policy,
    request: &CertificateRequest,
    signer: &dyn Signer,
    now: UnixTime,
) -> Result<Certificate, AuthorityError> {
    let key = signer.public_key();
    let mut extensions = Vec::new();
    extensions.extend(Extension::key_usage(&policy.key_usages));
    extensions.push(Extension::end_entity_constraints());
    extensions.extend(Extension::extended_key_usage(&policy.extended_key_usages));
    extensions.extend(Extension::subject_alternative_name(policy.general_names()));
    extensions.push(Extension::authority_key_identifier(&key.key_identifier()));
    extensions.push(Extension::subject_key_identifier(&key.key_identifier()));
    let validity = Validity {
        not_before: now.plus_seconds(-BACKDATING_SECONDS),
        not_after: now.plus_months(policy.validity_months)?,
    };
    Draft {
        issuer: request.subject(),
        subject: request.subject(),
        public_key: key,
        validity,
        extensions: &extensions,
    }
    .sign(signer)
}

/// From when until when, both included (RFC 5280 4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: UnixTime,
    /// The last second.
    pub not_after: UnixTime,
}

impl Validity {
    /// From some moment, for so many days.
    pub fn days(not_before: UnixTime, days: u32) -> Self {
        Self { not_before, not_after: not_before.plus_seconds(i64::from(days) * 86_400) }
    }
}

/// What is to be signed.
struct Draft<'a> {
    issuer: &'a DistinguishedName,
    subject: &'a DistinguishedName,
    public_key: &'a PublicKey,
    validity: Validity,
    extensions: &'a [Extension],
}

/// The certificate, if a profile accepts it under a CA that is trusted.
fn accepted(
    certificate: Certificate,
    request: &CertificateRequest,
    authority: &Certificate,
    profile: Profile,
    at: UnixTime,
) -> Result<Certificate, AuthorityError> {
    let place = Origin::of_file("the certificate");
    let bundle = Bundle::of(vec![Given { certificate: certificate.clone(), place }]);
    let terms =
        Terms { anchors: vec![authority.clone()], request: Some(request.clone()), ..Terms::of(profile) };
    let question = Question::new("the request", request.public_key(), &bundle, at, &terms);
    match Verdict::judge(&question).accept() {
        Ok(_) => Ok(certificate),
        Err(verdict) => Err(AuthorityError::Refused(Box::new(verdict))),
    }
}

/// ```text
/// Certificate  ::=  SEQUENCE  {                                    -- RFC 5280 4.1
///     tbsCertificate       TBSCertificate,
///     signatureAlgorithm   AlgorithmIdentifier,
///     signatureValue       BIT STRING  }
/// ```
fn finish(signed: &[u8], signer: &dyn Signer) -> Result<Certificate, AuthorityError> {
    let signature = signer.sign(signed)?;
    let bits = BitStringRef::from_bytes(&signature).expect("a signature is under 256 MiB");
    let algorithm = signer.signature_algorithm();
    Ok(Certificate::from_der(&tlv::sequence(&[signed, algorithm.as_der(), &tlv::encoded(&bits)]))?)
}

impl Draft<'_> {
    fn sign(&self, signer: &dyn Signer) -> Result<Certificate, AuthorityError> {
        finish(&self.to_be_signed(signer)?, signer)
    }

    fn to_be_signed(&self, signer: &dyn Signer) -> Result<Vec<u8>, AuthorityError> {
        let algorithm = signer.signature_algorithm();
        let validity = tlv::sequence(&[&time(self.validity.not_before)?, &time(self.validity.not_after)?]);
        Ok(tlv::sequence(&[
            &tlv::wrapped(explicit(0), &tlv::encoded(&VERSION_3)),
            &serial_number()?,
            algorithm.as_der(),
            self.issuer.as_der(),
            &validity,
            self.subject.as_der(),
            self.public_key.as_der(),
            &tlv::wrapped(explicit(3), &Extension::encode_all(self.extensions)),
        ]))
    }
}

/// Why a certificate was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// A name cannot be read or written.
    #[error("a name for the certificate: {0}")]
    Name(#[from] NameError),
    /// The key.
    #[error("the key for the certificate: {0}")]
    Key(#[from] KeyError),
    /// What was made does not read back.
    #[error("the certificate that was made: {0}")]
    Certificate(#[from] CertificateError),
    /// Its dates leave the calendar.
    #[error("the dates of the certificate: {0}")]
    Time(#[from] TimeError),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
    /// What was brought as a CA is none.
    #[error("{subject} is no CA: it may not sign certificates (RFC 5280 4.2.1.3, 4.2.1.9)")]
    NotAnAuthority {
        /// Its subject.
        subject: String,
    },
    /// The key is not the certificate's.
    #[error("sha256 of the CA's public key: the certificate has {certificate}, the key {key}")]
    AnotherKey {
        /// In the certificate.
        certificate: Fingerprint,
        /// Of the key.
        key: Fingerprint,
    },
    /// What would be signed breaks the profile's rules.
    #[error("the profile {} refuses what would be signed: {}", .0.profile().name(), refusals(.0))]
    Refused(Box<Verdict>),
}

fn refusals(verdict: &Verdict) -> String {
    let refused = verdict.findings().iter().filter(|finding| finding.severity == Severity::Refuse);
    let said = refused.map(|finding| format!("{} ({})", finding.rule.name, finding.message));
    said.collect::<Vec<_>>().join("; ")
}

impl AuthorityError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Name(error) => error.help(),
            Self::Key(error) => error.help(),
            Self::Certificate(error) => error.help(),
            Self::Time(error) => error.help(),
            Self::Random => "try again when the system has started fully".to_owned(),
            Self::NotAnAuthority { .. } => "bring the CA's own certificate with its key".to_owned(),
            Self::AnotherKey { .. } => "bring the key that belongs to the certificate".to_owned(),
            Self::Refused(_) => {
                "have it asked for again as the profile wants it, or of a CA with another profile (coldcert ca show)"
                    .to_owned()
            }
        }
    }
}

/// keyUsage, basicConstraints, subject and authority key identifiers: what RFC 5280 4.2.1 asks of a CA.
fn authority_extensions(key: &PublicKey, path_length: Option<u8>, signer: &PublicKey) -> Vec<Extension> {
    let mut extensions = vec![Extension::authority_constraints(path_length)];
    extensions.extend(Extension::key_usage(&[KeyUsage::KeyCertSign, KeyUsage::CrlSign]));
    extensions.push(Extension::subject_key_identifier(&key.key_identifier()));
    if signer != key {
        extensions.push(Extension::authority_key_identifier(&signer.key_identifier()));
    }
    extensions
}

/// Sixteen random bytes, positive and not zero (RFC 5280 4.1.2.2), as the service makes them (reference 3).
fn serial_number() -> Result<Vec<u8>, AuthorityError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| AuthorityError::Random)?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(tlv::encoded(&UintRef::new(&bytes).expect("16 bytes are under 256 MiB")))
}

/// UTCTime until 2049, GeneralizedTime after (RFC 5280 4.1.2.5).
fn time(at: UnixTime) -> Result<Vec<u8>, AuthorityError> {
    let out_of_range = || TimeError::OutOfRange { seconds: at.unix_seconds() };
    let seconds = u64::try_from(at.unix_seconds()).map_err(|_| out_of_range())?;
    let date = der::DateTime::from_unix_duration(std::time::Duration::from_secs(seconds))
        .map_err(|_| out_of_range())?;
    let time = match der::asn1::UtcTime::from_date_time(date) {
        Ok(utc) => Time::UtcTime(utc),
        Err(_) => Time::GeneralTime(der::asn1::GeneralizedTime::from_date_time(date)),
    };
    Ok(tlv::encoded(&time))
}

const fn explicit(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

const VERSION_3: u8 = 2;
/// The service dates a certificate ten minutes back, for clients whose clocks are behind (reference 2.4, 3).
pub const BACKDATING_SECONDS: i64 = 600;
