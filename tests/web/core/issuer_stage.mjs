// An issuer of our own making, which tests make lie in one place at a time.
import { createHash } from 'node:crypto';
import { resolveOffer, loadIssuer, redeem } from '../../../api/web/static/wallet/core/issuance.js';
import { PRE_AUTHORIZED } from '../../../api/web/static/wallet/core/offers.js';
import { parseJws } from '../../../api/web/static/wallet/core/jose.js';
import { NOW, issue, newKey, serve, signer } from './stage.mjs';

export const NAME = 'real-name-1';

/** Serve everything a good issuer does. `lie` is merged over its documents by name. */
export async function issuerOf(lie = {}) {
  const server = await serve();
  const { url, routes } = server;
  const key = await signer(lie.signer ?? 'issuer');
  const vct = `${url}/types/${NAME}`;
  const type = JSON.stringify({ vct, claims: [{ path: ['name'], sd: 'always', mandatory: true }], ...lie.type });
  const integrity = `sha256-${createHash('sha256').update(type).digest('base64')}`;
  const configuration = {
    format: 'dc+sd-jwt', vct, scope: NAME,
    proof_types_supported: { jwt: { proof_signing_alg_values_supported: ['ES256'] } }, ...lie.configuration,
  };
  const metadata = {
    credential_issuer: url, credential_endpoint: `${url}/credential`, nonce_endpoint: `${url}/nonce`,
    deferred_credential_endpoint: `${url}/deferred`, notification_endpoint: `${url}/notification`,
    batch_credential_issuance: { batch_size: 3 },
    credential_configurations_supported: { [NAME]: configuration }, ...lie.metadata,
  };
  const serverMetadata = {
    issuer: url, token_endpoint: `${url}/token`, authorization_endpoint: `${url}/authorize`,
    pushed_authorization_request_endpoint: `${url}/par`, ...lie.server,
  };
  const stage = { ...server, key, vct, integrity, nonces: 0, token: { access_token: 'at', token_type: 'DPoP' } };
  routes['GET /.well-known/openid-credential-issuer'] = { json: metadata };
  routes['GET /.well-known/oauth-authorization-server'] = { json: serverMetadata };
  routes['GET /.well-known/jwt-vc-issuer'] = { json: { issuer: url, jwks: { keys: [key.publicJwk] }, ...lie.keys } };
  routes[`GET /types/${NAME}`] = { body: type, headers: { 'Content-Type': 'application/json' } };
  routes['POST /nonce'] = () => ({ json: { c_nonce: `n${stage.nonces += 1}` }, headers: { 'DPoP-Nonce': 'd1' } });
  routes['POST /token'] = () => ({ json: stage.token });
  routes['POST /par'] = { status: 201, json: { request_uri: 'urn:x', expires_in: 60 } };
  routes['POST /notification'] = { status: 204 };
  routes['POST /credential'] = async ({ body }) => ({
    json: { credentials: await Promise.all(holdersOf(body).map((jwk) => copyOf(stage, jwk))), notification_id: 'note' },
  });
  return stage;
}

/** Give the keys that a credential request proves. */
export function holdersOf(body) {
  return JSON.parse(body).proofs.jwt.map((proof) => parseJws(proof, { typ: 'openid4vci-proof+jwt' }).header.jwk);
}

/** Issue one copy; `change` has the parts that lie. */
export async function copyOf({ url, key, vct, integrity }, jwk, change = {}) {
  const plain = {
    iss: url, vct, 'vct#integrity': integrity, iat: NOW - 60, exp: NOW + 3_600, cnf: { jwk }, ...change.plain,
  };
  const credential = await issue(change.key ?? key, { claims: { name: 'Kim' }, ...change, plain });
  return { credential };
}

/** Go as far as a token. */
export async function begun(stage) {
  const offer = await resolveOffer(JSON.stringify(offerOf(stage)));
  const issuer = await loadIssuer(offer);
  const dpopKey = await newKey();
  return { offer, issuer, dpopKey, token: await redeem(issuer, offer, { txCode: '123456', dpopKey }) };
}

/** Write an offer; `change` replaces its members. */
export function offerOf({ url }, change = {}) {
  const code = { 'pre-authorized_code': 'code', tx_code: { length: 6, input_mode: 'numeric' } };
  const grants = { [PRE_AUTHORIZED]: code, authorization_code: { issuer_state: 'state' } };
  return { credential_issuer: url, credential_configuration_ids: [NAME], grants, ...change };
}
