//! PKCS#12 (RFC 7292): a private key and its chain written as one PFX, and a PFX of others read.
//!
//! The format's work is done by `p12-keystore`. Its archive reader is used and not its key store, which drops keys
//! that no certificate belongs to. What follows from the library: a PFX made with *no* password (as opposed to the
//! empty one), BER (NSS) and PBMAC1 (RFC 9579) cannot be read; bags other than keys and certificates (CRLs, Java
//! secret keys, nested SafeContents) are left out unsaid; and the library's own short-lived copies of a key are
//! freed without being wiped, ours are wiped.
//!
//! This file never re-encodes a certificate: the bytes given are the bytes in the bag. It does not check that key
//! and leaf belong together; that is proven before a record exists.

use crate::key::SecretDer;
use aws_lc_rs::digest;
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};
use p12_keystore::error::Error as LibraryError;
use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, Pkcs12Archive, PrivateKey,
    PrivateKeyChain,
};
use zeroize::Zeroizing;

/// What goes into a PFX.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The name under which Windows and Java show the key. Characters of Unicode's basic plane: it is a BMPString
    /// (RFC 2985 5.5.1).
    pub friendly_name: &'a str,
    /// PKCS#8; `None` for a certificate whose key must not leave (`exportable: false`).
    pub private_key: Option<&'a SecretDer>,
    /// DER, leaf first, then its chain in order; at least one.
    pub certificates: &'a [&'a [u8]],
}

/// What was in a PFX, everything in the file's order.
#[derive(Debug)]
pub struct Contents {
    /// The private keys, whether or not a certificate belongs to them.
    pub private_keys: Vec<PrivateKeyBag>,
    /// The certificates, repeated ones too.
    pub certificates: Vec<CertificateBag>,
}

/// A private key in a PFX.
#[derive(Debug)]
pub struct PrivateKeyBag {
    /// The localKeyId (RFC 2985 5.5.2): equal to that of the certificate which the key belongs to.
    pub local_key_id: Option<Vec<u8>>,
    /// The friendlyName (RFC 2985 5.5.1).
    pub friendly_name: Option<String>,
    /// PKCS#8.
    pub private_key: SecretDer,
}

/// A certificate in a PFX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateBag {
    /// The localKeyId (RFC 2985 5.5.2): there as a rule on the leaf only.
    pub local_key_id: Option<Vec<u8>>,
    /// The friendlyName (RFC 2985 5.5.1).
    pub friendly_name: Option<String>,
    /// DER, byte for byte as in the file.
    pub certificate: Vec<u8>,
}

/// Why a PFX could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs12Error {
    /// Nothing to write.
    #[error("no certificate to write, expected the leaf at least")]
    NoCertificate,
    /// The friendly name does not fit a BMPString.
    #[error("friendly name holds U+{:04X}, expected characters up to U+FFFF", u32::from(*character))]
    FriendlyName {
        /// The first such character.
        character: char,
    },
    /// The password does not fit a BMPString (RFC 7292 B.1). The message does not show it.
    #[error("character {position} of the password is above U+FFFF, expected characters up to U+FFFF")]
    Password {
        /// Which character, counted from 1.
        position: usize,
    },
    /// A certificate given for writing is not one.
    #[error("certificate {number} to write is not X.509 DER: {reason}")]
    CertificateToWrite {
        /// Which of [`Entry::certificates`], counted from 1.
        number: usize,
        /// In the words of the library.
        reason: String,
    },
    /// More than [`MAX_INPUT`] bytes.
    #[error("{length} bytes of PFX, expected at most {limit}")]
    TooLarge {
        /// Bytes given.
        length: usize,
        /// [`MAX_INPUT`].
        limit: usize,
    },
    /// Something else than a PFX.
    #[error("not a PFX: begins with {begins}, expected SEQUENCE {{ INTEGER 3, SEQUENCE … (30 … 02 01 03 30)")]
    NotPfx {
        /// The first bytes in hexadecimal.
        begins: String,
    },
    /// The password is wrong; or the file was changed, which looks the same (RFC 7292 4).
    #[error("the password does not fit: {tried} of the PFX does not agree with it")]
    WrongPassword {
        /// What was tried: the MAC, or the encryption where there is no MAC or it agreed.
        tried: &'static str,
    },
    /// A PFX whose DER is broken or cut short.
    #[error("the PFX is damaged, expected DER: {source}")]
    Damaged {
        /// What and where, in DER bytes of the innermost structure.
        #[source]
        source: der::Error,
    },
    /// BER that is not DER, as NSS writes: indefinite lengths, or an OCTET STRING in pieces.
    #[error("the PFX is BER with indefinite lengths or strings in pieces, expected DER")]
    Ber,
    /// Encryption, MAC or content that the library does not know.
    #[error(
        "the PFX uses something unknown among {}, expected PBES2, PBES1 with 3DES or RC2-40, and an HMAC",
        list(algorithms)
    )]
    Unsupported {
        /// The identifiers of every algorithm that can be seen from outside, in the file's order.
        algorithms: Vec<String>,
    },
    /// Deriving the keys would take too long.
    #[error("the PFX asks for {iterations} iterations of key derivation, expected at most {limit} in all")]
    Iterations {
        /// All that can be seen from outside, added up.
        iterations: u64,
        /// [`MAX_ITERATIONS`].
        limit: u64,
    },
    /// A certificate in a PFX is not X.509.
    #[error("a certificate in the PFX is not X.509 DER: {reason}")]
    CertificateRead {
        /// In the words of the library.
        reason: String,
    },
    /// A private key, given or read, is not PKCS#8.
    #[error("the private key is not PKCS#8, expected the PrivateKeyInfo of RFC 5958")]
    PrivateKey,
}

