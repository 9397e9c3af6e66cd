//! Inputs to start from, for each parser of `fuzz/src/lib.rs` by its name: some that are made here, those of `testdata`,
//! and some of other projects where they are at hand (`COLDCERT_SHARED`).

// Each user takes its own part of this.
#![allow(dead_code)]

#[path = "backups.rs"]
mod backups;
#[path = "texts.rs"]
mod texts;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use coldcert::key::PrivateKey;
use coldcert::pem;
use coldcert::pkcs12::{self, Entry, Password, Profile};
use coldcert::policy::KeyKind;

use crate::made::{self, Key, extension, oid, sequence, tlv};

/// An input, and the parser that it is for.
pub(crate) struct Seed {
    pub(crate) parser: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// All of them: first a plain certificate.
pub(crate) fn all() -> Vec<Seed> {
    let mut seeds = made_here();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let shared = std::env::var_os("COLDCERT_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
        .join("suites");
    let folders = OWN_FOLDERS.iter().map(|(folder, parser)| (own.join(folder), *parser));
    let folders = folders.chain(FOLDERS.iter().map(|(folder, parser)| (shared.join(folder), *parser)));
    for (folder, parser) in folders {
        let files = files(&folder).into_iter().take(OF_A_FOLDER);
        seeds.extend(files.map(|bytes| Seed { parser, bytes: der(parser, bytes) }));
    }
    seeds
}

/// The inputs of one parser.
pub(crate) fn of(seeds: &[Seed], parser: &str) -> Vec<Vec<u8>> {
    seeds.iter().filter(|seed| seed.parser == parser).map(|seed| seed.bytes.clone()).collect()
}

/// Those that are made here, for every parser.
pub(crate) fn made_here() -> Vec<Seed> {
    let keys = made::Kind::ALL.map(|kind| Key::of(kind, 0));
    let mut certificates: Vec<Vec<u8>> = keys.iter().map(|key| made::self_signed(key, HOST, &[])).collect();
    let rich = made::self_signed(keys[1], HOST, &rich_extensions());
    certificates.push(rich.clone());
    let plain = certificates[0].clone();
    let lists =
        [made::revocation_list(keys[1], HOST, &[1, 2, 0x7f]), made::revocation_list(keys[0], HOST, &[])];
    let requests: Vec<Vec<u8>> = keys.iter().take(2).map(|key| made::request(key, HOST)).collect();
    let private_keys = [KeyKind::Rsa2048, KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::P256K];
    let private_keys = private_keys.map(pkcs8);
    let pem: String = [&plain, &rich].map(|der| pem::write("CERTIFICATE", der)).concat();
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n";
    let pems = [
        pem.clone(),
        pem.replace('\n', "\r\n").replace("-----\r", "----- \t\r"),
        format!("subject: CN=x\n{pem}{old}-----END RSA PRIVATE KEY-----\n"),
        pem::write("CERTIFICATE REQUEST", &requests[0]) + &pem::write("X509 CRL", &lists[0]),
    ]
    .map(String::into_bytes);
    let pkcs7 = [signed_data(&[&plain, &rich], &[&lists[0]]), in_pieces(&[&plain, &rich])];
    let pfx: Vec<Vec<u8>> = Profile::ALL.map(|profile| pfx(&plain, &private_keys[1], profile)).to_vec();
    let zips = [
        zipped(&[("www.cer", &plain), ("a/ca.pem", &pems[0])]),
        zipped(&[("www.p7b", &pkcs7[0]), ("crl", &lists[0]), ("read me.txt", b"hello")]),
    ];
    let page = b"<html><body>sign in".to_vec();
    let files = [
        certificates.clone(),
        pems.to_vec(),
        pkcs7.to_vec(),
        pfx.clone(),
        vec![[plain.as_slice(), &rich].concat(), zips[0].clone(), page],
    ]
    .concat();
    let base64 = [&plain, &rich, &pems[0], &pkcs7[0]].map(|bytes| BASE64_STANDARD.encode(bytes));
    let twice = base64.each_ref().map(|once| BASE64_STANDARD.encode(once));
    let base64 = base64.into_iter().chain(twice).map(String::into_bytes).collect();
    let judged = certificates.iter().map(|one| [one.as_slice(), one].concat());
    let judged = judged.chain([pems[0].clone(), [rich.as_slice(), &plain].concat()]).collect();
    let of_parser = |parser: &'static str, inputs: Vec<Vec<u8>>| {
        inputs.into_iter().map(move |bytes| Seed { parser, bytes })
    };
    [
        of_parser("certificate", certificates),
        of_parser("revocation_list", lists.to_vec()),
        of_parser("request", [requests.as_slice(), &pems[3..]].concat()),
        of_parser("private_key", private_keys.to_vec()),
        of_parser("pem", pems.to_vec()),
        of_parser("bundle", files.clone()),
        of_parser("pkcs7", pkcs7.to_vec()),
        of_parser("pkcs12", pfx),
        of_parser("zip", zips.to_vec()),
        of_parser("base64", base64),
        of_parser("json", texts::documents(&plain, &requests[0])),
        of_parser("policy", texts::policies()),
        of_parser("subject", texts::subjects()),
        of_parser("names", texts::names()),
        of_parser("http", texts::requests(&plain)),
        of_parser("backup", backups::all()),
        of_parser("inspect", files),
        of_parser("judge", judged),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn pkcs8(kind: KeyKind) -> Vec<u8> {
    PrivateKey::generate(kind).expect("a key").to_pkcs8().expect("PKCS#8").secret_der().to_vec()
}

/// A PKCS#12 of some key beside a certificate, under no password that anybody has to know.
fn pfx(certificate: &[u8], key: &[u8], profile: Profile) -> Vec<u8> {
    let key = coldcert::key::SecretDer::new(key.to_vec().into());
    let entry = Entry { friendly_name: "www", private_key: Some(&key), certificates: &[certificate] };
    pkcs12::write(&[entry], &Password::new(""), profile).expect("a PFX").to_vec()
}

/// A SignedData without signatures (RFC 5652 5.1).
pub(crate) fn signed_data(certificates: &[&[u8]], lists: &[&[u8]]) -> Vec<u8> {
    let data = sequence(&[oid("1.2.840.113549.1.7.1")]);
    let held = [tlv(0xa0, &certificates.concat()), tlv(0xa1, &lists.concat())].concat();
    let signed = sequence(&[tlv(2, &[1]), tlv(0x31, &[]), data, held, tlv(0x31, &[])]);
    sequence(&[oid("1.2.840.113549.1.7.2"), tlv(0xa0, &signed)])
}

/// The same with indefinite lengths, as Java writes it.
fn in_pieces(certificates: &[&[u8]]) -> Vec<u8> {
    let open = |tag: u8, parts: &[Vec<u8>]| [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat();
    let data = open(0x30, &[oid("1.2.840.113549.1.7.1")]);
    let signed = open(
        0x30,
        &[tlv(2, &[1]), tlv(0x31, &[]), data, open(0xa0, &[certificates.concat()]), tlv(0x31, &[])],
    );
    open(0x30, &[oid("1.2.840.113549.1.7.2"), open(0xa0, &[signed])])
}

/// An archive of deflated entries.
pub(crate) fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, contents) in entries {
        let deflate = rawzip::CompressionMethod::DEFLATE;
        let (mut entry, config) =
            archive.new_file(name).compression_method(deflate).start().expect("an entry");
        let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut writer = config.wrap(encoder);
        writer.write_all(contents).expect("written");
        let (encoder, descriptor) = writer.finish().expect("an end");
        encoder.finish().expect("deflated");
        entry.finish(descriptor).expect("an entry");
    }
    archive.finish().expect("an archive");
    bytes
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
fn der(parser: &str, bytes: Vec<u8>) -> Vec<u8> {
    match pem::read(&bytes).ok().and_then(|blocks| blocks.into_iter().next()) {
        Some(block) if !["bundle", "pem", "json"].contains(&parser) => block.contents().to_vec(),
        _ => bytes,
    }
}

const HOST: &str = "www.example.com";
/// Below `testdata`.
const OWN_FOLDERS: [(&str, &str); 2] = [("policies", "policy"), ("answers", "json")];
/// Below `suites` of what is shared.
const FOLDERS: [(&str, &str); 16] = [
    ("pkits/certs", "certificate"),
    ("pkits/crls", "revocation_list"),
    ("pkcs10/keyvault", "request"),
    ("pkcs10/pyca", "request"),
    ("pem/pyca", "bundle"),
    ("pem/pyca", "pem"),
    ("pem/pki-types", "bundle"),
    ("pem/pki-types", "pem"),
    ("pkcs7/pyca", "bundle"),
    ("pkcs7/pyca", "pkcs7"),
    ("pkcs12/pyca", "pkcs12"),
    ("pkcs12/pyca", "inspect"),
    ("pkcs12/boringssl", "pkcs12"),
    ("pkcs12/boringssl", "bundle"),
    ("pkcs12/p12-keystore", "pkcs12"),
    ("pkcs12/p12-keystore", "inspect"),
];
/// Enough of each, and few enough to be drawn.
const OF_A_FOLDER: usize = 40;
