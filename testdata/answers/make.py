"""Makes every case of this folder: good answers, and the same with one thing changed in each.

    python3 testdata/answers/make.py

needs Python 3.11 and `cryptography` 43 or newer. Each function below is a case: it takes the good answer, changes one
thing before the certificates are issued, and names the rule that it breaks. The same cases come out byte by byte
each time, keys included: they are drawn from their names, and are for nothing but tests.
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True
from x509 import *

FOLDER = pathlib.Path(__file__).parent
NOW = "2027-03-01T12:00:00Z"
WWW, HOST = "www.example.com", "example.com"


# --- the good answer -----------------------------------------------------------------------------------------------

class Answer:
    """A leaf, an intermediate and a root, and the request that they answer; all of it can be changed."""

    def __init__(self, key=None, authority_key=None):
        self.root = certificate(
            name(("C", "DE"), ("O", "Example"), ("CN", "Example Root CA")), authority_key or EcKey("root"), None,
            [2020, 2040], basicConstraints=constraints(True), keyUsage=key_usage("keyCertSign", "cRLSign"))
        self.intermediate = self.authority("Example Issuing CA", self.root, EcKey("intermediate"), 0)
        self.leaf = self.end_entity(WWW, self.intermediate, key or EcKey("leaf"))
        self.given, self.roots, self.crls = [self.leaf, self.intermediate], [self.root], []
        self.request = None
        self.key_alone = False
        self.web_extensions = {"certificatePolicies": policies(DOMAIN_VALIDATED),
                               "authorityInfoAccess": information_access("http://ca.example.com/ca.cer")}
        self.terms = {"at": NOW, "profile": "rfc5280", "server_names": [WWW]}

    @staticmethod
    def authority(common_name, issuer, key, path_length=None):
        return certificate(
            name(("C", "DE"), ("O", "Example"), ("CN", common_name)), key, issuer, [2022, 2032],
            basicConstraints=constraints(True, path_length), keyUsage=key_usage("keyCertSign", "cRLSign"))

    @staticmethod
    def end_entity(host, issuer, key):
        usages = ["digitalSignature", "keyEncipherment"] if isinstance(key, RsaKey) else ["digitalSignature"]
        return certificate(
            name(("C", "DE"), ("O", "Example"), ("CN", host)), key, issuer, ["2027-01-01", "2027-07-01"],
            basicConstraints=constraints(False), keyUsage=key_usage(*usages),
            extKeyUsage=purposes(SERVER_AUTH), subjectAltName=seq(dns(host), dns(HOST)))

    def ask(self):
        """What comes after this is not asked for."""
        self.request = Request(self.leaf)

    def trust_nobody(self):
        """The root comes along, and none is trusted."""
        self.given.append(self.root)
        self.roots = []

    def between(self, above, below, common_name, path_length=None):
        """Another CA, given behind the others."""
        added = self.authority(common_name, above, EcKey(common_name), path_length)
        below.issuer = added
        self.given.append(added)
        return added

    def revocation_lists(self):
        """Those of the intermediate and the root, which list nobody."""
        self.crls = [RevocationList(one, "2027-02-20T00:00:00Z", "2027-03-10T00:00:00Z", 7)
                     for one in (self.intermediate, self.root)]
        return self.crls

    def as_the_web_wants(self):
        """What a public CA writes besides, unless the case has its own."""
        for which, value in self.web_extensions.items():
            if self.leaf.find(which) is None:
                self.leaf.put(which, value)

    def written(self):
        if self.terms["profile"] == "webpki":
            self.as_the_web_wants()
        if self.key_alone:
            held = {"key": pem("PUBLIC KEY", self.leaf.public_key or public_key(self.leaf.key))}
        else:
            held = {"request": pem("CERTIFICATE REQUEST", (self.request or Request(self.leaf)).der())}
        lists = {
            "certificates": [pem("CERTIFICATE", one.der()) for one in self.given],
            "roots": [pem("CERTIFICATE", one.der()) for one in self.roots],
            "crls": [pem("X509 CRL", one.der()) for one in self.crls],
        }
        return self.terms | held | lists


def certificate(subject, key, issuer, years, **extensions):
    start, end = (f"{year}-01-01" if isinstance(year, int) else year for year in years)
    critical = ["basicConstraints", "keyUsage"]
    listed = [[EXTENSIONS[which], which in critical, value] for which, value in extensions.items()]
    made = Certificate(subject, key, issuer, drawn_serial(subject, key), start + "T00:00:00Z", end + "T00:00:00Z",
                       listed)
    made.put("subjectKeyIdentifier", own_key)
    if issuer is not None:
        made.put("authorityKeyIdentifier", issuers_key)
    return made


def drawn_serial(subject, key):
    return b"\x4c" + hashlib.sha256(subject + key.bits).digest()[:15]


def twin(certificate, key):
    """The same CA with another key, or another way to sign."""
    other = copy.copy(certificate)
    other.key, other.extensions = key, [list(one) for one in certificate.extensions]
    if certificate.issuer is certificate:
        other.issuer = other
    return other


# --- cases ---------------------------------------------------------------------------------------------------------

CASES = {}
ANCHOR = "anchor"


def good(label, key=None, authority_key=None, also=()):
    """An answer in which nothing is wrong."""
    def register(change):
        answer = Answer(key, authority_key)
        change(answer)
        CASES["good-" + label] = answer, change.__doc__, None, also
        return change
    return register


def broken(rule, label, about, says, severity="refuse", also=(), key=None, authority_key=None, what=None):
    """An answer that breaks one rule: which, about which certificate, and both sides as its message names them."""
    def register(change):
        answer = Answer(key, authority_key)
        change(answer)
        expect = {"rule": rule, "severity": severity, "about": about, "says": says}
        assert f"{rule}-{label}" not in CASES, label
        CASES[f"{rule}-{label}"] = answer, what or change.__doc__, expect, also
        return change
    return register


def write():
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for label, (answer, what, expect, also) in CASES.items():
        case = {"case": what} | answer.written() | {"expect": expect, "also": list(also)}
        (FOLDER / f"{label}.json").write_text(json.dumps(case, indent=1) + "\n")
    print(f"{len(CASES)} cases", file=sys.stderr)


# --- good answers --------------------------------------------------------------------------------------------------

@good("p-256")
def _(answer):
    """A leaf and its issuer, under a trusted root, all P-256."""


for curve in ("P-384", "P-521", "P-256K"):
    @good(curve.lower(), key=EcKey(f"leaf {curve}", curve), authority_key=EcKey(f"root {curve}", curve))
    def _(answer):
        """The leaf's and the root's keys are on another curve."""


@good("rsa", key=rsa("leaf"), authority_key=rsa("root"))
def _(answer):
    """Every key is RSA."""
    answer.intermediate.key = rsa("intermediate")


@good("pss-ca")
def _(answer):
    """The issuer signs with RSASSA-PSS."""
    answer.intermediate.key = rsa("intermediate", pss=True)


@good("ed25519-ca", authority_key=Ed25519Key("root"))
def _(answer):
    """The issuer and the root sign with Ed25519."""
    answer.intermediate.key = Ed25519Key("intermediate")


@good("no-roots")
def _(answer):
    """Nothing is trusted, and the root comes along."""
    answer.trust_nobody()


@good("no-roots-webpki")
def _(answer):
    """As the Web wants it, and nothing is trusted."""
    answer.trust_nobody()
    answer.terms["profile"] = "webpki"


@good("webpki")
def _(answer):
    """As the Web wants it."""
    answer.terms["profile"] = "webpki"


@good("key-vault")
def _(answer):
    """As Key Vault wants it."""
    answer.terms["profile"] = "key-vault"


@good("any-order")
def _(answer):
    """The root first, the leaf last."""
    answer.given = [answer.root, answer.intermediate, answer.leaf]


@good("request-of-a-key")
def _(answer):
    """The request asks for no extension, and the leaf is for the common name."""
    answer.leaf.put("subjectAltName", seq(dns(WWW)))
    answer.ask()
    answer.request.extensions = []


@good("first-second")
def _(answer):
    """It is the first second of the leaf's validity."""
    answer.terms["at"] = answer.leaf.not_before


@broken("expires-soon", "last-second", 1, ["ends on 2027-07-01T00:00:00Z", "0 are left"], severity="warn")
def _(answer):
    """It is the last second of the leaf's validity, which still counts."""
    answer.terms["at"] = answer.leaf.not_after


@broken("expires-soon", "leaf", 1, ["of its 181 days 30 are left", "80 percent"], severity="warn")
def _(answer):
    """A month of the leaf's six is left."""
    answer.terms["at"] = "2027-06-01T00:00:00Z"


@broken("outlives-issuer", "leaf", 1, ["valid until 2027-07-01", "its issuer until 2027-06-30"], severity="note")
def _(answer):
    """The intermediate ends a day before the leaf."""
    answer.intermediate.not_after = "2027-06-30T00:00:00Z"


@broken("validity-beyond-policy", "leaf", 1, ["asks for 3 months", "valid until 2027-07-01"], severity="warn")
def _(answer):
    """The leaf is valid for six months, and three were asked for."""
    answer.terms["validity_months"] = 3


@broken("key-of-earlier-version", "leaf", 1, ["its key is that of", "version 0123456789abcdef"], severity="warn")
def _(answer):
    """The vault holds the leaf's key in an earlier version."""
    answer.terms["held_by"] = [{"name": "request.csr", "version": "0123456789abcdef" * 2}, {"name": "request.csr"}]


@broken("key-of-another-name", "leaf", 1, ["its key is that of", "api (pending)"], severity="warn")
def _(answer):
    """The vault holds the leaf's key under another name."""
    answer.terms["held_by"] = [{"name": "request.csr"}, {"name": "api"}]


@broken("mixed-key-types", "leaf", 1, ["RSA 2048 under EC P-256", "[256, 384, 521]"], severity="note", key=rsa("leaf"))
def _(answer):
    """The leaf's key is RSA, its issuer's EC."""


@broken("purpose-profile", "time-stamping", 1, ["purposes are not critical", "time stamping"])
def _(answer):
    """The purposes of a time stamp's certificate are not critical, and that is asked for."""
    answer.leaf.put("extKeyUsage", purposes(TIME_STAMPING))
    answer.terms |= {"purpose": TIME_STAMPING, "purpose_reading": "profile"}


@good("three-intermediates")
def _(answer):
    """Three CAs stand between, out of order."""
    answer.intermediate.put("basicConstraints", constraints(True, 0))
    one = answer.between(answer.root, answer.intermediate, "Example CA 1", 2)
    answer.between(one, answer.intermediate, "Example CA 2", 1)


@good("wildcard")
def _(answer):
    """A wildcard stands for the host."""
    answer.leaf.put("subjectAltName", seq(dns("*.example.com"), dns(WWW), dns(HOST)))
    answer.terms |= {"server_names": ["shop.example.com", "WWW.example.COM"], "profile": "webpki"}


@good("address-and-mailbox")
def _(answer):
    """Names of other kinds, all asked for."""
    names = [dns(WWW), ip(192, 0, 2, 1), email("ada@example.com"), uri("https://example.com/a")]
    answer.leaf.put("subjectAltName", seq(*names))
    answer.terms |= {"server_names": [WWW, "192.0.2.1"], "mailboxes": ["ada@EXAMPLE.com"]}


@good("no-subject")
def _(answer):
    """No subject, and critical alternative names instead."""
    answer.leaf.subject = name()
    answer.leaf.find("subjectAltName")[1] = True


@good("name-constraints")
def _(answer):
    """The issuer may certify these names, and no others of their kinds."""
    bases = [dns(HOST), ip(192, 0, 2, 0, 255, 255, 255, 0), directory(name(("C", "DE"), ("O", "Example")))]
    answer.intermediate.put(
        "nameConstraints", name_constraints(bases, [dns("internal.example.com")]), critical=True)
    answer.leaf.put("subjectAltName", seq(dns(WWW), ip(192, 0, 2, 1)))


