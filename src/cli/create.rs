//! `coldcert create`

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::context::Context;
use super::error::CliError;
use super::export_format;
use super::output::{Kind, Output, OutputError, is_stdout};
use super::pending::or_none;
use super::policy::read_document;
use super::terminal::{json_text, shown};
use crate::extension::purpose_of_name;
use crate::pem;
use crate::policy::{Document, ObjectName, Policy, Route, Tags};
use crate::vault::{Created, NewCertificate, Vault, VaultError};
use crate::wire;

/// Make a key and a certificate request, and keep them until the CA answers
///
/// The certificate is described by a policy file, by options, or by both, options going first. For a name that
/// exists, what is not said is taken from its policy. The request goes to stdout, or to a file with -o.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  $ coldcert create www --subject CN=www.example.com --dns www.example.com -o www.csr
  $ coldcert create api --subject 'CN=api.example.com, O=\"Example, Inc\", C=US' --dns api.example.com --kty EC --curve P-256
  $ coldcert create training --subject CN=training.example.com --dns training.example.com --issuer Self")]
pub(super) struct Create {
    /// The certificate's name: letters, digits and hyphens
    name: String,
    /// A policy file, - for stdin: REST or az shape
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    policy: Option<PathBuf>,
    /// The subject, as Key Vault reads it: the last part of the text is encoded first
    #[arg(long, value_name = "DN", help_heading = "Names")]
    subject: Option<String>,
    /// A DNS name (may be repeated)
    #[arg(long, value_name = "NAME", help_heading = "Names")]
    dns: Vec<String>,
    /// An e-mail address (may be repeated)
    #[arg(long, value_name = "ADDRESS", help_heading = "Names")]
    email: Vec<String>,
    /// A user principal name (may be repeated)
    #[arg(long, value_name = "NAME", help_heading = "Names")]
    upn: Vec<String>,
    /// A URI (may be repeated)
    #[arg(long, value_name = "URI", help_heading = "Names")]
    uri: Vec<String>,
    /// An IP address (may be repeated)
    #[arg(long, value_name = "ADDRESS", help_heading = "Names")]
    ip: Vec<String>,
    /// The type of key: RSA or EC [default: RSA, EC with --curve]
    #[arg(long, value_name = "TYPE", help_heading = "Key")]
    kty: Option<String>,
    /// Bits: 2048, 3072, 4096 for RSA [default: 2048]
    #[arg(long, value_name = "BITS", help_heading = "Key")]
    key_size: Option<i64>,
    /// The curve: P-256, P-384, P-521, P-256K [default: P-256]
    #[arg(long, value_name = "CURVE", help_heading = "Key")]
    curve: Option<String>,
    /// Never let the private key out of the vault
    #[arg(long, help_heading = "Key")]
    not_exportable: bool,
    /// Let the private key out in exports, where the policy says not to
    #[arg(long, help_heading = "Key", conflicts_with = "not_exportable")]
    exportable: bool,
    /// Take the previous version's key again, now and for later versions
    #[arg(long, help_heading = "Key")]
    reuse_key: bool,
    /// Make a new key, now and for later versions, where the policy says to reuse one
    #[arg(long, help_heading = "Key", conflicts_with = "reuse_key")]
    new_key: bool,
    /// An extended key usage: an object identifier, or serverAuth, clientAuth, codeSigning, ... (may be repeated, or
    /// separated by commas)
    #[arg(long, value_name = "OID", value_delimiter = ',', help_heading = "Policy")]
    eku: Vec<String>,
    /// A key usage: digitalSignature, keyEncipherment, ... (may be repeated, or separated by commas)
    #[arg(long, value_name = "USAGE", value_delimiter = ',', help_heading = "Policy")]
    key_usage: Vec<String>,
    /// Months of validity [default: 12]
    #[arg(long, value_name = "MONTHS", help_heading = "Policy")]
    validity_months: Option<i64>,
    /// The form of the secret: pkcs12 or pem [default: pkcs12]
    #[arg(long, value_name = "FORM", help_heading = "Policy")]
    content_type: Option<String>,
    /// Who signs: Unknown (a CA by hand), Self, or an issuer's name [default: Unknown]
    #[arg(long, value_name = "NAME", help_heading = "Policy")]
    issuer: Option<String>,
    /// A tag, NAME=VALUE (may be repeated)
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Policy")]
    tag: Vec<String>,
    /// Where the request goes, - for stdout [default: stdout]
    #[arg(short, long, value_name = "CSRFILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, help_heading = "Output")]
    force: bool,
}

