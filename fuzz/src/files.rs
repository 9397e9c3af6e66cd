//! Files as people have them: PEM, DER, containers, archives.

use std::hint::black_box;

use coldcert::bundle::{self, Bundle, Source};
use coldcert::inspect::{Inspection, What};
use coldcert::pem;
use coldcert::pkcs12::{Password, Pfx};
use coldcert::x5c::submit_to_each;

use super::said;

/// PEM: its blocks, whatever they hold.
pub fn pem(bytes: &[u8]) {
    black_box(pem::looks_like_pem(bytes));
    match pem::read(bytes) {
        Ok(blocks) => {
            for block in &blocks {
                black_box((
                    format!("{block:?}"),
                    block.is_encrypted(),
                    pem::write(&block.label, block.contents()),
                ));
            }
        }
        Err(error) => said(&error, &error.help()),
    }
}

/// A file as a CA sends it: PEM, DER, or something else; also as an official client would send it on.
pub fn bundle(bytes: &[u8]) {
    let source = Source { name: "answer", bytes };
    match Bundle::read(&[source]) {
        Ok(bundle) => {
            if let Some(given) = bundle.certificates.first() {
                black_box(submit_to_each(&[source], given.certificate.public_key()));
            }
            black_box(bundle.passed_over.iter().map(|one| one.kind.to_string()).collect::<Vec<_>>());
        }
        Err(error) => said(&error, &error.help()),
    }
}

/// PKCS#7, from its framing on.
pub fn pkcs7(bytes: &[u8]) {
    items(bytes);
    items(pem::write("PKCS7", bytes).as_bytes());
}

/// A ZIP archive.
pub fn zip(bytes: &[u8]) {
    items(bytes);
}

/// Everything in a file, and the lists in it.
fn items(bytes: &[u8]) {
    let source = Source { name: "answer", bytes };
    match bundle::read_items(&source) {
        Ok(items) => {
            black_box(items.iter().map(|item| format!("{} {item:?}", item.place)).collect::<Vec<_>>());
        }
        Err(error) => said(&error, &error.help()),
    }
    if let Err(error) = Bundle::read_revocation_lists(&source) {
        said(&error, &error.help());
    }
}

/// A PKCS#12: seen from outside, opened by no password and by the empty one, looked at.
pub fn pkcs12(bytes: &[u8]) {
    let passwords = Password::unstated();
    match Pfx::parse(bytes) {
        Ok(pfx) => match pfx.open(&passwords) {
            Ok(contents) => {
                black_box((contents.private_keys.len(), contents.certificates.len()));
            }
            Err(error) => said(&error, &error.help()),
        },
        Err(error) => said(&error, &error.help()),
    }
    inspect(bytes);
}

/// Any file, looked at.
pub fn inspect(bytes: &[u8]) {
    let source = Source { name: "file", bytes };
    match Inspection::of(&source, &Password::unstated()) {
        Ok(inspection) => {
            for object in &inspection.objects {
                if let What::PrivateKey(key) = &object.what {
                    black_box((key.to_string(), inspection.certificates_of(key)));
                }
            }
        }
        Err(error) => said(&error, &error.help()),
    }
}
