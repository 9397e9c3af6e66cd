//! The program's stdout and stderr where they are not what it takes them for: a pipe that nobody reads.

mod support;

use support::{Run, Workplace};

/// A vault with `own`, which has a version, and `api`, which waits.
fn prepared() -> Workplace {
    let work = Workplace::with_vault();
    work.run("create own --subject CN=own --curve P-256 --issuer Self").done();
    work.create("api");
    work
}

/// Runs the program with stdout a pipe that nobody reads any more.
fn unread(work: &Workplace, line: &str) -> Run {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = work.command(line.split_whitespace()).stdout(writer).output().unwrap();
    Run::of(line.to_owned(), &output)
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
    assert!(!work.run("passphrase list").done().out().contains("paper"));
}
