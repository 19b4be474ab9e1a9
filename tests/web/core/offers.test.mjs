// Offers and issuers: what a link promises, and whether the issuer is who it says.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { loadIssuer, resolveOffer } from '../../../api/web/static/wallet/core/issuance.js';
import { configurationOf, wellKnown } from '../../../api/web/static/wallet/core/issuers.js';
import { kindOf } from '../../../api/web/static/wallet/core/links.js';
import { PRE_AUTHORIZED } from '../../../api/web/static/wallet/core/offers.js';
import { NAME, issuerOf, offerOf } from './issuer_stage.mjs';
import { refused, serve } from './stage.mjs';

const server = await serve();
const opened = [server];
after(() => Promise.all(opened.map(({ close }) => close())));
const stand = { url: 'https://issuer.example' };
const link = (name, value) => `openid-credential-offer://?${new URLSearchParams({ [name]: value })}`;

async function lying(lie) {
  const stage = await issuerOf(lie);
  opened.push(stage);
  return loadIssuer(stage.url);
}

test('an offer is read from a link by value, by reference and as JSON', async () => {
  const text = JSON.stringify(offerOf(stand));
  server.routes['GET /offer'] = { json: offerOf(stand) };
  const links = [text, ` ${text} `, link('credential_offer', text), link('credential_offer_uri', `${server.url}/offer`),
    `https://wallet.example/x?${new URLSearchParams({ credential_offer: text })}#y`];
  for (const one of links) {
    assert.deepEqual(await resolveOffer(one), {
      credentialIssuer: stand.url, configurationIds: [NAME], preAuthorizedCode: 'code',
      txCode: { inputMode: 'numeric', length: 6, description: null }, issuerState: 'state',
      authorizationServer: null, takesAuthorizationCode: true,
    });
  }
});

test('an offer without grants takes the authorization code, one without `tx_code` asks for none', async () => {
  const bare = await resolveOffer(JSON.stringify(offerOf(stand, { grants: undefined })));
  assert.deepEqual([bare.preAuthorizedCode, bare.txCode, bare.takesAuthorizationCode], [null, null, true]);
  const grants = { [PRE_AUTHORIZED]: { 'pre-authorized_code': 'c' } };
  const silent = await resolveOffer(JSON.stringify(offerOf(stand, { grants })));
  assert.deepEqual([silent.txCode, silent.takesAuthorizationCode], [null, false]);
});

test('what is no offer is refused', async () => {
  const code = (value) => offerOf(stand, { grants: { [PRE_AUTHORIZED]: value } });
  const bad = [
    offerOf(stand, { credential_issuer: 7 }), offerOf(stand, { credential_configuration_ids: [] }),
    offerOf(stand, { credential_configuration_ids: [7] }), offerOf(stand, { credential_configuration_ids: ['a', 'a'] }),
    offerOf(stand, { credential_configuration_ids: Array(20).fill().map((_, n) => `c${n}`) }),
    offerOf(stand, { grants: [] }), code('x'), code({}), code({ 'pre-authorized_code': '' }),
    code({ 'pre-authorized_code': 'c', tx_code: 1 }), code({ 'pre-authorized_code': 'c', tx_code: { input_mode: 'voice' } }),
    code({ 'pre-authorized_code': 'c', tx_code: { length: 99 } }), code({ 'pre-authorized_code': 'c', tx_code: { description: 7 } }),
    offerOf(stand, { grants: { authorization_code: { issuer_state: 7 } } }),
  ];
  for (const offer of bad) await refused('malformed_offer', () => resolveOffer(JSON.stringify(offer)));
  const good = JSON.stringify(offerOf(stand));
  await refused('malformed_offer', () => resolveOffer(JSON.stringify(offerOf(stand, { padding: 'x'.repeat(70_000) }))));
  const links = ['', null, 'x', 'https://a.example/', `${link('credential_offer', good)}&credential_offer_uri=https://a.example`,
    `${link('credential_offer', good)}&${link('credential_offer', good).split('?')[1]}`, link('credential_offer', '{'),
    link('credential_offer', '{"a":1,"a":2}'), `x?${'y'.repeat(20_000)}`, `x?${Array(40).fill().map((_, n) => `a${n}=1`).join('&')}`];
  for (const one of links) await refused('malformed_offer', () => resolveOffer(one));
});

test('a reference to another place than the web, to nowhere or to no JSON is refused', async () => {
  await refused('address_refused', () => resolveOffer(link('credential_offer_uri', 'http://bank.example/o')));
  await refused('server_refused', () => resolveOffer(link('credential_offer_uri', `${server.url}/gone`)));
  server.routes['GET /html'] = { body: '<p>', headers: { 'Content-Type': 'text/html' } };
  await refused('malformed_answer', () => resolveOffer(link('credential_offer_uri', `${server.url}/html`)));
});

test('what was scanned is told apart', () => {
  const kinds = ['{', link('credential_offer', '{}'), 'openid4vp://?client_id=a&request_uri=b', 'https://a.example', 'x?y=1', null];
  assert.deepEqual(kinds.map(kindOf), ['offer', 'offer', 'request', 'unknown', 'unknown', 'unknown']);
});

test('an issuer is loaded with its server, and is JSON', async () => {
  const issuer = await lying({});
  assert.equal(issuer.batchSize, 3);
  assert.equal(issuer.server.issuer, issuer.url);
  assert.equal(configurationOf(issuer, NAME).scope, NAME);
  assert.deepEqual(JSON.parse(JSON.stringify(issuer)), issuer);
});

test("metadata that are another issuer's, or another server's, are refused", async () => {
  await refused('issuer_mismatch', () => lying({ metadata: { credential_issuer: 'https://other.example' } }));
  await refused('issuer_mismatch', () => lying({ server: { issuer: 'https://other.example' } }));
  const stage = await issuerOf();
  opened.push(stage);
  // The same place under another spelling is not the same issuer.
  await refused('issuer_mismatch', () => loadIssuer(`${stage.url}/`));
  const offer = { credentialIssuer: stage.url, authorizationServer: 'https://other.example' };
  await refused('issuer_mismatch', () => loadIssuer(offer));
});

test('an endpoint under plain http elsewhere is refused', async () => {
  await refused('address_refused', () => lying({ metadata: { nonce_endpoint: 'http://evil.example/' } }));
  await refused('malformed_issuer', () => lying({ server: { token_endpoint: 'http://localhost:1/token' } }));
  await refused('address_refused', () => lying({ server: { token_endpoint: 7 } }));
});

test('metadata without what a wallet needs are refused', async () => {
  await refused('malformed_issuer', () => lying({ metadata: { credential_endpoint: undefined } }));
  await refused('malformed_issuer', () => lying({ server: { token_endpoint: undefined } }));
  await refused('malformed_issuer', () => lying({ metadata: { credential_configurations_supported: [] } }));
  await refused('malformed_issuer', () => lying({ metadata: { authorization_servers: [] } }));
  const issuer = await lying({ configuration: { format: 'mso_mdoc' } });
  await refused('configuration_missing', () => configurationOf(issuer, NAME));
  await refused('configuration_missing', () => configurationOf(issuer, 'toString'));
});

test('well-known documents stand between host and path', async () => {
  assert.equal(wellKnown('https://a.example/x/y', 'n'), 'https://a.example/.well-known/n/x/y');
  assert.equal(wellKnown('https://a.example/', 'n'), 'https://a.example/.well-known/n');
  await refused('address_refused', () => wellKnown('https://a.example/?x', 'n'));
  await refused('address_refused', () => wellKnown('http://a.example', 'n'));
});
