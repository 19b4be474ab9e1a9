// @ts-check
// Bind tokens to a key of the wallet (RFC 9449): a proof with every request, the nonce each server gave out last, and
// the one retry a server may ask for.
import { encode } from './base64url.js';
import { now, randomText, sha256 } from './crypto.js';
import { publicMembers, signJwt, thumbprint } from './jose.js';

const PROOF_TYPE = 'dpop+jwt';
const MAX_ORIGINS = 16;
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/;

/**
 * The nonces that servers gave out, by key and origin; gone with the key.
 * @type {WeakMap<CryptoKey, Map<string, string>>}
 */
const nonces = new WeakMap();

/** @typedef {{privateKey: CryptoKey, publicJwk: Record<string, any>}} KeyPair */

/**
 * Make one proof (section 4.2).
 * @param {KeyPair} key
 * @param {string} method
 * @param {string} url query and fragment are left out of `htu`
 * @param {{nonce?: string, accessToken?: string}} [more]
 */
export async function makeProof(key, method, url, { nonce, accessToken } = {}) {
  const { origin, pathname } = new URL(url);
  const claims = { jti: randomText(16), htm: method, htu: origin + pathname, iat: now() };
  const said = nonce === undefined ? {} : { nonce };
  const token = accessToken === undefined ? {} : { ath: encode(await sha256(accessToken)) };
  const header = { typ: PROOF_TYPE, jwk: publicMembers(key.publicJwk) };
  return signJwt(header, { ...claims, ...said, ...token }, key.privateKey);
}

/**
 * Prove possession of a key with the requests of `http.request`; with an access token, show that too.
 * @param {KeyPair} key
 * @param {string} [accessToken]
 * @returns {import('./http.js').Prover}
 */
export function proverOf(key, accessToken) {
  return {
    async headers(method, url) {
      const nonce = known(key).get(new URL(url).origin);
      const proof = await makeProof(key, method, url, { nonce, accessToken });
      return { DPoP: proof, ...(accessToken === undefined ? {} : { Authorization: `DPoP ${accessToken}` }) };
    },
    learn: (url, answer) => learn(key, url, answer),
  };
}

/** Give the key's thumbprint, `jkt` in requests. @param {KeyPair} key */
export async function keyThumbprint(key) {
  return thumbprint(key.publicJwk);
}

/**
 * Remember the nonce an answer carried (section 8.2); tell whether the server wants the request again with it.
 * @param {KeyPair} key
 * @param {string} url
 * @param {import('./http.js').Answer} answer
 */
export function learn(key, url, answer) {
  const nonce = answer.headers.get('DPoP-Nonce') ?? '';
  if (!NONCE.test(nonce)) return false;
  const mine = known(key);
  if (mine.size >= MAX_ORIGINS) mine.clear();
  mine.set(new URL(url).origin, nonce);
  // The token endpoint asks in its JSON, a resource in WWW-Authenticate (sections 8 and 9).
  const asked = answer.json?.error === 'use_dpop_nonce'
    || (answer.headers.get('WWW-Authenticate') ?? '').includes('use_dpop_nonce');
  return asked && (answer.status === 400 || answer.status === 401);
}

/** @param {KeyPair} key */
function known(key) {
  const found = nonces.get(key.privateKey) ?? new Map();
  nonces.set(key.privateKey, found);
  return found;
}
