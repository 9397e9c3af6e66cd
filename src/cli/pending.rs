//! `coldcert pending`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::context::Context;
use super::error::CliError;
use super::input::named;
use super::output::is_stdout;
use super::table::Table;
use super::terminal::{escape, shown};
use crate::csr::CertificateRequest;
use crate::extension::purpose_name;
use crate::identifier::Identifier;
use crate::key::PublicKey;
use crate::name::DistinguishedName;
use crate::pem;
use crate::pending::{Operation, Pending};
use crate::policy::{ObjectName, Policy, Route};
use crate::vault::{Vault, VaultError};
use crate::wire;

/// Operations that wait for their CA
#[derive(Debug, Subcommand)]
pub(super) enum PendingVerb {
    /// List the operations that are not completed, oldest first
    #[command(after_help = "Example:\n  $ coldcert pending list")]
    List,
    /// Show an operation, found by name, request, request id or key
    #[command(
        after_help = "Examples:\n  $ coldcert pending show www\n  $ coldcert pending show --csr www.csr"
    )]
    Show(Lookup),
    /// Write the certificate request again
    #[command(after_help = "Example:\n  $ coldcert pending csr www -o www.csr")]
    Csr {
        #[command(flatten)]
        lookup: Lookup,
        /// Where the request goes, - for stdout
        #[arg(short, long, value_name = "FILE", default_value = "-")]
        output: PathBuf,
        /// Write DER instead of PEM
        #[arg(long)]
        der: bool,
        /// Replace the file if it exists
        #[arg(long)]
        force: bool,
    },
    /// Ask for an operation to be cancelled
    ///
    /// An operation with an issuer is ended at the issuer's side. One of issuer Unknown stays in progress and can
    /// still be merged, as in Key Vault: nobody is there to cancel it.
    #[command(after_help = "Example:\n  $ coldcert pending cancel www")]
    Cancel {
        /// The certificate's name
        name: String,
    },
    /// Give an operation up, with the key that it holds, unless a version has the same key
    #[command(after_help = "Example:\n  $ coldcert pending delete www")]
    Delete {
        /// The certificate's name
        name: String,
    },
}

/// How an operation is found.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Lookup {
    /// The certificate's name
    name: Option<String>,
    /// A certificate request, - for stdin
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    /// A request id
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// A public key in PEM or DER (SubjectPublicKeyInfo), - for stdin
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
}

impl PendingVerb {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        match self {
            Self::List => list(context),
            Self::Show(lookup) => {
                let mut vault = context.open()?;
                let operation = lookup.find(context, &vault)?;
                if context.json {
                    hand_out(context, &mut vault, &operation)?;
                }
                show(context, &operation)
            }
            Self::Csr { lookup, output, der, force } => {
                if context.json && is_stdout(&output) {
                    let mut vault = context.open()?;
                    let operation = lookup.find(context, &vault)?;
                    hand_out(context, &mut vault, &operation)?;
                    let base = context.base();
                    return context.write_json(&wire::operation(&base, &operation));
                }
                write_request(context, &lookup, &output, der, force)
            }
            Self::Cancel { name } => cancel(context, &name),
            Self::Delete { name } => delete(context, &name),
        }
    }
}

impl Lookup {
    fn find(&self, context: &mut Context<'_, '_>, vault: &Vault) -> Result<Operation, CliError> {
        if let Some(path) = &self.csr {
            let files = context.read_all(std::slice::from_ref(path))?;
            let request = CertificateRequest::read(&files[0].source())?;
            return Ok(vault.pending_by_request(&request)?);
        }
        if let Some(path) = &self.public_key {
            let bytes = context.read(path)?;
            let der = der_of(&bytes, &named(path), "PUBLIC KEY")?;
            let key = PublicKey::from_der(&der).map_err(|error| CliError::in_file(path, error.into()))?;
            return Ok(vault.pending_by_public_key(&key)?);
        }
        if let Some(text) = &self.request_id {
            let id = Identifier::from_hex(text).ok_or_else(|| CliError::Option {
                option: "--request-id",
                value: text.clone(),
                allowed: "32 hex digits".to_owned(),
            })?;
            return Ok(vault.pending_by_request_id(id)?);
        }
        let name = ObjectName::new(self.name.as_deref().unwrap_or_default()).map_err(VaultError::from)?;
        Ok(vault.pending(&name)?)
    }
}

