//! What a person sees on a terminal of eighty columns, and a script in its pipe.

mod support;

use std::ffi::OsString;

use coldcert::cli::terminal::{Palette, Widths};
use coldcert::cli::{self, Leads, Surroundings};
use coldcert::time::UnixTime;
use support::{Workplace, need};

/// Runs a command line on terminals of a width: stdout and stderr.
fn seen(work: &Workplace, line: &str, width: Option<usize>) -> (String, String) {
    let line = line.replace('@', &format!("{}/", work.path("").display()).replace("//", "/"));
    let arguments: Vec<OsString> =
        ["coldcert"].into_iter().chain(line.split_whitespace()).map(OsString::from).collect();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    cli::run(
        &arguments,
        &mut Surroundings {
            stdin: &mut std::io::empty(),
            stdout: &mut stdout,
            stdout_leads: Leads::default(),
            stderr_leads: Leads::default(),
            stderr: &mut stderr,
            palette: Palette::plain(),
            widths: Widths { stdout: width, stderr: width },
            vault: Some(work.path("vault.coldcert").into()),
            passphrase: None,
            log: || None,
            operator: || "tester".to_owned(),
            now: UnixTime::now(),
        },
    );
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(stdout), text(stderr))
}

/// Columns and headings are for eyes, tabs for `cut`.
#[test]
fn lists_stand_in_columns_on_a_terminal_and_in_tabs_elsewhere() {
    let work = Workplace::with_vault();
    work.run("issuer set corp --provider DigiCert").done();
    for name in ["a", "a-rather-long-name"] {
        work.run(&format!("create {name} --subject CN={name} --dns x.example.com --kty EC -o {name}.csr"))
            .done();
    }
    work.run("create own --subject CN=own --dns own.example.com --kty EC --issuer Self").done();
    for (line, heading) in [
        ("list --include-pending", "NAME "),
        ("pending list", "NAME "),
        ("versions own", "VERSION "),
        ("issuer list", "NAME "),
    ] {
        let (piped, _) = seen(&work, line, None);
        assert!(piped.contains('\t') && !piped.contains(heading), "{line}: {piped}");
        let (shown, _) = seen(&work, line, Some(80));
        assert!(shown.starts_with(heading) && !shown.contains('\t'), "{line}: {shown}");
        let rows: Vec<Vec<&str>> = piped.lines().map(|row| row.split('\t').collect()).collect();
        let second = shown.lines().next().and_then(|first| first.find("  ")).expect("columns");
        let second = second + shown[second..].find(|c: char| c != ' ').expect("a second heading");
        for (row, line) in rows.iter().zip(shown.lines().skip(1)) {
            assert!(line.starts_with(row[0]) && line[second..].starts_with(row[1]), "{shown}");
        }
    }
}

#[test]
fn prose_and_the_drawing_of_a_chain_fit_a_terminal() {
    if need("openssl").is_none() {
        return;
    }
    let work = Workplace::with_vault();
    work.make_authority();
    work.run_with(&[
        "create",
        "www",
        "--dns",
        "www.example.com",
        "--kty",
        "EC",
        "-o",
        "www.csr",
        "--subject",
        "CN=www.example.com, OU=Department of Certificates and Other Long Names, O=Example, C=US",
    ])
    .done();
    work.sign("www.csr", "www.pem");
    let line = "check @www.pem @intermediate.pem --csr @www.csr --roots @root.pem";
    let (wide, _) = seen(&work, line, None);
    assert!(wide.lines().any(|line| line.chars().count() > 80), "{wide}");
    let (drawn, told) = seen(&work, line, Some(80));
    for text in drawn.lines() {
        assert!(text.chars().count() <= 80, "{drawn}");
    }
    assert!(drawn.contains("\n   │  signed by\n") && drawn.contains("\n   │     "), "{drawn}");
    // A command and a path are in one piece, so that they can be copied.
    for text in told.lines().filter(|text| text.chars().count() > 80) {
        assert!(["coldcert ", "/"].iter().any(|piece| text.contains(piece)), "{text}");
    }
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&told), words(&seen(&work, line, None).1), "nothing is lost");
    for line in ["explain", "explain only-the-leaf"] {
        let (told, _) = seen(&work, line, Some(80));
        assert!(told.lines().all(|text| text.chars().count() <= 80), "{told}");
        assert_eq!(words(&told), words(&seen(&work, line, None).0));
    }
}
