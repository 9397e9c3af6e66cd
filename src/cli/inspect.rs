//! `coldcert inspect`

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::error::CliError;
use crate::inspect::{Inspection, Object, Outside, What};
use crate::pkcs12::{Password, Pkcs12Error};

/// Say what a file is: what is in it, how it is encrypted, and who will refuse it
///
/// Any file that coldcert reads: PFX, PEM, DER, PKCS#7, base64, JSON, ZIP, requests, CRLs, keys. Of a PFX its parts in
/// their order, algorithms, iterations and MAC are shown, also where its password is not known; of what lies open,
/// subjects and which key belongs to which certificate. No secret is shown, and nothing is judged: that is for check.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  $ coldcert inspect answer.pem
  $ coldcert inspect old.pfx --password-file old.password")]
pub(super) struct Inspect {
    /// The files, - for stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// File whose first line is the password of a PFX, - for stdin [default: none or the empty one]
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
}

impl Inspect {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let files = context.read_all(&self.files)?;
        let mut passwords = Password::unstated().to_vec();
        if let Some(path) = &self.password_file {
            passwords.insert(0, Password::new(&context.password(Some(path))?));
        }
        let mut documents = Vec::new();
        for (path, file) in self.files.iter().zip(&files) {
            let source = file.source();
            let failed = |error| CliError::Inspect { path: path.clone(), error };
            let inspection = Inspection::of(&source, &passwords).map_err(failed)?;
            if context.json {
                documents.push(as_json(source.name, &inspection));
            } else {
                context.artifact(as_text(source.name, &inspection).as_bytes())?;
            }
            if let (Some(Err(Pkcs12Error::WrongPassword { .. })), None) =
                (closed(&inspection), &self.password_file)
            {
                context.say("help: to see inside, give its password with --password-file FILE");
            }
            // A password that was given and does not fit is an error, after what can be seen without it.
            if let (Some(Err(error)), Some(_)) = (closed(&inspection), &self.password_file) {
                return Err(failed(error.into()));
            }
        }
        if context.json {
            context.write_json(&Value::Array(documents))?;
        }
        Ok(())
    }
}

/// Why a PKCS#12 is closed.
fn closed(inspection: &Inspection) -> Option<Result<(), Pkcs12Error>> {
    let outside = inspection.pfx.as_ref()?;
    Some(match &outside.opened {
        Ok(_) => Ok(()),
        Err(error) => Err(error.clone()),
    })
}

