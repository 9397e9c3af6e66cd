"""Revocation lists (RFC 5280 5 and 6.3). Where one is given, every certificate must stand on the good side of one."""

from case import *

REVOKED, UNKNOWN_STATUS = "revoked", "revocation-required"
HOLD, REMOVED, COMPROMISE = 6, 8, 1
BEFORE, AFTER = "2027-02-20T00:00:00Z", "2027-03-10T00:00:00Z"
POINT, OTHER_POINT = uri("http://crl.example.com/a.crl"), uri("http://crl.example.com/b.crl")
USERS, AUTHORITIES, INDIRECT, ATTRIBUTES_ONLY = (implicit(number, b"\xff") for number in (1, 2, 4, 5))


def complete(issuer, number=7, this=BEFORE, next=AFTER):
    return RevocationList(issuer, this, next, number)


def reasons(*some):
    return implicit(3, named_bits(*some)[2:])


def at(*names, relative=None):
    """The name of an issuingDistributionPoint."""
    return explicit(0, explicit(0, *names) if names else explicit(1, relative))


def entry(serial, date="2027-02-01T00:00:00Z", *extensions):
    return seq(tlv(INTEGER, serial), time(date), seq(*extensions) if extensions else b"")


def other(number=1):
    """The serial number of a certificate that is not there."""
    return b"\x4d" + bytes([number]) * 15


def drop(crl, identifier):
    crl.extensions = [one for one in crl.extensions if one[0] != identifier]


def listed(label, *rules):
    """The root's list is given; `change` has it besides."""
    def register(change):
        @case(f"crl::made::{label}", *rules, what=change.__doc__)
        def _(chain):
            chain.lists = [complete(chain.root)]
            change(chain, chain.lists[0])
        return change
    return register


CRL_NUMBER = "2.5.29.20"
UNKNOWN_CRITICAL = RevocationList.extension(UNKNOWN, True, tlv(NULL))


# --- what a list says ----------------------------------------------------------------------------------------------

@listed("empty")
def _(chain, crl):
    """The list has no entries."""


@listed("others")
def _(chain, crl):
    """The list has others' serial numbers."""
    crl.entries = [entry(other(1)), entry(other(2))]


@listed("revoked", REVOKED)
def _(chain, crl):
    """The leaf is revoked."""
    crl.revoke(chain.leaf)


for reason in (0, COMPROMISE, HOLD):
    @listed(f"revoked-reason-{reason}", REVOKED)
    def _(chain, crl):
        """The leaf is revoked, and it is said why."""
        crl.revoke(chain.leaf, reason)


for label, date in (("in-future", "2027-03-05T00:00:00Z"), ("before-it-was-valid", "2026-01-01T00:00:00Z")):
    @listed(f"revoked-{label}", REVOKED)
    def _(chain, crl):
        """The leaf stands on the list, with a date that is odd."""
        crl.entries = [entry(chain.leaf.serial, date)]


@listed("revoked-twice", REVOKED)
def _(chain, crl):
    """The leaf stands on the list twice."""
    crl.revoke(chain.leaf)
    crl.revoke(chain.leaf, COMPROMISE)


@listed("serial-of-another-issuer")
def _(chain, crl):
    """Another trusted root's list has the leaf's serial number."""
    root = authority("Other Root CA")
    chain.trusted.append(root)
    chain.lists.append(complete(root))
    chain.lists[1].revoke(chain.leaf)


@listed("not-critical-extension")
def _(chain, crl):
    """The list has an unknown extension, which is not critical."""
    crl.add(UNKNOWN, False, tlv(NULL))


@listed("critical-extension", UNKNOWN_STATUS)
def _(chain, crl):
    """The list has an unknown critical extension."""
    crl.add(UNKNOWN, True, tlv(NULL))


