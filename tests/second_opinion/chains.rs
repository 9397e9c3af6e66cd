//! Chains as they are drawn by lot: a good one, then some changes to its certificates and to how they are given.
//!
//! A [`Chain`] is what proptest draws and shrinks; [`Chain::made`] signs it.

use proptest::prelude::*;
use proptest::sample::select;

use crate::made::{self, Draft, Key, Kind, extension, oid, sequence, tlv};

/// What is drawn. Places count from the leaf, 0; the root stands at `intermediates + 1`.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) intermediates: usize,
    /// The kind of each place's key.
    pub(crate) kinds: [Kind; PLACES_MAX],
    /// The changes, each at a place; a place beyond the root counts from the leaf again.
    pub(crate) changes: Vec<(usize, Change)>,
    pub(crate) arrangement: Vec<Arrangement>,
    /// The host that is asked for.
    pub(crate) asked: &'static str,
}

/// A change to one certificate.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Dates(&'static str, &'static str),
    BasicConstraints(Option<Basic>),
    /// The contents of the BIT STRING.
    KeyUsage(Option<&'static [u8]>),
    /// Identifiers of purposes.
    Purposes(Option<Vec<&'static str>>),
    Names {
        names: Vec<Name>,
        critical: bool,
    },
    NoNames,
    Constraints {
        permitted: Vec<Name>,
        excluded: Vec<Name>,
        critical: bool,
    },
    Extension {
        kind: &'static str,
        critical: bool,
        value: &'static [u8],
    },
    /// The last extension once more.
    ExtensionTwice,
    Subject(Spelling),
    Issuer(Spelling),
    /// A CA whose subject is its issuer's name (RFC 5280 3.2).
    SelfIssued,
    SignedByAnother(Kind),
    SignatureDamaged,
    AnotherAlgorithmInside,
    /// The contents of the INTEGER.
    Serial(Vec<u8>),
    Version(Option<u8>),
    SubjectKeyIdentifier(Identifier),
    AuthorityKeyIdentifier(Identifier),
}

/// basicConstraints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basic {
    /// None leaves the field out, which means no.
    pub(crate) authority: Option<bool>,
    /// The contents of the INTEGER.
    pub(crate) path_length: Option<&'static [u8]>,
    pub(crate) critical: bool,
}

/// A general name, of a subjectAltName or of a constraint.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Dns(&'static str),
    Email(&'static str),
    Uri(&'static str),
    Ip(&'static [u8]),
    /// The common name of a directoryName.
    Directory(&'static str),
    Registered,
}

/// How a distinguished name is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spelling {
    Capitals,
    PrintableString,
    TwoBlanks,
    AnotherName,
    Empty,
}

/// A key identifier.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Identifier {
    Absent,
    Critical,
    OfAnotherKey,
    /// With authorityCertIssuer and authorityCertSerialNumber beside it.
    WithIssuer,
}

/// A change to how the certificates are given. Numbers are places, as in [`Chain`].
#[derive(Clone, Debug)]
pub(crate) enum Arrangement {
    Reversed,
    Rotated(usize),
    Twice(usize),
    Without(usize),
    RootGiven,
    Stranger,
    /// Another CA of the same name.
    Namesake(usize),
    /// The same certificate, expired.
    OldEdition(usize),
    /// A certificate of the same name and key by another root.
    CrossSigned {
        place: usize,
        trusted: bool,
    },
    /// The certificate at this place is trusted instead of the root.
    AnchorAt(usize),
    /// Another root is trusted beside it, or instead.
    AnotherRoot {
        alone: bool,
    },
}

/// What is given to the judges, as DER.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) leaf: Vec<u8>,
    pub(crate) others: Vec<Vec<u8>>,
    pub(crate) anchors: Vec<Vec<u8>>,
    pub(crate) asked: &'static str,
}

