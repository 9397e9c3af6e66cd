//! What clients send: the members of their JSON documents, understood.
//!
//! As the service does, it passes over members that it does not know, and takes a null for a member that is not there
//! (reference 1.3).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::refusal::UNEXPECTED_PEM;
use super::{Asked, Base, Refusal};
use crate::issuer::{Administrator, Contact};
use crate::json;
use crate::policy::{Document, Tags};
use crate::vault::VaultError;

/// A request's document. It may hold a private key and its password: it is wiped.
#[derive(Debug)]
pub struct RequestBody(Map<String, Value>);

/// What `create` and `import` have in common with each other and with changes.
#[derive(Debug)]
pub struct NewRequest {
    /// `policy`, unless none was given.
    pub policy: Option<Document>,
    /// `attributes.enabled`.
    pub enabled: Option<bool>,
    /// `tags`.
    pub tags: Option<Tags>,
}

/// An issuer as it was sent; what was not given is not there.
#[derive(Debug)]
pub struct IssuerRequest {
    /// `provider`.
    pub provider: Option<String>,
    /// `credentials.account_id`. A `pwd` beside it is read over: nothing here needs it.
    pub account_id: Option<String>,
    /// `org_details.id`.
    pub organization_id: Option<String>,
    /// `org_details.admin_details`.
    pub administrators: Option<Vec<Administrator>>,
    /// `attributes.enabled`.
    pub enabled: Option<bool>,
}

impl RequestBody {
    /// Reads a document; no bytes at all are one without members.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.is_empty() {
            return Ok(Self(Map::new()));
        }
        match json::read(bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(Refusal::bad_parameter("The request body is JSON, but no object.")),
            Err(error) if error.is_limit() => {
                Err(Refusal::bad_parameter(format!("The request body is too large: {error}.")))
            }
            Err(error) => Err(Refusal::bad_parameter(format!(
                "The request body is not JSON: line {}, column {}.",
                error.place().line,
                error.place().column
            ))),
        }
    }

    /// The members.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// What `create`, `import` and changes have in common.
    pub fn new_request(&self) -> Result<NewRequest, Refusal> {
        Ok(NewRequest { policy: self.policy()?, enabled: self.enabled()?, tags: self.tags()? })
    }

    /// The whole document as a policy.
    pub fn as_policy(&self) -> Result<Document, Refusal> {
        document(Value::Object(self.0.clone()))
    }

    /// `cancellation_requested`.
    pub fn cancellation_requested(&self) -> Result<bool, Refusal> {
        boolean(&self.0, "cancellation_requested")?.ok_or_else(|| not_given("cancellation_requested"))
    }

    /// `x5c`, each element decoded once. Without it there is none.
    pub fn x5c(&self) -> Result<Vec<Vec<u8>>, Refusal> {
        let elements = list(&self.0, "x5c")?.unwrap_or_default();
        let decoded = elements.iter().map(|element| match element {
            Value::Null => Ok(Vec::new()),
            Value::String(text) => decode(text).ok_or_else(|| invalid("x5c", "an element is not base64")),
            _ => Err(invalid("x5c", "an element is not a string")),
        });
        decoded.collect()
    }

    /// The file to import: `value` holds the base64 of a PFX or of a PEM file, or the text of a PEM file.
    pub fn import_value(&self) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let text = string(&self.0, "value")?.ok_or_else(|| not_given("value"))?;
        let bytes = match text.contains(PEM_BEGINS) {
            true => Zeroizing::new(text.as_bytes().to_vec()),
            false => Zeroizing::new(
                decode(text).ok_or_else(|| Refusal::bad_parameter("Format of Pkcs12 value is invalid."))?,
            ),
        };
        // Lines that end in CR LF are refused (the documentation's FAQ).
        let is_pem = bytes.windows(PEM_BEGINS.len()).any(|part| part == PEM_BEGINS.as_bytes());
        if is_pem && bytes.contains(&b'\r') {
            return Err(Refusal::bad_parameter(UNEXPECTED_PEM));
        }
        Ok(bytes)
    }

    /// `pwd` of an import.
    pub fn import_password(&self) -> Result<Option<Zeroizing<String>>, Refusal> {
        Ok(string(&self.0, "pwd")?.map(|text| Zeroizing::new(text.to_owned())))
    }

    /// The backup to restore: `value`, base64url without padding, as it was given out.
    pub fn backup(&self) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let text = string(&self.0, "value")?.ok_or_else(|| not_given("value"))?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
        let malformed = |_| {
            let error = VaultError::NotABackup { reason: "it is not base64url".to_owned() };
            Refusal::of(&error, Asked::ToBegin, &Base::of_host(""))
        };
        bytes.map(Zeroizing::new).map_err(malformed)
    }

    /// `contacts`.
    pub fn contacts(&self) -> Result<Vec<Contact>, Refusal> {
        let items = list(&self.0, "contacts")?.ok_or_else(|| not_given("contacts"))?;
        let contact = |item: &Value| {
            let members = item.as_object().ok_or_else(|| invalid("contacts", "a contact is an object"))?;
            let email = string(members, "email")?.filter(|email| !email.is_empty());
            Ok(Contact {
                email: email.ok_or_else(|| not_given("email"))?.to_owned(),
                name: owned(members, "name")?,
                phone: owned(members, "phone")?,
            })
        };
        items.iter().map(contact).collect()
    }

    /// An issuer, or what of it is to change.
    pub fn issuer(&self) -> Result<IssuerRequest, Refusal> {
        let credentials = object(&self.0, "credentials")?;
        let organization = object(&self.0, "org_details")?;
        let administrators = match organization {
            Some(organization) => list(organization, "admin_details")?,
            None => None,
        };
        let administrator = |item: &Value| {
            let members =
                item.as_object().ok_or_else(|| invalid("admin_details", "an administrator is an object"))?;
            Ok(Administrator {
                first_name: owned(members, "first_name")?,
                last_name: owned(members, "last_name")?,
                email: owned(members, "email")?,
                phone: owned(members, "phone")?,
            })
        };
        Ok(IssuerRequest {
            provider: owned(&self.0, "provider")?,
            account_id: credentials.map(|one| owned(one, "account_id")).transpose()?.flatten(),
            organization_id: organization.map(|one| owned(one, "id")).transpose()?.flatten(),
            administrators: administrators
                .map(|items| items.iter().map(administrator).collect::<Result<_, Refusal>>())
                .transpose()?,
            enabled: self.enabled()?,
        })
    }

    fn policy(&self) -> Result<Option<Document>, Refusal> {
        match self.0.get("policy") {
            None | Some(Value::Null) => Ok(None),
            Some(policy) => document(policy.clone()).map(Some),
        }
    }

    fn enabled(&self) -> Result<Option<bool>, Refusal> {
        match object(&self.0, "attributes")? {
            Some(attributes) => boolean(attributes, "enabled"),
            None => Ok(None),
        }
    }

    fn tags(&self) -> Result<Option<Tags>, Refusal> {
        let Some(members) = object(&self.0, "tags")? else { return Ok(None) };
        let pair = |(name, value): (&String, &Value)| match value {
            Value::String(text) => Ok((name.clone(), text.clone())),
            Value::Null => Ok((name.clone(), String::new())),
            _ => Err(invalid("tags", "a tag's value is a string")),
        };
        let pairs = members.iter().map(pair).collect::<Result<Vec<_>, Refusal>>()?;
        let refused = |error| Refusal::of(&VaultError::Tags(error), Asked::ToBegin, &Base::of_host(""));
        Tags::new(pairs).map(Some).map_err(refused)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn document(value: Value) -> Result<Document, Refusal> {
    let (document, _) = Document::from_value(value).map_err(|error| invalid("policy", &error.to_string()))?;
    Ok(document)
}

fn object<'a>(
    members: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, Refusal> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(inner)) => Ok(Some(inner)),
        Some(_) => Err(invalid(name, "an object is expected")),
    }
}

