"""Policies (RFC 5280 4.2.1.4, .5, .11 and .14, and 6.1)."""

from case import *

NONE_VALID, MALFORMED = "no-valid-policy", "policy-extension-malformed"
P, Q, R = "1.2.3.1", "1.2.3.2", "1.2.3.3"


def says(*identifiers):
    return "certificatePolicies", policies(*identifiers), False


def limits(explicit_after=None, mapping_after=None):
    """policyConstraints: how many certificates on a policy must hold, and none may be mapped."""
    return "policyConstraints", seq(*(implicit(number, bytes([after])) for number, after in
                                      enumerate((explicit_after, mapping_after)) if after is not None)), True


def no_any(after):
    return "inhibitAnyPolicy", integer(after), True


def maps(*pairs):
    return "policyMappings", seq(*(seq(oid(one), oid(other)) for one, other in pairs)), True


ASKED = {"policy_set": [P], "explicit_policy": True}
TABLE = (
    # label, what the root, then each CA, then the leaf has, what is asked for, rules
    ("explicit-leaf-without", [], [[limits(0), says(P)]], [], None, NONE_VALID),
    ("explicit-same", [], [[limits(0), says(P)]], [says(P)], None),
    ("explicit-another", [], [[limits(0), says(P)]], [says(Q)], None, NONE_VALID),
    ("explicit-any-in-leaf", [], [[limits(0), says(P)]], [says(ANY_POLICY)], None),
    ("explicit-not-yet", [], [[limits(2)]], [], None),
    ("explicit-at-the-leaf", [], [[limits(1)]], [], None, NONE_VALID),
    ("explicit-after-one", [], [[limits(1)], []], [], None, NONE_VALID),
    ("explicit-by-the-leaf", [], [[says(P)]], [limits(0)], None, NONE_VALID),
    ("explicit-by-the-leaf-good", [], [[says(P)]], [says(P), limits(0)], None),
    ("explicit-by-the-root", [limits(0)], [[says(P)]], [says(Q)], None, NONE_VALID),
    ("explicit-lost-between", [], [[limits(0), says(P)], []], [says(P)], None, NONE_VALID),
    ("any-inhibited", [], [[limits(0), says(P), no_any(0)]], [says(ANY_POLICY)], None, NONE_VALID),
    ("any-inhibited-below", [], [[limits(0), says(P), no_any(0)], [says(ANY_POLICY)]], [says(P)], None, NONE_VALID),
    ("mapped", [], [[limits(0), says(P), maps((P, Q))]], [says(Q)], None),
    ("mapped-not-followed", [], [[limits(0), says(P), maps((P, Q))]], [says(P)], None, NONE_VALID),
    ("mapped-twice", [], [[limits(0), says(P), maps((P, Q))], [says(Q), maps((Q, R))]], [says(R)], None),
    ("mapping-inhibited", [], [[limits(0, 0), says(P)], [says(P), maps((P, Q))]], [says(Q)], None, NONE_VALID),
    ("mapping-inhibited-later", [], [[limits(0, 1), says(P)], [says(P), maps((P, Q))]], [says(Q)], None),
    ("mapping-of-any", [], [[says(P), maps((ANY_POLICY, Q))]], [says(Q)], None, "any-policy-mapped"),
    ("mapping-to-any", [], [[says(P), maps((P, ANY_POLICY))]], [says(Q)], None, "any-policy-mapped"),
    ("limits-negative", [], [[limits(0xFF)]], [], None, MALFORMED),
    ("maps-nothing", [], [[("policyMappings", seq(), True)]], [], None, MALFORMED),
    ("limits-not-critical", [], [[("policyConstraints", seq(implicit(0, b"\5")), False)]], [], None,
     "extension-not-critical"),
    ("any-inhibited-not-critical", [], [[("inhibitAnyPolicy", integer(0), False)]], [], None,
     "extension-not-critical"),
    ("asked-same", [], [[says(P)]], [says(P)], ASKED),
    ("asked-another", [], [[says(Q)]], [says(Q)], ASKED, NONE_VALID),
    ("asked-another-in-leaf", [], [[says(P)]], [says(Q)], ASKED, NONE_VALID),
    ("asked-but-not-explicit", [], [[says(Q)]], [says(Q)], {"policy_set": [P]}),
    ("asked-any-inhibited", [], [[says(ANY_POLICY)]], [says(P)], ASKED | {"any_policy_inhibit": True}, NONE_VALID),
    ("asked-mapped", [], [[says(P), maps((P, Q))]], [says(Q)], ASKED),
    ("asked-mapped-not-followed", [], [[says(P), maps((P, Q))]], [says(P)], ASKED, NONE_VALID),
    ("asked-mapped-inhibited", [], [[says(P), maps((P, Q))]], [says(Q)],
     ASKED | {"policy_mapping_inhibit": True}, NONE_VALID),
    ("asked-what-it-is-mapped-to", [], [[says(P), maps((P, Q))]], [says(Q)],
     {"policy_set": [Q], "explicit_policy": True}, NONE_VALID),
)
for label, root, cas, leaf, inputs, *rules in TABLE:
    @case(f"rfc5280::made::policy::{label}", *rules, what=f"Policies along the path: {words(label)}.")
    def _(chain):
        for extension in root:
            chain.root.put(*extension)
        for number, extensions in enumerate(cas):
            ca = chain.ca(f"Example CA {number}")
            for extension in extensions:
                ca.put(*extension)
        for extension in leaf:
            chain.leaf.put(*extension)
        if inputs is not None:
            chain.members["policy"] = inputs


@case("rfc5280::made::policy::any-inhibited-self-issued")
def _(chain):
    """A self-issued CA may say that any policy holds, though the CA above inhibits it."""
    ca = chain.ca("A")
    for extension in (limits(0), says(P), no_any(0)):
        ca.put(*extension)
    chain.ca("A", ec_key("new key")).put(*says(ANY_POLICY))
    chain.leaf.put(*says(P))