impl Chain {
    /// One that nobody objects to: a leaf, so many intermediates, a root.
    pub(crate) fn good(intermediates: usize) -> Self {
        Self {
            intermediates,
            kinds: [Kind::P256; PLACES_MAX],
            changes: Vec::new(),
            arrangement: Vec::new(),
            asked: HOST,
        }
    }

    pub(crate) fn with_key(mut self, place: usize, kind: Kind) -> Self {
        self.kinds[place] = kind;
        self
    }

    pub(crate) fn with(mut self, place: usize, change: Change) -> Self {
        self.changes.push((place, change));
        self
    }

    pub(crate) fn arranged(mut self, arrangement: Arrangement) -> Self {
        self.arrangement.push(arrangement);
        self
    }

    /// Where the root stands.
    fn root(&self) -> usize {
        self.intermediates + 1
    }

    fn key(&self, place: usize) -> &'static Key {
        Key::of(self.kinds[place], place)
    }

    /// Signs everything.
    pub(crate) fn made(&self) -> Given {
        let certificates: Vec<Vec<u8>> = (0..=self.root()).map(|place| self.parts(place).signed()).collect();
        let mut others = certificates[1..self.root()].to_vec();
        let mut anchors = vec![certificates[self.root()].clone()];
        for arrangement in &self.arrangement {
            match arrangement {
                Arrangement::Reversed => others.reverse(),
                Arrangement::Rotated(by) if !others.is_empty() => {
                    let by = by % others.len();
                    others.rotate_left(by);
                }
                Arrangement::Rotated(_) => {}
                Arrangement::Twice(place) => others.push(certificates[place % certificates.len()].clone()),
                Arrangement::Without(place) => {
                    let gone = &certificates[place % certificates.len()];
                    others.retain(|one| one != gone);
                }
                Arrangement::RootGiven => others.push(certificates[self.root()].clone()),
                Arrangement::Stranger => others.insert(0, another_root(Kind::P256)),
                Arrangement::Namesake(place) => others.insert(0, self.namesake(place % (self.root() + 1))),
                Arrangement::OldEdition(place) => {
                    let mut parts = self.parts(place % (self.root() + 1));
                    (parts.not_before, parts.not_after) = OLD;
                    others.insert(0, parts.signed());
                }
                Arrangement::CrossSigned { place, trusted } => {
                    others.insert(0, self.cross_signed(place % (self.root() + 1)));
                    anchors.extend(trusted.then(|| another_root(Kind::P384)));
                }
                Arrangement::AnchorAt(place) => {
                    anchors = vec![certificates[place % certificates.len()].clone()];
                }
                Arrangement::AnotherRoot { alone } => {
                    if *alone {
                        anchors.clear();
                    }
                    anchors.insert(0, another_root(Kind::P384));
                }
            }
        }
        Given { leaf: certificates[0].clone(), others, anchors, asked: self.asked }
    }

    /// The certificate of a place, changed as drawn.
    fn parts(&self, place: usize) -> Parts {
        let signer = self.signer(place);
        let mut parts = Parts {
            version: Some(2),
            serial: vec![0x10 + u8::try_from(place).expect("few places"), 0x22],
            issuer: made::common_name(&self.name(signer)),
            subject: made::common_name(&self.name(place)),
            not_before: "260101000000Z",
            not_after: "361231235959Z",
            key: self.key(place),
            signer: self.key(signer),
            basic: (place > 0).then_some(Basic { authority: Some(true), path_length: None, critical: true }),
            key_usage: Some(if place == 0 { DIGITAL_SIGNATURE } else { CERT_AND_CRL_SIGN }),
            purposes: (place == 0).then(|| vec![SERVER_AUTH]),
            names: (place == 0).then(|| (vec![Name::Dns(HOST), Name::Dns("*.sub.example.com")], false)),
            constraints: None,
            others: Vec::new(),
            twice: false,
            subject_identifier: None,
            authority_identifier: (place == self.root()).then_some(Identifier::Absent),
            damaged: false,
            another_algorithm_inside: false,
        };
        let own = self.changes.iter().filter(|(at, _)| at % (self.root() + 1) == place);
        own.for_each(|(_, change)| self.change(&mut parts, place, change));
        parts
    }

    fn change(&self, parts: &mut Parts, place: usize, change: &Change) {
        match change {
            Change::Dates(from, until) => (parts.not_before, parts.not_after) = (from, until),
            Change::BasicConstraints(basic) => parts.basic = *basic,
            Change::KeyUsage(usage) => parts.key_usage = *usage,
            Change::Purposes(purposes) => parts.purposes = purposes.clone(),
            Change::Names { names, critical } => parts.names = Some((names.clone(), *critical)),
            Change::NoNames => parts.names = None,
            Change::Constraints { permitted, excluded, critical } => {
                parts.constraints = Some((permitted.clone(), excluded.clone(), *critical));
            }
            Change::Extension { kind, critical, value } => {
                parts.others.push(extension(kind, *critical, value));
            }
            Change::ExtensionTwice => parts.twice = true,
            Change::Subject(spelling) => parts.subject = spelling.of(&self.name(place)),
            Change::Issuer(spelling) => parts.issuer = spelling.of(&self.name(self.signer(place))),
            // What it does stands in `name`.
            Change::SelfIssued => {}
            Change::SignedByAnother(kind) => parts.signer = Key::of(*kind, WRONG_SIGNER),
            Change::SignatureDamaged => parts.damaged = true,
            Change::AnotherAlgorithmInside => parts.another_algorithm_inside = true,
            Change::Serial(serial) => parts.serial.clone_from(serial),
            Change::Version(version) => parts.version = *version,
            Change::SubjectKeyIdentifier(identifier) => parts.subject_identifier = Some(*identifier),
            Change::AuthorityKeyIdentifier(identifier) => parts.authority_identifier = Some(*identifier),
        }
    }

    /// Who signs the certificate of a place: the next, the root itself.
    fn signer(&self, place: usize) -> usize {
        (place + 1).min(self.root())
    }

    /// The common name of a place, its issuer's where it is drawn so.
    fn name(&self, place: usize) -> String {
        let is_self_issued = self.changes.iter().any(|(at, change)| {
            at % (self.root() + 1) == place && matches!(change, Change::SelfIssued) && place < self.root()
        });
        match place {
            _ if is_self_issued => self.name(place + 1),
            0 => HOST.to_owned(),
            place if place == self.root() => "Example Root".to_owned(),
            place => format!("Example Issuing CA {place}"),
        }
    }

    /// A CA of the same name with another key, by the same issuer.
    fn namesake(&self, place: usize) -> Vec<u8> {
        let mut parts = self.parts(place);
        parts.key = Key::of(Kind::P256, NAMESAKE);
        if place == self.root() {
            parts.signer = parts.key;
        }
        parts.signed()
    }

    /// The same name and key, certified by another root.
    fn cross_signed(&self, place: usize) -> Vec<u8> {
        let mut parts = self.parts(place);
        parts.signer = Key::of(Kind::P384, ANOTHER_ROOT);
        parts.issuer = made::common_name("Another Root");
        parts.serial = vec![0x77];
        parts.signed()
    }
}

