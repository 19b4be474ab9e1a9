// @ts-check
// Compact JSON Web Signatures (RFC 7515) with ES256, in one strict form. Reading, in this order: the form within its
// bound; a header of unique names without `crit` and `b64`; the algorithm, on which the token's word decides nothing;
// the `typ` the caller demands, so that no token is taken for another kind. Whoever reads must still find the key by
// his own means, never in `jwk` or `jku` of the header, and call `verifyJws`.
import { decode, encode } from './base64url.js';
import { sha256, utf8 } from './crypto.js';
import { WalletError, demand } from './errors.js';
import { isObject, parseObject } from './json.js';

const MAX_LENGTH = 65_536;
const MAX_HEADER = 16_384;
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGN = { name: 'ECDSA', hash: 'SHA-256' };

/**
 * @typedef {object} Jws
 * @property {Record<string, any>} header
 * @property {Record<string, any>} payload
 * @property {Uint8Array<ArrayBuffer>} signature 64 bytes, r and s
 * @property {string} signingInput
 * @property {string} text
 */

/**
 * Read a JWS of which nothing is verified yet.
 * @param {string} text
 * @param {{typ: string, maxLength?: number}} options `typ` is what the header must say
 * @returns {Jws}
 */
export function parseJws(text, { typ, maxLength = MAX_LENGTH }) {
  const parts = typeof text === 'string' && text.length <= maxLength ? COMPACT.exec(text) : null;
  if (!parts || parts[1].length > MAX_HEADER) throw new WalletError('malformed_jws');
  const header = partOf(parts[1]);
  demand(!('crit' in header) && !('b64' in header), 'malformed_jws', 'the header demands an extension');
  demand(header.alg === 'ES256', 'algorithm_refused');
  demand(header.typ === typ, 'wrong_type', `expected ${typ}`);
  const payload = partOf(parts[2]);
  const signature = bytesOf(parts[3]);
  demand(signature.length === 64, 'bad_signature');
  return { header, payload, signature, signingInput: `${parts[1]}.${parts[2]}`, text };
}

/**
 * Give the payload once the signature verifies; throws `bad_signature` or `malformed_key`.
 * @param {Jws} jws
 * @param {Record<string, any>} publicJwk
 */
export async function verifyJws(jws, publicJwk) {
  const key = await importPublic(publicJwk, CURVE, ['verify']);
  const holds = await crypto.subtle.verify(SIGN, key, jws.signature, utf8(jws.signingInput));
  demand(holds, 'bad_signature');
  return jws.payload;
}

/**
 * Sign claims; `alg` is always ES256.
 * @param {Record<string, any>} header
 * @param {Record<string, any>} payload
 * @param {CryptoKey} privateKey
 */
export async function signJwt(header, payload, privateKey) {
  const parts = [{ ...header, alg: 'ES256' }, payload].map((part) => encode(utf8(JSON.stringify(part))));
  const signingInput = parts.join('.');
  const signature = await crypto.subtle.sign(SIGN, privateKey, utf8(signingInput));
  return `${signingInput}.${encode(signature)}`;
}

/**
 * Give the JWK thumbprint (RFC 7638) of a P-256 key in base64url.
 * @param {Record<string, any>} jwk
 */
export async function thumbprint(jwk) {
  const { crv, kty, x, y } = publicMembers(jwk);
  return encode(await sha256(JSON.stringify({ crv, kty, x, y })));
}

/**
 * Give the required members of a P-256 public key and nothing else; throws `malformed_key`.
 * @param {unknown} jwk
 */
export function publicMembers(jwk) {
  const holds = isObject(jwk) && jwk.kty === 'EC' && jwk.crv === 'P-256' && !('d' in jwk);
  if (!holds || !isCoordinate(jwk.x) || !isCoordinate(jwk.y)) throw new WalletError('malformed_key');
  return { kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y };
}

/**
 * Import a public key; a point off the curve is refused with `malformed_key`.
 * @param {unknown} jwk
 * @param {EcKeyImportParams} algorithm
 * @param {KeyUsage[]} usages
 */
export async function importPublic(jwk, algorithm, usages) {
  const members = publicMembers(jwk);
  try {
    return await crypto.subtle.importKey('jwk', members, algorithm, false, usages);
  } catch {
    throw new WalletError('malformed_key');
  }
}

/** @param {unknown} text */
function isCoordinate(text) {
  try {
    return decode(/** @type {string} */ (text)).length === 32;
  } catch {
    return false;
  }
}

/** @param {string} text */
function partOf(text) {
  return parseObject(bytesOf(text));
}

/** @param {string} text */
function bytesOf(text) {
  try {
    return decode(text);
  } catch {
    throw new WalletError('malformed_jws', 'a part is no strict base64url');
  }
}
