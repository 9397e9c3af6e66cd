//! The eleven scenarios, each by its name, with the answers that the service really gives (reference 0, 2).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use coldcert::bundle::{Bundle, Given, Origin};
use coldcert::pending::Failure;
use coldcert::time::UnixTime;
use coldcert::verdict::{Profile, Terms};
use serde_json::{Value, json};

use crate::desk::{Desk, name};

const NOT_FOUND: (&str, &str) = ("PendingCertificateNotFound", "Pending certificate not found: www");

#[test]
fn scenario_1_create_with_a_named_issuer() {
    let desk = Desk::new();
    let created = desk.create("www", "corp").is(202);
    let id = created.body["request_id"].as_str().expect("an id");
    let location =
        format!("https://www.localhost:8443/certificates/www/pending?api-version=7.4&request_id={id}");
    assert_eq!(created.header("location"), Some(location.as_str()));
    assert_eq!(created.header("retry-after"), Some("10"));
    assert_eq!(created.body["status"], "inProgress");
    assert_eq!(created.body["issuer"], json!({"name": "corp"}));
    assert!(created.body["status_details"].as_str().expect("details").contains("issuer provider"));
    assert_eq!(id.len(), 32);
}

#[test]
fn scenario_2_get_the_operation_in_progress_also_by_its_request_id() {
    let desk = Desk::new();
    let created = desk.create("www", "corp").is(202).body;
    let pending = desk.get("/certificates/www/pending").is(200);
    assert_eq!(pending.body, created);
    assert_eq!(pending.header("retry-after"), Some("10"));
    let id = created["request_id"].as_str().expect("an id");
    desk.get(&format!("/certificates/www/pending?request_id={id}")).is(200);
    for other in ["0".repeat(32).as_str(), "no-id", ""] {
        let path = format!("/certificates/www/pending?request_id={other}");
        desk.get(&path).refused(404, NOT_FOUND.0, NOT_FOUND.1);
        desk.ask("PATCH", &path, json!({"cancellation_requested": true})).refused(
            404,
            NOT_FOUND.0,
            NOT_FOUND.1,
        );
        desk.ask("DELETE", &path, Value::Null).refused(404, NOT_FOUND.0, NOT_FOUND.1);
    }
}

#[test]
fn scenario_3_get_the_operation_that_is_completed() {
    let desk = Desk::new();
    let operation = desk.create("www", "corp").is(202).body;
    let mut vault = desk.vault();
    let vault_key = vault.unseal(None).expect("the key");
    let leaf = desk.sign(&operation);
    let bundle = Bundle::of(vec![Given { certificate: leaf, place: Origin::of_file("answer") }]);
    let terms = Terms::of(Profile::Rfc5280);
    vault.complete_at_desk(&vault_key, &name("www"), &bundle, &terms, UnixTime::now()).expect("completed");
    let completed = desk.get("/certificates/www/pending").is(200);
    assert_eq!(completed.body["status"], "completed");
    assert_eq!(completed.body["target"], "https://www.localhost:8443/certificates/www");
    assert_eq!(completed.body["request_id"], operation["request_id"]);
    assert!(completed.body.get("status_details").is_none());
    assert_eq!(completed.header("retry-after"), None);
}

#[test]
fn scenario_4_get_the_operation_that_is_cancelled_or_failed() {
    let desk = Desk::new();
    desk.create("www", "corp").is(202);
    desk.ask("PATCH", "/certificates/www/pending", json!({"cancellation_requested": true})).is(200);
    desk.vault().cancel_at_desk(&desk.key(), &name("www"), UnixTime::now()).expect("cancelled");
    let cancelled = desk.get("/certificates/www/pending").is(200).body;
    assert_eq!(
        (&cancelled["status"], &cancelled["cancellation_requested"]),
        (&json!("cancelled"), &json!(true))
    );
    assert!(cancelled.get("status_details").is_none() && cancelled.get("error").is_none());

    desk.create("www", "corp").is(202);
    let failure = Failure { code: "OutOfBand".to_owned(), message: "a signed form is missing".to_owned() };
    desk.vault().fail_at_desk(&desk.key(), &name("www"), &failure, UnixTime::now()).expect("failed");
    let failed = desk.get("/certificates/www/pending").is(200).body;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["error"], json!({"code": "OutOfBand", "message": "a signed form is missing"}));
}

#[test]
fn scenario_5_get_the_operation_after_it_was_deleted_or_overwritten() {
    let desk = Desk::new();
    desk.create("www", "corp").is(202);
    desk.ask("DELETE", "/certificates/www/pending", Value::Null).is(200);
    desk.get("/certificates/www/pending").refused(404, NOT_FOUND.0, NOT_FOUND.1);
    let first = desk.create("www", "Unknown").is(202).body;
    desk.merge("www", &[desk.sign(&first).as_der()]).is(201);
    desk.create("www", "Unknown").is(202);
    let path =
        format!("/certificates/www/pending?request_id={}", first["request_id"].as_str().expect("an id"));
    desk.get(&path).refused(404, NOT_FOUND.0, NOT_FOUND.1);
    desk.ask("DELETE", "/certificates/www", Value::Null).is(200);
    desk.get("/certificates/www/pending").refused(404, NOT_FOUND.0, NOT_FOUND.1);
}

