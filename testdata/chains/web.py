"""By the rules of the Web (CA/Browser Forum Baseline Requirements, RFC 9525)."""

from case import *

V4, V6 = "192.168.1.1", "2001:db8::1"

# --- the names that are asked for ----------------------------------------------------------------------------------

MISSING, MISPLACED = "name-not-covered", "wildcard-misplaced"
NAMES = (
    # label, the leaf's names, the host that is asked for, rules
    ("exact", [HOST], HOST),
    ("another-domain", [HOST], "example2.com", MISSING),
    ("sibling", ["abc.example.com"], "def.example.com", MISSING),
    ("subdomain-of-the-name", [HOST], "abc.example.com", MISSING),
    ("parent-of-the-name", ["abc.example.com"], HOST, MISSING),
    ("last-of-three", ["a.example.com", "b.example.com", HOST], HOST),
    ("upper-case-in-the-leaf", ["EXAMPLE.com"], HOST),
    ("upper-case-asked", [HOST], "EXAMPLE.Com"),
    ("wildcard", ["*.example.com"], "foo.example.com"),
    ("wildcard-for-an-a-label", ["*.example.com"], "xn--bcher-kva.example.com"),
    ("wildcard-is-not-the-parent", ["*.example.com"], HOST, MISSING),
    ("wildcard-is-one-label", ["*.example.com"], "foo.bar.example.com", MISSING),
    ("wildcard-for-a-domain", ["*.com"], HOST, MISSING, MISPLACED),
    ("wildcard-for-a-public-suffix", ["*.co.uk"], "example.co.uk", MISPLACED),
    ("wildcard-for-a-public-suffix-upper-case", ["*.CO.UK"], "a.co.uk", MISPLACED),
    ("wildcard-for-a-public-suffix-by-wildcard", ["*.kobe.jp"], "a.kobe.jp", MISPLACED),
    ("wildcard-for-an-exception-of-the-list", ["*.city.kobe.jp"], "a.city.kobe.jp"),
    ("wildcard-for-a-private-suffix", ["*.github.io"], "a.github.io"),
    ("wildcard-under-a-public-suffix", ["*.example.co.uk"], "a.example.co.uk"),
    ("wildcard-in-a-label", ["ba*.example.com"], "baz.example.com", MISSING, MISPLACED),
    ("wildcard-begins-a-label", ["*z.example.com"], "baz.example.com", MISSING, MISPLACED),
    ("wildcard-second-label", ["foo.*.example.com"], "foo.bar.example.com", MISSING, MISPLACED),
    ("wildcard-last-label", ["foo.example.*"], "foo.example.com", MISSING, MISPLACED),
    ("wildcard-twice", ["*.*.example.com"], "a.b.example.com", MISSING, MISPLACED),
    ("wildcard-without-dot", ["*example.com"], "fooexample.com", MISSING, MISPLACED),
    ("wildcard-in-an-a-label", ["xn--*-1b3c148a.example.com"], "xn--bliss-1b3c148a.example.com", MISSING, MISPLACED),
    ("wildcard-alone", ["*"], HOST, MISSING, MISPLACED),
    ("underscore", ["foo_bar.example.com"], "foo_bar.example.com", "host-name-malformed"),
    ("not-ascii", ["ex\u00e4mple.example.com"], "xn--exmple-cua.example.com", "extension-malformed"),
    ("uri-is-no-host", [uri("https://example.com/")], HOST, MISSING),
    ("mailbox-is-no-host", [email("user@example.com")], HOST, MISSING),
)
for label, names, asked, *rules in NAMES:
    @case(f"webpki::made::san::{label}", *rules, what=f"{words(label).capitalize()}: {asked} is asked for.")
    def _(chain):
        chain.names(*names)
        chain.ask(dns=asked)

ADDRESSES = (
    ("v4", ["93.184.216.34"], "93.184.216.34"),
    ("v6-written-otherwise", ["2600:1406::1"], "2600:1406:0000:0:0:0:0:0001"),
    ("loopback", ["127.0.0.1"], "127.0.0.1"),
    ("another", ["93.184.216.34"], "93.184.216.35", MISSING),
    ("v4-asked-as-v6", ["93.184.216.34"], "::ffff:93.184.216.34", MISSING),
    ("v6-asked-as-v4", ["::ffff:93.184.216.34"], "93.184.216.34", MISSING),
)
for label, has, asked, *rules in ADDRESSES:
    @case(f"webpki::made::san::address-{label}", *rules, what=f"The leaf is for {has[0]}, and {asked} is asked for.")
    def _(chain):
        chain.names(*map(address, has))
        chain.ask(ip=asked)


@case("webpki::made::san::address-beside-a-common-name")
def _(chain):
    """The leaf is for an address, and its common name is another host's."""
    chain.leaf.put("subjectAltName", seq(ip(127, 0, 0, 1)))
    chain.ask(ip="127.0.0.1")


