//! DER: certificates, requests, CRLs, names and what else is in them.

use coldcert::bundle::{Bundle, Source};
use coldcert::certificate::{CERTIFICATE_BYTES_MAX, Certificate};
use coldcert::crl::{
    CERTIFICATE_ISSUERS_MAX, CRL_BYTES_MAX, CRL_ENTRIES_MAX, CertificateRevocationList, CrlError,
};
use coldcert::csr::{CertificateRequest, REQUEST_BYTES_MAX};
use coldcert::extension::{
    DISTRIBUTION_POINT_NAMES_MAX, DISTRIBUTION_POINTS_MAX, DistributionPoint, EXTENSIONS_MAX,
};
use coldcert::key::RSA_BITS_MAX;
use coldcert::name::{
    ATTRIBUTES_MAX, DISPLAY_CHARACTERS_MAX, DistinguishedName, GENERAL_NAMES_BYTES_MAX, GeneralName,
    NAME_BYTES_MAX, OID_BYTES_MAX,
};

use crate::made::{self, Draft, Key, Kind, extension, oid, sequence, tlv};
use crate::{Case, case, not_asked, told};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "der-elements",
            65_536,
            || told(Certificate::from_der(&tlv(0x30, &[5, 0].repeat(65_537)))),
            || {
                let error = told(Certificate::from_der(&tlv(0x30, &[5, 0].repeat(65_536))));
                assert!(error.contains("three parts"), "{error}");
            },
        ),
        case(
            "certificate-bytes",
            CERTIFICATE_BYTES_MAX,
            || told(padded(CERTIFICATE_BYTES_MAX + 1)),
            || {
                padded(CERTIFICATE_BYTES_MAX).expect("a certificate");
            },
        ),
        case(
            "certificate-extensions",
            EXTENSIONS_MAX,
            || told(with_extensions(EXTENSIONS_MAX + 1)),
            || {
                with_extensions(EXTENSIONS_MAX).expect("a certificate");
            },
        ),
        case(
            "request-bytes",
            REQUEST_BYTES_MAX,
            || told(CertificateRequest::from_der(&vec![0x30; REQUEST_BYTES_MAX + 1])),
            not_asked,
        ),
        case(
            "request-extensions",
            EXTENSIONS_MAX,
            || told(request(EXTENSIONS_MAX + 1)),
            || {
                request(EXTENSIONS_MAX).expect("a request");
            },
        ),
        case(
            "crl-bytes",
            CRL_BYTES_MAX,
            || told(CertificateRevocationList::from_der(&vec![0x30; CRL_BYTES_MAX + 1])),
            not_asked,
        ),
        case(
            "crl-entries",
            CRL_ENTRIES_MAX,
            || told(list(&entry(&[]).repeat(CRL_ENTRIES_MAX + 1), 0)),
            not_asked,
        ),
        case(
            "crl-issuers",
            CERTIFICATE_ISSUERS_MAX,
            || told(of_issuers(CERTIFICATE_ISSUERS_MAX + 1)),
            || {
                of_issuers(CERTIFICATE_ISSUERS_MAX).expect("a list");
            },
        ),
        case(
            "crl-extensions",
            EXTENSIONS_MAX,
            || told(list(&entry(&[]), EXTENSIONS_MAX + 1)),
            || {
                list(&entry(&[]), EXTENSIONS_MAX).expect("a list");
            },
        ),
        case(
            "name-display-characters",
            DISPLAY_CHARACTERS_MAX,
            || told(DistinguishedName::from_display_text(&"x".repeat(DISPLAY_CHARACTERS_MAX + 1))),
            not_asked,
        ),
        case(
            "name-bytes",
            NAME_BYTES_MAX,
            || told(name_of_bytes(NAME_BYTES_MAX + 1)),
            || {
                name_of_bytes(NAME_BYTES_MAX).expect("a name");
            },
        ),
        case(
            "name-attributes",
            ATTRIBUTES_MAX,
            || told(name_of_attributes(ATTRIBUTES_MAX + 1)),
            || {
                name_of_attributes(ATTRIBUTES_MAX).expect("a name");
            },
        ),
        case(
            "oid-bytes",
            OID_BYTES_MAX,
            || told(name_of_type(OID_BYTES_MAX + 1)),
            || {
                name_of_type(OID_BYTES_MAX).expect("a name");
            },
        ),
        case(
            "general-names-bytes",
            GENERAL_NAMES_BYTES_MAX,
            || told(names(GENERAL_NAMES_BYTES_MAX + 1)),
            || {
                names(GENERAL_NAMES_BYTES_MAX).expect("names");
            },
        ),
        case(
            "distribution-points",
            DISTRIBUTION_POINTS_MAX,
            || told(points(DISTRIBUTION_POINTS_MAX + 1, 1)),
            || {
                points(DISTRIBUTION_POINTS_MAX, 1).expect("points");
            },
        ),
        case(
            "distribution-point-names",
            DISTRIBUTION_POINT_NAMES_MAX,
            || told(points(1, DISTRIBUTION_POINT_NAMES_MAX + 1)),
            || {
                points(1, DISTRIBUTION_POINT_NAMES_MAX).expect("a point");
            },
        ),
        case(
            "rsa-bits",
            usize::try_from(RSA_BITS_MAX).expect("memory"),
            || signed_by_rsa(8_200),
            || {
                let error = signed_by_rsa(8_192);
                assert!(error.contains("does not verify"), "{error}");
            },
        ),
    ]
}

