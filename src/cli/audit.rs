//! `coldcert audit`

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::context::Context;
use super::error::CliError;
use super::output::{is_same_place, is_stdout};
use super::terminal::{Palette, escape, shown};
use crate::ledger::{self, Entry, Head, LedgerFault, Proof, WrittenHead};
use crate::vault::Vault;

/// See, check and carry away the ledger: what was done with this vault, by whom and why
#[derive(Debug, Subcommand)]
pub(super) enum AuditVerb {
    /// Show what was done, oldest first
    #[command(after_help = "Examples:\n  $ coldcert audit show\n  $ coldcert audit show --name www --json")]
    Show {
        /// Only what was done with this certificate, issuer or CA
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Only what came after this number
        #[arg(long, value_name = "N", default_value_t = 0)]
        after: u64,
    },
    /// Check that nothing was taken out, changed, moved or cut off, and that every key opens in its place
    ///
    /// The chain of the entries, the keys that they were authenticated with, the end that the vault keeps, and each
    /// head that was written down before; then that certificates, versions, operations, policies, tags, issuers,
    /// contacts, CAs and passphrases are as the last entry about them left them, and that every private key opens in its
    /// place. The vault key is needed to know that the entries are authentic, and for the keys.
    #[command(
        after_help = "Examples:\n  $ coldcert audit verify\n  $ coldcert audit verify --head $(cat ledger.head)\n  $ coldcert audit verify --file ledger.jsonl\n  $ coldcert audit verify --file ledger-2026.jsonl --file ledger-2027.jsonl"
    )]
    Verify {
        /// A head that was written down (may be repeated)
        #[arg(long, value_name = "HEAD", value_parser = head)]
        head: Vec<WrittenHead>,
        /// Check the chain, the heads and what is in the vault, without the passphrase
        #[arg(long)]
        chain_only: bool,
        /// Lines that `audit export` wrote, instead of this vault (may be repeated, where they were written in parts)
        #[arg(long, value_name = "FILE", conflicts_with = "chain_only")]
        file: Vec<PathBuf>,
    },
    /// Write the ledger for others: lines of JSON, and a sheet to print and sign
    #[command(
        after_help = "Examples:\n  $ coldcert audit export -o ledger.jsonl\n  $ coldcert audit export -o ledger.jsonl --sheet ledger.html --force"
    )]
    Export {
        /// Where the lines go, - for stdout
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Also write one HTML page with lines for signatures
        #[arg(long, value_name = "FILE")]
        sheet: Option<PathBuf>,
        /// Only what came after this number
        #[arg(long, value_name = "N", default_value_t = 0)]
        after: u64,
        /// Replace files that exist
        #[arg(long)]
        force: bool,
    },
}

impl AuditVerb {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        match self {
            Self::Show { name, after } => show(context, name.as_deref(), after),
            Self::Verify { head, chain_only, file } if file.is_empty() => verify(context, &head, chain_only),
            Self::Verify { head, file, .. } => verify_lines(context, &file, &head),
            Self::Export { output, sheet, after, force } => {
                export(context, &output, sheet.as_deref(), after, force)
            }
        }
    }
}

fn show(context: &mut Context<'_, '_>, name: Option<&str>, after: u64) -> Result<(), CliError> {
    let vault = context.open()?;
    let head = vault.ledger_head()?;
    if context.json {
        let entries = all(&vault, after, name)?;
        let entries: Vec<Value> = entries.iter().map(Entry::to_json).collect();
        return context.write_json(&json!({"entries": entries, "head": head.to_string()}));
    }
    let mut count = 0;
    each(&vault, after, name, |entry| {
        count += 1;
        context.artifact(line(&entry).as_bytes())
    })?;
    if count == 0 {
        context.say("nothing was done");
    }
    context.say(&format!("head  {head}   (write it down: coldcert audit verify --head {head})"));
    Ok(())
}

