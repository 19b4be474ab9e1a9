// Status lists: what Python wrote is read, and a list that does not hold says nothing.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { encode } from '../../../api/web/static/wallet/core/base64url.js';
import { signJwt } from '../../../api/web/static/wallet/core/jose.js';
import { fetchStatus, readStatus, statusAt } from '../../../api/web/static/wallet/core/status_list.js';
import { NOW, fixtures, refused, serve, signer, statusList } from './stage.mjs';

const { status, authorityKeyId } = fixtures;
const issuer = await signer('issuer');
const uri = 'https://issuer.example/status-lists/3';
const server = await serve();
after(() => server.close());

/** Sign a list of 0, 1, 2 and 3; `claims` and `key` replace the good ones. */
async function listOf(claims = {}, { typ = 'statuslist+jwt', key = issuer, header = { x5c: key.x5c } } = {}) {
  const good = { sub: uri, iat: NOW - 60, exp: NOW + 60, status_list: statusList([0b11100100]) };
  return signJwt({ typ, ...header }, { ...good, ...claims }, key.privateKey);
}

const read = async (token, reference = {}) => readStatus(await token, { index: 1, uri, ...reference }, NOW);

test('what Python wrote is read', async () => {
  const found = await Promise.all([0, 1, 2, 3].map((index) => readStatus(status.token, { index, uri: status.uri }, NOW)));
  assert.deepEqual(found, ['valid', 'revoked', 'suspended', 'unknown']);
});

test('the first status stands in the lowest bits, for every width', async () => {
  const bits = async (bytes, width, index) => statusAt(width, statusList(bytes).lst, index);
  assert.deepEqual(await Promise.all([0, 1, 7, 8].map((index) => bits([0b10000001, 1], 1, index))), [1, 0, 1, 1]);
  assert.deepEqual(await Promise.all([0, 1].map((index) => bits([0xa5], 4, index))), [5, 10]);
  assert.equal(await bits([7, 9], 8, 1), 9);
});

test('an index outside of the list is refused', async () => {
  for (const index of [4, -1, 1.5, NaN]) await refused('status_list_mismatch', () => read(listOf(), { index }));
});

test('another list, another type and a bad signature are refused', async () => {
  await refused('status_list_mismatch', () => read(listOf({ sub: `${uri}1` })));
  await refused('wrong_type', () => read(listOf({}, { typ: 'JWT' })));
  const other = await signer('verifier');
  await refused('bad_signature', () => read(listOf({}, { key: other, header: { x5c: issuer.x5c } })));
});

test('a list that has ended or is from the future is refused', async () => {
  await refused('status_list_expired', () => read(listOf({ exp: NOW - 61 })));
  await refused('status_list_expired', () => read(listOf({ iat: NOW + 61 })));
});

test('a list without certificate, under an expired one, for another host or by another authority is refused', async () => {
  await refused('certificate_refused', () => read(listOf({}, { header: {} })));
  const named = async (name) => read(listOf({}, { key: await signer(name) }));
  await refused('certificate_expired', () => named('expired'));
  await refused('certificate_name', () => named('elsewhere'));
  await refused('status_list_mismatch', () => read(listOf(), { authorityKeyId: 'AAAA' }));
  assert.equal(await read(listOf(), { authorityKeyId }), 'revoked');
});

test('a list that is no list, or inflates beyond its bound, is refused', async () => {
  const large = encode(deflateSync(new Uint8Array(2 ** 20 + 1)));
  const good = statusList([0]);
  const cut = encode(deflateSync(new Uint8Array(999)).subarray(0, 9));
  const raw = encode(deflateRawSync(new Uint8Array(9)));
  const trailed = encode(Uint8Array.of(...deflateSync(Uint8Array.of(1)), 0));
  const bad = [null, [], {}, { bits: 3, lst: good.lst }, { bits: 2 }, ...[large, cut, raw, trailed, 'AAAA'].map((lst) => ({ bits: 2, lst }))];
  for (const status_list of bad) await refused('malformed_status_list', () => read(listOf({ status_list })));
  await refused('malformed_status_list', () => read(listOf({ iat: 'x' })));
  await refused('malformed_base64url', () => read(listOf({ status_list: { bits: 2, lst: 'QQ==' } })));
});

test('the list a credential names is fetched, in the right media type only', async () => {
  const place = `${server.url}/list`;
  const claims = { status: { status_list: { idx: 2, uri: place } } };
  const token = await listOf({ sub: place });
  server.routes['GET /list'] = { body: token, headers: { 'Content-Type': 'application/statuslist+jwt' } };
  assert.equal(await fetchStatus(claims, { now: NOW, authorityKeyId }), 'suspended');
  assert.equal(server.seen.at(-1).headers.accept, 'application/statuslist+jwt');
  assert.equal(await fetchStatus({}), null);
  server.routes['GET /list'] = { body: token, headers: { 'Content-Type': 'text/html' } };
  await refused('malformed_answer', () => fetchStatus(claims));
  for (const status_list of [null, 7, { idx: -1, uri: place }, { idx: 1 }]) {
    await refused('malformed_status_list', () => fetchStatus({ status: { status_list } }));
  }
});
