//! Containers: PKCS#7, PKCS#12, the x5c of a merge.

use coldcert::bundle::{CERTIFICATES_MAX, ITERATIONS_MAX};
use coldcert::certificate::Certificate;
use coldcert::key::PrivateKey;
use coldcert::pkcs12::{
    self, BAGS_MAX, DEPTH_MAX, Entry, INPUT_BYTES_MAX, Password, Pfx, Pkcs12Error, Profile, SCRYPT_BYTES_MAX,
};
use coldcert::policy::KeyKind;
use coldcert::x5c;

use crate::files::{certificate, read};
use crate::made::{oid, sequence, tlv};
use crate::{Case, case, told};

pub(crate) fn cases() -> Vec<Case> {
    let number = |value: u64| usize::try_from(value).expect("memory");
    vec![
        case(
            "ber-elements",
            65_536,
            || told(read(&bag(65_537))),
            || {
                let error = told(read(&bag(65_536)));
                assert!(!error.contains("elements"), "{error}");
            },
        ),
        case(
            "ber-pieces",
            4,
            || told(Pfx::parse(&in_pieces(5))),
            || {
                Pfx::parse(&in_pieces(4)).expect("a PFX of nothing");
            },
        ),
        case(
            "pfx-bytes",
            INPUT_BYTES_MAX,
            || told(Pfx::parse(&of_bytes(INPUT_BYTES_MAX + 1))),
            || {
                let error = told(Pfx::parse(&vec![0x30; INPUT_BYTES_MAX + 1]));
                assert!(error.starts_with("not a PFX"), "{error}");
            },
        ),
        case(
            "pfx-iterations",
            number(ITERATIONS_MAX),
            || told(opened(&authenticated(SHA_1, 6_000_001))),
            || {
                let error = told(opened(&authenticated(SHA_512, 2_000_001)));
                assert!(error.contains("6000003 iterations"), "{error}");
            },
        ),
        case(
            "pfx-memory",
            number(SCRYPT_BYTES_MAX),
            || told(opened(&under_scrypt(1 << 18))),
            || {
                let error = told(opened(&under_scrypt(1 << 15)));
                assert!(error.contains("password"), "{error}");
            },
        ),
        case(
            "pfx-bags",
            BAGS_MAX,
            || told(Pfx::parse(&with_bags(BAGS_MAX + 1))),
            || {
                Pfx::parse(&with_bags(BAGS_MAX)).expect("a PFX");
            },
        ),
        case(
            "pfx-depth",
            DEPTH_MAX,
            || told(Pfx::parse(&pfx(&nested(DEPTH_MAX + 1), &[]))),
            || {
                Pfx::parse(&pfx(&nested(DEPTH_MAX), &[])).expect("a PFX");
            },
        ),
        case(
            "pfx-mac-key",
            20,
            || told(with_mac_key(19)),
            || {
                let error = told(with_mac_key(20));
                assert!(!error.contains("octets"), "{error}");
            },
        ),
        case(
            "x5c-element-bytes",
            x5c::ELEMENT_BYTES_MAX,
            || submitted(&[vec![0x30; x5c::ELEMENT_BYTES_MAX + 1]]),
            || {
                let error = submitted(&[vec![0x30; x5c::ELEMENT_BYTES_MAX]]);
                assert!(error.contains("neither a certificate"), "{error}");
            },
        ),
        case(
            "x5c-elements",
            CERTIFICATES_MAX,
            || submitted(&vec![certificate(); CERTIFICATES_MAX + 1]),
            || {
                assert_eq!(submitted(&vec![certificate(); CERTIFICATES_MAX]), "it was taken");
            },
        ),
        case(
            "x5c-certificates",
            CERTIFICATES_MAX,
            || submitted(&vec![bag_of(20); 51]),
            || {
                assert_eq!(submitted(&vec![bag_of(20); 50]), "it was taken");
            },
        ),
    ]
}

/// PKCS#7 with so many nothings where its certificates are.
fn bag(elements: usize) -> Vec<u8> {
    bag_with(&[5, 0].repeat(elements))
}

/// PKCS#7 of so many certificates.
fn bag_of(certificates: usize) -> Vec<u8> {
    bag_with(&certificate().repeat(certificates))
}

fn bag_with(certificates: &[u8]) -> Vec<u8> {
    let data = sequence(&[oid("1.2.840.113549.1.7.1")]);
    let certificates = tlv(0xa0, certificates);
    let signed = sequence(&[tlv(2, &[1]), tlv(0x31, &[]), data, certificates, tlv(0x31, &[])]);
    sequence(&[oid("1.2.840.113549.1.7.2"), tlv(0xa0, &signed)])
}

