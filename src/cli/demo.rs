//! `coldcert demo`: the whole manual flow on real keys and real files, in a few seconds.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::context::{Context, ReadFile};
use super::error::CliError;
use super::findings::{finding_lines, findings_json};
use super::output::{Kind, Output, put_public};
use super::terminal::{Palette, shown};
use crate::authority::{Authority, AuthorityError, Validity};
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::csr::CertificateRequest;
use crate::key::Signer;
use crate::pem;
use crate::pkcs12::{Password, Profile};
use crate::policy::{Document, KeyKind, ObjectName, Policy, Tags};
use crate::seal::{Passphrase, VaultKey};
use crate::secret::{Brought, pem_chain};
use crate::vault::{NewCertificate, Vault, VaultError};
use crate::wire::{self, Base};

/// Walk through the whole flow with a training CA, in a temporary vault
///
/// Makes a vault, a key and a request; lets a training CA sign it; shows a wrong answer being refused; merges the
/// right one; writes a PFX and reads it back. Never asks anything, and leaves nothing behind without --keep.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  $ coldcert demo\n  $ coldcert demo --keep demo")]
pub(super) struct Demo {
    /// Make this folder, which must not exist, and leave everything in it, the private key too
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

impl Demo {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        context.acts();
        let temporary;
        let folder = match &self.keep {
            Some(folder) => {
                let made = DirBuilder::new().mode(0o700).create(folder);
                made.map_err(|cause| match cause.kind() {
                    ErrorKind::AlreadyExists => CliError::FolderExists { path: folder.clone() },
                    _ => CliError::Folder { path: folder.clone(), cause },
                })?;
                folder.as_path()
            }
            None => {
                let path = std::env::temp_dir();
                temporary = tempfile::Builder::new().prefix("coldcert-demo-").tempdir_in(&path);
                temporary
                    .as_ref()
                    .map_err(|cause| CliError::Folder { path, cause: cause.kind().into() })?
                    .path()
            }
        };
        let mut walk = Walk { folder, base: Base::of_host("demo.localhost"), step: 0, context };
        let steps = walk.all()?;
        if walk.context.json {
            let kept = self.keep.is_some();
            walk.context.write_json(&json!({"folder": folder, "kept": kept, "steps": steps}))?;
        }
        match &self.keep {
            Some(folder) => {
                let folder = shown(folder);
                walk.context
                    .say(&format!("\neverything is in {folder}: www.pfx and the vault hold the private key"));
                walk.context
                    .say(&format!("the passphrase of {folder}/demo.coldcert is in {folder}/passphrase"));
            }
            None => walk.context.say("\nnothing was kept; keep it all with: coldcert demo --keep DIR"),
        }
        walk.context.next("do it yourself: coldcert init");
        Ok(())
    }
}

/// The walk: where it is, and what it tells.
struct Walk<'w, 'c, 's> {
    folder: &'w Path,
    base: Base,
    step: u32,
    context: &'w mut Context<'c, 's>,
}