impl Pkcs12Error {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::NoCertificate => "merge the CA's answer first, then export".to_owned(),
            Self::FriendlyName { .. } => "choose a name of letters, digits and hyphens".to_owned(),
            Self::Password { .. } => {
                "choose a password without emoji: few programs agree on how to encode them".to_owned()
            }
            Self::CertificateToWrite { number, .. } => {
                format!("look at certificate {number}: openssl x509 -inform DER -noout -text")
            }
            Self::TooLarge { .. } => {
                "give the PFX of one key and its chain, not a whole trust store".to_owned()
            }
            Self::NotPfx { .. } => {
                "is it PEM, base64 or a PKCS#7 bag? PFX files are binary and mostly named .pfx or .p12"
                    .to_owned()
            }
            Self::WrongPassword { .. } => {
                "try the password again, also the empty one; if it is right, the file was changed on its way"
                    .to_owned()
            }
            Self::Damaged { .. } => {
                "fetch the file again, in binary mode, and compare its SHA-256 with the sender's".to_owned()
            }
            Self::Ber | Self::Unsupported { .. } => {
                "write it anew: openssl pkcs12 -in FILE -legacy -nodes -out x.pem, \
                 then openssl pkcs12 -export -in x.pem -out NEW; delete x.pem, it holds the key in the clear"
                    .to_owned()
            }
            Self::Iterations { limit, .. } => {
                format!(
                    "write it anew with fewer than {limit}: openssl pkcs12 -export -iter {PASSWORD_ITERATIONS}"
                )
            }
            Self::CertificateRead { .. } => "list what is in it: openssl pkcs12 -in FILE -nokeys".to_owned(),
            Self::PrivateKey => "convert the key: openssl pkcs8 -topk8 -nocrypt -in KEY".to_owned(),
        }
    }
}

