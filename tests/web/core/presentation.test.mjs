// Answers: what the holder chose, no less than asked and nothing else, sent where the request says.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { encode } from '../../../api/web/static/wallet/core/base64url.js';
import { sha256 } from '../../../api/web/static/wallet/core/crypto.js';
import { agree, encrypt } from '../../../api/web/static/wallet/core/jwe.js';
import { answer, decline, resolveRequest } from '../../../api/web/static/wallet/core/presentation.js';
import { parseJws, verifyJws } from '../../../api/web/static/wallet/core/jose.js';
import { readCredential } from '../../../api/web/static/wallet/core/sd_jwt.js';
import { NOW, fixtures, keyOf, newKey, refused } from './stage.mjs';
import { NONCE, QUERY, transaction, verifierOf } from './verifier_stage.mjs';

const opened = [];
after(() => Promise.all(opened.map(({ close }) => close())));
const { privateKey } = await keyOf(fixtures.holder);
const PATHS = [['name_ko'], ['address', 'city']];
const [ASKED] = QUERY.credentials;
const choose = (paths = PATHS, id = 'a') => ({ id, credential: fixtures.credential, privateKey, paths });

async function asked(claims = {}) {
  const stage = await verifierOf({ claims });
  opened.push(stage);
  return { stage, request: await resolveRequest(stage.link(), { now: NOW }) };
}

const formOf = (stage) => Object.fromEntries(new URLSearchParams(stage.seen.at(-1).body));

/** Expect a refusal before anything is sent. */
async function unsent(code, claims, chosen) {
  const { stage, request } = await asked(claims);
  const before = stage.seen.length;
  await refused(code, () => answer(request, chosen));
  assert.equal(stage.seen.length, before);
}

test('what was chosen is shown, bound to the request', async () => {
  const { stage, request } = await asked();
  const { redirectUri } = await answer(request, [choose()], { now: NOW });
  assert.equal(redirectUri, 'https://shop.example/done#response_code=1');
  const form = formOf(stage);
  assert.deepEqual(Object.keys(form), ['vp_token', 'state']);
  const [text] = JSON.parse(form.vp_token).a;
  const end = text.lastIndexOf('~') + 1;
  const { claims } = await readCredential(text.slice(0, end));
  assert.deepEqual([claims.name_ko, claims.address.city, claims.family_name], ['김민지', 'Seoul', undefined]);
  const bound = await verifyJws(parseJws(text.slice(end), { typ: 'kb+jwt' }), fixtures.holder.publicJwk);
  assert.deepEqual([bound.aud, bound.nonce, bound.iat], [request.clientId, NONCE, NOW]);
  assert.ok(!('transaction_data_hashes' in bound));
});

test('an encrypted answer is one JWE with the key of the request', async () => {
  const { publicJwk } = await newKey();
  const jwks = { keys: [{ ...publicJwk, use: 'sig' }, { ...publicJwk, kid: 'k1', alg: 'ECDH-ES', use: 'enc' }] };
  const client_metadata = { jwks, encrypted_response_enc_values_supported: ['A256GCM', 'A128GCM'] };
  const { stage, request } = await asked({ response_mode: 'direct_post.jwt', client_metadata });
  await answer(request, [choose()]);
  const form = formOf(stage);
  assert.deepEqual(Object.keys(form), ['response']);
  const header = JSON.parse(Buffer.from(form.response.split('.')[0], 'base64url'));
  assert.deepEqual([header.alg, header.enc, header.kid], ['ECDH-ES', 'A256GCM', 'k1']);
  assert.equal(form.response.split('.').length, 5);
});

test('an encrypted answer without a key or an encryption of ours is not sent in clear', async () => {
  const { publicJwk } = await newKey();
  const response_mode = 'direct_post.jwt';
  const metadata = [
    {}, { jwks: {} }, { jwks: { keys: [] } }, { jwks: { keys: [{ ...publicJwk, use: 'sig' }] } },
    { jwks: { keys: [{ ...publicJwk, alg: 'RSA-OAEP' }] } }, { jwks: { keys: [{ kty: 'OKP', crv: 'X25519', x: 'AA' }] } },
    { jwks: { keys: [publicJwk] }, encrypted_response_enc_values_supported: ['A128CBC-HS256'] },
    { jwks: { keys: [publicJwk] }, encrypted_response_enc_values_supported: 'A128GCM' },
  ];
  for (const client_metadata of metadata) await unsent('encryption_missing', { response_mode, client_metadata }, [choose()]);
  const off = { jwks: { keys: [{ ...publicJwk, y: publicJwk.x }] } };
  await unsent('malformed_key', { response_mode, client_metadata: off }, [choose()]);
  assert.equal(agree([publicJwk], undefined).enc, 'A128GCM');
  await refused('encryption_missing', () => encrypt(new Uint8Array(1), publicJwk, { enc: 'A192GCM' }));
});

