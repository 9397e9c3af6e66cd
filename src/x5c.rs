//! What Key Vault does with the `x5c` of a merge: which elements it reads, and its exact answer to the rest.
//!
//! A model of the service, in the strength of the evidence: \[REC\] a recorded answer, \[ISSUE\] a public issue,
//! \[INFER\] our inference, which takes the cautious side. Like the service it never looks at dates, names, chains
//! or signatures; that is the judge's work.

mod clients;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::bundle::{Bundle, CERTIFICATES_MAX, Given, Origin, Source, Walk};
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;
use crate::key::PublicKey;
use crate::pem;
use crate::tlv;

pub(crate) use clients::submit_to_each_within;
pub use clients::{CLIENTS, Client, Failure, Kind, Outcome, Stop, submit_to_each};

/// Reads the elements of an `x5c` as the service does, for the key of the operation that waits.
///
/// An element is given as its bytes after the base64 of the JSON document was decoded, once. Any of these is read:
///
/// | element | evidence |
/// |---|---|
/// | one certificate in DER | \[REC\] Go, `az`, .NET |
/// | the base64 text of one | \[REC\] the Python sample |
/// | that text with `-----END CERTIFICATE-----` glued to it | \[REC\] the JavaScript sample |
/// | a PFX | \[ISSUE\] acmebot sends one for each certificate |
/// | PKCS#7, in DER or as base64 text | \[DOC\] create-certificate-signing-request.md, FAQ |
/// | one block of PEM | \[ISSUE\] azure-powershell#25843: so PKCS#7 was sent; \[INFER\] for certificates |
///
/// The certificates come back in the order of the elements, each placed at its element, `x5c[0]`. The service
/// finds the leaf itself, whatever the order (\[ISSUE\] azure-powershell#24323 names the step).
///
/// # Errors
///
/// [`X5cError`], the first of what the service refuses: nothing given, an element that is too long, one that
/// cannot be read, and last that no certificate holds the key.
pub fn read<E: AsRef<[u8]>>(elements: &[E], key: &PublicKey) -> Result<Bundle, X5cError> {
    Reader::default().read(elements, key)
}

/// What reads elements, and remembers those that it has read: clients send the same certificate in many clothes.
#[derive(Default)]
struct Reader {
    /// By the element's place and by what is left of it without base64 and armour.
    known: HashMap<(usize, Vec<u8>), Result<Bundle, X5cError>>,
    /// What is left of the limits: they hold for all elements of an x5c together, or many small ones would get around
    /// them, and that of iterations for all that is read.
    walk: Walk<'static>,
}

impl Reader {
    fn read<E: AsRef<[u8]>>(&mut self, elements: &[E], key: &PublicKey) -> Result<Bundle, X5cError> {
        if elements.iter().all(|element| element.as_ref().is_empty()) {
            return Err(X5cError::NoItem);
        }
        if elements.len() > CERTIFICATES_MAX {
            return Err(X5cError::TooMany { found: elements.len() });
        }
        for (index, element) in elements.iter().enumerate() {
            let length = element.as_ref().len();
            if length > ELEMENT_BYTES_MAX {
                return Err(X5cError::TooLong { index, length });
            }
        }
        // Each x5c has limits of its own; the time that derivation takes is that of all.
        self.walk = Walk::with_iterations(None, self.walk.iterations_left());
        let mut all = Bundle::default();
        for (index, element) in elements.iter().enumerate() {
            all.certificates.extend(self.read_element(index, element.as_ref())?.certificates);
        }
        match all.certificates.iter().any(|given| given.certificate.public_key() == key) {
            true => Ok(all),
            false => {
                let expected = key.fingerprint();
                let found =
                    all.certificates.first().map(|given| given.certificate.public_key().fingerprint());
                Err(X5cError::KeyMismatch { expected, found })
            }
        }
    }

