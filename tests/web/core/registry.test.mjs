// The register: who is known, under which profile, and what he asks beyond it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readCertificate } from '../../../api/web/static/wallet/core/certificate.js';
import { lookUp, promiseOf } from '../../../api/web/static/wallet/core/registry.js';
import { thumbprint } from '../../../api/web/static/wallet/core/jose.js';
import { NOW, refused, serve, signAny, signer } from './stage.mjs';
import { QUERY, VCT } from './verifier_stage.mjs';

const server = await serve();
after(() => server.close());
const member = await signer('issuer');
const verifier = await signer('verifier');
const key = await thumbprint(verifier.publicJwk);
const TYPE = 'jeung-relying-parties+jwt';

const profile = { name: 'opening', purpose: 'x', digest: 'd', vct_values: [VCT], claims: ['name_ko', 'address.city', 'family_name'], required: [] };
const party = { member: '0x1', urls: ['https://localhost'], status: 'active', request_keys: [key], receipt_keys: ['k'], log_keys: ['l'], profiles: [profile] };
const request = { certificate: readCertificate(verifier.x5c[0]), query: QUERY, claims: {} };

async function listed(change = {}, { header = {}, by = member, mediaType = `application/${TYPE}` } = {}) {
  const claims = { iss: server.url, iat: NOW, exp: NOW + 60, relying_parties: [party], ...change };
  const body = await signAny({ alg: 'ES256', typ: TYPE, x5c: by.x5c, ...header }, claims, by);
  server.routes['GET /relying-parties.jwt'] = { body, headers: { 'Content-Type': mediaType } };
}

const looked = async (change = {}, more = {}, options = {}) => {
  await listed(change, options);
  return lookUp(server.url, { ...request, ...more }, { now: NOW });
};
const naming = (name) => ({ claims: { verifier_info: [{ format: 'x' }, { format: 'urn:jeung:request-profile:1', data: { profile: name } }] } });

test('the register says which keys may sign whose receipts and log', async () => {
  await listed();
  assert.deepEqual(await promiseOf(`${server.url}/`, 'https://localhost', { now: NOW }), { urls: party.urls, receiptKeys: ['k'], logKeys: ['l'] });
  assert.deepEqual(await promiseOf(server.url, 'https://other.example', { now: NOW }), { urls: [], receiptKeys: [], logKeys: [] });
  assert.deepEqual((await looked({ relying_parties: [{ ...party, receipt_keys: undefined }] })).receiptKeys, []);
  assert.deepEqual((await looked({ relying_parties: [{ ...party, log_keys: undefined }] })).logKeys, []);
  await refused('register_refused', () => looked({ relying_parties: [{ ...party, receipt_keys: 'k' }] }));
  await refused('register_refused', () => looked({ relying_parties: [{ ...party, log_keys: [1] }] }));
});

test('a registered relying party is known, with the profile it asks under', async () => {
  const receipts = { urls: party.urls, receiptKeys: ['k'], logKeys: ['l'] };
  assert.deepEqual(await looked(), { known: true, active: true, ...receipts, profile, overAsked: [] });
  assert.equal((await looked({}, naming('opening'))).profile.name, 'opening');
  assert.equal((await looked({}, {}, { mediaType: 'application/jwt' })).known, true);
  assert.equal((await looked({ relying_parties: [{ ...party, request_keys: undefined }] })).known, true);
});

test('what is asked beyond the profile is named', async () => {
  const narrow = { ...profile, claims: ['name_ko'] };
  const found = await looked({ relying_parties: [{ ...party, profiles: [narrow] }] });
  assert.deepEqual(found.overAsked, [{ query: 'a', path: ['address', 'city'] }, { query: 'a', path: ['family_name'] }]);
  const other = { ...profile, vct_values: ['https://other.example/t'] };
  assert.deepEqual((await looked({ relying_parties: [{ ...party, profiles: [other] }] })).overAsked, [{ query: 'a', path: null }]);
});

test('without a name the profile that fits best is taken, with one only that', async () => {
  const profiles = [{ ...profile, name: 'narrow', claims: [] }, profile];
  assert.equal((await looked({ relying_parties: [{ ...party, profiles }] })).profile.name, 'opening');
  const found = await looked({ relying_parties: [{ ...party, profiles }] }, naming('narrow'));
  assert.deepEqual([found.profile.name, found.overAsked.length], ['narrow', 3]);
  const unknown = await looked({}, naming('nothing'));
  assert.deepEqual([unknown.known, unknown.profile, unknown.overAsked], [true, undefined, [{ query: 'a', path: null }]]);
});

test('who is not in the list, or signs with another key, is not known', async () => {
  for (const change of [{ relying_parties: [] }, { relying_parties: [{ ...party, urls: ['https://other.example'] }] },
    { relying_parties: [{ ...party, request_keys: ['x'] }] }]) {
    assert.deepEqual(await looked(change), { known: false, overAsked: [{ query: 'a', path: null }] });
  }
});

test('a suspended member is known and not active', async () => {
  assert.equal((await looked({ relying_parties: [{ ...party, status: 'suspended' }] })).active, false);
});

test("a list that is another member's, too old, of another shape or type is refused", async () => {
  await refused('register_refused', () => looked({ iss: 'https://other.example' }));
  await refused('register_refused', () => looked({ exp: NOW }));
  const shapes = [null, {}, [7], [{ urls: 'x', profiles: [] }], [{ urls: [], profiles: [{}] }], [{ urls: [7], profiles: [] }]];
  for (const relying_parties of shapes) await refused('register_refused', () => looked({ relying_parties }));
  await refused('wrong_type', () => looked({}, {}, { header: { typ: 'JWT' } }));
  await refused('malformed_answer', () => looked({}, {}, { mediaType: 'text/plain' }));
});

test("a list under no certificate, another's or a bad signature is refused", async () => {
  await refused('register_refused', () => looked({}, {}, { header: { x5c: undefined } }));
  await refused('bad_signature', () => looked({}, {}, { header: { x5c: verifier.x5c } }));
  for (const [name, code] of [['elsewhere', 'certificate_name'], ['expired', 'certificate_expired'], ['selfSigned', 'certificate_refused']]) {
    const by = await signer(name);
    await refused(code, () => looked({}, {}, { by }));
  }
});