/// Writes a PFX: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256 (RFC 8018 6.2), MAC by HMAC-SHA-256 (RFC 7292 4).
///
/// Certificates stand in the order given, bytes unchanged. With a key, key and leaf carry the SHA-1 of the leaf as
/// localKeyId, as Windows and OpenSSL have it, and the key carries the friendly name. Without one, the certificates
/// carry the name (from the second on with `#2`, `#3` … behind it, padded with zeros), and the attribute by which
/// Java shows them as trusted entries; without it Java would show nothing.
///
/// The empty password is Key Vault's own choice and protects nothing; the iterations follow from that
/// ([`EMPTY_PASSWORD_ITERATIONS`], [`PASSWORD_ITERATIONS`]).
///
/// # Errors
///
/// What was given does not fit: [`Pkcs12Error::NoCertificate`], [`FriendlyName`](Pkcs12Error::FriendlyName),
/// [`Password`](Pkcs12Error::Password), [`CertificateToWrite`](Pkcs12Error::CertificateToWrite),
/// [`PrivateKey`](Pkcs12Error::PrivateKey).
pub fn write(entry: &Entry<'_>, password: &str) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let leaf = entry.certificates.first().ok_or(Pkcs12Error::NoCertificate)?;
    if let Some(character) = entry.friendly_name.chars().find(|character| !in_basic_plane(*character)) {
        return Err(Pkcs12Error::FriendlyName { character });
    }
    password_fits(password)?;
    let certificates = (1..)
        .zip(entry.certificates)
        .map(|(number, der)| {
            Certificate::from_der(der)
                .map_err(|error| Pkcs12Error::CertificateToWrite { number, reason: error.to_string() })
        })
        .collect::<Result<Vec<_>, _>>()?;

    let mut store = KeyStore::new();
    match entry.private_key {
        Some(private_key) => {
            let key = PrivateKey::from_der(private_key.secret_der()).map_err(|_| Pkcs12Error::PrivateKey)?;
            let local_key_id = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, leaf);
            let chain = PrivateKeyChain::new(local_key_id.as_ref(), key, certificates);
            store.add_entry(entry.friendly_name, KeyStoreEntry::PrivateKeyChain(chain));
        }
        None => {
            // The store sorts its entries by name: names of equal length behind the bare one keep the order.
            let digits = certificates.len().to_string().len();
            for (number, certificate) in (1_usize..).zip(certificates) {
                let name = match number {
                    1 => entry.friendly_name.to_owned(),
                    _ => format!("{}#{number:0digits$}", entry.friendly_name),
                };
                store.add_entry(&name, KeyStoreEntry::Certificate(certificate));
            }
        }
    }
    let iterations = if password.is_empty() { EMPTY_PASSWORD_ITERATIONS } else { PASSWORD_ITERATIONS };
    store
        .writer(password)
        .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
        .encryption_iterations(iterations)
        .mac_algorithm(MacAlgorithm::HmacSha256)
        .mac_iterations(iterations)
        .write()
        .map(Zeroizing::new)
        .map_err(|error| understood(error, &Outside::default()))
}

/// Reads a PFX with its password; the empty string is the empty password, not the absent one.
///
/// A PFX without a MAC is accepted: whoever holds it must decide how far to trust it.
///
/// # Errors
///
/// [`NotPfx`](Pkcs12Error::NotPfx) for another kind of file, [`WrongPassword`](Pkcs12Error::WrongPassword),
/// [`Damaged`](Pkcs12Error::Damaged), [`Ber`](Pkcs12Error::Ber) and [`Unsupported`](Pkcs12Error::Unsupported) for
/// what the library cannot read, [`TooLarge`](Pkcs12Error::TooLarge) and [`Iterations`](Pkcs12Error::Iterations)
/// before any work is done.
pub fn read(pfx: &[u8], password: &str) -> Result<Contents, Pkcs12Error> {
    if pfx.len() > MAX_INPUT {
        return Err(Pkcs12Error::TooLarge { length: pfx.len(), limit: MAX_INPUT });
    }
    begins_as_pfx(pfx)?;
    password_fits(password)?;
    let outside = Outside::of(pfx);
    if outside.iterations > MAX_ITERATIONS {
        return Err(Pkcs12Error::Iterations { iterations: outside.iterations, limit: MAX_ITERATIONS });
    }
    let archive = Pkcs12Archive::from_pkcs12(pfx, password).map_err(|error| understood(error, &outside))?;
    let private_keys = archive.keys.into_iter().map(|bag| PrivateKeyBag {
        local_key_id: bag.local_key_id.map(|id| id.0),
        friendly_name: bag.friendly_name,
        private_key: SecretDer::new(Zeroizing::new(bag.key.as_der().to_vec())),
    });
    let certificates = archive.certs.into_iter().map(|bag| CertificateBag {
        local_key_id: bag.local_key_id,
        friendly_name: bag.friendly_name,
        certificate: bag.cert.as_der().to_vec(),
    });
    Ok(Contents { private_keys: private_keys.collect(), certificates: certificates.collect() })
}

/// RFC 7292 4: `PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, macData MacData OPTIONAL }`.
/// Told from the first bytes, so that a PFX cut short is a damaged one and not another kind of file.
fn begins_as_pfx(pfx: &[u8]) -> Result<(), Pkcs12Error> {
    let after_length = match pfx {
        [0x30, 0x80, rest @ ..] if rest.starts_with(&VERSION_3) => return Err(Pkcs12Error::Ber),
        [0x30, 0x00..=0x7f, rest @ ..] => Some(rest),
        [0x30, long @ 0x81..=0x84, rest @ ..] => rest.get(usize::from(long & 0x0f)..),
        _ => None,
    };
    if after_length.is_some_and(|rest| rest.starts_with(&VERSION_3)) {
        return Ok(());
    }
    let begins: Vec<String> = pfx.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let begins = if begins.is_empty() { "nothing".to_owned() } else { begins.join(" ") };
    Err(Pkcs12Error::NotPfx { begins })
}