/// A certificate of so many bytes.
fn padded(bytes: usize) -> Result<Certificate, coldcert::certificate::CertificateError> {
    let key = Key::of(Kind::Ed25519, 0);
    let with = |octets: usize| {
        made::self_signed(key, "www.example.com", &[extension("1.2.3", false, &vec![0; octets])])
    };
    let around = with(bytes - 1_000).len() - (bytes - 1_000);
    let der = with(bytes - around);
    assert_eq!(der.len(), bytes);
    Certificate::from_der(&der)
}

/// A certificate of so many extensions; three are there anyway.
fn with_extensions(count: usize) -> Result<Certificate, coldcert::certificate::CertificateError> {
    let more = vec![extension("1.2.3", false, &[]); count - 3];
    Certificate::from_der(&made::self_signed(Key::of(Kind::P256, 0), "www.example.com", &more))
}

/// A request that asks for extensions twice, for so many in all.
fn request(extensions: usize) -> Result<CertificateRequest, coldcert::csr::RequestError> {
    let key = Key::of(Kind::P256, 0);
    let asked = |count: usize| {
        let list = sequence(&vec![extension("1.2.3", false, &[]); count]);
        sequence(&[oid("1.2.840.113549.1.9.14"), tlv(0x31, &list)])
    };
    let attributes = [asked(200), asked(extensions - 200)].concat();
    let info = [tlv(2, &[0]), made::common_name("www"), key.public_key_info(), tlv(0xa0, &attributes)];
    CertificateRequest::from_der(&key.signed(sequence(&info)))
}

fn entry(extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions = if extensions.is_empty() { Vec::new() } else { sequence(extensions) };
    sequence(&[tlv(2, &[1]), tlv(0x17, b"260101000000Z"), extensions])
}

fn list(entries: &[u8], extensions: usize) -> Result<CertificateRevocationList, CrlError> {
    let key = Key::of(Kind::Ed25519, 0);
    let more: Vec<Vec<u8>> =
        (0..extensions).map(|number| extension(&format!("1.2.{number}"), false, &[])).collect();
    let more = if more.is_empty() { Vec::new() } else { tlv(0xa0, &sequence(&more)) };
    CertificateRevocationList::from_der(&key.signed(sequence(&[
        tlv(2, &[1]),
        key.algorithm(),
        made::common_name("www"),
        tlv(0x17, b"260101000000Z"),
        tlv(0x17, b"361231235959Z"),
        tlv(0x30, entries),
        more,
    ])))
}