@good("policies")
def _(answer):
    """The root's owner asks for a policy, and the issuer calls it by another name."""
    answer.root.put("policyConstraints", seq(implicit(0, b"\0")), critical=True)
    answer.intermediate.put("certificatePolicies", policies("1.2.3.1"))
    answer.intermediate.put("policyMappings", seq(seq(oid("1.2.3.1"), oid("1.2.3.2"))), critical=True)
    answer.leaf.put("certificatePolicies", policies("1.2.3.2"))


@good("crls")
def _(answer):
    """Both CAs' lists are there, and list others."""
    issuers, _ = answer.revocation_lists()
    issuers.revoke(answer.root, 4)
    answer.terms["revocation_required"] = True


@good("hold-lifted")
def _(answer):
    """The leaf was on hold, and the delta CRL takes it off the list."""
    complete, _ = answer.revocation_lists()
    complete.revoke(answer.leaf, 6)
    delta = RevocationList(answer.intermediate, "2027-02-27T00:00:00Z", "2027-03-10T00:00:00Z", 8)
    delta.change_from(7)
    delta.revoke(answer.leaf, 8)
    answer.crls.append(delta)


@good("cross-signed")
def _(answer):
    """Another root signed the issuer too, and only that one is trusted."""
    other = certificate(name(("O", "Other"), ("CN", "Other Root")), EcKey("other root"), None, [2020, 2040],
                        basicConstraints=constraints(True), keyUsage=key_usage("keyCertSign", "cRLSign"))
    cross = certificate(answer.root.subject, answer.root.key, other, [2022, 2032],
                        basicConstraints=constraints(True), keyUsage=key_usage("keyCertSign", "cRLSign"))
    answer.given.append(cross)
    answer.roots = [other]


@good("old-root", authority_key=rsa("root", hash="sha1"))
def _(answer):
    """The root's signature of itself is over SHA-1, and nobody asks."""
    answer.intermediate.outer_algorithm = seq(oid(SHA256_RSA), tlv(NULL))
    answer.intermediate.issuer = twin(answer.root, rsa("root"))
    answer.terms["profile"] = "webpki"


# --- the key -------------------------------------------------------------------------------------------------------

@broken("key-mismatch", "another-request", 1, ["expected", "found"])
def _(answer):
    """The CA answered an older request of the same name."""
    answer.ask()
    answer.leaf.key = EcKey("older leaf")


@broken("key-mismatch", "leaf-last", 3, ["expected", "found"])
def _(answer):
    """The CA answered another request, and sends its CAs first."""
    answer.ask()
    answer.leaf.key = EcKey("older leaf")
    answer.given = [answer.root, answer.intermediate, answer.leaf]


@broken("key-mismatch", "no-leaf", 1, ["expected", "found"])
def _(answer):
    """The CA's own certificates came, and the leaf did not."""
    answer.given = [answer.intermediate, answer.root]


@broken("key-mismatch", "another-type", 1, ["expected", "found"])
def _(answer):
    """The certificate is for an RSA key, and one on P-256 is held."""
    answer.ask()
    answer.leaf.key = rsa("leaf")


@broken("key-mismatch", "key-vault", 1, ["expected", "found"])
def _(answer):
    """Key Vault too looks at the key."""
    answer.ask()
    answer.leaf.key = EcKey("older leaf")
    answer.terms["profile"] = "key-vault"


# --- signatures ----------------------------------------------------------------------------------------------------

def last_bit(der):
    return der[:-1] + bytes([der[-1] ^ 1])


def middle_of(text, other):
    """Changes what is signed."""
    def changed(der):
        assert text in der and len(text) == len(other)
        return der.replace(text, other, 1)
    return changed


@broken("bad-signature", "flipped-bit", 1, ["does not verify under the EC P-256 key", "Example Issuing CA"])
def _(answer):
    """One bit of the leaf's signature is another."""
    answer.leaf.changed = last_bit


@broken("bad-signature", "flipped-bit-no-roots", 1, ["does not verify under the EC P-256 key", "Example Issuing CA"])
def _(answer):
    """One bit of the leaf's signature is another, and nothing is trusted."""
    answer.trust_nobody()
    answer.leaf.changed = last_bit


@broken("bad-signature", "with-lists", 1, ["does not verify under the EC P-256 key", "Example Issuing CA"])
def _(answer):
    """One bit of the leaf's signature is another, and its issuer's list is there."""
    answer.revocation_lists()
    answer.leaf.changed = last_bit


@broken("bad-signature", "issuer-with-lists", 2, ["does not verify under the EC P-256 key", "Example Root CA"])
def _(answer):
    """One bit of the intermediate's signature is another, and all lists are there."""
    answer.revocation_lists()
    answer.intermediate.changed = last_bit


@broken("bad-signature", "flipped-bit-issuer", 2, ["does not verify under the EC P-256 key", "Example Root CA"])
def _(answer):
    """One bit of the intermediate's signature is another."""
    answer.intermediate.changed = last_bit


@broken("bad-signature", "changed-name", 1, ["ecdsa-with-SHA256", "Example Issuing CA"])
def _(answer):
    """A host was changed after the leaf was signed."""
    answer.ask()
    answer.leaf.put("subjectAltName", seq(dns("vvv.example.com"), dns(HOST)))
    answer.leaf.changed = middle_of(b"vvv.example.com", WWW.encode())


@broken("bad-signature", "other-ca-of-the-name", 1, ["does not verify", "Example Issuing CA"])
def _(answer):
    """The issuer that came has the right name and another key."""
    answer.given[1] = answer.authority("Example Issuing CA", answer.root, EcKey("other intermediate"), 0)


@broken("bad-signature", "other-root-of-the-name", 2, ["does not verify", "Example Root CA"])
def _(answer):
    """The trusted root has the right name and another key."""
    answer.roots = [twin(answer.root, EcKey("other root"))]


@broken("bad-signature", "root-itself", 3, ["does not verify", "by which it says it was signed"])
def _(answer):
    """The root's own signature is wrong, and nothing is trusted."""
    answer.trust_nobody()
    answer.root.changed = last_bit


@broken("bad-signature", "wrong-key-type", 1, ["ecdsa-with-SHA256", "RSA 2048"])
def _(answer):
    """The issuer that came has an RSA key, and the leaf an ECDSA signature."""
    answer.given[1] = answer.authority("Example Issuing CA", answer.root, rsa("intermediate"), 0)


@broken("bad-signature", "parameters", 1, ["the parameters of ecdsa-with-SHA256", "Example Issuing CA"])
def _(answer):
    """The signature's algorithm has a parameter that it does not know."""
    answer.leaf.outer_algorithm = seq(oid(ECDSA["sha256"]), integer(0))


@broken("bad-signature", "pss-salt", 1, ["RSASSA-PSS with SHA-256 signature does not verify", "Example Issuing CA"])
def _(answer):
    """The signature is of PKCS #1 v1.5, and says that it is of PSS."""
    answer.intermediate.key = rsa("intermediate")
    answer.leaf.outer_algorithm = PSS_SHA256


@broken("bad-signature", "empty", 1, ["does not verify", "Example Issuing CA"])
def _(answer):
    """The signature has no octets."""
    answer.leaf.signature = b""


@broken("bad-signature", "key-vault", 1, ["does not verify", "Example Issuing CA"], severity="warn")
def _(answer):
    """Key Vault does not look at signatures."""
    answer.leaf.changed = last_bit
    answer.terms["profile"] = "key-vault"


@broken("signature-not-checked", "dsa", 1, ["2.16.840.1.101.3.4.3.2", "P-256"])
def _(answer):
    """The leaf says that it is signed with DSA."""
    answer.leaf.outer_algorithm = seq(oid("2.16.840.1.101.3.4.3.2"))


@broken("signature-not-checked", "unknown-algorithm", 1, ["1.2.3.4", "P-256"])
def _(answer):
    """The leaf is signed with an algorithm that nobody knows."""
    answer.leaf.outer_algorithm = seq(oid("1.2.3.4"))


@broken("signature-not-checked", "brainpool", 1, ["ecdsa-with-SHA256", "1.3.36.3.3.2.8.1.1.7"])
def _(answer):
    """The issuer's key is on a Brainpool curve."""
    answer.intermediate.key = EcKey("intermediate brainpool", "brainpoolP256r1")


@broken("signature-not-checked", "pss-short-salt", 1, ["RSASSA-PSS with these parameters", "RSA 2048"])
def _(answer):
    """The parameters of PSS say a salt of 20 octets beside SHA-256."""
    answer.intermediate.key = rsa("intermediate", pss=True)
    answer.leaf.outer_algorithm = PSS_SHA256.replace(explicit(2, integer(32)), explicit(2, integer(20)))


@broken("signature-not-checked", "pss-no-parameters", 2, ["RSASSA-PSS with these parameters", "RSA 2048"],
        authority_key=rsa("root", pss=True))
def _(answer):
    """The parameters of PSS are no parameters, under the root's key."""
    answer.intermediate.outer_algorithm = seq(oid(PSS), tlv(NULL))


@broken("signature-not-checked", "md5", 1, ["1.2.840.113549.1.1.4", "RSA 2048"], also=["weak-signature"])
def _(answer):
    """The leaf is signed over MD5."""
    answer.intermediate.key = rsa("intermediate", hash="md5")


@broken("weak-signature", "md5-webpki", 1, ["MD5", "SHA-256"])
def _(answer):
    """The leaf is signed over MD5, which the Web refuses, and which is not checked."""
    answer.intermediate.key = rsa("intermediate", hash="md5")
    answer.terms["profile"] = "webpki"


@broken("signature-not-checked", "pss-sha1", 1, ["RSASSA-PSS with these parameters", "RSA 2048"],
        also=["weak-signature"])
def _(answer):
    """The leaf says PSS with its default parameters, which are over SHA-1."""
    answer.intermediate.key = rsa("intermediate")
    answer.leaf.outer_algorithm = seq(oid(PSS), seq())


@broken("signature-algorithms-differ", "leaf", 1, ["ecdsa-with-SHA256", "ecdsa-with-SHA384"])
def _(answer):
    """Another algorithm is named inside the leaf than outside."""
    answer.leaf.inner_algorithm = seq(oid(ECDSA["sha384"]))


@broken("signature-algorithms-differ", "issuer", 2, ["ecdsa-with-SHA256", "sha256WithRSAEncryption"])
def _(answer):
    """Another algorithm is named inside the intermediate than outside."""
    answer.intermediate.inner_algorithm = seq(oid(SHA256_RSA), tlv(NULL))


@broken("weak-signature", "sha1-rsa", 1, ["SHA-1", "SHA-256"], severity="warn")
def _(answer):
    """The leaf is signed over SHA-1, with RSA."""
    answer.intermediate.key = rsa("intermediate", hash="sha1")


@broken("weak-signature", "sha1-ecdsa", 1, ["SHA-1", "SHA-256"], severity="warn")
def _(answer):
    """The leaf is signed over SHA-1, with ECDSA."""
    answer.intermediate.key.hash = "sha1"


@broken("weak-signature", "webpki-issuer", 2, ["SHA-1", "SHA-256"], authority_key=rsa("root", hash="sha1"))
def _(answer):
    """The intermediate is signed over SHA-1, and so is the root, which does not matter."""
    answer.terms["profile"] = "webpki"


# --- ends of the chain ---------------------------------------------------------------------------------------------

@broken("untrusted-root", "another", 3, ["signed itself", "is not the certificate that is trusted"])
def _(answer):
    """Another root is trusted than the one that came."""
    answer.given.append(answer.root)
    answer.roots = [certificate(name(("CN", "Another Root")), EcKey("another root"), None, [2020, 2040],
                                basicConstraints=constraints(True), keyUsage=key_usage("keyCertSign"))]


@broken("untrusted-root", "same-name", 3, ["signed itself", "is not the certificate that is trusted"])
def _(answer):
    """The root that came has the trusted one's name, and another key."""
    answer.given.append(answer.root)
    answer.roots = [twin(answer.root, EcKey("another root"))]


