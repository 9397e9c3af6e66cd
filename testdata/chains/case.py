"""What every case of chains.json is made with: a good chain, names for its parts, and the list of the cases."""

import copy
import ipaddress
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "answers"))
from x509 import *

NOW = "2027-03-01T12:00:00Z"
WWW, HOST = "www.example.com", "example.com"
OCSP_SIGNING, PRECERTIFICATES, UNKNOWN = "1.3.6.1.5.5.7.3.9", "1.3.6.1.4.1.11129.2.4.4", "1.2.3.4.5"
EcKey.CURVES["P-192"] = ec.SECP192R1(), "1.2.840.10045.3.1.1", "sha256"


# --- the good chain ------------------------------------------------------------------------------------------------

class Chain:
    """A leaf under a trusted root, and what is asked of them; all of it can be changed."""

    def __init__(self, key=None, root_key=None):
        self.root = authority("Example Root CA", None, root_key)
        self.leaf = end_entity(self.root, key)
        self.between, self.trusted, self.lists = [], [self.root], []
        self.ask(dns=WWW)
        self.purpose, self.server, self.at, self.depth = None, True, NOW, None
        self.features, self.members = [], {}

    def ca(self, label="Example Issuing CA", key=None, path_length=None, subject=None):
        """A CA between the leaf and who has issued it so far."""
        added = authority(label, self.leaf.issuer, key, path_length, subject)
        self.leaf.issuer = added
        self.between.append(added)
        return added

    def names(self, *names):
        """The leaf has these names, and no common name that differs from them."""
        self.leaf.subject = name(("C", "DE"), ("O", "Example"))
        self.leaf.put("subjectAltName", seq(*(dns(one) if isinstance(one, str) else one for one in names)))

    def ask(self, dns=None, ip=None, mail=None):
        self.asked = ({"kind": "DNS", "value": dns} if dns is not None else
                      {"kind": "IP", "value": ip} if ip is not None else None)
        self.mailboxes = [] if mail is None else [{"kind": "RFC822", "value": mail}]

    def client(self, purpose="clientAuth", identifier=CLIENT_AUTH):
        """No server: a client, or who writes mail."""
        self.server, self.purpose = False, purpose
        self.leaf.put("extKeyUsage", purposes(identifier))
        self.ask()

    def written(self, label, what, rules):
        return {
            "id": label, "description": what, "expected_result": "FAILURE" if rules else "SUCCESS",
            "rules": sorted(rules), "features": self.features,
            "validation_kind": "SERVER" if self.server else "CLIENT", "validation_time": self.at,
            "expected_peer_name": self.asked, "expected_peer_names": self.mailboxes,
            "extended_key_usage": [self.purpose] if self.purpose else [], "max_chain_depth": self.depth,
            "trusted_certs": [pem("CERTIFICATE", one.der()) for one in self.trusted],
            "untrusted_intermediates": [pem("CERTIFICATE", one.der()) for one in self.between],
            "peer_certificate": pem("CERTIFICATE", self.leaf.der()),
            "crls": [pem("X509 CRL", one.der()) for one in self.lists],
        } | self.members


KEYS = {}


def ec_key(label, curve="P-256"):
    if (label, curve) not in KEYS:
        KEYS[label, curve] = EcKey(f"chains {label} {curve}", curve)
    return KEYS[label, curve]


def certificate(subject, key, issuer, start, end, **extensions):
    critical = ["basicConstraints", "keyUsage"]
    listed = [[EXTENSIONS[which], which in critical, value] for which, value in extensions.items()]
    above = issuer.key.bits if issuer else b""
    serial = b"\x4c" + hashlib.sha256(subject + key.bits + above + start.encode() + end.encode()).digest()[:15]
    made = Certificate(subject, key, issuer, serial, start + "T00:00:00Z", end + "T00:00:00Z", listed)
    made.put("subjectKeyIdentifier", own_key)
    if issuer is not None:
        made.put("authorityKeyIdentifier", issuers_key)
    return made


def authority(label, issuer=None, key=None, path_length=None, subject=None, years=("2020", "2040")):
    """A CA, and without an issuer a root."""
    start, end = (f"{one}-01-01" for one in years)
    return certificate(subject or name(("CN", label)), key or ec_key(label), issuer, start, end,
                       basicConstraints=constraints(True, path_length), keyUsage=key_usage("keyCertSign", "cRLSign"))


