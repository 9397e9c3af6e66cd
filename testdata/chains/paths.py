"""Paths: how long, through whom, and which of several (RFC 5280 6.1)."""

from case import *

MADE, LENGTH = "rfc5280::made::path", "pathlen::made"
TOO_LONG = "path-too-long"


# --- how many CAs may stand between --------------------------------------------------------------------------------

DEPTHS = ((0, 0), (0, 1), (1, 1), (2, 1), (2, 3), (3, 3))
for depth, cas in DEPTHS:
    @case(f"{LENGTH}::depth-{depth}-{cas}-cas", *["path-not-found"] * (cas > depth),
          what=f"Of CAs {depth} may stand between, and {cas} do.")
    def _(chain):
        chain.depth = depth
        for number in range(cas):
            chain.ca(f"Example CA {number}")


for depth in (1, 2, 10):
    @case(f"{LENGTH}::depth-{depth}-self-issued",
          what=f"Of CAs {depth} may stand between, and one does, with its own rollover.")
    def _(chain):
        chain.depth = depth
        chain.ca()
        chain.ca(key=ec_key("new key"))


# --- path length constraints ---------------------------------------------------------------------------------------

LENGTHS = (
    # label, the root's length, then each CA's label and length, rules
    ("root-0-leaf", 0, []),
    ("root-0-ca", 0, [("A", None)], TOO_LONG),
    ("root-2-two-cas", 2, [("A", None), ("B", None)]),
    ("ca-0", None, [("A", 0)]),
    ("ca-0-ca", None, [("A", 0), ("B", None)], TOO_LONG),
    ("root-0-self-issued", 0, [("Example Root CA", None)]),
    ("ca-0-self-issued", None, [("A", 0), ("A", None)]),
    ("ca-0-self-issued-ca", None, [("A", 0), ("A", None), ("B", None)], TOO_LONG),
    ("root-1-self-issued-ca", 1, [("A", None), ("A", None), ("B", None)], TOO_LONG),
    ("ca-2-to-the-70", None, [("A", 2 ** 70)]),
)
for label, length, cas, *rules in LENGTHS:
    @case(f"{LENGTH}::{label}", *rules,
          what=f"Path lengths: the root {length}, {', '.join(f'{who} {how}' for who, how in cas)}.")
    def _(chain):
        chain.root.put("basicConstraints", constraints(True, length))
        for number, (who, how) in enumerate(cas):
            chain.ca(who, ec_key(f"{who} {number}"), how)


@case(f"{LENGTH}::self-issued-as-compared")
def _(chain):
    """A CA is self-issued whose names are the same but for case, spaces and the kind of string."""
    chain.root.put("basicConstraints", constraints(True, 0))
    chain.ca(subject=name(("CN", "example  ROOT ca"), tag=PRINTABLE))


@case(f"{LENGTH}::root-0-ca-is-last")
def _(chain):
    """A CA is the last certificate, which does not count."""
    chain.root.put("basicConstraints", constraints(True, 0))
    chain.leaf = chain.ca()
    chain.between = []
    chain.ask()


@case(f"{LENGTH}::of-the-root-ignored")
def _(chain):
    """The root's length is passed, and its constraints are to be left alone."""
    chain.root.put("basicConstraints", constraints(True, 0))
    chain.ca()
    chain.features = ["anchor-constraints-ignored"]


CONSTRAINTS = (
    # label, whose, the constraints, rules
    ("negative", "ca", seq(boolean(True), tlv(INTEGER, b"\xff")), "extension-malformed"),
    ("followed", "leaf", seq() + b"\0", "extension-malformed"),
    ("not-a-ca", "ca", constraints(False), "not-a-ca"),
    ("leaf-empty", "leaf", constraints(False)),
    ("leaf-length", "leaf", seq(integer(0)), "path-length-without-ca"),
    ("leaf-is-a-ca", "leaf", constraints(True)),
    ("leaf-is-a-ca-with-length", "leaf", constraints(True, 0), "path-length-without-ca"),
)
for label, who, value, *rules in CONSTRAINTS:
    @case(f"{LENGTH}::constraints-{label}", *rules, what=f"The {who}'s basic constraints: {words(label)}.")
    def _(chain):
        (chain.ca() if who == "ca" else chain.leaf).put("basicConstraints", value, critical=True)


@case(f"{LENGTH}::constraints-missing", "not-a-ca")
def _(chain):
    """The issuing CA does not say that it is one."""
    chain.ca().drop("basicConstraints")


@case(f"{LENGTH}::leaf-issues", "not-a-ca")
def _(chain):
    """A leaf has issued another, and does not say what its key is for."""
    above = end_entity(chain.root, ec_key("above"), "above.example.com")
    above.drop("keyUsage")
    chain.between, chain.leaf.issuer = [above], above


# --- which path ----------------------------------------------------------------------------------------------------

def other_root(label="Other Root CA", **how):
    return authority(label, **how)