fn list(context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let mut vault = context.open()?;
    let operations = vault.waiting()?;
    if context.json {
        // The document has the request of each.
        context.recorded(&mut vault, |vault, now| {
            operations.iter().try_for_each(|operation| vault.record_request_handed_out(None, operation, now))
        })?;
        let base = context.base();
        let items: Vec<_> = operations.iter().map(|operation| wire::operation(&base, operation)).collect();
        return context.write_json(&wire::page(&items));
    }
    let mut table = Table::new(["NAME", "STATE", "BEGUN", "REQUEST ID", "SUBJECT"]);
    for operation in &operations {
        let cells = [
            operation.name().to_string(),
            state(operation),
            operation.created().to_string(),
            operation.request_id().to_string(),
            or_none(operation.request().subject()),
        ];
        table.row(context, cells)?;
    }
    table.end(context)?;
    if operations.is_empty() {
        context.say("nothing waits");
    }
    Ok(())
}

/// Records that a request goes out.
fn hand_out(context: &mut Context<'_, '_>, vault: &mut Vault, operation: &Operation) -> Result<(), CliError> {
    context.recorded(vault, |vault, now| vault.record_request_exported(operation, now))
}

fn show(context: &mut Context<'_, '_>, operation: &Operation) -> Result<(), CliError> {
    if context.json {
        let base = context.base();
        return context.write_json(&wire::operation(&base, operation));
    }
    let request = operation.request();
    let names: Vec<String> = request.alternative_names().iter().map(ToString::to_string).collect();
    let text = format!(
        "name        {}\nstate       {}\nissuer      {}\nbegun       {}\nrequest id  {}\nsubject     {}\nnames       {}\nkey         {}\nkey sha256  {}\n",
        operation.name(),
        state(operation),
        operation.issuer().name,
        operation.created(),
        operation.request_id(),
        or_none(request.subject()),
        if names.is_empty() { "none".to_owned() } else { names.join(", ") },
        request.public_key().algorithm(),
        request.public_key().fingerprint(),
    );
    context.artifact(text.as_bytes())?;
    if let Operation::Failed(_, failure) = operation {
        let line = format!("error       {}: {}\n", escape(&failure.code), escape(&failure.message));
        context.artifact(line.as_bytes())?;
    }
    if let Operation::InProgress(pending) | Operation::Cancelled(pending) | Operation::Failed(pending, _) =
        operation
    {
        context.artifact(terms_of(&pending.policy).as_bytes())?;
    }
    if let Operation::InProgress(pending) = operation {
        let name = operation.name();
        match pending.policy.issuer.route() {
            Route::Unknown => context.next(&format!("coldcert merge {name} ANSWER")),
            Route::Named => {
                let next = at_desk(&context.open()?, pending);
                context.next(&next);
            }
            Route::SelfSigned => {}
        }
    }
    Ok(())
}

/// What the certificate is asked to be for, in the words of `create`.
fn terms_of(policy: &Policy) -> String {
    let listed = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let exportable = if policy.key.exportable { "exportable" } else { "not exportable" };
    format!(
        "private key {exportable}\npurposes    {}\nkey usage   {}\nvalidity    {} months\n",
        listed(policy.extended_key_usages.iter().map(purpose_name).collect()),
        listed(policy.key_usages.iter().map(|usage| usage.name().to_owned()).collect()),
        policy.validity_months,
    )
}

/// How a request goes on that waits for a named issuer, whose CA is in the vault or elsewhere.
pub(super) fn at_desk(vault: &Vault, pending: &Pending) -> String {
    let name = &pending.name;
    let signs =
        ObjectName::new(&pending.policy.issuer.name).is_ok_and(|issuer| vault.authority(&issuer).is_ok());
    match signs {
        true => format!("coldcert ca sign {name}"),
        false => format!(
            "coldcert pending csr {name} -o {name}.csr; then: coldcert issuer complete {name} --chain ANSWER"
        ),
    }
}

