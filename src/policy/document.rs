//! What somebody wrote: a policy as JSON, in the REST shape (snake_case) or that of `az` (camelCase).
//!
//! It knows the members' names and nothing of their meaning; that is `understand`'s.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Policy, Trigger};
use crate::json;
use crate::name::GeneralName;

/// A policy document in the REST shape, with known members only. Nothing in it was judged yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document(Map<String, Value>);

impl Document {
    /// Reads JSON text in either shape. Members that nobody knows are left out, and returned by their path:
    /// the service ignores them without a word, the command line tells of them. The text is UTF-8, or UTF-16 with
    /// a byte order mark, which is what PowerShell's `>` writes.
    pub fn from_json(text: &[u8]) -> Result<(Self, Vec<String>), DocumentError> {
        let value = json::read(&utf8(text)?).map_err(|error| match error.is_limit() {
            true => DocumentError::TooMuch { reason: error.to_string() },
            false => DocumentError::NotJson {
                line: error.place().line,
                column: error.place().column,
                reason: error.to_string(),
            },
        })?;
        Self::from_value(value)
    }

    /// Reads a JSON value in either shape, or an object whose member `policy` is one.
    pub fn from_value(value: Value) -> Result<(Self, Vec<String>), DocumentError> {
        let Value::Object(mut members) = value else {
            return Err(DocumentError::NotObject);
        };
        if let Some(Value::Object(inner)) = members.get_mut("policy") {
            members = std::mem::take(inner);
        }
        let mut unknown = Vec::new();
        let known = known_members(members, POLICY, "", &mut unknown);
        Ok((Self(known), unknown))
    }

    /// Sets one member by its REST path, `x509_props.subject`, making the objects on the way.
    pub fn set(&mut self, path: &str, value: Value) {
        let mut members = &mut self.0;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                members.insert(name.to_owned(), value);
                return;
            }
            let inner = members.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            let Value::Object(next) = inner else { return };
            members = next;
        }
    }

    /// Takes away a member of an object, both by their REST names.
    pub fn remove(&mut self, object: &str, member: &str) {
        if let Some(Value::Object(members)) = self.0.get_mut(object) {
            members.remove(member);
        }
    }

    /// Replaces the members that the other document gives, each whole: what PATCH does to a policy.
    pub fn replace_with(&mut self, newer: Self) {
        self.0.extend(newer.0);
    }

    /// The members.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl From<Document> for Value {
    fn from(document: Document) -> Self {
        Self::Object(document.0)
    }
}

impl Policy {
    /// The policy as a document with every member, in the order of the service's answers (reference 2.3).
    pub fn to_document(&self) -> Document {
        let mut document = Document::default();
        let mut set = |path: &str, value: Value| document.set(path, value);
        let kind = self.key.kind;
        set("key_props.exportable", self.key.exportable.into());
        set("key_props.kty", kind.key_type().into());
        set("key_props.key_size", kind.key_size().into());
        set("key_props.reuse_key", self.key.reuse_key.into());
        if let Some(curve) = kind.curve() {
            set("key_props.crv", curve.into());
        }
        set("secret_props.contentType", self.content_type.media_type().into());
        if let Some(subject) = &self.subject {
            set("x509_props.subject", subject.text().into());
        }
        if let Some(names) = &self.alternative_names {
            set("x509_props.sans", alternative_names_document(names));
        }
        let usages: Vec<String> = self.extended_key_usages.iter().map(ToString::to_string).collect();
        set("x509_props.ekus", usages.into());
        let usages: Vec<&str> = self.key_usages.iter().map(|usage| usage.name()).collect();
        set("x509_props.key_usage", usages.into());
        set("x509_props.validity_months", self.validity_months.into());
        set("x509_props.basic_constraints.ca", self.ca.into());
        let actions: Vec<Value> = self
            .lifetime_actions
            .iter()
            .map(|one| {
                let trigger = match one.trigger {
                    Trigger::LifetimePercentage(percent) => {
                        serde_json::json!({"lifetime_percentage": percent})
                    }
                    Trigger::DaysBeforeExpiry(days) => serde_json::json!({"days_before_expiry": days}),
                };
                serde_json::json!({"trigger": trigger, "action": {"action_type": one.action.name()}})
            })
            .collect();
        set("lifetime_actions", actions.into());
        set("issuer.name", self.issuer.name.as_str().into());
        if let Some(certificate_type) = &self.issuer.certificate_type {
            set("issuer.cty", certificate_type.as_str().into());
        }
        if let Some(transparency) = self.issuer.cert_transparency {
            set("issuer.cert_transparency", transparency.into());
        }
        set("attributes.enabled", self.enabled.into());
        document
    }
}

