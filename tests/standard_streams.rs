//! The program's stdout and stderr where they are not what it takes them for: a pipe that nobody reads, closed, open for
//! reading alone, or the vault itself.

mod support;

use std::fs;

use support::{Run, Workplace, shown};

/// A vault with `own`, which has a version, and `api`, which waits.
fn prepared() -> Workplace {
    let work = Workplace::with_vault();
    work.run("create own --subject CN=own --curve P-256 --issuer Self").done();
    work.create("api");
    work
}

/// Runs the program with stdout a pipe that nobody reads any more.
fn unread(work: &Workplace, line: &str) -> Run {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = work.command(line.split_whitespace()).stdout(writer).output().expect("the program starts");
    Run::of(line.to_owned(), &output)
}

/// Runs the program from a shell that redirects its streams.
fn redirected(work: &Workplace, vault: &str, line: &str, redirections: &str) -> Run {
    let program = env!("CARGO_BIN_EXE_coldcert");
    let vault = work.path(vault);
    let script = format!("exec {program} --vault {} {line} {redirections}", shown(&vault));
    work.tool("sh", &["-c", &script])
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error_where_something_is_only_shown() {
    let work = prepared();
    for line in [
        "list",
        "--json show own",
        "versions own",
        "policy show own",
        "pending list",
        "--json pending show api",
        "audit show",
        "explain",
        "help",
        "list --help",
        "completions bash",
    ] {
        let run = unread(&work, line).ended(0);
        assert!(!run.stderr.contains("error"), "{line}: {}", run.stderr);
    }
}

#[test]
fn an_artifact_that_nobody_reads_is_not_written_and_that_is_said() {
    let work = prepared();
    for line in [
        "export own -o -",
        "export own -o /dev/stdout",
        "export own --format pem -o -",
        "export own --format chain -o -",
        "backup own -o -",
        "pending csr api",
        "audit export -o -",
        "ca show -o - training",
    ] {
        if line.starts_with("ca ") {
            work.run("ca init training --subject CN=training").done();
        }
        let place = if line.contains("/dev/stdout") { "/dev/stdout" } else { "standard output" };
        unread(&work, line).broken().says(&[&format!("{place} cannot be written: Broken pipe")]);
    }
}

#[test]
fn what_was_done_and_could_not_be_told_is_said_on_stderr() {
    let work = prepared();
    for (line, name) in [
        ("create web --subject CN=web --curve P-256", "web"),
        ("--json create job --subject CN=job --curve P-256", "job"),
        ("--json create two --subject CN=two --curve P-256 --issuer Self", "two"),
    ] {
        let help = format!("coldcert pending csr {name} -o FILE");
        unread(&work, line).broken().says(&["standard output cannot be written", "is created", &help]);
        work.run(&format!("pending csr {name} -o {name}.csr")).done();
    }
    for line in [
        "--json set own --enabled true",
        "--json contact add pki@example.com",
        "--json --vault second.coldcert init --no-passphrase",
        "--json man man1",
        "--json demo --keep demo",
        "--json check own.pem --csr api.csr",
    ] {
        if line.contains("own.pem") {
            work.run("export own -o own.pem --format pem").done();
        }
        unread(&work, line).broken().says(&[
            "standard output cannot be written: Broken pipe",
            "what was done before stays done",
            "coldcert audit show",
        ]);
    }
    assert!(work.path("second.coldcert").exists() && work.path("demo/www.pfx").exists());
    work.run("list").done();
}

#[test]
fn a_recovery_key_that_nobody_reads_opens_nothing() {
    let work = Workplace::empty().passphrase("the passphrase");
    work.run("init").done();
    unread(&work, "passphrase recovery-key -o -").broken().says(&["standard output cannot be written"]);
    redirected_sealed(&work, ">&-").broken().says(&["standard output cannot be written"]);
    assert!(!work.run("passphrase list").done().out().contains("paper"));
}

fn redirected_sealed(work: &Workplace, redirections: &str) -> Run {
    work.write("passphrase", "the passphrase\n");
    let line = format!("--passphrase-file {} passphrase recovery-key -o -", shown(&work.path("passphrase")));
    redirected(work, "vault.coldcert", &line, redirections)
}

#[test]
fn a_stdout_that_takes_nothing_is_found_before_anything_leaves_the_vault() {
    let work = prepared();
    for redirections in [">&-", "1<api.csr"] {
        for line in [
            "backup own -o -",
            "export own -o -",
            "export own --format chain -o /dev/stdout",
            "pending csr api",
            "create web --subject CN=web --curve P-256 -o -",
        ] {
            let before = work.read("vault.coldcert");
            let run = redirected(&work, "vault.coldcert", line, redirections).broken();
            let run = run.says(&["cannot be written: Bad file descriptor"]);
            assert!(!run.stderr.contains("wrote"), "{line} {redirections}: {}", run.stderr);
            assert!(before == work.read("vault.coldcert"), "{line} {redirections}: something was done");
        }
    }
    for line in ["list", "--json show own", "--json set own --enabled true"] {
        let run = redirected(&work, "vault.coldcert", line, "1<api.csr").broken();
        run.says(&["standard output cannot be written: Bad file descriptor"]);
    }
}

#[test]
fn whoever_throws_stdout_away_on_purpose_may() {
    let work = prepared();
    for line in ["backup own -o -", "export own -o -", "list", "--json show own"] {
        redirected(&work, "vault.coldcert", line, "> /dev/null").done();
    }
    // As many programs start others whose output they do not want.
    for line in ["list", "--json set own --enabled true", "create web --subject CN=web --curve P-256"] {
        redirected(&work, "vault.coldcert", line, "1<> /dev/null").done();
    }
}

#[test]
fn a_vault_that_a_stream_leads_to_is_not_written_to() {
    let work = prepared();
    work.run("--vault other.coldcert init --no-passphrase").done();
    let (vault, other) = (work.read("vault.coldcert"), work.read("other.coldcert"));
    for at_work in ["vault.coldcert", "other.coldcert"] {
        for line in
            ["pending csr api -o -", "list", "--json show own", "create web --subject CN=web", "nothing"]
        {
            let place = shown(&work.path("vault.coldcert")).to_owned();
            for redirection in ["1<>", ">>"] {
                redirected(&work, at_work, line, &format!("{redirection} {place}"))
                    .refused()
                    .says(&["standard output is a coldcert vault", "never written over"]);
            }
            for redirection in ["2<>", "2>>"] {
                let run = redirected(&work, at_work, line, &format!("{redirection} {place}"));
                assert_eq!(
                    (run.ended(1).stdout.len(), work.read("vault.coldcert") == vault),
                    (0, true),
                    "{line}"
                );
            }
        }
    }
    assert!(vault == work.read("vault.coldcert") && other == work.read("other.coldcert"));
    // A file beside it is a file.
    redirected(&work, "vault.coldcert", "list", &format!("> {}", shown(&work.path("list")))).done();
    assert!(fs::read_to_string(work.path("list")).unwrap().starts_with("own\t"));
}
