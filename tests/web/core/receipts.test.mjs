// Receipts: kept where they say what happened, pointed out where they do not; asking proves the device key.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { encode } from '../../../api/web/static/wallet/core/base64url.js';
import { sha256 } from '../../../api/web/static/wallet/core/crypto.js';
import { parseJws, thumbprint, verifyJws } from '../../../api/web/static/wallet/core/jose.js';
import { CONCERNS, askAbout, judgeReceipts, shownNames } from '../../../api/web/static/wallet/core/receipts.js';
import { present } from '../../../api/web/static/wallet/core/sd_jwt.js';
import { NOW, fixtures, keyOf, newKey, refused, serve, signAny } from './stage.mjs';

const opened = [];
after(() => Promise.all(opened.map(({ close }) => close())));
const PARTY = 'https://exchange.example';
const AUDIENCE = 'x509_hash:a';
const NONCE = 'n'.repeat(43);
const NAMES = ['address', 'age_equal_or_over.19', 'name_ko'];
const device = await keyOf(fixtures.holder);
const key = await newKey();
const PROMISED = { urls: [PARTY], receiptKeys: [await thumbprint(key.publicJwk)] };

const RECORD = { recorded_at: NOW, kept_until: NOW + 86_400, claims: NAMES };

const digestOf = async (text) => encode(await sha256(text));

async function shown(nonce = NONCE) {
  const paths = [['name_ko'], ['address', 'city'], ['age_equal_or_over', '19']];
  const text = await present(fixtures.credential, paths, { audience: AUDIENCE, nonce, privateKey: device.privateKey });
  return { text, audience: AUDIENCE, nonce, place: 0 };
}

const bindingOf = ({ text }) => text.slice(text.lastIndexOf('~') + 1);

async function receipt(one, change = {}, { by = key, header = {} } = {}) {
  const claims = {
    v: 1, iss: PARTY, jti: 'rct_1', iat: NOW, audience: one.audience, nonce: one.nonce,
    presented: await digestOf(bindingOf(one)), claims: [...(await shownNames(one.text))].sort(), result: 'verified',
    service: 'opening', purpose: 'identity', profile_digest: null, kept_until: NOW + 86_400, contact: PARTY,
    commitment: 'c', reference: 'r', ...change,
  };
  return signAny({ alg: 'ES256', typ: 'consent-receipt+jwt', jwk: by.publicJwk, ...header }, claims, by);
}

const judge = (texts, ones, promised = PROMISED, accepted = true) => judgeReceipts(texts, ones, promised, { accepted, now: NOW });

test('claims are named as relying parties name them', async () => {
  const names = await shownNames((await shown()).text);
  for (const name of NAMES) assert.ok(names.has(name), name);
  assert.ok(!names.has('iss') && !names.has('cnf') && !names.has('birthdate'));
});

test('a receipt that says what happened is kept with what asking needs', async () => {
  const one = await shown();
  const { kept, concerns } = await judge([await receipt(one)], [one]);
  assert.deepEqual(concerns, []);
  assert.deepEqual([kept[0].claims.jti, kept[0].binding, kept[0].place, kept[0].vouched], ['rct_1', bindingOf(one), 0, true]);
});

test('without a register a receipt is somebody\'s word', async () => {
  const one = await shown();
  const { kept, concerns } = await judge([await receipt(one, {}, { by: await newKey() })], [one], null);
  assert.deepEqual([kept[0].vouched, concerns], [false, []]);
});

test('a refusal that could not read the claims names none', async () => {
  const one = await shown();
  const { concerns } = await judge([await receipt(one, { claims: null, result: 'refused' })], [one], PROMISED, false);
  assert.deepEqual(concerns, []);
});

test('what says something else is pointed out', async () => {
  const one = await shown();
  const names = [...(await shownNames(one.text))];
  const wrong = [
    ['receipt_claims_more', { claims: [...names, 'sex'] }], ['receipt_claims_less', { claims: names.slice(1) }],
    ['receipt_refused', { claims: null }], ['receipt_refused', { claims: [1] }],
    ['receipt_of_another', { presented: 'x' }], ['receipt_of_another', { presented: null }],
    ['receipt_of_another', { audience: 'x509_hash:b' }], ['receipt_of_another', { nonce: 'm' }],
    ['receipt_refused', { iss: 'https://other.example' }], ['receipt_refused', { v: 2 }],
    ['receipt_refused', { iat: NOW - 301 }], ['receipt_refused', { iat: NOW + 301 }], ['receipt_refused', { iat: 'now' }],
    ['receipt_refused', { jti: null }], ['receipt_of_another_result', { result: 'refused' }],
    ['receipt_refused', { more: 'x'.repeat(16_384) }],
  ];
  for (const [concern, change] of wrong) {
    const { kept, concerns } = await judge([await receipt(one, change)], [one]);
    assert.deepEqual([kept, concerns], [[], [concern]], JSON.stringify(change).slice(0, 60));
    assert.ok(CONCERNS.includes(concern));
  }
});

