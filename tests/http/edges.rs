//! What a client should not send, and what it may.

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::desk::Desk;

#[test]
fn without_a_token_nothing_is_answered_but_the_challenge() {
    let desk = Desk::new();
    let challenge = "Bearer authorization=\"https://localhost:8443/00000000-0000-0000-0000-000000000000\", resource=\"https://localhost:8443\"";
    for (method, path) in
        [("GET", "/certificates"), ("POST", "/certificates/www/create"), ("GET", "/nothing"), ("HEAD", "/")]
    {
        for authorization in ["", "Bearer ", "Bearer wrong", "Basic x"] {
            let request = Request::builder().method(method).uri(path).header("host", "www.localhost:8443");
            let request =
                request.header("authorization", authorization).body(Body::empty()).expect("a request");
            let reply = desk.send(request).is(401);
            assert_eq!(reply.header("www-authenticate"), Some(challenge));
            // A HEAD is answered without a body (RFC 9110 9.3.2).
            assert!(method == "HEAD" || reply.body["error"]["code"] == "Unauthorized");
        }
    }
    desk.get("/certificates/www").refused(
        404,
        "CertificateNotFound",
        "A certificate with (name/id) www was not found in this key vault. If you recently deleted this certificate you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182",
    );
}

#[test]
fn identifiers_are_of_the_host_that_was_asked_and_other_hosts_are_misdirected() {
    let desk = Desk::new();
    desk.merged("www");
    for host in ["www.localhost:8443", "other.localhost", "LOCALHOST:1", "127.0.0.1:8443", "[::1]:8443"] {
        let request = Request::builder().uri("/certificates?api-version=7.4").header("host", host);
        let token =
            desk.request("GET", "/").body(Body::empty()).expect("a request").headers()["authorization"]
                .clone();
        let request = request.header("authorization", token).body(Body::empty()).expect("a request");
        let page = desk.send(request).is(200).body;
        let host = host.to_ascii_lowercase();
        assert_eq!(page["value"][0]["id"], format!("https://{host}/certificates/www"));
    }
    for host in ["example.com", "www.vault.azure.net", "nobody.localhost:8443", "192.0.2.1"] {
        let request = Request::builder().uri("/certificates").header("host", host).body(Body::empty());
        desk.send(request.expect("a request")).is(421);
    }
    for host in ["", "a b", "user@www.localhost", "www.localhost:port", "www.localhost:"] {
        let request = Request::builder().uri("/certificates").header("host", host).body(Body::empty());
        desk.send(request.expect("a request")).is(400);
    }
    let none = Request::builder().uri("/certificates").body(Body::empty()).expect("a request");
    desk.send(none).is(400);
}

#[test]
fn methods_paths_and_documents_that_there_are_not_have_the_envelope() {
    let desk = Desk::new();
    desk.merged("www");
    for (method, path) in [
        ("HEAD", "/certificates"),
        ("OPTIONS", "/certificates"),
        ("TRACE", "/certificates/www"),
        ("BREW", "/certificates"),
        ("PUT", "/certificates/www"),
        ("GET", "/certificates/www/create"),
        ("DELETE", "/certificates/www/policy"),
    ] {
        let reply = desk.ask(method, path, Value::Null).is(405);
        assert!(reply.header("allow").is_some());
    }
    for path in [
        "/",
        "/nothing",
        "/certificates/www/pending/other",
        "/certificates/www/create/more/and/more/and/more",
        "//certificates",
        "/certificates//www",
        "/certificates/../certificates",
        "/certificates/%2e%2e/x/y",
        "/certificates/a%2Fb",
        "/certificates/%ff",
        "/certificates/www.example.com",
        "/certificates/%00",
    ] {
        assert_eq!(desk.get(path).is(400).body["error"]["code"], "BadParameter", "{path}");
    }
    let words = "The request URI contains an invalid name: www.domain.tld";
    desk.create("www.domain.tld", "Unknown").refused(400, "BadParameter", words);
    let long = "a".repeat(128);
    desk.get(&format!("/certificates/{long}")).is(400);
    // No version of it.
    for version in ["0".repeat(32), "no-version".to_owned()] {
        desk.get(&format!("/certificates/www/{version}")).is(404);
        desk.get(&format!("/keys/www/{version}")).is(404);
        desk.get(&format!("/secrets/www/{version}")).is(404);
    }
    for (content_type, body) in [
        ("application/json", "{"),
        ("application/json", "[]"),
        ("application/json", "\"text\""),
        ("application/json", "\u{0}"),
        ("application/json", &"[".repeat(10_000)),
        ("text/plain", "{}"),
        ("application/x-www-form-urlencoded", "a=b"),
        ("", "{}"),
    ] {
        let request = desk
            .request("POST", "/certificates/new/create?api-version=7.4")
            .header("content-type", content_type);
        let reply = desk.send(request.body(Body::from(body.to_owned())).expect("a request")).is(400);
        assert_eq!(reply.body["error"]["code"], "BadParameter", "{body}");
    }
    desk.get("/certificates/new").is(404);
}

