//! A verdict for people: the chain drawn, the findings by severity, and one line that says what it comes to.
//!
//! As text for a terminal, and as one HTML page that needs nothing else and prints on a sheet or two.

mod drawing;
mod html;
mod terminal;
mod wrapping;

use crate::bundle::Bundle;
use crate::time::UnixTime;
use crate::verdict::{Severity, Verdict};
use drawing::Drawing;
pub(crate) use html::escaped;
pub(crate) use wrapping::wrapped;

/// The chain, leaf first, one line for each certificate and one for each link; a link that is broken and an issuer
/// that is missing stand where they are.
pub fn chain_lines(verdict: &Verdict, bundle: &Bundle) -> Vec<String> {
    terminal::lines(&Drawing::of(verdict, bundle))
}

/// The same for a terminal of a width: what is longer goes on in the next line, and the chain's own line goes through.
pub fn chain_lines_within(verdict: &Verdict, bundle: &Bundle, width: usize) -> Vec<String> {
    terminal::lines_within(&Drawing::of(verdict, bundle), width)
}

/// The whole report as one page: for a change ticket, on paper or on a screen without a network.
pub fn html(heading: &Heading<'_>, verdict: &Verdict, bundle: &Bundle) -> String {
    html::page(heading, verdict, &Drawing::of(verdict, bundle))
}

/// What stands above a page's drawing.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// What was judged.
    pub title: &'a str,
    /// When it is judged.
    pub at: UnixTime,
    /// What else there is to say: against what it was held, what others would say. A paragraph each.
    pub remarks: &'a [String],
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
