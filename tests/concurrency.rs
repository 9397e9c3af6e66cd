//! Sixteen processes and a server on one vault: of those that want the same, one gets it, and the others hear why not.

mod support;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Workplace, need};

const AT_ONCE: usize = 16;

/// Starts the same line so often at once, `{}` being the number of each, and says how each ended.
fn at_once(work: &Workplace, line: &str) -> Vec<(Option<i32>, String)> {
    let started: Vec<Child> = (0..AT_ONCE)
        .map(|index| {
            let line = line.replace("{}", &index.to_string());
            let mut command = work.command(line.split_whitespace());
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("coldcert")
        })
        .collect();
    let ended = started.into_iter().map(|child| child.wait_with_output().expect("an end"));
    ended.map(|end| (end.status.code(), String::from_utf8_lossy(&end.stderr).into_owned())).collect()
}

/// How often each race is run; `tests/torture` says more.
fn races() -> usize {
    std::env::var("COLDCERT_RACES").ok().and_then(|count| count.parse().ok()).unwrap_or(3)
}

fn count(ended: &[(Option<i32>, String)], code: i32) -> usize {
    ended.iter().filter(|(found, _)| *found == Some(code)).count()
}

#[test]
fn of_sixteen_creates_of_one_name_one_wins_and_its_request_is_the_one_that_is_kept() {
    for _ in 0..races() {
        let work = Workplace::with_vault();
        let ended = at_once(&work, "create www --subject CN=www.example.com --kty EC -o www-{}.csr");
        assert_eq!((count(&ended, 0), count(&ended, 1)), (1, AT_ONCE - 1), "{ended:?}");
        for (code, said) in &ended {
            assert!(*code == Some(0) || said.contains("has an operation in progress"), "{said}");
        }
        let files: Vec<String> = work
            .everything()
            .into_iter()
            .map(|(file, _)| file)
            .filter(|file| file.ends_with(".csr"))
            .collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let kept = work.run("pending csr www -o -").done().out();
        assert_eq!(kept, work.text(&files[0]));
    }
    support::say(&format!(
        "reliability: races of {AT_ONCE} creates of one name won once | {} | the others get the conflict",
        races()
    ));
}

#[test]
fn sixteen_merges_of_one_operation_give_one_version() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    for round in 1..=races() {
        work.run(&format!("create www --subject CN=www.example.com --kty EC -o www-{round}.csr")).done();
        work.sign(&format!("www-{round}.csr"), "www.pem");
        let ended = at_once(&work, "merge www www.pem intermediate.pem");
        assert_eq!((count(&ended, 0), count(&ended, 1)), (1, AT_ONCE - 1), "{ended:?}");
        let versions = work.run("versions www --json").done().json();
        assert_eq!(versions["value"].as_array().map(Vec::len), Some(round));
        std::fs::remove_file(work.path("www.pem")).expect("the answer");
    }
    support::say(&format!(
        "reliability: races of {AT_ONCE} merges of one operation won once | {} | one version each",
        races()
    ));
}

#[test]
fn processes_and_a_server_share_a_vault_and_nobody_sees_half_of_anything() {
    if need("curl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    let (mut server, ready) = support::served(&work, "--self-delay 0");
    let text = |member: &str| ready[member].as_str().expect("a text").to_owned();
    let (url, ca, token) = (text("url"), text("ca"), text("token"));
    let port = url.rsplit(':').next().expect("a port").to_owned();
    let (seen, made) = std::thread::scope(|scope| {
        // The server lists again and again; what it shows is whole: a certificate with a date has its thumbprint.
        let reader = scope.spawn(|| {
            let mut curl = Command::new("curl");
            curl.args(["-s", "--cacert", &ca, "--resolve", &format!("vault.localhost:{port}:127.0.0.1")]);
            curl.args(["-H", &format!("Authorization: Bearer {token}"), "-w", "\n"]);
            curl.args((0..300).map(|_| format!("{url}/certificates?api-version=7.4&maxresults=25")));
            let output = curl.current_dir(work.path(".")).output().expect("curl");
            String::from_utf8_lossy(&output.stdout).into_owned()
        });
        let made = at_once(&work, "create own-{} --subject CN=own.example.com --kty EC --issuer Self");
        (reader.join().expect("a thread"), made)
    });
    assert_eq!(count(&made, 0), AT_ONCE, "{made:?}");
    let mut most = 0;
    for line in seen.lines() {
        let page: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let items = page["value"].as_array().expect("a list");
        assert!(items.iter().all(|item| item["x5t"].is_string()), "{line}");
        // What was there once stays.
        assert!(items.len() >= most, "{} after {most}", items.len());
        most = items.len();
    }
    assert_eq!(seen.lines().count(), 300);
    server.kill().expect("a signal");
    server.wait().expect("an end");
    assert_eq!(work.run("list --json").done().json()["value"].as_array().map(Vec::len), Some(AT_ONCE));
    work.run("audit verify").done();
    support::say(&format!(
        "reliability: looks at a vault that {AT_ONCE} processes change | 300 | none saw half of anything"
    ));
}

#[test]
fn a_vault_that_stays_busy_is_said_to_be_after_a_stated_time() {
    let work = Workplace::with_vault();
    let db = rusqlite::Connection::open(work.path("vault.coldcert")).expect("the file");
    db.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    let began = Instant::now();
    work.run("create www --subject CN=www --kty EC -o www.csr").broken().says(&["busy", "10 seconds"]);
    let waited = began.elapsed();
    assert!(waited > Duration::from_secs(5), "it waited {waited:?}");
    db.execute_batch("ROLLBACK").expect("unlocked");
    work.run("create www --subject CN=www --kty EC -o www.csr").done();
}