@broken("untrusted-root", "self-signed-leaf", 1, ["signed itself", "is not the certificate that is trusted"], also=["unrelated"])
def _(answer):
    """The leaf signed itself."""
    answer.leaf.issuer = answer.leaf


@broken("missing-issuer", "leaf-alone", 1, ["Example Issuing CA", "was not given"])
def _(answer):
    """The leaf came alone."""
    answer.given = [answer.leaf]


@broken("missing-issuer", "with-root", 2, ["Example Issuing CA", "was not given"], also=["unrelated"])
def _(answer):
    """The root came, the leaf came, and nothing between."""
    answer.given = [answer.root, answer.leaf]


@broken("missing-issuer", "higher-up", 2, ["Example Policy CA", "was not given"])
def _(answer):
    """The CA above the intermediate is missing."""
    answer.between(answer.root, answer.intermediate, "Example Policy CA")
    answer.given.pop()


@broken("missing-issuer", "circle", 3, ["Example Issuing CA", "goes round in a circle"])
def _(answer):
    """Two CAs signed each other, and nobody else did."""
    answer.between(answer.intermediate, answer.intermediate, "Example Policy CA")
    answer.intermediate.put("basicConstraints", constraints(True))


@broken("only-the-leaf", "nothing-trusted", 1, ["Example Issuing CA", "was not given"], severity="warn")
def _(answer):
    """The leaf came alone, and nothing is trusted."""
    answer.given, answer.roots = [answer.leaf], []


@broken("issuer-not-given", "no-root", 2, ["Example Root CA", "was not given"], severity="note")
def _(answer):
    """The root did not come, and nothing is trusted."""
    answer.roots = []


@broken("path-not-found", "too-long", 1, ["more than 0", "between the leaf and its root"])
def _(answer):
    """No CA may stand between leaf and root, and one does."""
    answer.terms["intermediates_max"] = 0


@broken("path-not-found", "seventeen", 17, ["more than 16", "between the leaf and its root"])
def _(answer):
    """Seventeen CAs stand between leaf and root."""
    answer.intermediate.put("basicConstraints", constraints(True))
    above = answer.root
    for number in range(16, 0, -1):
        above = answer.authority(f"Example CA {number}", above, EcKey(f"CA {number}"))
        answer.given.insert(2, above)
    answer.intermediate.issuer = above


# --- beside the chain ----------------------------------------------------------------------------------------------

@broken("several-leaves", "renewed", 2, ["holds the same key", "[1] "], severity="warn")
def _(answer):
    """The previous certificate of this key came along."""
    before = answer.end_entity(WWW, answer.intermediate, answer.leaf.key)
    before.not_before, before.not_after, before.serial = "2026-07-01T00:00:00Z", "2027-04-01T00:00:00Z", b"\1\2"
    answer.given.insert(1, before)


@broken("several-leaves", "expired", 1, ["holds the same key", "[2] "], severity="warn")
def _(answer):
    """The previous certificate of this key came first, and has expired."""
    before = answer.end_entity(WWW, answer.intermediate, answer.leaf.key)
    before.not_before, before.not_after, before.serial = "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", b"\1\2"
    answer.given.insert(0, before)


@broken("unrelated", "another-ca", 2, ["not part of", "chain"], severity="note")
def _(answer):
    """A CA came along that has nothing to do with it."""
    answer.given.insert(1, answer.authority("Example Mail CA", answer.root, EcKey("mail"), 0))


@broken("unrelated", "another-leaf", 3, ["not part of", "chain"], severity="note")
def _(answer):
    """Somebody else's certificate came along."""
    answer.given.append(answer.end_entity("shop.example.com", answer.intermediate, EcKey("shop")))


@broken("duplicate", "issuer", 3, ["given", "more than once"], severity="note")
def _(answer):
    """The intermediate came twice."""
    answer.given.append(answer.intermediate)


@broken("duplicate", "leaf", 3, ["given", "more than once"], severity="note")
def _(answer):
    """The leaf came twice."""
    answer.given.append(answer.leaf)


# --- dates ---------------------------------------------------------------------------------------------------------

@broken("expired", "leaf", 1, ["2027-02-28", "2027-03-01"])
def _(answer):
    """The leaf expired yesterday."""
    answer.leaf.not_after = "2027-02-28T12:00:00Z"


@broken("expired", "one-second", 1, ["2027-07-01T00:00:00Z", "2027-07-01T00:00:01Z"])
def _(answer):
    """It is a second after the leaf's last."""
    answer.terms["at"] = "2027-07-01T00:00:01Z"


@broken("expired", "issuer", 2, ["2026-12-31", "2027-03-01"])
def _(answer):
    """The intermediate has expired."""
    answer.intermediate.not_after = "2026-12-31T00:00:00Z"


@broken("expired", "root", ANCHOR, ["2027-01-01", "2027-03-01"])
def _(answer):
    """The trusted root has expired."""
    answer.root.not_after = "2027-01-01T00:00:00Z"


@broken("expired", "key-vault", 1, ["2027-02-28", "2027-03-01"], severity="warn")
def _(answer):
    """Key Vault merges what has expired."""
    answer.leaf.not_after = "2027-02-28T12:00:00Z"
    answer.terms["profile"] = "key-vault"


@broken("expired", "far-future", 1, ["2055-01-01", "2056-01-01"])
def _(answer):
    """The leaf expired long after 2049, where dates are written otherwise."""
    answer.terms["at"] = "2056-01-01T00:00:00Z"
    answer.leaf.not_after = "2055-01-01T00:00:00Z"
    answer.intermediate.not_after = answer.root.not_after = "9999-12-31T23:59:59Z"


@broken("not-yet-valid", "leaf", 1, ["2027-03-02", "2027-03-01"])
def _(answer):
    """The leaf is valid from tomorrow."""
    answer.leaf.not_before = "2027-03-02T00:00:00Z"


@broken("not-yet-valid", "one-second", 1, ["2027-01-01T00:00:00Z", "2026-12-31T23:59:59Z"])
def _(answer):
    """It is a second before the leaf's first."""
    answer.terms["at"] = "2026-12-31T23:59:59Z"


@broken("not-yet-valid", "issuer", 2, ["2027-06-01", "2027-03-01"])
def _(answer):
    """The intermediate is not valid yet."""
    answer.intermediate.not_before = "2027-06-01T00:00:00Z"


# --- CAs -----------------------------------------------------------------------------------------------------------

@broken("not-a-ca", "no-constraints", 2, ["signed ", "has no basic constraints"])
def _(answer):
    """The intermediate has no basic constraints."""
    answer.intermediate.drop("basicConstraints")


@broken("not-a-ca", "says-no", 2, ["signed ", "say that it is no CA"])
def _(answer):
    """The intermediate's basic constraints say that it is no CA."""
    answer.intermediate.put("basicConstraints", constraints(False))


@broken("not-a-ca", "signed-by-a-leaf", 2, ["signed ", "say that it is no CA"])
def _(answer):
    """Another server's certificate signed this one."""
    answer.leaf.issuer = answer.end_entity("shop.example.com", answer.intermediate, EcKey("shop"))
    answer.given.insert(1, answer.leaf.issuer)


@broken("not-a-ca", "version-1", 2, ["signed ", "has no basic constraints"])
def _(answer):
    """The intermediate is of version 1, which knows no CAs."""
    answer.intermediate.version, answer.intermediate.extensions = 1, []


@broken("not-a-ca", "root", ANCHOR, ["signed ", "has no basic constraints"])
def _(answer):
    """The trusted root has no basic constraints."""
    answer.root.drop("basicConstraints")


@broken("path-too-long", "issuer", 2, ["CA number 1 below", "allows 0"])
def _(answer):
    """A CA that may have no CA below it has one."""
    answer.between(answer.root, answer.intermediate, "Example Policy CA", 0)


@broken("path-too-long", "root", 2, ["CA number 1 below", "allows 0"])
def _(answer):
    """The trusted root may have no CA below it, and has one."""
    answer.root.put("basicConstraints", constraints(True, 0))


@broken("path-too-long", "two", 2, ["CA number 2 below", "allows 1"])
def _(answer):
    """A CA that may have one CA below it has two."""
    above = answer.between(answer.root, answer.intermediate, "Example Policy CA 2")
    answer.between(above, answer.intermediate, "Example Policy CA 1")
    answer.given[2:] = [answer.given[3], above]
    above.put("basicConstraints", constraints(True, 1))


@broken("key-identifiers-differ", "leaf", 1, ["names the key", "its issuer's is called"], severity="warn")
def _(answer):
    """The intermediate calls its key otherwise than the leaf does."""
    answer.intermediate.put("subjectKeyIdentifier", tlv(OCTETS, b"\x01" * 20))
    answer.leaf.put("authorityKeyIdentifier", seq(tlv(0x80, b"\x02" * 20)))


@broken("ca-cannot-sign", "issuer", 2, ["signed ", "no keyCertSign"])
def _(answer):
    """The intermediate's key usage is a server's."""
    answer.intermediate.put("keyUsage", key_usage("digitalSignature", "keyEncipherment"))


@broken("ca-cannot-sign", "root", ANCHOR, ["signed ", "no keyCertSign"])
def _(answer):
    """The trusted root may sign lists and no certificates."""
    answer.root.put("keyUsage", key_usage("cRLSign"))


@broken("root-constraints-not-critical", "anchor", ANCHOR, ["a root whose", "not critical"])
def _(answer):
    """The root's basic constraints are not critical."""
    answer.root.find("basicConstraints")[1] = False


@broken("root-constraints-not-critical", "no-roots", 3, ["a root whose", "not critical"], severity="warn")
def _(answer):
    """The root's basic constraints are not critical, and nothing is trusted."""
    answer.trust_nobody()
    answer.root.find("basicConstraints")[1] = False


@broken("key-cert-sign-without-ca", "leaf", 1, ["may sign certificates", "no CA"])
def _(answer):
    """The leaf may sign certificates, as the default policy of `az` asks, and is no CA."""
    answer.leaf.put("keyUsage", key_usage("digitalSignature", "keyCertSign"))


@broken("key-cert-sign-without-ca", "no-roots", 1, ["may sign certificates", "no CA"], severity="warn")
def _(answer):
    """The leaf may sign certificates and is no CA, and nothing is trusted."""
    answer.trust_nobody()
    answer.leaf.put("keyUsage", key_usage("digitalSignature", "keyCertSign"))


@broken("path-length-without-ca", "leaf", 1, ["path length", "no CA"])
def _(answer):
    """The leaf limits the CAs below it, and is none."""
    answer.leaf.put("basicConstraints", constraints(False, 0))


@broken("path-length-without-ca", "no-key-cert-sign", 1, ["has a path length", "no keyCertSign"],
        also=["is-a-ca"])
def _(answer):
    """The leaf is a CA with a path length, and may not sign certificates."""
    answer.ask()
    answer.leaf.put("basicConstraints", constraints(True, 0))


# --- key identifiers, numbers, names -------------------------------------------------------------------------------

@broken("no-key-identifier", "leaf", 1, ["does not name", "key that signed it"])
def _(answer):
    """The leaf does not name its issuer's key."""
    answer.leaf.drop("authorityKeyIdentifier")


@broken("no-key-identifier", "issuer-by-serial", 1, ["does not name", "key that signed it"])
def _(answer):
    """The leaf names its issuer by name and number alone."""
    names = tlv(0xA1, directory(answer.root.subject))
    answer.leaf.put("authorityKeyIdentifier", seq(names, implicit(2, answer.intermediate.serial)))


@broken("no-key-identifier", "ca", 2, ["a CA", "without a subject key identifier"])
def _(answer):
    """The intermediate does not name its own key."""
    answer.intermediate.drop("subjectKeyIdentifier")


@broken("no-key-identifier", "root", ANCHOR, ["a CA", "without a subject key identifier"])
def _(answer):
    """The trusted root does not name its own key."""
    answer.root.drop("subjectKeyIdentifier")


@broken("no-key-identifiers", "link", 1, ["does not name", "key that signed it"], severity="warn",
        also=["no-key-identifiers"])