fn password_fits(password: &str) -> Result<(), Pkcs12Error> {
    match (1..).zip(password.chars()).find(|(_, character)| !in_basic_plane(*character)) {
        Some((position, _)) => Err(Pkcs12Error::Password { position }),
        None => Ok(()),
    }
}

fn in_basic_plane(character: char) -> bool {
    u32::from(character) <= 0xffff
}

fn understood(error: LibraryError, outside: &Outside) -> Pkcs12Error {
    let unsupported = || Pkcs12Error::Unsupported { algorithms: outside.algorithms.clone() };
    match error {
        LibraryError::MacError(_) => Pkcs12Error::WrongPassword { tried: "the MAC" },
        // With a MAC that agreed the password is right, and what fails is an algorithm; without, it cannot be told.
        LibraryError::Pkcs5Error(_) if outside.has_mac => unsupported(),
        LibraryError::Pkcs5Error(_) | LibraryError::UnpadError => {
            Pkcs12Error::WrongPassword { tried: "the encryption" }
        }
        LibraryError::DerError(source)
            if matches!(
                source.kind(),
                der::ErrorKind::IndefiniteLength
                    | der::ErrorKind::TagUnknown { byte: CONSTRUCTED_OCTET_STRING }
            ) =>
        {
            Pkcs12Error::Ber
        }
        LibraryError::DerError(source) => Pkcs12Error::Damaged { source },
        LibraryError::X509Error(reason) => Pkcs12Error::CertificateRead { reason: reason.to_string() },
        LibraryError::InvalidPrivateKey => Pkcs12Error::PrivateKey,
        LibraryError::InvalidVersion
        | LibraryError::UnsupportedContentType
        | LibraryError::UnsupportedCertificateType
        | LibraryError::UnsupportedEncryptionScheme
        | LibraryError::UnsupportedMacAlgorithm
        | LibraryError::InvalidLength
        | LibraryError::InvalidParameters
        | LibraryError::InvalidData
        | LibraryError::IoError(_) => unsupported(),
    }
}

/// What can be seen of a PFX without its password: algorithms, and the work that deriving the keys would be.
///
/// Every place is searched where a derivation could stand. PBES1, which derives key and IV apart, counts once. What
/// lies inside encrypted contents is not seen: a key there can ask for as much again as the library allows a single
/// derivation (1,000,000), but whoever makes such a file must know its password.
#[derive(Debug, Default)]
struct Outside {
    has_mac: bool,
    iterations: u64,
    algorithms: Vec<String>,
}

impl Outside {
    fn of(pfx: &[u8]) -> Self {
        let mut outside = Self::default();
        let parts = AnyRef::from_der(pfx).map(|pfx| children(pfx.value())).unwrap_or_default();
        // RFC 7292 4: MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }
        if let [_, _, mac_data] = parts[..] {
            outside.has_mac = true;
            outside.add_iterations(children(mac_data.value()).get(2).map_or(1, unsigned));
        }
        outside.walk(pfx, 0);
        outside
    }

    fn walk(&mut self, der: &[u8], depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let elements = children(der);
        if let Some(algorithm) = elements.first().and_then(|any| any.decode_as::<ObjectIdentifier>().ok()) {
            self.see(
                algorithm,
                elements.get(1).map(|any| children(any.value())).unwrap_or_default().as_slice(),
            );
        }
        for element in &elements {
            let value = element.value();
            if element.tag().is_constructed()
                || (element.tag() == Tag::OctetString && value.starts_with(&[0x30]))
            {
                self.walk(value, depth + 1);
            }
        }
    }