@listed("entry-not-critical", REVOKED)
def _(chain, crl):
    """The leaf's entry has an unknown extension, which is not critical."""
    crl.entries = [entry(chain.leaf.serial, BEFORE, RevocationList.extension(UNKNOWN, False, tlv(NULL)))]


@listed("entry-not-critical-of-another")
def _(chain, crl):
    """Another's entry has an unknown extension, which is not critical."""
    crl.entries = [entry(other(), BEFORE, RevocationList.extension(UNKNOWN, False, tlv(NULL)))]


@listed("entry-critical", UNKNOWN_STATUS)
def _(chain, crl):
    """The leaf's entry has an unknown critical extension, and so the list may not be used."""
    crl.entries = [entry(chain.leaf.serial, BEFORE, UNKNOWN_CRITICAL)]


@listed("entry-critical-of-another", UNKNOWN_STATUS)
def _(chain, crl):
    """Another's entry has an unknown critical extension, and so the list may not be used."""
    crl.entries = [entry(other(), BEFORE, UNKNOWN_CRITICAL)]


@listed("no-number", UNKNOWN_STATUS)
def _(chain, crl):
    """The list has no number."""
    drop(crl, CRL_NUMBER)


@listed("no-number-revoked", REVOKED)
def _(chain, crl):
    """The list has no number, and the leaf stands on it."""
    drop(crl, CRL_NUMBER)
    crl.revoke(chain.leaf)


@listed("critical-number", UNKNOWN_STATUS)
def _(chain, crl):
    """The list's number is critical."""
    drop(crl, CRL_NUMBER)
    crl.add(CRL_NUMBER, True, integer(7))


# --- when ----------------------------------------------------------------------------------------------------------

TIMES = (
    # label, from when, until when, rules
    ("first-second", NOW, AFTER),
    ("second-before", "2027-03-01T12:00:01Z", AFTER, UNKNOWN_STATUS),
    ("last-second", BEFORE, NOW),
    ("second-after", BEFORE, "2027-03-01T11:59:59Z", UNKNOWN_STATUS),
    ("past", "2026-12-01T00:00:00Z", "2026-12-10T00:00:00Z", UNKNOWN_STATUS),
    ("endless", BEFORE, None, UNKNOWN_STATUS),
)
for label, this, next, *rules in TIMES:
    @case(f"crl::made::time-{label}", *rules,
          what=f"The list is of {this}, the next is to come on {next}, and it is {NOW}.")
    def _(chain):
        chain.lists = [complete(chain.root, this=this, next=next)]


@listed("past-and-present")
def _(chain, crl):
    """A list that is past comes along, and the present one is clean."""
    chain.lists.insert(0, complete(chain.root, 6, "2027-02-01T00:00:00Z", "2027-02-10T00:00:00Z"))


@listed("past-and-present-revoked", REVOKED)
def _(chain, crl):
    """A clean list that is past comes along, and the leaf stands on the present one."""
    chain.lists.insert(0, complete(chain.root, 6, "2027-02-01T00:00:00Z", "2027-02-10T00:00:00Z"))
    crl.revoke(chain.leaf)


# --- who has signed ------------------------------------------------------------------------------------------------

@listed("bad-signature", UNKNOWN_STATUS)
def _(chain, crl):
    """The list names the root's key, and is signed with another."""
    crl.key = ec_key("another root")


@listed("bad-signature-and-good")
def _(chain, crl):
    """A list that the root has not signed comes along."""
    chain.lists.insert(0, complete(chain.root))
    chain.lists[0].key = ec_key("another root")


@listed("signed-by-another-ca", UNKNOWN_STATUS)
def _(chain, crl):
    """Another trusted root has signed the list in the root's name."""
    root = authority("Other Root CA")
    chain.trusted.append(root)
    chain.lists = [complete(root)]
    chain.lists[0].issuer = chain.root.subject


@listed("of-another-ca", UNKNOWN_STATUS)
def _(chain, crl):
    """Only another trusted root's list is there."""
    root = authority("Other Root CA")
    chain.trusted.append(root)
    chain.lists = [complete(root)]