fn write_request(
    context: &mut Context<'_, '_>,
    lookup: &Lookup,
    output: &std::path::Path,
    der: bool,
    force: bool,
) -> Result<(), CliError> {
    let mut vault = context.open()?;
    let operation = lookup.find(context, &vault)?;
    let request = operation.request();
    let bytes = match der {
        true => request.as_der().to_vec(),
        false => pem::write("CERTIFICATE REQUEST", request.as_der()).into_bytes(),
    };
    // It is in the ledger before it is out.
    context.check_public(output, &bytes, force)?;
    hand_out(context, &mut vault, &operation)?;
    context.put_public(output, &bytes, force)?;
    if context.json {
        let base = context.base();
        context.write_json(&wire::operation(&base, &operation))?;
    }
    if !is_stdout(output) {
        context.say(&format!("wrote {}", shown(output)));
        context.say(&format!("  sha256 of the public key  {}", request.public_key().fingerprint()));
    }
    Ok(())
}

fn cancel(context: &mut Context<'_, '_>, name: &str) -> Result<(), CliError> {
    let name = ObjectName::new(name).map_err(VaultError::from)?;
    let mut vault = context.open()?;
    let name = vault.pending(&name)?.name().clone();
    let vault_key = context.unseal(&mut vault)?;
    let operation = vault.cancel(&vault_key, &(&name).into(), true, context.now)?;
    if context.json {
        let base = context.base();
        context.write_json(&wire::operation(&base, &operation))?;
    }
    match operation.issuer().route() {
        Route::Named | Route::SelfSigned => {
            let issuer = &operation.issuer().name;
            context.say(&format!("asked for {name} to be cancelled; it ends when {issuer} says so"));
        }
        Route::Unknown => {
            context.say(&format!(
                "marked {name} as to be cancelled; with issuer Unknown nobody is there to cancel it: it stays in progress, and its answer can still be merged"
            ));
            context.next(&format!("give it up, with its key: coldcert pending delete {name}"));
        }
    }
    Ok(())
}

fn delete(context: &mut Context<'_, '_>, name: &str) -> Result<(), CliError> {
    let name = ObjectName::new(name).map_err(VaultError::from)?;
    let mut vault = context.open()?;
    let name = vault.pending(&name)?.name().clone();
    let vault_key = context.unseal(&mut vault)?;
    let operation = vault.delete_pending(&vault_key, &(&name).into(), context.now)?;
    if context.json {
        let base = context.base();
        context.write_json(&wire::operation(&base, &operation))?;
    }
    let holders = vault.holders(operation.request().public_key())?;
    match (operation, holders.first()) {
        (Operation::Completed(_), _) => {
            context.say(&format!("deleted the completed operation of {name}; its version stays"))
        }
        (_, Some(holder)) => context.say(&format!(
            "gave up the operation of {name}; its key stays, as that of {holder}, but an answer to its request cannot be merged"
        )),
        (_, None) => context.say(&format!(
            "gave up the operation of {name}, and its key: an answer to its request can never be merged"
        )),
    }
    context
        .next(&format!("ask anew with: coldcert create {name}; or give the name up: coldcert delete {name}"));
    Ok(())
}

/// A name as it is shown where an empty one would look like a fault.
pub(super) fn or_none(name: &DistinguishedName) -> String {
    if name.is_empty() { "none".to_owned() } else { name.to_string() }
}

/// The state in words for people.
pub(super) fn state(operation: &Operation) -> String {
    let state = match operation {
        Operation::InProgress(_) => "in progress",
        Operation::Cancelled(_) => "cancelled",
        Operation::Failed(..) => "failed",
        Operation::Completed(_) => "completed",
    };
    let asked = operation.cancellation_requested() && matches!(operation, Operation::InProgress(_));
    if asked { format!("{state}, cancellation requested") } else { state.to_owned() }
}

/// The contents of the first PEM block of a label, or DER as it is.
fn der_of(bytes: &[u8], name: &str, label: &str) -> Result<Vec<u8>, CliError> {
    if !pem::looks_like_pem(bytes) {
        return Ok(bytes.to_vec());
    }
    let blocks = pem::read(bytes).map_err(|error| {
        VaultError::from(crate::bundle::BundleError::Pem { file: name.to_owned(), error })
    })?;
    match blocks.iter().find(|block| block.label.ends_with(label)) {
        Some(block) => Ok(block.contents().to_vec()),
        None => {
            let found = blocks.first().map_or("nothing", |block| block.label.as_str());
            Err(CliError::Option {
                option: "FILE",
                value: format!("{name}: {found}"),
                allowed: label.to_lowercase(),
            })
        }
    }
}
