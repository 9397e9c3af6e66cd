//! A PKCS#12 read: what can be seen of it without a password, and what a password opens.

use zeroize::Zeroizing;

use super::bag::{Attributes, Bag, BagContents, Counter, typed};
use super::encryption::{Encrypted, Scheme};
use super::error::Pkcs12Error;
use super::mac::{Mac, MacScheme};
use super::password::Password;
use super::{INPUT_BYTES_MAX, ITERATIONS_MAX};
use crate::ber::{self, BerError, Element, INTEGER, SEQUENCE};
use crate::key::SecretDer;

/// A PFX, as far as it can be seen without a password.
#[derive(Debug)]
pub struct Pfx {
    /// Its parts, in the file's order.
    pub safes: Vec<Safe>,
    /// Its MAC, where it has one.
    pub mac: Option<Mac>,
    /// Whether its outer frame is DER: every length stated.
    pub is_definite: bool,
    /// What the MAC is over.
    authenticated: Zeroizing<Vec<u8>>,
}

/// A part of a PFX.
#[derive(Debug)]
pub enum Safe {
    /// Bags that lie open; keys in them may be encrypted by themselves.
    Open(Vec<Bag>),
    /// Bags under a password.
    Encrypted(Encrypted),
}

/// What was in a PFX, everything in the file's order.
#[derive(Debug)]
pub struct Contents {
    /// The private keys, whether or not a certificate belongs to them.
    pub private_keys: Vec<PrivateKeyBag>,
    /// The certificates, repeated ones too.
    pub certificates: Vec<CertificateBag>,
    /// The CRLs, DER.
    pub revocation_lists: Vec<Vec<u8>>,
    /// What else there was, by name.
    pub others: Vec<String>,
    /// Which password opened it; none where nothing is closed.
    pub password: Option<Password>,
}

/// A private key in a PFX.
#[derive(Debug)]
pub struct PrivateKeyBag {
    /// What is said of it.
    pub attributes: Attributes,
    /// PKCS#8.
    pub private_key: SecretDer,
}

/// A certificate in a PFX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateBag {
    /// What is said of it.
    pub attributes: Attributes,
    /// DER, byte for byte as in the file.
    pub certificate: Vec<u8>,
}

