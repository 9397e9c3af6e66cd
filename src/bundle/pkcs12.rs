//! PKCS#12 (RFC 7292): the certificates in it, for one who has no use for the keys.
//!
//! Keys stay closed here, and the MAC is not asked: a certificate that was changed fails by its own signature, and
//! certificates that lie open need no password.

use super::error::BundleError;
use super::form::Layer;
use super::kind::Kind;
use super::walk::{Here, Walk};
use crate::ber::Element;
use crate::pkcs12::{Bag, BagContents, Opener, Password, Pfx};

/// Reads a PFX.
pub(super) fn read(walk: &mut Walk<'_>, pfx: &Element<'_>, here: &Here) -> Result<(), BundleError> {
    let here = &here.in_form(here.form.with_encoding(pfx.is_definite).with(Layer::Pkcs12));
    let passwords: Vec<Password> =
        Password::unstated().into_iter().chain(walk.password.map(Password::new)).collect();
    let mut opener = Opener::new(&passwords, walk.iterations_left);
    let failed = |error| BundleError::Pkcs12 { place: here.place.clone(), error };
    let pfx = Pfx::read(pfx).map_err(failed)?;
    let parts = pfx.bags(&mut opener);
    walk.iterations_left = opener.iterations_left;
    let parts = parts.map_err(failed)?;
    let mut bags = Bags { number: 0, certificates: 0 };
    for part in &parts {
        bags.read(walk, part.bags(), here)?;
    }
    if bags.certificates == 0 { walk.add_other(Kind::Pkcs12, here) } else { Ok(()) }
}

/// Which bag of the file is next, and how many were certificates.
struct Bags {
    number: usize,
    certificates: usize,
}

impl Bags {
    fn read(&mut self, walk: &mut Walk<'_>, bags: &[Bag], here: &Here) -> Result<(), BundleError> {
        for bag in bags {
            self.number += 1;
            let place = here.at_item(self.number);
            match &bag.contents {
                BagContents::Certificate(der) => {
                    walk.add_certificate(der, &place)?;
                    self.certificates += 1;
                }
                BagContents::RevocationList(der) => walk.add_revocation_list(der, &place)?,
                BagContents::PrivateKey(_) | BagContents::ShroudedKey(_) => {
                    walk.add_other(Kind::PrivateKey, &place)?;
                }
                BagContents::SafeContents(bags) => self.read(walk, bags, here)?,
                BagContents::Other(_) => walk.add_other(Kind::OtherBag, &place)?,
            }
        }
        Ok(())
    }
}
