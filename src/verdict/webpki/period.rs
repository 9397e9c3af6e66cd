//! For how long a server's certificate may be valid: the limit that was in force on the day it was issued.
//!
//! It reads the certificate's own dates and no clock. That the certificate is expired is path validation's to say.

use super::super::rule::{Fault, Rule, Severities};
use crate::certificate::Certificate;

/// A leaf that is valid for longer than its issue date allowed.
pub(super) fn fault(leaf: &Certificate) -> Option<Fault> {
    let issued = leaf.not_before().date();
    let (since, most) = LIMITS.iter().rev().find(|(since, _)| *since <= issued.as_str())?;
    let message = match most {
        Most::Days(most) => {
            let days = whole_days(leaf);
            (days > *most).then(|| {
                format!("valid for {days} days, where what is issued from {since} on may be for {most}")
            })
        }
        Most::Months(most) => {
            let end = leaf.not_before().plus_months(*most).ok()?;
            (leaf.not_after() > end).then(|| {
                format!(
                    "valid until {}, where what is issued from {since} on may be for {most} months, until {}",
                    leaf.not_after().date(),
                    end.date()
                )
            })
        }
    }?;
    let help =
        "have it issued for a shorter time, and renew by a program; a private CA need not keep to this limit";
    Some(Fault { rule: &VALIDITY_BEYOND_LIMIT, at: 0, message, help: help.to_owned() })
}

/// BR 6.3.2: a day has 86,400 seconds, and any fraction of one counts as another. The last second is part of the
/// validity (BR 1.6.1, RFC 5280 4.1.2.5).
fn whole_days(leaf: &Certificate) -> i64 {
    let seconds = leaf.not_after().unix_seconds() - leaf.not_before().unix_seconds() + 1;
    (seconds + DAY - 1).div_euclid(DAY)
}

enum Most {
    /// Calendar months, as the first versions had it.
    Months(u32),
    Days(i64),
}

/// BR 6.3.2 as it was and will be, each limit from the date on which it began to hold: version 1.0 (exceptions to
/// 39 months ended on 2016-06-30), ballot 193, ballot SC31, and ballot SC-081v3 with the last three.
const LIMITS: [(&str, Most); 7] = [
    ("2012-07-01", Most::Months(60)),
    ("2015-04-01", Most::Months(39)),
    ("2018-03-01", Most::Days(825)),
    ("2020-09-01", Most::Days(398)),
    ("2026-03-15", Most::Days(200)),
    ("2027-03-15", Most::Days(100)),
    ("2029-03-15", Most::Days(47)),
];
/// BR 6.3.2.
const DAY: i64 = 86_400;

/// The rows of this file.
pub(in super::super) static ROWS: [&Rule; 1] = [&VALIDITY_BEYOND_LIMIT];

static VALIDITY_BEYOND_LIMIT: Rule = Rule {
    name: "validity-beyond-limit",
    clause: "BR 6.3.2",
    severity: Severities::webpki_duty(),
    purpose: "The shorter a certificate is valid, the sooner a stolen key or a sold domain is of no more use to others.",
    clients: "Chrome and Safari refuse a public CA's certificate beyond the limit. Of a private CA's, Apple's systems refuse what is valid for more than 825 days; the others do not look.",
    origin: "A private CA's template says one year or more, or a public CA was asked just before the limit changed.",
};