def _(answer):
    """The intermediate does not name its own key, and the leaf does not name it either."""
    answer.intermediate.drop("subjectKeyIdentifier")
    answer.leaf.drop("authorityKeyIdentifier")


@broken("no-key-identifiers", "webpki", 1, ["does not name", "key that signed it"], also=["no-key-identifiers"])
def _(answer):
    """The intermediate does not name its own key, and the leaf does not name it either, which the Web refuses."""
    answer.intermediate.drop("subjectKeyIdentifier")
    answer.leaf.drop("authorityKeyIdentifier")
    answer.terms["profile"] = "webpki"


@broken("date-encoding", "leaf", 1, ["GeneralizedTime", "UTCTime is expected"], severity="warn")
def _(answer):
    """The leaf's dates are in the form of those from 2050 on."""
    answer.leaf.date = lambda text: tlv(0x18, "".join(c for c in text if c.isdigit()).encode() + b"Z")


@broken("date-encoding", "root", ANCHOR, ["GeneralizedTime", "UTCTime is expected"], severity="warn")
def _(answer):
    """So are the trusted root's."""
    answer.root.date = lambda text: tlv(0x18, "".join(c for c in text if c.isdigit()).encode() + b"Z")


@broken("serial-number", "negative", 1, ["negative", "positive one of at most 20"])
def _(answer):
    """The leaf's serial number is negative."""
    answer.leaf.serial = b"\xcc" + answer.leaf.serial


@broken("serial-number", "zero", 2, ["zero", "positive one of at most 20"])
def _(answer):
    """The intermediate's serial number is zero."""
    answer.intermediate.serial = b"\0"


@broken("serial-number", "long", 1, ["21 bytes long", "at most 20"])
def _(answer):
    """The leaf's serial number is a byte too long."""
    answer.leaf.serial = drawn("serial", 21).replace(drawn("serial", 21)[:1], b"\x41", 1)


@broken("serial-number", "no-roots", 1, ["zero", "positive one of at most 20"], severity="warn")
def _(answer):
    """The leaf's serial number is zero, and nothing is trusted."""
    answer.trust_nobody()
    answer.leaf.serial = b"\0"


@broken("empty-name", "subject", 1, ["no subject", "no critical alternative name"])
def _(answer):
    """The leaf has no subject, and its alternative names are not critical."""
    answer.leaf.subject = name()


@broken("empty-name", "ca", 2, ["a CA", "without a name"])
def _(answer):
    """The intermediate has no name, so the leaf's issuer has none."""
    answer.intermediate.subject = name()


@broken("empty-name", "root", ANCHOR, ["a CA", "without a name"])
def _(answer):
    """The trusted root has no name."""
    answer.root.subject = name()


# --- extensions ----------------------------------------------------------------------------------------------------

@broken("critical-extension", "leaf", 1, ["critical extension 1.2.3.4", "not understood"])
def _(answer):
    """The leaf has a critical extension of the CA's own."""
    answer.leaf.put("1.2.3.4", tlv(NULL), critical=True)


@broken("critical-extension", "ca", 2, ["critical extension 1.3.6.1.4.1.311.21.1", "not understood"])
def _(answer):
    """The intermediate has a critical extension of its maker's own."""
    answer.intermediate.put("1.3.6.1.4.1.311.21.1", integer(1), critical=True)


@broken("critical-extension", "root", ANCHOR, ["critical extension 1.2.3.4", "not understood"])
def _(answer):
    """The trusted root has a critical extension of its own."""
    answer.root.put("1.2.3.4", tlv(NULL), critical=True)


MALFORMED = [
    ("key-usage-none", "keyUsage", named_bits(), "no usage is set", 1, "has no bit set"),
    ("key-usage-ca", "keyUsage", tlv(OCTETS, b"\6"), "BIT STRING", 2, "is an OCTET STRING"),
    ("purposes-none", "extKeyUsage", seq(), "it lists no purpose", 1, "lists none"),
    ("purposes-not-identifiers", "extKeyUsage", seq(tlv(UTF8, b"serverAuth")), "OBJECT IDENTIFIER", 1, "is text"),
    ("alternative-names-none", "subjectAltName", seq(), "it lists no name", 1, "lists none"),
    ("alternative-names-cut", "subjectAltName", seq(dns(WWW))[:-1], "expected", 1, "is a byte short"),
    ("alternative-names-address", "subjectAltName", seq(dns(WWW), dns(HOST), ip(192, 0, 2)), "not of its kind", 1,
     "has an address of three octets", "san-added"),
    ("alternative-names-not-ascii", "subjectAltName", seq(dns(WWW), dns(HOST), dns("münchen.example")),
     "not of its kind", 1, "has a host name that is not ASCII", "san-added"),
    ("constraints-leaf", "basicConstraints", seq(integer(0), integer(0)), "SEQUENCE", 1, "has two numbers"),
    ("constraints-ca", "basicConstraints", seq(tlv(BOOLEAN, b"\xff"), tlv(NULL)), "INTEGER", 2,
     "has no number where one belongs"),
    ("constraints-root", "basicConstraints", tlv(NULL), "SEQUENCE", ANCHOR, "is nothing at all"),
    ("subject-key", "subjectKeyIdentifier", tlv(BITS, b"\0", drawn("key", 20)), "OCTET STRING", 1,
     "is a BIT STRING"),
    ("subject-key-ca", "subjectKeyIdentifier", tlv(BITS, b"\0", drawn("key", 20)), "OCTET STRING", 2,
     "is a BIT STRING"),
    ("authority-key", "authorityKeyIdentifier", tlv(OCTETS, drawn("key", 20)), "SEQUENCE", 1,
     "is an OCTET STRING"),
    ("addresses", "authorityInfoAccess", seq(), "SEQUENCE", 1, "lists none"),
]


for label, which, value, says, about, how, *also in MALFORMED:
    owner = {1: "leaf", 2: "intermediate", ANCHOR: "root"}[about]

    @broken("extension-malformed", label, about, [f"the extension {which} is not as it is defined", says],
            also=also, what=f"The {owner}'s {which} {how}.")
    def _(answer):
        answer.ask()
        getattr(answer, owner).put(which, value)


@broken("extension-malformed", "purposes-needed", 1, ["extKeyUsage is not as it is defined", "it lists no purpose"])
def _(answer):
    """The leaf's list of purposes is empty, and one is needed."""
    answer.leaf.put("extKeyUsage", seq())
    answer.terms["purpose"] = SERVER_AUTH


@broken("extension-malformed", "names-constrained", 1, ["subjectAltName is not as it is defined", "expected"])
def _(answer):
    """The leaf's alternative names are a byte short, and the issuer constrains names."""
    answer.ask()
    answer.intermediate.put("nameConstraints", name_constraints([dns(HOST)]), critical=True)
    answer.leaf.put("subjectAltName", seq(dns(WWW))[:-1])


@broken("extension-malformed", "names-webpki", 1, ["subjectAltName is not as it is defined", "it lists no name"])
def _(answer):
    """The leaf's alternative names are an empty list, and the Web wants them."""
    answer.ask()
    answer.leaf.put("subjectAltName", seq())
    answer.terms["profile"] = "webpki"


@broken("extension-malformed", "version-1", 1, ["has extensions", "version 1"])
def _(answer):
    """The leaf has extensions, and says that it is of version 1."""
    answer.leaf.version = 1


@broken("extension-malformed", "version-2", 2, ["has extensions", "version 2"])
def _(answer):
    """The intermediate has extensions, and says that it is of version 2."""
    answer.intermediate.version = 2


@broken("extension-twice", "alternative-names", 1, ["subjectAltName", "twice"])
def _(answer):
    """The leaf's alternative names stand there twice."""
    answer.leaf.twice("subjectAltName")


@broken("extension-twice", "unknown", 1, ["1.2.3.4", "twice"])
def _(answer):
    """An extension that nobody knows stands in the leaf twice."""
    answer.leaf.put("1.2.3.4", tlv(NULL))
    answer.leaf.twice("1.2.3.4")


@broken("extension-twice", "constraints", 2, ["basicConstraints", "twice"])
def _(answer):
    """The intermediate says twice that it is a CA."""
    answer.intermediate.twice("basicConstraints")


@broken("extension-critical", "subject-key", 1, ["subjectKeyIdentifier", "must not be"])
def _(answer):
    """The leaf's key identifier is critical."""
    answer.leaf.find("subjectKeyIdentifier")[1] = True


@broken("extension-critical", "authority-key", 2, ["authorityKeyIdentifier", "must not be"])
def _(answer):
    """The intermediate's identifier of its issuer's key is critical."""
    answer.intermediate.find("authorityKeyIdentifier")[1] = True


@broken("extension-critical", "addresses", 1, ["authorityInfoAccess", "must not be"])
def _(answer):
    """The address of the leaf's issuer is critical."""
    address = seq(seq(oid("1.3.6.1.5.5.7.48.2"), uri("http://ca.example.com/issuing.cer")))
    answer.leaf.put("authorityInfoAccess", address, critical=True)


@broken("extension-not-critical", "policies", 2, ["policyConstraints is not critical", "must be"])
def _(answer):
    """The intermediate asks for a policy, in an extension that is not critical."""
    answer.intermediate.put("policyConstraints", seq(implicit(0, b"\5")))


@broken("extension-not-critical", "any-policy", 2, ["inhibitAnyPolicy is not critical", "must be"])
def _(answer):
    """The intermediate rules out any policy, in an extension that is not critical."""
    answer.intermediate.put("inhibitAnyPolicy", integer(0))


@broken("name-constraints-not-critical", "intermediate", 2, ["nameConstraints is not critical", "must be"],
        severity="warn")
def _(answer):
    """The intermediate constrains names, in an extension that is not critical."""
    answer.intermediate.put("nameConstraints", name_constraints([dns(HOST)]))


@broken("ca-constraints-not-critical", "intermediate", 2, ["not critical", "must be"], severity="warn")
def _(answer):
    """The intermediate says that it is a CA, in an extension that is not critical."""
    answer.intermediate.find("basicConstraints")[1] = False


# --- purposes and names that are asked for -------------------------------------------------------------------------

@broken("purpose-not-allowed", "server-name", 1, ["clientAuth", "serverAuth"])
def _(answer):
    """A name of a server is asked for, and the leaf is for clients."""
    answer.leaf.put("extKeyUsage", purposes(CLIENT_AUTH))


@broken("purpose-not-allowed", "leaf", 1, ["clientAuth", "serverAuth"])
def _(answer):
    """The leaf is for clients, and a server's is needed."""
    answer.leaf.put("extKeyUsage", purposes(CLIENT_AUTH))
    answer.terms["purpose"] = SERVER_AUTH


@broken("purpose-not-allowed", "issuer", 2, ["emailProtection", "serverAuth"])
def _(answer):
    """The intermediate is for mail, and a server's is needed."""
    answer.intermediate.put("extKeyUsage", purposes(EMAIL_PROTECTION))
    answer.terms["purpose"] = SERVER_AUTH


@broken("purpose-not-allowed", "any-webpki", 1, ["anyExtendedKeyUsage", "serverAuth"])
def _(answer):
    """The leaf is for anything, which the Web does not take for a server."""
    answer.leaf.put("extKeyUsage", purposes(ANY_PURPOSE))
    answer.terms |= {"purpose": SERVER_AUTH, "profile": "webpki"}


NOT_COVERED = [
    ("another-host", ["shop.example.com"], [dns(WWW), dns(HOST)], "dns:www.example.com", "Another host is asked for."),
    ("wildcard-two-labels", ["a.b.example.com"], [dns("*.example.com")], "dns:*.example.com",
     "The wildcard stands for one label, and the host has two more."),
    ("wildcard-parent", [HOST], [dns("*.example.com")], "dns:*.example.com", "The wildcard does not stand for its own parent."),
    ("wildcard-in-label", [WWW], [dns("w*.example.com")], "dns:w*.example.com", "The wildcard is part of a label."),
    ("address", ["192.0.2.2"], [dns(WWW), ip(192, 0, 2, 1)], "ip:192.0.2.1", "Another address is asked for."),
    ("common-name-alone", [WWW], [dns(HOST)], "dns:example.com", "The host stands in the subject alone."),
    ("one-of-two", [WWW, "api.example.com"], [dns(WWW)], "dns:www.example.com", "One of two hosts is missing."),
]


