//! What can be said on the command line: the global options and the verbs.

use std::ffi::OsString;

use clap::{Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::context::{Context, Global};
use super::error::CliError;
use super::{
    audit, backup, ca, change_passphrase, check, contact, create, demo, explain, export, generate, import,
    init, inspect, issuer, lifecycle, merge, pending, policy, serve, set, show,
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
    Inspect(inspect::Inspect),
    Import(import::Import),
    Set(set::Set),
    Delete(lifecycle::Delete),
    Recover(lifecycle::Recover),
    Purge(lifecycle::Purge),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Passphrase(change_passphrase::ChangePassphrase),
    #[command(subcommand)]
    Audit(audit::AuditVerb),
    #[command(subcommand)]
    Issuer(issuer::IssuerVerb),
    #[command(subcommand)]
    Contact(contact::ContactVerb),
    #[command(subcommand)]
    Ca(ca::CaVerb),
    Serve(serve::Serve),
    Demo(demo::Demo),
    Completions(generate::Completions),
    Man(generate::Man),
}

impl Arguments {
    /// Understands a command line, the program's name first.
    pub(super) fn understand(words: &[OsString]) -> Result<Self, clap::Error> {
        match Self::of_one_verb(words) {
            Some(arguments) => Ok(arguments),
            None => {
                let matches = Self::command().try_get_matches_from(words)?;
                Self::from_arg_matches(&matches)
            }
        }
    }

    /// The same where the verb stands first and all is well, with the definition of that verb alone: to define every
    /// verb takes longer than to check a chain. Whatever is not understood so is left to the whole definition.
    fn of_one_verb(words: &[OsString]) -> Option<Self> {
        let verb = alone(words.get(1)?.to_str()?)?;
        let command = Global::augment_args(Command::new("coldcert")).subcommand(verb);
        Self::from_arg_matches(&command.try_get_matches_from(words).ok()?).ok()
    }
}

/// The definition of a verb that scripts run again and again.
fn alone(verb: &str) -> Option<Command> {
    Some(match verb {
        "create" => create::Create::augment_args(Command::new("create")),
        "merge" => merge::Merge::augment_args(Command::new("merge")),
        "check" => check::Check::augment_args(Command::new("check")),
        "explain" => explain::Explain::augment_args(Command::new("explain")),
        "show" => show::Show::augment_args(Command::new("show")),
        "list" => show::List::augment_args(Command::new("list")),
        "versions" => show::Versions::augment_args(Command::new("versions")),
        "export" => export::Export::augment_args(Command::new("export")),
        _ => return None,
    })
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
        Verb::Inspect(verb) => verb.run(context),
        Verb::Import(verb) => verb.run(context),
        Verb::Set(verb) => verb.run(context),
        Verb::Delete(verb) => verb.run(context),
        Verb::Recover(verb) => verb.run(context),
        Verb::Purge(verb) => verb.run(context),
        Verb::Backup(verb) => verb.run(context),
        Verb::Restore(verb) => verb.run(context),
        Verb::Passphrase(verb) => verb.run(context),
        Verb::Audit(verb) => verb.run(context),
        Verb::Issuer(verb) => verb.run(context),
        Verb::Contact(verb) => verb.run(context),
        Verb::Ca(verb) => verb.run(context),
        Verb::Serve(verb) => verb.run(context),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_alone_understands_its_examples_as_the_whole_definition_does() {
        let whole = Arguments::command();
        let defined: Vec<&Command> =
            whole.get_subcommands().filter(|verb| alone(verb.get_name()).is_some()).collect();
        assert!(defined.len() > 5);
        for defined in defined {
            let verb = defined.get_name();
            let help = defined.get_after_help().expect("examples").to_string();
            let examples: Vec<&str> = help
                .lines()
                .filter_map(|line| line.trim().strip_prefix("$ coldcert"))
                .filter(|line| !line.contains('\''))
                .collect();
            assert!(!examples.is_empty(), "{verb}");
            for example in examples {
                let more = format!("coldcert{example} --vault other.coldcert --at 2026-11-22T18:00:00Z");
                let words: Vec<OsString> = more.split_whitespace().map(OsString::from).collect();
                let alone = Arguments::of_one_verb(&words).expect(example);
                let matches = Arguments::command().try_get_matches_from(&words).expect(example);
                let together = Arguments::from_arg_matches(&matches).expect(example);
                assert_eq!(format!("{alone:?}"), format!("{together:?}"));
            }
        }
    }

    #[test]
    fn what_a_verb_alone_does_not_understand_is_left_to_the_whole_definition() {
        for line in [
            "coldcert",
            "coldcert check",
            "coldcert check --help",
            "coldcert chek x",
            "coldcert --json list x",
        ] {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            assert!(Arguments::of_one_verb(&words).is_none(), "{line}");
            let said = Arguments::understand(&words).expect_err("no command line").to_string();
            let whole = Arguments::command().try_get_matches_from(&words).expect_err("no command line");
            assert_eq!(said, whole.to_string(), "{line}");
        }
    }
}
