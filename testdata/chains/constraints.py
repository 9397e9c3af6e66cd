"""Names that a CA may certify, and may not (RFC 5280 4.2.1.10)."""

from case import *

OUT, IN_EXCLUDED, MALFORMED = "name-not-permitted", "name-excluded", "name-malformed"
PERMITTED, EXCLUDED = "permitted", "excluded"


def constrain(authority, permitted=(), excluded=()):
    authority.put("nameConstraints", name_constraints(permitted, excluded), critical=True)


def nc(label, *rules, permitted=(), excluded=(), names=(), what=None):
    """The issuing CA is constrained so, and the leaf has these names besides its own, or other ones by `change`."""
    def register(change):
        @case(f"nc::{label}", *rules, what=what or change.__doc__)
        def _(chain):
            constrain(chain.ca(), permitted, excluded)
            if names:
                chain.leaf.put("subjectAltName", seq(*names))
                chain.ask()
            change(chain)
        return change
    return register


def table(kind, rows, form, constraint_form=None):
    """Rows of: label, permitted, excluded, the leaf's names, rules; all names are of one form."""
    for label, permitted, excluded, names, *rules in rows:
        bases = [list(map(constraint_form or form, some)) for some in (permitted, excluded)]
        sides = (PERMITTED, permitted), (EXCLUDED, excluded)
        said = [f"{verb} {', '.join(map(repr, some))}" for verb, some in sides if some]
        nc(f"{kind}::{label}", *rules, permitted=bases[0], excluded=bases[1], names=list(map(form, names)),
           what=f"With {' and '.join(said)} the leaf is for {', '.join(map(repr, names))}.")(lambda chain: None)


# --- addresses -----------------------------------------------------------------------------------------------------

NETWORKS = (
    # a network, addresses in it, addresses out of it
    ("192.0.2.64/27", ["192.0.2.64", "192.0.2.95"], ["192.0.2.63", "192.0.2.96"]),
    ("192.0.2.7/32", ["192.0.2.7"], ["192.0.2.8"]),
    ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], []),
    ("128.0.0.0/1", ["128.0.0.0"], ["127.255.255.255"]),
    ("2001:db8::/33", ["2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"], ["2001:db8:8000::"]),
    ("2001:db8::2/127", ["2001:db8::3"], ["2001:db8::1", "2001:db8::4"]),
)
table("ip", [
    (f"{verb}-{block}-{one}", [block] * (verb == PERMITTED), [block] * (verb == EXCLUDED), [one], *rules)
    for block, inside, outside in NETWORKS
    for verb, some, rules in ((PERMITTED, inside, []), (EXCLUDED, inside[:1], [IN_EXCLUDED]),
                              (PERMITTED, outside, [OUT]), (EXCLUDED, outside[:1], []))
    for one in some
], address, network)
table("ip", (
    ("v6-under-permitted-v4", ["192.0.2.0/24"], [], ["2001:db8::1"], OUT),
    ("v4-under-permitted-v6", ["2001:db8::/32"], [], ["192.0.2.1"], OUT),
    ("v6-under-excluded-v4", [], ["0.0.0.0/0"], ["2001:db8::1"]),
    ("mapped-is-not-v4", ["192.0.2.0/24"], [], ["::ffff:192.0.2.1"], OUT),
    ("hole-below", ["10.0.0.0/8"], ["10.1.0.0/16"], ["10.0.255.255"]),
    ("hole-first", ["10.0.0.0/8"], ["10.1.0.0/16"], ["10.1.0.0"], IN_EXCLUDED),
    ("one-in-one-out", ["192.0.2.0/24"], [], ["192.0.2.1", "198.51.100.1"], OUT),
    ("base-with-host-bits", ["192.0.2.77/24"], [], ["192.0.2.1"]),
), address, network)


for octets in (4, 5, 16):
    @nc(f"ip::constraint-of-{octets}-octets", "name-constraint-malformed", permitted=[ip(*[0] * octets)],
        names=[address("192.0.2.1")])
    def _(chain):
        """A constraint on addresses has not the size of an address and a mask."""


# --- hosts ---------------------------------------------------------------------------------------------------------

