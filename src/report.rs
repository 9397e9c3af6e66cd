//! A verdict for people: the chain drawn, the findings by severity, and one line that says what it comes to.
//!
//! As text for a terminal, and as one HTML page that needs nothing else and prints on a sheet or two.

use std::fmt::Write;

use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::time::UnixTime;
use crate::verdict::{Finding, Severity, Verdict};

/// The chain, leaf first, one line for each certificate and one for each link.
pub fn chain_lines(verdict: &Verdict, bundle: &Bundle) -> Vec<String> {
    let mut lines = Vec::new();
    let path = verdict.path();
    for (depth, certificate) in path.iter().enumerate() {
        let role = match depth {
            0 => "leaf, holds the key",
            _ if certificate.is_self_issued() => "root",
            _ => "CA",
        };
        let label = label(certificate, bundle);
        lines.push(format!(
            "  {label:<8} {}   {role}, until {}",
            certificate.subject(),
            certificate.not_after().date()
        ));
        if depth + 1 < path.len() {
            lines.push("   │  signed by".to_owned());
        }
    }
    match verdict.findings().iter().find(|finding| ENDS.contains(&finding.rule.name)) {
        Some(finding) => {
            let mark = if finding.severity == Severity::Refuse { "✗" } else { "…" };
            lines.push("   │".to_owned());
            lines.push(format!("   {mark}  {}", finding.message));
        }
        None if !path.is_empty() => {}
        None => lines.push("  no certificate holds the key".to_owned()),
    }
    for (index, given) in bundle.certificates.iter().enumerate() {
        if !path.contains(&given.certificate) {
            lines.push(format!(
                "  {:<8} {}   not part of this chain",
                format!("[{}]", index + 1),
                given.certificate.subject()
            ));
        }
    }
    lines
}

/// One line: accepted or refused, and what to do first.
pub fn conclusion(verdict: &Verdict) -> String {
    let refusals = verdict.findings().iter().filter(|finding| finding.severity == Severity::Refuse).count();
    match verdict.findings().first() {
        Some(first) if refusals > 0 => {
            let others = if refusals > 1 { format!(" (and {} more)", refusals - 1) } else { String::new() };
            format!(
                "refused by {}: {}{others}; first: {}",
                verdict.profile().name(),
                first.rule.name,
                first.help
            )
        }
        _ => format!("accepted by {}", verdict.profile().name()),
    }
}

/// The whole report as one page: for a change ticket, on paper or on a screen without a network.
pub fn html(title: &str, verdict: &Verdict, bundle: &Bundle, at: UnixTime) -> String {
    let mut page = String::new();
    let accepted = verdict.is_accepted();
    let class = if accepted { "accepted" } else { "refused" };
    // Writing to a string does not fail.
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p class=\"{class}\">{}</p>\n<p>Judged at {at} by coldcert {}.</p>\n<h2>Chain</h2>\n",
        escaped(&conclusion(verdict)),
        env!("CARGO_PKG_VERSION"),
        title = escaped(title),
    );
    for (depth, certificate) in verdict.path().iter().enumerate() {
        if depth > 0 {
            page.push_str("<p class=\"link\">signed by</p>\n");
        }
        let _ = writeln!(
            page,
            "<div class=\"certificate\"><b>{} {}</b><br>valid {} to {}<br>key {}<br><code>sha256 {}</code></div>",
            escaped(&label(certificate, bundle)),
            escaped(&certificate.subject().to_string()),
            certificate.not_before(),
            certificate.not_after(),
            escaped(&certificate.public_key().algorithm().to_string()),
            certificate.fingerprint(),
        );
    }
    page.push_str("<h2>Findings</h2>\n");
    if verdict.findings().is_empty() {
        page.push_str("<p>None.</p>\n");
    }
    for finding in verdict.findings() {
        page.push_str(&html_finding(finding));
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn html_finding(finding: &Finding) -> String {
    let about = finding.about.as_ref().map(|about| format!("{about}: ")).unwrap_or_default();
    let place = finding.about.as_ref().map(|about| format!("; {}", about.place)).unwrap_or_default();
    format!(
        "<div class=\"finding {severity}\"><b>{severity} {rule}</b> {message}<br><small>{clause}</small><br>help: {help}</div>\n",
        severity = finding.severity.word(),
        rule = escaped(finding.rule.name),
        message = escaped(&format!("{about}{}", finding.message)),
        clause = escaped(&format!("{}{place}", finding.rule.clause)),
        help = escaped(&finding.help),
    )
}

/// `[2]`, the position among what was given; `[anchor]` for what is trusted.
fn label(certificate: &Certificate, bundle: &Bundle) -> String {
    match bundle.certificates.iter().position(|given| given.certificate == *certificate) {
        Some(index) => format!("[{}]", index + 1),
        None => "[anchor]".to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
        safe
    })
}

/// Rules about where a chain ends.
const ENDS: [&str; 6] = [
    "missing-issuer",
    "issuer-not-given",
    "untrusted-root",
    "bad-signature",
    "signature-not-checked",
    "path-not-found",
];

const STYLE: &str = "body{font:14px/1.4 sans-serif;max-width:48em;margin:2em auto;padding:0 1em;color:#222}\
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:1.5em}\
.accepted,.refused{font-weight:bold;padding:.6em;border:2px solid}.accepted{color:#165c26}.refused{color:#8b1a1a}\
.certificate{border:1px solid #888;padding:.5em;overflow-wrap:anywhere}.link{margin:.2em 0 .2em 2em;color:#555}\
.finding{border-left:4px solid #888;padding:.3em .6em;margin:.6em 0;overflow-wrap:anywhere}\
.refuse{border-color:#8b1a1a}.warn{border-color:#b8860b}\
@media print{body{margin:0;max-width:none;font-size:11px}.certificate,.finding{break-inside:avoid}}";
