//! How long the certificates of a chain last: against what was asked for, against each other, and from now on.
//!
//! That one is expired, or not yet valid, is path validation's to say.

use super::rule::{Fault, Rule, Severities, Severity};
use crate::certificate::Certificate;
use crate::time::UnixTime;

/// What is unusual about the dates of a chain, leaf first; `validity_months` is what the policy asks for.
pub(super) fn faults(
    certificates: &[&Certificate],
    at: UnixTime,
    validity_months: Option<u32>,
) -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        validity_months.and_then(|months| beyond_policy(certificates[0], months)).into_iter().collect();
    faults.extend(expires_soon(certificates[0], at));
    for (at, pair) in certificates.windows(2).enumerate() {
        let (one, issuer) = (pair[0], pair[1]);
        if one.not_after() > issuer.not_after() {
            faults.push(Fault {
                rule: &OUTLIVES_ISSUER,
                at,
                message: format!(
                    "is valid until {}, and its issuer until {}",
                    one.not_after(),
                    issuer.not_after()
                ),
                help: format!("renew it, or its chain, before {}", issuer.not_after().date()),
            });
        }
    }
    faults
}

fn beyond_policy(leaf: &Certificate, months: u32) -> Option<Fault> {
    let asked = leaf.not_before().plus_months(months).ok()?;
    (leaf.not_after() > asked.plus_seconds(BACK_DATING)).then(|| Fault {
        rule: &VALIDITY_BEYOND_POLICY,
        at: 0,
        message: format!(
            "the policy asks for {months} months, until {}, and it is valid until {}",
            asked.date(),
            leaf.not_after().date()
        ),
        help: "ask the CA, if a rule of yours limits it; renew it when the policy says, not when it ends"
            .to_owned(),
    })
}

fn expires_soon(leaf: &Certificate, at: UnixTime) -> Option<Fault> {
    let (begin, end) = (leaf.not_before().unix_seconds(), leaf.not_after().unix_seconds());
    let (now, lifetime) = (at.unix_seconds(), end.saturating_sub(begin));
    let passed = now.saturating_sub(begin);
    // i128: a lifetime may be all of time.
    let renewal_is_due = i128::from(passed) * 100 >= i128::from(lifetime) * i128::from(LIFETIME_PERCENTAGE);
    (renewal_is_due && now <= end && passed >= 0).then(|| Fault {
        rule: &EXPIRES_SOON,
        at: 0,
        message: format!(
            "ends on {}: of its {} days {} are left, and {LIFETIME_PERCENTAGE} percent have passed",
            leaf.not_after(),
            lifetime / DAY,
            (end - now) / DAY
        ),
        help: "ask the CA for a new one rather than for this one's merge".to_owned(),
    })
}

/// The share of its lifetime after which Key Vault renews a certificate unless its policy says otherwise
/// (reference 2.3, `lifetime_percentage`).
const LIFETIME_PERCENTAGE: i64 = 80;
/// CAs date notBefore back against slow clocks, and some count whole days: a day more than asked is nobody's fault.
const BACK_DATING: i64 = DAY;
const DAY: i64 = 24 * 60 * 60;

/// The rows of this file.
pub(super) static ROWS: [&Rule; 3] = [&VALIDITY_BEYOND_POLICY, &EXPIRES_SOON, &OUTLIVES_ISSUER];

static VALIDITY_BEYOND_POLICY: Rule = Rule {
    name: "validity-beyond-policy",
    clause: "Key Vault reference 2.5",
    severity: Severities::advice(),
    purpose: "The policy says for how long a certificate is wanted; a longer one outlives what was agreed.",
    clients: "Browsers refuse server certificates beyond their own limit; Key Vault does not compare.",
    origin: "The CA's template decides, not the request: a PKCS#10 request cannot say how long.",
};
static EXPIRES_SOON: Rule = Rule {
    name: "expires-soon",
    clause: "Key Vault reference 2.3",
    severity: Severities::advice(),
    purpose: "A certificate that is nearly over is replaced, not merged.",
    clients: "They accept it for the days that are left.",
    origin: "An older answer of the CA was found again, or the answer lay for long.",
};
pub(super) static OUTLIVES_ISSUER: Rule = Rule {
    name: "outlives-issuer",
    clause: "RFC 5280 6.1.3(a)(2)",
    severity: Severities::everywhere(Severity::Note),
    purpose: "A chain ends with its first certificate that ends.",
    clients: "They refuse the connection from that day on, though the certificate itself says otherwise.",
    origin: "The CA issues beyond its own certificate's end, and means to renew that first.",
};
