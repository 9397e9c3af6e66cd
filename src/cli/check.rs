//! `coldcert check`

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::against::Against;
use super::context::{Context, ReadFile};
use super::error::CliError;
use super::found::{self, Opening};
use super::output::is_stdout;
use super::terminal::{quoted, shown};
use super::verdict_json::{Asked, verdict_json};
use crate::bundle::{Bundle, BundleError, GivenFile, Source};
use crate::certificate::Certificate;
use crate::crl::{CRL_BYTES_MAX, CRLS_BYTES_MAX, CRLS_MAX};
use crate::report::{self, Heading};
use crate::secret::pem_chain;
use crate::time::UnixTime;
use crate::vault::VaultError;
use crate::verdict::{AsGiven, PeerName, Profile, Question, Severity, Terms, Verdict};
use crate::x5c::{Client, Outcome, submit_to_each_within};

/// Judge an answer before it is merged: whether it would be, and what is wrong with it
///
/// Against a certificate request, the operation of a real vault (JSON), a name in this vault, or a key. Without
/// --roots the chain is judged on its own. No passphrase is needed, and nothing is changed; with --name the vault's
/// ledger has an entry of it. The chain is drawn on stdout, and what is found is told on stderr: --html and --json have
/// both.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  $ coldcert check answer.pem --csr www.csr
  $ coldcert check answer.pem --name www --roots root.cer --html report.html
  $ coldcert check www.cer --csr www.csr --intermediates intermediate.cer --roots root.cer --server-name www.example.com")]
pub(super) struct Check {
    /// What the CA sent, - for stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    against: Against,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    terms: TermsOptions,
    /// Certificates that stand between, and are not part of the answer (may be repeated)
    #[arg(long, value_name = "FILE")]
    intermediates: Vec<PathBuf>,
    /// The name of a server that the certificate must be for, with the purpose serverAuth (may be repeated)
    #[arg(long, value_name = "N", value_parser = PeerName::of_server)]
    server_name: Vec<PeerName>,
    /// Also write the report as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the repaired answer: in order, in one encoding, nothing unrelated
    #[arg(long, value_enum, value_name = "FORM", requires = "output")]
    write: Option<Form>,
    /// Where the repaired answer goes, - for stdout
    #[arg(short, long, value_name = "FILE", requires = "write")]
    output: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

/// What is trusted, and whose judgement is asked for.
#[derive(Debug, Args)]
pub(super) struct TermsOptions {
    /// Trusted certificates (may be repeated)
    #[arg(long, value_name = "FILE")]
    roots: Vec<PathBuf>,
    /// Certificate revocation lists (may be repeated)
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// Whose judgement: key-vault, rfc5280, webpki
    #[arg(long, value_name = "P", value_parser = profile, default_value = "rfc5280")]
    profile: Profile,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A JSON list of base64 DER, as a merge sends it
    X5c,
    /// PEM
    Pem,
    /// PKCS#7, certificates only, DER
    P7b,
}

impl TermsOptions {
    /// Reads the trusted certificates.
    pub(super) fn terms(&self, context: &mut Context<'_, '_>) -> Result<Terms, CliError> {
        let mut terms = Terms::of(self.profile);
        if !self.roots.is_empty() {
            let bundle = read_bundle(context, &self.roots).map_err(|error| match error {
                CliError::Vault(VaultError::Bundle(
                    error @ (BundleError::Empty { .. } | BundleError::NoCertificate { .. }),
                )) => CliError::NotTrusted { error },
                error => error,
            })?;
            terms.anchors = bundle.certificates.into_iter().map(|given| given.certificate).collect();
        }
        let too_many = |value: String, allowed: String| CliError::Option { option: "--crl", value, allowed };
        let mut bytes_in_all = 0;
        for path in &self.crl {
            let bytes = context.read_within(path, u64::try_from(CRL_BYTES_MAX).unwrap_or(u64::MAX))?;
            bytes_in_all += bytes.len();
            if bytes_in_all > CRLS_BYTES_MAX {
                let allowed = format!("at most {CRLS_BYTES_MAX} bytes in all files");
                return Err(too_many(format!("{bytes_in_all} bytes"), allowed));
            }
            let source = Source { name: &shown(path), bytes: &bytes };
            let lists = Bundle::read_revocation_lists_within(&source, &mut context.iterations_left);
            terms.crls.extend(lists.map_err(VaultError::from)?);
            if terms.crls.len() > CRLS_MAX {
                let allowed = format!("at most {CRLS_MAX} lists");
                return Err(too_many(format!("{} lists", terms.crls.len()), allowed));
            }
        }
        Ok(terms)
    }
}

impl Check {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        self.outputs_are_apart(context.json)?;
        context.acts();
        let files = context.read_all(&self.files)?;
        let files: Vec<_> = files.iter().map(ReadFile::source).collect();
        let beside = context.read_all(&self.intermediates)?;
        let all: Vec<_> = files.iter().copied().chain(beside.iter().map(ReadFile::source)).collect();
        let bundle = match self.opening.read(context, &all)? {
            Ok(bundle) => bundle,
            Err(error) => {
                self.say_answers(context, &files)?;
                return Err(VaultError::from(error).into());
            }
        };
        let mut terms = self.terms.terms(context)?;
        terms.crls.extend(bundle.revocation_lists.iter().map(|given| given.list.clone()));
        terms = terms.for_servers(self.server_name.clone());
        let held = self.against.held(context, &bundle)?;
        terms.request = held.request;
        terms.validity_months = held.validity_months;
        let clients = submit_to_each_within(&files, &held.key, context.iterations_left);
        let question = Question {
            holders: &held.holders,
            as_given: Some(AsGiven {
                files: &files,
                certificates: bundle.files.iter().take(files.len()).map(|file| file.certificates.len()).sum(),
                outcomes: &clients,
                check: &self.again(context.stated_time()),
            }),
            ..Question::new(&held.label, &held.key, &bundle, context.now, &terms)
        };
        let (verdict, profiles) = by_profile(&question);
        if self.against.name.is_some() {
            let mut vault = context.open()?;
            context.recorded(&mut vault, |vault, now| vault.record_judgement(&held.label, &verdict, now))?;
        }
        let mut others: Vec<String> = verdict.not_revoked().iter().map(ToString::to_string).collect();
        others.push(profiles_line(&profiles));
        others.extend(refusals_lines(&profiles, verdict.profile()));
        others.push(clients_line(&clients, files.len()));
        others.extend(held.remark);
        let against = format!(
            "Held against {}: sha256 of the public key {}. Profile {}.",
            held.label,
            held.key.fingerprint(),
            verdict.profile().name()
        );
        if context.json {
            let asked = Asked { at: context.now, bundle: &bundle, profiles: &profiles, clients: &clients };
            context.write_json(&verdict_json(&verdict, &asked))?;
        } else {
            self.draw(context, &verdict, &bundle)?;
        }
        context.findings(verdict.findings());
        context.say(&format!("{}\n{}", others.join("\n"), report::conclusion(&verdict)));
        // After all was said: what cannot be written must not keep the verdict back.
        let used = self.files_used(&bundle);
        self.write_page(
            context,
            &verdict,
            &bundle,
            &[&[against], used.as_slice(), others.as_slice()].concat(),
        )?;
        self.write_answer(context, &verdict, &bundle)?;
        if verdict.is_accepted() { Ok(()) } else { Err(CliError::Judged) }
    }

