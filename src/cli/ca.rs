//! `coldcert ca init`, `import`, `show`, `sign`: an offline CA, which signs what its operator approves.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::check::profile;
use super::context::Context;
use super::error::CliError;
use super::export_format;
use super::table::Table;
use super::terminal::shown;
use crate::authority::{Authority, AuthorityError, Validity};
use crate::certificate::Certificate;
use crate::extension::purpose_name;
use crate::key::Signer;
use crate::pkcs12::Password;
use crate::policy::{KeyKind, ObjectName};
use crate::secret::{Brought, SecretError, pem_chain};
use crate::vault::{OfflineAuthority, VaultError};
use crate::verdict::Profile;
use crate::{pem, wire};

/// An offline CA in the vault: the issuer of the provider OfflineCA.
#[derive(Debug, Subcommand)]
pub(super) enum CaVerb {
    /// Make a CA, and the issuer that it signs for
    ///
    /// It is a root, its key sealed in the vault as every key is. Whoever is to trust its certificates needs its own:
    /// `coldcert ca show NAME -o root.pem`.
    #[command(after_help = "Examples:
  $ coldcert ca init corp --subject 'CN=Example Root CA, O=Example'
  $ coldcert ca init web --subject 'CN=Example Web CA' --curve P-384 --days 1825 --profile webpki")]
    Init {
        /// The issuer's name, by which policies refer to it
        name: String,
        /// The CA's own name
        #[arg(long, value_name = "DN")]
        subject: String,
        /// The curve of its key: P-256, P-384, P-521
        #[arg(long, value_name = "CURVE", default_value = "P-256", value_parser = curve)]
        curve: KeyKind,
        /// For how many days it is valid
        #[arg(long, value_name = "DAYS", default_value_t = 3_650)]
        days: u32,
        /// The rules that every certificate it signs has to keep: rfc5280, webpki
        #[arg(long, value_name = "P", default_value = "rfc5280", value_parser = issuance)]
        profile: Profile,
    },
    /// Take over a CA that was made elsewhere, its key and certificate in one file
    ///
    /// The file is a PFX, or PEM with one unencrypted PKCS#8 key; certificates above the CA go along.
    #[command(after_help = "Example:\n  $ coldcert ca import corp ca.pfx --password-file ca.password")]
    Import {
        /// The issuer's name, by which policies refer to it
        name: String,
        /// The file, - for stdin
        file: PathBuf,
        /// File whose first line is the password of the PFX, - for stdin [default: the empty one, or none]
        #[arg(long, value_name = "F")]
        password_file: Option<PathBuf>,
        /// The rules that every certificate it signs has to keep: rfc5280, webpki
        #[arg(long, value_name = "P", default_value = "rfc5280", value_parser = issuance)]
        profile: Profile,
    },
    /// Show a CA, or all of them; with -o write its certificate as PEM
    #[command(after_help = "Examples:\n  $ coldcert ca show\n  $ coldcert ca show corp -o root.pem")]
    Show {
        /// The issuer's name
        name: Option<String>,
        /// Where its certificates go, the CA's own first, - for stdout
        #[arg(short, long, value_name = "FILE", requires = "name")]
        output: Option<PathBuf>,
        /// Replace the file if it exists
        #[arg(long)]
        force: bool,
    },
    /// Approve a request that waits for a CA of this vault: sign it, and complete its operation
    ///
    /// `coldcert pending show NAME` tells what is asked for, and with what purposes. What is to be signed is judged by the CA's profile before it is
    /// signed, and again after; what that refuses is not signed. It is valid as long as its policy asks, and not longer
    /// than the CA.
    #[command(after_help = "Examples:\n  $ coldcert ca sign www\n  $ coldcert ca sign www --days 90")]
    Sign {
        /// The certificate's name
        name: String,
        /// For how many days it is valid [default: as many months as its policy asks for]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        days: Option<u32>,
    },
}

