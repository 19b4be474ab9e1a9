// The one way out: bounded, without redirects, to https or this machine only; DPoP with its one retry.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { decode } from '../../../api/web/static/wallet/core/base64url.js';
import { makeProof, proverOf } from '../../../api/web/static/wallet/core/dpop.js';
import { judgedUrl, request, requireJson, requireSuccess, requireText } from '../../../api/web/static/wallet/core/http.js';
import { parseJws, verifyJws } from '../../../api/web/static/wallet/core/jose.js';
import { newKey, refused, serve } from './stage.mjs';

const server = await serve({
  'GET /json': { json: { a: 1 }, headers: { 'Set-Cookie': 'c=1' } },
  'GET /other-json': { body: '{"a":1}', headers: { 'Content-Type': 'application/problem+json; charset=utf-8' } },
  'GET /twice': { body: '{"a":1,"a":2}', headers: { 'Content-Type': 'application/json' } },
  'GET /text': { body: 'x.y.z', headers: { 'Content-Type': 'application/jwt' } },
  'GET /not-utf8': { body: Buffer.from([0xff]) },
  'GET /moved': { status: 302, headers: { Location: '/json' } },
  'GET /moved-for-good': { status: 308, headers: { Location: '/json' } },
  'GET /large': { body: 'x'.repeat(300_000) },
  'GET /slow': { body: 'x', delay: 2_000 },
  'GET /no': { status: 400, json: { error: 'invalid_grant', error_description: '<b>you</b>' }, headers: { 'Retry-After': '7' } },
  'GET /problem': { status: 409, json: { code: 'nonce_replayed', title: 'x' } },
  'GET /strange': { status: 500, json: { error: '<script>' } },
});
after(() => server.close());

test('an answer is read with its status, type and JSON', async () => {
  const answer = await request(`${server.url}/json`);
  assert.deepEqual([answer.status, answer.mediaType, answer.json], [200, 'application/json', { a: 1 }]);
  assert.deepEqual((await request(`${server.url}/other-json`)).json, { a: 1 });
  assert.equal(requireText(await request(`${server.url}/text`), 'application/jwt'), 'x.y.z');
});

test('no cookie and no referrer is sent', async () => {
  await request(`${server.url}/json`);
  await request(`${server.url}/json`);
  const { headers } = server.seen.at(-1);
  assert.equal(headers.cookie, undefined);
  assert.equal(headers.referer, undefined);
  assert.equal(headers.accept, 'application/json');
});

test('a redirect is not followed', async () => {
  for (const path of ['/moved', '/moved-for-good']) {
    const before = server.seen.length;
    await refused('unanswered', () => request(server.url + path));
    assert.equal(server.seen.length, before + 1);
  }
});

test('an answer larger or slower than its bound is dropped', async () => {
  await refused('answer_too_large', () => request(`${server.url}/large`));
  await refused('answer_too_large', () => request(`${server.url}/json`, { limitBytes: 3 }));
  const failure = await refused('unanswered', () => request(`${server.url}/slow`, { timeoutMs: 50 }));
  assert.match(failure.detail, /slower/);
});

test('nobody there is a refusal', async () => {
  await refused('unanswered', () => request('http://localhost:1/'));
});

test('http to another host, other schemes, credentials and fragments are refused before anything is sent', async () => {
  const bad = [
    'http://bank.example/', 'http://192.168.0.1/', 'http://localhost.evil.example/', 'http://localhost@evil.example/',
    'https://me:secret@bank.example/', 'https://bank.example/#x', 'ftp://bank.example/', 'javascript:alert(1)',
    'data:text/plain,x', 'file:///etc/passwd', '/json', 'bank.example', '', null, undefined, {}, `https://a.example/${'x'.repeat(9_000)}`,
  ];
  for (const url of bad) await refused('address_refused', () => request(url));
  for (const url of ['https://bank.example/a?b=c', 'http://localhost:1', 'http://127.0.0.1:1/', 'http://[::1]/']) judgedUrl(url);
});