test('a receipt that no page could show, or nobody could ask about, is pointed out', async () => {
  const one = await shown();
  const deep = JSON.parse(`${'['.repeat(3_000)}${']'.repeat(3_000)}`);
  for (const name of ['iss', 'service', 'contact', 'commitment', 'reference']) {
    for (const value of [undefined, null, 1, deep]) {
      assert.deepEqual(await judge([await receipt(one, { [name]: value })], [one], null), { kept: [], concerns: ['receipt_refused'] }, name);
    }
  }
  for (const name of ['purpose', 'profile_digest']) {
    for (const value of [undefined, 1, deep]) {
      assert.deepEqual((await judge([await receipt(one, { [name]: value })], [one])).concerns, ['receipt_refused'], name);
    }
  }
  for (const time of [undefined, null, 'soon', -1, 1.5, 8_640_000_000_001, 1e300]) {
    assert.deepEqual((await judge([await receipt(one, { kept_until: time })], [one])).concerns, ['receipt_refused'], String(time));
  }
  assert.deepEqual((await judge([await receipt(one, { purpose: null, kept_until: 8_640_000_000_000 })], [one])).concerns, []);
});

test('what the party did not sign is pointed out', async () => {
  const one = await shown();
  const forged = [
    await receipt(one, {}, { by: await newKey() }), await receipt(one, {}, { header: { typ: 'JWT' } }),
    await receipt(one, {}, { header: { jwk: undefined } }), await receipt(one, {}, { header: { jwk: (await newKey()).publicJwk } }),
    'a.b.c', 1, null,
  ];
  for (const text of forged) assert.deepEqual((await judge([text], [one])).concerns, ['receipt_refused']);
});

test('one receipt stands for one presentation, and one that was promised is missed', async () => {
  const [one, other] = [await shown(), await shown('m'.repeat(43))];
  assert.equal((await judge([await receipt(one), await receipt(other)], [one, other])).kept.length, 2);
  const text = await receipt(one);
  assert.deepEqual((await judge([text, text], [one, other])).concerns, ['receipt_of_another']);
  for (const nothing of [[], undefined, 'text']) assert.deepEqual((await judge(nothing, [one])).concerns, ['receipt_missing']);
  assert.deepEqual((await judge([], [one], null)).concerns, []);
  assert.deepEqual((await judge([], [one], { urls: [PARTY], receiptKeys: [] })).concerns, []);
});

/** Keep a receipt of a party that answers questions, its statement changed. */
async function asked(change = {}, { by = key, typ = 'receipt-statement+jwt', status = 200 } = {}) {
  const server = await serve();
  opened.push(server);
  const one = await shown();
  const promised = { urls: [server.url], receiptKeys: PROMISED.receiptKeys };
  const { kept: [kept] } = await judge([await receipt(one, { iss: server.url })], [one], promised);
  const said = { iss: server.url, iat: NOW, receipt: 'rct_1', receipt_digest: await digestOf(kept.text), standing: 'kept', record: RECORD, ...change };
  server.routes['POST /receipts/query'] = status === 200
    ? { body: await signAny({ alg: 'ES256', typ, jwk: by.publicJwk }, said, by), headers: { 'Content-Type': `application/${typ}` } }
    : { status, json: { code: 'receipt_proof_refused' } };
  return { server, kept, ask: () => askAbout(kept, device, promised, { now: NOW }) };
}

test('a question proves the device key and what only two know', async () => {
  const { server, kept, ask } = await asked();
  assert.equal((await ask()).standing, 'kept');
  const body = JSON.parse(server.seen.at(-1).body);
  assert.equal(body.receipt, kept.text);
  const proof = parseJws(body.proof, { typ: 'receipt-proof+jwt' });
  const said = await verifyJws(proof, device.publicJwk);
  assert.deepEqual([said.aud, said.iat, said.key_binding, said.receipt], [server.url, NOW, kept.binding, await digestOf(kept.text)]);
  await ask();
  assert.notEqual(parseJws(JSON.parse(server.seen.at(-1).body).proof, { typ: 'receipt-proof+jwt' }).payload.jti, said.jti);
});

test('a statement that does not hold is not believed', async () => {
  const wrong = [
    { iss: PARTY }, { receipt: 'rct_2' }, { receipt_digest: 'x' }, { iat: NOW - 301 }, { iat: null }, { standing: 'lost' },
    { record: undefined }, { record: [] }, { record: { ...RECORD, recorded_at: 1e300 } },
    { record: { ...RECORD, kept_until: 'soon' } }, { record: { ...RECORD, claims: [[]] } }, { record: { ...RECORD, claims: 'x' } },
  ];
  for (const change of wrong) await refused('receipt_statement', (await asked(change)).ask);
  await refused('receipt_statement', (await asked({}, { by: await newKey() })).ask);
  await refused('malformed_answer', (await asked({}, { typ: 'consent-receipt+jwt' })).ask);
  assert.equal((await refused('server_refused', (await asked({}, { status: 403 })).ask)).problem, 'receipt_proof_refused');
});

test('a record that is gone, and one whose claims nobody could read, are told of', async () => {
  assert.equal((await (await asked({ standing: 'erased', record: undefined })).ask()).standing, 'erased');
  assert.equal((await (await asked({ record: { ...RECORD, claims: null } })).ask()).record.claims, null);
});

test('what is asked about goes to who signed and nowhere else', async () => {
  const { kept } = await asked();
  const lured = { ...kept, claims: { ...kept.claims, iss: 'http://elsewhere.example' } };
  await refused('address_refused', () => askAbout(lured, device, null, { now: NOW }));
});