#[test]
fn the_api_version_is_needed_in_any_well_formed_kind() {
    let desk = Desk::new();
    for query in ["", "?", "?api-version=", "?api-version=latest", "?x=7.4"] {
        let request =
            desk.request("GET", &format!("/certificates{query}")).body(Body::empty()).expect("a request");
        desk.send(request).is(400);
    }
    for version in ["2015-06-01", "7.4", "2026-07-01-preview", "7.6-preview.2"] {
        desk.get(&format!("/certificates?api%2Dversion={version}&x=api-version")).is(200);
    }
}

#[test]
fn what_is_too_long_is_refused_and_the_server_goes_on() {
    let desk = Desk::new();
    let body = format!("{{\"x\": \"{}\"}}", "x".repeat(coldcert::http::BODY_BYTES_MAX));
    let request = desk
        .request("POST", "/certificates/www/create?api-version=7.4")
        .header("content-type", "application/json");
    desk.send(request.body(Body::from(body)).expect("a request")).is(413);
    desk.get("/certificates").is(200);
}

#[test]
fn a_member_of_another_type_is_named() {
    let desk = Desk::new();
    desk.merged("www");
    for (method, path, body, member) in [
        ("POST", "/certificates/x/create", json!({"policy": []}), "policy"),
        ("POST", "/certificates/x/create", json!({"policy": {}, "tags": []}), "tags"),
        ("POST", "/certificates/x/create", json!({"policy": {}, "tags": {"a": 1}}), "tags"),
        ("POST", "/certificates/x/create", json!({"policy": {}, "attributes": {"enabled": "x"}}), "enabled"),
        ("POST", "/certificates/x/import", json!({}), "value"),
        ("POST", "/certificates/x/import", json!({"value": 1}), "value"),
        ("POST", "/certificates/www/pending/merge", json!({"x5c": "MII"}), "x5c"),
        ("POST", "/certificates/www/pending/merge", json!({"x5c": [1]}), "x5c"),
        ("POST", "/certificates/www/pending/merge", json!({"x5c": ["*"]}), "x5c"),
        ("PATCH", "/certificates/www/pending", json!({}), "cancellation_requested"),
        (
            "PATCH",
            "/certificates/www/pending",
            json!({"cancellation_requested": "true"}),
            "cancellation_requested",
        ),
        ("PUT", "/certificates/contacts", json!({"contacts": {}}), "contacts"),
        ("PUT", "/certificates/contacts", json!({"contacts": [{"name": "x"}]}), "email"),
        ("PUT", "/certificates/issuers/corp", json!({"credentials": {}}), "provider"),
        ("POST", "/certificates/restore", json!({}), "value"),
    ] {
        let reply = desk.ask(method, path, body).is(400);
        let message = reply.body["error"]["message"].as_str().expect("a message");
        assert!(message.contains(member), "{path}: {message}");
    }
    let many: Value = (0..16).map(|n| (n.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    desk.ask("PATCH", "/certificates/www", json!({"tags": many})).refused(
        400,
        "BadParameter",
        "Property  has invalid value\r\n",
    );
    // Nulls and what nobody knows are passed over (reference 1.3).
    let policy = json!({"key_props": null, "x509_props": {"subject": "CN=x", "dns_names": ["y"]}, "z": 1});
    desk.ask("POST", "/certificates/x/create", json!({"policy": policy, "tags": null, "attributes": null}))
        .is(202);
}

#[test]
fn pages_follow_each_other_and_lose_nothing() {
    let desk = Desk::new();
    for index in 0..5 {
        desk.merged(&format!("name-{index}"));
    }
    desk.create("waits", "Unknown").is(202);
    for (path, count) in
        [("/certificates?includePending=true", 6), ("/certificates", 5), ("/keys", 5), ("/secrets", 5)]
    {
        for size in [1, 2, 5, 25] {
            let joined = if path.contains('?') { "&" } else { "?" };
            let mut page = desk.get(&format!("{path}{joined}maxresults={size}")).is(200).body;
            let mut ids = Vec::new();
            loop {
                let items = page["value"].as_array().expect("items");
                assert!(items.len() <= size);
                ids.extend(
                    items
                        .iter()
                        .map(|item| item.get("id").or_else(|| item.get("kid")).expect("an id").clone()),
                );
                let Some(next) = page["nextLink"].as_str() else { break };
                let target = next.strip_prefix("https://www.localhost:8443").expect("our own host and port");
                page = desk.get(target).is(200).body;
            }
            assert_eq!(ids.len(), count, "{path} by {size}");
            ids.sort_by_key(ToString::to_string);
            ids.dedup();
            assert_eq!(ids.len(), count, "{path} by {size}");
        }
    }
    for wrong in ["maxresults=0", "maxresults=26", "maxresults=x", "$skiptoken=x", "$skiptoken=e30"] {
        desk.get(&format!("/certificates?{wrong}")).is(400);
    }
    // Versions in the order of their ids; an unknown name has none (reference 1.2).
    for _ in 0..3 {
        desk.merged("name-0");
    }
    let versions = desk.get("/certificates/name-0/versions").is(200).body;
    let ids: Vec<&str> = versions["value"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["id"].as_str().expect("an id"))
        .collect();
    assert!(ids.len() == 4 && ids.is_sorted(), "{ids:?}");
    assert_eq!(
        desk.get("/certificates/nobody/versions").is(200).body,
        json!({"value": [], "nextLink": null})
    );
}

#[test]
fn keys_and_secrets_are_views_that_are_managed_by_their_certificate() {
    let desk = Desk::new();
    let certificate = desk.merged("www").body;
    let key = desk.get("/keys/www").is(200).body;
    assert_eq!((&key["key"]["kid"], &key["managed"]), (&certificate["kid"], &json!(true)));
    let secret = desk.get("/secrets/www/").is(200).body;
    assert_eq!((&secret["id"], &secret["kid"]), (&certificate["sid"], &certificate["kid"]));
    let version = certificate["id"].as_str().expect("an id").rsplit('/').next().expect("a version");
    assert_eq!(desk.get(&format!("/keys/www/{version}")).is(200).body, key);
    desk.get(&format!("/secrets/www/{version}")).is(200);
    assert_eq!(desk.get("/keys/www/versions").is(200).body["value"][0]["kid"], certificate["kid"]);
    assert_eq!(desk.get("/secrets/www/versions").is(200).body["value"][0]["id"], certificate["sid"]);
    for (method, path, inner) in [
        ("DELETE", "/keys/www", "KeyManagedByKeyVault"),
        ("PATCH", "/keys/www", "KeyManagedByKeyVault"),
        ("POST", "/keys/www/backup", "KeyManagedByKeyVault"),
        ("DELETE", "/secrets/www", "SecretManagedByKeyVault"),
        ("POST", "/secrets/www/backup", "SecretManagedByKeyVault"),
    ] {
        assert_eq!(desk.ask(method, path, Value::Null).is(403).body["error"]["innererror"]["code"], inner);
    }
    assert_eq!(desk.get("/keys/nobody").is(404).body["error"]["code"], "KeyNotFound");
    assert_eq!(desk.get("/secrets/nobody").is(404).body["error"]["code"], "SecretNotFound");
    desk.get("/deletedkeys/www").is(404);
    desk.ask("PATCH", "/certificates/www", json!({"attributes": {"enabled": false}})).is(200);
    assert_eq!(desk.get("/secrets/www").is(403).body["error"]["innererror"]["code"], "SecretDisabled");
    desk.ask("DELETE", "/certificates/www", Value::Null).is(200);
    desk.get("/keys/www").is(404);
    for kind in ["key", "secret"] {
        let deleted = desk.get(&format!("/deleted{kind}s/www")).is(200).body;
        assert_eq!(deleted["recoveryId"], format!("https://www.localhost:8443/deleted{kind}s/www"));
        assert_eq!(
            desk.get(&format!("/deleted{kind}s")).is(200).body["value"].as_array().map(Vec::len),
            Some(1)
        );
    }
}

#[test]
fn names_go_after_the_literals_of_the_routes() {
    let desk = Desk::new();
    desk.get("/certificates/contacts").refused(404, "ContactsNotFound", "Contacts not found");
    desk.get("/certificates/issuers/corp").refused(404, "CertificateIssuerNotFound", "Issuer not found");
    desk.ask("PUT", "/certificates/Issuers/corp", json!({"provider": "Test"})).is(200);
    assert_eq!(desk.get("/certificates/issuers").is(200).body["value"][0]["provider"], "Test");
    let changed = json!({"org_details": {"id": "o", "admin_details": [{"email": "pki@example.com"}]}, "attributes": {"enabled": false}});
    let changed = desk.ask("PATCH", "/certificates/issuers/corp", changed).is(200).body;
    assert_eq!((&changed["provider"], &changed["attributes"]["enabled"]), (&json!("Test"), &json!(false)));
    assert_eq!(
        changed["org_details"],
        json!({"id": "o", "zip": 0, "admin_details": [{"email": "pki@example.com"}]})
    );
    let secret = json!({"provider": "Test", "credentials": {"account_id": "a", "pwd": "geheim"}});
    assert!(
        !desk.ask("PUT", "/certificates/issuers/corp", secret).is(200).body.to_string().contains("geheim")
    );
    assert_eq!(
        desk.ask("DELETE", "/certificates/issuers/corp", Value::Null).is(200).body["provider"],
        "Test"
    );
    desk.ask("DELETE", "/certificates/issuers/corp", Value::Null).is(404);
}

#[test]
fn a_clients_request_id_is_given_back_where_it_wants_it() {
    let desk = Desk::new();
    for (wanted, echoed) in [("true", Some("my-id")), ("false", None)] {
        let request = desk.request("GET", "/certificates?api-version=7.4");
        let request =
            request.header("x-ms-client-request-id", "my-id").header("x-ms-return-client-request-id", wanted);
        let reply = desk.send(request.body(Body::empty()).expect("a request"));
        assert_eq!(reply.header("x-ms-client-request-id"), echoed);
        assert_eq!(reply.header("x-ms-request-id").map(str::len), Some(36));
    }
}

#[test]
fn what_is_recorded_holds_no_secret() {
    let desk = Desk::recording();
    desk.merged("www");
    let secret = desk.get("/secrets/www").is(200).body["value"].as_str().expect("a value").to_owned();
    let backup = desk.ask("POST", "/certificates/www/backup", Value::Null).is(200).body["value"]
        .as_str()
        .expect("a value")
        .to_owned();
    desk.ask("POST", "/certificates/copy/import", json!({"value": secret, "pwd": ""})).is(200);
    desk.ask("POST", "/certificates/restore", json!({"value": backup})).is(409);
    desk.ask("PUT", "/certificates/issuers/c", json!({"provider": "T", "credentials": {"pwd": "geheim"}}))
        .is(200);
    let mut pairs = 0;
    for entry in std::fs::read_dir(desk.folder.path()).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let text = std::fs::read_to_string(&path).expect("a pair");
            for secret in [secret.as_str(), backup.as_str(), "geheim", "Bearer ey"] {
                assert!(!text.contains(secret), "{}", path.display());
            }
            let pair: Value = serde_json::from_str(&text).expect("JSON");
            assert!(pair["status"].is_u64() && pair["method"].is_string() && pair["url"].is_string());
            pairs += 1;
        }
    }
    assert!(pairs >= 7, "{pairs} pairs");
}

