//! From what was written to what it means: each member checked against what the service allows, the
//! service's defaults for those that are absent, and every refusal told, not the first alone.

use std::fmt;

use der::asn1::ObjectIdentifier;
use serde_json::{Map, Value};

use super::{
    ActionType, ContentType, DEFAULT_EXTENDED_KEY_USAGES, DEFAULT_KEY_USAGES, DEFAULT_LIFETIME_PERCENTAGE,
    DEFAULT_VALIDITY_MONTHS, Document, IssuerReference, KeyKind, KeyProperties, KeyUsage, LifetimeAction,
    ObjectName, Policy, Route, Subject, Trigger,
};
use crate::name::{GENERAL_NAMES_BYTES_MAX, GeneralName, NameError, escape};

impl Policy {
    /// Understands a document, with the service's defaults for what it does not say (reference 2.3).
    pub fn understand(document: &Document) -> Result<Self, PolicyError> {
        let mut refusals = Vec::new();
        let top = Members { map: Some(document.members()), path: String::new(), refusals: &mut refusals };
        let policy = understand(top);
        if refusals.is_empty() { Ok(policy) } else { Err(PolicyError { refusals }) }
    }
}

type ReadName = fn(&str) -> Result<GeneralName, NameError>;

/// A policy that the service would refuse, with every reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy would be refused: {}", listed(.refusals))]
pub struct PolicyError {
    /// One for each member at fault, at least one.
    pub refusals: Vec<Refusal>,
}

impl PolicyError {
    /// What to do about it.
    pub fn help(&self) -> String {
        let own: Vec<&str> = self.refusals.iter().filter_map(|refusal| refusal.help.as_deref()).collect();
        match own.first() {
            Some(help) => (*help).to_owned(),
            None => "see a whole policy with: coldcert policy default".to_owned(),
        }
    }
}

/// One member of a policy, and why it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The member's REST path, `x509_props.validity_months`.
    pub member: String,
    /// What was written there, cut.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
    help: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, allowed: {}", self.member, self.value, self.allowed)
    }
}

fn understand(mut top: Members<'_, '_>) -> Policy {
    let key = key_properties(top.object("key_props"));
    let content_type = content_type(top.object("secret_props"));
    let mut x509 = top.object("x509_props");
    let subject = subject(&mut x509);
    let is_subject_empty = subject.is_none()
        && x509.value("subject").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty());
    let refused = x509.refusals.len();
    let alternative_names = x509.has("sans").then(|| alternative_names(x509.object("sans")));
    let is_any_name_refused = x509.refusals.len() > refused;
    let extended_key_usages = x509
        .items("ekus", "an object identifier like 1.3.6.1.5.5.7.3.1", |text| {
            ObjectIdentifier::new(text).map_err(|_| None)
        })
        .unwrap_or_else(|| DEFAULT_EXTENDED_KEY_USAGES.to_vec());
    let usages = KeyUsage::ALL.map(KeyUsage::name).join(", ");
    let key_usages = x509
        .items("key_usage", &usages, |text| KeyUsage::from_name(text).ok_or(None))
        .unwrap_or_else(|| DEFAULT_KEY_USAGES.to_vec());
    let validity_months =
        x509.number("validity_months", 1, VALIDITY_MONTHS_MAX).unwrap_or(DEFAULT_VALIDITY_MONTHS);
    let ca = x509.object("basic_constraints").boolean("ca").unwrap_or(false);
    let named = alternative_names.as_ref().is_some_and(|names| !names.is_empty());
    if is_subject_empty && !named && !is_any_name_refused {
        let allowed = "an X.500 name like CN=www.example.com, or names under sans";
        x509.refuse("subject", "\"\"", allowed, None);
    }
    if subject.is_none() && !named && !x509.has("subject") {
        x509.refuse("subject", "absent", "an X.500 name like CN=www.example.com, or names under sans", None);
    }
    let issuer = issuer(top.object("issuer"));
    let lifetime_actions = lifetime_actions(&mut top, validity_months, &issuer);
    let enabled = top.object("attributes").boolean("enabled").unwrap_or(true);
    Policy {
        key,
        content_type,
        subject,
        alternative_names,
        extended_key_usages,
        key_usages,
        validity_months,
        ca,
        lifetime_actions,
        issuer,
        enabled,
    }
}

