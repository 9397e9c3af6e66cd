//! Host names and mailboxes in the form in which name constraints compare them (RFC 5280 4.2.1.10, 7.2 and
//! 7.5), and the host that a URI names.
//!
//! What does not read here can still be a name that somebody certified; it is only not comparable.

use std::fmt;

use super::printed::Printed;

/// The labels of a DNS name, at least one, in lower case. Underscores are let through: the DNS carries them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(String);

impl HostName {
    /// Reads a name without a dot at either end; none where it is no host name, a wildcard included.
    pub fn read(text: &str) -> Option<Self> {
        let sound = text.len() <= NAME_BYTES_MAX && text.split('.').all(is_label);
        sound.then(|| Self(text.to_ascii_lowercase()))
    }

    /// Whether it is another name or has more labels before it.
    pub fn is_within(&self, other: &Self) -> bool {
        self == other || self.is_below(other)
    }

    /// Whether it is another name with more labels before it. A label is never cut: `notexample.com` is
    /// not below `example.com`.
    pub fn is_below(&self, other: &Self) -> bool {
        self.0.strip_suffix(&other.0).is_some_and(|labels| labels.ends_with('.'))
    }

    /// The name without its first label; none where it has but one.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_once('.').map(|(_, parent)| Self(parent.to_owned()))
    }

    /// Whether resolvers would read it as an IPv4 address: its last label is a number (RFC 1123 2.1).
    pub fn is_address(&self) -> bool {
        let last = self.0.rsplit('.').next().unwrap_or_default();
        last.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A mailbox: equal when the local parts are, letter by letter, and the hosts are in any case (RFC 5280 7.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mailbox {
    /// What stands before the at sign, without the quotes that it may stand in.
    local: String,
    host: HostName,
}

impl Mailbox {
    /// Reads `local@host` or `"local"@host` (RFC 2821 4.1.2); none where it is neither, and for an address
    /// in brackets instead of the host.
    pub fn read(text: &str) -> Option<Self> {
        let (local, host) = match text.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let (local, host) = text.split_once('@')?;
                (local.chars().all(is_bare_in_local_part).then(|| local.to_owned())?, host)
            }
        };
        let host = HostName::read(host)?;
        (!local.is_empty()).then_some(Self { local, host })
    }

    /// The host.
    pub fn host(&self) -> &HostName {
        &self.host
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", Printed::new(&self.local), self.host)
    }
}

/// The content of a quoted string whose first quote is gone, and what follows the at sign after it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut local = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((local, quoted.get(at + 1..)?.strip_prefix('@')?)),
            '\\' => local.push(characters.next()?.1),
            _ if c.is_control() => return None,
            _ => local.push(c),
        }
    }
    None
}

/// RFC 2822 3.2.4: what may stand in a local part without quotes; beyond ASCII, RFC 6531 3.3.
fn is_bare_in_local_part(c: char) -> bool {
    !c.is_control() && !c.is_whitespace() && !"\"(),:;<>@[\\]".contains(c)
}

/// The host name in a URI's authority (RFC 3986 3.2). The error says what stands there instead; RFC 5280
/// 4.2.1.10 has such a URI refused where URIs are constrained.
pub fn uri_host(uri: &str) -> Result<HostName, &'static str> {
    let (scheme, rest) = uri.split_once(':').ok_or("it has no scheme")?;
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    {
        return Err("its scheme is none");
    }
    let authority = rest.strip_prefix("//").ok_or("it has no authority")?;
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    // Browsers take a backslash for a slash, and would find another host.
    if authority.contains('\\') {
        return Err("there is a backslash in its authority");
    }
    let place = match authority.split_once('@') {
        Some((user, place)) if !user.contains(['[', ']']) => place,
        Some(_) => return Err("its authority cannot be read"),
        None => authority,
    };
    if place.starts_with('[') {
        return Err("its host is an IP address");
    }
    let host = match place.split_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) => return Err("its port is no number"),
        None => place,
    };
    match HostName::read(host) {
        Some(host) if host.is_address() => Err("its host is an IP address"),
        Some(host) => Ok(host),
        None if host.is_empty() => Err("it names no host"),
        None => Err("its host is no host name"),
    }
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// RFC 1035 2.3.4: 255 octets with a length before each label and the root's after the last.
const NAME_BYTES_MAX: usize = 253;
/// RFC 1035 2.3.4.
const LABEL_BYTES_MAX: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> HostName {
        HostName::read(text).unwrap()
    }

    #[test]
    fn a_label_is_never_cut() {
        assert!(host("a.b.Example.com").is_below(&host("EXAMPLE.com")));
        assert!(!host("notexample.com").is_within(&host("example.com")));
        assert!(host("example.com").is_within(&host("example.com")));
        assert!(!host("example.com").is_below(&host("example.com")));
        assert!(!host("com").is_within(&host("example.com")));
    }

    #[test]
    fn what_is_no_host_name_does_not_read() {
        for text in ["", ".", ".example.com", "example.com.", "a..b", "*.example.com", "a b", "bü.example"] {
            assert_eq!(HostName::read(text), None, "{text}");
        }
        assert!(HostName::read(&"a".repeat(64)).is_none() && HostName::read(&"a.".repeat(127)).is_none());
    }

    #[test]
    fn mailboxes_are_equal_with_and_without_quotes_and_in_any_case_of_the_host() {
        let ada = Mailbox::read("ada@example.com").unwrap();
        assert_eq!(Mailbox::read("\"a\\da\"@EXAMPLE.com"), Some(ada.clone()));
        assert_ne!(Mailbox::read("Ada@example.com"), Some(ada));
        assert!(Mailbox::read("*@example.com").is_some() && Mailbox::read("\"a@b c\"@example.com").is_some());
        for text in
            ["ada", "@example.com", "ada@", "a@b@example.com", "a b@c", "a@[192.0.2.1]", "\"a@b", "<a>@b"]
        {
            assert_eq!(Mailbox::read(text), None, "{text}");
        }
    }

    #[test]
    fn the_host_of_a_uri_is_the_one_that_would_be_asked() {
        for text in ["https://example.com", "ldap://a:b@EXAMPLE.com:389/x?y", "http://example.com?@evil.test"]
        {
            assert_eq!(uri_host(text), Ok(host("example.com")), "{text}");
        }
        for text in [
            "urn:uuid:1",
            "mailto:a@example.com",
            "example.com/x",
            "https://",
            "https:///x",
            "https://192.0.2.1/",
            "https://127.1/",
            "https://[2001:db8::1]/",
            "https://example.com\\@evil.test/",
            "https://a@b@example.com/",
            "https://example.com:x/",
            "https://ex%61mple.com/",
            "1://example.com/",
        ] {
            assert!(uri_host(text).is_err(), "{text}");
        }
    }
}