impl Pfx {
    /// Reads what needs no password, in DER or BER.
    ///
    /// ```text
    /// PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, macData MacData OPTIONAL }     -- RFC 7292 4
    /// AuthenticatedSafe ::= SEQUENCE OF ContentInfo                  -- Data, EncryptedData, or EnvelopedData
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotPfx`](Pkcs12Error::NotPfx) for another kind of file; [`TooLarge`](Pkcs12Error::TooLarge) and the other
    /// limits; [`Damaged`](Pkcs12Error::Damaged) and [`Unexpected`](Pkcs12Error::Unexpected);
    /// [`Unsupported`](Pkcs12Error::Unsupported) for a MAC or a part that is closed otherwise than by a password.
    pub fn parse(bytes: &[u8]) -> Result<Self, Pkcs12Error> {
        // First: another kind of file may be larger, and the caller reads it otherwise.
        begins_as_pfx(bytes)?;
        if bytes.len() > INPUT_BYTES_MAX {
            return Err(Pkcs12Error::TooLarge { length: bytes.len() });
        }
        let (pfx, rest) = ber::split_first(bytes)?;
        // Zeros after the end are what some cards and browsers leave behind.
        if rest.iter().any(|octet| *octet != 0) {
            return Err(Pkcs12Error::Unexpected { found: "more bytes after its end", expected: "nothing" });
        }
        Self::read(&pfx)
    }

    /// The same, of an element that is known to look like one.
    pub(crate) fn read(pfx: &Element<'_>) -> Result<Self, Pkcs12Error> {
        let parts = pfx.parts()?;
        let [_, content, rest @ ..] = parts.as_slice() else {
            return Err(BerError::CutOff { announced: pfx.whole.len() + 2, found: pfx.whole.len() }.into());
        };
        let authenticated = match typed(content)? {
            (DATA, Some(octets)) => Zeroizing::new(octets.octets()?.into_owned()),
            (other, _) => return Err(Pkcs12Error::unsupported("the whole", other)),
        };
        let mut counter = Counter::default();
        let safes = ber::sequence_parts(&authenticated)?;
        let safes = safes.iter().map(|safe| Safe::read(safe, &mut counter)).collect::<Result<_, _>>()?;
        let mac = rest.first().map(Mac::read).transpose()?;
        Ok(Self { safes, mac, is_definite: pfx.is_definite, authenticated })
    }

    /// Opens it: checks the MAC, and decrypts bags and keys. Of several passwords the first that fits counts;
    /// [`Password::unstated`] is what to try where nobody said one.
    ///
    /// A PFX without a MAC is accepted: whoever holds it must decide how far to trust it.
    ///
    /// # Errors
    ///
    /// [`WrongPassword`](Pkcs12Error::WrongPassword); [`MacDisagrees`](Pkcs12Error::MacDisagrees) where a password opens
    /// what is encrypted and the MAC is another's; [`Unsupported`](Pkcs12Error::Unsupported);
    /// [`Iterations`](Pkcs12Error::Iterations) before any work is done that is too much.
    pub fn open(&self, passwords: &[Password]) -> Result<Contents, Pkcs12Error> {
        let mut opener = Opener::new(passwords, ITERATIONS_MAX);
        let cost = self.sum(MacScheme::cost, Scheme::cost);
        if cost > ITERATIONS_MAX {
            return Err(Pkcs12Error::Iterations { iterations: cost });
        }
        if let Some(mac) = &self.mac
            && !opener.authenticates(mac, &self.authenticated)?
        {
            return Err(self.why_not(&mut opener));
        }
        let mut contents = Contents {
            private_keys: Vec::new(),
            certificates: Vec::new(),
            revocation_lists: Vec::new(),
            others: Vec::new(),
            password: None,
        };
        let mut counter = Counter::default();
        for safe in &self.safes {
            match safe {
                Safe::Open(bags) => contents.take(bags, &mut opener)?,
                Safe::Encrypted(encrypted) => {
                    let opened = opener.open(encrypted, CERTIFICATES)?;
                    contents.take(&counter.read(&opened)?, &mut opener)?;
                }
            }
        }
        contents.password = opener.fits.map(|index| passwords[index].clone());
        Ok(contents)
    }

    /// Opens bags and leaves keys closed; the MAC is not asked. For one who wants certificates, which prove themselves.
    pub(crate) fn bags(&self, opener: &mut Opener<'_>) -> Result<Vec<Opened<'_>>, Pkcs12Error> {
        let mut counter = Counter::default();
        self.safes
            .iter()
            .map(|safe| match safe {
                Safe::Open(bags) => Ok(Opened::AsItWas(bags)),
                Safe::Encrypted(encrypted) => {
                    let opened = opener.open(encrypted, CERTIFICATES)?;
                    Ok(Opened::ByPassword(counter.read(&opened)?))
                }
            })
            .collect()
    }

    /// The work of each derivation that can be seen from outside, once.
    pub fn iterations(&self) -> u64 {
        self.sum(MacScheme::iterations, Scheme::iterations)
    }

    fn sum(&self, of_mac: fn(&MacScheme) -> u64, of_scheme: fn(&Scheme) -> u64) -> u64 {
        let safes = self.safes.iter().map(|safe| match safe {
            Safe::Open(bags) => bags.iter().map(|bag| bag.sum(of_scheme)).fold(0, u64::saturating_add),
            Safe::Encrypted(encrypted) => encrypted.scheme.as_ref().map_or(0, of_scheme),
        });
        let mac = self.mac.as_ref().map_or(0, |mac| of_mac(&mac.scheme));
        safes.fold(mac, u64::saturating_add)
    }

    /// Why the MAC agrees with no password: a password that opens what is encrypted is the right one.
    fn why_not(&self, opener: &mut Opener<'_>) -> Pkcs12Error {
        let mut error = None;
        for (encrypted, place) in self.encrypted() {
            match opener.open(encrypted, place) {
                Ok(_) => return Pkcs12Error::MacDisagrees,
                Err(Pkcs12Error::WrongPassword { .. }) => {}
                Err(other) => error = Some(other),
            }
        }
        error.unwrap_or_else(|| opener.wrong_password())
    }

    /// What is encrypted and can be seen from outside.
    fn encrypted(&self) -> Vec<(&Encrypted, &'static str)> {
        let mut all = Vec::new();
        for safe in &self.safes {
            match safe {
                Safe::Encrypted(encrypted) => all.push((encrypted, CERTIFICATES)),
                Safe::Open(bags) => bags.iter().for_each(|bag| {
                    if let BagContents::ShroudedKey(encrypted) = &bag.contents {
                        all.push((encrypted, PRIVATE_KEY));
                    }
                }),
            }
        }
        all
    }
}

impl Safe {
    /// ```text
    /// EncryptedData ::= SEQUENCE { version, encryptedContentInfo }                       -- RFC 5652 8
    /// EncryptedContentInfo ::= SEQUENCE { contentType, AlgorithmIdentifier, [0] IMPLICIT OCTET STRING OPTIONAL }
    /// ```
    fn read(info: &Element<'_>, counter: &mut Counter) -> Result<Self, Pkcs12Error> {
        let missing = || Pkcs12Error::Unexpected { found: "another structure", expected: "an EncryptedData" };
        match typed(info)? {
            (DATA, Some(octets)) => Ok(Self::Open(counter.read(&octets.octets()?)?)),
            (ENCRYPTED_DATA, Some(content)) => {
                let info = content.parts()?.into_iter().nth(1).ok_or_else(missing)?.parts()?;
                let [_, algorithm, rest @ ..] = info.as_slice() else { return Err(missing()) };
                Ok(Self::Encrypted(Encrypted::read(algorithm, rest.first())?))
            }
            (other, _) => Err(Pkcs12Error::unsupported("a part", other)),
        }
    }
}

