//! `coldcert export`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use zeroize::Zeroizing;

use super::context::Context;
use super::error::CliError;
use super::export_format::Format;
use super::output::{Kind, is_stdout};
use super::show::version_id;
use super::terminal::shown;
use crate::certificate::Certificate;
use crate::pem;
use crate::pkcs12::{Password, Profile};
use crate::policy::ObjectName;
use crate::record::Record;
use crate::secret::{self, Part, Root, Secret, ends_in_root, jks, jwk, jwk_set, pem_chain, pkcs7};
use crate::vault::{Vault, VaultError};

/// Write a certificate, with its private key, for a server
///
/// Without --format the file's ending decides (.pfx, .p12, .pem, .cer, .crt, .der, .p7b, .x5c, .jwk, .jks), and where it
/// says nothing the policy's content type: a PFX (PKCS#12), or PEM with the key first, then the leaf, then its issuers. A
/// key goes into no file that is named like a certificate. The chain is written leaf first and without its root, which whoever trusts it has; --with-root
/// adds it. A key that the policy keeps in is left out of every format.
///
/// The password of a PFX is empty, as Key Vault has it, unless --password-file gives one; it is never asked for.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  $ coldcert export www -o www.pfx
  $ coldcert export www --pfx-profile compatible --password-file pfx.password -o old-server.pfx
  $ coldcert export www --format pem --encrypted --password-file pem.password -o www.pem
  $ coldcert export www --format chain --with-root -o -
  $ coldcert export www mail --format jks --password-file jks.password -o keystore.jks")]
pub(super) struct Export {
    /// The certificate's name; several go into one file where the format has room for them
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// A version's id [default: the newest]
    #[arg(long, value_name = "V")]
    version: Option<String>,
    /// Where it goes, - for stdout
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What is written [default: as FILE ends, or else pfx or pem, as the policy says]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// With which algorithms a PFX is written [default: modern]
    #[arg(long, value_enum, value_name = "PROFILE")]
    pfx_profile: Option<PfxProfile>,
    /// The name under which Windows and Java show it in a PFX [default: its name]
    #[arg(long, value_name = "TEXT")]
    friendly_name: Option<String>,
    /// File whose first line is the password of the file that is written, - for stdin
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// Write a PFX with no password at all, which is not the empty one
    #[arg(long, conflicts_with = "password_file")]
    no_password: bool,
    /// Encrypt the private key of a PEM file
    #[arg(long, requires = "password_file")]
    encrypted: bool,
    /// Add the root that the chain ends in
    #[arg(long)]
    with_root: bool,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PfxProfile {
    /// AES-256 and SHA-256
    Modern,
    /// The same, with a MAC by RFC 9579, which only new programs read
    Pbmac1,
    /// 3DES and SHA-1, for old importers
    Compatible,
    /// As the service itself writes it: 3DES and SHA-1, the key first, the chain as it was merged
    KeyVault,
}

impl From<PfxProfile> for Profile {
    fn from(profile: PfxProfile) -> Self {
        match profile {
            PfxProfile::Modern => Self::Modern,
            PfxProfile::Pbmac1 => Self::Pbmac1,
            PfxProfile::Compatible => Self::Compatible,
            PfxProfile::KeyVault => Self::KeyVault,
        }
    }
}

impl Export {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        if context.json && is_stdout(&self.output) {
            return Err(CliError::StdoutTwice { what: "the export" });
        }
        let mut vault = context.open()?;
        let records = self.records(&vault)?;
        let by_ending = || Format::of_ending(&self.output);
        let format =
            self.format.or_else(by_ending).unwrap_or_else(|| Format::of_content(records[0].content_type));
        self.options_fit(format, &records)?;
        let kind = if format.is_secret() { Kind::Secret } else { Kind::Public };
        // Whatever can be refused without the passphrase is refused before it is asked for.
        context.check_output(&self.output, kind, self.force)?;
        let password = self.password(context)?;
        let vault_key = match format.is_secret() && records.iter().any(|record| record.exportable) {
            true => Some(context.unseal(&mut vault)?),
            false => None,
        };
        // A place that cannot be written is found before the ledger says that something left the vault.
        let is_replaced = self.output.symlink_metadata().is_ok_and(|found| found.is_file());
        let place = context.prepare(&self.output, kind, self.force)?;
        let secrets = records.iter().map(|record| match &vault_key {
            Some(key) if record.exportable => vault.release(key, record, &format.name(), context.now),
            _ => Ok(Secret::without_key(record)),
        });
        let secrets = secrets.collect::<Result<Vec<_>, _>>()?;
        let parts: Vec<Part<'_>> = secrets.iter().map(|secret| secret.part(self.root(format))).collect();
        let bytes = self.bytes(format, &records, &parts, &password).map_err(VaultError::from)?;
        place.write(&bytes, context.stdout())?;
        self.report(context, format, &records, &parts, is_replaced)
    }

