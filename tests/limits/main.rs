//! Every limit on foreign input, passed by a little: the error is the one that `docs/limits.md` states, and names the
//! limit; up to the limit it works. A row of the page without a case fails, and so does a case without a row.

mod certificates;
mod containers;
#[path = "../http/desk.rs"]
#[allow(dead_code, reason = "this test takes its own part of it")]
mod desk;
mod files;
mod judged;
#[path = "../support/made.rs"]
mod made;
mod page;
mod served;
#[path = "../support/mod.rs"]
mod support;
mod written;

use std::collections::BTreeSet;
use std::fmt::Display;

use page::Row;

/// A limit, and how it is passed.
pub(crate) struct Case {
    /// The row of the page.
    key: &'static str,
    /// What the program has.
    value: u64,
    /// Passes the limit by as little as can be, and gives the error.
    above: fn() -> String,
    /// What is just within it works.
    within: fn(),
}

/// Nothing that is cheap to ask.
pub(crate) fn not_asked() {}

/// A case whose limit is a size or a number of things.
pub(crate) fn case(key: &'static str, value: usize, above: fn() -> String, within: fn()) -> Case {
    Case { key, value: u64::try_from(value).expect("64 bits"), above, within }
}

/// What a refusal says.
pub(crate) fn told<T>(result: Result<T, impl Display>) -> String {
    match result {
        Ok(_) => "it was taken".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// So that one case that fails does not hide the others.
fn caught<T>(ask: fn() -> T) -> Result<T, String> {
    std::panic::catch_unwind(ask).map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => (*other.downcast::<&str>().unwrap_or_default()).to_owned(),
    })
}

#[test]
fn each_limit_that_is_passed_is_a_clear_error() {
    let rows = page::rows();
    let groups = [
        files::cases(),
        certificates::cases(),
        containers::cases(),
        written::cases(),
        judged::cases(),
        served::cases(),
    ];
    // One waits for a lock while the others work.
    let mut wrong: Vec<String> = std::thread::scope(|scope| {
        let asked = groups.each_ref().map(|cases| scope.spawn(|| faults(cases, &rows)));
        asked.into_iter().flat_map(|faults| faults.join().expect("panics are caught")).collect()
    });
    let cases: Vec<&Case> = groups.iter().flatten().collect();
    let keys: BTreeSet<&str> = cases.iter().map(|case| case.key).collect();
    assert_eq!(keys.len(), cases.len(), "two cases of one row");
    for Row { key, value, not_provoked, .. } in rows.iter().filter(|row| !keys.contains(row.key.as_str())) {
        match (not_provoked, served::KEPT.iter().find(|(known, _)| known == key)) {
            (None, _) => wrong.push(format!("{key}: no case, and the page has no reason")),
            (_, None) => {
                wrong.push(format!("{key}: not provoked, and the program's number is not known here"))
            }
            (_, Some((_, has))) if has != value => {
                wrong.push(format!("{key}: the page says {value}, the program has {has}"));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    support::say(&format!("reliability: limits hit with a clear error | {} | docs/limits.md", cases.len()));
}

/// What is not as the page says.
fn faults(cases: &[Case], rows: &[Row]) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases {
        let found = caught(case.above).unwrap_or_else(|panic| format!("a panic: {panic}"));
        match rows.iter().find(|row| row.key == case.key) {
            Some(row) => wrong.extend(row.faults(case.value, &found)),
            None => wrong.push(format!("{}: the page has no such row; {}: {found}", case.key, case.value)),
        }
        let within = caught(case.within).err();
        wrong.extend(within.map(|panic| format!("{}: within the limit: {panic}", case.key)));
    }
    wrong
}

/// What the page says of each row, so that it can be read.
#[test]
fn every_row_has_a_number_a_source_and_an_error() {
    let rows = page::rows();
    assert!(rows.len() > 60, "{}", rows.len());
    let keys: BTreeSet<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys.len(), rows.len(), "a key twice");
    for Row { key, value, source, error, not_provoked } in &rows {
        assert!(*value > 0 && source.len() > 10, "{key}");
        assert!(
            error.is_some() != not_provoked.is_some(),
            "{key}: an error, or the reason why none is provoked"
        );
    }
}
