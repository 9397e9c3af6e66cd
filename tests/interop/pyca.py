"""Python's cryptography, as one of the programs of the matrix.

read FILE…            each as NAME=PASSWORD, `-` for none: prints the subject's common name, or why it was not opened
write FOLDER NAME…    for each NAME.key.pem and NAME.pem: NAME.pyca.{given,absent,pbes2}.pfx
"""

import sys
from pathlib import Path

from cryptography import __version__, x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12


def read(arguments):
    for argument in arguments:
        name, _, password = argument.partition("=")
        password = None if password == "-" else password.encode()
        try:
            key, leaf, _ = pkcs12.load_key_and_certificates(Path(name).read_bytes(), password)
            if key.public_key() != leaf.public_key():
                raise ValueError("the key is another")
            print(leaf.subject.rfc4514_string())
        except Exception as error:  # whatever it is, it did not open
            print("not opened:", str(error).splitlines()[0] if str(error) else type(error).__name__)


def write(folder, names):
    for name in names:
        key = load_pem_private_key((folder / f"{name}.key.pem").read_bytes(), None)
        leaf = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
        modern = (
            PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(20000)
            .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
            .hmac_hash(hashes.SHA256())
            .build(b"geheim")
        )
        for kind, encryption in [
            ("given", BestAvailableEncryption(b"geheim")),
            ("absent", NoEncryption()),
            ("pbes2", modern),
        ]:
            data = pkcs12.serialize_key_and_certificates(name.encode(), key, leaf, None, encryption)
            (folder / f"{name}.pyca.{kind}.pfx").write_bytes(data)


if sys.argv[1] == "version":
    print(__version__)
elif sys.argv[1] == "read":
    read(sys.argv[2:])
else:
    write(Path(sys.argv[2]), sys.argv[3:])