@case("webpki::made::san::none", "no-alternative-names")
def _(chain):
    """The host stands in the common name alone."""
    chain.leaf.drop("subjectAltName")


@case("webpki::made::san::critical", "needlessly-critical")
def _(chain):
    """The alternative names are critical beside a subject without a common name."""
    chain.names(WWW)
    chain.leaf.find("subjectAltName")[1] = True


@case("webpki::made::san::critical-beside-common-name", "needlessly-critical")
def _(chain):
    """The alternative names are critical beside a common name."""
    chain.leaf.find("subjectAltName")[1] = True


@case("webpki::made::san::critical-without-subject")
def _(chain):
    """The alternative names are critical, and there is no subject."""
    chain.leaf.subject = name()
    chain.leaf.find("subjectAltName")[1] = True


# --- the common name -----------------------------------------------------------------------------------------------

MISLEADING = "common-name-misleading"
COMMON_NAMES = (
    # label, the common name, the alternative name, rules
    ("same-host", WWW, dns(WWW)),
    ("same-wildcard", "*.example.com", dns("*.example.com")),
    ("same-v6", "2600:1406::1", address("2600:1406::1")),
    ("v4-hexadecimal", "0xC0A80101", address(V4), MISLEADING),
    ("v4-leading-zeros", "192.168.001.001", address(V4), MISLEADING),
    ("v6-upper-case", "2001:DB8::8A2E:370:7334", address("2001:db8::8a2e:370:7334"), MISLEADING),
    ("v6-not-shortened", "2001:0db8:0000:0000:0000:0000:0000:0001", address(V6), MISLEADING),
    ("v6-shortened-elsewhere", "2001:db8:0:0:1:0:0:1", address("2001:db8::1:0:0:1"), MISLEADING),
    ("another-a-label", "xn--nxasmq6b.com", dns("xn--n3h.com"), MISLEADING),
    ("u-label", "b\u00fccher.com", dns("xn--bcher-kva.com"), MISLEADING),
    ("another-case", "Example.COM", dns(HOST), MISLEADING),
)
for label, common_name, alternative, *rules in COMMON_NAMES:
    @case(f"webpki::made::cn::{label}", *rules, what=f"The common name is {common_name}: {words(label)}.")
    def _(chain):
        chain.leaf.subject = name(("CN", common_name))
        chain.leaf.put("subjectAltName", seq(alternative))
        if alternative[0] == 0x82:
            chain.ask(dns=alternative[2:].decode().replace("*", "a"))
        else:
            chain.ask(ip=str(ipaddress.ip_address(alternative[2:])))


@case("webpki::made::cn::none")
def _(chain):
    """The subject names an organisation, and no host."""
    chain.names(WWW)


# --- purposes ------------------------------------------------------------------------------------------------------

MIXED, REFUSED = "purposes-mixed", "purpose-not-allowed"
PURPOSES = (
    # label, the purposes, rules
    ("server", [SERVER_AUTH]),
    ("client-too", [SERVER_AUTH, CLIENT_AUTH]),
    ("unknown-too", [SERVER_AUTH, UNKNOWN]),
    ("any-too", [SERVER_AUTH, ANY_PURPOSE], MIXED),
    ("code-signing-too", [SERVER_AUTH, CODE_SIGNING], MIXED),
    ("mail-too", [SERVER_AUTH, EMAIL_PROTECTION], MIXED),
    ("time-stamping-too", [SERVER_AUTH, TIME_STAMPING], MIXED),
    ("ocsp-signing-too", [SERVER_AUTH, OCSP_SIGNING], MIXED),
    ("precertificates-too", [SERVER_AUTH, PRECERTIFICATES], MIXED),
    ("client-alone", [CLIENT_AUTH], REFUSED),
    ("precertificates-alone", [PRECERTIFICATES], REFUSED),
)
for label, identifiers, *rules in PURPOSES:
    @case(f"webpki::made::eku::leaf-{label}", *rules, what=f"The leaf's purposes are {words(label)}.")
    def _(chain):
        chain.leaf.put("extKeyUsage", purposes(*identifiers))
        chain.purpose = "serverAuth"

    @case(f"webpki::made::eku::ca-{label}", *rules, what=f"The issuing CA's purposes are {words(label)}.")
    def _(chain):
        chain.ca().put("extKeyUsage", purposes(*identifiers))
        chain.purpose = "serverAuth"


@case("webpki::made::eku::ca-narrower-above", REFUSED)
def _(chain):
    """The upper CA is for clients alone, the lower for servers."""
    chain.ca("Example Policy CA").put("extKeyUsage", purposes(CLIENT_AUTH))
    chain.ca().put("extKeyUsage", purposes(SERVER_AUTH))


