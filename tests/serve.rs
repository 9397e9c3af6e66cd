//! The server as a process, over TLS: how it starts and ends, who gets in, and what hostile clients reach.

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coldcert::http::{
    BODY_WAIT, HANDSHAKE_WAIT, HEADER_BYTES_MAX, HEADER_WAIT, HEADERS_MAX, IDENTITY_CONNECTIONS_MAX,
};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use support::{Workplace, need};

/// How late a wait may end on a machine that has much to do.
const SPARE: Duration = Duration::from_secs(15);

struct Served {
    work: Workplace,
    child: Child,
    ready: Value,
}

impl Served {
    fn new(options: &str) -> Self {
        Self::of(Workplace::with_vault(), options)
    }

    fn of(work: Workplace, options: &str) -> Self {
        let (child, ready) = support::served(&work, &format!("--ready-file ready.json {options}"));
        Self { work, child, ready }
    }

    fn text(&self, member: &str) -> &str {
        self.ready[member].as_str().expect("a text")
    }

    fn address(&self) -> SocketAddr {
        let port = self.text("url").rsplit(':').next().expect("a port").parse().expect("a port");
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn connect(&self) -> StreamOwned<ClientConnection, TcpStream> {
        let pem = std::fs::read(self.text("ca")).expect("the CA");
        let blocks = coldcert::pem::read(&pem).expect("PEM");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(blocks[0].contents().to_vec())).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("vault.localhost").expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
        let stream = TcpStream::connect(self.address()).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        StreamOwned::new(connection, stream)
    }

