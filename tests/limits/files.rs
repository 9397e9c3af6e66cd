//! Files, and text in them: PEM, base64, JSON, archives, layers of them.

use std::fs::File;
use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use coldcert::bundle::{
    BYTES_MAX, Bundle, BundleError, CERTIFICATES_MAX, DEPTH_MAX, GZIP_BYTES_MAX, GZIP_MEMBERS_MAX,
    OTHERS_MAX, Source, ZIP_BYTES_MAX, ZIP_ENTRIES_MAX,
};
use coldcert::cli::{FILES_BYTES_MAX, INPUT_BYTES_MAX};
use coldcert::crl::{CRLS_BYTES_MAX, CRLS_MAX};
use coldcert::json;
use coldcert::pem;

use crate::made::{self, Key, Kind};
use crate::support::{Run, Workplace};
use crate::{Case, case, not_asked, told};

pub(crate) fn cases() -> Vec<Case> {
    let file_bytes = usize::try_from(INPUT_BYTES_MAX).expect("memory");
    vec![
        case("file-bytes", file_bytes, a_large_file, not_asked),
        case("stream-bytes", file_bytes, || said(&Workplace::empty().run("inspect /dev/zero")), not_asked),
        case(
            "files-bytes",
            usize::try_from(FILES_BYTES_MAX).expect("memory"),
            || large_files(5),
            || assert!(!large_files(4).contains("read at once"), "four of the largest are read"),
        ),
        case(
            "crls-given",
            CRLS_MAX,
            || lists_given(51),
            || {
                assert!(!lists_given(50).contains("at most"), "{}", lists_given(50));
            },
        ),
        case("crls-bytes", CRLS_BYTES_MAX, long_lists, not_asked),
        case(
            "crls-beside",
            CRLS_MAX,
            || told(with_lists(CRLS_MAX + 1)),
            || {
                with_lists(CRLS_MAX).expect("as many as are read");
            },
        ),
        case(
            "pem-bytes",
            pem::MAX_INPUT,
            || told(pem::read(&vec![b'-'; pem::MAX_INPUT + 1])),
            || {
                pem::read(&vec![b'-'; pem::MAX_INPUT]).expect("text");
            },
        ),
        case(
            "pem-label",
            pem::MAX_LABEL,
            || told(labelled(pem::MAX_LABEL + 1)),
            || {
                labelled(pem::MAX_LABEL).expect("a block");
            },
        ),
        case(
            "pem-headers",
            pem::MAX_HEADERS,
            || told(with_headers(pem::MAX_HEADERS + 1)),
            || {
                with_headers(pem::MAX_HEADERS).expect("a block");
            },
        ),
        case("base64-tries", 16, || told(read(parted_in_three_ways().as_bytes())), not_asked),
        case(
            "json-depth",
            json::DEPTH_MAX,
            || told(read(&nested(json::DEPTH_MAX + 1))),
            || {
                let error = told(read(&nested(json::DEPTH_MAX)));
                assert!(error.contains("holds no certificate"), "{error}");
            },
        ),
        case(
            "json-values",
            json::VALUES_MAX,
            || told(read(&listed(json::VALUES_MAX + 1))),
            || {
                let error = told(read(&listed(json::VALUES_MAX)));
                assert!(error.contains("holds no certificate"), "{error}");
            },
        ),
        case(
            "layers",
            DEPTH_MAX,
            || told(layered(DEPTH_MAX)),
            || {
                layered(DEPTH_MAX - 1).expect("the file, the blocks in each other, and what is in the last");
            },
        ),
        case(
            "decoded-bytes",
            BYTES_MAX,
            || told(long_files(5)),
            || {
                long_files(3).expect("files");
            },
        ),
        case(
            "certificates",
            CERTIFICATES_MAX,
            || told(read(&certificate().repeat(CERTIFICATES_MAX + 1))),
            || {
                read(&certificate().repeat(CERTIFICATES_MAX)).expect("certificates");
            },
        ),
        case(
            "other-objects",
            OTHERS_MAX,
            || told(with_others(OTHERS_MAX + 1)),
            || {
                with_others(OTHERS_MAX).expect("one certificate");
            },
        ),
        case(
            "zip-entries",
            ZIP_ENTRIES_MAX,
            || told(read(&archive(ZIP_ENTRIES_MAX + 1, 1))),
            || {
                let error = told(read(&archive(ZIP_ENTRIES_MAX, 1)));
                assert!(error.contains("holds no certificate"), "{error}");
            },
        ),
        case(
            "gzip-members",
            GZIP_MEMBERS_MAX,
            || told(read(&gzipped(0).repeat(GZIP_MEMBERS_MAX + 1))),
            || {
                let error = told(read(&gzipped(0).repeat(GZIP_MEMBERS_MAX)));
                assert!(error.contains("an empty file"), "{error}");
            },
        ),
        case(
            "gzip-bytes",
            GZIP_BYTES_MAX,
            || told(read(&gzipped(GZIP_BYTES_MAX + 1))),
            || {
                let error = told(read(&gzipped(GZIP_BYTES_MAX)));
                assert!(error.contains("holds no certificate"), "{error}");
            },
        ),
        case(
            "zip-bytes",
            ZIP_BYTES_MAX,
            || told(read(&archive(1, ZIP_BYTES_MAX + 1))),
            || {
                let error = told(read(&archive(1, ZIP_BYTES_MAX)));
                assert!(error.contains("holds no certificate"), "{error}");
            },
        ),
    ]
}

