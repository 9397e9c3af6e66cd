//! A Key Vault certificate policy: what was written, and what it means.
//!
//! [`Document`] is what somebody wrote, in the REST shape or in that of `az`; [`Policy`] is what was
//! understood of it, with the service's defaults filled in. Only a document that the service would take
//! becomes a policy, and a policy writes itself as a document again, which is also how it is stored.

mod document;
mod key_kind;
mod object_name;
mod tags;
mod understand;

use der::asn1::ObjectIdentifier;

pub use document::{Document, DocumentError, alternative_names_document};
pub use key_kind::KeyKind;
pub use object_name::{OBJECT_NAME_CHARACTERS_MAX, ObjectName, ObjectNameError};
pub use tags::{TAG_CHARACTERS_MAX, TAGS_MAX, Tags, TagsError};
pub use understand::{LIST_ITEMS_MAX, PolicyError, Refusal, VALIDITY_MONTHS_MAX};

use crate::name::{DistinguishedName, GeneralName};

/// How a certificate is to be made: every member that the service knows, understood and within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `key_props`: the key to make.
    pub key: KeyProperties,
    /// `secret_props.contentType`: the form of the secret.
    pub content_type: ContentType,
    /// `x509_props.subject`; absent where the alternative names say it all.
    pub subject: Option<Subject>,
    /// `x509_props.sans`: DNS names, e-mail addresses, UPNs, URIs and IP addresses, each kind in the order
    /// given; the order of the kinds is our choice, as no recording has two. None where the member was not
    /// given, which is told apart from an empty one.
    pub alternative_names: Option<Vec<GeneralName>>,
    /// `x509_props.ekus`: extended key usages, in the order given; empty when none are wanted.
    pub extended_key_usages: Vec<ObjectIdentifier>,
    /// `x509_props.key_usage`, in the order given.
    pub key_usages: Vec<KeyUsage>,
    /// `x509_props.validity_months`, counted by the calendar.
    pub validity_months: u32,
    /// `x509_props.basic_constraints.ca`: echoed; the service never asks a CA for a CA certificate.
    pub ca: bool,
    /// `lifetime_actions`: kept and shown; nothing acts on them on a machine that nobody watches.
    pub lifetime_actions: Vec<LifetimeAction>,
    /// `issuer`: who signs.
    pub issuer: IssuerReference,
    /// `attributes.enabled`.
    pub enabled: bool,
}

impl Policy {
    /// Every alternative name, in the order in which the request carries them.
    pub fn general_names(&self) -> &[GeneralName] {
        self.alternative_names.as_deref().unwrap_or_default()
    }
}

/// `key_props`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyProperties {
    /// `kty`, `key_size` and `crv` together.
    pub kind: KeyKind,
    /// Whether the private key may leave in the secret.
    pub exportable: bool,
    /// Whether the next version takes the previous version's key.
    pub reuse_key: bool,
}

/// `secret_props.contentType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// `application/x-pkcs12`.
    Pkcs12,
    /// `application/x-pem-file`.
    Pem,
}

impl ContentType {
    /// The content type of that media type, to the letter.
    pub fn from_media_type(text: &str) -> Option<Self> {
        [Self::Pkcs12, Self::Pem].into_iter().find(|one| one.media_type() == text)
    }

    /// The media type, as on the wire.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pkcs12 => "application/x-pkcs12",
            Self::Pem => "application/x-pem-file",
        }
    }
}

/// A subject: the text as it was written, which is echoed to the letter, and the name that it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    text: String,
    name: DistinguishedName,
}

impl Subject {
    /// Reads a text as the service reads it (reference 3).
    pub fn from_text(text: &str) -> Result<Self, crate::name::NameError> {
        Ok(Self { name: DistinguishedName::from_text(text)?, text: text.to_owned() })
    }

    /// A name and the text that stands for it: of an imported certificate, whose name is kept byte for byte.
    pub fn of_certificate(name: DistinguishedName) -> Self {
        Self { text: name.to_key_vault_text(), name }
    }

    /// The text, verbatim.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it encodes to.
    pub fn name(&self) -> &DistinguishedName {
        &self.name
    }
}