table("dns", (
    ("below", ["example.com"], [], ["a.b.example.com"]),
    ("case-folds", ["EXAMPLE.com"], [], ["www.example.COM"]),
    ("label-boundary", ["example.com"], [], ["notexample.com"], OUT),
    ("parent", ["host.example.com"], [], ["example.com"], OUT),
    ("sibling", ["host.example.com"], [], ["host1.example.com"], OUT),
    ("empty-permits-all", [""], [], ["www.example.com"]),
    ("empty-excludes-all", [], [""], ["www.example.com"], IN_EXCLUDED),
    ("second-of-two", ["example.org", "example.com"], [], ["www.example.com"]),
    ("second-name-out", ["example.com"], [], ["www.example.com", "www.example.org"], OUT),
    ("excluded-below-permitted", ["example.com"], ["bad.example.com"], ["x.bad.example.com"], IN_EXCLUDED),
    ("beside-excluded", ["example.com"], ["bad.example.com"], ["good.example.com"]),
    ("wildcard-in-permitted", ["example.com"], [], ["*.example.com"]),
    ("wildcard-over-permitted", ["a.example.com"], [], ["*.example.com"], OUT),
    ("wildcard-in-excluded", [], ["example.com"], ["*.example.com"], IN_EXCLUDED),
    ("wildcard-over-excluded", [], ["a.example.com"], ["*.example.com"], IN_EXCLUDED),
    ("wildcard-far-above-excluded", [], ["a.b.example.com"], ["*.example.com"]),
), dns)

TWO_CAS = (
    # label, what each of two CAs permits and excludes, the leaf's host, rules
    ("narrower-below-in", ["example.com"], [], ["a.example.com"], [], "x.a.example.com"),
    ("narrower-below-out", ["example.com"], [], ["a.example.com"], [], "b.example.com", OUT),
    ("disjoint-second", ["a.example.com"], [], ["b.example.com"], [], "b.example.com", OUT),
    ("exclusions-leave-the-rest", [], ["a.example.com"], [], ["b.example.com"], "c.example.com"),
)
for label, permitted, excluded, permitted_below, excluded_below, host, *rules in TWO_CAS:
    @case(f"nc::dns::two-{label}", *rules, what=f"Two CAs, each with constraints of its own, over {host}.")
    def _(chain):
        constrain(chain.ca("Example Policy CA"), [*map(dns, permitted)], [*map(dns, excluded)])
        constrain(chain.ca(), [*map(dns, permitted_below)], [*map(dns, excluded_below)])
        chain.names(host)
        chain.ask(dns=host)


@nc("dns::other-kinds-are-free", permitted=[dns(HOST)],
    names=[dns(WWW), address("192.0.2.1"), email("a@example.org")])
def _(chain):
    """Hosts are constrained, and names of other kinds are not."""


@nc("dns::common-name-is-free", permitted=[dns(HOST)])
def _(chain):
    """A common name out of the constraint is no name that is constrained."""
    chain.leaf.subject = name(("CN", "www.example.org"))


@nc("dns::common-name-is-not-free", OUT, permitted=[dns(HOST)])
def _(chain):
    """A common name out of the constraint is asked to be constrained too, where there are no alternative names."""
    chain.leaf.subject = name(("CN", "www.example.org"))
    chain.leaf.drop("subjectAltName")
    chain.ask()
    chain.features = ["nc-common-name"]


@nc("dns::own-names-are-free", permitted=[dns(HOST)])
def _(chain):
    """The CA's own name lies out of what it may certify."""
    chain.between[0].put("subjectAltName", seq(dns("ca.example.org")))


@case("nc::dns::of-the-root", OUT)
def _(chain):
    """The root's own constraints count."""
    constrain(chain.root, [dns(HOST)])
    chain.names("www.example.org")
    chain.ask(dns="www.example.org")


@case("nc::dns::ca-out", OUT)
def _(chain):
    """The issuing CA has a name that the root may not certify."""
    constrain(chain.root, [dns(HOST)])
    chain.ca().put("subjectAltName", seq(dns("ca.example.org")))


@case("nc::dns::self-issued-ca-out")
def _(chain):
    """A CA with a new key is signed with its old one, and so is free of the constraints above."""
    constrain(chain.root, [dns(HOST)])
    chain.ca()
    chain.ca(key=ec_key("new key")).put("subjectAltName", seq(dns("ca.example.org")))


