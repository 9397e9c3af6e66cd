//! The answer as it was given: its order, and whether the portal, `az`, PowerShell and the libraries would read it.
//!
//! What is found here is about files and not about the chain: coldcert reads them all the same, so nothing refuses.

use super::rule::{Rule, Severities, Severity};
use super::{AsGiven, rules};
use crate::chain::{Pool, Step};
use crate::x5c::{Client, Failure, Kind, Outcome};

/// Something found, before it is known what it does.
pub(super) struct Found {
    pub(super) rule: &'static Rule,
    pub(super) message: String,
    pub(super) help: String,
}

/// What every client that does not read the files makes of them; of the libraries those together that fare alike.
pub(super) fn unread(given: &AsGiven<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut libraries: Vec<(Vec<&Client>, &Outcome)> = Vec::new();
    for (client, outcome) in given.outcomes {
        if outcome.reads() {
            continue;
        }
        if client.kind != Kind::Library {
            let file = file(given, outcome);
            let subject = match client.kind {
                Kind::Portal => format!("{} {file} in the portal", client.command),
                _ => format!("`{} {file}`", client.command),
            };
            found.push(Found {
                rule: rule_of(client.kind),
                message: message(&subject, outcome, Some(client.way)),
                help: repair(given, client.kind),
            });
            continue;
        }
        match libraries.iter_mut().find(|(_, other)| *other == outcome) {
            Some((clients, _)) => clients.push(client),
            None => libraries.push((vec![client], outcome)),
        }
    }
    found.extend(libraries.into_iter().map(|(clients, outcome)| {
        let names: Vec<&str> = clients.iter().map(|client| client.name).collect();
        let subject = format!("merging {} with {}", file(given, outcome), names.join(", "));
        Found {
            rule: &LIBRARY_CANNOT_READ,
            message: message(&subject, outcome, None),
            help: repair(given, Kind::Library),
        }
    }));
    found.extend(one_file(given));
    found
}

/// The clients that would read each of several files, and take one in all.
fn one_file(given: &AsGiven<'_>) -> Option<Found> {
    let takers: Vec<&Client> = given
        .outcomes
        .iter()
        .filter(|(client, outcome)| client.takes_one_file() && outcome.reads())
        .map(|(client, _)| *client)
        .collect();
    if given.files.len() < 2 || takers.is_empty() {
        return None;
    }
    let names: Vec<&str> = takers.iter().map(|client| client.name).collect();
    let take = if names.len() == 1 { "takes" } else { "take" };
    let files: Vec<&str> = given.files.iter().map(|file| file.name).take(FILES_MAX).collect();
    let more = if given.files.len() > FILES_MAX { ", …" } else { "" };
    // PowerShell imports what is called .pem.
    let written =
        if takers.iter().any(|client| client.kind == Kind::PowerShell) { CER_FILE } else { PEM_FILE };
    Some(Found {
        rule: &ONE_FILE_ONLY,
        message: format!(
            "{} {take} one file for a merge, and these are {}: {}{more}",
            names.join(", "),
            given.files.len(),
            files.join(", ")
        ),
        help: format!("write one file of them: {} --write pem -o {written}", given.check),
    })
}

/// Where the chain goes on by certificates that were given beside the answer: from which step on, and what is said of
/// the one below it. A merge of the answer would not have them.
pub(super) fn beside(given: &AsGiven<'_>, pool: &Pool<'_>, path: &[Step]) -> Option<(usize, Found)> {
    let answer = pool.given.get(..given.certificates)?;
    let is_beside = |step: &Step| match step {
        Step::Given(_) => !answer.contains(&pool.certificate(*step)),
        Step::Anchor(_) => false,
    };
    let at = path.iter().position(is_beside)?.checked_sub(1)?;
    let first = pool.certificate(path[at + 1]);
    // A root is nothing that a server sends.
    if first.is_self_issued() {
        return None;
    }
    let rule = if at == 0 { &rules::ONLY_THE_LEAF } else { &rules::ISSUER_NOT_GIVEN };
    let message = format!(
        "issued by {}, which is not in the answer and was given beside it: merged as it is, the chain ends here",
        first.subject()
    );
    let help = "merge the file with the issuer too, as one more FILE".to_owned();
    Some((at, Found { rule, message, help }))
}

/// Whether the certificates of a path were given in another order than leaf first.
pub(super) fn order(given: &AsGiven<'_>, path: &[Step]) -> Option<Found> {
    let positions: Vec<usize> = path
        .iter()
        .filter_map(|step| match step {
            Step::Given(index) => Some(index + 1),
            Step::Anchor(_) => None,
        })
        .collect();
    if positions.is_sorted() {
        return None;
    }
    let listed = |positions: &[usize]| -> String {
        positions.iter().map(|position| format!("[{position}]")).collect::<Vec<_>>().join(" ")
    };
    let mut as_they_stood = positions.clone();
    as_they_stood.sort_unstable();
    Some(Found {
        rule: &ORDER_NOT_LEAF_FIRST,
        message: format!("given {}, where leaf first is {}", listed(&as_they_stood), listed(&positions)),
        help: format!("write it leaf first: {} --write pem -o {PEM_FILE}", given.check),
    })
}

fn message(subject: &str, outcome: &Outcome, way: Option<&str>) -> String {
    let sends = match outcome.sends {
        0 => "nothing".to_owned(),
        1 => "one element".to_owned(),
        sends => format!("{sends} elements"),
    };
    match (&outcome.failure, way) {
        (Some(Failure::Stops(stop)), _) => format!("{subject} merges nothing: {stop}"),
        (_, Some(way)) => {
            format!("{subject} sends {sends}, because it {way}; Key Vault would answer {outcome}")
        }
        (_, None) => format!("{subject} sends {sends}; Key Vault would answer {outcome}"),
    }
}