#[test]
fn the_clock_goes_forward_and_tells_what_falls_due() {
    let desk = Desk::new();
    desk.merged("www");
    let now = desk.get("/admin/clock").is(200).body["now"].as_str().expect("a time").to_owned();
    desk.ask("POST", "/admin/clock", json!({"now": "2001-01-01T00:00:00Z"})).is(400);
    desk.ask("POST", "/admin/clock", json!({"now": "soon"})).is(400);
    let year: i32 = now[..4].parse().expect("a year");
    let moved = desk
        .ask("POST", "/admin/clock", json!({"now": format!("{}-06-01T00:00:00Z", year + 1)}))
        .is(200)
        .body;
    let due: Vec<&str> = moved["due"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["action"].as_str().expect("an action"))
        .collect();
    assert_eq!(due, ["EmailContacts", "Expiry"]);
    // What was signed by the machine's clock is over by the server's.
    let secret = desk.get("/secrets/www").is(200).body;
    desk.ask("POST", "/certificates/copy/import", json!({"value": secret["value"]})).refused(
        400,
        "BadParameter",
        "X509 Certificate is already expired",
    );
}

/// Answers are kept until the vault changes, whoever changes it.
#[test]
fn an_answer_that_was_given_before_is_of_the_vault_as_it_is() {
    let desk = Desk::new();
    desk.merged("www");
    let path = "/certificates/www";
    for round in 0..50 {
        let tags = json!({"round": round.to_string()});
        if round % 2 == 0 {
            desk.ask("PATCH", path, json!({"tags": tags})).is(200);
        } else {
            let tags = [("round".to_owned(), round.to_string())];
            let tags = coldcert::policy::Tags::new(tags).expect("tags");
            let attributes = coldcert::vault::Attributes { enabled: None, tags: Some(tags) };
            let now = coldcert::time::UnixTime::now();
            desk.vault()
                .set_attributes(&desk.key(), &crate::desk::name("www"), None, attributes, now)
                .expect("set");
        }
        for _ in 0..3 {
            assert_eq!(desk.get(path).is(200).body["tags"], tags);
            assert_eq!(desk.get("/certificates").is(200).body["value"][0]["tags"], tags);
        }
    }
    // Each host has its own identifiers, each query its own page, and a refusal is not kept.
    assert_eq!(desk.get("/certificates?maxresults=1").is(200).body["nextLink"], Value::Null);
    desk.get("/certificates/new").is(404);
    desk.create("new", "Unknown").is(202);
    desk.get("/certificates/new").is(200);
    assert_eq!(desk.get("/certificates/new/pending").is(200).header("retry-after"), Some("10"));
    assert_eq!(desk.get("/certificates/new/pending").is(200).header("retry-after"), Some("10"));
    desk.ask("DELETE", "/certificates/www", Value::Null).is(200);
    desk.get(path).is(404);
}

