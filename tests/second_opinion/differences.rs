//! Where we and rustls-webpki judge differently, one row each: who refuses, for what, and by which clause.

use coldcert::certificate::Certificate;
use coldcert::extension::{
    BASIC_CONSTRAINTS, CERTIFICATE_POLICIES, Extension, NAME_CONSTRAINTS, NameConstraints,
    POLICY_CONSTRAINTS, Subtree,
};
use coldcert::verdict::Profile;
use webpki::Error;

use crate::chains::{
    ANY_PURPOSE, Arrangement, Basic, CERT_AND_CRL_SIGN, CLIENT_AUTH, Chain, Change, DIGITAL_SIGNATURE, HOST,
    Identifier, NO_USAGE, Name, POLICIES, POLICY_REQUIRED, SERVER_AUTH, Spelling, UNKNOWN,
};
use crate::made::Kind;

/// A row: one difference.
pub(crate) struct Difference {
    refuses: Refuses,
    pub(crate) profiles: &'static [Profile],
    /// The clause that ours follows.
    pub(crate) clause: &'static str,
    pub(crate) reason: &'static str,
    /// A chain that shows it.
    pub(crate) example: fn() -> Chain,
}

/// Who refuses, for what.
enum Refuses {
    /// We, by a rule at a place.
    Us(&'static str, Place),
    /// They, with an error, on a path like this one.
    Them { error: fn(&Error) -> bool, path: fn(&[Certificate]) -> bool },
}

/// Who refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    WeRefuse,
    TheyRefuse,
}

/// Where in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Leaf,
    Intermediate,
    Anchor,
}

/// Why we refuse.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) rule: &'static str,
    pub(crate) place: Place,
    pub(crate) message: String,
}

impl Difference {
    pub(crate) fn direction(&self) -> Direction {
        match self.refuses {
            Refuses::Us(..) => Direction::WeRefuse,
            Refuses::Them { .. } => Direction::TheyRefuse,
        }
    }
}

/// The row for something that we refuse and webpki does not; without one, what to say.
pub(crate) fn row_of_ours(refusal: &Refusal, profile: Profile) -> Result<&'static Difference, String> {
    let mut rows = DIFFERENCES.iter().filter(|row| row.profiles.contains(&profile));
    rows.find(|row| {
        matches!(row.refuses, Refuses::Us(rule, place) if rule == refusal.rule && place == refusal.place)
    })
    .ok_or_else(|| {
        let Refusal { rule, place, message } = refusal;
        format!("{}: no row says why we refuse by {rule} at {place:?} and webpki accepts: {message}", profile.name())
    })
}

/// The row for something that webpki refuses and we do not.
pub(crate) fn row_of_theirs(
    error: &Error,
    path: &[Certificate],
    profile: Profile,
) -> Result<&'static Difference, String> {
    let mut rows = DIFFERENCES.iter().filter(|row| row.profiles.contains(&profile));
    rows.find(|row| match row.refuses {
        Refuses::Them { error: fits, path: is_like_it } => fits(error) && is_like_it(path),
        Refuses::Us(..) => false,
    })
    .ok_or_else(|| format!("{}: no row says why webpki refuses with {error:?} and we accept", profile.name()))
}

