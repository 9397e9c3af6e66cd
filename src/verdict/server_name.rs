//! Whether a certificate is for the name that a client asks for (RFC 9525 6; RFC 5280 4.2.1.6 for mail).

use std::fmt;
use std::net::IpAddr;

use super::listing::{LISTED_MAX, listed};
use super::rule::Fault;
use super::rules;
use crate::certificate::Certificate;
use crate::name::GeneralName;

/// The name that a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerName {
    /// A host, by its DNS name in A-label form.
    Dns(String),
    /// A host, by its address.
    Ip(IpAddr),
    /// A mailbox.
    Email(String),
}

impl PeerName {
    /// An address where the text is one, a DNS name otherwise.
    pub fn of_host(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Dns(text.to_owned()), Self::Ip)
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(text) | Self::Email(text) => crate::name::Printed::new(text).fmt(f),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// The names that the leaf is not for.
pub(super) fn faults(leaf: &Certificate, asked: &[PeerName]) -> Vec<Fault> {
    let names = leaf.alternative_names();
    let missing = asked.iter().filter(|peer| !names.iter().any(|name| is_for(name, peer)));
    missing
        .map(|peer| {
            let listed = match names.as_slice() {
                [] => "no alternative name".to_owned(),
                names => listed(names, LISTED_MAX),
            };
            Fault {
                rule: &rules::NAME_NOT_COVERED,
                at: 0,
                message: format!("not for {peer}: it has {listed}"),
                help: format!("ask the CA for a certificate with the alternative name {peer}"),
            }
        })
        .collect()
}

/// The subject's common name is not looked at (RFC 9525 2).
fn is_for(name: &GeneralName, peer: &PeerName) -> bool {
    match (name, peer) {
        (GeneralName::Dns(pattern), PeerName::Dns(host)) => covers(pattern, host),
        (GeneralName::Ip(one), PeerName::Ip(other)) => one == other,
        (GeneralName::Email(one), PeerName::Email(other)) => same_mailbox(one, other),
        _ => false,
    }
}

/// Whether a presented DNS name, perhaps with a wildcard as its whole left-most label, is for a host (RFC 9525
/// 6.3).
fn covers(pattern: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    if !is_host_name(host) {
        return false;
    }
    match pattern.strip_prefix("*.") {
        // One label stands for the wildcard, and at least two stand after it: `*` over a whole top-level domain
        // is nobody's (CA/Browser Forum BR 3.2.2.6).
        Some(suffix) => host.split_once('.').is_some_and(|(_, parent)| {
            parent.contains('.') && is_host_name(suffix) && parent.eq_ignore_ascii_case(suffix)
        }),
        None => is_host_name(pattern) && pattern.eq_ignore_ascii_case(host),
    }
}

/// Labels of letters, digits, hyphens and (because they are met) underscores, none empty: no wildcard inside.
fn is_host_name(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

/// The part before the sign to the letter, the host without regard to case (RFC 5280 7.5).
fn same_mailbox(one: &str, other: &str) -> bool {
    match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((local, host)), Some((other_local, other_host))) => {
            local == other_local && host.eq_ignore_ascii_case(other_host)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_one_whole_label() {
        let cases = [
            ("www.example.com", "www.example.com", true),
            ("www.example.com", "WWW.EXAMPLE.com", true),
            ("*.example.com", "www.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("w*.example.com", "www.example.com", false),
            ("*", "example", false),
            ("*.com", "example.com", false),
            ("www.example.com", "www.example.com.", true),
            ("", "", false),
            ("*.example.com", "*.example.com", false),
        ];
        for (pattern, host, expected) in cases {
            assert_eq!(covers(pattern, host), expected, "{pattern} for {host}");
        }
    }
}
