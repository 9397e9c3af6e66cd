//! Inputs that are made to be slow or large, each within the limits for a file: none takes longer than [`FLOORS_MAX`]
//! times a plain input of as many bytes, nor more memory than [`BYTES_OF_MEMORY_MAX`] for a byte.
//!
//! Each is measured in a process of its own, against a floor of the same run; memory where `/proc` tells it.

#[path = "../fuzz/src/lib.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is a library where it lives")]
mod inputs;
#[path = "support/made.rs"]
mod made;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use coldcert::bundle::{Bundle, CERTIFICATES_MAX};
use coldcert::certificate::Certificate;
use coldcert::crl::{CRLS_MAX, CertificateRevocationList};
use coldcert::csr::CertificateRequest;
use coldcert::time::UnixTime;
use coldcert::verdict::{Profile, Question, Terms, Verdict};

use made::{Draft, Key, Kind, extension, oid, sequence, tlv};

#[test]
fn no_input_takes_far_more_than_a_plain_one_of_its_size() {
    let floor = measured_alone(PLAIN);
    println!("floor: {:?} for {} bytes", floor.took, floor.bytes);
    let mut wrong = Vec::new();
    for (what, _) in &INPUTS {
        let found = measured_alone(what);
        let share = u32::try_from(found.bytes.max(floor.bytes) / floor.bytes).expect("few floors");
        let floors = found.took.as_secs_f64() / (floor.took * share).as_secs_f64();
        let memory = found.memory.map(|memory| memory / found.bytes.max(SMALL));
        println!("{floors:6.2} floors, memory {memory:?} for a byte: {what}, {} bytes", found.bytes);
        if floors > FLOORS_MAX || memory.is_some_and(|factor| factor > BYTES_OF_MEMORY_MAX) {
            wrong.push(format!("{what}: {floors:.0} floors, {memory:?} bytes of memory for each"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// In a process of its own, because memory that was used before is used again and not seen.
#[test]
#[ignore = "started by the other test, for one input"]
fn one_input_is_measured() {
    let what = std::env::var(INPUT).expect("the input's name");
    let input = match INPUTS.iter().find(|(name, _)| *name == what) {
        Some((_, make)) => make(),
        None => plain(),
    };
    let before = forget_height().and_then(|()| height());
    let start = Instant::now();
    input.run();
    let took = start.elapsed().as_micros();
    let memory = before.and_then(|before| Some(height()?.saturating_sub(before).to_string()));
    println!("{MEASURED}{took} {} {}", input.bytes(), memory.unwrap_or_default());
}

/// What an input took.
struct Measured {
    took: Duration,
    bytes: usize,
    /// At its height, more than before; none where nobody tells.
    memory: Option<usize>,
}

fn measured_alone(what: &str) -> Measured {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args(["--exact", "one_input_is_measured", "--ignored", "--nocapture"])
        .env(INPUT, what)
        .output()
        .expect("this program starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{what}: {text}{}", String::from_utf8_lossy(&output.stderr));
    // The name of that test ends like the line that tells.
    let line = text.lines().find_map(|line| line.strip_prefix(MEASURED)).expect("a line");
    let mut numbers = line.split(' ').map(str::parse::<u64>);
    let mut next = || numbers.next().and_then(Result::ok);
    Measured {
        took: Duration::from_micros(next().expect("a time")),
        bytes: next().and_then(|bytes| usize::try_from(bytes).ok()).expect("a size"),
        memory: next().and_then(|memory| usize::try_from(memory).ok()),
    }
}

/// What goes through what.
enum Input {
    Certificate(Vec<u8>),
    RevocationList(Vec<u8>),
    /// Read and judged, the last certificate trusted.
    Bundle(Vec<u8>),
    /// Certificates, the last one trusted, and revocation lists.
    Lists(Vec<u8>, Vec<Vec<u8>>),
    /// A request, and the certificate for it.
    Answer(Vec<u8>, Vec<u8>),
    /// As each kind of input.
    Any(Vec<u8>),
}

impl Input {
    fn bytes(&self) -> usize {
        match self {
            Self::Certificate(bytes)
            | Self::RevocationList(bytes)
            | Self::Bundle(bytes)
            | Self::Any(bytes) => bytes.len(),
            Self::Lists(bytes, lists) => bytes.len() + lists.iter().map(Vec::len).sum::<usize>(),
            Self::Answer(request, certificate) => request.len() + certificate.len(),
        }
    }

    fn run(&self) {
        match self {
            Self::Certificate(bytes) => inputs::certificate(bytes),
            Self::RevocationList(bytes) => inputs::revocation_list(bytes),
            Self::Bundle(bytes) => inputs::judge(bytes),
            Self::Lists(bytes, lists) => judged_by_lists(bytes, lists),
            Self::Answer(request, certificate) => judged_as_answer(request, certificate),
            Self::Any(bytes) => {
                inputs::certificate(bytes);
                inputs::revocation_list(bytes);
                inputs::request(bytes);
                inputs::judge(bytes);
                inputs::bundle(bytes);
            }
        }
    }
}

fn judged_by_lists(bytes: &[u8], lists: &[Vec<u8>]) {
    let mut bundle = Bundle::default();
    let read = Bundle::read(&[coldcert::bundle::Source { name: "answer", bytes }]).expect("certificates");
    bundle.certificates.extend(read.certificates);
    let anchor = bundle.certificates.pop().expect("one to be trusted").certificate;
    let lists: Vec<_> =
        lists.iter().filter_map(|der| CertificateRevocationList::from_der(der).ok()).collect();
    inputs::judged(&bundle, &[anchor], &lists);
}

fn judged_as_answer(request: &[u8], certificate: &[u8]) {
    let (Ok(request), Ok(certificate)) =
        (CertificateRequest::from_der(request), Certificate::from_der(certificate))
    else {
        return;
    };
    let key = certificate.public_key().clone();
    let mut bundle = Bundle::default();
    bundle.certificates.push(inputs::given(certificate));
    let mut terms = Terms::of(Profile::Webpki);
    terms.request = Some(request);
    let at = UnixTime::from_utc_time(b"261122180000Z").expect("a time");
    let question = Question::new("www", &key, &bundle, at, &terms);
    assert!(!Verdict::judge(&question).path().is_empty());
}

/// Linux: the most memory that was resident, from now on.
fn forget_height() -> Option<()> {
    fs::write("/proc/self/clear_refs", "5").ok()
}

fn height() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok().map(|kilobytes| kilobytes * 1024)
}

/// As many certificates as are read, each of a key of its own, with nothing unusual about them.
fn plain() -> Input {
    let certificates: Vec<Vec<u8>> = (0..CERTIFICATES_MAX)
        .map(|_| made::self_signed(&Key::generate(Kind::P256), "www.example.com", &[]))
        .collect();
    Input::Bundle(certificates.concat())
}

/// How an input is made, when it is asked for.
type Make = fn() -> Input;

/// The inputs by what they are.
static INPUTS: [(&str, Make); 36] = [
    ("sequences in sequences", || Input::Any(nested(500_000))),
    ("lengths without an end", || Input::Any([0x30, 0x80].repeat(2_000_000))),
    ("lengths beyond the end", || Input::Any([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff].repeat(500_000))),
    ("nulls", || Input::Any(tlv(0x30, &[0x05, 0x00].repeat(8_000_000)))),
    ("one long PEM block", || Input::Any(pem_of(&vec![0x30; 11_000_000]))),
    ("many PEM blocks", || Input::Any(pem_of(&[]).repeat(200_000))),
    ("many BEGIN lines", || Input::Any(b"-----BEGIN CERTIFICATE-----\n".repeat(500_000))),
    ("many PEM headers", || {
        Input::Any([b"-----BEGIN A-----\n".as_slice(), &b"a: b\n".repeat(2_000_000)].concat())
    }),
    ("base64 of base64 that can be parted in three ways", || Input::Any(parted_in_three_ways())),
    ("many strings under a long name", || Input::Any(under_a_long_name(100_000, "", 99_000))),
    ("many certificates under a long name", || {
        Input::Bundle(under_a_long_name(2_000_000, &certificate_in_json(), 500))
    }),
    ("dashes", || Input::Any(b"-".repeat(15_000_000))),
    ("more extensions than are read", || Input::Certificate(with(&vec![unknown(); 90_000]))),
    ("as many extensions as are read", || Input::Bundle(with(&vec![unknown(); 250]).repeat(999))),
    ("many names", || Input::Certificate(of_many("2.5.29.17", &hosts(70_000, "")))),
    ("many names, wanted otherwise", || {
        Input::Answer(
            request(Key::of(Kind::P256, 0), &hosts(50_000, "")),
            of_many("2.5.29.17", &hosts(50_000, "y")),
        )
    }),
    ("many purposes", || {
        Input::Certificate(of_many("2.5.29.37", &(0..60_000).map(private).collect::<Vec<_>>()))
    }),
    ("names under constraints", || Input::Bundle(constrained(&hosts(70_000, "")))),
    ("long names under constraints", || Input::Bundle(constrained_directories())),
    ("attributes in another order, many times", || Input::Bundle(shuffled_attributes())),
    ("ligatures", || Input::Bundle(named(&"\u{fdfa}".repeat(20_000)).repeat(20))),
    ("accents", || Input::Bundle(named(&"\u{301}\u{323}".repeat(15_000)).repeat(20))),
    ("RSA of 16 kbit", || Input::Certificate(rsa(16_384))),
    ("RSA of 64 kbit", || Input::Certificate(rsa(65_536))),
    ("RSA of 4 Mbit", || Input::Certificate(rsa(4 << 20))),
    ("many policies", || Input::Certificate(many_policies())),
    ("many policies that go down a path", || Input::Bundle(policies_down_a_path())),
    ("an object identifier without an end", || {
        Input::Certificate(with(&[sequence(&[tlv(0x06, &[0x85; 900_000]), tlv(0x04, &[])])]))
    }),
    ("one key in every certificate", || Input::Bundle(one_key_in_every_certificate())),
    ("crosswise signed layers", || Input::Bundle(crosswise(Kind::P256, &[]))),
    ("crosswise signed layers of large certificates", || {
        Input::Bundle(crosswise(Kind::P256, &[extension("1.2.3", false, &[0; 60_000])]))
    }),
    ("crosswise signed layers of RSA", || Input::Bundle(crosswise(Kind::Rsa, &[]))),
    ("one number many times in a list", || {
        Input::RevocationList(list("Layer 0", &removed().repeat(400_000), &[]))
    }),
    ("that list for crosswise signed layers", || {
        Input::Lists(crosswise(Kind::P256, &[]), vec![list("Layer 0", &removed().repeat(100_000), &[])])
    }),
    ("many lists for crosswise signed layers", || {
        Input::Lists(crosswise(Kind::P256, &[]), vec![list("Layer 0", &removed(), &[]); CRLS_MAX])
    }),
    ("many names of distribution points", || many_names_of_points()),
];

/// A certificate with these extensions.
fn with(extensions: &[Vec<u8>]) -> Vec<u8> {
    made::self_signed(Key::of(Kind::P256, 0), "www.example.com", extensions)
}

/// A certificate with an extension of many parts.
fn of_many(kind: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let name = made::common_name("www.example.com");
    let key = Key::of(Kind::P256, 0);
    signed(key, &name, key, &name, &[extension(kind, false, &sequence(parts))], 1)
}

/// A certificate of this name, which signed itself.
fn named(text: &str) -> Vec<u8> {
    let (key, name) = (Key::of(Kind::P256, 0), made::common_name(text));
    signed(key, &name, key, &name, &[], 1)
}

fn hosts(count: u32, end: &str) -> Vec<Vec<u8>> {
    (0..count).map(|number| tlv(0x82, format!("{number:x}{end}").as_bytes())).collect()
}

fn unknown() -> Vec<u8> {
    extension("1.2.3", true, &[])
}

fn private(number: u32) -> Vec<u8> {
    oid(&format!("1.2.{number}"))
}

fn many_policies() -> Vec<u8> {
    let policies: Vec<Vec<u8>> = (0..60_000).map(|number| sequence(&[private(number)])).collect();
    let demand = extension("2.5.29.36", true, &sequence(&[tlv(0x80, &[0])]));
    with(&[extension("2.5.29.32", false, &sequence(&policies)), demand])
}

/// A CA of many policies, below it CAs of any.
fn policies_down_a_path() -> Vec<u8> {
    const LAYERS: u32 = 15;
    const ANY_POLICY: &str = "2.5.29.32.0";
    let names: Vec<String> = (0..43_000).map(|number| format!("1.2.{number}")).collect();
    let policies = |names: &[String]| {
        let any = sequence(&[oid(ANY_POLICY)]);
        let all: Vec<Vec<u8>> = names.iter().map(|name| sequence(&[oid(name)])).chain([any]).collect();
        extension("2.5.29.32", false, &sequence(&all))
    };
    let demand = extension("2.5.29.36", true, &sequence(&[tlv(0x80, &[0])]));
    let (above, key) = (Key::of(Kind::P256, 1), Key::of(Kind::P256, 2));
    let name = |layer: u32| made::common_name(&format!("Layer {layer}"));
    let leaf = Key::of(Kind::P256, 3);
    let mut all = signed(key, &name(1), leaf, &made::common_name("Leaf"), &[policies(&[])], 0);
    for layer in 1..LAYERS {
        all.extend(signed(key, &name(layer + 1), key, &name(layer), &ca(&[policies(&[])]), layer));
    }
    all.extend(signed(above, &name(0), key, &name(LAYERS), &ca(&[policies(&names), demand]), LAYERS));
    all.extend(signed(above, &name(0), above, &name(0), &ca(&[]), LAYERS + 1));
    all
}

/// An entry that takes a certificate off the list.
fn removed() -> Vec<u8> {
    let reason = extension("2.5.29.21", false, &tlv(0x0a, &[8]));
    sequence(&[tlv(0x02, &[1]), tlv(0x17, b"260101000000Z"), sequence(&[reason])])
}

fn many_names_of_points() -> Input {
    let names = |start: &str| -> Vec<u8> {
        (0..20_000).flat_map(|number: u32| tlv(0x86, format!("{start}{number:x}").as_bytes())).collect()
    };
    let point = sequence(&[tlv(0xa0, &tlv(0xa0, &names("")))]);
    let scope = extension("2.5.29.28", true, &sequence(&[tlv(0xa0, &tlv(0xa0, &names("x")))]));
    let pointing = of_many("2.5.29.31", &vec![point; 4]);
    Input::Lists([pointing, with(&[])].concat(), vec![list("www.example.com", &removed(), &[scope])])
}

fn nested(depth: usize) -> Vec<u8> {
    // From the inside out, headers written backwards.
    let (mut backwards, mut length) = (Vec::new(), 0usize);
    for _ in 0..depth {
        let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
        backwards.extend(octets.iter().rev());
        match octets.as_slice() {
            [] => backwards.push(0),
            [one] if *one < 0x80 => {}
            octets => backwards.push(0x80 | u8::try_from(octets.len()).expect("a length of 8 bytes at most")),
        }
        backwards.push(0x30);
        length = backwards.len();
    }
    backwards.reverse();
    backwards
}

/// Each layer has lines with and without a blank line between them, which may be one text, two or three, and what is
/// innermost is cut off: no way is the right one.
fn parted_in_three_ways() -> Vec<u8> {
    let cut_off = [&[0x30, 0x83, 0x7f, 0xff, 0xff, 0x30, 0x83, 0x7f], [0x30; 1_000_000].as_slice()].concat();
    let mut text = BASE64_STANDARD_NO_PAD.encode(cut_off);
    for _ in 0..5 {
        while text.len() % 3 != 0 {
            text.push(' ');
        }
        let line = BASE64_STANDARD_NO_PAD.encode(&text);
        let short = &line[..60];
        text = format!("{line}\n\n{short}\n{short}");
    }
    text.into_bytes()
}

/// JSON of one member, a list of so many strings that are all the same.
fn under_a_long_name(name: usize, string: &str, count: usize) -> Vec<u8> {
    let strings = vec![format!("\"{string}\""); count].join(",");
    format!("{{\"{}\":[{strings}]}}", "k".repeat(name)).into_bytes()
}

fn certificate_in_json() -> String {
    coldcert::pem::write("CERTIFICATE", &with(&[])).replace('\n', "\\n")
}

fn pem_of(der: &[u8]) -> Vec<u8> {
    coldcert::pem::write("CERTIFICATE", der).into_bytes()
}

/// A certificate with these names and extensions.
fn signed(
    signer: &Key,
    issuer: &[u8],
    key: &Key,
    subject: &[u8],
    extensions: &[Vec<u8>],
    serial: u32,
) -> Vec<u8> {
    let draft = Draft {
        version: Some(2),
        serial: [&[0x10], serial.to_be_bytes().as_slice()].concat(),
        algorithm: signer.algorithm(),
        issuer: issuer.to_vec(),
        not_before: tlv(0x17, b"260101000000Z"),
        not_after: tlv(0x17, b"361231235959Z"),
        subject: subject.to_vec(),
        public_key_info: key.public_key_info(),
        extensions: Some(extensions.to_vec()),
    };
    signer.signed(draft.to_be_signed())
}

fn ca(extensions: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut all = vec![extension("2.5.29.19", true, &sequence(&[tlv(0x01, &[0xff])]))];
    all.extend_from_slice(extensions);
    all
}

fn request(key: &Key, names: &[Vec<u8>]) -> Vec<u8> {
    let names = extension("2.5.29.17", false, &sequence(names));
    let asked = sequence(&[oid("1.2.840.113549.1.9.14"), tlv(0x31, &sequence(&[names]))]);
    let info = sequence(&[
        tlv(0x02, &[0]),
        made::common_name("www.example.com"),
        key.public_key_info(),
        tlv(0xa0, &asked),
    ]);
    key.signed(info)
}

/// A leaf of many names below a CA of many constraints.
fn constrained(names: &[Vec<u8>]) -> Vec<u8> {
    let (root, leaf) = (made::common_name("Root"), made::common_name("Leaf"));
    let (above, below) = (Key::of(Kind::P256, 1), Key::of(Kind::P256, 2));
    let subtrees: Vec<Vec<u8>> =
        (0..60_000u32).map(|number| sequence(&[tlv(0x82, format!("x{number:x}").as_bytes())])).collect();
    let constraints = extension("2.5.29.30", true, &sequence(&[tlv(0xa1, &subtrees.concat())]));
    let names = extension("2.5.29.17", false, &sequence(names));
    [
        signed(above, &root, below, &leaf, &[names], 1),
        signed(above, &root, above, &root, &ca(&[constraints]), 2),
    ]
    .concat()
}

/// The same with directory names that differ in the last byte.
fn constrained_directories() -> Vec<u8> {
    let (root, leaf) = (made::common_name("Root"), made::common_name("Leaf"));
    let (above, below) = (Key::of(Kind::P256, 1), Key::of(Kind::P256, 2));
    let directory = |number: u32| tlv(0xa4, &made::common_name(&format!("{}{number}", "x".repeat(3_000))));
    let subtrees: Vec<Vec<u8>> = (0..330).map(|number| sequence(&[directory(number)])).collect();
    let constraints = extension("2.5.29.30", true, &sequence(&[tlv(0xa1, &subtrees.concat())]));
    let names: Vec<Vec<u8>> = (10_000..10_160).map(directory).collect();
    let names = extension("2.5.29.17", false, &sequence(&names));
    [
        signed(above, &root, below, &leaf, &[names], 1),
        signed(above, &root, above, &root, &ca(&[constraints]), 2),
    ]
    .concat()
}

/// CAs whose names are the same set of attributes, each in an order of its own.
fn shuffled_attributes() -> Vec<u8> {
    let attributes: Vec<Vec<u8>> = (0..500u32)
        .map(|number| sequence(&[oid("2.5.4.3"), tlv(made::UTF8_STRING, format!("{number:x}").as_bytes())]))
        .collect();
    let key = Key::of(Kind::P256, 1);
    (0..200u32)
        .flat_map(|turn| {
            let mut attributes = attributes.clone();
            attributes.rotate_left(usize::try_from(turn).expect("a small number") % 500);
            let name = sequence(&[tlv(0x31, &attributes.concat())]);
            signed(key, &name, key, &name, &ca(&[]), turn)
        })
        .collect()
}

/// Each of them may be the leaf, and bears the name of the issuer of each.
fn one_key_in_every_certificate() -> Vec<u8> {
    let (key, name) = (Key::of(Kind::P256, 1), made::common_name("One"));
    let other = made::common_name("Other");
    let root = signed(Key::of(Kind::P256, 2), &other, Key::of(Kind::P256, 2), &other, &ca(&[]), 0);
    (1..999).flat_map(|serial| signed(key, &name, key, &name, &ca(&[]), serial)).chain(root).collect()
}

/// Layers of CAs, each certified by each of the layer above, without a trusted end: 4 to the power of 6 paths.
fn crosswise(kind: Kind, extensions: &[Vec<u8>]) -> Vec<u8> {
    const LAYERS: usize = 6;
    const WIDTH: usize = 4;
    let keys: Vec<Vec<Key>> =
        (0..LAYERS).map(|_| (0..WIDTH).map(|_| Key::generate(kind)).collect()).collect();
    let name = |layer: usize| made::common_name(&format!("Layer {layer}"));
    let leaf = Key::of(Kind::P256, 3);
    let mut all = signed(&keys[0][0], &name(0), leaf, &made::common_name("Leaf"), extensions, 1);
    for layer in 0..LAYERS - 1 {
        for key in &keys[layer] {
            for above in &keys[layer + 1] {
                all.extend(signed(above, &name(layer + 1), key, &name(layer), &ca(extensions), 2));
            }
        }
    }
    let root = Key::of(Kind::P256, 4);
    all.extend(signed(root, &made::common_name("Root"), root, &made::common_name("Root"), &ca(&[]), 3));
    all
}

/// A revocation list with these entries.
fn list(issuer: &str, entries: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let key = Key::of(Kind::P256, 0);
    let mut all = vec![extension("2.5.29.20", false, &tlv(0x02, &[1]))];
    all.extend_from_slice(extensions);
    key.signed(sequence(&[
        tlv(0x02, &[1]),
        key.algorithm(),
        made::common_name(issuer),
        tlv(0x17, b"260101000000Z"),
        tlv(0x17, b"260201000000Z"),
        tlv(0x30, entries),
        tlv(0xa0, &sequence(&all)),
    ]))
}

/// A certificate of an RSA key of so many bits, signed by another key: an odd modulus that is nobody's.
fn rsa(bits: usize) -> Vec<u8> {
    let modulus = [&[0x7f], vec![0xab; bits / 8 - 2].as_slice(), &[0xff]].concat();
    let numbers = sequence(&[tlv(0x02, &modulus), tlv(0x02, &[1, 0, 1])]);
    let algorithm = sequence(&[oid("1.2.840.113549.1.1.1"), vec![0x05, 0x00]]);
    let info = sequence(&[algorithm, made::bit_string(&numbers)]);
    let signer = Key::of(Kind::P256, 5);
    let draft = Draft {
        version: Some(2),
        serial: vec![1],
        algorithm: signer.algorithm(),
        issuer: made::common_name("Root"),
        not_before: tlv(0x17, b"260101000000Z"),
        not_after: tlv(0x17, b"361231235959Z"),
        subject: made::common_name("Leaf"),
        public_key_info: info,
        extensions: Some(Vec::new()),
    };
    signer.signed(draft.to_be_signed())
}

/// Names the input to the process that measures it.
const INPUT: &str = "COLDCERT_WORST_INPUT";
const PLAIN: &str = "plain";
/// What the line that tells begins with.
const MEASURED: &str = "measured ";
/// So many times what plain certificates of as many bytes take; up to the bytes of a thousand of them, what a thousand
/// take. What grows by the square of its size takes hundreds.
const FLOORS_MAX: f64 = 50.0;
/// A certificate is kept as bytes, as names in three forms and as extensions, and a report quotes what it finds.
const BYTES_OF_MEMORY_MAX: usize = 64;
/// Below this an input's memory is the allocator's.
const SMALL: usize = 1 << 20;
