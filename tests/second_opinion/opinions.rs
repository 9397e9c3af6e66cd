//! Both judges asked the same, and what their answers make together.

use coldcert::bundle::{Bundle, Given as GivenCertificate, Origin};
use coldcert::certificate::Certificate;
use coldcert::pem;
use coldcert::time::UnixTime;
use coldcert::verdict::{PeerName, Profile, Question, Severity, Terms, Verdict};
use der::asn1::ObjectIdentifier;
use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime as TheirTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::chains::{Given, NOW, SERVER_AUTH};
use crate::differences::{Difference, Direction, Place, Refusal, row_of_ours, row_of_theirs};

/// What two answers make together.
pub(crate) enum Comparison {
    Accepted,
    Refused,
    Different { direction: Direction, rows: Vec<&'static Difference> },
}

impl Comparison {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted by both",
            Self::Refused => "refused by both",
            Self::Different { .. } => "a difference",
        }
    }
}

/// Asks both. A difference is looked at on the one path that was accepted, which the other judge is given alone:
/// so each judge's reasons are about that path, and not about whatever else lay beside it. What remains without a
/// row is the error.
pub(crate) fn compared(given: &Given, profile: Profile) -> Result<Comparison, String> {
    let ours = our_opinion(given, profile)?;
    let theirs = their_opinion(given);
    match (ours, theirs) {
        (Ok(_), Ok(_)) => Ok(Comparison::Accepted),
        (Err(_), Err(_)) => Ok(Comparison::Refused),
        (Err(_), Ok(path)) => match our_opinion(&path, profile)? {
            Ok(_) => Err("we accept webpki's path alone, and not among the others".to_owned()),
            Err(refusals) => {
                let rows: Result<Vec<_>, String> =
                    refusals.iter().map(|refusal| row_of_ours(refusal, profile)).collect();
                Ok(Comparison::Different { direction: Direction::WeRefuse, rows: rows? })
            }
        },
        (Ok(path), Err(_)) => match their_opinion(&path) {
            Ok(_) => Err("webpki accepts our path alone, and not among the others".to_owned()),
            Err(error) => {
                let row = row_of_theirs(&error, &certificates(&path)?, profile)?;
                Ok(Comparison::Different { direction: Direction::TheyRefuse, rows: vec![row] })
            }
        },
    }
}

/// The path that we accept, or why we refuse.
fn our_opinion(given: &Given, profile: Profile) -> Result<Result<Given, Vec<Refusal>>, String> {
    let read =
        |der: &Vec<u8>| Certificate::from_der(der).map_err(|error| format!("we cannot read it: {error}"));
    let place = Origin::of_file("the draw");
    let mut bundle = Bundle::default();
    for der in std::iter::once(&given.leaf).chain(&given.others) {
        bundle.certificates.push(GivenCertificate { certificate: read(der)?, place: place.clone() });
    }
    let mut terms = Terms::of(profile);
    terms.anchors = given.anchors.iter().map(read).collect::<Result<_, _>>()?;
    terms.purpose = Some(ObjectIdentifier::new_unwrap(SERVER_AUTH));
    terms.peer_names = vec![PeerName::of_host(given.asked)];
    let key = bundle.certificates[0].certificate.public_key().clone();
    let at = UnixTime::from_utc_time(NOW.as_bytes()).expect("a time");
    let question = Question { leaf: Some(0), ..Question::new("peer", &key, &bundle, at, &terms) };
    let verdict = Verdict::judge(&question);
    if !verdict.is_accepted() {
        return Ok(Err(refusals(&verdict)));
    }
    let mut path: Vec<Vec<u8>> = verdict.path().iter().map(|one| one.as_der().to_vec()).collect();
    let anchors = path.pop().into_iter().collect();
    let others = path.split_off(path.len().min(1));
    Ok(Ok(Given { leaf: given.leaf.clone(), others, anchors, asked: given.asked }))
}

fn refusals(verdict: &Verdict) -> Vec<Refusal> {
    let refusing = verdict.findings().iter().filter(|finding| finding.severity == Severity::Refuse);
    refusing
        .map(|finding| Refusal {
            rule: finding.rule.name,
            place: match finding.about.as_ref().map(|about| about.position) {
                Some(Some(1)) => Place::Leaf,
                Some(Some(_)) => Place::Intermediate,
                Some(None) | None => Place::Anchor,
            },
            message: finding.message.clone(),
        })
        .collect()
}

/// The path that webpki accepts, or why it refuses.
fn their_opinion(given: &Given) -> Result<Given, webpki::Error> {
    let (leaf, others) = (CertificateDer::from(given.leaf.as_slice()), ders(&given.others));
    let ders_of_anchors = ders(&given.anchors);
    let mut anchors: Vec<TrustAnchor<'_>> = Vec::new();
    let mut unreadable = None;
    for anchor in &ders_of_anchors {
        match anchor_from_trusted_cert(anchor) {
            Ok(anchor) => anchors.push(anchor),
            Err(error) => unreadable = Some(error),
        }
    }
    // One that cannot be read is none; where it is the only one, it says why.
    if let (true, Some(error)) = (anchors.is_empty(), unreadable) {
        return Err(error);
    }
    let leaf = EndEntityCert::try_from(&leaf)?;
    let now = UnixTime::from_utc_time(NOW.as_bytes()).expect("a time").unix_seconds();
    let now = std::time::Duration::from_secs(now.try_into().expect("after 1970"));
    let path = leaf.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        &others,
        TheirTime::since_unix_epoch(now),
        KeyUsage::server_auth(),
        None,
        None,
    )?;
    leaf.verify_is_valid_for_subject_name(&ServerName::try_from(given.asked).expect("a server name"))?;
    // webpki hands out the anchor's name and key alone.
    let is_it =
        |der: &&CertificateDer<'_>| anchor_from_trusted_cert(der).is_ok_and(|one| one == *path.anchor());
    let anchor = ders_of_anchors.iter().find(is_it).expect("one of the anchors").to_vec();
    Ok(Given {
        leaf: given.leaf.clone(),
        others: path.intermediate_certificates().map(|one| one.der().to_vec()).collect(),
        anchors: vec![anchor],
        asked: given.asked,
    })
}

fn ders(certificates: &[Vec<u8>]) -> Vec<CertificateDer<'_>> {
    certificates.iter().map(|der| CertificateDer::from(der.as_slice())).collect()
}

/// A path, leaf first, the anchor last.
fn certificates(path: &Given) -> Result<Vec<Certificate>, String> {
    let all = std::iter::once(&path.leaf).chain(&path.others).chain(&path.anchors);
    all.map(|der| Certificate::from_der(der).map_err(|error| error.to_string())).collect()
}

/// Everything that was given, for a person with `openssl x509`.
pub(crate) fn pem_of(given: &Given) -> String {
    let mut text =
        format!("asked for {}, at {NOW}\nleaf\n{}", given.asked, pem::write("CERTIFICATE", &given.leaf));
    for (what, list) in [("beside it", &given.others), ("trusted", &given.anchors)] {
        for der in list {
            text.push_str(&format!("{what}\n{}", pem::write("CERTIFICATE", der)));
        }
    }
    text
}
