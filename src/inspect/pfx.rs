//! A PKCS#12 looked at: its parts in their order, its algorithms, and what a password shows of them.

use super::importers::{self, Facts};
use super::{Inspection, Key, Object, What};
use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use crate::pkcs12::{
    Bag, BagContents, Encrypted, Hash, MacScheme, Opener, Password, Pfx, Pkcs12Error, Profile, Safe, Scheme,
};

/// What can be seen of a PKCS#12 without its password.
#[derive(Debug)]
pub struct Outside {
    /// The profile that it is written by, where it is one of ours.
    pub profile: Option<Profile>,
    /// Its MAC; none where it has none.
    pub mac: Option<String>,
    /// Its parts, in their order.
    pub parts: Vec<Part>,
    /// Which password opened it, or why none did.
    pub opened: Result<Option<Password>, Pkcs12Error>,
}

/// A part of a PKCS#12.
#[derive(Debug)]
pub struct Part {
    /// How it is encrypted; none where its bags lie open.
    pub encryption: Option<String>,
    /// How many bags it has; none where it is closed.
    pub bags: Option<usize>,
}

/// Looks at a PFX.
pub(super) fn inspect(pfx: &Pfx, wrapping: &str, passwords: &[Password]) -> Result<Inspection, Pkcs12Error> {
    let opened = pfx.open(passwords);
    let fits: Vec<Password> = match &opened {
        Ok(contents) => contents.password.iter().cloned().collect(),
        Err(_) => Vec::new(),
    };
    let mut opener = Opener::new(&fits, crate::pkcs12::ITERATIONS_MAX);
    let (mut objects, mut parts) = (Vec::new(), Vec::new());
    for (index, safe) in pfx.safes.iter().enumerate() {
        let place = format!("part {}", index + 1);
        let before = objects.len();
        let encryption = match safe {
            Safe::Open(bags) => {
                add(&mut objects, bags, &place, &mut opener);
                None
            }
            Safe::Encrypted(encrypted) => {
                if let Some(bags) = opener.open_bags(encrypted) {
                    add(&mut objects, &bags, &place, &mut opener);
                }
                Some(named(encrypted))
            }
        };
        let is_open = encryption.is_none() || opened.is_ok();
        parts.push(Part { encryption, bags: is_open.then(|| objects.len() - before) });
    }
    let form = if pfx.is_definite { "PKCS#12 (DER)" } else { "PKCS#12 (BER)" };
    let facts = Facts::of(pfx, &objects, fits.first());
    Ok(Inspection {
        form: format!("{wrapping}{form}"),
        refused_by: importers::refusals(&facts),
        objects,
        pfx: Some(Outside {
            profile: profile_of(pfx),
            mac: pfx.mac.as_ref().map(|mac| mac.scheme.to_string()),
            parts,
            opened: opened.map(|contents| contents.password),
        }),
    })
}

fn add(objects: &mut Vec<Object>, bags: &[Bag], place: &str, opener: &mut Opener<'_>) {
    for bag in bags {
        let mut encryption = None;
        let what = match &bag.contents {
            BagContents::Certificate(der) => match Certificate::from_der(der) {
                Ok(certificate) => What::Certificate(Box::new(certificate)),
                Err(error) => What::Other(format!("a certificate that cannot be read: {error}")),
            },
            BagContents::RevocationList(der) => match CertificateRevocationList::from_der(der) {
                Ok(list) => What::RevocationList(Box::new(list)),
                Err(error) => What::Other(format!("a CRL that cannot be read: {error}")),
            },
            BagContents::PrivateKey(key) => What::PrivateKey(Key::of(key.secret_der())),
            BagContents::ShroudedKey(encrypted) => {
                encryption = Some(named(encrypted));
                let opened = opener.open_key(encrypted);
                What::PrivateKey(opened.map_or(Key::Closed, |key| Key::of(&key)))
            }
            BagContents::SafeContents(bags) => {
                add(objects, bags, place, opener);
                continue;
            }
            BagContents::Other(name) => What::Other(name.clone()),
        };
        let attributes = bag.attributes.clone();
        objects.push(Object { place: place.to_owned(), what, attributes, encryption });
    }
}

/// How the contents of a block ENCRYPTED PRIVATE KEY are encrypted.
pub(super) fn scheme_of(contents: &[u8]) -> String {
    Encrypted::of_private_key_info(contents).map_or_else(|error| error.to_string(), |one| named(&one))
}

fn named(encrypted: &Encrypted) -> String {
    match &encrypted.scheme {
        Ok(scheme) => scheme.to_string(),
        Err(_) => format!("{}, which is not known here", encrypted.name()),
    }
}

/// The profile whose algorithms and order these are, whatever its iterations.
fn profile_of(pfx: &Pfx) -> Option<Profile> {
    let mut schemes = Vec::new();
    for safe in &pfx.safes {
        match safe {
            Safe::Encrypted(encrypted) => schemes.push(encrypted.scheme.as_ref().ok()?),
            Safe::Open(bags) => {
                for bag in bags {
                    match &bag.contents {
                        BagContents::ShroudedKey(encrypted) => schemes.push(encrypted.scheme.as_ref().ok()?),
                        BagContents::PrivateKey(_) => return None,
                        _ => {}
                    }
                }
            }
        }
    }
    let all = |is: fn(&Scheme) -> bool| !schemes.is_empty() && schemes.iter().all(|scheme| is(scheme));
    let keys_first = matches!(pfx.safes.as_slice(), [Safe::Open(_), Safe::Encrypted(_)]);
    match &pfx.mac.as_ref()?.scheme {
        MacScheme::Pkcs12 { hash: Hash::Sha256, .. } if all(Scheme::is_aes_256) => Some(Profile::Modern),
        MacScheme::Pbmac1 { hash: Hash::Sha256, .. } if all(Scheme::is_aes_256) => Some(Profile::Pbmac1),
        MacScheme::Pkcs12 { hash: Hash::Sha1, .. } if all(Scheme::is_triple_des) => match keys_first {
            true => Some(Profile::KeyVault),
            false => Some(Profile::Compatible),
        },
        _ => None,
    }
}
