//! `coldcert explain`

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::error::CliError;
use crate::report::wrapped;
use crate::verdict::{Profile, Rule, rules};

/// Explain a rule: what it is for, what clients do about it, and how such an answer comes about
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  $ coldcert explain\n  $ coldcert explain key-mismatch")]
pub(super) struct Explain {
    /// The rule's name [default: list every rule]
    rule: Option<String>,
}

impl Explain {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let chosen: Vec<&'static Rule> = match &self.rule {
            None => rules().collect(),
            Some(name) => rules().filter(|rule| rule.name == name).collect(),
        };
        if chosen.is_empty() {
            let value = self.rule.unwrap_or_default();
            let near: Vec<&str> =
                rules().map(|rule| rule.name).filter(|name| is_near(name, &value)).take(NEAR_MAX).collect();
            let allowed = match near.is_empty() {
                true => "a rule that `coldcert explain` lists".to_owned(),
                false => format!("{}; `coldcert explain` lists all", near.join(", ")),
            };
            return Err(CliError::Option { option: "RULE", value, allowed });
        }
        if context.json {
            let items: Vec<Value> = chosen.iter().map(|rule| described(rule)).collect();
            return context.write_json(&json!({"rules": items}));
        }
        let width = chosen.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
        for rule in &chosen {
            let text = match &self.rule {
                None => format!("{:<width$} {}\n", rule.name, rule.purpose),
                Some(_) => whole(rule),
            };
            let indent = " ".repeat(if self.rule.is_none() { width + 1 } else { WHOLE_INDENT });
            let text = match context.widths().stdout {
                Some(width) => {
                    let lines: Vec<String> = text.lines().map(|line| wrapped(line, width, &indent)).collect();
                    format!("{}\n", lines.join("\n"))
                }
                None => text,
            };
            context.artifact(text.as_bytes())?;
        }
        Ok(())
    }
}

/// Whether a rule may be the one that was meant: it has the word, or is spelled much like it.
fn is_near(name: &str, wanted: &str) -> bool {
    let wanted = wanted.to_ascii_lowercase();
    !wanted.is_empty() && (name.contains(&wanted) || strsim::jaro_winkler(name, &wanted) > LIKENESS_MIN)
}

/// How much of a name has to be as it was spelled: a slip or two.
const LIKENESS_MIN: f64 = 0.9;
/// Where the words begin that tell of one rule.
const WHOLE_INDENT: usize = 20;
/// How many rules are offered in place of one that is not there.
const NEAR_MAX: usize = 5;

fn whole(rule: &Rule) -> String {
    let profiles: Vec<String> =
        Profile::ALL.iter().map(|profile| format!("{}: {}", profile.name(), word(rule, *profile))).collect();
    format!(
        "{}   ({})\n\nwhat it is for:     {}\nwhat clients do:    {}\nhow it comes about: {}\nprofiles:           {}\n",
        rule.name,
        rule.clause,
        rule.purpose,
        rule.clients,
        rule.origin,
        profiles.join(", ")
    )
}

fn described(rule: &Rule) -> Value {
    let profiles: serde_json::Map<String, Value> =
        Profile::ALL.iter().map(|profile| (profile.name().to_owned(), word(rule, *profile).into())).collect();
    json!({
        "rule": rule.name,
        "clause": rule.clause,
        "purpose": rule.purpose,
        "clients": rule.clients,
        "origin": rule.origin,
        "profiles": profiles,
    })
}

fn word(rule: &Rule, profile: Profile) -> &'static str {
    rule.severity_in(profile).map_or("not looked at", |severity| severity.word())
}
