//! The walk through what was given: from a file down through what it is packed in, to what is found.
//!
//! It knows what follows what and how much of it is too much; what each form looks like is in the files beside it.

use super::error::BundleError;
use super::form::{Form, Layer};
use super::kind::Kind;
use super::{CERTIFICATES_MAX, Origin, asn1, gzip, text, zip};
use crate::ber::{self, Element};
use crate::certificate::Certificate;
use crate::crl::{CRLS_MAX, CertificateRevocationList};

/// What was found so far in a file, and what may still be spent on all files together.
#[derive(Debug)]
pub(crate) struct Walk<'p> {
    pub(super) items: Vec<Item>,
    certificates: usize,
    revocation_lists: usize,
    others: usize,
    bytes_left: usize,
    /// Iterations of key derivation, for PKCS#12.
    pub(super) iterations_left: u64,
    /// For PKCS#12, after no password and the empty one.
    pub(super) password: Option<&'p str>,
}

/// One thing found.
#[derive(Debug)]
pub struct Item {
    /// Where it stands.
    pub place: Origin,
    /// In which form.
    pub form: Form,
    /// What it is.
    pub found: Found,
}

/// What was found.
#[derive(Debug)]
pub enum Found {
    /// A certificate.
    Certificate(Box<Certificate>),
    /// A CRL.
    RevocationList(Box<CertificateRevocationList>),
    /// A certificate request: DER, not looked into.
    Request(Vec<u8>),
    /// Something else.
    Other(Kind),
}

/// How far down the walk is.
#[derive(Clone, Debug, Default)]
pub(super) struct Here {
    pub(super) place: Origin,
    pub(super) form: Form,
    depth: usize,
}

impl Here {
    pub(super) fn of_file(name: &str) -> Self {
        Self { place: Origin::of_file(name), ..Self::default() }
    }

    pub(super) fn within(&self, layer: Layer) -> Self {
        Self { form: self.form.with(layer), ..self.clone() }
    }

    pub(super) fn in_form(&self, form: Form) -> Self {
        Self { form, ..self.clone() }
    }

    /// An entry of an archive, which may be an entry of another.
    pub(super) fn in_entry(&self, name: &str) -> Self {
        let mut here = self.within(Layer::Zip);
        here.place.entry = Some(match &self.place.entry {
            Some(outer) => format!("{outer}, {name}"),
            None => name.to_owned(),
        });
        here
    }

    /// A line of a text; of a text inside a text the outer line stays, which is the one that can be looked at.
    pub(super) fn at_line(&self, line: usize) -> Self {
        let mut here = self.clone();
        // A member of JSON is mostly one line, which says nothing.
        if line > 1 || here.place.member.is_none() {
            here.place.line.get_or_insert(line);
        }
        here
    }

    /// One of several, counted from 1.
    pub(super) fn at_item(&self, item: usize) -> Self {
        let mut here = self.clone();
        here.place.item = Some(item);
        here
    }
}

impl Default for Walk<'_> {
    fn default() -> Self {
        Self::new(None)
    }
}

impl<'p> Walk<'p> {
    pub(super) fn new(password: Option<&'p str>) -> Self {
        Self {
            items: Vec::new(),
            certificates: 0,
            revocation_lists: 0,
            others: 0,
            bytes_left: BYTES_MAX,
            iterations_left: ITERATIONS_MAX,
            password,
        }
    }

    /// As [`Walk::new`], with what is left of the iterations.
    pub(crate) fn with_iterations(password: Option<&'p str>, iterations_left: u64) -> Self {
        Self { iterations_left, ..Self::new(password) }
    }

    /// What is left of the iterations.
    pub(crate) fn iterations_left(&self) -> u64 {
        self.iterations_left
    }

    /// Reads a file, or what was unpacked from one.
    pub(super) fn read(&mut self, bytes: &[u8], here: &Here) -> Result<(), BundleError> {
        let here = &self.deeper(bytes.len(), here)?;
        if zip::begins(bytes) {
            return zip::read(self, bytes, here);
        }
        if gzip::begins(bytes) {
            return gzip::read(self, bytes, here);
        }
        match text::from_utf16(bytes) {
            Some(text) => text::read(self, text.as_bytes(), 1, &here.within(Layer::Utf16)),
            None => self.read_mixed(bytes, here),
        }
    }

    /// Text and binary elements, one behind the other: what `cat` makes of files.
    fn read_mixed(&mut self, bytes: &[u8], here: &Here) -> Result<(), BundleError> {
        let filled = bytes.len() - bytes.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
        let (mut at, mut line, mut elements) = (0, 1, 0);
        let mut is_first = true;
        while at < filled {
            let rest = &bytes[at..filled];
            let size = if rest[0].is_ascii_whitespace() {
                1
            } else if asn1::begins(rest) || (elements > 0 && rest == [ber::SEQUENCE]) {
                // What is blank at the end of a file may be the end of an element.
                let (element, _) = ber::split_first(&bytes[at..]).map_err(|error| BundleError::Framing {
                    place: here.place.clone(),
                    at,
                    error,
                })?;
                elements += 1;
                let is_alone = at == 0 && element.whole.len() >= filled;
                asn1::read(self, &element, &here_at(here, at, elements, is_alone))?;
                element.whole.len()
            } else {
                let end = (1..rest.len()).find(|end| asn1::begins_in_text(&rest[*end..]));
                let text = &rest[..end.unwrap_or(rest.len())];
                if !text::is_text(text) && !text::has_armour(text) {
                    // A picture or a document is one from its first byte on, whatever seems to begin inside it.
                    return match is_first {
                        true => text::read(self, rest, line, here),
                        false => {
                            Err(BundleError::Unknown { place: here.place.clone(), at, length: text.len() })
                        }
                    };
                }
                text::read(self, text, line, here)?;
                text.len()
            };
            is_first &= rest[..size.min(rest.len())].iter().all(u8::is_ascii_whitespace);
            let end = bytes.len().min(at + size);
            line += text::line_ends(&bytes[at..end]);
            at = end;
        }
        Ok(())
    }

