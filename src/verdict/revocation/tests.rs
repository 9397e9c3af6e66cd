use der::asn1::{BitStringRef, ObjectIdentifier};
use der::{Tag, TagNumber};

use super::*;
use crate::extension::Extension;
use crate::key::{PrivateKey, Signer};
use crate::name::DistinguishedName;
use crate::policy::{KeyKind, KeyUsage};
use crate::tlv;

const YEAR_2026: &str = "260101000000Z";
const YEAR_2027: &str = "270101000000Z";
const YEAR_2030: &str = "300101000000Z";

fn now() -> UnixTime {
    UnixTime::from_rfc3339("2028-01-01T00:00:00Z").unwrap()
}

fn name(text: &str) -> DistinguishedName {
    DistinguishedName::from_text(text).unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyKind::P256).unwrap()
}

fn utc(text: &str) -> Vec<u8> {
    tlv::wrapped(Tag::UtcTime, text.as_bytes())
}

fn explicit(number: u32, contents: &[u8]) -> Vec<u8> {
    tlv::wrapped(Tag::ContextSpecific { constructed: true, number: TagNumber(number) }, contents)
}

fn signed(signer: &PrivateKey, fields: &[&[u8]]) -> Vec<u8> {
    let signed = tlv::sequence(fields);
    let signature = signer.sign(&signed).unwrap();
    let bits = tlv::encoded(&BitStringRef::from_bytes(&signature).unwrap());
    tlv::sequence(&[&signed, signer.signature_algorithm().as_der(), &bits])
}

fn certificate(
    (issuer, signer): (&str, &PrivateKey),
    (subject, key): (&str, &PrivateKey),
    serial: u8,
    extensions: &[Extension],
) -> Certificate {
    let der = signed(
        signer,
        &[
            b"\xa0\x03\x02\x01\x02",
            &tlv::wrapped(Tag::Integer, &[serial]),
            signer.signature_algorithm().as_der(),
            name(issuer).as_der(),
            &tlv::sequence(&[&utc(YEAR_2026), &utc(YEAR_2030)]),
            name(subject).as_der(),
            key.public_key().as_der(),
            &explicit(3, &Extension::encode_all(extensions)),
        ],
    );
    Certificate::from_der(&der).unwrap()
}

fn authority() -> Vec<Extension> {
    let usages = [KeyUsage::KeyCertSign, KeyUsage::CrlSign];
    vec![Extension::authority_constraints(None), Extension::key_usage(&usages).unwrap()]
}

/// A CRL of some issuer, with serial numbers and reasons on it.
struct Draft<'a> {
    issuer: (&'a str, &'a PrivateKey),
    from: &'a str,
    until: &'a str,
    listed: &'a [(u8, u8)],
    extensions: Vec<Extension>,
    unnumbered: bool,
}

impl Draft<'_> {
    fn sign(&self) -> CertificateRevocationList {
        let (issuer, signer) = self.issuer;
        let entries: Vec<Vec<u8>> = self
            .listed
            .iter()
            .map(|(serial, reason)| {
                let reason = extension("2.5.29.21", false, &[0x0a, 1, *reason]);
                tlv::sequence(&[
                    &tlv::wrapped(Tag::Integer, &[*serial]),
                    &utc(YEAR_2026),
                    &Extension::encode_all(&[reason]),
                ])
            })
            .collect();
        // Every CRL has a number, unless the draft says which, or that there is none.
        let numbered = self.unnumbered || self.extensions.iter().any(|one| one.oid == number(1).oid);
        let number = if numbered { Vec::new() } else { vec![number(1)] };
        let extensions = [number.as_slice(), &self.extensions].concat();
        let der = signed(
            signer,
            &[
                b"\x02\x01\x01",
                signer.signature_algorithm().as_der(),
                name(issuer).as_der(),
                &utc(self.from),
                &utc(self.until),
                &tlv::sequence(&[&entries.concat()]),
                &explicit(0, &Extension::encode_all(&extensions)),
            ],
        );
        CertificateRevocationList::from_der(&der).unwrap()
    }
}