for label, asked, names, has, how in NOT_COVERED:
    @broken("name-not-covered", label, 1, ["not for " + asked[-1], has], what=how)
    def _(answer):
        answer.leaf.put("subjectAltName", seq(*names))
        answer.terms["server_names"] = asked


@broken("name-not-covered", "no-names", 1, ["not for www.example.com", "no alternative name"])
def _(answer):
    """The leaf has no alternative names."""
    answer.leaf.drop("subjectAltName")


@broken("name-not-covered", "mailbox", 1, ["not for Ada@example.com", "email:ada@example.com"])
def _(answer):
    """The mailbox that is asked for has a capital letter."""
    answer.leaf.put("subjectAltName", seq(dns(WWW), email("ada@example.com")))
    answer.terms["mailboxes"] = ["Ada@example.com"]


# --- name constraints ----------------------------------------------------------------------------------------------

EXAMPLE = directory(name(("C", "DE"), ("O", "Example")))
ELSEWHERE = directory(name(("C", "DE"), ("O", "Elsewhere")))
NET = ip(192, 0, 2, 0, 255, 255, 255, 0)


def constrained(answer, permitted=(), excluded=(), names=None, critical=True):
    answer.intermediate.put("nameConstraints", name_constraints(permitted, excluded), critical=critical)
    if names:
        answer.leaf.put("subjectAltName", seq(dns(WWW), *names))


# Which name, under which constraint, that holds none of it and all of it.
CONSTRAINED = [
    ("dns", dns("www.example.org"), "dns:www.example.org", dns(HOST), "dns:example.com", dns("example.org"),
     "dns:example.org"),
    ("ip", ip(203, 0, 113, 1), "ip:203.0.113.1", NET, "ip:192.0.2.0/24", ip(203, 0, 113, 0, 255, 255, 255, 0),
     "ip:203.0.113.0/24"),
    ("email", email("ada@example.org"), "email:ada@example.org", email(HOST), "email:example.com",
     email("example.org"), "email:example.org"),
    ("uri", uri("https://www.example.org/a"), "uri:https://www.example.org/a", uri("." + HOST), "uri:.example.com",
     uri(".example.org"), "uri:.example.org"),
]


for kind, of_leaf, printed, outside, permitted, around, excluded in CONSTRAINED:
    @broken("name-not-permitted", kind, 1, [printed, permitted],
            what=f"A name of the kind {kind} lies outside of what the issuer may certify.")
    def _(answer):
        constrained(answer, permitted=[dns(HOST), outside], names=[of_leaf])

    @broken("name-excluded", kind, 1, [printed, excluded],
            what=f"A name of the kind {kind} lies in what the issuer may not certify.")
    def _(answer):
        constrained(answer, excluded=[around], names=[of_leaf])


@broken("name-not-permitted", "directory", 1, ["O=Example", "O=Elsewhere"])
def _(answer):
    """The issuer may certify another organisation's names."""
    constrained(answer, permitted=[ELSEWHERE])


@broken("name-excluded", "directory", 1, ["O=Example, CN=www.example.com", "directory:"])
def _(answer):
    """The issuer may not certify this organisation's names."""
    constrained(answer, excluded=[EXAMPLE])


@broken("name-not-permitted", "above", 1, ["dns:www.example.com", "dns:example.net"])
def _(answer):
    """The trusted root is limited to another domain."""
    answer.root.put("nameConstraints", name_constraints([dns("example.net")]), critical=True)


@broken("name-not-permitted", "issuer-subject", 2, ["CN=Example Issuing CA", "O=Elsewhere"])
def _(answer):
    """The root may certify other CAs' names, and the leaf has none."""
    answer.root.put("nameConstraints", name_constraints([ELSEWHERE]), critical=True)
    answer.leaf.subject = name()
    answer.leaf.find("subjectAltName")[1] = True


@broken("name-not-permitted", "mailbox-in-subject", 1, ["emailAddress=ada@example.org", "email:example.com"])
def _(answer):
    """An address in the subject is outside of the constraint."""
    constrained(answer, permitted=[email(HOST)])
    answer.leaf.subject = name(("C", "DE"), ("CN", WWW), ("E", "ada@example.org"))


@broken("name-excluded", "wildcard", 1, ["dns:*.example.com", "dns:internal.example.com"])
def _(answer):
    """The wildcard reaches into a host that is excluded."""
    constrained(answer, excluded=[dns("internal.example.com")], names=[dns("*.example.com")])


@broken("name-malformed", "dns", 1, ["dns:\"a b.example.com\"", "dns names that"])
def _(answer):
    """A host name with a blank, under a constraint of host names."""
    constrained(answer, permitted=[dns(HOST)], names=[dns("a b.example.com")])


@broken("name-malformed", "uri", 1, ["uri:urn:example:a", "uri names that"])
def _(answer):
    """A URI without a host, under a constraint of URIs."""
    constrained(answer, permitted=[uri("." + HOST)], names=[uri("urn:example:a")])


@broken("name-malformed", "email", 1, ["email:ada", "email names that"])
def _(answer):
    """A mailbox without a host, under a constraint of mailboxes."""
    constrained(answer, excluded=[email("example.org")], names=[email("ada")])


@broken("name-constraint-malformed", "empty", 2, ["found a list without names", "expected at least one"])
def _(answer):
    """The intermediate's name constraints hold no list."""
    answer.intermediate.put("nameConstraints", seq(), critical=True)


@broken("name-constraint-malformed", "no-mask", 2, ["found ", "expected "])
def _(answer):
    """The intermediate's constraint of addresses has no mask."""
    constrained(answer, permitted=[ip(192, 0, 2, 0)])


@broken("name-constraint-malformed", "maximum", 2, ["found a minimum or a maximum", "expected a minimum of 0"])
def _(answer):
    """The intermediate's constraint has a maximum."""
    subtree = explicit(0, seq(dns(HOST), implicit(1, b"\1")))
    answer.intermediate.put("nameConstraints", seq(subtree), critical=True)


@broken("name-constraint-malformed", "dot-critical", 2, ["found dns:.example.com", "expected a host name"])
def _(answer):
    """A dot stands before the domain, in a critical extension."""
    constrained(answer, permitted=[dns(".example.com"), dns(HOST)])


@broken("name-constraint-unusual", "dot", 2, ["found dns:.example.com", "expected a host name"], severity="warn",
        also=["name-constraints-not-critical"])
def _(answer):
    """A dot stands before the domain, in an extension that is not critical, as the Web allows."""
    constrained(answer, permitted=[dns(".example.com"), dns(HOST)], critical=False)
    answer.terms["profile"] = "webpki"


@broken("name-constraint-not-understood", "upn", 1, ["upn:ada@example.com", "Example Issuing CA"])
def _(answer):
    """A user principal name, under a critical constraint of such names."""
    principal = other_name("1.3.6.1.4.1.311.20.2.3", tlv(UTF8, b"ada@example.com"))
    constrained(answer, permitted=[principal], names=[principal])


@broken("name-constraint-not-understood", "not-critical", 1, ["upn:ada@example.com", "Example Issuing CA"],
        also=["name-constraints-not-critical"])
def _(answer):
    """A user principal name, under a constraint of such names that is not critical."""
    principal = other_name("1.3.6.1.4.1.311.20.2.3", tlv(UTF8, b"ada@example.com"))
    constrained(answer, permitted=[principal], names=[principal], critical=False)


@broken("name-constraint-malformed", "no-kind", 2, ["raw:89=", "a name of a kind that RFC 5280 knows"])
def _(answer):
    """A constraint on names of a kind that does not exist."""
    constrained(answer, permitted=[dns(HOST), tlv(0x89, b"x")])


@broken("name-constraint-outside-ca", "leaf", 1, ["has name constraints", "is no CA"])
def _(answer):
    """The leaf has name constraints, and is no CA."""
    answer.leaf.put("nameConstraints", name_constraints([dns(HOST)]), critical=True)


@broken("name-constraint-budget", "names", 1, ["1024 names against 1025 constraints", "1048576"])
def _(answer):
    """A thousand names under a thousand constraints."""
    answer.key_alone = True
    answer.terms["server_names"] = []
    constrained(answer, excluded=[dns("b")] * 1025, names=[dns("a")] * 1023)


# --- policies ------------------------------------------------------------------------------------------------------

def explicit_policy(answer):
    """The issuer asks that a policy hold."""
    answer.intermediate.put("certificatePolicies", policies("1.2.3.1"))
    answer.intermediate.put("policyConstraints", seq(implicit(0, b"\0")), critical=True)
    answer.leaf.put("certificatePolicies", policies("1.2.3.1"))


@broken("no-valid-policy", "leaf-has-none", 1, ["Example Issuing CA asks", "names no policy at all"])
def _(answer):
    """The issuer asks for a policy, and the leaf has none."""
    explicit_policy(answer)
    answer.leaf.drop("certificatePolicies")


@broken("no-valid-policy", "leaf-has-another", 1, ["says 1.2.3.2", "allow 1.2.3.1"])
def _(answer):
    """The issuer asks for a policy, and the leaf has another."""
    explicit_policy(answer)
    answer.leaf.put("certificatePolicies", policies("1.2.3.2"))


@broken("no-valid-policy", "any-inhibited", 1, ["says anyPolicy", "allow 1.2.3.1"])
def _(answer):
    """The leaf is of any policy, which the issuer no longer lets count."""
    explicit_policy(answer)
    answer.intermediate.put("inhibitAnyPolicy", integer(0), critical=True)
    answer.leaf.put("certificatePolicies", policies(ANY_POLICY))


@broken("no-valid-policy", "mapping-inhibited", 1, ["Example Issuing CA maps 1.2.3.1", "forbidden above it"])
def _(answer):
    """The issuer maps its policy to the leaf's, which the root forbids."""
    answer.root.put("policyConstraints", seq(implicit(0, b"\0"), implicit(1, b"\0")), critical=True)
    answer.intermediate.put("certificatePolicies", policies("1.2.3.1"))
    answer.intermediate.put("policyMappings", seq(seq(oid("1.2.3.1"), oid("1.2.3.2"))), critical=True)
    answer.leaf.put("certificatePolicies", policies("1.2.3.2"))


@broken("no-valid-policy", "another-accepted", 1, ["good for policy 1.2.3.1", "only 1.2.3.9"])
def _(answer):
    """The chain is good for one policy, and the reader accepts another."""
    explicit_policy(answer)
    answer.terms["policies"] = ["1.2.3.9"]


@broken("no-valid-policy", "issuer-has-none", 2, ["Example Root CA asks", "names no policy at all"])
def _(answer):
    """The root asks for a policy, and the intermediate has none."""
    answer.root.put("policyConstraints", seq(implicit(0, b"\0")), critical=True)


@broken("policy-extension-malformed", "twice", 1, ["1.2.3.1 stands in it twice", "each once"])
def _(answer):
    """The leaf names its policy twice."""
    answer.leaf.put("certificatePolicies", policies("1.2.3.1", "1.2.3.1"))


@broken("policy-extension-malformed", "none", 1, ["certificatePolicies extension: it is empty", "one entry"])
def _(answer):
    """The leaf's list of policies is empty."""
    answer.leaf.put("certificatePolicies", seq())


@broken("policy-extension-malformed", "constraints", 2, ["policyConstraints extension: it is empty", "one entry"])
def _(answer):
    """The intermediate's policy constraints constrain nothing."""
    answer.intermediate.put("policyConstraints", seq(), critical=True)


@broken("policy-extension-malformed", "negative", 2, ["inhibitAnyPolicy extension", "is negative"])
def _(answer):
    """The intermediate inhibits anyPolicy after less than no certificates."""
    answer.intermediate.put("inhibitAnyPolicy", integer(-1), critical=True)


