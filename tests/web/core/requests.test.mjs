// Requests: who asks, that nobody else wrote it, and where the answer goes.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { resolveRequest } from '../../../api/web/static/wallet/core/presentation.js';
import { NOW, newKey, refused } from './stage.mjs';
import { NONCE, QUERY, transaction, verifierOf } from './verifier_stage.mjs';

const opened = [];
after(() => Promise.all(opened.map(({ close }) => close())));

async function asked(lie = {}, parameters = {}) {
  const stage = await verifierOf(lie);
  opened.push(stage);
  return { stage, request: await resolveRequest(stage.link(parameters), { now: NOW }) };
}

const lying = (code, lie, parameters) => refused(code, () => asked(lie, parameters));

test('a request is fetched, verified and read', async () => {
  const { stage, request } = await asked();
  assert.equal(request.clientId, stage.clientId);
  assert.equal(request.verifierName, '미래거래소');
  assert.equal(request.origin, stage.url);
  assert.equal(request.responseUri, `${stage.url}/responses/1`);
  assert.deepEqual([request.responseMode, request.nonce, request.state], ['direct_post', NONCE, 'state']);
  assert.deepEqual([request.query, request.transactionData, request.clientMetadata], [QUERY, [], {}]);
  assert.deepEqual(request.certificate.dnsNames, ['localhost']);
  assert.equal(stage.seen[0].method, 'GET');
});

test('a request is posted for with a fresh nonce that it must repeat', async () => {
  const { stage } = await asked({}, { request_uri_method: 'post' });
  const form = new URLSearchParams(stage.seen[0].body);
  assert.match(form.get('wallet_nonce'), /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(JSON.parse(form.get('wallet_metadata')).client_id_prefixes_supported, ['x509_hash', 'x509_san_dns']);
  await lying('request_nonce', { claims: { wallet_nonce: 'another' } }, { request_uri_method: 'post' });
  await lying('request_nonce', { claims: { wallet_nonce: 'another' } });
});

test('the name in the certificate is a client id too', async () => {
  const { request } = await asked({ prefix: 'x509_san_dns' });
  assert.equal(request.clientId, 'x509_san_dns:localhost');
});

test('a bad signature, another algorithm and another type are refused', async () => {
  await lying('bad_signature', { signingKey: await newKey() });
  await lying('algorithm_refused', { header: { alg: 'none' } });
  await lying('wrong_type', { header: { typ: 'JWT' } });
  await lying('malformed_jws', { header: { crit: ['x'] } });
  await lying('malformed_answer', { mediaType: 'application/jwt' });
});

test('the hash of another certificate in the client id is refused', async () => {
  await lying('request_client', { clientId: `x509_hash:${'A'.repeat(43)}` });
});

test('another client than the link says is refused', async () => {
  await lying('request_client', { linkClientId: 'x509_hash:other' });
  await lying('request_client', { claims: { client_id: 'x509_san_dns:localhost' } });
});

test('a client id of another kind is refused', async () => {
  for (const clientId of ['redirect_uri:https://a.example', 'localhost', 'https://localhost', 'x509_hash', 'decentralized_identifier:did:x']) {
    await lying('request_client', { clientId });
  }
});

test('a request without certificate, under an expired, future or self-signed one is refused', async () => {
  await lying('request_client', { header: { x5c: undefined }, clientId: 'x509_hash:x' });
  await lying('certificate_expired', { signer: 'expired' });
  await lying('certificate_expired', { signer: 'future' });
  await lying('certificate_refused', { signer: 'selfSigned' });
});

test("an answer to another place than the certificate's names is refused", async () => {
  await lying('request_target', { claims: { response_uri: 'https://evil.example/r' } });
  await lying('request_target', { claims: { response_uri: 'https://evil.example/r' }, prefix: 'x509_san_dns' });
  await lying('request_target', { signer: 'elsewhere' });
  await lying('request_client', { signer: 'elsewhere', prefix: 'x509_san_dns' });
  // The certificate has both names, but the client calls itself by one.
  await lying('request_target', { signer: 'issuer', clientId: 'x509_san_dns:issuer.example' });
  for (const response_uri of ['http://evil.example/r', undefined, 'javascript:alert(1)']) {
    await lying('address_refused', { claims: { response_uri } });
  }
});

test('a request for somebody else, or not current, is refused', async () => {
  for (const aud of ['https://other.example', undefined, ['https://self-issued.me/v2']]) await lying('request_audience', { claims: { aud } });
  for (const claims of [{ exp: NOW }, { exp: 'x' }, { iat: NOW + 61 }]) await lying('request_expired', { claims });
});

test('an answer of another kind is not given', async () => {
  for (const claims of [{ response_type: 'code' }, { response_mode: 'fragment' }, { response_mode: 'dc_api' }, { response_mode: undefined }]) {
    await lying('request_unsupported', { claims });
  }
});

test('a request that breaks the profile is refused', async () => {
  const bad = [{ nonce: 'short' }, { nonce: undefined }, { nonce: 'n'.repeat(600) }, { scope: 'x' }, { redirect_uri: 'https://a.example' },
    { state: 7 }, { client_metadata: [] }];
  for (const claims of bad) await lying('malformed_request', { claims });
  await lying('malformed_query', { claims: { dcql_query: undefined } });
  await lying('malformed_query', { claims: { dcql_query: { credentials: [] } } });
});

test('a link that is none is refused', async () => {
  const stage = await verifierOf();
  opened.push(stage);
  for (const link of ['', 'openid4vp://', 'openid4vp://?client_id=a', 'openid4vp://?request_uri=b', `${stage.link()}&client_id=b`,
    stage.link({ request_uri_method: 'put' })]) {
    await refused('malformed_request', () => resolveRequest(link));
  }
  await refused('address_refused', () => resolveRequest(stage.link({ request_uri: 'http://evil.example/' })));
  await refused('server_refused', () => resolveRequest(stage.link({ request_uri: `${stage.url}/gone` })));
});

const confirm = { type: 'urn:pay', credential_ids: ['a'], amount: 1_000 };

test('transactions are read, with the text as it was sent', async () => {
  const encoded = transaction(confirm);
  const { request } = await asked({ claims: { transaction_data: [encoded] } });
  assert.deepEqual(request.transactionData, [{ type: 'urn:pay', credentialIds: ['a'], data: confirm, encoded }]);
});

test('a transaction for another credential, without a type, with an unknown hash or unreadable is refused', async () => {
  const bad = [
    { ...confirm, credential_ids: ['b'] }, { ...confirm, credential_ids: ['a', 'b'] }, { ...confirm, credential_ids: [] },
    { ...confirm, credential_ids: undefined }, { ...confirm, type: '' }, { ...confirm, type: 7 },
    { ...confirm, transaction_data_hashes_alg: ['sha-512'] }, { ...confirm, transaction_data_hashes_alg: 'sha-256' }, [], 'x',
  ].map(transaction);
  for (const one of [...bad, 'e30=', 7, 'AA']) await lying('transaction_refused', { claims: { transaction_data: [one] } });
  for (const transaction_data of [[], {}, 'x', Array(17).fill(transaction(confirm))]) {
    await lying('transaction_refused', { claims: { transaction_data } });
  }
});
