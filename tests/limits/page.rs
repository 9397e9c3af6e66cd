//! `docs/limits.md`, read: a row for each limit.

use std::fs;
use std::path::Path;

/// A row: what stands in its columns.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) value: u64,
    pub(crate) source: String,
    /// What the error begins with.
    pub(crate) error: Option<String>,
    /// Why there is no case for it, or which other test provokes it.
    pub(crate) not_provoked: Option<String>,
}

/// Every row that begins with a key.
pub(crate) fn rows() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md");
    let page = fs::read_to_string(path).expect("docs/limits.md");
    page.lines().filter(|line| line.starts_with("| `")).map(Row::read).collect()
}

impl Row {
    /// ``| `key` what it limits | 1,000 things (more) | source | `error` ``; in the last column also `not provoked: why`, or
    /// `` `tests/serve.rs`: how ``.
    fn read(line: &str) -> Self {
        let columns: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").map(str::trim).collect();
        let [limit, value, source, error] = columns.as_slice() else { panic!("four columns: {line}") };
        let key = limit.split('`').nth(1).expect("a key").to_owned();
        let digits: String = value.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
        let elsewhere = error.strip_prefix("`tests/serve.rs`: ");
        let not_provoked = error.strip_prefix("not provoked: ").or(elsewhere).map(str::to_owned);
        Self {
            value: digits.replace(',', "").parse().unwrap_or_else(|_| panic!("a number: {line}")),
            source: (*source).to_owned(),
            error: not_provoked.is_none().then(|| error.trim_matches('`').to_owned()),
            not_provoked,
            key,
        }
    }

    /// What of the row is not so.
    pub(crate) fn faults(&self, value: u64, found: &str) -> Vec<String> {
        let mut faults = Vec::new();
        if self.value != value {
            faults.push(format!("{}: the page says {}, the program has {value}", self.key, self.value));
        }
        match &self.error {
            None => faults.push(format!("{}: the page has no error, and it is: {found}", self.key)),
            Some(error) if !found.starts_with(error) => {
                faults.push(format!("{}: the page says {error:?}, and it is: {found}", self.key));
            }
            Some(_) => {}
        }
        // The service's own words are sent as they are, whatever they leave out.
        if !self.source.contains("the service's words") && !found.contains(&self.value.to_string()) {
            faults.push(format!("{}: the error does not name {}: {found}", self.key, self.value));
        }
        faults
    }
}