#[test]
fn scenario_6_create_or_import_while_one_is_in_progress() {
    let desk = Desk::new();
    desk.merged("source");
    let secret = desk.get("/secrets/source").is(200).body;
    desk.create("www", "corp").is(202);
    let words = "A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress.";
    desk.create("www", "Unknown").refused(409, "Conflict", words);
    desk.ask("POST", "/certificates/www/import", json!({"value": secret["value"]}))
        .refused(409, "Conflict", words);
    desk.ask("DELETE", "/certificates/www/pending", Value::Null).is(200);
    let imported =
        desk.ask("POST", "/certificates/www/import", json!({"value": secret["value"]})).is(200).body;
    assert!(imported.get("pending").is_none());
    assert_eq!(imported["policy"]["issuer"]["name"], "Unknown");
}

#[test]
fn scenario_7_merge_an_operation_of_a_named_issuer() {
    let desk = Desk::new();
    for ended in ["failed", "cancelled"] {
        let operation = desk.create("www", "corp").is(202).body;
        let leaf = desk.sign(&operation);
        let words = "Merge is forbidden on pending object created with issuer : corp while it is in progess.";
        desk.merge("www", &[leaf.as_der()]).refused(403, "Forbidden", words);
        desk.merge("www", &[b"nothing"]).refused(403, "Forbidden", words);
        let mut vault = desk.vault();
        match ended {
            "failed" => {
                let failure = Failure { code: "x".to_owned(), message: "y".to_owned() };
                vault.fail_at_desk(&desk.key(), &name("www"), &failure, UnixTime::now()).expect("failed")
            }
            _ => vault.cancel_at_desk(&desk.key(), &name("www"), UnixTime::now()).expect("cancelled"),
        };
        desk.merge("www", &[leaf.as_der()]).is(201);
        assert_eq!(desk.get("/certificates/www/pending").is(200).body["status"], "completed");
    }
}

#[test]
fn scenario_8_ask_for_cancellation() {
    let desk = Desk::new();
    let cancellation = json!({"cancellation_requested": true});
    let words = "Pending status must be in progress to allow update.";
    desk.create("www", "corp").is(202);
    let asked = desk.ask("PATCH", "/certificates/www/pending", cancellation.clone()).is(200);
    assert_eq!(
        (&asked.body["cancellation_requested"], &asked.body["status"]),
        (&json!(true), &json!("inProgress"))
    );
    assert_eq!(asked.header("retry-after"), None);
    let back =
        desk.ask("PATCH", "/certificates/www/pending", json!({"cancellation_requested": false})).is(200);
    assert_eq!(back.body["cancellation_requested"], false);
    desk.vault().cancel_at_desk(&desk.key(), &name("www"), UnixTime::now()).expect("cancelled");
    desk.ask("PATCH", "/certificates/www/pending", cancellation.clone()).refused(403, "Forbidden", words);
    // With issuer Unknown there is nobody to cancel it (reference 0, row 5).
    let operation = desk.create("api", "Unknown").is(202).body;
    assert_eq!(
        desk.ask("PATCH", "/certificates/api/pending", cancellation.clone()).is(200).body["status"],
        "inProgress"
    );
    desk.merge("api", &[desk.sign(&operation).as_der()]).is(201);
    desk.ask("PATCH", "/certificates/api/pending", cancellation.clone()).refused(403, "Forbidden", words);
    // Issuer Self cancels what it was asked to in time, and completes the rest.
    desk.create("own", "Self").is(202);
    desk.ask("PATCH", "/certificates/own/pending", cancellation).is(200);
    assert_eq!(desk.settled("own")["status"], "cancelled");
    desk.create("own", "Self").is(202);
    assert_eq!(desk.settled("own")["status"], "completed");
}

#[test]
fn scenario_9_delete_the_operation() {
    let desk = Desk::new();
    let operation = desk.create("www", "Unknown").is(202).body;
    assert_eq!(desk.ask("DELETE", "/certificates/www/pending", Value::Null).is(200).body, operation);
    desk.ask("DELETE", "/certificates/www/pending", Value::Null).refused(404, NOT_FOUND.0, NOT_FOUND.1);
    // The name is still taken, by a shell without an operation (reference 2.4).
    let shell = desk.get("/certificates/www").is(200).body;
    assert!(shell.get("pending").is_none() && shell.get("cer").is_none());
    assert_eq!(shell["attributes"]["enabled"], false);
}

