//! What the server costs, beside an empty route over the same TLS and beside what a durable write cannot do without; and
//! the server under load.
//!
//! The server is the program itself, as a process; so is the empty route. Clients are threads here, each with one
//! connection that it keeps. `cargo bench --bench server`, then `-- --write FILE` to keep the table.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the table is what it is for")]

mod measure;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use coldcert::csr::CertificateRequest;
use rustix::process::Pid;
use rustix::thread::{CpuSet, gettid, sched_getaffinity, sched_setaffinity};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
use serde_json::{Value, json};

use measure::{
    Row, Table, Target, TrainingAuthority, Unit, Vaults, commit_of, median, millis, timed, wanted,
};

fn main() {
    if let Some(folder) = wanted(EMPTY) {
        return empty_route(Path::new(&folder));
    }
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("server: a benchmark, for `cargo bench`");
        return;
    }
    let vaults = Vaults::new();
    let server = Served::coldcert(vaults.folder());
    let empty = Served::empty(vaults.folder());
    let mut table = Table::new("The server", Unit::Seconds);
    let mut client = server.connect();
    let first = client.merged("first", &vaults.ca);
    assert!(first["cer"].is_string());
    gets(&mut table, &server, &empty);
    writes(&mut table, &server, &vaults);
    load(&mut table, &server, &vaults.ca);
    table.publish();
}

/// A certificate, beside an empty route: one connection, and sixteen.
fn gets(table: &mut Table, server: &Served, empty: &Served) {
    // On few processors a connection is quick or slow as a whole, as the system places its threads. So client and servers
    // are kept to one; and there are many connections, and the mean of their medians.
    let mut figures = (Vec::new(), Vec::new());
    let placed = Placed::together(&[server, empty]);
    for _ in 0..ROUNDS {
        let (mut one, mut other) = (server.connect(), empty.connect());
        let pairs: Vec<(f64, f64)> =
            (0..150).map(|_| (one.timed_get(CERTIFICATE), other.timed_get(CERTIFICATE))).skip(50).collect();
        let (ours, theirs): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        figures.0.push(median(&ours));
        figures.1.push(median(&theirs));
    }
    drop(placed);
    let mean = |medians: &[f64]| medians.iter().sum::<f64>() / f64::from(ROUNDS);
    table.rows.push(Row {
        what: "GET of a certificate, 1 connection".to_owned(),
        figure: mean(&figures.0),
        floor: Some(mean(&figures.1)),
        floor_is: "an empty axum route over the same TLS".to_owned(),
        target: Target::Times(2.0),
    });
    let mut figures = (Vec::new(), Vec::new());
    for _ in 0..5 {
        figures.0.push(server.at_once(10_000, |client, _| drop(client.get(CERTIFICATE))).per_request());
        figures.1.push(empty.at_once(10_000, |client, _| drop(client.get(CERTIFICATE))).per_request());
    }
    table.rows.push(Row {
        what: format!("GET of a certificate, {CONNECTIONS} connections, for each"),
        figure: median(&figures.0),
        floor: Some(median(&figures.1)),
        floor_is: "an empty axum route over the same TLS".to_owned(),
        target: Target::Times(2.0),
    });
}

/// A create and a merge, durable, beside a commit of their size and the cryptography.
fn writes(table: &mut Table, server: &Served, vaults: &Vaults) {
    let mut client = server.connect();
    let mut commit = commit_of(vaults.folder(), "floor.sqlite", 2_500);
    let (mut creates, mut merges) = (Pairs::default(), Pairs::default());
    for round in 0..200 {
        let name = format!("write-{round}");
        let began = Instant::now();
        let operation = client.create(&name);
        creates.add(began.elapsed(), commit() + timed(key_and_signature));
        let body = vaults.ca.x5c(&operation);
        let began = Instant::now();
        client.merge(&name, &body);
        merges.add(began.elapsed(), commit() + checks(&vaults.ca, &operation));
    }
    table.rows.push(creates.row("create EC P-256", "one SQLite commit of its size, key, signature"));
    table.rows.push(merges.row("merge", "one SQLite commit of its size, 3 signature checks"));
}

