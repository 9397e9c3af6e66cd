//! Pools that are made to lead astray: how many signatures a search checks, and that it ends.

use der::asn1::BitStringRef;
use der::{Tag, TagNumber};

use super::*;
use crate::extension::Extension;
use crate::key::{PrivateKey, Signer};
use crate::name::DistinguishedName;
use crate::policy::KeyKind;
use crate::tlv;

#[test]
fn a_good_issuer_among_a_thousand_of_its_name_is_found_by_its_key_identifier() {
    let root = Entity::new("CN=Root");
    let issuer = Entity::new("CN=CA");
    let mut pool = Sent::trusting(&root);
    pool.send(issuer.issues(&Entity::new("CN=leaf")));
    for _ in 0..1000 {
        pool.send(root.issues(&Entity::new("CN=CA")));
    }
    pool.send(root.issues(&issuer));
    let found = pool.search();
    assert_eq!((found.anchored, found.signatures), (true, 2));
}

#[test]
fn a_good_issuer_among_a_thousand_of_its_name_is_given_up_where_nothing_tells_it() {
    let root = Entity::new("CN=Root");
    let issuer = Entity::new("CN=CA").without_identifier();
    let mut pool = Sent::trusting(&root);
    pool.send(issuer.issues(&Entity::new("CN=leaf")));
    for _ in 0..1000 {
        pool.send(root.issues(&Entity::new("CN=CA").without_identifier()));
    }
    pool.send(root.issues(&issuer));
    let found = pool.search();
    assert_eq!((found.anchored, found.signatures, found.paths), (false, SIGNATURES_MAX, 1));
    assert_eq!(found.last, Some(End::BudgetUsedUp));
}

#[test]
fn cas_of_one_name_that_all_certify_each_other_are_climbed_by_the_shortest_way() {
    let root = Entity::new("CN=Root");
    let cas: Vec<Entity> = (0..60).map(|_| Entity::new("CN=CA")).collect();
    let mut pool = Sent::trusting(&root);
    pool.send(cas[17].issues(&Entity::new("CN=leaf")));
    for one in &cas {
        for other in cas.iter().filter(|other| !std::ptr::eq(*other, one)) {
            pool.send(one.issues(other));
        }
    }
    pool.send(root.issues(&cas[40]));
    let found = pool.search();
    assert_eq!((found.anchored, found.signatures), (true, 3));
}

#[test]
fn cas_of_one_name_that_all_certify_each_other_and_lead_nowhere_use_up_no_more_than_the_budget() {
    let cas: Vec<Entity> = (0..60).map(|_| Entity::new("CN=CA")).collect();
    let mut pool = Sent::trusting(&Entity::new("CN=Root"));
    pool.send(cas[17].issues(&Entity::new("CN=leaf")));
    for one in &cas {
        for other in cas.iter().filter(|other| !std::ptr::eq(*other, one)) {
            pool.send(one.issues(other));
        }
    }
    let found = pool.search();
    assert!(!found.anchored);
    assert!(found.signatures <= SIGNATURES_MAX && found.paths <= PATHS_MAX, "{found:?}");
}

#[test]
fn a_ladder_of_cross_certificates_is_climbed_rung_by_rung() {
    let (mut pool, top) = ladder(10, 4);
    let root = Entity::new("CN=Root");
    pool.anchors = vec![root.issues(&root)];
    pool.send(root.issues(&top[3]));
    let found = pool.search();
    // The leaf's, and one for each of the eleven rungs.
    assert_eq!((found.anchored, found.signatures), (true, 12));
}

#[test]
fn a_ladder_without_an_anchor_at_its_top_is_given_up_within_the_budget() {
    for anchored in [false, true] {
        let (mut pool, top) = ladder(10, 4);
        let root = Entity::new("CN=Root");
        pool.anchors = vec![root.issues(&root)];
        if anchored {
            // The top says that it was issued by the anchor, and lies.
            pool.send(Entity { name: root.name.clone(), ..Entity::new("CN=Root") }.issues(&top[0]));
        }
        let found = pool.search();
        assert!(!found.anchored);
        assert!(found.signatures <= SIGNATURES_MAX && found.paths <= PATHS_MAX, "{found:?}");
    }
}

