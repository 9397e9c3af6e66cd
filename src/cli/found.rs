//! What was found in the files that were given: how they are read, and what is said of them, item by item.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::error::CliError;
use crate::bundle::{Bundle, BundleError, GivenFile, Origin, Source};

/// How the files with certificates are opened.
#[derive(Debug, Args)]
pub(super) struct Opening {
    /// File whose first line is the password of the PKCS#12 files given, - for stdin [default: none or an empty one]
    #[arg(long, value_name = "FILE")]
    pfx_password_file: Option<PathBuf>,
}

impl Opening {
    /// Reads the answer and what belongs to it, and says what was in it. Inside: why it is no answer.
    pub(super) fn read(
        &self,
        context: &mut Context<'_, '_>,
        sources: &[Source<'_>],
    ) -> Result<Result<Bundle, BundleError>, CliError> {
        let password = match &self.pfx_password_file {
            Some(path) => Some(context.password(Some(path))?),
            None => None,
        };
        let password = password.as_ref().map(|password| password.as_str());
        let bundle = Bundle::read_within(sources, password, &mut context.iterations_left);
        for line in bundle.iter().flat_map(found_lines) {
            context.say(&line);
        }
        Ok(bundle)
    }
}

/// One line for each file, and under it one for each certificate and CRL; then what was passed over.
fn found_lines(bundle: &Bundle) -> Vec<String> {
    let mut lines = Vec::new();
    for file in &bundle.files {
        lines.push(file_line(file));
        for index in file.certificates.clone().take(ITEMS_MAX) {
            let given = &bundle.certificates[index];
            let label = format!("[{}]", index + 1);
            lines.push(format!("  {label:<5} {}{}", given.certificate.subject(), inside(&given.place)));
        }
        if let more @ 1.. = file.certificates.len().saturating_sub(ITEMS_MAX) {
            lines.push(format!("  and {more} more"));
        }
        for given in &bundle.revocation_lists[file.revocation_lists.clone()] {
            let (issuer, date) = (given.list.issuer(), given.list.this_update());
            lines.push(format!(
                "  CRL   of {issuer} of {date}, asked like one of --crl{}",
                inside(&given.place)
            ));
        }
    }
    lines.extend(bundle.passed_over.iter().map(|passed| format!("note    {passed}")));
    lines
}

/// `answer.p7b: PKCS#7 (DER), 3 certificates`
pub(super) fn file_line(file: &GivenFile) -> String {
    format!("{}: {}, {}", file.name, forms(file), counted(file))
}

/// The files as JSON, with their items in the same order.
pub(super) fn found_json(bundle: &Bundle) -> Value {
    let files = bundle.files.iter().map(|file| {
        let certificates = file.certificates.clone().map(|index| {
            let given = &bundle.certificates[index];
            let mut item = item(&given.place, "certificate");
            item["position"] = json!(index + 1);
            item["subject"] = json!(given.certificate.subject().to_string());
            item["sha256"] = json!(given.certificate.fingerprint().hex());
            item
        });
        let lists = bundle.revocation_lists[file.revocation_lists.clone()].iter().map(|given| {
            let mut item = item(&given.place, "CRL");
            item["issuer"] = json!(given.list.issuer().to_string());
            item
        });
        let passed_over = bundle.passed_over[file.passed_over.clone()].iter().map(|passed| {
            let mut item = item(&passed.place, &passed.kind.to_string());
            item["passed_over"] = json!(passed.kind.reason());
            item
        });
        json!({
            "file": file.name,
            "form": forms(file),
            "certificates": file.certificates.len(),
            "crls": file.revocation_lists.len(),
            "items": certificates.chain(lists).chain(passed_over).collect::<Vec<_>>(),
        })
    });
    files.collect()
}

fn item(place: &Origin, kind: &str) -> Value {
    json!({
        "kind": kind,
        "entry": place.entry,
        "member": place.member,
        "line": place.line,
        "byte": place.byte,
        "item": place.item,
    })
}

fn forms(file: &GivenFile) -> String {
    file.forms.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn counted(file: &GivenFile) -> String {
    let certificates = match file.certificates.len() {
        0 => "no certificate".to_owned(),
        1 => "1 certificate".to_owned(),
        count => format!("{count} certificates"),
    };
    match file.revocation_lists.len() {
        0 => certificates,
        1 => format!("{certificates}, 1 CRL"),
        count => format!("{certificates}, {count} CRLs"),
    }
}

fn inside(place: &Origin) -> String {
    match place.within_file() {
        inside if inside.is_empty() => inside,
        inside => format!("   ({inside})"),
    }
}

/// More of one file than these are a root store that was thrown in, and would push the report off the screen.
const ITEMS_MAX: usize = 12;
