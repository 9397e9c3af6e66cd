//! What each step of the manual path costs in the library, beside the raw cost of what it cannot do without.
//!
//! Figure and floor are measured in turns, so that whatever else the machine does weighs on both. Criterion
//! reports the figures; the table at the end sets them against the targets. `cargo bench --bench manual_path`,
//! then `-- --only PART` for a part, `-- --write FILE` to keep the table.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the table is what it is for")]

mod measure;

use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING,
    ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use coldcert::authority::{Authority, Validity};
use coldcert::bundle::{Bundle, CERTIFICATES_MAX, Source};
use coldcert::certificate::Certificate;
use coldcert::csr::CertificateRequest;
use coldcert::key::{PrivateKey, PublicKey, Signer};
use coldcert::pkcs12::{self, Password};
use coldcert::policy::{KeyKind, ObjectName, Policy, Tags};
use coldcert::seal::VaultKey;
use coldcert::secret::{Secret, pem_chain};
use coldcert::vault::{ListOptions, NewCertificate, Vault};
use coldcert::verdict::{Profile, Question, Terms, Verdict, key_weaknesses};
use criterion::{BenchmarkGroup, Criterion, SamplingMode, measurement::WallTime};
use der::Encode;

use measure::{
    LARGE, Row, Table, Target, Unit, Vaults, begin, commit_of, derive, filled_name, median, policy, timed,
    wanted,
};

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("manual_path: a benchmark, for `cargo bench`");
        return;
    }
    let mut bench = Bench {
        criterion: Criterion::default()
            .sample_size(10)
            .warm_up_time(Duration::from_millis(100))
            .measurement_time(Duration::from_millis(600))
            .without_plots(),
        table: Table::new("The manual path, in the library", Unit::Seconds),
        only: wanted("--only"),
    };
    let vaults = Vaults::new();
    for part in [Part::Create, Part::Merge, Part::Pfx, Part::Judge, Part::Requests, Part::Reuse, Part::Large]
    {
        if bench.only.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(&format!("{part:?}"))) {
            part.measure(&mut bench, &vaults);
        }
    }
    bench.table.publish();
}

#[derive(Debug)]
enum Part {
    Create,
    Merge,
    Pfx,
    Judge,
    Requests,
    Reuse,
    Large,
}

impl Part {
    fn measure(self, bench: &mut Bench, vaults: &Vaults) {
        match self {
            Self::Create => create(bench, vaults),
            Self::Merge => merge(bench, vaults),
            Self::Pfx => write_pfx(bench, vaults),
            Self::Judge => judge(bench, vaults),
            Self::Requests => requests(bench),
            Self::Reuse => create_with_reused_key(bench, vaults),
            Self::Large => large_vault(bench, vaults),
        }
    }
}

/// Create for the curves, durable and sealed, against key generation and one signature.
fn create(bench: &mut Bench, vaults: &Vaults) {
    let (vault, key, _) = vaults.filled("create.coldcert", 0);
    let vault = RefCell::new(vault);
    let names = Names::new("create");
    for (kind, algorithm) in CURVES {
        let policy = policy(kind, false, "Unknown");
        bench.pair(
            Pair {
                group: "create",
                what: format!("create {kind}"),
                floor: "key generation, signature",
                target: Target::Beyond(0.015),
            },
            || timed_create(&mut vault.borrow_mut(), &key, names.next(), &policy, vaults),
            || {
                timed(|| {
                    let pair = EcdsaKeyPair::generate(algorithm).unwrap();
                    pair.sign(&SystemRandom::new(), &MESSAGE).unwrap()
                })
            },
        );
    }
    bench.pair(
        Pair {
            group: "commit",
            what: "create EC P-256".to_owned(),
            floor: "one SQLite commit of its size",
            target: Target::None,
        },
        {
            let policy = policy(KeyKind::P256, false, "Unknown");
            let (vault, key, names) = (&vault, &key, &names);
            move || timed_create(&mut vault.borrow_mut(), key, names.next(), &policy, vaults)
        },
        commit_of(vaults.folder(), "create-floor.sqlite", 2_500),
    );
}