/// The rows.
pub(crate) static DIFFERENCES: [Difference; 65] = [
    we_refuse("expired", Place::Anchor, BOTH, "RFC 5280 6.1.3(a)(2)", ANCHOR, || {
        Chain::good(1).with(2, Change::Dates("200101000000Z", "210101000000Z"))
    }),
    we_refuse("not-yet-valid", Place::Anchor, BOTH, "RFC 5280 6.1.3(a)(2)", ANCHOR, || {
        Chain::good(1).with(2, Change::Dates("270101000000Z", "361231235959Z"))
    }),
    we_refuse("not-a-ca", Place::Anchor, BOTH, "RFC 5280 6.1.4(k)", ANCHOR, || {
        Chain::good(1).with(2, Change::BasicConstraints(None))
    }),
    we_refuse("path-too-long", Place::Intermediate, BOTH, "RFC 5280 6.1.4(m)", ANCHOR, || {
        Chain::good(1).with(2, Change::BasicConstraints(Some(Basic { path_length: Some(&[0]), ..CA })))
    }),
    we_refuse("ca-cannot-sign", Place::Anchor, BOTH, "RFC 5280 6.1.4(n)", ANCHOR, || {
        Chain::good(1).with(2, Change::KeyUsage(Some(DIGITAL_SIGNATURE)))
    }),
    we_refuse("purpose-not-allowed", Place::Anchor, BOTH, "RFC 5280 4.2.1.12", ANCHOR, || {
        Chain::good(1).with(2, Change::Purposes(Some(vec![CLIENT_AUTH])))
    }),
    we_refuse("critical-extension", Place::Anchor, BOTH, "RFC 5280 4.2", ANCHOR, || {
        Chain::good(1).with(2, Change::Extension { kind: UNKNOWN.0, critical: true, value: UNKNOWN.1 })
    }),
    we_refuse("extension-critical", Place::Anchor, BOTH, "RFC 5280 4.2.1.2", ANCHOR, || {
        Chain::good(1).with(2, Change::SubjectKeyIdentifier(Identifier::Critical))
    }),
    we_refuse("extension-malformed", Place::Anchor, BOTH, "RFC 5280 4.2.1.3", ANCHOR, || {
        Chain::good(1).with(2, Change::KeyUsage(Some(NO_USAGE)))
    }),
    we_refuse("extension-twice", Place::Anchor, BOTH, "RFC 5280 4.2", ANCHOR, || {
        Chain::good(1).with(2, Change::ExtensionTwice)
    }),
    we_refuse("empty-name", Place::Anchor, BOTH, "RFC 5280 4.1.2.4", ANCHOR, || {
        Chain::good(1).with(2, Change::Issuer(Spelling::Empty))
    }),
    we_refuse("date-encoding", Place::Anchor, WEBPKI, "RFC 5280 4.1.2.5", ANCHOR, || {
        Chain::good(1).with(2, Change::Dates("20260101000000Z", "20361231235959Z"))
    }),
    we_refuse("serial-number", Place::Anchor, BOTH, "RFC 5280 4.1.2.2", ANCHOR, || {
        Chain::good(1).with(2, Change::Serial(vec![0x80]))
    }),
    we_refuse("no-key-identifier", Place::Anchor, BOTH, "RFC 5280 4.2.1.2", ANCHOR, || {
        Chain::good(1).with(2, Change::SubjectKeyIdentifier(Identifier::Absent))
    }),
    we_refuse("root-constraints-not-critical", Place::Anchor, BOTH, "RFC 5280 4.2.1.9", ANCHOR, || {
        Chain::good(1).with(2, Change::BasicConstraints(Some(Basic { critical: false, ..CA })))
    }),
    we_refuse("root-with-purposes", Place::Anchor, WEBPKI, "BR 7.1.2.1.2", ANCHOR, || {
        Chain::good(1).with(2, Change::Purposes(Some(vec![ANY_PURPOSE])))
    }),
    we_refuse("root-key-identifier", Place::Anchor, WEBPKI, "BR 7.1.2.1.3", ANCHOR, || {
        Chain::good(1).with(2, Change::AuthorityKeyIdentifier(Identifier::WithIssuer))
    }),
    we_refuse("extension-not-critical", Place::Anchor, BOTH, "RFC 5280 4.2.1.11", ANCHOR, || {
        Chain::good(1)
            .with(2, Change::Extension { kind: POLICY_REQUIRED.0, critical: false, value: POLICY_REQUIRED.1 })
    }),
    we_refuse(
        "extension-not-critical",
        Place::Intermediate,
        BOTH,
        "RFC 5280 4.2.1.11",
        "webpki does not process policies",
        || {
            Chain::good(1).with(
                1,
                Change::Extension { kind: POLICY_REQUIRED.0, critical: false, value: POLICY_REQUIRED.1 },
            )
        },
    ),
    we_refuse(
        "extension-not-critical",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.2.1.11",
        "webpki does not process policies",
        || {
            Chain::good(1).with(
                0,
                Change::Extension { kind: POLICY_REQUIRED.0, critical: false, value: POLICY_REQUIRED.1 },
            )
        },
    ),
    we_refuse(
        "ca-constraints-not-critical",
        Place::Intermediate,
        WEBPKI,
        "BR 7.1.2.10.4",
        "webpki reads basic constraints, critical or not",
        || Chain::good(1).with(1, Change::BasicConstraints(Some(Basic { critical: false, ..CA }))),
    ),
    we_refuse(
        "host-name-malformed",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.2.1.6",
        "webpki passes over names that nobody asked for",
        || {
            let names = vec![Name::Dns(HOST), Name::Dns("www.example.com.")];
            Chain::good(1).with(0, Change::Names { names, critical: false })
        },
    ),
    we_refuse(
        "host-name-malformed",
        Place::Intermediate,
        BOTH,
        "RFC 5280 4.2.1.6",
        "webpki passes over names that nobody asked for",
        || {
            let names = vec![Name::Dns(HOST), Name::Dns("www.example.com.")];
            Chain::good(1).with(1, Change::Names { names, critical: false })
        },
    ),
    we_refuse(
        "host-name-malformed",
        Place::Anchor,
        BOTH,
        "RFC 5280 4.2.1.6",
        "webpki passes over names that nobody asked for",
        || {
            let names = vec![Name::Dns(HOST), Name::Dns("www.example.com.")];
            Chain::good(1).with(2, Change::Names { names, critical: false })
        },
    ),
    we_refuse(
        "ca-cannot-sign",
        Place::Intermediate,
        BOTH,
        "RFC 5280 6.1.4(n)",
        "webpki does not look at a key usage: basic constraints are enough for it",
        || Chain::good(1).with(1, Change::KeyUsage(Some(DIGITAL_SIGNATURE))),
    ),
    we_refuse(
        "key-cert-sign-without-ca",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.2.1.3",
        "webpki does not look at a key usage",
        || Chain::good(1).with(0, Change::KeyUsage(Some(CERT_AND_CRL_SIGN))),
    ),
    we_refuse(
        "extension-malformed",
        Place::Intermediate,
        BOTH,
        "RFC 5280 4.2.1.3",
        "webpki does not look at a key usage, nor at an authority key identifier",
        || Chain::good(1).with(1, Change::KeyUsage(Some(NO_USAGE))),
    ),
    we_refuse(
        "extension-malformed",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.2.1.3",
        "webpki does not look at a key usage",
        || Chain::good(1).with(0, Change::KeyUsage(Some(NO_USAGE))),
    ),
    we_refuse(
        "extension-twice",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.2",
        "webpki counts the extensions that it knows; key identifiers are none of them",
        || Chain::good(1).with(0, Change::ExtensionTwice),
    ),
    we_refuse(
        "extension-twice",
        Place::Intermediate,
        BOTH,
        "RFC 5280 4.2",
        "webpki counts the extensions that it knows; key identifiers are none of them",
        || Chain::good(1).with(1, Change::ExtensionTwice),
    ),
    we_refuse(
        "date-encoding",
        Place::Leaf,
        WEBPKI,
        "RFC 5280 4.1.2.5",
        "webpki reads dates in either form, whatever their year",
        || Chain::good(1).with(0, Change::Dates("20260101000000Z", "20361231235959Z")),
    ),
    we_refuse(
        "date-encoding",
        Place::Intermediate,
        WEBPKI,
        "RFC 5280 4.1.2.5",
        "webpki reads dates in either form, whatever their year",
        || Chain::good(1).with(1, Change::Dates("20260101000000Z", "20361231235959Z")),
    ),
    we_refuse(
        "serial-number",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.1.2.2",
        "webpki takes any number, because anchors in use have such ones",
        || Chain::good(1).with(0, Change::Serial(vec![0])),
    ),
    we_refuse(
        "serial-number",
        Place::Intermediate,
        BOTH,
        "RFC 5280 4.1.2.2",
        "webpki takes any number, because anchors in use have such ones",
        || Chain::good(1).with(1, Change::Serial(vec![0])),
    ),
    we_refuse(
        "no-key-identifier",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.2.1.1",
        "webpki does not read key identifiers: it tries every CA of a name",
        || Chain::good(1).with(0, Change::AuthorityKeyIdentifier(Identifier::Absent)),
    ),
    we_refuse(
        "no-key-identifier",
        Place::Intermediate,
        BOTH,
        "RFC 5280 4.2.1.2",
        "webpki does not read key identifiers: it tries every CA of a name",
        || Chain::good(1).with(1, Change::SubjectKeyIdentifier(Identifier::Absent)),
    ),
    we_refuse(
        "empty-name",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.1.2.6",
        "webpki does not ask for a subject, nor for critical names without one",
        || Chain::good(1).with(0, Change::Subject(Spelling::Empty)),
    ),
    we_refuse(
        "empty-name",
        Place::Intermediate,
        BOTH,
        "RFC 5280 4.1.2.4",
        "webpki compares names, and an empty one equals an empty one",
        || Chain::good(2).with(2, Change::Subject(Spelling::Empty)).with(1, Change::Issuer(Spelling::Empty)),
    ),
    we_refuse(
        "path-length-without-ca",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.2.1.9",
        "webpki passes over the limit of who may sign nothing",
        || {
            Chain::good(1).with(
                0,
                Change::BasicConstraints(Some(Basic {
                    authority: None,
                    path_length: Some(&[0]),
                    critical: true,
                })),
            )
        },
    ),
    we_refuse(
        "name-constraint-outside-ca",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.2.1.10",
        "webpki reads the constraints of CAs alone",
        || Chain::good(1).with(0, constrained(vec![Name::Dns("example.com")], true)),
    ),
    we_refuse(
        "name-constraint-malformed",
        Place::Leaf,
        BOTH,
        "RFC 5280 4.2.1.10",
        "webpki reads the constraints of CAs alone",
        || Chain::good(1).with(0, constrained(vec![], true)),
    ),
    we_refuse(
        "name-constraint-malformed",
        Place::Intermediate,
        BOTH,
        "RFC 5280 4.2.1.10",
        "webpki takes an empty list, a dot before a domain, and what it has no name to compare with",
        || Chain::good(1).with(1, constrained(vec![Name::Dns(".example.com")], true)),
    ),
    we_refuse(
        "name-constraint-malformed",
        Place::Anchor,
        BOTH,
        "RFC 5280 4.2.1.10",
        "webpki takes an empty list, a dot before a domain, and what it has no name to compare with",
        || Chain::good(1).with(2, constrained(vec![], true)),
    ),
    we_refuse(
        "no-valid-policy",
        Place::Leaf,
        BOTH,
        "RFC 5280 6.1.5(g)",
        "webpki does not process policies",
        || {
            Chain::good(0).with(
                1,
                Change::Extension { kind: POLICY_REQUIRED.0, critical: false, value: POLICY_REQUIRED.1 },
            )
        },
    ),
    we_refuse(
        "no-valid-policy",
        Place::Intermediate,
        BOTH,
        "RFC 5280 6.1.3(f)",
        "webpki does not process policies",
        || {
            Chain::good(1).with(
                2,
                Change::Extension { kind: POLICY_REQUIRED.0, critical: false, value: POLICY_REQUIRED.1 },
            )
        },
    ),
    we_refuse(
        "no-purpose",
        Place::Leaf,
        WEBPKI,
        "BR 7.1.2.7.10",
        "webpki asks for the purpose where there is a list of purposes",
        || Chain::good(1).with(0, Change::Purposes(None)),
    ),
    we_refuse(
        "common-name-misleading",
        Place::Leaf,
        WEBPKI,
        "BR 7.1.4.3",
        "webpki does not look at the common name",
        || Chain::good(1).with(0, Change::Subject(Spelling::Capitals)),
    ),
    we_refuse(
        "needlessly-critical",
        Place::Leaf,
        WEBPKI,
        "BR 7.1.2.7.12",
        "webpki reads the alternative names, critical or not",
        || Chain::good(1).with(0, Change::Names { names: vec![Name::Dns(HOST)], critical: true }),
    ),
    we_refuse(
        "purposes-mixed",
        Place::Leaf,
        WEBPKI,
        "BR 7.1.2.7.10",
        "webpki looks for the purpose that is asked for, and passes over the others",
        || Chain::good(1).with(0, Change::Purposes(Some(vec![SERVER_AUTH, ANY_PURPOSE]))),
    ),
    we_refuse(
        "key-algorithm-not-for-web",
        Place::Leaf,
        WEBPKI,
        "BR 6.1.5",
        "webpki takes what signature algorithm its caller lists",
        || Chain::good(1).with_key(0, Kind::Ed25519),
    ),
    we_refuse(
        "key-algorithm-not-for-web",
        Place::Intermediate,
        WEBPKI,
        "BR 6.1.5",
        "webpki takes what signature algorithm its caller lists",
        || Chain::good(1).with_key(1, Kind::Ed25519),
    ),
    we_refuse(
        "key-algorithm-not-for-web",
        Place::Anchor,
        WEBPKI,
        "BR 6.1.5",
        "webpki takes what signature algorithm its caller lists",
        || Chain::good(1).with_key(2, Kind::Ed25519),
    ),
    we_refuse(
        "wildcard-misplaced",
        Place::Leaf,
        WEBPKI,
        "BR 3.2.2.6",
        "webpki looks for the host and passes over the other names",
        || Chain::good(1).with(0, named(vec![Name::Dns(HOST), Name::Dns("*.com")])),
    ),
    they_refuse(
        |error| *error == Error::UnknownIssuer || is_about_the_signature(error),
        is_trusted_itself,
        BOTH,
        "RFC 5280 6.1.1(d)",
        "we accept a leaf that is itself trusted; webpki looks for an issuer above it",
        || Chain::good(1).arranged(Arrangement::AnchorAt(0)),
    ),
    they_refuse(
        |error| *error == Error::UnknownIssuer || is_about_the_signature(error),
        is_chained_by_other_bytes,
        BOTH,
        "RFC 5280 7.1",
        "webpki compares names byte for byte",
        || Chain::good(1).with(0, Change::Issuer(Spelling::Capitals)),
    ),
    they_refuse(
        |error| *error == Error::BadDer,
        |path| path.last().is_some_and(|anchor| anchor.version() == 2),
        RFC5280,
        "RFC 5280 6.1.4(k)",
        "an anchor of version 2 has no more extensions than one of version 1, which webpki takes",
        || Chain::good(1).with(2, Change::Version(Some(1))),
    ),
    they_refuse(
        |error| *error == Error::CaUsedAsEndEntity,
        |path| path[0].is_authority(),
        RFC5280,
        "RFC 5280 6.1",
        "a path may end at a CA; the Baseline Requirements forbid it for servers",
        || Chain::good(1).with(0, Change::BasicConstraints(Some(CA))),
    ),
    they_refuse(
        |error| matches!(error, Error::RequiredEkuNotFoundContext(_)),
        |path| path.iter().any(is_for_any_purpose),
        RFC5280,
        "RFC 5280 4.2.1.12",
        "anyExtendedKeyUsage stands for every purpose, but for the Web",
        || Chain::good(1).with(0, Change::Purposes(Some(vec![ANY_PURPOSE]))),
    ),
    they_refuse(
        |error| matches!(error, Error::RequiredEkuNotFoundContext(_)),
        |path| path[1..].iter().any(is_for_any_purpose),
        WEBPKI,
        "BR 7.1.2.2.4",
        "a CA that is not restricted may say anyExtendedKeyUsage",
        || Chain::good(1).with(1, Change::Purposes(Some(vec![ANY_PURPOSE]))),
    ),
    they_refuse(
        |error| *error == Error::PathLenConstraintViolated || is_about_the_signature(error),
        |path| path[1..path.len() - 1].iter().any(Certificate::is_self_issued),
        BOTH,
        "RFC 5280 6.1.4(l)",
        "a self-issued CA does not count, and webpki counts it",
        || {
            Chain::good(2)
                .with(1, Change::SelfIssued)
                .with(2, Change::BasicConstraints(Some(Basic { path_length: Some(&[0]), ..CA })))
        },
    ),
    they_refuse(
        |error| *error == Error::BadDer,
        |path| path.iter().any(allows_more_than_255),
        BOTH,
        "RFC 5280 4.2.1.9",
        "a path length is any number from 0; webpki reads one of a byte",
        || Chain::good(1).with(1, Change::BasicConstraints(Some(Basic { path_length: Some(&[1, 0]), ..CA }))),
    ),
    they_refuse(
        |error| *error == Error::BadDer,
        |path| path.last().is_some_and(|anchor| anchor.version() == 1),
        BOTH,
        "RFC 5280 6.1.4(k)",
        "a version 1 that is written out is against X.690 11.5, and of a trusted certificate we do not mind it",
        || Chain::good(1).with(2, Change::Version(Some(0))),
    ),
    they_refuse(
        |error| *error == Error::BadDerTime,
        |path| path.iter().any(is_from_before_1970),
        BOTH,
        "RFC 5280 4.1.2.5.1",
        "UTCTime starts in 1950; webpki counts from 1970",
        || Chain::good(1).with(1, Change::Dates("500101000000Z", "361231235959Z")),
    ),
    they_refuse(
        |error| *error == Error::UnsupportedCriticalExtension,
        |path| path.iter().any(has_critical_policies),
        BOTH,
        "RFC 5280 4.2.1.4",
        "we process policies; webpki refuses them where they are critical",
        || Chain::good(1).with(0, Change::Extension { kind: POLICIES.0, critical: true, value: POLICIES.1 }),
    ),
    they_refuse(
        |error| *error == Error::NameConstraintViolation,
        |path| path[1..].iter().any(constrains_what_webpki_does_not_compare),
        BOTH,
        "RFC 5280 4.2.1.10",
        "we compare directory names, mail addresses and URIs with constraints; webpki refuses the chain",
        || Chain::good(1).with(1, constrained(vec![Name::Directory(HOST)], true)),
    ),
];