    /// Each output has a place of its own.
    fn outputs_are_apart(&self, json: bool) -> Result<(), CliError> {
        if let (Some(page), Some(answer)) = (&self.html, &self.output)
            && page == answer
        {
            let value = format!("{}, which is that of -o too", shown(page));
            let allowed = "a file of its own".to_owned();
            return Err(CliError::Option { option: "--html", value, allowed });
        }
        let goes_to_stdout = |path: &Option<PathBuf>| json && path.as_deref().is_some_and(is_stdout);
        if goes_to_stdout(&self.output) {
            return Err(CliError::StdoutTwice { what: "the written answer" });
        }
        if goes_to_stdout(&self.html) {
            return Err(CliError::StdoutTwice { what: "the page" });
        }
        Ok(())
    }

    /// The chain, on stdout; where another artifact goes there the drawing is prose.
    fn draw(
        &self,
        context: &mut Context<'_, '_>,
        verdict: &Verdict,
        bundle: &Bundle,
    ) -> Result<(), CliError> {
        let is_prose = [&self.output, &self.html].into_iter().flatten().any(|path| is_stdout(path));
        let lines = match if is_prose { context.widths().stderr } else { context.widths().stdout } {
            Some(width) => report::chain_lines_within(verdict, bundle, width),
            None => report::chain_lines(verdict, bundle),
        };
        let lines = lines.join("\n");
        match is_prose {
            true => context.say(&format!("{lines}\n")),
            false => context.artifact(format!("{lines}\n\n").as_bytes())?,
        }
        Ok(())
    }