/// RSA generation varies by a factor of ten from key to key. So the RSA creates take the key of the version
/// before (`reuse_key`), against reading that key and one signature with it.
fn create_with_reused_key(bench: &mut Bench, vaults: &Vaults) {
    let (mut vault, key, _) = vaults.filled("reuse.coldcert", 0);
    for (kind, size) in RSA {
        let name = ObjectName::new(&format!("reuse-{}", kind.key_size())).unwrap();
        let first = NewCertificate {
            name: name.clone(),
            policy: policy(kind, true, "Self"),
            tags: Tags::default(),
            enabled: None,
        };
        vault.create(&key, first, vaults.now).unwrap();
        let policy = policy(kind, true, "Unknown");
        let pair = rsa::KeyPair::generate(size).unwrap();
        let der = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        bench.pair(
            Pair {
                group: "create",
                what: format!("create {kind}, reuse_key"),
                floor: "reading the key, signature",
                target: Target::Beyond(0.015),
            },
            || {
                let time = timed_create(&mut vault, &key, name.clone(), &policy, vaults);
                vault.delete_pending(&key, &(&name).into(), vaults.now).unwrap();
                time
            },
            || {
                timed(|| {
                    let pair = RsaKeyPair::from_pkcs8(der.as_ref()).unwrap();
                    rsa_sign(&pair)
                })
            },
        );
    }
}

/// Merge, durable; then with its PKCS#12, against the three key derivations of a PFX.
fn merge(bench: &mut Bench, vaults: &Vaults) {
    let (vault, key, _) = vaults.filled("merge.coldcert", 0);
    let vault = RefCell::new(vault);
    let names = Names::new("merge");
    let waiting = || {
        let name = names.next();
        let request = begin(&mut vault.borrow_mut(), &key, &name, KeyKind::P256, vaults.now);
        (name, vaults.ca.answer(&request))
    };
    let (_, answer) = waiting();
    let signatures = Signatures::of(&answer);
    let mut commit = commit_of(vaults.folder(), "merge-floor.sqlite", 2_500);
    bench.pair(
        Pair {
            group: "merge",
            what: "merge".to_owned(),
            floor: "one SQLite commit of its size, 3 signature checks",
            target: Target::None,
        },
        || {
            let (name, answer) = waiting();
            timed(|| vault.borrow_mut().merge(&key, &name, &answer, vaults.now).unwrap())
        },
        || commit() + timed(|| signatures.check()),
    );
    let merge_and_write = |password: &str| {
        let (name, answer) = waiting();
        timed(|| {
            let merged = vault.borrow_mut().merge(&key, &name, &answer, vaults.now).unwrap();
            Secret::open(&merged.record, &key)
                .unwrap()
                .to_pkcs12(&Password::new(password), pkcs12::Profile::Modern)
                .unwrap()
        })
    };
    bench.pair(
        Pair {
            group: "merge",
            what: "merge, PFX under a password".to_owned(),
            floor: "its 3 key derivations",
            target: Target::Times(1.3),
        },
        || merge_and_write("a password"),
        || timed(|| derive(pkcs12::Profile::Modern, "a password")),
    );
    bench.pair(
        Pair {
            group: "merge",
            what: "merge, PFX under the empty password".to_owned(),
            floor: "one SQLite commit, 3 key derivations, 3 signature checks",
            target: Target::Times(1.3),
        },
        || merge_and_write(""),
        || {
            commit()
                + timed(|| {
                    signatures.check();
                    derive(pkcs12::Profile::Modern, "")
                })
        },
    );
}

/// Writing a PFX by each profile, against its key derivations alone.
fn write_pfx(bench: &mut Bench, vaults: &Vaults) {
    let (mut vault, key, _) = vaults.filled("pfx.coldcert", 0);
    let names = Names::new("pfx");
    let name = names.next();
    let request = begin(&mut vault, &key, &name, KeyKind::P256, vaults.now);
    let merged = vault.merge(&key, &name, &vaults.ca.answer(&request), vaults.now).unwrap();
    let secret = Secret::open(&merged.record, &key).unwrap();
    for profile in pkcs12::Profile::ALL {
        for (password, under) in [("a password", "a password"), ("", "the empty password")] {
            let given = Password::new(password);
            bench.pair(
                Pair {
                    group: "pfx",
                    what: format!("PFX by {profile}, under {under}"),
                    floor: "its key derivations",
                    target: Target::Times(1.1),
                },
                || timed(|| secret.to_pkcs12(&given, profile).unwrap()),
                || timed(|| derive(profile, password)),
            );
        }
    }
}