#[test]
fn each_certificate_of_a_ladder_that_leads_nowhere_is_checked_once() {
    let (mut pool, top) = ladder(10, 4);
    let root = Entity::new("CN=Root");
    pool.anchors = vec![root.issues(&root)];
    // The good way is longer than the ladder says that it is.
    pool.send(Entity { identifier: root.identifier.clone(), ..Entity::new("CN=Root") }.issues(&top[0]));
    let mut below = Entity::new("CN=Way 12");
    pool.send(root.issues(&below));
    for rung in 1..12 {
        let next = Entity::new(&format!("CN=Way {rung}"));
        pool.send(below.issues(&next));
        below = next;
    }
    pool.send(below.issues(&pool.entities[0]));
    let found = pool.search();
    assert!(found.anchored && found.signatures < 200, "{found:?}");
}

#[test]
fn a_way_to_an_anchor_is_taken_before_newer_ways_that_lead_nowhere() {
    let root = Entity::new("CN=Root");
    let issuer = Entity::new("CN=L0");
    let (mut pool, _) = ladder(10, 4);
    pool.anchors = vec![root.issues(&root)];
    let leaf = issuer.issues(&Entity::new("CN=leaf"));
    let astray: Vec<Certificate> = (0..4).map(|_| Entity::new("CN=L1").dated(100).issues(&issuer)).collect();
    pool.given.splice(0..1, [leaf]);
    astray.into_iter().for_each(|one| pool.send(one));
    pool.send(root.issues(&issuer));
    let found = pool.search();
    assert_eq!((found.anchored, found.signatures), (true, 2));
}

#[test]
fn forged_certificates_of_the_issuer_do_not_hide_the_good_one() {
    let root = Entity::new("CN=Root");
    let issuer = Entity::new("CN=CA");
    let mut pool = Sent::trusting(&root);
    pool.send(issuer.issues(&Entity::new("CN=leaf")));
    // By another key that claims to be the root's, and newer than the good one.
    let claimed = root.key.public_key().key_identifier();
    for days in 1..=100 {
        let forger = Entity { identifier: Some(claimed.to_vec()), ..Entity::new("CN=Root").dated(days) };
        pool.send(forger.issues(&issuer));
    }
    pool.send(root.issues(&issuer));
    let found = pool.search();
    // One for the leaf, under the key that all of them hold, and one for each of them.
    assert_eq!((found.anchored, found.signatures), (true, 102));
}

#[test]
fn many_leaves_share_one_budget() {
    let (mut pool, _) = ladder(10, 4);
    let issuer = Entity::new("CN=L0");
    let leaf = Entity::new("CN=leaf");
    pool.given.clear();
    for days in 0..500 {
        pool.send(Entity { name: issuer.name.clone(), ..Entity::new("CN=L0").dated(days) }.issues(&leaf));
    }
    for _ in 0..3 {
        pool.send(Entity::new("CN=Root").issues(&Entity::new("CN=L0").without_identifier()));
    }
    let found = pool.search_from(0..500);
    assert!(found.signatures <= SIGNATURES_MAX && found.paths <= PATHS_MAX, "{found:?}");
}

#[test]
fn a_certificate_of_great_size_is_not_judged_in_every_path() {
    let (mut pool, top) = ladder(4, 4);
    let leaf = Entity { padding: PATH_BYTES_MAX / 4, ..Entity::new("CN=leaf") };
    let first = pool.given[0].clone();
    let below = pool.entities[0].issues(&leaf);
    assert!(below.as_der().len() > first.as_der().len() * 100);
    pool.given[0] = below;
    pool.send(Entity::new("CN=Beyond").issues(&top[0]));
    let found = pool.search();
    assert!(found.paths <= 4, "{found:?}");
}

