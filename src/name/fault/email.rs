//! E-mail addresses: the Mailbox of RFC 5321 4.1.2 as RFC 5280 4.2.1.6 takes it.

use super::dns::{DnsNameFault, dns_name_fault};
use crate::name::printed::Printed;

/// Looks for what would make a CA refuse an e-mail address; the first fault found.
pub fn email_fault(address: &str) -> Option<EmailFault> {
    let owned = || address.to_owned();
    if address.is_empty() {
        return Some(EmailFault::Empty);
    }
    // RFC 5280 4.2.1.6: no phrase, no comment, no angle brackets.
    let decorated =
        address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>(),;:\"\\".contains(c));
    if decorated {
        return Some(EmailFault::NotBare { address: owned() });
    }
    if let Some(found) = address.chars().find(|c| !c.is_ascii()) {
        return Some(EmailFault::NotAscii { address: owned(), found });
    }
    let Some((local, domain)) = address.split_once('@').filter(|(_, domain)| !domain.contains('@')) else {
        let found = address.matches('@').count();
        return Some(EmailFault::AtSigns { address: owned(), found });
    };
    if local.is_empty() || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Some(EmailFault::BadLocalPart { address: owned() });
    }
    if local.len() > LOCAL_PART_CHARACTERS_MAX {
        return Some(EmailFault::LongLocalPart { address: owned(), characters: local.len() });
    }
    if domain.contains('*') {
        return Some(EmailFault::Wildcard { address: owned() });
    }
    dns_name_fault(domain).map(|fault| EmailFault::Domain { address: owned(), fault })
}

/// What a CA is likely to stumble over in an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmailFault {
    /// No characters.
    #[error("e-mail address: found nothing, expected an address such as ada@example.com")]
    Empty,
    /// A name, a comment, brackets, a scheme or a quoted local part.
    #[error("e-mail address {}: found more than an address, expected only local@domain", Printed::new(.address))]
    NotBare {
        /// The address.
        address: String,
    },
    /// A character outside ASCII.
    #[error("e-mail address {}: found {}, expected ASCII only", Printed::new(.address), Printed::new(&.found.to_string()))]
    NotAscii {
        /// The address.
        address: String,
        /// The first such character.
        found: char,
    },
    /// Not one at sign.
    #[error("e-mail address {}: found {found} at signs, expected 1", Printed::new(.address))]
    AtSigns {
        /// The address.
        address: String,
        /// How many there are.
        found: usize,
    },
    /// A local part that is empty or has dots where none may be.
    #[error("e-mail address {}: found an empty piece before the at sign, expected text around each dot", Printed::new(.address))]
    BadLocalPart {
        /// The address.
        address: String,
    },
    /// A local part longer than mail carries.
    #[error("e-mail address {}: found {characters} characters before the at sign, expected at most {LOCAL_PART_CHARACTERS_MAX}", Printed::new(.address))]
    LongLocalPart {
        /// The address.
        address: String,
        /// Its length.
        characters: usize,
    },
    /// A wildcard.
    #[error("e-mail address {}: found a wildcard, expected one host", Printed::new(.address))]
    Wildcard {
        /// The address.
        address: String,
    },
    /// A fault in the domain.
    #[error("e-mail address {}: {fault}", Printed::new(.address))]
    Domain {
        /// The address.
        address: String,
        /// What is wrong with its domain.
        fault: DnsNameFault,
    },
}

impl EmailFault {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Empty => "give the address or leave the entry out".to_owned(),
            Self::NotBare { .. } => {
                "write the address alone, such as ada@example.com (RFC 5280 4.2.1.6)".to_owned()
            }
            Self::NotAscii { .. } => {
                "write the domain in its A-label form (xn--...); the part before the @ must be ASCII"
                    .to_owned()
            }
            Self::AtSigns { .. } | Self::BadLocalPart { .. } => {
                "write the address as local@domain (RFC 5321 4.1.2)".to_owned()
            }
            Self::LongLocalPart { .. } => "shorten it (RFC 5321 4.5.3.1.1)".to_owned(),
            Self::Wildcard { .. } => {
                "give one address: a certificate cannot stand for a whole domain's mail".to_owned()
            }
            Self::Domain { fault, .. } => fault.help(),
        }
    }
}

/// RFC 5321 4.5.3.1.1.
const LOCAL_PART_CHARACTERS_MAX: usize = 64;
