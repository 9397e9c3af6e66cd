//! DNS names: RFC 1034 3.5 and what public CAs ask beyond it.

use std::net::IpAddr;

use crate::name::printed::Printed;

/// Looks for what would make a CA refuse a DNS name; the first fault found.
pub fn dns_name_fault(name: &str) -> Option<DnsNameFault> {
    fault_of_whole(name).or_else(|| fault_of_labels(name))
}

fn fault_of_whole(name: &str) -> Option<DnsNameFault> {
    let owned = || name.to_owned();
    if name.is_empty() {
        return Some(DnsNameFault::Empty);
    }
    if name.contains(char::is_whitespace) {
        return Some(DnsNameFault::Blank { name: owned() });
    }
    if name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return Some(DnsNameFault::IpAddress { name: owned() });
    }
    if let Some((_, rest)) = name.split_once("://") {
        let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
        return Some(DnsNameFault::Scheme { name: owned(), host: host.to_owned() });
    }
    if let Some((host, _)) = name.split_once(['/', '?', '#']) {
        return Some(DnsNameFault::Path { name: owned(), host: host.to_owned() });
    }
    if let Some((host, _)) = name.split_once(':') {
        return Some(DnsNameFault::Port { name: owned(), host: host.to_owned() });
    }
    if name.contains('@') {
        return Some(DnsNameFault::EmailAddress { name: owned() });
    }
    if let Some(found) = name.chars().find(|c| !c.is_ascii()) {
        return Some(DnsNameFault::NotAscii { name: owned(), found });
    }
    if name.len() > 1 && name.ends_with('.') {
        return Some(DnsNameFault::TrailingDot { name: owned() });
    }
    if name.len() > NAME_CHARACTERS_MAX {
        return Some(DnsNameFault::LongName { name: owned(), characters: name.len() });
    }
    None
}

fn fault_of_labels(name: &str) -> Option<DnsNameFault> {
    let wildcard_stripped = name.strip_prefix("*.");
    let plain = wildcard_stripped.unwrap_or(name);
    if plain.contains('*') {
        return Some(DnsNameFault::MisplacedWildcard { name: name.to_owned() });
    }
    if wildcard_stripped.is_some() && !plain.contains('.') {
        return Some(DnsNameFault::WideWildcard { name: name.to_owned() });
    }
    plain.split('.').find_map(|label| fault_of_label(name, label))
}

fn fault_of_label(name: &str, label: &str) -> Option<DnsNameFault> {
    let (owned, own_label) = (|| name.to_owned(), || label.to_owned());
    if label.is_empty() {
        return Some(DnsNameFault::EmptyLabel { name: owned() });
    }
    if label.len() > LABEL_CHARACTERS_MAX {
        return Some(DnsNameFault::LongLabel { name: owned(), label: own_label(), characters: label.len() });
    }
    if label.contains('_') {
        return Some(DnsNameFault::Underscore { name: owned(), label: own_label() });
    }
    // RFC 1034 3.5 as RFC 1123 2.1 relaxes it: letters, digits and hyphens, a hyphen at neither end.
    if let Some(found) = label.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        return Some(DnsNameFault::BadCharacter { name: owned(), found });
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Some(DnsNameFault::HyphenAtEnd { name: owned(), label: own_label() });
    }
    if has_a_label_prefix(label) && !decodes_as_punycode(&label[4..]) {
        return Some(DnsNameFault::BadALabel { name: owned(), label: own_label() });
    }
    None
}

fn has_a_label_prefix(label: &str) -> bool {
    label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
}