@case("nc::dns::self-issued-leaf-out", OUT)
def _(chain):
    """The last certificate is not free, though its issuer has its name."""
    constrain(chain.root, [dns(HOST)])
    chain.ca()
    chain.names("www.example.org")
    chain.leaf.subject = chain.leaf.issuer.subject
    chain.ask(dns="www.example.org")


# Spelled so that it would slip through an exclusion of example.com.
for label, host, *rules in (
    ("dot-last", "www.example.com.", MALFORMED),
    ("underscore", "a_b.example.com", IN_EXCLUDED, "host-name-malformed"),
    ("space-first", " www.example.com", MALFORMED),
    ("zero-octet", "www.example.com\0", MALFORMED),
    ("wildcard-in-a-label", "w*.example.com", MALFORMED),
    ("wildcard-of-the-top", "*.com", IN_EXCLUDED),
    ("two-dots", "www..example.com", MALFORMED),
    ("dot-first", ".www.example.com", MALFORMED),
    ("upper-case", "WWW.EXAMPLE.COM", IN_EXCLUDED),
):
    @nc(f"dns::evading-{label}", *rules, excluded=[dns(HOST)], names=[dns("good.example.org"), dns(host)])
    def _(chain):
        """An excluded host is written so that it may not look like one."""


# --- mailboxes -----------------------------------------------------------------------------------------------------

table("email", (
    ("host-case-folds", ["EXAMPLE.com"], [], ["user@example.COM"]),
    ("host-is-not-below", ["example.com"], [], ["user@mail.example.com"], OUT),
    ("domain", [".example.com"], [], ["user@mail.example.com"]),
    ("domain-is-not-the-host", [".example.com"], [], ["user@example.com"], OUT),
    ("domain-label-boundary", [".example.com"], [], ["user@notexample.com"], OUT),
    ("mailbox", ["root@example.com"], [], ["root@example.com"]),
    ("mailbox-case-does-not-fold", ["Root@example.com"], [], ["root@example.com"], OUT),
    ("mailbox-another", ["root@example.com"], [], ["toor@example.com"], OUT),
    ("mailbox-with-asterisk", ["user*@example.com"], [], ["user*@example.com"]),
    ("mailbox-asterisk-is-no-wildcard", ["*@example.com"], [], ["user@example.com"], OUT),
    ("excluded-host", [], ["example.com"], ["user@example.com"], IN_EXCLUDED),
    ("excluded-host-not-below", [], ["example.com"], ["user@mail.example.com"]),
    ("excluded-domain", [], [".example.com"], ["user@mail.example.com"], IN_EXCLUDED),
    ("excluded-mailbox", ["example.com"], ["root@example.com"], ["root@example.com"], IN_EXCLUDED),
    ("quoted-at", ["example.com"], [], ['"a@example.org"@example.com']),
), email)


for label, host, names, *rules in (
    ("in", HOST, None), ("out", "example.org", None, OUT), ("in-beside-names", HOST, [dns(WWW)]),
):
    @nc(f"email::in-the-subject-{label}", *rules, permitted=[email(HOST)])
    def _(chain):
        """A mailbox stands in the subject."""
        chain.leaf.subject = name(("CN", WWW), ("E", f"user@{host}"))
        if names is None:
            chain.leaf.drop("subjectAltName")
            chain.ask()


# --- addresses of resources ----------------------------------------------------------------------------------------