test("a server's refusal carries its name and nothing else of what it said", async () => {
  const failure = await refused('server_refused', async () => requireSuccess(await request(`${server.url}/no`)));
  assert.deepEqual([failure.status, failure.error, failure.retryAfter], [400, 'invalid_grant', 7]);
  assert.doesNotMatch(failure.message, /you/);
  const problem = await refused('server_refused', async () => requireSuccess(await request(`${server.url}/problem`)));
  assert.deepEqual([problem.error, problem.problem], ['nonce_replayed', 'nonce_replayed']);
  const strange = await refused('server_refused', async () => requireSuccess(await request(`${server.url}/strange`)));
  assert.equal(strange.error, 'error');
});

test('a body that is not what was expected is refused', async () => {
  await refused('malformed_answer', async () => requireJson(await request(`${server.url}/text`)));
  await refused('malformed_answer', async () => requireJson(await request(`${server.url}/twice`)));
  await refused('malformed_answer', async () => requireText(await request(`${server.url}/json`), 'application/jwt'));
  await refused('malformed_answer', () => request(`${server.url}/not-utf8`));
});

test('a proof names method, address without query, token and nonce, under the key it shows', async () => {
  const key = await newKey();
  const text = await makeProof(key, 'POST', 'https://a.example/t?x=1', { nonce: 'n', accessToken: 'token' });
  const jws = parseJws(text, { typ: 'dpop+jwt' });
  const claims = await verifyJws(jws, jws.header.jwk);
  assert.deepEqual(jws.header.jwk, key.publicJwk);
  assert.deepEqual([claims.htm, claims.htu, claims.nonce], ['POST', 'https://a.example/t', 'n']);
  assert.equal(decode(claims.ath).length, 32);
  assert.equal(decode(claims.jti).length, 16);
  const again = parseJws(await makeProof(key, 'POST', 'https://a.example/t'), { typ: 'dpop+jwt' }).payload;
  assert.notEqual(again.jti, claims.jti);
  assert.ok(!('nonce' in again) && !('ath' in again));
});

test('a server that asks for its nonce is answered once more, and its nonce remembered', async () => {
  const key = await newKey();
  const proofs = [];
  server.routes['POST /token'] = ({ headers }) => {
    const { nonce } = parseJws(headers.dpop, { typ: 'dpop+jwt' }).payload;
    proofs.push(nonce);
    return nonce === 'n1' ? { json: {}, headers: { 'DPoP-Nonce': 'n1' } }
      : { status: 400, json: { error: 'use_dpop_nonce' }, headers: { 'DPoP-Nonce': 'n1' } };
  };
  for (let round = 0; round < 2; round += 1) {
    assert.equal((await request(`${server.url}/token`, { method: 'POST', dpop: proverOf(key) })).status, 200);
  }
  assert.deepEqual(proofs, [undefined, 'n1', 'n1']);
});

test('a server that never has enough is asked twice and not for ever', async () => {
  const key = await newKey();
  let asked = 0;
  server.routes['POST /greedy'] = () => {
    asked += 1;
    return { status: 401, headers: { 'DPoP-Nonce': `n${asked}`, 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"' } };
  };
  const answer = await request(`${server.url}/greedy`, { method: 'POST', dpop: proverOf(key, 'token') });
  assert.deepEqual([answer.status, asked], [401, 2]);
});

test('a nonce that no header may carry is not learned', async () => {
  const key = await newKey();
  server.routes['POST /long'] = { status: 400, json: { error: 'use_dpop_nonce' }, headers: { 'DPoP-Nonce': 'n'.repeat(600) } };
  const before = server.seen.length;
  await request(`${server.url}/long`, { method: 'POST', dpop: proverOf(key) });
  assert.equal(server.seen.length, before + 1);
});
