//! A chain as it is drawn, whatever it is drawn with: certificates and the links between them, leaf first, with the
//! link that is broken and the certificate that is missing at their places.

use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::key::SignatureFault;
use crate::verdict::{Ending, Severity, Verdict};

/// The chain, and what stands beside it.
pub(super) struct Drawing<'a> {
    pub(super) rungs: Vec<Rung<'a>>,
    pub(super) beside: Vec<Stone<'a>>,
    /// How many more stand beside it than are drawn.
    pub(super) more_beside: usize,
}

/// One step of the drawing, from the leaf up.
pub(super) enum Rung<'a> {
    Certificate(Stone<'a>),
    /// A link that holds.
    Link,
    /// A link that does not hold, or that nobody can follow; whether that refuses.
    Broken {
        words: String,
        refuses: bool,
    },
    /// A certificate that is not there; whether that refuses.
    Missing {
        name: String,
        remark: String,
        refuses: bool,
    },
}

/// A certificate of the drawing.
pub(super) struct Stone<'a> {
    /// `[2]`, the position among what was given; `[anchor]` for what is trusted alone.
    pub(super) label: String,
    pub(super) certificate: &'a Certificate,
    pub(super) role: &'static str,
    /// The rules by which it refuses.
    pub(super) refused_by: Vec<&'static str>,
}

impl<'a> Drawing<'a> {
    pub(super) fn of(verdict: &'a Verdict, bundle: &'a Bundle) -> Self {
        let path = verdict.path();
        let mut rungs = Vec::new();
        for (depth, certificate) in path.iter().enumerate() {
            if depth > 0 {
                rungs.push(Rung::Link);
            }
            let role = match depth {
                0 => "leaf, holds the key",
                _ if depth + 1 == path.len() && matches!(verdict.ending(), Some(Ending::Trusted)) => {
                    "trusted"
                }
                _ if depth + 1 == path.len() && certificate.is_self_issued() => "root",
                _ => "CA",
            };
            rungs.push(Rung::Certificate(Stone::of(certificate, role, verdict, bundle)));
        }
        let mut drawn: Vec<&Certificate> = path.iter().collect();
        let bearer = end(&mut rungs, verdict, bundle);
        drawn.extend(bearer);
        let beside: Vec<(usize, &Certificate)> = bundle
            .certificates
            .iter()
            .map(|given| &given.certificate)
            .enumerate()
            .filter(|(_, one)| !drawn.contains(one))
            .collect();
        let role = if path.is_empty() { "does not hold the key" } else { "not part of this chain" };
        let more_beside = beside.len().saturating_sub(BESIDE_MAX);
        let beside = beside
            .into_iter()
            .take(BESIDE_MAX)
            .map(|(index, one)| Stone::at(Some(index), one, role, verdict))
            .collect();
        Self { rungs, beside, more_beside }
    }
}

/// Draws how the chain ends; gives the certificate that bears the missing issuer's name, where one was given.
fn end<'a>(rungs: &mut Vec<Rung<'a>>, verdict: &'a Verdict, bundle: &'a Bundle) -> Option<&'a Certificate> {
    let mut broken = |words: &str| rungs.push(Rung::Broken { words: words.to_owned(), refuses: true });
    match verdict.ending()? {
        Ending::Trusted | Ending::Root => None,
        Ending::UntrustedRoot => {
            broken("signed by itself, and not trusted");
            None
        }
        Ending::TooLong => {
            broken("the chain goes on beyond the limit");
            None
        }
        Ending::GivenUp => {
            broken("the search for its issuer was given up");
            None
        }
        Ending::IssuerNotGiven { issuer, key_identifier, address, trusted } => {
            let refuses = *trusted > 0;
            let path = verdict.path();
            if path.iter().take(path.len().saturating_sub(1)).any(|below| below.subject().matches(issuer)) {
                let words = format!("issued by {issuer}, which stands below it: it goes round in a circle");
                rungs.push(Rung::Broken { words, refuses });
                return None;
            }
            rungs.push(Rung::Broken { words: "issued by, and not found".to_owned(), refuses });
            let mut remark = vec![not_in(bundle, *trusted)];
            remark.extend(key_identifier.as_ref().map(|key| format!("key id {}", colons(key))));
            remark.extend(address.as_ref().map(|address| format!("said to be at {address}")));
            let name = issuer.to_string();
            rungs.push(Rung::Missing { name, remark: remark.join(", "), refuses });
            None
        }
        Ending::NotSigned { by, fault } => {
            let last = verdict.path().last()?;
            let is_itself = by.fingerprint == last.fingerprint();
            let (link, remark) = unsigned_link(fault, is_itself);
            broken(&format!("{link}: {fault}"));
            if is_itself {
                return None;
            }
            let bearer = by.position.and_then(|position| bundle.certificates.get(position - 1));
            let Some(bearer) = bearer.map(|given| &given.certificate) else {
                let name = format!("[anchor] {}", by.subject);
                rungs.push(Rung::Missing { name, remark: remark.to_owned(), refuses: true });
                return None;
            };
            rungs.push(Rung::Certificate(Stone::of(bearer, "bears the issuer's name", verdict, bundle)));
            Some(bearer)
        }
    }
}

