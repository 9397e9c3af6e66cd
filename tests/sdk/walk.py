"""The official Python clients, unmodified, against `coldcert serve`: the whole manual path and what is around it.

VAULT_URL, REQUESTS_CA_BUNDLE and IDENTITY_* come from `coldcert serve env`; argument 1 signs: `SIGN CSR.der LEAF.der`.
"""

import base64
import os
import socket
import subprocess
import sys
import tempfile
import time

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.keyvault.certificates import (
    AdministratorContact, CertificateClient, CertificateContact, CertificateContentType, CertificatePolicy,
    WellKnownIssuerNames,
)
from azure.keyvault.keys import KeyClient
from azure.keyvault.secrets import SecretClient

URL = os.environ["VAULT_URL"]
SIGN = sys.argv[1]


def resolve_localhost():
    """Names under localhost are the loopback (RFC 6761 6.3), which some resolvers do not know."""
    ask = socket.getaddrinfo

    def resolved(host, *rest, **named):
        return ask("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **named)

    socket.getaddrinfo = resolved


def sign(csr):
    with tempfile.TemporaryDirectory() as folder:
        request, leaf = os.path.join(folder, "csr"), os.path.join(folder, "leaf")
        with open(request, "wb") as file:
            file.write(csr)
        subprocess.run([SIGN, request, leaf], check=True, capture_output=True)
        with open(leaf, "rb") as file:
            return file.read()


def refused(status, action):
    try:
        action()
    except HttpResponseError as error:
        assert error.status_code == status, error
        return error
    raise AssertionError(f"{status} was expected")


def policy(subject="CN=www.example.com", issuer=WellKnownIssuerNames.unknown):
    return CertificatePolicy(issuer_name=issuer, subject=subject, san_dns_names=["www.example.com"])


def main():
    resolve_localhost()
    credential = DefaultAzureCredential()
    certificates = CertificateClient(URL, credential)
    secrets, keys = SecretClient(URL, credential), KeyClient(URL, credential)

    # Create with issuer Unknown: the poller ends at once, with the operation.
    operation = certificates.begin_create_certificate("py-www", policy(), tags={"by": "hand"}).result()
    assert operation.status == "inProgress" and operation.issuer_name == "Unknown", operation
    assert certificates.get_certificate_operation("py-www").csr == operation.csr
    error = refused(409, lambda: certificates.begin_create_certificate("py-www", policy()))
    assert "while a pending key vault certificate's status is inProgress" in str(error)

    # Merge as DER, then, for a new version, as the base64 text that the client's own sample sends.
    leaf = sign(operation.csr)
    refused(400, lambda: certificates.merge_certificate("py-www", [b"nothing"]))
    merged = certificates.merge_certificate("py-www", [leaf])
    assert bytes(merged.cer) == leaf and merged.properties.tags == {"by": "hand"}
    assert certificates.get_certificate_operation("py-www").status == "completed"
    operation = certificates.begin_create_certificate("py-www", policy()).result()
    second = sign(operation.csr)
    again = certificates.merge_certificate("py-www", [base64.b64encode(second)], enabled=True)
    assert bytes(again.cer) == second and again.properties.version != merged.properties.version

    # Versions, secret, key.
    versions = list(certificates.list_properties_of_certificate_versions("py-www", max_page_size=1))
    assert {one.version for one in versions} == {merged.properties.version, again.properties.version}
    first = certificates.get_certificate_version("py-www", merged.properties.version)
    assert bytes(first.cer) == leaf
    secret = secrets.get_secret("py-www")
    assert secret.properties.content_type == "application/x-pkcs12" and secret.properties.version == again.properties.version
    assert secrets.get_secret("py-www", merged.properties.version).value != secret.value
    key = keys.get_key("py-www")
    assert key.properties.managed and key.key_type == "RSA" and len(key.key.n) == 256
    assert "py-www" in {one.name for one in keys.list_properties_of_keys()}
    assert "py-www" in {one.name for one in secrets.list_properties_of_secrets()}

    # Import of that secret, by its bytes as the client has it.
    imported = certificates.import_certificate("py-copy", base64.b64decode(secret.value), enabled=False)
    assert bytes(imported.cer) == second and not imported.properties.enabled
    assert refused(403, lambda: secrets.get_secret("py-copy")).error.innererror["code"] == "SecretDisabled"
    pem_policy = CertificatePolicy(
        issuer_name="Self", subject="CN=own.example.com", content_type=CertificateContentType.pem, key_type="EC",
        key_curve_name="P-256",
    )
    own = certificates.begin_create_certificate("py-own", pem_policy).result()
    assert own.policy.content_type == "application/x-pem-file", own
    pem = secrets.get_secret("py-own").value
    assert pem.startswith("-----BEGIN PRIVATE KEY-----") and "BEGIN CERTIFICATE" in pem
    brought = certificates.import_certificate(
        "py-pem", pem.encode(), policy=CertificatePolicy(issuer_name="Unknown", content_type="application/x-pem-file")
    )
    assert bytes(brought.cer) == bytes(own.cer)

    # Lists by page, with what waits and without.
    certificates.begin_create_certificate("py-waits", policy()).result()
    names = [one.name for one in certificates.list_properties_of_certificates(max_page_size=2)]
    with_pending = [one.name for one in certificates.list_properties_of_certificates(include_pending=True, max_page_size=1)]
    assert "py-waits" not in names and sorted(with_pending) == sorted([*names, "py-waits"]), (names, with_pending)

    # Properties and policy.
    changed = certificates.update_certificate_properties("py-www", tags={"a": "b"}, enabled=True)
    assert changed.properties.tags == {"a": "b"}
    changed = certificates.update_certificate_properties("py-www", merged.properties.version, enabled=False)
    assert not changed.properties.enabled
    old = certificates.get_certificate_policy("py-www")
    assert old.subject == "CN=www.example.com" and old.key_size == 2048 and old.validity_in_months == 12
    new = certificates.update_certificate_policy("py-www", CertificatePolicy(subject="CN=new.example.com", validity_in_months=6))
    assert new.subject == "CN=new.example.com" and new.validity_in_months == 6

    # Issuers and contacts.
    administrator = AdministratorContact(first_name="A", last_name="B", email="pki@example.com", phone="1")
    issuer = certificates.create_issuer(
        "py-corp", "OfflineCA", account_id="account", password="geheim", admin_contacts=[administrator], organization_id="o"
    )
    assert issuer.provider == "OfflineCA" and issuer.admin_contacts[0].email == "pki@example.com"
    assert certificates.update_issuer("py-corp", enabled=False).enabled is False
    assert [one.name for one in certificates.list_properties_of_issuers()] == ["py-corp"]
    named = certificates.begin_create_certificate("py-named", policy(issuer="py-corp"))
    assert certificates.get_certificate_operation("py-named").issuer_name == "py-corp"
    refused(403, lambda: certificates.merge_certificate("py-named", [leaf]))
    assert certificates.cancel_certificate_operation("py-named").cancellation_requested
    certificates.delete_certificate_operation("py-named")
    del named
    assert certificates.delete_issuer("py-corp").provider == "OfflineCA"
    assert isinstance(refused(404, lambda: certificates.get_issuer("py-corp")), ResourceNotFoundError)
    contacts = certificates.set_contacts([CertificateContact(email="one@example.com", name="One", phone="1")])
    assert contacts[0].email == "one@example.com" and certificates.get_contacts()[0].name == "One"
    certificates.delete_contacts()
    refused(404, certificates.get_contacts)

    # Cancel, and delete the operation.
    assert certificates.cancel_certificate_operation("py-waits").cancellation_requested
    certificates.delete_certificate_operation("py-waits")
    refused(404, lambda: certificates.get_certificate_operation("py-waits"))

    # Backup, delete, recover, purge, restore.
    backup = certificates.backup_certificate("py-www")
    assert isinstance(refused(409, lambda: certificates.restore_certificate_backup(backup)), ResourceExistsError)
    deleted = certificates.begin_delete_certificate("py-www").result()
    assert deleted.recovery_id.endswith("/deletedcertificates/py-www")
    assert "py-www" in {one.name for one in certificates.list_deleted_certificates()}
    certificates.begin_recover_deleted_certificate("py-www").wait()
    assert bytes(certificates.get_certificate("py-www").cer) == second
    certificates.begin_delete_certificate("py-www").wait()
    certificates.purge_deleted_certificate("py-www")
    refused(404, lambda: certificates.get_deleted_certificate("py-www"))
    restored = certificates.restore_certificate_backup(backup)
    assert bytes(restored.cer) == second and secrets.get_secret("py-www").properties.version == again.properties.version
    refused(403, lambda: secrets.begin_delete_secret("py-www"))
    print("the Python clients walked the whole path")


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"in {time.monotonic() - began:.1f} s", file=sys.stderr)