def end_entity(issuer, key=None, host=WWW):
    return certificate(name(("CN", host)), key or ec_key("leaf"), issuer, "2027-01-01", "2027-03-31",
                       keyUsage=key_usage("digitalSignature"), extKeyUsage=purposes(SERVER_AUTH),
                       subjectAltName=seq(dns(host)))


def words(label):
    return label.replace("-", " ")


def called(certificate, subject):
    """The same CA under a name that is written otherwise, to issue with."""
    other = copy.copy(certificate)
    other.subject = subject
    return other


def signing_with(key, hash):
    """The same key, whose signatures are over another hash."""
    other = copy.copy(key)
    other.hash = hash
    return other


class DsaKey:
    """Of a prime that is drawn from the name, with a subgroup of 256 bits (FIPS 186-4 4)."""

    def __init__(self, label, bits=2048):
        self.order = prime(label + " q", 256)
        number = int.from_bytes(drawn(label + " p", bits // 8), "big") | 1 << bits - 1
        number -= number % (2 * self.order) - 1
        while not is_prime(number):
            number += 2 * self.order
        self.prime, self.base = number, pow(2, (number - 1) // self.order, number)
        self.secret = int.from_bytes(drawn(label, 31), "big")
        self.bits = integer(pow(self.base, self.secret, self.prime))

    def algorithm(self):
        return seq(oid("1.2.840.10040.4.1"), seq(integer(self.prime), integer(self.order), integer(self.base)))

    def signature_algorithm(self):
        return seq(oid("2.16.840.1.101.3.4.3.2"))

    def sign(self, message):
        digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
        once = int.from_bytes(hashlib.sha256(b"once" + message).digest()[:31], "big")
        first = pow(self.base, once, self.prime) % self.order
        return seq(integer(first), integer(pow(once, -1, self.order) * (digest + self.secret * first) % self.order))


# --- names and extensions ------------------------------------------------------------------------------------------

BMP = 0x1E
NO_BITS = tlv(BITS, b"\0")
ATTRIBUTES["DC"] = "0.9.2342.19200300.100.1.25"


def attribute(key, value, tag=UTF8):
    """An AttributeTypeAndValue, whatever the value's octets are."""
    return seq(oid(ATTRIBUTES[key]), tlv(tag, value.encode() if isinstance(value, str) else value))


def rdn(*attributes):
    return tlv(SET, *sorted(attributes))


def part(key, value, tag=UTF8):
    """An RDN of one attribute: a part of a name."""
    return rdn(attribute(key, value, tag))


def address(text):
    return ip(*ipaddress.ip_address(text).packed)


def network(text):
    """A constraint: `192.0.2.0/24`, or a base and a mask of any bits."""
    base, mask = text.split("/")
    if mask.isdigit():
        mask = str(ipaddress.ip_network(f"{'::' if ':' in base else '0.0.0.0'}/{mask}").netmask)
    return ip(*ipaddress.ip_address(base).packed, *ipaddress.ip_address(mask).packed)


def points(*each):
    """cRLDistributionPoints (RFC 5280 4.2.1.13)."""
    return seq(*each)


def point(*names, relative=None, reasons=(), issuer=None):
    """A DistributionPoint; its name alone is also what an issuingDistributionPoint has."""
    where = explicit(0, explicit(0, *names)) if names else explicit(0, explicit(1, relative)) if relative else b""
    return seq(where, implicit(1, named_bits(*reasons)[2:]) if reasons else b"",
               explicit(2, directory(issuer)) if issuer else b"")


# --- the cases -----------------------------------------------------------------------------------------------------

CASES = {}


def case(label, *rules, what=None, key=None, root_key=None):
    """A chain that breaks these rules, or none; a table says in `what` what is special about a line of it."""
    def register(change):
        chain = Chain(key, root_key)
        change(chain)
        assert label not in CASES, label
        CASES[label] = chain.written(label, what or change.__doc__, rules)
        return change
    return register


def write(path):
    """A case on a line."""
    lines = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in CASES.values())
    path.write_text('{"version":1,"testcases":[\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")
    print(f"{len(CASES)} cases", file=sys.stderr)
