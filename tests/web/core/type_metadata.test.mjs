// Type metadata: held against their hash, read in a language, never markup.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { describeType, fetchType } from '../../../api/web/static/wallet/core/type_metadata.js';
import { refused, serve } from './stage.mjs';

const server = await serve();
after(() => server.close());
const vct = `${server.url}/types/t`;

const document = {
  vct,
  name: 'Plain name',
  display: [
    { locale: 'ko-KR', name: '실명', description: '설명', rendering: { simple: { background_color: '#102030', text_color: '#ffffff', logo: { uri: 'https://a.example/l.png' } }, svg_templates: [{ uri: 'data:image/svg+xml;base64,AAAA' }] } },
    { lang: 'en', name: 'Real name' },
  ],
  claims: [
    { path: ['name'], display: [{ locale: 'ko', label: '성명' }, { locale: 'en', label: 'Name' }], sd: 'always', mandatory: true },
    { path: ['nations', null], display: [{ locale: 'en', label: 'Nation' }] },
  ],
};

function served(body, integrity) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  server.routes['GET /types/t'] = { body: text, headers: { 'Content-Type': 'application/json' } };
  return fetchType(vct, integrity ?? `sha256-${createHash('sha256').update(text).digest('base64')}`);
}

test('names, labels and the card are given in the language asked for, else in the first', async () => {
  const type = await served(document);
  assert.deepEqual([type.name('ko'), type.name('en-US'), type.name('fr')], ['실명', 'Real name', '실명']);
  assert.equal(type.description('ko'), '설명');
  assert.deepEqual([type.label(['name'], 'ko'), type.label(['name'], 'en')], ['성명', 'Name']);
  assert.equal(type.label(['nations', 3], 'ko'), 'Nation');
  assert.equal(type.label(['address', 'city'], 'ko'), 'city');
  assert.deepEqual(type.card, { background: '#102030', text: '#ffffff', logoUri: 'https://a.example/l.png', svgUri: 'data:image/svg+xml;base64,AAAA' });
  assert.deepEqual(type.document, document);
});

test('metadata that are not what the issuer signed for are refused', async () => {
  await refused('integrity_mismatch', () => served(document, `sha256-${'A'.repeat(43)}=`));
  for (const integrity of [null, '', 'sha512-AAAA', `sha256-${'A'.repeat(43)}`, `sha256-${'A'.repeat(43)}= sha256-x`, 7]) {
    await refused('integrity_mismatch', () => fetchType(vct, integrity));
  }
});

test("another type's metadata, and what is no JSON object, are refused", async () => {
  await refused('malformed_type', () => served({ ...document, vct: `${vct}2` }));
  for (const text of ['[]', '{', '{"a":1,"a":2}']) await refused('malformed_type', () => served(text));
});

test('malformed claim metadata are refused', async () => {
  const bad = [{}, null, { path: [] }, { path: 'name' }, { path: [-1] }, { path: ['a'], sd: 'maybe' }, { path: ['a'], mandatory: 'yes' }];
  for (const claim of bad) await refused('malformed_type', () => served({ vct, claims: [claim] }));
  await refused('malformed_type', () => served({ vct, claims: {} }));
  await refused('malformed_type', () => served({ vct, claims: Array(300).fill({ path: ['a'] }) }));
});

test('a colour that is none and an address a wallet does not go to are left out', () => {
  const shown = (simple, svg) => describeType({ vct, display: [{ rendering: { simple, svg_templates: [{ uri: svg }] } }] }).card;
  const nothing = { background: null, text: null, logoUri: null, svgUri: null };
  const bad = ['javascript:alert(1)', 'http://a.example/x.svg', 'data:text/html,x', 7];
  for (const uri of bad) {
    assert.deepEqual(shown({ background_color: 'red;x:url(//e)', text_color: 7, logo: { uri } }, uri), nothing);
  }
  assert.deepEqual(describeType({ vct, display: 'x' }).card, nothing);
  assert.equal(describeType({ vct, display: [7] }).name('ko'), vct);
});