/// The decoding procedure of RFC 3492 6.2, with only the question whether it succeeds and yields something
/// outside ASCII. The label is ASCII.
fn decodes_as_punycode(encoded: &str) -> bool {
    let (basic, extended) = encoded.rsplit_once('-').unwrap_or(("", encoded));
    let mut length = u32::try_from(basic.len()).unwrap_or(u32::MAX);
    let (mut code, mut index, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = extended.bytes().map(punycode_digit).peekable();
    if digits.peek().is_none() {
        return false;
    }
    while digits.peek().is_some() {
        let (start, mut weight, mut k) = (index, 1_u32, 36_u32);
        loop {
            let Some(Some(digit)) = digits.next() else {
                return false;
            };
            let Some(grown) = digit.checked_mul(weight).and_then(|step| index.checked_add(step)) else {
                return false;
            };
            index = grown;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            let Some(heavier) = weight.checked_mul(36 - threshold) else {
                return false;
            };
            weight = heavier;
            k += 36;
        }
        length = length.saturating_add(1);
        bias = punycode_bias(index - start, length, start == 0);
        let Some(next) = code.checked_add(index / length).filter(|&next| char::from_u32(next).is_some())
        else {
            return false;
        };
        code = next;
        index = index % length + 1;
    }
    true
}

fn punycode_digit(byte: u8) -> Option<u32> {
    match byte {
        b'a'..=b'z' => Some(u32::from(byte - b'a')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 26),
        _ => None,
    }
}

/// RFC 3492 6.1.
fn punycode_bias(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

/// What a CA is likely to stumble over in a DNS name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsNameFault {
    /// No characters.
    #[error("dns name: found nothing, expected a name such as www.example.com")]
    Empty,
    /// A blank.
    #[error("dns name {}: found a blank, expected none", Printed::new(.name))]
    Blank {
        /// The name.
        name: String,
    },
    /// An IP address.
    #[error("dns name {}: found an IP address, expected a name", Printed::new(.name))]
    IpAddress {
        /// The name.
        name: String,
    },
    /// A URI.
    #[error("dns name {}: found a URI, expected only its host", Printed::new(.name))]
    Scheme {
        /// The name.
        name: String,
        /// What is left without the rest.
        host: String,
    },
    /// A path, a query or a fragment.
    #[error("dns name {}: found a path, expected only the host before it", Printed::new(.name))]
    Path {
        /// The name.
        name: String,
        /// What is left without the rest.
        host: String,
    },
    /// A port.
    #[error("dns name {}: found a port, expected only the host before it", Printed::new(.name))]
    Port {
        /// The name.
        name: String,
        /// What is left without the rest.
        host: String,
    },
    /// An e-mail address.
    #[error("dns name {}: found an e-mail address, expected a host name", Printed::new(.name))]
    EmailAddress {
        /// The name.
        name: String,
    },
    /// A label in Unicode.
    #[error("dns name {}: found {}, expected ASCII only", Printed::new(.name), Printed::new(&.found.to_string()))]
    NotAscii {
        /// The name.
        name: String,
        /// The first character outside ASCII.
        found: char,
    },
    /// A dot at the end.
    #[error("dns name {}: found a dot at the end, expected none", Printed::new(.name))]
    TrailingDot {
        /// The name.
        name: String,
    },
    /// Longer than the DNS carries.
    #[error("dns name {}: found {characters} characters, expected at most {NAME_CHARACTERS_MAX}", Printed::new(.name))]
    LongName {
        /// The name.
        name: String,
        /// Its length.
        characters: usize,
    },
    /// Two dots in a row, or one at the start.
    #[error("dns name {}: found an empty label, expected text between the dots", Printed::new(.name))]
    EmptyLabel {
        /// The name.
        name: String,
    },
    /// A label longer than the DNS carries.
    #[error("dns name {}: found {characters} characters in label {}, expected at most {LABEL_CHARACTERS_MAX}", Printed::new(.name), Printed::new(.label))]
    LongLabel {
        /// The name.
        name: String,
        /// The label.
        label: String,
        /// Its length.
        characters: usize,
    },
    /// An underscore, which the DNS carries and host names do not allow.
    #[error("dns name {}: found an underscore in label {}, expected letters, digits and hyphens", Printed::new(.name), Printed::new(.label))]
    Underscore {
        /// The name.
        name: String,
        /// The label.
        label: String,
    },
    /// Any other character.
    #[error("dns name {}: found {}, expected letters, digits and hyphens", Printed::new(.name), Printed::new(&.found.to_string()))]
    BadCharacter {
        /// The name.
        name: String,
        /// The character.
        found: char,
    },
    /// A hyphen where none may be.
    #[error("dns name {}: found a hyphen at an end of label {}, expected a letter or digit", Printed::new(.name), Printed::new(.label))]
    HyphenAtEnd {
        /// The name.
        name: String,
        /// The label.
        label: String,
    },
    /// `xn--` and something that is not Punycode.
    #[error("dns name {}: found label {}, expected Punycode after xn--", Printed::new(.name), Printed::new(.label))]
    BadALabel {
        /// The name.
        name: String,
        /// The label.
        label: String,
    },
    /// An asterisk that is not the whole left-most label.
    #[error("dns name {}: found a wildcard, expected it as the whole left-most label or not at all", Printed::new(.name))]
    MisplacedWildcard {
        /// The name.
        name: String,
    },
    /// A wildcard directly under one label.
    #[error("dns name {}: found a wildcard under a single label, expected at least two labels after it", Printed::new(.name))]
    WideWildcard {
        /// The name.
        name: String,
    },
}

impl DnsNameFault {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Empty => "give the name or leave the entry out".to_owned(),
            Self::Blank { name } if name.trim().contains(char::is_whitespace) => {
                "list each name by itself".to_owned()
            }
            Self::Blank { name } => format!("write {}", Printed::new(name.trim())),
            Self::IpAddress { name } => {
                let address = name.trim_matches(['[', ']']);
                format!("list {address} among the IP addresses (RFC 5280 4.2.1.6)")
            }
            Self::Scheme { host, .. } | Self::Path { host, .. } | Self::Port { host, .. } => {
                if host.is_empty() {
                    "write the host alone".to_owned()
                } else {
                    format!("write {}", Printed::new(host))
                }
            }
            Self::EmailAddress { .. } => "list it among the e-mail addresses".to_owned(),
            Self::NotAscii { .. } => {
                "write each label that is not ASCII in its A-label form, such as xn--bcher-kva.example (RFC 5890 2.3.2.1)".to_owned()
            }
            Self::TrailingDot { name } => format!("write {}", Printed::new(name.trim_end_matches('.'))),
            Self::LongName { .. } | Self::LongLabel { .. } => {
                "shorten it: the DNS carries nothing longer (RFC 1035 2.3.4)".to_owned()
            }
            Self::EmptyLabel { .. } => "remove the dot that has nothing beside it".to_owned(),
            Self::Underscore { .. } => {
                "use a hyphen, or a wildcard above the label: public CAs may not certify underscores (CA/Browser Forum ballot SC12)".to_owned()
            }
            Self::BadCharacter { .. } | Self::HyphenAtEnd { .. } => {
                "write the host name as the DNS has it (RFC 1123 2.1)".to_owned()
            }
            Self::BadALabel { .. } => {
                "convert the Unicode form of the label again; none but such labels may start with xn--".to_owned()
            }
            Self::MisplacedWildcard { .. } => "write the wildcard as in *.example.com (RFC 9525 6.3)".to_owned(),
            Self::WideWildcard { .. } => {
                "name a domain below it: no public CA certifies all of a top-level domain".to_owned()
            }
        }
    }
}

/// RFC 1035 2.3.4, in text without the final dot.
const NAME_CHARACTERS_MAX: usize = 253;
/// RFC 1035 2.3.4.
const LABEL_CHARACTERS_MAX: usize = 63;