@case("webpki::made::eku::ca-wider-above")
def _(chain):
    """The upper CA is for servers and clients, the lower for servers."""
    chain.ca("Example Policy CA").put("extKeyUsage", purposes(SERVER_AUTH, CLIENT_AUTH))
    chain.ca().put("extKeyUsage", purposes(SERVER_AUTH))


@case("webpki::made::eku::leaf-critical", "needlessly-critical")
def _(chain):
    """The leaf's purposes are critical."""
    chain.leaf.find("extKeyUsage")[1] = True


@case("webpki::made::eku::leaf-none", "no-purpose")
def _(chain):
    """The leaf says no purpose."""
    chain.leaf.drop("extKeyUsage")


@case("webpki::made::eku::root", "root-with-purposes")
def _(chain):
    """The root has purposes."""
    chain.root.put("extKeyUsage", purposes(SERVER_AUTH))


# --- key usage -----------------------------------------------------------------------------------------------------

USAGES = (
    ("ec-signature", None, ["digitalSignature"]),
    ("rsa-both", rsa("chains leaf"), ["digitalSignature", "keyEncipherment"]),
    ("rsa-encipherment", rsa("chains leaf"), ["keyEncipherment"]),
)
for label, key, usages in USAGES:
    @case(f"webpki::made::ku::{label}", key=key, what=f"The leaf's key is used for {', '.join(usages)}.")
    def _(chain):
        chain.leaf.put("keyUsage", key_usage(*usages))


@case("webpki::made::ku::none")
def _(chain):
    """The leaf does not say what its key is for."""
    chain.leaf.drop("keyUsage")


@case("webpki::made::ku::rsa-no-bits", "extension-malformed", key=rsa("chains leaf"))
def _(chain):
    """The leaf's RSA key is for nothing."""
    chain.leaf.put("keyUsage", NO_BITS)


@case("webpki::made::ku::ec-no-bits", "extension-malformed")
def _(chain):
    """The leaf's EC key is for nothing."""
    chain.leaf.put("keyUsage", NO_BITS)


# --- keys and signatures -------------------------------------------------------------------------------------------

DSA = DsaKey("chains")
GOOD_KEYS = (ec_key("leaf", "P-384"), ec_key("leaf", "P-521"), rsa("chains", 3072),
             RsaKey(*(prime(f"chains three {half}", 1024) for half in "pq"), exponent=3))
BAD_KEYS = (
    ("dsa", DSA, "key-algorithm-not-for-web"),
    ("p-192", ec_key("leaf", "P-192"), "key-algorithm-not-for-web"),
    ("p-256k", ec_key("leaf", "P-256K"), "key-algorithm-not-for-web"),
    ("ed25519", Ed25519Key("chains leaf"), "key-algorithm-not-for-web"),
    ("rsa-1024", rsa("chains", 1024), "rsa-below-2048"),
    ("rsa-2047", rsa("chains leaf", 2047), "rsa-below-2048"),
    ("rsa-2052", rsa("chains", 2052), "rsa-modulus-not-whole-bytes"),
)
for label, key, *rules in (*zip(("p-384", "p-521", "rsa-3072", "rsa-exponent-3"), GOOD_KEYS), *BAD_KEYS):
    @case(f"webpki::made::key::leaf-{label}", *rules, key=key, what=f"The leaf's key is {words(label)}.")
    def _(chain):
        pass

ROOT_KEYS = (
    ("p-384", ec_key("root", "P-384")),
    ("p-521", ec_key("root", "P-521")),
    ("rsa", rsa("chains root")),
    ("dsa", DSA, "signature-not-checked"),
    ("p-192", ec_key("root", "P-192"), "signature-not-checked"),
    ("rsa-1024", rsa("chains", 1024), "rsa-below-2048"),
    ("rsa-2052", rsa("chains", 2052), "rsa-modulus-not-whole-bytes"),
    ("ed25519", Ed25519Key("chains root"), "key-algorithm-not-for-web"),
)
for label, key, *rules in ROOT_KEYS:
    @case(f"webpki::made::key::root-{label}", *rules, root_key=key, what=f"The root's key is {words(label)}.")
    def _(chain):
        pass


@case("webpki::made::key::ca-p-384")
def _(chain):
    """The issuing CA's key is on P-384."""
    chain.ca(key=ec_key("issuing", "P-384"))


@case("webpki::made::key::ca-rsa-1024", "rsa-below-2048")
def _(chain):
    """The issuing CA's key has 1024 bits."""
    chain.ca(key=rsa("chains", 1024))


@case("webpki::made::signature::sha-1-of-the-root-itself", root_key=rsa("chains root", hash="sha1"))
def _(chain):
    """The root's signature of itself is over SHA-1, and nobody asks."""
    chain.leaf.issuer = copy.copy(chain.root)
    chain.leaf.issuer.key = rsa("chains root")


