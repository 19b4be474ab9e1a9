// Credentials: every refusal of RFC 9901 section 7.1, and presentations that show what was chosen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../../api/web/static/wallet/core/base64url.js';
import { sha256, utf8 } from '../../../api/web/static/wallet/core/crypto.js';
import { disclose } from '../../../api/web/static/wallet/core/disclosures.js';
import { parseJws, verifyJws } from '../../../api/web/static/wallet/core/jose.js';
import { present, readCredential } from '../../../api/web/static/wallet/core/sd_jwt.js';
import { NOW, disclosure, fixtures, issue, keyOf, newKey, refused, signAny, signer } from './stage.mjs';

const issuer = await signer('issuer');
const plain = { vct: 'https://a.example/t', iss: 'https://a.example' };
const sealed = async (...content) => {
  const { text, digest } = await disclosure(...content);
  return { text, payload: { _sd: [digest] } };
};

test('what Python issued is read: every claim in its place, under the key that signed', async () => {
  const credential = await readCredential(fixtures.credential);
  const { claims } = credential;
  assert.deepEqual([claims.family_name, claims.name_ko, claims.address.city], ['Kim', '김민지', 'Seoul']);
  assert.deepEqual(claims.nationalities, ['KR', 'GB', 'US']);
  assert.deepEqual(claims.age_equal_or_over, { 14: true, 19: true });
  assert.ok(!('_sd' in claims) && !('_sd_alg' in claims));
  assert.equal(credential.disclosures.length, 8);
  const city = credential.disclosures.find(({ path }) => path.join() === 'address,city');
  assert.equal(city.value, 'Seoul');
  await verifyJws(credential.jws, fixtures.issuer.publicJwk);
  const { publicJwk } = await newKey();
  await refused('bad_signature', () => verifyJws(credential.jws, publicJwk));
});

test('an unknown `_sd_alg`, also below the top level, is refused', async () => {
  for (const _sd_alg of ['sha-512', 'sha-1', null, 7]) {
    await refused('unknown_sd_alg', () => disclose({ _sd_alg }, []));
  }
  await refused('unknown_sd_alg', () => disclose({ a: { _sd_alg: 'sha-256' } }, []));
});

test('a digest or a disclosure that stands there twice is refused', async () => {
  const { text, digest } = await disclosure('a', 1);
  await refused('duplicate_digest', () => disclose({ _sd: [digest], b: { _sd: [digest] } }, [text]));
  await refused('duplicate_digest', () => disclose({ _sd: [digest, digest] }, []));
  await refused('duplicate_digest', () => disclose({ _sd: [digest] }, [text, text]));
  await refused('duplicate_digest', () => disclose({ _sd: [digest], c: [{ '...': digest }] }, []));
});

test('a disclosure that nothing references is refused', async () => {
  const { text } = await disclosure('a', 1);
  await refused('unreferenced_disclosure', () => disclose({}, [text]));
  const inner = await sealed('b', 2);
  const { text: outer, digest } = await disclosure('a', inner.payload);
  await refused('unreferenced_disclosure', () => disclose({ _sd: [digest] }, [inner.text]));
  const whole = await disclose({ _sd: [digest] }, [inner.text, outer]);
  assert.deepEqual(whole.claims, { a: { b: 2 } });
  assert.deepEqual(whole.disclosures.map(({ path }) => path), [['a'], ['a', 'b']]);
});

test('a disclosure of the wrong arity for its place, or no JSON, is refused', async () => {
  const [two, three, four] = [await disclosure(1), await disclosure('a', 1), await disclosure('a', 1, 2)];
  await refused('invalid_disclosure', () => disclose({ _sd: [two.digest] }, [two.text]));
  await refused('invalid_disclosure', () => disclose({ _sd: [four.digest] }, [four.text]));
  await refused('invalid_disclosure', () => disclose({ a: [{ '...': three.digest }] }, [three.text]));
  for (const bytes of ['{', '[7,"a",1]', '{"a":1}', '["s",7,1]', '["s","__proto__",1]', '["s","a",{"b":1,"b":2}]']) {
    const text = encode(utf8(bytes));
    await refused('invalid_disclosure', async () => disclose({ _sd: [encode(await sha256(text))] }, [text]));
  }
});

test('a claim with a reserved or a protected name, or one that is there already, is refused', async () => {
  for (const name of ['_sd', '...', '_sd_alg']) {
    const { text, payload } = await sealed(name, 1);
    await refused('reserved_claim_name', () => disclose(payload, [text]));
  }
  for (const name of ['iss', 'nbf', 'exp', 'cnf', 'vct', 'vct#integrity', 'aka_vcts', 'status']) {
    const { text, payload } = await sealed(name, 1);
    await refused('protected_claim_disclosed', () => disclose(payload, [text]));
  }
  const within = await sealed('jwk', 1);
  await refused('protected_claim_disclosed', () => disclose({ cnf: within.payload }, [within.text]));
  const { text, payload } = await sealed('a', 1);
  await refused('claim_collision', () => disclose({ ...payload, a: 2 }, [text]));
});

