//! Whether the vault knows the leaf's key from elsewhere: from an earlier version, or from another name.
//!
//! A key that serves twice is lost twice. Key Vault reuses one where the policy says so, so nothing here refuses.

use super::Holder;
use super::rule::{Fault, Rule, Severities, Severity};
use crate::certificate::Certificate;
use crate::fingerprint::Fingerprint;

/// Where else the leaf's key is held; `name` is the certificate whose operation waits for this leaf.
pub(super) fn faults(
    certificates: &[&Certificate],
    name: &str,
    holders: &[(Fingerprint, Holder)],
) -> Vec<Fault> {
    if holders.is_empty() {
        return Vec::new();
    }
    let key = certificates[0].public_key().fingerprint();
    let (own, others): (Vec<&Holder>, Vec<&Holder>) = holders
        .iter()
        .filter(|(held, _)| *held == key)
        .map(|(_, holder)| holder)
        .partition(|one| one.name == name);
    let earlier: Vec<&Holder> = own.into_iter().filter(|holder| holder.version.is_some()).collect();
    let mut faults = Vec::new();
    if let Some(message) = held_by(&earlier) {
        let help = format!("nothing, if the key was to stay; otherwise: coldcert create {name} --new-key");
        faults.push(Fault { rule: &KEY_OF_EARLIER_VERSION, at: 0, message, help });
    }
    if let Some(message) = held_by(&others) {
        let help = format!("give each name a key of its own: coldcert create {name} --new-key");
        faults.push(Fault { rule: &KEY_OF_ANOTHER_NAME, at: 0, message, help });
    }
    faults
}

fn held_by(holders: &[&Holder]) -> Option<String> {
    let first = holders.first()?;
    let more = if holders.len() > 1 { format!(", and of {} more", holders.len() - 1) } else { String::new() };
    Some(format!("its key is that of {first} too{more}"))
}

/// The rows of this file.
pub(super) static ROWS: [&Rule; 2] = [&KEY_OF_EARLIER_VERSION, &KEY_OF_ANOTHER_NAME];

static KEY_OF_EARLIER_VERSION: Rule = Rule {
    name: "key-of-earlier-version",
    clause: "Key Vault reference 5 (13)",
    severity: Severities::everywhere(Severity::Warn),
    purpose: "A renewal with the same key renews the risk too: whoever took the key keeps it.",
    clients: "They do not notice. Some CAs refuse a key that they have seen.",
    origin: "The policy says reuse_key, or the CA answered the request of the earlier version again.",
};
static KEY_OF_ANOTHER_NAME: Rule = Rule {
    name: "key-of-another-name",
    clause: "Key Vault reference 5 (1)",
    severity: Severities::everywhere(Severity::Warn),
    purpose: "Two certificates with one key fall together, and either can stand in for the other.",
    clients: "They do not notice.",
    origin: "A key was imported or restored under a second name.",
};
