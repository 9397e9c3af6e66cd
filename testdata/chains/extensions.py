"""Dates, names, serial numbers, keys, signatures and extensions (RFC 5280 4.1 and 4.2)."""

from case import *

MADE = "rfc5280::made"

# --- dates ---------------------------------------------------------------------------------------------------------

EXPIRED, EARLY = "expired", "not-yet-valid"
DATES = (
    # label, the leaf's first and last second, the time that is asked about, rules
    ("first-second", "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z", "2027-03-01T00:00:00Z"),
    ("second-before", "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z", "2027-02-28T23:59:59Z", EARLY),
    ("last-second", "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z", "2027-04-01T00:00:00Z"),
    ("second-after", "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z", "2027-04-01T00:00:01Z", EXPIRED),
    ("turned-round", "2027-03-02T00:00:00Z", "2027-03-01T00:00:00Z", "2027-03-01T12:00:00Z", EXPIRED),
    ("utc-49-is-2049", "2049-01-01T00:00:00Z", "2049-12-31T23:59:59Z", "2027-01-01T00:00:00Z", EARLY),
    ("last-second-of-2049", "2027-01-01T00:00:00Z", "2049-12-31T23:59:59Z", "2049-12-31T23:59:59Z"),
    ("first-second-of-2050", "2050-01-01T00:00:00Z", "2060-01-01T00:00:00Z", "2050-01-01T00:00:00Z"),
    ("second-before-2050", "2050-01-01T00:00:00Z", "2060-01-01T00:00:00Z", "2049-12-31T23:59:59Z", EARLY),
    ("no-end", "2027-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2500-01-01T00:00:00Z"),
    ("last-second-of-all", "2027-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ("asked-in-another-zone", "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z", "2027-02-28T20:00:00-04:00"),
    ("asked-in-another-zone-early", "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z",
     "2027-03-01T01:59:59+02:00", EARLY),
)
for label, start, end, at, *rules in DATES:
    @case(f"{MADE}::date::{label}", *rules, what=f"The leaf is valid from {start} to {end}, and it is {at}.")
    def _(chain):
        chain.root.not_after = "9999-12-31T23:59:59Z"
        chain.leaf.not_before, chain.leaf.not_after, chain.at = start, end, at


for label, years, *rules in (
    ("50-is-1950", ("1950-01-01", "2030-01-01")), ("50-is-past", ("1950-01-01", "1950-06-01"), EXPIRED),
):
    @case(f"{MADE}::date::utc-{label}", *rules)
    def _(chain):
        """The year 50 of a UTCTime is 1950."""
        chain.leaf.not_before, chain.leaf.not_after = (f"{one}T00:00:00Z" for one in years)
        chain.leaf.date = lambda text: tlv(UTC, "".join(c for c in text if c.isdigit())[2:].encode() + b"Z")


for label, field, date, *rules in (
    ("ca-first-second", "not_before", NOW), ("ca-second-before", "not_before", "2027-03-01T12:00:01Z", EARLY),
    ("ca-last-second", "not_after", NOW), ("ca-second-after", "not_after", "2027-03-01T11:59:59Z", EXPIRED),
):
    @case(f"{MADE}::date::{label}", *rules,
          what=f"The issuing CA's {field.replace('_', ' ')} is {date}, and it is {NOW}.")
    def _(chain):
        setattr(chain.ca(), field, date)

    @case(f"{MADE}::date::{label.replace('ca-', 'root-')}", *rules,
          what=f"The root's {field.replace('_', ' ')} is {date}, and it is {NOW}.")
    def _(chain):
        setattr(chain.root, field, date)


@case(f"{MADE}::date::root-past-ignored")
def _(chain):
    """The root has ended, and its dates are to be left alone."""
    chain.root.not_after = "2026-01-01T00:00:00Z"
    chain.features = ["anchor-expiration-ignored"]


# --- names compared ------------------------------------------------------------------------------------------------

def cn(text, tag=UTF8):
    return seq(part("O", "Example"), part("CN", text, tag))


NO_ISSUER = "missing-issuer"
COMPARED = (
    # label, the CA's subject, the leaf's issuer, rules
    ("utf-8-printable", cn("Test CA"), cn("Test CA", PRINTABLE)),
    ("case", cn("Test CA"), cn("TEST ca")),
    ("spaces", cn("Test CA"), cn(" Test   CA ")),
    ("no-spaces", cn("Test CA"), cn("TestCA"), NO_ISSUER),
    ("accent", cn("T\u00e9st CA"), cn("Test CA"), NO_ISSUER),
    ("composed", cn("T\u00e9st"), cn("Te\u0301st")),
    ("sharp-s", cn("Stra\u00dfe"), cn("STRASSE")),
    ("order", seq(part("O", "Ex"), part("CN", "a")), seq(part("CN", "a"), part("O", "Ex")), NO_ISSUER),
    ("two-attributes", seq(rdn(attribute("O", "Ex"), attribute("CN", "a"))),
     seq(rdn(attribute("O", "EX"), attribute("CN", "A")))),
    ("domain-components", seq(part("DC", "com", IA5), part("DC", "Example", IA5)),
     seq(part("DC", "COM", IA5), part("DC", "example", IA5))),
    ("mailbox-case", name(("CN", "a"), ("E", "u@Example.com")), name(("CN", "a"), ("E", "u@example.com"))),
    ("bmp", cn("Test".encode("utf-16-be"), BMP), cn("Test".encode("utf-16-be"), BMP)),
)
for label, subject, issuer, *rules in COMPARED:
    @case(f"{MADE}::name::{label}", *rules,
          what=f"A CA and its leaf write the CA's name each in its own way: {label}.")
    def _(chain):
        chain.leaf.issuer = called(chain.ca(subject=subject), issuer)


@case(f"{MADE}::name::ca-has-none", "empty-name")
def _(chain):
    """The issuing CA has no name."""
    chain.ca(subject=name())


# --- serial numbers and versions -----------------------------------------------------------------------------------

SERIALS = (
    ("1", b"\1"), ("128", b"\0\x80"), ("20-octets", b"\x7f" + b"\xff" * 19),
    ("21-octets", b"\x01" + b"\xff" * 20, "serial-number"), ("zero", b"\0", "serial-number"),
    ("negative", b"\xff\x01", "serial-number"),
)
for label, serial, *rules in SERIALS:
    @case(f"{MADE}::serial::{label}", *rules, what=f"The leaf's serial number is {serial.hex()}.")
    def _(chain):
        chain.leaf.serial = serial


@case(f"{MADE}::version::first", "name-not-covered")
def _(chain):
    """The leaf is of version 1, and a host is asked for."""
    chain.leaf.version, chain.leaf.extensions = 1, []


@case(f"{MADE}::version::first-no-host")
def _(chain):
    """The leaf is of version 1, and nothing is asked of its names."""
    chain.leaf.version, chain.leaf.extensions = 1, []
    chain.ask()


@case(f"{MADE}::version::first-ca", "not-a-ca")
def _(chain):
    """The issuing CA is of version 1, and so does not say that it is one."""
    ca = chain.ca()
    ca.version, ca.extensions = 1, []


for version in (1, 2):
    @case(f"{MADE}::version::{version}-with-extensions", "extension-malformed",
          what=f"The leaf of version {version} has extensions.")
    def _(chain):
        chain.leaf.version = version


# --- keys and signatures -------------------------------------------------------------------------------------------

for label, key in (
    ("p-521", ec_key("issuing", "P-521")), ("p-256k", ec_key("issuing", "P-256K")),
    ("ed25519", Ed25519Key("chains CA")), ("rsa", rsa("chains root")), ("pss", rsa("chains root", pss=True)),
    ("p-384-sha-256", signing_with(ec_key("issuing", "P-384"), "sha256")),
    ("p-256-sha-512", signing_with(ec_key("issuing"), "sha512")),
):
    @case(f"{MADE}::key::{label}", what=f"The issuing CA signs with {words(label)}.")
    def _(chain):
        chain.ca(key=key)


for label, written in (
    ("off-the-curve", lambda bits: bits[:-1] + bytes([bits[-1] ^ 1])), ("short", lambda bits: bits[:20]),
    ("at-infinity", lambda bits: b"\0"),
):
    @case(f"{MADE}::key::point-{label}", "ec-point-not-on-curve",
          what=f"The leaf's key is to be a point: {words(label)}.")
    def _(chain):
        key = chain.leaf.key
        chain.leaf.public_key = seq(key.algorithm(), tlv(BITS, b"\0", written(key.bits)))


@case(f"{MADE}::key::point-compressed")
def _(chain):
    """The leaf's key is a point of which one coordinate is written."""
    bits = chain.leaf.key.bits
    chain.leaf.public_key = seq(chain.leaf.key.algorithm(), tlv(BITS, b"\0", bytes([2 + bits[-1] % 2]), bits[1:33]))


@case(f"{MADE}::signature::flipped-bit", "bad-signature")
def _(chain):
    """A bit of the leaf's signature is another."""
    chain.leaf.changed = lambda der: der[:-1] + bytes([der[-1] ^ 1])


@case(f"{MADE}::signature::flipped-bit-of-the-ca", "bad-signature")
def _(chain):
    """A bit of the issuing CA's signature is another."""
    chain.ca().changed = lambda der: der[:-1] + bytes([der[-1] ^ 1])


@case(f"{MADE}::signature::another-key-of-the-name", "bad-signature")
def _(chain):
    """Another CA of the root's name has signed, and the leaf says that the root has."""
    chain.leaf.put("authorityKeyIdentifier", seq(implicit(0, key_identifier(chain.root.key))))
    chain.leaf.issuer = authority("Example Root CA", key=ec_key("another root"))


@case(f"{MADE}::signature::algorithms-differ", "signature-algorithms-differ")
def _(chain):
    """What the signature is made with is said twice, and not alike."""
    chain.leaf.inner_algorithm = seq(oid(ECDSA["sha384"]))


@case(f"{MADE}::signature::md5", "signature-not-checked", root_key=rsa("chains root"))
def _(chain):
    """The leaf is signed over MD5."""
    chain.leaf.issuer = copy.copy(chain.root)
    chain.leaf.issuer.key = rsa("chains root", hash="md5")


# --- what a key is for ---------------------------------------------------------------------------------------------

for label, usages, *rules in (
    ("signs-certificates", ["keyCertSign"]),
    ("signs-lists", ["cRLSign"], "ca-cannot-sign"), ("signs-data", ["digitalSignature"], "ca-cannot-sign"),
):
    @case(f"{MADE}::ku::ca-{label}", *rules, what=f"The issuing CA's key is for {', '.join(usages)}.")
    def _(chain):
        chain.ca().put("keyUsage", key_usage(*usages))

    @case(f"{MADE}::ku::root-{label}", *rules, what=f"The root's key is for {', '.join(usages)}.")
    def _(chain):
        chain.root.put("keyUsage", key_usage(*usages))


@case(f"{MADE}::ku::leaf-signs-certificates", "key-cert-sign-without-ca")
def _(chain):
    """The leaf's key signs certificates, and it is no CA."""
    chain.leaf.put("keyUsage", key_usage("digitalSignature", "keyCertSign"))


@case(f"{MADE}::ku::leaf-no-bits", "extension-malformed")
def _(chain):
    """The leaf's key is for nothing."""
    chain.leaf.put("keyUsage", NO_BITS)


for usage in ("keyAgreement", "nonRepudiation"):
    @case(f"{MADE}::ku::leaf-{usage}", what=f"The leaf's key is for {usage}, which RFC 5280 does not judge.")
    def _(chain):
        chain.leaf.put("keyUsage", key_usage(usage))


REFUSED = "purpose-not-allowed"
PURPOSES = (
    # label, who has the purposes, the purposes, whether a server is wanted, rules
    ("leaf-both", "leaf", [CLIENT_AUTH, SERVER_AUTH], True),
    ("leaf-unknown", "leaf", [UNKNOWN], True, REFUSED),
    ("leaf-client", "leaf", [CLIENT_AUTH], True, REFUSED),
    ("leaf-any", "leaf", [ANY_PURPOSE], True),
    ("leaf-client-for-client", "leaf", [CLIENT_AUTH], False),
    ("leaf-server-for-client", "leaf", [SERVER_AUTH], False, REFUSED),
    ("ca-any", "ca", [ANY_PURPOSE], True),
    ("ca-client", "ca", [CLIENT_AUTH], True, REFUSED),
    ("root-server", "root", [SERVER_AUTH], True),
    ("root-client", "root", [CLIENT_AUTH], True, REFUSED),
)
for label, who, identifiers, server, *rules in PURPOSES:
    @case(f"{MADE}::eku::{label}", *rules,
          what=f"Purposes are limited, and a {'server' if server else 'client'} is wanted: {words(label)}.")
    def _(chain):
        if not server:
            chain.client()
        who_has = chain.ca() if who == "ca" else getattr(chain, who)
        who_has.put("extKeyUsage", purposes(*identifiers))


@case(f"{MADE}::eku::leaf-none")
def _(chain):
    """The leaf's purposes are not limited."""
    chain.leaf.drop("extKeyUsage")


@case(f"{MADE}::eku::leaf-critical")
def _(chain):
    """The leaf's purposes are critical, as RFC 5280 lets them be."""
    chain.leaf.find("extKeyUsage")[1] = True


@case(f"{MADE}::eku::ca-limited-leaf-not", REFUSED)
def _(chain):
    """The issuing CA is for code signing, and the leaf for everything."""
    chain.ca().put("extKeyUsage", purposes(CODE_SIGNING))
    chain.leaf.drop("extKeyUsage")


@case(f"{MADE}::eku::root-client-ignored")
def _(chain):
    """The root is for clients, and its constraints are to be left alone."""
    chain.root.put("extKeyUsage", purposes(CLIENT_AUTH))
    chain.features = ["anchor-constraints-ignored"]


MAILBOXES = (
    ("same", "user@example.com", "user@example.com"),
    ("host-folds", "user@EXAMPLE.com", "user@example.com"),
    ("case-does-not-fold", "User@example.com", "user@example.com", "name-not-covered"),
    ("another-user", "user@example.com", "other@example.com", "name-not-covered"),
    ("another-host", "user@example.com", "user@example.org", "name-not-covered"),
)
for label, has, asked, *rules in MAILBOXES:
    @case(f"{MADE}::mailbox::{label}", *rules, what=f"The leaf is for {has}, and {asked} is asked for.")
    def _(chain):
        chain.client("emailProtection", EMAIL_PROTECTION)
        chain.names(email(has))
        chain.ask(mail=asked)


for label, text in (
    ("no-at", "example.com"), ("two-at", "a@b@example.com"), ("display-name", "A B <a@example.com>"),
    ("no-user", "@example.com"), ("nothing", ""),
):
    @case(f"{MADE}::syntax::mailbox-{label}", "alternative-name-malformed",
          what=f"One of the leaf's mailboxes is none: {text!r}.")
    def _(chain):
        chain.leaf.put("subjectAltName", seq(dns(WWW), email(text)))


# --- key identifiers -----------------------------------------------------------------------------------------------

ROOT_NAME = explicit(1, directory(name(("CN", "Example Root CA"))))
NO_KEY = "no-key-identifier"
for label, with_key, parts, *rules in (
    ("key-alone", True, []), ("all-three", True, [ROOT_NAME, implicit(2, b"\x4c\1")]),
    ("issuer-and-serial", False, [ROOT_NAME, implicit(2, b"\x4c\1")], NO_KEY),
    ("issuer-without-serial", True, [ROOT_NAME], "extension-malformed"),
    ("serial-without-issuer", True, [implicit(2, b"\x4c\1")], "extension-malformed"),
    ("nothing", False, [], NO_KEY),
):
    @case(f"{MADE}::aki::{label}", *rules, what=f"The leaf names its issuer's key: {words(label)}.")
    def _(chain):
        key = implicit(0, key_identifier(chain.root.key)) if with_key else b""
        chain.leaf.put("authorityKeyIdentifier", seq(key, *parts))


@case(f"{MADE}::aki::missing", NO_KEY)
def _(chain):
    """The leaf does not name its issuer's key."""
    chain.leaf.drop("authorityKeyIdentifier")


@case(f"{MADE}::aki::another-key")
def _(chain):
    """The leaf names another key than its issuer's, which path validation does not look at."""
    chain.leaf.put("authorityKeyIdentifier", seq(implicit(0, b"\x11" * 20)))


for label, which in (("aki", "authorityKeyIdentifier"), ("ski", "subjectKeyIdentifier")):
    @case(f"{MADE}::{label}::critical", "extension-critical")
    def _(chain):
        """A key identifier is critical."""
        chain.leaf.find(which)[1] = True


for size in (1, 32):
    @case(f"{MADE}::ski::of-{size}-octets")
    def _(chain):
        """A key identifier may have any size."""
        chain.root.put("subjectKeyIdentifier", tlv(OCTETS, b"\x5a" * size))
        chain.leaf.put("authorityKeyIdentifier", seq(implicit(0, b"\x5a" * size)))


@case(f"{MADE}::ski::leaf-without")
def _(chain):
    """The leaf does not name its own key."""
    chain.leaf.drop("subjectKeyIdentifier")


@case(f"{MADE}::ski::ca-without", NO_KEY)
def _(chain):
    """The issuing CA does not name its own key."""
    chain.ca().drop("subjectKeyIdentifier")


@case(f"{MADE}::ski::not-wrapped", "extension-malformed")
def _(chain):
    """The root's key identifier is no OCTET STRING."""
    chain.root.put("subjectKeyIdentifier", lambda root: key_identifier(root.key))


# --- extensions, known and not -------------------------------------------------------------------------------------

for who in ("leaf", "root", "ca"):
    for critical in (False, True):
        @case(f"{MADE}::unknown::{who}{'-critical' if critical else ''}", *["critical-extension"] * critical,
              what=f"The {who} has an unknown extension, {'' if critical else 'not '}critical.")
        def _(chain):
            (chain.ca() if who == "ca" else getattr(chain, who)).put(UNKNOWN, b"anything", critical)


@case(f"{MADE}::unknown::twice", "extension-twice")
def _(chain):
    """The leaf has an unknown extension twice."""
    chain.leaf.put(UNKNOWN, b"anything")
    chain.leaf.twice(UNKNOWN)


@case(f"{MADE}::unknown::names-twice", "extension-twice")
def _(chain):
    """The leaf has its alternative names twice."""
    chain.leaf.twice("subjectAltName")


@case(f"{MADE}::unknown::precertificate", "critical-extension")
def _(chain):
    """The leaf is a precertificate, whose poison is critical."""
    chain.leaf.put("1.3.6.1.4.1.11129.2.4.3", tlv(NULL), critical=True)


SUBJECT_ACCESS, ISSUER_NAMES = "1.3.6.1.5.5.7.1.11", "2.5.29.18"
LIST = uri("http://crl.example.com/a.crl")
EXTRA = (
    # label, the extension, its value, whether it is critical, rules
    ("policies-critical", "certificatePolicies", policies("1.2.3"), True),
    ("issuer-address", "authorityInfoAccess", information_access("http://ca.example.com/ca.cer"), False),
    ("issuer-address-of-another-kind", "authorityInfoAccess", seq(seq(oid("1.3.6.1.5.5.7.48.2"), dns(HOST))), False),
    ("issuer-address-critical", "authorityInfoAccess", information_access("http://ca.example.com/ca.cer"), True,
     "extension-critical"),
    ("subject-access-critical", SUBJECT_ACCESS,
     seq(seq(oid("1.3.6.1.5.5.7.48.5"), uri("http://a.example.com/"))), True, "critical-extension"),
    ("issuer-names-critical", ISSUER_NAMES, seq(LIST), True, "critical-extension"),
    ("no-addresses", "authorityInfoAccess", seq(), False, "extension-malformed"),
    ("no-points", "cRLDistributionPoints", seq(), False, "extension-malformed"),
    ("point-of-reasons-alone", "cRLDistributionPoints", points(point(reasons=[1])), False, "extension-malformed"),
    ("no-policies", "certificatePolicies", seq(), False, "policy-extension-malformed"),
    ("policy-twice", "certificatePolicies", policies("1.2.3", "1.2.3"), False, "policy-extension-malformed"),
)
for label, which, value, critical, *rules in EXTRA:
    @case(f"{MADE}::extension::{label}", *rules, what=f"The leaf has an extension besides: {words(label)}.")
    def _(chain):
        chain.leaf.put(which, value, critical)


for label, names, *rules in (
    ("none", seq(), "extension-malformed"), ("not-a-sequence", dns(WWW), "extension-malformed"),
    ("followed", seq(dns(WWW)) + b"\0", "extension-malformed"),
    ("unknown-kind", seq(dns(WWW), implicit(9, b"x")), "extension-malformed"),
    ("address-of-5-octets", seq(dns(WWW), ip(1, 2, 3, 4, 5)), "extension-malformed"),
    ("address-of-8-octets", seq(dns(WWW), ip(192, 0, 2, 1, 255, 255, 255, 255)), "extension-malformed"),
    ("user-principal-name", seq(dns(WWW), other_name("1.3.6.1.4.1.311.20.2.3", tlv(UTF8, b"user@example.com")))),
    ("registered-identifier", seq(dns(WWW), implicit(8, b"\x2a\x03"))),
    ("label-of-63", seq(dns(WWW), dns("a" * 63 + ".example.com"))),
    ("total-of-253", seq(dns(WWW), dns(".".join(["a" * 63] * 3 + ["a" * 61])))),
    ("labels-of-digits", seq(dns(WWW), dns("1.2.example.com"))),
):
    @case(f"{MADE}::names::{label}", *rules, what=f"The leaf's alternative names: {words(label)}.")
    def _(chain):
        chain.leaf.put("subjectAltName", names)


@case(f"{MADE}::names::critical-beside-subject")
def _(chain):
    """The alternative names are critical beside a subject, which RFC 5280 lets them be."""
    chain.leaf.find("subjectAltName")[1] = True


@case(f"{MADE}::names::no-subject-not-critical", "empty-name")
def _(chain):
    """There is no subject, and the alternative names are not critical."""
    chain.leaf.subject = name()


@case(f"{MADE}::names::address-written-as-a-host", "host-name-malformed")
def _(chain):
    """An address stands among the hosts."""
    chain.leaf.put("subjectAltName", seq(dns(WWW), dns("192.0.2.1")))
