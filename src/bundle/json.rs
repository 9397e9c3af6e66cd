//! JSON as people hold it: the request of a merge, a certificate, secret or operation of a vault, as REST or `az`
//! writes it or inside a saved answer. Every member is looked at, whatever it is called.
//!
//! It understands no policy and no status; `wire` and `policy` read those.

use serde_json::Value;

use super::base64 as bare;
use super::error::BundleError;
use super::form::Layer;
use super::kind::Kind;
use super::text;
use super::walk::{Found, Here, Walk};
use crate::name::escape;

/// Reads JSON, if that is what the text is.
pub(super) fn read(
    walk: &mut Walk<'_>,
    bytes: &[u8],
    armour: bool,
    here: &Here,
) -> Result<bool, BundleError> {
    if !matches!(bytes.first(), Some(b'{' | b'[' | b'"')) {
        return Ok(false);
    }
    let value = match crate::json::read(bytes) {
        Ok(value) => value,
        // Broken JSON with PEM in it is read as PEM, which says that line breaks are written as \n.
        Err(error) if begins(bytes) && !armour => {
            return Err(BundleError::Json { place: here.place.clone(), error });
        }
        Err(_) => return Ok(false),
    };
    let here = here.within(Layer::Json);
    let before = walk.items.len();
    read_value(walk, &value, &mut Vec::new(), &here)?;
    if walk.items.len() == before {
        walk.add_other(Kind::Json, &here)?;
    }
    Ok(true)
}

/// Whether text begins as a document does; a text can begin with a bracket too.
fn begins(bytes: &[u8]) -> bool {
    let mut tokens = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    matches!(
        (tokens.next(), tokens.next()),
        (Some(b'{'), Some(b'"') | None) | (Some(b'['), Some(b'"' | b'{'))
    )
}

/// As deep as [`DEPTH_MAX`](crate::json::DEPTH_MAX) at most.
fn read_value(
    walk: &mut Walk<'_>,
    value: &Value,
    path: &mut Vec<String>,
    here: &Here,
) -> Result<(), BundleError> {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                path.push(name.clone());
                read_value(walk, value, path, here)?;
                path.pop();
            }
            Ok(())
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                path.push(format!("[{index}]"));
                read_value(walk, value, path, here)?;
                path.pop();
            }
            Ok(())
        }
        Value::String(text) => read_string(walk, text, path, here),
        other if must_hold_a_certificate(path) && !other.is_null() => {
            Err(BundleError::Member { place: at(path, here).place, found: Kind::Json })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn read_string(walk: &mut Walk<'_>, text: &str, path: &[String], here: &Here) -> Result<(), BundleError> {
    let wanted = must_hold_a_certificate(path);
    let is_something = text::has_armour(text.as_bytes()) || !bare::runs(text.as_bytes(), 1).0.is_empty();
    if !wanted && !is_something {
        return Ok(());
    }
    // Only now: a document has far more strings than certificates.
    let here = at(path, here);
    let before = walk.items.len();
    walk.read(text.as_bytes(), &here)?;
    // What x5c and cer hold is certificates, so anything else there is a fault and not something beside them.
    match &walk.items[before..] {
        [] if wanted => Err(BundleError::Member { place: here.place, found: Kind::Nothing }),
        [item] if wanted => match &item.found {
            Found::Other(kind @ (Kind::Text | Kind::Bytes | Kind::Base64 | Kind::Html | Kind::Json)) => {
                Err(BundleError::Member { place: here.place, found: kind.clone() })
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The members that are certificates by their definition: x5c (RFC 7517 4.7, and a merge's), cer (a certificate's).
fn must_hold_a_certificate(path: &[String]) -> bool {
    match path {
        [.., last] if last == "cer" || last == "x5c" => true,
        [.., list, index] => list == "x5c" && index.starts_with('['),
        _ => false,
    }
}

/// The way to a value, from its end on: of one that is too long to be shown, what stands next to the value tells most.
/// Each thing that is found keeps its place, so that a long name must not be kept with it in full.
fn at(path: &[String], here: &Here) -> Here {
    let mut parts = Vec::new();
    let mut left = MEMBER_MAX;
    for part in path.iter().rev() {
        let shown: String = part.chars().take(left).collect();
        left -= shown.chars().count();
        parts.push(shown);
        if left == 0 {
            break;
        }
    }
    let mut name = String::new();
    for part in parts.iter().rev() {
        if !name.is_empty() && !part.starts_with('[') {
            name.push('.');
        }
        name.push_str(&escape(part));
    }
    let mut here = here.clone();
    here.place.member = Some(name).filter(|name| !name.is_empty());
    here
}

/// How much of the way to a member is shown, as of the name of an archive's entry.
const MEMBER_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &[&str]) -> String {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        at(&path, &Here::default()).place.member.unwrap_or_default()
    }

    #[test]
    fn of_a_long_way_to_a_member_its_end_is_shown() {
        assert_eq!(place(&["value", "x5c", "[1]"]), "value.x5c[1]");
        assert_eq!(place(&["value", &"k".repeat(4_000_000), "[1]"]), format!("{}[1]", "k".repeat(197)));
        assert_eq!(place(&["k"; 500]), ["k"; 200].join("."));
        assert_eq!(place(&[&"\u{202e}".repeat(300)]), "\\u{202e}".repeat(200));
    }
}