@broken("any-policy-mapped", "from", 2, ["maps anyPolicy", "maps single policies only"])
def _(answer):
    """The intermediate maps any policy to one."""
    answer.intermediate.put("policyMappings", seq(seq(oid(ANY_POLICY), oid("1.2.3.2"))), critical=True)


@broken("any-policy-mapped", "to", 2, ["maps 1.2.3.1 to anyPolicy", "maps single policies only"])
def _(answer):
    """The intermediate maps a policy to any."""
    answer.intermediate.put("policyMappings", seq(seq(oid("1.2.3.1"), oid(ANY_POLICY))), critical=True)


@broken("unknown-policy-qualifier", "leaf", 1, ["qualifier of kind 1.2.3.9", "knows CPS pointers"])
def _(answer):
    """The leaf's critical policy has a qualifier of the CA's own."""
    qualifier = seq(oid("1.2.3.9"), tlv(NULL))
    answer.leaf.put("certificatePolicies", seq(seq(oid("1.2.3.1"), seq(qualifier))), critical=True)


# --- revocation ----------------------------------------------------------------------------------------------------

@broken("revoked", "leaf", 1, ["revoked since 2027-02-01", "keyCompromise"])
def _(answer):
    """The issuer's list has the leaf."""
    issuers, _ = answer.revocation_lists()
    issuers.revoke(answer.leaf, 1)


@broken("revoked", "issuer", 2, ["revoked since 2027-02-01", "cACompromise"])
def _(answer):
    """The root's list has the intermediate."""
    _, roots = answer.revocation_lists()
    roots.revoke(answer.intermediate, 2)


@broken("revoked", "on-hold", 1, ["revoked since 2027-02-01", "certificateHold"])
def _(answer):
    """The leaf is on hold."""
    issuers, _ = answer.revocation_lists()
    issuers.revoke(answer.leaf, 6)


@broken("revoked", "no-reason", 1, ["revoked since 2027-02-01", "no reason told"])
def _(answer):
    """The list tells no reason."""
    issuers, _ = answer.revocation_lists()
    issuers.revoke(answer.leaf)


@broken("revoked", "old-list", 1, ["revoked since 2027-02-01", "superseded"])
def _(answer):
    """The list should have been replaced, and what it revoked stays revoked."""
    issuers, _ = answer.revocation_lists()
    issuers.revoke(answer.leaf, 4)
    issuers.next_update = "2027-02-25T00:00:00Z"


@broken("revoked", "delta", 1, ["revoked since 2027-02-01", "delta CRL"])
def _(answer):
    """Only the delta CRL has the leaf."""
    answer.revocation_lists()
    delta = RevocationList(answer.intermediate, "2027-02-27T00:00:00Z", "2027-03-10T00:00:00Z", 8)
    delta.change_from(7)
    delta.revoke(answer.leaf, 3)
    answer.crls.append(delta)


@broken("revoked", "old-delta", 1, ["revoked since 2027-02-01", "delta CRL"])
def _(answer):
    """Only a delta CRL has the leaf that should have been replaced: what it revoked stays revoked."""
    answer.revocation_lists()
    delta = RevocationList(answer.intermediate, "2027-02-22T00:00:00Z", "2027-02-25T00:00:00Z", 8)
    delta.change_from(7)
    delta.revoke(answer.leaf, 3)
    answer.crls.append(delta)


@broken("revoked", "other-key", 1, ["revoked since 2027-02-01", "keyCompromise"], also=["unrelated"])
def _(answer):
    """The issuer has a newer key, and that key's newer list does not have the leaf."""
    issuers, _ = answer.revocation_lists()
    issuers.revoke(answer.leaf, 1)
    newer = twin(answer.intermediate, EcKey("the issuer's newer key"))
    newer.put("subjectKeyIdentifier", own_key)
    answer.given.append(newer)
    answer.crls.append(RevocationList(newer, "2027-02-25T00:00:00Z", "2027-03-10T00:00:00Z", 8))


@broken("revoked", "indirect", 1, ["revoked since 2027-02-01", "Example Root CA"])
def _(answer):
    """The leaf points to a list of the root's for several CAs, which has it."""
    where = uri("http://crl.example.com/all.crl")
    point = seq(explicit(0, explicit(0, where)), tlv(0xA2, directory(answer.root.subject)))
    answer.leaf.put("cRLDistributionPoints", seq(point))
    _, roots = answer.revocation_lists()
    roots.speak_of(explicit(0, explicit(0, where)), implicit(4, b"\xff"))
    roots.revoke(answer.leaf, 1, issuer=answer.intermediate.subject)
    plain = RevocationList(answer.root, "2027-02-20T00:00:00Z", "2027-03-10T00:00:00Z", 7)
    answer.crls = [roots, plain]


@broken("revoked", "key-vault", 1, ["revoked since 2027-02-01", "keyCompromise"], severity="warn")
def _(answer):
    """Key Vault does not look at lists."""
    issuers, _ = answer.revocation_lists()
    issuers.revoke(answer.leaf, 1)
    answer.terms["profile"] = "key-vault"


def unheard(label, about, says):
    """The lists do not tell: a warning, and where it is asked that they do, a refusal."""
    def register(change):
        def required(answer):
            change(answer)
            answer.terms["revocation_required"] = True
        both = ["not known whether it was revoked", says]
        what = change.__doc__
        broken("revocation-unknown", label, about, both, "warn", what=what + ".")(change)
        broken("revocation-required", label, about, both, what=what + ", and it has to be known.")(required)
    return register


@unheard("no-list", 2, "no CRL of")
def _(answer):
    """The root's list was not given"""
    answer.revocation_lists().pop()


@unheard("old-list", 1, "was to be replaced by 2027-02-25")
def _(answer):
    """The issuer's list should have been replaced"""
    answer.revocation_lists()[0].next_update = "2027-02-25T00:00:00Z"


@unheard("endless-list", 1, "does not say when it is to be replaced")
def _(answer):
    """The issuer's list has no end"""
    answer.revocation_lists()[0].next_update = None


@unheard("future-list", 1, "is of 2027-03-02")
def _(answer):
    """The issuer's list is of tomorrow"""
    answer.revocation_lists()[0].this_update = "2027-03-02T00:00:00Z"


@unheard("wrong-signer", 1, "has a bad signature")
def _(answer):
    """The issuer's list is signed with another key"""
    answer.revocation_lists()[0].key = EcKey("another CA")


@unheard("no-crl-sign", 1, "whose keyUsage has no cRLSign")
def _(answer):
    """The issuer may not sign lists"""
    answer.intermediate.put("keyUsage", key_usage("keyCertSign"))
    answer.revocation_lists()


@unheard("authorities-only", 1, "speaks of CAs only")
def _(answer):
    """The issuer's list is one of CAs"""
    answer.revocation_lists()[0].speak_of(implicit(2, b"\xff"))


@unheard("some-reasons", 1, "the CRLs tell only")
def _(answer):
    """The issuer's list tells of stolen keys alone"""
    answer.revocation_lists()[0].speak_of(tlv(0x83, named_bits(1)[2:]))


@unheard("not-understood", 1, "critical extensions that are not understood: 1.2.3.4")
def _(answer):
    """The issuer's list has a critical extension of its own"""
    answer.revocation_lists()[0].add("1.2.3.4", True, tlv(NULL))


@unheard("delta-alone", 1, "a delta CRL alone")
def _(answer):
    """The issuer's list is a delta CRL, and the complete one was not given"""
    answer.revocation_lists()[0].change_from(6)


@unheard("another-point", 1, "is for distribution point")
def _(answer):
    """The issuer's list is for another distribution point than the leaf's"""
    def at(address):
        return explicit(0, explicit(0, uri(address)))
    answer.leaf.put("cRLDistributionPoints", seq(seq(at("http://crl.example.com/1.crl"))))
    answer.revocation_lists()[0].speak_of(at("http://crl.example.com/2.crl"))


# --- strength ------------------------------------------------------------------------------------------------------

def raw_rsa(modulus, exponent=integer(65537)):
    key = rsa("leaf")
    key.modulus, key.bits = modulus, seq(integer(modulus), exponent)
    return key


def beside_the_curve(end=None):
    key = EcKey("leaf")
    key.bits = last_bit(key.bits)[:end]
    return key


GOOD_PRIME = prime("leaf p", 1024)


def roca_prime(label):
    """k M + (65537^a mod M), M being the product of the first 39 primes."""
    product = 1
    for small in SMALL_PRIMES[:39]:
        product *= small
    power = pow(65537, int.from_bytes(drawn(label, 8), "big"), product)
    factor = (3 << 1022) // product + int.from_bytes(drawn(label + " k", 90), "big")
    while not is_prime(factor * product + power):
        factor += 1
    return factor * product + power


def written_out(label):
    """Its curve P-256 as specifiedCurve (SEC 1 C.2): the field, the coefficients, the base point, its order."""
    key = EcKey(label)
    field = (1 << 256) - (1 << 224) + (1 << 192) + (1 << 96) - 1
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    base = ("046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
            "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    curve = seq(integer(1), seq(oid("1.2.840.10045.1.1"), integer(field)),
                seq(tlv(OCTETS, (field - 3).to_bytes(32)), tlv(OCTETS, b.to_bytes(32))),
                tlv(OCTETS, bytes.fromhex(base)), integer(order))
    key.algorithm = lambda: seq(oid("1.2.840.10045.2.1"), curve)
    return key


MODULUS = rsa("leaf").modulus
# The rule, the case, the leaf's key, what the message names; severity, profile; what it is.
WEAK = [
    ("rsa-below-2048", "1024", rsa("short", 1024), ["1024 bits", "at least 2048"], "warn", "rfc5280",
     "The leaf's RSA key has 1024 bits."),
    ("rsa-below-2048", "webpki", rsa("short", 1024), ["1024 bits", "at least 2048"], "refuse", "webpki",
     "The leaf's RSA key has 1024 bits, which the Web refuses."),
    ("rsa-below-2048", "2047", RsaKey(prime("a", 1024), prime("b", 1023)), ["2047 bits", "at least 2048"],
     "refuse", "webpki", "The leaf's RSA key is one bit short."),
    ("rsa-below-2048", "key-vault", rsa("short", 1024), ["1024 bits", "at least 2048"], "note", "key-vault",
     "The leaf's RSA key has 1024 bits, and Key Vault does not look."),
    ("rsa-modulus-not-whole-bytes", "2052", rsa("leaf", 2052), ["2052 bits", "a multiple of 8"], "refuse", "webpki",
     "The bits of the leaf's modulus are no whole octets."),
    ("rsa-key-malformed", "negative-exponent", raw_rsa(MODULUS, tlv(INTEGER, b"\x83")),
     ["no modulus and exponent", "RFC 8017"], "refuse", "rfc5280", "The leaf's exponent is negative."),
    ("rsa-exponent-broken", "one", raw_rsa(MODULUS, integer(1)), ["exponent is 1", "from 3 up"], "refuse", "rfc5280",
     "The leaf's exponent is 1."),
    ("rsa-exponent-broken", "even", raw_rsa(MODULUS, integer(65536)), ["exponent is 65536", "odd"], "refuse",
     "rfc5280", "The leaf's exponent is even."),
    ("rsa-exponent-unusual", "three", rsa("leaf", exponent=3), ["exponent is 3", "65537 or more"], "note", "rfc5280",
     "The leaf's exponent is 3."),
    ("rsa-exponent-unusual", "three-webpki", rsa("leaf", exponent=3), ["exponent is 3", "65537 or more"], "warn",
     "webpki", "The leaf's exponent is 3, which the Web does not like."),
    ("rsa-small-factor", "even", raw_rsa(MODULUS - 1), ["divisible by 2", "no factor up to 751"], "refuse",
     "rfc5280", "A bit of the leaf's modulus was changed: it is even."),
    ("rsa-small-factor", "751", RsaKey(751, prime("long", 2038)), ["divisible by 751", "no factor up to 751"],
     "refuse", "rfc5280", "One of the leaf's primes is small."),
    ("rsa-close-primes", "next", RsaKey(GOOD_PRIME, next_prime(GOOD_PRIME + 2)), ["in round 1", "not within 100"],
     "refuse", "rfc5280", "The leaf's primes stand side by side."),
    ("rsa-roca", "39-primes", RsaKey(roca_prime("roca p"), roca_prime("roca q")),
     ["fingerprint of the ROCA", "random primes have none"], "refuse", "rfc5280",
     "The leaf's key was made with the faulty library."),
    ("ec-point-not-on-curve", "leaf", beside_the_curve(), ["a point on EC P-256", "65 octets are none"], "refuse",
     "rfc5280", "The leaf's point lies beside its curve."),
    ("ec-point-not-on-curve", "short", beside_the_curve(-1), ["a point on EC P-256", "64 octets are none"], "refuse",
     "rfc5280", "The leaf's point is an octet short."),
]