    /// Sends bytes and reads what comes until the server closes.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes);
        let _ = stream.flush();
        let mut answer = Vec::new();
        // A close without close_notify is one all the same.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn head(&self, method: &str, path: &str) -> String {
        let token = self.text("token");
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n",
            self.text("url").trim_start_matches("https://")
        )
    }

    fn get(&self, path: &str) -> String {
        self.raw(format!("{}\r\n", self.head("GET", path)).as_bytes())
    }

    fn post(&self, path: &str, body: &Value) -> String {
        let body = body.to_string();
        let head = self.head("POST", path);
        let length = body.len();
        self.raw(
            format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
                .as_bytes(),
        )
    }

    fn is_well(&self) {
        let answer = self.get("/certificates?api-version=7.4");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// SIGTERM, and how it ends.
    fn stopped(mut self) -> Workplace {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).expect("a signal");
        let ended = self.child.wait().expect("an end");
        assert_eq!(ended.code(), Some(0));
        assert!(!self.work.path("ready.json").exists());
        std::mem::replace(&mut self.work, Workplace::empty())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn no_file_of_its_own_takes_the_place_of_another() {
    let work = Workplace::with_vault();
    work.run("--vault other.coldcert init --no-passphrase").done();
    work.write("passphrase", "somebody's\n");
    work.write("like.json", r#"{"url": "https://x", "ca": "ca.pem", "token": "t"}"#);
    std::os::unix::fs::symlink("passphrase", work.path("link")).expect("a link");
    let vaults = ["vault.coldcert", "other.coldcert", "./vault.coldcert-journal"];
    for option in ["--ready-file", "--log"] {
        for file in &vaults {
            let run = work.run_in_vain(&format!("serve --listen 127.0.0.1:0 {option} {file}"));
            run.refused().says(&[file, "a vault is never written over"]);
        }
    }
    for file in ["passphrase", "like.json", "link"] {
        let run = work.run_in_vain(&format!("serve --listen 127.0.0.1:0 --ready-file {file}"));
        run.refused().says(&[file, "is not the ready file of a server", "--ready-file"]);
    }
    // What a server that was killed left behind gives way.
    let mut killed = Served::of(work, "");
    killed.child.kill().expect("killed");
    killed.child.wait().expect("an end");
    let work = std::mem::replace(&mut killed.work, Workplace::empty());
    assert!(work.path("ready.json").exists());
    Served::of(work, "").stopped();
}

#[test]
fn it_says_once_that_it_is_ready_and_hides_what_is_secret() {
    let served = Served::new("");
    let file = served.work.path("ready.json");
    let kept: Value = serde_json::from_slice(&std::fs::read(&file).expect("the file")).expect("JSON");
    assert_eq!(kept, served.ready);
    assert_eq!(std::fs::metadata(&file).expect("metadata").permissions().mode() & 0o777, 0o600);
    assert!(served.text("url").starts_with("https://vault.localhost:"));
    let key = served.work.path("vault.coldcert.serve/ca.key.sealed");
    assert_eq!(std::fs::metadata(key).expect("metadata").permissions().mode() & 0o777, 0o600);
    let lines = served.work.run("serve env --ready-file ready.json").done().out();
    for expected in [
        "export VAULT_URL='https://vault.localhost:",
        "export IDENTITY_HEADER='",
        "export REQUESTS_CA_BUNDLE='/",
    ] {
        assert!(lines.contains(expected), "{lines}");
    }
    let lines = served.work.run("serve env --shell powershell").done().out();
    assert!(lines.contains("$env:NODE_EXTRA_CA_CERTS = '/"), "{lines}");
    served.is_well();
    let token = served.text("token").to_owned();
    let header = served.text("identity_header").to_owned();
    let work = served.stopped();
    let log = work.text("log");
    assert!(log.contains("GET /certificates 200"), "{log}");
    assert!(!log.contains(&token) && !log.contains(&header), "{log}");
    work.run("serve env").refused().says(&["coldcert serve"]);
}

#[test]
fn what_a_killed_server_left_behind_is_not_taken_for_one() {
    let mut served = Served::new("");
    served.work.run("serve env").done();
    served.child.kill().expect("killed");
    served.child.wait().expect("an end");
    assert!(served.work.path("vault.coldcert.serve/ready.json").exists());
    served.work.run("serve env").refused().says(&["coldcert serve"]);
    // Another one on the same vault starts all the same, and what it answers is whole.
    let work = std::mem::replace(&mut served.work, Workplace::empty());
    let again = Served::of(work, "");
    again.is_well();
    again.work.run("serve env").done();
    // The file of the one that came later stays when an earlier one ends.
    let (mut later, _) = support::served(&again.work, "");
    let work = again.stopped();
    work.run("serve env").done();
    kill_process(Pid::from_child(&later), Signal::TERM).expect("a signal");
    later.wait().expect("an end");
    work.run("serve env").refused();
}

#[test]
fn its_ca_is_kept_and_speaks_for_this_machine_alone() {
    if need("openssl").is_none() {
        return;
    }
    let first = Served::new("");
    let ca = std::fs::read(first.text("ca")).expect("the CA");
    let work = first.stopped();
    work.openssl("verify -CAfile vault.coldcert.serve/ca.pem -purpose sslserver -verify_hostname vault.localhost vault.coldcert.serve/server.pem").done();
    for stranger in ["vault.vault.azure.net", "example.com"] {
        let line = format!(
            "verify -CAfile vault.coldcert.serve/ca.pem -verify_hostname {stranger} vault.coldcert.serve/server.pem"
        );
        assert_ne!(work.openssl(&line).code, Some(0), "{stranger}");
    }
    let text = work.openssl("x509 -in vault.coldcert.serve/ca.pem -noout -text").done().out();
    assert!(text.contains("Name Constraints: critical") && text.contains("DNS:localhost"), "{text}");
    assert!(!text.contains("azure"), "{text}");
    // The same CA at the next start; another one for Azure's names, beside it.
    for (options, same) in [("", true), ("--azure-hosts", false)] {
        let (mut child, ready) = support::served(&work, options);
        let again = std::fs::read(ready["ca"].as_str().expect("a path")).expect("the CA");
        assert_eq!(again == ca, same, "{options}");
        kill_process(Pid::from_child(&child), Signal::TERM).expect("a signal");
        child.wait().expect("an end");
    }
    let text = work.openssl("x509 -in vault.coldcert.serve/azure-ca.pem -noout -text").done().out();
    assert!(text.contains("DNS:vault.vault.azure.net"), "{text}");
}

#[test]
fn who_may_come_in_is_said_at_the_start() {
    let work = Workplace::with_vault();
    work.run("serve --listen 0.0.0.0:0").broken().says(&["--token-file"]);
    work.run("serve --listen nowhere").ended(2);
    work.run("serve --name a.b").broken().says(&["--name"]);
    work.write("tokens", "short\n");
    work.run("serve --listen 127.0.0.1:0 --token-file tokens").broken().says(&["16 characters"]);
    let served = Served::new("--any-token");
    let host = served.text("url").trim_start_matches("https://").to_owned();
    let ask = |authorization: &str| {
        served.raw(format!("GET /certificates?api-version=7.4 HTTP/1.1\r\nHost: {host}\r\n{authorization}Connection: close\r\n\r\n").as_bytes())
    };
    assert!(ask("Authorization: Bearer whatever\r\n").starts_with("HTTP/1.1 200"));
    assert!(ask("").starts_with("HTTP/1.1 401"));
}

#[test]
fn an_address_that_is_taken_is_named() {
    let served = Served::new("");
    let line = format!("serve --listen {}", served.address());
    served.work.run(&line).broken().says(&[&served.address().to_string(), "--listen 127.0.0.1:0"]);
    served.is_well();
}

#[test]
fn requests_under_way_are_done_before_it_ends() {
    let served = Served::new("");
    let policy = json!({"key_props": {"kty": "RSA", "key_size": 4096}, "x509_props": {"subject": "CN=www.example.com"}});
    let answers: Vec<String> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..4)
            .map(|index| {
                let (served, policy) = (&served, &policy);
                scope.spawn(move || {
                    let path = format!("/certificates/slow-{index}/create?api-version=7.4");
                    served.post(&path, &json!({"policy": policy}))
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(500));
        kill_process(Pid::from_child(&served.child), Signal::TERM).expect("a signal");
        asked.into_iter().map(|one| one.join().expect("a thread")).collect()
    });
    let done = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 202")).count();
    let work = served.stopped();
    let waiting = work.run("pending list --json").done().json();
    // Whoever had an answer is in the vault; nobody was left half done.
    assert_eq!(waiting["value"].as_array().map(Vec::len), Some(done), "{answers:?}");
    assert!(done > 0, "{answers:?}");
}

#[test]
fn broken_http_is_answered_or_closed() {
    let served = Served::new("");
    let host = served.text("url").trim_start_matches("https://").to_owned();
    let long = "x".repeat(300_000);
    // An answer may be overtaken by the connection's end, where bytes are still on their way.
    for (bytes, status) in [
        (format!("GET /{long} HTTP/1.1\r\nHost: {host}\r\n\r\n"), "4"),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {long}\r\n\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\n{}\r\n", "X: y\r\n".repeat(200)), "431"),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\nConnection: close\r\n\r\n"), "400"),
        (format!("GET https://{host}/ HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"), "401"),
        ("GET https://example.com/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(), "421"),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), "400"),
        ("\0\0\0\0\r\n\r\n".to_owned(), "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "4"),
        (
            format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
            "400",
        ),
        (
            format!("POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: x\r\nConnection: close\r\n\r\n"),
            "4",
        ),
    ] {
        let answer = served.raw(bytes.as_bytes());
        let shown: String = bytes.chars().take(60).collect();
        let code = answer.get(9..).unwrap_or_default();
        assert!(answer.is_empty() || code.starts_with(status), "{shown}: {answer}");
    }
    // More than a body may be, said and unsaid.
    let head = served.head("POST", "/certificates/www/create?api-version=7.4");
    let said = served.raw(
        format!("{head}Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n").as_bytes(),
    );
    assert!(said.starts_with("HTTP/1.1 413"), "{said}");
    // Not TLS at all.
    let mut plain = TcpStream::connect(served.address()).expect("connected");
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("written");
    plain.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"));
    served.is_well();
    assert!(!served.work.text("log").contains(" 500 "));
}

#[test]
fn slow_and_silent_clients_harm_nobody_and_are_let_go() {
    let served = Served::new("");
    let mut silent = TcpStream::connect(served.address()).expect("connected");
    let mut slow = served.connect();
    slow.write_all(b"GET /certificates HTTP/1.1\r\nHo").expect("written");
    slow.flush().expect("sent");
    let mut gone = served.connect();
    gone.write_all(b"GET /").expect("written");
    drop(gone);
    served.is_well();
    // Whoever does not shake hands is let go.
    silent.set_read_timeout(Some(HANDSHAKE_WAIT + SPARE)).expect("a timeout");
    assert_eq!(silent.read(&mut [0; 16]).expect("closed, not kept"), 0);
    served.is_well();
}

#[test]
fn the_head_of_a_request_has_its_limits() {
    let served = Served::new("");
    let head = served.head("GET", "/certificates?api-version=7.4");
    let written = head.matches("\r\n").count() - 1;
    let of_headers =
        |count: usize| served.raw(format!("{head}{}\r\n", "X: y\r\n".repeat(count - written)).as_bytes());
    let within = of_headers(HEADERS_MAX);
    assert!(within.starts_with("HTTP/1.1 200"), "{within}");
    let above = of_headers(HEADERS_MAX + 1);
    assert!(above.starts_with("HTTP/1.1 431"), "{above}");

    let of_bytes = |count: usize| {
        let padding = "x".repeat(count - head.len() - "X: \r\n\r\n".len());
        served.raw(format!("{head}X: {padding}\r\n\r\n").as_bytes())
    };
    let within = of_bytes(HEADER_BYTES_MAX - 1);
    assert!(within.starts_with("HTTP/1.1 200"), "{within}");
    // What comes with the last read is taken too: that is as much again at most.
    let above = of_bytes(2 * HEADER_BYTES_MAX + 1);
    // The connection is closed while bytes are on their way, and that may overtake the answer.
    assert!(above.is_empty() || above.starts_with("HTTP/1.1 431"), "{above}");
    served.is_well();
}

#[test]
fn a_body_and_a_head_that_do_not_come_are_waited_for_as_long_as_is_said() {
    let served = Served::new("");
    let began = Instant::now();
    let (body, idle) = std::thread::scope(|scope| {
        let body = scope.spawn(|| {
            let head = served.head("POST", "/certificates/www/create?api-version=7.4");
            let answer = served.raw(
                format!("{head}Content-Type: application/json\r\nContent-Length: 5\r\n\r\n{{").as_bytes(),
            );
            (answer, began.elapsed())
        });
        // One request, answered; its connection stays open for another.
        let idle = scope.spawn(|| {
            let mut stream = served.connect();
            stream.sock.set_read_timeout(Some(HEADER_WAIT + SPARE)).expect("a timeout");
            let head = served.head("GET", "/certificates?api-version=7.4");
            let kept = head.replace("Connection: close\r\n", "");
            stream.write_all(format!("{kept}\r\n").as_bytes()).expect("sent");
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            (String::from_utf8_lossy(&answer).into_owned(), began.elapsed())
        });
        (body.join().expect("a thread"), idle.join().expect("a thread"))
    });
    let (answer, after) = body;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("did not come within 30 seconds"), "{answer}");
    assert!((BODY_WAIT..BODY_WAIT + SPARE).contains(&after), "{after:?}");
    let (answer, after) = idle;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!((HEADER_WAIT..HEADER_WAIT + SPARE).contains(&after), "{after:?}");
}

#[test]
fn more_connections_than_the_identity_endpoint_takes_are_closed_and_the_vault_serves_on() {
    let served = Served::new("");
    let endpoint = served.text("identity_endpoint").trim_start_matches("http://").to_owned();
    let (address, _) = endpoint.split_once('/').expect("a path");
    let request = format!("GET /nothing HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let ask = |mut stream: TcpStream| {
        stream.set_read_timeout(Some(SPARE)).expect("a timeout");
        let mut answer = String::new();
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    let connected = || TcpStream::connect(address).expect("connected");
    let mut open: Vec<TcpStream> = (0..IDENTITY_CONNECTIONS_MAX).map(|_| connected()).collect();
    // They are taken in the order in which they came.
    assert_eq!(ask(connected()), "", "one too many");
    served.is_well();
    let last = open.pop().expect("the last within the limit");
    assert!(ask(last).starts_with("HTTP/1.1 4"), "the last within the limit");
    drop(open);
    let began = Instant::now();
    while ask(connected()).is_empty() {
        assert!(began.elapsed() < SPARE, "no place is given back");
    }
}

#[test]
fn ten_thousand_open_connections_leave_room_for_one_more() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let _ = setrlimit(Resource::Nofile, raised);
    if getrlimit(Resource::Nofile).current.is_some_and(|most| most < 11_000) {
        support::skip("this process may not open 11,000 files");
        return;
    }
    let served = Served::new("");
    let mut open = Vec::new();
    for _ in 0..10_000 {
        open.push(TcpStream::connect(served.address()).expect("connected"));
    }
    served.is_well();
    drop(open);
    served.is_well();
    served.stopped();
}

#[test]
fn the_managed_identity_endpoint_knows_its_header() {
    let served = Served::new("");
    let endpoint = served.text("identity_endpoint").trim_start_matches("http://").to_owned();
    let (address, path) = endpoint.split_once('/').expect("a path");
    let ask = |header: &str, query: &str| {
        let mut stream = TcpStream::connect(address).expect("connected");
        let request = format!(
            "GET /{path}{query} HTTP/1.1\r\nHost: {address}\r\nX-IDENTITY-HEADER: {header}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    let header = served.text("identity_header");
    let query = "?resource=https%3A%2F%2Flocalhost%3A8443&api-version=2019-08-01";
    let answer = ask(header, query);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(served.text("token")), "{answer}");
    assert!(answer.contains("\"resource\":\"https://localhost:8443\""), "{answer}");
    for (header, query, status) in [("wrong", query, 401), ("", query, 401), (header, "", 400)] {
        let answer = ask(header, query);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(!answer.contains(served.text("token")));
    }
}

/// Whatever a client puts where, nothing secret of it is kept.
#[test]
fn neither_log_nor_recordings_hold_a_secret_however_odd_the_request() {
    let served = Served::new("--record pairs");
    let token = served.text("token").to_owned();
    let import = "/certificates/www/import?api-version=7.4";
    let secret = "S3CR3T";
    for document in [
        json!({"value": "AAAA", "pwd": 987_654_321}),
        json!({"value": [secret], "pwd": ""}),
        json!({"value": [{"x": secret}]}),
        json!({"value": "AAAA", "pwd": {"x": secret}}),
        json!({"value": "AAAA", "password": secret, "passphrase": secret, "secret": [secret], "tags": {"a": "b"}}),
    ] {
        assert!(served.post(import, &document).starts_with("HTTP/1.1 400"), "{document}");
    }
    served.get(&format!("/certificates?api-version=7.4&token={token}&sig={secret}"));
    let half = "0".repeat(960);
    let encoded: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for place in [&token, &format!("{half}/{token}"), &encoded] {
        served.get(&format!("/certificates/{place}?api-version=7.4"));
    }
    served.get(&format!("/certificates?api-version={token}"));
    let work = served.stopped();
    let pairs =
        std::fs::read_dir(work.path("pairs")).expect("a folder").map(|entry| entry.expect("an entry"));
    let mut files: Vec<String> =
        pairs.map(|entry| format!("pairs/{}", entry.file_name().to_string_lossy())).collect();
    assert_eq!(files.len(), 10);
    files.push("log".to_owned());
    for file in files {
        let text = work.text(&file);
        for kept in [&token[..20], secret, "987654321"] {
            assert!(!text.contains(kept), "{file}: {text}");
        }
    }
    let kept = work.text("pairs/000005_post_400.json");
    assert!(kept.contains(r#""a": "b""#) && kept.contains("import?api-version=7.4"), "{kept}");
    let kept = work.text("pairs/000006_get_200.json");
    assert!(kept.contains("/certificates?api-version=7.4\""), "{kept}");
}

/// What root leaves beside a user's vault is the user's, so that his own server starts there.
#[test]
fn root_serves_a_users_vault_and_leaves_nothing_in_his_way() {
    if !rustix::process::geteuid().is_root() {
        support::skip("only root can work for somebody else");
        return;
    }
    let work = Workplace::with_vault();
    let user = 65_534;
    std::os::unix::fs::chown(work.path("vault.coldcert"), Some(user), Some(user)).expect("another owner");
    let served = Served::of(work, "");
    served.is_well();
    let owner = |file: &str| std::fs::metadata(served.work.path(file)).expect("a file").uid();
    assert_eq!(owner("vault.coldcert.serve"), user);
    for file in ["ca.pem", "ca.key.sealed", "server.pem", "ready.json"] {
        assert_eq!(owner(&format!("vault.coldcert.serve/{file}")), user, "{file}");
    }
    assert_eq!(owner("ready.json"), 0, "a place of root's own choice");
    served.stopped();
}

#[test]
fn a_sealed_vault_is_opened_once_and_its_passphrase_is_nowhere() {
    let work = Workplace::empty().passphrase("correct horse battery");
    work.run("init").done();
    let served = Served::of(work, "");
    served.is_well();
    let command_line =
        std::fs::read(format!("/proc/{}/cmdline", served.child.id())).expect("its command line");
    assert!(!String::from_utf8_lossy(&command_line).contains("correct horse"));
    let made = served.post(
        "/certificates/www/create?api-version=7.4",
        &json!({"policy": {"issuer": {"name": "Self"},
        "key_props": {"kty": "EC"}, "x509_props": {"subject": "CN=www.example.com"}}}),
    );
    assert!(made.starts_with("HTTP/1.1 202"), "{made}");
    let began = Instant::now();
    while !served.get("/secrets/www?api-version=7.4").starts_with("HTTP/1.1 200") {
        assert!(began.elapsed() < Duration::from_secs(30), "issuer Self does not answer");
        std::thread::sleep(Duration::from_millis(50));
    }
    let work = served.stopped();
    for (file, bytes) in work.everything() {
        assert!(!bytes.windows(13).any(|part| part == b"correct horse"), "{file}");
    }
}

/// Killed in the two seconds that issuer Self takes, the server leaves an operation that nobody else can answer.
#[test]
fn what_issuer_self_left_open_is_answered_by_the_next_server() {
    let mut served = Served::new("--self-delay 600");
    let policy =
        json!({"issuer": {"name": "Self"}, "key_props": {"kty": "EC"}, "x509_props": {"subject": "CN=own"}});
    let made = served.post("/certificates/own/create?api-version=7.4", &json!({"policy": policy}));
    assert!(made.starts_with("HTTP/1.1 202"), "{made}");
    served.child.kill().expect("killed");
    served.child.wait().expect("an end");
    let work = std::mem::replace(&mut served.work, Workplace::empty());
    work.write("answer.pem", coldcert::pem::write("CERTIFICATE", &[0x30, 0]));
    work.run("create own").refused().says(&["wait for Self"]);
    work.run("issuer cancel own").refused().says(&["coldcert serve"]);
    let again = Served::of(work, "");
    let pending = again.get("/certificates/own/pending?api-version=7.4");
    assert!(pending.contains("\"status\":\"completed\""), "{pending}");
}
