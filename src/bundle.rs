//! Whatever the CA sent, as certificates: which were found, where and in which form, and what was passed over.
//!
//! Nobody says which form it is: PEM with anything around it, DER, PKCS#7, PKCS#12, base64 as often as it was
//! encoded, a vault's JSON, a ZIP, gzip, quoted mail, several of them behind each other. It judges nothing: a certificate is a
//! certificate here, whoever signed it. What is broken is an error and never left out; what is whole and no
//! certificate is passed over by name.

mod asn1;
mod base64;
mod error;
mod form;
mod gzip;
mod json;
mod kind;
mod mail;
mod origin;
mod pkcs12;
mod pkcs7;
mod request;
mod text;
mod walk;
mod zip;

use std::ops::Range;

pub use crate::ber::BerError;
use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
pub use error::BundleError;
pub use form::Form;
pub use gzip::{BYTES_MAX as GZIP_BYTES_MAX, GzipError, MEMBERS_MAX as GZIP_MEMBERS_MAX};
pub use kind::{Kind, PassedOver};
pub use origin::Origin;
pub use request::ReadRequestError;
pub use walk::{BYTES_MAX, DEPTH_MAX, ITERATIONS_MAX, OTHERS_MAX};
pub use walk::{Found, Item};
pub use zip::{BYTES_MAX as ZIP_BYTES_MAX, ENTRIES_MAX as ZIP_ENTRIES_MAX, ZipError};

use walk::Here;
pub(crate) use walk::Walk;

/// A file as it was given: what to call it, and its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
}

/// Certificates as they were given, in the order given.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// The certificates, at least one when it was read.
    pub certificates: Vec<Given>,
    /// The CRLs that stood beside them.
    pub revocation_lists: Vec<GivenList>,
    /// What stood beside them and was left alone.
    pub passed_over: Vec<PassedOver>,
    /// What was in which file, in the order given; empty when it was not read from files.
    pub files: Vec<GivenFile>,
}

/// A certificate, and where it stood.
#[derive(Clone, Debug)]
pub struct Given {
    /// The certificate.
    pub certificate: Certificate,
    /// Where it stood.
    pub place: Origin,
}

/// A CRL, and where it stood.
#[derive(Clone, Debug)]
pub struct GivenList {
    /// The CRL.
    pub list: CertificateRevocationList,
    /// Where it stood.
    pub place: Origin,
}

/// What was in a file.
#[derive(Clone, Debug)]
pub struct GivenFile {
    /// Its name.
    pub name: String,
    /// The forms of what was found in it, each once.
    pub forms: Vec<Form>,
    /// Which of [`Bundle::certificates`] came from it.
    pub certificates: Range<usize>,
    /// Which of [`Bundle::revocation_lists`] did.
    pub revocation_lists: Range<usize>,
    /// Which of [`Bundle::passed_over`] did.
    pub passed_over: Range<usize>,
}

impl Bundle {
    /// Certificates that come from elsewhere than a file.
    pub fn of(certificates: Vec<Given>) -> Self {
        Self { certificates, ..Self::default() }
    }