/// What a command says, and it has help.
pub(crate) fn said(run: &Run) -> String {
    assert!(run.stderr.contains("help:"), "{}", run.stderr);
    let mut lines = run.stderr.lines();
    let error =
        lines.find_map(|line| line.strip_prefix("error: ").or_else(|| line.strip_prefix("refused: ")));
    error.unwrap_or_else(|| panic!("{}: {}", run.line, run.stderr)).to_owned()
}

pub(crate) fn read(bytes: &[u8]) -> Result<Bundle, BundleError> {
    let result = Bundle::read(&[Source { name: "answer", bytes }]);
    if let Err(error) = &result {
        assert!(!error.help().is_empty(), "{error}");
    }
    result
}

pub(crate) fn certificate() -> Vec<u8> {
    made::self_signed(Key::of(Kind::P256, 0), "www.example.com", &[])
}

fn list() -> Vec<u8> {
    made::revocation_list(Key::of(Kind::P256, 0), "www.example.com", &[1])
}

fn a_large_file() -> String {
    let work = Workplace::empty();
    let file = File::create(work.path("answer.pem")).expect("a file");
    file.set_len(INPUT_BYTES_MAX + 1).expect("a size");
    said(&work.run("inspect answer.pem"))
}

/// What is said of so many files of the largest size.
fn large_files(count: usize) -> String {
    let work = Workplace::empty();
    work.write("www.csr", made::request(Key::of(Kind::P256, 0), "www.example.com"));
    let names: Vec<String> = (0..count).map(|number| format!("f{number}")).collect();
    for name in &names {
        File::create(work.path(name)).and_then(|file| file.set_len(INPUT_BYTES_MAX)).expect("a file");
    }
    said(&work.run(&format!("check {} --csr www.csr", names.join(" "))))
}

/// Two files of so many lists each, given beside a certificate.
fn lists_given(count: usize) -> String {
    let work = Workplace::empty();
    work.write("www.cer", certificate());
    work.write("www.csr", made::request(Key::of(Kind::P256, 0), "www.example.com"));
    work.write("lists", list().repeat(count));
    let run = work.run("check www.cer --csr www.csr --crl lists --crl lists");
    if run.stderr.contains("error: ") { said(&run) } else { run.stderr }
}

