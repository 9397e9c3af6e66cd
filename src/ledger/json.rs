//! Entries as lines of JSON, for whoever keeps or checks them elsewhere.

use serde_json::{Map, Value, json};

use super::{Act, Entry};
use crate::fingerprint::Fingerprint;
use crate::time::UnixTime;

impl Entry {
    /// Its members in the order in which its hash takes them; absent ones are left out.
    pub fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("sequence".to_owned(), self.sequence.into());
        members.insert("time".to_owned(), self.time.to_string().into());
        members.insert("act".to_owned(), self.act.name().into());
        let mut add = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        add("name", self.name.as_deref().map(Value::from));
        add("version", self.version.as_deref().map(Value::from));
        add("public_key", self.public_key.map(|key| key.hex().into()));
        add("operator", Some(self.operator.as_str().into()));
        add("witness", self.witness.as_deref().map(Value::from));
        add("reason", self.reason.as_deref().map(Value::from));
        add("program", Some(self.program.as_str().into()));
        add("detail", (!self.detail.is_empty()).then(|| json!(self.detail)));
        add("hash", Some(self.hash.hex().into()));
        Value::Object(members)
    }

    fn of_json(value: &Value) -> Result<Self, &'static str> {
        let members = value.as_object().ok_or("a JSON object")?;
        if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            // A member that is passed over would not be in the hash.
            return Err(if unknown.is_empty() { "members with names" } else { "no other members" });
        }
        if members.iter().any(|(name, value)| IN_TEXT.contains(&name.as_str()) && !value.is_string()) {
            return Err("text in the place of another value");
        }
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        let fingerprint = |name: &str| text(name).map(|hex| Fingerprint::from_hex(&hex));
        Ok(Self {
            sequence: members
                .get("sequence")
                .and_then(Value::as_i64)
                .and_then(|sequence| u64::try_from(sequence).ok())
                .ok_or("a number as sequence")?,
            time: text("time").and_then(|time| UnixTime::from_rfc3339(&time).ok()).ok_or("a time")?,
            act: text("act").and_then(|act| Act::of_name(&act)).ok_or("a known act")?,
            name: text("name"),
            version: text("version"),
            public_key: match fingerprint("public_key") {
                Some(None) => return Err("64 hex digits as public_key"),
                Some(found) => found,
                None => None,
            },
            operator: text("operator").ok_or("an operator")?,
            witness: text("witness"),
            reason: text("reason"),
            program: text("program").ok_or("a program")?,
            detail: match members.get("detail") {
                None => Map::new(),
                Some(Value::Object(detail)) => detail.clone(),
                Some(_) => return Err("an object as detail"),
            },
            hash: fingerprint("hash").flatten().ok_or("64 hex digits as hash")?,
        })
    }
}

/// Reads the lines that `audit export` wrote.
pub fn read_lines(text: &str) -> Result<Vec<Entry>, EntryError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            let error = |expected| EntryError { line: index + 1, expected };
            let value: Value = serde_json::from_str(line).map_err(|_| error("JSON"))?;
            let entry = Entry::of_json(&value).map_err(error)?;
            // What the hash does not see must not be there: a member twice, another form of a time or a number.
            let written = entry.to_json().to_string();
            match written == line.trim() {
                true => Ok(entry),
                false => Err(error("what was written, to the letter,")),
            }
        })
        .collect()
}

/// A line is no entry of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no entry of a ledger: {expected} was expected")]
pub struct EntryError {
    /// From 1.
    pub line: usize,
    /// What should be there.
    pub expected: &'static str,
}

impl EntryError {
    /// What to do about it.
    pub fn help(&self) -> String {
        "give the lines that `coldcert audit export` wrote, unchanged".to_owned()
    }
}

/// Those that are texts, where they are there.
const IN_TEXT: [&str; 10] =
    ["time", "act", "name", "version", "public_key", "operator", "witness", "reason", "program", "hash"];
const MEMBERS: [&str; 12] = [
    "sequence",
    "time",
    "act",
    "name",
    "version",
    "public_key",
    "operator",
    "witness",
    "reason",
    "program",
    "detail",
    "hash",
];
