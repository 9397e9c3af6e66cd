//! The numbers and identifiers that public CAs give: serial numbers that nobody can guess, and the issuer's key named
//! by its identifier alone.
//!
//! Whether they are there and well formed is path validation's to say, and a root's are judged with the root.

use super::super::rule::{Fault, Rule, Severities};
use crate::certificate::Certificate;
use crate::extension::{self, Extension};
use crate::fingerprint::hex;

/// Those of every certificate that another signed, leaf first.
pub(super) fn faults(path: &[&Certificate]) -> Vec<Fault> {
    let top = path.len() - 1;
    let signed_by_others =
        path.iter().enumerate().filter(|(at, one)| *at == 0 || *at < top || !one.is_self_issued());
    signed_by_others
        .flat_map(|(at, certificate)| {
            let found = [serial_number_fault(certificate), key_identifier_fault(certificate)];
            found.into_iter().flatten().map(move |(rule, message, help)| Fault {
                rule,
                at,
                message,
                help: help.to_owned(),
            })
        })
        .collect()
}

/// What can be seen of 64 random bits: that there is room for them. Of numbers that are drawn, one in 256 is a byte
/// shorter than it might be, and a CA that draws 64 bits and no more is warned of that one for nothing.
fn serial_number_fault(certificate: &Certificate) -> Option<(&'static Rule, String, &'static str)> {
    let serial = certificate.serial();
    let negative = serial.first().is_some_and(|byte| byte & 0x80 != 0);
    let number = &serial[serial.iter().take_while(|byte| **byte == 0).count()..];
    let was_issued_before = certificate.not_before().date().as_str() < RANDOM_SINCE;
    if negative || number.is_empty() || number.len() >= RANDOM_BYTES || was_issued_before {
        return None;
    }
    let message = if number.len() <= COUNTED_BYTES_MAX {
        format!(
            "its serial number {} looks counted, where {RANDOM_BYTES} bytes at random are expected",
            hex(number)
        )
    } else {
        format!(
            "its serial number {} has {} bytes, where {RANDOM_BYTES} at random are expected",
            hex(number),
            number.len()
        )
    };
    Some((&SERIAL_NUMBER_GUESSABLE, message, "ask the CA to draw its serial numbers at random"))
}

fn key_identifier_fault(certificate: &Certificate) -> Option<(&'static Rule, String, &'static str)> {
    let one = certificate.extension(extension::AUTHORITY_KEY_IDENTIFIER)?;
    let identifier = Extension::read_authority_key_identifier(&one.value).ok()?;
    // One without the other is malformed.
    identifier.issuer().and(identifier.serial_number)?;
    let message = "its authority key identifier holds the issuer's own issuer and serial number, where the key identifier alone is expected".to_owned();
    let help = "ask the CA to write the key identifier alone: authorityKeyIdentifier=keyid in OpenSSL's configuration";
    Some((&KEY_IDENTIFIER_WITH_ISSUER, message, help))
}

/// BR 7.1.2.7 (and 7.1.2.6 for CAs): at least 64 bits out of a random number generator.
const RANDOM_BYTES: usize = 8;
/// Since ballot 164 (BR 1.2.1, version 1.3.7).
const RANDOM_SINCE: &str = "2016-09-30";
/// Four billion certificates: who counts has not gone beyond.
const COUNTED_BYTES_MAX: usize = 4;

/// The rows of this file.
pub(in super::super) static ROWS: [&Rule; 2] = [&SERIAL_NUMBER_GUESSABLE, &KEY_IDENTIFIER_WITH_ISSUER];

static SERIAL_NUMBER_GUESSABLE: Rule = Rule {
    name: "serial-number-guessable",
    clause: "BR 7.1.2.7, 7.1.2.6",
    severity: Severities::webpki_duty(),
    purpose: "With 64 random bits in its number nobody can foresee what a CA will sign, and so nobody can prepare a forgery with the same hash.",
    clients: "They do not look; public CAs have had to take back such certificates.",
    origin: "A private CA counts its certificates, as `openssl ca` and old Windows CAs do.",
};
static KEY_IDENTIFIER_WITH_ISSUER: Rule = Rule {
    name: "key-identifier-with-issuer",
    clause: "BR 7.1.2.11.1",
    severity: Severities::webpki_duty(),
    purpose: "An issuer that is named by its issuer and serial number cannot be renewed: the chain is bound to one of its certificates.",
    clients: "OpenSSL does not take a renewed issuer for the right one; browsers do.",
    origin: "OpenSSL's authorityKeyIdentifier=keyid,issuer:always, copied from an old example.",
};