/// Two files of a list and blanks, which may be as long as they are, and a byte.
fn long_lists() -> String {
    let work = Workplace::empty();
    work.write("www.cer", certificate());
    work.write("www.csr", made::request(Key::of(Kind::P256, 0), "www.example.com"));
    let mut bytes = list();
    bytes.resize(CRLS_BYTES_MAX / 2, b'\n');
    work.write("long", bytes);
    work.write("one", "x");
    said(&work.run("check www.cer --csr www.csr --crl long --crl long --crl one"))
}

fn with_lists(count: usize) -> Result<Bundle, BundleError> {
    read(&[certificate(), list().repeat(count)].concat())
}

fn labelled(characters: usize) -> Result<Vec<pem::Block>, pem::PemError> {
    pem::read(pem::write(&"A".repeat(characters), b"x").as_bytes())
}

fn with_headers(count: usize) -> Result<Vec<pem::Block>, pem::PemError> {
    let headers: String = (0..count).map(|number| format!("X-{number}: y\n")).collect();
    pem::read(format!("-----BEGIN KEY-----\n{headers}\nAAAA\n-----END KEY-----\n").as_bytes())
}

/// Each layer may be one text, two or three, and what is innermost is cut off.
fn parted_in_three_ways() -> String {
    let cut_off = [&[0x30, 0x83, 0x7f, 0xff, 0xff, 0x30, 0x83, 0x7f], [0x30; 100_000].as_slice()].concat();
    let mut text = BASE64_STANDARD_NO_PAD.encode(cut_off);
    for _ in 0..5 {
        text.push_str(&" ".repeat((3 - text.len() % 3) % 3));
        let line = BASE64_STANDARD_NO_PAD.encode(&text);
        let short = &line[..60];
        text = format!("{line}\n\n{short}\n{short}");
    }
    text
}

/// An object, and lists in each other inside it.
fn nested(depth: usize) -> Vec<u8> {
    let lists = depth - 1;
    format!("{{\"a\":{}{}}}", "[".repeat(lists), "]".repeat(lists)).into_bytes()
}

/// An object, a list in it, and numbers.
fn listed(values: usize) -> Vec<u8> {
    format!("{{\"a\":[{}0]}}", "0,".repeat(values - 3)).into_bytes()
}

/// A certificate in so many blocks, one inside the other.
fn layered(blocks: usize) -> Result<Bundle, BundleError> {
    let block = |contents: Vec<u8>| pem::write("CERTIFICATE", &contents).into_bytes();
    read(&(0..blocks).fold(certificate(), |contents, _| block(contents)))
}

fn long_files(count: usize) -> Result<Bundle, BundleError> {
    let mut bytes = certificate();
    bytes.resize(BYTES_MAX / 4, b'\n');
    let source = Source { name: "answer", bytes: &bytes };
    Bundle::read(&vec![source; count])
}

fn with_others(count: usize) -> Result<Bundle, BundleError> {
    let other = pem::write("SOMETHING", b"x").repeat(count);
    read((pem::write("CERTIFICATE", &certificate()) + &other).as_bytes())
}

fn gzipped(zeros: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&vec![0; zeros]).expect("written");
    encoder.finish().expect("gzip")
}

/// Entries of nothing but zeros.
fn archive(entries: usize, bytes_of_each: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for number in 0..entries {
        let deflate = rawzip::CompressionMethod::DEFLATE;
        let name = format!("{number}");
        let (mut entry, config) =
            archive.new_file(&name).compression_method(deflate).start().expect("an entry");
        let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut writer = config.wrap(encoder);
        writer.write_all(&vec![0; bytes_of_each]).expect("written");
        let (encoder, descriptor) = writer.finish().expect("an end");
        encoder.finish().expect("deflated");
        entry.finish(descriptor).expect("an entry");
    }
    archive.finish().expect("an archive");
    bytes
}