def swapped(label, *rules, profile="rfc5280", orders=("first",)):
    """The issuing CA has two certificates, under two trusted roots: the `change`d twin comes first or last."""
    def register(change):
        for order in orders:
            @case(f"{profile}::made::path::twin-{label}-{order}", *rules, what=change.__doc__)
            def _(chain):
                ca, other = chain.ca(), other_root()
                twin = authority("Example Issuing CA", other)
                chain.between = [twin, ca] if order == "first" else [ca, twin]
                chain.trusted.append(other)
                change(chain, twin, other)
        return change
    return register


@swapped("expired", orders=("first", "last"))
def _(chain, twin, root):
    """The other certificate of the issuing CA has ended."""
    twin.not_after = "2026-01-01T00:00:00Z"


@swapped("constrained", orders=("first", "last"))
def _(chain, twin, root):
    """The other certificate of the issuing CA does not permit the leaf's name."""
    twin.put("nameConstraints", name_constraints([dns("example.org")]), critical=True)


@swapped("purpose")
def _(chain, twin, root):
    """The other certificate of the issuing CA is for clients."""
    twin.put("extKeyUsage", purposes(CLIENT_AUTH))


@swapped("length")
def _(chain, twin, root):
    """The other certificate of the issuing CA is under a root that bears no CA."""
    root.put("basicConstraints", constraints(True, 0))


@swapped("not-a-ca")
def _(chain, twin, root):
    """The other certificate of the issuing CA's key is of no CA."""
    twin.put("basicConstraints", constraints(False))


@swapped("critical")
def _(chain, twin, root):
    """The other certificate of the issuing CA has an unknown critical extension."""
    twin.put(UNKNOWN, b"anything", critical=True)


@swapped("cannot-sign")
def _(chain, twin, root):
    """The other certificate of the issuing CA does not let it sign certificates."""
    twin.put("keyUsage", key_usage("digitalSignature"))


@swapped("bad-signature")
def _(chain, twin, root):
    """The other certificate of the issuing CA is not signed by the one it names."""
    twin.changed = lambda der: der[:-1] + bytes([der[-1] ^ 1])


@swapped("another-key", orders=("first", "last"))
def _(chain, twin, root):
    """The other CA of the name has another key."""
    twin.key = ec_key("another issuing")


@swapped("good")
def _(chain, twin, root):
    """The other certificate of the issuing CA is as good as the first."""


@swapped("both-expired", "expired")
def _(chain, twin, root):
    """Both certificates of the issuing CA have ended."""
    for one in chain.between:
        one.not_after = "2026-01-01T00:00:00Z"


@swapped("weak-root", profile="webpki")
def _(chain, twin, root):
    """The other root's key is too short for the Web."""
    root.key = rsa("chains", 1024)


@swapped("weak-signature", profile="webpki")
def _(chain, twin, root):
    """The other certificate of the issuing CA is signed over SHA-1."""
    twin.issuer = copy.copy(root)
    twin.issuer.key = signing_with(root.key, "sha1")


@swapped("code-signing", profile="webpki")
def _(chain, twin, root):
    """The other certificate of the issuing CA is for code signing."""
    twin.put("extKeyUsage", purposes(CODE_SIGNING))


for order in (1, -1):
    @case(f"{MADE}::roots-of-one-name{order:+}")
    def _(chain):
        """Two roots of one name are trusted, and one of them has signed."""
        chain.trusted = [other_root("Example Root CA", key=ec_key("another root")), chain.root][::order]

    @case(f"{MADE}::cas-of-one-name{order:+}")
    def _(chain):
        """Two CAs of one name and different keys stand under one root, and the leaf does not say which."""
        chain.between = [chain.ca(), authority("Example Issuing CA", chain.root, ec_key("another issuing"))][::order]
        chain.leaf.drop("authorityKeyIdentifier")
        for one in chain.between:
            one.drop("subjectKeyIdentifier")


@case(f"{MADE}::unrelated-critical-root")
def _(chain):
    """Another trusted root has an unknown critical extension."""
    chain.trusted.append(other_root())
    chain.trusted[-1].put(UNKNOWN, b"anything", critical=True)


@case(f"{MADE}::unrelated-critical-ca")
def _(chain):
    """A CA that has nothing to do with the leaf has an unknown critical extension."""
    chain.between = [authority("Other CA", chain.root)]
    chain.between[0].put(UNKNOWN, b"anything", critical=True)


@case(f"{MADE}::unrelated-expired-ca")
def _(chain):
    """A CA that has nothing to do with the leaf has ended."""
    chain.ca()
    chain.between.append(authority("Other CA", chain.root, years=("2020", "2022")))


@case(f"{MADE}::everything-twice")
def _(chain):
    """The CA and the root come twice, and the leaf among them."""
    ca = chain.ca()
    chain.between = [chain.root, chain.leaf, ca, ca]
    chain.trusted = [chain.root, chain.root]


@case(f"{MADE}::ca-is-trusted")
def _(chain):
    """The issuing CA itself is trusted, and its root unknown."""
    chain.trusted, chain.between = [chain.ca()], []