fn extension(oid: &str, critical: bool, value: &[u8]) -> Extension {
    Extension { oid: ObjectIdentifier::new_unwrap(oid), critical, value: value.to_vec() }
}

fn number(number: u8) -> Extension {
    extension("2.5.29.20", false, &[2, 1, number])
}

fn base(number: u8) -> Extension {
    extension("2.5.29.27", true, &[2, 1, number])
}

/// A root, a CA below it, and a leaf with serial number 7.
struct World {
    root_key: PrivateKey,
    ca_key: PrivateKey,
    root: Certificate,
    ca: Certificate,
    leaf: Certificate,
}

impl World {
    fn new(of_leaf: &[Extension]) -> Self {
        let (root_key, ca_key, leaf_key) = (key(), key(), key());
        let root = certificate(("CN=Root", &root_key), ("CN=Root", &root_key), 1, &authority());
        let ca = certificate(("CN=Root", &root_key), ("CN=CA", &ca_key), 2, &authority());
        let leaf = certificate(("CN=CA", &ca_key), ("CN=leaf", &leaf_key), 7, of_leaf);
        Self { root_key, ca_key, root, ca, leaf }
    }

    fn list<'a>(&'a self, listed: &'a [(u8, u8)]) -> Draft<'a> {
        let issuer = ("CN=CA", &self.ca_key);
        let (from, until) = (YEAR_2027, YEAR_2030);
        Draft { issuer, from, until, listed, extensions: Vec::new(), unnumbered: false }
    }

    fn list_of_root<'a>(&'a self, listed: &'a [(u8, u8)]) -> Draft<'a> {
        Draft { issuer: ("CN=Root", &self.root_key), ..self.list(listed) }
    }

    /// What is found with the root's own CRL, which lists nothing, beside those given.
    fn judge(&self, extra: &[&Certificate], crls: &[CertificateRevocationList]) -> Vec<Fault> {
        let crls = [crls, &[self.list_of_root(&[]).sign()]].concat();
        faults(&[&self.leaf, &self.ca], Some(&self.root), extra, &crls, now(), true, &Checked::default())
    }

    fn message(&self, extra: &[&Certificate], crls: &[CertificateRevocationList]) -> String {
        let mut found = self.judge(extra, crls);
        assert_eq!(found.len(), 1, "{found:?}");
        let fault = found.remove(0);
        assert_eq!(fault.at, 0, "{fault:?}");
        format!("{}: {}", fault.rule.name, fault.message)
    }
}

#[test]
fn a_listed_certificate_is_revoked_and_the_message_says_where() {
    let world = World::new(&[]);
    assert!(world.judge(&[], &[world.list(&[(8, 1)]).sign()]).is_empty());
    assert_eq!(
        world.message(&[], &[world.list(&[(7, 1)]).sign()]),
        "revoked: revoked since 2026-01-01T00:00:00Z, keyCompromise: CRL number 1 of CN=CA of 2027-01-01T00:00:00Z lists serial number 07"
    );
    let crls = [world.list(&[(7, 1)]).sign(), world.list_of_root(&[(2, 2)]).sign()];
    let found =
        faults(&[&world.leaf, &world.ca], Some(&world.root), &[], &crls, now(), false, &Checked::default());
    assert_eq!(
        found.iter().map(|one| (one.rule, one.at)).collect::<Vec<_>>(),
        [(&REVOKED, 0), (&REVOKED, 1)]
    );
    assert!(found[0].help.contains("new key") && found[1].help.contains("chain without"));
}