impl Bag {
    /// The work of opening it.
    fn sum(&self, of_scheme: fn(&Scheme) -> u64) -> u64 {
        match &self.contents {
            BagContents::ShroudedKey(encrypted) => encrypted.scheme.as_ref().map_or(0, of_scheme),
            BagContents::SafeContents(bags) => {
                bags.iter().map(|bag| bag.sum(of_scheme)).fold(0, u64::saturating_add)
            }
            _ => 0,
        }
    }
}

/// The bags of a part.
pub(crate) enum Opened<'a> {
    AsItWas(&'a [Bag]),
    ByPassword(Vec<Bag>),
}

impl Opened<'_> {
    pub(crate) fn bags(&self) -> &[Bag] {
        match self {
            Self::AsItWas(bags) => bags,
            Self::ByPassword(bags) => bags,
        }
    }
}

impl Contents {
    fn take(&mut self, bags: &[Bag], opener: &mut Opener<'_>) -> Result<(), Pkcs12Error> {
        for Bag { contents, attributes } in bags {
            let attributes = attributes.clone();
            match contents {
                BagContents::PrivateKey(key) => {
                    let private_key = SecretDer::new(Zeroizing::new(key.secret_der().to_vec()));
                    self.private_keys.push(PrivateKeyBag { attributes, private_key });
                }
                BagContents::ShroudedKey(encrypted) => {
                    let private_key = SecretDer::new(opener.open(encrypted, PRIVATE_KEY)?);
                    self.private_keys.push(PrivateKeyBag { attributes, private_key });
                }
                BagContents::Certificate(der) => {
                    self.certificates.push(CertificateBag { attributes, certificate: der.clone() });
                }
                BagContents::RevocationList(der) => self.revocation_lists.push(der.clone()),
                BagContents::SafeContents(bags) => self.take(bags, opener)?,
                BagContents::Other(name) => self.others.push(name.clone()),
            }
        }
        Ok(())
    }
}

