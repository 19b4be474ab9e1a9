// From an offer to judged credentials, against an issuer that lies in one place at a time.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { encode } from '../../../api/web/static/wallet/core/base64url.js';
import { sha256 } from '../../../api/web/static/wallet/core/crypto.js';
import {
  fetchCredentials, fetchDeferred, finishAuthorization, notify, redeem, startAuthorization,
} from '../../../api/web/static/wallet/core/issuance.js';
import { parseJws, thumbprint, verifyJws } from '../../../api/web/static/wallet/core/jose.js';
import { NAME, begun, copyOf, holdersOf, issuerOf } from './issuer_stage.mjs';
import { NOW, newKey, refused, signer } from './stage.mjs';

const opened = [];
after(() => Promise.all(opened.map(({ close }) => close())));

async function staged(lie) {
  const stage = await issuerOf(lie);
  opened.push(stage);
  return { stage, ...(await begun(stage)) };
}

const fetchOne = async ({ issuer, token, dpopKey }, keys) => (
  fetchCredentials(issuer, token, NAME, keys ?? [await newKey()], { dpopKey, now: NOW })
);

/** Let the issuer answer with one copy that lies. */
async function handedOut(change, lie = {}) {
  const all = await staged(lie);
  all.stage.routes['POST /credential'] = async ({ body }) => {
    const [jwk] = holdersOf(body);
    return { json: { credentials: [await copyOf(all.stage, jwk, await change(all.stage, jwk))], notification_id: 'note' } };
  };
  return all;
}

const refusedCopy = async (code, change, lie) => refused(code, async () => fetchOne(await handedOut(change, lie)));

test('a pre-authorized code and its transaction code become credentials, each bound to its key', async () => {
  const all = await staged();
  const keys = [await newKey(), await newKey(), await newKey()];
  const found = await fetchOne(all, keys);
  assert.deepEqual([found.credentials.length, found.keyIndexes, found.notificationId, found.deferred], [3, [0, 1, 2], 'note', null]);
  const form = Object.fromEntries(new URLSearchParams(all.stage.seen.find(({ path }) => path === '/token').body));
  assert.deepEqual(form, {
    grant_type: 'urn:ietf:params:oauth:grant-type:pre-authorized_code', 'pre-authorized_code': 'code', tx_code: '123456',
  });
  const { body, headers } = all.stage.seen.find(({ path }) => path === '/credential');
  assert.equal(headers.authorization, 'DPoP at');
  assert.equal(parseJws(headers.dpop, { typ: 'dpop+jwt' }).payload.nonce, 'd1');
  const proofs = JSON.parse(body).proofs.jwt.map((text) => parseJws(text, { typ: 'openid4vci-proof+jwt' }));
  assert.deepEqual(proofs.map(({ header }) => header.jwk), keys.map(({ publicJwk }) => publicJwk));
  for (const proof of proofs) {
    const claims = await verifyJws(proof, proof.header.jwk);
    assert.deepEqual([claims.aud, claims.nonce, 'iss' in claims], [all.stage.url, 'n1', false]);
  }
  await notify(all.issuer, all.token, 'note', 'credential_accepted', all);
  assert.deepEqual(JSON.parse(all.stage.seen.at(-1).body), { notification_id: 'note', event: 'credential_accepted' });
});

test('credentials in another order are given in the order of their keys', async () => {
  const all = await staged();
  all.stage.routes['POST /credential'] = async ({ body }) => {
    const copies = await Promise.all(holdersOf(body).map((jwk) => copyOf(all.stage, jwk)));
    return { json: { credentials: copies.reverse() } };
  };
  const keys = [await newKey(), await newKey()];
  const { credentials, keyIndexes, notificationId } = await fetchOne(all, keys);
  assert.deepEqual([keyIndexes, notificationId], [[0, 1], null]);
  const bound = credentials.map((text) => parseJws(text.split('~')[0], { typ: 'dc+sd-jwt' }).payload.cnf.jwk);
  assert.deepEqual(bound, keys.map(({ publicJwk }) => publicJwk));
});

test('a nonce that has ended is fetched anew once, not for ever', async () => {
  const all = await staged();
  const good = all.stage.routes['POST /credential'];
  let asked = 0;
  all.stage.routes['POST /credential'] = (exchange) => {
    asked += 1;
    return asked === 1 ? { status: 400, json: { error: 'invalid_nonce' } } : good(exchange);
  };
  assert.equal((await fetchOne(all)).credentials.length, 1);
  all.stage.routes['POST /credential'] = () => ({ status: 400, json: { error: 'invalid_nonce' } });
  const failure = await refused('server_refused', () => fetchOne(all));
  assert.equal(failure.error, 'invalid_nonce');
  assert.equal(all.stage.nonces, 4);
});

