//! What `check --json` writes: a verdict and what stands around it. `docs/check.schema.json` documents every member.

use serde_json::{Value, json};

use super::findings::findings_json;
use super::found::found_json;
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::fingerprint::hex;
use crate::time::UnixTime;
use crate::verdict::{Ending, Profile, Verdict};
use crate::x5c::{Client, Outcome};

/// What was asked, beside the verdict that came of it.
pub(super) struct Asked<'a> {
    pub(super) at: UnixTime,
    pub(super) bundle: &'a Bundle,
    /// By which rules each profile refuses.
    pub(super) profiles: &'a [(Profile, Vec<&'static str>)],
    pub(super) clients: &'a [(&'static Client, Outcome)],
}

/// The one document of `check --json`.
pub(super) fn verdict_json(verdict: &Verdict, asked: &Asked<'_>) -> Value {
    let profiles =
        asked.profiles.iter().map(|(profile, rules)| (profile.name().to_owned(), json!(rules.is_empty())));
    let refused_by = asked.profiles.iter().map(|(profile, rules)| (profile.name().to_owned(), json!(rules)));
    json!({
        "profile": verdict.profile().name(),
        "accepted": verdict.is_accepted(),
        "at": asked.at.to_string(),
        "profiles": profiles.collect::<serde_json::Map<_, _>>(),
        "refused_by": refused_by.collect::<serde_json::Map<_, _>>(),
        "findings": findings_json(verdict.findings()),
        "chain": verdict.path().iter().map(|one| link(one, verdict, asked.bundle)).collect::<Vec<_>>(),
        "ending": verdict.ending().map(ending),
        "files": found_json(asked.bundle),
        "clients": asked.clients.iter().map(|(client, outcome)| client_json(client, outcome)).collect::<Vec<_>>(),
    })
}

fn link(certificate: &Certificate, verdict: &Verdict, bundle: &Bundle) -> Value {
    let fingerprint = certificate.fingerprint();
    let cleared = verdict.not_revoked().iter().find(|one| one.about.fingerprint == fingerprint);
    let not_revoked_by = cleared.map(|one| {
        json!({
            "issuer": one.issuer.to_string(),
            "this_update": one.this_update.to_string(),
            "next_update": one.next_update.map(|next| next.to_string()),
        })
    });
    let position = bundle.certificates.iter().position(|given| given.certificate == *certificate);
    json!({
        "position": position.map(|index| index + 1),
        "subject": certificate.subject().to_string(),
        "issuer": certificate.issuer().to_string(),
        "not_before": certificate.not_before().to_string(),
        "not_after": certificate.not_after().to_string(),
        "key": certificate.public_key().algorithm().to_string(),
        "sha256": fingerprint.hex(),
        "not_revoked_by": not_revoked_by,
    })
}

fn ending(ending: &Ending) -> Value {
    match ending {
        Ending::Trusted => json!({"kind": "trusted"}),
        Ending::Root => json!({"kind": "root"}),
        Ending::UntrustedRoot => json!({"kind": "untrusted-root"}),
        Ending::IssuerNotGiven { issuer, key_identifier, address, .. } => json!({
            "kind": "issuer-not-given",
            "issuer": issuer.to_string(),
            "key_identifier": key_identifier.as_deref().map(hex),
            "address": address,
        }),
        Ending::NotSigned { by, fault } => json!({
            "kind": "not-signed",
            "issuer": by.subject.to_string(),
            "position": by.position,
            "fault": fault.to_string(),
        }),
        Ending::TooLong => json!({"kind": "too-long"}),
        Ending::GivenUp => json!({"kind": "given-up"}),
    }
}

fn client_json(client: &Client, outcome: &Outcome) -> Value {
    json!({
        "client": client.name,
        "one_file": client.takes_one_file(),
        "reads": outcome.reads(),
        "sends": outcome.sends,
        "answer": outcome.to_string(),
    })
}