table("uri", (
    ("host", ["host.example.com"], [], ["https://host.example.com/path"]),
    ("host-with-port", ["host.example.com"], [], ["https://host.example.com:8443/path"]),
    ("host-case-folds", ["HOST.example.com"], [], ["HTTPS://host.EXAMPLE.com/"]),
    ("host-is-not-below", ["host.example.com"], [], ["https://a.host.example.com/"], OUT),
    ("host-after-user", ["host.example.com"], [], ["https://user@host.example.com/"]),
    ("domain", [".example.com"], [], ["https://host.example.com/"]),
    ("domain-is-not-the-host", [".example.com"], [], ["https://example.com/"], OUT),
    ("user-is-no-host", ["host.example.com"], [], ["https://host.example.com@example.org/"], OUT),
    ("password-is-no-port", ["host.example.com"], [], ["https://host.example.com:80@example.org/"], OUT),
    ("path-is-no-host", [".example.com"], [], ["https://example.org/.example.com"], OUT),
    ("query-is-no-host", [".example.com"], [], ["https://example.org?.example.com"], OUT),
    ("fragment-is-no-host", [".example.com"], [], ["https://example.org#.example.com"], OUT),
    ("excluded", [], ["host.example.com"], ["https://host.example.com/"], IN_EXCLUDED),
    ("excluded-case-folds", [], ["host.example.com"], ["HTTPS://HOST.EXAMPLE.com"], IN_EXCLUDED),
    ("excluded-domain-not-the-host", [], [".example.com"], ["https://example.com/"]),
    ("excluded-empty-port", [], ["example.com"], ["https://example.com:/"], IN_EXCLUDED),
    ("no-host", ["host.example.com"], [], ["urn:isbn:0451450523"], MALFORMED),
    ("no-host-beside-exclusion", [], ["host.example.com"], ["urn:isbn:0451450523"], MALFORMED),
    ("v4", ["host.example.com"], [], ["https://192.0.2.1/"], MALFORMED),
    ("v4-beside-exclusion", [], ["host.example.com"], ["https://192.0.2.1/"], MALFORMED),
    ("v6-beside-exclusion", [], ["host.example.com"], ["https://[2001:db8::1]/"], MALFORMED),
    ("empty-host-beside-exclusion", [], ["host.example.com"], ["file:///etc/passwd"], MALFORMED),
), uri)


@case("nc::uri::no-host-without-constraints")
def _(chain):
    """A name without a host is free where no such names are constrained."""
    chain.leaf.put("subjectAltName", seq(dns(WWW), uri("urn:isbn:0451450523")))


# --- directory names -----------------------------------------------------------------------------------------------

COUNTRY, ACME = part("C", "DE", PRINTABLE), part("O", "Acme Corp")
X = part("CN", "x")
DIRECTORIES = (
    # label, permitted, excluded, the leaf's subject, rules
    ("above", [seq(COUNTRY, ACME)], [], seq(COUNTRY, ACME, X)),
    ("same", [seq(COUNTRY, ACME)], [], seq(COUNTRY, ACME)),
    ("longer", [seq(COUNTRY, ACME, part("OU", "a"))], [], seq(COUNTRY, ACME), OUT),
    ("another-order", [seq(COUNTRY, ACME)], [], seq(ACME, COUNTRY, X), OUT),
    ("end-is-no-beginning", [seq(ACME)], [], seq(COUNTRY, ACME), OUT),
    ("printable-for-utf-8", [seq(COUNTRY, part("O", "Acme Corp", PRINTABLE))], [], seq(COUNTRY, ACME, X)),
    ("case-folds", [seq(COUNTRY, part("O", "ACME corp"))], [], seq(COUNTRY, ACME, X)),
    ("empty-permits-all", [seq()], [], seq(COUNTRY, ACME, X)),
    ("empty-excludes-all", [], [seq()], seq(COUNTRY, ACME, X), IN_EXCLUDED),
    ("excluded", [], [seq(COUNTRY, ACME)], seq(COUNTRY, ACME, X), IN_EXCLUDED),
    ("excluded-case-folds", [], [seq(COUNTRY, part("O", "acme CORP"))], seq(COUNTRY, ACME, X), IN_EXCLUDED),
    ("excluded-printable-for-utf-8", [], [seq(part("O", "Acme Corp", PRINTABLE))], seq(ACME, X), IN_EXCLUDED),
    ("excluded-soft-hyphen", [], [seq(part("O", "Acme"))], seq(part("O", "Ac\u00adme"), X), IN_EXCLUDED),
    ("excluded-full-width", [], [seq(part("O", "Acme"))], seq(part("O", "\uff21cme"), X), IN_EXCLUDED),
    ("two-attributes", [seq(rdn(attribute("O", "A"), attribute("OU", "B")))], [],
     seq(rdn(attribute("O", "a"), attribute("OU", "b")), X)),
    ("one-of-two-attributes", [seq(part("O", "A"))], [], seq(rdn(attribute("O", "A"), attribute("OU", "B")), X), OUT),
)
for label, permitted, excluded, subject, *rules in DIRECTORIES:
    @nc(f"dn::{label}", *rules, permitted=[*map(directory, permitted)], excluded=[*map(directory, excluded)])
    def _(chain):
        """The leaf's subject stands beside a constraint on directory names."""
        chain.leaf.subject = subject


