//! The names of a certificate as name constraints see them: by form, and either comparable or not.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;

use der::Decode;
use der::asn1::{ObjectIdentifier, Utf8StringRef};

use crate::certificate::Certificate;
use crate::extension::{HostSubtree, NameForm, SUBJECT_ALTERNATIVE_NAME, Subtree};
use crate::name::{
    Attribute, DistinguishedName, GeneralName, HostName, Ia5Text, Mailbox, NameError, uri_host,
};

/// All names of a certificate that constraints apply to.
pub(super) struct ConstrainedNames {
    pub(super) by_form: BTreeMap<NameForm, Vec<ConstrainedName>>,
    /// Why an alternative name extension could not be read.
    pub(super) unreadable: Option<NameError>,
    /// How many of them are compared with constraints one by one, the subject left out.
    pub(super) compared: usize,
}

impl ConstrainedNames {
    pub(super) fn of(certificate: &Certificate) -> Self {
        let mut names = Self { by_form: BTreeMap::new(), unreadable: None, compared: 0 };
        let subject = certificate.subject();
        // RFC 5280 4.2.1.10: to the subject where it is not empty. Its e-mail addresses are looked at even
        // beside an rfc822Name, which the clause does not ask and OpenSSL does: a reader of the subject
        // believes them all the same.
        if !subject.is_empty() {
            names.push(NameForm::Directory, ConstrainedName::of_subject(subject));
        }
        for attribute in subject.attributes_of(&EMAIL_ADDRESS.into()) {
            names.compared += 1;
            names.push(NameForm::Email, ConstrainedName::of_address(attribute));
        }
        let extensions = certificate.extensions().iter();
        for extension in extensions.filter(|one| one.oid == SUBJECT_ALTERNATIVE_NAME) {
            match GeneralName::read_all(&extension.value) {
                Ok(list) => list.into_iter().for_each(|name| names.push_alternative(name)),
                Err(error) => names.unreadable = Some(error),
            }
        }
        names
    }

    /// The common names that look like hosts, as OpenSSL has it: at least two labels, and no DNS name among the
    /// alternative names.
    pub(super) fn of_hosts_in_subject(certificate: &Certificate) -> Self {
        let mut names = Self { by_form: BTreeMap::new(), unreadable: None, compared: 0 };
        let alternative = certificate.alternative_names();
        if alternative.iter().any(|name| NameForm::of(name) == NameForm::Dns) {
            return names;
        }
        for common_name in certificate.subject().attributes_of(&COMMON_NAME.into()) {
            let host = common_name.text().and_then(|text| {
                // OpenSSL passes over zero bytes at the end.
                HostName::read(text.trim_end_matches('\0'))
            });
            if let Some(host) = host.filter(|host| host.parent().is_some() && !host.is_address()) {
                names.compared += 1;
                let content = Ok(Content::Dns { host, is_wildcard: false });
                let source = Source::Attribute(common_name.clone());
                names.push(NameForm::Dns, ConstrainedName { content, source });
            }
        }
        names
    }

    fn push_alternative(&mut self, name: GeneralName) {
        let form = NameForm::of(&name);
        match form {
            NameForm::Dns | NameForm::Email | NameForm::Ip | NameForm::Directory => self.compared += 1,
            NameForm::Uri | NameForm::Other(_) | NameForm::Tag(_) => {}
        }
        // RFC 9598 6: constraints of rfc822Name hold for it too.
        if let GeneralName::Other { oid, value_der } = &name
            && *oid == SMTP_UTF8_MAILBOX
        {
            self.compared += 1;
            let content = mailbox_of_utf8(value_der);
            self.push(
                NameForm::Email,
                ConstrainedName { content, source: Source::Alternative(name.clone()) },
            );
        }
        self.push(form, ConstrainedName::of_alternative(name));
    }

    fn push(&mut self, form: NameForm, name: ConstrainedName) {
        self.by_form.entry(form).or_default().push(name);
    }
}

/// One name.
pub(super) struct ConstrainedName {
    /// What is compared; what is wrong with the name where nothing can be.
    pub(super) content: Result<Content, &'static str>,
    source: Source,
}

/// The part of a name that is compared.
pub(super) enum Content {
    Dns { host: HostName, is_wildcard: bool },
    Email(Mailbox),
    Uri(HostName),
    Ip(IpAddr),
    Directory(DistinguishedName),
    NotProcessed,
}

impl ConstrainedName {
    /// Whether it stands for many.
    pub(super) fn is_wildcard(&self) -> bool {
        matches!(self.content, Ok(Content::Dns { is_wildcard: true, .. }))
    }

    /// Whether the constraint holds some of what the name stands for.
    fn touches(&self, subtree: &Subtree) -> bool {
        match (&self.content, subtree) {
            (Ok(Content::Dns { host, is_wildcard: true }), Subtree::Dns(hosts)) => {
                // A wildcard is one label (RFC 9525 6.3), so of the names below its parent it reaches those
                // with one label more.
                let reached = match hosts {
                    HostSubtree::HostAndBelow(top) => top.parent().as_ref() == Some(host),
                    HostSubtree::Any | HostSubtree::Host(_) | HostSubtree::Below(_) => false,
                };
                reached || self.lies_in(subtree)
            }
            _ => self.lies_in(subtree),
        }
    }

