//! Judges a chain against a certificate request, with no vault at all: whether it would merge, and what is
//! wrong with it.
//!
//! ```text
//! cargo run --example check_chain -- www.csr answer.pem
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]

use std::error::Error;
use std::process::ExitCode;

use coldcert::bundle::{Bundle, Source};
use coldcert::csr::CertificateRequest;
use coldcert::time::UnixTime;
use coldcert::verdict::{Profile, Question, Terms, Verdict};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(csr), Some(answer)) = (arguments.next(), arguments.next()) else {
        return Err("usage: check_chain CSR ANSWER".into());
    };
    let bytes = std::fs::read(&csr)?;
    let request = CertificateRequest::read(&Source { name: &csr, bytes: &bytes })?;

    let bytes = std::fs::read(&answer)?;
    let bundle = Bundle::read(&[Source { name: &answer, bytes: &bytes }])?;
    let verdict = Verdict::judge(&Question::new(
        "the request",
        request.public_key(),
        &bundle,
        UnixTime::now(),
        &Terms::of(Profile::Rfc5280),
    ));
    for finding in verdict.findings() {
        println!("{} {}: {}", finding.severity.word(), finding.rule.name, finding.message);
    }
    match verdict.accept() {
        Ok(accepted) => {
            println!("accepted: {} and {} above it", accepted.leaf().subject(), accepted.issuers().len());
            Ok(ExitCode::SUCCESS)
        }
        Err(_) => {
            println!("refused");
            Ok(ExitCode::FAILURE)
        }
    }
}