/// Ten thousand merges and a hundred thousand gets by sixteen connections; any answer but the expected ends it.
fn load(table: &mut Table, server: &Served, ca: &TrainingAuthority) {
    let name = |index: usize| format!("load-{index:06}");
    let creates = server.at_once(MERGES, |client, index| drop(client.create(&name(index))));
    let memory_before = server.memory();
    let merges = server.at_once(MERGES, |client, index| {
        let operation = client.get(&format!("/certificates/{}/pending?api-version=7.4", name(index)));
        let body = ca.x5c(&operation);
        client.start_clock();
        client.merge(&name(index), &body);
    });
    let get = |client: &mut Client, index: usize| {
        drop(client.get(&format!("/certificates/{}?api-version=7.4", name(index % MERGES))));
    };
    server.at_once(GETS / 10, get);
    let memory_between = server.memory();
    let gets = server.at_once(GETS, get);
    let memory_after = server.memory();
    let said = |what: &str, load: &Load| {
        format!(
            "{} {what}: p50 {}, p99 {}, {:.0} a second",
            load.times.len(),
            millis(load.quantile(50)),
            millis(load.quantile(99)),
            1.0 / load.per_request()
        )
    };
    table.notes.push(format!(
        "Under load, {CONNECTIONS} connections, no error: {}; {}; {}. Memory {memory_before:.1} MB before the merges, {memory_between:.1} MB after the first {} gets, {memory_after:.1} MB after {GETS} more.",
        said("creates", &creates),
        said("merges", &merges),
        said("gets", &gets),
        GETS / 10,
    ));
}

#[derive(Default)]
struct Pairs {
    figures: Vec<f64>,
    floors: Vec<f64>,
}

impl Pairs {
    fn add(&mut self, figure: Duration, floor: Duration) {
        self.figures.push(figure.as_secs_f64());
        self.floors.push(floor.as_secs_f64());
    }

    fn row(&self, what: &str, floor_is: &str) -> Row {
        Row {
            what: what.to_owned(),
            figure: median(&self.figures),
            floor: Some(median(&self.floors)),
            floor_is: floor_is.to_owned(),
            target: Target::Times(3.0),
        }
    }
}

fn key_and_signature() -> Vec<u8> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    key.sign(&random, &[7; 200]).unwrap().as_ref().to_vec()
}

/// Three checks of P-256 signatures, of the size of a certificate.
fn checks(ca: &TrainingAuthority, operation: &Value) -> Duration {
    let chain = ca.chain(&request(operation));
    let keys = [&chain[1], &chain[2], &chain[2]];
    let parsed: Vec<_> = chain
        .iter()
        .map(|one| <x509_cert::Certificate as der::Decode>::from_der(one.as_der()).unwrap())
        .map(|one| {
            (der::Encode::to_der(one.tbs_certificate()).unwrap(), one.signature().raw_bytes().to_vec())
        })
        .collect();
    timed(|| {
        for (key, (signed, signature)) in keys.iter().zip(&parsed) {
            let key = aws_lc_rs::signature::UnparsedPublicKey::new(
                &aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1,
                key.public_key().key_bits(),
            );
            key.verify(signed, signature).unwrap();
        }
    })
}

fn request(operation: &Value) -> CertificateRequest {
    let csr = BASE64_STANDARD.decode(operation["csr"].as_str().unwrap()).unwrap();
    CertificateRequest::from_der(&csr).unwrap()
}

impl TrainingAuthority {
    /// The body of a merge: leaf, intermediate, root.
    fn x5c(&self, operation: &Value) -> Value {
        let chain = self.chain(&request(operation)).map(|one| BASE64_STANDARD.encode(one.as_der()));
        json!({"x5c": chain})
    }
}

/// A process that serves.
struct Served {
    child: Child,
    address: SocketAddr,
    token: String,
    config: Arc<ClientConfig>,
}