test('less than the query needs is not sent', async () => {
  await unsent('nothing_to_show', {}, []);
  await unsent('nothing_to_show', {}, [choose([])]);
  await unsent('nothing_to_show', {}, [choose([['address', 'city']])]);
  await unsent('no_such_claim', {}, [choose([['nothing']])]);
});

test('a claim, a credential or a second one that is not asked for is not sent', async () => {
  await unsent('not_asked_for', {}, [choose([...PATHS, ['age_equal_or_over', '19']])]);
  await unsent('not_asked_for', {}, [choose(PATHS, 'b')]);
  await unsent('not_asked_for', {}, [choose(), choose()]);
  const other = { credentials: [{ ...ASKED, meta: { vct_values: ['https://other.example/t'] } }] };
  await unsent('nothing_to_show', { dcql_query: other }, [choose()]);
});

test('optional claims and several credentials are shown where the query allows it', async () => {
  const dcql_query = { credentials: [{ ...ASKED, multiple: true }] };
  const { stage, request } = await asked({ dcql_query });
  await answer(request, [choose([...PATHS, ['family_name']]), choose([['name_ko']])]);
  assert.equal(JSON.parse(formOf(stage).vp_token).a.length, 2);
  await unsent('nothing_to_show', { dcql_query }, [choose(), choose([])]);
});

test('one option of a set is an answer, two alternatives are one too many', async () => {
  const credentials = [ASKED, { ...ASKED, id: 'b' }];
  const dcql_query = { credentials, credential_sets: [{ options: [['a'], ['b']] }] };
  const { request } = await asked({ dcql_query });
  await answer(request, [choose(PATHS, 'b')]);
  await unsent('nothing_to_show', { dcql_query }, [choose(PATHS, 'a'), choose(PATHS, 'b')]);
  await unsent('nothing_to_show', { dcql_query: { credentials } }, [choose()]);
});

test('each transaction is confirmed by one credential that it names', async () => {
  const credentials = [ASKED, { ...ASKED, id: 'b' }];
  const [first, second] = [['a', 'b'], ['b']].map((credential_ids) => transaction({ type: 'urn:pay', credential_ids }));
  const { stage, request } = await asked({ dcql_query: { credentials }, transaction_data: [first, second] });
  await answer(request, [choose(), choose(PATHS, 'b')]);
  const shown = JSON.parse(formOf(stage).vp_token);
  const hashes = ([text]) => parseJws(text.slice(text.lastIndexOf('~') + 1), { typ: 'kb+jwt' }).payload.transaction_data_hashes;
  assert.deepEqual(hashes(shown.a), [encode(await sha256(first))]);
  assert.deepEqual(hashes(shown.b), [encode(await sha256(second))]);
});

test('a transaction for a credential that is not shown is not confirmed by another', async () => {
  const dcql_query = { credentials: [ASKED, { ...ASKED, id: 'b' }], credential_sets: [{ options: [['a'], ['b']] }] };
  const transaction_data = [transaction({ type: 'urn:pay', credential_ids: ['b'] })];
  await unsent('transaction_refused', { dcql_query, transaction_data }, [choose()]);
});

test("the verifier's refusal is told, with where the browser goes next", async () => {
  const { stage, request } = await asked();
  const json = { error: 'invalid_request', code: 'credential_revoked', redirect_uri: 'https://shop.example/sorry' };
  stage.routes['POST /responses/1'] = { status: 400, json };
  const failure = await refused('server_refused', () => answer(request, [choose()]));
  assert.deepEqual([failure.error, failure.problem, failure.redirectUri], ['invalid_request', 'credential_revoked', 'https://shop.example/sorry']);
});

test('receipts come with the answer and with a refusal, beside what was sent', async () => {
  const { stage, request } = await asked();
  stage.routes['POST /responses/1'] = { json: { receipts: ['a.b.c'] } };
  const sent = await answer(request, [choose()]);
  assert.deepEqual([sent.receipts, sent.shown.map(({ id }) => id)], [['a.b.c'], ['a']]);
  stage.routes['POST /responses/1'] = { status: 400, json: { error: 'invalid_request', receipts: ['d.e.f'] } };
  const failure = await refused('server_refused', () => answer(request, [choose()]));
  assert.deepEqual([failure.receipts, failure.shown.length], [['d.e.f'], 1]);
});

test('a next address that is no page is not gone to', async () => {
  const { stage, request } = await asked();
  for (const redirect_uri of ['javascript:alert(1)', 'http://evil.example/', 7, '', undefined]) {
    stage.routes['POST /responses/1'] = { json: { redirect_uri } };
    assert.equal((await answer(request, [choose()])).redirectUri, null);
  }
});

test('a holder that declines says so and nothing else', async () => {
  const { stage, request } = await asked();
  await decline(request);
  assert.deepEqual(formOf(stage), { error: 'access_denied', state: 'state' });
  await decline({ ...request, state: null }, 'wallet_unavailable');
  assert.deepEqual(formOf(stage), { error: 'wallet_unavailable' });
});