/// Alternative names as the member `sans` writes them; kinds that it has no word for are left out.
pub fn alternative_names_document(names: &[GeneralName]) -> Value {
    let mut sans = Map::new();
    for member in ["dns_names", "emails", "upns", "uris", "ipAddresses"] {
        let named = names.iter().filter_map(alternative_name);
        let texts: Vec<String> = named.filter_map(|(kind, text)| (kind == member).then_some(text)).collect();
        if !texts.is_empty() {
            sans.insert(member.to_owned(), texts.into());
        }
    }
    Value::Object(sans)
}

/// The member of `sans` that a name belongs to, and its text there; none for kinds that a policy has no
/// word for.
fn alternative_name(name: &GeneralName) -> Option<(&'static str, String)> {
    match name {
        GeneralName::Dns(name) => Some(("dns_names", name.to_string())),
        GeneralName::Email(address) => Some(("emails", address.to_string())),
        GeneralName::Upn(name) => Some(("upns", name.clone())),
        GeneralName::Uri(uri) => Some(("uris", uri.to_string())),
        GeneralName::Ip(address) => Some(("ipAddresses", address.to_string())),
        GeneralName::Directory(_)
        | GeneralName::RegisteredId(_)
        | GeneralName::Other { .. }
        | GeneralName::Raw { .. } => None,
    }
}

/// Why a text is no policy document at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The JSON reader stopped.
    #[error("not JSON at line {line}, column {column}: {reason}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// The reader's word.
        reason: String,
    },
    /// Deeper or longer than what is read.
    #[error("{reason}")]
    TooMuch {
        /// The limit, and where it is passed.
        reason: String,
    },
    /// JSON, but a list, a string, a number.
    #[error("a policy is a JSON object, and this is another JSON value")]
    NotObject,
}

impl DocumentError {
    /// What to do about it.
    pub fn help(&self) -> String {
        "start from `coldcert policy default`, or from `az keyvault certificate get-default-policy`"
            .to_owned()
    }
}

/// The text in UTF-8 without a byte order mark. RFC 8259 8.1 lets a reader ignore the mark.
fn utf8(text: &[u8]) -> Result<Cow<'_, [u8]>, DocumentError> {
    let (pairs, unit): (_, fn([u8; 2]) -> u16) = match text {
        [0xef, 0xbb, 0xbf, rest @ ..] => return Ok(rest.into()),
        [0xff, 0xfe, rest @ ..] => (rest.as_chunks(), u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest.as_chunks(), u16::from_be_bytes),
        _ => return Ok(text.into()),
    };
    let (whole, odd) = pairs;
    let mut decoded = String::with_capacity(text.len());
    let units = char::decode_utf16(whole.iter().copied().map(unit));
    let cut = (!odd.is_empty()).then_some(Err(()));
    for c in units.map(|c| c.map_err(drop)).chain(cut) {
        let Ok(c) = c else {
            let last = decoded.rsplit('\n').next().unwrap_or_default();
            return Err(DocumentError::NotJson {
                line: decoded.matches('\n').count() + 1,
                column: last.chars().count() + 1,
                reason: "the text is not UTF-16 as its byte order mark says".to_owned(),
            });
        };
        decoded.push(c);
    }
    Ok(decoded.into_bytes().into())
}