impl Served {
    fn coldcert(folder: &Path) -> Self {
        let program = env!("CARGO_BIN_EXE_coldcert");
        let vault = folder.join("vault.coldcert");
        let run = |arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).arg("--vault").arg(&vault).stderr(Stdio::null()).stdout(Stdio::piped());
            command
        };
        assert!(run(&["init", "--no-passphrase"]).status().unwrap().success());
        // A log that is written, as in life.
        let log = folder.join("log").display().to_string();
        Self::started(run(&["serve", "--listen", "127.0.0.1:0", "--log", &log]))
    }

    fn empty(folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(EMPTY).arg(folder).stdout(Stdio::piped());
        Self::started(command)
    }

    fn started(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let port = ready["url"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        let pem = coldcert::pem::read(&std::fs::read(ready["ca"].as_str().unwrap()).unwrap()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(pem[0].contents().to_vec())).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            token: ready["token"].as_str().unwrap().to_owned(),
            config: Arc::new(config),
        }
    }

    fn connect(&self) -> Client {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream: BufReader::new(StreamOwned::new(connection, stream)),
            head: format!(
                "Host: localhost:{}\r\nAuthorization: Bearer {}\r\n",
                self.address.port(),
                self.token
            ),
            began: Instant::now(),
        }
    }

    /// So many requests, shared by the connections; each is timed.
    fn at_once(&self, count: usize, work: impl Fn(&mut Client, usize) + Sync) -> Load {
        let next = AtomicUsize::new(0);
        let mut clients: Vec<Client> = (0..CONNECTIONS).map(|_| self.connect()).collect();
        let began = Instant::now();
        let times = std::thread::scope(|scope| {
            let threads: Vec<_> = clients
                .iter_mut()
                .map(|client| {
                    let (next, work) = (&next, &work);
                    scope.spawn(move || {
                        let mut times = Vec::new();
                        loop {
                            let index = next.fetch_add(1, Ordering::Relaxed);
                            if index >= count {
                                return times;
                            }
                            client.start_clock();
                            work(client, index);
                            times.push(client.began.elapsed().as_secs_f64());
                        }
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        Load { times, took: began.elapsed() }
    }

    /// Megabytes that are resident.
    fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1_000.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Threads that are kept to one processor; where they ran before is theirs again when this is dropped.
struct Placed {
    before: Vec<(Pid, CpuSet)>,
}

impl Placed {
    /// This thread and the servers on one processor, where nobody waits for another one to wake.
    fn together(servers: &[&Served]) -> Self {
        let mut placed = Self { before: Vec::new() };
        let allowed = sched_getaffinity(None).unwrap();
        let processor = (0..CpuSet::MAX_CPU).find(|&one| allowed.is_set(one)).unwrap();
        placed.keep(gettid(), processor);
        for server in servers {
            for task in std::fs::read_dir(format!("/proc/{}/task", server.child.id())).unwrap() {
                let thread = task.unwrap().file_name().to_str().unwrap().parse().unwrap();
                placed.keep(Pid::from_raw(thread).unwrap(), processor);
            }
        }
        placed
    }

    fn keep(&mut self, thread: Pid, processor: usize) {
        let mut one = CpuSet::new();
        one.set(processor);
        self.before.push((thread, sched_getaffinity(Some(thread)).unwrap()));
        sched_setaffinity(Some(thread), &one).unwrap();
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        for (thread, before) in &self.before {
            // A thread that has ended needs no processor.
            let _ = sched_setaffinity(Some(*thread), before);
        }
    }
}

struct Load {
    times: Vec<f64>,
    took: Duration,
}

impl Load {
    fn per_request(&self) -> f64 {
        self.took.as_secs_f64() / f64::from(u32::try_from(self.times.len()).unwrap())
    }

    /// What so many of a hundred were not slower than.
    fn quantile(&self, of_hundred: usize) -> f64 {
        let mut sorted = self.times.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[(sorted.len() - 1) * of_hundred / 100]
    }
}

/// One connection that is kept.
struct Client {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    head: String,
    began: Instant,
}

impl Client {
    fn start_clock(&mut self) {
        self.began = Instant::now();
    }

    fn timed_get(&mut self, path: &str) -> f64 {
        let began = Instant::now();
        let (status, _) = self.exchange("GET", path, "");
        let took = began.elapsed().as_secs_f64();
        assert_eq!(status, 200);
        took
    }

    fn get(&mut self, path: &str) -> Value {
        let (status, body) = self.exchange("GET", path, "");
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }

    fn create(&mut self, name: &str) -> Value {
        let body = r#"{"policy":{"issuer":{"name":"Unknown"},"key_props":{"kty":"EC","crv":"P-256"},"x509_props":{"subject":"CN=www.example.com, O=Example, C=US","sans":{"dns_names":["www.example.com","api.example.com"]}}}}"#;
        let (status, body) =
            self.exchange("POST", &format!("/certificates/{name}/create?api-version=7.4"), body);
        assert_eq!(status, 202, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    fn merge(&mut self, name: &str, body: &Value) -> Value {
        let path = format!("/certificates/{name}/pending/merge?api-version=7.4");
        let (status, body) = self.exchange("POST", &path, &body.to_string());
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    fn merged(&mut self, name: &str, ca: &TrainingAuthority) -> Value {
        let operation = self.create(name);
        self.merge(name, &ca.x5c(&operation))
    }

    fn exchange(&mut self, method: &str, path: &str, body: &str) -> (u16, Vec<u8>) {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
            self.head
        );
        let stream = self.stream.get_mut();
        stream.write_all(request.as_bytes()).unwrap();
        stream.flush().unwrap();
        let (mut status, mut length) = (0, 0);
        let mut line = String::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.trim().parse().unwrap();
            } else if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (status, body)
    }
}

/// A process that answers every request with nothing, over the same TLS.
fn empty_route(folder: &Path) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let ca = folder.join("empty.pem");
    std::fs::write(&ca, certificate.pem()).unwrap();
    let private_key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private_key)
            .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    println!("{}", json!({"url": url, "ca": ca, "token": "none"}));
    let app = axum::Router::new().fallback(|| async {});
    let tls = axum_server::tls_rustls::RustlsConfig::from_config(Arc::new(config));
    // As the program itself has it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        axum_server::from_tcp_rustls(listener, tls)
            .unwrap()
            .http1_only()
            .serve(app.into_make_service())
            .await
            .unwrap();
    });
}

const EMPTY: &str = "--empty-route";
const CERTIFICATE: &str = "/certificates/first?api-version=7.4";
const CONNECTIONS: usize = 16;
const ROUNDS: u32 = 100;
const MERGES: usize = 10_000;
const GETS: usize = 100_000;