test('a nonce that is none is refused', async () => {
  const all = await staged();
  for (const c_nonce of [undefined, 7, 'n'.repeat(5_000)]) {
    all.stage.routes['POST /nonce'] = { json: { c_nonce } };
    await refused('malformed_answer', () => fetchOne(all));
  }
});

test('a credential identifier of the token is asked for instead of the configuration', async () => {
  const all = await staged();
  const detail = { type: 'openid_credential', credential_configuration_id: NAME, credential_identifiers: ['id-1', 'id-2'] };
  all.stage.token = { ...all.stage.token, token_type: 'Bearer', authorization_details: [detail, { type: 'x' }] };
  const token = await redeem(all.issuer, all.offer, { dpopKey: all.dpopKey });
  await fetchOne({ ...all, token });
  const { body, headers } = all.stage.seen.findLast(({ path }) => path === '/credential');
  assert.equal(JSON.parse(body).credential_identifier, 'id-1');
  assert.ok(!('credential_configuration_id' in JSON.parse(body)));
  assert.deepEqual([headers.authorization, headers.dpop], ['Bearer at', undefined]);
});

test("a bad signature and a key that is not the issuer's are refused, and the issuer hears of it", async () => {
  const other = await signer('verifier');
  const { x5c } = await signer('issuer');
  const all = await handedOut(async () => ({ key: { ...other, x5c } }));
  await refused('bad_signature', () => fetchOne(all));
  assert.deepEqual(JSON.parse(all.stage.seen.at(-1).body), { notification_id: 'note', event: 'credential_failure' });
  await refusedCopy('bad_signature', async () => ({ key: other }));
  await refusedCopy('bad_signature', async () => ({ header: { x5c: undefined, kid: 'unknown' } }));
});

test('a credential without certificate is judged by the published key it names', async () => {
  const all = await handedOut(async ({ key }) => ({ header: { x5c: undefined, kid: await thumbprint(key.publicJwk) } }));
  assert.equal((await fetchOne(all)).credentials.length, 1);
});

test('where an issuer publishes no keys, its certificate must name it', async () => {
  const all = await staged();
  all.stage.routes['GET /.well-known/jwt-vc-issuer'] = { status: 404 };
  assert.equal((await fetchOne(all)).credentials.length, 1);
  all.stage.routes['POST /credential'] = async ({ body }) => ({
    json: { credentials: [await copyOf(all.stage, holdersOf(body)[0], { header: { x5c: undefined, kid: 'x' } })] },
  });
  await refused('bad_signature', () => fetchOne(all));
});

test("another issuer's keys or certificate, an expired one and a self-signed one are refused", async () => {
  await refusedCopy('issuer_mismatch', async () => ({}), { keys: { issuer: 'https://other.example' } });
  await refusedCopy('malformed_issuer', async () => ({}), { keys: { jwks: {} } });
  for (const [name, code] of [['elsewhere', 'certificate_name'], ['expired', 'certificate_expired'], ['selfSigned', 'certificate_refused']]) {
    await refusedCopy(code, async () => ({}), { signer: name });
  }
});

test('`iss` of another is refused; without it the certificate must speak', async () => {
  await refusedCopy('issuer_mismatch', async ({ url }) => ({ plain: { iss: `${url}/x` } }));
  await refusedCopy('issuer_mismatch', async ({ key }) => (
    { plain: { iss: undefined }, header: { x5c: undefined, kid: await thumbprint(key.publicJwk) } }
  ));
  const all = await handedOut(async () => ({ plain: { iss: undefined } }));
  assert.equal((await fetchOne(all)).credentials.length, 1);
});

test('a credential bound to another key, to none, or twice to the same is refused', async () => {
  const { publicJwk } = await newKey();
  await refusedCopy('credential_not_ours', async () => ({ plain: { cnf: { jwk: publicJwk } } }));
  await refusedCopy('credential_not_ours', async () => ({ plain: { cnf: undefined } }));
  await refusedCopy('malformed_key', async () => ({ plain: { cnf: { jwk: { kty: 'RSA' } } } }));
  const all = await staged();
  all.stage.routes['POST /credential'] = async ({ body }) => {
    const [jwk] = holdersOf(body);
    return { json: { credentials: [await copyOf(all.stage, jwk), await copyOf(all.stage, jwk)] } };
  };
  await refused('credential_not_ours', async () => fetchOne(all, [await newKey(), await newKey()]));
  await refused('credential_not_ours', async () => fetchOne(all, [await newKey()]));
});

