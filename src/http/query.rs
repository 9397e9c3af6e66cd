//! The query of a request. Keys are decoded too: the JavaScript client writes `api%2Dversion` (reference 1).

use percent_encoding::percent_decode_str;

use crate::identifier::Identifier;
use crate::wire::Refusal;

/// The parameters that the service knows.
#[derive(Debug)]
pub(super) struct Query {
    /// `api-version`, well formed.
    pub(super) api_version: String,
    /// `maxresults`.
    pub(super) page_size: u32,
    /// `includePending`.
    pub(super) include_pending: bool,
    /// `$skiptoken`, as it was given.
    pub(super) skip_token: Option<String>,
    /// `request_id`; an id that cannot be one fits no operation.
    pub(super) request_id: Option<Result<Identifier, String>>,
}

impl Query {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let mut api_version = None;
        let mut query = Self {
            api_version: String::new(),
            page_size: PAGE_SIZE_MAX,
            include_pending: false,
            skip_token: None,
            request_id: None,
        };
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (key, value) = (decoded(key)?, decoded(value)?);
            // Like other query keys of ASP.NET, in any case.
            match key.to_ascii_lowercase().as_str() {
                "api-version" => api_version = Some(value),
                "maxresults" => query.page_size = page_size(&value)?,
                "includepending" => query.include_pending = value.eq_ignore_ascii_case("true"),
                "$skiptoken" => query.skip_token = Some(value),
                "request_id" => query.request_id = Some(Identifier::from_hex(&value).ok_or(value)),
                _ => {}
            }
        }
        query.api_version =
            api_version.ok_or_else(|| Refusal::bad_parameter("The request has no api-version."))?;
        if !is_api_version(&query.api_version) {
            return Err(Refusal::bad_parameter(format!(
                "The specified version ({}) is not recognized. Consider using the latest supported version (2025-07-01).",
                query.api_version.escape_default().take(VERSION_CHARACTERS_MAX).collect::<String>()
            )));
        }
        Ok(query)
    }
}

/// Of a query the parameters that the service knows, as they were written: whatever else is there may be a secret.
pub(super) fn known(text: &str) -> String {
    let is_known = |pair: &&str| {
        let key = percent_decode_str(pair.split('=').next().unwrap_or_default()).decode_utf8();
        key.is_ok_and(|key| KNOWN.contains(&key.to_ascii_lowercase().as_str()))
    };
    text.split('&').filter(is_known).collect::<Vec<_>>().join("&")
}

/// `+` stands for itself: no client of the service writes a form.
fn decoded(text: &str) -> Result<String, Refusal> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| Refusal::bad_parameter("The request's query is not UTF-8."))?;
    Ok(decoded.into_owned())
}

fn page_size(text: &str) -> Result<u32, Refusal> {
    let size = text.parse().ok().filter(|size| (1..=PAGE_SIZE_MAX).contains(size));
    size.ok_or_else(|| {
        Refusal::bad_parameter(format!(
            "Property maxresults has invalid value: 1 to {PAGE_SIZE_MAX} is allowed"
        ))
    })
}

/// `2015-06-01`, `7.4`, `7.6-preview.2`, `2026-07-01-preview`: any that is well formed (reference 1.1).
fn is_api_version(text: &str) -> bool {
    let (version, preview) = match text.split_once("-preview") {
        Some((version, preview)) => (version, Some(preview)),
        None => (text, None),
    };
    let digits = |part: &str, count: std::ops::RangeInclusive<usize>| {
        count.contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit())
    };
    let dated = version.split('-').collect::<Vec<_>>();
    let numbered = version.split('.').collect::<Vec<_>>();
    let is_version = match (dated.as_slice(), numbered.as_slice()) {
        ([year, month, day], _) => digits(year, 4..=4) && digits(month, 2..=2) && digits(day, 2..=2),
        (_, [major, minor]) => digits(major, 1..=3) && digits(minor, 1..=3),
        _ => false,
    };
    let is_preview = preview
        .is_none_or(|rest| rest.is_empty() || rest.strip_prefix('.').is_some_and(|n| digits(n, 1..=3)));
    is_version && is_preview
}

/// The keys that [`Query::read`] looks for.
const KNOWN: [&str; 5] = ["api-version", "maxresults", "includepending", "$skiptoken", "request_id"];
/// The service's default and its most (reference 1.3).
pub const PAGE_SIZE_MAX: u32 = 25;
const VERSION_CHARACTERS_MAX: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_api_version_that_is_well_formed_is_taken() {
        for version in
            ["2015-06-01", "7.0", "7.6-preview.2", "7.1-preview", "2026-07-01-preview", "2025-07-01"]
        {
            assert!(is_api_version(version), "{version}");
        }
        for version in ["", "7", "latest", "7.4-beta", "2025-7-1", "7.4-previews", "7.4.1", "-preview", "٧.٤"]
        {
            assert!(!is_api_version(version), "{version}");
        }
    }

    #[test]
    fn of_a_query_what_is_known_is_kept_as_it_was_written() {
        let well_formed = "api%2Dversion=7.4&MaxResults=3&includePending=True&$skiptoken=a%3D&request_id=0";
        assert_eq!(known(well_formed), well_formed);
        assert_eq!(known("token=SECRET&api-version=7.4&SECRET&=SECRET&sig%=SECRET"), "api-version=7.4");
    }

    #[test]
    fn keys_are_decoded_and_what_is_unknown_is_passed_over() {
        let query =
            Query::read("api%2Dversion=7.4&maxresults=3&x=y&includePending=True&$skiptoken=a%3D").unwrap();
        assert_eq!((query.api_version.as_str(), query.page_size, query.include_pending), ("7.4", 3, true));
        assert_eq!(query.skip_token.as_deref(), Some("a="));
        for wrong in [
            "",
            "maxresults=3",
            "api-version=x",
            "api-version=7.4&maxresults=26",
            "api-version=7.4&maxresults=0",
        ] {
            assert_eq!(Query::read(wrong).unwrap_err().status, 400, "{wrong}");
        }
    }
}
