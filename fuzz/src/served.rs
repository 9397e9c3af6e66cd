//! What comes to a vault from outside: requests to its server, without a socket, and backups.
//!
//! Each thread has a vault of its own, which is made anew after [`REQUESTS_OF_A_VAULT`], so that what was drawn before does
//! not decide what is reached.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use coldcert::authority::{Authority, Validity};
use coldcert::csr::CertificateRequest;
use coldcert::fingerprint::Fingerprint;
use coldcert::http::{Clock, Journal, Names, Service, Settings, Tokens, app};
use coldcert::policy::KeyKind;
use coldcert::seal::{Place, Purpose, VaultKey};
use coldcert::time::UnixTime;
use coldcert::vault::Vault;
use coldcert::verdict::Profile;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::said;

/// A request as text: `METHOD TARGET`, headers, an empty line, the body. Host and token are the right ones where it names
/// none. The server answers in its envelope and is never at fault itself.
pub fn http(bytes: &[u8]) {
    let Some(asked) = Asked::read(bytes) else { return };
    SERVED.with_borrow_mut(|served| {
        let served = Served::of(served);
        let is_head = asked.method == Method::HEAD;
        let Some((status, body)) = served.send(asked) else { return };
        assert!(status < 500, "{status}: {}", String::from_utf8_lossy(&body));
        if status >= 400 && !is_head {
            let answer: Value = serde_json::from_slice(&body).expect("an error is told in JSON");
            let error = &answer["error"];
            assert!(error["code"].is_string() && error["message"].is_string(), "{answer}");
        }
    });
}

/// A backup to be restored, and the same bytes as what is sealed inside one.
pub fn backup(bytes: &[u8]) {
    KEPT.with_borrow_mut(|kept| {
        let kept = kept.get_or_insert_with(Kept::new);
        kept.restore(bytes);
        kept.restore(&kept.sealed(bytes));
    });
}

thread_local! {
    static SERVED: RefCell<Option<Served>> = const { RefCell::new(None) };
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// A request, read from text.
struct Asked {
    method: Method,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Asked {
    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]);
        let body = bytes.get(end + 2..).unwrap_or_default().to_vec();
        let mut lines = head.split('\n');
        let (method, target) = lines.next()?.split_once(' ')?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Self { method: method.parse().ok()?, target: target.to_owned(), headers, body })
    }

    fn new(method: Method, target: &str, document: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let target = format!("{target}?api-version=7.4");
        Self { method, target, headers, body: document.to_string().into_bytes() }
    }
}

/// A server over a vault that has a certificate `www`, a deleted one `gone` and an operation `waits`.
struct Served {
    runtime: tokio::runtime::Runtime,
    app: Router,
    token: String,
    requests: usize,
    _folder: tempfile::TempDir,
}

