//! The key behind a certificate: a view of its record (reference 4).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Base, attributes, insert_tags};
use crate::policy::KeyUsage;
use crate::record::Record;
use crate::vault::CertificateView;

/// `GET /keys/{name}/{version}`. What may be done with it follows from the key usages of the policy.
pub fn key(base: &Base, record: &Record, usages: &[KeyUsage]) -> Value {
    let public = record.certificate.public_key();
    let mut key = Map::new();
    key.insert("kid".to_owned(), format!("{}/keys/{}/{}", base.0, record.name, record.version).into());
    if let Some(kind) = public.kind() {
        key.insert("kty".to_owned(), kind.key_type().into());
        key.insert("key_ops".to_owned(), operations(usages, kind.curve().is_some()).into());
        if let Some(curve) = kind.curve() {
            key.insert("crv".to_owned(), curve.into());
        }
    }
    for (name, octets) in public.numbers().into_iter().flatten() {
        key.insert(name.to_owned(), BASE64_URL_SAFE_NO_PAD.encode(octets).into());
    }
    let mut value = Map::new();
    value.insert("key".to_owned(), Value::Object(key));
    value.insert("attributes".to_owned(), attributes(record, true));
    insert_tags(&mut value, &record.tags);
    value.insert("managed".to_owned(), true.into());
    Value::Object(value)
}

/// An item of the list of keys: no version in its id.
pub fn key_item(base: &Base, record: &Record) -> Value {
    let mut value = Map::new();
    value.insert("kid".to_owned(), format!("{}/keys/{}", base.0, record.name).into());
    value.insert("attributes".to_owned(), attributes(record, true));
    insert_tags(&mut value, &record.tags);
    value.insert("managed".to_owned(), true.into());
    Value::Object(value)
}

/// An item of the list of secrets.
pub fn secret_item(base: &Base, record: &Record) -> Value {
    let mut value = Map::new();
    value.insert("contentType".to_owned(), record.content_type.media_type().into());
    value.insert("id".to_owned(), format!("{}/secrets/{}", base.0, record.name).into());
    value.insert("managed".to_owned(), true.into());
    value.insert("attributes".to_owned(), attributes(record, true));
    insert_tags(&mut value, &record.tags);
    json!(value)
}

/// A deleted key: `GET /deletedkeys/{name}`; the item of a list where no key usages are given.
pub fn deleted_key(
    base: &Base,
    view: &CertificateView,
    record: &Record,
    usages: Option<&[KeyUsage]>,
) -> Value {
    let living = match usages {
        Some(usages) => key(base, record, usages),
        None => key_item(base, record),
    };
    deleted("deletedkeys", base, view, living)
}

/// A deleted secret, without its value: `GET /deletedsecrets/{name}`, and the item of a list.
pub fn deleted_secret(base: &Base, view: &CertificateView, record: &Record) -> Value {
    deleted("deletedsecrets", base, view, secret_item(base, record))
}

/// The members that every deleted object begins with.
fn deleted(kind: &str, base: &Base, view: &CertificateView, living: Value) -> Value {
    let mut value = super::deletion(base, view);
    value.insert("recoveryId".to_owned(), format!("{}/{kind}/{}", base.0, view.name).into());
    if let Value::Object(members) = living {
        value.extend(members);
    }
    Value::Object(value)
}

/// The documentation's table, from key usages to operations (reference 4). An EC key signs and verifies, and does nothing
/// else (recorded so).
fn operations(usages: &[KeyUsage], is_elliptic: bool) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    for usage in usages {
        let operations: &[&'static str] = match usage {
            KeyUsage::DigitalSignature
            | KeyUsage::KeyCertSign
            | KeyUsage::NonRepudiation
            | KeyUsage::CrlSign => &["sign", "verify"],
            KeyUsage::KeyEncipherment if !is_elliptic => &["wrapKey", "unwrapKey"],
            KeyUsage::DataEncipherment if !is_elliptic => &["encrypt", "decrypt"],
            KeyUsage::DecipherOnly if !is_elliptic => &["decrypt"],
            KeyUsage::EncipherOnly if !is_elliptic => &["encrypt"],
            _ => &[],
        };
        for operation in operations {
            if !found.contains(operation) {
                found.push(operation);
            }
        }
    }
    // In the service's order, whatever that of the usages.
    let order = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"];
    order.into_iter().filter(|operation| found.contains(operation)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_follow_from_key_usages_as_recorded() {
        let default = [KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment];
        assert_eq!(operations(&default, false), ["sign", "verify", "wrapKey", "unwrapKey"]);
        assert_eq!(operations(&default, true), ["sign", "verify"]);
        assert_eq!(operations(&[KeyUsage::CrlSign, KeyUsage::KeyCertSign], false), ["sign", "verify"]);
        let data = [KeyUsage::DataEncipherment, KeyUsage::DecipherOnly];
        assert_eq!(operations(&data, false), ["encrypt", "decrypt"]);
        assert!(operations(&[KeyUsage::KeyAgreement], true).is_empty());
    }
}