@case("webpki::made::signature::sha-1-rsa", "weak-signature", root_key=rsa("chains root"))
def _(chain):
    """The leaf is signed over SHA-1 by an RSA key."""
    chain.leaf.issuer = copy.copy(chain.root)
    chain.leaf.issuer.key = rsa("chains root", hash="sha1")


@case("webpki::made::signature::sha-1-ecdsa", "weak-signature")
def _(chain):
    """The leaf is signed over SHA-1 by an EC key."""
    chain.leaf.issuer = copy.copy(chain.root)
    chain.leaf.issuer.key = signing_with(chain.root.key, "sha1")


# --- the form of a leaf --------------------------------------------------------------------------------------------

@case("webpki::made::form::first-version", "no-alternative-names", "no-purpose")
def _(chain):
    """The leaf is of version 1, and so has no extensions."""
    chain.leaf.version, chain.leaf.extensions = 1, []


@case("webpki::made::form::leaf-is-a-ca", "ca-as-leaf")
def _(chain):
    """The leaf is a CA besides."""
    chain.leaf.put("basicConstraints", constraints(True), critical=True)


@case("webpki::made::form::ca-is-the-leaf", "ca-as-leaf", "no-purpose")
def _(chain):
    """A CA's certificate, with a host's name, is what the server shows."""
    chain.leaf = chain.ca()
    chain.between = []
    chain.leaf.put("subjectAltName", seq(dns(WWW)))


@case("webpki::made::form::serial-number-zero", "serial-number")
def _(chain):
    """The leaf's serial number is zero."""
    chain.leaf.serial = b"\0"


@case("webpki::made::form::issuer-address-malformed", "extension-malformed")
def _(chain):
    """Where the issuer's address is to be stands no DER."""
    chain.leaf.put("authorityInfoAccess", b"malformed")


@case("webpki::made::form::year-of-four-digits", "date-encoding")
def _(chain):
    """The years before 2050 are written as the later ones are."""
    chain.leaf.date = lambda text: tlv(GENERALIZED, "".join(c for c in text if c.isdigit()).encode() + b"Z")


SYNTAX = (
    ("hyphen-first", "-a.example.com"), ("hyphen-last", "a-.example.com"), ("underscore", "a_b.example.com"),
    ("label-of-64", "a" * 64 + ".example.com"), ("dot-first", ".example.com"), ("dot-last", "www.example.com."),
    ("two-dots", "a..example.com"), ("space", "a b.example.com"),
    ("port", "example.com:443"), ("zero-octet", "example.com\0.example.org"), ("nothing", ""), ("blank", " "),
    ("total-of-254", ".".join(["a" * 60] * 4) + ".abcdef.com"),
)
for profile, syntax in (("rfc5280", SYNTAX), ("webpki", SYNTAX[:4])):
    for label, host in syntax:
        @case(f"{profile}::made::syntax::{label}", "host-name-malformed",
              what=f"One of the leaf's hosts is none: {words(label)}.")
        def _(chain):
            chain.leaf.put("subjectAltName", seq(dns(WWW), dns(host)))


# --- what a root says of its own key, and constraints --------------------------------------------------------------

def own(*parts):
    return lambda root: seq(*(part(root) if callable(part) else part for part in parts))


OWN, SOMEBODY = (lambda root: implicit(0, key_identifier(root.key))), explicit(1, directory(name(("CN", "Somebody"))))
for label, value, *rules in (
    ("good", own(OWN)),
    ("no-key", own(), "root-key-identifier"),
    ("issuer-too", own(OWN, SOMEBODY), "root-key-identifier"),
    ("serial-number-too", own(OWN, implicit(2, b"\x04\xd2")), "root-key-identifier"),
    ("all-three", own(OWN, SOMEBODY, implicit(2, b"\x04\xd2")), "root-key-identifier"),
    ("another-key", own(implicit(0, b"\x11" * 20)), "root-key-identifier"),
):
    @case(f"webpki::made::aki::root-{label}", *rules, what=f"The root names its issuer's key: {words(label)}.")
    def _(chain):
        chain.root.put("authorityKeyIdentifier", value)


@case("webpki::made::nc::not-critical")
def _(chain):
    """The root's constraint, which the leaf keeps, is not critical."""
    chain.root.put("nameConstraints", name_constraints([dns(HOST)]))


for label, value in (
    ("nothing", seq()),
    ("two-empty-lists", seq(explicit(0), explicit(1))),
    ("one-empty-list", seq(explicit(0), explicit(1, seq(dns("example.org"))))),
):
    @case(f"webpki::made::nc::{label}", "name-constraint-malformed",
          what=f"The issuing CA's constraints hold {words(label)}.")
    def _(chain):
        chain.ca().put("nameConstraints", value, critical=True)