const fn we_refuse(
    rule: &'static str,
    place: Place,
    profiles: &'static [Profile],
    clause: &'static str,
    reason: &'static str,
    example: fn() -> Chain,
) -> Difference {
    Difference { refuses: Refuses::Us(rule, place), profiles, clause, reason, example }
}

const fn they_refuse(
    error: fn(&Error) -> bool,
    path: fn(&[Certificate]) -> bool,
    profiles: &'static [Profile],
    clause: &'static str,
    reason: &'static str,
    example: fn() -> Chain,
) -> Difference {
    Difference { refuses: Refuses::Them { error, path }, profiles, clause, reason, example }
}

fn constrained(permitted: Vec<Name>, critical: bool) -> Change {
    Change::Constraints { permitted, excluded: Vec::new(), critical }
}

fn named(names: Vec<Name>) -> Change {
    Change::Names { names, critical: false }
}

/// Where a name leads to a wrong CA first, webpki says so and not that the right one's name is in other bytes.
fn is_about_the_signature(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidSignatureForPublicKey | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
    )
}

fn is_trusted_itself(path: &[Certificate]) -> bool {
    matches!(path, [leaf, anchor] if leaf == anchor)
}

fn is_chained_by_other_bytes(path: &[Certificate]) -> bool {
    path.windows(2).any(|pair| {
        let (issuer, subject) = (pair[0].issuer(), pair[1].subject());
        issuer != subject && issuer.matches(subject)
    })
}

