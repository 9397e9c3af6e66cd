//! Name constraints (RFC 5280 4.2.1.10): which names a CA may certify, read into a form that compares.
//!
//! Reading is strict: a constraint that can be understood in two ways is understood in none. Nothing here
//! compares a name with a constraint beyond what one constraint says of one host, mailbox or address.

use std::fmt;
use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use der::{Tag, TagNumber};

use crate::name::{
    DistinguishedName, GeneralName, HostName, Mailbox, NameError, Oid, Printed, UPN_OID, uri_host,
};
use crate::tlv::{self, Tlv};

/// The names that may and may not stand below a CA.
///
/// ```text
/// NameConstraints ::= SEQUENCE {
///      permittedSubtrees       [0]     GeneralSubtrees OPTIONAL,
///      excludedSubtrees        [1]     GeneralSubtrees OPTIONAL }
/// GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree
/// ```
#[derive(Debug)]
pub struct NameConstraints {
    /// A name of a form that is listed here lies in one of these.
    pub permitted: Vec<Subtree>,
    /// No name lies in one of these.
    pub excluded: Vec<Subtree>,
    /// What RFC 5280 does not write so and what has a plain meaning all the same: with that meaning it is
    /// among the others.
    pub unusual: Vec<NameConstraintsError>,
}

impl NameConstraints {
    /// Reads the extension's value. At least one list is there, and no list is empty.
    pub fn from_der(value: &[u8]) -> Result<Self, NameConstraintsError> {
        let parts = tlv::sequence_parts(value)?;
        let (permitted, excluded) = match parts.as_slice() {
            [] => return Err(NameConstraintsError::Empty),
            [one] if one.tag == list(0) => (Some(one), None),
            [one] if one.tag == list(1) => (None, Some(one)),
            [one, two] if one.tag == list(0) && two.tag == list(1) => (Some(one), Some(two)),
            _ => return Err(NameConstraintsError::Shape),
        };
        let mut unusual = Vec::new();
        let permitted = permitted.map(|part| read_subtrees(part, &mut unusual)).transpose()?;
        let excluded = excluded.map(|part| read_subtrees(part, &mut unusual)).transpose()?;
        Ok(Self { permitted: permitted.unwrap_or_default(), excluded: excluded.unwrap_or_default(), unusual })
    }
}

/// One constraint. Prints as a general name does: `dns:example.com`, `ip:192.0.2.0/24`.
///
/// ```text
/// GeneralSubtree ::= SEQUENCE {
///      base                    GeneralName,
///      minimum         [0]     BaseDistance DEFAULT 0,
///      maximum         [1]     BaseDistance OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subtree {
    /// dNSName.
    Dns(HostSubtree),
    /// rfc822Name.
    Email(MailSubtree),
    /// uniformResourceIdentifier, which constrains the host part.
    Uri(HostSubtree),
    /// iPAddress.
    Ip(Network),
    /// directoryName.
    Directory(DistinguishedName),
    /// A form that this program cannot compare.
    NotProcessed(NameForm),
}

impl Subtree {
    /// The form of the names that it is about.
    pub fn form(&self) -> NameForm {
        match self {
            Self::Dns(_) => NameForm::Dns,
            Self::Email(_) => NameForm::Email,
            Self::Uri(_) => NameForm::Uri,
            Self::Ip(_) => NameForm::Ip,
            Self::Directory(_) => NameForm::Directory,
            Self::NotProcessed(form) => form.clone(),
        }
    }

    fn read(part: &Tlv<'_>, unusual: &mut Vec<NameConstraintsError>) -> Result<Self, NameConstraintsError> {
        let fields = tlv::sequence_parts(part.whole)?;
        let Some((base, distances)) = fields.split_first() else {
            return Err(NameConstraintsError::Shape);
        };
        // RFC 5280 4.2.1.10: minimum must be zero, and maximum be absent. DER leaves the zero out (X.690
        // 11.5), but one that was written says the same.
        match distances {
            [] => {}
            [minimum] if minimum.tag == distance(0) && minimum.contents == [0] => {}
            _ => return Err(NameConstraintsError::Distance),
        }
        // The base is a GeneralName, which is read where it stands alone in a list.
        match GeneralName::read_all(&tlv::sequence(&[base.whole]))?.pop() {
            Some(name) => Self::from_base(&name, unusual),
            None => Err(NameConstraintsError::Shape),
        }
    }