/// Judging a chain of three, against its signature checks.
fn judge(bench: &mut Bench, vaults: &Vaults) {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let request = CertificateRequest::make(&policy(KeyKind::P256, false, "Unknown"), &key).unwrap();
    let answer = vaults.ca.answer(&request);
    let signatures = Signatures::of(&answer);
    let terms = Terms::of(Profile::Rfc5280);
    let question = Question::new("www", request.public_key(), &answer, vaults.now, &terms);
    assert!(Verdict::judge(&question).is_accepted());
    bench.pair(
        Pair {
            group: "judge",
            what: "judge a chain of 3, P-256".to_owned(),
            floor: "3 signature checks",
            target: Target::Times(1.3),
        },
        || timed(|| Verdict::judge(&question)),
        || timed(|| signatures.check()),
    );
    let chain = &answer.certificates;
    bench.pair(
        Pair {
            group: "judge",
            what: "key strength of 3 P-256 keys, on its own".to_owned(),
            floor: "the same 3 signature checks",
            target: Target::None,
        },
        || timed(|| chain.iter().map(|given| weaknesses(given.certificate.public_key())).sum::<usize>()),
        || timed(|| signatures.check()),
    );
    let rsa = PrivateKey::generate(KeyKind::Rsa2048).unwrap();
    bench.pair(
        Pair {
            group: "judge",
            what: "key strength of an RSA 2048 key, on its own".to_owned(),
            floor: "3 signature checks, P-256",
            target: Target::None,
        },
        || timed(|| weaknesses(rsa.public_key())),
        || timed(|| signatures.check()),
    );
    judge_with_a_root_store(bench, vaults, &question);
}

fn weaknesses(key: &PublicKey) -> usize {
    let found = key_weaknesses(key).len();
    assert_eq!(found, 0);
    found
}

/// The answer with a whole store of roots thrown in, read from PEM and judged.
fn judge_with_a_root_store(bench: &mut Bench, vaults: &Vaults, question: &Question<'_>) {
    let answer = question.bundle.certificates.iter().map(|given| given.certificate.clone());
    let mut all: Vec<Certificate> = answer.collect();
    let validity = Validity::days(vaults.now, 30);
    for number in all.len()..CERTIFICATES_MAX {
        let subject = format!("CN=Root {number}, O=Example");
        let root = Authority::root(&subject, KeyKind::P256, validity).unwrap();
        all.push(root.certificate().clone());
    }
    let pem = pem_chain(&all.iter().collect::<Vec<_>>());
    let read = || Bundle::read(&[Source { name: "answer.pem", bytes: pem.as_bytes() }]).unwrap();
    bench.pair(
        Pair {
            group: "judge",
            what: format!("read and judge {CERTIFICATES_MAX} certificates"),
            floor: "reading them",
            target: Target::Under(0.050),
        },
        || timed(|| Verdict::judge(&Question { bundle: &read(), ..*question }).is_accepted()),
        || timed(|| read().certificates.len()),
    );
}

/// Keys and requests on every core, against keys and signatures on every core.
fn requests(bench: &mut Bench) {
    let p256 = policy(KeyKind::P256, false, "Unknown");
    bench.pair(
        Pair {
            group: "requests",
            what: format!("{} requests EC P-256", BATCH * cores()),
            floor: "keys and signatures on every core",
            target: Target::Throughput(0.9),
        },
        || {
            on_every_core(BATCH, || {
                let key = PrivateKey::generate(KeyKind::P256).unwrap();
                black_box(CertificateRequest::make(&p256, &key).unwrap());
            })
        },
        || {
            on_every_core(BATCH, || {
                let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
                black_box(key.sign(&SystemRandom::new(), &MESSAGE).unwrap());
            })
        },
    );
    // Key generation is nearly all of it and varies from key to key: each key serves figure and floor.
    let rsa = policy(KeyKind::Rsa2048, false, "Unknown");
    let (making, floor) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    on_every_core(1, || {});
    for _ in 0..RSA_BATCH {
        let generated = Instant::now();
        let key = PrivateKey::generate(KeyKind::Rsa2048).unwrap();
        let generated = generated.elapsed();
        let signed = timed(|| Signer::sign(&key, &MESSAGE).unwrap());
        let made = timed(|| CertificateRequest::make(&rsa, &key).unwrap());
        making.borrow_mut().push((generated + made).as_secs_f64());
        floor.borrow_mut().push((generated + signed).as_secs_f64());
    }
    bench.table.rows.push(Row {
        what: format!("{RSA_BATCH} requests RSA 2048"),
        figure: making.take().iter().sum(),
        floor: Some(floor.take().iter().sum()),
        floor_is: "the same keys, and signatures".to_owned(),
        target: Target::Throughput(0.9),
    });
}

