//! A verdict's findings, as lines and as JSON.

use serde_json::{Value, json};

use super::terminal::Palette;
use crate::verdict::{Finding, Severity};

/// Findings as lines: severity, rule, certificate, message; then clause and help.
pub(super) fn finding_lines(findings: &[Finding], palette: Palette) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in findings {
        let word = format!("{:<7}", finding.severity.word());
        let word = match finding.severity {
            Severity::Refuse => palette.red(&word),
            Severity::Warn => palette.yellow(&word),
            Severity::Note => palette.dim(&word),
        };
        let about = finding.about.as_ref().map(|about| format!("{about}: ")).unwrap_or_default();
        lines.push(format!("{word} {:<16} {about}{}", finding.rule.name, finding.message));
        let place = finding.about.as_ref().map(|about| format!("; {}", about.place)).unwrap_or_default();
        lines.push(palette.dim(&format!("        {}{place}", finding.rule.clause)));
        lines.push(format!("        help: {}", finding.help));
    }
    lines
}

/// Findings as JSON.
pub(super) fn findings_json(findings: &[Finding]) -> Value {
    let items: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let certificate = finding.about.as_ref().map(|about| {
                json!({
                    "position": about.position,
                    "file": about.place.file,
                    "line": about.place.line,
                    "subject": about.subject.to_string(),
                    "sha256": about.fingerprint.hex(),
                })
            });
            json!({
                "rule": finding.rule.name,
                "severity": finding.severity.word(),
                "certificate": certificate,
                "message": finding.message,
                "clause": finding.rule.clause,
                "help": finding.help,
            })
        })
        .collect();
    items.into()
}
