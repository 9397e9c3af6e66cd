//! Faults that only say again what another says: the cause is told, and what follows from it is silent.
//!
//! So it is only while the cause weighs as much in the judgement at hand: where somebody accepts the cause, what
//! follows from it is told. Nothing is found here.

use der::asn1::ObjectIdentifier;

use super::rule::{Fault, Rule, Severity};
use super::{alternative_names, asked, lifetime, names, path, revocation, rules, strength, webpki};
use crate::certificate::Certificate;
use crate::extension;
use crate::name::GeneralName;

/// The faults of a path, without those that follow from another of them.
pub(super) fn without(
    mut faults: Vec<Fault>,
    path: &[&Certificate],
    severity: impl Fn(&Rule) -> Option<Severity>,
) -> Vec<Fault> {
    let found: Vec<(&Rule, usize)> = faults.iter().map(|fault| (fault.rule, fault.at)).collect();
    faults.retain(|fault| {
        let mut causes = ROWS.iter().filter(|row| row.consequence == fault.rule);
        !causes.any(|row| {
            let Some(at) = (row.cause_at)(path, fault.at) else { return false };
            let weighs_as_much = match (severity(row.cause), severity(fault.rule)) {
                (Some(cause), Some(consequence)) => cause <= consequence,
                _ => false,
            };
            weighs_as_much && found.contains(&(row.cause, at))
        })
    });
    faults
}

/// A rule whose breach may follow from that of another.
struct Row {
    consequence: &'static Rule,
    cause: &'static Rule,
    /// Where the cause would stand in a path, for the place of the consequence; none where it is no cause.
    cause_at: fn(&[&Certificate], usize) -> Option<usize>,
}

const fn row(
    consequence: &'static Rule,
    cause: &'static Rule,
    cause_at: fn(&[&Certificate], usize) -> Option<usize>,
) -> Row {
    Row { consequence, cause, cause_at }
}

static ROWS: [Row; 35] = [
    // Of what is no CA nothing else is asked that makes a CA.
    row(&rules::CA_CANNOT_SIGN, &rules::NOT_A_CA, same),
    row(&rules::ROOT_CONSTRAINTS_NOT_CRITICAL, &rules::NOT_A_CA, same),
    row(&rules::PATH_TOO_LONG, &rules::NOT_A_CA, no_ca),
    // What cannot be read says nothing.
    row(&rules::NOT_A_CA, &rules::EXTENSION_MALFORMED, no_constraints),
    row(&rules::CA_CANNOT_SIGN, &rules::EXTENSION_MALFORMED, no_usages),
    row(&asked::KEY_USAGES_CHANGED, &rules::EXTENSION_MALFORMED, no_usages),
    row(&asked::PURPOSES_CHANGED, &rules::EXTENSION_MALFORMED, no_purposes),
    row(&rules::PURPOSE_NOT_ALLOWED, &rules::EXTENSION_MALFORMED, no_purposes),
    row(&rules::NAME_NOT_COVERED, &rules::EXTENSION_MALFORMED, no_names),
    row(&names::NAME_MALFORMED, &rules::EXTENSION_MALFORMED, no_names),
    row(&names::NAME_MALFORMED, &rules::EXTENSION_MALFORMED, odd_names),
    row(&webpki::NO_ALTERNATIVE_NAMES, &rules::EXTENSION_MALFORMED, no_names),
    row(&webpki::COMMON_NAME, &rules::EXTENSION_MALFORMED, no_names),
    row(&asked::SAN_LOST, &rules::EXTENSION_MALFORMED, no_names),
    row(&rules::NAME_NOT_COVERED, &rules::EXTENSION_MALFORMED, odd_names),
    // What cannot be compared with a constraint is told with it.
    row(&alternative_names::HOST_NAME_MALFORMED, &names::NAME_MALFORMED, same),
    row(&alternative_names::ALTERNATIVE_NAME_MALFORMED, &names::NAME_MALFORMED, same),
    row(&rules::NAME_NOT_COVERED, &alternative_names::HOST_NAME_MALFORMED, malformed_hosts),
    // Where constraints have no place they need not be critical.
    row(&rules::NAME_CONSTRAINTS_NOT_CRITICAL, &names::NAME_CONSTRAINT_OUTSIDE_CA, same),
    // What nobody signed in this form was damaged, and is no fault of whoever signed it.
    row(&rules::EXTENSION_MALFORMED, &rules::BAD_SIGNATURE, same),
    row(&strength::EC_POINT_NOT_ON_CURVE, &rules::BAD_SIGNATURE, same),
    // Whose issuer is not there has no lists of it either.
    row(&revocation::REVOCATION_UNKNOWN, &rules::BAD_SIGNATURE, same),
    row(&revocation::REVOCATION_UNKNOWN, &rules::MISSING_ISSUER, same),
    row(&revocation::REVOCATION_REQUIRED, &rules::BAD_SIGNATURE, same),
    row(&revocation::REVOCATION_REQUIRED, &rules::MISSING_ISSUER, same),
    // Nobody is found by no name.
    row(&rules::MISSING_ISSUER, &rules::EMPTY_NAME, same),
    // Where there are no names, every one is missing.
    row(&rules::NAME_NOT_COVERED, &webpki::NO_ALTERNATIVE_NAMES, same),
    row(&webpki::COMMON_NAME, &webpki::NO_ALTERNATIVE_NAMES, same),
    // What outlives an issuer that has ended already is told by its end.
    row(&lifetime::OUTLIVES_ISSUER, &rules::EXPIRED, above),
    // Whose purposes are wrong need not be told that there are too many.
    row(&webpki::PURPOSES_MIXED, &rules::PURPOSE_NOT_ALLOWED, same),
    // A key that is not for the Web signs nothing for it.
    row(&webpki::algorithms::SIGNATURE_NOT_ALLOWED, &webpki::KEY_ALGORITHM, above),
    row(&webpki::algorithms::SIGNATURE_NOT_ALLOWED, &webpki::KEY_ALGORITHM, same),
    // A weak signature need not be checked, and a short modulus has no right length.
    row(&rules::SIGNATURE_NOT_CHECKED, &strength::WEAK_SIGNATURE, same),
    row(&strength::RSA_MODULUS_NOT_WHOLE_BYTES, &strength::RSA_BELOW_2048, same),
    row(&strength::RSA_MODULUS_NOT_WHOLE_BYTES, &strength::RSA_BELOW_1024, same),
];

