//! What a teacher asks of the server: to move its clock, to show how certificates end, and what their lifetime actions would
//! do.

use serde_json::{Value, json};

use super::answer::Answer;
use super::clock::Clock;
use super::exchange::{Exchange, Failure};
use super::named::Named;
use crate::policy::{ActionType, LifetimeAction, Trigger};
use crate::record::Record;
use crate::time::UnixTime;
use crate::vault::{ListOptions, Vault, VaultError};
use crate::wire::Refusal;

/// `GET /admin/clock`
pub(super) fn read_clock(exchange: &Exchange, _: &mut Vault, _: &Named) -> Result<Answer, Failure> {
    let clock = admitted(exchange)?;
    Ok(Answer::ok(json!({"now": clock.now().to_string(), "unix": clock.now().unix_seconds()})))
}

/// `POST /admin/clock`, `{"now": "2027-10-01T00:00:00Z"}`: moves the clock forward, and tells which lifetime actions
/// fell due on the way. Nothing renews itself here, and no mail is sent: the answer says what would have been done.
pub(super) fn set_clock(exchange: &Exchange, vault: &mut Vault, _: &Named) -> Result<Answer, Failure> {
    let clock = admitted(exchange)?;
    let wrong = |why: String| Refusal::bad_parameter(format!("Property now has invalid value: {why}"));
    let text = exchange.body.members().get("now").and_then(Value::as_str);
    let to = UnixTime::from_rfc3339(text.ok_or_else(|| wrong("it is not given".to_owned()))?)
        .map_err(|error| wrong(error.to_string()))?;
    let from = clock.now();
    if to < from {
        return Err(wrong(format!("it is before {from}, and the clock only goes forward")).into());
    }
    let due = due_between(vault, from, to)?;
    clock.set(to);
    Ok(Answer::ok(json!({"before": from.to_string(), "now": to.to_string(), "due": due})))
}

fn admitted(exchange: &Exchange) -> Result<&Clock, Refusal> {
    exchange.service.clock().ok_or_else(|| {
        Refusal::new(403, "Forbidden", "The clock cannot be moved: the server was not started with --admin.")
    })
}

/// The lifetime actions and the ends of the newest versions that fall into a time.
fn due_between(vault: &Vault, from: UnixTime, to: UnixTime) -> Result<Vec<Value>, VaultError> {
    let mut due = Vec::new();
    let mut after = String::new();
    loop {
        let page = vault.list(ListOptions::default(), &after, PAGE_SIZE)?;
        let Some(last) = page.last() else { break };
        after = last.name.to_string();
        for view in &page {
            let Some(record) = view.record.as_ref().filter(|record| record.enabled) else { continue };
            let mut events: Vec<(UnixTime, &str)> = view
                .policy
                .lifetime_actions
                .iter()
                .map(|action| (due_at(action, record), action.action.name()))
                .collect();
            events.push((record.certificate.not_after(), EXPIRY));
            events.retain(|(at, _)| from < *at && *at <= to);
            due.extend(events.into_iter().map(|(at, what)| {
                let manual = what == ActionType::AutoRenew.name();
                let help = manual.then(|| format!("coldcert create {}", view.name));
                (at, json!({"name": view.name.as_str(), "at": at.to_string(), "action": what, "help": help}))
            }));
        }
    }
    due.sort_by_key(|(at, _)| *at);
    Ok(due.into_iter().map(|(_, event)| event).collect())
}

fn due_at(action: &LifetimeAction, record: &Record) -> UnixTime {
    let (begins, ends) = (record.certificate.not_before(), record.certificate.not_after());
    match action.trigger {
        Trigger::LifetimePercentage(percent) => {
            let lifetime = ends.unix_seconds() - begins.unix_seconds();
            begins.plus_seconds(lifetime.saturating_mul(i64::from(percent)) / 100)
        }
        Trigger::DaysBeforeExpiry(days) => ends.plus_seconds(-86_400 * i64::from(days)),
    }
}

const EXPIRY: &str = "Expiry";
const PAGE_SIZE: u32 = 500;
