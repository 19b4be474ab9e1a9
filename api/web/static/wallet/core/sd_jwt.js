// @ts-check
// Credentials as SD-JWT VC (RFC 9901, draft-ietf-oauth-sd-jwt-vc): read them strictly, show chosen claims of them bound
// to one verifier and one nonce. Reading checks everything of RFC 9901 section 7.1 but the issuer's signature, for
// which the key must come from elsewhere: see `receiving.js`.
import { encode } from './base64url.js';
import { now as currentTime, sha256 } from './crypto.js';
import { disclose } from './disclosures.js';
import { WalletError, demand } from './errors.js';
import { parseJws, signJwt } from './jose.js';
import { isObject } from './json.js';

export const CREDENTIAL_TYPE = 'dc+sd-jwt';
const BINDING_TYPE = 'kb+jwt';
const MAX_LENGTH = 65_536;
const MAX_DISCLOSURES = 256;
const SPELLED = /^[A-Za-z0-9_-]+$/;

/**
 * @typedef {object} Credential
 * @property {string} text as it was issued: the signed part, every disclosure, a tilde at the end
 * @property {Record<string, any>} header
 * @property {Record<string, any>} payload what was signed
 * @property {Record<string, any>} claims all claims, disclosures put into their places
 * @property {import('./disclosures.js').Disclosure[]} disclosures
 * @property {import('./jose.js').Jws} jws the signed part, for `verifyJws`
 */

/**
 * Read a credential as an issuer hands it out; nothing is known of who signed it.
 * @param {string} text
 * @returns {Promise<Credential>}
 */
export async function readCredential(text) {
  demand(typeof text === 'string' && text.length <= MAX_LENGTH, 'malformed_credential', 'longer than its bound');
  const [signed, ...rest] = text.split('~');
  const last = rest.pop();
  // What an issuer hands out ends in a tilde; after it a holder's key binding would stand.
  demand(last === '', 'malformed_credential', 'it does not end in a tilde');
  demand(rest.length <= MAX_DISCLOSURES && rest.every((part) => SPELLED.test(part)), 'malformed_credential');
  const jws = parseJws(signed, { typ: CREDENTIAL_TYPE, maxLength: MAX_LENGTH });
  const { claims, disclosures } = await disclose(jws.payload, rest);
  checkRegistered(claims);
  return { text, header: jws.header, payload: jws.payload, claims, disclosures, jws };
}

/**
 * Show chosen claims: the presentation with its key-binding JWT (RFC 9901 section 4.3).
 * @param {string | {text: string}} credential what `readCredential` gave, or its text
 * @param {(string | number)[][]} paths what is shown; each brings along what is above and beneath it
 * @param {{audience: string, nonce: string, privateKey: CryptoKey, issuedAt?: number,
 *   transactionData?: string[]}} binding `audience` is the client id with its prefix; `transactionData` the
 *   transactions this credential confirms, as they were sent
 * @returns {Promise<string>}
 */
export async function present(credential, paths, { audience, nonce, privateKey, issuedAt, transactionData = [] }) {
  const read = await readCredential(typeof credential === 'string' ? credential : credential.text);
  for (const path of paths) requireClaim(read.claims, path);
  const kept = read.disclosures.filter(({ path }) => paths.some((shown) => isOnOneWay(path, shown)));
  const shown = [read.jws.text, ...kept.map((disclosure) => disclosure.text), ''].join('~');
  /** @type {Record<string, any>} */
  const claims = { iat: issuedAt ?? currentTime(), aud: audience, nonce, sd_hash: encode(await sha256(shown)) };
  if (transactionData.length > 0) {
    // The hash is over the characters as they were sent (OpenID4VP 1.0 appendix B.3.3.1).
    const hashes = transactionData.map(async (text) => encode(await sha256(text)));
    claims.transaction_data_hashes = await Promise.all(hashes);
    claims.transaction_data_hashes_alg = 'sha-256';
  }
  return shown + (await signJwt({ typ: BINDING_TYPE }, claims, privateKey));
}

/** @param {Record<string, any>} claims */
function checkRegistered(claims) {
  const { iss, vct, cnf } = claims;
  demand(typeof vct === 'string' && vct.length > 0, 'malformed_credential', 'no `vct`');
  demand(iss === undefined || typeof iss === 'string', 'malformed_credential', '`iss` is no text');
  demand(cnf === undefined || isObject(cnf), 'malformed_credential', '`cnf` is no object');
  for (const name of ['iat', 'nbf', 'exp']) {
    const time = claims[name];
    const holds = time === undefined || (Number.isSafeInteger(time) && time >= 0);
    demand(holds, 'malformed_credential', `\`${name}\` is no time`);
  }
  const others = claims.aka_vcts;
  if (others === undefined) return;
  const texts = Array.isArray(others) && others.length > 0 && others.every((other) => typeof other === 'string');
  demand(texts && !others.includes(vct), 'malformed_credential', '`aka_vcts` is no list of other types');
}

/** @param {any} claims @param {(string | number)[]} path */
function requireClaim(claims, path) {
  let node = claims;
  for (const step of path) {
    const inside = typeof node === 'object' && node !== null && Array.isArray(node) === (typeof step === 'number');
    if (!inside || !Object.hasOwn(node, step)) throw new WalletError('no_such_claim');
    node = node[step];
  }
}

/**
 * Tell whether one path is the beginning of the other.
 * @param {(string | number)[]} a @param {(string | number)[]} b
 */
function isOnOneWay(a, b) {
  const shorter = Math.min(a.length, b.length);
  return a.slice(0, shorter).every((step, place) => step === b[place]);
}
