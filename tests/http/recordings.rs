//! The recordings of the real service, sent again: the same status, the same members in the same order and of the same
//! types, the same error. What a recording holds of its own vault (certificates for its keys, backups) is made anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use coldcert::verdict::Profile;
use serde_json::{Value, json};

use crate::desk::{Desk, Reply};
use crate::support;

struct Recording {
    method: String,
    /// Without its query.
    path: String,
    query: String,
    request: Value,
    status: u16,
    location: bool,
    retry_after: bool,
    body: Value,
}

impl Recording {
    /// The certificate's name in its path.
    fn name(&self) -> &str {
        self.path.split('/').nth(2).unwrap_or_default()
    }

    fn send(&self, desk: &Desk, request: Value) -> Reply {
        desk.ask(&self.method, &format!("{}?{}", self.path, self.query), request)
    }
}

fn recordings() -> Option<BTreeMap<String, Recording>> {
    let entries = fs::read_dir(support::shared()?.join("keyvault/recordings")).expect("the recordings");
    let read = |path: PathBuf| {
        let value: Value = serde_json::from_slice(&fs::read(&path).expect("a recording")).expect("JSON");
        let url = value["url"].as_str().expect("a url");
        let rest = url.split_once("://").expect("a scheme").1;
        let (path_of, query) = rest.split_once('?').unwrap_or((rest, "api-version=7.4"));
        let header = |name: &str| value["response_headers"].get(name).is_some();
        // Some bodies are kept as text.
        let body = match &value["response_body"] {
            Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
            body => body.clone(),
        };
        let recording = Recording {
            method: value["method"].as_str().expect("a method").to_owned(),
            path: format!("/{}", path_of.split_once('/').expect("a path").1),
            query: query.to_owned(),
            request: value["request"].clone(),
            status: u16::try_from(value["status"].as_u64().expect("a status")).expect("a status"),
            location: header("location"),
            retry_after: header("retry-after"),
            body,
        };
        let number = path.file_name().expect("a name").to_string_lossy()[..2].to_owned();
        (number, recording)
    };
    Some(entries.map(|entry| read(entry.expect("an entry").path())).collect())
}

#[test]
fn every_recording_is_answered_alike() {
    let Some(recordings) = recordings() else { return };
    assert!(recordings.len() >= 34, "{} recordings", recordings.len());
    for (number, recording) in &recordings {
        // Some stand in the middle of an operation of issuer Self, others after it.
        let is_in_progress = ["03", "16", "21", "41"].contains(&number.as_str());
        let delay = if is_in_progress { Duration::from_secs(600) } else { Duration::from_millis(5) };
        let desk = Desk::with(Profile::KeyVault, delay);
        let reply = replayed(&desk, number, recording, &recordings);
        assert_eq!(reply.status, recording.status, "{number}: {}", reply.body);
        assert_eq!(reply.header("location").is_some(), recording.location, "{number}: location");
        assert_eq!(reply.header("retry-after").is_some(), recording.retry_after, "{number}: retry-after");
        if let Some(error) = recording.body.get("error") {
            assert_eq!(without_ids(&reply.body["error"]), without_ids(error), "{number}");
        } else if recording.body.is_object() {
            same_shape(&recording.body, &reply.body, number);
        }
    }
}