fn key_properties(mut members: Members<'_, '_>) -> KeyProperties {
    KeyProperties {
        kind: key_kind(&mut members),
        exportable: members.boolean("exportable").unwrap_or(true),
        reuse_key: members.boolean("reuse_key").unwrap_or(false),
    }
}

/// `kty`, `key_size` and `crv` together. Absent ones follow from the others; with none of them RSA 2048
/// (reference 2.3). EC without a curve is P-256: a choice, unverified in the reference.
fn key_kind(members: &mut Members<'_, '_>) -> KeyKind {
    let curve = members.text("crv");
    let key_type =
        members.text("kty").unwrap_or_else(|| if curve.is_some() { "EC" } else { "RSA" }.to_owned());
    match key_type.as_str() {
        "RSA" => {
            if let Some(curve) = curve {
                members.refuse("crv", &quoted(&curve), "no curve for kty RSA", None);
            }
            match members.whole_number("key_size") {
                None => KeyKind::Rsa2048,
                Some(size) => {
                    u32::try_from(size).ok().and_then(KeyKind::from_rsa_bits).unwrap_or_else(|| {
                        members.refuse("key_size", &size.to_string(), "2048, 3072, 4096 for kty RSA", None);
                        KeyKind::Rsa2048
                    })
                }
            }
        }
        "EC" => elliptic_kind(members, curve.as_deref()),
        "RSA-HSM" | "EC-HSM" => {
            let help =
                "use kty RSA or EC: this vault keeps keys in software, hardware tokens are not supported yet";
            members.refuse("kty", &quoted(&key_type), "RSA, EC", Some(help.to_owned()));
            KeyKind::Rsa2048
        }
        _ => {
            members.refuse("kty", &quoted(&key_type), "RSA, EC", None);
            KeyKind::Rsa2048
        }
    }
}

fn elliptic_kind(members: &mut Members<'_, '_>, curve: Option<&str>) -> KeyKind {
    let size = members.whole_number("key_size");
    let by_curve = curve.map(|curve| {
        KeyKind::from_curve(curve).unwrap_or_else(|| {
            members.refuse("crv", &quoted(curve), "P-256, P-384, P-521, P-256K", None);
            KeyKind::P256
        })
    });
    let kind = by_curve.or(match size {
        Some(384) => Some(KeyKind::P384),
        Some(521) => Some(KeyKind::P521),
        _ => None,
    });
    let kind = kind.unwrap_or(KeyKind::P256);
    if let Some(size) = size.filter(|size| *size != i64::from(kind.key_size())) {
        let allowed = match by_curve {
            Some(kind) => format!("{} for {kind}", kind.key_size()),
            None => "256, 384, 521 for kty EC".to_owned(),
        };
        members.refuse("key_size", &size.to_string(), &allowed, None);
    }
    kind
}

fn content_type(mut members: Members<'_, '_>) -> ContentType {
    let known = [ContentType::Pkcs12, ContentType::Pem];
    match members.text("contentType") {
        None => ContentType::Pkcs12,
        Some(text) => ContentType::from_media_type(&text).unwrap_or_else(|| {
            members.refuse(
                "contentType",
                &quoted(&text),
                &known.map(ContentType::media_type).join(", "),
                None,
            );
            ContentType::Pkcs12
        }),
    }
}

fn subject(x509: &mut Members<'_, '_>) -> Option<Subject> {
    let text = x509.text("subject")?;
    if text.trim().is_empty() {
        // An empty text is no name, and no garbage either: the alternative names must say it all.
        return None;
    }
    Subject::from_text(&text)
        .map_err(|error| {
            let allowed = format!("an X.500 name ({error})");
            x509.refuse("subject", &quoted(&text), &allowed, Some(error.help()));
        })
        .ok()
}

