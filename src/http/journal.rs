//! What was asked and answered: a line for each exchange, and, where a folder is given, a file.
//!
//! A line has no query, no header and no body. A file is a pair as the recordings of the service are, for lessons and
//! for reports of faults; secrets are left out of it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::Method;
use axum::http::request::Parts;
use serde_json::{Map, Value, json};

use super::answer::{Answer, RETRY_AFTER_SECONDS};
use super::host::Host;
use super::query;
use super::token::Tokens;
use crate::identifier::Identifier;
use crate::name::escape;
use crate::time::UnixTime;
use crate::wire::RequestBody;

/// Where exchanges are noted.
pub struct Journal {
    log: Option<Mutex<Box<dyn Write + Send>>>,
    pairs: Option<PathBuf>,
    count: AtomicU64,
}

impl Journal {
    /// One that writes a line of each exchange, and a file into a folder.
    pub fn new(log: Option<Box<dyn Write + Send>>, pairs: Option<PathBuf>) -> Self {
        let count = pairs.as_deref().map_or(0, last_number);
        Self { log: log.map(Mutex::new), pairs, count: AtomicU64::new(count.into()) }
    }

    /// Whether whole exchanges are kept.
    pub(super) fn records(&self) -> bool {
        self.pairs.is_some()
    }

    /// Writes a line. That nobody can read it is no reason to fail.
    pub(super) fn say(&self, now: UnixTime, text: &str) {
        if let Some(log) = &self.log {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            // In one piece: one call of the system, and no other process's line in its middle.
            let _ = log.write_all(format!("{now} {text}\n").as_bytes()).and_then(|()| log.flush());
        }
    }

    pub(super) fn note(&self, seen: &Seen, answer: &Answer, tokens: &Tokens, now: UnixTime, took: Duration) {
        if self.log.is_some() {
            let id = seen.id.map(|id| id.to_string()).unwrap_or_default();
            let mut line = format!(
                "{} {} {} {:.1}ms {id}",
                seen.method,
                escape(&seen.path),
                answer.status,
                took.as_secs_f64() * 1_000.0
            );
            if let Some(code) = answer.error_code() {
                line.push_str(&format!(" {}", escape(code)));
            }
            if let Some(verdict) = &answer.verdict {
                line.push_str(&format!(" [{verdict}]"));
            }
            self.say(now, &line);
        }
        if let Some(folder) = &self.pairs
            && let Err(error) = self.record(folder, seen, answer, tokens)
        {
            self.say(now, &format!("an exchange could not be recorded: {error}"));
        }
    }

    fn record(&self, folder: &Path, seen: &Seen, answer: &Answer, tokens: &Tokens) -> std::io::Result<()> {
        let mut headers = Map::new();
        let mut set = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                headers.insert(name.to_owned(), value.into());
            }
        };
        set("location", answer.location.clone());
        set("retry-after", answer.ask_again.then(|| RETRY_AFTER_SECONDS.to_owned()));
        set("www-authenticate", answer.challenge.clone());
        set("x-coldcert-verdict", answer.verdict.clone());
        let pair = json!({
            "method": seen.method.as_str(),
            "url": seen.url,
            "request": seen.request,
            "status": answer.status,
            "response_headers": headers,
            "response_body": answer.body.as_ref().map(|body| seen.answered(body)),
        });
        let pair = without_tokens(&pair, tokens);
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let name =
            format!("{number:06}_{}_{}.json", seen.method.as_str().to_ascii_lowercase(), answer.status);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name))?;
        file.write_all(format!("{pair:#}\n").as_bytes())
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("pairs", &self.pairs).finish_non_exhaustive()
    }
}

/// The number of the last file that an earlier server put into a folder.
fn last_number(folder: &Path) -> u32 {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let numbers = names.filter_map(|name| name.to_str()?.split('_').next()?.parse::<u32>().ok());
    numbers.max().unwrap_or(0)
}

/// What was seen of a request.
pub(super) struct Seen {
    id: Option<Identifier>,
    method: Method,
    path: String,
    query: String,
    url: String,
    request: Value,
    holds_token: bool,
}

impl Seen {
    pub(super) fn new(parts: &Parts, id: Option<Identifier>, tokens: &Tokens) -> Self {
        // Whole, before it is cut: the half of a token is a secret too.
        let kept = |text: &str| tokens.marked_in(text).chars().take(PATH_CHARACTERS_MAX).collect::<String>();
        let path = kept(parts.uri.path());
        let query = kept(&query::known(parts.uri.query().unwrap_or_default()));
        let holds_token = tokens.are_in(&parts.uri.to_string());
        let method = parts.method.clone();
        Self { id, method, url: path.clone(), path, query, request: Value::Null, holds_token }
    }

    /// Its document is JSON and its host is ours. Where a secret is in the document, only what stands beside it is kept.
    pub(super) fn understood(&mut self, host: &Host, body: &RequestBody, beside_secret: Option<&[&str]>) {
        self.url = format!("https://{}{}?{}", host.as_str(), self.path, self.query);
        if !body.members().is_empty() {
            self.request = without_secrets(&match beside_secret {
                Some(beside) => kept_beside(body.members(), beside),
                None => Value::Object(body.members().clone()),
            });
        }
    }