fn same(_: &[&Certificate], at: usize) -> Option<usize> {
    Some(at)
}

fn above(path: &[&Certificate], at: usize) -> Option<usize> {
    (at + 1 < path.len()).then_some(at + 1)
}

/// The certificate that is no CA and was counted as one: the one that is too many, or the next above it.
fn no_ca(path: &[&Certificate], at: usize) -> Option<usize> {
    (at..path.len()).find(|place| !path[*place].is_authority())
}

fn no_constraints(path: &[&Certificate], at: usize) -> Option<usize> {
    let nothing_read = path::constraints(path[at]).is_none();
    present(path, at, extension::BASIC_CONSTRAINTS).filter(|_| nothing_read)
}

fn no_usages(path: &[&Certificate], at: usize) -> Option<usize> {
    let nothing_read = path[at].key_usages().is_empty();
    present(path, at, extension::KEY_USAGE).filter(|_| nothing_read)
}

fn no_purposes(path: &[&Certificate], at: usize) -> Option<usize> {
    let nothing_read = path[at].extended_key_usages().is_empty();
    present(path, at, extension::EXTENDED_KEY_USAGE).filter(|_| nothing_read)
}

fn no_names(path: &[&Certificate], at: usize) -> Option<usize> {
    let nothing_read = path[at].alternative_names().is_empty();
    present(path, at, extension::SUBJECT_ALTERNATIVE_NAME).filter(|_| nothing_read)
}

/// No host name is left that could be the one asked for.
fn malformed_hosts(path: &[&Certificate], at: usize) -> Option<usize> {
    alternative_names::are_all_malformed(path[at]).then_some(at)
}

/// One of the names is not of its kind.
fn odd_names(path: &[&Certificate], at: usize) -> Option<usize> {
    let names = path[at].alternative_names();
    let is_odd = names.iter().any(|name| matches!(name, GeneralName::Raw { .. }));
    present(path, at, extension::SUBJECT_ALTERNATIVE_NAME).filter(|_| is_odd)
}

fn present(path: &[&Certificate], at: usize, oid: ObjectIdentifier) -> Option<usize> {
    path[at].extension(oid).map(|_| at)
}
