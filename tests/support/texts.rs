//! Texts to start from: documents, policies, subjects, names, requests to the server.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use coldcert::pem;
use serde_json::{Value, json};

/// What merges, vaults and `az` write.
pub(crate) fn documents(certificate: &[u8], request: &[u8]) -> Vec<Vec<u8>> {
    let (der, csr) = (BASE64_STANDARD.encode(certificate), BASE64_STANDARD.encode(request));
    let text = pem::write("CERTIFICATE", certificate);
    let all = [
        json!({"x5c": [der, BASE64_STANDARD.encode(&der), BASE64_STANDARD.encode(&text)]}),
        json!({"id": "https://www.vault.azure.net/certificates/www/pending", "issuer": {"name": "Unknown"},
            "csr": csr, "cancellation_requested": false, "status": "inProgress", "request_id": "00112233"}),
        json!({"value": text, "pwd": "word", "policy": policy(), "attributes": {"enabled": true, "exp": 1},
            "tags": {"a": "b"}}),
        json!({"cer": der, "kid": "k", "sid": "s", "attributes": {"enabled": true}, "policy": policy()}),
        json!([{"cer": der}, [text], "text", 1, null]),
        json!({"contacts": [{"email": "a@example.com", "name": "A", "phone": "1"}], "provider": "Test",
            "credentials": {"account_id": "a", "pwd": "b"}, "org_details": {"id": "o",
            "admin_details": [{"first_name": "A", "last_name": "B", "email": "c@example.com", "phone": "2"}]}}),
    ];
    all.iter().map(|one| one.to_string().into_bytes()).collect()
}

/// Both shapes.
pub(crate) fn policies() -> Vec<Vec<u8>> {
    let of_az = json!({"x509CertificateProperties": {"subject": "CN=www.example.com", "validityInMonths": 12,
        "keyUsage": ["digitalSignature"], "subjectAlternativeNames": {"dnsNames": ["www.example.com"]}},
        "keyProperties": {"keyType": "RSA", "keySize": 2048, "exportable": true, "reuseKey": false},
        "issuerParameters": {"name": "Unknown"}, "secretProperties": {"contentType": "application/x-pkcs12"},
        "lifetimeActions": [{"action": {"actionType": "AutoRenew"}, "trigger": {"daysBeforeExpiry": 90}}]});
    let with_mark = [&[0xef, 0xbb, 0xbf], policy().to_string().as_bytes()].concat();
    let utf16 = policy().to_string().encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    vec![
        policy().to_string().into_bytes(),
        of_az.to_string().into_bytes(),
        json!({"policy": policy()}).to_string().into_bytes(),
        with_mark,
        [vec![0xff, 0xfe], utf16].concat(),
        // What steers a terminal, where an error quotes it.
        json!({"x509_props": {"ekus": {"a\u{7f}\u{9b}31m": 1}, "subject": ["\u{202e}"]}})
            .to_string()
            .into_bytes(),
    ]
}