impl CaVerb {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        match self {
            Self::Init { name, subject, curve, days, profile } => {
                let name = ObjectName::new(&name).map_err(VaultError::from)?;
                let validity = Validity::days(context.now, days);
                let authority = Authority::root(&subject, curve, validity).map_err(VaultError::from)?;
                taken(context, &name, &authority, &[], profile)
            }
            Self::Import { name, file, password_file, profile } => {
                let name = ObjectName::new(&name).map_err(VaultError::from)?;
                let (authority, above) = brought(context, &file, password_file.as_ref())?;
                taken(context, &name, &authority, &above, profile)
            }
            Self::Show { name: None, .. } => listed(context),
            Self::Show { name: Some(name), output, force } => {
                let name = ObjectName::new(&name).map_err(VaultError::from)?;
                let authority = context.open()?.authority(&name)?;
                shown_one(context, &authority, output.as_deref(), force)
            }
            Self::Sign { name, days } => sign(context, &name, days),
        }
    }
}

fn taken(
    context: &mut Context<'_, '_>,
    name: &ObjectName,
    authority: &Authority,
    above: &[Certificate],
    profile: Profile,
) -> Result<(), CliError> {
    let mut vault = context.open()?;
    if vault.authority(name).is_ok() {
        return Err(VaultError::AuthorityExists { name: name.to_string() }.into());
    }
    let vault_key = context.unseal(&mut vault)?;
    vault.put_authority(&vault_key, name, authority, above, profile, context.now)?;
    if context.json {
        let kept = vault.authority(name)?;
        context.write_json(&document(&kept))?;
    }
    let certificate = authority.certificate();
    context.say(&format!("the CA {name}: {}, until {}", certificate.subject(), certificate.not_after()));
    context.say(&format!("  sha256  {}", certificate.fingerprint()));
    context.say(&format!("  signs what {} accepts", profile.name()));
    context
        .next(&format!("coldcert create NAME --issuer {name} --subject CN=...; then: coldcert ca sign NAME"));
    Ok(())
}

/// The CA of a file, and the certificates that came with it, in their order.
fn brought(
    context: &mut Context<'_, '_>,
    file: &Path,
    password_file: Option<&PathBuf>,
) -> Result<(Authority, Vec<Certificate>), CliError> {
    let files = context.read_all(&[file.to_owned()])?;
    let passwords = match password_file {
        Some(path) => vec![Password::new(&context.password(Some(path))?)],
        None => Password::unstated().to_vec(),
    };
    let brought = Brought::read(&files[0].source(), &passwords).map_err(|error| match error {
        SecretError::Pkcs12(_) | SecretError::Key(_) => CliError::in_file(file, error.into()),
        error => VaultError::from(error).into(),
    })?;
    let public_key = brought.key.public_key().clone();
    let mut above: Vec<Certificate> =
        brought.bundle.certificates.into_iter().map(|given| given.certificate).collect();
    // Where none holds the key, the first one is said not to.
    let own = above.iter().position(|certificate| *certificate.public_key() == public_key).unwrap_or(0);
    if above.is_empty() {
        return Err(VaultError::from(AuthorityError::NotAnAuthority { subject: shown(file) }).into());
    }
    let own = above.remove(own);
    let authority = Authority::of(own, brought.key).map_err(VaultError::from)?;
    Ok((authority, above))
}

fn listed(context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let authorities = context.open()?.authorities()?;
    if context.json {
        let items: Vec<Value> = authorities.iter().map(document).collect();
        return context.write_json(&wire::page(&items));
    }
    let mut table = Table::new(["NAME", "SUBJECT", "PROFILE", "VALID"]);
    for authority in &authorities {
        let own = &authority.chain[0];
        let cells = [
            authority.name.to_string(),
            own.subject().to_string(),
            authority.profile.name().to_owned(),
            format!("until {}", own.not_after().date()),
        ];
        table.row(context, cells)?;
    }
    table.end(context)?;
    if authorities.is_empty() {
        context.say("no CAs");
    }
    Ok(())
}