#[test]
fn a_pair_that_certify_each_other_is_no_endless_way() {
    let (one, other) = (Entity::new("CN=One"), Entity::new("CN=Other"));
    let mut pool = Sent::trusting(&Entity::new("CN=Root"));
    pool.send(one.issues(&Entity::new("CN=leaf")));
    pool.send(other.issues(&one));
    pool.send(one.issues(&other));
    let found = pool.search();
    assert_eq!((found.anchored, found.signatures, found.paths), (false, 2, 1));
}

#[test]
fn names_that_differ_in_case_and_blanks_are_one() {
    let root = Entity::new("CN=The  Root");
    let mut pool = Sent::trusting(&root);
    let spelled = Entity { name: DistinguishedName::from_text("CN=the root").unwrap(), ..root.again() };
    pool.send(spelled.issues(&Entity::new("CN=leaf")));
    assert!(pool.search().anchored);
}

#[test]
fn a_trusted_ca_below_a_trusted_root_ends_a_path_and_is_passed() {
    let (root, policy, issuer) = (Entity::new("CN=Root"), Entity::new("CN=Policy"), Entity::new("CN=CA"));
    let mut pool = Sent::trusting(&root);
    pool.anchors.push(policy.issues(&issuer));
    pool.send(issuer.issues(&Entity::new("CN=leaf")));
    pool.send(root.issues(&policy));
    let mut ends = Vec::new();
    pool.pool(INTERMEDIATES_MAX).search().paths(0, &mut |path| {
        ends.push((path.steps.len(), path.end.clone()));
        ControlFlow::Continue(())
    });
    assert_eq!(ends, [(2, End::Anchor), (4, End::Anchor)]);
}

#[test]
fn self_issued_certificates_are_no_intermediates_by_number() {
    let (root, old, new) = (Entity::new("CN=Root"), Entity::new("CN=CA"), Entity::new("CN=CA"));
    let mut pool = Sent::trusting(&root);
    pool.send(new.issues(&Entity::new("CN=leaf")));
    pool.send(old.issues(&new));
    pool.send(root.issues(&old));
    let end = |intermediates_max| {
        let mut last = None;
        pool.pool(intermediates_max).search().paths(0, &mut |path| {
            last = Some(path.end.clone());
            ControlFlow::Continue(())
        });
        last
    };
    assert_eq!(end(1), Some(End::Anchor));
    assert_eq!(end(0), Some(End::TooLong));
}

/// A leaf under a ladder: on each rung a name and some keys, each certified by every key of the next rung. With it
/// the CAs of the top rung.
fn ladder(depth: usize, width: usize) -> (Sent, Vec<Entity>) {
    let mut rungs: Vec<Vec<Entity>> =
        (0..=depth).map(|rung| (0..width).map(|_| Entity::new(&format!("CN=L{rung}"))).collect()).collect();
    let mut pool = Sent { given: Vec::new(), anchors: Vec::new(), entities: Vec::new() };
    pool.send(rungs[0][0].issues(&Entity::new("CN=leaf")));
    for pair in rungs.windows(2) {
        for below in &pair[0] {
            for above in &pair[1] {
                pool.send(above.issues(below));
            }
        }
    }
    let top = rungs.pop().unwrap();
    pool.entities = rungs.swap_remove(0);
    (pool, top)
}

/// What a search came to.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    anchored: bool,
    signatures: usize,
    paths: usize,
    last: Option<End>,
}

/// What was sent, the leaf first.
struct Sent {
    given: Vec<Certificate>,
    anchors: Vec<Certificate>,
    /// The CAs of the lowest rung of a ladder.
    entities: Vec<Entity>,
}

impl Sent {
    fn trusting(root: &Entity) -> Self {
        Self { given: Vec::new(), anchors: vec![root.issues(root)], entities: Vec::new() }
    }

    fn send(&mut self, certificate: Certificate) {
        self.given.push(certificate);
    }

    fn search(&self) -> Found {
        self.search_from(0..1)
    }