@listed("no-list-signing", UNKNOWN_STATUS)
def _(chain, crl):
    """The root's key is not for lists."""
    chain.root.put("keyUsage", key_usage("keyCertSign"))


@listed("any-signing")
def _(chain, crl):
    """The root does not say what its key is for."""
    chain.root.drop("keyUsage")


@listed("issuer-as-compared")
def _(chain, crl):
    """The list writes the root's name in another case and kind of string."""
    crl.issuer = name(("CN", "example ROOT ca"), tag=PRINTABLE)


# --- two levels ----------------------------------------------------------------------------------------------------

def two(label, *rules):
    """The lists of the root and of the issuing CA are given."""
    def register(change):
        @case(f"crl::made::two-{label}", *rules, what=change.__doc__)
        def _(chain):
            ca = chain.ca()
            chain.lists = [complete(chain.root), complete(ca)]
            change(chain, ca, *chain.lists)
        return change
    return register


@two("good")
def _(chain, ca, above, below):
    """Both lists are clean."""


@two("ca-revoked", REVOKED)
def _(chain, ca, above, below):
    """The issuing CA is revoked."""
    above.revoke(ca)


@two("leaf-revoked", REVOKED)
def _(chain, ca, above, below):
    """The leaf is revoked."""
    below.revoke(chain.leaf)


@two("leaf-on-the-upper")
def _(chain, ca, above, below):
    """The leaf's serial number stands on the root's list, where it is another's."""
    above.revoke(chain.leaf)


@two("upper-missing", UNKNOWN_STATUS)
def _(chain, ca, above, below):
    """The root's list did not come."""
    chain.lists = [below]


@two("lower-missing", UNKNOWN_STATUS)
def _(chain, ca, above, below):
    """The issuing CA's list did not come."""
    chain.lists = [above]


@two("scopes")
def _(chain, ca, above, below):
    """The root's list is of CAs alone, the issuing CA's of others."""
    above.speak_of(AUTHORITIES)
    below.speak_of(USERS)


@two("scope-of-users-above", UNKNOWN_STATUS)
def _(chain, ca, above, below):
    """The root's list leaves CAs out."""
    above.speak_of(USERS)


@two("another-key-of-the-ca")
def _(chain, ca, above, below):
    """The issuing CA signs its list with another key, which the root has certified."""
    chain.between.append(authority("Example Issuing CA", chain.root, ec_key("list signer")))
    chain.lists = [above, complete(chain.between[1])]


@two("another-key-of-the-ca-revoked", REVOKED)
def _(chain, ca, above, below):
    """The issuing CA signs its list, on which the leaf stands, with another key, which the root has certified."""
    chain.between.append(authority("Example Issuing CA", chain.root, ec_key("list signer")))
    chain.lists = [above, complete(chain.between[1])]
    chain.lists[1].revoke(chain.leaf)


@two("another-path-not-revoked")
def _(chain, ca, above, below):
    """The issuing CA is revoked by one root, and by the other not."""
    root = authority("Other Root CA")
    chain.trusted.append(root)
    chain.between.append(authority("Example Issuing CA", root))
    chain.lists.append(complete(root))
    above.revoke(ca)


@two("both-paths-revoked", REVOKED)
def _(chain, ca, above, below):
    """The issuing CA is revoked by both roots."""
    root = authority("Other Root CA")
    chain.trusted.append(root)
    chain.between.append(authority("Example Issuing CA", root))
    chain.lists.append(complete(root))
    above.revoke(ca)
    chain.lists[2].revoke(chain.between[1])


# --- which certificates a list speaks of ---------------------------------------------------------------------------