impl Create {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let tags = tags(&self.tag)?;
        let to_stdout = self.output.as_deref().is_some_and(is_stdout);
        if context.json && to_stdout {
            return Err(CliError::StdoutTwice { what: "the request" });
        }
        let mut vault = context.open()?;
        let policy = self.policy(context, &vault, &name)?;
        note_issuer(context, &vault, &policy);
        if let Some(path) = &self.output {
            context.check_output(path, Kind::Public, self.force)?;
        }
        let vault_key = context.unseal(&mut vault)?;
        // Held only now: whoever ends the run at the prompt leaves nothing behind.
        let output = match &self.output {
            Some(path) if !to_stdout => Some(context.prepare(path, Kind::Public, self.force)?),
            _ => None,
        };
        let is_sealed = vault.is_sealed()?;
        let created =
            vault.create(&vault_key, NewCertificate { name, policy, tags, enabled: None }, context.now)?;
        self.write(context, &vault, is_sealed, &created, output)
    }

    /// The policy file or, without one, the policy that the name has; then the options over it.
    fn policy(
        &self,
        context: &mut Context<'_, '_>,
        vault: &Vault,
        name: &ObjectName,
    ) -> Result<Policy, CliError> {
        let mut document = match &self.policy {
            Some(path) => {
                vault.stored_policy(name)?;
                read_document(context, path)?
            }
            None => vault.stored_policy(name)?.unwrap_or_default(),
        };
        self.apply(&mut document)?;
        if document.members().is_empty() {
            return Err(VaultError::PolicyNeeded { name: name.to_string() }.into());
        }
        Ok(Policy::understand(&document).map_err(VaultError::from)?)
    }

    fn apply(&self, document: &mut Document) -> Result<(), CliError> {
        if self.kty.is_some() || self.key_size.is_some() || self.curve.is_some() {
            // The three belong together: what was said before of one does not go with another.
            for member in ["kty", "key_size", "crv"] {
                document.remove("key_props", member);
            }
        }
        let mut set = |path: &str, value: Option<Value>| {
            if let Some(value) = value {
                document.set(path, value);
            }
        };
        set("x509_props.subject", self.subject.as_deref().map(Value::from));
        let lists = [
            ("x509_props.sans.dns_names", &self.dns),
            ("x509_props.sans.emails", &self.email),
            ("x509_props.sans.upns", &self.upn),
            ("x509_props.sans.uris", &self.uri),
            ("x509_props.sans.ipAddresses", &self.ip),
            ("x509_props.key_usage", &self.key_usage),
        ];
        for (path, texts) in lists {
            set(path, (!texts.is_empty()).then(|| texts.as_slice().into()));
        }
        let purposes: Vec<&str> = self.eku.iter().map(|one| purpose_of_name(one).unwrap_or(one)).collect();
        set("x509_props.ekus", (!purposes.is_empty()).then(|| purposes.into()));
        set("x509_props.validity_months", self.validity_months.map(Value::from));
        set("key_props.kty", self.kty.as_deref().map(Value::from));
        set("key_props.key_size", self.key_size.map(Value::from));
        set("key_props.crv", self.curve.as_deref().map(Value::from));
        // Of an option and its opposite at most one is given; without either the policy's word stands.
        let either = |yes: bool, no: bool| (yes || no).then_some(Value::from(yes));
        set("key_props.exportable", either(self.exportable, self.not_exportable));
        set("key_props.reuse_key", either(self.reuse_key, self.new_key));
        set("secret_props.contentType", self.content_type.as_deref().map(content_type).transpose()?);
        set("issuer.name", self.issuer.as_deref().map(Value::from));
        Ok(())
    }

    fn write(
        &self,
        context: &mut Context<'_, '_>,
        vault: &Vault,
        is_sealed: bool,
        created: &Created,
        output: Option<Output>,
    ) -> Result<(), CliError> {
        let request = created.operation.request();
        let text = pem::write("CERTIFICATE REQUEST", request.as_der());
        let name = created.operation.name().clone();
        // The key is kept by now, so what is said is how to get the request, not to create again.
        let not_written = |cause| CliError::RequestNotWritten { name: name.clone(), cause };
        if let Some(output) = output {
            output.write(text.as_bytes(), context.stdout()).map_err(not_written)?;
        }
        let on_stdout = if context.json {
            Some(json_text(&wire::operation(&context.base(), &created.operation)))
        } else if self.output.as_deref().is_none_or(is_stdout) && created.record.is_none() {
            Some(text)
        } else {
            None
        };
        if let Some(text) = on_stdout {
            let stdout = context.stdout();
            let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
            written.map_err(|cause| not_written(OutputError::Write { path: "-".into(), cause }))?;
        }
        context.warn(&created.concerns);
        let sealed = if is_sealed { "sealed" } else { "NOT sealed" };
        context.say(&format!(
            "created {name}: {}, key {sealed} in {}, request {}",
            request.public_key().algorithm(),
            shown(vault.path()),
            created.operation.request_id(),
        ));
        context.say(&format!("  subject  {}   (in the order it is encoded)", or_none(request.subject())));
        let names: Vec<String> = request.alternative_names().iter().map(ToString::to_string).collect();
        if !names.is_empty() {
            context.say(&format!("  names    {}", names.join(", ")));
        }
        context.say(&format!("  sha256 of the public key  {}", request.public_key().fingerprint()));
        if let Some(path) = self.output.as_deref().filter(|path| !is_stdout(path)) {
            context.say(&format!("wrote {}", shown(path)));
        }
        self.next(context, created, &name);
        Ok(())
    }

    fn next(&self, context: &mut Context<'_, '_>, created: &Created, name: &ObjectName) {
        let request = match self.output.as_deref() {
            Some(path) if !is_stdout(path) => shown(path),
            _ => "this request".to_owned(),
        };
        match (&created.record, created.operation.issuer().route()) {
            (Some(record), _) => {
                context.say(&format!("signed by itself: {name} version {}", record.version));
                context.next(&export_format::command(record));
            }
            (None, Route::Named) => {
                let issuer = &created.operation.issuer().name;
                context.say(&format!("it waits at the desk of {issuer}"));
                context.next(&format!("coldcert pending show {name}"));
            }
            (None, Route::Unknown | Route::SelfSigned) => {
                context.next(&format!("send {request} to your CA, then: coldcert merge {name} ANSWER"));
            }
        }
    }
}

