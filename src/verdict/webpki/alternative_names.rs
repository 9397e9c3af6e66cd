//! The alternative names that a public CA may certify: hosts and addresses that exist on the public Internet.
//!
//! Wildcards have a rule of their own, and how a name is written is RFC 5280's to say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::rule::{Fault, Rule, Severities};
use crate::certificate::Certificate;
use crate::name::{GeneralName, dns_name_fault};

/// The faults of a leaf's alternative names.
pub(super) fn faults(leaf: &Certificate) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut find = |rule: &'static Rule, message: String, help: String| {
        faults.push(Fault { rule, at: 0, message, help });
    };
    for name in &leaf.alternative_names() {
        match name {
            // What is no host name is told by that.
            GeneralName::Dns(host) if dns_name_fault(host).is_none() || host.contains('*') => {
                if let Some(why) = why_not_public(leaf, host) {
                    let message = format!("{name} {why}");
                    find(&NAME_NOT_PUBLIC, message, PRIVATE_NAMES.to_owned());
                }
            }
            GeneralName::Dns(_) => {}
            GeneralName::Ip(address) => {
                if let Some((network, bits)) = reserved_network(*address) {
                    let message = format!(
                        "{name} lies in {network}/{bits}, which is reserved, where a public address is expected"
                    );
                    find(&NAME_NOT_PUBLIC, message, PRIVATE_NAMES.to_owned());
                }
            }
            GeneralName::Raw { .. } => {}
            _ => {
                let message = format!(
                    "has the alternative name {name}, where host names and IP addresses alone are expected"
                );
                let help =
                    "ask for a certificate of its own for this name, from a CA that certifies such names";
                find(&ALTERNATIVE_NAME_KIND, message, help.to_owned());
            }
        }
    }
    faults
}

/// BR 1.6.1, "Internal Name": no top-level domain of IANA's at the end, by the ICANN part of the Public Suffix List,
/// which has them all. BR 4.2.2, names that stand for addresses.
fn why_not_public(leaf: &Certificate, host: &str) -> Option<String> {
    let lower = host.to_ascii_lowercase();
    let last = lower.rsplit('.').next().unwrap_or_default();
    if last == "*" {
        return None;
    }
    if psl::suffix(last.as_bytes()).and_then(|suffix| suffix.typ()).is_none() {
        return Some(format!("ends in {last}, where a top-level domain of the public DNS is expected"));
    }
    let is_ruled_out = leaf.not_before().date().as_str() >= REVERSE_ZONES_UNTIL;
    let zone = REVERSE_ZONES.into_iter().find(|zone| is_ruled_out && lower.ends_with(zone))?;
    Some(format!("lies in {}, where from {REVERSE_ZONES_UNTIL} on names of hosts are expected", &zone[1..]))
}

fn reserved_network(address: IpAddr) -> Option<(IpAddr, u32)> {
    let bits_of = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    };
    let shares = |network: IpAddr, bits: u32| {
        let differ = bits_of(network) ^ bits_of(address);
        network.is_ipv4() == address.is_ipv4() && differ.leading_zeros() >= bits
    };
    RESERVED.into_iter().find(|(network, bits)| shares(*network, *bits))
}

const PRIVATE_NAMES: &str =
    "nothing, where the CA is a private one; a public CA certifies only names that it can check from outside";

/// BR 4.2.2: zones of addresses, and from when on no certificate has names below them.
const REVERSE_ZONES: [&str; 2] = [".in-addr.arpa", ".ip6.arpa"];
const REVERSE_ZONES_UNTIL: &str = "2026-03-15";

/// BR 1.6.1, "Reserved IP Address": the blocks of IANA's registries of special-purpose addresses for IPv4 and IPv6
/// (RFC 6890), those within another one left out.
const RESERVED: [(IpAddr, u32); 30] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(192, 175, 48, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(240, 0, 0, 0, 4),
    // :: and ::1, then ::ffff:0:0/96.
    v6(0, 0, 0, 0, 127),
    (IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0)), 96),
    v6(0x64, 0xff9b, 0, 0, 96),
    v6(0x64, 0xff9b, 1, 0, 48),
    v6(0x100, 0, 0, 0, 63),
    v6(0x2001, 0, 0, 0, 23),
    v6(0x2001, 0xdb8, 0, 0, 32),
    v6(0x2002, 0, 0, 0, 16),
    v6(0x2620, 0x4f, 0x8000, 0, 48),
    v6(0x3fff, 0, 0, 0, 20),
    v6(0x5f00, 0, 0, 0, 16),
    v6(0xfc00, 0, 0, 0, 7),
    v6(0xfe80, 0, 0, 0, 10),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u32) -> (IpAddr, u32) {
    (IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits)
}

const fn v6(a: u16, b: u16, c: u16, d: u16, bits: u32) -> (IpAddr, u32) {
    (IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)), bits)
}

/// The rows of this file.
pub(in super::super) static ROWS: [&Rule; 2] = [&ALTERNATIVE_NAME_KIND, &NAME_NOT_PUBLIC];

static ALTERNATIVE_NAME_KIND: Rule = Rule {
    name: "alternative-name-kind",
    clause: "BR 7.1.2.7.12",
    severity: Severities::webpki_duty(),
    purpose: "A public CA checks hosts and addresses, and certifies no other kind of name for a server.",
    clients: "For a server they look at host names and addresses, and pass over the rest.",
    origin: "A mailbox, a user principal name or a URI was asked for beside the hosts.",
};
static NAME_NOT_PUBLIC: Rule = Rule {
    name: "name-not-public",
    clause: "BR 4.2.2, 7.1.2.7.12",
    severity: Severities::webpki_duty(),
    purpose: "A name such as mail.local or an address such as 10.0.0.1 is another machine in every network: no public CA can say whose it is.",
    clients: "They take it from a private CA that they trust. Public CAs have had none valid since 2016.",
    origin: "The server is an internal one, and a private CA certifies it.",
};