fn verify(context: &mut Context<'_, '_>, written: &[WrittenHead], chain_only: bool) -> Result<(), CliError> {
    // What it exits with is an answer.
    context.acts();
    let mut vault = context.open()?;
    let vault_key = if chain_only { None } else { Some(context.unseal(&mut vault)?) };
    let audited = vault.audit(vault_key.as_ref(), written)?;
    let mut faults: Vec<String> = audited.proof.faults.iter().map(LedgerFault::to_string).collect();
    faults.extend(audited.faults.iter().cloned());
    let checked = match (audited.proof.authenticated, audited.keys) {
        (Some(authenticated), Some(keys)) => format!(
            "{} entries, {authenticated} of them authentic, what they left in the vault, and {keys} private keys in their places",
            audited.proof.entries
        ),
        _ => format!("{} entries, their chain alone, and what they left in the vault", audited.proof.entries),
    };
    if context.json {
        context.write_json(&json!({
            "whole": audited.is_whole(),
            "entries": audited.proof.entries,
            "authenticated": audited.proof.authenticated,
            "keys": audited.keys,
            "head": audited.proof.head.to_string(),
            "faults": faults,
        }))?;
    }
    said(context, &checked, &audited.proof, &faults)
}

fn verify_lines(
    context: &mut Context<'_, '_>,
    files: &[PathBuf],
    written: &[WrittenHead],
) -> Result<(), CliError> {
    context.acts();
    let mut parts = Vec::new();
    for (path, file) in files.iter().zip(context.read_all(files)?) {
        let lines = ledger::read_lines(&String::from_utf8_lossy(file.source().bytes));
        parts.push(lines.map_err(|error| CliError::Ledger { path: path.clone(), error })?);
    }
    let entries = joined(parts);
    let before = entries.first().map_or(0, |first| first.sequence.saturating_sub(1));
    let proof = Proof::of_entries(entries, written);
    let faults: Vec<String> = proof.faults.iter().map(LedgerFault::to_string).collect();
    if context.json {
        context.write_json(&json!({
            "whole": proof.is_whole(),
            "entries": proof.entries,
            "head": proof.head.to_string(),
            "faults": faults,
        }))?;
    }
    let names: Vec<String> = files.iter().map(|file| shown(file)).collect();
    let checked = format!("{} entries of {}, their chain alone", proof.entries, names.join(", "));
    let said = said(context, &checked, &proof, &faults);
    if before > 0 {
        context.say(&format!(
            "help: these lines begin after entry {before}, as `audit export --after {before}` writes them: give those before them too, with one more --file"
        ));
    }
    said
}

/// The parts of a ledger one behind the other, in whatever order they were given; what two of them have in common is
/// there once. Entries within a part stay where they are: their order is what is checked.
fn joined(mut parts: Vec<Vec<Entry>>) -> Vec<Entry> {
    parts.sort_by_key(|part| part.first().map(|first| first.sequence));
    let mut entries: Vec<Entry> = Vec::new();
    for part in parts {
        let from = entries.iter().position(|entry| part.first() == Some(entry)).unwrap_or(entries.len());
        let common = part.len().min(entries.len() - from);
        let is_there = entries[from..from + common] == part[..common];
        entries.extend(part.into_iter().skip(if is_there { common } else { 0 }));
    }
    entries
}

fn said(
    context: &mut Context<'_, '_>,
    checked: &str,
    proof: &Proof,
    faults: &[String],
) -> Result<(), CliError> {
    let palette: Palette = context.palette();
    for fault in faults {
        context.say(&format!("{}  {}", palette.red("fault"), escape(fault)));
    }
    context.say(&format!("checked {checked}"));
    if faults.is_empty() {
        context.say(&format!("the ledger is whole, up to the head {}", proof.head));
        return Ok(());
    }
    let count = if faults.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", faults.len()) };
    context.say(&match proof.is_whole() {
        true => format!(
            "the ledger is whole, up to the head {}, and the vault is NOT as it says: {count}; compare with an earlier copy of the vault",
            proof.head
        ),
        false => format!(
            "the ledger is NOT whole: {count}; compare with an earlier copy of the vault, or with what was exported and printed"
        ),
    });
    Err(CliError::Judged)
}

