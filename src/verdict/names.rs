//! Name constraints along a path (RFC 5280 6.1.3(b), (c) and 6.1.4(g)): every name of every certificate
//! against the constraints of every CA above it.
//!
//! Host names are looked for in alternative names alone. A common name that looks like a host is none here
//! (RFC 9525 2 no longer lets clients take it for one), and no constraint of DNS names touches it unless that is
//! asked for.

#[cfg(test)]
mod cases;
mod constrained;
#[cfg(test)]
mod suites;

use std::collections::BTreeMap;

use super::listing::listed;
use super::rule::{Fault, Rule, Severities, Severity};
use crate::certificate::Certificate;
use crate::extension::{NAME_CONSTRAINTS, NameConstraints, NameForm};
use crate::name::DistinguishedName;
use constrained::{ConstrainedName, ConstrainedNames, FormConstraints};

/// What is wrong with the names of a path, the leaf first and the anchor, where there is one, last: its own
/// constraints hold as any CA's do.
///
/// `budget` is what is left of [`COMPARISONS_MAX`]. Running out is a fault, and ends the search.
pub(super) fn faults(path: &[&Certificate], budget: &mut usize) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut authorities = Vec::new();
    for (at, certificate) in path.iter().enumerate() {
        match read_constraints(at, certificate, &mut faults) {
            Some(_) if at == 0 && !certificate.is_authority() => faults.push(outside_ca()),
            Some(constraints) if at > 0 => authorities.extend(constraints),
            Some(_) | None => {}
        }
    }
    let Some(highest) = authorities.iter().map(|authority| authority.at).max() else {
        return faults;
    };
    for (at, certificate) in path.iter().enumerate().take(highest) {
        // RFC 5280 6.1.3(b): a self-issued certificate is free, unless it ends the path.
        if at > 0 && certificate.is_self_issued() {
            continue;
        }
        let names = ConstrainedNames::of(certificate);
        let above: Vec<&Constraining<'_>> = authorities.iter().filter(|one| one.at > at).collect();
        if let (Some(error), Some(authority)) = (&names.unreadable, above.first()) {
            let message = format!(
                "its alternative names cannot be compared with the names that {} constrains: {error}",
                authority.name
            );
            faults.push(Fault { rule: &NAME_MALFORMED, at, message, help: CORRECT_NAMES.to_owned() });
        }
        for authority in above {
            let pairs = names.compared.saturating_mul(authority.compared());
            let Some(left) = budget.checked_sub(pairs) else {
                faults.push(over_budget(at, &names, authority, *budget));
                return faults;
            };
            *budget = left;
            authority.judge(at, &names, &mut faults);
        }
    }
    faults
}

/// What is wrong with the host names in the leaf's common names, where a common name can be a host's: with no DNS
/// name among its alternative names, each one that looks like a host is held against the DNS constraints of every
/// CA above.
pub(super) fn common_name_faults(path: &[&Certificate], budget: &mut usize) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(names) = path.first().map(|leaf| ConstrainedNames::of_hosts_in_subject(leaf)) else {
        return faults;
    };
    // What cannot be read is a fault of the names proper.
    let authorities: Vec<Constraining<'_>> =
        (1..path.len()).filter_map(|at| read_constraints(at, path[at], &mut Vec::new())).flatten().collect();
    for authority in authorities {
        let pairs = names.compared.saturating_mul(authority.compared());
        let Some(left) = budget.checked_sub(pairs) else {
            faults.push(over_budget(0, &names, &authority, *budget));
            return faults;
        };
        *budget = left;
        authority.judge(0, &names, &mut faults);
    }
    faults
}

/// The constraints of a CA, and whose they are.
struct Constraining<'a> {
    at: usize,
    name: &'a DistinguishedName,
    constraints: NameConstraints,
}