fn shown_one(
    context: &mut Context<'_, '_>,
    authority: &OfflineAuthority,
    output: Option<&Path>,
    force: bool,
) -> Result<(), CliError> {
    let chain: Vec<&Certificate> = authority.chain.iter().collect();
    if let Some(path) = output {
        context.put_public(path, pem_chain(&chain).as_bytes(), force)?;
        context.say(&format!("wrote {}", shown(path)));
        return Ok(());
    }
    if context.json {
        return context.write_json(&document(authority));
    }
    for (index, certificate) in chain.iter().enumerate() {
        let by = if index == 0 { "" } else { "  under " };
        let line = format!("{by}{}, until {}\n", certificate.subject(), certificate.not_after());
        context.artifact(line.as_bytes())?;
        context.artifact(format!("  sha256  {}\n", certificate.fingerprint()).as_bytes())?;
    }
    context.artifact(format!("  signs what {} accepts\n", authority.profile.name()).as_bytes())
}

fn sign(context: &mut Context<'_, '_>, name: &str, days: Option<u32>) -> Result<(), CliError> {
    let name = ObjectName::new(name).map_err(VaultError::from)?;
    let mut vault = context.open()?;
    // Whatever can be refused without the passphrase is refused before it is asked for.
    let pending = vault.at_desk_by_name(&name)?;
    vault.authority(&ObjectName::new(&pending.policy.issuer.name).map_err(VaultError::from)?)?;
    let vault_key = context.unseal(&mut vault)?;
    let merged = vault.sign_at_desk(&vault_key, &name, days, context.now)?;
    if context.json {
        let view = vault.certificate(&name, None)?;
        context.write_certificate(&view)?;
    }
    context.findings(&merged.findings);
    let certificate = &merged.record.certificate;
    context.say(&format!("signed {name}: {}, until {}", certificate.subject(), certificate.not_after()));
    let names: Vec<String> = certificate.alternative_names().iter().map(ToString::to_string).collect();
    context
        .say(&format!("  names     {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") }));
    let purposes: Vec<String> = certificate.extended_key_usages().iter().map(purpose_name).collect();
    context.say(&format!(
        "  purposes  {}",
        if purposes.is_empty() { "any".to_owned() } else { purposes.join(", ") }
    ));
    let wanted = match days {
        Some(days) => context.now.plus_seconds(i64::from(days) * 86_400),
        None => context.now.plus_months(pending.policy.validity_months).map_err(VaultError::from)?,
    };
    if certificate.not_after() < wanted {
        context.say("  not as long as was asked for: its CA ends then");
    }
    context.say(&format!("  version {}, issued by {}", merged.record.version, certificate.issuer()));
    context.next(&export_format::command(&merged.record));
    Ok(())
}

fn document(authority: &OfflineAuthority) -> Value {
    let chain: Vec<String> =
        authority.chain.iter().map(|one| pem::write("CERTIFICATE", one.as_der())).collect();
    json!({
        "name": authority.name.as_str(),
        "subject": authority.chain[0].subject().to_string(),
        "sha256": authority.chain[0].fingerprint().hex(),
        "expires": authority.chain[0].not_after().unix_seconds(),
        "profile": authority.profile.name(),
        "created": authority.created.unix_seconds(),
        "chain": chain,
    })
}

/// The value of `--profile`: one that says something about what a CA signs.
fn issuance(text: &str) -> Result<Profile, String> {
    match profile(text) {
        Ok(Profile::KeyVault) | Err(_) => {
            Err(format!("allowed: {}, {}", Profile::Rfc5280.name(), Profile::Webpki.name()))
        }
        Ok(profile) => Ok(profile),
    }
}

fn curve(text: &str) -> Result<KeyKind, String> {
    let known = KeyKind::from_curve(text).filter(|kind| *kind != KeyKind::P256K);
    known.ok_or_else(|| "allowed: P-256, P-384, P-521".to_owned())
}