/// Brings about what was there before the recording, and sends it.
fn replayed(desk: &Desk, number: &str, recording: &Recording, all: &BTreeMap<String, Recording>) -> Reply {
    let name = recording.name();
    let create = |name: &str, from: &str| {
        desk.ask("POST", &format!("/certificates/{name}/create"), all[from].request.clone()).is(202).body
    };
    let policy = json!({"issuer": {"name": "self"}, "x509_props": {"subject": "CN=DefaultPolicy"}});
    let create_tagged = |name: &str| {
        let body = json!({"policy": policy, "tags": {name: "yes"}});
        desk.ask("POST", &format!("/certificates/{name}/create"), body).is(202);
        desk.settled(name);
    };
    // Policies of issuer "self" without tags.
    let create_self = |name: &str| {
        desk.ask("POST", &format!("/certificates/{name}/create"), json!({"policy": policy})).is(202);
        desk.settled(name);
    };
    let delete = |name: &str| desk.ask("DELETE", &format!("/certificates/{name}"), Value::Null).is(200);
    match number {
        "01" => {
            let request =
                Request::builder().method("POST").uri(format!("{}?{}", recording.path, recording.query));
            return desk
                .send(request.header("host", "www.localhost:8443").body(Body::empty()).expect("a request"));
        }
        "04" | "08" => {
            create(name, "02");
        }
        "06" => {
            create(name, "03");
            desk.ask(
                "PATCH",
                &format!("/certificates/{name}/pending"),
                json!({"cancellation_requested": true}),
            )
            .is(200);
            desk.settled(name);
        }
        "10" | "11" => {
            let mut policy = all["02"].request.clone();
            if number == "11" {
                policy["policy"]["x509_props"]["sans"] = json!({});
            }
            let operation = desk.ask("POST", &format!("/certificates/{name}/create"), policy).is(202).body;
            let text = BASE64_STANDARD.encode(desk.sign(&operation).as_der());
            let text = if number == "11" { BASE64_STANDARD.encode(text) } else { text };
            return recording.send(desk, json!({"x5c": [text]}));
        }
        "13" | "14" | "15" => {
            create(name, "02");
        }
        "16" => {
            create(name, "03");
        }
        "17" => {
            create_self(name);
            delete(name);
        }
        "20" => create_self(name),
        "21" | "41" => {
            let policy = json!({"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=DefaultPolicy", "sans": {}}});
            desk.ask("POST", &format!("/certificates/{name}/create"), json!({"policy": policy})).is(202);
        }
        "23" => {
            create_self(name);
            let id = desk.get(&format!("/certificates/{name}")).is(200).body["id"].clone();
            let version = id.as_str().expect("an id").rsplit('/').next().expect("a version").to_owned();
            return desk.get(&format!("/certificates/{name}/{version}"));
        }
        "25" | "28" => {
            for name in ["1374356525-0", "1374356525-1"] {
                create_tagged(name);
                if number == "28" {
                    delete(name);
                }
            }
        }
        "27" => (0..3).for_each(|_| create_self(name)),
        "29" => {
            desk.ask("POST", &format!("/certificates/{name}/import"), all["18"].request.clone()).is(200);
        }
        "31" => {
            create_tagged(name);
            delete(name);
        }
        "32" => {
            create_self(name);
            delete(name);
        }
        "35" => {
            create(name, "03");
        }
        "43" => create_self(name),
        "44" => {
            create_self("cert1387819847");
            let backup = desk.ask("POST", "/certificates/cert1387819847/backup", Value::Null).is(200).body;
            return recording.send(desk, backup);
        }
        _ => {}
    }
    let request = if recording.request.is_object() { recording.request.clone() } else { Value::Null };
    recording.send(desk, request)
}

/// Messages name the vault and its ids; these are their own in each vault. The prefix of 401 came in 2021 (reference 2.6).
fn without_ids(error: &Value) -> Value {
    let text = error
        .to_string()
        .replace("AKV10000: ", "")
        .replace("https://fakevault.local/", "https://www.localhost:8443/");
    let mut kept = String::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_hexdigit() {
            word.push(c);
            continue;
        }
        kept.push_str(if word.len() == 32 { "ID" } else { &word });
        word.clear();
        kept.push(c);
    }
    serde_json::from_str(&kept).expect("JSON")
}

/// The same members in the same order, of the same types; of a list its first items.
fn same_shape(expected: &Value, found: &Value, place: &str) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let names =
                |members: &serde_json::Map<String, Value>| members.keys().cloned().collect::<Vec<_>>();
            // Tags are the caller's.
            if !place.ends_with(".tags") {
                assert_eq!(names(expected), names(found), "{place}");
                for (name, value) in expected {
                    same_shape(value, &found[name], &format!("{place}.{name}"));
                }
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            assert_eq!(expected.len(), found.len(), "{place}");
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                same_shape(expected, found, &format!("{place}[{index}]"));
            }
        }
        (expected, found) => {
            assert_eq!(
                std::mem::discriminant(expected),
                std::mem::discriminant(found),
                "{place}: {expected} {found}"
            );
            // Words of the service, as far as they are not the vault's own.
            let is_word =
                ["status", "status_details", "name", "kty", "contentType", "action_type", "subject"];
            if is_word.iter().any(|word| place.ends_with(&format!(".{word}"))) {
                assert_eq!(expected, found, "{place}");
            }
        }
    }
}