fn another_root(kind: Kind) -> Vec<u8> {
    let mut parts = Chain::good(0).parts(1);
    parts.key = Key::of(kind, ANOTHER_ROOT);
    parts.signer = parts.key;
    parts.subject = made::common_name("Another Root");
    parts.issuer = parts.subject.clone();
    parts.signed()
}

/// A certificate about to be made.
struct Parts {
    version: Option<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    not_before: &'static str,
    not_after: &'static str,
    key: &'static Key,
    signer: &'static Key,
    basic: Option<Basic>,
    key_usage: Option<&'static [u8]>,
    purposes: Option<Vec<&'static str>>,
    names: Option<(Vec<Name>, bool)>,
    constraints: Option<(Vec<Name>, Vec<Name>, bool)>,
    others: Vec<Vec<u8>>,
    twice: bool,
    subject_identifier: Option<Identifier>,
    authority_identifier: Option<Identifier>,
    damaged: bool,
    another_algorithm_inside: bool,
}

impl Parts {
    fn signed(&self) -> Vec<u8> {
        // Ed25519's where the signer's own is another.
        let inside = match self.another_algorithm_inside {
            true => sequence(&[oid("1.2.840.10045.4.3.4")]),
            false => self.signer.algorithm(),
        };
        let draft = Draft {
            version: self.version,
            serial: self.serial.clone(),
            algorithm: inside,
            issuer: self.issuer.clone(),
            not_before: time(self.not_before),
            not_after: time(self.not_after),
            subject: self.subject.clone(),
            public_key_info: self.key.public_key_info(),
            // Versions 1 and 2 know no extensions.
            extensions: (self.version == Some(2)).then(|| self.extensions()),
        };
        let mut certificate = self.signer.signed(draft.to_be_signed());
        if self.damaged
            && let Some(last) = certificate.last_mut()
        {
            *last ^= 1;
        }
        certificate
    }

