// @ts-check
// Encrypt to a server: compact JWE (RFC 7516) in the one suite of HAIP 1.0, ECDH-ES in direct key agreement (RFC 7518
// section 4.6) on P-256 with A128GCM or A256GCM.
import { encode } from './base64url.js';
import { utf8 } from './crypto.js';
import { WalletError, demand } from './errors.js';
import { importPublic } from './jose.js';

const CURVE = { name: 'ECDH', namedCurve: 'P-256' };
const BITS = new Map([['A128GCM', 128], ['A256GCM', 256]]);
const TAG_BYTES = 16;

/**
 * Encrypt bytes so that only the holder of the recipient's key reads them.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {Record<string, any>} recipientJwk its `kid`, if any, travels in the header
 * @param {{enc: string}} options
 * @returns {Promise<string>}
 */
export async function encrypt(bytes, recipientJwk, { enc }) {
  const bits = BITS.get(enc);
  if (bits === undefined) throw new WalletError('encryption_missing', 'an encryption that we do not speak');
  const recipient = await importPublic(recipientJwk, CURVE, []);
  const ephemeral = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(CURVE, false, ['deriveBits']));
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', ephemeral.publicKey);
  const kid = typeof recipientJwk.kid === 'string' ? { kid: recipientJwk.kid } : {};
  const header = encode(utf8(JSON.stringify({ alg: 'ECDH-ES', enc, ...kid, epk: { kty, crv, x, y } })));
  const agreement = { name: 'ECDH', public: recipient };
  const shared = await crypto.subtle.deriveBits(agreement, ephemeral.privateKey, 256);
  const key = await contentKey(new Uint8Array(shared), enc, bits);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealing = { name: 'AES-GCM', iv, additionalData: utf8(header), tagLength: 8 * TAG_BYTES };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(sealing, key, bytes));
  const end = sealed.length - TAG_BYTES;
  return [header, '', encode(iv), encode(sealed.subarray(0, end)), encode(sealed.subarray(end))].join('.');
}

/**
 * Choose a key of a server and an encryption that we both speak; throws `encryption_missing`.
 * @param {unknown} keys the `keys` of its JWK set
 * @param {unknown} encryptions its `enc` values; without any, A128GCM (OpenID4VP 1.0 section 5.1)
 * @returns {{recipientJwk: Record<string, any>, enc: string}}
 */
export function agree(keys, encryptions) {
  const offered = encryptions === undefined ? ['A128GCM'] : encryptions;
  demand(Array.isArray(keys) && keys.length <= 16, 'encryption_missing', 'no keys');
  demand(Array.isArray(offered), 'encryption_missing', 'no list of encryptions');
  const enc = /** @type {any[]} */ (offered).find((name) => BITS.has(name));
  const recipientJwk = /** @type {any[]} */ (keys).find((key) => (
    key?.crv === 'P-256' && (key.alg ?? 'ECDH-ES') === 'ECDH-ES' && (key.use ?? 'enc') === 'enc'
  ));
  if (!enc || !recipientJwk) throw new WalletError('encryption_missing', 'no key and encryption that we speak');
  return { recipientJwk, enc };
}

/**
 * Derive the key by Concat KDF (NIST SP 800-56A section 5.8.1); one round of SHA-256 gives enough for either length.
 * @param {Uint8Array} shared
 * @param {string} enc
 * @param {number} bits
 */
async function contentKey(shared, enc, bits) {
  const parts = [word(1), shared, word(enc.length), utf8(enc), word(0), word(0), word(bits)];
  const input = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((place, part) => (input.set(part, place), place + part.length), 0);
  const derived = (await crypto.subtle.digest('SHA-256', input)).slice(0, bits / 8);
  return crypto.subtle.importKey('raw', derived, 'AES-GCM', false, ['encrypt']);
}

/** Write a number as four bytes, the big end first. @param {number} value */
function word(value) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