    /// What would come of files that hold no certificate that this program can read.
    fn say_answers(&self, context: &mut Context<'_, '_>, files: &[Source<'_>]) -> Result<(), CliError> {
        let held = self.against.held(context, &Bundle::default())?;
        let mut answers: Vec<(Vec<&str>, String)> = Vec::new();
        for (client, outcome) in submit_to_each_within(files, &held.key, context.iterations_left) {
            let answer = outcome.to_string();
            match answers.iter_mut().find(|(_, other)| *other == answer) {
                Some((names, _)) => names.push(client.name),
                None => answers.push((vec![client.name], answer)),
            }
        }
        for (names, answer) in answers {
            context.say(&format!("{}: {answer}", names.join(", ")));
        }
        Ok(())
    }

    /// The command line that asks the same question again.
    fn again(&self, at: Option<UnixTime>) -> String {
        let options = |name: &'static str, paths: &[PathBuf]| -> Vec<String> {
            paths.iter().flat_map(|path| [name.to_owned(), quoted(&shown(path))]).collect()
        };
        let files = self.files.iter().map(|file| quoted(&shown(file)));
        let mut words = vec!["coldcert".to_owned(), "check".to_owned()];
        words.extend(files);
        words.extend(self.against.words());
        words.extend(options("--roots", &self.terms.roots));
        words.extend(options("--intermediates", &self.intermediates));
        words.extend(options("--crl", &self.terms.crl));
        words.extend(
            self.server_name.iter().flat_map(|name| ["--server-name".to_owned(), quoted(&name.to_string())]),
        );
        words.extend(at.iter().flat_map(|at| ["--at".to_owned(), at.to_string()]));
        words.join(" ")
    }

    /// What was read, for whoever has the page alone: the answer's files, and what they were judged by.
    fn files_used(&self, bundle: &Bundle) -> Vec<String> {
        let count = self.files.len();
        let read = |files: &[GivenFile]| files.iter().map(found::file_line).collect::<Vec<_>>().join("; ");
        let (answer, beside) = bundle.files.split_at(count.min(bundle.files.len()));
        let named = |paths: &[PathBuf]| paths.iter().map(|path| shown(path)).collect::<Vec<_>>().join(", ");
        let mut lines = vec![format!("Read {}.", read(answer))];
        if !beside.is_empty() {
            lines.push(format!("Beside it {}.", read(beside)));
        }
        lines.push(match self.terms.roots.is_empty() {
            true => "Nothing was said to be trusted.".to_owned(),
            false => format!("Trusted: {}.", named(&self.terms.roots)),
        });
        if !self.terms.crl.is_empty() {
            lines.push(format!("CRLs: {}.", named(&self.terms.crl)));
        }
        lines
    }

    fn write_page(
        &self,
        context: &mut Context<'_, '_>,
        verdict: &Verdict,
        bundle: &Bundle,
        remarks: &[String],
    ) -> Result<(), CliError> {
        let Some(path) = &self.html else { return Ok(()) };
        let files: Vec<_> = self.files.iter().map(|file| shown(file)).collect();
        let title = format!("Check of {}", files.join(", "));
        let heading = Heading { title: &title, at: context.now, remarks };
        let page = report::html(&heading, verdict, bundle);
        context.put_public(path, page.as_bytes(), self.force)?;
        if !is_stdout(path) {
            context.say(&format!("wrote {}", shown(path)));
        }
        Ok(())
    }

    /// Writes the repaired answer. A root that is trusted and did not come with it is no part of it: whoever trusts it
    /// has it.
    fn write_answer(
        &self,
        context: &mut Context<'_, '_>,
        verdict: &Verdict,
        bundle: &Bundle,
    ) -> Result<(), CliError> {
        if let (Some(form), Some(path)) = (self.write, &self.output) {
            let came = |one: &Certificate| bundle.certificates.iter().any(|given| given.certificate == *one);
            let chain: Vec<&Certificate> =
                verdict.path().iter().filter(|one| !one.is_self_issued() || came(one)).collect();
            if chain.is_empty() {
                context.say(&format!("{} was not written: no certificate holds the key", shown(path)));
                return Ok(());
            }
            let bytes = match form {
                Form::Pem => pem_chain(&chain).into_bytes(),
                Form::P7b => crate::secret::pkcs7(&chain),
                Form::X5c => {
                    let items: Vec<String> =
                        chain.iter().map(|one| BASE64_STANDARD.encode(one.as_der())).collect();
                    format!("{:#}\n", json!({"x5c": items})).into_bytes()
                }
            };
            context.put_public(path, &bytes, self.force)?;
            let refused = if verdict.is_accepted() { "" } else { "; the answer is refused all the same" };
            let count = chain.len();
            let noun = if count == 1 { "certificate" } else { "certificates" };
            let place = if is_stdout(path) { "to stdout".to_owned() } else { shown(path) };
            context.say(&format!("wrote {place}: {count} {noun}, leaf first{refused}"));
        }
        Ok(())
    }
}