    fn see(&mut self, algorithm: ObjectIdentifier, parameters: &[AnyRef<'_>]) {
        let name = algorithm.to_string();
        if !ALGORITHM_ARCS.iter().any(|arc| name.starts_with(arc)) {
            return;
        }
        // RFC 8018 A.2: PBKDF2-params ::= SEQUENCE { salt CHOICE …, iterationCount INTEGER, … }
        // RFC 7292 C: pkcs-12PbeParams ::= SEQUENCE { salt OCTET STRING, iterations INTEGER }
        // RFC 7914 7: scrypt-params ::= SEQUENCE { salt, costParameter, blockSize, parallelizationParameter, … },
        // whose product is about as long as that many iterations of HMAC-SHA-256.
        if name == PBKDF2 || name.starts_with(PKCS12_PBE_ARC) {
            self.add_iterations(parameters.get(1).map_or(0, unsigned));
        } else if name == SCRYPT {
            let product = parameters.iter().skip(1).take(3).map(unsigned).fold(1, u64::saturating_mul);
            self.add_iterations(product);
        }
        if !self.algorithms.contains(&name) && self.algorithms.len() < MAX_ALGORITHMS {
            self.algorithms.push(name);
        }
    }

    fn add_iterations(&mut self, iterations: u64) {
        self.iterations = self.iterations.saturating_add(iterations);
    }
}

/// The elements in a row of DER, up to the first that cannot be read.
fn children(der: &[u8]) -> Vec<AnyRef<'_>> {
    let mut elements = Vec::new();
    if let Ok(mut reader) = SliceReader::new(der) {
        while !reader.is_finished() {
            let Ok(element) = reader.decode() else { break };
            elements.push(element);
        }
    }
    elements
}

/// An INTEGER's value; one that is negative or does not fit is as good as endless.
fn unsigned(integer: &AnyRef<'_>) -> u64 {
    integer.decode_as().unwrap_or(u64::MAX)
}

fn list(algorithms: &[String]) -> String {
    if algorithms.is_empty() { "no algorithms".to_owned() } else { algorithms.join(", ") }
}

/// The largest PFX that [`read`] takes: 4 MiB. The number is ours: a Java trust store of all public roots is well
/// under 1 MiB, and a file is held several times while it is read.
pub const MAX_INPUT: usize = 4 << 20;

/// The most iterations of key derivation that [`read`] begins, MAC and encryptions together: 3,000,000, about the
/// three derivations of an ordinary file at the library's own limit of 1,000,000 each. A file of 80 bytes could
/// otherwise keep a processor busy for minutes before its password is known to be wrong. Programs write 2,000
/// (Windows), 2,048 (OpenSSL) or 10,000 (Java).
pub const MAX_ITERATIONS: u64 = 3_000_000;

/// Iterations for each derivation under a password: 200,000. There are three (certificates, key, MAC), which make
/// 600,000 together: the limit that .NET is known to have had, for one derivation (dotnet/runtime issue 35428) and
/// for an import without a stated password (KB5025823). More would slow down whoever guesses the password, and
/// might be refused by the server that is to load the file.
pub const PASSWORD_ITERATIONS: u32 = 200_000;

/// Iterations for each derivation under the empty password: 2,048, the default of `openssl pkcs12 -export`. There
/// is no secret to guess, so more would only cost time on each load.
pub const EMPTY_PASSWORD_ITERATIONS: u32 = 2_048;

/// How deep the structures are followed: a key's PBKDF2 parameters stand 16 deep, and recursion without a limit
/// would let a file overflow the stack.
const MAX_DEPTH: usize = 32;

/// How many algorithms a message lists at most.
const MAX_ALGORITHMS: usize = 16;

/// X.690 8.7.3: an OCTET STRING in pieces, which 10.2 takes away from DER.
const CONSTRUCTED_OCTET_STRING: u8 = 0x24;

/// How the contents of a PFX begin: INTEGER 3, then a SEQUENCE.
const VERSION_3: [u8; 4] = [0x02, 0x01, 0x03, 0x30];

/// PKCS#5, PKCS#12 PBE, RSADSI digests and ciphers, NIST ciphers and hashes, SHA-1, scrypt.
const ALGORITHM_ARCS: [&str; 8] = [
    "1.2.840.113549.1.5.",
    PKCS12_PBE_ARC,
    "1.2.840.113549.2.",
    "1.2.840.113549.3.",
    "2.16.840.1.101.3.4.1.",
    "2.16.840.1.101.3.4.2.",
    "1.3.14.3.2.",
    SCRYPT,
];
const PBKDF2: &str = "1.2.840.113549.1.5.12";
const PKCS12_PBE_ARC: &str = "1.2.840.113549.1.12.1.";
const SCRYPT: &str = "1.3.6.1.4.1.11591.4.11";