impl Constraining<'_> {
    /// How many of its constraints are compared with names one by one.
    fn compared(&self) -> usize {
        let all = self.constraints.permitted.iter().chain(&self.constraints.excluded);
        all.filter(|subtree| is_compared(&subtree.form())).count()
    }

    fn by_form(&self) -> BTreeMap<NameForm, FormConstraints<'_>> {
        let mut forms: BTreeMap<NameForm, FormConstraints<'_>> = BTreeMap::new();
        for subtree in &self.constraints.permitted {
            forms.entry(subtree.form()).or_default().permitted.push(subtree);
        }
        for subtree in &self.constraints.excluded {
            forms.entry(subtree.form()).or_default().excluded.push(subtree);
        }
        forms
    }

    /// One fault for each form and rule, however many names break it.
    fn judge(&self, at: usize, names: &ConstrainedNames, faults: &mut Vec<Fault>) {
        for (form, constraints) in self.by_form() {
            let Some(names) = names.by_form.get(&form) else {
                continue;
            };
            let found = match form {
                NameForm::Other(_) | NameForm::Tag(_) => vec![self.not_understood(names)],
                NameForm::Dns | NameForm::Email | NameForm::Uri | NameForm::Ip | NameForm::Directory => {
                    vec![
                        self.malformed(&form, names),
                        self.excluded(names, &constraints),
                        self.not_permitted(&form, names, &constraints),
                    ]
                }
            };
            let found = found.into_iter().flatten();
            faults.extend(found.map(|(rule, message, help)| Fault { rule, at, message, help }));
        }
    }

    /// RFC 5280 4.2.1.10: "must either process the constraint or reject". That is said of a critical extension; of
    /// one that is not, a CA meant no less, and OpenSSL refuses too.
    fn not_understood(&self, names: &[ConstrainedName]) -> Option<(&'static Rule, String, String)> {
        let name = names.first()?;
        let message = format!(
            "{name}{} is of a kind that {} constrains and that coldcert, like most clients, cannot compare",
            and_more(names.len() - 1),
            self.name
        );
        let help = "ask the CA for a certificate without this kind of name, or from an issuer that does not constrain it";
        Some((&NAME_CONSTRAINT_NOT_UNDERSTOOD, message, help.to_owned()))
    }

    fn malformed(
        &self,
        form: &NameForm,
        names: &[ConstrainedName],
    ) -> Option<(&'static Rule, String, String)> {
        let mut wrong = names.iter().filter_map(|name| name.content.as_ref().err().map(|why| (name, why)));
        let (name, why) = wrong.next()?;
        let message = format!(
            "{name}{} cannot be compared with the {form} names that {} constrains: {why}",
            and_more(wrong.count()),
            self.name
        );
        Some((&NAME_MALFORMED, message, CORRECT_NAMES.to_owned()))
    }

    fn excluded(
        &self,
        names: &[ConstrainedName],
        constraints: &FormConstraints<'_>,
    ) -> Option<(&'static Rule, String, String)> {
        let mut wrong = names
            .iter()
            .filter_map(|name| constraints.excluded.touched_by(name).map(|subtree| (name, subtree)));
        let (name, subtree) = wrong.next()?;
        let verb = if name.is_wildcard() { "reaches into" } else { "lies in" };
        let message =
            format!("{name}{} {verb} {subtree}, which {} excludes", and_more(wrong.count()), self.name);
        let help =
            "ask the CA for a certificate without this name, or from an issuer that does not exclude it";
        Some((&NAME_EXCLUDED, message, help.to_owned()))
    }

    fn not_permitted(
        &self,
        form: &NameForm,
        names: &[ConstrainedName],
        constraints: &FormConstraints<'_>,
    ) -> Option<(&'static Rule, String, String)> {
        let permitted = &constraints.permitted;
        if permitted.all.is_empty() {
            return None;
        }
        let mut wrong = names.iter().filter(|name| name.content.is_ok() && !permitted.hold(name));
        let name = wrong.next()?;
        let message = format!(
            "{name}{} is not among the {form} names that {} permits: {}",
            and_more(wrong.count()),
            self.name,
            listed(&permitted.all, LISTED_MAX)
        );
        let help =
            "ask the CA for a certificate with names that its issuer may certify, or from another issuer";
        Some((&NAME_NOT_PERMITTED, message, help.to_owned()))
    }
}

/// The constraints of one certificate; none where it has none. What cannot be read is a fault, and no
/// constraint that could be compared.
fn read_constraints<'a>(
    at: usize,
    certificate: &'a Certificate,
    faults: &mut Vec<Fault>,
) -> Option<Vec<Constraining<'a>>> {
    let extensions: Vec<_> =
        certificate.extensions().iter().filter(|one| one.oid == NAME_CONSTRAINTS).collect();
    let mut read = Vec::new();
    for extension in &extensions {
        let name = certificate.subject();
        match NameConstraints::from_der(&extension.value) {
            Ok(constraints) => {
                faults.extend(unusual(at, extension.critical, name, &constraints));
                read.push(Constraining { at, name, constraints });
            }
            Err(error) => {
                let message = format!("the name constraints of {name} cannot be read: {error}");
                faults.push(Fault { rule: &NAME_CONSTRAINT_MALFORMED, at, message, help: error.help() });
            }
        }
    }
    (!extensions.is_empty()).then_some(read)
}

