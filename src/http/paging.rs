//! Lists by page: `maxresults`, and `nextLink` with the place where the next page begins.
//!
//! The place is a name or an id, and not a count, so that what comes and goes between two pages moves no other item.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use super::exchange::Exchange;
use crate::json;
use crate::wire::{self, Refusal};

/// Where a page begins.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// After this item; empty for the first page.
    pub(super) after: String,
    /// Whether the first page was asked for with those that wait: the service's links do not repeat it.
    pub(super) include_pending: bool,
}

impl Place {
    pub(super) fn of(exchange: &Exchange) -> Result<Self, Refusal> {
        let include_pending = exchange.query.include_pending;
        let Some(token) = &exchange.query.skip_token else {
            return Ok(Self { after: String::new(), include_pending });
        };
        let invalid = || Refusal::bad_parameter("Property $skiptoken has invalid value: it is none of ours");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).map_err(|_| invalid())?;
        let token = json::read(&bytes).map_err(|_| invalid())?;
        let after = token[MARKER].as_str().ok_or_else(invalid)?.to_owned();
        Ok(Self { after, include_pending: include_pending || token[PENDING] == true })
    }

    /// A page of at most so many items as were asked for; one more than that tells that there is another page.
    pub(super) fn page<T>(
        &self,
        exchange: &Exchange,
        path: &str,
        mut found: Vec<T>,
        place_of: impl Fn(&T) -> String,
        item_of: impl Fn(&T) -> Option<Value>,
    ) -> Value {
        let size = usize::try_from(exchange.query.page_size).unwrap_or(usize::MAX);
        let is_last = found.len() <= size;
        found.truncate(size);
        let next = found.last().filter(|_| !is_last).map(|last| self.link(exchange, path, &place_of(last)));
        let items: Vec<Value> = found.iter().filter_map(item_of).collect();
        wire::page_before(&items, next.as_deref())
    }

    /// The service's form, port and all (reference 1.4).
    fn link(&self, exchange: &Exchange, path: &str, after: &str) -> String {
        let mut token = serde_json::json!({MARKER: after, "TargetLocation": 0});
        if self.include_pending {
            token[PENDING] = true.into();
        }
        let token = BASE64_URL_SAFE_NO_PAD.encode(token.to_string());
        let (host, version) = (exchange.host.with_port(), &exchange.query.api_version);
        let size = exchange.query.page_size;
        format!("https://{host}/{path}?api-version={version}&$skiptoken={token}&maxresults={size}")
    }
}

/// One more than a page holds.
pub(super) fn one_more(exchange: &Exchange) -> u32 {
    exchange.query.page_size + 1
}

const MARKER: &str = "NextMarker";
const PENDING: &str = "IncludePending";
