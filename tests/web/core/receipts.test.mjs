// Receipts: kept where they say what happened, pointed out where they do not; asking proves the device key.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { encode, encodeStandard } from '../../../api/web/static/wallet/core/base64url.js';
import { sha256 } from '../../../api/web/static/wallet/core/crypto.js';
import { parseJws, thumbprint, verifyJws } from '../../../api/web/static/wallet/core/jose.js';
import { CONCERNS, askAbout, judgeReceipts, shownNames } from '../../../api/web/static/wallet/core/receipts.js';
import { toldBy } from '../../../api/web/static/wallet/core/told.js';
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

const COMMITMENT = 'c'.repeat(42) + 'A';
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
    service: 'opening', purpose: 'identity', profile_digest: 'aa', kept_until: NOW + 86_400, contact: PARTY,
    commitment: COMMITMENT, reference: 'r', ...change,
  };
  return signAny({ alg: 'ES256', typ: 'consent-receipt+jwt', jwk: by.publicJwk, ...header }, claims, by);
}

const judge = (texts, ones, promised = PROMISED, accepted = true, told = undefined) => judgeReceipts(texts, ones, promised, { accepted, now: NOW, told });

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
  assert.deepEqual((await judge([await receipt(one, { kept_until: 8_640_000_000_000 })], [one])).concerns, []);
});

const requested = (data) => ({ verifier_info: [null, { format: 'x' }, { format: 'urn:jeung:request-profile:1', data }] });
const PROFILE = { name: 'opening', purpose: 'identity', digest: 'aa' };
const ASKED = requested({ profile: 'opening', purpose: 'identity', digest: 'aa', kept_for_s: 0 });

test('what contradicts the request or the register is kept and pointed out', async () => {
  const one = await shown();
  const wrong = [
    ['receipt_of_another_purpose', { service: 'lending' }, toldBy(ASKED, null)],
    ['receipt_of_another_purpose', { purpose: 'sales' }, toldBy(ASKED, null)],
    ['receipt_of_another_purpose', { profile_digest: 'bb' }, toldBy(ASKED, null)],
    ['receipt_of_another_purpose', { purpose: 'sales' }, toldBy({}, PROFILE)],
    ['receipt_of_another_purpose', { service: 'lending' }, toldBy(requested({ profile: 'lending' }), PROFILE)],
    ['receipt_of_another_purpose', { purpose: null }, undefined],
    ['receipt_of_another_purpose', { profile_digest: null }, undefined],
    ['receipt_kept_longer', { kept_until: NOW + 86_401 }, toldBy(ASKED, PROFILE)],
    ['receipt_kept_longer', { kept_until: NOW - 1 }, undefined],
  ];
  for (const [concern, change, told] of wrong) {
    const { kept, concerns } = await judge([await receipt(one, change)], [one], PROMISED, true, told);
    assert.deepEqual([kept.length, concerns], [1, [concern]], JSON.stringify(change));
    assert.ok(CONCERNS.includes(concern));
  }
  const other = await shown('m'.repeat(43));
  const both = await judge([await receipt(one, { service: 'lending' })], [one, other], PROMISED, true, toldBy(ASKED, null));
  assert.deepEqual(both.concerns, ['receipt_missing', 'receipt_of_another_purpose']);
});