RELATIVE = attribute("CN", "partition")
FULL = directory(seq(part("CN", "Example Root CA"), part("CN", "partition")))
SCOPES = (
    # label, the leaf's points, the list's scope, rules
    ("same-point", [point(POINT)], [at(POINT)]),
    ("another-point", [point(POINT)], [at(OTHER_POINT)], UNKNOWN_STATUS),
    ("one-of-two-names", [point(POINT)], [at(OTHER_POINT, POINT)]),
    ("spelled-otherwise", [point(uri("http://crl.example.com/%61.crl"))], [at(POINT)], UNKNOWN_STATUS),
    ("point-and-no-scope", [point(POINT)], None),
    ("no-point-and-a-scope", [], [at(POINT)], UNKNOWN_STATUS),
    ("no-point-and-the-issuer", [], [at(directory(name(("CN", "Example Root CA"))))]),
    ("relative", [point(relative=RELATIVE)], [at(relative=RELATIVE)]),
    ("relative-and-full", [point(relative=RELATIVE)], [at(FULL)]),
    ("relative-and-no-point", [], [at(relative=RELATIVE)], UNKNOWN_STATUS),
    ("users", [], [USERS]),
    ("authorities", [], [AUTHORITIES], UNKNOWN_STATUS),
    ("attributes", [], [ATTRIBUTES_ONLY], UNKNOWN_STATUS),
    ("nothing", [], [], UNKNOWN_STATUS),
    ("some-reasons", [point(POINT)], [at(POINT), reasons(1)], UNKNOWN_STATUS),
    ("some-reasons-no-point", [], [reasons(1, 2)], UNKNOWN_STATUS),
    ("point-of-some-reasons", [point(POINT, reasons=[1, 2])], None),
    ("indirect-of-itself", [point(POINT)], [at(POINT), INDIRECT]),
)
for label, has, scope, *rules in SCOPES:
    @case(f"crl::made::scope-{label}", *rules,
          what=f"What the leaf's points and the list's scope are: {words(label)}.")
    def _(chain):
        chain.lists = [complete(chain.root)]
        if has:
            chain.leaf.put("cRLDistributionPoints", points(*has))
        if scope is not None:
            chain.lists[0].speak_of(*scope)


FIRST, REST = [1, 2], [3, 4, 5, 6, 7, 8]
for label, spoken_of, revoked_by, *rules in (
    ("both", [FIRST, REST], None), ("first", [FIRST], None, UNKNOWN_STATUS), ("second", [REST], None, UNKNOWN_STATUS),
    ("first-revoked", [FIRST], 0, REVOKED), ("both-second-revoked", [FIRST, REST], 1, REVOKED),
):
    @case(f"crl::made::reasons-{label}", *rules, what=f"Lists of some reasons each: {words(label)}.")
    def _(chain):
        for number, some in enumerate(spoken_of):
            chain.lists.append(complete(chain.root))
            chain.lists[number].speak_of(reasons(*some))
            if revoked_by == number:
                chain.lists[number].revoke(chain.leaf, some[0])

    if label == "second":
        continue

    @case(f"crl::made::reasons-by-point-{label}", *rules, what=f"Points of some reasons each: {words(label)}.")
    def _(chain):
        named = {1: POINT, 3: OTHER_POINT}
        has = (point(named[some[0]], reasons=some) for some in (FIRST, REST))
        chain.leaf.put("cRLDistributionPoints", points(*has))
        for number, some in enumerate(spoken_of):
            chain.lists.append(complete(chain.root))
            chain.lists[number].speak_of(at(named[some[0]]), reasons(*some))
            if revoked_by == number:
                chain.lists[number].revoke(chain.leaf, some[0])


# --- lists of another issuer ---------------------------------------------------------------------------------------

