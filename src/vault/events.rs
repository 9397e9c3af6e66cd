//! What the ledger says of an act, and how it comes into it.

use super::VaultError;
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::ledger::{Act, Attribution, Event, Sealer};
use crate::pending::Operation;
use crate::record::Record;
use crate::seal::VaultKey;
use crate::store::Writing;
use crate::time::UnixTime;
use crate::verdict::{Finding, Severity};

/// Ends a transaction with what the ledger says of it: nothing can happen between an act and its entry, which holds what
/// the act left.
pub(super) fn commit(
    mut transaction: Writing<'_>,
    by: &Attribution,
    vault_key: Option<&VaultKey>,
    events: impl IntoIterator<Item = Event>,
    now: UnixTime,
) -> Result<(), VaultError> {
    let sealer = vault_key.map(Sealer::of);
    for event in events {
        transaction.record(event, by, sealer.as_ref(), now)?;
    }
    Ok(transaction.commit()?)
}

/// What the ledger says of a version that came of a judged answer.
pub(super) fn merged(record: &Record, request_id: Option<Identifier>) -> Event {
    let event = Event::on(Act::Merge, &record.name)
        .version(&record.version)
        .key(record.certificate.public_key().fingerprint())
        .with("certificate", record.certificate.fingerprint().hex())
        .with("exportable", record.exportable);
    let accepted: Vec<&str> = record.accepted.iter().map(|fault| fault.rule.as_str()).collect();
    let event = if accepted.is_empty() { event } else { event.with("accepted", accepted) };
    match request_id {
        Some(id) => event.with("request_id", id.to_string()),
        None => event,
    }
}

/// What the ledger says of an operation.
pub(super) fn of_operation(act: Act, operation: &Operation) -> Event {
    Event::on(act, operation.name())
        .key(operation.request().public_key().fingerprint())
        .with("request_id", operation.request_id().to_string())
}

/// With the keys that it was about, those of all versions and of what waits, and with the versions. One key alone has the
/// entry's own place.
pub(super) fn with_keys<'r>(
    event: Event,
    records: impl IntoIterator<Item = &'r Record>,
    operation: Option<&Operation>,
) -> Event {
    let records: Vec<&Record> = records.into_iter().collect();
    let of_versions = records.iter().map(|record| record.certificate.public_key().fingerprint());
    let mut keys: Vec<Fingerprint> = of_versions.collect();
    if let Some(operation) = operation.filter(|operation| !matches!(operation, Operation::Completed(_))) {
        keys.push(operation.request().public_key().fingerprint());
    }
    let event = match keys.as_slice() {
        [] => event,
        [one] => event.key(*one),
        all => event.with("public_keys", all.iter().map(|key| key.hex()).collect::<Vec<_>>()),
    };
    let versions: Vec<String> = records.iter().map(|record| record.version.to_string()).collect();
    match versions.is_empty() {
        true => event,
        false => event.with("versions", versions),
    }
}

/// The rules that refused, and those that somebody accepted.
pub(super) fn with_rules(event: Event, findings: &[Finding]) -> Event {
    let names = |accepted: bool| -> Vec<&str> {
        findings
            .iter()
            .filter(|finding| finding.severity == Severity::Refuse || finding.accepted)
            .filter(|finding| finding.accepted == accepted)
            .map(|finding| finding.rule.name)
            .collect()
    };
    let event = event.with("refused_by", names(false));
    match names(true) {
        none if none.is_empty() => event,
        rules => event.with("rules_accepted", rules),
    }
}