for rule, label, key, says, severity, profile, what in WEAK:
    @broken(rule, label, 1, says, severity, key=key, authority_key=rsa("root") if rule.startswith("rsa") else None,
            what=what)
    def _(answer):
        if rule.startswith("rsa"):
            answer.intermediate.key = rsa("intermediate")
        # With most of these nobody can sign a request.
        answer.key_alone = True
        answer.terms["profile"] = profile


@broken("ec-curve-not-named", "leaf", 1, ["writes its curve out", "the identifier of a curve"], key=written_out("leaf"))
def _(answer):
    """The leaf's key brings the numbers of its curve along."""
    answer.key_alone = True


@broken("ec-curve-not-named", "issuer", 2, ["writes its curve out", "the identifier of a curve"])
def _(answer):
    """The intermediate's key brings the numbers of its curve along: no signature is its."""
    answer.intermediate.key = written_out("intermediate")


@broken("rsa-below-1024", "leaf", 1, ["768 bits", "1024 are the least"], key=rsa("short", 768),
        authority_key=rsa("root"))
def _(answer):
    """The leaf's RSA key has 768 bits."""
    answer.intermediate.key = rsa("intermediate")
    answer.key_alone = True


@broken("rsa-below-1024", "issuer", 2, ["768 bits", "1024 are the least"])
def _(answer):
    """The intermediate's RSA key has 768 bits: no signature under it is checked."""
    answer.intermediate.key = rsa("short", 768)


@broken("signature-not-checked", "long-exponent", 1, ["an exponent of 40 bits", "at most 33 bits"])
def _(answer):
    """The intermediate's exponent is longer than this program's provider checks signatures with."""
    answer.intermediate.key = rsa("intermediate", exponent=(1 << 39) + 11)


@broken("rsa-below-2048", "issuer", 2, ["1024 bits", "at least 2048"])
def _(answer):
    """The intermediate's key is short."""
    answer.intermediate.key = rsa("short", 1024)
    answer.terms["profile"] = "webpki"


@broken("rsa-below-2048", "root", ANCHOR, ["1024 bits", "at least 2048"], severity="warn",
        authority_key=rsa("short", 1024))
def _(answer):
    """The trusted root's key is short."""


@broken("rsa-exponent-unusual", "issuer", 2, ["exponent is 3", "65537 or more"], severity="note")
def _(answer):
    """The intermediate's exponent is 3."""
    answer.intermediate.key = rsa("intermediate", exponent=3)


@broken("rsa-exponent-broken", "issuer", 2, ["exponent is 1", "from 3 up"])
def _(answer):
    """The intermediate's exponent is 1: no signature is its."""
    answer.intermediate.key = raw_rsa(MODULUS, integer(1))


@broken("ec-point-not-on-curve", "issuer", 2, ["a point on EC P-256", "65 octets are none"])
def _(answer):
    """The intermediate's point lies beside its curve: no signature is its."""
    answer.intermediate.key = beside_the_curve()


@broken("rsa-roca", "issuer", 2, ["fingerprint of the ROCA", "random primes have none"])
def _(answer):
    """The intermediate's key was made with the faulty library."""
    answer.intermediate.key = RsaKey(roca_prime("roca p"), roca_prime("roca q"))


@broken("rsa-close-primes", "issuer", 2, ["in round 1", "not within 100"])
def _(answer):
    """The intermediate's primes stand side by side."""
    answer.intermediate.key = RsaKey(GOOD_PRIME, next_prime(GOOD_PRIME + 2))


# --- the Web -------------------------------------------------------------------------------------------------------

def web(rule, label, about, says, severity="refuse", also=(), **keys):
    """As the Web wants it, but for one thing."""
    def register(change):
        def of_the_web(answer):
            answer.terms["profile"] = "webpki"
            change(answer)
        return broken(rule, label, about, says, severity, also, what=change.__doc__, **keys)(of_the_web)
    return register


@web("needlessly-critical", "names", 1, ["alternative names are critical", "subject that is not empty"])
def _(answer):
    """The leaf's alternative names are critical, beside a subject."""
    answer.leaf.put("subjectAltName", seq(dns(WWW), dns(HOST)), True)


@web("purposes-mixed", "code-signing", 1, ["codeSigning", "server's certificate must not be for"])
def _(answer):
    """The leaf is for servers and for code."""
    answer.leaf.put("extKeyUsage", purposes(SERVER_AUTH, CODE_SIGNING))


@web("purposes-mixed", "issuer", 2, ["a CA for codeSigning too", "a CA of servers must not be for"])
def _(answer):
    """The intermediate is for servers and for code."""
    answer.intermediate.put("extKeyUsage", purposes(SERVER_AUTH, CODE_SIGNING))


@web("key-algorithm-not-for-web", "leaf", 1, ["P-256K", "P-384"], key=EcKey("leaf P-256K", "P-256K"))
def _(answer):
    """The leaf's key is on the curve of ledgers."""


@web("ca-as-leaf", "leaf", 1, ["is a CA", "where a server's certificate is expected"])
def _(answer):
    """The leaf is a CA."""
    answer.intermediate.put("basicConstraints", constraints(True))
    answer.leaf.put("basicConstraints", constraints(True))


@web("no-purpose", "leaf", 1, ["has no", "extended key usage"])
def _(answer):
    """The leaf has no extended key usage."""
    answer.leaf.drop("extKeyUsage")


@web("no-alternative-names", "leaf", 1, ["has no", "alternative name"])
def _(answer):
    """The leaf has no alternative names, and the host in its common name."""
    answer.leaf.drop("subjectAltName")


@web("common-name-not-repeated", "host", 1, ["shop.example.net", "none of its alternative names"], severity="warn")
def _(answer):
    """The common name is a host of another domain, and no alternative name."""
    answer.leaf.subject = name(("C", "DE"), ("CN", "shop.example.net"))


@web("common-name-misleading", "sibling", 1, ["shop.example.com", "none of its alternative names"])
def _(answer):
    """The common name is a host of the same domain as the alternative names, and none of them."""
    answer.leaf.subject = name(("C", "DE"), ("CN", "shop.example.com"))


@web("common-name-not-repeated", "person", 1, ["Ada Lovelace", "none of its alternative names"], severity="warn")
def _(answer):
    """The common name is no host at all."""
    answer.leaf.subject = name(("C", "DE"), ("CN", "Ada Lovelace"))


MISLEADING = [
    ("a-label", "xn--mnchen-3ya.example", "The common name alone has a host with an umlaut, in its other form."),
    ("hexadecimal", "0xC0000201", "The common name alone has an address, in hexadecimal digits."),
    ("long-address", "2001:0db8:0:0:0:0:0:1", "The common name alone has an address, written with its zeros."),
]


for label, text, what in MISLEADING:
    def change(answer):
        answer.leaf.subject = name(("C", "DE"), ("CN", text))
    change.__doc__ = what
    web("common-name-misleading", label, 1, [text, "none of its alternative names"])(change)


WILDCARDS = [
    ("top-level", "*.com", "The wildcard is for every host of a top-level domain."),
    ("public-suffix", "*.co.uk", "The wildcard is for every host of a public suffix."),
    ("part-of-label", "w*.example.com", "The wildcard is part of a label."),
    ("second-label", "www.*.example.com", "The wildcard is the second label."),
    ("two", "*.*.example.com", "Two wildcards stand in one name."),
    ("bare", "*", "The wildcard stands for every name of one label."),
]


for label, text, what in WILDCARDS:
    def change(answer):
        answer.leaf.put("subjectAltName", seq(dns(WWW), dns(text)))
    change.__doc__ = what
    web("wildcard-misplaced", label, 1, ["dns:" + text, "a registered domain"])(change)


@web("root-with-purposes", "anchor", ANCHOR, ["a root", "with an extended key usage"])
def _(answer):
    """The trusted root has an extended key usage."""
    answer.root.put("extKeyUsage", purposes(SERVER_AUTH))


@web("root-key-identifier", "another-key", ANCHOR, ["names another key", "its own"])
def _(answer):
    """The trusted root says that another key signed it."""
    answer.root.put("authorityKeyIdentifier", seq(implicit(0, drawn("key", 20))))


@web("root-key-identifier", "no-key", ANCHOR, ["a root with an authority key identifier", "without a key"])
def _(answer):
    """The trusted root names its issuer, and no key."""
    names = tlv(0xA1, directory(answer.root.subject))
    answer.root.put("authorityKeyIdentifier", seq(names, implicit(2, answer.root.serial)))


@web("root-key-identifier", "with-serial", ANCHOR, ["a root with an authority key identifier", "serial number"])
def _(answer):
    """The trusted root names its own key, and its number besides."""
    names = tlv(0xA1, directory(answer.root.subject))
    key = implicit(0, key_identifier(answer.root.key))
    answer.root.put("authorityKeyIdentifier", seq(key, names, implicit(2, answer.root.serial)))


PERIODS = [
    ("60-months", "2012-07-01", "2018-07-01", ["2018-07-01", "for 60 months, until 2017-07-01"]),
    ("39-months", "2016-07-01", "2020-07-01", ["2020-07-01", "for 39 months, until 2019-10-01"]),
    ("825-days", "2018-03-01", "2021-03-01", ["valid for 1097 days", "from 2018-03-01 on may be for 825"]),
    ("398-days", "2026-03-14", "2027-04-16", ["valid for 399 days", "from 2020-09-01 on may be for 398"]),
    ("200-days", "2026-03-15", "2026-10-01", ["valid for 201 days", "from 2026-03-15 on may be for 200"]),
    ("100-days", "2027-03-15", "2027-06-23", ["valid for 101 days", "from 2027-03-15 on may be for 100"]),
    ("47-days", "2029-03-15", "2029-05-01", ["valid for 48 days", "from 2029-03-15 on may be for 47"]),
]


for label, start, end, says in PERIODS:
    def change(answer):
        for one in (answer.leaf, answer.intermediate, answer.root):
            one.not_before = start + "T00:00:00Z"
        answer.leaf.not_after = end + "T00:00:00Z"
        # With its last second this is a second longer than whole days.
        answer.terms["at"] = start + "T12:00:00Z"
    change.__doc__ = f"The leaf is valid for longer than was allowed when it was issued: {label.replace('-', ' ')}."
    web("validity-beyond-limit", label, 1, says, severity="warn")(change)


@web("serial-number-guessable", "counted", 1, ["1002 looks counted", "8 bytes at random"], severity="warn")
def _(answer):
    """The leaf's serial number is 4098."""
    answer.leaf.serial = b"\x10\x02"


@web("serial-number-guessable", "short", 1, ["has 7 bytes", "8 at random"], severity="warn")
def _(answer):
    """The leaf's serial number has room for 56 bits."""
    answer.leaf.serial = b"\x4c" + drawn("serial", 6)


@web("serial-number-guessable", "issuer", 2, ["looks counted", "8 bytes at random"], severity="warn")
def _(answer):
    """The intermediate is the second certificate of its root."""
    answer.intermediate.serial = b"\2"


@web("key-identifier-with-issuer", "leaf", 1, ["issuer and serial number", "the key identifier alone"],
     severity="warn")