/// The file that the failure is about, or the first.
fn file<'a>(given: &'a AsGiven<'_>, outcome: &'a Outcome) -> &'a str {
    let first = given.files.first().map_or("", |file| file.name);
    outcome.file.as_deref().unwrap_or(first)
}

/// The command that writes what this kind of client reads.
fn repair(given: &AsGiven<'_>, kind: Kind) -> String {
    let check = given.check;
    match kind {
        Kind::Portal | Kind::Az => format!("write one that it reads: {check} --write pem -o {PEM_FILE}"),
        // Under any name but .pem, which it would import.
        Kind::PowerShell => format!("write one that it reads: {check} --write pem -o {CER_FILE}"),
        // What --write x5c writes: a body for REST, and no file that a library reads.
        Kind::Library if given.files.iter().any(|file| is_merge_body(file.bytes)) => {
            "it is the body of a merge: send each element of its x5c, decoded, as an element of its own"
                .to_owned()
        }
        Kind::Library => {
            format!(
                "send each element of x5c, decoded, as an element of its own: {check} --write x5c -o {X5C_FILE}"
            )
        }
    }
}

fn is_merge_body(bytes: &[u8]) -> bool {
    let member = b"\"x5c\"";
    bytes.trim_ascii_start().starts_with(b"{") && bytes.windows(member.len()).any(|window| window == member)
}

fn rule_of(kind: Kind) -> &'static Rule {
    match kind {
        Kind::Portal => &PORTAL_CANNOT_READ,
        Kind::Az => &AZ_CANNOT_READ,
        Kind::PowerShell => &POWERSHELL_CANNOT_READ,
        Kind::Library => &LIBRARY_CANNOT_READ,
    }
}

/// More names than these do not help to tell which files are meant.
const FILES_MAX: usize = 4;
const PEM_FILE: &str = "for-azure.pem";
const CER_FILE: &str = "for-azure.cer";
const X5C_FILE: &str = "for-azure.json";

/// The rows of this file.
pub(super) static ROWS: [&Rule; 6] = [
    &PORTAL_CANNOT_READ,
    &AZ_CANNOT_READ,
    &POWERSHELL_CANNOT_READ,
    &LIBRARY_CANNOT_READ,
    &ONE_FILE_ONLY,
    &ORDER_NOT_LEAF_FIRST,
];

static PORTAL_CANNOT_READ: Rule = Rule {
    name: "portal-cannot-read",
    clause: "Key Vault reference 2.5; azure-docs#100959",
    severity: Severities::everywhere(Severity::Note),
    purpose: "\"Merge Signed Request\" of the portal takes PEM with blocks of BEGIN CERTIFICATE, and no other file.",
    clients: "Key Vault refuses an x5c without an element; the operation stays as it was.",
    origin: "The CA sent DER, a .p7b with BEGIN PKCS7, or a PFX.",
};
static AZ_CANNOT_READ: Rule = Rule {
    name: "az-cannot-read",
    clause: "Key Vault reference 2.5, 7",
    severity: Severities::everywhere(Severity::Note),
    purpose: "`az keyvault certificate pending merge` reads text, and looks for blocks of BEGIN CERTIFICATE alone.",
    clients: "az stops over a file that is not text; of others it sends what it found; Key Vault refuses an x5c without an element.",
    origin: "The CA sent DER, a .p7b with BEGIN PKCS7, or a PFX.",
};
static POWERSHELL_CANNOT_READ: Rule = Rule {
    name: "powershell-cannot-read",
    clause: "Key Vault reference 2.5; azure-powershell#24323, #25843",
    severity: Severities::everywhere(Severity::Note),
    purpose: "Import-AzKeyVaultCertificate decides by the file's name and contents whether it merges or imports.",
    clients: "What is named .pem is imported, which fails without a private key; since Az 12.1 a .p7b with armour is not read.",
    origin: "The file has the name or the form that other clients ask for.",
};
static LIBRARY_CANNOT_READ: Rule = Rule {
    name: "library-cannot-read",
    clause: "Key Vault reference 2.5, 6.4; azure-powershell#24323",
    severity: Severities::everywhere(Severity::Note),
    purpose: "The libraries send what they are given: each certificate has to be an element of its own.",
    clients: "Key Vault does not take a chain of PEM in one element apart.",
    origin: "A program reads the whole file into the first element, as the samples for one certificate do.",
};
static ONE_FILE_ONLY: Rule = Rule {
    name: "one-file-only",
    clause: "Key Vault reference 2.5",
    severity: Severities::everywhere(Severity::Note),
    purpose: "\"Merge Signed Request\" of the portal, `az … pending merge --file` and Import-AzKeyVaultCertificate take one file, and the first merge ends the operation.",
    clients: "Whoever gives them the leaf's file alone has a record without its chain.",
    origin: "The CA sent the certificate and its chain as files of their own.",
};
static ORDER_NOT_LEAF_FIRST: Rule = Rule {
    name: "order-not-leaf-first",
    clause: "Key Vault reference 4, 5 row 6",
    severity: Severities::everywhere(Severity::Note),
    purpose: "Servers send a chain as it stands in their file, and TLS wants the leaf first (RFC 8446 4.4.2).",
    clients: "Key Vault keeps an order of its own; nginx and Envoy take the first certificate for the leaf, and say that the private key does not match.",
    origin: "The CA's file begins with its root, or the files were given in another order.",
};