fn as_text(name: &str, inspection: &Inspection) -> String {
    let mut lines = vec![heading(name, inspection)];
    if let Some(outside) = &inspection.pfx {
        lines.extend(outside_lines(outside));
    }
    for (number, object) in (1..).zip(&inspection.objects) {
        lines.push(format!("  [{number}] {}", object_line(object, inspection)));
        lines.extend(said(object).map(|said| format!("      {said}")));
    }
    if !inspection.refused_by.is_empty() {
        lines.push("refused by".to_owned());
    }
    for refusal in &inspection.refused_by {
        lines.push(format!("  {}: {}", refusal.importer, refusal.reason));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// `www.pfx: PKCS#12 (DER), profile modern, opened by the empty password`
fn heading(name: &str, inspection: &Inspection) -> String {
    let mut words = vec![format!("{name}: {}", inspection.form)];
    if let Some(outside) = &inspection.pfx {
        words.push(match outside.profile {
            Some(profile) => format!("profile {profile}"),
            None => "by no profile of coldcert's".to_owned(),
        });
        words.push(match &outside.opened {
            Ok(Some(password)) => format!("opened by {password}"),
            Ok(None) => "nothing in it is closed".to_owned(),
            Err(error) => format!("not opened: {error}"),
        });
    }
    words.join(", ")
}

fn outside_lines(outside: &Outside) -> Vec<String> {
    let mac = outside.mac.as_deref().unwrap_or("none: nobody can tell whether it was changed");
    let mut lines = vec![format!("  MAC     {mac}")];
    for (number, part) in (1..).zip(&outside.parts) {
        let bags = match part.bags {
            None => "closed".to_owned(),
            Some(1) => "1 bag".to_owned(),
            Some(bags) => format!("{bags} bags"),
        };
        let encryption = part.encryption.as_deref().unwrap_or("not encrypted as a whole");
        lines.push(format!("  part {number}  {encryption}; {bags}"));
    }
    lines
}

/// `certificate CN=www.example.com, EC P-256, until 2027-09-18`
fn object_line(object: &Object, inspection: &Inspection) -> String {
    let what = match &object.what {
        What::Certificate(certificate) => format!(
            "certificate  {}, {}, until {}",
            certificate.subject(),
            certificate.public_key().algorithm(),
            certificate.not_after()
        ),
        What::PrivateKey(key) => {
            let of = match inspection.certificates_of(key).as_slice() {
                [] => String::new(),
                numbers => {
                    let numbers: Vec<String> = numbers.iter().map(|number| format!("[{number}]")).collect();
                    format!(", of {}", numbers.join(" and "))
                }
            };
            let by = object.encryption.as_deref().map(|by| format!(", {by}")).unwrap_or_default();
            format!("private key  {key}{of}{by}")
        }
        What::Request(request) => {
            format!("certificate request  {}, {}", request.subject(), request.public_key().algorithm())
        }
        What::RevocationList(list) => format!("CRL  of {} of {}", list.issuer(), list.this_update()),
        What::Other(words) => words.clone(),
    };
    match object.place.as_str() {
        "" => what,
        place => format!("{what}   ({place})"),
    }
}

/// What a PKCS#12 says of a bag.
fn said(object: &Object) -> Option<String> {
    let attributes = &object.attributes;
    let mut said = Vec::new();
    if let Some(name) = &attributes.friendly_name {
        said.push(format!("friendly name {name:?}"));
    }
    if let Some(id) = &attributes.local_key_id {
        said.push(format!("local key id {}", hexadecimal(id)));
    }
    if let Some(provider) = &attributes.provider {
        said.push(format!("provider {provider:?}"));
    }
    if attributes.trusted_by_java {
        said.push("trusted by Java".to_owned());
    }
    (!said.is_empty()).then(|| said.join(", "))
}

fn as_json(name: &str, inspection: &Inspection) -> Value {
    let objects = inspection.objects.iter().map(|object| object_json(object, inspection));
    let refused_by = inspection.refused_by.iter().map(
        |refusal| json!({"importer": refusal.importer, "reason": refusal.reason, "source": refusal.source}),
    );
    let mut document = json!({
        "file": name,
        "form": inspection.form,
        "objects": objects.collect::<Vec<_>>(),
        "refused_by": refused_by.collect::<Vec<_>>(),
    });
    if let Some(outside) = &inspection.pfx {
        let parts =
            outside.parts.iter().map(|part| json!({"encryption": part.encryption, "bags": part.bags}));
        document["pfx"] = json!({
            "profile": outside.profile.map(|profile| profile.name()),
            "mac": outside.mac,
            "parts": parts.collect::<Vec<_>>(),
            "opened_by": outside.opened.as_ref().ok().and_then(Option::as_ref).map(ToString::to_string),
            "not_opened": outside.opened.as_ref().err().map(ToString::to_string),
        });
    }
    document
}

fn object_json(object: &Object, inspection: &Inspection) -> Value {
    let mut value = match &object.what {
        What::Certificate(certificate) => json!({
            "kind": "certificate",
            "subject": certificate.subject().to_string(),
            "issuer": certificate.issuer().to_string(),
            "not_after": certificate.not_after().to_string(),
            "key": certificate.public_key().algorithm().to_string(),
            "sha256": certificate.fingerprint().hex(),
        }),
        What::PrivateKey(key) => json!({
            "kind": "private key",
            "key": key.to_string(),
            "certificates": inspection.certificates_of(key),
        }),
        What::Request(request) => json!({
            "kind": "certificate request",
            "subject": request.subject().to_string(),
            "key": request.public_key().algorithm().to_string(),
        }),
        What::RevocationList(list) => json!({"kind": "CRL", "issuer": list.issuer().to_string()}),
        What::Other(words) => json!({"kind": words}),
    };
    value["place"] = json!(object.place);
    value["encryption"] = json!(object.encryption);
    value["friendly_name"] = json!(object.attributes.friendly_name);
    value["local_key_id"] = json!(object.attributes.local_key_id.as_deref().map(hexadecimal));
    value["provider"] = json!(object.attributes.provider);
    value
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
