//! `coldcert show`, `list`, `versions`

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::Args;
use serde_json::Value;

use super::context::Context;
use super::error::CliError;
use super::pending::{or_none, state};
use super::table::Table;
use super::terminal::{escape, json_text};
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::pending::Operation;
use crate::policy::{ObjectName, Tags};
use crate::record::Record;
use crate::time::UnixTime;
use crate::vault::{CertificateView, ListOptions, VaultError};
use crate::wire;

/// Show a certificate
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  $ coldcert show www\n  $ coldcert show www --json")]
pub(super) struct Show {
    /// The certificate's name
    name: String,
    /// A version's id [default: the newest]
    #[arg(long, value_name = "V")]
    version: Option<String>,
}

impl Show {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let version = self.version.as_deref().map(version_id).transpose()?;
        let view = context.open()?.certificate(&name, version)?;
        if context.json {
            // A stated version has no policy and no operation (reference 1.4).
            return match (&view.record, version) {
                (Some(record), Some(_)) => {
                    let version = wire::version(&context.base(), record);
                    context.write_json(&wire::with_own_members(version, Some(record)))
                }
                _ => context.write_certificate(&view),
            };
        }
        let text = described(&view, context.now);
        context.artifact(text.as_bytes())
    }
}

/// List the certificates of the vault
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  $ coldcert list\n  $ coldcert list --include-pending")]
pub(super) struct List {
    /// Also those that wait for their first version
    #[arg(long)]
    include_pending: bool,
    /// The deleted ones instead
    #[arg(long)]
    deleted: bool,
}

impl List {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let vault = context.open()?;
        let options = ListOptions { include_pending: self.include_pending, deleted: self.deleted };
        let base = context.base();
        let mut items = Items::default();
        let mut after = String::new();
        let mut count = 0;
        let mut table = Table::new(["NAME", "STATE", "UNTIL", "SUBJECT"]);
        // Page by page, so that a vault of any size is listed in the memory of one page.
        loop {
            let page = vault.list(options, &after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.name.to_string();
            count += page.len();
            for view in &page {
                if context.json {
                    let text = items.next(&wire::list_item(&base, view));
                    context.artifact(text.as_bytes())?;
                } else {
                    table.row(context, listed(view, context.now))?;
                }
            }
        }
        if context.json {
            return context.artifact(items.end().as_bytes());
        }
        table.end(context)?;
        if count == 0 {
            context.say("nothing to list");
        }
        Ok(())
    }
}

/// A page of Key Vault's kind, [`wire::page`], written item by item: one document, in the memory of one item.
#[derive(Debug, Default)]
struct Items {
    begun: bool,
}

impl Items {
    fn next(&mut self, item: &Value) -> String {
        let before = if self.begun { "," } else { "{\n  \"value\": [" };
        self.begun = true;
        format!("{before}\n    {}", json_text(item).trim_end().replace('\n', "\n    "))
    }

    fn end(self) -> String {
        match self.begun {
            true => "\n  ],\n  \"nextLink\": null\n}\n".to_owned(),
            false => json_text(&wire::page(&[])),
        }
    }
}

/// List the versions of a certificate, newest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  $ coldcert versions www")]
pub(super) struct Versions {
    /// The certificate's name
    name: String,
}

impl Versions {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let vault = context.open()?;
        let records = vault.versions(&name)?;
        if context.json {
            let base = context.base();
            let items: Vec<_> = records.iter().map(|record| wire::version_item(&base, record)).collect();
            return context.write_json(&wire::page(&items));
        }
        let mut table = Table::new(["VERSION", "STATE", "UNTIL", "SUBJECT"]);
        for record in &records {
            let cells = [
                record.version.to_string(),
                standing(record, context.now),
                record.certificate.not_after().date(),
                or_none(record.certificate.subject()),
            ];
            table.row(context, cells)?;
        }
        table.end(context)?;
        if records.is_empty() {
            context.say(&format!("{} has no version yet", vault.certificate(&name, None)?.name));
        }
        Ok(())
    }
}

/// The value of `--version`.
pub(super) fn version_id(text: &str) -> Result<Identifier, CliError> {
    Identifier::from_hex(text).ok_or_else(|| CliError::Option {
        option: "--version",
        value: text.to_owned(),
        allowed: "32 hex digits".to_owned(),
    })
}

