//! What a rule is: a row of the table, with what it does in each profile and what there is to say about it.

use super::choices::Conformance;

/// A rule of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name in kebab-case, which scripts may rely on.
    pub name: &'static str,
    /// Where it comes from: an RFC and section, a requirement and its number, the Key Vault reference.
    pub clause: &'static str,
    /// What a finding of it does in each profile.
    pub severity: Severities,
    /// What the rule is for.
    pub purpose: &'static str,
    /// What clients and servers do about it.
    pub clients: &'static str,
    /// How an answer that breaks it comes about.
    pub origin: &'static str,
}

impl Rule {
    /// What a finding of it does in a profile; none where the profile does not have the rule.
    pub fn severity_in(&self, profile: Profile) -> Option<Severity> {
        match profile {
            Profile::KeyVault => self.severity.key_vault,
            Profile::Rfc5280 => self.severity.rfc5280,
            Profile::Webpki => self.severity.webpki,
        }
    }

    /// What a finding of it does in a profile, and when the chain is judged on its own: without an anchor there
    /// is no path validation that could fail over what RFC 5280 asks of issuing CAs alone.
    pub(crate) fn severity_of(
        &self,
        profile: Profile,
        has_anchors: bool,
        conformance: Conformance,
    ) -> Option<Severity> {
        let severity = self.severity_in(profile);
        if !self.severity.conformance || profile != Profile::Rfc5280 {
            return severity;
        }
        match severity {
            Some(Severity::Refuse) if !has_anchors => Some(Severity::Warn),
            Some(Severity::Warn) if has_anchors && conformance == Conformance::ToTheLetter => {
                Some(Severity::Refuse)
            }
            severity => severity,
        }
    }
}

/// What a finding does in each profile; none where the profile does not have the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Severities {
    /// In [`Profile::KeyVault`].
    pub key_vault: Option<Severity>,
    /// In [`Profile::Rfc5280`].
    pub rfc5280: Option<Severity>,
    /// In [`Profile::Webpki`].
    pub webpki: Option<Severity>,
    /// Whether it is about what RFC 5280 section 4 asks of CAs, and not about the validation of section 6.
    pub conformance: bool,
}

impl Severities {
    /// The same in every profile.
    pub const fn everywhere(severity: Severity) -> Self {
        Self {
            key_vault: Some(severity),
            rfc5280: Some(severity),
            webpki: Some(severity),
            conformance: false,
        }
    }

    /// Refused by RFC 5280 and what builds on it; said as a warning where Key Vault would take it.
    pub const fn path_validation() -> Self {
        Self {
            key_vault: Some(Severity::Warn),
            rfc5280: Some(Severity::Refuse),
            webpki: Some(Severity::Refuse),
            conformance: false,
        }
    }

    /// What a conforming CA never issues (RFC 5280 section 4): refused by the strict, and said as a warning where
    /// the chain is judged without an anchor.
    pub const fn conformance() -> Self {
        Self { conformance: true, ..Self::path_validation() }
    }

    /// What a conforming CA never issues and hardly a client refuses: said as a warning, and refused only where RFC 5280
    /// is taken to the letter.
    pub const fn letter() -> Self {
        Self { conformance: true, ..Self::advice() }
    }

    /// Never refused, said everywhere.
    pub const fn advice() -> Self {
        Self::everywhere(Severity::Warn)
    }

    /// Refused for server certificates of the Web alone.
    pub const fn webpki() -> Self {
        Self { key_vault: None, rfc5280: None, webpki: Some(Severity::Refuse), conformance: false }
    }

    /// What a conforming CA never issues and path validation takes: refused for server certificates of the Web, and
    /// said as a warning elsewhere.
    pub const fn webpki_conformance() -> Self {
        Self { webpki: Some(Severity::Refuse), ..Self::advice() }
    }

    /// A public CA's duty that clients do not look at, and that no private CA has: said of the Web's server
    /// certificates, and never refused.
    pub const fn webpki_duty() -> Self {
        Self { webpki: Some(Severity::Warn), ..Self::webpki() }
    }
}

/// Whose judgement is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// What Key Vault's merge accepts (reference 2.5): the key, and that it can be read.
    KeyVault,
    /// RFC 5280 path validation.
    Rfc5280,
    /// Server certificates of the Web: the CA/Browser Forum's Baseline Requirements over RFC 5280.
    Webpki,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::KeyVault, Self::Rfc5280, Self::Webpki];

    /// `key-vault`, `rfc5280`, `webpki`.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeyVault => "key-vault",
            Self::Rfc5280 => "rfc5280",
            Self::Webpki => "webpki",
        }
    }
}

/// What a finding does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The answer is not merged.
    Refuse,
    /// It is merged, and somebody should know.
    Warn,
    /// Worth a line.
    Note,
}

impl Severity {
    /// `refuse`, `warn`, `note`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Warn => "warn",
            Self::Note => "note",
        }
    }
}

/// What a part of the judge found, before it is known what that does.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// The rule.
    pub(crate) rule: &'static Rule,
    /// The certificate's place in the path, the leaf being 0.
    pub(crate) at: usize,
    /// What was found, with both sides of it.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: String,
}