#[test]
fn scenario_10_create_with_issuer_unknown_or_with_none() {
    let desk = Desk::new();
    let unknown = desk.create("www", "Unknown").is(202).body;
    assert_eq!(unknown["issuer"], json!({"name": "Unknown"}));
    assert!(unknown["status_details"].as_str().expect("details").contains("Please Perform Merge"));
    let policy = json!({"x509_props": {"subject": "CN=api.example.com"}});
    let none = desk.ask("POST", "/certificates/api/create", json!({"policy": policy})).is(202).body;
    assert_eq!((&none["issuer"], &none["status_details"]), (&unknown["issuer"], &unknown["status_details"]));
    // A certificate waits: it is seen by whoever asks for it, and listed for whoever wants those too.
    assert_eq!(desk.get("/certificates/").is(200).body, json!({"value": [], "nextLink": null}));
    assert_eq!(
        desk.get("/certificates?includePending=true").is(200).body["value"].as_array().map(Vec::len),
        Some(2)
    );
    desk.get("/secrets/www").refused(403, "Forbidden", "Operation get is not allowed on a disabled secret.");
}

#[test]
fn scenario_11_merge() {
    let desk = Desk::new();
    let operation = desk.create("www", "Unknown").is(202).body;
    let other = desk.create("other", "Unknown").is(202).body;
    let leaf = desk.sign(&operation);
    let mismatch = "The public key of the end-entity certificate in the specified X.509 certificate content does not match the public part of the specified private key. Please check if certificate is valid.";
    desk.merge("www", &[desk.sign(&other).as_der()]).refused(400, "BadParameter", mismatch);
    let unreadable = "Certificate can not be read. Please check if certificate is valid.";
    desk.merge("www", &[b"no certificate"]).refused(400, "BadParameter", unreadable);
    let empty = "Property x5c has invalid value X5C must has at least one valid item";
    desk.merge("www", &[]).refused(400, "BadParameter", empty);
    desk.merge("www", &[&vec![0x30; 24_927]]).refused(400, "BadParameter", "value is too long.");
    desk.merge("nobody", &[leaf.as_der()]).refused(404, NOT_FOUND.0, "Pending certificate not found: nobody");
    assert_eq!(desk.get("/certificates/www/pending").is(200).body, operation, "a refusal changes nothing");

    let x5c = [BASE64_STANDARD.encode(leaf.as_der())];
    let body = json!({"x5c": x5c, "attributes": {"enabled": false}, "tags": {"made": "by hand"}});
    let merged = desk.ask("POST", "/certificates/www/pending/merge", body).is(201);
    assert_eq!(
        merged.header("location"),
        Some("https://www.localhost:8443/certificates/www?api-version=7.4")
    );
    let certificate = &merged.body;
    assert_eq!(certificate["cer"], x5c[0]);
    assert_eq!(
        (&certificate["attributes"]["enabled"], &certificate["tags"]),
        (&json!(false), &json!({"made": "by hand"}))
    );
    let id = certificate["id"].as_str().expect("an id");
    assert_eq!(certificate["kid"], id.replace("/certificates/", "/keys/"));
    assert_eq!(certificate["sid"], id.replace("/certificates/", "/secrets/"));
    assert_eq!(certificate["pending"]["id"], "https://www.localhost:8443/certificates/www/pending");
    assert!(merged.header("x-coldcert-verdict").expect("a verdict").starts_with("rfc5280: "));
    assert_eq!(desk.get("/certificates/www").is(200).body, *certificate);
    // Once more there is nothing to merge into.
    assert_eq!(desk.merge("www", &[leaf.as_der()]).status, 409);
}

/// Reference 2.5: what official samples and tools send, beside DER.
#[test]
fn every_form_of_x5c_that_the_service_takes_is_taken() {
    let desk = Desk::new();
    let text = |der: &[u8]| BASE64_STANDARD.encode(der).into_bytes();
    type Form = fn(&[u8], &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8>;
    let forms: [Form; 3] = [
        |der, _| der.to_vec(),
        |der, text| text(der),
        |der, text| [text(der), b"-----END CERTIFICATE-----".to_vec()].concat(),
    ];
    for form in forms {
        let operation = desk.create("www", "Unknown").is(202).body;
        let leaf = desk.sign(&operation);
        let merged = desk.merge("www", &[&form(leaf.as_der(), &text)]).is(201).body;
        assert_eq!(merged["cer"], BASE64_STANDARD.encode(leaf.as_der()));
    }
}

#[test]
fn the_strict_profile_refuses_what_the_service_takes() {
    for (profile, status) in [(Profile::KeyVault, 201), (Profile::Rfc5280, 400)] {
        let desk = Desk::with(profile, std::time::Duration::ZERO);
        let operation = desk.create("www", "Unknown").is(202).body;
        let leaf = desk.sign(&operation);
        // Its last octet is of the signature.
        let mut der = leaf.as_der().to_vec();
        *der.last_mut().expect("octets") ^= 1;
        let reply = desk.merge("www", &[&der, desk.root().as_der()]).is(status);
        if status == 201 {
            let said = reply.header("x-coldcert-verdict").expect("a verdict");
            assert!(said.starts_with("rfc5280: refused: bad-signature"), "{said}");
        }
    }
}