fn is_for_any_purpose(certificate: &Certificate) -> bool {
    certificate.extended_key_usages().iter().any(|purpose| purpose.to_string() == ANY_PURPOSE)
}

fn allows_more_than_255(certificate: &Certificate) -> bool {
    let constraints = certificate.extension(BASIC_CONSTRAINTS);
    constraints
        .and_then(|one| Extension::read_basic_constraints(&one.value).ok()?.path_length)
        .is_some_and(|length| length > 255)
}

fn is_from_before_1970(certificate: &Certificate) -> bool {
    certificate.not_before().unix_seconds() < 0
}

fn has_critical_policies(certificate: &Certificate) -> bool {
    [CERTIFICATE_POLICIES, POLICY_CONSTRAINTS]
        .into_iter()
        .any(|kind| certificate.extension(kind).is_some_and(|one| one.critical))
}

fn constrains_what_webpki_does_not_compare(certificate: &Certificate) -> bool {
    let constraints = certificate.extension(NAME_CONSTRAINTS);
    let Some(Ok(read)) = constraints.map(|one| NameConstraints::from_der(&one.value)) else { return false };
    let mut all = read.permitted.iter().chain(&read.excluded);
    all.any(|subtree| matches!(subtree, Subtree::Directory(_) | Subtree::Email(_) | Subtree::Uri(_)))
}

const BOTH: &[Profile] = &[Profile::Rfc5280, Profile::Webpki];
const RFC5280: &[Profile] = &[Profile::Rfc5280];
const WEBPKI: &[Profile] = &[Profile::Webpki];

const CA: Basic = Basic { authority: Some(true), path_length: None, critical: true };
const ANCHOR: &str = "an anchor that is a certificate is judged like any other here; webpki keeps its name, key and name constraints";
