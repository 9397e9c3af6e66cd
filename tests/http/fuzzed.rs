//! Documents drawn by lot for every route that takes one: always an answer in the service's envelope, never a fault of the
//! server, and a vault that is well afterwards.

use std::cell::Cell;

use axum::body::Body;
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use crate::desk::Desk;

const ROUTES: [(&str, &str); 14] = [
    ("POST", "/certificates/fuzzed/create"),
    ("POST", "/certificates/other/import"),
    ("POST", "/certificates/waits/pending/merge"),
    ("POST", "/certificates/restore"),
    ("POST", "/certificates/www/backup"),
    ("POST", "/deletedcertificates/gone/recover"),
    ("PATCH", "/certificates/www"),
    ("PATCH", "/certificates/www/policy"),
    ("PATCH", "/certificates/waits/pending"),
    ("PATCH", "/certificates/issuers/corp"),
    ("PUT", "/certificates/issuers/corp"),
    ("PUT", "/certificates/contacts"),
    ("POST", "/admin/clock"),
    ("PATCH", "/keys/www"),
];

/// Every member that some route knows.
const MEMBERS: [&str; 46] = [
    "policy",
    "attributes",
    "tags",
    "enabled",
    "nbf",
    "exp",
    "value",
    "pwd",
    "x5c",
    "key_props",
    "kty",
    "key_size",
    "crv",
    "exportable",
    "reuse_key",
    "secret_props",
    "contentType",
    "x509_props",
    "subject",
    "sans",
    "dns_names",
    "emails",
    "upns",
    "uris",
    "ipAddresses",
    "ekus",
    "key_usage",
    "validity_months",
    "basic_constraints",
    "ca",
    "lifetime_actions",
    "trigger",
    "lifetime_percentage",
    "days_before_expiry",
    "action",
    "action_type",
    "issuer",
    "name",
    "cancellation_requested",
    "contacts",
    "email",
    "provider",
    "credentials",
    "org_details",
    "admin_details",
    "now",
];

/// Values that mean something somewhere, and some that mean nothing anywhere.
fn leaf() -> impl Strategy<Value = Value> {
    let words = [
        "",
        "RSA",
        "EC",
        "oct",
        "P-256",
        "P-999",
        "CN=x",
        "CN=",
        "=,=",
        "O=\"",
        "Self",
        "Unknown",
        "corp",
        "Test",
        "1.3.6.1",
        "1.3.6.1.5.5.7.3.1",
        "9.9.9",
        "digitalSignature",
        "AutoRenew",
        "EmailContacts",
        "application/x-pem-file",
        "MIIB",
        "TUlJQg==",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\n",
        "\u{0}",
        "\u{202e}",
        "192.0.2.1",
        "2001:db8::1",
        "www.example.com",
        "a@example.com",
        "2099-01-01T00:00:00Z",
        "%00",
        "{}",
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![Just(0i64), Just(-1), Just(12), Just(256), Just(2048), Just(i64::MAX), any::<i64>()]
            .prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        proptest::sample::select(words.to_vec()).prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(Value::from("x".repeat(5_000))),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let value = leaf().prop_recursive(5, 40, 6, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Value::from), object(inner)]
    });
    object(value)
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let members = hash_map(proptest::sample::select(MEMBERS.to_vec()), value, 0..8);
    members.prop_map(|members| {
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
    })
}

#[test]
fn no_document_breaks_a_route() {
    let desk = Desk::new();
    desk.merged("www");
    desk.merged("gone");
    desk.ask("DELETE", "/certificates/gone", Value::Null).is(200);
    desk.create("waits", "Unknown").is(202);
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    // A create that succeeds makes a key, which may be slow: mostly it is an elliptic one.
    let drawn = (document(), vec(any::<u8>(), 0..40), 0..3usize);
    let outcome = runner.run(&drawn, |(document, bytes, kind)| {
        for (method, path) in ROUTES {
            let reply = match kind {
                // A document as it was drawn, one under `policy`, and one whose octets were changed.
                0 => desk.ask(method, path, document.clone()),
                1 => desk.ask(
                    method,
                    path,
                    json!({"policy": document, "tags": document, "attributes": document}),
                ),
                _ => {
                    let mut text = document.to_string().into_bytes();
                    for (index, byte) in bytes.iter().enumerate() {
                        let at = (usize::from(*byte) * 7 + index * 31) % text.len();
                        text[at] = *byte;
                    }
                    let request = desk.request(method, &format!("{path}?api-version=7.4"));
                    let request = request.header("content-type", "application/json").body(Body::from(text));
                    desk.send(request.expect("a request"))
                }
            };
            prop_assert!(reply.status < 500, "{method} {path}: {}", reply.body);
            if reply.status >= 400 {
                let error = &reply.body["error"];
                prop_assert!(error["code"].is_string() && error["message"].is_string(), "{method} {path}");
                refused.set(refused.get() + 1);
            } else {
                taken.set(taken.get() + 1);
            }
            // So that every route has something to work on again.
            if path == "/certificates/fuzzed/create" && reply.status == 202 {
                desk.ask("DELETE", "/certificates/fuzzed/pending", Value::Null);
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(taken.get() > 100 && refused.get() > 1_000, "{} taken, {} refused", taken.get(), refused.get());
    desk.get("/certificates/www").is(200);
    assert_eq!(desk.get("/certificates/waits/pending").is(200).body["status"], "inProgress");
}