/// `portal, az read it · PowerShell, Python would not`
fn clients_line(clients: &[(&Client, Outcome)], files: usize) -> String {
    let names = |reads: bool| -> Vec<&str> {
        clients
            .iter()
            .filter(|(_, outcome)| outcome.reads() == reads)
            .map(|(client, _)| client.name)
            .collect()
    };
    let line = match (names(true).as_slice(), names(false).as_slice()) {
        (all, []) => format!("{} read it", all.join(", ")),
        ([], none) => format!("{} would not read it", none.join(", ")),
        (some, others) => format!("{} read it · {} would not", some.join(", "), others.join(", ")),
    };
    let of_one: Vec<&str> = clients
        .iter()
        .filter(|(client, outcome)| client.takes_one_file() && outcome.reads())
        .map(|(client, _)| client.name)
        .collect();
    match of_one.as_slice() {
        [] => line,
        _ if files < 2 => line,
        [one] => format!("{line} · {one} takes one file"),
        several => format!("{line} · {} take one file", several.join(", ")),
    }
}

/// The verdict by the profile that was asked for, and by which rules each profile refuses.
fn by_profile(question: &Question<'_>) -> (Verdict, Vec<(Profile, Vec<&'static str>)>) {
    // The one that was asked for stands last.
    let others = Profile::ALL.into_iter().filter(|profile| *profile != question.terms.profile);
    let profiles: Vec<Profile> = others.chain([question.terms.profile]).collect();
    let mut verdicts = Verdict::judge_by_each(question, &profiles);
    let refusals = Profile::ALL.map(|profile| {
        let verdict = verdicts.iter().find(|verdict| verdict.profile() == profile);
        (profile, verdict.map(refused_by).unwrap_or_default())
    });
    (verdicts.pop().unwrap_or_else(|| Verdict::judge(question)), refusals.to_vec())
}

/// The rules by which a verdict refuses, each once.
fn refused_by(verdict: &Verdict) -> Vec<&'static str> {
    let mut rules = Vec::new();
    for finding in verdict.findings().iter().filter(|finding| finding.severity == Severity::Refuse) {
        if !rules.contains(&finding.rule.name) {
            rules.push(finding.rule.name);
        }
    }
    rules
}

/// `key-vault would accept · rfc5280 would refuse · webpki would refuse`
fn profiles_line(profiles: &[(Profile, Vec<&str>)]) -> String {
    let words: Vec<String> = profiles
        .iter()
        .map(|(profile, rules)| {
            format!("{} {}", profile.name(), if rules.is_empty() { "would accept" } else { "would refuse" })
        })
        .collect();
    words.join(" · ")
}

/// `webpki refuses by 4 rules: no-alternative-names, …; to read more: --profile webpki`, for each profile that was not
/// asked for.
fn refusals_lines(profiles: &[(Profile, Vec<&str>)], asked: Profile) -> Vec<String> {
    let others = profiles.iter().filter(|(profile, rules)| *profile != asked && !rules.is_empty());
    others
        .map(|(profile, rules)| {
            let profile = profile.name();
            let count = if rules.len() == 1 { "1 rule".to_owned() } else { format!("{} rules", rules.len()) };
            let more = if rules.len() > RULES_SHOWN { ", …" } else { "" };
            let named = rules.iter().take(RULES_SHOWN).copied().collect::<Vec<_>>().join(", ");
            format!("{profile} refuses by {count}: {named}{more}; to read more: --profile {profile}")
        })
        .collect()
}

fn read_bundle(context: &mut Context<'_, '_>, files: &[PathBuf]) -> Result<Bundle, CliError> {
    let files = context.read_all(files)?;
    let sources: Vec<_> = files.iter().map(ReadFile::source).collect();
    let bundle = Bundle::read_within(&sources, None, &mut context.iterations_left);
    Ok(bundle.map_err(VaultError::from)?)
}

pub(super) fn profile(text: &str) -> Result<Profile, String> {
    let known = Profile::ALL.into_iter().find(|profile| profile.name() == text);
    known.ok_or_else(|| format!("allowed: {}", Profile::ALL.map(Profile::name).join(", ")))
}

/// So many rules of a profile that was not asked for are named in its line.
const RULES_SHOWN: usize = 3;
