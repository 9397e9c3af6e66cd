//! A server over a vault of its own, asked without a socket; a CA; and the issuers' desk beside it.

#[path = "../support/runtime.rs"]
mod runtime;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use coldcert::authority::{Authority, Validity};
use coldcert::certificate::Certificate;
use coldcert::csr::CertificateRequest;
use coldcert::http::{Clock, Journal, Names, Service, Settings, Tokens, app};
use coldcert::policy::{KeyKind, ObjectName};
use coldcert::seal::VaultKey;
use coldcert::time::UnixTime;
use coldcert::vault::Vault;
use coldcert::verdict::Profile;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use runtime::Runtime;

pub(crate) struct Desk {
    pub(crate) runtime: Runtime,
    pub(crate) folder: tempfile::TempDir,
    app: Router,
    token: String,
    authority: Authority,
    sent: Cell<u32>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str, message: &str) {
        let reply = self.is(status);
        assert_eq!(
            (&reply.body["error"]["code"], &reply.body["error"]["message"]),
            (&json!(code), &json!(message))
        );
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(Profile::KeyVault, Duration::from_millis(40))
    }

    pub(crate) fn with(profile: Profile, delay_of_self: Duration) -> Self {
        Self::made(profile, delay_of_self, false)
    }

    /// One that records every exchange in its folder.
    pub(crate) fn recording() -> Self {
        Self::made(Profile::KeyVault, Duration::from_millis(40), true)
    }

    fn made(profile: Profile, delay_of_self: Duration, records: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("vault.coldcert");
        let vault = Vault::init(&path, None, UnixTime::now()).expect("a vault");
        let vault_key = vault.unseal(None).expect("its key");
        let tokens = Tokens::generate().expect("a token");
        let token = tokens.secret_first().to_owned();
        let settings = Settings {
            names: Names::new(vec!["www".to_owned(), "other".to_owned()]).expect("names"),
            tokens,
            profile,
            clock: Clock::default(),
            admin: true,
            journal: Journal::new(None, records.then(|| folder.path().to_owned())),
            delay_of_self,
        };
        let now = UnixTime::now().plus_seconds(-600);
        let authority = Authority::root("CN=Root", KeyKind::P256, Validity::days(now, 365)).expect("a CA");
        Self {
            runtime: Runtime::new(),
            folder,
            app: app(Arc::new(Service::new(vault, vault_key, settings).expect("a service"))),
            token,
            authority,
            sent: Cell::new(0),
        }
    }

    /// Sends a request as it is.
    pub(crate) fn send(&self, request: Request<Body>) -> Reply {
        self.sent.set(self.sent.get() + 1);
        self.runtime.block_on(async {
            let response = self.app.clone().oneshot(request).await.expect("an answer");
            let (parts, body) = response.into_parts();
            let bytes = body.collect().await.expect("a body").to_bytes();
            let body =
                if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
            Reply { status: parts.status.as_u16(), headers: parts.headers, body }
        })
    }

    pub(crate) fn request(&self, method: &str, target: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(target)
            .header("host", "www.localhost:8443")
            .header("authorization", format!("Bearer {}", self.token))
    }

    /// Asks with a token, and with an api-version where the path has no query of its own.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Value) -> Reply {
        let joined = if path.contains('?') { "&" } else { "?" };
        let version =
            if path.contains("api-version") { String::new() } else { format!("{joined}api-version=7.4") };
        let request = self.request(method, &format!("{path}{version}"));
        let request = match body {
            Value::Null => request.body(Body::empty()),
            body => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        };
        self.send(request.expect("a request"))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, Value::Null)
    }

    pub(crate) fn create(&self, name: &str, issuer: &str) -> Reply {
        let policy = json!({"issuer": {"name": issuer}, "x509_props": {"subject": "CN=www.example.com"},
            "key_props": {"kty": "EC", "crv": "P-256"}});
        self.ask("POST", &format!("/certificates/{name}/create"), json!({"policy": policy}))
    }

    /// What the CA answers to the request of an operation.
    pub(crate) fn sign(&self, operation: &Value) -> Certificate {
        let csr = BASE64_STANDARD.decode(operation["csr"].as_str().expect("a csr")).expect("base64");
        let request = CertificateRequest::from_der(&csr).expect("a request");
        let validity = Validity::days(UnixTime::now().plus_seconds(-600), 30);
        self.authority.sign(&request, validity).expect("a certificate")
    }

    pub(crate) fn root(&self) -> &Certificate {
        self.authority.certificate()
    }

    pub(crate) fn merge(&self, name: &str, elements: &[&[u8]]) -> Reply {
        let x5c: Vec<String> = elements.iter().map(|element| BASE64_STANDARD.encode(element)).collect();
        self.ask("POST", &format!("/certificates/{name}/pending/merge"), json!({"x5c": x5c}))
    }

    /// Creates with issuer Unknown and merges.
    pub(crate) fn merged(&self, name: &str) -> Reply {
        let operation = self.create(name, "Unknown").is(202);
        let leaf = self.sign(&operation.body);
        self.merge(name, &[leaf.as_der(), self.root().as_der()]).is(201)
    }

    /// The vault key; this vault has no passphrase.
    pub(crate) fn key(&self) -> VaultKey {
        self.vault().unseal(None).expect("its key")
    }

    /// The same vault, as the command line has it.
    pub(crate) fn vault(&self) -> Vault {
        Vault::open(&self.folder.path().join("vault.coldcert")).expect("the vault")
    }

    /// Waits until an operation is not in progress any more.
    pub(crate) fn settled(&self, name: &str) -> Value {
        for _ in 0..500 {
            let operation = self.get(&format!("/certificates/{name}/pending")).is(200).body;
            if operation["status"] != "inProgress" {
                return operation;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{name} stays in progress");
    }
}

pub(crate) fn name(text: &str) -> ObjectName {
    ObjectName::new(text).expect("a name")
}
