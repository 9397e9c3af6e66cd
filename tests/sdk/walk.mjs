// The official JavaScript clients, unmodified, against `coldcert serve`: the whole manual path and what is around it.
//
// VAULT_URL, NODE_EXTRA_CA_CERTS and IDENTITY_* come from `coldcert serve env`; argument 1 signs: `SIGN CSR.der LEAF.der`.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import dns from "node:dns";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The packages are installed where the script is run.
const packages = createRequire(join(process.cwd(), "package.json"));
const { DefaultAzureCredential } = packages("@azure/identity");
const { CertificateClient } = packages("@azure/keyvault-certificates");
const { KeyClient } = packages("@azure/keyvault-keys");
const { SecretClient } = packages("@azure/keyvault-secrets");

// Names under localhost are the loopback (RFC 6761 6.3), which some resolvers do not know.
const lookup = dns.lookup;
dns.lookup = (host, options, callback) =>
  lookup(host.endsWith(".localhost") ? "127.0.0.1" : host, options, callback);

const url = process.env.VAULT_URL;
const sign = (csr) => {
  const folder = mkdtempSync(join(tmpdir(), "coldcert-"));
  try {
    writeFileSync(join(folder, "csr"), csr);
    execFileSync(process.argv[2], [join(folder, "csr"), join(folder, "leaf")], { stdio: "pipe" });
    return readFileSync(join(folder, "leaf"));
  } finally {
    rmSync(folder, { recursive: true });
  }
};
const refused = (status, action) =>
  assert.rejects(action, (error) => {
    assert.equal(error.statusCode, status, error.message);
    return true;
  });
const all = async (items) => {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
};
const policy = (issuerName = "Unknown") => ({
  issuerName,
  subject: "CN=www.example.com",
  subjectAlternativeNames: { dnsNames: ["www.example.com"] },
});

const credential = new DefaultAzureCredential();
const certificates = new CertificateClient(url, credential);
const secrets = new SecretClient(url, credential);
const keys = new KeyClient(url, credential);

// Create with issuer Unknown: the poller would poll for ever, so it is stopped and the operation asked for.
const begin = async (name, of = policy(), options = {}) => {
  const poller = await certificates.beginCreateCertificate(name, of, options);
  poller.stopPolling();
  const operation = (await certificates.getCertificateOperation(name)).getOperationState().certificateOperation;
  assert.equal(operation.status, "inProgress");
  return operation;
};
let operation = await begin("js-www", policy(), { tags: { by: "hand" } });
await refused(409, () => certificates.beginCreateCertificate("js-www", policy()));

// Merge as DER, then, for a new version, as the base64 text that the client's own sample sends.
const leaf = sign(operation.csr);
await refused(400, () => certificates.mergeCertificate("js-www", [Buffer.from("nothing")]));
const merged = await certificates.mergeCertificate("js-www", [leaf]);
assert.deepEqual(Buffer.from(merged.cer), leaf);
assert.deepEqual(merged.properties.tags, { by: "hand" });
operation = await begin("js-www");
const second = sign(operation.csr);
const text = `${second.toString("base64")}-----END CERTIFICATE-----`;
const again = await certificates.mergeCertificate("js-www", [Buffer.from(text)]);
assert.deepEqual(Buffer.from(again.cer), second);

// Versions, secret, key.
const versions = await all(certificates.listPropertiesOfCertificateVersions("js-www"));
assert.deepEqual(new Set(versions.map((one) => one.version)), new Set([merged.properties.version, again.properties.version]));
const first = await certificates.getCertificateVersion("js-www", merged.properties.version);
assert.deepEqual(Buffer.from(first.cer), leaf);
const secret = await secrets.getSecret("js-www");
assert.equal(secret.properties.contentType, "application/x-pkcs12");
assert.equal(secret.properties.managed, true);
const key = await keys.getKey("js-www");
assert.equal(key.keyType, "RSA");
assert.ok((await all(keys.listPropertiesOfKeys())).some((one) => one.name === "js-www"));
assert.ok((await all(secrets.listPropertiesOfSecrets())).some((one) => one.name === "js-www"));