    fn records(&self, vault: &Vault) -> Result<Vec<Record>, CliError> {
        let version = self.version.as_deref().map(version_id).transpose()?;
        if version.is_some() && self.names.len() > 1 {
            return Err(CliError::Option {
                option: "--version",
                value: format!("given with {} names", self.names.len()),
                allowed: "with one name".to_owned(),
            });
        }
        let mut records: Vec<Record> = Vec::new();
        for name in &self.names {
            let view = vault.certificate(&ObjectName::new(name).map_err(VaultError::from)?, version)?;
            let record = view.record.ok_or_else(|| VaultError::NoVersion { name: view.name.to_string() })?;
            if !record.enabled {
                let version = record.version.to_string();
                return Err(VaultError::Disabled { name: record.name.to_string(), version }.into());
            }
            if records.iter().any(|known| known.version == record.version) {
                return Err(CliError::Option {
                    option: "NAME",
                    value: name.clone(),
                    allowed: "each name once".to_owned(),
                });
            }
            records.push(record);
        }
        Ok(records)
    }

    /// What the formats have no use for is refused, and not passed over.
    fn options_fit(&self, format: Format, records: &[Record]) -> Result<(), CliError> {
        let with = |option, what: &str, allowed: &str| {
            Err(CliError::Option {
                option,
                value: format!("{what} with the format {}", format.name()),
                allowed: allowed.to_owned(),
            })
        };
        let takes_password = match format {
            Format::Pfx | Format::Jks => true,
            Format::Pem => self.encrypted,
            _ => false,
        };
        if format.is_secret() && Format::is_for_certificates(&self.output) {
            return Err(CliError::KeyInCertificateFile { path: self.output.clone(), format: format.name() });
        }
        if records.len() > 1 && !format.takes_several() {
            return with("NAME", "given several times", "one name; several with pfx, chain, p7b, jwk, jks");
        }
        if self.password_file.is_some() && !takes_password {
            return with("--password-file", "given", "with pfx, jks, and pem with --encrypted");
        }
        if self.encrypted && format != Format::Pem {
            return with("--encrypted", "given", "with pem; a PFX is always encrypted");
        }
        if format == Format::Jks && self.password_file.is_none() {
            return with(
                "--password-file",
                "not given",
                "with jks always: Java opens no key without a password",
            );
        }
        let of_pfx = [
            ("--pfx-profile", self.pfx_profile.is_some()),
            ("--friendly-name", self.friendly_name.is_some()),
            ("--no-password", self.no_password),
        ];
        if let Some((option, _)) = of_pfx.into_iter().find(|(_, given)| *given && format != Format::Pfx) {
            return with(option, "given", "with pfx");
        }
        if self.with_root && format.is_leaf() {
            return with("--with-root", "given", "with the formats that hold a chain");
        }
        match records.iter().find(|record| self.with_root && !ends_in_root(&record.chain())) {
            Some(record) => Err(CliError::NoRoot {
                name: record.name.to_string(),
                issuer: record.chain().last().map(|last| last.issuer().to_string()).unwrap_or_default(),
            }),
            None => Ok(()),
        }
    }

    fn password(&self, context: &mut Context<'_, '_>) -> Result<Password, CliError> {
        match &self.password_file {
            None if self.no_password => Ok(Password::Absent),
            None => Ok(Password::new("")),
            Some(path) => Ok(Password::new(&context.password(Some(path))?)),
        }
    }

    fn profile(&self) -> Profile {
        self.pfx_profile.map_or(Profile::Modern, Profile::from)
    }

    /// The service gives the chain back as it was merged.
    fn root(&self, format: Format) -> Root {
        let as_merged = format == Format::Pfx && self.profile() == Profile::KeyVault;
        if self.with_root || as_merged { Root::In } else { Root::Out }
    }