    fn extensions(&self) -> Vec<Vec<u8>> {
        let mut list = Vec::new();
        if let Some(basic) = &self.basic {
            let authority = basic.authority.map(|is| tlv(0x01, &[if is { 0xff } else { 0 }]));
            let length = basic.path_length.map(|contents| tlv(0x02, contents));
            let value = sequence(&[authority.unwrap_or_default(), length.unwrap_or_default()]);
            list.push(extension("2.5.29.19", basic.critical, &value));
        }
        list.extend(self.key_usage.map(|bits| extension("2.5.29.15", true, &tlv(0x03, bits))));
        if let Some(purposes) = &self.purposes {
            let purposes: Vec<Vec<u8>> = purposes.iter().map(|one| oid(one)).collect();
            list.push(extension("2.5.29.37", false, &sequence(&purposes)));
        }
        if let Some((names, critical)) = &self.names {
            let names: Vec<Vec<u8>> = names.iter().map(Name::encoded).collect();
            list.push(extension("2.5.29.17", *critical, &sequence(&names)));
        }
        if let Some((permitted, excluded, critical)) = &self.constraints {
            let value = sequence(&[subtrees(0xa0, permitted), subtrees(0xa1, excluded)]);
            list.push(extension("2.5.29.30", *critical, &value));
        }
        list.extend(self.key_identifiers());
        list.extend_from_slice(&self.others);
        if self.twice {
            list.extend(list.last().cloned());
        }
        list
    }

    fn key_identifiers(&self) -> Vec<Vec<u8>> {
        let another = Key::of(Kind::P256, NAMESAKE).identifier();
        let mut list = Vec::new();
        let own = self.key.identifier();
        let (value, critical) = match self.subject_identifier {
            Some(Identifier::Absent) => (None, false),
            Some(Identifier::OfAnotherKey) => (Some(&another), false),
            Some(Identifier::Critical) => (Some(&own), true),
            Some(Identifier::WithIssuer) | None => (Some(&own), false),
        };
        list.extend(value.map(|value| extension("2.5.29.14", critical, &tlv(0x04, value))));
        let signers = self.signer.identifier();
        let issuer = [tlv(0xa1, &tlv(0xa4, &self.issuer)), tlv(0x82, &[1])].concat();
        let (value, more, critical) = match self.authority_identifier {
            Some(Identifier::Absent) => return list,
            Some(Identifier::OfAnotherKey) => (&another, Vec::new(), false),
            Some(Identifier::Critical) => (&signers, Vec::new(), true),
            Some(Identifier::WithIssuer) => (&signers, issuer, false),
            None => (&signers, Vec::new(), false),
        };
        list.push(extension("2.5.29.35", critical, &sequence(&[tlv(0x80, value), more])));
        list
    }
}