fn alternative_names(mut sans: Members<'_, '_>) -> Vec<GeneralName> {
    let ascii = "a name in ASCII (an internationalised domain in its xn-- form)";
    let kinds: [(&str, &str, ReadName); 5] = [
        ("dns_names", ascii, GeneralName::dns),
        ("emails", ascii, GeneralName::email),
        ("upns", "a user principal name like user@example.com", GeneralName::upn),
        ("uris", "a URI in ASCII", GeneralName::uri),
        ("ipAddresses", "an IPv4 or IPv6 address", GeneralName::ip),
    ];
    let mut names = Vec::new();
    for (member, allowed, read) in kinds {
        names.extend(
            sans.items(member, allowed, |text| read(text).map_err(|error| Some(error.help())))
                .unwrap_or_default(),
        );
    }
    let bytes = GeneralName::encode_all(&names).len();
    if bytes > GENERAL_NAMES_BYTES_MAX {
        let (found, allowed) = (format!("{bytes} bytes"), format!("at most {GENERAL_NAMES_BYTES_MAX} bytes"));
        // Whose names they are is said by the object's own path.
        let member = std::mem::take(&mut sans.path);
        sans.refuse(&member, &found, &allowed, Some("ask for fewer or shorter names".to_owned()));
        return Vec::new();
    }
    names
}

fn issuer(mut members: Members<'_, '_>) -> IssuerReference {
    let mut certificate_type = members.text("cty");
    let characters = certificate_type.as_ref().map_or(0, |text| text.chars().count());
    if characters > ISSUER_TEXT_CHARACTERS_MAX {
        let allowed = format!("at most {ISSUER_TEXT_CHARACTERS_MAX} characters");
        members.refuse("cty", &format!("{characters} characters"), &allowed, None);
        certificate_type = None;
    }
    let cert_transparency = members.boolean("cert_transparency");
    let name = members.text("name").unwrap_or_else(|| IssuerReference::unknown().name);
    if let Err(error) = ObjectName::new(&name) {
        members.refuse("name", &quoted(&name), "Unknown, Self, or an issuer's name", Some(error.to_string()));
    }
    IssuerReference { name, certificate_type, cert_transparency }
}

fn lifetime_actions(
    top: &mut Members<'_, '_>,
    validity_months: u32,
    issuer: &IssuerReference,
) -> Vec<LifetimeAction> {
    let Some(given) = top.list("lifetime_actions") else {
        // Reference 2.3: renewing is for whoever can renew.
        let action = match issuer.route() {
            Route::Unknown => ActionType::EmailContacts,
            Route::SelfSigned | Route::Named => ActionType::AutoRenew,
        };
        return vec![LifetimeAction {
            trigger: Trigger::LifetimePercentage(DEFAULT_LIFETIME_PERCENTAGE),
            action,
        }];
    };
    let mut actions = Vec::new();
    for (index, item) in given.iter().enumerate() {
        let path = format!("lifetime_actions[{index}]");
        let Some(map) = item.as_object() else {
            top.refuse(&path, &shown(item), "an object with trigger and action", None);
            continue;
        };
        let mut members = Members { map: Some(map), path, refusals: &mut *top.refusals };
        actions.extend(lifetime_action(&mut members, validity_months));
    }
    actions
}

fn lifetime_action(members: &mut Members<'_, '_>, validity_months: u32) -> Option<LifetimeAction> {
    let known = [ActionType::EmailContacts, ActionType::AutoRenew];
    let mut action = members.object("action");
    let written = action.text("action_type");
    let kind = known.into_iter().find(|one| Some(one.name()) == written.as_deref());
    if kind.is_none() {
        let value = written.as_deref().map_or_else(|| "absent".to_owned(), quoted);
        action.refuse("action_type", &value, &known.map(ActionType::name).join(", "), None);
    }
    let mut trigger = members.object("trigger");
    // The service's limits: reference 1.3, lifetime_actions.
    let percentage = trigger.number("lifetime_percentage", 1, 99);
    let days = trigger.number("days_before_expiry", 1, validity_months.saturating_mul(27));
    let due = match (trigger.has("lifetime_percentage"), trigger.has("days_before_expiry")) {
        (true, false) => percentage.map(Trigger::LifetimePercentage),
        (false, true) => days.map(Trigger::DaysBeforeExpiry),
        (both, _) => {
            let found = if both { "both" } else { "neither" };
            members.refuse("trigger", found, "one of lifetime_percentage and days_before_expiry", None);
            None
        }
    };
    Some(LifetimeAction { trigger: due?, action: kind? })
}

