//! The table: every rule, in the order in which a reader should meet them.

use super::rule::Rule;
use super::{
    alternative_names, asked, known_key, lifetime, names, policies, revocation, strength, submission, webpki,
};

/// Every rule.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let parts = [
        &super::rules::ROWS[..],
        &alternative_names::ROWS,
        &names::ROWS,
        &policies::ROWS,
        &revocation::ROWS,
        &strength::ROWS,
        &webpki::ROWS,
        &webpki::leaf::ROWS,
        &webpki::alternative_names::ROWS,
        &webpki::period::ROWS,
        &webpki::identifiers::ROWS,
        &webpki::algorithms::ROWS,
        &webpki::issuers::ROWS,
        &asked::ROWS,
        &known_key::ROWS,
        &lifetime::ROWS,
        &submission::ROWS,
    ];
    parts.into_iter().flatten().copied()
}
