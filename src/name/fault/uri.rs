//! URIs: RFC 3986 as RFC 5280 4.2.1.6 takes it.

use std::net::Ipv6Addr;

use super::dns::{DnsNameFault, dns_name_fault};
use crate::name::printed::Printed;

/// Looks for what would make a CA refuse a URI; the first fault found.
pub fn uri_fault(uri: &str) -> Option<UriFault> {
    let owned = || uri.to_owned();
    if uri.is_empty() {
        return Some(UriFault::Empty);
    }
    // RFC 3986 2: what may stand in a URI at all.
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    if let Some(found) = uri.chars().find(|&c| !allowed(c)) {
        return Some(UriFault::BadCharacter { uri: owned(), found });
    }
    let escapes_are_whole = uri.split('%').skip(1).all(|after| {
        let pair = after.as_bytes().get(..2);
        pair.is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    });
    if !escapes_are_whole {
        return Some(UriFault::BadPercent { uri: owned() });
    }
    // RFC 5280 4.2.1.6: not relative, and with something after the scheme.
    let scheme = uri.split_once(':').filter(|(scheme, _)| is_scheme(scheme));
    let Some((_, rest)) = scheme.filter(|(_, rest)| !rest.is_empty()) else {
        return Some(UriFault::NotAbsolute { uri: owned() });
    };
    // RFC 5280 4.2.1.6: an authority holds a fully qualified host name or an IP address.
    let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, after)| after);
    let bracketed = host_and_port.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    if let Some((literal, _)) = bracketed {
        let sound = literal.parse::<Ipv6Addr>().is_ok();
        return (!sound).then(|| UriFault::BadIpAddress { uri: owned() });
    }
    let host = host_and_port.split(':').next().unwrap_or_default();
    match dns_name_fault(host) {
        None | Some(DnsNameFault::IpAddress { .. }) => None,
        Some(DnsNameFault::Empty) => Some(UriFault::NoHost { uri: owned() }),
        Some(fault) => Some(UriFault::Host { uri: owned(), fault }),
    }
}

/// RFC 3986 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// What a CA is likely to stumble over in a URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UriFault {
    /// No characters.
    #[error("uri: found nothing, expected one such as https://example.com/")]
    Empty,
    /// A character no URI holds.
    #[error("uri {}: found {}, expected only characters of a URI", Printed::new(.uri), Printed::new(&.found.to_string()))]
    BadCharacter {
        /// The URI.
        uri: String,
        /// The character.
        found: char,
    },
    /// A percent sign without two hex digits.
    #[error("uri {}: found a percent sign alone, expected two hex digits after it", Printed::new(.uri))]
    BadPercent {
        /// The URI.
        uri: String,
    },
    /// No scheme, or nothing after it.
    #[error("uri {}: found no scheme with something after it, expected an absolute URI", Printed::new(.uri))]
    NotAbsolute {
        /// The URI.
        uri: String,
    },
    /// `//` and no host.
    #[error("uri {}: found no host, expected one after //", Printed::new(.uri))]
    NoHost {
        /// The URI.
        uri: String,
    },
    /// Brackets around something other than an IPv6 address.
    #[error("uri {}: found brackets, expected an IPv6 address in them", Printed::new(.uri))]
    BadIpAddress {
        /// The URI.
        uri: String,
    },
    /// A fault in the host.
    #[error("uri {}: {fault}", Printed::new(.uri))]
    Host {
        /// The URI.
        uri: String,
        /// What is wrong with its host.
        fault: DnsNameFault,
    },
}

impl UriFault {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Empty => "give the URI or leave the entry out".to_owned(),
            Self::BadCharacter { found, .. } if found.is_ascii() => {
                "percent-encode the character (RFC 3986 2.1)".to_owned()
            }
            Self::BadCharacter { .. } => {
                "write the host in its A-label form (xn--...) and percent-encode the rest (RFC 3987 3.1)"
                    .to_owned()
            }
            Self::BadPercent { .. } => "write %25 for a percent sign (RFC 3986 2.4)".to_owned(),
            Self::NotAbsolute { uri } if dns_name_fault(uri).is_none() => {
                format!("list {uri} among the DNS names, or write https://{uri}/ if a URI is meant")
            }
            Self::NotAbsolute { .. } | Self::NoHost { .. } => {
                "write the whole URI, such as https://example.com/ (RFC 5280 4.2.1.6)".to_owned()
            }
            Self::BadIpAddress { .. } => "write the host as in [2001:db8::1] (RFC 3986 3.2.2)".to_owned(),
            Self::Host { fault, .. } => fault.help(),
        }
    }
}