/// Names of every notation.
pub(crate) fn subjects() -> Vec<Vec<u8>> {
    let all = [
        "CN=www.example.com, O=\"Example, Inc\", C=US",
        "CN=a+OU=b;O=c\\, d;2.5.4.3=#0c0161",
        "E=a@example.com, DC=example, DC=com, STREET=\"say \"\"hello\"\"\"",
        "CN=B\\C3\\BCcher, L=M\u{fc}nchen, OID.1.3.6.1.4.1.311.60.2.1.3=DE",
        "CN=#30060c01610c0162",
    ];
    all.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Names of hosts, people, places, objects, and some in DER.
pub(crate) fn names() -> Vec<Vec<u8>> {
    let all = [
        "www.example.com",
        "*.xn--bcher-kva.example",
        "ada@example.com",
        "https://user@[2001:db8::1]:8443/a?b#c",
        "192.0.2.1",
        "2001:db8::192.0.2.1",
        "1.3.6.1.4.1.311.20.2.3",
        "my-certificate",
        "2027-03-01T12:00:00Z",
    ];
    let der = b"\x30\x20\x82\x03a.b\x81\x03a@b\x86\x03a:b\x87\x04\xc0\x00\x02\x01\xa4\x02\x30\x00\x88\x01\x2a\xa3\x00";
    all.iter().map(|text| text.as_bytes().to_vec()).chain([der.to_vec()]).collect()
}

/// One for every route, and some that are not well formed.
pub(crate) fn requests(certificate: &[u8]) -> Vec<Vec<u8>> {
    let der = BASE64_STANDARD.encode(certificate);
    let documents: [(&str, &str, Value); 16] = [
        ("POST", "/certificates/fuzzed/create", json!({"policy": policy(), "tags": {"a": "b"}})),
        ("POST", "/certificates/other/import", json!({"value": der, "pwd": "", "policy": policy()})),
        ("POST", "/certificates/waits/pending/merge", json!({"x5c": [der], "attributes": {"enabled": true}})),
        ("POST", "/certificates/restore", json!({"value": "e30"})),
        ("POST", "/certificates/www/backup", json!({})),
        ("POST", "/deletedcertificates/gone/recover", json!({})),
        ("PATCH", "/certificates/www", json!({"attributes": {"enabled": false}, "tags": {}})),
        ("PATCH", "/certificates/www/policy", policy()),
        ("PATCH", "/certificates/waits/pending", json!({"cancellation_requested": true})),
        (
            "PUT",
            "/certificates/issuers/corp",
            json!({"provider": "Test", "credentials": {"account_id": "a"}}),
        ),
        ("PATCH", "/certificates/issuers/corp", json!({"attributes": {"enabled": false}})),
        ("PUT", "/certificates/contacts", json!({"contacts": [{"email": "a@example.com"}]})),
        ("POST", "/admin/clock", json!({"now": "2027-03-01T12:00:00Z"})),
        ("PATCH", "/keys/www", json!({"attributes": {"enabled": true}})),
        ("DELETE", "/certificates/www", json!({})),
        ("DELETE", "/deletedcertificates/gone", json!({})),
    ];
    let bare = [
        "GET /certificates?api-version=7.4&maxresults=1&includePending=true",
        "GET /certificates?api%2Dversion=2025-07-01&$skiptoken=eyJOZXh0TWFya2VyIjoid3d3In0",
        "GET /certificates/www/versions?api-version=7.6-preview.2",
        "GET /certificates/www/00112233445566778899aabbccddeeff?api-version=7.4",
        "GET /certificates/waits/pending?api-version=7.4&request_id=00112233445566778899aabbccddeeff",
        "GET /deletedcertificates?api-version=7.4",
        "GET /secrets/www?api-version=7.4\nx-ms-client-request-id: 1\nx-ms-return-client-request-id: true",
        "GET /keys/www?api-version=7.4\nauthorization: Bearer 0123456789abcdef",
        "GET /certificates/w%77w?api-version=7.4\nhost: other.localhost:8443",
        "OPTIONS *",
    ];
    let written = documents.iter().map(|(method, path, body)| {
        format!("{method} {path}?api-version=7.4\ncontent-type: application/json\n\n{body}").into_bytes()
    });
    written.chain(bare.iter().map(|text| text.as_bytes().to_vec())).collect()
}

fn policy() -> Value {
    json!({"key_props": {"exportable": true, "kty": "EC", "crv": "P-256", "reuse_key": false},
        "secret_props": {"contentType": "application/x-pem-file"},
        "x509_props": {"subject": "CN=www.example.com", "sans": {"dns_names": ["www.example.com"],
        "emails": ["a@example.com"], "upns": ["a"], "uris": ["https://a.example"], "ipAddresses": ["192.0.2.1"]},
        "ekus": ["1.3.6.1.5.5.7.3.1"], "key_usage": ["digitalSignature"], "validity_months": 12,
        "basic_constraints": {"ca": false}},
        "lifetime_actions": [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "EmailContacts"}}],
        "issuer": {"name": "Unknown"}})
}