    /// Reads files, each in any form, in the order given. A PKCS#12 is opened by no password or the empty one.
    ///
    /// # Errors
    /// A [`BundleError`], for the first thing that is broken or too much, and for a file with nothing in it that is
    /// of use.
    pub fn read(sources: &[Source<'_>]) -> Result<Self, BundleError> {
        Self::read_with_password(sources, None)
    }

    /// As [`Bundle::read`], with a password for PKCS#12 files that no password and the empty one do not open.
    ///
    /// # Errors
    /// As [`Bundle::read`].
    pub fn read_with_password(sources: &[Source<'_>], password: Option<&str>) -> Result<Self, BundleError> {
        Self::read_on(sources, &mut Walk::new(password))
    }

    /// As [`Bundle::read`], with what earlier readings left of the limits.
    pub(crate) fn read_on(sources: &[Source<'_>], walk: &mut Walk<'_>) -> Result<Self, BundleError> {
        let mut bundle = Self::default();
        for source in sources {
            let items = items(source, walk)?;
            bundle.add_file(source, items)?;
        }
        match (bundle.certificates.first(), sources.last()) {
            (None, Some(source)) => {
                Err(BundleError::NoCertificate { file: source.name.to_owned(), found: Kind::RevocationList })
            }
            _ => Ok(bundle),
        }
    }

    /// As [`Bundle::read_with_password`], with what is left of [`ITERATIONS_MAX`] for all that a command reads.
    pub(crate) fn read_within(
        sources: &[Source<'_>],
        password: Option<&str>,
        iterations_left: &mut u64,
    ) -> Result<Self, BundleError> {
        let mut walk = Walk::with_iterations(password, *iterations_left);
        let bundle = Self::read_on(sources, &mut walk);
        *iterations_left = walk.iterations_left();
        bundle
    }

    /// Reads the CRLs of a file, which may be in any form too and hold anything beside them.
    ///
    /// # Errors
    /// A [`BundleError`], for the first thing that is broken or too much, and for a file without a CRL.
    pub fn read_revocation_lists(source: &Source<'_>) -> Result<Vec<CertificateRevocationList>, BundleError> {
        Self::read_revocation_lists_within(source, &mut ITERATIONS_MAX.clone())
    }

    /// The same, with what is left of [`ITERATIONS_MAX`] for all that a command reads.
    pub(crate) fn read_revocation_lists_within(
        source: &Source<'_>,
        iterations_left: &mut u64,
    ) -> Result<Vec<CertificateRevocationList>, BundleError> {
        let mut walk = Walk::with_iterations(None, *iterations_left);
        let items = items(source, &mut walk);
        *iterations_left = walk.iterations_left();
        let mut lists = Vec::new();
        for Item { place, found, .. } in items? {
            match found {
                Found::RevocationList(list) => lists.push(*list),
                // Among certificates it is passed over; here it is what was asked for.
                Found::Other(Kind::UnreadableRevocationList { fault }) => {
                    return Err(BundleError::RevocationList { place, fault });
                }
                _ => {}
            }
        }
        match lists.is_empty() {
            true => Err(BundleError::NoRevocationList { file: source.name.to_owned() }),
            false => Ok(lists),
        }
    }

    fn add_file(&mut self, source: &Source<'_>, items: Vec<Item>) -> Result<(), BundleError> {
        let lengths = (self.certificates.len(), self.revocation_lists.len(), self.passed_over.len());
        let mut forms = Vec::new();
        for Item { place, form, found } in items {
            let is_found = !matches!(found, Found::Other(_) | Found::Request(_));
            if is_found && !forms.contains(&form) {
                forms.push(form);
            }
            match found {
                Found::Certificate(certificate) => {
                    self.certificates.push(Given { certificate: *certificate, place });
                }
                Found::RevocationList(list) => self.revocation_lists.push(GivenList { list: *list, place }),
                Found::Request(_) => {
                    self.passed_over.push(PassedOver { kind: Kind::CertificateRequest, place });
                }
                Found::Other(kind) => self.passed_over.push(PassedOver { kind, place }),
            }
        }
        let passed_over = lengths.2..self.passed_over.len();
        if forms.is_empty() {
            let others = &self.passed_over[passed_over];
            let telling = others.iter().rev().find(|one| !matches!(one.kind, Kind::TextAround { .. }));
            let found = telling.or_else(|| others.last()).map_or(Kind::Text, |one| one.kind.clone());
            return Err(BundleError::NoCertificate { file: source.name.to_owned(), found });
        }
        self.files.push(GivenFile {
            name: source.name.to_owned(),
            forms,
            certificates: lengths.0..self.certificates.len(),
            revocation_lists: lengths.1..self.revocation_lists.len(),
            passed_over,
        });
        Ok(())
    }
}

/// Everything that is in a file, whatever it is, in the file's order. A PKCS#12 is opened by no password or the empty one.
///
/// # Errors
/// As [`Bundle::read`], but that a file without a certificate is none.
pub fn read_items(source: &Source<'_>) -> Result<Vec<Item>, BundleError> {
    items(source, &mut Walk::new(None))
}

/// Everything in one file.
fn items(source: &Source<'_>, walk: &mut Walk<'_>) -> Result<Vec<Item>, BundleError> {
    if source.bytes.iter().all(|byte| text::is_blank(*byte)) {
        return Err(BundleError::Empty { file: source.name.to_owned() });
    }
    // Of a reading that ended in an error.
    walk.items.clear();
    walk.read(source.bytes, &Here::of_file(source.name))?;
    Ok(std::mem::take(&mut walk.items))
}

/// A whole public root store is under 200 certificates and a CA's answer under 10: more is a mistake, or an
/// attempt at this machine's time.
pub const CERTIFICATES_MAX: usize = 1000;
