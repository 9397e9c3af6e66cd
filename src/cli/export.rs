//! `coldcert export`

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::{Args, ValueEnum};
use serde_json::json;
use zeroize::Zeroizing;

use super::context::Context;
use super::error::CliError;
use super::output::{Kind, is_stdout};
use super::show::version_id;
use super::terminal::shown;
use crate::pem;
use crate::pkcs12::{Password, Profile};
use crate::policy::{ContentType, ObjectName};
use crate::record::Record;
use crate::secret::{Secret, pem_chain};
use crate::vault::VaultError;

/// Write a certificate, with its private key, for a server
///
/// Without --format the policy's content type decides: a PFX (PKCS#12), or PEM with the key first, then the leaf,
/// then its issuers. The password of a PFX is empty unless --password-file is given; it is never asked for. A key
/// that the policy keeps in is left out.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  $ coldcert export www -o www.pfx
  $ coldcert export www --format pem -o www.pem
  $ coldcert export www --format chain -o -")]
pub(super) struct Export {
    /// The certificate's name
    name: String,
    /// A version's id [default: the newest]
    #[arg(long, value_name = "V")]
    version: Option<String>,
    /// Where it goes, - for stdout
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// pfx, pem: with the key; cer, der: the leaf; chain: leaf and issuers in PEM; x5c: the same as JSON
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// File whose first line is the password of the PFX, - for stdin
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// PKCS#12
    Pfx,
    /// PKCS#8 key, leaf and issuers in PEM
    Pem,
    /// The leaf in PEM
    Cer,
    /// The leaf in DER
    Der,
    /// Leaf and issuers in PEM
    Chain,
    /// Leaf and issuers as a JSON list of base64 DER
    X5c,
}

impl Format {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether the private key goes into it.
    fn is_secret(self) -> bool {
        matches!(self, Self::Pfx | Self::Pem)
    }
}

impl Export {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        if context.json && is_stdout(&self.output) {
            return Err(CliError::StdoutTwice { what: "the export" });
        }
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let version = self.version.as_deref().map(version_id).transpose()?;
        let vault = context.open()?;
        let view = vault.certificate(&name, version)?;
        let record = view.record.ok_or_else(|| VaultError::NoVersion { name: view.name.to_string() })?;
        if !record.enabled {
            let version = record.version.to_string();
            return Err(VaultError::Disabled { name: record.name.to_string(), version }.into());
        }
        let format = self.format.unwrap_or(match record.content_type {
            ContentType::Pkcs12 => Format::Pfx,
            ContentType::Pem => Format::Pem,
        });
        if self.password_file.is_some() && format != Format::Pfx {
            return Err(CliError::Option {
                option: "--password-file",
                value: format!("given with the format {}", format.name()),
                allowed: "with the format pfx only".to_owned(),
            });
        }
        let kind = if format.is_secret() { Kind::Secret } else { Kind::Public };
        // Whatever can be refused without the passphrase is refused before it is asked for.
        context.check_output(&self.output, kind, self.force)?;
        let password = context.password(self.password_file.as_ref())?;
        let secret = match format.is_secret() && record.exportable {
            true => Secret::open(&record, &context.unseal(&vault)?).map_err(VaultError::from)?,
            false => Secret::without_key(&record),
        };
        let bytes = bytes(format, &record, &secret, &password)?;
        context.prepare(&self.output, kind, self.force)?.write(&bytes, context.stdout())?;
        self.report(context, format, &record)
    }

    fn report(&self, context: &mut Context<'_, '_>, format: Format, record: &Record) -> Result<(), CliError> {
        let with_key = format.is_secret() && record.exportable;
        if context.json {
            context.write_json(&json!({
                "file": self.output,
                "format": format.name(),
                "name": record.name.as_str(),
                "version": record.version.to_string(),
                "private_key": with_key,
                "certificates": if matches!(format, Format::Cer | Format::Der) { 1 } else { record.chain().len() },
            }))?;
        }
        if is_stdout(&self.output) {
            return Ok(());
        }
        context.say(&format!("wrote {}: {} version {}", shown(&self.output), record.name, record.version));
        if format.is_secret() && !record.exportable {
            context.say("  without the private key: its policy says not exportable");
        }
        if with_key && format == Format::Pfx && self.password_file.is_none() {
            context.say("  its password is empty: whoever reads the file has the key");
        }
        let expires = record.certificate.not_after();
        context.say(&format!("  it expires {expires}"));
        Ok(())
    }
}

fn bytes(
    format: Format,
    record: &Record,
    secret: &Secret<'_>,
    password: &str,
) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let leaf = &record.certificate;
    Ok(match format {
        Format::Pfx => {
            secret.to_pkcs12(&Password::new(password), Profile::Modern).map_err(VaultError::from)?
        }
        Format::Pem => Zeroizing::new(secret.to_pem().as_bytes().to_vec()),
        Format::Cer => Zeroizing::new(pem::write("CERTIFICATE", leaf.as_der()).into_bytes()),
        Format::Der => Zeroizing::new(leaf.as_der().to_vec()),
        Format::Chain => Zeroizing::new(pem_chain(&record.chain()).into_bytes()),
        Format::X5c => {
            // RFC 7515 4.1.6: standard base64, leaf first.
            let items: Vec<String> =
                record.chain().iter().map(|one| BASE64_STANDARD.encode(one.as_der())).collect();
            Zeroizing::new(format!("{:#}\n", json!(items)).into_bytes())
        }
    })
}