#[test]
fn an_unknown_status_is_a_warning_unless_it_is_required() {
    let world = World::new(&[]);
    let path = [&world.leaf, &world.ca];
    let crls = [world.list_of_root(&[]).sign()];
    let rules = |crls: &[_], required| {
        let found = faults(&path, Some(&world.root), &[], crls, now(), required, &Checked::default());
        found.iter().map(|one| one.rule.name).collect::<Vec<_>>()
    };
    assert_eq!(rules(&crls, false), ["revocation-unknown"]);
    assert_eq!(rules(&crls, true), ["revocation-required"]);
    assert_eq!(rules(&[], false), [""; 0]);
    assert_eq!(rules(&[], true).len(), 2);
    // A root that stands in the path for the anchor is not asked about.
    let whole = [&world.leaf, &world.ca, &world.root];
    assert!(
        faults(
            &whole,
            None,
            &[],
            &[world.list(&[]).sign(), crls[0].clone()],
            now(),
            true,
            &Checked::default()
        )
        .is_empty()
    );
}

#[test]
fn a_crl_without_a_number_tells_what_is_revoked_and_nothing_else() {
    let world = World::new(&[]);
    let critical = vec![Extension { critical: true, ..number(1) }];
    let revokes = world.list(&[(7, 1)]);
    let clears = world.list(&[]);
    assert!(world.message(&[], &[Draft { unnumbered: true, ..revokes }.sign()]).starts_with("revoked: "));
    assert!(
        world
            .message(&[], &[Draft { unnumbered: true, ..clears }.sign()])
            .ends_with("has no number, and every CRL of version 2 has one")
    );
    let critically = Draft { extensions: critical, ..world.list(&[]) }.sign();
    assert!(world.message(&[], &[critically]).ends_with("has a critical number, which must not be critical"));
}

#[test]
fn the_place_to_fetch_the_crl_from_is_told() {
    // [0] { [0] { URI http://a/b.crl } }
    let value = b"\x30\x18\x30\x16\xa0\x14\xa0\x12\x86\x10http://a.b/c.crl";
    let world = World::new(&[extension("2.5.29.31", false, value)]);
    let found = world.judge(&[], &[]);
    assert_eq!(found[0].help, "fetch the CRL from http://a.b/c.crl, and give it with --crl FILE");
    assert_eq!(
        found[0].message,
        "not known whether it was revoked: no CRL of CN=CA was given, but of CN=Root"
    );
    // A CRL for another distribution point says nothing of it.
    let other = b"\x30\x11\xa0\x0f\xa0\x0d\x86\x0bhttp://c.d/";
    let list = Draft { extensions: vec![extension("2.5.29.28", true, other)], ..world.list(&[]) }.sign();
    assert_eq!(
        world.message(&[], &[list]),
        "revocation-required: not known whether it was revoked: CRL number 1 of CN=CA of 2027-01-01T00:00:00Z is for distribution point uri:http://c.d/, and the certificate's is uri:http://a.b/c.crl"
    );
}

#[test]
fn an_old_crl_tells_what_is_revoked_for_good_and_nothing_else() {
    let world = World::new(&[]);
    let old = |listed| Draft { from: YEAR_2026, until: YEAR_2027, ..world.list(listed) }.sign();
    assert!(world.message(&[], &[old(&[(7, 4)])]).starts_with("revoked: "));
    for listed in [&[][..], &[(7, 6)]] {
        let message = world.message(&[], &[old(listed)]);
        assert!(
            message.ends_with("was to be replaced by 2027-01-01T00:00:00Z, and it is 2028-01-01T00:00:00Z")
        );
    }
    let early = Draft { from: "290101000000Z", ..world.list(&[]) }.sign();
    assert!(world.message(&[], &[early]).contains("is of 2029-01-01T00:00:00Z, and it is 2028"));
}

#[test]
fn a_later_crl_lifts_a_hold() {
    let world = World::new(&[]);
    let held = Draft { from: YEAR_2026, ..world.list(&[(7, 6)]) }.sign();
    assert!(world.message(&[], std::slice::from_ref(&held)).contains("certificateHold"));
    assert!(world.judge(&[], &[held, world.list(&[]).sign()]).is_empty());
}