    fn pool(&self, intermediates_max: usize) -> Pool<'_> {
        Pool {
            given: self.given.iter().collect(),
            anchors: self.anchors.iter().collect(),
            at: at(500),
            intermediates_max,
            trusted_leaf_ends: true,
        }
    }

    /// As the judge does it: up to the first path that ends at an anchor.
    fn search_from(&self, leaves: std::ops::Range<usize>) -> Found {
        let pool = self.pool(INTERMEDIATES_MAX);
        let mut search = pool.search();
        let found = Self::run(&mut search, leaves.clone());
        // One that begins again knows more, and finds the same.
        search.begin_again();
        assert_eq!(Self::run(&mut search, leaves), found);
        found
    }

    fn run(search: &mut Search<'_>, leaves: std::ops::Range<usize>) -> Found {
        let (mut paths, mut anchored, mut last) = (0, false, None);
        for leaf in leaves {
            search.paths(leaf, &mut |path| {
                paths += 1;
                last = Some(path.end.clone());
                anchored |= path.end == End::Anchor;
                if anchored { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        Found { anchored, signatures: SIGNATURES_MAX - search.signatures_left, paths, last }
    }
}

/// Somebody with a name and a key.
struct Entity {
    name: DistinguishedName,
    key: PrivateKey,
    /// What its certificates and those that it issues call its key.
    identifier: Option<Vec<u8>>,
    /// From which day on what it issues is valid.
    day: i64,
    /// Octets of an extension that nobody reads.
    padding: usize,
}

impl Entity {
    fn new(name: &str) -> Self {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let identifier = Some(key.public_key().key_identifier().to_vec());
        Self { name: DistinguishedName::from_text(name).unwrap(), key, identifier, day: 0, padding: 0 }
    }

    fn without_identifier(self) -> Self {
        Self { identifier: None, ..self }
    }

    fn dated(self, day: i64) -> Self {
        Self { day, ..self }
    }

    /// The same once more.
    fn again(&self) -> Self {
        let key = PrivateKey::from_pkcs8(&self.key.to_pkcs8().unwrap()).unwrap();
        Self { name: self.name.clone(), key, identifier: self.identifier.clone(), ..*self }
    }

    /// The least that a search reads.
    fn issues(&self, subject: &Self) -> Certificate {
        let algorithm = self.key.signature_algorithm();
        let time = |day| tlv::wrapped(Tag::GeneralizedTime, text_of(at(day)).as_bytes());
        let mut extensions = Vec::new();
        extensions.extend(subject.identifier.as_deref().map(Extension::subject_key_identifier));
        extensions.extend(self.identifier.as_deref().map(Extension::authority_key_identifier));
        if subject.padding > 0 {
            let oid = der::asn1::ObjectIdentifier::new_unwrap("1.2.3");
            extensions.push(Extension { oid, critical: false, value: vec![0; subject.padding] });
        }
        let signed = tlv::sequence(&[
            &tlv::wrapped(explicit(0), &tlv::encoded(&2u8)),
            &tlv::encoded(&1u8),
            algorithm.as_der(),
            self.name.as_der(),
            &tlv::sequence(&[&time(self.day), &time(self.day + 1000)]),
            subject.name.as_der(),
            subject.key.public_key().as_der(),
            &tlv::wrapped(explicit(3), &Extension::encode_all(&extensions)),
        ]);
        let signature = self.key.sign(&signed).unwrap();
        let bits = BitStringRef::from_bytes(&signature).unwrap();
        Certificate::from_der(&tlv::sequence(&[&signed, algorithm.as_der(), &tlv::encoded(&bits)])).unwrap()
    }
}

/// So many days into the year 2050, which is written as GeneralizedTime.
fn at(day: i64) -> UnixTime {
    UnixTime::from_rfc3339("2050-01-01T00:00:00Z").unwrap().plus_seconds(day * 86_400)
}

fn text_of(time: UnixTime) -> String {
    time.to_string().chars().filter(|c| c.is_ascii_alphanumeric() && *c != 'T').collect()
}

const fn explicit(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}
