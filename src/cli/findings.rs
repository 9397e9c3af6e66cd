//! A verdict's findings, as lines and as JSON.

use serde_json::{Value, json};

use super::terminal::Palette;
use crate::verdict::{Finding, Severity};

/// Findings as lines: severity, rule, certificate, message; then clause and help. Of notes alike the first few.
pub(super) fn finding_lines(findings: &[Finding], palette: Palette) -> Vec<String> {
    let mut lines = Vec::new();
    let mut alike = 0;
    for (index, finding) in findings.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &findings[before]);
        let is_like = |other: Option<&Finding>| {
            other.is_some_and(|other| finding.severity == Severity::Note && other.rule == finding.rule)
        };
        alike = if is_like(before) { alike + 1 } else { 0 };
        if alike >= ALIKE_MAX {
            if !is_like(findings.get(index + 1)) {
                let more = alike + 1 - ALIKE_MAX;
                lines.push(palette.dim(&format!("note    {:<16} and {more} more", finding.rule.name)));
            }
            continue;
        }
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

/// A root store thrown in beside a chain makes a note of each of its certificates.
const ALIKE_MAX: usize = 5;