    /// Takes what was unpacked and holds nothing into account.
    pub(super) fn spend(&mut self, bytes: usize, here: &Here) -> Result<(), BundleError> {
        self.deeper(bytes, here).map(|_| ())
    }

    /// Adds a certificate, as received.
    pub(super) fn add_certificate(&mut self, der: &[u8], here: &Here) -> Result<(), BundleError> {
        if self.certificates == CERTIFICATES_MAX {
            return Err(BundleError::TooMany { file: here.place.file.clone() });
        }
        let certificate = Certificate::from_der(der)
            .map_err(|error| BundleError::Certificate { place: here.place.clone(), error })?;
        self.certificates += 1;
        self.push(Found::Certificate(Box::new(certificate)), here);
        Ok(())
    }

    /// Adds a CRL, or says that it cannot be read: certificates do not depend on it.
    pub(super) fn add_revocation_list(&mut self, der: &[u8], here: &Here) -> Result<(), BundleError> {
        if self.revocation_lists == CRLS_MAX {
            return Err(BundleError::TooManyRevocationLists { file: here.place.file.clone() });
        }
        self.revocation_lists += 1;
        match CertificateRevocationList::from_der(der) {
            Ok(list) => self.add(Found::RevocationList(Box::new(list)), here),
            Err(error) => self.add_other(Kind::UnreadableRevocationList { fault: error.to_string() }, here),
        }
    }

    pub(super) fn add_other(&mut self, kind: Kind, here: &Here) -> Result<(), BundleError> {
        self.add(Found::Other(kind), here)
    }

    /// Text around what is read is said once for each file.
    pub(super) fn add_text_around(&mut self, more: usize, here: &Here) -> Result<(), BundleError> {
        let (file, entry, member) = (&here.place.file, &here.place.entry, &here.place.member);
        for item in self.items.iter_mut().rev().take_while(|item| item.place.file == *file) {
            if let Found::Other(Kind::TextAround { lines }) = &mut item.found
                && item.place.entry == *entry
                && item.place.member == *member
            {
                *lines += more;
                return Ok(());
            }
        }
        self.add_other(Kind::TextAround { lines: more }, here)
    }

    pub(super) fn add(&mut self, found: Found, here: &Here) -> Result<(), BundleError> {
        if self.others == OTHERS_MAX {
            return Err(BundleError::TooManyOthers { file: here.place.file.clone() });
        }
        self.others += 1;
        self.push(found, here);
        Ok(())
    }

    fn push(&mut self, found: Found, here: &Here) {
        self.items.push(Item { place: here.place.clone(), form: here.form.clone(), found });
    }

    /// One level further down, if that and the bytes are within the limits.
    fn deeper(&mut self, bytes: usize, here: &Here) -> Result<Here, BundleError> {
        if here.depth == DEPTH_MAX {
            return Err(BundleError::TooDeep { place: here.place.clone() });
        }
        self.bytes_left = self
            .bytes_left
            .checked_sub(bytes)
            .ok_or_else(|| BundleError::TooLarge { file: here.place.file.clone() })?;
        Ok(Here { depth: here.depth + 1, ..here.clone() })
    }
}

/// Where an element is: at a byte of a file, or the how-manieth of what was decoded.
fn here_at(here: &Here, at: usize, number: usize, is_alone: bool) -> Here {
    if is_alone {
        return here.clone();
    }
    if !here.form.is_raw() {
        return here.at_item(number);
    }
    let mut here = here.clone();
    here.place.byte = Some(at);
    here
}

/// The elements that fill some bytes, whether or not they are known; none where one is cut off.
pub(super) fn whole_elements(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let (mut rest, mut elements) = (bytes, Vec::new());
    while let Some(first) = rest.first() {
        if text::is_blank(*first) {
            rest = &rest[1..];
            continue;
        }
        let (element, after) = ber::split_first(rest).ok()?;
        if element.tag != ber::SEQUENCE {
            return None;
        }
        elements.push(element);
        rest = after;
    }
    Some(elements)
}

/// How many layers are taken off one inside the other. Ours: an archive, a JSON document in it, base64, base64 of
/// that as the official clients send it, and PEM are five; more is a riddle and not an answer.
pub const DEPTH_MAX: usize = 6;
/// The most that is decoded in one reading, all layers of all files together: 64 MiB, four times the largest file.
/// Ours: what is decoded is held in memory, and each layer of base64 is smaller than the one around it.
pub const BYTES_MAX: usize = 64 << 20;
/// The most things that are no certificates in one reading: each is named in a line, and nobody reads more.
pub const OTHERS_MAX: usize = 1000;
/// The most iterations of key derivation in one reading, and in all readings of a check: as many as for one PKCS#12 that is
/// imported. A small archive of many PKCS#12 files could otherwise keep a processor busy for hours.
pub const ITERATIONS_MAX: u64 = crate::pkcs12::ITERATIONS_MAX;
