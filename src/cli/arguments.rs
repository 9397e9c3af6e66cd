//! What can be said on the command line: the global options and the verbs.

use clap::{CommandFactory, Parser, Subcommand};

use super::context::{Context, Global};
use super::error::CliError;
use super::{
    backup, change_passphrase, check, contact, create, demo, explain, export, generate, import, init, issuer,
    lifecycle, merge, pending, policy, set, show,
};

/// Certificates issued by hand, as Azure Key Vault's "Unknown" issuer path has it: make a key and a request,
/// carry the request to a CA, carry the answer back, merge. Without a network.
#[derive(Debug, Parser)]
#[command(name = "coldcert", version, about, long_about = None, after_help = AFTER_HELP, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true, infer_subcommands = false)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    Init(init::Init),
    #[command(subcommand)]
    Policy(policy::PolicyVerb),
    Create(Box<create::Create>),
    #[command(subcommand)]
    Pending(pending::PendingVerb),
    Merge(merge::Merge),
    Check(check::Check),
    Explain(explain::Explain),
    Show(show::Show),
    List(show::List),
    Versions(show::Versions),
    Export(export::Export),
    Import(import::Import),
    Set(set::Set),
    Delete(lifecycle::Delete),
    Recover(lifecycle::Recover),
    Purge(lifecycle::Purge),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Passphrase(change_passphrase::ChangePassphrase),
    #[command(subcommand)]
    Issuer(issuer::IssuerVerb),
    #[command(subcommand)]
    Contact(contact::ContactVerb),
    Demo(demo::Demo),
    Completions(generate::Completions),
    Man(generate::Man),
}

pub(super) fn run(verb: Verb, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    match verb {
        Verb::Init(verb) => verb.run(context),
        Verb::Policy(verb) => verb.run(context),
        Verb::Create(verb) => verb.run(context),
        Verb::Pending(verb) => verb.run(context),
        Verb::Merge(verb) => verb.run(context),
        Verb::Check(verb) => verb.run(context),
        Verb::Explain(verb) => verb.run(context),
        Verb::Show(verb) => verb.run(context),
        Verb::List(verb) => verb.run(context),
        Verb::Versions(verb) => verb.run(context),
        Verb::Export(verb) => verb.run(context),
        Verb::Import(verb) => verb.run(context),
        Verb::Set(verb) => verb.run(context),
        Verb::Delete(verb) => verb.run(context),
        Verb::Recover(verb) => verb.run(context),
        Verb::Purge(verb) => verb.run(context),
        Verb::Backup(verb) => verb.run(context),
        Verb::Restore(verb) => verb.run(context),
        Verb::Passphrase(verb) => verb.run(context),
        Verb::Issuer(verb) => verb.run(context),
        Verb::Contact(verb) => verb.run(context),
        Verb::Demo(verb) => verb.run(context),
        Verb::Completions(verb) => verb.run(context, &mut Arguments::command()),
        Verb::Man(verb) => verb.run(context, Arguments::command()),
    }
}

const AFTER_HELP: &str = "\
Exit codes: 0 done; 1 understood and refused (a conflict, a refused chain, not found); \
2 not understood or broken (usage, unreadable input, wrong passphrase, I/O).

The flow by hand:
  $ coldcert init
  $ coldcert create www --subject CN=www.example.com --dns www.example.com -o www.csr
  ... carry www.csr to the CA, and its answer back ...
  $ coldcert merge www answer.pem
  $ coldcert export www -o www.pfx

See it all at once, with a training CA, in a temporary folder:
  $ coldcert demo";
