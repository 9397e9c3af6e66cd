//! Key Vault's certificates data plane over HTTP: [`app`] is a plain [`Router`] over a [`Service`], and [`Server`]
//! puts it behind TLS on the loopback.
//!
//! A request goes one way: is it for a host of ours, has it a token, what does it ask for, is its document understood.
//! Only then a connection to the vault is taken, on a thread that may block. Whatever happens, the answer has the
//! service's envelope (reference 2.6), and nothing of a request's body or a secret goes into the log.

mod admin;
mod answer;
mod certificates;
mod clock;
mod exchange;
mod file;
mod host;
mod identity;
mod journal;
mod kept;
mod keys;
mod named;
mod paging;
mod pool;
mod query;
mod route;
mod server;
mod service;
mod tls;
mod token;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use zeroize::Zeroizing;

use crate::identifier::Identifier;
use crate::vault::Vault;
use crate::wire::{Asked, Refusal, RequestBody};

use answer::{Answer, Headers};
use exchange::Exchange;
use host::Host;
use journal::Seen;
use query::Query;
use route::Route;

pub use clock::Clock;
pub use host::Names;
pub use journal::Journal;
pub use pool::VAULT_CONNECTIONS_MAX;
pub use query::PAGE_SIZE_MAX;
pub use server::{
    CONNECTIONS_MAX, HANDSHAKE_WAIT, HEADER_BYTES_MAX, HEADER_WAIT, HEADERS_MAX, IDENTITY_CONNECTIONS_MAX,
    Listening, STOP_WAIT, ServeError, Server, is_ready_file,
};
pub use service::{Service, Settings};
pub use tls::TlsError;
pub use token::{TOKEN_CHARACTERS_MIN, Tokens};

/// The service as a router: for a server, or for a test without a socket.
pub fn app(service: Arc<Service>) -> Router {
    Router::new().fallback(exchange).with_state(service)
}

/// One request and its answer.
async fn exchange(State(service): State<Arc<Service>>, request: Request) -> Response {
    let started = Instant::now();
    let id = Identifier::random();
    let (parts, body) = request.into_parts();
    let mut seen = Seen::new(&parts, id, service.tokens());
    let answer = match answered(&service, &parts, body, &mut seen).await {
        Ok(answer) => answer,
        Err(refusal) => Answer::refused(&refusal),
    };
    if let Some(request_id) = answer.answer_of_self {
        service.answer_of_self_later(request_id);
    }
    let headers = Headers { id, client_id: client_id(&parts.headers) };
    service.journal().note(&seen, &answer, service.tokens(), service.now(), started.elapsed());
    answer.into_response(&headers)
}

async fn answered(
    service: &Arc<Service>,
    parts: &axum::http::request::Parts,
    body: Body,
    seen: &mut Seen,
) -> Result<Answer, Refusal> {
    let host = Host::of(parts, service.names())?;
    // Before anything is looked at: clients send their first request without a token, and without its body
    // (reference 6.1).
    if !service.tokens().admits(parts.headers.get(header::AUTHORIZATION)) {
        return Ok(Answer::challenge(&host));
    }
    let asked = service.answers().and_then(|_| kept::Asked::of(&host, parts));
    if let Some(answer) = asked.as_ref().zip(service.answers()).and_then(|(asked, kept)| kept.again(asked)) {
        return Ok(answer);
    }
    let route = Route::of(&parts.method, parts.uri.path())?;
    let query = Query::read(parts.uri.query().unwrap_or_default())?;
    let bytes = match parts.method == Method::GET || parts.method == Method::DELETE {
        true => Zeroizing::new(Vec::new()),
        false => read(body).await?,
    };
    if !bytes.is_empty() && !is_json(&parts.headers) {
        return Err(Refusal::bad_parameter(
            "The content type is not supported: application/json is expected.",
        ));
    }
    let body = RequestBody::read(&bytes)?;
    drop(bytes);
    seen.understood(&host, &body, route.members_beside_secret());
    let exchange = Exchange { service: Arc::clone(service), host, query, body };
    let is_to_write = route.is_to_write();
    let work = move |vault: &mut Vault| done(&route, &exchange, vault, asked);
    match is_to_write {
        true => service.pool().with_writer(work).await,
        false => service.pool().with(work).await,
    }
}

/// Does what was asked. That a request is handed out is in the ledger before it goes.
fn done(
    route: &Route,
    exchange: &Exchange,
    vault: &mut Vault,
    asked: Option<kept::Asked>,
) -> Result<Answer, Refusal> {
    let mut answer = looked_up(route, exchange, vault, asked)?;
    if let Some(operation) = answer.handed_out.take() {
        let recorded = exchange.service.hands_out(vault, &operation);
        recorded.map_err(|error| Refusal::of(&error, Asked::ToLook, &exchange.base()))?;
    }
    Ok(answer)
}

/// Does what was asked, and keeps the answer where it may be kept.
fn looked_up(
    route: &Route,
    exchange: &Exchange,
    vault: &mut Vault,
    asked: Option<kept::Asked>,
) -> Result<Answer, Refusal> {
    let Some((asked, answers)) = asked.zip(exchange.service.answers()) else {
        return route.run(exchange, vault);
    };
    let looked = vault.at_one_state(|vault| route.run(exchange, vault));
    let (answer, state) = looked.map_err(|error| Refusal::of(&error, Asked::ToLook, &exchange.base()))?;
    let mut answer = answer?;
    if let Some(state) = state {
        answers.keep(asked, state, &mut answer);
    }
    Ok(answer)
}

/// The whole body, in time and within its limit.
async fn read(body: Body) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    // What says that it is too long need not be waited for.
    if usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX) > BODY_BYTES_MAX {
        return Err(too_long());
    }
    let collected = tokio::time::timeout(BODY_WAIT, Limited::new(body, BODY_BYTES_MAX).collect()).await;
    match collected {
        Ok(Ok(whole)) => Ok(Zeroizing::new(Vec::from(whole.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_long()),
        Ok(Err(_)) => Err(Refusal::bad_parameter("The request body could not be read.")),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT.as_u16(),
            "RequestTimeout",
            format!("The request body did not come within {} seconds.", BODY_WAIT.as_secs()),
        )),
    }
}

fn too_long() -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE.as_u16(),
        "RequestEntityTooLarge",
        format!("The request body is longer than {BODY_BYTES_MAX} bytes."),
    )
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// What a client calls its request, where it wants to hear it again (reference 6.4).
fn client_id(headers: &HeaderMap) -> Option<Bytes> {
    let wanted = headers.get("x-ms-return-client-request-id")?;
    let id = headers.get("x-ms-client-request-id")?;
    let is_short = id.len() <= CLIENT_ID_BYTES_MAX;
    (wanted.as_bytes().eq_ignore_ascii_case(b"true") && is_short)
        .then(|| Bytes::copy_from_slice(id.as_bytes()))
}

/// A backup of a hundred versions of RSA 4096 with their chains, in base64 twice, has two thirds of this. It bounds what
/// one request keeps in memory.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a body may take: nobody on the loopback needs more, and whoever sends a byte now and then must not stay.
pub const BODY_WAIT: std::time::Duration = std::time::Duration::from_secs(30);
/// Azure's guidelines have a UUID there; what is longer is not echoed.
pub const CLIENT_ID_BYTES_MAX: usize = 128;
