//! What is asked of the judge: an answer, what it is held against, and what is known besides.

use std::fmt;

use der::asn1::ObjectIdentifier;

use super::choices::{Choices, TrustedLeaf};
use super::policies::PolicyInputs;
use super::purpose;
use super::rule::{Profile, Rule};
use super::server_name::PeerName;
use crate::bundle::{Bundle, Source};
use crate::certificate::Certificate;
use crate::chain::{INTERMEDIATES_MAX, Pool};
use crate::crl::CertificateRevocationList;
use crate::csr::CertificateRequest;
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::key::PublicKey;
use crate::time::UnixTime;
use crate::x5c::{Client, Outcome};

/// What is judged, by which profile, and what is known besides.
#[derive(Debug)]
pub struct Question<'a> {
    /// The name of the certificate that waits, for messages.
    pub name: &'a str,
    /// The key that is held for it.
    pub key: &'a PublicKey,
    /// What was sent.
    pub bundle: &'a Bundle,
    /// Which certificate of what was sent is judged, a position from 0; none: whichever holds the key.
    pub leaf: Option<usize>,
    /// The time to judge at.
    pub at: UnixTime,
    /// What it is held against.
    pub terms: &'a Terms,
    /// Where the vault holds keys of the certificates that were sent, the waiting operation itself included.
    pub holders: &'a [(Fingerprint, Holder)],
    /// The answer's files, where it is asked what Key Vault's clients would make of them.
    pub as_given: Option<AsGiven<'a>>,
}

impl<'a> Question<'a> {
    /// Whether an answer holds a key: no vault is asked, no files are looked at, any certificate may be the leaf.
    pub fn new(
        name: &'a str,
        key: &'a PublicKey,
        bundle: &'a Bundle,
        at: UnixTime,
        terms: &'a Terms,
    ) -> Self {
        Self { name, key, bundle, leaf: None, at, terms, holders: &[], as_given: None }
    }

    pub(super) fn pool(&self) -> Pool<'a> {
        Pool {
            given: self.bundle.certificates.iter().map(|given| &given.certificate).collect(),
            anchors: self.terms.anchors.iter().collect(),
            at: self.at,
            intermediates_max: self.terms.intermediates_max,
            trusted_leaf_ends: self.terms.choices.trusted_leaf == TrustedLeaf::IsEnough,
        }
    }
}

/// The files of an answer as they were given, to be handed to one of Key Vault's clients.
#[derive(Clone, Copy, Debug)]
pub struct AsGiven<'a> {
    /// The files, in their order.
    pub files: &'a [Source<'a>],
    /// How many of the bundle's certificates are theirs; those behind were given beside the answer.
    pub certificates: usize,
    /// What each client makes of them.
    pub outcomes: &'a [(&'static Client, Outcome)],
    /// The command line that asks this question again, for help: `coldcert check answer.p7b --csr www.csr`.
    pub check: &'a str,
}

/// What an answer is held against.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Whose judgement is asked for.
    pub profile: Profile,
    /// What is trusted. With none the chain is judged on its own, and said to end where it ends.
    pub anchors: Vec<Certificate>,
    /// The purpose that the leaf and every CA above it must allow; none asks for none, and in
    /// [`Profile::Webpki`] for serverAuth.
    pub purpose: Option<ObjectIdentifier>,
    /// The names that the leaf must be for.
    pub peer_names: Vec<PeerName>,
    /// Revocation lists; with none revocation is not looked at. Each is compared with each, so there should be no
    /// more than [`CRLS_MAX`](crate::crl::CRLS_MAX).
    pub crls: Vec<CertificateRevocationList>,
    /// Whether a certificate of which the lists say nothing is refused.
    pub revocation_required: bool,
    /// What is asked of certificate policies (RFC 5280 6.1.1).
    pub policies: PolicyInputs,
    /// Where there are two reasonable ways to read a path: which is taken.
    pub choices: Choices,
    /// What was asked for.
    pub request: Option<CertificateRequest>,
    /// For how many months it was asked, where that is known.
    pub validity_months: Option<u32>,
    /// Rules whose findings do not refuse: somebody accepts them.
    pub acceptance: Acceptance,
    /// Certificates between leaf and end, at most.
    pub intermediates_max: usize,
}

impl Terms {
    /// A profile alone: no anchors, no purpose, no names.
    pub fn of(profile: Profile) -> Self {
        Self {
            profile,
            anchors: Vec::new(),
            purpose: None,
            peer_names: Vec::new(),
            crls: Vec::new(),
            revocation_required: false,
            policies: PolicyInputs::default(),
            choices: Choices::default(),
            request: None,
            validity_months: None,
            acceptance: Acceptance::default(),
            intermediates_max: INTERMEDIATES_MAX,
        }
    }

    /// With the names of a server, where there are any: then the leaf and every CA above it must allow serverAuth too
    /// (RFC 5280 4.2.1.12).
    #[must_use]
    pub fn for_servers(self, names: Vec<PeerName>) -> Self {
        match names.is_empty() {
            true => self,
            false => Self { peer_names: names, purpose: Some(purpose::SERVER_AUTH), ..self },
        }
    }
}

/// Rules that somebody lets pass, and who that is.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    /// The rules.
    pub rules: Vec<&'static Rule>,
    /// Who accepts them, as the system calls them.
    pub by: String,
}

/// Where the vault holds a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The certificate's name.
    pub name: String,
    /// The version; none for an operation that waits.
    pub version: Option<Identifier>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{} version {version}", self.name),
            None => write!(f, "{} (pending)", self.name),
        }
    }
}