test('another type, and type metadata that are not what was signed for, are refused', async () => {
  await refusedCopy('credential_type', async ({ vct }) => ({ plain: { vct: `${vct}x` } }));
  await refusedCopy('integrity_mismatch', async () => ({ plain: { 'vct#integrity': `sha256-${'A'.repeat(43)}=` } }));
  await refusedCopy('credential_type', async () => ({ claims: {} }));
  await refusedCopy('credential_type', async () => ({ claims: {}, plain: { name: 'Kim' } }));
  const never = { type: { claims: [{ path: ['name'], sd: 'never' }] } };
  await refusedCopy('credential_type', async () => ({}), never);
});

test('a credential that has ended or is from the future is refused', async () => {
  await refusedCopy('credential_expired', async () => ({ plain: { exp: NOW } }));
  await refusedCopy('credential_expired', async () => ({ plain: { iat: NOW + 61 } }));
  await refusedCopy('credential_expired', async () => ({ plain: { nbf: NOW + 61 } }));
});

test('an answer without credentials is refused', async () => {
  const all = await staged();
  for (const json of [{}, { credential: 'x' }, { credentials: [] }, { credentials: ['x'] }, { credentials: [{ credential: 7 }] }]) {
    all.stage.routes['POST /credential'] = { json };
    await refused('malformed_answer', () => fetchOne(all));
  }
  all.stage.routes['POST /credential'] = { json: { credentials: [{ credential: 'x~' }] } };
  await refused('malformed_jws', () => fetchOne(all));
});

test('what is not ready is asked for again', async () => {
  const all = await staged();
  all.stage.routes['POST /credential'] = { status: 202, json: { transaction_id: 'later', interval: 7 } };
  const key = await newKey();
  const { deferred, credentials } = await fetchOne(all, [key]);
  assert.deepEqual([deferred, credentials], [{ transactionId: 'later', interval: 7 }, []]);
  all.stage.routes['POST /deferred'] = async ({ body }) => (
    JSON.parse(body).transaction_id === 'later' ? { json: { credentials: [await copyOf(all.stage, key.publicJwk)] } } : { status: 400 }
  );
  const again = await fetchDeferred(all.issuer, all.token, NAME, 'later', [key], { dpopKey: all.dpopKey, now: NOW });
  assert.equal(again.credentials.length, 1);
  await refused('malformed_issuer', async () => {
    const silent = await staged({ metadata: { deferred_credential_endpoint: undefined } });
    return fetchDeferred(silent.issuer, silent.token, NAME, 'later', [key], { dpopKey: silent.dpopKey, now: NOW });
  });
  all.stage.routes['POST /credential'] = { status: 202, json: { transaction_id: 7 } };
  await refused('malformed_answer', () => fetchOne(all, [key]));
});

test('what this wallet cannot give is refused before anything is asked', async () => {
  const attested = { configuration: { proof_types_supported: { jwt: { key_attestations_required: {} } } } };
  await refused('attestation_required', async () => fetchOne(await staged(attested)));
  await refused('attestation_required', async () => fetchOne(await staged({ configuration: { proof_types_supported: { attestation: {} } } })));
  const sealed = { metadata: { credential_response_encryption: { encryption_required: true } } };
  await refused('encryption_missing', async () => fetchOne(await staged(sealed)));
  const all = await staged();
  const keys = await Promise.all([1, 2, 3, 4].map(newKey));
  await refused('malformed_issuer', () => fetchOne(all, keys));
  await refused('configuration_missing', () => fetchCredentials(all.issuer, all.token, 'x', keys, { dpopKey: all.dpopKey }));
  await refused('grant_missing', () => redeem(all.issuer, { ...all.offer, preAuthorizedCode: null }, all));
});

test('a token that is none is refused', async () => {
  const all = await staged();
  for (const token of [{}, { access_token: 7, token_type: 'DPoP' }, { access_token: 'a b', token_type: 'DPoP' },
    { access_token: 'a', token_type: 'mac' }, { access_token: 'a', token_type: 'DPoP', authorization_details: {} }]) {
    all.stage.token = token;
    await refused('malformed_token', () => redeem(all.issuer, all.offer, all));
  }
  all.stage.routes['POST /token'] = { status: 400, json: { error: 'invalid_grant' } };
  assert.equal((await refused('server_refused', () => redeem(all.issuer, all.offer, all))).error, 'invalid_grant');
});

