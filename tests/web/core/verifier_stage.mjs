// A verifier of our own making, which tests make lie in one place at a time.
import { encode } from '../../../api/web/static/wallet/core/base64url.js';
import { readCertificate } from '../../../api/web/static/wallet/core/certificate.js';
import { sha256, utf8 } from '../../../api/web/static/wallet/core/crypto.js';
import { NOW, serve, signAny, signer } from './stage.mjs';

export const VCT = 'https://issuer.example/types/real-name-1';
export const NONCE = 'n'.repeat(43);
export const QUERY = {
  credentials: [{
    id: 'a', format: 'dc+sd-jwt', meta: { vct_values: [VCT] },
    claims: [{ id: 'n', path: ['name_ko'] }, { id: 'c', path: ['address', 'city'] }, { id: 'f', path: ['family_name'] }],
    claim_sets: [['n', 'c'], ['n']],
  }],
};

/** Encode a transaction as a request carries it. */
export function transaction(data) {
  return encode(utf8(JSON.stringify(data)));
}

/**
 * Serve a request. `lie` has what replaces the good parts: `claims` of the request, its `header`, the `signer`, the
 * `prefix` of the client id, the whole `clientId`, the `mediaType`.
 */
export async function verifierOf(lie = {}) {
  const server = await serve();
  const { url, routes } = server;
  const key = await signer(lie.signer ?? 'verifier');
  const prefix = lie.prefix ?? 'x509_hash';
  const hash = async () => encode(await sha256(readCertificate(key.x5c[0]).der));
  const clientId = lie.clientId ?? `${prefix}:${prefix === 'x509_hash' ? await hash() : 'localhost'}`;
  const header = { alg: 'ES256', typ: 'oauth-authz-req+jwt', x5c: key.x5c, ...lie.header };
  const served = async ({ body }) => {
    const nonce = new URLSearchParams(body).get('wallet_nonce');
    const claims = {
      aud: 'https://self-issued.me/v2', client_id: clientId, response_type: 'vp_token', response_mode: 'direct_post',
      response_uri: `${url}/responses/1`, nonce: NONCE, state: 'state', iat: NOW, exp: NOW + 300, dcql_query: QUERY,
      ...(nonce === null ? {} : { wallet_nonce: nonce }), ...lie.claims,
    };
    const signed = await signAny(header, claims, lie.signingKey ?? key);
    return { body: signed, headers: { 'Content-Type': lie.mediaType ?? 'application/oauth-authz-req+jwt' } };
  };
  routes['GET /requests/1'] = served;
  routes['POST /requests/1'] = served;
  routes['POST /responses/1'] = { json: { redirect_uri: 'https://shop.example/done#response_code=1' } };
  const query = { client_id: lie.linkClientId ?? clientId, request_uri: `${url}/requests/1` };
  const link = (more = {}) => `openid4vp://?${new URLSearchParams({ ...query, ...more })}`;
  return { ...server, key, clientId, link };
}