fn export(
    context: &mut Context<'_, '_>,
    output: &std::path::Path,
    sheet: Option<&std::path::Path>,
    after: u64,
    force: bool,
) -> Result<(), CliError> {
    if context.json && is_stdout(output) {
        return Err(CliError::StdoutTwice { what: "the ledger" });
    }
    // The second would be refused because the first is there.
    if let Some(sheet) = sheet.filter(|sheet| is_same_place(sheet, output)) {
        return Err(CliError::Option {
            option: "--sheet",
            value: shown(sheet),
            allowed: "another file than that of --output".to_owned(),
        });
    }
    let vault = context.open()?;
    let entries = all(&vault, after, None)?;
    let head = entries.last().map_or_else(Head::start, Entry::head);
    let mut lines = String::new();
    for entry in &entries {
        lines.push_str(&entry.to_json().to_string());
        lines.push('\n');
    }
    context.put_public(output, lines.as_bytes(), force)?;
    if let Some(path) = sheet {
        let title = format!("Ledger of {}", shown(vault.path()));
        let page = ledger::sheet(&title, &entries, &head, context.now);
        context.put_public(path, page.as_bytes(), force)?;
    }
    if context.json {
        context.write_json(&json!({"file": output, "entries": entries.len(), "head": head.to_string()}))?;
    }
    if !is_stdout(output) {
        context.say(&format!("wrote {}: {} entries", shown(output), entries.len()));
    }
    if let Some(path) = sheet {
        context.say(&format!("wrote {}: print it, and have it signed", shown(path)));
    }
    context.say(&format!("head  {head}"));
    Ok(())
}

fn all(vault: &Vault, after: u64, name: Option<&str>) -> Result<Vec<Entry>, CliError> {
    let mut entries = Vec::new();
    each(vault, after, name, |entry| {
        entries.push(entry);
        Ok(())
    })?;
    Ok(entries)
}

fn each(
    vault: &Vault,
    mut after: u64,
    name: Option<&str>,
    mut take: impl FnMut(Entry) -> Result<(), CliError>,
) -> Result<(), CliError> {
    loop {
        let page = vault.ledger(after, name, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.sequence;
        for entry in page {
            take(entry)?;
        }
    }
}

/// `12  2026-11-23T08:00:00Z  merge  www  version 66cb…  by alice  opened by passphrase of first  seen by bob`
fn line(entry: &Entry) -> String {
    let mut line = format!("{:>5}  {}  {:<16}", entry.sequence, entry.time, entry.act);
    let mut add = |word: &str| {
        line.push_str("  ");
        line.push_str(&escape(word));
    };
    if let Some(name) = &entry.name {
        add(name);
    }
    if let Some(version) = &entry.version {
        add(&format!("version {version}"));
    }
    for (member, value) in entry.told() {
        match value {
            // What is long is in the JSON.
            Value::Object(_) => add(member),
            Value::String(text) if ["certificate", "request"].contains(&member.as_str()) => {
                add(&format!("{member} {}", text.chars().take(16).collect::<String>()));
            }
            Value::String(text) => add(&format!("{member} {text}")),
            Value::Array(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                    .collect();
                add(&format!(
                    "{member} {}",
                    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
                ));
            }
            other => add(&format!("{member} {other}")),
        }
    }
    add(&format!("by {}", entry.operator));
    if let Some(seal) = entry.opened_by() {
        add(&format!("opened by {seal}"));
    }
    if let Some(witness) = &entry.witness {
        add(&format!("seen by {witness}"));
    }
    if let Some(reason) = &entry.reason {
        add(&format!("because {reason}"));
    }
    line.push('\n');
    line
}

fn head(text: &str) -> Result<WrittenHead, String> {
    text.parse().map_err(|error: ledger::HeadError| error.to_string())
}

const PAGE: u32 = 500;