/// One bit of keyUsage (RFC 5280 4.2.1.3), by its ASN.1 name, which is also Key Vault's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyUsage {
    /// Bit 0.
    DigitalSignature,
    /// Bit 1; newer texts call it contentCommitment.
    NonRepudiation,
    /// Bit 2.
    KeyEncipherment,
    /// Bit 3.
    DataEncipherment,
    /// Bit 4.
    KeyAgreement,
    /// Bit 5.
    KeyCertSign,
    /// Bit 6.
    CrlSign,
    /// Bit 7.
    EncipherOnly,
    /// Bit 8.
    DecipherOnly,
}

impl KeyUsage {
    /// Every usage, in the order of the bits.
    pub const ALL: [Self; 9] = [
        Self::DigitalSignature,
        Self::NonRepudiation,
        Self::KeyEncipherment,
        Self::DataEncipherment,
        Self::KeyAgreement,
        Self::KeyCertSign,
        Self::CrlSign,
        Self::EncipherOnly,
        Self::DecipherOnly,
    ];

    /// The name, as the policy writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DigitalSignature => "digitalSignature",
            Self::NonRepudiation => "nonRepudiation",
            Self::KeyEncipherment => "keyEncipherment",
            Self::DataEncipherment => "dataEncipherment",
            Self::KeyAgreement => "keyAgreement",
            Self::KeyCertSign => "keyCertSign",
            Self::CrlSign => "cRLSign",
            Self::EncipherOnly => "encipherOnly",
            Self::DecipherOnly => "decipherOnly",
        }
    }

    /// The usage of that name, to the letter.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|usage| usage.name() == name)
    }
}

/// One of `lifetime_actions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifetimeAction {
    /// When.
    pub trigger: Trigger,
    /// What.
    pub action: ActionType,
}

/// When a lifetime action is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// `lifetime_percentage`, 1 to 99.
    LifetimePercentage(u32),
    /// `days_before_expiry`, 1 to 27 times the months of validity.
    DaysBeforeExpiry(u32),
}

/// What a lifetime action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionType {
    /// `EmailContacts`.
    EmailContacts,
    /// `AutoRenew`.
    AutoRenew,
}

impl ActionType {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::EmailContacts => "EmailContacts",
            Self::AutoRenew => "AutoRenew",
        }
    }
}

/// `issuer`: a reference, with the caller's case kept ("self" stays "self").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerReference {
    /// `name`, as written.
    pub name: String,
    /// `cty`: echoed.
    pub certificate_type: Option<String>,
    /// `cert_transparency`: echoed, as sent (reference 0, row 12).
    pub cert_transparency: Option<bool>,
}

impl IssuerReference {
    /// `Unknown`: what a policy without an issuer means (reference 2.3).
    pub fn unknown() -> Self {
        Self { name: "Unknown".to_owned(), certificate_type: None, cert_transparency: None }
    }

    /// Who signs.
    pub fn route(&self) -> Route {
        if self.name.eq_ignore_ascii_case("Unknown") {
            Route::Unknown
        } else if self.name.eq_ignore_ascii_case("Self") {
            Route::SelfSigned
        } else {
            Route::Named
        }
    }
}

/// The three ways to a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// A CA that the vault knows nothing of: the request is carried out, the answer carried in and merged.
    Unknown,
    /// The certificate signs itself, at once.
    SelfSigned,
    /// An issuer of that name answers at its own desk.
    Named,
}

/// id-kp-serverAuth and id-kp-clientAuth (RFC 5280 4.2.1.12): what a policy without `ekus` means.
pub const DEFAULT_EXTENDED_KEY_USAGES: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"), ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2")];
/// What a policy without `key_usage` means (reference 2.3; for EC too, by the documentation's table).
pub const DEFAULT_KEY_USAGES: [KeyUsage; 2] = [KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment];
/// What a policy without `validity_months` means (reference 2.3).
pub const DEFAULT_VALIDITY_MONTHS: u32 = 12;
/// What a policy without `lifetime_actions` means, in per cent of the lifetime (reference 2.3).
pub const DEFAULT_LIFETIME_PERCENTAGE: u32 = 80;