    fn read_element(&mut self, index: usize, element: &[u8]) -> Result<Bundle, X5cError> {
        let not_readable = || X5cError::NotReadable { index };
        let bytes = match Form::of(element) {
            Form::Der => element.to_vec(),
            // [REC] The base64 text of a PFX is refused, while a PFX is taken.
            Form::Base64(der) if is_pfx(&der) => return Err(not_readable()),
            Form::Base64(der) => der,
            Form::OneBlock => one_block(element).unwrap_or_else(|| element.to_vec()),
            Form::SeveralBlocks => return Err(X5cError::NoLeaf { index }),
            Form::Other => return Err(not_readable()),
        };
        match self.known.entry((index, bytes)) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                let name = format!("x5c[{index}]");
                // Mostly it is a certificate and nothing else.
                let source = Source { name: &name, bytes: &new.key().1 };
                let bundle = match Certificate::from_der(source.bytes) {
                    Ok(certificate) => {
                        Ok(Bundle::of(vec![Given { certificate, place: Origin::of_file(&name) }]))
                    }
                    Err(_) => match Bundle::read_on(&[source], &mut self.walk) {
                        Ok(bundle) if !bundle.certificates.is_empty() => Ok(bundle),
                        Err(error) if error.is_limit() => {
                            Err(X5cError::TooMuch { reason: error.to_string() })
                        }
                        Ok(_) | Err(_) => Err(not_readable()),
                    },
                };
                new.insert(bundle).clone()
            }
        }
    }
}

/// What a block labelled CERTIFICATE holds; none for another, whose label says how to read it.
fn one_block(element: &[u8]) -> Option<Vec<u8>> {
    let [block] = <[_; 1]>::try_from(pem::read(element).ok()?).ok()?;
    (block.label == "CERTIFICATE").then(|| block.contents().to_vec())
}

/// What the service refuses of an `x5c`; all of it with 400 (reference 2.5).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum X5cError {
    /// No element, or only empty ones. \[ISSUE\] azure-docs#100959; of empty elements \[INFER\].
    #[error("x5c holds no certificate, at least one is expected")]
    NoItem,
    /// An element is longer than [`ELEMENT_BYTES_MAX`]. \[REC\] of 24,927 bytes.
    #[error("x5c[{index}] is {length} bytes long, at most {ELEMENT_BYTES_MAX} are taken")]
    TooLong {
        /// The element, from 0.
        index: usize,
        /// Its bytes, decoded.
        length: usize,
    },
    /// More elements than [`CERTIFICATES_MAX`]. Ours: the service's own bound is not known.
    #[error("x5c has {found} elements, at most {CERTIFICATES_MAX} are taken")]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// Beyond a limit of this program to all elements together.
    #[error("{reason}")]
    TooMuch {
        /// The element, and the limit.
        reason: String,
    },
    /// An element is nothing that the service reads. \[REC\] of text, a key's backup, the base64 text of a PFX.
    #[error("x5c[{index}] is neither a certificate nor a PFX or PKCS#7 of certificates")]
    NotReadable {
        /// The element, from 0.
        index: usize,
    },
    /// An element holds several blocks of PEM. \[ISSUE\] azure-powershell#24323.
    #[error("x5c[{index}] holds several certificates as PEM, where one for each element is expected")]
    NoLeaf {
        /// The element, from 0.
        index: usize,
    },
    /// No certificate holds the operation's key. \[REC\]
    #[error("sha256 of the key: expected {expected}, found {}", .found.map_or_else(|| "none".to_owned(), |found| found.to_string()))]
    KeyMismatch {
        /// The held key.
        expected: Fingerprint,
        /// The key of the first certificate.
        found: Option<Fingerprint>,
    },
}

impl X5cError {
    /// Whether everything could be read, and no certificate holds the key.
    pub fn is_of_the_key(&self) -> bool {
        matches!(self, Self::KeyMismatch { .. })
    }