fn listed(view: &CertificateView, now: UnixTime) -> [String; 4] {
    let (state, until, subject) = match (&view.record, &view.deletion) {
        (_, Some(deletion)) => {
            let until = deletion.scheduled_purge.date();
            (
                "deleted".to_owned(),
                until,
                view.policy.subject.as_ref().map(|subject| subject.text().to_owned()),
            )
        }
        (Some(record), None) => (
            with_renewal(standing(record, now), view),
            record.certificate.not_after().date(),
            Some(or_none(record.certificate.subject())),
        ),
        (None, None) => {
            let state = view.operation.as_ref().map_or_else(|| "no version".to_owned(), state);
            let subject = view.operation.as_ref().map(|operation| or_none(operation.request().subject()));
            (state, "-".to_owned(), subject)
        }
    };
    [view.name.to_string(), state, until, subject.unwrap_or_else(|| "none".to_owned())]
}

/// A renewal that waits is seen in the list too.
fn with_renewal(standing: String, view: &CertificateView) -> String {
    match view.operation {
        Some(Operation::InProgress(_)) => format!("{standing}, renewal in progress"),
        _ => standing,
    }
}

/// How a version stands, in a word.
fn standing(record: &Record, now: UnixTime) -> String {
    let word = if !record.enabled {
        "disabled"
    } else if now > record.certificate.not_after() {
        "expired"
    } else if now < record.certificate.not_before() {
        "not yet valid"
    } else {
        "valid"
    };
    word.to_owned()
}

fn described(view: &CertificateView, now: UnixTime) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<12}{value}");
    };
    line("name", view.name.as_str());
    match &view.record {
        Some(record) => describe_record(record, now, &mut line),
        None => {
            line("state", "no version yet");
            if let Some(subject) = &view.policy.subject {
                line("subject", subject.text());
            }
            describe_tags(&view.tags, &mut line);
        }
    }
    if let Some(operation) = &view.operation {
        line("operation", &format!("{}, request {}", state(operation), operation.request_id()));
    }
    line("issuer", &format!("{} (policy)", view.policy.issuer.name));
    text
}

fn describe_record(record: &Record, now: UnixTime, line: &mut dyn FnMut(&str, &str)) {
    let certificate = &record.certificate;
    line("version", &record.version.to_string());
    line("state", &standing(record, now));
    line("subject", &or_none(certificate.subject()));
    let names: Vec<String> = certificate.alternative_names().iter().map(ToString::to_string).collect();
    line("names", &if names.is_empty() { "none".to_owned() } else { names.join(", ") });
    line("valid", &format!("{} until {}", certificate.not_before(), certificate.not_after()));
    let exportable = if record.exportable { "exportable" } else { "not exportable" };
    line("key", &format!("{}, {exportable}", certificate.public_key().algorithm()));
    line("secret", record.content_type.media_type());
    line("x5t", &BASE64_URL_SAFE_NO_PAD.encode(certificate.sha1()));
    line("sha256", &Fingerprint::of(certificate.as_der()).to_string());
    line("key sha256", &certificate.public_key().fingerprint().to_string());
    for (index, issuer) in record.issuers.iter().enumerate() {
        line(if index == 0 { "chain" } else { "" }, &format!("signed by {}", issuer.subject()));
    }
    for fault in &record.accepted {
        line("accepted", &escape(&format!("{fault} at {}", record.created)));
    }
    describe_tags(&record.tags, line);
}

fn describe_tags(tags: &Tags, line: &mut dyn FnMut(&str, &str)) {
    for (name, value) in tags.iter() {
        line("tag", &escape(&format!("{name}={value}")));
    }
}

/// How many certificates are read at once.
const PAGE: u32 = 100;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_written_item_by_item_is_the_page_that_it_would_be_at_once() {
        let items =
            [json!({"id": "a", "tags": {"line": "one\ntwo"}}), json!({"id": "b", "x": []}), json!({})];
        for count in 0..=items.len() {
            let (page, mut written) = (&items[..count], Items::default());
            let mut text: String = page.iter().map(|item| written.next(item)).collect();
            text.push_str(&written.end());
            assert_eq!(text, json_text(&wire::page(page)));
        }
    }
}