    fn from_base(
        base: &GeneralName,
        unusual: &mut Vec<NameConstraintsError>,
    ) -> Result<Self, NameConstraintsError> {
        let error = |expected| NameConstraintsError::Base { base: base.to_string(), expected };
        let malformed = |expected| Err(error(expected));
        match base {
            GeneralName::Dns(text) => match HostSubtree::read(text) {
                Some(HostSubtree::Host(host)) => Ok(Self::Dns(HostSubtree::HostAndBelow(host))),
                Some(below @ HostSubtree::Below(_)) => {
                    unusual.push(error(DNS_EXPECTED));
                    Ok(Self::Dns(below))
                }
                Some(hosts) => Ok(Self::Dns(hosts)),
                None => malformed(DNS_EXPECTED),
            },
            GeneralName::Email(text) => match Mailbox::read(text) {
                Some(mailbox) => Ok(Self::Email(MailSubtree::Mailbox(mailbox))),
                None => match HostSubtree::read(text) {
                    Some(hosts) => Ok(Self::Email(MailSubtree::Hosts(hosts))),
                    None => malformed("a mailbox, a host, or a dot and a domain"),
                },
            },
            GeneralName::Uri(text) => match (HostSubtree::read(text), uri_host(text)) {
                (Some(HostSubtree::Host(host)), _) if host.is_address() => malformed(URI_EXPECTED),
                (Some(hosts), _) => Ok(Self::Uri(hosts)),
                (None, Ok(host)) => {
                    unusual.push(error(URI_EXPECTED));
                    Ok(Self::Uri(HostSubtree::Host(host)))
                }
                (None, Err(_)) => malformed(URI_EXPECTED),
            },
            GeneralName::Ip(_) => malformed("an address and a mask, 8 or 32 octets"),
            GeneralName::Raw { tag: IP_ADDRESS, content } => match Network::from_octets(content) {
                Some(network) => Ok(Self::Ip(network)),
                None => malformed("an address and a mask without gaps, 8 or 32 octets"),
            },
            GeneralName::Raw { tag: RFC822_NAME | DNS_NAME | URI, .. } => malformed("ASCII"),
            GeneralName::Directory(name) => Ok(Self::Directory(name.clone())),
            GeneralName::Raw { tag, .. } if !NOT_PROCESSED.contains(tag) => {
                malformed("a name of a kind that RFC 5280 knows, as that kind is written")
            }
            GeneralName::Upn(_)
            | GeneralName::Other { .. }
            | GeneralName::RegisteredId(_)
            | GeneralName::Raw { .. } => Ok(Self::NotProcessed(NameForm::of(base))),
        }
    }
}

impl fmt::Display for Subtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(hosts) => write!(f, "dns:{hosts}"),
            Self::Email(MailSubtree::Mailbox(mailbox)) => write!(f, "email:{mailbox}"),
            Self::Email(MailSubtree::Hosts(hosts)) => write!(f, "email:{hosts}"),
            Self::Uri(hosts) => write!(f, "uri:{hosts}"),
            Self::Ip(network) => write!(f, "ip:{network}"),
            Self::Directory(name) => GeneralName::Directory(name.clone()).fmt(f),
            Self::NotProcessed(form) => form.fmt(f),
        }
    }
}

/// Which hosts a constraint means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostSubtree {
    /// All: the constraint is empty.
    Any,
    /// One host: of a mailbox or a URI, a constraint without a dot before it.
    Host(HostName),
    /// All below a domain and not itself: a constraint with a dot before it.
    Below(HostName),
    /// A host and all below it: of DNS names.
    HostAndBelow(HostName),
}

impl HostSubtree {
    /// Whether a host is meant.
    pub fn contains(&self, host: &HostName) -> bool {
        match self {
            Self::Any => true,
            Self::Host(one) => host == one,
            Self::Below(domain) => host.is_below(domain),
            Self::HostAndBelow(domain) => host.is_within(domain),
        }
    }

    /// Every constraint of a mailbox or a URI that would mean a host, the nearest first.
    pub fn all_around(host: &HostName) -> impl Iterator<Item = Self> {
        let parents = iter::successors(host.parent(), HostName::parent).map(Self::Below);
        iter::once(Self::Host(host.clone())).chain(parents).chain([Self::Any])
    }

