"""Certificates, requests and revocation lists in which every field can be wrong.

A small DER writer, so that nothing stands between a case and the bytes it wants. Keys come out of their names and
signatures out of their messages, so that the same cases come out byte by byte each time; nothing here is secret,
and nothing here is for use outside tests. ECDSA and Ed25519 are `cryptography`'s; RSA is a few lines of arithmetic,
because no library makes the keys and signatures that are wanted here.
"""

import base64
import copy
import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

# --- DER (X.690) ---------------------------------------------------------------------------------------------------

BOOLEAN, INTEGER, BITS, OCTETS, NULL, OID, UTF8, SEQUENCE, SET, PRINTABLE, IA5, UTC, GENERALIZED = (
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x30, 0x31, 0x13, 0x16, 0x17, 0x18)


def tlv(tag, *parts):
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def seq(*parts):
    return tlv(SEQUENCE, *parts)


def oid(text):
    first, second, *rest = (int(arc) for arc in text.split("."))
    content = b""
    for arc in (40 * first + second, *rest):
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.append(0x80 | arc & 0x7F)
        content += bytes(reversed(digits))
    return tlv(OID, content)


def integer(number):
    return tlv(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def named_bits(*positions):
    """A BIT STRING whose trailing zero bits are left out."""
    if not positions:
        return tlv(BITS, b"\0")
    last = max(positions)
    octets = bytearray(last // 8 + 1)
    for position in positions:
        octets[position // 8] |= 0x80 >> position % 8
    return tlv(BITS, bytes([7 - last % 8]), octets)


def explicit(number, *parts):
    return tlv(0xA0 | number, *parts)


def implicit(number, content):
    return tlv(0x80 | number, content)


def boolean(value):
    return tlv(BOOLEAN, b"\xff" if value else b"\0")


def time(text):
    """UTCTime to 2049, GeneralizedTime after (RFC 5280 4.1.2.5), from `2027-03-01T12:00:00Z`."""
    digits = "".join(c for c in text if c.isdigit()) + "Z"
    return tlv(UTC, digits[2:].encode()) if digits < "2050" else tlv(GENERALIZED, digits.encode())


def pem(label, der):
    text = base64.b64encode(der).decode()
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


# --- keys ----------------------------------------------------------------------------------------------------------

RSA, SHA256, SHA1_RSA, MD5_RSA, PSS = (
    "1.2.840.113549.1.1.1", "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.4",
    "1.2.840.113549.1.1.10")
SHA256_RSA = "1.2.840.113549.1.1.11"
ECDSA = {"sha1": "1.2.840.10045.4.1", "sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3",
         "sha512": "1.2.840.10045.4.3.4", "sha3_256": "2.16.840.1.101.3.4.3.10"}


def drawn(label, size):
    """Octets out of a name."""
    return hashlib.shake_256(b"coldcert test data: " + label.encode()).digest(size)


class EcKey:
    CURVES = {
        "P-256": (ec.SECP256R1(), "1.2.840.10045.3.1.7", "sha256"),
        "P-384": (ec.SECP384R1(), "1.3.132.0.34", "sha384"),
        "P-521": (ec.SECP521R1(), "1.3.132.0.35", "sha512"),
        "P-256K": (ec.SECP256K1(), "1.3.132.0.10", "sha256"),
        "brainpoolP256r1": (ec.BrainpoolP256R1(), "1.3.36.3.3.2.8.1.1.7", "sha256"),
    }

    def __init__(self, label, curve="P-256"):
        self.curve, self.curve_oid, self.hash = self.CURVES[curve]
        # One byte short of the curve's order, and never zero.
        secret = int.from_bytes(drawn(label, self.curve.key_size // 8 - 1), "big") + 1
        self.private = ec.derive_private_key(secret, self.curve)
        form = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        self.bits = self.private.public_key().public_bytes(*form)

    def algorithm(self):
        return seq(oid("1.2.840.10045.2.1"), oid(self.curve_oid))

    def signature_algorithm(self):
        return seq(oid(ECDSA[self.hash]))

    def sign(self, message):
        function = getattr(hashes, self.hash.upper())()
        return self.private.sign(message, ec.ECDSA(function, deterministic_signing=True))


class Ed25519Key:
    def __init__(self, label):
        self.private = ed25519.Ed25519PrivateKey.from_private_bytes(drawn(label, 32))
        form = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.bits = self.private.public_key().public_bytes(*form)

    def algorithm(self):
        return seq(oid("1.3.101.112"))

    signature_algorithm = algorithm

    def sign(self, message):
        return self.private.sign(message)


class RsaKey:
    """Of any two numbers, prime or not."""

    def __init__(self, p, q, exponent=65537, hash="sha256", pss=False):
        self.modulus, self.hash, self.pss = p * q, hash, pss
        totient = (p - 1) * (q - 1)
        self.secret = pow(exponent, -1, totient) if exponent % 2 and exponent > 1 else None
        self.bits = seq(integer(self.modulus), integer(exponent))

    def algorithm(self):
        return seq(oid(RSA), tlv(NULL))

    def signature_algorithm(self):
        if self.pss:
            return PSS_SHA256
        return seq(oid({"md5": MD5_RSA, "sha1": SHA1_RSA, "sha256": SHA256_RSA}[self.hash]), tlv(NULL))

    def sign(self, message):
        size = (self.modulus.bit_length() + 7) // 8
        encoded = self.encoded_pss(message, size) if self.pss else self.encoded(message, size)
        return pow(int.from_bytes(encoded, "big"), self.secret, self.modulus).to_bytes(size, "big")

    def encoded(self, message, size):
        """EMSA-PKCS1-v1_5 (RFC 8017 9.2)."""
        digest = hashlib.new(self.hash, message).digest()
        info = {
            "md5": seq(seq(oid("1.2.840.113549.2.5"), tlv(NULL)), tlv(OCTETS, digest)),
            "sha1": seq(seq(oid("1.3.14.3.2.26"), tlv(NULL)), tlv(OCTETS, digest)),
            "sha256": seq(seq(oid(SHA256), tlv(NULL)), tlv(OCTETS, digest)),
        }[self.hash]
        return b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info

    def encoded_pss(self, message, size):
        """EMSA-PSS with SHA-256 and a salt of 32 octets (RFC 8017 9.1.1), for a modulus of whole octets."""
        digest = hashlib.sha256(message).digest()
        salt = hashlib.sha256(b"salt" + digest).digest()
        inner = hashlib.sha256(b"\0" * 8 + digest + salt).digest()
        block = b"\0" * (size - 66) + b"\1" + salt
        mask = b"".join(hashlib.sha256(inner + at.to_bytes(4, "big")).digest() for at in range(size // 32 + 1))
        masked = bytearray(one ^ two for one, two in zip(block, mask))
        masked[0] &= 0x7F
        return bytes(masked) + inner + b"\xbc"


PSS_SHA256 = seq(oid(PSS), seq(
    explicit(0, seq(oid(SHA256), tlv(NULL))),
    explicit(1, seq(oid("1.2.840.113549.1.1.8"), seq(oid(SHA256), tlv(NULL)))),
    explicit(2, integer(32))))


def is_prime(number):
    """Miller and Rabin's test, with bases that are drawn from the number."""
    if any(number % small == 0 for small in SMALL_PRIMES):
        return number in SMALL_PRIMES
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in SMALL_PRIMES[:24]:
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


SMALL_PRIMES = [number for number in range(2, 1000) if all(number % prime for prime in range(2, number))]


def prime(label, bits):
    """Of this many bits, the first two of them set: two such primes multiply to twice as many bits."""
    number = int.from_bytes(drawn(label, bits // 8 + 1), "big") % (1 << bits) | 3 << bits - 2 | 1
    return next_prime(number)


def next_prime(number):
    """From an odd number up; less one it is no multiple of 3 or 65537, so both will do as exponents."""
    number |= 1
    while not (is_prime(number) and number % 65537 != 1 and number % 3 != 1):
        number += 2
    return number


RSA_KEYS = {}


def rsa(label, bits=2048, **how):
    """A good key, out of its name."""
    if (label, bits) not in RSA_KEYS:
        RSA_KEYS[label, bits] = prime(label + " p", bits // 2), prime(label + " q", bits - bits // 2)
    return RsaKey(*RSA_KEYS[label, bits], **how)


def public_key(key):
    """SubjectPublicKeyInfo (RFC 5280 4.1)."""
    return seq(key.algorithm(), tlv(BITS, b"\0", key.bits))


# --- names ---------------------------------------------------------------------------------------------------------

ATTRIBUTES = {"C": "2.5.4.6", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3", "E": "1.2.840.113549.1.9.1"}


def name(*attributes, tag=None):
    """A Name from `("C", "DE"), ("CN", "www")`."""
    def kind(key):
        return tag or {"C": PRINTABLE, "E": IA5}.get(key, UTF8)
    return seq(*(tlv(SET, seq(oid(ATTRIBUTES[key]), tlv(kind(key), text.encode()))) for key, text in attributes))


def dns(text):
    return implicit(2, text.encode())


def email(text):
    return implicit(1, text.encode())


def uri(text):
    return implicit(6, text.encode())


def ip(*octets):
    return implicit(7, bytes(octets))


def directory(of_name):
    return explicit(4, of_name)


def other_name(kind, value):
    return explicit(0, oid(kind), explicit(0, value))


# --- extensions ----------------------------------------------------------------------------------------------------

EXTENSIONS = {
    "subjectKeyIdentifier": "2.5.29.14", "keyUsage": "2.5.29.15", "subjectAltName": "2.5.29.17",
    "basicConstraints": "2.5.29.19", "nameConstraints": "2.5.29.30", "cRLDistributionPoints": "2.5.29.31",
    "certificatePolicies": "2.5.29.32", "policyMappings": "2.5.29.33", "authorityKeyIdentifier": "2.5.29.35",
    "policyConstraints": "2.5.29.36", "extKeyUsage": "2.5.29.37", "inhibitAnyPolicy": "2.5.29.54",
    "authorityInfoAccess": "1.3.6.1.5.5.7.1.1",
}
USAGES = ["digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
          "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"]
SERVER_AUTH, CLIENT_AUTH, EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"
CODE_SIGNING, TIME_STAMPING = "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.8"
ANY_PURPOSE, ANY_POLICY = "2.5.29.37.0", "2.5.29.32.0"
DOMAIN_VALIDATED = "2.23.140.1.2.1"


def key_usage(*usages):
    return named_bits(*(USAGES.index(usage) for usage in usages))


def purposes(*identifiers):
    return seq(*map(oid, identifiers))


def constraints(authority, path_length=None):
    length = b"" if path_length is None else integer(path_length)
    return seq(boolean(True) if authority else b"", length)


def name_constraints(permitted=(), excluded=()):
    def subtrees(number, bases):
        return explicit(number, *map(seq, bases)) if bases else b""
    return seq(subtrees(0, permitted), subtrees(1, excluded))


def policies(*identifiers):
    return seq(*(seq(oid(one)) for one in identifiers))


def information_access(address):
    """Where the issuer's certificate is (RFC 5280 4.2.2.1)."""
    return seq(seq(oid("1.3.6.1.5.5.7.48.2"), uri(address)))


def key_identifier(key):
    """Method 1 of RFC 5280 4.2.1.2."""
    return hashlib.sha1(key.bits).digest()


def own_key(certificate):
    return tlv(OCTETS, key_identifier(certificate.key))


def issuers_key(certificate):
    return seq(implicit(0, key_identifier(certificate.issuer.key)))


# --- certificates --------------------------------------------------------------------------------------------------

class Certificate:
    """What is to be issued. An extension's value is DER, or what makes it of the certificate at issuing."""

    def __init__(self, subject, key, issuer, serial, not_before, not_after, extensions):
        self.subject, self.key, self.issuer = subject, key, issuer or self
        self.serial = serial
        self.not_before, self.not_after = not_before, not_after
        # How a date is written.
        self.date = time
        self.extensions = extensions
        self.version = 3
        self.inner_algorithm = self.outer_algorithm = None
        self.public_key = self.signature = None
        self.changed = lambda der: der

    def find(self, extension):
        return next((one for one in self.extensions if one[0] == EXTENSIONS.get(extension, extension)), None)

    def drop(self, extension):
        self.extensions.remove(self.find(extension))

    def put(self, extension, value, critical=None):
        """In the place of the one that is there, as critical as that, or at the end."""
        found = self.find(extension)
        if found is None:
            self.extensions.append([EXTENSIONS.get(extension, extension), bool(critical), value])
        else:
            found[1:] = [found[1] if critical is None else critical, value]

    def twice(self, extension):
        self.extensions.append(list(self.find(extension)))

    def der(self):
        """TBSCertificate and Certificate (RFC 5280 4.1)."""
        algorithm = self.outer_algorithm or self.issuer.key.signature_algorithm()
        extensions = seq(*(self.extension(*one) for one in self.extensions))
        signed = seq(
            b"" if self.version == 1 else explicit(0, integer(self.version - 1)),
            tlv(INTEGER, self.serial),
            self.inner_algorithm or algorithm,
            self.issuer.subject,
            seq(self.date(self.not_before), self.date(self.not_after)),
            self.subject,
            self.public_key or public_key(self.key),
            explicit(3, extensions) if self.extensions else b"")
        signature = self.issuer.key.sign(signed) if self.signature is None else self.signature
        return self.changed(seq(signed, algorithm, tlv(BITS, b"\0", signature)))

    def extension(self, identifier, critical, value):
        value = value(self) if callable(value) else value
        return seq(oid(identifier), boolean(True) if critical else b"", tlv(OCTETS, value))


class Request:
    """A certificate request (RFC 2986) that asks for what a certificate has."""

    def __init__(self, certificate):
        self.key, self.subject = certificate.key, certificate.subject
        wanted = [EXTENSIONS[one] for one in ("keyUsage", "extKeyUsage", "subjectAltName")]
        self.extensions = [certificate.extension(*copy.copy(one))
                           for one in certificate.extensions if one[0] in wanted]

    def der(self):
        # extensionRequest (RFC 2985 5.4.2).
        attribute = seq(oid("1.2.840.113549.1.9.14"), tlv(SET, seq(*self.extensions)))
        signed = seq(integer(0), self.subject, public_key(self.key), explicit(0, attribute))
        signature = self.key.sign(signed)
        return seq(signed, self.key.signature_algorithm(), tlv(BITS, b"\0", signature))


class RevocationList:
    """A CRL (RFC 5280 5.1), of the certificate that signs it."""

    def __init__(self, issuer, this_update, next_update, number):
        self.issuer, self.key = issuer.subject, issuer.key
        self.this_update, self.next_update = this_update, next_update
        self.entries = []
        self.extensions = [("2.5.29.20", False, integer(number)),
                           ("2.5.29.35", False, seq(implicit(0, key_identifier(issuer.key))))]

    def revoke(self, certificate, reason=None, issuer=None):
        """A reason (RFC 5280 5.3.1), and in an indirect CRL the certificate's issuer (5.3.3)."""
        extensions = []
        if reason is not None:
            extensions.append(self.extension("2.5.29.21", False, tlv(0x0A, bytes([reason]))))
        if issuer is not None:
            extensions.append(self.extension("2.5.29.29", True, seq(directory(issuer))))
        self.entries.append(seq(tlv(INTEGER, certificate.serial), time("2027-02-01T00:00:00Z"),
                                seq(*extensions) if extensions else b""))

    def add(self, identifier, critical, value):
        self.extensions.append((identifier, critical, value))

    def speak_of(self, *parts):
        """issuingDistributionPoint (RFC 5280 5.2.5)."""
        self.add("2.5.29.28", True, seq(*parts))

    def change_from(self, base):
        """deltaCRLIndicator (RFC 5280 5.2.4)."""
        self.add("2.5.29.27", True, integer(base))

    def der(self):
        algorithm = self.key.signature_algorithm()
        signed = seq(
            integer(1), algorithm, self.issuer, time(self.this_update), time(self.next_update) if self.next_update else b"",
            seq(*self.entries) if self.entries else b"",
            explicit(0, seq(*(self.extension(*one) for one in self.extensions))))
        return seq(signed, algorithm, tlv(BITS, b"\0", self.key.sign(signed)))

    @staticmethod
    def extension(identifier, critical, value):
        return seq(oid(identifier), boolean(True) if critical else b"", tlv(OCTETS, value))
