//! A managed identity endpoint as App Service has it, on a loopback port of its own and without TLS, as that protocol
//! wants it: so that programs with a DefaultAzureCredential run unmodified. It hands the server's token to whoever
//! knows the secret of the header.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::service::Service;

/// What the endpoint works with.
pub(super) struct Identity {
    pub(super) service: Arc<Service>,
    /// `IDENTITY_HEADER`.
    pub(super) secret: Zeroizing<String>,
}

pub(super) fn app(identity: Arc<Identity>) -> Router {
    Router::new().route(PATH, get(token)).with_state(identity)
}

/// `GET /msi/token?resource=…&api-version=2019-08-01` with `X-IDENTITY-HEADER`.
async fn token(
    State(identity): State<Arc<Identity>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let given = headers.get("x-identity-header").map(|value| value.as_bytes()).unwrap_or_default();
    if verify_slices_are_equal(given, identity.secret.as_bytes()).is_err() {
        return answer(
            StatusCode::UNAUTHORIZED,
            &json!({"statusCode": 401, "message": "another X-IDENTITY-HEADER is expected"}),
        );
    }
    let query = query.unwrap_or_default();
    let resource = query.split('&').find_map(|pair| pair.strip_prefix("resource="));
    let resource = resource.and_then(|text| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned()));
    let Some(resource) = resource else {
        return answer(
            StatusCode::BAD_REQUEST,
            &json!({"statusCode": 400, "message": "a resource is expected"}),
        );
    };
    // The clients' clock, which is the machine's.
    let expires = crate::time::UnixTime::now().plus_seconds(TOKEN_SECONDS).unix_seconds();
    answer(
        StatusCode::OK,
        &json!({
            "access_token": identity.service.tokens().secret_first(),
            "expires_on": expires.to_string(),
            "resource": resource,
            "token_type": "Bearer",
        }),
    )
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// The path that App Service uses.
pub(super) const PATH: &str = "/msi/token";
/// The token lives as long as the server; clients ask again after this.
const TOKEN_SECONDS: i64 = 86_400;
