//! Policies, each a file in `testdata/policies`: which members of it are refused.

use std::fs;
use std::path::Path;

use coldcert::policy::{Document, KeyKind, Policy};
use serde_json::{Value, json};

#[test]
fn each_policy_is_refused_for_just_the_members_that_its_file_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/policies");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("testdata/policies") {
        let path = entry.expect("an entry").path();
        let case: Value = serde_json::from_slice(&fs::read(&path).expect("a case")).expect("JSON");
        let members: Vec<&String> = case.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["policy", "refused"], "{}", path.display());
        let expected: Vec<&str> = case["refused"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one.as_str().expect("a text"))
            .collect();
        let (document, unknown) = Document::from_value(case["policy"].clone()).expect("an object");
        assert!(unknown.is_empty(), "{}: {unknown:?}", path.display());
        let refused = match Policy::understand(&document) {
            Ok(policy) => {
                let again = policy.to_document();
                assert_eq!(Policy::understand(&again).as_ref(), Ok(&policy), "{} reads back", path.display());
                Vec::new()
            }
            Err(error) => {
                assert!(!error.help().is_empty());
                for refusal in &error.refusals {
                    assert!(!refusal.value.is_empty() && !refusal.allowed.is_empty(), "{refusal}");
                }
                error.refusals.into_iter().map(|refusal| refusal.member).collect()
            }
        };
        assert_eq!(refused, expected, "{}", path.display());
        count += 1;
    }
    assert!(count > 50, "{count} cases");
}

#[test]
fn the_policy_that_az_prints_reads_like_the_one_of_rest() {
    // The shape of `az keyvault certificate get-default-policy`.
    let az = json!({
        "issuerParameters": {"certificateTransparency": null, "name": "Self"},
        "keyProperties": {"curve": null, "exportable": true, "keySize": 2048, "keyType": "RSA", "reuseKey": true},
        "lifetimeActions": [{"action": {"actionType": "AutoRenew"}, "trigger": {"daysBeforeExpiry": 90}}],
        "secretProperties": {"contentType": "application/x-pkcs12"},
        "x509CertificateProperties": {
            "keyUsage": ["cRLSign", "dataEncipherment", "digitalSignature", "keyEncipherment", "keyAgreement", "keyCertSign"],
            "subject": "CN=CLIGetDefaultPolicy",
            "subjectAlternativeNames": {"dnsNames": ["www.example.com"], "emails": [], "upns": []},
            "validityInMonths": 12
        }
    });
    let rest = json!({
        "issuer": {"name": "Self"},
        "key_props": {"exportable": true, "key_size": 2048, "kty": "RSA", "reuse_key": true},
        "lifetime_actions": [{"action": {"action_type": "AutoRenew"}, "trigger": {"days_before_expiry": 90}}],
        "secret_props": {"contentType": "application/x-pkcs12"},
        "x509_props": {
            "key_usage": ["cRLSign", "dataEncipherment", "digitalSignature", "keyEncipherment", "keyAgreement", "keyCertSign"],
            "subject": "CN=CLIGetDefaultPolicy",
            "sans": {"dns_names": ["www.example.com"], "emails": [], "upns": []},
            "validity_months": 12
        }
    });
    assert_eq!(understood(az), understood(rest));
}

#[test]
fn the_defaults_are_the_service_s() {
    // Reference 2.3, from recordings 02 and 20.
    let policy =
        understood(json!({"issuer": {"name": "self"}, "x509_props": {"subject": "cn=MyCert", "sans": {}}}));
    let document = Value::from(policy.to_document());
    assert_eq!(
        document,
        json!({
            "key_props": {"exportable": true, "kty": "RSA", "key_size": 2048, "reuse_key": false},
            "secret_props": {"contentType": "application/x-pkcs12"},
            "x509_props": {
                "subject": "cn=MyCert",
                "sans": {},
                "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
                "key_usage": ["digitalSignature", "keyEncipherment"],
                "validity_months": 12,
                "basic_constraints": {"ca": false},
            },
            "lifetime_actions": [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}}],
            "issuer": {"name": "self"},
            "attributes": {"enabled": true},
        })
    );
    let unknown = understood(json!({"x509_props": {"subject": "CN=a"}}));
    assert_eq!(unknown.issuer.name, "Unknown");
    let document = Value::from(unknown.to_document());
    assert_eq!(document["lifetime_actions"][0]["action"]["action_type"], "EmailContacts");
    let ec = understood(json!({"x509_props": {"subject": "CN=a"}, "key_props": {"kty": "EC"}}));
    assert_eq!(ec.key.kind, KeyKind::P256);
}

#[test]
fn members_that_nobody_knows_are_told_by_their_path() {
    let given = json!({"x509_props": {"subject": "CN=a", "colour": "red"}, "shape": 1, "lifetime_actions": [{"wit": 2}]});
    let (_, unknown) = Document::from_value(given).expect("an object");
    assert_eq!(unknown, ["x509_props.colour", "shape", "lifetime_actions[0].wit"]);
}

fn understood(value: Value) -> Policy {
    let (document, unknown) = Document::from_value(value).expect("an object");
    assert!(unknown.is_empty(), "{unknown:?}");
    Policy::understand(&document).expect("a policy")
}