/// Tries passwords, and stops when that becomes too much work.
#[derive(Debug)]
pub(crate) struct Opener<'p> {
    passwords: &'p [Password],
    /// Which of them was the last to fit.
    fits: Option<usize>,
    authenticated: bool,
    pub(crate) iterations_left: u64,
}

impl<'p> Opener<'p> {
    pub(crate) fn new(passwords: &'p [Password], iterations_left: u64) -> Self {
        Self { passwords, fits: None, authenticated: false, iterations_left }
    }

    fn authenticates(&mut self, mac: &Mac, contents: &[u8]) -> Result<bool, Pkcs12Error> {
        for (index, password) in self.passwords.iter().enumerate() {
            self.pay(mac.scheme.cost())?;
            if mac.agrees(password, contents) {
                (self.fits, self.authenticated) = (Some(index), true);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is encrypted, by the first password that gives a SEQUENCE which fills it: what a wrong one gives can end in
    /// right padding by chance.
    fn open(
        &mut self,
        encrypted: &Encrypted,
        place: &'static str,
    ) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        let scheme = encrypted.known(place)?;
        let last = self.fits.into_iter();
        let others = (0..self.passwords.len()).filter(|index| Some(*index) != self.fits);
        for index in last.chain(others).collect::<Vec<_>>() {
            self.pay(scheme.cost())?;
            let opened = scheme.decrypt(&self.passwords[index], &encrypted.octets);
            if let Some(opened) = opened.filter(|opened| ber::sequence_parts(opened).is_ok()) {
                self.fits = Some(index);
                return Ok(opened);
            }
        }
        Err(self.wrong_password())
    }

    /// The bags of an encrypted part, where a password opens it.
    pub(crate) fn open_bags(&mut self, encrypted: &Encrypted) -> Option<Vec<Bag>> {
        let opened = self.open(encrypted, CERTIFICATES).ok()?;
        Counter::default().read(&opened).ok()
    }

    /// A private key that is encrypted by itself, where a password opens it.
    pub(crate) fn open_key(&mut self, encrypted: &Encrypted) -> Option<Zeroizing<Vec<u8>>> {
        self.open(encrypted, PRIVATE_KEY).ok()
    }

    /// Before the work: what a try costs.
    fn pay(&mut self, iterations: u64) -> Result<(), Pkcs12Error> {
        let left = self.iterations_left.checked_sub(iterations);
        let done = ITERATIONS_MAX.saturating_sub(self.iterations_left);
        let iterations = done.saturating_add(iterations);
        self.iterations_left = left.ok_or(Pkcs12Error::Iterations { iterations })?;
        Ok(())
    }

    fn wrong_password(&self) -> Pkcs12Error {
        let was_given = self.passwords.iter().any(|password| !password.protects_nothing());
        Pkcs12Error::WrongPassword { authenticates: self.authenticated, was_given }
    }
}

/// RFC 7292 4: told from the first bytes, so that a PFX cut short is a damaged one and not another kind of file.
fn begins_as_pfx(bytes: &[u8]) -> Result<(), Pkcs12Error> {
    let after_length = match bytes {
        [SEQUENCE, 0x00..=0x80, rest @ ..] => Some(rest),
        [SEQUENCE, long @ 0x81..=0x84, rest @ ..] => rest.get(usize::from(long & 0x0f)..),
        _ => None,
    };
    if after_length.is_some_and(|rest| rest.starts_with(&[INTEGER, 1, 3, SEQUENCE])) {
        return Ok(());
    }
    let begins: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let begins = if begins.is_empty() { "nothing".to_owned() } else { begins.join(" ") };
    Err(Pkcs12Error::NotPfx { begins })
}

const CERTIFICATES: &str = "the encryption of a part";
const PRIVATE_KEY: &str = "the encryption of a private key";
/// 1.2.840.113549.1.7.1 and 6, RFC 5652 4 and 8.
pub(super) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
pub(super) const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
