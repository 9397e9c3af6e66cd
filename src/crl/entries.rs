//! The entries of a CRL (RFC 5280 5.1.2.6, 5.3), of which there can be millions: each is kept as a place in
//! the bytes, its date and its reason, and nothing of it is copied.

use std::collections::HashMap;

use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode, Tag};

use super::{CrlError, read_time};
use crate::name::GeneralName;
use crate::time::UnixTime;
use crate::tlv::{self, Tlv};

/// What a CRL says of a certificate that it lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Since when (RFC 5280 5.1.2.6).
    pub date: UnixTime,
    /// Why, where that is said.
    pub reason: Option<Reason>,
}

/// Why a certificate was revoked.
///
/// ```text
/// CRLReason ::= ENUMERATED {                                   -- RFC 5280 5.3.1
///      unspecified (0), keyCompromise (1), cACompromise (2), affiliationChanged (3), superseded (4),
///      cessationOfOperation (5), certificateHold (6), removeFromCRL (8), privilegeWithdrawn (9),
///      aACompromise (10) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No reason is told.
    Unspecified,
    /// The subject's key is known to others.
    KeyCompromise,
    /// The CA's key is.
    AuthorityCompromise,
    /// The subject's name is no longer right.
    AffiliationChanged,
    /// Another certificate took its place.
    Superseded,
    /// It is needed no more.
    CessationOfOperation,
    /// Only for now.
    CertificateHold,
    /// In a delta CRL: no longer revoked.
    RemoveFromCrl,
    /// What it says of the subject's privileges is no longer right.
    PrivilegeWithdrawn,
    /// The key of an attribute authority is known to others.
    AttributeAuthorityCompromise,
}

impl Reason {
    /// Its name in RFC 5280 5.3.1.
    pub fn name(self) -> &'static str {
        REASONS.iter().find(|(_, reason, _)| *reason == self).map_or("unspecified", |row| row.2)
    }
}

/// An entry, without what can be read in the bytes.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    serial_at: u32,
    serial_length: u32,
    /// The place of its issuer's names; none for the CRL's issuer.
    pub(super) issuer: Option<u32>,
    pub(super) reason: Option<Reason>,
    pub(super) date: UnixTime,
}

impl Entry {
    pub(super) fn serial<'a>(&self, der: &'a [u8]) -> &'a [u8] {
        &der[index(self.serial_at)..][..index(self.serial_length)]
    }
}

/// Entries while they are read.
pub(super) struct Entries<'a> {
    start: &'a [u8],
    pub(super) read: Vec<Entry>,
    /// The contents of certificateIssuer extensions, and the place of each.
    issuers: HashMap<&'a [u8], u32>,
    pub(super) not_understood: Vec<ObjectIdentifier>,
}

impl<'a> Entries<'a> {
    /// `start` is the CRL as received, in which the entries will be found again.
    pub(super) fn new(start: &'a [u8], not_understood: Vec<ObjectIdentifier>) -> Self {
        Self { start, read: Vec::new(), issuers: HashMap::new(), not_understood }
    }

    /// The contents of revokedCertificates, one by one.
    ///
    /// ```text
    /// revokedCertificates     SEQUENCE OF SEQUENCE  {
    ///      userCertificate         CertificateSerialNumber,
    ///      revocationDate          Time,
    ///      crlEntryExtensions      Extensions OPTIONAL  } OPTIONAL
    /// ```
    pub(super) fn read_all(&mut self, mut rest: &'a [u8]) -> Result<(), CrlError> {
        let mut issuer = None;
        while !rest.is_empty() {
            if self.read.len() == CRL_ENTRIES_MAX {
                let (found, maximum) = (self.read.len() + 1, CRL_ENTRIES_MAX);
                return Err(CrlError::TooLarge { found, maximum, unit: "entries" });
            }
            let (entry, after) = tlv::split_first(rest)?;
            rest = after;
            entry.tag.assert_eq(Tag::Sequence)?;
            let (serial, after_serial) = tlv::split_first(entry.contents)?;
            serial.tag.assert_eq(Tag::Integer)?;
            let (date, extensions) = tlv::split_first(after_serial)?;
            let mut reason = None;
            if !extensions.is_empty() {
                self.read_extensions(extensions, &mut reason, &mut issuer)?;
            }
            let serial = shortest(serial.contents);
            self.read.push(Entry {
                serial_at: place(serial.as_ptr().addr() - self.start.as_ptr().addr()),
                serial_length: place(serial.len()),
                issuer,
                reason,
                date: read_time::<CrlError>(date.whole)?,
            });
        }
        let der = self.start;
        self.read.sort_by(|one, two| (one.serial(der), one.issuer).cmp(&(two.serial(der), two.issuer)));
        // Of the entries of one certificate only the first that does not take it off the list can count.
        self.read.dedup_by(|later, kept| {
            let same = later.serial(der) == kept.serial(der) && later.issuer == kept.issuer;
            if same && kept.reason == Some(Reason::RemoveFromCrl) {
                *kept = *later;
            }
            same
        });
        Ok(())
    }

