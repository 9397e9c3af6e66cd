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

    /// The name of a server as a person gives it: a host name or an address, and nothing around it.
    ///
    /// # Errors
    /// A [`NotAServerName`], which says what was given instead.
    pub fn of_server(text: &str) -> Result<Self, NotAServerName> {
        let fault = |fault| Err(NotAServerName { text: text.to_owned(), fault });
        match Self::of_host(text) {
            Self::Dns(_) if !text.is_ascii() => fault(ServerNameFault::NotAscii),
            Self::Dns(_) if text.contains("://") => fault(ServerNameFault::Url),
            Self::Dns(_) if text.contains('@') => fault(ServerNameFault::Mailbox),
            Self::Dns(_) if text.starts_with('[') => fault(ServerNameFault::Brackets),
            Self::Dns(_) if text.contains(':') => fault(ServerNameFault::Port),
            Self::Dns(_) if text.contains('*') => fault(ServerNameFault::Wildcard),
            Self::Dns(host) if !is_host_name(host.strip_suffix('.').unwrap_or(&host)) => {
                fault(ServerNameFault::Characters)
            }
            name => Ok(name),
        }
    }
}

/// A text is no name of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is {fault}, expected a host name or an address; {}", crate::name::escape(.text), .fault.help())]
pub struct NotAServerName {
    /// The text.
    pub text: String,
    /// What it is instead.
    pub fault: ServerNameFault,
}

/// What was given for the name of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerNameFault {
    /// A name in the letters of its language.
    NotAscii,
    /// `https://www.example.com/`
    Url,
    /// `pki@example.com`
    Mailbox,
    /// `[2001:db8::1]`
    Brackets,
    /// `www.example.com:443`
    Port,
    /// `*.example.com`
    Wildcard,
    /// Anything else.
    Characters,
}

impl ServerNameFault {
    /// What to give.
    fn help(self) -> &'static str {
        match self {
            Self::NotAscii => "give its A-label (RFC 5890 2.3.2.1), which begins with xn--",
            Self::Url => "give the host that stands in it: www.example.com",
            Self::Mailbox => "give the name of a server: www.example.com",
            Self::Brackets => "give the address alone: 2001:db8::1",
            Self::Port => "give it without the port: www.example.com",
            Self::Wildcard => "give a host that clients ask for: www.example.com",
            Self::Characters => "give labels of letters, digits and hyphens: www.example.com",
        }
    }
}

impl fmt::Display for ServerNameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAscii => "a name with letters beyond ASCII",
            Self::Url => "a URL",
            Self::Mailbox => "a mailbox",
            Self::Brackets => "an address in brackets",
            Self::Port => "a host with a port",
            Self::Wildcard => "a wildcard",
            Self::Characters => "no host name",
        })
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
    fn what_is_no_name_of_a_server_is_told_for_what_it_is() {
        for name in
            ["www.example.com", "www.example.com.", "localhost", "a_b.example", "192.0.2.1", "2001:db8::1"]
        {
            assert_eq!(PeerName::of_server(name), Ok(PeerName::of_host(name)));
        }
        for (text, fault) in [
            ("https://www.example.com/", ServerNameFault::Url),
            ("www.example.com:443", ServerNameFault::Port),
            ("[2001:db8::1]", ServerNameFault::Brackets),
            ("[2001:db8::1]:443", ServerNameFault::Brackets),
            ("pki@example.com", ServerNameFault::Mailbox),
            ("*.example.com", ServerNameFault::Wildcard),
            ("münchen.example", ServerNameFault::NotAscii),
            ("www example", ServerNameFault::Characters),
            ("www..example", ServerNameFault::Characters),
            ("", ServerNameFault::Characters),
        ] {
            assert_eq!(PeerName::of_server(text).unwrap_err().fault, fault, "{text}");
        }
    }

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
