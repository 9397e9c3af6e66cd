//! `coldcert issuer requests`, `complete`, `fail`, `cancel`: the desk at which operations of named issuers wait.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use serde_json::json;

use super::check::TermsOptions;
use super::context::{Context, ReadFile};
use super::error::CliError;
use super::export_format;
use super::found::Opening;
use super::pending::at_desk;
use super::table::Table;
use crate::pending::{Failure, Operation};
use crate::policy::ObjectName;
use crate::vault::VaultError;
use crate::wire;

/// What a named issuer does with the requests that wait for it.
#[derive(Debug, Subcommand)]
pub(super) enum DeskVerb {
    /// List the requests that wait for an issuer
    #[command(after_help = "Example:\n  $ coldcert issuer requests")]
    Requests,
    /// Answer a request with what the CA issued
    ///
    /// The answer is judged as a merge is. The operation is completed, and the certificate has a new version.
    #[command(after_help = "Example:\n  $ coldcert issuer complete www --chain answer.pem")]
    Complete(Complete),
    /// Say that a request cannot be fulfilled
    ///
    /// The operation is failed, its key still held: an answer can be merged by hand all the same.
    #[command(
        after_help = "Example:\n  $ coldcert issuer fail www --code OutOfBand --message 'the CA wants a signed form'"
    )]
    Fail {
        /// The certificate's name
        name: String,
        /// The error's code, a word
        #[arg(long, value_name = "CODE", value_parser = NonEmptyStringValueParser::new())]
        code: String,
        /// What happened
        #[arg(long, value_name = "TEXT")]
        message: String,
    },
    /// Cancel a request, whether or not somebody asked for that
    #[command(after_help = "Example:\n  $ coldcert issuer cancel www")]
    Cancel {
        /// The certificate's name
        name: String,
    },
}

/// `coldcert issuer complete`
#[derive(Debug, Args)]
pub(super) struct Complete {
    /// The certificate's name
    name: String,
    /// What the CA issued, one file or several, in any form, - for stdin
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    chain: Vec<PathBuf>,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    terms: TermsOptions,
}

impl DeskVerb {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        match self {
            Self::Requests => requests(context),
            Self::Complete(verb) => verb.run(context),
            Self::Fail { name, code, message } => {
                let failure = Failure { code, message };
                ended(context, &name, Some(&failure))
            }
            Self::Cancel { name } => ended(context, &name, None),
        }
    }
}

fn requests(context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let waiting = context.open()?.at_desk()?;
    if context.json {
        let base = context.base();
        let items: Vec<_> = waiting
            .into_iter()
            .map(|pending| wire::operation(&base, &Operation::InProgress(pending)))
            .collect();
        return context.write_json(&json!({"value": items}));
    }
    let mut table = Table::new(["NAME", "ISSUER", "BEGUN"]);
    for pending in &waiting {
        let mut created = pending.created.to_string();
        if pending.cancellation_requested {
            created.push_str("\tcancellation requested");
        }
        table.row(context, [pending.name.to_string(), pending.policy.issuer.name.to_string(), created])?;
    }
    table.end(context)?;
    match waiting.first() {
        None => context.say("no request waits for an issuer"),
        Some(first) => {
            let then = at_desk(&context.open()?, first);
            context.next(&format!("coldcert pending show {}; then: {then}", first.name));
        }
    }
    Ok(())
}

impl Complete {
    fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let mut vault = context.open()?;
        // Whatever can be refused without the passphrase is refused before it is asked for.
        let name = vault.at_desk_by_name(&name)?.name;
        let files = context.read_all(&self.chain)?;
        let sources: Vec<_> = files.iter().map(ReadFile::source).collect();
        let bundle = self.opening.read(context, &sources)?.map_err(VaultError::from)?;
        let mut terms = self.terms.terms(context)?;
        terms.crls.extend(bundle.revocation_lists.iter().map(|given| given.list.clone()));
        let vault_key = context.unseal(&mut vault)?;
        let merged = vault.complete_at_desk(&vault_key, &name, &bundle, &terms, context.now)?;
        if context.json {
            let view = vault.certificate(&name, None)?;
            context.write_certificate(&view)?;
        }
        context.findings(&merged.findings);
        let record = &merged.record;
        context.say(&format!(
            "completed {name}: version {}, {}",
            record.version,
            record.certificate.subject()
        ));
        context.next(&export_format::command(record));
        Ok(())
    }
}

fn ended(context: &mut Context<'_, '_>, name: &str, failure: Option<&Failure>) -> Result<(), CliError> {
    let name = ObjectName::new(name).map_err(VaultError::from)?;
    let mut vault = context.open()?;
    let name = vault.at_desk_by_name(&name)?.name;
    let vault_key = context.unseal(&mut vault)?;
    let operation = match failure {
        Some(failure) => vault.fail_at_desk(&vault_key, &name, failure, context.now)?,
        None => vault.cancel_at_desk(&vault_key, &name, context.now)?,
    };
    if context.json {
        context.write_json(&wire::operation(&context.base(), &operation))?;
    }
    let word = if failure.is_some() { "failed" } else { "cancelled" };
    context.say(&format!("{word} the request of {name}; its key is still held"));
    context
        .next(&format!("coldcert merge {name} ANSWER, if one comes after all; or: coldcert create {name}"));
    Ok(())
}