#[test]
fn a_delta_is_laid_over_the_complete_crl_that_it_starts_from() {
    let world = World::new(&[]);
    let complete = Draft { extensions: vec![number(3)], ..world.list(&[(7, 6)]) }.sign();
    let delta = |from, to, reason| {
        Draft { extensions: vec![number(to), base(from)], ..world.list(&[(7, reason)]) }.sign()
    };
    assert!(world.judge(&[], &[complete.clone(), delta(2, 4, 8)]).is_empty(), "taken off the list");
    assert!(world.message(&[], &[complete.clone(), delta(3, 4, 1)]).contains("delta CRL number 4 of CN=CA"));
    let newest = [complete.clone(), delta(3, 5, 8), delta(3, 4, 1)];
    assert!(world.judge(&[], &newest).is_empty(), "the delta of the highest number");
    for unfit in [delta(4, 5, 8), delta(1, 3, 8)] {
        assert!(world.message(&[], &[complete.clone(), unfit]).contains("certificateHold"));
    }
    assert!(world.message(&[], &[delta(3, 4, 8)]).contains("of CN=CA a delta CRL alone"), "a delta alone");
    // A current delta makes an old complete CRL current (5.2.4).
    let old = Draft { until: YEAR_2027, extensions: vec![number(3)], ..world.list(&[]) }.sign();
    assert!(world.judge(&[], &[old, delta(3, 4, 8)]).is_empty());
}

#[test]
fn a_crl_counts_when_somebody_above_signed_it() {
    let world = World::new(&[]);
    let signer = key();
    let list = Draft { issuer: ("CN=CA", &signer), ..world.list(&[]) }.sign();
    let usage = |usage| vec![Extension::key_usage(&[usage]).unwrap()];
    let by_root = |usages: Vec<_>| certificate(("CN=Root", &world.root_key), ("CN=CA", &signer), 3, &usages);
    let crl_signer = by_root(usage(KeyUsage::CrlSign));
    assert!(world.judge(&[&crl_signer], std::slice::from_ref(&list)).is_empty());
    let without = by_root(usage(KeyUsage::DigitalSignature));
    assert!(world.message(&[&without], std::slice::from_ref(&list)).contains("no cRLSign"));
    let rogue = key();
    let forged = certificate(("CN=Root", &rogue), ("CN=CA", &signer), 3, &usage(KeyUsage::CrlSign));
    assert!(world.message(&[&forged], std::slice::from_ref(&list)).contains("no issuer of the certificate"));
    assert!(world.message(&[], std::slice::from_ref(&list)).contains("has a bad signature"));
    // Revoked by the root, the signer does not count.
    let crls = [list, world.list_of_root(&[(3, 1)]).sign()];
    let found = faults(
        &[&world.leaf, &world.ca],
        Some(&world.root),
        &[&crl_signer],
        &crls,
        now(),
        true,
        &Checked::default(),
    );
    assert!(found[0].message.contains("is signed by CN=CA, which was revoked"), "{found:?}");
}

#[test]
fn a_ca_cannot_clear_itself_under_its_issuer_s_name() {
    let world = World::new(&[]);
    let signer = key();
    let usage = vec![Extension::key_usage(&[KeyUsage::CrlSign]).unwrap()];
    let posing = certificate(("CN=CA", &world.ca_key), ("CN=Root", &signer), 9, &usage);
    let clearing = Draft { issuer: ("CN=Root", &signer), ..world.list(&[]) }.sign();
    let crls = [world.list(&[]).sign(), clearing];
    let found = faults(
        &[&world.leaf, &world.ca],
        Some(&world.root),
        &[&posing],
        &crls,
        now(),
        true,
        &Checked::default(),
    );
    assert_eq!(found.iter().map(|one| (one.rule, one.at)).collect::<Vec<_>>(), [(&REVOCATION_REQUIRED, 1)]);
    assert!(found[0].message.contains("whom no issuer of the certificate certified"), "{found:?}");
}