    /// The answer's document without what is secret. The message of an error repeats parts of an address, also the half of a
    /// token.
    fn answered(&self, body: &Value) -> Value {
        let mut body = without_secrets(body);
        if self.holds_token
            && let Some(message) = body.pointer_mut("/error/message")
        {
            *message = LEFT_OUT.into();
        }
        body
    }
}

/// The document of an operation that is given a secret, and of its members none but those that stand beside it: whatever
/// else is there may be the secret under another name.
fn kept_beside(members: &Map<String, Value>, beside: &[&str]) -> Value {
    let kept = members.iter().map(|(name, member)| match beside.contains(&name.as_str()) {
        true => (name.clone(), member.clone()),
        false => (name.clone(), left_out(member)),
    });
    Value::Object(kept.collect())
}

/// The document with its private keys, passwords and backups left out: what stands under `value` and `pwd`, and under what
/// others call that, whatever it is.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().map(|(name, member)| match is_secret(name, member) {
                true => (name.clone(), left_out(member)),
                false => (name.clone(), without_secrets(member)),
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}

fn is_secret(name: &str, member: &Value) -> bool {
    match name.to_ascii_lowercase().as_str() {
        // A page of a list has its items there.
        "value" => !member.as_array().is_some_and(|items| items.iter().all(Value::is_object)),
        "pwd" | "password" | "passphrase" => true,
        _ => false,
    }
}

/// A null stands for a member that is not there, and stays.
fn left_out(member: &Value) -> Value {
    if member.is_null() { Value::Null } else { LEFT_OUT.into() }
}

/// The document with a mark in the place of each of the server's tokens, in names too.
fn without_tokens(value: &Value, tokens: &Tokens) -> Value {
    match value {
        Value::Object(members) => {
            let kept =
                members.iter().map(|(name, member)| (tokens.marked_in(name), without_tokens(member, tokens)));
            Value::Object(kept.collect())
        }
        Value::Array(items) => items.iter().map(|item| without_tokens(item, tokens)).collect(),
        Value::String(text) => tokens.marked_in(text).into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

const LEFT_OUT: &str = "(left out)";
const PATH_CHARACTERS_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_go_on_where_an_earlier_server_stopped() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(last_number(folder.path()), 0);
        for name in ["000007_get_200.json", "000012_post_202.json", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(last_number(folder.path()), 12);
        assert_eq!(last_number(&folder.path().join("nowhere")), 0);
    }

    #[test]
    fn secrets_are_left_out_wherever_they_stand() {
        let value = json!({"value": "key", "pwd": "word", "x5c": ["cer"], "credentials": {"pwd": "word"},
            "page": {"value": [{"id": "1", "Value": "key"}]}, "empty": {"value": [], "pwd": null}});
        let expected = json!({"value": LEFT_OUT, "pwd": LEFT_OUT, "x5c": ["cer"], "credentials": {"pwd": LEFT_OUT},
            "page": {"value": [{"id": "1", "Value": LEFT_OUT}]}, "empty": {"value": [], "pwd": null}});
        assert_eq!(without_secrets(&value), expected);
    }

    #[test]
    fn secrets_are_left_out_whatever_they_are() {
        for secret in [json!(987_654_321), json!(["key"]), json!([{"x": "key"}, "key"]), json!({"x": "key"})]
        {
            let kept = without_secrets(&json!({"a": {"value": secret, "Pwd": secret, "passphrase": secret}}));
            assert_eq!(kept, json!({"a": {"value": LEFT_OUT, "Pwd": LEFT_OUT, "passphrase": LEFT_OUT}}));
        }
    }

    #[test]
    fn of_a_document_with_a_secret_only_what_stands_beside_it_is_kept() {
        let sent = json!({"value": [{"x": "key"}], "Secret": "word", "tags": {"a": "b"}, "pwd": null});
        let kept = kept_beside(sent.as_object().unwrap(), &["tags"]);
        assert_eq!(kept, json!({"value": LEFT_OUT, "Secret": LEFT_OUT, "tags": {"a": "b"}, "pwd": null}));
    }

    #[test]
    fn no_token_is_kept_of_an_address_not_even_half_of_one() {
        let tokens = Tokens::these(vec!["0123456789abcdef".to_owned().into()]).unwrap();
        let long = "x".repeat(PATH_CHARACTERS_MAX - 20);
        for place in ["0123456789abcdef", "%30123456789abcdef", &format!("{long}0123456789abcdef")] {
            let uri = format!("/certificates/{place}?token=0123456789abcdef&sig=SECRET&$skiptoken={place}");
            let (parts, ()) = axum::http::Request::builder().uri(uri).body(()).unwrap().into_parts();
            let seen = Seen::new(&parts, None, &tokens);
            for kept in [&seen.path, &seen.url, &seen.query] {
                assert!(!kept.contains("0123456") && !kept.contains("SECRET"), "{kept}");
            }
        }
    }
}