test('what says what was told, and a refusal that came before, are no concern', async () => {
  const one = await shown();
  assert.deepEqual((await judge([await receipt(one)], [one], PROMISED, true, toldBy(ASKED, PROFILE))).concerns, []);
  const early = await receipt(one, { purpose: null, profile_digest: null, result: 'refused' });
  assert.deepEqual((await judge([early], [one], PROMISED, false, toldBy(ASKED, PROFILE))).concerns, []);
  for (const claims of [{}, { verifier_info: 'x' }, requested('x'), requested({ kept_for_s: -1 }), requested({ kept_for_s: 'x' })]) {
    assert.equal(toldBy(claims, null).keptForS, null);
    assert.deepEqual((await judge([await receipt(one)], [one], PROMISED, true, toldBy(claims, null))).concerns, []);
  }
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
  return { server, kept, ask: (logKeys = undefined) => askAbout(kept, device, { ...promised, logKeys }, { now: NOW }) };
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

test('without a register only a receipt that none vouched for can be asked about', async () => {
  const { kept } = await asked();
  const alone = () => askAbout(kept, device, null, { now: NOW });
  await refused('receipt_statement', alone);
  kept.vouched = false;
  assert.equal((await alone()).standing, 'kept');
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

/** The log's tree as RFC 9162 section 2.1 defines it, by recursion: the page climbs it from the leaf instead. */
const hashOf = async (...parts) => sha256(Uint8Array.from(parts.flatMap((part) => [...part])));
const split = (size) => 2 ** Math.floor(Math.log2(size - 1));
async function rootOf(leaves) {
  if (leaves.length === 1) return hashOf([0], leaves[0]);
  const k = split(leaves.length);
  return hashOf([1], await rootOf(leaves.slice(0, k)), await rootOf(leaves.slice(k)));
}
async function pathTo(index, leaves) {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  const [own, at, rest] = index < k ? [leaves.slice(0, k), index, leaves.slice(k)] : [leaves.slice(k), index - k, leaves.slice(0, k)];
  return [...(await pathTo(at, own)), await rootOf(rest)];
}

/** The key of a log, and what it signs. */
const { privateKey, publicKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
const POINT = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
const LOG_KEY = await digestOf(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x: encode(POINT) }));
const bytesOf = (text) => [...new TextEncoder().encode(text)];
const keyIdOf = async (name) => (await sha256(Uint8Array.from([...bytesOf(`${name}\n`), 1, ...POINT]))).slice(0, 4);
const vkeyOf = async (name) => `${name}+${Buffer.from(await keyIdOf(name)).toString('hex')}+${encodeStandard(Uint8Array.from([1, ...POINT]))}`;
async function lineOf(name, text) {
  const made = new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, Uint8Array.from(bytesOf(text))));
  return `\u2014 ${name} ${encodeStandard(Uint8Array.from([...(await keyIdOf(name)), ...made]))}\n`;
}

/** Prove the receipt's entry at a place among others, under a log of `party`. */
async function inclusion(party, index, size, { commitment = COMMITMENT, hour = NOW - (NOW % 3_600), log = 'log/1' } = {}) {
  const entry = `{"commitment":"${commitment}","kind":"verified","time":${hour},"v":1}`;
  const leaves = Array.from({ length: size }, (_, place) => new TextEncoder().encode(place === index ? entry : `entry ${place}`));
  const origin = `${party.replace(/^https?:[/][/]/, '')}/${log}`;
  const root = encodeStandard(await rootOf(leaves));
  const hashes = (await pathTo(index, leaves)).map((hash) => encode(hash));
  const text = `${origin}\n${size}\n${root}\n`;
  return { origin, index, size, hashes, checkpoint: `${text}\n\u2014 witness AAAA\n${await lineOf(origin, text)}`, key: await vkeyOf(origin) };
}

/** Ask where the statement's log is made for who answers. */
async function proved(make, change = {}, logKeys = undefined) {
  const found = await asked();
  const log = { entry: {}, inclusion: await make(found.server.url) };
  const said = { iss: found.server.url, iat: NOW, receipt: 'rct_1', receipt_digest: await digestOf(found.kept.text), standing: 'kept', record: RECORD, log, ...change };
  const body = await signAny({ alg: 'ES256', typ: 'receipt-statement+jwt', jwk: key.publicJwk }, said, key);
  found.server.routes['POST /receipts/query'] = { body, headers: { 'Content-Type': 'application/receipt-statement+jwt' } };
  return found.ask(logKeys);
}

test('that a checkpoint commits to the record is verified, at every place of trees of every shape', async () => {
  for (const size of [1, 2, 3, 5, 7, 8]) {
    for (let index = 0; index < size; index += 1) {
      assert.equal((await proved((url) => inclusion(url, index, size))).logged, 'shown', `${index} of ${size}`);
    }
  }
  assert.equal((await proved(() => null)).logged, null);
  assert.equal((await (await asked()).ask()).logged, null);
  assert.equal((await proved((url) => inclusion(url, 1, 3), { standing: 'erased', record: undefined })).logged, 'shown');
});

test('where the register names keys of the log, one of them must have signed the checkpoint', async () => {
  const made = (url) => inclusion(url, 2, 5);
  assert.equal((await proved(made, {}, ['x', LOG_KEY])).logged, 'signed');
  assert.equal((await proved(made, { standing: 'erased', record: undefined }, [LOG_KEY])).logged, 'signed');
  await refused('receipt_statement', () => proved(made, {}, ['x']));
  const wrong = [
    ({ origin, checkpoint }) => ({ checkpoint: checkpoint.slice(0, checkpoint.indexOf(`\u2014 ${origin}`)) }),
    ({ checkpoint, origin }) => ({ checkpoint: checkpoint.replace(`\u2014 ${origin} `, '\u2014 other ') }),
    () => ({ key: undefined }), () => ({ key: 'x' }), ({ key }) => ({ key: `other${key}` }), ({ key }) => ({ key: key.slice(0, -5) + 'AAAA=' }),
    ({ origin }) => ({ key: `${origin}+00000000+AQ==` }), ({ origin }) => ({ key: `${origin}+00000000+${encodeStandard(Uint8Array.from([4, ...POINT]))}` }),
  ];
  for (const change of wrong) {
    await refused('receipt_statement', () => proved(async (url) => ({ ...(await made(url)), ...change(await made(url)) }), {}, [LOG_KEY]));
  }
  // Another tree of the same size: the signature is the log's, but of something else.
  const other = async (url) => {
    const [mine, theirs] = [await made(url), await inclusion(url, 3, 5)];
    const lines = ({ checkpoint }) => checkpoint.slice(checkpoint.indexOf('\n\n'));
    return { ...mine, checkpoint: mine.checkpoint.replace(lines(mine), lines(theirs)) };
  };
  assert.equal((await proved(other)).logged, 'shown');
  await refused('receipt_statement', () => proved(other, {}, [LOG_KEY]));
});

test('a browser without Ed25519 says that it could not tell whose signature it is; one that fails otherwise believes nothing', async () => {
  const failing = async (name) => {
    crypto.subtle.importKey = function importKey(format, ...more) {
      if (format === 'raw') throw new DOMException('', name);
      return Object.getPrototypeOf(this).importKey.call(this, format, ...more);
    };
    try {
      return await proved((url) => inclusion(url, 2, 5), {}, [LOG_KEY]);
    } finally {
      delete crypto.subtle.importKey;
    }
  };
  assert.equal((await failing('NotSupportedError')).logged, 'shown');
  await assert.rejects(failing('DataError'), { name: 'DataError' });
});

test('a checkpoint that does not commit to the record is not believed to', async () => {
  const changed = (change) => async (url) => {
    const made = await inclusion(url, 2, 5);
    return { ...made, ...change(made) };
  };
  const wrong = [
    () => 'x', (url) => inclusion(url, 2, 5, { commitment: 'd'.repeat(42) + 'A' }), (url) => inclusion(url, 2, 5, { hour: NOW - (NOW % 3_600) - 3_600 }),
    () => inclusion('https://other.example', 2, 5), (url) => inclusion(url, 2, 5, { log: 'log/x/log/1' }), (url) => inclusion(url, 2, 5, { log: 'log/0' }), changed(() => ({ origin: 1 })), changed(() => ({ index: 3 })), changed(() => ({ index: -1 })),
    changed(() => ({ index: 5 })), changed(() => ({ index: 2.5 })), changed(() => ({ size: 6 })), changed(() => ({ size: '5' })),
    changed(({ hashes }) => ({ hashes: hashes.slice(1) })), changed(({ hashes }) => ({ hashes: [...hashes, hashes[0]] })),
    changed(({ hashes }) => ({ hashes: [...hashes].reverse() })), changed(() => ({ hashes: 'x' })), changed(() => ({ hashes: Array(60).fill('AA') })),
    changed(({ hashes }) => ({ hashes: ['AA', ...hashes.slice(1)] })), changed(() => ({ checkpoint: null })),
    changed(({ checkpoint }) => ({ checkpoint: checkpoint + 'x'.repeat(20_000) })), changed(({ checkpoint }) => ({ checkpoint: checkpoint.replace('\n5\n', '\n6\n') })),
    changed(({ origin }) => ({ origin: `${origin}x` })), changed(({ checkpoint, origin }) => ({ checkpoint: `${origin}\n5` })),
    changed(({ checkpoint }) => ({ checkpoint: checkpoint.replace('\n\n', '\nmore\n\n') })), changed(({ checkpoint }) => ({ checkpoint: checkpoint.replace('\u2014 witness', 'witness') })),
    changed(({ checkpoint }) => ({ checkpoint: checkpoint.replace(' AAAA', ' ====') })), changed(({ checkpoint }) => ({ checkpoint: checkpoint + '\u2014 w AAAA\n'.repeat(64) })),
  ];
  for (const make of wrong) await refused('receipt_statement', () => proved(make));
  await refused('malformed_base64url', () => proved(changed(({ hashes }) => ({ hashes: ['=', ...hashes.slice(1)] }))));
  await refused('malformed_base64url', () => proved(changed(({ checkpoint }) => ({ checkpoint: checkpoint.replace('=\n\n', '\n\n') }))));
  await refused('malformed_base64url', () => proved(changed(({ checkpoint }) => ({ checkpoint: checkpoint.replace(' AAAA', ' AAA') }))));
  await refused('receipt_statement', () => proved(() => null, { standing: 'erased', record: undefined }));
});

test('a record that nobody knows of, and one whose claims nobody could read, are told of', async () => {
  assert.equal((await (await asked({ standing: 'unknown', record: undefined })).ask()).standing, 'unknown');
  assert.equal((await (await asked({ record: { ...RECORD, claims: null } })).ask()).record.claims, null);
});

test('what is asked about goes to who signed and nowhere else', async () => {
  const { kept } = await asked();
  const lured = { ...kept, claims: { ...kept.claims, iss: 'http://elsewhere.example' } };
  await refused('address_refused', () => askAbout(lured, device, null, { now: NOW }));
});
