//! Answers that were given, kept until the vault changes: clients ask for the same again and again while they wait.
//!
//! Each is of one state of the vault file, and is given again only while the file is in that state, whoever writes to it.
//! Nothing secret is kept.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use axum::body::Bytes;
use axum::http::Method;
use axum::http::request::Parts;

use super::answer::Answer;
use super::host::Host;
use crate::vault::{State, Watch};

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asked(String);

impl Asked {
    /// None where the answer is not to be kept: a change, a secret, the clock.
    pub(super) fn of(host: &Host, parts: &Parts) -> Option<Self> {
        let target = parts.uri.path_and_query()?.as_str();
        let is_kept = parts.method == Method::GET
            && target.len() <= TARGET_BYTES_MAX
            && KEPT.iter().any(|kind| target.starts_with(kind));
        is_kept.then(|| Self(format!("{} {target}", host.as_str())))
    }
}

/// An answer of 200.
#[derive(Clone, Debug)]
struct Kept {
    state: State,
    body: Bytes,
    ask_again: bool,
}

/// The answers of the last state, mostly.
#[derive(Debug)]
pub(super) struct Answers {
    kept: RwLock<HashMap<Asked, Kept>>,
    watch: Watch,
}

impl Answers {
    pub(super) fn new(watch: Watch) -> Self {
        Self { kept: RwLock::default(), watch }
    }

    /// The answer that was given before, if it still holds.
    pub(super) fn again(&self, asked: &Asked) -> Option<Answer> {
        let now = self.watch.state()?;
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(asked).cloned()?;
        (kept.state == now).then(|| Answer { ask_again: kept.ask_again, ..Answer::encoded(kept.body) })
    }

    /// Keeps an answer of a state.
    pub(super) fn keep(&self, asked: Asked, state: State, answer: &mut Answer) {
        let Some(body) = answer.encode().filter(|body| body.len() <= BODY_BYTES_MAX) else { return };
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        // What is full of the past is emptied; what is asked again comes back.
        if kept.len() >= ANSWERS_MAX {
            kept.clear();
        }
        kept.insert(asked, Kept { state, body, ask_again: answer.ask_again });
    }
}

/// Where nothing secret is answered.
const KEPT: [&str; 4] = ["/certificates", "/deletedcertificates", "/keys", "/deletedkeys"];
/// With the longest name, id and token a target has some 400 octets.
const TARGET_BYTES_MAX: usize = 1_024;
/// A page of 25 has some 12 KB.
const BODY_BYTES_MAX: usize = 32 * 1_024;
/// At most 32 MB, mostly 2 MB.
const ANSWERS_MAX: usize = 1_000;