/// A 401 would be said of the client's token, and clients would ask for another one.
#[test]
fn the_backup_of_another_sealed_vault_is_no_matter_of_tokens() {
    let desk = Desk::new();
    let path = desk.folder.path().join("sealed.coldcert");
    let secret = zeroize::Zeroizing::new("another passphrase".to_owned());
    let passphrase = coldcert::seal::Passphrase::new(secret).expect("a passphrase");
    let now = coldcert::time::UnixTime::now();
    let mut sealed = coldcert::vault::Vault::init(&path, Some(&passphrase), now).expect("a vault");
    let key = sealed.unseal(Some(&passphrase)).expect("its key");
    let www = crate::desk::name("www");
    let mut document = coldcert::policy::Document::default();
    document.set("x509_props.subject", "CN=www".into());
    document.set("key_props.kty", "EC".into());
    document.set("issuer.name", "Self".into());
    let policy = coldcert::policy::Policy::understand(&document).expect("a policy");
    let new = coldcert::vault::NewCertificate {
        name: www.clone(),
        policy,
        tags: Default::default(),
        enabled: None,
    };
    sealed.create(&key, new, now).expect("created");
    let backup = sealed.backup(&key, &www, now).expect("a backup");
    let value = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(&*backup);
    let reply = desk.ask("POST", "/certificates/restore", json!({"value": value})).is(400);
    assert!(reply.body["error"]["message"].as_str().expect("a message").contains("coldcert restore"));
}