/// A list of entries, each of another issuer.
fn of_issuers(count: usize) -> Result<CertificateRevocationList, CrlError> {
    let entries = (0..count).flat_map(|number| {
        let name = sequence(&[tlv(0xa4, &made::common_name(&number.to_string()))]);
        entry(&[extension("2.5.29.29", true, &name)])
    });
    list(&entries.collect::<Vec<u8>>(), 0)
}

/// `CN=xxx…`, of so many bytes.
fn name_of_bytes(bytes: usize) -> Result<DistinguishedName, coldcert::name::NameError> {
    let around = made::common_name(&"x".repeat(60_000)).len() - 60_000;
    let exact = (bytes - around - 10..bytes).find_map(|text| {
        let der = made::common_name(&"x".repeat(text));
        (der.len() == bytes).then_some(der)
    });
    DistinguishedName::from_der(&exact.expect("a name of these bytes"))
}

fn name_of_attributes(count: usize) -> Result<DistinguishedName, coldcert::name::NameError> {
    DistinguishedName::from_der(&made::name(&vec![("2.5.4.3", made::UTF8_STRING, "x"); count]))
}

/// A name with an attribute whose type has so many octets.
fn name_of_type(octets: usize) -> Result<DistinguishedName, coldcert::name::NameError> {
    let kind = tlv(6, &vec![0x2a; octets]);
    let attribute = sequence(&[kind, tlv(made::UTF8_STRING, b"x")]);
    DistinguishedName::from_der(&sequence(&[tlv(0x31, &attribute)]))
}

fn names(bytes: usize) -> Result<Vec<GeneralName>, coldcert::name::NameError> {
    let around = sequence(&[tlv(0x82, &vec![b'x'; bytes - 1_000])]).len() - (bytes - 1_000);
    let der = sequence(&[tlv(0x82, &vec![b'x'; bytes - around])]);
    assert_eq!(der.len(), bytes);
    GeneralName::read_all(&der)
}

fn points(
    count: usize,
    names: usize,
) -> Result<Vec<DistributionPoint>, coldcert::extension::DistributionPointError> {
    let name = tlv(0x86, b"http://a.example/crl");
    let point = sequence(&[tlv(0xa0, &tlv(0xa0, &name.repeat(names)))]);
    DistributionPoint::read_all(&sequence(&vec![point; count]))
}

/// What checking a signature under an RSA key of so many bits says.
fn signed_by_rsa(bits: usize) -> String {
    let modulus = [&[0, 0x80], vec![0xab; bits / 8 - 2].as_slice(), &[0xff]].concat();
    let numbers = sequence(&[tlv(2, &modulus), tlv(2, &[1, 0, 1])]);
    let rsa = sequence(&[oid("1.2.840.113549.1.1.1"), vec![5, 0]]);
    let algorithm = sequence(&[oid("1.2.840.113549.1.1.11"), vec![5, 0]]);
    let draft = Draft {
        version: Some(2),
        serial: vec![1],
        algorithm: algorithm.clone(),
        issuer: made::common_name("Root"),
        not_before: tlv(0x17, b"260101000000Z"),
        not_after: tlv(0x17, b"361231235959Z"),
        subject: made::common_name("Root"),
        public_key_info: sequence(&[rsa, made::bit_string(&numbers)]),
        extensions: Some(Vec::new()),
    };
    let der = sequence(&[draft.to_be_signed(), algorithm, made::bit_string(&vec![1; bits / 8])]);
    let bundle = Bundle::read(&[Source { name: "answer", bytes: &der }]).expect("a certificate");
    let certificate = &bundle.certificates[0].certificate;
    told(certificate.verify_signature(certificate.public_key()))
}
