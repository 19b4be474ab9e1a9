// What is held is judged by a query: candidates, the least to show, what else may be shown, whole answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate, select } from '../../../api/web/static/wallet/core/dcql.js';
import { refused } from './stage.mjs';

const VCT = 'https://a.example/t';
const claims = {
  name: 'Kim', age: 19, adult: true, address: { city: 'Seoul', zip: 4501 }, nations: ['KR', 'GB'],
  degrees: [{ type: 'BSc' }, { type: 'MSc' }],
};
const held = [{ format: 'dc+sd-jwt', vct: VCT, claims, authorityKeyIds: ['AAAA'] }];
const asking = (more = {}) => ({ id: 'a', format: 'dc+sd-jwt', meta: { vct_values: [VCT] }, ...more });
const judged = (more, query = {}) => evaluate({ credentials: [asking(more)], ...query }, held);
const required = (...asked) => judged({ claims: asked }).matches.a[0]?.required;

test('a query without claims needs none', () => {
  assert.deepEqual(judged(), { satisfied: true, sets: [['a']], matches: { a: [{ index: 0, required: [], optional: [] }] } });
});

test('claims are needed where their paths lead', () => {
  assert.deepEqual(required({ path: ['address', 'city'] }, { path: ['name'] }), [['address', 'city'], ['name']]);
  assert.deepEqual(required({ path: ['nations', null] }), [['nations', 0], ['nations', 1]]);
  assert.deepEqual(required({ path: ['degrees', 1, 'type'] }), [['degrees', 1, 'type']]);
  assert.deepEqual(required({ path: ['nations', 1] }, { path: ['nations', null] }), [['nations', 1], ['nations', 0]]);
});

test('a claim that is not there leaves the query unsatisfied', () => {
  for (const path of [['x'], ['name', 'x'], ['nations', 5], ['nations', 'x'], ['name', null], ['address', 0], ['toString']]) {
    assert.deepEqual(judged({ claims: [{ path }] }), { satisfied: false, sets: [], matches: { a: [] } });
  }
});

test('values are held against the claim by value and type', () => {
  assert.deepEqual(required({ path: ['nations', null], values: ['GB', 'US'] }), [['nations', 1]]);
  assert.deepEqual(required({ path: ['age'], values: [18, 19] }), [['age']]);
  for (const [path, value] of [['age', '19'], ['adult', 1], ['name', 'Lee'], ['adult', 'true']]) {
    assert.equal(required({ path: [path], values: [value] }), undefined);
  }
});

test('the first claim set that can be met is needed, what else the query mentions is optional', () => {
  const asked = {
    claims: [{ id: 'x', path: ['x'] }, { id: 'n', path: ['name'] }, { id: 'a', path: ['age'] }],
    claim_sets: [['x', 'n'], ['n'], ['a']],
  };
  assert.deepEqual(judged(asked).matches.a[0], { index: 0, required: [['name']], optional: [['age']] });
});

test('another type, format or authority does not match', () => {
  assert.equal(judged({ meta: { vct_values: ['https://b.example/t'] } }).satisfied, false);
  assert.equal(evaluate({ credentials: [{ id: 'm', format: 'mso_mdoc', meta: { doctype_value: 'x' } }] }, held).satisfied, false);
  const by = (type, values) => judged({ trusted_authorities: [{ type, values }] }).satisfied;
  assert.deepEqual([by('aki', ['AAAA', 'B']), by('aki', ['B']), by('etsi_tl', ['AAAA'])], [true, false, false]);
});

test('of credential sets every required one is answered, optional ones may be', () => {
  const credentials = [asking(), asking({ id: 'b', claims: [{ path: ['x'] }] }), asking({ id: 'c' })];
  const sets = (...credential_sets) => evaluate({ credentials, credential_sets }, held).sets;
  assert.deepEqual(sets({ options: [['b'], ['a'], ['c']] }), [['a'], ['c']]);
  assert.deepEqual(sets({ options: [['a', 'b']] }), []);
  assert.deepEqual(sets({ options: [['a']] }, { options: [['c']], required: false }), [['a'], ['a', 'c']]);
  assert.deepEqual(sets({ options: [['a']] }, { options: [['b']], required: false }), [['a']]);
  assert.equal(evaluate({ credentials }, held).satisfied, false);
});

test('many optional sets end in a bounded number of answers', () => {
  const credentials = [...'abcdefgh'].map((id) => asking({ id }));
  const credential_sets = credentials.map(({ id }) => ({ options: [[id]], required: false }));
  assert.ok(evaluate({ credentials, credential_sets }, held).sets.length <= 16);
});

test('of what is presented a position says nothing', () => {
  assert.deepEqual(select({ a: ['x'] }, ['a', 3]), []);
  assert.deepEqual(select({ a: ['x'] }, ['a', 3], true), [{ path: ['a', 0], value: 'x' }]);
});

test('a query of another shape is refused', async () => {
  const claim = { id: 'x', path: ['a'] };
  const bad = [
    null, [], {}, { credentials: [] }, { credentials: {} }, { credentials: [null] }, { credentials: Array(9).fill(0).map((_, n) => asking({ id: `q${n}` })) },
    { credentials: [asking(), asking()] }, { credentials: [asking({ id: 'a b' })] }, { credentials: [asking({ id: '' })] },
    { credentials: [asking({ format: 7 })] }, { credentials: [asking({ meta: undefined })] }, { credentials: [asking({ meta: {} })] },
    { credentials: [asking({ meta: { vct_values: [] } })] }, { credentials: [asking({ meta: { vct_values: [7] } })] },
    { credentials: [asking({ multiple: 'yes' })] }, { credentials: [asking({ require_cryptographic_holder_binding: 1 })] },
    { credentials: [asking({ claims: [] })] }, { credentials: [asking({ claims: [{ path: [] }] })] },
    { credentials: [asking({ claims: [{ path: [-1] }] })] }, { credentials: [asking({ claims: [{ path: [1.5] }] })] },
    { credentials: [asking({ claims: [{ path: [{}] }] })] }, { credentials: [asking({ claims: [{ path: ['a'], values: [] }] })] },
    { credentials: [asking({ claims: [{ path: ['a'], values: [null] }] })] }, { credentials: [asking({ claims: [{ path: ['a'] }, { path: ['a'] }] })] },
    { credentials: [asking({ claims: [claim, { ...claim, path: ['b'] }] })] }, { credentials: [asking({ claim_sets: [['x']] })] },
    { credentials: [asking({ claims: [claim], claim_sets: [['y']] })] }, { credentials: [asking({ claims: [{ path: ['a'] }], claim_sets: [['x']] })] },
    { credentials: [asking({ claims: [{ id: 'a b', path: ['a'] }] })] },
    { credentials: [asking({ claims: [claim, { path: ['b'] }], claim_sets: [['x']] })] },
    { credentials: [asking({ claims: [claim], claim_sets: [['x', 'x']] })] }, { credentials: [asking({ claims: [claim], claim_sets: [] })] },
    { credentials: [asking({ trusted_authorities: [] })] }, { credentials: [asking({ trusted_authorities: [{ type: 'aki' }] })] },
    { credentials: [asking()], credential_sets: [] }, { credentials: [asking()], credential_sets: [{ options: [['b']] }] },
    { credentials: [asking()], credential_sets: [{ options: [] }] }, { credentials: [asking()], credential_sets: [{ options: [['a']], required: 0 }] },
  ];
  for (const query of bad) await refused('malformed_query', () => evaluate(query, held));
});