/// permittedSubtrees or excludedSubtrees, left out where there are none (RFC 5280 4.2.1.10).
fn subtrees(tag: u8, names: &[Name]) -> Vec<u8> {
    let subtrees: Vec<Vec<u8>> = names.iter().map(|name| sequence(&[name.encoded()])).collect();
    if subtrees.is_empty() { Vec::new() } else { tlv(tag, &subtrees.concat()) }
}

impl Name {
    fn encoded(&self) -> Vec<u8> {
        match self {
            Self::Dns(host) => tlv(0x82, host.as_bytes()),
            Self::Email(address) => tlv(0x81, address.as_bytes()),
            Self::Uri(uri) => tlv(0x86, uri.as_bytes()),
            Self::Ip(octets) => tlv(0x87, octets),
            Self::Directory(text) => tlv(0xa4, &made::common_name(text)),
            Self::Registered => tlv(0x88, &[0x2a, 0x03]),
        }
    }
}

impl Spelling {
    fn of(self, text: &str) -> Vec<u8> {
        match self {
            Self::Capitals => made::common_name(&text.to_uppercase()),
            Self::PrintableString => made::name(&[("2.5.4.3", made::PRINTABLE_STRING, text)]),
            Self::TwoBlanks => made::common_name(&text.replace(' ', "  ")),
            Self::AnotherName => made::common_name("Nobody"),
            Self::Empty => made::name(&[]),
        }
    }
}

/// Thirteen digits and a Z are a UTCTime's, fifteen a GeneralizedTime's.
fn time(text: &str) -> Vec<u8> {
    tlv(if text.len() == 13 { 0x17 } else { 0x18 }, text.as_bytes())
}

/// Chains with up to three changes to their certificates and up to three to how they are given.
pub(crate) fn chains() -> impl Strategy<Value = Chain> {
    let kind = || select(Kind::ALL.to_vec());
    let kinds = [kind(), kind(), kind(), kind(), kind()];
    let changes = prop_oneof![
        2 => Just(Vec::new()),
        4 => prop::collection::vec((0..PLACES_MAX, change()), 1),
        2 => prop::collection::vec((0..PLACES_MAX, change()), 2..=3),
    ];
    let arrangement = prop_oneof![
        3 => Just(Vec::new()),
        2 => prop::collection::vec(arrangement(), 1),
        1 => prop::collection::vec(arrangement(), 2..=3),
    ];
    let asked = prop_oneof![
        6 => Just(HOST),
        1 => select(ASKED.to_vec()),
    ];
    (0..PLACES_MAX - 1, kinds, changes, arrangement, asked).prop_map(
        |(intermediates, kinds, changes, arrangement, asked)| Chain {
            intermediates,
            kinds,
            changes,
            arrangement,
            asked,
        },
    )
}

fn change() -> impl Strategy<Value = Change> {
    let identifiers = || {
        select(vec![
            Identifier::Absent,
            Identifier::Critical,
            Identifier::OfAnotherKey,
            Identifier::WithIssuer,
        ])
    };
    let spelling = || {
        select(vec![
            Spelling::Capitals,
            Spelling::PrintableString,
            Spelling::TwoBlanks,
            Spelling::AnotherName,
            Spelling::Empty,
        ])
    };
    let single = select(vec![
        Change::KeyUsage(None),
        Change::KeyUsage(Some(DIGITAL_SIGNATURE)),
        Change::KeyUsage(Some(CERT_AND_CRL_SIGN)),
        Change::KeyUsage(Some(NO_USAGE)),
        Change::NoNames,
        Change::ExtensionTwice,
        Change::SelfIssued,
        Change::SignedByAnother(Kind::P256),
        Change::SignedByAnother(Kind::Rsa),
        Change::SignatureDamaged,
        Change::AnotherAlgorithmInside,
        Change::Version(None),
        Change::Version(Some(0)),
        Change::Version(Some(1)),
    ]);
    prop_oneof![
        dates(),
        basic(),
        purposes(),
        names(),
        constraints(),
        extensions(),
        single,
        spelling().prop_map(Change::Subject),
        spelling().prop_map(Change::Issuer),
        select(vec![vec![0], vec![0x80], vec![0x7f; 20], vec![0x7f; 21], vec![0, 0x80]])
            .prop_map(Change::Serial),
        identifiers().prop_map(Change::SubjectKeyIdentifier),
        identifiers().prop_map(Change::AuthorityKeyIdentifier),
    ]
}