@nc("dn::no-subject", permitted=[directory(seq(ACME))])
def _(chain):
    """No subject is no directory name."""
    chain.leaf.subject = name()
    chain.leaf.find("subjectAltName")[1] = True


for label, subject, *rules in (("in", seq(ACME, X)), ("out", seq(X), OUT)):
    @nc(f"dn::alternative-name-{label}", *rules, permitted=[directory(seq(ACME))],
        names=[dns(WWW), directory(subject)])
    def _(chain):
        """A directory name stands among the alternative names."""
        chain.leaf.subject = seq(ACME)

    @case(f"nc::dn::ca-{label}", *rules)
    def _(chain):
        """The issuing CA's subject stands beside the root's constraint."""
        constrain(chain.root, [directory(seq(ACME))])
        chain.ca(subject=subject)
        chain.leaf.subject = seq(ACME)


# --- other kinds, other shapes -------------------------------------------------------------------------------------

OTHER_KINDS = (
    ("registered-identifier", implicit(8, b"\x2a\x03"), implicit(8, b"\x2a\x03\x04")),
    ("other-name", other_name("1.2.3.4", tlv(UTF8, b"x")), other_name("1.2.3.4", tlv(UTF8, b"y"))),
    ("edi-party", explicit(5, explicit(1, tlv(UTF8, b"p"))), explicit(5, explicit(1, tlv(UTF8, b"q")))),
)
for label, base, met in OTHER_KINDS:
    @nc(f"kind::{label}-not-met", permitted=[base])
    def _(chain):
        """A kind that nobody processes is constrained, and the leaf has no such name."""

    for verb in (PERMITTED, EXCLUDED):
        @nc(f"kind::{label}-{verb}-met", "name-constraint-not-understood", **{verb: [base]}, names=[dns(WWW), met])
        def _(chain):
            """A kind that nobody processes is constrained, and the leaf has such a name."""


SHAPES = (
    ("nothing", seq()),
    ("empty-beside-excluded", seq(explicit(0), explicit(1, seq(dns("example.org"))))),
    ("empty-beside-permitted", seq(explicit(0, seq(dns(HOST))), explicit(1))),
    ("minimum", seq(explicit(0, seq(dns(HOST), implicit(0, b"\1"))))),
    ("maximum", seq(explicit(0, seq(dns(HOST), implicit(1, b"\5"))))),
    ("at-first", name_constraints([email("@example.com")])),
    ("uri-with-scheme", name_constraints([uri("https://host.example.com/")])),
)
for label, value in SHAPES:
    @case(f"nc::shape::{label}", "name-constraint-malformed")
    def _(chain):
        """The constraints are not made as they must be."""
        chain.ca().put("nameConstraints", value, critical=True)


@case("nc::shape::twice", "extension-twice")
def _(chain):
    """The issuing CA has its constraints twice."""
    constrain(chain.ca(), [dns(HOST)])
    chain.between[0].twice("nameConstraints")


@case("nc::shape::of-the-leaf", "name-constraint-outside-ca")
def _(chain):
    """The leaf, which is no CA, has constraints."""
    constrain(chain.leaf, [dns(HOST)])


@case("nc::shape::not-critical")
def _(chain):
    """The constraints, which are kept, are not critical."""
    chain.ca().put("nameConstraints", name_constraints([dns(HOST)]))


@case("nc::shape::not-critical-to-the-letter", "name-constraints-not-critical")
def _(chain):
    """The constraints, which are kept, are not critical, and RFC 5280 is to be followed to the letter."""
    chain.ca().put("nameConstraints", name_constraints([dns(HOST)]))
    chain.features = ["pedantic-rfc5280"]


@case("nc::shape::of-the-root-ignored")
def _(chain):
    """The root's constraints are not kept, and are to be left alone."""
    constrain(chain.root, [dns("example.org")])
    chain.features = ["anchor-constraints-ignored"]
