//! The whole report as one page that needs nothing else, and prints on a sheet or two.

use std::fmt::Write;

use super::drawing::{Drawing, Rung, Stone};
use super::{Heading, conclusion};
use crate::certificate::Certificate;
use crate::extension::purpose_name;
use crate::fingerprint::hex;
use crate::verdict::{Finding, Severity, Verdict};

pub(super) fn page(heading: &Heading<'_>, verdict: &Verdict, drawing: &Drawing<'_>) -> String {
    let mut page = String::new();
    let class = if verdict.is_accepted() { "accepted" } else { "refused" };
    // Writing to a string does not fail.
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p class=\"{class}\">{}</p>\n<p>Judged at {} by coldcert {}.</p>\n",
        escaped(&conclusion(verdict)),
        heading.at,
        env!("CARGO_PKG_VERSION"),
        title = escaped(heading.title),
    );
    for remark in heading.remarks {
        let _ = writeln!(page, "<p>{}</p>", escaped(remark));
    }
    page.push_str("<h2>Chain</h2>\n");
    for rung in &drawing.rungs {
        page.push_str(&rung_html(rung));
    }
    page.push_str("<h2>Findings</h2>\n");
    if verdict.findings().is_empty() {
        page.push_str("<p>None.</p>\n");
    }
    let (notes, grave): (Vec<&Finding>, Vec<&Finding>) =
        verdict.findings().iter().partition(|finding| finding.severity == Severity::Note);
    for finding in grave.iter().chain(notes.iter().take(NOTES_MAX)) {
        page.push_str(&finding_html(finding));
    }
    if notes.len() > NOTES_MAX {
        let _ = writeln!(page, "<p>And {} more notes.</p>", notes.len() - NOTES_MAX);
    }
    beside(&mut page, drawing);
    page.push_str("</body>\n</html>\n");
    page
}

fn beside(page: &mut String, drawing: &Drawing<'_>) {
    if drawing.beside.is_empty() {
        return;
    }
    page.push_str("<h2>Beside it</h2>\n<ul>\n");
    for Stone { label, certificate, role, .. } in &drawing.beside {
        let subject = escaped(&certificate.subject().to_string());
        let until = certificate.not_after().date();
        let _ = writeln!(page, "<li>{} {subject} <small>{role}, until {until}</small></li>", escaped(label));
    }
    if drawing.more_beside > 0 {
        let _ = writeln!(page, "<li>and {} more that are not part of this chain</li>", drawing.more_beside);
    }
    page.push_str("</ul>\n");
}

fn rung_html(rung: &Rung<'_>) -> String {
    let class = |refuses: &bool| if *refuses { "broken" } else { "open" };
    match rung {
        Rung::Certificate(stone) => certificate(stone),
        Rung::Link => "<p class=\"link\">│ signed by</p>\n".to_owned(),
        Rung::Broken { words, refuses } => {
            let mark = if *refuses { '✗' } else { '┊' };
            format!("<p class=\"link {}\">{mark} {}</p>\n", class(refuses), escaped(words))
        }
        Rung::Missing { name, remark, refuses } => format!(
            "<div class=\"certificate missing {}\"><b>{}</b><br>{}</div>\n",
            class(refuses),
            escaped(name),
            escaped(remark)
        ),
    }
}

fn certificate(stone: &Stone<'_>) -> String {
    let Stone { label, certificate, role, refused_by } = stone;
    let (class, faults) = match refused_by.as_slice() {
        [] => ("", String::new()),
        rules => (" broken", format!("<br><b>✗ {}</b>", escaped(&rules.join(", ")))),
    };
    format!(
        "<div class=\"certificate{class}\"><b>{} {}</b> <small>{role}</small><br>valid {} to {}<br>key {}{}<br><code>serial {}<br>sha256 {}</code>{faults}</div>\n",
        escaped(label),
        escaped(&certificate.subject().to_string()),
        certificate.not_before(),
        certificate.not_after(),
        escaped(&certificate.public_key().algorithm().to_string()),
        meant_for(certificate),
        hex(certificate.serial()),
        certificate.fingerprint(),
    )
}

/// Whom and what a certificate is for: whoever approves it on paper sees nothing else.
fn meant_for(certificate: &Certificate) -> String {
    let listed = |what: &str, words: Vec<String>| match words.len() {
        0 => String::new(),
        count => {
            let more = match count.saturating_sub(NAMES_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("<br>{what} {}{more}", escaped(&words[..count.min(NAMES_MAX)].join(", ")))
        }
    };
    let names = certificate.alternative_names().iter().map(ToString::to_string).collect();
    let purposes = certificate.extended_key_usages().iter().map(purpose_name).collect();
    format!("{}{}", listed("names", names), listed("purposes", purposes))
}

fn finding_html(finding: &Finding) -> String {
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

/// Text that means nothing to HTML.
pub(crate) fn escaped(text: &str) -> String {
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

/// More notes than these are of one kind, and would take the page beyond its two sheets.
const NOTES_MAX: usize = 8;
/// A certificate of more names has them in the file.
const NAMES_MAX: usize = 40;

const STYLE: &str = "body{font:14px/1.4 sans-serif;max-width:48em;margin:2em auto;padding:0 1em;color:#222}\
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:1.5em}\
.accepted,.refused{font-weight:bold;padding:.6em;border:2px solid}.accepted{color:#165c26}.refused{color:#8b1a1a}\
.certificate{border:1px solid #888;padding:.5em;margin:.2em 0;overflow-wrap:anywhere}\
.link{margin:.2em 0 .2em 2em;color:#555}.missing{border-style:dashed}\
.certificate.broken{border-color:#8b1a1a}.link.broken,.broken>b:last-child{color:#8b1a1a}\
.finding{border-left:4px solid #888;padding:.3em .6em;margin:.6em 0;overflow-wrap:anywhere}\
.refuse{border-color:#8b1a1a}.warn{border-color:#b8860b}\
@media print{body{margin:0;max-width:none;font-size:11px}.certificate,.finding{break-inside:avoid}}";
