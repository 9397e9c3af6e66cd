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

    pub(super) fn note(&self, seen: &Seen, answer: &Answer, now: UnixTime, took: Duration) {
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
            && let Err(error) = self.record(folder, seen, answer)
        {
            self.say(now, &format!("an exchange could not be recorded: {error}"));
        }
    }

    fn record(&self, folder: &Path, seen: &Seen, answer: &Answer) -> std::io::Result<()> {
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
            "response_body": answer.body.as_ref().map(without_secrets),
        });
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
}

impl Seen {
    pub(super) fn new(parts: &Parts, id: Option<Identifier>) -> Self {
        let path: String = parts.uri.path().chars().take(PATH_CHARACTERS_MAX).collect();
        let query = parts.uri.query().unwrap_or_default().chars().take(PATH_CHARACTERS_MAX).collect();
        Self { id, method: parts.method.clone(), url: path.clone(), path, query, request: Value::Null }
    }

    /// Its document is JSON and its host is ours.
    pub(super) fn understood(&mut self, host: &Host, body: &RequestBody) {
        self.url = format!("https://{}{}?{}", host.as_str(), self.path, self.query);
        if !body.members().is_empty() {
            self.request = without_secrets(&Value::Object(body.members().clone()));
        }
    }
}

/// The document with its private keys, passwords and backups left out: the texts of `value` and `pwd`.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().map(|(name, member)| match member {
                Value::String(_) if ["value", "pwd"].contains(&name.to_ascii_lowercase().as_str()) => {
                    (name.clone(), Value::from(LEFT_OUT))
                }
                member => (name.clone(), without_secrets(member)),
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        other => other.clone(),
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
            "page": {"value": [{"id": "1", "Value": "key"}]}});
        let expected = json!({"value": LEFT_OUT, "pwd": LEFT_OUT, "x5c": ["cer"], "credentials": {"pwd": LEFT_OUT},
            "page": {"value": [{"id": "1", "Value": LEFT_OUT}]}});
        assert_eq!(without_secrets(&value), expected);
    }
}
