//! An answer: a status, a document, and the headers that the service sends with each (reference 6.4).

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use super::host::Host;
use crate::identifier::Identifier;
use crate::pending::Operation;
use crate::wire::Refusal;

/// What goes back.
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// The document; none for 204, or where it is encoded already.
    pub(super) body: Option<Value>,
    /// The document as it was encoded before.
    pub(super) encoded: Option<Bytes>,
    /// `Location`.
    pub(super) location: Option<String>,
    /// Whether the client is to ask again: `Retry-After`.
    pub(super) ask_again: bool,
    /// `WWW-Authenticate`.
    pub(super) challenge: Option<String>,
    /// `Allow`.
    pub(super) allow: Option<&'static str>,
    /// What a stricter judge would have said.
    pub(super) verdict: Option<String>,
    /// The operation that issuer Self is to answer.
    pub(super) answer_of_self: Option<Identifier>,
    /// The operation whose request is in the document: it is in the ledger before it goes.
    pub(super) handed_out: Option<Box<Operation>>,
    /// Whether the document holds a secret: it is wiped when it was sent.
    pub(super) is_secret: bool,
}

/// What the headers of each answer are made of.
pub(super) struct Headers {
    pub(super) id: Option<Identifier>,
    pub(super) client_id: Option<Bytes>,
}

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self::of(200, Some(body))
    }

    pub(super) fn secret(body: Value) -> Self {
        Self { is_secret: true, ..Self::ok(body) }
    }

    pub(super) fn of(status: u16, body: Option<Value>) -> Self {
        Self {
            status,
            body,
            encoded: None,
            location: None,
            ask_again: false,
            challenge: None,
            allow: None,
            verdict: None,
            answer_of_self: None,
            handed_out: None,
            is_secret: false,
        }
    }

    /// A document that was encoded before.
    pub(super) fn encoded(body: Bytes) -> Self {
        Self { encoded: Some(body), ..Self::of(200, None) }
    }

    /// Encodes the document of a plain answer of 200, and says what it came to.
    pub(super) fn encode(&mut self) -> Option<Bytes> {
        let is_plain = self.status == 200 && !self.is_secret && self.location.is_none();
        let body = self.body.as_ref().filter(|_| is_plain)?;
        let bytes = Bytes::from(serde_json::to_vec(body).ok()?);
        self.encoded = Some(bytes.clone());
        Some(bytes)
    }

    pub(super) fn refused(refusal: &Refusal) -> Self {
        let allow = (refusal.status == 405).then_some(METHODS);
        Self { allow, ask_again: refusal.is_for_now(), ..Self::of(refusal.status, Some(refusal.body())) }
    }

    /// 401, and where a token is to be had (reference 6.1). The form is exact: clients split it by hand.
    pub(super) fn challenge(host: &Host) -> Self {
        let refusal = Refusal::unauthorized();
        let resource = host.resource();
        let challenge = format!("Bearer authorization=\"{resource}/{TENANT}\", resource=\"{resource}\"");
        Self { challenge: Some(challenge), ..Self::refused(&refusal) }
    }

    /// `error.code`, for the log.
    pub(super) fn error_code(&self) -> Option<&str> {
        self.body.as_ref()?.get("error")?.get("code")?.as_str()
    }

    pub(super) fn into_response(mut self, headers: &Headers) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let sent = response.headers_mut();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                sent.insert(name, value);
            }
        };
        set(header::CACHE_CONTROL.as_str(), "no-cache");
        set(header::PRAGMA.as_str(), "no-cache");
        set(header::EXPIRES.as_str(), "-1");
        set(header::X_CONTENT_TYPE_OPTIONS.as_str(), "nosniff");
        // The service also sends Strict-Transport-Security. Not here: a browser would hold every other server on this
        // machine's localhost to it.
        set("x-ms-keyvault-region", "localhost");
        set("x-ms-keyvault-service-version", env!("CARGO_PKG_VERSION"));
        if let Some(id) = headers.id {
            set("x-ms-request-id", &uuid(id));
        }
        if let Some(location) = &self.location {
            set(header::LOCATION.as_str(), location);
        }
        if self.ask_again {
            set(header::RETRY_AFTER.as_str(), RETRY_AFTER_SECONDS);
        }
        if let Some(challenge) = &self.challenge {
            set(header::WWW_AUTHENTICATE.as_str(), challenge);
        }
        if let Some(allow) = self.allow {
            set(header::ALLOW.as_str(), allow);
        }
        if let Some(verdict) = &self.verdict {
            set("x-coldcert-verdict", verdict);
        }
        if let Some(id) = headers.client_id.as_ref().and_then(|id| HeaderValue::from_bytes(id).ok()) {
            sent.insert("x-ms-client-request-id", id);
        }
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        if let Some(encoded) = self.encoded {
            sent.insert(header::CONTENT_TYPE, json);
            *response.body_mut() = Body::from(encoded);
        } else if let Some(body) = &mut self.body {
            sent.insert(header::CONTENT_TYPE, json);
            let bytes = serde_json::to_vec(body).unwrap_or_default();
            if self.is_secret {
                wipe(body);
            }
            *response.body_mut() = match self.is_secret {
                true => Body::from(Bytes::from_owner(Wiped(Zeroizing::new(bytes)))),
                false => Body::from(bytes),
            };
        }
        response
    }
}

/// Bytes that are wiped when the last of it was written.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn wipe(value: &mut Value) {
    if let Some(Value::String(text)) = value.get_mut("value") {
        text.zeroize();
    }
}

/// 128 bits in the form of RFC 9562 4.
fn uuid(id: Identifier) -> String {
    let hex = id.to_string();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Recorded, whatever the issuer.
pub(super) const RETRY_AFTER_SECONDS: &str = "10";
/// Clients take the first part of the path for a tenant (reference 6.1).
const TENANT: &str = "00000000-0000-0000-0000-000000000000";
/// The methods that some path has, for `Allow`.
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