/// An issuer that the vault does not keep is taken all the same: the operation waits, and somebody
/// should know why.
fn note_issuer(context: &mut Context<'_, '_>, vault: &Vault, policy: &Policy) {
    if policy.issuer.route() != Route::Named {
        return;
    }
    let known = ObjectName::new(&policy.issuer.name).is_ok_and(|name| vault.issuer(&name).is_ok());
    if !known {
        let name = &policy.issuer.name;
        context.say(&format!("note    this vault keeps no issuer {name:?}: the operation will wait for it"));
        context.say(&format!("        help: keep one with: coldcert issuer set {name} --provider PROVIDER"));
    }
}

/// Tags as they are given, NAME=VALUE.
pub(super) fn tags(given: &[String]) -> Result<Tags, CliError> {
    let pairs = given.iter().map(|tag| {
        tag.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(|| {
            CliError::Option { option: "--tag", value: tag.clone(), allowed: "NAME=VALUE".to_owned() }
        })
    });
    let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
    Ok(Tags::new(pairs).map_err(VaultError::from)?)
}

fn content_type(text: &str) -> Result<Value, CliError> {
    match text {
        "pkcs12" | "pfx" | "application/x-pkcs12" => Ok("application/x-pkcs12".into()),
        "pem" | "application/x-pem-file" => Ok("application/x-pem-file".into()),
        other => Err(CliError::Option {
            option: "--content-type",
            value: other.to_owned(),
            allowed: "pkcs12, pem".to_owned(),
        }),
    }
}