    fn read_extensions(
        &mut self,
        der: &'a [u8],
        reason: &mut Option<Reason>,
        issuer: &mut Option<u32>,
    ) -> Result<(), CrlError> {
        for part in tlv::sequence_parts(der)? {
            let one = RawExtension::read(&part)?;
            match one.oid {
                // RFC 5280 4.2, which 5.3 follows.
                CRL_REASON if reason.is_some() => {
                    return Err(CrlError::Shape { expected: "one reason for an entry" });
                }
                CRL_REASON => *reason = Some(read_reason(one.value)?),
                CERTIFICATE_ISSUER => *issuer = Some(self.place_of_issuer(one.value)?),
                INVALIDITY_DATE | HOLD_INSTRUCTION => {}
                other if one.critical => self.note_not_understood(other),
                _ => {}
            }
        }
        Ok(())
    }

    /// Each once, and a handful, which is enough to say why the list is of no use.
    fn note_not_understood(&mut self, oid: ObjectIdentifier) {
        if self.not_understood.len() < NOT_UNDERSTOOD_NAMED_MAX && !self.not_understood.contains(&oid) {
            self.not_understood.push(oid);
        }
    }

    fn place_of_issuer(&mut self, value: &'a [u8]) -> Result<u32, CrlError> {
        let next = self.issuers.len();
        let at = *self.issuers.entry(value).or_insert_with(|| place(next));
        if self.issuers.len() > CERTIFICATE_ISSUERS_MAX {
            let (found, maximum) = (self.issuers.len(), CERTIFICATE_ISSUERS_MAX);
            return Err(CrlError::TooLarge { found, maximum, unit: "certificate issuers" });
        }
        Ok(at)
    }

    pub(super) fn issuer_names(&self) -> Result<Vec<Vec<GeneralName>>, CrlError> {
        let mut in_order: Vec<(&[u8], u32)> = self.issuers.iter().map(|(value, at)| (*value, *at)).collect();
        in_order.sort_by_key(|(_, at)| *at);
        in_order.into_iter().map(|(value, _)| Ok(GeneralName::read_all(value)?)).collect()
    }
}

/// An extension of an entry, not copied: there can be millions.
struct RawExtension<'a> {
    oid: ObjectIdentifier,
    critical: bool,
    value: &'a [u8],
}

impl<'a> RawExtension<'a> {
    fn read(part: &Tlv<'a>) -> der::Result<Self> {
        let (oid, rest) = tlv::split_first(part.contents)?;
        let (second, after_second) = tlv::split_first(rest)?;
        let (critical, value) = match second.tag {
            Tag::Boolean => (bool::from_der(second.whole)?, after_second),
            _ => (false, rest),
        };
        let value = <&OctetStringRef>::from_der(value)?.as_bytes();
        Ok(Self { oid: ObjectIdentifier::from_der(oid.whole)?, critical, value })
    }
}

fn read_reason(value: &[u8]) -> Result<Reason, CrlError> {
    let (reason, rest) = tlv::split_first(value)?;
    reason.tag.assert_eq(Tag::Enumerated)?;
    match (reason.contents, rest) {
        ([found], []) => REASONS
            .iter()
            .find(|(number, _, _)| number == found)
            .map(|row| row.1)
            .ok_or(CrlError::Reason { found: *found }),
        _ => Err(CrlError::Shape { expected: "reasons of one octet" }),
    }
}

/// An INTEGER's contents without needless octets, so that two are the same number when they are equal
/// (X.690 8.3.2): some CAs write serial numbers with a zero too many.
pub(super) fn shortest(mut octets: &[u8]) -> &[u8] {
    while let [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..] = octets {
        octets = &octets[1..];
    }
    octets
}

/// A place in the bytes of a CRL, of which there are fewer than [`CRL_BYTES_MAX`].
fn place(at: usize) -> u32 {
    u32::try_from(at).expect("a CRL is smaller than 4 GiB")
}

pub(super) fn index(place: u32) -> usize {
    usize::try_from(place).expect("it was made from a usize")
}

/// The most entries read in one CRL. Ours: the index takes 40 bytes for each, and at the usual 35 to 40
/// bytes of DER an entry this is the largest CRL.
pub const CRL_ENTRIES_MAX: usize = 2_000_000;

/// The most issuers that an indirect CRL may name, each counted once. Ours: a certificate whose serial number
/// stands in the list under each of them is compared with each.
pub const CERTIFICATE_ISSUERS_MAX: usize = 4_096;

/// How many of the unknown critical extensions of entries are named.
const NOT_UNDERSTOOD_NAMED_MAX: usize = 16;

/// RFC 5280 5.3.1.
pub(super) const CRL_REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
/// RFC 3280 5.3.2; RFC 5280 dropped it, and it changes nothing for who reads the list.
const HOLD_INSTRUCTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.23");
/// RFC 5280 5.3.2.
const INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");
/// RFC 5280 5.3.3.
pub(super) const CERTIFICATE_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");

const REASONS: [(u8, Reason, &str); 10] = [
    (0, Reason::Unspecified, "unspecified"),
    (1, Reason::KeyCompromise, "keyCompromise"),
    (2, Reason::AuthorityCompromise, "cACompromise"),
    (3, Reason::AffiliationChanged, "affiliationChanged"),
    (4, Reason::Superseded, "superseded"),
    (5, Reason::CessationOfOperation, "cessationOfOperation"),
    (6, Reason::CertificateHold, "certificateHold"),
    (8, Reason::RemoveFromCrl, "removeFromCRL"),
    (9, Reason::PrivilegeWithdrawn, "privilegeWithdrawn"),
    (10, Reason::AttributeAuthorityCompromise, "aACompromise"),
];