test('misplaced digests and claims nested too deeply are refused', async () => {
  const { digest } = await disclosure('a', 1);
  for (const payload of [{ _sd: digest }, { _sd: [7] }, { '...': digest }, { a: [{ '...': digest, b: 1 }] }, { a: [{ '...': 7 }] }]) {
    await refused('malformed_credential', () => disclose(payload, []));
  }
  let deep = {};
  for (let level = 0; level < 20; level += 1) deep = { a: deep };
  await refused('malformed_credential', () => disclose(deep, []));
  let listed = [];
  for (let level = 0; level < 20; level += 1) listed = [listed];
  await refused('malformed_credential', () => disclose({ a: listed }, []));
});

test('decoys and what was kept back pass by', async () => {
  const { digest } = await disclosure('a', 1);
  const { claims } = await disclose({ _sd: [digest, 'decoy'], b: [{ '...': 'x' }, 1] }, []);
  assert.deepEqual(claims, { b: [1] });
});

test('the payload that was signed is left as it is', async () => {
  const { text, payload } = await sealed('a', { b: [1] });
  const before = structuredClone(payload);
  await disclose(payload, [text]);
  assert.deepEqual(payload, before);
});

test('a credential of another type, algorithm or form is refused', async () => {
  await refused('wrong_type', async () => readCredential(await issue(issuer, { plain, header: { typ: 'vc+sd-jwt' } })));
  const unsigned = await signAny({ alg: 'none', typ: 'dc+sd-jwt' }, plain, issuer);
  await refused('algorithm_refused', () => readCredential(`${unsigned}~`));
  const good = await issue(issuer, { plain, claims: { a: 1 } });
  for (const text of [good.slice(0, -1), `${good}~`, good.replace('~', '~~'), `${good}a.b.c`, '', '~', null, 7]) {
    await assert.rejects(() => readCredential(text), (failure) => /^malformed/.test(failure.code));
  }
  await refused('malformed_credential', () => readCredential(good.replace(/~$/, '=~')));
  await refused('malformed_credential', () => readCredential(`${good}${'a'.repeat(70_000)}~`));
  await refused('malformed_credential', () => readCredential(good.split('~')[0] + '~a'.repeat(300) + '~'));
});

test('registered claims of another form are refused', async () => {
  const bad = [{ vct: undefined }, { vct: 7 }, { iss: 7 }, { cnf: 'x' }, { exp: '1' }, { iat: -1 }, { nbf: 1.5 },
    { aka_vcts: [] }, { aka_vcts: [plain.vct] }, { aka_vcts: [7] }];
  for (const change of bad) {
    const text = await issue(issuer, { plain: { ...plain, ...change } });
    await refused('malformed_credential', () => readCredential(text));
  }
});

const holder = await keyOf(fixtures.holder);
const binding = { audience: 'x509_hash:abc', nonce: 'n'.repeat(43), privateKey: holder.privateKey, issuedAt: NOW };

test('a presentation shows what was chosen, with what is above and beneath it, and nothing else', async () => {
  const text = await present(fixtures.credential, [['address', 'city'], ['nationalities', 1]], binding);
  const end = text.lastIndexOf('~') + 1;
  const { claims } = await readCredential(text.slice(0, end));
  assert.deepEqual(claims.address, { city: 'Seoul', zip: '04524' });
  assert.deepEqual(claims.nationalities, ['GB', 'US']);
  assert.ok(!('family_name' in claims));
  assert.deepEqual(claims.age_equal_or_over, {});
  const jws = parseJws(text.slice(end), { typ: 'kb+jwt' });
  const bound = await verifyJws(jws, fixtures.holder.publicJwk);
  assert.deepEqual(bound, {
    iat: NOW, aud: binding.audience, nonce: binding.nonce, sd_hash: encode(await sha256(text.slice(0, end))),
  });
});

test('a whole claim brings its parts, and no path at all shows nothing', async () => {
  const whole = await present(fixtures.credential, [['age_equal_or_over']], binding);
  assert.equal(whole.split('~').length, 4);
  assert.equal((await present(await readCredential(fixtures.credential), [], binding)).split('~').length, 2);
});

test('a path that leads nowhere is refused', async () => {
  for (const path of [['nothing'], ['address', 'city', 'x'], ['nationalities', 9], ['nationalities', '0'], ['toString'],
    ['address', 0], ['nationalities', 'length']]) {
    await refused('no_such_claim', () => present(fixtures.credential, [path], binding));
  }
});

test('transactions are confirmed by the hash of the text as it was sent', async () => {
  const text = await present(fixtures.credential, [], { ...binding, transactionData: ['abc', 'ZGVm'] });
  const { payload } = parseJws(text.slice(text.lastIndexOf('~') + 1), { typ: 'kb+jwt' });
  assert.deepEqual(payload.transaction_data_hashes, [encode(await sha256('abc')), encode(await sha256('ZGVm'))]);
  assert.equal(payload.transaction_data_hashes_alg, 'sha-256');
});