    /// The service's code.
    pub fn code(&self) -> &'static str {
        "BadParameter"
    }

    /// Whether it is a limit of this program, of which the service is not known to have one.
    pub fn is_own_limit(&self) -> bool {
        matches!(self, Self::TooMany { .. } | Self::TooMuch { .. })
    }

    /// The service's words, exactly.
    pub fn message(&self) -> &'static str {
        match self {
            Self::NoItem => "Property x5c has invalid value X5C must has at least one valid item",
            Self::TooLong { .. } => "value is too long.",
            Self::TooMany { .. } | Self::TooMuch { .. } | Self::NotReadable { .. } => {
                "Certificate can not be read. Please check if certificate is valid."
            }
            Self::NoLeaf { .. } => "Unable to parse X5c certificate chain and locate leaf certificate",
            Self::KeyMismatch { .. } => KEY_MISMATCH_MESSAGE,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NoItem => "send the DER of each certificate as an element of its own".to_owned(),
            Self::TooLong { .. } | Self::TooMany { .. } | Self::TooMuch { .. } => {
                "send one certificate for each element, without anything beside it".to_owned()
            }
            Self::NotReadable { .. } | Self::NoLeaf { .. } => {
                "write the elements with: coldcert check ANSWER --csr REQUEST --write x5c -o x5c.json"
                    .to_owned()
            }
            Self::KeyMismatch { .. } => {
                "ask for whom the answer is with: coldcert check ANSWER --csr REQUEST".to_owned()
            }
        }
    }
}

/// What an element is, as far as the service's treatment of it depends on that.
enum Form {
    Der,
    /// Base64 text, decoded.
    Base64(Vec<u8>),
    /// One block of PEM and nothing before it.
    OneBlock,
    /// More than one beginning or end of PEM.
    SeveralBlocks,
    Other,
}

impl Form {
    fn of(element: &[u8]) -> Self {
        if element.first() == Some(&SEQUENCE) {
            // [INFER] One value and nothing behind it.
            let is_one = tlv::split_first(element).is_ok_and(|(_, rest)| rest.is_empty());
            return if is_one { Self::Der } else { Self::Other };
        }
        let Ok(text) = std::str::from_utf8(element) else { return Self::Other };
        let text = text.trim_start_matches('\u{feff}').trim();
        match (text.matches(BEGIN).count(), text.matches(END).count()) {
            (0, 0) => Self::of_base64(text),
            (0, 1) => text.strip_suffix(FOOTER).map_or(Self::Other, Self::of_base64),
            (1, 1) if text.starts_with(BEGIN) && pem::looks_like_pem(element) => Self::OneBlock,
            (begins, ends) if begins > 1 || ends > 1 => Self::SeveralBlocks,
            // The first block's beginning and the last one's end were taken off.
            _ if text.find(END) < text.find(BEGIN) => Self::SeveralBlocks,
            _ => Self::Other,
        }
    }

    fn of_base64(text: &str) -> Self {
        let mut compact = Vec::with_capacity(text.len());
        compact.extend(text.bytes().filter(|c| !c.is_ascii_whitespace()));
        let decoded = BASE64.decode(compact).ok();
        decoded.filter(|der| der.first() == Some(&SEQUENCE)).map_or(Self::Other, Self::Base64)
    }
}

/// ```text
/// PFX ::= SEQUENCE {                                               -- RFC 7292 4
///     version     INTEGER {v3(3)}(v3,...),
///     authSafe    ContentInfo, … }
/// ```
fn is_pfx(der: &[u8]) -> bool {
    let parts = tlv::first_parts(der, 1).unwrap_or_default();
    parts.first().is_some_and(|version| version.whole == [2, 1, 3])
}

/// The service's words where no certificate holds the key of the operation (reference 2.5, \[REC\] 2020).
pub const KEY_MISMATCH_MESSAGE: &str = "The public key of the end-entity certificate in the specified X.509 certificate content does not match the public part of the specified private key. Please check if certificate is valid.";

/// Bytes of an element, decoded: 32,768 characters of base64 in the document. \[INFER\]: 24,927 bytes were refused
/// as too long \[REC\], and the round number below that is taken. A PFX with a chain of RSA 4096 has about 8,000.
pub const ELEMENT_BYTES_MAX: usize = 24_576;

const SEQUENCE: u8 = 0x30;
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const FOOTER: &str = "-----END CERTIFICATE-----";

/// \[INFER\] Padding may be missing, as elsewhere in the service's input.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
