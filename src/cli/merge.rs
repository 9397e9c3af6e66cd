//! `coldcert merge`

use std::path::PathBuf;

use clap::Args;

use super::check::TermsOptions;
use super::context::{Context, ReadFile};
use super::error::CliError;
use super::export_format;
use super::found::Opening;
use crate::policy::ObjectName;
use crate::vault::VaultError;
use crate::verdict::{Acceptance, Rule, rules};

/// Merge the CA's answer into the certificate that waits for it
///
/// Takes whatever the CA sent, one file or several, in any order: PEM, DER, PKCS#7, PKCS#12, base64, JSON, ZIP. The
/// leaf is found by its key, the chain is put in order, every signature in it and its dates are checked. A refused
/// answer changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  $ coldcert merge www answer.pem
  $ coldcert merge www www.cer intermediate.cer root.cer
  $ coldcert merge www www.cer intermediate.cer --roots root.cer --profile webpki
  $ coldcert merge www answer.pem --accept expired")]
pub(super) struct Merge {
    /// The certificate's name
    name: String,
    /// What the CA sent, one file or several, - for stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    terms: TermsOptions,
    /// Let a rule pass that refuses; the record keeps that you did (may be repeated)
    #[arg(long, value_name = "RULE", value_parser = rule)]
    accept: Vec<&'static Rule>,
}

impl Merge {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let mut vault = context.open()?;
        // Whatever can be refused without the passphrase is refused before it is asked for.
        let name = vault.pending(&name)?.name().clone();
        let files = context.read_all(&self.files)?;
        let sources: Vec<_> = files.iter().map(ReadFile::source).collect();
        let bundle = self.opening.read(context, &sources)?.map_err(VaultError::from)?;
        let mut terms = self.terms.terms(context)?;
        terms.crls.extend(bundle.revocation_lists.iter().map(|given| given.list.clone()));
        if !self.accept.is_empty() {
            terms.acceptance = Acceptance { rules: self.accept.clone(), by: context.attribution().operator };
        }
        let vault_key = context.unseal(&mut vault)?;
        let merged = vault.merge_by(&vault_key, &name, &bundle, &terms, context.now)?;
        let record = &merged.record;
        if context.json {
            let view = vault.certificate(&name, None)?;
            context.write_certificate(&view)?;
        }
        context.findings(&merged.findings);
        for rule in &self.accept {
            if !merged.findings.iter().any(|finding| finding.accepted && finding.rule == *rule) {
                context.say(&format!("note    --accept {}: nothing had to be accepted by it", rule.name));
            }
        }
        let chain = record.chain();
        context.say(&format!("merged {name}: version {}", record.version));
        for (depth, certificate) in chain.iter().enumerate() {
            let indent = "   ".repeat(depth);
            let by = if depth == 0 { "" } else { "signed by " };
            context.say(&format!("  {indent}{by}{}", certificate.subject()));
        }
        context.say(&format!(
            "  valid from {} until {}",
            record.certificate.not_before(),
            record.certificate.not_after()
        ));
        context.next(&export_format::command(record));
        Ok(())
    }
}

/// The value of `--accept`.
fn rule(name: &str) -> Result<&'static Rule, String> {
    match rules().find(|rule| rule.name == name) {
        Some(rule) if rule.can_be_accepted() => Ok(rule),
        Some(rule) => {
            Err(format!("{} cannot be accepted: without the held key there is nothing to merge", rule.name))
        }
        None => Err("`coldcert explain` lists the rules".to_owned()),
    }
}