/// The same steps among 100,000 certificates, against an empty vault, or one of a single page.
fn large_vault(bench: &mut Bench, vaults: &Vaults) {
    let began = Instant::now();
    let (large, large_key, path) = vaults.filled("large.coldcert", LARGE);
    let size = std::fs::metadata(path).unwrap().len() / 1_000_000;
    bench.table.notes.push(format!(
        "The large vault holds {LARGE} certificates in {size} MB, and was filled in {:.0} s.",
        began.elapsed().as_secs_f64()
    ));
    let (small, small_key, _) = vaults.filled("small.coldcert", PAGE);
    let (empty, empty_key, _) = vaults.filled("empty.coldcert", 0);
    let cells = [(large, large_key), (small, small_key), (empty, empty_key)]
        .map(|(vault, key)| (RefCell::new(vault), key));
    let [large, small, empty] = &cells;
    let names = Names::new("more");
    let twice = Target::Times(2.0);
    let pair = |what: &str, floor, target| Pair {
        group: "large",
        what: format!("{what}, {LARGE} certificates"),
        floor,
        target,
    };

    let p256 = policy(KeyKind::P256, false, "Unknown");
    let creating = |(vault, key): &(RefCell<Vault>, VaultKey)| {
        timed_create(&mut vault.borrow_mut(), key, names.next(), &p256, vaults)
    };
    bench.pair(pair("create EC P-256", "in an empty vault", twice), || creating(large), || creating(empty));
    let merging = |(vault, key): &(RefCell<Vault>, VaultKey)| {
        let name = names.next();
        let request = begin(&mut vault.borrow_mut(), key, &name, KeyKind::P256, vaults.now);
        let answer = vaults.ca.answer(&request);
        timed(|| vault.borrow_mut().merge(key, &name, &answer, vaults.now).unwrap())
    };
    bench.pair(pair("merge", "in an empty vault", twice), || merging(large), || merging(empty));

    let number = Cell::new(0);
    // Steps of a prime: no two neighbours share a page of the file.
    let somewhere = |among: u32| {
        number.set((number.get() + 48_611) % LARGE);
        filled_name(number.get() % among + 1)
    };
    let getting = |(vault, _): &(RefCell<Vault>, VaultKey), among| {
        let name = somewhere(among);
        timed(|| vault.borrow().certificate(&name, None).unwrap())
    };
    bench.pair(pair("get", "in a vault of 25", twice), || getting(large, LARGE), || getting(small, PAGE));

    let listing = |(vault, _): &(RefCell<Vault>, VaultKey), options: ListOptions, after: &str, found: u32| {
        let mut page = Vec::new();
        let time = timed(|| page = vault.borrow().list(options, after, PAGE).unwrap());
        assert_eq!(u32::try_from(page.len()).unwrap(), found);
        time
    };
    let page = Target::Under(0.005);
    for (what, include_pending) in [("list, a page of 25", false), ("list --include-pending", true)] {
        let options = ListOptions { include_pending, deleted: false };
        bench.pair(
            pair(what, "in a vault of 25", page),
            || listing(large, options, somewhere(LARGE / 2).as_str(), PAGE),
            || listing(small, options, "filled", PAGE),
        );
    }
    let deleted = ListOptions { include_pending: false, deleted: true };
    bench.pair(
        pair("list --deleted, none", "in a vault of 25", page),
        || listing(large, deleted, "", 0),
        || listing(small, deleted, "", 0),
    );
    let waiting = |(vault, _): &(RefCell<Vault>, VaultKey)| {
        let vault = vault.borrow();
        timed(|| vault.waiting().unwrap())
    };
    for (vault, key) in &cells {
        let vault = &mut vault.borrow_mut();
        for operation in vault.waiting().unwrap() {
            vault.delete_pending(key, &operation.name().into(), vaults.now).unwrap();
        }
        for _ in 0..PAGE {
            begin(vault, key, &names.next(), KeyKind::P256, vaults.now);
        }
    }
    bench.pair(
        pair("pending list, 25 of them", "in a vault of 25", page),
        || waiting(large),
        || waiting(small),
    );
}

struct Bench {
    criterion: Criterion,
    table: Table,
    only: Option<String>,
}

/// What a figure is called, and what it is set against.
struct Pair {
    group: &'static str,
    what: String,
    floor: &'static str,
    target: Target,
}