    /// Whether the constraint holds all that the name stands for. What a wildcard expands to lies below its
    /// parent, so the parent's subtree holds all of it, and no smaller one does.
    fn lies_in(&self, subtree: &Subtree) -> bool {
        match (&self.content, subtree) {
            (Ok(Content::Dns { host, is_wildcard: true }), Subtree::Dns(HostSubtree::Below(domain))) => {
                host.is_within(domain)
            }
            (Ok(Content::Dns { host, .. }), Subtree::Dns(hosts)) => hosts.contains(host),
            (Ok(Content::Email(mailbox)), Subtree::Email(mailboxes)) => mailboxes.contains(mailbox),
            (Ok(Content::Ip(address)), Subtree::Ip(network)) => network.contains(*address),
            (Ok(Content::Directory(name)), Subtree::Directory(top)) => name.is_within(top),
            _ => false,
        }
    }

    fn of_subject(subject: &DistinguishedName) -> Self {
        Self { content: Ok(Content::Directory(subject.clone())), source: Source::Subject(subject.clone()) }
    }

    fn of_address(attribute: &Attribute) -> Self {
        let mailbox = attribute.text().and_then(Mailbox::read).map(Content::Email);
        let source = Source::Attribute(attribute.clone());
        Self { content: mailbox.ok_or("it is no mailbox"), source }
    }

    fn of_alternative(name: GeneralName) -> Self {
        let content = match &name {
            GeneralName::Dns(text) => dns_content(text),
            GeneralName::Email(text) => Mailbox::read(text).map(Content::Email).ok_or("it is no mailbox"),
            GeneralName::Uri(text) => uri_host(text).map(Content::Uri),
            GeneralName::Ip(address) => Ok(Content::Ip(*address)),
            GeneralName::Directory(name) => Ok(Content::Directory(name.clone())),
            GeneralName::Upn(_) | GeneralName::RegisteredId(_) | GeneralName::Other { .. } => {
                Ok(Content::NotProcessed)
            }
            GeneralName::Raw { .. } => match NameForm::of(&name) {
                NameForm::Ip => Err("an address is 4 or 16 octets"),
                NameForm::Dns | NameForm::Email | NameForm::Uri => Err("it is not ASCII"),
                NameForm::Directory | NameForm::Other(_) | NameForm::Tag(_) => Ok(Content::NotProcessed),
            },
        };
        Self { content, source: Source::Alternative(name) }
    }
}

impl fmt::Display for ConstrainedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Subject(subject) => write!(f, "the subject {subject}"),
            Source::Attribute(attribute) => write!(f, "{attribute} in the subject"),
            Source::Alternative(name) => name.fmt(f),
        }
    }
}

/// Where a name stands.
enum Source {
    Subject(DistinguishedName),
    Attribute(Attribute),
    Alternative(GeneralName),
}

/// RFC 5280 4.2.1.6 and, for the wildcard, RFC 9525 6.3: alone in the first label.
fn dns_content(text: &Ia5Text) -> Result<Content, &'static str> {
    let parent = text.strip_prefix("*.");
    let host = HostName::read(parent.unwrap_or(text)).ok_or("it is no host name")?;
    Ok(Content::Dns { host, is_wildcard: parent.is_some() })
}

/// SmtpUTF8Mailbox ::= UTF8String (SIZE (1..MAX)) (RFC 9598 3), with a host in ASCII.
fn mailbox_of_utf8(value_der: &[u8]) -> Result<Content, &'static str> {
    let text = Utf8StringRef::from_der(value_der).map_err(|_| "it is no UTF8String")?;
    Mailbox::read(text.as_str()).map(Content::Email).ok_or("it is no mailbox with a host in ASCII")
}

/// A CA's constraints of one form.
#[derive(Default)]
pub(super) struct FormConstraints<'a> {
    pub(super) permitted: Subtrees<'a>,
    pub(super) excluded: Subtrees<'a>,
}

/// The constraints of one list and one form.
#[derive(Default)]
pub(super) struct Subtrees<'a> {
    pub(super) all: Vec<&'a Subtree>,
    /// Those of URIs, which are looked up and not compared one by one.
    by_hosts: HashMap<&'a HostSubtree, &'a Subtree>,
}

impl<'a> Subtrees<'a> {
    pub(super) fn push(&mut self, subtree: &'a Subtree) {
        if let Subtree::Uri(hosts) = subtree {
            self.by_hosts.insert(hosts, subtree);
        }
        self.all.push(subtree);
    }

    /// One that holds some of what a name stands for.
    pub(super) fn touched_by(&self, name: &ConstrainedName) -> Option<&'a Subtree> {
        self.around_uri(name)
            .unwrap_or_else(|| self.all.iter().find(|subtree| name.touches(subtree)).copied())
    }

    /// Whether one holds all of what a name stands for.
    pub(super) fn hold(&self, name: &ConstrainedName) -> bool {
        self.around_uri(name)
            .map_or_else(|| self.all.iter().any(|subtree| name.lies_in(subtree)), |found| found.is_some())
    }

    /// The one around a URI's host; none at all where the name is no URI.
    fn around_uri(&self, name: &ConstrainedName) -> Option<Option<&'a Subtree>> {
        let Ok(Content::Uri(host)) = &name.content else {
            return None;
        };
        Some(HostSubtree::all_around(host).find_map(|hosts| self.by_hosts.get(&hosts).copied()))
    }
}

/// PKCS#9 emailAddress (RFC 5280 4.1.2.6).
const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");
/// X.520 6.2.2 (RFC 5280 4.1.2.4).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// id-on-SmtpUTF8Mailbox (RFC 9598 3).
const SMTP_UTF8_MAILBOX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.9");