@case(f"{MADE}::ca-is-trusted-root-comes")
def _(chain):
    """The issuing CA itself is trusted, and its root comes along."""
    chain.trusted, chain.between = [chain.ca()], [chain.root]


@case(f"{MADE}::leaf-is-trusted")
def _(chain):
    """The leaf itself is trusted."""
    chain.trusted = [chain.leaf]


@case(f"{MADE}::leaf-is-trusted-expired", "expired")
def _(chain):
    """The leaf itself is trusted, and has ended."""
    chain.trusted, chain.at = [chain.leaf], "2027-05-01T00:00:00Z"


@case(f"{MADE}::leaf-is-trusted-no-matter", "untrusted-root")
def _(chain):
    """The leaf itself is trusted, and must have an issuer all the same."""
    chain.trusted, chain.features = [chain.leaf], ["no-trusted-leaf"]


@case(f"{MADE}::another-root-is-trusted", "untrusted-root")
def _(chain):
    """The root comes along, and another is trusted."""
    chain.between, chain.trusted = [chain.root], [other_root()]


@case(f"{MADE}::another-root-of-the-name", "bad-signature")
def _(chain):
    """Only another root of the same name is trusted."""
    chain.trusted = [other_root("Example Root CA", key=ec_key("another root"))]


@case(f"{MADE}::no-issuer", "missing-issuer")
def _(chain):
    """The issuing CA did not come."""
    chain.ca()
    chain.between = []


@case(f"{MADE}::self-signed-leaf", "untrusted-root")
def _(chain):
    """The leaf has signed itself."""
    chain.leaf.issuer = chain.leaf


@case(f"{MADE}::circle", "missing-issuer")
def _(chain):
    """Two CAs have signed each other, and no root either of them."""
    one, two = authority("One", chain.root), authority("Two", chain.root)
    one.issuer, two.issuer = two, one
    chain.leaf.issuer, chain.between = one, [one, two]


@case(f"{MADE}::new-with-old")
def _(chain):
    """The root's new key is signed with its old one, which is trusted (RFC 4210 4.4)."""
    new = authority("Example Root CA", chain.root, ec_key("new root"))
    chain.leaf.issuer, chain.between = new, [new]


@case(f"{MADE}::new-with-old-and-new-with-new")
def _(chain):
    """The root's new certificate comes as well, and only its old one is trusted."""
    new = authority("Example Root CA", chain.root, ec_key("new root"))
    itself = authority("Example Root CA", key=ec_key("new root"))
    chain.leaf.issuer, chain.between = new, [itself, new]


@case(f"{MADE}::cross-signed")
def _(chain):
    """A root that is not trusted here was signed by one that is."""
    trusted = other_root()
    chain.ca()
    chain.between.append(authority("Example Root CA", trusted))
    chain.trusted = [trusted]


@case(f"{MADE}::cross-signed-constrained", "name-not-permitted")
def _(chain):
    """A root that is not trusted here was signed by one that is, for other names."""
    trusted = other_root()
    chain.ca()
    chain.between.append(authority("Example Root CA", trusted))
    chain.between[-1].put("nameConstraints", name_constraints([dns("example.org")]), critical=True)
    chain.trusted = [trusted]


for trusted in "DE":
    for dead in (False, True):
        @case(f"{MADE}::web-of-five-{trusted}{'-dead-end' if dead else ''}", *["expired"] * (dead and trusted == "D"),
              what=f"A is under B, B under C and F, C under D and E, F under E; {trusted} is trusted"
                   f"{', and C under D has ended' if dead else ''}.")
        def _(chain):
            d, e = authority("D"), authority("E")
            c_by_d, c_by_e, f = authority("C", d), authority("C", e), authority("F", e)
            b_by_c, b_by_f = authority("B", c_by_d), authority("B", f)
            if dead:
                c_by_d.not_after = "2026-01-01T00:00:00Z"
            chain.leaf.issuer, chain.between = b_by_c, [b_by_c, b_by_f, c_by_d, c_by_e, f]
            chain.trusted = [d if trusted == "D" else e]


for cas in (5, 16):
    @case(f"{MADE}::{cas}-cas-out-of-order", what=f"Between leaf and root stand {cas} CAs, given from the root down.")
    def _(chain):
        for number in range(cas):
            chain.ca(f"Example CA {number}")


@case(f"{MADE}::mesh")
def _(chain):
    """Four CAs have all signed each other, and the root has signed the last of them."""
    made = [authority(f"M{number}", chain.root) for number in range(4)]
    chain.between = [authority(f"M{one}", made[two]) for one in range(4) for two in range(4) if one != two]
    chain.between.append(made[3])
    chain.leaf.issuer = made[0]


@case(f"{MADE}::mesh-without-root", "missing-issuer")
def _(chain):
    """Four CAs have all signed each other, and no root any of them."""
    made = [authority(f"M{number}", chain.root) for number in range(4)]
    chain.between = [authority(f"M{one}", made[two]) for one in range(4) for two in range(4) if one != two]
    chain.leaf.issuer = made[0]