/// ContentInfo of data.
fn data(octets: &[u8]) -> Vec<u8> {
    sequence(&[oid("1.2.840.113549.1.7.1"), tlv(0xa0, octets)])
}

fn outer(safes: &[u8], mac: &[u8]) -> Vec<u8> {
    sequence(&[tlv(2, &[3]), data(safes), mac.to_vec()])
}

/// A PFX of one part that lies open.
fn pfx(bags: &[u8], mac: &[u8]) -> Vec<u8> {
    outer(&tlv(4, &sequence(&[data(&tlv(4, &tlv(0x30, bags)))])), mac)
}

/// A PFX without parts, whose string is in so many layers of pieces.
fn in_pieces(layers: usize) -> Vec<u8> {
    outer(&(0..layers).fold(tlv(4, &sequence(&[])), |string, _| tlv(0x24, &string)), &[])
}

fn with_bags(count: usize) -> Vec<u8> {
    let bag = sequence(&[oid("1.2.840.113549.1.12.10.1.1"), tlv(0xa0, &sequence(&[]))]);
    pfx(&bag.repeat(count), &[])
}

/// So many SafeContents, one inside the other.
fn nested(layers: usize) -> Vec<u8> {
    (0..layers).fold(Vec::new(), |inner, _| {
        sequence(&[oid("1.2.840.113549.1.12.10.1.6"), tlv(0xa0, &tlv(0x30, &inner))])
    })
}

/// A positive INTEGER in as few octets as can be.
fn integer(number: u32) -> Vec<u8> {
    let octets = [&[0], number.to_be_bytes().as_slice()].concat();
    let skipped = octets.windows(2).take_while(|pair| pair[0] == 0 && pair[1] < 0x80).count();
    tlv(2, &octets[skipped..])
}

/// What begins as a PFX, and is so long.
fn of_bytes(length: usize) -> Vec<u8> {
    let mut bytes = pfx(&[], &[]);
    bytes.resize(length, 0);
    bytes
}

/// A PFX with a MAC of a hash by so many iterations.
fn authenticated(hash: &str, iterations: u32) -> Vec<u8> {
    let hash = sequence(&[sequence(&[oid(hash), vec![5, 0]]), tlv(4, &[0; 20])]);
    let count = integer(iterations);
    pfx(&[], &sequence(&[hash, tlv(4, &[0; 8]), count]))
}

/// A PFX of one part that is encrypted under scrypt with r = 8.
fn under_scrypt(n: u32) -> Vec<u8> {
    let numbers = [tlv(4, &[0; 16]), integer(n), tlv(2, &[8]), tlv(2, &[1])];
    let derivation = sequence(&[oid("1.3.6.1.4.1.11591.4.11"), sequence(&numbers)]);
    let cipher = sequence(&[oid("2.16.840.1.101.3.4.1.42"), tlv(4, &[0; 16])]);
    let scheme = sequence(&[oid("1.2.840.113549.1.5.13"), sequence(&[derivation, cipher])]);
    let content = sequence(&[oid("1.2.840.113549.1.7.1"), scheme, tlv(0x80, &[0; 16])]);
    let encrypted = sequence(&[tlv(2, &[0]), content]);
    outer(&tlv(4, &sequence(&[sequence(&[oid("1.2.840.113549.1.7.6"), tlv(0xa0, &encrypted)])])), &[])
}

fn opened(pfx: &[u8]) -> Result<pkcs12::Contents, Pkcs12Error> {
    Pfx::parse(pfx)?.open(&Password::unstated())
}

/// A PFX whose PBMAC1 says that its key has so many octets.
fn with_mac_key(octets: u8) -> Result<pkcs12::Contents, Pkcs12Error> {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key").to_pkcs8().expect("PKCS#8");
    let entry = Entry { friendly_name: "www", private_key: Some(&key), certificates: &[&certificate()] };
    let mut pfx = pkcs12::write(&[entry], &Password::new(""), Profile::Pbmac1).expect("a PFX").to_vec();
    // The iterations, and behind them the length of the key.
    let at = pfx.windows(7).rposition(|part| part == [2, 2, 8, 0, 2, 1, 32]).expect("the MAC's derivation");
    pfx[at + 6] = octets;
    opened(&pfx)
}

const SHA_1: &str = "1.3.14.3.2.26";
const SHA_512: &str = "2.16.840.1.101.3.4.2.3";

fn submitted(elements: &[Vec<u8>]) -> String {
    let key = Certificate::from_der(&certificate()).expect("a certificate").public_key().clone();
    told(x5c::read(elements, &key))
}
