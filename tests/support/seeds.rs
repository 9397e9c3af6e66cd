//! Inputs to start from: some that are made here, and some of other projects where they are at hand
//! (`COLDCERT_SHARED`).

// Each user takes its own part of this.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

use coldcert::key::PrivateKey;
use coldcert::pem;
use coldcert::pkcs12::{self, Entry, Password, Profile};
use coldcert::policy::KeyKind;

use crate::made::{self, Key, extension, oid, sequence, tlv};

/// What an input is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Certificate,
    RevocationList,
    Request,
    Bundle,
    Pkcs12,
}

/// An input.
pub(crate) struct Seed {
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

/// How many are made here.
pub(crate) const MADE: usize = 17;

/// All of them: first those that are made here, of which the first is a plain certificate.
pub(crate) fn all() -> Vec<Seed> {
    let mut seeds = made_here();
    assert_eq!(seeds.len(), MADE);
    let shared = std::env::var_os("COLDCERT_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
        .join("suites");
    for (folder, kind) in FOLDERS {
        seeds.extend(
            files(&shared.join(folder))
                .into_iter()
                .take(OF_A_FOLDER)
                .map(|bytes| Seed { kind, bytes: der(kind, bytes) }),
        );
    }
    seeds
}

fn made_here() -> Vec<Seed> {
    let keys = made::Kind::ALL.map(|kind| Key::of(kind, 0));
    let mut seeds: Vec<Seed> = keys
        .iter()
        .map(|key| Seed { kind: Kind::Certificate, bytes: made::self_signed(key, HOST, &[]) })
        .collect();
    let rich = made::self_signed(keys[1], HOST, &rich_extensions());
    let lists =
        [made::revocation_list(keys[1], HOST, &[1, 2, 0x7f]), made::revocation_list(keys[0], HOST, &[])];
    let requests = keys.iter().take(2).map(|key| made::request(key, HOST));
    seeds.extend(requests.map(|bytes| Seed { kind: Kind::Request, bytes }));
    seeds.extend(lists.into_iter().map(|bytes| Seed { kind: Kind::RevocationList, bytes }));
    let plain = seeds[0].bytes.clone();
    let pem: String = [&plain, &rich].map(|der| pem::write("CERTIFICATE", der)).concat();
    seeds.extend([
        Seed { kind: Kind::Certificate, bytes: rich.clone() },
        Seed { kind: Kind::Bundle, bytes: [plain.as_slice(), &rich].concat() },
        Seed { kind: Kind::Bundle, bytes: pem.clone().into_bytes() },
        Seed {
            kind: Kind::Bundle,
            bytes: pem.replace('\n', "\r\n").replace("-----\r", "----- \t\r").into_bytes(),
        },
        Seed { kind: Kind::Bundle, bytes: b"<html><body>sign in".to_vec() },
    ]);
    seeds.extend(Profile::ALL.map(|profile| Seed { kind: Kind::Pkcs12, bytes: pfx(&plain, profile) }));
    seeds
}

/// A PKCS#12 of some key beside a certificate, under no password that anybody has to know.
fn pfx(certificate: &[u8], profile: Profile) -> Vec<u8> {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key").to_pkcs8().expect("PKCS#8");
    let entry = Entry { friendly_name: "www", private_key: Some(&key), certificates: &[certificate] };
    pkcs12::write(&[entry], &Password::new(""), profile).expect("a PFX").to_vec()
}

/// One of every extension that is read.
fn rich_extensions() -> Vec<Vec<u8>> {
    let name = made::common_name("Example");
    let subtree = sequence(&[tlv(0x82, b"example.com")]);
    let point = sequence(&[tlv(0xa0, &tlv(0xa0, &tlv(0x86, b"http://a.example/crl")))]);
    let policy = sequence(&[oid("2.23.140.1.2.1")]);
    vec![
        extension("2.5.29.19", true, &sequence(&[tlv(0x01, &[0xff]), tlv(0x02, &[3])])),
        extension("2.5.29.15", true, &tlv(0x03, &[0x01, 0x86])),
        extension(
            "2.5.29.30",
            true,
            &sequence(&[tlv(0xa0, &subtree), tlv(0xa1, &sequence(&[tlv(0xa4, &name)]))]),
        ),
        extension("2.5.29.31", false, &sequence(&[point])),
        extension("2.5.29.32", false, &sequence(&[policy])),
        extension("2.5.29.33", false, &sequence(&[sequence(&[oid("1.2.3"), oid("1.2.4")])])),
        extension("2.5.29.36", false, &sequence(&[tlv(0x80, &[0]), tlv(0x81, &[1])])),
        extension("2.5.29.54", false, &tlv(0x02, &[0])),
        extension("2.5.29.35", false, &sequence(&[tlv(0x80, &[7; 20]), tlv(0xa1, &tlv(0xa4, &name))])),
        extension(
            "1.3.6.1.5.5.7.1.1",
            false,
            &sequence(&[sequence(&[oid("1.3.6.1.5.5.7.48.2"), tlv(0x86, b"http://a.example/ca")])]),
        ),
    ]
}

/// The files of a folder in the order of their names; none where there is no such folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().filter_map(|path| fs::read(path).ok()).collect()
}

/// The first block of what is PEM, for what is read as DER alone.
fn der(kind: Kind, bytes: Vec<u8>) -> Vec<u8> {
    match pem::read(&bytes).ok().and_then(|blocks| blocks.into_iter().next()) {
        Some(block) if kind != Kind::Bundle => block.contents().to_vec(),
        _ => bytes,
    }
}

const HOST: &str = "www.example.com";
const FOLDERS: [(&str, Kind); 10] = [
    ("pkits/certs", Kind::Certificate),
    ("pkits/crls", Kind::RevocationList),
    ("pkcs10/keyvault", Kind::Request),
    ("pkcs10/pyca", Kind::Request),
    ("pem/pyca", Kind::Bundle),
    ("pem/pki-types", Kind::Bundle),
    ("pkcs7/pyca", Kind::Bundle),
    ("pkcs12/pyca", Kind::Pkcs12),
    ("pkcs12/boringssl", Kind::Pkcs12),
    ("pkcs12/p12-keystore", Kind::Pkcs12),
];
/// Enough of each, and few enough to be drawn.
const OF_A_FOLDER: usize = 40;