/// RFC 5280 4.2: a critical extension is understood as it is defined, or refused. In one that is not, the
/// usual meaning is applied, because clients do so, and it is said.
fn unusual(
    at: usize,
    is_critical: bool,
    name: &DistinguishedName,
    constraints: &NameConstraints,
) -> Option<Fault> {
    let error = constraints.unusual.first()?;
    let more = match constraints.unusual.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more like it)"),
    };
    let message = format!("the name constraints of {name} are not as RFC 5280 writes them: {error}{more}");
    let rule = if is_critical { &NAME_CONSTRAINT_MALFORMED } else { &NAME_CONSTRAINT_UNUSUAL };
    Some(Fault { rule, at, message, help: error.help() })
}

fn outside_ca() -> Fault {
    Fault {
        rule: &NAME_CONSTRAINT_OUTSIDE_CA,
        at: 0,
        message: "it has name constraints and is no CA, expected them in a CA's certificate alone".to_owned(),
        help: "ask the CA for a certificate without name constraints".to_owned(),
    }
}

fn over_budget(at: usize, names: &ConstrainedNames, authority: &Constraining<'_>, left: usize) -> Fault {
    Fault {
        rule: &NAME_CONSTRAINT_BUDGET,
        at,
        message: format!(
            "{} names against {} constraints of {} are more comparisons than the {left} left of {COMPARISONS_MAX}: the names of this path are not known to be permitted",
            names.compared,
            authority.compared(),
            authority.name
        ),
        help: "ask the CA for a certificate with fewer names, or from an issuer with fewer constraints"
            .to_owned(),
    }
}

/// Whether names of a form are compared with each constraint. URIs are looked up, and the others not
/// compared at all.
fn is_compared(form: &NameForm) -> bool {
    match form {
        NameForm::Dns | NameForm::Email | NameForm::Ip | NameForm::Directory => true,
        NameForm::Uri | NameForm::Other(_) | NameForm::Tag(_) => false,
    }
}

/// ` (and 3 more names)`
fn and_more(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => " (and 1 more name)".to_owned(),
        _ => format!(" (and {count} more names)"),
    }
}

/// Every rule of this part.
pub(super) static ROWS: [&Rule; 8] = [
    &NAME_NOT_PERMITTED,
    &NAME_EXCLUDED,
    &NAME_MALFORMED,
    &NAME_CONSTRAINT_MALFORMED,
    &NAME_CONSTRAINT_UNUSUAL,
    &NAME_CONSTRAINT_NOT_UNDERSTOOD,
    &NAME_CONSTRAINT_OUTSIDE_CA,
    &NAME_CONSTRAINT_BUDGET,
];

pub(super) static NAME_NOT_PERMITTED: Rule = Rule {
    name: "name-not-permitted",
    clause: "RFC 5280 6.1.3(b)",
    severity: Severities::path_validation(),
    purpose: "A CA that may certify only some names is bound to them, and so is every CA below it: each name of each certificate under it lies in a subtree that it permits for names of that kind.",
    clients: "OpenSSL, Go, BoringSSL, rustls, Windows and macOS refuse the chain; OpenSSL says permitted subtree violation. Some look at alternative names alone and not at the subject.",
    origin: "A company's own CA is limited to the company's domains, and the request names a host outside them: a new domain, an IP address, or a subject whose organisation is spelled otherwise.",
};

pub(super) static NAME_EXCLUDED: Rule = Rule {
    name: "name-excluded",
    clause: "RFC 5280 6.1.3(c)",
    severity: Severities::path_validation(),
    purpose: "No certificate bears a name that a CA above it was forbidden to certify. A wildcard counts as every name that it stands for, so it may not reach an excluded one.",
    clients: "All that know name constraints refuse the chain. Some older ones miss an excluded name under a wildcard (CVE-2025-61727), so such a chain works in one place and fails in another.",
    origin: "The CA is shared and one part of the tree was kept back for another, or a wildcard was asked for above a host that is excluded.",
};