// Import, and issuer Self to its end.
const imported = await certificates.importCertificate("js-copy", Buffer.from(secret.value, "base64"));
assert.deepEqual(Buffer.from(imported.cer), second);
const poller = await certificates.beginCreateCertificate("js-own", { ...policy("Self"), keyType: "EC", keyCurveName: "P-256" }, { intervalInMs: 200 });
const own = await poller.pollUntilDone();
assert.equal(own.name, "js-own");
assert.ok(own.cer.length > 100);

// Lists, with what waits and without.
await begin("js-waits");
const names = (await all(certificates.listPropertiesOfCertificates())).map((one) => one.name);
const withPending = (await all(certificates.listPropertiesOfCertificates({ includePending: true }))).map((one) => one.name);
assert.ok(!names.includes("js-waits") && withPending.includes("js-waits"));
const pages = [];
for await (const page of certificates.listPropertiesOfCertificates().byPage({ maxPageSize: 1 })) pages.push(...page);
assert.equal(pages.length, names.length);

// Properties and policy.
await certificates.updateCertificateProperties("js-www", merged.properties.version, { enabled: false });
assert.equal((await certificates.getCertificateVersion("js-www", merged.properties.version)).properties.enabled, false);
assert.equal((await certificates.getCertificatePolicy("js-www")).subject, "CN=www.example.com");
await certificates.updateCertificatePolicy("js-www", { ...policy(), subject: "CN=new.example.com", validityInMonths: 6 });
assert.equal((await certificates.getCertificatePolicy("js-www")).validityInMonths, 6);

// Issuers and contacts.
const issuer = await certificates.createIssuer("js-corp", "OfflineCA", {
  accountId: "account", password: "geheim", administratorContacts: [{ email: "pki@example.com", firstName: "A", lastName: "B", phone: "1" }],
});
assert.equal(issuer.provider, "OfflineCA");
// The client sends `enabled` only where it is true.
assert.equal((await certificates.updateIssuer("js-corp", { provider: "Another" })).provider, "Another");
assert.equal((await all(certificates.listPropertiesOfIssuers())).length, 1);
await begin("js-named", policy("js-corp"));
await refused(403, () => certificates.mergeCertificate("js-named", [leaf]));
const named = await certificates.getCertificateOperation("js-named");
await named.cancelOperation();
assert.equal(named.getOperationState().certificateOperation.cancellationRequested, true);
await certificates.deleteCertificateOperation("js-named");
await certificates.deleteIssuer("js-corp");
await refused(404, () => certificates.getIssuer("js-corp"));
await certificates.setContacts([{ email: "one@example.com", name: "One", phone: "1" }]);
assert.equal((await certificates.getContacts())[0].email, "one@example.com");
await certificates.deleteContacts();
await refused(404, () => certificates.getContacts());

// Backup, delete, recover, purge, restore.
const backup = await certificates.backupCertificate("js-www");
await refused(409, () => certificates.restoreCertificateBackup(backup));
const deleting = await certificates.beginDeleteCertificate("js-www", { intervalInMs: 200 });
const deleted = await deleting.pollUntilDone();
assert.ok(deleted.recoveryId.endsWith("/deletedcertificates/js-www"));
assert.ok((await all(certificates.listDeletedCertificates())).some((one) => one.name === "js-www"));
const recovering = await certificates.beginRecoverDeletedCertificate("js-www", { intervalInMs: 200 });
await recovering.pollUntilDone();
await (await certificates.beginDeleteCertificate("js-www", { intervalInMs: 200 })).pollUntilDone();
await certificates.purgeDeletedCertificate("js-www");
await refused(404, () => certificates.getDeletedCertificate("js-www"));
const restored = await certificates.restoreCertificateBackup(backup);
assert.deepEqual(Buffer.from(restored.cer), second);
assert.equal((await secrets.getSecret("js-www")).properties.version, again.properties.version);
console.log("the JavaScript clients walked the whole path");