/// An object being read: where it stands, and where its refusals go.
struct Members<'d, 'r> {
    map: Option<&'d Map<String, Value>>,
    path: String,
    refusals: &'r mut Vec<Refusal>,
}

impl<'d> Members<'d, '_> {
    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn value(&self, name: &str) -> Option<&'d Value> {
        self.map.and_then(|map| map.get(name)).filter(|value| !value.is_null())
    }

    fn object(&mut self, name: &str) -> Members<'d, '_> {
        let map = self.typed(name, "an object", Value::as_object);
        Members { map, path: self.member(name), refusals: self.refusals }
    }

    fn member(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn list(&mut self, name: &str) -> Option<&'d Vec<Value>> {
        let items = self.typed(name, "a list", Value::as_array)?;
        if items.len() > LIST_ITEMS_MAX {
            let allowed = format!("at most {LIST_ITEMS_MAX} items");
            self.refuse(name, &format!("a list of {}", items.len()), &allowed, None);
            return None;
        }
        Some(items)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.typed(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    fn boolean(&mut self, name: &str) -> Option<bool> {
        self.typed(name, "true or false", Value::as_bool)
    }

    fn whole_number(&mut self, name: &str) -> Option<i64> {
        self.typed(name, "a whole number", Value::as_i64)
    }

    fn number(&mut self, name: &str, least: u32, most: u32) -> Option<u32> {
        let number = self.whole_number(name)?;
        let within = u32::try_from(number).ok().filter(|number| (least..=most).contains(number));
        if within.is_none() {
            self.refuse(name, &number.to_string(), &format!("{least} to {most}"), None);
        }
        within
    }

    /// A list of texts, each read, or refused with the help that its reader has; none when the member is absent.
    fn items<T>(
        &mut self,
        name: &str,
        allowed: &str,
        read: impl Fn(&str) -> Result<T, Option<String>>,
    ) -> Option<Vec<T>> {
        let items = self.list(name)?;
        let mut values = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match item.as_str().ok_or(None).and_then(&read) {
                Ok(value) => values.push(value),
                Err(help) => self.refuse(&format!("{name}[{index}]"), &shown(item), allowed, help),
            }
        }
        Some(values)
    }

    fn typed<T>(&mut self, name: &str, allowed: &str, read: impl Fn(&'d Value) -> Option<T>) -> Option<T> {
        let value = self.value(name)?;
        let read = read(value);
        if read.is_none() {
            self.refuse(name, &shown(value), allowed, None);
        }
        read
    }

    fn refuse(&mut self, name: &str, value: &str, allowed: &str, help: Option<String>) {
        let member = self.member(name);
        self.refusals.push(Refusal { member, value: value.to_owned(), allowed: allowed.to_owned(), help });
    }
}

fn listed(refusals: &[Refusal]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn shown(value: &Value) -> String {
    // JSON writes DEL and the C1 controls as they are (RFC 8259 7), and a terminal obeys them.
    value.as_str().map_or_else(|| escape(&cut(&value.to_string())).into_owned(), quoted)
}

fn quoted(text: &str) -> String {
    format!("{:?}", cut(text))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// A hundred years: the longest that a recording of the service shows (reference 2.7, import). The service's
/// own upper bound is unverified.
pub const VALIDITY_MONTHS_MAX: u32 = 1200;
/// A list has no more items: ten times the names that public CAs put into one certificate (100 to 250), and few
/// enough that a list of nothing but faults is still an error that can be read. The service's bound is unverified.
pub const LIST_ITEMS_MAX: usize = 1000;
/// The longest `cty` of an issuer. Ours: the service's are a word or two, and its bound is not known; it is kept and
/// answered with every policy.
const ISSUER_TEXT_CHARACTERS_MAX: usize = 1000;
/// An error quotes no more of a foreign text than this.
const SHOWN_CHARACTERS: usize = 80;