fn dates() -> impl Strategy<Value = Change> {
    select(vec![
        OLD,
        ("270101000000Z", "361231235959Z"),
        ("361231235959Z", "260101000000Z"),
        (NOW, "361231235959Z"),
        ("260101000000Z", NOW),
        ("260101000000Z", "261122175959Z"),
        ("261122180001Z", "361231235959Z"),
        ("20260101000000Z", "20361231235959Z"),
        ("500101000000Z", "99991231235959Z"),
    ])
    .prop_map(|(from, until)| Change::Dates(from, until))
}

fn basic() -> impl Strategy<Value = Change> {
    let length: [Option<&'static [u8]>; 6] =
        [None, Some(&[0]), Some(&[1]), Some(&[2]), Some(&[1, 0]), Some(&[0xff])];
    let fields = (select(vec![None, Some(false), Some(true)]), select(length.to_vec()), any::<bool>());
    prop::option::weighted(0.9, fields).prop_map(|fields| {
        Change::BasicConstraints(fields.map(|(authority, path_length, critical)| Basic {
            authority,
            path_length,
            critical,
        }))
    })
}

fn purposes() -> impl Strategy<Value = Change> {
    select(vec![
        None,
        Some(vec![]),
        Some(vec![SERVER_AUTH]),
        Some(vec![CLIENT_AUTH]),
        Some(vec![ANY_PURPOSE]),
        Some(vec![CLIENT_AUTH, SERVER_AUTH]),
        Some(vec![CLIENT_AUTH, ANY_PURPOSE]),
    ])
    .prop_map(Change::Purposes)
}

fn names() -> impl Strategy<Value = Change> {
    let name = select(vec![
        Name::Dns(HOST),
        Name::Dns(HOST),
        Name::Dns("WWW.EXAMPLE.COM"),
        Name::Dns("*.example.com"),
        Name::Dns("*.com"),
        Name::Dns("*.co.uk"),
        Name::Dns("w*.example.com"),
        Name::Dns("*"),
        Name::Dns("www.example.com."),
        Name::Dns("www..example.com"),
        Name::Dns("example.com"),
        Name::Dns("-.example.com"),
        Name::Dns("_a.example.com"),
        Name::Dns("192.0.2.1"),
        Name::Dns(""),
        Name::Dns("www.example.org"),
        Name::Ip(&[192, 0, 2, 1]),
        Name::Ip(&[192, 0, 2]),
        Name::Ip(&[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        Name::Email("ada@example.com"),
        Name::Uri("https://www.example.com/"),
        Name::Uri("urn:example"),
        Name::Directory("Ada"),
        Name::Registered,
    ]);
    (prop::collection::vec(name, 0..4), any::<bool>())
        .prop_map(|(names, critical)| Change::Names { names, critical })
}

fn constraints() -> impl Strategy<Value = Change> {
    let base = || {
        select(vec![
            Name::Dns("example.com"),
            Name::Dns("example.com"),
            Name::Dns("www.example.com"),
            Name::Dns(".example.com"),
            Name::Dns("example.org"),
            Name::Dns("sub.example.com"),
            Name::Dns("a.sub.example.com"),
            Name::Dns("*.example.com"),
            Name::Dns(""),
            Name::Email("example.com"),
            Name::Uri("example.com"),
            Name::Ip(&[192, 0, 2, 0, 255, 255, 255, 0]),
            Name::Ip(&[192, 0, 2, 0, 255, 0, 255, 0]),
            Name::Ip(&[192, 0, 2, 0]),
            Name::Ip(&[0; 32]),
            Name::Directory("Example Issuing CA 1"),
            Name::Directory(HOST),
            Name::Registered,
        ])
    };
    let list = || prop::collection::vec(base(), 0..3);
    (list(), list(), any::<bool>()).prop_map(|(permitted, excluded, critical)| Change::Constraints {
        permitted,
        excluded,
        critical,
    })
}

fn extensions() -> impl Strategy<Value = Change> {
    let known: [(&'static str, &'static [u8]); 6] = [
        UNKNOWN,
        POLICIES,
        POLICY_REQUIRED,
        // cRLDistributionPoints with one URI
        ("2.5.29.31", b"\x30\x11\x30\x0f\xa0\x0d\xa0\x0b\x86\x09http://a/"),
        // subjectInfoAccess and keyUsage, which is there already
        ("1.3.6.1.5.5.7.1.11", &[0x30, 0x00]),
        ("2.5.29.15", &[0x03, 0x02, 0x07, 0x80]),
    ];
    (select(known.to_vec()), any::<bool>()).prop_map(|((kind, value), critical)| Change::Extension {
        kind,
        critical,
        value,
    })
}

fn arrangement() -> impl Strategy<Value = Arrangement> {
    let place = || 0..PLACES_MAX;
    prop_oneof![
        Just(Arrangement::Reversed),
        Just(Arrangement::RootGiven),
        Just(Arrangement::Stranger),
        place().prop_map(Arrangement::Rotated),
        place().prop_map(Arrangement::Twice),
        place().prop_map(Arrangement::Without),
        place().prop_map(Arrangement::Namesake),
        place().prop_map(Arrangement::OldEdition),
        (place(), any::<bool>()).prop_map(|(place, trusted)| Arrangement::CrossSigned { place, trusted }),
        place().prop_map(Arrangement::AnchorAt),
        any::<bool>().prop_map(|alone| Arrangement::AnotherRoot { alone }),
    ]
}

/// A leaf, three intermediates and a root.
pub(crate) const PLACES_MAX: usize = 5;
/// What the leaf is for.
pub(crate) const HOST: &str = "www.example.com";
/// What else is asked for.
const ASKED: [&str; 7] = [
    "WWW.Example.COM",
    "www.example.com.",
    "a.sub.example.com",
    "_a.example.com",
    "example.com",
    "192.0.2.1",
    "2001:db8::1",
];
/// When the chains are judged, as a UTCTime: 2026-11-22T18:00:00Z.
pub(crate) const NOW: &str = "261122180000Z";

pub(crate) const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
pub(crate) const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
pub(crate) const ANY_PURPOSE: &str = "2.5.29.37.0";
pub(crate) const DIGITAL_SIGNATURE: &[u8] = &[0x07, 0x80];
pub(crate) const CERT_AND_CRL_SIGN: &[u8] = &[0x01, 0x06];
pub(crate) const NO_USAGE: &[u8] = &[0x07, 0x00];
/// An extension that nobody knows.
pub(crate) const UNKNOWN: (&str, &[u8]) = ("1.2.3.4", &[0x05, 0x00]);
/// certificatePolicies with domain-validated (BR 7.1.6.1).
pub(crate) const POLICIES: (&str, &[u8]) =
    ("2.5.29.32", &[0x30, 0x0a, 0x30, 0x08, 0x06, 0x06, 0x67, 0x81, 0x0c, 0x01, 0x02, 0x01]);
/// policyConstraints with requireExplicitPolicy 0.
pub(crate) const POLICY_REQUIRED: (&str, &[u8]) = ("2.5.29.36", &[0x30, 0x03, 0x80, 0x01, 0x00]);
const OLD: (&str, &str) = ("200101000000Z", "210101000000Z");

/// Keys of nobody in the chain.
const ANOTHER_ROOT: usize = 5;
const NAMESAKE: usize = 6;
const WRONG_SIGNER: usize = 7;