    /// As in a mailbox's or URI's constraint (RFC 5280 4.2.1.10).
    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Any);
        }
        let (read, host): (fn(HostName) -> Self, &str) = match text.strip_prefix('.') {
            Some(domain) => (Self::Below, domain),
            None => (Self::Host, text),
        };
        HostName::read(host).map(read)
    }
}

impl fmt::Display for HostSubtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("\"\""),
            Self::Host(host) | Self::HostAndBelow(host) => host.fmt(f),
            Self::Below(domain) => write!(f, ".{domain}"),
        }
    }
}

/// Which mailboxes a constraint means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailSubtree {
    /// One.
    Mailbox(Mailbox),
    /// All of some hosts.
    Hosts(HostSubtree),
}

impl MailSubtree {
    /// Whether a mailbox is meant.
    pub fn contains(&self, mailbox: &Mailbox) -> bool {
        match self {
            Self::Mailbox(one) => mailbox == one,
            Self::Hosts(hosts) => hosts.contains(mailbox.host()),
        }
    }
}

/// Addresses that share their first bits (RFC 4632 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its first address.
    address: IpAddr,
    /// How many bits are shared.
    prefix: u32,
}

impl Network {
    /// Whether an address is of the same version and lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.address == masked(address, self.prefix) && self.address.is_ipv4() == address.is_ipv4()
    }

    /// An address and a mask of the same length; none where the mask has gaps. Bits behind the mask are
    /// dropped, as those who read an address with its mask expect.
    fn from_octets(octets: &[u8]) -> Option<Self> {
        let (address, mask) = octets.split_at(octets.len() / 2);
        let (address, mask, bits) = match octets.len() {
            8 => (
                IpAddr::from(<[u8; 4]>::try_from(address).ok()?),
                u128::from(u32::from_be_bytes(mask.try_into().ok()?)) << 96,
                32,
            ),
            32 => (
                IpAddr::from(<[u8; 16]>::try_from(address).ok()?),
                u128::from_be_bytes(mask.try_into().ok()?),
                128,
            ),
            _ => return None,
        };
        let prefix = mask.leading_ones();
        let whole = mask == ones(prefix) && prefix <= bits;
        whole.then(|| Self { address: masked(address, prefix), prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The first bits of an address, the others being zero.
fn masked(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let bits = (u128::from(address.to_bits()) << 96 & ones(prefix)) >> 96;
            IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).expect("the top 32 of 128 bits")))
        }
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & ones(prefix))),
    }
}

/// 128 bits of which the first are ones.
fn ones(count: u32) -> u128 {
    u128::MAX.checked_shl(128 - count).unwrap_or(0)
}

/// A form of names: constraints are about one, and leave names of other forms free.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameForm {
    /// dNSName.
    Dns,
    /// rfc822Name, and what stands for it: emailAddress in a subject, SmtpUTF8Mailbox (RFC 9598 6).
    Email,
    /// uniformResourceIdentifier.
    Uri,
    /// iPAddress.
    Ip,
    /// directoryName, and subjects.
    Directory,
    /// otherName, of one type.
    Other(Oid),
    /// Any other form, by its identifier octet.
    Tag(u8),
}

impl NameForm {
    /// The form of an alternative name, whether its content can be read or not.
    pub fn of(name: &GeneralName) -> Self {
        match name {
            GeneralName::Dns(_) | GeneralName::Raw { tag: DNS_NAME, .. } => Self::Dns,
            GeneralName::Email(_) | GeneralName::Raw { tag: RFC822_NAME, .. } => Self::Email,
            GeneralName::Uri(_) | GeneralName::Raw { tag: URI, .. } => Self::Uri,
            GeneralName::Ip(_) | GeneralName::Raw { tag: IP_ADDRESS, .. } => Self::Ip,
            GeneralName::Directory(_) => Self::Directory,
            GeneralName::Upn(_) => Self::Other(UPN_OID.into()),
            GeneralName::Other { oid, .. } => Self::Other(oid.clone()),
            GeneralName::RegisteredId(_) => Self::Tag(REGISTERED_ID),
            GeneralName::Raw { tag, .. } => Self::Tag(*tag),
        }
    }
}

impl fmt::Display for NameForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns => f.write_str("dns"),
            Self::Email => f.write_str("email"),
            Self::Uri => f.write_str("uri"),
            Self::Ip => f.write_str("ip"),
            Self::Directory => f.write_str("directory"),
            Self::Other(oid) => write!(f, "other:{oid}"),
            Self::Tag(X400_ADDRESS) => f.write_str("x400"),
            Self::Tag(EDI_PARTY_NAME) => f.write_str("edi-party"),
            Self::Tag(REGISTERED_ID) => f.write_str("registered-id"),
            Self::Tag(tag) => write!(f, "raw:{tag:02x}"),
        }
    }
}