const CALLBACK = 'https://wallet.example/callback';

async function authorizing(lie) {
  const all = await staged(lie);
  const options = { redirectUri: CALLBACK, clientId: 'wallet', dpopKey: all.dpopKey };
  return { ...all, ...(await startAuthorization(all.issuer, all.offer, options)) };
}

const callback = ({ pending, stage }, change = {}) => (
  `${CALLBACK}?${new URLSearchParams({ code: 'c', state: pending.state, iss: stage.url, ...change })}`
);

test('an authorization is pushed with PKCE, bound to the DPoP key, and finished with its verifier', async () => {
  const all = await authorizing();
  const pushed = Object.fromEntries(new URLSearchParams(all.stage.seen.find(({ path }) => path === '/par').body));
  const { pending } = all;
  assert.equal(pushed.code_challenge, encode(await sha256(pending.verifier)));
  assert.deepEqual(
    [pushed.response_type, pushed.code_challenge_method, pushed.scope, pushed.issuer_state, pushed.state, pushed.client_id],
    ['code', 'S256', NAME, 'state', pending.state, 'wallet'],
  );
  assert.equal(pushed.dpop_jkt, await thumbprint(all.dpopKey.publicJwk));
  assert.equal(all.url, `${all.stage.url}/authorize?client_id=wallet&request_uri=urn%3Ax`);
  const stored = JSON.parse(JSON.stringify(pending));
  const token = await finishAuthorization(stored, callback(all), all);
  assert.equal(token.clientId, 'wallet');
  const form = Object.fromEntries(new URLSearchParams(all.stage.seen.at(-1).body));
  assert.deepEqual(form, {
    grant_type: 'authorization_code', code: 'c', redirect_uri: CALLBACK, code_verifier: pending.verifier, client_id: 'wallet',
  });
  await fetchOne({ ...all, token });
  const { body } = all.stage.seen.findLast(({ path }) => path === '/credential');
  assert.equal(parseJws(JSON.parse(body).proofs.jwt[0], { typ: 'openid4vci-proof+jwt' }).payload.iss, 'wallet');
});

test('another state, another `iss` or none, and another key are refused before the code is used', async () => {
  const all = await authorizing();
  const asked = all.stage.seen.length;
  await refused('state_mismatch', () => finishAuthorization(all.pending, callback(all, { state: 'x' }), all));
  await refused('state_mismatch', () => finishAuthorization(all.pending, `${callback(all)}&state=x`, all));
  await refused('state_mismatch', () => finishAuthorization(all.pending, CALLBACK, all));
  await refused('issuer_mismatch', () => finishAuthorization(all.pending, callback(all, { iss: 'https://other.example' }), all));
  const silent = `${CALLBACK}?${new URLSearchParams({ code: 'c', state: all.pending.state })}`;
  await refused('issuer_mismatch', () => finishAuthorization(all.pending, silent, all));
  await refused('state_mismatch', () => finishAuthorization(all.pending, callback(all, { code: '' }), all));
  const dpopKey = await newKey();
  await refused('state_mismatch', () => finishAuthorization(all.pending, callback(all), { dpopKey }));
  assert.equal(all.stage.seen.length, asked);
});

test('a refusal at the consent page is told with its name', async () => {
  const all = await authorizing();
  const failure = await refused('authorization_refused', () => (
    finishAuthorization(all.pending, callback(all, { error: 'access_denied' }), all)
  ));
  assert.equal(failure.error, 'access_denied');
});

test('a server without pushed requests, and a reference that is none, are refused', async () => {
  await refused('grant_missing', () => authorizing({ server: { pushed_authorization_request_endpoint: undefined } }));
  await refused('malformed_issuer', () => authorizing({ configuration: { scope: undefined } }));
  const all = await staged();
  all.stage.routes['POST /par'] = { status: 201, json: {} };
  const options = { redirectUri: CALLBACK, clientId: 'wallet', dpopKey: all.dpopKey };
  await refused('malformed_answer', () => startAuthorization(all.issuer, all.offer, options));
});

test('who wants to hear nothing is told nothing', async () => {
  const all = await staged({ metadata: { notification_endpoint: undefined } });
  const asked = all.stage.seen.length;
  await notify(all.issuer, all.token, 'note', 'credential_accepted', all);
  await notify((await staged()).issuer, all.token, null, 'credential_accepted', all);
  assert.equal(all.stage.seen.length, asked);
  await refused('malformed_issuer', async () => notify((await staged()).issuer, all.token, 'note', 'x', all));
});