def _(answer):
    """The leaf names its issuer's key, and the issuer's certificate besides."""
    key = implicit(0, key_identifier(answer.intermediate.key))
    names = tlv(0xA1, directory(answer.root.subject))
    answer.leaf.put("authorityKeyIdentifier", seq(key, names, implicit(2, answer.intermediate.serial)))


USAGES_OF_OTHERS = [
    ("agreement-rsa", rsa("leaf"), ["digitalSignature", "keyAgreement"], ["keyAgreement", "a server's RSA key"]),
    ("encipherment-ec", None, ["digitalSignature", "keyEncipherment"], ["keyEncipherment", "a server's EC key"]),
    ("no-signature-ec", None, ["keyAgreement"], ["keyAgreement", "needs digitalSignature"]),
]


for label, key, usages, says in USAGES_OF_OTHERS:
    def change(answer):
        if key is not None:
            answer.intermediate.key = rsa("intermediate")
        answer.leaf.put("keyUsage", key_usage(*usages))
    change.__doc__ = f"The leaf's key usage is {' and '.join(usages)}."
    web("key-usage-not-of-servers", label, 1, says, severity="warn", key=key, authority_key=key and rsa("root"))(change)


@web("leaf-constraints-not-critical", "leaf", 1, ["not critical", "critical ones or none"], severity="note")
def _(answer):
    """The leaf says that it is no CA, and not that everybody must understand it."""
    answer.leaf.find("basicConstraints")[1] = False


@web("no-reserved-policy", "none", 1, ["no policy", "2.23.140.1.2.1"], severity="warn")
def _(answer):
    """The leaf names no policy."""
    del answer.web_extensions["certificatePolicies"]


@web("no-reserved-policy", "own", 1, ["the policy 1.2.3.1", "2.23.140.1.2.1"], severity="warn")
def _(answer):
    """The leaf names a policy of the CA's own alone."""
    answer.leaf.put("certificatePolicies", policies("1.2.3.1"))


@web("no-issuer-address", "leaf", 1, ["no authority information access", "the address of the issuer"],
     severity="note")
def _(answer):
    """The leaf does not say where its issuer's certificate is."""
    del answer.web_extensions["authorityInfoAccess"]


KINDS = [
    ("mailbox", email("ada@example.com"), "email:ada@example.com", "a mailbox"),
    ("uri", uri("https://example.com/a"), "uri:https://example.com/a", "a URI"),
]


for label, other, shown, what in KINDS:
    def change(answer):
        answer.leaf.put("subjectAltName", seq(dns(WWW), other))
    change.__doc__ = f"One of the leaf's names is {what}."
    web("alternative-name-kind", label, 1, [shown, "host names and IP addresses alone"], severity="warn")(change)


MALFORMED_NAMES = [
    ("host-name-malformed", "underscore", dns("under_score.example.com"),
     ["an underscore", "letters, digits and hyphens"], "a host name with an underscore"),
    ("host-name-malformed", "final-dot", dns("www.example.com."), ["a dot at the end", "none"], "a host name with a final dot"),
    ("host-name-malformed", "hyphen", dns("-www.example.com"), ["a hyphen", "a letter or digit"],
     "a host name that begins with a hyphen"),
    ("host-name-malformed", "blank", dns(" "), ["a blank", "none"], "a blank in place of a host name"),
    ("host-name-malformed", "nothing", dns(""), ["found nothing", "such as www.example.com"], "an empty host name"),
    ("alternative-name-malformed", "phrase", email("Ada <ada@example.com>"), ["more than an address", "local@domain"],
     "a mailbox with a name beside it"),
    ("alternative-name-malformed", "relative", uri("a/b"), ["uri a/b", "an absolute URI"], "a URI that is relative"),
]


for rule, label, other, says, what in MALFORMED_NAMES:
    @broken(rule, label, 1, says, what=f"One of the leaf's names is {what}.")
    def _(answer):
        answer.leaf.put("subjectAltName", seq(dns(WWW), dns(HOST), other))


@broken("host-name-malformed", "asked-for", 1, ["a dot at the end", "none"])
def _(answer):
    """The certificate's only name ends with a dot, and the name without it is asked for."""
    answer.leaf.put("subjectAltName", seq(dns("www.example.com.")))


@broken("host-name-malformed", "address", 1, ["an IP address", "expected a name"])
def _(answer):
    """The address that is asked for is written as a host name."""
    answer.leaf.put("subjectAltName", seq(dns("192.0.2.1")))
    answer.terms["server_names"] = ["192.0.2.1"]


@broken("host-name-malformed", "untrusted", 1, ["an underscore", "letters, digits and hyphens"], severity="warn",
        also=["issuer-not-given"])
def _(answer):
    """One of the leaf's names is a host name with an underscore, and nobody is trusted."""
    answer.leaf.put("subjectAltName", seq(dns(WWW), dns(HOST), dns("under_score.example.com")))
    answer.roots = []


@broken("name-string-malformed", "leaf", 1, ["UTF8String", "that are none"])
def _(answer):
    """A UTF8String of the leaf's subject is no UTF-8."""
    answer.leaf.subject = seq(tlv(SET, seq(oid("2.5.4.3"), tlv(UTF8, b"\xff\xfe"))))


@broken("above-trusted", "policy-ca", 3, ["stands above", "because that is trusted"], severity="warn")
def _(answer):
    """The intermediate is trusted and the CA above it came along, but no root is."""
    answer.between(answer.root, answer.intermediate, "Example Policy CA")
    answer.roots = [answer.intermediate]


PRIVATE = [
    ("one-label", dns("mail"), ["dns:mail", "a top-level domain of the public DNS"]),
    ("local", dns("www.example.local"), ["local", "a top-level domain of the public DNS"]),
    ("reverse-zone", dns("1.113.0.203.in-addr.arpa"), ["in-addr.arpa", "names of hosts"]),
    ("address", ip(10, 0, 0, 1), ["10.0.0.0/8", "a public address"]),
    ("loopback", ip(*[0] * 15, 1), ["::/127", "a public address"]),
]


for label, other, says in PRIVATE:
    def change(answer):
        answer.leaf.put("subjectAltName", seq(dns(WWW), other))
    change.__doc__ = "One of the leaf's names is of a private network."
    web("name-not-public", label, 1, says, severity="warn")(change)


@web("key-encoding", "no-null", 1, ["300b06092a864886f70d010101", "rsaEncryption with NULL"],
     authority_key=rsa("root"))
def _(answer):
    """The leaf's RSA key is written without NULL parameters."""
    answer.key_alone = True
    answer.leaf.key = rsa("leaf")
    answer.leaf.put("keyUsage", key_usage("digitalSignature", "keyEncipherment"))
    answer.intermediate.key = rsa("intermediate")
    answer.leaf.public_key = seq(seq(oid(RSA)), tlv(BITS, b"\0", answer.leaf.key.bits))


@web("key-encoding", "pss", 1, ["300b06092a864886f70d01010a", "rsaEncryption with NULL"],
     authority_key=rsa("root"))
def _(answer):
    """The leaf's RSA key is for RSASSA-PSS alone."""
    answer.key_alone = True
    answer.leaf.key = rsa("leaf")
    answer.intermediate.key = rsa("intermediate")
    answer.leaf.public_key = seq(seq(oid(PSS)), tlv(BITS, b"\0", answer.leaf.key.bits))


@web("signature-not-allowed", "sha-3", 1, ["ecdsa-with-SHA3-256", "RSA or ECDSA with SHA-256"])
def _(answer):
    """The intermediate signs over SHA-3."""
    answer.intermediate.key = EcKey("intermediate")
    answer.intermediate.key.hash = "sha3_256"


@web("signature-unusual", "hash", 1, ["ecdsa-with-SHA256 by a EC P-384 key", "ecdsa-with-SHA384 goes with"],
     severity="warn")
def _(answer):
    """The intermediate signs with SHA-256 by a P-384 key."""
    answer.intermediate.key = EcKey("intermediate P-384", "P-384")
    answer.intermediate.key.hash = "sha256"


@web("signature-unusual", "no-null", 1, ["300b06092a864886f70d01010b", "NULL parameters"], severity="warn")
def _(answer):
    """The intermediate's RSA signature is written without NULL parameters."""
    answer.intermediate.key = rsa("intermediate")
    answer.leaf.inner_algorithm = answer.leaf.outer_algorithm = seq(oid(SHA256_RSA))


CA_USAGES = [
    ("absent", lambda one: one.drop("keyUsage"), ["without a key usage", "keyCertSign and cRLSign"],
     "The intermediate has no key usage."),
    ("not-critical", lambda one: one.put("keyUsage", key_usage("keyCertSign", "cRLSign"), critical=False),
     ["not critical", "a critical one"], "The intermediate's key usage is not critical."),
    ("no-lists", lambda one: one.put("keyUsage", key_usage("keyCertSign")), ["keyCertSign", "cRLSign is expected"],
     "The intermediate may sign no revocation lists."),
]


for label, of_issuer, says, what in CA_USAGES:
    def change(answer):
        of_issuer(answer.intermediate)
    change.__doc__ = what
    web("ca-key-usage", label, 2, says, severity="warn")(change)


# --- what was asked for --------------------------------------------------------------------------------------------

def asked(rule, label, says, severity):
    """The leaf is as it was asked for, but for one thing."""
    def register(change):
        def after_asking(answer):
            answer.ask()
            change(answer)
        return broken(rule, label, 1, says, severity, what=change.__doc__)(after_asking)
    return register


@asked("san-lost", "host", ["lacks dns:example.com", "the request asks for"], "warn")
def _(answer):
    """One of two hosts was lost."""
    answer.leaf.put("subjectAltName", seq(dns(WWW)))


@asked("san-added", "host", ["has dns:shop.example.com", "the request does not ask for"], "note")
def _(answer):
    """A host was added."""
    answer.leaf.put("subjectAltName", seq(dns(WWW), dns(HOST), dns("shop.example.com")))


@asked("subject-changed", "organisation", ["asked for the subject C=DE, O=Example", "it has C=DE, CN="], "note")
def _(answer):
    """The organisation was left out."""
    answer.leaf.subject = name(("C", "DE"), ("CN", WWW))


@asked("subject-changed", "order", ["asked for the subject C=DE, O=Example", "it has CN="], "note")
def _(answer):
    """The subject was turned round."""
    answer.leaf.subject = name(("CN", WWW), ("O", "Example"), ("C", "DE"))


@asked("subject-encoding", "printable", ["the subject C=DE", "than in the request"], "note")
def _(answer):
    """The subject is written in another type of string."""
    answer.leaf.subject = name(("C", "DE"), ("O", "Example"), ("CN", WWW), tag=PRINTABLE)


@asked("subject-encoding", "case", ["the subject C=DE, O=EXAMPLE", "than in the request"], "note")
def _(answer):
    """The subject is written in capitals."""
    answer.leaf.subject = name(("C", "DE"), ("O", "EXAMPLE"), ("CN", WWW))


@asked("purposes-changed", "client", ["asked for the purposes serverAuth", "clientAuth"], "warn")
def _(answer):
    """A server was asked for, and a client came."""
    answer.terms["server_names"] = []
    answer.leaf.put("extKeyUsage", purposes(CLIENT_AUTH))


@asked("purposes-changed", "lost", ["asked for the purposes serverAuth", "it has none"], "warn")
def _(answer):
    """The purpose was lost."""
    answer.leaf.drop("extKeyUsage")


@asked("key-usages-changed", "added", ["asked for the key usages digitalSignature", "keyAgreement"], "note")
def _(answer):
    """A key usage was added."""
    answer.leaf.put("keyUsage", key_usage("digitalSignature", "keyAgreement"))


@asked("key-usages-changed", "lost", ["asked for the key usages digitalSignature", "it has none"], "note")
def _(answer):
    """The key usage was lost."""
    answer.leaf.drop("keyUsage")


@asked("is-a-ca", "leaf", ["is a CA", "no request of Key Vault asks for"], "warn")
def _(answer):
    """The leaf is a CA."""
    answer.intermediate.put("basicConstraints", constraints(True))
    answer.leaf.put("basicConstraints", constraints(True))


if __name__ == "__main__":
    write()