impl Walk<'_, '_, '_> {
    fn all(&mut self) -> Result<Vec<Value>, CliError> {
        let now = self.context.now;
        let mut steps = Vec::new();
        let name = ObjectName::new("www").map_err(VaultError::from)?;

        self.title("a vault: one file, its private keys sealed under a passphrase");
        let passphrase = self.passphrase()?;
        let path = self.folder.join("demo.coldcert");
        let mut vault = Vault::init_by(&path, Some(&passphrase), self.context.attribution(), now)?;
        let vault_key = vault.unseal(Some(&passphrase))?;
        self.file("demo.coldcert");
        steps.push(json!({"step": "init", "file": path}));

        self.title("a training CA: root and intermediate");
        let ca = TrainingAuthority::make(now)?;
        self.public("root.pem", &pem::write("CERTIFICATE", ca.root.certificate().as_der()))?;
        self.public("intermediate.pem", &pem::write("CERTIFICATE", ca.intermediate.certificate().as_der()))?;
        steps.push(json!({"step": "training-ca"}));

        self.title("create: a key that stays, and a request that goes to the CA");
        let request = self.create(&mut vault, &vault_key, &name)?;
        steps.push(json!({"step": "create", "subject": request.subject().to_string()}));

        self.title("a wrong answer: the CA signed somebody else's key");
        let refused = self.wrong_answer(&mut vault, &vault_key, &name, &ca, &request)?;
        steps.push(json!({"step": "wrong-answer", "refused": true, "findings": refused}));

        self.title("the CA signs the request; its answer comes back in any order");
        let leaf = ca
            .intermediate
            .sign(&request, Validity::days(now.plus_seconds(-600), 90))
            .map_err(VaultError::from)?;
        let answer = [ca.root.certificate(), ca.intermediate.certificate(), &leaf];
        self.public("answer.pem", &pem_chain(&answer))?;
        steps.push(json!({"step": "answer", "certificates": answer.len()}));

        self.title("merge: judged against the held key, put in order, written in one transaction");
        let version = self.merge(&mut vault, &vault_key, &name, "answer.pem")?;
        steps.push(json!({"step": "merge", "version": version}));

        self.title("export: the PFX for the server, read back");
        self.export(&mut vault, &vault_key, &name)?;
        steps.push(json!({"step": "export", "file": self.folder.join("www.pfx")}));
        Ok(steps)
    }

    fn create(
        &mut self,
        vault: &mut Vault,
        vault_key: &VaultKey,
        name: &ObjectName,
    ) -> Result<CertificateRequest, CliError> {
        let mut document = Document::default();
        document.set("x509_props.subject", "CN=www.example.com, O=\"Example, Inc\", C=US".into());
        document.set("x509_props.sans.dns_names", json!(["www.example.com", "api.example.com"]));
        document.set("issuer.name", "Unknown".into());
        self.exchange("POST", "/certificates/www/create", &json!({"policy": Value::from(document.clone())}));
        let policy = Policy::understand(&document).map_err(VaultError::from)?;
        let new = NewCertificate { name: name.clone(), policy, tags: Tags::default(), enabled: None };
        let created = vault.create(vault_key, new, self.context.now)?;
        self.answer("202 Accepted", &wire::operation(&self.base, &created.operation));
        let request = created.operation.request().clone();
        self.public("www.csr", &pem::write("CERTIFICATE REQUEST", request.as_der()))?;
        self.tell(&format!("sha256 of the public key  {}", request.public_key().fingerprint()));
        self.tell("compare it with the CA by voice: it is the key that the certificate must hold");
        Ok(request)
    }

    fn wrong_answer(
        &mut self,
        vault: &mut Vault,
        vault_key: &VaultKey,
        name: &ObjectName,
        ca: &TrainingAuthority,
        request: &CertificateRequest,
    ) -> Result<Value, CliError> {
        let wrong = ca.sign_another_key(request, self.context.now)?;
        self.public("wrong.pem", &pem_chain(&[&wrong, ca.intermediate.certificate()]))?;
        let bundle = self.bundle("wrong.pem")?;
        self.exchange("POST", "/certificates/www/pending/merge", &x5c(&bundle));
        match vault.merge(vault_key, name, &bundle, self.context.now) {
            Err(VaultError::Refused(refused)) => {
                let error = wire::error("BadParameter", wire::KEY_MISMATCH);
                self.answer_whole("400 Bad Request", &error);
                for line in finding_lines(refused.verdict.findings(), Palette::plain()) {
                    self.tell(&line);
                }
                Ok(findings_json(refused.verdict.findings()))
            }
            Err(error) => Err(error.into()),
            Ok(_) => Err(CliError::Demonstration { what: "the wrong answer was merged" }),
        }
    }

    fn merge(
        &mut self,
        vault: &mut Vault,
        vault_key: &VaultKey,
        name: &ObjectName,
        file: &str,
    ) -> Result<String, CliError> {
        let bundle = self.bundle(file)?;
        self.exchange("POST", "/certificates/www/pending/merge", &x5c(&bundle));
        let merged = vault.merge(vault_key, name, &bundle, self.context.now)?;
        let view = vault.certificate(name, None)?;
        self.answer("201 Created", &wire::certificate(&self.base, &view));
        for (depth, certificate) in merged.record.chain().iter().enumerate() {
            let by = if depth == 0 { "" } else { "signed by " };
            self.tell(&format!("{}{by}{}", "   ".repeat(depth), certificate.subject()));
        }
        Ok(merged.record.version.to_string())
    }

    fn export(&mut self, vault: &mut Vault, vault_key: &VaultKey, name: &ObjectName) -> Result<(), CliError> {
        let view = vault.certificate(name, None)?;
        let Some(record) = view.record else {
            return Err(CliError::Demonstration { what: "the merged version is not there" });
        };
        self.exchange("GET", &format!("/secrets/{name}/{}", record.version), &Value::Null);
        let secret = vault.release(vault_key, &record, "pfx", self.context.now)?;
        let pfx = secret.to_pkcs12(&Password::new(""), Profile::Modern).map_err(VaultError::from)?;
        // What is shown is scrolled back to and copied: the value is not.
        let hidden = format!("{}…hidden", base64_of(&pfx[..HIDDEN_AFTER_BYTES.min(pfx.len())]));
        self.answer("200 OK", &wire::secret(&self.base, &record, &hidden));
        let path = self.folder.join("www.pfx");
        Output::prepare(&path, Kind::Secret, false)?.write(&pfx, self.context.stdout())?;
        self.file("www.pfx");
        let files = self.context.read_all(&[path])?;
        let again = Brought::read(&files[0].source(), &[Password::new("")]).map_err(VaultError::from)?;
        if again.key.public_key() != record.certificate.public_key() {
            return Err(CliError::Demonstration { what: "the PFX holds another key" });
        }
        self.tell(&format!(
            "read back: {} certificates, and the private key matches the leaf",
            again.bundle.certificates.len()
        ));
        Ok(())
    }

    /// A passphrase of its own, kept beside the vault: nothing here is secret for long.
    fn passphrase(&mut self) -> Result<Passphrase, CliError> {
        let random = crate::identifier::Identifier::random()
            .ok_or(CliError::Demonstration { what: "no random bytes" })?;
        let text = Zeroizing::new(random.to_string());
        let line = Zeroizing::new(format!("{}\n", text.as_str()));
        Output::prepare(&self.folder.join("passphrase"), Kind::Secret, false)?
            .write(line.as_bytes(), self.context.stdout())?;
        Passphrase::new(text).map_err(|_| CliError::Demonstration { what: "the passphrase is unusable" })
    }

    fn bundle(&mut self, file: &str) -> Result<Bundle, CliError> {
        let files = self.context.read_all(&[self.folder.join(file)])?;
        let sources: Vec<_> = files.iter().map(ReadFile::source).collect();
        Ok(Bundle::read(&sources).map_err(VaultError::from)?)
    }

    fn public(&mut self, file: &str, text: &str) -> Result<(), CliError> {
        put_public(&self.folder.join(file), text.as_bytes(), false, self.context.stdout())?;
        self.file(file);
        Ok(())
    }

    fn title(&mut self, text: &str) {
        self.step += 1;
        let line = format!("{}. {text}", self.step);
        if self.step > 1 {
            self.context.say("");
        }
        let line = self.context.palette().bold(&line);
        self.context.say(&line);
    }

    fn file(&mut self, file: &str) {
        let path = shown(&self.folder.join(file));
        self.tell(&format!("wrote {path}"));
    }

    fn tell(&mut self, line: &str) {
        self.context.say(&format!("   {line}"));
    }

    /// The REST request that a step stands for.
    fn exchange(&mut self, method: &str, path: &str, body: &Value) {
        let body = if body.is_null() { String::new() } else { shortened(body).to_string() };
        let line = self.context.palette().dim(&format!("> {method} {path}  {body}"));
        self.tell(line.trim_end());
    }

    /// What the service answers.
    fn answer(&mut self, status: &str, body: &Value) {
        self.answer_whole(status, &shortened(body));
    }

    /// The same, every text as it is.
    fn answer_whole(&mut self, status: &str, body: &Value) {
        let line = self.context.palette().dim(&format!("< {status}  {body}"));
        self.tell(&line);
    }
}