LIST_CA = name(("CN", "Example List CA"))
INDIRECT_LISTS = (
    # label, the leaf's points, the list's scope, its entries by the leaf's serial number and the named issuer, rules
    ("good", [point(POINT, issuer=LIST_CA)], [at(POINT), INDIRECT], []),
    ("revoked", [point(POINT, issuer=LIST_CA)], [at(POINT), INDIRECT], [(True, "Example Root CA")], REVOKED),
    ("of-another-issuer", [point(POINT, issuer=LIST_CA)], [at(POINT), INDIRECT], [(True, "Other Root CA")]),
    ("issuer-carries-on", [point(POINT, issuer=LIST_CA)], [at(POINT), INDIRECT],
     [(False, "Example Root CA"), (True, None)], REVOKED),
    ("issuer-changes", [point(POINT, issuer=LIST_CA)], [at(POINT), INDIRECT],
     [(False, "Example Root CA"), (False, "Other Root CA"), (True, None)]),
    ("not-said-to-be", [point(POINT, issuer=LIST_CA)], [at(POINT)], [], UNKNOWN_STATUS),
    ("not-named-by-the-leaf", [point(POINT)], [at(POINT), INDIRECT], [], UNKNOWN_STATUS),
    ("no-point", [], [INDIRECT], [], UNKNOWN_STATUS),
    ("issuer-is-the-point", [point(issuer=LIST_CA)], [at(directory(LIST_CA)), INDIRECT], []),
)
for label, has, scope, entries, *rules in INDIRECT_LISTS:
    @case(f"crl::made::indirect-{label}", *rules, what=f"Another CA issues the list: {words(label)}.")
    def _(chain):
        signer = authority("Example List CA", chain.root)
        chain.between = [signer]
        # That the list's signer is not revoked, the root says.
        chain.lists = [complete(chain.root), complete(signer)]
        chain.lists[0].speak_of(AUTHORITIES)
        chain.lists[1].speak_of(*scope)
        if has:
            chain.leaf.put("cRLDistributionPoints", points(*has))
        for own, issuer in entries:
            extensions = [] if issuer is None else [
                RevocationList.extension("2.5.29.29", True, seq(directory(name(("CN", issuer)))))]
            chain.lists[1].entries.append(entry(chain.leaf.serial if own else other(), BEFORE, *extensions))


@case("crl::made::indirect-no-list-signing", UNKNOWN_STATUS)
def _(chain):
    """Another issues the list, and may not."""
    signer = authority("Example List CA", chain.root)
    signer.put("keyUsage", key_usage("digitalSignature"))
    chain.between = [signer]
    chain.lists = [complete(chain.root), complete(signer)]
    chain.lists[0].speak_of(AUTHORITIES)
    chain.lists[1].speak_of(at(POINT), INDIRECT)
    chain.leaf.put("cRLDistributionPoints", points(point(POINT, issuer=LIST_CA)))


# --- lists of what has changed -------------------------------------------------------------------------------------

DELTAS = (
    # label, the complete list's number and reason, the base, number and reason of the delta, rules; None: not there
    ("clean", 5, None, 5, 6, None),
    ("revokes", 5, None, 5, 6, COMPROMISE, REVOKED),
    ("lifts-hold", 5, HOLD, 5, 6, REMOVED),
    ("leaves-hold", 5, HOLD, 5, 6, None, REVOKED),
    ("alone", None, None, 5, 6, None, UNKNOWN_STATUS),
    ("of-a-later-base-lifts", 3, HOLD, 5, 6, REMOVED, REVOKED),
    ("older-than-complete-lifts", 9, HOLD, 5, 6, REMOVED, REVOKED),
    ("of-an-earlier-base-lifts", 6, HOLD, 5, 7, REMOVED),
)
for label, number, reason, base, delta_number, change, *rules in DELTAS:
    @case(f"crl::made::delta-{label}", *rules, what=f"A complete list and one of what has changed: {words(label)}.")
    def _(chain):
        delta = complete(chain.root, delta_number, "2027-02-27T00:00:00Z")
        delta.change_from(base)
        chain.lists = [delta] if number is None else [complete(chain.root, number), delta]
        if reason is not None:
            chain.lists[0].revoke(chain.leaf, reason)
        if change is not None:
            delta.revoke(chain.leaf, change)
