// Certificates are read as far as a wallet needs them, and the leaf of `x5c` is judged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeStandard, encodeStandard } from '../../../api/web/static/wallet/core/base64url.js';
import { readCertificate } from '../../../api/web/static/wallet/core/certificate.js';
import { readLeaf, requireName } from '../../../api/web/static/wallet/core/trust.js';
import { NOW, fixtures, refused } from './stage.mjs';

const { signers } = fixtures;
const x5c = (name) => ({ x5c: signers[name].x5c });

test('key, names, validity and authority are read', () => {
  const found = readCertificate(signers.verifier.x5c[0]);
  assert.deepEqual(found.publicJwk, { ...signers.verifier.publicJwk });
  assert.deepEqual(found.dnsNames, ['localhost']);
  assert.deepEqual(found.uriNames, ['https://localhost']);
  assert.equal(found.organisation, '미래거래소');
  assert.equal(found.commonName, 'Leaf');
  assert.equal(found.authorityKeyId, fixtures.authorityKeyId);
  assert.equal(found.notAfter - found.notBefore, 2 * 86_400);
  assert.ok(found.notBefore < NOW && NOW < found.notAfter);
  assert.equal(found.selfIssued, false);
  assert.deepEqual(found.der, decodeStandard(signers.verifier.x5c[0]));
});

test('a certificate without names has none', () => {
  const found = readCertificate(signers.nameless.x5c[0]);
  assert.deepEqual([found.dnsNames, found.uriNames], [[], []]);
});

test('another curve and an unknown critical extension are refused', async () => {
  await refused('certificate_refused', () => readCertificate(fixtures.otherCurve));
  await refused('certificate_refused', () => readCertificate(signers.critical.x5c[0]));
});

test('what is no certificate is refused, wherever it breaks off', async () => {
  const whole = decodeStandard(signers.issuer.x5c[0]);
  for (let length = 1; length < whole.length; length += 7) {
    await refused('certificate_refused', () => readCertificate(encodeStandard(whole.slice(0, length))));
  }
  const longer = new Uint8Array(whole.length + 2);
  longer.set(whole);
  longer.set([5, 0], whole.length);
  await refused('certificate_refused', () => readCertificate(encodeStandard(longer)));
  for (const text of ['', '!', null, 'AAAA', encodeStandard(new Uint8Array(9_000))]) {
    await refused('certificate_refused', () => readCertificate(text));
  }
});

test('a changed byte never does anything but be refused or read', () => {
  const whole = decodeStandard(signers.issuer.x5c[0]);
  for (let place = 0; place < whole.length; place += 1) {
    const changed = whole.slice();
    changed[place] ^= 1 + (place % 255);
    try {
      readCertificate(encodeStandard(changed));
    } catch (failure) {
      assert.equal(failure.code, 'certificate_refused', failure.stack);
    }
  }
});

test('the leaf of `x5c` is given, and nothing where there is none', () => {
  assert.equal(readLeaf(x5c('issuer'), NOW)?.organisation, 'Test Bank');
  assert.equal(readLeaf({}, NOW), null);
});

test('a leaf that has expired, is not yet valid or vouches for itself is refused', async () => {
  await refused('certificate_expired', () => readLeaf(x5c('expired'), NOW));
  await refused('certificate_expired', () => readLeaf(x5c('future'), NOW));
  await refused('certificate_refused', () => readLeaf(x5c('selfSigned'), NOW));
});

test('an `x5c` that is no short chain is refused', async () => {
  const [leaf] = signers.issuer.x5c;
  for (const chain of [[], leaf, null, [7], Array(5).fill(leaf)]) {
    await refused('certificate_refused', () => readLeaf({ x5c: chain }, NOW));
  }
});

test('a certificate speaks for its names only', async () => {
  const leaf = readLeaf(x5c('issuer'), NOW);
  requireName(leaf, 'https://issuer.example');
  requireName(leaf, 'http://localhost:28101');
  await refused('certificate_name', () => requireName(leaf, 'https://issuer.example.evil.example'));
  await refused('certificate_name', () => requireName(leaf, 'https://sub.issuer.example'));
});