fn known_members(
    members: Map<String, Value>,
    shapes: &[Member],
    path: &str,
    unknown: &mut Vec<String>,
) -> Map<String, Value> {
    let mut known = Map::new();
    for (name, value) in members {
        let place = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match shapes.iter().find(|member| member.names.contains(&name.as_str())) {
            None => unknown.push(place),
            // A null member is one that was not given (reference 1.3).
            Some(_) if value.is_null() => {}
            Some(member) => {
                let value = known_value(value, member.inside, &place, unknown);
                known.insert(member.names[0].to_owned(), value);
            }
        }
    }
    known
}

fn known_value(value: Value, inside: &[Member], path: &str, unknown: &mut Vec<String>) -> Value {
    match value {
        Value::Object(members) if !inside.is_empty() => {
            Value::Object(known_members(members, inside, path, unknown))
        }
        Value::Array(items) if !inside.is_empty() => {
            let known = |(index, item)| known_value(item, inside, &format!("{path}[{index}]"), unknown);
            Value::Array(items.into_iter().enumerate().map(known).collect())
        }
        other => other,
    }
}

/// A member's names, the REST one first, and the members inside it.
struct Member {
    names: &'static [&'static str],
    inside: &'static [Self],
}

const fn plain(names: &'static [&'static str]) -> Member {
    Member { names, inside: &[] }
}

/// Reference 1.3; the camelCase names are those that `az keyvault certificate get-default-policy` prints.
const POLICY: &[Member] = &[
    plain(&["id"]),
    Member {
        names: &["key_props", "keyProperties"],
        inside: &[
            plain(&["exportable"]),
            plain(&["kty", "keyType"]),
            plain(&["key_size", "keySize"]),
            plain(&["reuse_key", "reuseKey"]),
            plain(&["crv", "curve"]),
        ],
    },
    Member {
        names: &["secret_props", "secretProperties"],
        inside: &[plain(&["contentType", "content_type"])],
    },
    Member {
        names: &["x509_props", "x509CertificateProperties"],
        inside: &[
            plain(&["subject"]),
            Member {
                names: &["sans", "subjectAlternativeNames"],
                inside: &[
                    plain(&["dns_names", "dnsNames"]),
                    plain(&["emails"]),
                    plain(&["upns"]),
                    plain(&["uris"]),
                    plain(&["ipAddresses", "ip_addresses"]),
                ],
            },
            plain(&["ekus"]),
            plain(&["key_usage", "keyUsage"]),
            plain(&["validity_months", "validityInMonths"]),
            Member { names: &["basic_constraints", "basicConstraints"], inside: &[plain(&["ca"])] },
        ],
    },
    Member {
        names: &["lifetime_actions", "lifetimeActions"],
        inside: &[
            Member {
                names: &["trigger"],
                inside: &[
                    plain(&["lifetime_percentage", "lifetimePercentage"]),
                    plain(&["days_before_expiry", "daysBeforeExpiry"]),
                ],
            },
            Member { names: &["action"], inside: &[plain(&["action_type", "actionType"])] },
        ],
    },
    Member {
        names: &["issuer", "issuerParameters"],
        inside: &[
            plain(&["name"]),
            plain(&["cty", "certificateType"]),
            plain(&["cert_transparency", "certificateTransparency"]),
        ],
    },
    Member {
        names: &["attributes"],
        inside: &[
            plain(&["enabled"]),
            // Given back by the service and dropped when sent (reference 2.3).
            plain(&["nbf", "notBefore"]),
            plain(&["exp", "expires"]),
            plain(&["created"]),
            plain(&["updated"]),
            plain(&["recoveryLevel"]),
            plain(&["recoverableDays"]),
        ],
    },
];
