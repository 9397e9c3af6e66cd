//! Certificates, their operations, issuers and contacts (reference 1.2).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::answer::Answer;
use super::exchange::{Exchange, Failure};
use super::named::Named;
use super::paging::{Place, one_more};
use crate::bundle::{Bundle, Source};
use crate::identifier::Identifier;
use crate::issuer::Issuer;
use crate::key::PublicKey;
use crate::pending::Operation;
use crate::pkcs12::Password;
use crate::policy::{Document, ObjectName, Policy, Route};
use crate::secret::Brought;
use crate::vault::{Attributes, ListOptions, NewCertificate, NewImport, Vault, VaultError};
use crate::verdict::{Profile, Question, Severity, Terms, Verdict};
use crate::wire;
use crate::x5c;

type Done = Result<Answer, Failure>;

/// `GET /certificates`
pub(super) fn list(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Done {
    let place = Place::of(exchange)?;
    let options = ListOptions { include_pending: place.include_pending, deleted: false };
    listed(exchange, vault, &place, options, "certificates")
}

/// `GET /deletedcertificates`
pub(super) fn list_deleted(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Done {
    let place = Place::of(exchange)?;
    let options = ListOptions { include_pending: place.include_pending, deleted: true };
    listed(exchange, vault, &place, options, "deletedcertificates")
}

fn listed(exchange: &Exchange, vault: &Vault, place: &Place, options: ListOptions, path: &str) -> Done {
    let found = vault.list(options, &place.after, one_more(exchange))?;
    let base = exchange.base();
    let place_of = |view: &crate::vault::CertificateView| view.name.to_string();
    Ok(Answer::ok(place.page(exchange, path, found, place_of, |view| Some(wire::list_item(&base, view)))))
}

/// `GET /certificates/{name}`, and with an empty version
pub(super) fn get(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let view = vault.certificate(&named.name()?, None)?;
    Ok(Answer::ok(wire::certificate(&exchange.base(), &view)))
}

/// `GET /certificates/{name}/{version}`
pub(super) fn get_version(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let view = vault.certificate(&named.name()?, named.version()?)?;
    Ok(Answer::ok(match &view.record {
        Some(record) => wire::version(&exchange.base(), record),
        None => wire::certificate(&exchange.base(), &view),
    }))
}

/// `PATCH /certificates/{name}`, `PATCH /certificates/{name}/{version}`
pub(super) fn change(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let (name, version) = (named.name()?, named.version()?);
    let asked = exchange.body.new_request()?;
    let attributes = Attributes { enabled: asked.enabled, tags: asked.tags };
    vault.update(
        exchange.service.vault_key(),
        &name,
        version,
        attributes,
        asked.policy,
        exchange.service.now(),
    )?;
    let view = vault.certificate(&name, version)?;
    let mut changed = wire::certificate(&exchange.base(), &view);
    // A version has no policy, and an operation all the same (reference 1.4).
    if let (Some(_), Some(members)) = (version, changed.as_object_mut()) {
        members.shift_remove("policy");
    }
    Ok(Answer::ok(changed))
}

/// `DELETE /certificates/{name}`
pub(super) fn delete(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let view = vault.delete(exchange.service.vault_key(), &named.name()?, exchange.service.now())?;
    Ok(Answer::ok(wire::deleted_certificate(&exchange.base(), &view)))
}

/// `GET /deletedcertificates/{name}`
pub(super) fn get_deleted(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let view = vault.deleted_certificate(&named.name()?)?;
    Ok(Answer::ok(wire::deleted_certificate(&exchange.base(), &view)))
}

/// `DELETE /deletedcertificates/{name}`
pub(super) fn purge(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    vault.purge(exchange.service.vault_key(), &named.name()?, exchange.service.now())?;
    Ok(Answer::of(204, None))
}

/// `POST /deletedcertificates/{name}/recover`
pub(super) fn recover(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let view = vault.recover(exchange.service.vault_key(), &named.name()?, exchange.service.now())?;
    Ok(Answer::ok(wire::certificate(&exchange.base(), &view)))
}

/// `POST /certificates/{name}/create`
pub(super) fn create(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let name = named.name()?;
    let asked = exchange.body.new_request()?;
    // A name that is there keeps its policy where none is given (reference 2.3).
    let document = match asked.policy {
        Some(policy) => policy,
        None => {
            let missing = || VaultError::PolicyNeeded { name: name.to_string() };
            vault.stored_policy(&name)?.ok_or_else(missing)?
        }
    };
    let policy = Policy::understand(&document).map_err(VaultError::from)?;
    let tags = asked.tags.unwrap_or_default();
    let new = NewCertificate { name, policy, tags, enabled: asked.enabled };
    let created = vault.request(exchange.service.vault_key(), new, exchange.service.now())?;
    let operation = created.operation;
    let path = format!("certificates/{}/pending", operation.name());
    let location = exchange.address(&path, &format!("&request_id={}", operation.request_id()));
    let is_of_self = operation.issuer().route() == Route::SelfSigned;
    Ok(Answer {
        location: Some(location),
        ask_again: true,
        answer_of_self: is_of_self.then(|| operation.request_id()),
        ..Answer::of(202, Some(wire::operation(&exchange.base(), &operation)))
    })
}

/// `POST /certificates/{name}/import`
pub(super) fn import(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let name = named.name()?;
    let asked = exchange.body.new_request()?;
    let bytes = exchange.body.import_value()?;
    let passwords = match exchange.body.import_password()?.filter(|password| !password.is_empty()) {
        Some(password) => vec![Password::new(&password)],
        None => Password::unstated().to_vec(),
    };
    let source = Source { name: "value", bytes: &bytes };
    let brought = Brought::read(&source, &passwords).map_err(VaultError::from)?;
    let new = NewImport {
        name: &name,
        brought: &brought,
        policy: asked.policy.unwrap_or_default(),
        tags: asked.tags.unwrap_or_default(),
        enabled: asked.enabled,
        profile: exchange.service.profile(),
    };
    vault.import(exchange.service.vault_key(), new, exchange.service.now())?;
    get(exchange, vault, named)
}

/// `GET /certificates/{name}/versions`
pub(super) fn versions(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let name = named.name()?;
    let place = Place::of(exchange)?;
    let after = Identifier::from_hex(&place.after);
    let found = vault.versions_after(&name, after, one_more(exchange))?;
    let base = exchange.base();
    let path = format!("certificates/{name}/versions");
    let place_of = |record: &crate::record::Record| record.version.to_string();
    Ok(Answer::ok(
        place.page(exchange, &path, found, place_of, |record| Some(wire::version_item(&base, record))),
    ))
}

/// `GET /certificates/{name}/policy`
pub(super) fn policy(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let view = vault.certificate(&named.name()?, None)?;
    Ok(Answer::ok(wire::policy(&exchange.base(), &view)))
}

/// `PATCH /certificates/{name}/policy`
pub(super) fn change_policy(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let document: Document = exchange.body.as_policy()?;
    vault.set_policy(exchange.service.vault_key(), &named.name()?, document, exchange.service.now())?;
    policy(exchange, vault, named)
}

/// `GET /certificates/{name}/pending`
pub(super) fn pending(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let operation = exchange.only_wanted(vault.pending(&named.name()?)?)?;
    let ask_again = matches!(operation, Operation::InProgress(_));
    let answer = Answer::ok(wire::operation(&exchange.base(), &operation));
    Ok(Answer { ask_again, handed_out: Some(Box::new(operation)), ..answer })
}

/// `PATCH /certificates/{name}/pending`
pub(super) fn cancel(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let name = named.name()?;
    let requested = exchange.body.cancellation_requested()?;
    let operation = vault.cancel(
        exchange.service.vault_key(),
        &exchange.wanted(&name)?,
        requested,
        exchange.service.now(),
    )?;
    Ok(Answer::ok(wire::operation(&exchange.base(), &operation)))
}

/// `DELETE /certificates/{name}/pending`
pub(super) fn delete_pending(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let name = named.name()?;
    let operation = vault.delete_pending(
        exchange.service.vault_key(),
        &exchange.wanted(&name)?,
        exchange.service.now(),
    )?;
    Ok(Answer::ok(wire::operation(&exchange.base(), &operation)))
}

/// `POST /certificates/{name}/pending/merge`
pub(super) fn merge(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let name = named.name()?;
    let asked = exchange.body.new_request()?;
    let elements = exchange.body.x5c()?;
    let operation = exchange.only_wanted(vault.pending(&name)?)?;
    let (profile, now) = (exchange.service.profile(), exchange.service.now());
    let bundle = match &operation {
        // What may not be merged is refused whatever was sent.
        Operation::InProgress(pending) if pending.policy.issuer.route() == Route::Named => Bundle::default(),
        Operation::Completed(_) => Bundle::default(),
        _ => match x5c::read(&elements, operation.request().public_key()) {
            Err(error) if error.is_of_the_key() => {
                vault.record_another_key(exchange.service.vault_key(), &operation, profile, now)?;
                return Err(error.into());
            }
            read => read?,
        },
    };
    let opinion = strict_opinion(vault, &name, operation.request().public_key(), &bundle, exchange)?;
    let attributes = Attributes { enabled: asked.enabled, tags: asked.tags };
    vault.merge_with(exchange.service.vault_key(), &name, &bundle, &Terms::of(profile), attributes, now)?;
    let location = exchange.address(&format!("certificates/{}", operation.name()), "");
    let view = vault.certificate(&name, None)?;
    let merged = wire::certificate(&exchange.base(), &view);
    Ok(Answer { location: Some(location), verdict: opinion, ..Answer::of(201, Some(merged)) })
}

/// What a judge by RFC 5280 would have refused of an answer that Key Vault takes.
fn strict_opinion(
    vault: &Vault,
    name: &ObjectName,
    key: &PublicKey,
    bundle: &Bundle,
    exchange: &Exchange,
) -> Result<Option<String>, VaultError> {
    if bundle.certificates.is_empty() {
        return Ok(None);
    }
    let expected = vault.expectation(name, bundle)?;
    let terms = Terms {
        request: Some(expected.request.clone()),
        validity_months: Some(expected.validity_months),
        ..Terms::of(Profile::Rfc5280)
    };
    let question = Question::new(name.as_str(), key, bundle, exchange.service.now(), &terms);
    let verdict = Verdict::judge(&Question { holders: &expected.holders, ..question });
    let named = |severity: Severity| {
        let found = verdict.findings().iter().filter(|finding| finding.severity == severity);
        let mut rules: Vec<&str> = found.map(|finding| finding.rule.name).collect();
        rules.dedup();
        rules.join(", ")
    };
    let (refused, warned) = (named(Severity::Refuse), named(Severity::Warn));
    let profile = Profile::Rfc5280.name();
    Ok(Some(match (refused.as_str(), warned.as_str()) {
        ("", "") => format!("{profile}: accepted"),
        ("", warned) => format!("{profile}: accepted; warnings: {warned}"),
        (refused, "") => format!("{profile}: refused: {refused}"),
        (refused, warned) => format!("{profile}: refused: {refused}; warnings: {warned}"),
    }))
}

/// `POST /certificates/{name}/backup`
pub(super) fn backup(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let backup = vault.backup(exchange.service.vault_key(), &named.name()?, exchange.service.now())?;
    Ok(Answer::secret(serde_json::json!({"value": BASE64_URL_SAFE_NO_PAD.encode(&*backup)})))
}

/// `POST /certificates/restore`
pub(super) fn restore(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Done {
    let backup = exchange.body.backup()?;
    let name = vault.restore(exchange.service.vault_key(), &backup, None, exchange.service.now())?;
    let view = vault.certificate(&name, None)?;
    Ok(Answer::ok(wire::certificate(&exchange.base(), &view)))
}

/// `GET /certificates/contacts`
pub(super) fn contacts(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Done {
    let contacts = vault.contacts()?;
    match contacts.is_empty() {
        true => Err(VaultError::ContactsNotFound.into()),
        false => Ok(Answer::ok(wire::contacts(&exchange.base(), &contacts))),
    }
}

/// `PUT /certificates/contacts`
pub(super) fn set_contacts(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Done {
    let contacts = exchange.body.contacts()?;
    vault.set_contacts(exchange.service.vault_key(), &contacts, exchange.service.now())?;
    Ok(Answer::ok(wire::contacts(&exchange.base(), &contacts)))
}

/// `DELETE /certificates/contacts`
pub(super) fn delete_contacts(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let were = contacts(exchange, vault, named)?;
    vault.set_contacts(exchange.service.vault_key(), &[], exchange.service.now())?;
    Ok(were)
}

/// `GET /certificates/issuers`
pub(super) fn issuers(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Done {
    let place = Place::of(exchange)?;
    let mut found = vault.issuers()?;
    let after = place.after.to_ascii_lowercase();
    found.retain(|issuer| issuer.name.as_str().to_ascii_lowercase() > after);
    let base = exchange.base();
    let place_of = |issuer: &Issuer| issuer.name.to_string();
    let item_of = |issuer: &Issuer| Some(wire::issuer_item(&base, issuer));
    Ok(Answer::ok(place.page(exchange, "certificates/issuers", found, place_of, item_of)))
}

/// `GET /certificates/issuers/{issuer}`
pub(super) fn issuer(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    Ok(Answer::ok(wire::issuer(&exchange.base(), &vault.issuer(&named.name()?)?)))
}

/// `PUT /certificates/issuers/{issuer}`
pub(super) fn set_issuer(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let name = named.name()?;
    let asked = exchange.body.issuer()?;
    let provider = asked.provider.filter(|provider| !provider.is_empty()).ok_or_else(|| {
        wire::Refusal::bad_parameter("Property provider has invalid value: it is not given")
    })?;
    let now = exchange.service.now();
    let issuer = Issuer {
        name,
        provider,
        account_id: asked.account_id,
        organization_id: asked.organization_id,
        administrators: asked.administrators.unwrap_or_default(),
        enabled: asked.enabled.unwrap_or(true),
        created: now,
        updated: now,
    };
    vault.put_issuer(exchange.service.vault_key(), &issuer)?;
    self::issuer(exchange, vault, named)
}

/// `PATCH /certificates/issuers/{issuer}`: the given members replace what was there.
pub(super) fn change_issuer(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    let asked = exchange.body.issuer()?;
    let issuer = vault.issuer(&named.name()?)?;
    let issuer = Issuer {
        provider: asked.provider.unwrap_or(issuer.provider),
        account_id: asked.account_id.or(issuer.account_id),
        organization_id: asked.organization_id.or(issuer.organization_id),
        administrators: asked.administrators.unwrap_or(issuer.administrators),
        enabled: asked.enabled.unwrap_or(issuer.enabled),
        updated: exchange.service.now(),
        ..issuer
    };
    vault.put_issuer(exchange.service.vault_key(), &issuer)?;
    self::issuer(exchange, vault, named)
}

/// `DELETE /certificates/issuers/{issuer}`
pub(super) fn delete_issuer(exchange: &Exchange, vault: &mut Vault, named: &Named) -> Done {
    Ok(Answer::ok(wire::issuer(
        &exchange.base(),
        &vault.delete_issuer(exchange.service.vault_key(), &named.name()?, exchange.service.now())?,
    )))
}