/// The words for a link whose signature does not count, and for the trusted certificate at its other end.
fn unsigned_link(fault: &SignatureFault, is_itself: bool) -> (&'static str, &'static str) {
    match (fault, is_itself) {
        (SignatureFault::CannotCheck { .. }, true) => {
            ("says that it signed itself, which is not checked", "")
        }
        (SignatureFault::CannotCheck { .. }, false) => {
            ("issued by, as it says, and not checked", "is trusted, and may have signed it")
        }
        (_, true) => ("says that it signed itself", ""),
        (_, false) => ("not signed by, though it bears the issuer's name", "is trusted, and did not sign it"),
    }
}

impl<'a> Stone<'a> {
    fn of(certificate: &'a Certificate, role: &'static str, verdict: &Verdict, bundle: &Bundle) -> Self {
        let position = bundle.certificates.iter().position(|given| given.certificate == *certificate);
        Self::at(position, certificate, role, verdict)
    }

    /// The certificate at a position, from 0; none for what is trusted alone.
    fn at(
        position: Option<usize>,
        certificate: &'a Certificate,
        role: &'static str,
        verdict: &Verdict,
    ) -> Self {
        let fingerprint = certificate.fingerprint();
        let refusals = verdict.findings().iter().filter(|finding| {
            finding.severity == Severity::Refuse
                && finding.about.as_ref().is_some_and(|about| about.fingerprint == fingerprint)
        });
        Self {
            label: position.map_or_else(|| "[anchor]".to_owned(), |index| format!("[{}]", index + 1)),
            certificate,
            role,
            refused_by: refusals.map(|finding| finding.rule.name).collect(),
        }
    }
}

/// `not in answer.p7b, not among the 2 trusted certificates`
fn not_in(bundle: &Bundle, trusted: usize) -> String {
    let mut files: Vec<&str> = Vec::new();
    for given in &bundle.certificates {
        if !files.contains(&given.place.file.as_str()) {
            files.push(&given.place.file);
        }
    }
    let mut words = match files.as_slice() {
        [] => Vec::new(),
        [one] => vec![format!("not in {one}")],
        [first, second] => vec![format!("not in {first} or {second}")],
        several => vec![format!("not in the {} files", several.len())],
    };
    match trusted {
        0 => {}
        1 => words.push("not the trusted certificate".to_owned()),
        several => words.push(format!("not among the {several} trusted certificates")),
    }
    words.join(", ")
}

fn colons(bytes: &[u8]) -> String {
    let shown: Vec<String> =
        bytes.iter().take(KEY_IDENTIFIER_BYTES).map(|byte| format!("{byte:02X}")).collect();
    let rest = if bytes.len() > KEY_IDENTIFIER_BYTES { ":…" } else { "" };
    format!("{}{rest}", shown.join(":"))
}

/// So much of a key identifier tells it from any other on the same page; all of it does not fit a line.
const KEY_IDENTIFIER_BYTES: usize = 6;
/// A whole root store beside a chain of three would push the chain off the screen.
const BESIDE_MAX: usize = 12;
