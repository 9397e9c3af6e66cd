//! A ledger on paper: one HTML page that needs nothing else, with lines to sign on.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Entry, Head};
use crate::report::escaped;
use crate::time::UnixTime;

/// The page. `title` says whose ledger it is.
pub fn sheet(title: &str, entries: &[Entry], head: &Head, at: UnixTime) -> String {
    let title = escaped(title);
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>Printed at {at} by coldcert {}. The ledger ended in entry {}, with the head</p>\n<p class=\"head\">{head}</p>\n",
        env!("CARGO_PKG_VERSION"),
        head.sequence,
    );
    page.push_str("<table>\n<thead><tr><th>No.</th><th>Time (UTC)</th><th>Act</th><th>About</th><th>By, opened by, seen by, why</th></tr></thead>\n<tbody>\n");
    for entry in entries {
        row(&mut page, entry);
    }
    page.push_str("</tbody>\n</table>\n<table class=\"signatures\">\n");
    for who in ["Operator", "Witness", "Auditor"] {
        let _ = writeln!(
            page,
            "<tr><td>{who}</td><td class=\"line\">name</td><td class=\"line\">date</td><td class=\"line\">signature</td></tr>"
        );
    }
    let _ = write!(
        page,
        "</table>\n<p>To check this sheet against the vault: <code>coldcert audit verify --head {head}</code></p>\n</body>\n</html>\n"
    );
    page
}

fn row(page: &mut String, entry: &Entry) {
    let mut about: Vec<String> = Vec::new();
    about.extend(entry.name.as_deref().map(|name| format!("<b>{}</b>", escaped(name))));
    about.extend(entry.version.as_deref().map(|version| format!("version {}", escaped(version))));
    about.extend(entry.public_key.map(|key| format!("key {}", key.short())));
    about.extend(entry.told().map(|(member, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        escaped(&format!("{member} {value}"))
    }));
    let mut by = vec![escaped(&entry.operator)];
    by.extend(entry.opened_by().map(|seal| format!("opened by {}", escaped(seal))));
    by.extend(entry.witness.as_deref().map(|witness| format!("seen by {}", escaped(witness))));
    by.extend(entry.reason.as_deref().map(|reason| format!("<i>{}</i>", escaped(reason))));
    let _ = writeln!(
        page,
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        entry.sequence,
        entry.time,
        entry.act.name(),
        about.join("<br>"),
        by.join("<br>")
    );
}

const STYLE: &str = "body{font:12px/1.4 sans-serif;max-width:64em;margin:2em auto;padding:0 1em;color:#222}\
h1{font-size:1.4em}.head{font:bold 1.3em monospace;border:2px solid;padding:.5em;display:inline-block}\
table{border-collapse:collapse;width:100%;margin:1em 0}thead{display:table-header-group}\
td,th{border:1px solid #888;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}td:nth-child(-n+3){white-space:nowrap}\
tr{break-inside:avoid}.signatures td{height:3em}.line{color:#888;width:28%}\
@media print{body{margin:0;max-width:none;font-size:10px}}";