#[test]
fn a_request_that_is_asked_for_again_and_again_is_handed_out_once_in_the_ledger() {
    let desk = Desk::new();
    desk.create("www", "Unknown").is(202);
    let acts = || {
        let entries = desk.vault().ledger(0, Some("www"), 100).expect("a ledger");
        entries.into_iter().map(|entry| entry.act.name()).collect::<Vec<_>>()
    };
    assert_eq!(acts(), ["create"]);
    for _ in 0..3 {
        desk.get("/certificates/www/pending").is(200);
    }
    assert_eq!(acts(), ["create", "request-exported"]);
    // One that no certificate of the answer belongs to is refused before it is judged.
    let other = desk.create("other", "Unknown").is(202).body;
    let leaf = desk.sign(&other);
    desk.merge("www", &[leaf.as_der()]).is(400);
    assert_eq!(acts(), ["create", "request-exported", "refuse"]);
    let entries = desk.vault().ledger(0, Some("www"), 100).expect("a ledger");
    assert_eq!(entries[2].detail["refused_by"], json!(["key-mismatch"]));
    assert_eq!(entries[2].public_key, entries[0].public_key);
    desk.get("/certificates/www/pending").is(200);
    assert_eq!(acts().len(), 3);
}

#[test]
fn a_vault_that_somebody_keeps_is_to_be_asked_again() {
    let desk = Desk::new();
    let db = Connection::open(desk.folder.path().join("vault.coldcert")).expect("a database");
    db.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let reply = desk.create("www", "Unknown").is(503);
    assert_eq!(reply.header("retry-after"), Some("10"));
    assert!(
        reply.body["error"]["message"].as_str().is_some_and(|text| text.contains("busy")),
        "{}",
        reply.body
    );
    db.execute_batch("ROLLBACK").expect("no lock");
    desk.create("www", "Unknown").is(202);
}