impl Bench {
    /// Measures figure and floor in turns; each closure says how long its own part took.
    fn pair(
        &mut self,
        pair: Pair,
        mut figure: impl FnMut() -> Duration,
        mut floor: impl FnMut() -> Duration,
    ) {
        let (mut figures, mut floors) = (Vec::new(), Vec::new());
        let mut turn = || {
            let times = (figure(), floor());
            figures.push(times.0.as_secs_f64());
            floors.push(times.1.as_secs_f64());
            times
        };
        let mut group: BenchmarkGroup<'_, WallTime> = self.criterion.benchmark_group(pair.group);
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function(pair.what.as_str(), |bencher| {
            bencher.iter_custom(|turns| (0..turns).map(|_| turn().0).sum());
        });
        group.bench_function(format!("{}: floor, {}", pair.what, pair.floor), |bencher| {
            bencher.iter_custom(|turns| (0..turns).map(|_| turn().1).sum());
        });
        group.finish();
        self.table.rows.push(Row {
            what: pair.what,
            figure: median(&figures),
            floor: Some(median(&floors)),
            floor_is: pair.floor.to_owned(),
            target: pair.target,
        });
    }
}

/// Names that were not used before.
struct Names {
    stem: &'static str,
    last: Cell<u32>,
}

impl Names {
    fn new(stem: &'static str) -> Self {
        Self { stem, last: Cell::new(0) }
    }

    fn next(&self) -> ObjectName {
        self.last.set(self.last.get() + 1);
        ObjectName::new(&format!("{}-{}", self.stem, self.last.get())).unwrap()
    }
}

fn timed_create(
    vault: &mut Vault,
    key: &VaultKey,
    name: ObjectName,
    policy: &Policy,
    vaults: &Vaults,
) -> Duration {
    let new = NewCertificate { name, policy: policy.clone(), tags: Tags::default(), enabled: None };
    timed(|| vault.create(key, new, vaults.now).unwrap())
}

/// The signature checks of a chain and nothing else.
struct Signatures(Vec<(Vec<u8>, Vec<u8>, Vec<u8>)>);

impl Signatures {
    /// Of a chain that ends in a root, in order.
    fn of(answer: &Bundle) -> Self {
        let chain: Vec<&Certificate> = answer.certificates.iter().map(|given| &given.certificate).collect();
        let parts = chain.iter().enumerate().map(|(index, certificate)| {
            let issuer = chain.get(index + 1).unwrap_or(&chain[index]);
            let parsed = <x509_cert::Certificate as der::Decode>::from_der(certificate.as_der()).unwrap();
            let signed = parsed.tbs_certificate().to_der().unwrap();
            let signature = parsed.signature().raw_bytes().to_vec();
            (issuer.public_key().key_bits().to_vec(), signed, signature)
        });
        Self(parts.collect())
    }

    fn check(&self) {
        for (key, signed, signature) in &self.0 {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(signed, signature).unwrap();
        }
    }
}

fn rsa_sign(pair: &RsaKeyPair) -> Vec<u8> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &MESSAGE, &mut signature).unwrap();
    signature
}

fn on_every_core(times: usize, work: impl Fn() + Sync) -> Duration {
    timed(|| {
        std::thread::scope(|scope| {
            for _ in 0..cores() {
                scope.spawn(|| (0..times).for_each(|_| work()));
            }
        });
    })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

const CURVES: [(KeyKind, &EcdsaSigningAlgorithm); 4] = [
    (KeyKind::P256, &ECDSA_P256_SHA256_ASN1_SIGNING),
    (KeyKind::P384, &ECDSA_P384_SHA384_ASN1_SIGNING),
    (KeyKind::P521, &ECDSA_P521_SHA512_ASN1_SIGNING),
    (KeyKind::P256K, &ECDSA_P256K1_SHA256_ASN1_SIGNING),
];
const RSA: [(KeyKind, rsa::KeySize); 3] = [
    (KeyKind::Rsa2048, rsa::KeySize::Rsa2048),
    (KeyKind::Rsa3072, rsa::KeySize::Rsa3072),
    (KeyKind::Rsa4096, rsa::KeySize::Rsa4096),
];

/// As long as the info of a request is.
const MESSAGE: [u8; 300] = [5; 300];
/// Requests for each core in one turn.
const BATCH: usize = 200;
const RSA_BATCH: usize = 20;
/// The service's page (reference 1.5).
const PAGE: u32 = 25;
