//! A verdict for people: the chain drawn, the findings by severity, and one line that says what it comes to.
//!
//! As text for a terminal, and as one HTML page that needs nothing else and prints on a sheet or two.

mod drawing;
mod html;
mod terminal;

use crate::bundle::Bundle;
use crate::time::UnixTime;
use crate::verdict::{Severity, Verdict};
use drawing::Drawing;

/// The chain, leaf first, one line for each certificate and one for each link; a link that is broken and an issuer
/// that is missing stand where they are.
pub fn chain_lines(verdict: &Verdict, bundle: &Bundle) -> Vec<String> {
    terminal::lines(&Drawing::of(verdict, bundle))
}

/// The whole report as one page: for a change ticket, on paper or on a screen without a network.
pub fn html(title: &str, verdict: &Verdict, bundle: &Bundle, at: UnixTime) -> String {
    html::page(title, verdict, &Drawing::of(verdict, bundle), at)
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