/// Root and intermediate, for training only.
struct TrainingAuthority {
    root: Authority,
    intermediate: Authority,
}

impl TrainingAuthority {
    fn make(now: crate::time::UnixTime) -> Result<Self, CliError> {
        let start = now.plus_seconds(-3600);
        let make = || -> Result<Self, AuthorityError> {
            let root =
                Authority::root("CN=Training Root, O=Example", KeyKind::P384, Validity::days(start, 3650))?;
            let intermediate = root.intermediate(
                "CN=Training Issuing CA, O=Example",
                KeyKind::P256,
                Validity::days(start, 1825),
            )?;
            Ok(Self { root, intermediate })
        };
        Ok(make().map_err(VaultError::from)?)
    }

    /// What a CA sends that mixed two requests up: the right names, the wrong key.
    fn sign_another_key(
        &self,
        request: &CertificateRequest,
        now: crate::time::UnixTime,
    ) -> Result<Certificate, CliError> {
        let make = || -> Result<Certificate, VaultError> {
            let mut document = Document::default();
            document.set("x509_props.subject", "CN=www.example.com, O=\"Example, Inc\", C=US".into());
            let policy = Policy::understand(&document)?;
            let key = crate::key::PrivateKey::generate(KeyKind::P256)?;
            let another = CertificateRequest::make(&policy, &key)?;
            debug_assert!(key.public_key() != request.public_key(), "two keys are never the same");
            Ok(self.intermediate.sign(&another, Validity::days(now.plus_seconds(-600), 90))?)
        };
        Ok(make()?)
    }
}

/// The body of a merge.
fn x5c(bundle: &Bundle) -> Value {
    let encode = |given: &crate::bundle::Given| base64_of(given.certificate.as_der());
    json!({"x5c": bundle.certificates.iter().map(encode).collect::<Vec<_>>()})
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

/// A body with its long texts cut, so that a line stays readable.
fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > LONG => {
            Value::String(format!("{}…", text.chars().take(LONG).collect::<String>()))
        }
        Value::Array(items) => items.iter().map(shortened).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), shortened(member)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// A version's identifier and a status text are shown whole, base64 is not.
const LONG: usize = 100;
/// The head of a PFX, which says what it is and holds nothing of what is in it.
const HIDDEN_AFTER_BYTES: usize = 9;