/// Why name constraints cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NameConstraintsError {
    /// The DER is wrong.
    #[error("{}", tlv::said(.0))]
    Der(#[from] der::Error),
    /// The name in a constraint is damaged.
    #[error("{0}")]
    Name(#[from] NameError),
    /// Neither list is there, or one is there and empty.
    #[error("found a list without names, expected at least one name where there is a list, and one list")]
    Empty,
    /// The DER is right and not that of name constraints.
    #[error("found other fields, expected permittedSubtrees and excludedSubtrees")]
    Shape,
    /// minimum or maximum, which RFC 5280 does not use.
    #[error("found a minimum or a maximum, expected a minimum of 0 and no maximum")]
    Distance,
    /// The name says nothing that can be compared.
    #[error("found {base}, expected {expected}")]
    Base {
        /// The name as it prints.
        base: String,
        /// What may stand there.
        expected: &'static str,
    },
}

impl NameConstraintsError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Base { base, .. } => match base.strip_prefix("dns:.") {
                Some(domain) => format!(
                    "ask the CA to have its certificate issued again with {}, which means the names below it too",
                    Printed::new(domain)
                ),
                None => "ask the CA to have its certificate issued again with a constraint that can be read"
                    .to_owned(),
            },
            _ => "ask the CA to have its certificate issued again with name constraints as RFC 5280 writes them"
                .to_owned(),
        }
    }
}

fn read_subtrees(
    part: &Tlv<'_>,
    unusual: &mut Vec<NameConstraintsError>,
) -> Result<Vec<Subtree>, NameConstraintsError> {
    let parts = tlv::split_all(part.contents)?;
    if parts.is_empty() {
        return Err(NameConstraintsError::Empty);
    }
    parts.iter().map(|part| Subtree::read(part, unusual)).collect()
}

fn list(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

fn distance(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: false, number: TagNumber(number) }
}

const DNS_EXPECTED: &str = "a host name, without a dot before it and without wildcards";
const URI_EXPECTED: &str = "a host, or a dot and a domain";