fn list<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a [Value]>, Refusal> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) if items.len() > LIST_ITEMS_MAX => Err(invalid(
            name,
            &format!("a list of {} items, at most {LIST_ITEMS_MAX} are taken", items.len()),
        )),
        Some(Value::Array(items)) => Ok(Some(items)),
        Some(_) => Err(invalid(name, "a list is expected")),
    }
}

fn string<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(name, "a string is expected")),
    }
}

fn owned(members: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    let text = string(members, name)?;
    let characters = text.map_or(0, |text| text.chars().count());
    if characters > TEXT_CHARACTERS_MAX {
        let why = format!("it has {characters} characters, at most {TEXT_CHARACTERS_MAX} are taken");
        return Err(invalid(name, &why));
    }
    Ok(text.map(str::to_owned))
}

fn boolean(members: &Map<String, Value>, name: &str) -> Result<Option<bool>, Refusal> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(_) => Err(invalid(name, "true or false is expected")),
    }
}

/// The service's words as far as they are known: `Property x5c has invalid value …` (azure-docs#100959).
fn invalid(name: &str, why: &str) -> Refusal {
    Refusal::bad_parameter(format!("Property {name} has invalid value: {why}"))
}

fn not_given(name: &str) -> Refusal {
    invalid(name, "it is not given")
}

/// Standard base64 (reference 1.3), and that of URLs, which some clients mistake for it.
fn decode(text: &str) -> Option<Vec<u8>> {
    let compact: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    STANDARD.decode(compact.as_bytes()).or_else(|_| URL_SAFE.decode(compact.as_bytes())).ok()
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
const PEM_BEGINS: &str = "-----BEGIN ";
/// Of a name, an address, a telephone number. The service's own bound is not known; this one keeps lists short.
pub const TEXT_CHARACTERS_MAX: usize = 1_000;
/// The most items of a list: certificates of a merge, contacts, administrators. As many certificates as are read of files;
/// the service's own bound is not known. Each item is looked at, answered again and kept.
pub const LIST_ITEMS_MAX: usize = crate::bundle::CERTIFICATES_MAX;