    fn bytes(
        &self,
        format: Format,
        records: &[Record],
        parts: &[Part<'_>],
        password: &Password,
    ) -> Result<Zeroizing<Vec<u8>>, secret::SecretError> {
        let leaf = &records[0].certificate;
        let text = |text: Zeroizing<String>| Zeroizing::new(text.as_bytes().to_vec());
        Ok(match format {
            Format::Pfx => {
                let name = self.friendly_name.as_deref().unwrap_or(records[0].name.as_str());
                secret::to_pkcs12(parts, name, password, self.profile())?
            }
            Format::Pem if self.encrypted => text(parts[0].to_encrypted_pem(password)?),
            Format::Pem => text(parts[0].to_pem()),
            Format::Cer => Zeroizing::new(pem::write("CERTIFICATE", leaf.as_der()).into_bytes()),
            Format::Der => Zeroizing::new(leaf.as_der().to_vec()),
            Format::Chain => Zeroizing::new(pem_chain(&all_chains(parts)).into_bytes()),
            Format::P7b => Zeroizing::new(pkcs7(&all_chains(parts))),
            Format::X5c => Zeroizing::new(format!("{:#}\n", json!(parts[0].to_x5c())).into_bytes()),
            Format::Jwk if parts.len() == 1 => text(jwk(&parts[0])?),
            Format::Jwk => text(jwk_set(parts)?),
            Format::Jks => jks(parts, password)?,
        })
    }

    fn report(
        &self,
        context: &mut Context<'_, '_>,
        format: Format,
        records: &[Record],
        parts: &[Part<'_>],
        is_replaced: bool,
    ) -> Result<(), CliError> {
        if context.json {
            context.write_json(&self.json(format, records, parts))?;
        }
        if !is_stdout(&self.output) {
            let written: Vec<String> =
                records.iter().map(|record| format!("{} version {}", record.name, record.version)).collect();
            context.say(&format!("wrote {}: {}", shown(&self.output), written.join(", ")));
        }
        for record in records.iter().filter(|record| format.is_secret() && !record.exportable) {
            let of = if records.len() > 1 { format!(" of {}", record.name) } else { String::new() };
            context.say(&format!("  without the private key{of}: its policy says not exportable"));
        }
        if is_replaced && format.is_secret() && !parts.iter().any(Part::has_private_key) {
            let label = context.palette().yellow("warn");
            context.say(&format!(
                "{label}    {} was there before, and is replaced by one without a private key: if a server needs the key, take the file from its backup",
                shown(&self.output)
            ));
        }
        if !format.is_leaf() && self.root(format) == Root::Out {
            let roots = records.iter().filter(|record| ends_in_root(&record.chain())).count();
            if roots > 0 {
                context.say("  without the root, which whoever trusts it has; --with-root adds it");
            }
        }
        self.warnings(context, format, parts);
        let expires = records.iter().map(|record| record.certificate.not_after()).min();
        if let Some(expires) = expires.filter(|_| !is_stdout(&self.output)) {
            let expired = if expires < context.now { "expired" } else { "expires" };
            context.say(&format!("  it {expired} {expires}"));
        }
        Ok(())
    }

    /// What to know before the file is given to somebody.
    fn warnings(&self, context: &mut Context<'_, '_>, format: Format, parts: &[Part<'_>]) {
        let with_key = parts.iter().any(Part::has_private_key);
        let label = context.palette().yellow("warn");
        if with_key && format == Format::Pfx && self.password_file.is_none() {
            let has = if self.no_password { "it has no password" } else { "its password is empty" };
            context.say(&format!("  {has}: whoever reads the file has the key"));
        }
        if with_key && (format == Format::Jwk || format == Format::Pem && !self.encrypted) {
            context.say("  it is not encrypted: whoever reads the file has the key");
        }
        let warning = match format {
            Format::Pfx => self.profile().warning(),
            Format::Jks => Some(
                "a Java KeyStore protects the key by SHA-1 alone, without iterations: where Java is 8u301 or newer, give it a PFX",
            ),
            _ => None,
        };
        if let Some(warning) = warning {
            context.say(&format!("{label}    {warning}"));
        }
    }

    fn json(&self, format: Format, records: &[Record], parts: &[Part<'_>]) -> serde_json::Value {
        let one = |(record, part): (&Record, &Part<'_>)| {
            json!({
                "name": record.name.as_str(),
                "version": record.version.to_string(),
                "private_key": format.is_secret() && part.has_private_key(),
                "certificates": if format.is_leaf() { 1 } else { part.chain().len() },
                "with_root": !format.is_leaf() && ends_in_root(part.chain()),
            })
        };
        let mut written: Vec<serde_json::Value> = records.iter().zip(parts).map(one).collect();
        let mut document = match written.len() {
            1 => written.remove(0),
            _ => json!({"written": written}),
        };
        document["file"] = json!(self.output);
        document["format"] = format.name().into();
        if format == Format::Pfx {
            document["pfx_profile"] = self.profile().name().into();
        }
        document
    }
}

/// The chains of several, one behind another; an issuer that they share stands once.
fn all_chains<'a>(parts: &[Part<'a>]) -> Vec<&'a Certificate> {
    let mut all: Vec<&Certificate> = Vec::new();
    for certificate in parts.iter().flat_map(|part| part.chain()) {
        if !all.contains(certificate) {
            all.push(certificate);
        }
    }
    all
}
