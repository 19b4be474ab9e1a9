// @ts-check
// Fetch and verify presentation requests (OpenID4VP 1.0 sections 5 and 5.10, RFC 9101; HAIP 1.0 section 5):
// 1. The link names the client and where its request lies; nothing else of the link counts.
// 2. GET, or POST with a fresh `wallet_nonce`, which the signed request must repeat.
// 3. Strict JWS, `typ: oauth-authz-req+jwt`, ES256 under the leaf of `x5c`; `aud` is a wallet; current.
// 4. The client id's prefix binds the leaf: `x509_hash` is its SHA-256, `x509_san_dns` one of its DNS names.
// 5. The answer goes to a host the certificate was made for; for `x509_san_dns`, to that very name.
import { decode, encode } from './base64url.js';
import { SKEW_S, now as currentTime, randomText, sha256 } from './crypto.js';
import { checkQuery } from './dcql_query.js';
import { WalletError, demand } from './errors.js';
import { FORM_TYPE, judgedUrl, request, requireText } from './http.js';
import { parseJws, verifyJws } from './jose.js';
import { isObject, parseObject } from './json.js';
import { readLink } from './links.js';
import { readLeaf } from './trust.js';

const REQUEST_TYPE = 'oauth-authz-req+jwt';
const MEDIA_TYPE = `application/${REQUEST_TYPE}`;
const AUDIENCE = 'https://self-issued.me/v2';
const MIN_NONCE = 22;
const MAX_TRANSACTIONS = 16;
const ALGORITHMS = { 'sd-jwt_alg_values': ['ES256'], 'kb-jwt_alg_values': ['ES256'] };
const WALLET_METADATA = JSON.stringify({
  vp_formats_supported: { 'dc+sd-jwt': ALGORITHMS },
  client_id_prefixes_supported: ['x509_hash', 'x509_san_dns'],
  response_modes_supported: ['direct_post', 'direct_post.jwt'],
});

/**
 * @typedef {{type: string, credentialIds: string[], data: Record<string, any>, encoded: string}} Transaction `data` is
 *   all of it, `encoded` the text as it was sent, over which the hash is made
 * @typedef {object} PresentationRequest
 * @property {string} clientId with its prefix
 * @property {string} verifierName the organisation of the certificate, else its host: what to show the holder
 * @property {import('./certificate.js').Certificate} certificate
 * @property {string} responseUri
 * @property {'direct_post' | 'direct_post.jwt'} responseMode
 * @property {string} nonce
 * @property {string | null} state
 * @property {Record<string, any>} query the DCQL query
 * @property {Record<string, any>} clientMetadata
 * @property {Transaction[]} transactionData
 * @property {string} origin where the answer goes: the part of it that people read
 * @property {Record<string, any>} claims the whole signed request
 */

/**
 * Read a link, fetch its request and verify it.
 * @param {string} link
 * @param {{now?: number}} [options]
 * @returns {Promise<PresentationRequest>}
 */
export async function resolveRequest(link, { now = currentTime() } = {}) {
  const found = readLink(link, 'malformed_request');
  const { client_id: clientId, request_uri: uri, request_uri_method: method = 'get' } = found;
  demand(clientId && uri, 'malformed_request', 'the link names no client or no request');
  demand(method === 'get' || method === 'post', 'malformed_request', 'an unknown way to fetch the request');
  const walletNonce = method === 'post' ? randomText() : undefined;
  const options = { accept: MEDIA_TYPE, limitBytes: 65_536 };
  const answer = walletNonce === undefined ? await request(uri, options) : await request(uri, {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': FORM_TYPE },
    body: new URLSearchParams({ wallet_nonce: walletNonce, wallet_metadata: WALLET_METADATA }).toString(),
  });
  return verifyRequest(requireText(answer, MEDIA_TYPE), { clientId, walletNonce, now });
}

/**
 * Check a signed request; steps 3 to 5.
 * @param {string} signed
 * @param {{clientId: string, walletNonce?: string, now: number}} expected
 * @returns {Promise<PresentationRequest>}
 */