impl Served {
    fn of(place: &mut Option<Self>) -> &mut Self {
        if place.as_ref().is_some_and(|served| served.requests >= REQUESTS_OF_A_VAULT) {
            *place = None;
        }
        place.get_or_insert_with(Self::new)
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("vault.coldcert");
        let vault = Vault::init(&path, None, UnixTime::now()).expect("a vault");
        let vault_key = vault.unseal(None).expect("its key");
        let tokens = Tokens::generate().expect("a token");
        let token = tokens.secret_first().to_owned();
        let settings = Settings {
            names: Names::new(vec!["www".to_owned()]).expect("names"),
            tokens,
            profile: Profile::KeyVault,
            clock: Clock::default(),
            admin: true,
            journal: Journal::new(None, None),
            delay_of_self: Duration::from_millis(1),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let app = app(Arc::new(Service::new(vault, vault_key, settings).expect("a service")));
        let mut served = Self { runtime, app, token, requests: 0, _folder: folder };
        served.create("waits");
        for name in ["www", "gone"] {
            let operation = served.create(name);
            served.merge(name, &operation);
        }
        served.done(Asked::new(Method::DELETE, "/certificates/gone", &Value::Null));
        served
    }

    fn create(&mut self, name: &str) -> Value {
        let policy = json!({"issuer": {"name": "Unknown"}, "x509_props": {"subject": "CN=www.example.com"},
            "key_props": {"kty": "EC", "crv": "P-256"}});
        let target = format!("/certificates/{name}/create");
        self.done(Asked::new(Method::POST, &target, &json!({"policy": policy})))
    }

    fn merge(&mut self, name: &str, operation: &Value) {
        let csr = BASE64_STANDARD.decode(operation["csr"].as_str().expect("a csr")).expect("base64");
        let request = CertificateRequest::from_der(&csr).expect("a request");
        let validity = Validity::days(UnixTime::now().plus_seconds(-600), 30);
        let authority = Authority::root("CN=Root", KeyKind::P256, validity).expect("a CA");
        let leaf = authority.sign(&request, validity).expect("a certificate");
        let x5c = [leaf.as_der(), authority.certificate().as_der()].map(|der| BASE64_STANDARD.encode(der));
        let target = format!("/certificates/{name}/pending/merge");
        self.done(Asked::new(Method::POST, &target, &json!({"x5c": x5c})));
    }

    fn done(&mut self, asked: Asked) -> Value {
        let (status, body) = self.send(asked).expect("a request");
        assert!(status < 300, "{status}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// None where it cannot be sent at all.
    fn send(&mut self, asked: Asked) -> Option<(u16, Vec<u8>)> {
        let mut request = Request::builder().method(asked.method).uri(asked.target);
        let names = |name: &str| asked.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let (names_host, names_token) = (names("host"), names("authorization"));
        for (name, value) in &asked.headers {
            request = request.header(name, value);
        }
        if !names_host {
            request = request.header("host", "www.localhost:8443");
        }
        if !names_token {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let request = request.body(Body::from(asked.body)).ok()?;
        self.requests += 1;
        self.runtime.block_on(async {
            let response = self.app.clone().oneshot(request).await.expect("an answer");
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
            Some((status, body.to_vec()))
        })
    }
}

/// A vault that backups are restored into, and the key of another one that they come from.
struct Kept {
    vault: Vault,
    vault_key: VaultKey,
    other_key: VaultKey,
    _folder: tempfile::TempDir,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let vault =
            Vault::init(&folder.path().join("vault.coldcert"), None, UnixTime::now()).expect("a vault");
        let vault_key = vault.unseal(None).expect("its key");
        Self { vault, vault_key, other_key: VaultKey::generate().expect("a key"), _folder: folder }
    }

    fn restore(&mut self, backup: &[u8]) {
        match self.vault.restore(&self.vault_key, backup, None, UnixTime::now()) {
            Ok(name) => {
                // So that it can be restored again.
                self.vault.delete(&self.vault_key, &name, UnixTime::now()).expect("it is there");
                self.vault.purge(&self.vault_key, &name, UnixTime::now()).expect("it is deleted");
            }
            Err(error) => said(&error, &error.help()),
        }
    }

    /// A backup whose content these bytes are, from a vault without a passphrase: anybody can make one.
    fn sealed(&self, content: &[u8]) -> Vec<u8> {
        let seal = |name: &str, secret: &[u8]| {
            let public_key = Fingerprint::of(name.as_bytes());
            let place = Place { purpose: Purpose::Backup, name, version: "", public_key };
            BASE64_STANDARD.encode(self.other_key.seal(&place, secret).expect("sealed"))
        };
        let file = json!({"format": "coldcert-backup", "version": 1, "name": "www", "seals": [],
            "key_check": seal("*", &[]), "sealed": seal("www", content),
            "unsealed_key": BASE64_STANDARD.encode(self.other_key.secret_bytes())});
        file.to_string().into_bytes()
    }
}

/// A vault is made in some ten milliseconds, and a request takes one.
const REQUESTS_OF_A_VAULT: usize = 1_000;