// RFC 5280 4.2.1.6: the context tags of a GeneralName that cannot be read as what they promise.
const RFC822_NAME: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const X400_ADDRESS: u8 = 0xa3;
const EDI_PARTY_NAME: u8 = 0xa5;
const URI: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;
const REGISTERED_ID: u8 = 0x88;
/// Kinds whose contents nobody here reads: otherName where its type is odd, x400Address, ediPartyName.
const NOT_PROCESSED: [u8; 3] = [OTHER_NAME, X400_ADDRESS, EDI_PARTY_NAME];
const OTHER_NAME: u8 = 0xa0;

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of subtrees under a tag, each of a base and what follows it.
    fn listed(number: u32, subtrees: &[(GeneralName, &[u8])]) -> Vec<u8> {
        let subtrees: Vec<Vec<u8>> = subtrees
            .iter()
            .map(|(base, distances)| {
                let bases = GeneralName::encode_all(std::slice::from_ref(base));
                tlv::sequence(&[tlv::sequence_parts(&bases).unwrap()[0].whole, distances])
            })
            .collect();
        tlv::wrapped(list(number), &subtrees.concat())
    }

    fn permitted(base: GeneralName) -> Result<String, String> {
        let read = NameConstraints::from_der(&tlv::sequence(&[&listed(0, &[(base, &[])])]));
        read.map(|read| read.permitted[0].to_string()).map_err(|error| error.to_string())
    }

    fn octets(octets: &[u8]) -> GeneralName {
        GeneralName::Raw { tag: IP_ADDRESS, content: octets.to_vec() }
    }

    #[test]
    fn each_form_is_read_as_what_it_means() {
        let v6 = [[0x20, 1, 0xd, 0xb8].as_slice(), &[0; 12], &[0xff; 4], &[0; 12]].concat();
        let name = DistinguishedName::from_text("O=Example, C=US").unwrap();
        for (base, printed) in [
            (GeneralName::dns("Example.COM").unwrap(), "dns:example.com"),
            (GeneralName::Raw { tag: DNS_NAME, content: vec![] }, "dns:\"\""),
            (GeneralName::email("Ada@Example.com").unwrap(), "email:Ada@example.com"),
            (GeneralName::email("example.com").unwrap(), "email:example.com"),
            (GeneralName::email(".example.com").unwrap(), "email:.example.com"),
            (GeneralName::uri(".example.com").unwrap(), "uri:.example.com"),
            (octets(&[192, 0, 2, 9, 255, 255, 255, 0]), "ip:192.0.2.0/24"),
            (octets(&[0; 8]), "ip:0.0.0.0/0"),
            (octets(&v6), "ip:2001:db8::/32"),
            (GeneralName::Directory(name), "directory:\"C=US, O=Example\""),
            (GeneralName::upn("a@b").unwrap(), "other:1.3.6.1.4.1.311.20.2.3"),
            (GeneralName::Raw { tag: X400_ADDRESS, content: vec![] }, "x400"),
        ] {
            assert_eq!(permitted(base).as_deref(), Ok(printed));
        }
    }

    #[test]
    fn a_constraint_that_says_nothing_clear_is_not_read() {
        for base in [
            GeneralName::dns("*.example.com").unwrap(),
            GeneralName::email("invalid@invalid@example.com").unwrap(),
            GeneralName::email("*.example.com").unwrap(),
            GeneralName::uri("https://192.0.2.1/").unwrap(),
            GeneralName::uri("192.0.2.1").unwrap(),
            GeneralName::ip("192.0.2.1").unwrap(),
            GeneralName::ip("2001:db8::1").unwrap(),
            octets(&[192, 0, 2, 0, 255, 0, 255, 0]),
            octets(&[0; 5]),
            GeneralName::Raw { tag: DNS_NAME, content: vec![0xff] },
        ] {
            assert!(permitted(base.clone()).is_err(), "{base}");
        }
    }

    #[test]
    fn what_has_a_plain_meaning_is_kept_and_said() {
        for (base, printed, expected) in [
            (GeneralName::dns(".example.com").unwrap(), "dns:.example.com", DNS_EXPECTED),
            (GeneralName::uri("https://example.com/x").unwrap(), "uri:example.com", URI_EXPECTED),
        ] {
            let listed = listed(1, &[(base.clone(), &[])]);
            let read = NameConstraints::from_der(&tlv::sequence(&[&listed])).unwrap();
            assert_eq!(read.excluded[0].to_string(), printed);
            assert_eq!(read.unusual[0].to_string(), format!("found {base}, expected {expected}"));
        }
        let error =
            NameConstraintsError::Base { base: "dns:.example.com".to_owned(), expected: DNS_EXPECTED };
        assert!(error.help().contains("with example.com, which"));
    }

    #[test]
    fn the_lists_are_there_in_order_and_not_empty() {
        let one = || GeneralName::dns("a").unwrap();
        let (first, second) = (listed(0, &[(one(), &[])]), listed(1, &[(one(), &[])]));
        let read = |parts: &[&[u8]]| NameConstraints::from_der(&tlv::sequence(parts));
        assert!(read(&[&first]).is_ok() && read(&[&second]).is_ok() && read(&[&first, &second]).is_ok());
        assert!(read(&[&listed(0, &[(one(), b"\x80\x01\x00")])]).is_ok());
        let (empty_first, empty_second) = (listed(0, &[]), listed(1, &[]));
        let cases: [&[&[u8]]; 10] = [
            &[],
            &[&empty_first],
            &[&empty_first, &empty_second],
            &[&first, &empty_second],
            &[&second, &first],
            &[&first, &first],
            &[&first, &second, &second],
            &[&listed(0, &[(one(), b"\x80\x01\x01")])],
            &[&listed(0, &[(one(), b"\x81\x01\x00")])],
            &[b"\x05\x00"],
        ];
        for parts in cases {
            assert!(read(parts).is_err());
        }
    }

    #[test]
    fn a_network_holds_addresses_of_its_own_version() {
        let network = Network::from_octets(&[192, 0, 2, 0, 255, 255, 255, 0]).unwrap();
        let holds = |text: &str| network.contains(text.parse().unwrap());
        assert!(holds("192.0.2.255") && !holds("192.0.3.0") && !holds("::ffff:192.0.2.1"));
        let all = Network::from_octets(&[0; 8]).unwrap();
        assert!(all.contains("255.0.0.1".parse().unwrap()) && !all.contains("::".parse().unwrap()));
    }
}
