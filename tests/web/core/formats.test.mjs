// base64url, JSON and JWS: one spelling, unique names, one algorithm.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as base64url from '../../../api/web/static/wallet/core/base64url.js';
import { parse, parseObject } from '../../../api/web/static/wallet/core/json.js';
import { parseJws, publicMembers, signJwt, thumbprint, verifyJws } from '../../../api/web/static/wallet/core/jose.js';
import { CODES, WalletError, demand } from '../../../api/web/static/wallet/core/errors.js';
import { newKey, refused, signAny } from './stage.mjs';

test('bytes are written without padding and read again', () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    const text = base64url.encode(bytes);
    assert.match(text, /^[A-Za-z0-9_-]*$/);
    assert.deepEqual(base64url.decode(text), bytes);
    assert.deepEqual(base64url.decodeStandard(base64url.encodeStandard(bytes) || 'AA=='), length ? bytes : new Uint8Array(1));
  }
  assert.deepEqual(base64url.decode(base64url.encode(new Uint8Array(100_000))), new Uint8Array(100_000));
});

test('a second spelling of the same bytes is refused', async () => {
  for (const text of ['QQ==', 'QQ=', 'QR', 'QUJ', 'Q', 'Q Q', 'QQ\n', '+/+/', 'Ä', 7, null, undefined]) {
    await refused('malformed_base64url', () => base64url.decode(text));
  }
  for (const text of ['QQ', 'QR==', 'QQ==\n', '-_-_', 'QUI', '', null]) {
    await refused('malformed_base64url', () => base64url.decodeStandard(text));
  }
});

test('JSON with a repeated name, a broken text or too many levels is refused', async () => {
  const deep = '['.repeat(40) + ']'.repeat(40);
  const texts = ['{"a":1,"a":2}', '{"b":{"a":1,"\\u0061":2}}', '[{"x":{"a":0},"x":1}]', '{"__proto__":1}', '{', '', deep];
  for (const text of texts) await refused('malformed_json', () => parse(text));
  await refused('malformed_json', () => parse(Uint8Array.of(0x22, 0xff, 0x22)));
  await refused('malformed_json', () => parse(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31)));
  for (const text of ['[]', 'null', '"a"', '1']) await refused('malformed_json', () => parseObject(text));
});

test('JSON with the same name in different objects is read', () => {
  const text = '{ "a" : [{"a":"\\"a\\":"}, {"a" :{"b":"a"}}], "b":"x\\\\" , "c":{}}';
  assert.deepEqual(parse(text), JSON.parse(text));
});

test('a signed token is read and verified under its key alone', async () => {
  const [key, other] = [await newKey(), await newKey()];
  const text = await signJwt({ typ: 'x+jwt' }, { a: 1 }, key.privateKey);
  const jws = parseJws(text, { typ: 'x+jwt' });
  assert.equal(jws.header.alg, 'ES256');
  assert.deepEqual(await verifyJws(jws, key.publicJwk), { a: 1 });
  await refused('bad_signature', () => verifyJws(jws, other.publicJwk));
});

test('a changed payload or signature is refused', async () => {
  const key = await newKey();
  const [header, , signature] = (await signJwt({ typ: 'x' }, { a: 1 }, key.privateKey)).split('.');
  const changed = parseJws([header, base64url.encode(new TextEncoder().encode('{"a":2}')), signature].join('.'), { typ: 'x' });
  await refused('bad_signature', () => verifyJws(changed, key.publicJwk));
  await refused('bad_signature', () => parseJws(`${header}.${changed.text.split('.')[1]}.AAAA`, { typ: 'x' }));
});

test('another algorithm, none above all, is refused', async () => {
  const key = await newKey();
  for (const alg of ['none', 'HS256', 'EdDSA', 'es256', undefined]) {
    const text = await signAny({ typ: 'x', alg }, {}, key);
    await refused('algorithm_refused', () => parseJws(text, { typ: 'x' }));
  }
  await refused('malformed_jws', () => parseJws('eyJhbGciOiJub25lIn0.e30.', { typ: 'x' }));
});

test('another type, an extension and a form that is not compact are refused', async () => {
  const key = await newKey();
  const text = await signAny({ alg: 'ES256', typ: 'x' }, {}, key);
  await refused('wrong_type', () => parseJws(text, { typ: 'y' }));
  for (const extension of [{ crit: ['b64'], b64: false }, { crit: [] }, { b64: true }]) {
    const extended = await signAny({ alg: 'ES256', typ: 'x', ...extension }, {}, key);
    await refused('malformed_jws', () => parseJws(extended, { typ: 'x' }));
  }
  for (const bad of [`${text}=`, ` ${text}`, text.replace('.', '..'), 'a.b', '', null, 'x'.repeat(70_000)]) {
    await refused('malformed_jws', () => parseJws(bad, { typ: 'x' }));
  }
  await refused('malformed_jws', () => parseJws(text, { typ: 'x', maxLength: 10 }));
  const repeated = await signAny('{"alg":"ES256","typ":"x","alg":"ES256"}', {}, key);
  await refused('malformed_json', () => parseJws(repeated, { typ: 'x' }));
});

test('a key of another kind, a private one and a point off the curve are refused', async () => {
  const { publicJwk, privateKey } = await newKey();
  const jws = parseJws(await signJwt({ typ: 'x' }, {}, privateKey), { typ: 'x' });
  const bad = [
    { ...publicJwk, crv: 'P-384' }, { ...publicJwk, kty: 'OKP' }, { ...publicJwk, d: publicJwk.x },
    { ...publicJwk, y: publicJwk.x }, { ...publicJwk, x: `${publicJwk.x}=` }, { ...publicJwk, x: 'AA' }, null, 'key',
  ];
  for (const jwk of bad) await refused('malformed_key', () => verifyJws(jws, jwk));
  assert.deepEqual(publicMembers({ ...publicJwk, kid: 'a', use: 'sig' }), publicJwk);
});

test('the thumbprint is that of RFC 7638 for the key of RFC 9449', async () => {
  const jwk = {
    kty: 'EC', crv: 'P-256', x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs', y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
  };
  assert.equal(await thumbprint(jwk), '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I');
});

test('a refusal carries its code, and every code stands once in the list', () => {
  assert.throws(() => demand(false, 'unanswered', 'x'), (refusal) => refusal instanceof WalletError && refusal.code === 'unanswered');
  assert.equal(new Set(CODES).size, CODES.length);
});