pub(super) static NAME_MALFORMED: Rule = Rule {
    name: "name-malformed",
    clause: "RFC 5280 4.2.1.6 and 4.2.1.10",
    severity: Severities::path_validation(),
    purpose: "A name under a constraint has to be comparable with it: a host name of labels, a mailbox with one host, an address of 4 or 16 octets, a URI with a host name in it. One that is not could hide what the constraint is there to find.",
    clients: "Strict clients refuse the chain, others skip the name, and which of them do what changes between versions.",
    origin: "An address range or a host name with a blank, a port or a final dot was written into the request, or a URI that has no host, such as a urn, under a CA that constrains URIs.",
};

pub(super) static NAME_CONSTRAINT_MALFORMED: Rule = Rule {
    name: "name-constraint-malformed",
    clause: "RFC 5280 4.2.1.10",
    severity: Severities::path_validation(),
    purpose: "A CA's constraints are lists of subtrees that are not empty, with a minimum of 0 and no maximum, each a name that can be compared. What can be read in two ways protects nobody.",
    clients: "BoringSSL, Go and rustls refuse most of it, as a chain or as a certificate that cannot be read. OpenSSL and Go take a dot before a DNS name.",
    origin: "The CA's own certificate was made by hand or from a template: a dot or an asterisk before the domain, an address without a mask, or an empty list from an empty line in a configuration.",
};

pub(super) static NAME_CONSTRAINT_UNUSUAL: Rule = Rule {
    name: "name-constraint-unusual",
    clause: "RFC 5280 4.2.1.10",
    severity: Severities::everywhere(Severity::Warn),
    purpose: "A dot before a DNS name, or a whole URI where its host belongs, is no constraint of RFC 5280, though its meaning is plain. Where the extension is not critical it is applied with that meaning; where it is critical, see name-constraint-malformed.",
    clients: "OpenSSL and Go apply the dot as all names below the domain. Others pass the constraint over, and some refuse the chain.",
    origin: "A domain was copied from a cookie or a proxy exception, where the dot is usual, into the CA's configuration.",
};

pub(super) static NAME_CONSTRAINT_NOT_UNDERSTOOD: Rule = Rule {
    name: "name-constraint-not-understood",
    clause: "RFC 5280 4.2.1.10",
    severity: Severities::path_validation(),
    purpose: "A constraint on a kind of name that cannot be compared is not passed over when a name of that kind is there: nobody knows whether it is allowed.",
    clients: "Most refuse the chain as soon as such a name turns up, some only where the constraints are critical. Windows compares user principal names, and accepts those that fit.",
    origin: "A Windows CA constrains user principal names, and the certificate bears one; or constraints were made of a registered id or a private kind of name.",
};

pub(super) static NAME_CONSTRAINT_OUTSIDE_CA: Rule = Rule {
    name: "name-constraint-outside-ca",
    clause: "RFC 5280 4.2.1.10",
    severity: Severities::path_validation(),
    purpose: "Name constraints say what may stand below a CA. In a certificate that signs no others they mean nothing, and must not be there.",
    clients: "Strict ones refuse the certificate, most do not look.",
    origin: "A template for CAs was used for a server's certificate.",
};

pub(super) static NAME_CONSTRAINT_BUDGET: Rule = Rule {
    name: "name-constraint-budget",
    clause: "RFC 5280 6.1.3(b) and (c)",
    severity: Severities::path_validation(),
    purpose: "Names are compared with constraints one by one, so a few certificates full of both could keep a client busy for a long time. A path that asks for too many comparisons is given up.",
    clients: "OpenSSL and BoringSSL stop at the same number, 1048576 comparisons, and refuse the chain; rustls stops sooner.",
    origin: "Thousands of names in one certificate under a CA with hundreds of constraints. No CA issues that by accident: it is made to exhaust whoever reads it.",
};

const CORRECT_NAMES: &str =
    "ask the CA for a certificate in which this name is written correctly or left out";

/// The names times constraints of one path, over all its certificates; counted as OpenSSL (NAME_CHECK_MAX)
/// and BoringSSL count, every name with every constraint whatever their forms, but for subjects and URIs.
/// They allow as many for one certificate. One megabyte of certificates could ask for a hundred
/// times more.
pub(super) const COMPARISONS_MAX: usize = 1 << 20;
/// How many constraints a message lists. Ours: a line of a terminal.
const LISTED_MAX: usize = 3;