export async function verifyRequest(signed, { clientId, walletNonce, now }) {
  const jws = parseJws(signed, { typ: REQUEST_TYPE });
  const leaf = readLeaf(jws.header, now);
  if (!leaf) throw new WalletError('request_client', 'the request names no certificate');
  const claims = await verifyJws(jws, leaf.publicJwk);
  demand(claims.client_id === clientId, 'request_client', "the request is another client's than the link says");
  demand(claims.wallet_nonce === walletNonce, 'request_nonce', 'the request was not made for us');
  demand(claims.aud === AUDIENCE, 'request_audience', 'the request is not for a wallet');
  const { exp = now + 1, iat = now } = claims;
  const current = Number.isInteger(exp) && Number.isInteger(iat) && exp > now && iat <= now + SKEW_S;
  demand(current, 'request_expired', 'the request is not current');
  await checkClient(clientId, leaf, judgedUrl(claims.response_uri).hostname);
  return read(claims, clientId, leaf);
}

/** @param {string} clientId @param {import('./certificate.js').Certificate} leaf @param {string} host */
async function checkClient(clientId, leaf, host) {
  const place = clientId.indexOf(':');
  const [prefix, name] = [clientId.slice(0, place), clientId.slice(place + 1)];
  if (prefix === 'x509_hash') {
    demand(name === encode(await sha256(leaf.der)), 'request_client', 'the client id names another certificate');
  } else {
    demand(prefix === 'x509_san_dns', 'request_client', 'a client id of a kind we do not trust');
    demand(leaf.dnsNames.includes(name), 'request_client', 'the certificate was made for another name');
  }
  const holds = leaf.dnsNames.includes(host) && (prefix === 'x509_hash' || host === name);
  demand(holds, 'request_target', 'the answer would go to somebody else');
}

/** @param {Record<string, any>} claims @param {string} clientId @param {any} leaf @returns {PresentationRequest} */
function read(claims, clientId, leaf) {
  const { response_mode: mode, response_uri: responseUri, nonce, state = null, client_metadata: metadata = {} } = claims;
  const kind = claims.response_type === 'vp_token' && (mode === 'direct_post' || mode === 'direct_post.jwt');
  demand(kind, 'request_unsupported', 'the request asks for an answer of another kind');
  const short = typeof nonce === 'string' && nonce.length >= MIN_NONCE && nonce.length <= 512;
  demand(short, 'malformed_request', '`nonce` is too short or too long');
  const clean = !('scope' in claims) && !('redirect_uri' in claims) && !('response_code' in claims);
  demand(clean, 'malformed_request', 'the request breaks the profile');
  demand(state === null || typeof state === 'string', 'malformed_request', '`state` is no text');
  demand(isObject(metadata), 'malformed_request', '`client_metadata` is no object');
  const query = checkQuery(claims.dcql_query);
  const { origin, hostname } = new URL(responseUri);
  return {
    clientId,
    verifierName: leaf.organisation ?? hostname,
    certificate: leaf,
    responseUri,
    responseMode: mode,
    nonce,
    state,
    query,
    clientMetadata: metadata,
    transactionData: transactionsOf(claims.transaction_data, query),
    origin,
    claims,
  };
}

/** Read what the holder is to confirm (section 8.4). @param {unknown} listed @param {Record<string, any>} query */
function transactionsOf(listed, query) {
  if (listed === undefined) return [];
  const holds = Array.isArray(listed) && listed.length > 0 && listed.length <= MAX_TRANSACTIONS;
  demand(holds, 'transaction_refused', '`transaction_data` is no list');
  const ids = new Set(query.credentials.map((/** @type {any} */ asked) => asked.id));
  return /** @type {unknown[]} */ (listed).map((encoded) => {
    const data = decodedTransaction(encoded);
    const { type, credential_ids: credentialIds, transaction_data_hashes_alg: hashes = ['sha-256'] } = data;
    demand(typeof type === 'string' && type, 'transaction_refused', 'a transaction without a type');
    const named = Array.isArray(credentialIds) && credentialIds.length > 0 && credentialIds.every((id) => ids.has(id));
    demand(named, 'transaction_refused', 'a transaction for a credential that is not asked for');
    const known = Array.isArray(hashes) && hashes.includes('sha-256');
    demand(known, 'transaction_refused', 'a transaction wants a hash we do not know');
    return { type, credentialIds, data, encoded: /** @type {string} */ (encoded) };
  });
}

/** @param {unknown} encoded */
function decodedTransaction(encoded) {
  try {
    return parseObject(decode(/** @type {string} */ (encoded)));
  } catch {
    throw new WalletError('transaction_refused', 'a transaction cannot be read');
  }
}
